//! Client credentials with a signed assertion ([RFC 7523]): an application signs in with its certificate.
//!
//! [RFC 7523]: https://www.rfc-editor.org/rfc/rfc7523

use std::time::Duration;

use crate::answer;
use crate::assertion::Assertion;
use crate::certificate::{ClientCertificate, SignatureAlgorithm};
use crate::clock::Clock;
use crate::error::{AuthError, Cause, Refusal};
use crate::flow::SignIn;
use crate::form;
use crate::http::HttpClient;
use crate::token::Tokens;

impl SignIn {
    /// Signs in as the application [`SignIn::client_id`]. The assertion is signed with PS256, and with RS256 when the
    /// authority does not take that one. `claims` is what a challenge asked for, as JSON text.
    ///
    /// # Errors
    /// [`AuthErrorKind::Certificate`](crate::AuthErrorKind::Certificate) when the certificate has expired or cannot sign;
    /// [`AuthErrorKind::BadClient`](crate::AuthErrorKind::BadClient) when this machine's clock is off, or the application
    /// or the certificate is not known there; otherwise see [`AuthErrorKind`](crate::AuthErrorKind).
    pub async fn with_certificate<H: HttpClient + Sync, C: Clock + Sync>(
        &self,
        http: &H,
        clock: &C,
        certificate: &ClientCertificate,
        claims: Option<&str>,
    ) -> Result<Tokens, AuthError> {
        certificate.check_time(clock.now())?;
        let mut algorithm = SignatureAlgorithm::Ps256;
        loop {
            let assertion = Assertion::new(&self.client_id, &self.endpoints.token, clock.now());
            let signed = assertion.sign(certificate, algorithm).await?;
            let mut fields = vec![
                ("grant_type", "client_credentials"),
                ("client_id", self.client_id.as_str()),
                ("scope", &self.scope),
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_assertion", signed.expose()),
            ];
            fields.extend(claims.map(|claims| ("claims", claims)));
            let request = form::post(self.endpoints.token.clone(), &fields);
            let response = self.send(http, request).await?;
            let now = clock.now();
            match answer::tokens(self.authority.host(), &response, None, now)? {
                Ok(tokens) => return Ok(tokens),
                Err(refusal) if algorithm == SignatureAlgorithm::Ps256 && may_be_the_algorithm(&refusal) => {
                    tracing::debug!(aadsts = refusal.aadsts, "PS256 was refused, signing with RS256");
                    algorithm = SignatureAlgorithm::Rs256;
                }
                Err(refusal) => return Err(told_by_the_clock(refusal, now).into()),
            }
        }
    }
}

/// Whether the refusal can come from the way the assertion is signed, rather than from the key or the application.
fn may_be_the_algorithm(refusal: &Refusal) -> bool {
    match refusal.aadsts {
        Some(50027 | 5_002_723 | 5_002_730) => true,
        Some(700_027) => !refusal.description.to_ascii_lowercase().contains("key was not found"),
        Some(_) => false,
        None => refusal.error == "invalid_client",
    }
}

/// An assertion outside of its time, beside the service's own time: then it is the clock.
fn told_by_the_clock(refusal: Refusal, now: std::time::SystemTime) -> Cause {
    let off = refusal.date.map(|date| match now.duration_since(date) {
        Ok(by) => (by, true),
        Err(behind) => (behind.duration(), false),
    });
    match (refusal.aadsts, off) {
        (Some(700_024), Some((by, ahead))) if TOLERANCE < by => Cause::ClockOff { by, ahead, refusal },
        _ => Cause::Refused(refusal),
    }
}

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What the way of an answer and the granularity of `Date` may take.
const TOLERANCE: Duration = Duration::from_secs(60);
