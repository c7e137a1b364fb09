//! The `exo-lab` command.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
#[cfg(unix)]
fn the_command_prints_its_variables_and_ends_when_told() {
    let env_file = std::env::temp_dir().join(format!("exo-lab-test-{}.env", uuid::Uuid::new_v4()));
    let mut child = Command::new(env!("CARGO_BIN_EXE_exo-lab"))
        .args(["--mailboxes", "1", "--fault", "http-503=1", "--env-file"])
        .arg(&env_file)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut printed = String::new();
    let certificate = loop {
        let line = lines.next().expect("the variables go on").expect("text");
        printed.push_str(&line);
        printed.push('\n');
        if let Some(file) = line.strip_prefix("SSL_CERT_FILE=") {
            break file.to_owned();
        }
    };
    for name in [
        "EXO_LAB_URL=https://localhost:",
        "EXO_LAB_REST_URL=https://localhost:",
        "EXO_LAB_AUTHORITY=https://localhost:",
        "EXO_LAB_USER=",
        "EXO_LAB_PASSWORD=",
    ] {
        assert!(printed.lines().any(|line| line.starts_with(name)), "{name} in {printed}");
    }
    assert_eq!(std::fs::read_to_string(&env_file).expect("the file is there"), printed);
    assert!(Path::new(&certificate).is_file());
    let told = Command::new("kill").arg(child.id().to_string()).status().expect("kill is there");
    assert!(told.success());
    assert!(child.wait().expect("it ends").success());
    assert!(!Path::new(&certificate).exists());
    std::fs::remove_file(&env_file).expect("it was ours");
}

#[test]
fn a_wrong_option_is_a_usage_error() {
    for arguments in [&["--fault", "earthquake"][..], &["--mailboxes", "-1"], &["--backend", "exchange"]] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_exo-lab")).args(arguments).output().expect("the command starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    let stray = ["--configuration-file", "a.pssc"];
    let output =
        Command::new(env!("CARGO_BIN_EXE_exo-lab")).args(stray).output().expect("the command starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--backend pwsh"));
    let missing = ["--data", "/nonexistent/recordings"];
    let output =
        Command::new(env!("CARGO_BIN_EXE_exo-lab")).args(missing).output().expect("the command starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nonexistent/recordings"));
}

#[test]
#[cfg(unix)]
fn a_realm_of_its_own_is_announced_and_goes_away_with_it() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_exo-lab"))
        .args(["--mailboxes", "1", "--kerberos"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let printed: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    if printed.is_empty() {
        let said = child.wait_with_output().expect("it ends").stderr;
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(said.contains("is not here, install krb5-kdc"), "{said}");
        eprintln!("ignored: command::a_realm_of_its_own_is_announced_and_goes_away_with_it: {}", said.trim());
        return;
    }
    let value = |name: &str| printed.iter().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    let configuration = value("KRB5_CONFIG=").expect("the realm's configuration");
    assert!(Path::new(&configuration).is_file());
    assert!(value("EXO_LAB_HTTP_URL=http://localhost:").is_some_and(|rest| rest.ends_with("/powershell/")));
    assert!(value("KRB5CCNAME=FILE:").is_some());
    let told = Command::new("kill").arg(child.id().to_string()).status().expect("kill is there");
    assert!(told.success() && child.wait().expect("it ends").success());
    assert!(!Path::new(&configuration).exists());
}

#[test]
fn keys_that_cannot_be_used_are_said() {
    let output = Command::new(env!("CARGO_BIN_EXE_exo-lab"))
        .args(["--keytab", "/nonexistent/keys"])
        .output()
        .expect("the command starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the keys in /nonexistent/keys cannot be used: "), "{said}");
}
