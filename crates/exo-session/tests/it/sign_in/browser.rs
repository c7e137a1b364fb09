//! The browser, played by an HTTP client that fills in the pages' forms as a person does.

use std::time::Duration;

use exo_lab::{Fault, FaultKind, Lab};
use exo_session::{
    AuthErrorKind, BrowserChoice, CarrierChoice, ConnectEvent, ConnectOptions, Prompt, SignInMethod, connect,
    connect_until,
};
use reqwest::{Certificate, Client, Response, Url};
use tokio::sync::mpsc;

use super::{CARRIERS, plain, works};
use crate::support::{lab, lab_with_fault};

fn in_browser(lab: &Lab, carrier: CarrierChoice) -> ConnectOptions {
    let mut options = plain(lab, carrier);
    options.sign_in = SignInMethod::Browser;
    options.browser = BrowserChoice::Caller;
    options
}

fn client(lab: &Lab) -> Client {
    let pem = std::fs::read(lab.ca_file()).unwrap();
    Client::builder()
        .no_proxy()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_merge(Certificate::from_pem_bundle(&pem).unwrap())
        .build()
        .unwrap()
}

async fn post(client: &Client, url: Url, fields: &[(&str, &str)]) -> Response {
    let mut query = Url::parse("http://x/").unwrap();
    query.query_pairs_mut().extend_pairs(fields);
    let body = query.query().unwrap().to_owned();
    client
        .post(url)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap()
}

/// Signs in as a person with two factors; the address that the page sends the browser to.
async fn fill_in(lab: &Lab, client: &Client, uri: &str, user: &str) -> String {
    let page = client.get(uri).send().await.unwrap().text().await.unwrap();
    let (_, rest) = page.split_once("name=flow value=\"").expect("the page has a form");
    let flow = rest.split('"').next().unwrap().to_owned();
    let url = Url::parse(uri).unwrap();
    let tenant = url.path_segments().unwrap().next().unwrap().to_owned();
    let to = |path: &str| url.join(&format!("/{tenant}/{path}")).unwrap();
    post(client, to("login"), &[("flow", &flow), ("loginfmt", user), ("passwd", lab.password())]).await;
    let code = lab.second_factor();
    let answer = post(client, to("SAS/ProcessAuth"), &[("flow", &flow), ("otc", code)]).await;
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// Connects, while somebody deals with the address for the browser.
async fn with_browser<F: Future<Output = T>, T>(
    options: ConnectOptions,
    person: impl FnOnce(String) -> F,
) -> (Result<exo_session::Session, exo_session::Error>, Option<T>) {
    let (shown, mut addresses) = mpsc::unbounded_channel();
    let connecting = connect(options, move |event| {
        if let ConnectEvent::Browser { uri, opened } = event {
            assert!(!opened);
            shown.send(uri).unwrap();
        }
    });
    let person = async move {
        let uri = addresses.recv().await?;
        Some(person(uri).await)
    };
    tokio::join!(connecting, person)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_with_two_factors_over_both_carriers() {
    let lab = lab().await;
    for carrier in CARRIERS {
        let mut options = in_browser(&lab, carrier);
        options.user = Some(lab.user());
        options.prompt = Some(Prompt::SelectAccount);
        let (session, last_page) = with_browser(options, async |uri| {
            assert!(uri.contains("prompt=select_account") && uri.contains("login_hint="), "{uri}");
            let client = client(&lab);
            let back = fill_in(&lab, &client, &uri, &lab.user()).await;
            let page = client.get(&back).send().await.unwrap();
            (page.status(), page.text().await.unwrap(), back)
        })
        .await;
        let session = session.unwrap();
        works(&session).await;
        let (status, page, back) = last_page.unwrap();
        assert!(status.is_success() && page.contains("You have signed in."), "{page}");
        // The port is closed: the same answer again reaches nobody.
        assert!(client(&lab).get(&back).send().await.unwrap_err().is_connect());
        let info = session.info();
        assert_eq!((info.sign_in, info.user.as_deref()), (Some("browser"), Some(lab.user().as_str())));
        assert!(info.app_id.is_some() && info.tenant_id.is_some() && info.token_expires_at.is_some());
        session.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_than_the_one_asked_for_is_told_on_the_page_and_in_the_error() {
    let lab = lab().await;
    let mut options = in_browser(&lab, CarrierChoice::Rest);
    options.user = Some("somebody@contoso.com".to_owned());
    let (session, page) = with_browser(options, async |uri| {
        let client = client(&lab);
        let back = fill_in(&lab, &client, &uri, &lab.user()).await;
        client.get(&back).send().await.unwrap().text().await.unwrap()
    })
    .await;
    let error = session.unwrap_err();
    let sentence = format!(
        "user `{}` returned by the service does not match user `somebody@contoso.com` in the request",
        lab.user()
    );
    assert!(error.to_string().contains(&sentence), "{error}");
    assert!(error.advice().unwrap().contains("without naming one"));
    assert!(page.unwrap().contains("does not match user"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_answer_does_not_end_the_wait_and_the_right_one_does() {
    let lab = lab().await;
    let (session, ()) = {
        let (session, done) = with_browser(in_browser(&lab, CarrierChoice::Rest), async |uri| {
            let client = client(&lab);
            let url = Url::parse(&uri).unwrap();
            let field = |name: &str| url.query_pairs().find(|(own, _)| own == name).unwrap().1.into_owned();
            let (home, state) = (field("redirect_uri"), field("state"));
            for (target, status) in [
                ("/?code=stolen&state=guess".to_owned(), 404),
                (format!("/callback?code=stolen&state={state}"), 404),
                ("/favicon.ico".to_owned(), 404),
            ] {
                assert_eq!(client.get(format!("{home}{target}")).send().await.unwrap().status(), status);
            }
            let back = fill_in(&lab, &client, &uri, &lab.user()).await;
            client.get(&back).send().await.unwrap();
        })
        .await;
        (session.unwrap(), done.unwrap())
    };
    works(&session).await;
    session.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_somebody_else_used_first_is_refused_on_the_page_too() {
    let lab = lab().await;
    let (session, page) = with_browser(in_browser(&lab, CarrierChoice::Rest), async |uri| {
        let client = client(&lab);
        let back = fill_in(&lab, &client, &uri, &lab.user()).await;
        let url = Url::parse(&back).unwrap();
        let code = url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        // The code of another sign-in in the place of ours: it was made for another challenge.
        let forged = back.replace(&code, &format!("{code}x"));
        client.get(&forged).send().await.unwrap().text().await.unwrap()
    })
    .await;
    let error = session.unwrap_err();
    assert!(error.sign_in().unwrap().aadsts.is_some(), "{error}");
    assert!(page.unwrap().contains("Not signed in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_in_front_of_the_browser_is_told_after_the_time_and_closes_the_port() {
    let lab = lab().await;
    let mut options = in_browser(&lab, CarrierChoice::Rest);
    options.sign_in_timeout = Duration::from_millis(50);
    let (session, uri) = with_browser(options, async |uri| uri).await;
    let error = session.unwrap_err();
    assert_eq!(error.sign_in().unwrap().kind, AuthErrorKind::Expired);
    assert!(error.to_string().contains("nobody finished the sign-in in the browser within"), "{error}");
    let url = Url::parse(&uri.unwrap()).unwrap();
    let home = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    assert!(client(&lab).get(&home).send().await.unwrap_err().is_connect());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_closes_the_port() {
    let lab = lab().await;
    let (shown, mut addresses) = mpsc::unbounded_channel();
    let (interrupt, interrupted) = tokio::sync::oneshot::channel::<()>();
    let events = move |event| {
        if let ConnectEvent::Browser { uri, .. } = event {
            shown.send(uri).unwrap();
        }
    };
    let cancel = async {
        let _ = interrupted.await;
    };
    let connecting = connect_until(in_browser(&lab, CarrierChoice::Rest), events, cancel);
    let person = async {
        let uri = addresses.recv().await.unwrap();
        interrupt.send(()).unwrap();
        uri
    };
    let (outcome, uri) = tokio::join!(connecting, person);
    assert!(outcome.unwrap_err().is_cancelled());
    let url = Url::parse(&uri).unwrap();
    let home = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    assert!(client(&lab).get(&home).send().await.unwrap_err().is_connect());
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_in_an_error_stays_text() {
    let lab = lab_with_fault("html-description").await;
    let (session, page) = with_browser(in_browser(&lab, CarrierChoice::Rest), async |uri| {
        let url = Url::parse(&uri).unwrap();
        let field = |name: &str| url.query_pairs().find(|(own, _)| own == name).unwrap().1.into_owned();
        let mut back = Url::parse(&field("redirect_uri")).unwrap();
        back.query_pairs_mut()
            .append_pair("error", "server_error")
            .append_pair("error_description", "AADSTS90033: <script>alert(1)</script>\u{1b}[2J")
            .append_pair("state", &field("state"));
        client(&lab).get(back).send().await.unwrap().text().await.unwrap()
    })
    .await;
    let (error, page) = (session.unwrap_err().to_string(), page.unwrap());
    assert!(error.contains("AADSTS90033") && !error.chars().any(char::is_control), "{error}");
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
    lab.add_fault(Fault::always(FaultKind::HtmlDescription));
}
