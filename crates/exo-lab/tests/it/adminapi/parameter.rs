//! What parameters look like on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exo_lab::LabConfig;
use rsa::rand_core::OsRng;
use rsa::{BigUint, Pkcs1v15Encrypt, RsaPublicKey};
use serde_json::json;

use super::{Rest, detail, objects, property};

#[tokio::test]
async fn parameters_arrive_in_every_form() {
    let rest = Rest::start(LabConfig::default()).await;
    let table = |edits: serde_json::Value| {
        let mut table = edits;
        table["@odata.type"] = "#Exchange.GenericHashTable".into();
        table
    };
    for (cmdlet, parameters) in [
        (
            "Set-Mailbox",
            json!({ "Identity": "user00001", "EmailAddresses": table(json!({ "Add": "smtp:extra@contoso.example" })) }),
        ),
        (
            "Set-Mailbox",
            json!({ "Identity": "user00001", "MailTip": null, "Force": true, "Confirm": false, "Verbose": true,
            "ErrorAction": "Stop", "WarningAction": "SilentlyContinue", "ProgressAction": 2 }),
        ),
        (
            "Set-CalendarProcessing",
            json!({ "Identity": "user00001", "BookingWindowInDays": 30, "ResourceDelegates": ["user00002"] }),
        ),
        (
            "Import-TransportRuleCollection",
            json!({ "FileData": {
            "@odata.type": "#Exchange.ByteArrayType", "Data": b"<rules><rule name=\"Imported\"/></rules>".to_vec() } }),
        ),
        (
            "Search-UnifiedAuditLog",
            json!({ "StartDate": "2026-01-01T00:00:00", "EndDate": "2026-02-01T00:00:00" }),
        ),
    ] {
        let answer = rest.invoke(cmdlet, parameters).await;
        assert_eq!(answer.status, 200, "{cmdlet}: {}", answer.text());
    }
    let mailbox = objects(&rest.invoke("Get-Mailbox", json!({ "Identity": "extra@contoso.example" })).await);
    assert_eq!(property(&mailbox, "Name"), ["user00001"]);
    let rules = objects(&rest.invoke("Get-TransportRule", json!({})).await);
    assert!(property(&rules, "Name").contains(&"Imported".to_owned()));
    let processing =
        objects(&rest.invoke("Get-CalendarProcessing", json!({ "Identity": "user00001" })).await);
    assert_eq!(property(&processing, "BookingWindowInDays"), ["30"]);

    for (parameters, reason) in [
        (
            json!({ "Identity": "user00001", "EmailAddresses": { "Add": "x" } }),
            "ParameterBindingArgumentTransformationException",
        ),
        (json!({ "Identity": "user00001", "NoSuch": 1 }), "ParameterBindingException"),
        (json!({ "DisplayName": "x" }), "ParameterBindingException"),
    ] {
        let answer = rest.invoke("Set-Mailbox", parameters).await;
        assert_eq!(
            (answer.status, answer.header("x-exceptiontype")),
            (400, Some(reason)),
            "{}",
            answer.text()
        );
        assert!(detail(&answer).2.starts_with("|System.Management.Automation."));
    }
    for body in [
        "",
        "[]",
        "{}",
        r#"{"CmdletInput":{}}"#,
        r#"{"CmdletInput":{"CmdletName":"Get-User","Parameters":[]}}"#,
    ] {
        let answer =
            rest.request("POST", &rest.invoke_path(), &[], Some(body.as_bytes())).await.expect("an answer");
        assert_eq!(answer.status, 400, "{body}");
    }
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn passwords_are_decrypted_with_the_key_of_the_module_text() {
    let rest = Rest::start(LabConfig::default()).await;
    let text = super::module_file::text(&rest, "*").await;
    let (_, key) = text.split_once("$PublicKey = '<RSAKeyValue><Modulus>").expect("a key");
    let (modulus, key) = key.split_once("</Modulus><Exponent>").expect("an exponent");
    let (exponent, _) = key.split_once("</Exponent></RSAKeyValue>'").expect("the end");
    let number = |text: &str| BigUint::from_bytes_be(&STANDARD.decode(text).expect("base64"));
    assert_eq!(exponent, "AQAB");
    let key = RsaPublicKey::new(number(modulus), number(exponent)).expect("a key");
    let encrypt = |clear: &str| {
        STANDARD.encode(key.encrypt(&mut OsRng, Pkcs1v15Encrypt, clear.as_bytes()).expect("it fits"))
    };
    let new = |name: &str, password: String| json!({ "Name": name, "MicrosoftOnlineServicesID": format!("{name}@contoso.onmicrosoft.com"), "Password": password });
    let made = rest.invoke("New-Mailbox", new("fresh", encrypt("Pä$$w0rd-2026"))).await;
    assert_eq!(property(&objects(&made), "Name"), ["fresh"]);
    for (password, reason) in
        [(encrypt("short"), "complexity"), ("AAAA".to_owned(), "decrypted"), ("%".to_owned(), "decrypted")]
    {
        let refused = rest.invoke("New-Mailbox", new("fresher", password)).await;
        assert_eq!(refused.status, 400);
        assert!(detail(&refused).2.contains(reason), "{}", refused.text());
    }
    rest.lab.shutdown().await;
}
