//! Values of `Authorization` and `Proxy-Authorization`: not shown in logs, and cleared when the last copy goes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use crate::error::kind::Kind;
use crate::error::{Error, Step};

/// `Basic` with a user and a password, which comes in parts. `option` is what holds the user, for errors.
pub(crate) fn basic(option: &'static str, user: &str, password: &[&str]) -> Result<HeaderValue, Error> {
    if user.contains(':') {
        return Err(wrong(option, "has a colon in it, which Basic authentication cannot carry"));
    }
    let len = user.len() + 1 + password.iter().map(|part| part.len()).sum::<usize>();
    // Taken once, so that growing leaves no copy behind.
    let mut plain = Zeroizing::new(String::with_capacity(len));
    plain.push_str(user);
    plain.push(':');
    for part in password {
        plain.push_str(part);
    }
    let mut encoded = Zeroizing::new(String::with_capacity(len.div_ceil(3) * 4));
    STANDARD.encode_string(plain.as_bytes(), &mut encoded);
    header(&["Basic ", &encoded])
}

/// `Bearer` with a token.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, Error> {
    header(&["Bearer ", token])
}

fn header(parts: &[&str]) -> Result<HeaderValue, Error> {
    let mut text = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        text.extend_from_slice(part.as_bytes());
    }
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(Wiped(text)))
        .map_err(|_| wrong("token", "has characters that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cold]
fn wrong(name: &'static str, problem: &str) -> Error {
    Error::new(Step::Options, Kind::Option { name, problem: problem.to_owned() })
}

/// A buffer the header borrows, and that is wiped when the last clone of the header goes.
struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
