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
