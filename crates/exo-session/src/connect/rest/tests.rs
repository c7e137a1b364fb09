use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use exo_auth::{AccessToken, Claims, Secret};

use super::*;

fn token(claims: &str) -> AccessToken {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    AccessToken::from_secret(Secret::new(format!("{}.{}.c2ln", part("{}"), part(claims)))).unwrap()
}

/// The tenant in the path, and the hint that goes with requests that name no mailbox (§4 of the REST reference; that of
/// a mailbox is in the recordings named `routing-…`).
#[test]
fn tenant_and_routing_hint_follow_who_asks_for_whom() {
    let user = r#"{"tid":"1111","upn":"admin@contoso.com"}"#;
    let application = r#"{"tid":"1111","appid":"2222"}"#;
    let system = crate::connect::credential::SYSTEM_MAILBOX;
    for (claims, organization, delegated, bypass, expected_tenant, expected) in [
        (user, None, None, false, "1111", Some("UPN:admin@contoso.com".to_owned())),
        (user, None, None, true, "1111", None),
        (user, None, Some("fabrikam.com"), false, "fabrikam.com", Some("TID:fabrikam.com".to_owned())),
        (user, None, Some("fabrikam.com"), true, "fabrikam.com", None),
        (application, None, None, false, "1111", Some(format!("APP:{system}@1111"))),
        (
            application,
            Some("contoso.com"),
            None,
            false,
            "contoso.com",
            Some(format!("APP:{system}@contoso.com")),
        ),
        (application, None, Some("fabrikam.com"), false, "fabrikam.com", Some("TID:fabrikam.com".to_owned())),
        (application, None, None, true, "1111", None),
    ] {
        let options = ConnectOptions {
            organization: organization.map(str::to_owned),
            delegated_organization: delegated.map(str::to_owned),
            bypass_mailbox_anchoring: bypass,
            ..ConnectOptions::default()
        };
        let credential = Credential::of_token(&options, &token(claims), &Claims::default());
        let found = tenant(&credential, &options).unwrap();
        assert_eq!(found, expected_tenant, "{claims}");
        assert_eq!(anchor(&credential, &options, &found), expected, "{claims} for {delegated:?}");
    }
}

#[test]
fn a_tenant_that_could_change_the_address_is_refused() {
    for name in ["", "a/b", "a?b", "a b", "ä.com", "a%2f"] {
        let options =
            ConnectOptions { delegated_organization: Some(name.to_owned()), ..ConnectOptions::default() };
        let credential = Credential::of_token(&options, &token("{}"), &Claims::default());
        let error = tenant(&credential, &options).unwrap_err();
        assert!(error.to_string().contains("does not say which tenant it is for"), "{error}");
    }
}
