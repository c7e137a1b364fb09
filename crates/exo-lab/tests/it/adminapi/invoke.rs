//! One call at a time.

use exo_lab::LabConfig;
use serde_json::json;

use super::{CLIXML, COMPLIANCE, EXCHANGE, Rest, call, detail, gunzipped, objects, property};

#[tokio::test]
async fn a_call_gives_objects_as_clixml_or_as_json() {
    let rest = Rest::start(LabConfig::default()).await;
    let answer = rest.invoke("Get-Mailbox", json!({ "Identity": "user00002" })).await;
    let tape = objects(&answer);
    assert_eq!(property(&tape, "Name"), ["user00002"]);
    assert!(220 <= tape.first().expect("one").props().count());
    let text = answer.text();
    assert!(text.contains(r#""_cliXml":"\u003CObjs Version=\u00221.1.0.1\u0022"#), "{}", &text[..300]);
    assert!(text.is_ascii() && !text.contains('<'));
    let context = answer.json()["@odata.context"].as_str().expect("a context").to_owned();
    assert!(context.ends_with("/$metadata#Collection(Exchange.CmdletOutput)"), "{context}");

    let path = format!("{}?$select=Name,Guid,WhenCreatedUTC", rest.invoke_path());
    let answer = rest.post(&path, &[], &call("get-mailbox", json!({ "identity": "user00002" }))).await;
    let body = answer.json();
    let object = body["value"][0].as_object().expect("an object");
    assert_eq!(object["Name"], "user00002");
    assert_eq!(object["Guid@data.type"], "System.Guid");
    assert_eq!(object["WhenCreatedUTC@data.type"], "System.DateTime");
    assert_eq!(object.len(), 5, "{object:?}");
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn objects_of_one_answer_share_their_numbers_and_type_names() {
    let rest = Rest::start(LabConfig::default()).await;
    let answer = rest.invoke("Get-AcceptedDomain", json!({})).await;
    let json = answer.json();
    let document = json["value"][0]["_cliXml"].as_str().expect("CLIXML");
    assert_eq!(document.matches("<TN RefId=\"0\">").count(), 1);
    assert_eq!(document.matches("<TNRef RefId=\"0\" />").count(), 2);
    assert_eq!(property(&objects(&answer), "Name").len(), 3);
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn answers_are_packed_for_clients_that_take_gzip() {
    let rest = Rest::start(LabConfig::default()).await;
    let body = call("Get-Mailbox", json!({ "Identity": "user00001" }));
    let plain = rest.post(&rest.invoke_path(), &[CLIXML], &body).await;
    let packed = rest.post(&rest.invoke_path(), &[CLIXML, ("Accept-Encoding", "br;q=1, gzip")], &body).await;
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(gunzipped(&packed.body), plain.body);
    let refused = rest.post(&rest.invoke_path(), &[CLIXML, ("Accept-Encoding", "gzip;q=0")], &body).await;
    assert_eq!(refused.header("content-encoding"), None);
    for header in ["request-id", "x-calculatedbetarget", "rate-limit-remaining", "set-cookie"] {
        assert!(packed.header(header).is_some(), "{header}");
    }
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn errors_have_the_body_and_headers_of_the_service() {
    let rest = Rest::start(LabConfig::default()).await;
    let answer =
        rest.invoke("Get-Mailbox", json!({ "Identity": "ghost", "ErrorAction": "SilentlyContinue" })).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("x-exceptiontype"), Some("ManagementObjectNotFoundException"));
    assert_eq!(answer.header("x-exceptiontargettype"), Some("MailboxIdParameter"));
    assert!(answer.header("x-calculatedbetarget").is_some_and(|server| server.contains('.')));
    let (code, target, message) = detail(&answer);
    assert_eq!((code.as_str(), target.as_str()), ("13", "ghost"));
    let inner: serde_json::Value = serde_json::from_str(&message).expect("the message is JSON text");
    assert_eq!(
        inner["ClassName"],
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
    );
    assert_eq!(inner["localizedString"]["stringId"], "Ex6F9304");
    assert!(inner["Message"].as_str().expect("text").contains("object 'ghost' couldn't be found on"));
    assert!(answer.json()["error"]["innererror"]["internalexception"]["message"].is_string());

    let answer = rest.invoke("Get-Mailbox", json!({ "ResultSize": 0 })).await;
    assert_eq!(answer.status, 400);
    assert!(detail(&answer).2.contains("ResultSize must be greater than 0"));
    let path = format!("/adminapi/beta/{}/NoSuchThing", rest.tenant);
    assert_eq!(rest.post(&path, &[], &json!({})).await.status, 404);
    let answer = rest.request("GET", &rest.invoke_path(), &[], None).await.expect("an answer");
    assert_eq!(answer.status, 405);
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn a_question_changes_nothing_and_an_execution_counts() {
    let rest = Rest::start(LabConfig::default()).await;
    let message = |answer: &crate::http::Answer| {
        answer.json()["@adminapi.confirmationmessage"].as_str().map(ToOwned::to_owned)
    };
    let asked = rest.invoke("Remove-Mailbox", json!({ "Identity": "user00004", "Confirm": true })).await;
    assert!(message(&asked).expect("a question").starts_with("Removing mailbox Identity:\"user00004\""));
    let preview = rest
        .invoke("Set-Mailbox", json!({ "Identity": "user00004", "DisplayName": "X", "WhatIf": true }))
        .await;
    assert_eq!(message(&preview).as_deref(), Some("Setting mailbox \"user00004\"."));
    let made = rest.invoke("New-ComplianceCase", json!({ "Name": "N", "Confirm": true })).await;
    assert_eq!(made.status, 403, "compliance is elsewhere");
    let missing = rest.invoke("Remove-Mailbox", json!({ "Identity": "ghost", "Confirm": true })).await;
    assert_eq!(missing.status, 404);
    assert_eq!(rest.lab.executions("Remove-Mailbox"), 0);
    assert_eq!(rest.lab.executions("Set-Mailbox"), 0);
    let still = objects(&rest.invoke("Get-Mailbox", json!({ "Identity": "user00004" })).await);
    assert_ne!(property(&still, "DisplayName"), ["X"]);

    let done = rest.invoke("Remove-Mailbox", json!({ "Identity": "user00004", "Confirm": false })).await;
    assert_eq!((done.status, message(&done)), (200, None));
    assert_eq!(objects(&done).values().count(), 0);
    assert_eq!(rest.lab.executions("remove-mailbox"), 1);
    assert_eq!(rest.invoke("Get-Mailbox", json!({ "Identity": "user00004" })).await.status, 404);
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn warnings_and_errors_come_beside_objects() {
    let rest = Rest::start(LabConfig::default()).await;
    let answer = rest.invoke("Get-Mailbox", json!({ "ResultSize": 2 })).await;
    assert_eq!(objects(&answer).values().count(), 2);
    let body = answer.json();
    assert!(
        body["@adminapi.warnings"][0].as_str().expect("text").starts_with("There are more results available")
    );
    assert!(body.get("@odata.nextLink").is_none());
    let unchanged = rest.invoke("Set-OrganizationConfig", json!({ "AuditDisabled": false })).await;
    assert!(unchanged.json()["@adminapi.warnings"][0].as_str().expect("text").contains("no settings of"));
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn a_token_decides_which_service_answers() {
    let mut rest = Rest::start(LabConfig::default()).await;
    let user = rest.lab.user();
    let refused = rest.invoke("Get-ComplianceCase", json!({})).await;
    assert_eq!((refused.status, refused.header("content-encoding")), (403, Some("gzip")));
    assert!(!refused.body.is_empty() && refused.body.iter().all(|byte| *byte == 0));

    rest.again(&user, COMPLIANCE).await;
    let cases = objects(&rest.invoke("Get-ComplianceCase", json!({})).await);
    assert_eq!(property(&cases, "Name").len(), 3);
    let refused = rest.invoke("Get-Mailbox", json!({})).await;
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (403, Some("Forbidden")));
    // The entry host only shows the way, cookies included.
    rest.is_regional = false;
    let moved = rest.invoke("Get-ComplianceCase", json!({})).await;
    assert_eq!(moved.status, 302);
    assert_eq!(
        moved.header("location"),
        Some(format!("{}{}", rest.lab.compliance_url(), rest.invoke_path()).as_str())
    );
    assert!(moved.header("set-cookie").is_some());

    rest.again(&user, EXCHANGE).await;
    rest.is_regional = true;
    assert_eq!(rest.invoke("Get-Mailbox", json!({})).await.status, 401);
    rest.again(&user, "https://graph.microsoft.com").await;
    let answer = rest.invoke("Get-Mailbox", json!({})).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").expect("a challenge").contains("invalid_token"));
    rest.token = String::new();
    let answer = rest.invoke("Get-Mailbox", json!({})).await;
    assert_eq!((answer.status, answer.body.len()), (401, 0));
    rest.lab.shutdown().await;
}
