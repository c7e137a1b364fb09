//! Scripted trouble of the REST endpoints.

use base64::Engine as _;
use exo_lab::{Fault, LabConfig};
use serde_json::json;

use super::{CLIXML, EXCHANGE, Rest, call, objects};

async fn lab(fault: &str) -> Rest {
    let rest = Rest::start(LabConfig::default()).await;
    rest.lab.add_fault(fault.parse::<Fault>().expect("a fault"));
    rest
}

#[tokio::test]
async fn busy_and_broken_servers_say_so_in_json() {
    for (fault, status, code, retry_after) in [
        ("http-429=1", 429, "429", Some("1")),
        ("http-503=1", 503, "ServiceUnavailable", Some("1")),
        ("http-504=1", 504, "GatewayTimeout", None),
        ("http-500=1", 500, "500", None),
        ("http-401=1", 401, "Unauthorized", None),
    ] {
        let rest = lab(fault).await;
        let answer = rest.invoke("Get-AcceptedDomain", json!({})).await;
        assert_eq!(answer.status, status, "{fault}");
        assert_eq!(answer.json()["error"]["code"], code);
        assert_eq!(answer.header("retry-after"), retry_after);
        assert_eq!(rest.invoke("Get-AcceptedDomain", json!({})).await.status, 200, "{fault} has worn off");
        rest.lab.shutdown().await;
    }
}

#[tokio::test]
async fn a_refused_token_stays_refused_until_another_one_comes() {
    for (fault, reason) in [("token-expired", "invalid_token"), ("claims", "insufficient_claims")] {
        let mut rest = lab(fault).await;
        for _ in 0..2 {
            let answer = rest.invoke("Get-AcceptedDomain", json!({})).await;
            assert_eq!(answer.status, 401, "{fault}");
            let challenge = answer.header("www-authenticate").expect("a challenge");
            assert!(challenge.contains(&format!("error=\"{reason}\"")), "{challenge}");
            if fault == "claims" {
                let (_, claims) = challenge.split_once("claims=\"").expect("claims");
                let claims = claims.trim_end_matches('"');
                let claims = base64::engine::general_purpose::STANDARD.decode(claims).expect("base64");
                let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
                assert_eq!(claims["access_token"]["nbf"]["essential"], true);
            }
        }
        let user = rest.lab.user();
        rest.again(&user, EXCHANGE).await;
        assert_eq!(rest.invoke("Get-AcceptedDomain", json!({})).await.status, 200, "{fault}");
        rest.lab.shutdown().await;
    }
}

#[tokio::test]
async fn an_old_token_is_refused() {
    let config = LabConfig { token_lifetime: std::time::Duration::ZERO, ..LabConfig::default() };
    let rest = Rest::start(config).await;
    let answer = rest.invoke("Get-AcceptedDomain", json!({})).await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (401, Some("Unauthorized")));
    assert!(answer.header("www-authenticate").expect("a challenge").contains("error=\"invalid_token\""));
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn answers_of_another_kind_come_instead() {
    let rest = lab("nul-403").await;
    let answer = rest.invoke("Get-AcceptedDomain", json!({})).await;
    assert_eq!((answer.status, answer.header("content-encoding")), (403, Some("gzip")));
    assert!(answer.body.iter().all(|byte| *byte == 0));
    rest.lab.shutdown().await;

    let rest = lab("not-json").await;
    let answer = rest.invoke("Get-AcceptedDomain", json!({})).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().starts_with("<!doctype html>"));
    rest.lab.shutdown().await;

    let rest = lab("drop-before").await;
    let body = call("Get-AcceptedDomain", json!({})).to_string();
    let lost = rest.request("POST", &rest.invoke_path(), &[CLIXML], Some(body.as_bytes())).await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(rest.lab.executions("Get-AcceptedDomain"), 1);
    rest.lab.add_fault("drop-mid".parse().expect("a fault"));
    let broken = rest.request("POST", &rest.invoke_path(), &[CLIXML], Some(body.as_bytes())).await;
    assert!(broken.is_err(), "{broken:?}");
    rest.lab.add_fault("slow-drip=1".parse().expect("a fault"));
    assert_eq!(objects(&rest.invoke("Get-AcceptedDomain", json!({})).await).values().count(), 3);
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn links_lead_astray() {
    let headers = [CLIXML, ("Prefer", "odata.maxpagesize=10")];
    let body = call("Get-Mailbox", json!({ "ResultSize": "Unlimited" }));
    let rest = lab("next-link-foreign").await;
    let first = rest.post(&rest.invoke_path(), &headers, &body).await.json();
    assert!(first["@odata.nextLink"].as_str().expect("a link").starts_with("https://attacker.invalid/"));
    rest.lab.shutdown().await;

    let rest = lab("next-link-loop").await;
    let first = rest.post(&rest.invoke_path(), &headers, &body).await;
    let link = first.json()["@odata.nextLink"].as_str().expect("a link").to_owned();
    let path = rest.path_of(&link);
    let again = rest.post(path, &headers, &body).await;
    assert_eq!(again.body, first.body);
    assert_eq!(rest.lab.executions("Get-Mailbox"), 1);
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn calls_fail_in_part() {
    let rest = lab("item-503").await;
    let item = json!({
        "id": "0", "method": "POST", "url": rest.invoke_path(), "body": call("Get-AcceptedDomain", json!({})),
    });
    let path = format!("/adminapi/beta/{}/$batch", rest.tenant);
    let headers = [("Prefer", "odata.continue-on-error")];
    let body = rest.post(&path, &headers, &json!({ "requests": [item, item] })).await.json();
    assert_eq!(
        (&body["responses"][0]["status"], &body["responses"][1]["status"]),
        (&json!(503), &json!(200))
    );
    assert_eq!(body["responses"][0]["body"]["error"]["code"], "ServiceUnavailable");
    assert_eq!(rest.lab.executions("Get-AcceptedDomain"), 1);

    rest.lab.add_fault("transient".parse().expect("a fault"));
    let answer = rest.invoke("Get-AcceptedDomain", json!({})).await;
    assert_eq!(answer.status, 500);
    assert!(super::detail(&answer).2.contains("StorageTransientException"));

    rest.lab.add_fault("error-beside".parse().expect("a fault"));
    let answer = rest.invoke("Get-AcceptedDomain", json!({})).await;
    assert_eq!(objects(&answer).values().count(), 3);
    assert_eq!(answer.json()["@adminapi.errors"], json!(["|System.Exception|One object could not be read."]));
    rest.lab.shutdown().await;
}
