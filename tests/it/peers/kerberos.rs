//! Kerberos tickets and sealed messages between ours and pyspnego's, in either direction.

use std::path::Path;
use std::process::Command;

use exo_lab::{Lab, LabConfig, Realm, RealmError, Scheme};
use exo_session::{Authentication, ConnectOptions, Secret};
use psrp::PsInvocationState;
use serde_json::{Value, json};

use super::psrpcore::Server;
use super::report::run;
use super::{ignored, pypsrp, python};
use crate::bounded;

const USER: &str = "admin";
const PASSWORD: &str = "Kerberos-42";

/// A realm and an interpreter; `None`, with a line that says so, where one of them cannot be had.
fn prepared(test: &str) -> Option<(Realm, &'static Path)> {
    let interpreter = match python::with_kerberos() {
        Ok(interpreter) => interpreter,
        Err(reason) => {
            ignored(test, reason);
            return None;
        }
    };
    let realm = match Realm::start() {
        Err(error @ RealmError::Missing { .. }) => {
            ignored(test, &error.to_string());
            return None;
        }
        started => started.expect("the realm starts"),
    };
    realm.add_service("HTTP/localhost").expect("the realm takes it");
    realm.add_user(USER, PASSWORD).expect("the realm takes it");
    Some((realm, interpreter))
}

/// pypsrp asks the lab: over plain http sealed, over https bound to its certificate; with a bare ticket, and with SPNEGO.
#[test]
fn pypsrp_signs_in_to_the_lab_with_tickets() {
    let test = "peers::kerberos::pypsrp_signs_in_to_the_lab_with_tickets";
    let Some((realm, interpreter)) = prepared(test) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let request = json!({
        "user": "admin@EXO.LAB",
        "password": PASSWORD,
        "commands": [
            {"name": "Get-Mailbox", "parameters": {"ResultSize": "Unlimited"}},
            {"name": "Get-Mailbox", "parameters": {"Identity": "user00002"}},
            {"name": "Get-NoSuchCmdlet"},
        ],
    });
    for (schemes, auth) in [
        (vec![Scheme::Negotiate, Scheme::Kerberos], "negotiate"),
        (vec![Scheme::Negotiate, Scheme::Kerberos], "kerberos"),
        (vec![Scheme::Kerberos], "kerberos"),
    ] {
        let config = LabConfig {
            keytab: Some(realm.keytab()),
            schemes: schemes.clone(),
            mailboxes: 40,
            ..LabConfig::default()
        };
        let lab = runtime.block_on(Lab::start(config)).expect("the lab starts");
        let plain = lab.plain_url().expect("it takes tickets");
        for url in [plain, format!("{}/powershell/", lab.rest_url())] {
            let options = ["--auth", auth];
            let reports =
                pypsrp::run_with(interpreter, &options, &url, lab.ca_file(), &request, &realm.variables());
            let count = |report: &Value| report["output"].as_array().map(Vec::len);
            assert_eq!(count(&reports[0]), Some(40), "{schemes:?} {auth} {url}");
            assert_eq!(count(&reports[1]), Some(1), "{schemes:?} {auth} {url}");
            assert_eq!(reports[2]["errors"][0]["id"], "CommandNotFoundException");
            assert_eq!(lab.live_shells(), 0);
        }
        runtime.block_on(lab.shutdown());
    }
}

/// Our client asks a server whose tickets and sealing are pyspnego's, and whose boundaries have Exchange's blank.
#[test]
fn our_client_signs_in_to_pyspnego_with_tickets() {
    let test = "peers::kerberos::our_client_signs_in_to_pyspnego_with_tickets";
    if let Some((url, scheme)) = std::env::var(ASKED).ok().as_deref().and_then(|asked| asked.split_once(' '))
    {
        return ask(url, scheme);
    }
    let Some((realm, interpreter)) = prepared(test) else { return };
    for scheme in ["kerberos", "negotiate"] {
        let mut server = Server::with(interpreter, 1_000, |command| {
            command.args(["--tickets", scheme]).envs(realm.variables());
        });
        // The realm is found through the environment, which is a process's own.
        let mut again = Command::new(std::env::current_exe().expect("it runs"));
        again.args([test, "--exact", "--nocapture"]).envs(realm.variables());
        again.env(ASKED, format!("{} {scheme}", server.url()));
        let output = bounded::output(&mut again).expect("it runs again");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(server.shells(), (0, 1), "{scheme}");
    }
}

fn ask(url: &str, scheme: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut options = ConnectOptions::default();
        options.connection_uri = Some(url.to_owned());
        options.user = Some(USER.to_owned());
        options.password = Some(Secret::new(PASSWORD.to_owned()));
        options.authentication = Some(match scheme {
            "kerberos" => Authentication::Kerberos,
            _ => Authentication::Negotiate,
        });
        let session = exo_session::connect(options, |_| {}).await.expect("it connects");
        let report = run(&session, "Get-Mailbox", r#"<I32 N="ResultSize">60</I32>"#).await;
        assert_eq!((report.state, report.output.len()), (Some(PsInvocationState::Completed), 60));
        let large = r#"<I32 N="Count">20</I32><I32 N="Length">100000</I32>"#;
        let report = run(&session, "Get-Blob", large).await;
        assert_eq!((report.state, report.output.len()), (Some(PsInvocationState::Completed), 20));
        let report = run(&session, "Test-Stream", "").await;
        assert_eq!(report.state, Some(PsInvocationState::Completed));
        session.close().await.expect("it closes");
    });
}

const ASKED: &str = "EXO_TEST_KERBEROS_PEER";
