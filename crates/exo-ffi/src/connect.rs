//! Connecting: options in, an operation out.

use std::sync::Arc;

use exo_session::{
    CertificateSource, ConnectEvent, ConnectOptions, Secret, SignInMethod, SignRequests, connect,
    remote_signer,
};
use serde_json::json;

use crate::error::{ExoError, Refusal, refuse};
use crate::event::{
    EXO_EVENT_BROWSER, EXO_EVENT_CONNECT_STEP, EXO_EVENT_CONNECT_WARNING, EXO_EVENT_DEVICE_CODE,
    EXO_STATE_COMPLETED, ExoEvent,
};
use crate::fence::fence;
use crate::handle::{self, Out};
use crate::operation::{ExoOperation, Orders};
use crate::queue::Sender;
use crate::runtime::{self, Threads};
use crate::secrets::{ExoSecret, Secrets, object};
use crate::session::ExoSession;
use crate::signing::serve;
use crate::status::{EXO_STATUS_CANCELLED, ExoStatus};
use crate::text::{secret, text};

/// Starts to connect. The operation tells the steps, perhaps a code to enter, then `EXO_EVENT_CONNECTED` and
/// `EXO_EVENT_FINISHED`.
///
/// `options` is a JSON object with the keys of the session manager's connect options in camelCase: `service`,
/// `environment`, `connectionUri`, `authority`, `carrier`, `authentication`, `signIn`, `user`, `delegatedOrganization`,
/// `proxy`, `caFile`, `allowRedirection`, `connectTimeoutMs` and others; an unknown key is refused. `secret` is the
/// password, or with `"signIn": "accessToken"` the token, in UTF-16; it is copied to memory that is cleared after use,
/// and the caller clears its own. NULL means that there is none.
///
/// # Safety
/// `options` points to `options_len` bytes or is NULL. `secret_utf16` points to `secret_len` units or is NULL. `out` is
/// writable or NULL. `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_connect(
    options: *const u8,
    options_len: usize,
    secret_utf16: *const u16,
    secret_len: usize,
    out: *mut *mut ExoOperation,
    err: *mut *mut ExoError,
) -> ExoStatus {
    fence(err, || {
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::handle(out, "out") }?;
        // SAFETY: the caller promises readable bytes.
        let options = unsafe { text(options, options_len, "options") }?;
        // SAFETY: the caller promises readable units.
        let secret = unsafe { secret(secret_utf16, secret_len, "secret") }?.map(Secret::from);
        let mut options: ConnectOptions = object(options, "the connect options")?;
        if options.sign_in == SignInMethod::AccessToken {
            options.access_token = secret;
        } else {
            options.password = secret;
        }
        out.write(handle::give(start(options)?));
        Ok(())
    })
}

/// As `exo_connect`, with any number of secrets: the texts `password`, `accessToken`, `certificatePassword` and
/// `proxyPassword`; the bytes `certificate`, a PFX or PEM file. With the bytes `key`, a private key in PKCS#8, `certificate`
/// is one certificate in DER.
///
/// Where the key cannot leave its place, `signing` gets an operation, `certificate` is in DER and `key` is not given. Each
/// `EXO_EVENT_SIGN_REQUEST` of that operation waits for `exo_operation_reply` with `{}` and the secret `signature`, or
/// `{"refused": "why"}`. It has to be pulled for as long as the session lives, because tokens are renewed; it ends when
/// nobody can ask any more. NULL where no signatures are made.
///
/// # Safety
/// `options` points to `options_len` bytes or is NULL. `secrets` points to `secret_count` secrets or is NULL; their names
/// and bytes are readable. `signing` is writable or NULL. `out` is writable or NULL. `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_connect_with(
    options: *const u8,
    options_len: usize,
    secrets: *const ExoSecret,
    secret_count: usize,
    signing: *mut *mut ExoOperation,
    out: *mut *mut ExoOperation,
    err: *mut *mut ExoError,
) -> ExoStatus {
    fence(err, || {
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::handle(out, "out") }?;
        let signing = if signing.is_null() {
            None
        } else {
            // SAFETY: the caller promises a writable place.
            Some(unsafe { Out::handle(signing, "signing") }?)
        };
        // SAFETY: the caller promises readable bytes.
        let options = unsafe { text(options, options_len, "options") }?;
        // SAFETY: the caller promises readable secrets.
        let secrets = unsafe { Secrets::copy(secrets, secret_count) }?;
        let (options, requests) = self::options(options, secrets, signing.is_some())?;
        if let (Some(signing), Some(requests)) = (signing, requests) {
            let operation =
                ExoOperation::start(&runtime::threads()?, |sender, orders| serve(requests, sender, orders));
            signing.write(handle::give(operation));
        }
        out.write(handle::give(start(options)?));
        Ok(())
    })
}

/// The options with the secrets that belong to them, and the requests to sign where the caller signs.
pub(crate) fn options(
    json: &str,
    mut secrets: Secrets,
    signs: bool,
) -> Result<(ConnectOptions, Option<SignRequests>), Refusal> {
    let mut options: ConnectOptions = object(json, "the connect options")?;
    options.password = secrets.text("password")?.map(Secret::from);
    options.access_token = secrets.text("accessToken")?.map(Secret::from);
    options.certificate_password = secrets.text("certificatePassword")?.map(Secret::from);
    options.proxy_password = secrets.text("proxyPassword")?.map(Secret::from);
    let requests = certificate(&mut options, &mut secrets, signs);
    secrets.all_taken()?;
    Ok((options, requests))
}

/// Takes the certificate out of the secrets, when there is one; gives the requests to sign where the caller signs.
fn certificate(options: &mut ConnectOptions, secrets: &mut Secrets, signs: bool) -> Option<SignRequests> {
    let certificate = secrets.bytes("certificate")?;
    let (source, requests) = match secrets.bytes("key") {
        Some(pkcs8) => (CertificateSource::KeyPair { certificate: certificate.to_vec(), pkcs8 }, None),
        None if signs => {
            let (signer, requests) = remote_signer();
            (CertificateSource::Remote { certificate: certificate.to_vec(), signer }, Some(requests))
        }
        None => (CertificateSource::Bytes(certificate), None),
    };
    options.certificate = Some(source);
    requests
}

fn start(options: ConnectOptions) -> Result<ExoOperation, Refusal> {
    let threads = runtime::threads()?;
    let on = threads.clone();
    Ok(ExoOperation::start(&threads, |sender, orders| run(options, sender, orders, on)))
}

async fn run(options: ConnectOptions, sender: Sender, orders: Orders, threads: Threads) {
    let outcome = tokio::select! {
        biased;
        () = orders.cancelled.notified() => Err(refuse(EXO_STATUS_CANCELLED, format_args!("connecting was cancelled"))),
        outcome = connect(options, |event| sender.post(told(event))) => outcome.map_err(Refusal::from),
    };
    let outcome = outcome.map(|session| {
        let session = Arc::new(ExoSession::new(session, threads));
        sender.post(ExoEvent::connected(session));
        sender.post(ExoEvent::finished(EXO_STATE_COMPLETED, None));
    });
    sender.end(outcome);
}

pub(crate) fn told(event: ConnectEvent) -> ExoEvent {
    match event {
        ConnectEvent::Step { name, detail, elapsed } => {
            let elapsed = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            let json = json!({ "name": name, "detail": detail, "elapsedMs": elapsed });
            ExoEvent::json(EXO_EVENT_CONNECT_STEP, Some(detail), &json)
        }
        ConnectEvent::DeviceCode(prompt) => {
            let json = json!({
                "message": prompt.message,
                "userCode": prompt.user_code,
                "verificationUri": prompt.verification_uri,
                "expiresInSeconds": prompt.expires_in.as_secs(),
                "intervalSeconds": prompt.interval.as_secs(),
            });
            ExoEvent::json(EXO_EVENT_DEVICE_CODE, Some(prompt.message), &json)
        }
        ConnectEvent::Browser { uri, opened } => {
            let text = if opened {
                format!("Sign in in the browser that has opened; if none did, open this address: {uri}")
            } else {
                format!("Sign in at this address: {uri}")
            };
            ExoEvent::json(EXO_EVENT_BROWSER, Some(text), &json!({ "uri": uri, "opened": opened }))
        }
        ConnectEvent::Warning(text) => ExoEvent::text(EXO_EVENT_CONNECT_WARNING, text),
        // A kind of news that this interface has no number for yet.
        other => ExoEvent::text(EXO_EVENT_CONNECT_WARNING, format!("{other:?}")),
    }
}
