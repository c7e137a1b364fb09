//! The sign-in service.

use exo_lab::{DeviceApproval, Lab, LabConfig};
use serde_json::Value;

mod assertion;
mod authorize;
mod identity;
mod signature;

use crate::http::{Answer, CLIENT_ID, SCOPE, TOKEN, password_grant, post_form, send};

const DEVICE_CODE: &str = "/organizations/oauth2/v2.0/devicecode";

async fn lab() -> Lab {
    Lab::start(LabConfig::default()).await.expect("the lab starts")
}

fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).expect("a token has three parts");
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).expect("base64");
    serde_json::from_slice(&payload).expect("JSON")
}

async fn poll(lab: &Lab, device_code: &str) -> Answer {
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    post_form(lab, TOKEN, &[("grant_type", grant), ("client_id", CLIENT_ID), ("device_code", device_code)])
        .await
}

#[tokio::test]
async fn a_password_gives_tokens_with_the_claims_of_entra() {
    let lab = lab().await;
    let answer = password_grant(&lab, &lab.user(), SCOPE, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let claims = claims(body["access_token"].as_str().expect("a token"));
    assert_eq!(claims["upn"], lab.user());
    assert_eq!(claims["appid"], CLIENT_ID);
    assert_eq!(claims["aud"], "https://outlook.office365.com");
    assert_eq!(body["expires_in"], 3600);
    assert!(body["id_token"].is_string());
    assert!(claims.get("xms_cc").is_none() && claims["amr"] == serde_json::json!(["pwd"]), "{claims}");

    let refresh = body["refresh_token"].as_str().expect("it was asked for");
    let fields = [("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("refresh_token", refresh)];
    let again = post_form(&lab, TOKEN, &fields).await;
    assert_eq!(again.status, 200, "{}", again.text());
    assert_ne!(again.json()["refresh_token"], body["refresh_token"]);
    assert_eq!(post_form(&lab, TOKEN, &fields).await.json()["error"], "invalid_grant");
    lab.shutdown().await;
}

#[tokio::test]
async fn refusals_carry_the_numbers_of_entra() {
    let lab = lab().await;
    let user = lab.user();
    let password = lab.password().to_owned();
    for (fields, error, code) in [
        ([("grant_type", "password"), ("username", &*user), ("password", "wrong")], "invalid_grant", 50126),
        (
            [("grant_type", "password"), ("username", "nobody@contoso.onmicrosoft.com"), ("password", "x")],
            "invalid_grant",
            50034,
        ),
        (
            [
                ("grant_type", "password"),
                ("username", "aadsts50076@contoso.onmicrosoft.com"),
                ("password", "x"),
            ],
            "interaction_required",
            50076,
        ),
        (
            [
                ("grant_type", "password"),
                ("username", "AADSTS53003@contoso.onmicrosoft.com"),
                ("password", "x"),
            ],
            "interaction_required",
            53003,
        ),
        (
            [
                ("grant_type", "password"),
                ("username", "aadsts424242@contoso.onmicrosoft.com"),
                ("password", "x"),
            ],
            "invalid_grant",
            424_242,
        ),
        (
            [("grant_type", "client_credentials"), ("username", &*user), ("password", &*password)],
            "invalid_request",
            50059,
        ),
        (
            [
                ("grant_type", "password"),
                ("username", "mfa@contoso.onmicrosoft.com"),
                ("password", &*password),
            ],
            "interaction_required",
            50076,
        ),
        (
            [("grant_type", "saml2-bearer"), ("username", &*user), ("password", &*password)],
            "unsupported_grant_type",
            70003,
        ),
        (
            [("grant_type", "refresh_token"), ("refresh_token", "made-up"), ("password", "")],
            "invalid_grant",
            9_002_313,
        ),
    ] {
        let mut fields = fields.to_vec();
        fields.extend([("client_id", CLIENT_ID), ("scope", SCOPE)]);
        let answer = post_form(&lab, TOKEN, &fields).await;
        let body = answer.json();
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(body["error"], error, "{body}");
        assert_eq!(body["error_codes"][0], code, "{body}");
        let description = body["error_description"].as_str().expect("a text");
        assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
        assert!(!description.contains(&password), "{description}");
    }
    for (tenant, client, code) in
        [("fabrikam.example", CLIENT_ID, 90002), ("common", "11111111-2222-3333-4444-555555555555", 700_016)]
    {
        let fields = [
            ("grant_type", "password"),
            ("client_id", client),
            ("username", "x"),
            ("password", "x"),
            ("scope", SCOPE),
        ];
        let answer = post_form(&lab, &format!("/{tenant}/oauth2/v2.0/token"), &fields).await;
        assert_eq!(answer.json()["error_codes"][0], code);
    }
    lab.shutdown().await;
}

#[tokio::test]
async fn a_device_code_waits_for_approval() {
    let lab = lab().await;
    let answer = post_form(&lab, DEVICE_CODE, &[("client_id", CLIENT_ID), ("scope", SCOPE)]).await;
    let body = answer.json();
    let user_code = body["user_code"].as_str().expect("a code").to_owned();
    let device_code = body["device_code"].as_str().expect("a code").to_owned();
    assert!(body["message"].as_str().expect("a message").contains(&user_code));
    assert!(body["verification_uri"].as_str().expect("an address").ends_with("/device"));

    assert_eq!(poll(&lab, &device_code).await.json()["error"], "authorization_pending");
    assert_eq!(poll(&lab, "made-up").await.json()["error"], "bad_verification_code");
    assert_eq!(post_form(&lab, "/device/approve", &[("user_code", "WRONG")]).await.status, 400);
    let page = post_form(&lab, "/device/approve", &[("user_code", &user_code.to_lowercase())]).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let token = poll(&lab, &device_code).await;
    assert_eq!(token.status, 200, "{}", token.text());
    assert_eq!(claims(token.json()["access_token"].as_str().expect("a token"))["upn"], lab.user());
    // A code is good for one sign-in.
    assert_eq!(poll(&lab, &device_code).await.json()["error"], "bad_verification_code");
    lab.shutdown().await;
}

#[tokio::test]
async fn a_declined_device_code_stays_declined() {
    let lab = lab().await;
    let answer = post_form(&lab, DEVICE_CODE, &[("client_id", CLIENT_ID), ("scope", SCOPE)]).await;
    let body = answer.json();
    let fields = [("user_code", body["user_code"].as_str().expect("a code")), ("decline", "true")];
    assert_eq!(post_form(&lab, "/device/approve", &fields).await.status, 200);
    let device_code = body["device_code"].as_str().expect("a code");
    assert_eq!(poll(&lab, device_code).await.json()["error"], "authorization_declined");
    lab.shutdown().await;
}

#[tokio::test]
async fn the_lab_can_approve_device_codes_itself() {
    let config = LabConfig { device_approval: DeviceApproval::AfterPolls(2), ..LabConfig::default() };
    let lab = Lab::start(config).await.expect("the lab starts");
    let answer = post_form(&lab, DEVICE_CODE, &[("client_id", CLIENT_ID), ("scope", SCOPE)]).await;
    let device_code = answer.json()["device_code"].as_str().expect("a code").to_owned();
    assert_eq!(poll(&lab, &device_code).await.status, 400);
    assert_eq!(poll(&lab, &device_code).await.status, 400);
    assert_eq!(poll(&lab, &device_code).await.status, 200);
    lab.shutdown().await;
}

#[tokio::test]
async fn discovery_leads_to_the_token_endpoint() {
    let lab = lab().await;
    let authority = lab.authority();
    let answer = send(&lab, "GET", "/organizations/v2.0/.well-known/openid-configuration", &[], None)
        .await
        .expect("an answer");
    assert_eq!(answer.json()["token_endpoint"], format!("{authority}/oauth2/v2.0/token"));
    assert_eq!(answer.json()["device_authorization_endpoint"], format!("{authority}/oauth2/v2.0/devicecode"));
    let path = format!(
        "/common/discovery/instance?api-version=1.1&authorization_endpoint={authority}/oauth2/v2.0/authorize"
    );
    let answer = send(&lab, "GET", &path, &[], None).await.expect("an answer");
    assert!(answer.json()["tenant_discovery_endpoint"].as_str().expect("an address").starts_with(&authority));
    let path =
        "/common/discovery/instance?api-version=1.1&authorization_endpoint=https://elsewhere.invalid/common";
    assert_eq!(
        send(&lab, "GET", path, &[], None).await.expect("an answer").json()["error"],
        "invalid_instance"
    );
    lab.shutdown().await;
}

#[tokio::test]
async fn the_claims_that_are_asked_for_are_in_the_token() {
    let lab = lab().await;
    let wanted = r#"{"access_token":{"xms_cc":{"values":["cp1"]},"acrs":{"essential":true,"value":"c1"}}}"#;
    for (claims_asked, status) in [(wanted, 200), ("{", 400)] {
        let answer = password_grant(&lab, &lab.user(), SCOPE, &[("claims", claims_asked)]).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        if status == 200 {
            let claims = claims(answer.json()["access_token"].as_str().expect("a token"));
            assert_eq!((&claims["xms_cc"][0], &claims["acrs"][0]), (&"CP1".into(), &"c1".into()));
        }
    }
    let seen = lab.token_requests();
    assert_eq!((seen[0].claims.as_deref(), seen[0].refused), (Some(wanted), None));
    assert_eq!(seen[1].refused, Some(90100));
    lab.shutdown().await;
}

#[tokio::test]
async fn revoked_sign_ins_end_every_token_of_the_user() {
    let lab = lab().await;
    let tokens = password_grant(&lab, &lab.user(), SCOPE, &[]).await.json();
    assert_eq!(rest_status(&lab, tokens["access_token"].as_str().expect("a token")).await, 200);
    lab.revoke_sign_ins(&lab.user());
    assert_eq!(rest_status(&lab, tokens["access_token"].as_str().expect("a token")).await, 401);
    let refresh = tokens["refresh_token"].as_str().expect("a token");
    let fields = [("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("refresh_token", refresh)];
    assert_eq!(post_form(&lab, TOKEN, &fields).await.json()["error_codes"][0], 50173);
    lab.shutdown().await;
}

#[tokio::test]
async fn a_device_code_ends_and_says_so() {
    let config = LabConfig { device_lifetime: std::time::Duration::ZERO, ..LabConfig::default() };
    let lab = Lab::start(config).await.expect("the lab starts");
    let answer = post_form(&lab, DEVICE_CODE, &[("client_id", CLIENT_ID), ("scope", SCOPE)]).await;
    let device_code = answer.json()["device_code"].as_str().expect("a code").to_owned();
    assert_eq!(poll(&lab, &device_code).await.json()["error"], "expired_token");
    lab.add_fault("slow-down=1".parse().expect("a fault"));
    assert_eq!(poll(&lab, &device_code).await.json()["error"], "slow_down");
    lab.shutdown().await;
}

#[tokio::test]
async fn trouble_at_the_token_endpoint_is_as_ordered() {
    let lab = lab().await;
    let user = lab.user();
    let ask = || password_grant(&lab, &user, SCOPE, &[]);
    lab.add_fault("token-503=1".parse().expect("a fault"));
    assert_eq!(ask().await.status, 503);
    lab.add_fault("token-html=1".parse().expect("a fault"));
    assert!(ask().await.text().contains("<title>"));
    lab.add_fault("token-slow=1".parse().expect("a fault"));
    assert_eq!(ask().await.status, 200);
    for fault in ["token-drop=1", "token-drop-mid=1"] {
        lab.add_fault(fault.parse().expect("a fault"));
        let body = b"grant_type=password";
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        assert!(send(&lab, "POST", TOKEN, &headers, Some(body)).await.is_err(), "{fault}");
    }
    lab.add_fault("token-huge=500000".parse().expect("a fault"));
    let huge = ask().await.json()["access_token"].as_str().expect("a token").len();
    assert!((500_000..510_000).contains(&huge), "{huge}");
    lab.clear_faults();
    lab.add_fault("clock=-3600".parse().expect("a fault"));
    let late = ask().await;
    let expires =
        claims(late.json()["access_token"].as_str().expect("a token"))["exp"].as_u64().expect("exp");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
    assert!(expires <= now, "{expires} {now}");
    lab.clear_faults();
    lab.add_fault("html-description=1".parse().expect("a fault"));
    let wrong = [("grant_type", "password"), ("client_id", CLIENT_ID), ("username", "x"), ("password", "x")];
    assert!(
        post_form(&lab, TOKEN, &wrong).await.json()["error_description"]
            .as_str()
            .expect("a text")
            .contains("<script>")
    );
    lab.shutdown().await;
}

/// What the REST endpoint says to a token.
async fn rest_status(lab: &Lab, token: &str) -> u16 {
    let path = format!("/adminapi/beta/{}/EXOModuleFile?Version=3.9.0", lab.tenant_id());
    let authorization = format!("Bearer {token}");
    send(lab, "GET", &path, &[("Authorization", &authorization)], None).await.expect("an answer").status
}

#[tokio::test]
async fn a_lab_under_another_name_stays_under_it() {
    let lab = lab().await;
    let request = "GET /organizations/v2.0/.well-known/openid-configuration HTTP/1.1\r\n\
                   Host: login.microsoftonline.com\r\nConnection: close\r\n\r\n";
    let answer = crate::http::exchange(&lab, request.as_bytes()).await.expect("an answer").json();
    for name in ["token_endpoint", "authorization_endpoint", "issuer", "jwks_uri"] {
        let address = answer[name].as_str().expect("an address");
        assert!(address.starts_with("https://login.microsoftonline.com/"), "{name}: {address}");
    }
    lab.shutdown().await;
}

#[tokio::test]
async fn further_accounts_bring_their_domains() {
    let accounts = vec!["laura@blueyonderairlines.us".to_owned()];
    let lab = Lab::start(LabConfig { accounts, ..LabConfig::default() }).await.expect("the lab starts");
    let fields = [
        ("grant_type", "password"),
        ("client_id", CLIENT_ID),
        ("username", "Laura@blueyonderairlines.us"),
        ("password", lab.password()),
        ("scope", SCOPE),
    ];
    let tokens = post_form(&lab, "/blueyonderairlines.us/oauth2/v2.0/token", &fields).await.json();
    let claims = claims(tokens["access_token"].as_str().expect("a token"));
    assert_eq!(claims["upn"], "laura@blueyonderairlines.us");
    lab.shutdown().await;
}
