//! Signing in with a real browser, second factor included.

use exo_lab::LabConfig;

use crate::command::Done;
use crate::login::Waiting;
use crate::tenant::Tenant;
use crate::webdriver::Browser;

/// What a person does at the sign-in page.
fn sign_in(browser: &Browser, tenant: &Tenant, user: &str) {
    browser.fill("[name=loginfmt]", user);
    browser.fill("[name=passwd]", tenant.lab.password());
    browser.click("button[value=next]");
    browser.fill("[name=otc]", tenant.lab.second_factor());
    browser.click("#secondfactor button[value=next]");
}

#[test]
fn a_person_signs_in_with_chromium_and_a_second_factor() {
    let test = "a_person_signs_in_with_chromium_and_a_second_factor";
    let Some(browser) = Browser::start(test) else { return };
    let tenant = Tenant::with(LabConfig::default());
    let state = tempfile::tempdir().unwrap();
    let user = tenant.lab.user();
    let command = |verb: &str, more: &[&str]| {
        let mut command = tenant.unsigned(verb, more);
        command.env("XDG_STATE_HOME", state.path());
        command
    };
    let waiting = Waiting::start(command("login", &["--user", &user]));
    browser.open(&waiting.uri);
    // A slip first: the page says so and asks again.
    browser.fill("[name=passwd]", "wrong");
    browser.click("button[value=next]");
    assert_eq!(browser.text("#problem"), "Your account or password is incorrect.");
    sign_in(&browser, &tenant, &user);
    let done = waiting.end();
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.starts_with(&format!("signed in as {user}")), "{}", done.out);
    // The page on which the browser ends says what happened, and keeps no code in its address for others to read.
    let (title, text, address) = (browser.title(), browser.text("body"), browser.address());
    assert!(address.starts_with("http://localhost:"), "{address}");
    assert!(text.to_lowercase().contains("signed in"), "{title}: {text}");

    // The next program needs no browser.
    let run = command("run", &["--carrier", "rest", "--output", "jsonl", "--", "Get-AcceptedDomain"]).spawn();
    assert!(Done::of(run.unwrap()).output().contains("DomainName"));
    let grants: Vec<String> = tenant.lab.token_requests().into_iter().map(|request| request.grant).collect();
    assert_eq!(grants, ["authorization_code"]);
}

#[test]
fn another_account_than_the_one_asked_for_is_noticed() {
    let test = "another_account_than_the_one_asked_for_is_noticed";
    let Some(browser) = Browser::start(test) else { return };
    let tenant = Tenant::start();
    let asked = tenant.lab.user();
    let other = format!("viewer@{}", tenant.lab.organization());
    let waiting =
        Waiting::start(tenant.unsigned("run", &["--browser", "--user", &asked, "--", "Get-AcceptedDomain"]));
    browser.open(&waiting.uri);
    sign_in(&browser, &tenant, &other);
    let done = waiting.end();
    assert_eq!(done.code, Some(3), "{}", done.err);
    let sentence =
        format!("user `{other}` returned by the service does not match user `{asked}` in the request");
    assert!(done.err.contains(&sentence), "{}", done.err);
    assert!(browser.text("body").contains(&other), "{}", browser.text("body"));
}

#[test]
fn what_the_service_refuses_is_shown_in_page_and_terminal() {
    let test = "what_the_service_refuses_is_shown_in_page_and_terminal";
    let Some(browser) = Browser::start(test) else { return };
    let tenant = Tenant::start();
    tenant.lab.add_fault("html-description".parse().unwrap());
    let waiting = Waiting::start(tenant.unsigned("run", &["--browser", "--", "Get-AcceptedDomain"]));
    browser.open(&waiting.uri);
    browser.fill("[name=loginfmt]", "aadsts53003@contoso.onmicrosoft.com");
    browser.fill("[name=passwd]", "x");
    browser.click("button[value=next]");
    let done = waiting.end();
    assert_eq!(done.code, Some(3), "{}", done.err);
    assert!(done.err.contains("AADSTS53003") && !done.err.contains('\u{1b}'), "{}", done.err);
    let text = browser.text("body");
    assert!(text.contains("AADSTS53003"), "{text}");
    // The markup in the description is text here: nothing ran.
    assert_ne!(browser.title(), "owned");
}
