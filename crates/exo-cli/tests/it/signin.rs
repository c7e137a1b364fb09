//! Ways to sign in, and what can go wrong before a session stands.

use exo_lab::{DeviceApproval, LabConfig};

use crate::command::{Done, exo, run_with};
use crate::tenant::Tenant;

#[test]
fn a_wrong_password_is_a_failed_sign_in() {
    let tenant = Tenant::start();
    let said = run_with(tenant.signed("run", &["--", "Get-AcceptedDomain"]), b"wrong\n").complaint(3);
    assert!(said.contains("AADSTS50126") && said.contains("check the user name and the password"), "{said}");
    assert_eq!(said.lines().count(), 1);
    tenant.assert_no_shell();
}

#[test]
fn a_password_for_entra_is_warned_about_and_one_for_basic_is_not() {
    let tenant = Tenant::start();
    for (authentication, warned) in [("bearer", true), ("basic", false)] {
        let done = tenant.run(&["--authentication", authentication, "--", "Get-AcceptedDomain"]);
        assert_eq!((done.code, done.warned), (Some(0), warned), "{authentication}");
    }
}

#[test]
fn an_unknown_user_is_a_failed_sign_in() {
    let tenant = Tenant::start();
    let command = tenant
        .unsigned("run", &["--user", "nobody@example.com", "--password-stdin", "--", "Get-AcceptedDomain"]);
    let said = run_with(command, b"x").complaint(3);
    assert!(said.contains("AADSTS50034"), "{said}");
}

#[test]
fn basic_authentication_asks_no_authority() {
    let tenant = Tenant::start();
    let base =
        ["--authentication", "basic", "--output", "jsonl", "--select", "Name", "--", "Get-AcceptedDomain"];
    let out = tenant.run(&base).output();
    assert!(out.lines().count() >= 1, "{out}");
    let said = run_with(tenant.signed("run", &base), b"wrong").complaint(3);
    assert!(said.contains("401"), "{said}");
}

#[test]
fn a_device_code_is_shown_and_waited_for() {
    let tenant = Tenant::with(LabConfig {
        device_approval: DeviceApproval::AfterPolls(0),
        device_interval: std::time::Duration::from_secs(1),
        ..LabConfig::default()
    });
    let command = tenant.unsigned("run", &["--device", "--output", "jsonl", "--", "Get-AcceptedDomain"]);
    let done = Done::of({
        let mut command = command;
        command.spawn().unwrap()
    });
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.err.contains("code") && done.err.contains("https://"), "{}", done.err);
    tenant.assert_no_shell();
}

#[test]
fn a_token_that_is_none_is_refused() {
    let tenant = Tenant::start();
    let command = tenant.unsigned("run", &["--access-token-stdin", "--", "Get-AcceptedDomain"]);
    let said = run_with(command, b"Bearer abc").complaint(3);
    assert!(said.contains("access token"), "{said}");
    let command = tenant
        .unsigned("run", &["--access-token-stdin", "--authentication", "bearer", "--", "Get-AcceptedDomain"]);
    let said = run_with(command, b"abc").complaint(3);
    assert!(said.contains("401"), "{said}");
}

#[test]
fn an_unreachable_host_is_a_failed_connection() {
    // A port that was free a moment ago: nothing listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("https://127.0.0.1:{port}/powershell/");
    let authority = format!("https://127.0.0.1:{port}/organizations");
    for more in [&["--authentication", "basic"][..], &["--authority", &authority]] {
        let mut command = exo(["run", "--connection-uri", &endpoint, "--user", "a@b.c", "--password-stdin"]);
        command.args(more).args(["--", "Get-Mailbox"]);
        let said = run_with(command, b"x").complaint(4);
        assert!(said.contains("127.0.0.1"), "{said}");
    }
    let unknown = [
        "run",
        "--connection-uri",
        "https://no-such-host.invalid/powershell/",
        "--user",
        "a",
        "--password-stdin",
    ];
    let mut command = exo(unknown);
    command.args(["--", "Get-Mailbox"]);
    let said = run_with(command, b"x").complaint(4);
    assert!(said.contains("no-such-host.invalid"), "{said}");
}

#[test]
fn an_untrusted_certificate_is_a_failed_connection() {
    let tenant = Tenant::start();
    let (url, authority) = (tenant.lab.url(), tenant.lab.authority());
    let mut command =
        exo(["run", "--connection-uri", &url, "--authority", &authority, "--user", "a", "--password-stdin"]);
    command.args(["--", "Get-Mailbox"]);
    let said = run_with(command, b"x").complaint(4);
    assert!(said.contains("certificate") && said.contains("--ca-file"), "{said}");
}
