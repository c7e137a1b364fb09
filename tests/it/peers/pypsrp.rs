//! pypsrp as a client: of psrpcore first, so that both peers are known to be good, then of the lab.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use exo_lab::{Lab, LabConfig};
use serde_json::{Value, json};

use super::psrpcore::{self, Server};
use super::{ignored, python};
use crate::bounded;

#[test]
fn the_peers_understand_each_other() {
    let interpreter = match python::interpreter() {
        Ok(interpreter) => interpreter,
        Err(reason) => return ignored("the_peers_understand_each_other", reason),
    };
    let mut server = Server::start(interpreter, 1_000);
    let reports = run(
        interpreter,
        &[],
        server.url(),
        &server.ca_file(),
        &json!({
            "user": psrpcore::USER,
            "password": psrpcore::PASSWORD,
            "commands": [
                {"name": "Get-Mailbox", "parameters": {"ResultSize": 3}},
                {"name": "Test-Stream"},
                {"name": "Measure-Input", "input": ["a", "b"]},
                {"name": "Get-Nothing"},
            ],
        }),
    );
    assert_eq!(reports[0]["output"].as_array().map(Vec::len), Some(3));
    assert_eq!(reports[1]["output"], json!(["first", "last"]));
    assert_eq!(reports[1]["warning"], json!(["a warning"]));
    assert_eq!(reports[2]["output"], json!(["a", "b", 2]));
    assert_eq!(reports[3]["errors"][0]["id"], "CommandNotFoundException");
    assert_eq!(server.shells(), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn pypsrp_runs_cmdlets_in_the_lab() {
    let interpreter = match tokio::task::spawn_blocking(python::interpreter).await.expect("no panic") {
        Ok(interpreter) => interpreter,
        Err(reason) => return ignored("pypsrp_runs_cmdlets_in_the_lab", reason),
    };
    let lab = Lab::start(LabConfig::default()).await.expect("the lab starts");
    let request = json!({
        "user": lab.user(),
        "password": lab.password(),
        "commands": [
            {"name": "Get-Mailbox", "parameters": {"ResultSize": 3, "Verbose": true}},
            {"name": "Get-Mailbox", "parameters": {"Identity": "nobody-has-this-name"}},
            {"name": "Set-Mailbox", "parameters": {"Identity": "user00002", "DisplayName": "Näme <&>\r\n😀"}},
            {"name": "Get-Mailbox", "parameters": {"Identity": "user00002"}},
            {"name": "Get-NoSuchCmdlet"},
            {"name": "Get-Mailbox", "parameters": {"NoSuchParameter": 1}},
            {"name": "Get-Mailbox", "parameters": {"ResultSize": "Unlimited"}},
            {"name": "Set-Mailbox", "parameters": {"Identity": "user00002"}, "secrets": {"Password": "pässwörd 😀"}},
            {"name": "Set-Mailbox", "parameters": {"Identity": "user00002"}, "secrets": {"Password": "x-USER00002-x"}},
        ],
    });
    // The smallest envelopes a client may ask for, and the usual ones.
    for max_envelope_len in ["8192", "153600"] {
        let (url, ca_file, request) = (lab.url(), lab.ca_file().to_owned(), request.clone());
        let reports = tokio::task::spawn_blocking(move || {
            run(interpreter, &["--max-envelope-len", max_envelope_len], &url, &ca_file, &request)
        })
        .await
        .expect("no panic");
        check_reports(&reports);
        assert_eq!(lab.live_shells(), 0);
    }
    lab.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pypsrp_uses_its_pool_in_the_lab_in_every_way_it_knows() {
    let test = "pypsrp_uses_its_pool_in_the_lab_in_every_way_it_knows";
    let interpreter = match tokio::task::spawn_blocking(python::interpreter).await.expect("no panic") {
        Ok(interpreter) => interpreter,
        Err(reason) => return ignored(test, reason),
    };
    let lab = Lab::start(LabConfig { mailboxes: 40, ..LabConfig::default() }).await.expect("the lab starts");
    let request = json!({"user": lab.user(), "password": lab.password(), "commands": [], "pool": true});
    let (url, ca_file) = (lab.url(), lab.ca_file().to_owned());
    let report = tokio::task::spawn_blocking(move || report(interpreter, &[], &url, &ca_file, &request));
    let report = &report.await.expect("no panic")["pool"];
    let question = "Are you sure you want to perform this action?\nRemoving the mailbox \"user00004\" will remove the \
                    user object and mark the mailbox for removal.";
    assert_eq!(
        *report,
        json!({
            "private_data": true,
            "max": 5,
            "refused": "Failed to set maximum runspaces",
            "available": 1,
            "metadata": ["Get-MailUser", "Get-Mailbox", "Get-MailboxStatistics"],
            "alive": true,
            "stopped": true,
            "asked": [[["Confirm", question, 4, 0]], false],
            "reconnected": 39,
            "found": 1,
            "opened": true,
            "connected": [39],
            "dead": true,
        })
    );
    assert_eq!(lab.live_shells(), 0);
    lab.shutdown().await;
}

/// What the lab must have said to the commands above.
fn check_reports(reports: &[Value]) {
    let output = |command: usize| reports[command]["output"].as_array().expect("output");
    let error = |command: usize, field: &str| {
        reports[command]["errors"][0][field].as_str().unwrap_or_default().to_owned()
    };

    assert_eq!(output(0).len(), 3);
    for mailbox in output(0) {
        assert_eq!(mailbox["types"][0], "Microsoft.Exchange.Data.Directory.Management.Mailbox");
        let members = mailbox["members"].as_object().expect("members");
        assert!(200 < members.len(), "a mailbox has about 220 properties, pypsrp saw {}", members.len());
        assert!(members["DisplayName"].is_string() && members["PrimarySmtpAddress"].is_string());
        // pypsrp leaves lists of foreign types as XML.
        let addresses = members["EmailAddresses"].as_str().unwrap_or_default();
        assert!(addresses.contains("SMTP:"), "{addresses}");
    }
    assert_eq!(reports[0]["errors"], json!([]));
    let warning = reports[0]["warning"][0].as_str().unwrap_or_default();
    assert!(warning.starts_with("There are more results available"), "{warning}");
    assert!(reports[0]["verbose"][0].is_string());

    assert_eq!((output(1).len(), &reports[1]["had_errors"]), (0, &json!(false)));
    assert!(error(1, "text").contains("'nobody-has-this-name' couldn't be found"), "{}", error(1, "text"));
    assert!(error(1, "id").contains("Microsoft.Exchange.Management.RecipientTasks.GetMailbox"));

    assert_eq!((output(2).len(), &reports[2]["errors"]), (0, &json!([])));
    assert_eq!(output(3)[0]["members"]["DisplayName"], "Näme <&>\r\n😀");

    assert_eq!(
        (error(4, "id").as_str(), &reports[4]["had_errors"]),
        ("CommandNotFoundException", &json!(true))
    );
    assert!(error(5, "text").contains("'NoSuchParameter'"), "{}", error(5, "text"));

    let default_count = usize::try_from(LabConfig::default().mailboxes).expect("it fits");
    assert_eq!((output(6).len(), &reports[6]["warning"]), (default_count, &json!([])));

    // The lab looks at passwords: this one is good, the next one has the account's name in it.
    assert_eq!((&reports[7]["failure"], &reports[7]["errors"]), (&Value::Null, &json!([])));
    assert!(error(8, "text").contains("minimum complexity requirements"), "{}", reports[8]);
}

/// Runs the client to its end and gives one report a command.
fn run(interpreter: &Path, options: &[&str], url: &str, ca_file: &Path, request: &Value) -> Vec<Value> {
    run_with(interpreter, options, url, ca_file, request, &[])
}

/// The same, with these variables in its environment.
pub(super) fn run_with(
    interpreter: &Path,
    options: &[&str],
    url: &str,
    ca_file: &Path,
    request: &Value,
    variables: &[(&str, String)],
) -> Vec<Value> {
    let report = report_with(interpreter, options, url, ca_file, request, variables);
    report["commands"].as_array().expect("a report a command").clone()
}

/// Runs the client to its end and gives its whole report.
fn report(interpreter: &Path, options: &[&str], url: &str, ca_file: &Path, request: &Value) -> Value {
    report_with(interpreter, options, url, ca_file, request, &[])
}

fn report_with(
    interpreter: &Path,
    options: &[&str],
    url: &str,
    ca_file: &Path,
    request: &Value,
    variables: &[(&str, String)],
) -> Value {
    let mut client = Command::new(interpreter);
    client.arg(python::script("pypsrp_client.py")).args(options).arg(url).arg(ca_file);
    client.env("PYTHONUTF8", "1").envs(variables.iter().map(|(name, value)| (name, value)));
    let mut child = bounded::start(client.stdin(Stdio::piped())).expect("the interpreter works");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(request.to_string().as_bytes()).expect("the client reads");
    drop(stdin);
    let output = bounded::wait(child).expect("the client ends");
    assert!(output.status.success(), "pypsrp: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("a report")
}
