//! Why a sign-in was refused: AADSTS numbers and the JSON around them.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use uuid::Uuid;

use crate::clock::Moment;
use crate::fault::{FaultKind, Faults};

/// One refusal of the sign-in service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The OAuth error word (RFC 6749 §5.2, RFC 8628 §3.5).
    error: &'static str,
    /// The AADSTS number.
    code: u32,
    text: String,
    suberror: Option<&'static str>,
}

impl Refusal {
    /// The refusal with this AADSTS number, in Entra's words where they are known.
    pub(crate) fn numbered(code: u32, user: &str) -> Self {
        let (error, text, suberror) = match code {
            50005 => (
                "interaction_required",
                "User tried to log in to a device from a platform that's currently not supported through Conditional Access policy.",
                None,
            ),
            50020 => (
                "invalid_grant",
                "User account from identity provider does not exist in tenant and cannot access the application in that tenant.",
                None,
            ),
            50034 => (
                "invalid_grant",
                "The user account {user} does not exist in the contoso.onmicrosoft.com directory. To sign into this application, the account must be added to the directory.",
                None,
            ),
            50053 => (
                "invalid_grant",
                "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
                None,
            ),
            50055 => ("invalid_grant", "The password is expired.", None),
            50057 => ("invalid_grant", "The user account is disabled.", None),
            50059 => (
                "invalid_request",
                "No tenant-identifying information found in either the request or implied by any provided credentials.",
                None,
            ),
            50076 => (
                "interaction_required",
                "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '00000002-0000-0ff1-ce00-000000000000'.",
                Some("basic_action"),
            ),
            50079 => (
                "interaction_required",
                "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '00000002-0000-0ff1-ce00-000000000000'.",
                Some("basic_action"),
            ),
            50126 => {
                ("invalid_grant", "Error validating credentials due to invalid username or password.", None)
            }
            50158 => (
                "interaction_required",
                "External security challenge not satisfied. User will be redirected to another page or authentication provider to satisfy additional authentication challenges.",
                Some("basic_action"),
            ),
            50173 => (
                "invalid_grant",
                "The provided grant has expired due to it being revoked, a fresh auth token is needed.",
                Some("bad_token"),
            ),
            53000 => (
                "interaction_required",
                "Device is not in required device state: compliant. Conditional Access policy requires a compliant device, and the device is not compliant.",
                None,
            ),
            53003 => (
                "interaction_required",
                "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
                Some("message_only"),
            ),
            53004 => (
                "interaction_required",
                "User needs to complete Multi-factor authentication registration process before accessing this content.",
                None,
            ),
            65001 => (
                "invalid_grant",
                "The user or administrator has not consented to use the application.",
                Some("consent_required"),
            ),
            65004 => ("access_denied", "User declined to consent to access the app.", None),
            90002 => (
                "invalid_request",
                "Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
                None,
            ),
            530_084 => (
                "access_denied",
                "Access has been blocked by Conditional Access policies: token protection is required.",
                None,
            ),
            700_016 => (
                "unauthorized_client",
                "Application was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
                None,
            ),
            50105 => (
                "invalid_grant",
                "Your administrator has configured the application to block users unless they are specifically granted ('assigned') access to the application. The signed in user '{user}' is blocked because they are not a direct member of a group with access.",
                None,
            ),
            50058 => ("login_required", "Session information is not sufficient for single-sign-on.", None),
            70011 => ("invalid_scope", "The provided request must include a 'scope' input parameter.", None),
            7_000_215 => ("invalid_client", "Invalid client secret provided.", None),
            7_000_218 => (
                "invalid_client",
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
                None,
            ),
            700_027 => (
                "invalid_client",
                "The certificate with identifier used to sign the client assertion is not registered on application.",
                None,
            ),
            _ => ("invalid_grant", "The sign-in was refused.", None),
        };
        Self { error, code, text: text.replace("{user}", user), suberror }
    }

    pub(crate) fn unknown_tenant(tenant: &str) -> Self {
        Self::with(
            "invalid_request",
            90002,
            format!(
                "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. \
             Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
            ),
        )
    }

    pub(crate) fn unknown_client(client: &str) -> Self {
        Self::with(
            "unauthorized_client",
            700_016,
            format!(
                "Application with identifier '{client}' was not found in the directory 'Contoso'. This can happen if the application \
             has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have \
             sent your authentication request to the wrong tenant."
            ),
        )
    }

    pub(crate) fn unknown_instance() -> Self {
        Self::with("invalid_instance", 50049, "Unknown or invalid instance.".to_owned())
    }

    pub(crate) fn missing_parameter(name: &str) -> Self {
        Self::with(
            "invalid_request",
            900_144,
            format!("The request body must contain the following parameter: '{name}'."),
        )
    }

    pub(crate) fn unsupported_grant(grant: &str) -> Self {
        Self::with(
            "unsupported_grant_type",
            70003,
            format!("The app requested an unsupported grant type '{grant}'."),
        )
    }

    pub(crate) fn pending() -> Self {
        Self::with(
            "authorization_pending",
            70016,
            "OAuth 2.0 device flow error. Authorization is pending. Continue polling.".to_owned(),
        )
    }

    pub(crate) fn declined() -> Self {
        Self::with("authorization_declined", 70018, "User declined the sign-in.".to_owned())
    }

    pub(crate) fn code_expired() -> Self {
        Self::with("expired_token", 70020, "The provided value for the input parameter 'device_code' is not valid. This device code has expired.".to_owned())
    }

    pub(crate) fn bad_device_code() -> Self {
        Self::with(
            "bad_verification_code",
            70019,
            "The provided value for the input parameter 'device_code' or 'user_code' is not valid."
                .to_owned(),
        )
    }

    pub(crate) fn bad_refresh_token() -> Self {
        Self::with(
            "invalid_grant",
            9_002_313,
            "Invalid request. The refresh token is malformed or was used already.".to_owned(),
        )
    }

    pub(crate) fn too_many() -> Self {
        Self::with("temporarily_unavailable", 90055, "There are too many requests in progress.".to_owned())
    }

    fn with(error: &'static str, code: u32, text: String) -> Self {
        Self { error, code, text, suberror: None }
    }

    /// `slow_down` of RFC 8628 §3.5.
    pub(crate) fn slow_down() -> Self {
        Self::with("slow_down", 700_026, "Polling more often than the interval allows.".to_owned())
    }

    pub(crate) fn nobody_signed_in() -> Self {
        Self::numbered(50058, "")
    }

    pub(crate) fn unregistered_redirect(uri: &str, client: &str) -> Self {
        Self::with(
            "invalid_request",
            50011,
            format!(
                "The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for the application '{client}'."
            ),
        )
    }

    pub(crate) fn unsupported_response(kind: &str) -> Self {
        Self::with(
            "unsupported_response_type",
            700_054,
            format!("response_type '{kind}' is not enabled for the application."),
        )
    }

    pub(crate) fn unsupported_mode(mode: &str) -> Self {
        Self::with("invalid_request", 900_561, format!("The response_mode '{mode}' is not supported."))
    }

    pub(crate) fn unsupported_prompt(prompt: &str) -> Self {
        Self::with("invalid_request", 90023, format!("Unsupported 'prompt' value '{prompt}'."))
    }

    pub(crate) fn bad_challenge() -> Self {
        Self::with("invalid_request", 50147, "Invalid size or method of Code_Challenge parameter.".to_owned())
    }

    pub(crate) fn bad_verifier() -> Self {
        Self::with(
            "invalid_grant",
            501_481,
            "The Code_Verifier does not match the code_challenge supplied in the authorization request."
                .to_owned(),
        )
    }

    pub(crate) fn bad_code() -> Self {
        Self::with(
            "invalid_grant",
            9_002_313,
            "Invalid request. The authorization code is malformed or was not issued to this application."
                .to_owned(),
        )
    }

    pub(crate) fn code_redeemed() -> Self {
        Self::with(
            "invalid_grant",
            54005,
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."
                .to_owned(),
        )
    }

    pub(crate) fn code_too_old() -> Self {
        Self::with(
            "invalid_grant",
            70008,
            "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource."
                .to_owned(),
        )
    }

    pub(crate) fn other_redirect(sent: &str, asked: &str) -> Self {
        Self::with(
            "invalid_grant",
            500_112,
            format!(
                "The reply address '{sent}' does not match the reply address '{asked}' provided when requesting Authorization code."
            ),
        )
    }

    pub(crate) fn forged() -> Self {
        Self::with(
            "invalid_request",
            165_000,
            "Invalid Request: The request tokens do not match the user context. Do not copy the user context values (cookies; form fields; headers) between different requests or user sessions."
                .to_owned(),
        )
    }

    pub(crate) fn bad_claims() -> Self {
        Self::with("invalid_request", 90100, "The parameter 'claims' is not valid JSON.".to_owned())
    }

    pub(crate) fn bad_application_scope(scope: &str) -> Self {
        Self::with(
            "invalid_scope",
            1_002_012,
            format!(
                "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
            ),
        )
    }

    pub(crate) fn malformed_assertion(reason: &str) -> Self {
        Self::with("invalid_client", 50027, format!("JWT token is invalid or malformed: {reason}."))
    }

    pub(crate) fn bad_signature(reason: &str) -> Self {
        Self::with("invalid_client", 700_027, format!("The certificate or key cannot be used: {reason}"))
    }

    pub(crate) fn wrong_audience(audience: &str) -> Self {
        Self::with(
            "invalid_client",
            700_023,
            format!("Client assertion audience claim '{audience}' does not match Realm issuer."),
        )
    }

    pub(crate) fn assertion_out_of_time(now: u64, begins: u64, expires: u64) -> Self {
        let text = |seconds| Moment::at(seconds).entra();
        Self::with(
            "invalid_client",
            700_024,
            format!(
                "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, expiry time of assertion {}.",
                text(now),
                text(begins),
                text(expires)
            ),
        )
    }

    pub(crate) fn certificate_over() -> Self {
        Self::with(
            "invalid_client",
            1_000_502,
            "The provided certificate is not within its specified validity period.".to_owned(),
        )
    }

    /// The AADSTS number.
    pub(crate) fn code(&self) -> u32 {
        self.code
    }

    /// The OAuth error word.
    pub(crate) fn error(&self) -> &'static str {
        self.error
    }

    /// The same with markup and terminal sequences in its text, when that is due.
    pub(crate) fn spoiled(mut self, faults: &Faults) -> Self {
        if faults.is_due(|kind| *kind == FaultKind::HtmlDescription) {
            self.text.push_str(MARKUP);
        }
        self
    }

    /// `error_description`: number, text, and what support asks for.
    pub(crate) fn description(&self, correlation: Uuid, now: Moment) -> String {
        format!(
            "AADSTS{}: {} Trace ID: {} Correlation ID: {correlation} Timestamp: {}",
            self.code,
            self.text,
            Uuid::new_v4(),
            now.entra()
        )
    }

    /// The refusal as the token endpoint sends it. The caller's `client-request-id` comes back as correlation id.
    pub(crate) fn into_response(self, headers: &HeaderMap, now: Moment) -> Response {
        let asked = headers.get("client-request-id").and_then(|id| id.to_str().ok());
        let correlation = asked.and_then(|id| Uuid::parse_str(id).ok()).unwrap_or_else(Uuid::new_v4);
        let trace = Uuid::new_v4();
        let status =
            if self.error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let mut body = json!({
            "error": self.error,
            "error_description": self.description(correlation, now),
            "error_codes": [self.code],
            "timestamp": now.entra(),
            "trace_id": trace.to_string(),
            "correlation_id": correlation.to_string(),
        });
        if let (Some(suberror), Some(fields)) = (self.suberror, body.as_object_mut()) {
            fields.insert("suberror".to_owned(), suberror.into());
        }
        (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body.to_string())
            .into_response()
    }
}

/// What must reach neither a page nor a terminal as it is.
const MARKUP: &str = " <script>document.title='owned'</script><img src=x onerror=alert(1)>\u{1b}[31mred\u{7}";
