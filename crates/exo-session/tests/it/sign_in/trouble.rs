//! A sign-in service that misbehaves: one sentence each, in time.

use exo_lab::{Fault, FaultKind, LabConfig};
use exo_session::{AuthErrorKind, CarrierChoice, Category};

use super::{application, lab_with_application, refused, signed_in};
use crate::support::{lab_with, options};

#[tokio::test(flavor = "multi_thread")]
async fn each_trouble_of_the_token_endpoint_is_told() {
    for (fault, category, sentence) in [
        ("token-drop", Category::Connection, "closed the connection without an answer"),
        ("token-drop-mid", Category::Connection, "; try again; "),
        ("token-html", Category::Connection, "answered with a web page (status 200) instead of a token"),
        ("token-500", Category::Connection, "status 500"),
        ("token-huge=500000", Category::SignIn, "the access token is empty, longer than 64 KiB"),
        (
            "discovery-elsewhere",
            Category::Connection,
            "the discovery document of localhost points elsewhere, to https://",
        ),
    ] {
        let lab = lab_with(LabConfig { faults: vec![fault.parse().unwrap()], ..LabConfig::default() }).await;
        let mut options = options(&lab);
        options.carrier = CarrierChoice::Rest;
        let error = refused(options).await;
        let text = error.to_string();
        assert!(text.contains(sentence), "{fault}: {text}");
        assert_eq!(error.category(), category, "{fault}: {text}");
        assert!(!text.contains(lab.password()) && !text.chars().any(char::is_control), "{text}");
        assert!(text.len() < 1000, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_token_endpoint_is_waited_for() {
    let lab =
        lab_with(LabConfig { faults: vec!["token-slow".parse().unwrap()], ..LabConfig::default() }).await;
    let mut options = options(&lab);
    options.carrier = CarrierChoice::Rest;
    signed_in(options).await.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_and_terminal_sequences_of_a_refusal_stay_text() {
    let lab =
        lab_with(LabConfig { faults: vec!["html-description".parse().unwrap()], ..LabConfig::default() })
            .await;
    let mut options = options(&lab);
    options.carrier = CarrierChoice::Rest;
    options.password = Some(exo_session::Secret::new("wrong".to_owned()));
    let text = refused(options).await.to_string();
    assert!(text.contains("AADSTS50126") && !text.chars().any(char::is_control), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_an_hour_off_is_told_to_an_application() {
    for (seconds, word) in [(3600, "behind"), (-3600, "ahead")] {
        let faults = vec![Fault::always(FaultKind::Clock(seconds))];
        let test = "a_clock_that_is_an_hour_off_is_told_to_an_application";
        let Some((lab, _folder)) = lab_with_application(test, faults).await else { return };
        let error = refused(application(&lab, CarrierChoice::Rest)).await;
        let text = error.to_string();
        assert_eq!(error.sign_in().unwrap().kind, AuthErrorKind::BadClient, "{text}");
        assert!(text.contains(&format!("min {word}: ")) && text.contains("AADSTS700024"), "{text}");
        assert!(text.contains("set this machine's clock right"), "{text}");
    }
}
