//! The signed statement by which an application proves that it has its key ([RFC 7523], as JWS of [RFC 7515]).
//!
//! [RFC 7515]: https://www.rfc-editor.org/rfc/rfc7515
//! [RFC 7523]: https://www.rfc-editor.org/rfc/rfc7523

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::certificate::{CertificateError, ClientCertificate, SignatureAlgorithm};
use crate::clock::unix;
use crate::secret::Secret;

/// What is stated: who, to whom, and for how long.
pub(crate) struct Assertion<'a> {
    client_id: &'a str,
    /// The token endpoint: an assertion made for it is worth nothing elsewhere.
    audience: &'a str,
    now: SystemTime,
    /// Each assertion has its own, so that the service can refuse a second use.
    id: Uuid,
}

impl<'a> Assertion<'a> {
    pub(crate) fn new(client_id: &'a str, audience: &'a str, now: SystemTime) -> Self {
        Self { client_id, audience, now, id: Uuid::new_v4() }
    }

    /// Header, claims and signature in the compact form.
    pub(crate) async fn sign(
        &self,
        certificate: &ClientCertificate,
        algorithm: SignatureAlgorithm,
    ) -> Result<Secret, CertificateError> {
        let header = match algorithm {
            SignatureAlgorithm::Ps256 => {
                json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": certificate.thumbprint_sha256() })
            }
            SignatureAlgorithm::Rs256 => {
                json!({ "alg": "RS256", "typ": "JWT", "x5t": certificate.thumbprint_sha1() })
            }
        };
        let from = unix(self.now);
        let claims = json!({
            "aud": self.audience,
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": self.id.to_string(),
            "iat": from,
            "nbf": from,
            "exp": from.saturating_add(LIFE.as_secs()),
        });
        let part = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let input = format!("{}.{}", part(&header), part(&claims));
        let signature = certificate.sign(algorithm, input.as_bytes()).await?;
        let mut signed =
            Zeroizing::new(String::with_capacity(input.len() + 1 + signature.len().div_ceil(3) * 4));
        signed.push_str(&input);
        signed.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut signed);
        Ok(signed.into())
    }
}

const LIFE: Duration = Duration::from_secs(300);
