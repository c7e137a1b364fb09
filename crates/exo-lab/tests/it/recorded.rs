//! Recorded documents in the place of the sample organization.

use std::fs;
use std::path::PathBuf;

use exo_lab::{Lab, LabConfig};
use psrp::clixml;

use crate::http::basic;
use crate::session::Session;

/// The recorded documents, or one line that says why the test is ignored.
fn fixtures(test: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("EXO_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let folder = shared.join("fixtures/clixml");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("ignored: {test}: {} is not there", folder.display());
    None
}

#[tokio::test]
async fn recorded_documents_answer_their_cmdlets() {
    let Some(folder) = fixtures("recorded_documents_answer_their_cmdlets") else {
        return;
    };
    let config = LabConfig { data: Some(folder.clone()), ..LabConfig::default() };
    let lab = Lab::start(config).await.expect("the lab starts");
    let mut session = Session::open(&lab, "/powershell/", basic(&lab.user(), lab.password()))
        .await
        .expect("the shell opens");
    for (command, document) in [
        ("Get-AcceptedDomain", "HC__E19__Exchange__GetAcceptedDomain.xml"),
        ("get-organizationconfig", "HC__E19__Exchange__GetOrganizationConfig.xml"),
        ("Get-ExchangeServer", "HC__E19__Exchange__GetExchangeServer.xml"),
        ("Get-ReceiveConnector", "HC__E19__Exchange__GetReceiveConnector.xml"),
        ("Get-ChildItem", "HC__ExchangeInformation__GetChildItemFailed.xml"),
        ("Get-HotFix", "HC__E19__OS__GetHotFix.xml"),
    ] {
        let file = fs::read(folder.join(document)).expect("the document is there");
        let recorded = clixml::decode(clixml::utf8_document(file).expect("text")).expect("CLIXML");
        let outcome = session.run(command, &[]).await;
        let expected: Vec<Vec<u8>> = recorded.values().map(encoded).collect();
        let found: Vec<Vec<u8>> =
            outcome.output.iter().map(|tape| tape.first().map(encoded).unwrap_or_default()).collect();
        assert!(
            !expected.is_empty() && expected == found,
            "{command}: {} and {} objects",
            expected.len(),
            found.len()
        );
    }
    // A document about mailbox servers is none about mailboxes.
    assert_eq!(session.run("Get-Mailbox", &[]).await.output.len(), 25);
    let described = session.commands(&["Get-ExchangeServer"]).await;
    assert_eq!(psrp::metadata::command_count(&described.output[0]), Some(1));
    session.delete().await;
    lab.shutdown().await;
}

fn encoded(value: clixml::Value<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    clixml::Encoder::new(&mut body).value(value);
    body
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let missing = std::env::temp_dir().join("exo-lab-no-such-folder");
    let config = LabConfig { data: Some(missing.clone()), ..LabConfig::default() };
    let error = Lab::start(config).await.expect_err("there is nothing to read");
    assert!(error.to_string().contains(&missing.display().to_string()), "{error}");
}
