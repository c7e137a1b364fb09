//! Tokens over time, on the wire.

use std::time::Duration;

use exo_lab::{DeviceApproval, Fault, FaultKind, LabConfig};
use exo_session::{CarrierChoice, ConnectEvent, SignInMethod, connect};

use super::{CARRIERS, plain, signed_in, works};
use crate::support::{command, lab, lab_with, options, read};

#[tokio::test(flavor = "multi_thread")]
async fn short_tokens_are_renewed_while_commands_run_over_both_carriers() {
    for carrier in CARRIERS {
        let config = LabConfig {
            token_lifetime: Duration::from_secs(2),
            device_approval: DeviceApproval::AfterPolls(0),
            device_interval: Duration::from_secs(1),
            ..LabConfig::default()
        };
        let lab = lab_with(config).await;
        let mut options = plain(&lab, carrier);
        options.sign_in = SignInMethod::Device;
        let session = connect(options, |_| {}).await.unwrap();
        let first = session.token_expires_at();
        // Until the tokens have been renewed three times, however long that takes; each command goes through.
        let refreshes = || lab.token_requests().iter().filter(|asked| asked.grant == "refresh_token").count();
        while refreshes() < 3 {
            works(&session).await;
        }
        assert!(first < session.token_expires_at());
        assert!(
            lab.token_requests()
                .iter()
                .all(|asked| asked.grant != "refresh_token" || asked.refused.is_none())
        );
        session.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_commands_whose_token_is_refused_cause_one_renewal() {
    let lab = lab().await;
    let mut options = options(&lab);
    options.carrier = CarrierChoice::Rest;
    let session = signed_in(options).await;
    // From the first request on the service takes this token from nobody.
    lab.add_fault(Fault::times(FaultKind::TokenExpired, 1));
    let mut running = Vec::new();
    for _ in 0..8 {
        let session = session.clone();
        running.push(tokio::spawn(async move {
            read(session.invoke(command("Get-Mailbox", &[("ResultSize", "1")])).await.unwrap()).await.unwrap()
        }));
    }
    for command in running {
        assert_eq!(command.await.unwrap().texts("Name").len(), 1);
    }
    let refreshes = lab.token_requests().iter().filter(|asked| asked.grant == "refresh_token").count();
    assert_eq!(refreshes, 1);
    session.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claims_challenge_is_answered_with_a_token_that_has_what_it_asks_for() {
    let lab = lab().await;
    let mut options = options(&lab);
    options.carrier = CarrierChoice::Rest;
    let session = signed_in(options).await;
    lab.add_fault(Fault::always(FaultKind::AuthContext));
    works(&session).await;
    let asked = lab.token_requests();
    let last = asked.last().unwrap();
    assert_eq!((last.grant.as_str(), last.refused), ("refresh_token", None));
    let claims: serde_json::Value = serde_json::from_str(last.claims.as_deref().unwrap()).unwrap();
    assert!(claims["access_token"].is_object(), "{claims}");
    session.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_sign_in_ends_with_one_clear_sentence_over_both_carriers() {
    for carrier in CARRIERS {
        let lab = lab().await;
        let mut options = options(&lab);
        options.carrier = carrier;
        let session = signed_in(options).await;
        lab.revoke_sign_ins(&lab.user());
        let outcome = match session.invoke(command("Get-Mailbox", &[("ResultSize", "1")])).await {
            Ok(pipeline) => read(pipeline).await,
            Err(error) => Err(error),
        };
        let error = outcome.unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("the earlier sign-in no longer holds: the earlier sign-in was revoked"),
            "{text}"
        );
        assert!(text.contains("AADSTS50173") && text.ends_with("; sign in again"), "{text}");
        assert!(error.is_auth() && error.needs_reconnect(), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_given_is_not_renewed_and_the_error_says_so() {
    let config = LabConfig { token_lifetime: Duration::from_secs(3), ..LabConfig::default() };
    let lab = lab_with(config).await;
    let token = crate::support::token(&lab).await;
    let mut options = plain(&lab, CarrierChoice::Rest);
    options.sign_in = SignInMethod::AccessToken;
    options.access_token = Some(exo_session::Secret::new(token));
    let mut warnings = Vec::new();
    let session = connect(options, |event| {
        if let ConnectEvent::Warning(text) = event {
            warnings.push(text);
        }
    })
    .await
    .unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(session.info().user.as_deref(), Some(lab.user().as_str()));
    let error = loop {
        let outcome = match session.invoke(command("Get-Mailbox", &[("ResultSize", "1")])).await {
            Ok(pipeline) => read(pipeline).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            break error;
        }
    };
    let text = error.to_string();
    assert!(text.contains("the access token has expired: it ended at 20"), "{text}");
    assert!(text.contains("one that was given cannot be renewed"), "{text}");
    assert_eq!(lab.token_requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_off_the_service_does_not_keep_a_person_out() {
    for seconds in [3600, -3600] {
        let lab = lab_with(LabConfig {
            faults: vec![Fault::always(FaultKind::Clock(seconds))],
            ..LabConfig::default()
        })
        .await;
        let mut options = options(&lab);
        options.carrier = CarrierChoice::Rest;
        let session = connect(options, |_| {}).await.unwrap();
        session.close().await.unwrap();
    }
}
