//! Everything that is wrong outside: one sentence each, the right category, and no shell left behind.

use exo_lab::{Lab, LabConfig};
use exo_session::{Authentication, Category, ConnectOptions, Environment, Secret, SignInMethod};

use crate::support::{
    basic, command, lab, lab_with, lab_with_fault, open, options, read, refused, run, shells_become,
};

/// Connects and expects a sentence with these parts.
async fn check(lab: &Lab, options: ConnectOptions, category: Category, parts: &[&str]) {
    let error = refused(options).await;
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }
    assert!(!text.contains(lab.password()), "{text}");
    assert!(!text.contains('\n') && !text.ends_with('.'), "{text}");
    assert_eq!(error.category(), category, "{text}");
    assert_eq!(lab.live_shells(), 0, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_for_each_way_to_sign_in() {
    let lab = lab().await;
    let mut token = options(&lab);
    token.password = Some(Secret::new("wrong".to_owned()));
    check(&lab, token, Category::SignIn, &["could not sign in: ", "AADSTS50126"]).await;

    let mut plain = basic(&lab);
    plain.password = Some(Secret::new("wrong".to_owned()));
    let expected =
        ["could not open the session: localhost did not accept the user name and the password (HTTP 401)"];
    check(&lab, plain, Category::SignIn, &expected).await;

    let mut bearer = options(&lab);
    bearer.sign_in = SignInMethod::AccessToken;
    bearer.authentication = Some(Authentication::Bearer);
    bearer.access_token = Some(Secret::new("not.a.token".to_owned()));
    check(&lab, bearer, Category::SignIn, &["localhost did not accept the token (HTTP 401)"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_user_is_told() {
    let lab = lab().await;
    let mut options = options(&lab);
    options.user = Some("nobody@lab.example".to_owned());
    check(&lab, options, Category::SignIn, &["could not sign in: ", "AADSTS50034"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_options_are_told_before_anything_is_sent() {
    let lab = lab().await;
    let mut nobody = options(&lab);
    nobody.user = None;
    check(&lab, nobody, Category::Usage, &["could not use the connection options: user name is needed"])
        .await;
    let mut silent = basic(&lab);
    silent.password = None;
    check(&lab, silent, Category::Usage, &["could not use the connection options: password is needed"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untrusted_certificate_is_told_with_the_option_that_helps() {
    let lab = lab().await;
    let mut at_session = basic(&lab);
    at_session.ca_file = None;
    let expected = [
        "could not open the session: the certificate of localhost is not trusted: its issuer is unknown here",
        "--ca-file",
    ];
    check(&lab, at_session, Category::Connection, &expected).await;
    let mut at_sign_in = options(&lab);
    at_sign_in.ca_file = None;
    let expected = ["could not sign in: the certificate of localhost is not trusted", "--ca-file"];
    check(&lab, at_sign_in, Category::Connection, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unreachable_hosts_are_told_by_step() {
    let lab = lab().await;
    let dead = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port())
    };
    let mut session = basic(&lab);
    session.connection_uri = Some(format!("{dead}/powershell"));
    let expected =
        ["could not open the session: 127.0.0.1 refused the connection on port ", "check the address"];
    check(&lab, session, Category::Connection, &expected).await;
    let mut sign_in = options(&lab);
    sign_in.authority = Some(format!("{dead}/organizations"));
    check(&lab, sign_in, Category::Connection, &["could not sign in: 127.0.0.1 refused the connection"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_and_passwords_for_the_cloud_are_refused_before_anything_is_sent() {
    let lab = lab().await;
    let mut plain = basic(&lab);
    plain.connection_uri = Some("http://mail.contoso.com/powershell".to_owned());
    check(&lab, plain, Category::Usage, &["over plain http", "use an https address"]).await;
    let mut cloud = options(&lab);
    cloud.connection_uri = None;
    cloud.environment = Environment::O365Default;
    cloud.authentication = Some(Authentication::Basic);
    check(&lab, cloud, Category::Usage, &["authentication is Basic, and the service takes only tokens"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_no_session_have_their_own_sentences() {
    for (fault, category, parts) in [
        ("html", Category::Connection, &["localhost answered with an HTML page instead of WSMan"][..]),
        ("http-401", Category::SignIn, &["did not accept the user name and the password (HTTP 401)"]),
        (
            "http-403",
            Category::SignIn,
            &["does not allow this account remote PowerShell (HTTP 403)", "Set-User"],
        ),
        ("http-404", Category::Connection, &["localhost has nothing at /powershell-liveid/ (HTTP 404)"]),
        ("http-500", Category::Connection, &["localhost answered HTTP 500"]),
        ("http-503", Category::Connection, &["localhost is busy (HTTP 503)"]),
        ("redirect-loop", Category::Connection, &["more than 5 redirections"]),
        (
            "redirect-foreign",
            Category::Connection,
            &["localhost redirects to ", "credentials are not sent on"],
        ),
        ("redirect=http://localhost/powershell", Category::Connection, &["redirects to plain http at"]),
    ] {
        let lab = lab_with_fault(fault).await;
        check(&lab, basic(&lab), category, parts).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_sessions_are_told_with_the_way_out() {
    let lab = lab_with(LabConfig { session_limit: 1, ..LabConfig::default() }).await;
    let first = open(basic(&lab)).await;
    let error = refused(basic(&lab)).await;
    let text = error.to_string();
    assert!(text.contains("maximum number of 1 concurrent shells"), "{text}");
    assert!(text.contains("Disconnect-ExchangeOnline"), "{text}");
    // Other tests of this program have sessions of their own with the same host.
    assert!(text.contains("; of this program ") && text.contains(&first.id().to_string()), "{text}");
    assert!(error.fault().is_some());
    first.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_in_a_command_ends_it_with_a_sentence_and_leaves_no_shell() {
    for (fault, parts) in [
        (
            "drop-before",
            &["could not run the command: localhost closed the connection without an answer"][..],
        ),
        // Whether the head of the answer left before the connection was dropped is up to the machine.
        ("drop-mid", &["could not run the command: ", "localhost", "; try again"]),
        ("truncate", &["could not run the command: the answer of localhost ended before it was complete"]),
        (
            "shell-gone",
            &["could not run the command: ", "WSMan fault 2150858843 (0x8033805B)", "connect again"],
        ),
        ("bad-fragment", &["could not run the command: fragment ", ", expected "]),
    ] {
        let lab = lab_with_fault(fault).await;
        let mut options = basic(&lab);
        options.max_connection_retry_count = 0;
        let session = open(options).await;
        let error = run(&session, "Get-Mailbox", &[]).await.unwrap_err();
        for part in parts {
            assert!(error.to_string().contains(part), "{fault}: `{part}` is missing in: {error}");
        }
        session.close().await.unwrap();
        shells_become(&lab, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_ends_one_command_and_not_the_session() {
    let lab = lab_with_fault("drop-before").await;
    let mut options = basic(&lab);
    options.max_connection_retry_count = 0;
    let session = open(options).await;
    run(&session, "Get-Mailbox", &[]).await.unwrap_err();
    assert_eq!(run(&session, "Get-Mailbox", &[]).await.unwrap().output.len(), 25);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_fragment_breaks_the_session_and_says_so_from_then_on() {
    let lab = lab_with_fault("bad-fragment").await;
    let mut options = basic(&lab);
    options.reconnect = false;
    let session = open(options).await;
    run(&session, "Get-Mailbox", &[]).await.unwrap_err();
    shells_become(&lab, 0).await;
    let error = match session.invoke(command("Get-Mailbox", &[])).await {
        Ok(pipeline) => read(pipeline).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(error.needs_reconnect(), "{error}");
    assert!(error.to_string().contains("the session ended: fragment "), "{error}");
    assert!(error.to_string().ends_with("; connect again"), "{error}");
    session.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_the_limit_is_told_with_the_limit() {
    let lab = lab_with_fault("huge-message=200000").await;
    let mut options = basic(&lab);
    options.max_message_len = 100_000;
    let session = open(options).await;
    let error = run(&session, "Get-Mailbox", &[]).await.unwrap_err();
    assert!(error.to_string().contains("the limit max_message_len is 100000"), "{error}");
    assert_eq!(error.category(), Category::Protocol);
    session.close().await.unwrap();
    shells_become(&lab, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_is_no_trouble() {
    let lab = lab_with_fault("slow-drip=1").await;
    let session = open(basic(&lab)).await;
    assert_eq!(run(&session, "Get-AcceptedDomain", &[]).await.unwrap().errors, 0);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}
