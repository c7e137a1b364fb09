//! Wrong usage ends with 2, help with 0.

use crate::command::{exo, run, run_with};

#[test]
fn help_explains_itself() {
    let help = run(&["--help"]).output();
    for word in ["run", "decode", "cmdlets", "doctor", "Exit codes"] {
        assert!(help.contains(word), "{help}");
    }
    let help = run(&["run", "--help"]).output();
    for word in ["--password-stdin", "@{Add='x';Remove='y'}", "jsonl", "--first", "Examples"] {
        assert!(help.contains(word), "{help}");
    }
    assert!(run(&["--version"]).output().starts_with("exo "));
}

#[test]
fn wrong_usage_is_told_before_anything_is_done() {
    for (arguments, word) in [
        (&["run", "--", "Get-Mailbox"][..], "say how to sign in"),
        (&["run", "--device"], "required"),
        (&["run", "--device", "--", "Get-Mailbox", "ana"], "no parameter name"),
        (&["run", "--device", "--", "Get-Mailbox; Get-X"], "stands no command"),
        (&["run", "--device", "--", "Get-Mailbox", "-A", "'x"], "closing quote"),
        (&["run", "--device", "--output", "xml", "--", "Get-Mailbox"], "invalid value 'xml'"),
        (&["run", "--password", "secret", "--", "Get-Mailbox"], "unexpected argument"),
        (&["run", "--device", "--environment", "Moon", "--", "Get-Mailbox"], "O365Default"),
        (&["doctor"], "say how to sign in"),
        (&["run", "--authentication", "kerberos", "--", "Get-Mailbox"], "needs --connection-uri"),
        (
            &[
                "run",
                "--authentication",
                "negotiate",
                "--connection-uri",
                "http://m/powershell",
                "--device",
                "--",
                "Get-X",
            ],
            "goes with --password-stdin",
        ),
        (&["cmdlets"], "say how to sign in"),
        (&["cmdlets", "--file", "/nowhere/x.psm1"], "/nowhere/x.psm1 cannot be read"),
        (&["cmdlets", "--device", "--file", "x", "--output", "csv"], "invalid value 'csv'"),
        (&["what"], "unrecognized"),
        (&["--log", "a=b=c", "decode"], "--log"),
    ] {
        let said = run(arguments).complaint(2);
        assert!(said.contains(word), "{arguments:?}: {said}");
    }
}

#[test]
fn a_secret_must_be_one() {
    for (stdin, word) in [
        (&b""[..], "there is no password"),
        (b"\r\n", "there is no password"),
        (b"\xff\n", "not UTF-8"),
        (&[b'x'; 70_000], "longer than"),
    ] {
        let command = exo(["run", "--user", "a@b.c", "--password-stdin", "--", "Get-Mailbox"]);
        let said = run_with(command, stdin).complaint(2);
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn addresses_that_would_give_the_password_away_are_refused() {
    for (option, address, word) in [
        ("--connection-uri", "http://mail.contoso.com/powershell/", "plain http"),
        ("--connection-uri", "mail.contoso.com", "connectionUri"),
        ("--authority", "http://login.contoso.com/t", "plain http"),
    ] {
        let mut command = exo(["run", "--user", "a@b.c", "--password-stdin", option, address]);
        if option == "--authority" {
            command.args(["--connection-uri", "https://mail.contoso.com/powershell/"]);
        }
        let said = run_with(command_end(command), b"p").complaint(2);
        assert!(said.contains(word), "{address}: {said}");
    }
}

fn command_end(mut command: std::process::Command) -> std::process::Command {
    command.args(["--", "Get-Mailbox"]);
    command
}
