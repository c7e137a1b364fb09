//! The sign-in pages, form by form, as a browser without scripts would use them.

use exo_lab::Lab;
use serde_json::Value;

use super::{claims, lab, rest_status};
use crate::http::{Answer, CLIENT_ID, SCOPE, TOKEN, post_form, query, send};

/// A verifier and its S256 challenge: the example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "http://localhost:49152";

fn request<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("client_id", CLIENT_ID),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", SCOPE),
        ("state", "the state & more"),
        ("nonce", "the-nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in more {
        fields.retain(|(own, _)| own != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    fields
}

/// A browser: it keeps one cookie.
struct Browser<'a> {
    lab: &'a Lab,
    cookie: String,
}

impl<'a> Browser<'a> {
    fn new(lab: &'a Lab) -> Self {
        Self { lab, cookie: String::new() }
    }

    async fn open(&mut self, fields: &[(&str, &str)]) -> Answer {
        let path = format!("/organizations/oauth2/v2.0/authorize?{}", query(fields));
        let answer =
            send(self.lab, "GET", &path, &[("Cookie", &self.cookie)], None).await.expect("an answer");
        self.keep_cookie(&answer);
        answer
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers =
            [("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", self.cookie.as_str())];
        let body = query(fields);
        let answer = send(self.lab, "POST", path, &headers, Some(body.as_bytes())).await.expect("an answer");
        self.keep_cookie(&answer);
        answer
    }

    fn keep_cookie(&mut self, answer: &Answer) {
        if let Some(cookie) = answer.header("Set-Cookie") {
            assert!(cookie.contains("HttpOnly") && cookie.contains("Secure"), "{cookie}");
            cookie.split(';').next().expect("a pair").clone_into(&mut self.cookie);
        }
    }

    /// From the first page to the answer to the client.
    async fn sign_in(&mut self, more: &[(&str, &str)], user: &str) -> Answer {
        let page = self.open(&request(more)).await;
        let flow = flow(&page);
        let password = self.lab.password();
        let page = self
            .post("/organizations/login", &[("flow", &flow), ("loginfmt", user), ("passwd", password)])
            .await;
        assert!(page.text().contains("id=secondfactor"), "{}", page.text());
        let code = self.lab.second_factor();
        self.post("/organizations/SAS/ProcessAuth", &[("flow", &flow), ("otc", code)]).await
    }
}

/// The number in a page's form.
fn flow(page: &Answer) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("name=flow value=\"").unwrap_or_else(|| panic!("a form: {text}"));
    rest.split_once('"').expect("the end of the value").0.to_owned()
}

/// A parameter of the address that the browser is sent to.
fn sent_back(answer: &Answer, name: &str) -> Option<String> {
    let location = answer.header("Location")?;
    assert!(location.starts_with(REDIRECT), "{location}");
    let (_, parameters) = location.split_once(['?', '#'])?;
    let value = parameters.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(crate::http::decoded(value))
}

async fn redeem(lab: &Lab, code: &str, verifier: &str, redirect_uri: &str) -> Value {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT_ID),
        ("scope", SCOPE),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier),
    ];
    post_form(lab, TOKEN, &fields).await.json()
}

#[tokio::test]
async fn a_person_with_two_factors_gets_a_code_that_is_good_once() {
    let lab = lab().await;
    let user = lab.user();
    let answer = Browser::new(&lab).sign_in(&[("login_hint", &user)], &user).await;
    assert_eq!(answer.status, 302);
    assert_eq!(sent_back(&answer, "state").as_deref(), Some("the state & more"));
    let code = sent_back(&answer, "code").expect("a code");

    assert_eq!(redeem(&lab, &code, VERIFIER, "http://localhost:1").await["error_codes"][0], 500_112);
    assert_eq!(redeem(&lab, &code, &"x".repeat(43), REDIRECT).await["error_codes"][0], 501_481);
    assert_eq!(redeem(&lab, "made-up", VERIFIER, REDIRECT).await["error_codes"][0], 9_002_313);
    let tokens = redeem(&lab, &code, VERIFIER, REDIRECT).await;
    let access = tokens["access_token"].as_str().expect("a token");
    let (access_claims, id) = (claims(access), claims(tokens["id_token"].as_str().expect("a token")));
    assert_eq!((&access_claims["upn"], &id["nonce"]), (&user.as_str().into(), &"the-nonce".into()));
    assert_eq!(access_claims["amr"], serde_json::json!(["pwd", "mfa"]));
    assert_eq!(rest_status(&lab, access).await, 200);

    // Who brings the code again has stolen it: what it led to ends.
    assert_eq!(redeem(&lab, &code, VERIFIER, REDIRECT).await["error_codes"][0], 54005);
    assert_eq!(rest_status(&lab, access).await, 401);
    let refresh = tokens["refresh_token"].as_str().expect("a token");
    let fields = [("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("refresh_token", refresh)];
    assert_eq!(post_form(&lab, TOKEN, &fields).await.json()["error_codes"][0], 50173);
    lab.shutdown().await;
}

#[tokio::test]
async fn the_browser_stays_signed_in_until_it_is_asked_again() {
    let lab = lab().await;
    let user = lab.user();
    let mut browser = Browser::new(&lab);
    let none = browser.open(&request(&[("prompt", "none")])).await;
    assert_eq!(sent_back(&none, "error").as_deref(), Some("login_required"));
    browser.sign_in(&[], &user).await;
    assert!(sent_back(&browser.open(&request(&[])).await, "code").is_some());
    assert!(sent_back(&browser.open(&request(&[("prompt", "none")])).await, "code").is_some());
    for asked in [("prompt", "login"), ("prompt", "select_account"), ("login_hint", "viewer@contoso.example")]
    {
        let page = browser.open(&request(&[asked])).await;
        assert!(page.status == 200 && page.text().contains("id=signin"), "{asked:?}: {}", page.text());
    }
    lab.shutdown().await;
}

#[tokio::test]
async fn the_answer_travels_as_it_is_asked_to() {
    let lab = lab().await;
    let user = lab.user();
    let mut browser = Browser::new(&lab);
    let fragment = browser.sign_in(&[("response_mode", "fragment")], &user).await;
    assert!(fragment.header("Location").expect("an address").starts_with("http://localhost:49152#code="));
    let form = browser.open(&request(&[("response_mode", "form_post"), ("state", "\"><b>")])).await;
    let text = form.text();
    assert!(text.contains("action=\"http://localhost:49152\"") && text.contains("name=\"code\""), "{text}");
    assert!(text.contains("value=\"&quot;&gt;&lt;b&gt;\"") && !text.contains("<b>"), "{text}");
    lab.shutdown().await;
}

#[tokio::test]
async fn a_form_of_another_browser_is_refused() {
    let lab = lab().await;
    let (mut ours, mut theirs) = (Browser::new(&lab), Browser::new(&lab));
    let flow = flow(&ours.open(&request(&[])).await);
    theirs.open(&request(&[])).await;
    let (user, password, code) = (lab.user(), lab.password(), lab.second_factor());
    let fields = [("flow", &*flow), ("loginfmt", &*user), ("passwd", password), ("otc", code)];
    for path in ["/organizations/login", "/organizations/SAS/ProcessAuth"] {
        let refused = theirs.post(path, &fields).await;
        assert!(refused.status == 400 && refused.text().contains("AADSTS165000"), "{}", refused.text());
    }
    // The second page cannot be reached around the first one.
    let refused = ours.post("/organizations/SAS/ProcessAuth", &fields).await;
    assert!(refused.text().contains("AADSTS165000"), "{}", refused.text());
    lab.shutdown().await;
}

#[tokio::test]
async fn a_person_may_mistype_and_give_up() {
    let lab = lab().await;
    let mut browser = Browser::new(&lab);
    let number = flow(&browser.open(&request(&[])).await);
    let (user, password) = (lab.user(), lab.password().to_owned());
    let login = "/organizations/login";
    let wrong = browser.post(login, &[("flow", &number), ("loginfmt", "<i>"), ("passwd", "x")]).await;
    assert!(wrong.text().contains("is incorrect") && !wrong.text().contains("<i>"), "{}", wrong.text());
    browser.post(login, &[("flow", &number), ("loginfmt", &user), ("passwd", &password)]).await;
    let factor = "/organizations/SAS/ProcessAuth";
    let wrong = browser.post(factor, &[("flow", &number), ("otc", "12")]).await;
    assert!(wrong.text().contains("expected verification code"), "{}", wrong.text());
    let cancelled = browser.post(factor, &[("flow", &number), ("action", "cancel")]).await;
    assert_eq!(sent_back(&cancelled, "error").as_deref(), Some("access_denied"));
    for (number, error) in
        [("50076", "interaction_required"), ("65004", "access_denied"), ("50057", "invalid_grant")]
    {
        let page = flow(&browser.open(&request(&[])).await);
        let user = format!("aadsts{number}@contoso.onmicrosoft.com");
        let refused = browser.post(login, &[("flow", &page), ("loginfmt", &user), ("passwd", "x")]).await;
        assert_eq!(sent_back(&refused, "error").as_deref(), Some(error));
        let text = sent_back(&refused, "error_description").expect("a text");
        assert!(text.starts_with(&format!("AADSTS{number}: ")), "{text}");
        assert_eq!(sent_back(&refused, "state").as_deref(), Some("the state & more"));
    }
    lab.shutdown().await;
}

#[tokio::test]
async fn a_request_whose_way_back_is_unknown_goes_nowhere() {
    let lab = lab().await;
    for (more, number) in [
        (("redirect_uri", "http://localhost:1/elsewhere"), "50011"),
        (("redirect_uri", "http://localhost.evil.invalid"), "50011"),
        (("redirect_uri", "http://localhost:0"), "50011"),
        (("redirect_uri", "http://127.0.0.1:49152"), "50011"),
        (("redirect_uri", "https://localhost:49152"), "50011"),
        (("redirect_uri", ""), "900144"),
        (("client_id", "11111111-2222-3333-4444-555555555555"), "700016"),
        (("response_mode", "smoke"), "900561"),
    ] {
        let answer = Browser::new(&lab).open(&request(&[more])).await;
        assert_eq!((answer.status, answer.header("Location")), (400, None), "{more:?}");
        assert!(answer.text().contains(&format!("AADSTS{number}:")), "{more:?}: {}", answer.text());
    }
    for (more, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", ""), "invalid_request"),
        (("prompt", "smoke"), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", "S512"), "invalid_request"),
    ] {
        let answer = Browser::new(&lab).open(&request(&[more])).await;
        assert_eq!(sent_back(&answer, "error").as_deref(), Some(error), "{more:?}: {}", answer.text());
    }
    lab.shutdown().await;
}

#[tokio::test]
async fn the_device_page_signs_in_for_the_other_device() {
    let lab = lab().await;
    let fields = [("client_id", CLIENT_ID), ("scope", SCOPE)];
    let code = post_form(&lab, super::DEVICE_CODE, &fields).await.json();
    let (user_code, device_code) =
        (code["user_code"].as_str().expect("a code"), code["device_code"].as_str().expect("a code"));
    let mut browser = Browser::new(&lab);
    let wrong = browser.post("/device", &[("user_code", "WRONG")]).await;
    assert!(wrong.text().contains("didn&#39;t work"), "{}", wrong.text());
    let page = browser.post("/device", &[("user_code", user_code)]).await;
    let number = flow(&page);
    let viewer = format!("viewer@{}", lab.organization());
    let fields = [("flow", &*number), ("loginfmt", &*viewer), ("passwd", lab.password())];
    browser.post("/common/login", &fields).await;
    let done =
        browser.post("/common/SAS/ProcessAuth", &[("flow", &number), ("otc", lab.second_factor())]).await;
    assert!(done.text().contains("You have signed in"), "{}", done.text());
    let tokens = super::poll(&lab, device_code).await.json();
    assert_eq!(claims(tokens["access_token"].as_str().expect("a token"))["upn"], viewer);
    lab.shutdown().await;
}
