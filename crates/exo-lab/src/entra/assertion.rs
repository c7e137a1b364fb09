//! Client assertions (RFC 7523): an application proves itself with a signature instead of a secret.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::Service;
use crate::entra::application::{Algorithm, Application};
use crate::entra::{Fields, Refusal, required};
use crate::fault::FaultKind;

/// The application that signed the assertion of a request.
pub(super) fn check<'s>(
    service: &'s Service,
    application: &'s Application,
    origin: &str,
    tenant: &str,
    fields: &Fields,
) -> Result<&'s Application, Refusal> {
    if fields.contains_key("client_secret") {
        return Err(Refusal::numbered(7_000_215, ""));
    }
    let Some(assertion) = fields.get("client_assertion") else {
        return Err(Refusal::numbered(7_000_218, ""));
    };
    if required(fields, "client_assertion_type")? != JWT_BEARER {
        return Err(Refusal::malformed_assertion("client_assertion_type is not jwt-bearer"));
    }
    let parts = Parts::of(assertion).ok_or_else(|| Refusal::malformed_assertion("it is no signed JWT"))?;
    let algorithm = match parts.header["alg"].as_str() {
        Some("PS256") if service.faults.is_due(|kind| *kind == FaultKind::RefusePs256) => {
            return Err(Refusal::bad_signature("the algorithm PS256 is not supported by this authority"));
        }
        Some("PS256") => Algorithm::Ps256,
        Some("RS256") => Algorithm::Rs256,
        _ => return Err(Refusal::bad_signature("the algorithm is not supported")),
    };
    let thumbprint = ["x5t#S256", "x5t"].into_iter().find_map(|name| parts.header[name].as_str());
    // Microsoft's own library writes the padding that RFC 7515 §2 leaves out, and Entra ID takes both.
    let thumbprint = thumbprint.and_then(|text| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok());
    let Some(thumbprint) = thumbprint else {
        return Err(Refusal::bad_signature("the header names no certificate"));
    };
    let Some(certificate) = application.certificate(&thumbprint) else {
        return Err(Refusal::bad_signature(&format!(
            "The certificate with identifier used to sign the client assertion is not registered on application. \
             [Reason - The key was not found., Thumbprint of key used by client: '{}']",
            thumbprint.iter().map(|byte| format!("{byte:02X}")).collect::<String>()
        )));
    };
    if !certificate.verifies(algorithm, parts.signed, &parts.signature) {
        return Err(Refusal::bad_signature("Client assertion failed signature validation."));
    }
    let now = service.now().unix();
    if certificate.is_over(now) {
        return Err(Refusal::certificate_over());
    }
    check_claims(service, origin, &application.id().to_string(), tenant, &parts.claims, now)?;
    Ok(application)
}

fn check_claims(
    service: &Service,
    origin: &str,
    client: &str,
    tenant: &str,
    claims: &Value,
    now: u64,
) -> Result<(), Refusal> {
    for name in ["iss", "sub"] {
        if !claims[name].as_str().is_some_and(|value| value.eq_ignore_ascii_case(client)) {
            return Err(Refusal::malformed_assertion(&format!("{name} is not the client id")));
        }
    }
    let tenant_id = service.directory.tenant_id().to_string();
    let audience = claims["aud"].as_str().unwrap_or_default();
    let is_ours = [tenant, &tenant_id].iter().any(|tenant| {
        let base = format!("{origin}/{tenant}");
        audience == format!("{base}/oauth2/v2.0/token") || audience == format!("{base}/v2.0")
    });
    if !is_ours {
        return Err(Refusal::wrong_audience(audience));
    }
    let (Some(expires), Some(id)) = (seconds(&claims["exp"]), claims["jti"].as_str()) else {
        return Err(Refusal::malformed_assertion("exp or jti is missing"));
    };
    let begins = seconds(&claims["nbf"]).unwrap_or(0);
    if expires.saturating_add(SKEW) <= now || now.saturating_add(SKEW) < begins || expires <= begins {
        return Err(Refusal::assertion_out_of_time(now, begins, expires));
    }
    if id.is_empty() {
        return Err(Refusal::malformed_assertion("jti is empty"));
    }
    Ok(())
}

/// A NumericDate (RFC 7519 §2), which may have a fraction.
fn seconds(date: &Value) -> Option<u64> {
    Some(Duration::try_from_secs_f64(date.as_f64()?).ok()?.as_secs())
}

/// A JWT taken apart, not yet believed.
struct Parts<'a> {
    header: Value,
    claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn of(assertion: &'a str) -> Option<Self> {
        let (signed, signature) = assertion.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        Some(Self {
            header: json(header)?,
            claims: json(claims)?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far clocks may be apart, in seconds.
const SKEW: u64 = 300;
