//! Cmdlets that are left to themselves on the server, and come back to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

use exo_lab::{Backend, LabConfig};

use crate::command::{Done, run, run_with};
use crate::tenant::Tenant;

/// Runs `exo VERB` as the administrator, over Basic as an own server takes it.
fn signed(tenant: &Tenant, verb: &str, more: &[&str]) -> Done {
    let (user, ca_file) = (tenant.lab.user(), tenant.ca_file());
    let mut arguments = vec![verb, "--user", &user, "--password-stdin", "--authentication", "basic"];
    arguments.extend(["--ca-file", ca_file.as_str()]);
    arguments.extend(more);
    run_with(crate::command::exo(arguments), tenant.lab.password().as_bytes())
}

#[test]
fn a_cmdlet_is_left_to_itself_and_its_output_comes_later() {
    let tenant = Tenant::with(LabConfig { mailboxes: 60, ..LabConfig::default() });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("left.json");
    let file = file.to_str().unwrap();
    let url = tenant.lab.url();
    let detach =
        ["--connection-uri", url.as_str(), "--detach", file, "--", "Get-Mailbox", "-ResultSize", "Unlimited"];
    assert_eq!(signed(&tenant, "run", &detach).output(), "");
    assert_eq!(tenant.lab.live_shells(), 1);
    let left = std::fs::read_to_string(file).unwrap();
    assert!(left.contains("\"command\": \"Get-Mailbox\"") && !left.contains(tenant.lab.password()), "{left}");
    // What is there is not overwritten, and nothing is started for it.
    let again = signed(&tenant, "run", &detach).complaint(2);
    assert!(again.contains("exists; `exo attach` it first"), "{again}");
    assert_eq!(tenant.lab.live_shells(), 1);

    // The address is in the file.
    let printed = signed(&tenant, "attach", &[file, "--output", "csv", "--select", "Alias"]).output();
    let direct = tenant.run(&[
        "--output",
        "csv",
        "--select",
        "Alias",
        "--",
        "Get-Mailbox",
        "-ResultSize",
        "Unlimited",
    ]);
    assert_eq!(printed, direct.output());
    tenant.assert_no_shell();
    assert!(!std::path::Path::new(file).exists());
}

#[test]
fn an_interrupted_attach_leaves_the_cmdlet_as_it_was_found() {
    let tenant = Tenant::with(LabConfig { mailboxes: 400, ..LabConfig::default() });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("left.json");
    let path = file.to_str().unwrap();
    let url = tenant.lab.url();
    let all = ["--", "Get-Mailbox", "-ResultSize", "Unlimited"];
    let detach = [&["--connection-uri", url.as_str(), "--detach", path], &all[..]].concat();
    assert_eq!(signed(&tenant, "run", &detach).output(), "");

    let (user, ca_file) = (tenant.lab.user(), tenant.ca_file());
    let account = ["--user", &user, "--password-stdin", "--authentication", "basic", "--ca-file", &ca_file];
    let mut command = crate::command::exo([&["attach", path, "--output", "jsonl"], &account[..]].concat());
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(tenant.lab.password().as_bytes()).unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    // The rest is more than goes into the pipe, so that the program waits for its reader.
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("stopping; ") {
        assert_ne!(err.read_line(&mut said).unwrap(), 0, "{said}");
    }
    out.read_to_string(&mut first).unwrap();
    err.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("the cmdlet goes on; `exo attach "), "{said}");
    assert_eq!(tenant.lab.live_shells(), 1);

    let rest = signed(&tenant, "attach", &[path, "--output", "jsonl"]).output();
    assert!(0 < first.lines().count() && 0 < rest.lines().count(), "{} lines", first.lines().count());
    let direct = tenant.run(&[&["--output", "jsonl"], &all[..]].concat()).output();
    assert!(first + &rest == direct, "nothing is lost, and nothing comes twice");
    tenant.assert_no_shell();
    assert!(!file.exists());
}

#[test]
fn what_cannot_be_left_or_come_back_to_says_so_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("left.json");
    let path = file.to_str().unwrap();
    let missing = run(&["attach", path, "--device"]).complaint(2);
    assert!(missing.contains("cannot be read"), "{missing}");
    std::fs::write(&file, "{}").unwrap();
    let foreign = run(&["attach", path, "--device"]).complaint(2);
    assert!(foreign.contains("is not what `exo run --detach` wrote"), "{foreign}");
    std::fs::remove_file(&file).unwrap();

    let tenant = Tenant::with(LabConfig { backend: Backend::Builtin, ..LabConfig::default() });
    let url = tenant.lab.url();
    let rest = [
        "--connection-uri",
        &url,
        "--carrier",
        "rest",
        "--authority",
        &tenant.lab.authority(),
        "--detach",
        path,
    ];
    let mut command = crate::command::exo(["run", "--user", &tenant.lab.user(), "--password-stdin"]);
    command.args(["--ca-file", &tenant.ca_file()]).args(rest).args(["--", "Get-AcceptedDomain"]);
    let refused = run_with(command, tenant.lab.password().as_bytes()).complaint(2);
    assert!(refused.contains("the session is over REST"), "{refused}");
    assert!(!file.exists());

    // A session that has gone meanwhile.
    let detach = ["--connection-uri", url.as_str(), "--detach", path, "--", "Get-AcceptedDomain"];
    signed(&tenant, "run", &detach).output();
    tenant.lab.end_shells();
    let gone = signed(&tenant, "attach", &[path]).complaint(4);
    assert!(gone.contains("the shell was not found"), "{gone}");
    assert!(file.exists());
}
