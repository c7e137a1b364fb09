//! `exo run` against a tenant: output, errors, and how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};

use exo_lab::{Fault, LabConfig};
use serde_json::Value;

use crate::command::{Done, run_with};
use crate::tenant::Tenant;

#[test]
fn each_output_form_prints_the_objects() {
    let tenant = Tenant::with(LabConfig { mailboxes: 3, ..LabConfig::default() });
    let print = |output: &str| {
        let select = ["--select", "Name,UserPrincipalName,EmailAddresses"];
        let cmdlet = ["--output", output, "--", "Get-Mailbox"];
        tenant.run(&[&select[..], &cmdlet].concat()).output()
    };
    let lines: Vec<Value> = print("jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0]["UserPrincipalName"].as_str().unwrap().contains('@'));
    assert!(lines[0]["EmailAddresses"].is_array());
    assert_eq!(serde_json::from_str::<Vec<Value>>(&print("json")).unwrap(), lines);
    let name = lines[0]["Name"].as_str().unwrap();

    let table = print("table");
    let mut rows = table.lines();
    assert!(rows.next().unwrap().starts_with("Name"), "{table}");
    assert!(rows.next().unwrap().starts_with("----"), "{table}");
    assert!(rows.next().unwrap().starts_with(name), "{table}");
    assert!(print("list").contains(&format!("Name              : {name}\n")));
    let csv = print("csv");
    assert!(csv.starts_with("Name,UserPrincipalName,EmailAddresses\r\n"), "{csv}");
    assert_eq!(csv.matches("\r\n").count(), 4);
    assert!(print("clixml").starts_with("<Objs Version=\"1.1.0.1\""));
}

#[test]
fn all_members_print_without_a_selection() {
    let tenant = Tenant::with(LabConfig { mailboxes: 2, ..LabConfig::default() });
    let line = tenant.run(&["--output", "jsonl", "--first", "1", "--", "Get-Mailbox"]).output();
    assert_eq!(line.lines().count(), 1);
    let mailbox: Value = serde_json::from_str(&line).unwrap();
    assert!(100 < mailbox.as_object().unwrap().len());
    let table = tenant.run(&["--", "Get-Mailbox"]).output();
    assert!(table.starts_with("Name "), "{table}");
}

#[test]
fn parameters_arrive_as_they_were_written() {
    let tenant = Tenant::with(LabConfig { mailboxes: 1, ..LabConfig::default() });
    let first = tenant
        .run(&["--output", "jsonl", "--select", "Alias", "--", "Get-Mailbox", "-ResultSize", "1000"])
        .output();
    let alias: Value = serde_json::from_str(&first).unwrap();
    let alias = alias["Alias"].as_str().unwrap();
    let address = "extra@contoso.onmicrosoft.com";
    let table = format!("@{{Add='smtp:{address}'}}");
    let done = tenant.run(&["--", "Set-Mailbox", "-Identity", alias, "-EmailAddresses", &table, "-Force"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    let done = tenant.run(&[
        "--",
        "Set-Mailbox",
        "-Identity",
        alias,
        "-DisplayName",
        "Doe, Ana",
        "-HiddenFromAddressListsEnabled",
        "$true",
    ]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    let select = "DisplayName,HiddenFromAddressListsEnabled,EmailAddresses";
    let line = tenant
        .run(&["--output", "jsonl", "--select", select, "--", "Get-Mailbox", "-Identity", alias])
        .output();
    let mailbox: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&mailbox["DisplayName"], &mailbox["HiddenFromAddressListsEnabled"]),
        (&"Doe, Ana".into(), &true.into())
    );
    let addresses: Vec<&str> = mailbox["EmailAddresses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|address| address["SmtpAddress"].as_str().unwrap())
        .collect();
    assert!(addresses.iter().any(|found| found.ends_with(address)), "{addresses:?}");
}

#[test]
fn an_error_of_the_command_ends_with_one() {
    let tenant = Tenant::start();
    let said = tenant.run(&["--", "Get-Mailbox", "-Identity", "nobody-of-this-name"]).complaint(1);
    assert!(said.starts_with("Get-Mailbox: ") && said.contains("nobody-of-this-name"), "{said}");
    let said = tenant.run(&["--", "Get-NoSuchThing"]).complaint(1);
    assert!(said.contains("Get-NoSuchThing"), "{said}");
    let said = tenant.run(&["--", "Get-Mailbox", "-NoSuchParameter", "1"]).complaint(1);
    assert!(said.contains("NoSuchParameter"), "{said}");
}

#[test]
fn warnings_go_to_stderr() {
    let tenant = Tenant::start();
    let done = tenant.run(&["--output", "jsonl", "--", "Get-Mailbox", "-ResultSize", "2"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert_eq!(done.out.lines().count(), 2);
    assert!(done.err.contains("WARNING: There are more results"), "{}", done.err);
}

#[test]
fn the_first_objects_end_the_command() {
    let tenant = Tenant::with(LabConfig { mailboxes: 2_000, ..LabConfig::default() });
    let line = [
        "--output",
        "jsonl",
        "--select",
        "Name",
        "--first",
        "5",
        "--",
        "Get-Mailbox",
        "-ResultSize",
        "Unlimited",
    ];
    assert_eq!(tenant.run(&line).output().lines().count(), 5);
    let none = ["--output", "json", "--first", "0", "--", "Get-Mailbox"];
    assert_eq!(tenant.run(&none).output(), "[]\n");
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let tenant = Tenant::with(LabConfig { mailboxes: 2_000, ..LabConfig::default() });
    let mut child = start(&tenant, &["--output", "jsonl", "--", "Get-Mailbox", "-ResultSize", "Unlimited"]);
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let done = Done::of(child);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    tenant.assert_no_shell();
}

#[test]
fn a_broken_answer_is_a_failed_connection() {
    for fault in ["http-500", "html", "truncate=100", "bad-fragment", "redirect-foreign", "redirect-loop"] {
        let config = LabConfig { faults: vec![fault.parse::<Fault>().unwrap()], ..LabConfig::default() };
        let tenant = Tenant::with(config);
        let command = tenant.signed("run", &["--", "Get-AcceptedDomain"]);
        let done = run_with(command, tenant.lab.password().as_bytes());
        assert_eq!(done.code, Some(4), "{fault}: {}", done.err);
        assert!(done.err.starts_with("exo: ") && done.err.lines().count() == 1, "{fault}: {}", done.err);
    }
}

#[test]
fn an_answer_that_is_lost_once_is_asked_for_again() {
    let domains = |faults| {
        let tenant = Tenant::with(LabConfig { faults, ..LabConfig::default() });
        let printed = tenant.run(&["--output", "csv", "--select", "DomainName", "--", "Get-AcceptedDomain"]);
        printed.output()
    };
    let undisturbed = domains(Vec::new());
    for fault in ["truncate", "drop-mid", "drop-before"] {
        assert_eq!(domains(vec![fault.parse::<Fault>().unwrap()]), undisturbed, "{fault}");
    }
}

/// Sends a signal to a process of ours.
#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    signal(child, "-INT");
}

#[test]
#[cfg(unix)]
fn every_way_to_end_the_program_closes_the_session() {
    for name in ["-INT", "-TERM", "-HUP"] {
        let tenant = Tenant::with(LabConfig { mailboxes: 2, ..LabConfig::default() });
        // A command that ends by no other means.
        let child = start(&tenant, &["--", "Test-Mailflow"]);
        while tenant.lab.live_shells() == 0 {
            std::thread::yield_now();
        }
        signal(&child, name);
        assert_eq!(Done::of(child).code, Some(130), "{name}");
        tenant.assert_no_shell();
    }
}

#[test]
#[cfg(unix)]
fn a_server_that_answers_nothing_does_not_keep_an_interrupted_program() {
    let faults = ["hang=receive", "hang=signal", "hang=delete"];
    let faults = faults.iter().map(|fault| fault.parse::<Fault>().unwrap()).collect();
    let tenant = Tenant::with(LabConfig { faults, ..LabConfig::default() });
    let child = start(&tenant, &["--", "Get-Mailbox"]);
    while tenant.lab.hung_requests() == 0 {
        std::thread::yield_now();
    }
    interrupt(&child);
    // One interrupt is enough.
    let done = Done::of(child);
    assert_eq!(done.code, Some(130));
    assert!(done.err.contains("the server did not say in time that the session is closed"), "{}", done.err);
}

#[test]
#[cfg(unix)]
fn an_interrupt_stops_the_command_and_closes_the_session() {
    let tenant = Tenant::with(LabConfig { mailboxes: 5_000, ..LabConfig::default() });
    let mut child = start(&tenant, &["--output", "jsonl", "--", "Get-Mailbox", "-ResultSize", "Unlimited"]);
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    interrupt(&child);
    // What was on its way still comes; then the end.
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    let done = Done::of(child);
    assert_eq!((done.code, done.err.as_str()), (Some(130), STOPPING));
    tenant.assert_no_shell();
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_every_stage_that_hangs() {
    for (stage, before) in [
        ("token", ""),
        ("create", "sign-in answer"),
        ("command", "sign-in answer"),
        ("receive", "sign-in answer"),
    ] {
        let fault = format!("hang={stage}").parse::<Fault>().unwrap();
        let tenant = Tenant::with(LabConfig { faults: vec![fault], ..LabConfig::default() });
        let mut child = start(&tenant, &["--log", "debug", "--", "Get-Mailbox"]);
        // The log says how far it has come.
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut text = String::new();
        while !text.contains(before) || text.is_empty() {
            assert_ne!(log.read_line(&mut text).unwrap(), 0, "{stage}: {text}");
        }
        while matches!(stage, "command" | "receive") && tenant.lab.live_shells() == 0 {
            std::thread::yield_now();
        }
        interrupt(&child);
        log.read_to_string(&mut text).unwrap();
        assert!(text.contains(STOPPING), "{stage}: {text}");
        assert_eq!(Done::of(child).code, Some(130), "{stage}: {text}");
        tenant.assert_no_shell();
    }
}

#[test]
#[cfg(unix)]
fn a_second_interrupt_ends_at_once() {
    let faults = ["hang=receive", "hang=signal", "hang=delete"];
    let faults = faults.iter().map(|fault| fault.parse::<Fault>().unwrap()).collect();
    let tenant = Tenant::with(LabConfig { faults, ..LabConfig::default() });
    let mut child = start(&tenant, &["--", "Get-Mailbox"]);
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    while tenant.lab.live_shells() == 0 {
        std::thread::yield_now();
    }
    interrupt(&child);
    let mut said = String::new();
    // The first line is the warning about passwords.
    while !said.ends_with(STOPPING) {
        assert_ne!(errors.read_line(&mut said).unwrap(), 0, "{said}");
    }
    interrupt(&child);
    let mut rest = String::new();
    errors.read_to_string(&mut rest).unwrap();
    assert_eq!((Done::of(child).code, rest.as_str()), (Some(130), ""));
}

#[test]
fn the_log_shows_no_secret_and_no_data() {
    let tenant = Tenant::with(LabConfig { mailboxes: 1, ..LabConfig::default() });
    let done = tenant.run(&["--log", "trace", "--output", "jsonl", "--select", "Name", "--", "Get-Mailbox"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.err.contains("exo_session"), "{}", done.err);
    for hidden in [tenant.lab.password(), "password=", "Bearer ", "Basic ", "access_token", "user00001"] {
        assert!(!done.err.contains(hidden), "{hidden}: {}", done.err);
    }
}

fn start(tenant: &Tenant, more: &[&str]) -> Child {
    let mut command = tenant.signed("run", more);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(tenant.lab.password().as_bytes()).unwrap();
    child
}

const STOPPING: &str = "exo: stopping; press Ctrl+C again to end at once\n";

#[test]
fn a_password_parameter_comes_from_standard_input_behind_the_accounts_own() {
    let tenant = Tenant::start();
    let make = |name: &str, password: &str| {
        let more = [
            "--output",
            "jsonl",
            "--select",
            "Name",
            "--",
            "New-Mailbox",
            "-Name",
            name,
            "-Password",
            "@stdin",
        ];
        let stdin = format!("{}\n{password}\n", tenant.lab.password());
        let done = run_with(tenant.signed("run", &more), stdin.as_bytes());
        tenant.assert_no_shell();
        done
    };
    let made: Value = serde_json::from_str(&make("Zoe", "p\u{e4}ssw\u{f6}rd").output()).unwrap();
    assert_eq!(made["Name"], "Zoe");
    let refused = make("Yan", "short").complaint(1);
    assert!(refused.contains("minimum complexity requirements"), "{refused}");
    let missing = make("Xia", "").complaint(2);
    assert!(missing.contains("there is no value of -Password on standard input"), "{missing}");
    let line = ["--", "New-Mailbox", "-Name", "Wim", "-Password", "@prompt"];
    let nobody = tenant.run(&line).complaint(2);
    assert!(nobody.contains("there is no terminal"), "{nobody}");
}
