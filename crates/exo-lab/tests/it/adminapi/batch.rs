//! Several calls in one request.

use exo_lab::LabConfig;
use psrp::clixml;
use serde_json::{Value, json};

use super::{Rest, call};

fn request(rest: &Rest, id: usize, cmdlet: &str, parameters: Value) -> Value {
    json!({
        "id": id.to_string(),
        "method": "POST",
        "url": format!("{}{}", rest.lab.rest_url(), rest.invoke_path()),
        "headers": {
            "X-ResponseFormat": "clixml",
            "Prefer": "odata.maxpagesize=1000;odata.continue-on-error",
            "Authorization": format!("Bearer {}", rest.token),
        },
        "body": call(cmdlet, parameters),
    })
}

async fn batch(rest: &Rest, prefer: &str, requests: Vec<Value>) -> crate::http::Answer {
    let path = format!("/adminapi/beta/{}/$batch", rest.tenant);
    rest.post(&path, &[("Prefer", prefer)], &json!({ "requests": requests })).await
}

#[tokio::test]
async fn each_call_of_a_batch_has_its_answer() {
    let rest = Rest::start(LabConfig::default()).await;
    let requests = vec![
        request(&rest, 0, "Get-Mailbox", json!({ "Identity": "user00001" })),
        request(&rest, 1, "Get-Mailbox", json!({ "Identity": "ghost" })),
        request(
            &rest,
            2,
            "Set-Mailbox",
            json!({ "Identity": "user00002", "DisplayName": "X", "WhatIf": true }),
        ),
        request(&rest, 3, "Get-ComplianceCase", json!({})),
        request(&rest, 4, "Get-Mailbox", json!({ "Identity": "user00003" })),
    ];
    let answer = batch(&rest, "odata.continue-on-error", requests.clone()).await;
    let body = answer.json();
    let responses = body["responses"].as_array().expect("a list");
    let statuses: Vec<_> = responses.iter().map(|response| response["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(200), Some(404), Some(200), Some(403), Some(200)]);
    assert_eq!(responses[4]["id"], "4");
    let document = responses[4]["body"]["value"][0]["_cliXml"].as_str().expect("CLIXML").to_owned();
    assert_eq!(clixml::decode(document.into_bytes()).expect("it is CLIXML").values().count(), 1);
    assert_eq!(responses[1]["headers"]["x-ExceptionType"], "ManagementObjectNotFoundException");
    assert_eq!(responses[1]["body"]["error"]["code"], "NotFound");
    assert_eq!(responses[2]["body"]["@adminapi.confirmationmessage"], "Setting mailbox \"user00002\".");
    assert!(responses[3].get("body").is_none());

    let stopped = batch(&rest, "", requests).await.json();
    assert_eq!(stopped["responses"].as_array().expect("a list").len(), 2);
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn a_batch_is_ten_calls_at_most() {
    let rest = Rest::start(LabConfig::default()).await;
    let many = |count: usize| -> Vec<Value> {
        (0..count).map(|id| request(&rest, id, "Get-Mailbox", json!({ "Identity": "user00001" }))).collect()
    };
    let ten = batch(&rest, "odata.continue-on-error", many(10)).await;
    assert_eq!(ten.json()["responses"].as_array().expect("a list").len(), 10);
    assert_eq!(batch(&rest, "odata.continue-on-error", many(11)).await.status, 400);
    assert_eq!(batch(&rest, "", Vec::new()).await.json()["responses"], json!([]));
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn items_are_checked_like_requests_of_their_own() {
    let rest = Rest::start(LabConfig::default()).await;
    let mut stranger = request(&rest, 0, "Get-User", json!({}));
    stranger["headers"]["Authorization"] = "Bearer nothing".into();
    let mut lost = request(&rest, 1, "Get-User", json!({}));
    lost["url"] = "https://localhost/elsewhere".into();
    let mut read = request(&rest, 2, "Get-User", json!({}));
    read["method"] = "GET".into();
    let body = batch(&rest, "odata.continue-on-error", vec![stranger, lost, read, json!(1)]).await.json();
    let statuses: Vec<_> =
        body["responses"].as_array().expect("a list").iter().map(|r| r["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(401), Some(404), Some(405), Some(405)]);
    rest.lab.shutdown().await;
}
