//! Answers in pages.

use exo_lab::LabConfig;
use serde_json::json;

use super::{CLIXML, Rest, call, objects, property};

#[tokio::test]
async fn pages_follow_each_other_by_their_links() {
    let rest = Rest::start(LabConfig::default()).await;
    let body = call("Get-Mailbox", json!({ "ResultSize": "Unlimited" }));
    let headers = [CLIXML, ("Prefer", "odata.maxpagesize=10")];
    let mut path = rest.invoke_path();
    let mut names = Vec::new();
    let mut lens = Vec::new();
    loop {
        let answer = rest.post(&path, &headers, &body).await;
        // A page that got lost may be asked for again.
        if path.contains("skiptoken") {
            assert_eq!(rest.post(&path, &headers, &body).await.body, answer.body);
        }
        let page = property(&objects(&answer), "Name");
        lens.push(page.len());
        names.extend(page);
        let json = answer.json();
        assert_eq!(json["@adminapi.warnings"].is_array(), json["@odata.nextLink"].is_string());
        let Some(link) = json["@odata.nextLink"].as_str() else {
            break;
        };
        path = rest.path_of(link).to_owned();
    }
    assert_eq!(lens, [10, 10, 5]);
    let mut sorted = names.clone();
    sorted.dedup();
    assert_eq!(sorted.len(), 25);
    assert_eq!(rest.lab.executions("Get-Mailbox"), 1);
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn a_full_last_page_has_no_link() {
    let rest = Rest::start(LabConfig { mailboxes: 4, ..LabConfig::default() }).await;
    for (prefer, parameters, expected, has_link) in [
        ("odata.maxpagesize=4", json!({ "ResultSize": "Unlimited" }), 4, false),
        ("odata.maxpagesize=3", json!({ "ResultSize": "Unlimited" }), 3, true),
        ("odata.maxpagesize=3;odata.continue-on-error", json!({}), 3, true),
        ("odata.maxpagesize=3", json!({ "ResultSize": 2 }), 2, false),
        ("odata.maxpagesize=0", json!({}), 1, true),
        ("odata.maxpagesize=many", json!({}), 4, false),
    ] {
        let headers = [CLIXML, ("Prefer", prefer)];
        let answer = rest.post(&rest.invoke_path(), &headers, &call("Get-Mailbox", parameters)).await;
        assert_eq!(objects(&answer).values().count(), expected, "{prefer}");
        assert_eq!(answer.json()["@odata.nextLink"].is_string(), has_link, "{prefer}");
    }
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn links_that_nobody_gave_are_refused() {
    let rest = Rest::start(LabConfig::default()).await;
    let body = call("Get-Mailbox", json!({ "ResultSize": "Unlimited" }));
    let headers = [CLIXML, ("Prefer", "odata.maxpagesize=5")];
    let first = rest.post(&rest.invoke_path(), &headers, &body).await;
    let link = first.json()["@odata.nextLink"].as_str().expect("a link").to_owned();
    let link = rest.path_of(&link);
    let beyond = link.replace("-2", "-4");
    let unknown = format!("{}?$skiptoken={}-2", rest.invoke_path(), uuid::Uuid::new_v4().simple());
    let nonsense = format!("{}?$skiptoken=p2", rest.invoke_path());
    let other = call("Get-Mailbox", json!({ "ResultSize": "Unlimited", "Archive": true }));
    assert_eq!(rest.post(link, &headers, &other).await.status, 400);
    for path in [beyond, unknown, nonsense] {
        assert_eq!(rest.post(&path, &headers, &body).await.status, 400, "{path}");
    }
    rest.lab.shutdown().await;
}
