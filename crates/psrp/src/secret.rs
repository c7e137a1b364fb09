//! Session keys and secure strings of protocols up to 2.3, without the cryptography (2.2.2.3, 2.2.2.4, 2.2.5.1.24).
//!
//! This crate knows the messages, their order and the layout of their blobs. Whoever uses it makes key pairs,
//! decrypts the session key, and hands in a [`SecretCodec`] that has it.
//!
//! Inside the process a secure string (`<SS>`) is always the base64 text of its UTF-16LE characters, whatever the
//! protocol version; the session key is put on when it is sent and taken off when it arrives. From version 2.4 on the
//! wire form is that same text, and the carrier must keep it secret.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use zeroize::{Zeroize, Zeroizing};

use crate::clixml::{self, Encoder, Kind, Tape, Value};
use crate::error::Error;
use crate::message::MessageType;

/// AES-256-CBC with the session key of one pool: PKCS#7 padding and a zero initialisation vector (2.2.5.1.24).
pub trait SecretCodec: fmt::Debug + Send {
    /// The characters of a secure string (UTF-16LE) under the key.
    ///
    /// # Errors
    /// The key cannot be used.
    fn encrypt(&self, plain: &[u8]) -> Result<Vec<u8>, SecretError>;

    /// The characters under the key.
    ///
    /// # Errors
    /// Whatever is wrong with `sealed` is the same error.
    fn decrypt(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretError>;
}

/// A key, or something under it, is not usable. It does not tell why: the difference would help an attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretError;

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secure string or its session key cannot be read; the session must be opened anew")
    }
}

impl std::error::Error for SecretError {}

/// The client's half of its RSA-2048 key pair that goes to the server (2.2.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The exponent, 65537 as a rule.
    pub exponent: u32,
    /// The modulus, most significant byte first.
    pub modulus: [u8; RSA_LEN],
}

impl PublicKey {
    /// The blob of PUBLIC_KEY: that of Windows' `CryptExportKey`, which is little-endian throughout.
    pub(crate) fn to_blob(&self) -> Vec<u8> {
        let mut blob = Vec::with_capacity(PUBLIC_HEADER.len() + 4 + RSA_LEN);
        blob.extend_from_slice(PUBLIC_HEADER);
        blob.extend_from_slice(&self.exponent.to_le_bytes());
        blob.extend(self.modulus.iter().rev());
        blob
    }

    pub(crate) fn from_blob(blob: &[u8]) -> Result<PublicKey, SecretError> {
        let rest = blob.strip_prefix(PUBLIC_HEADER).ok_or(SecretError)?;
        let (exponent, modulus) = rest.split_first_chunk::<4>().ok_or(SecretError)?;
        let mut modulus: [u8; RSA_LEN] = modulus.try_into().map_err(|_| SecretError)?;
        modulus.reverse();
        Ok(PublicKey { exponent: u32::from_le_bytes(*exponent), modulus })
    }
}

/// The session key under the client's public key, PKCS#1 v1.5, most significant byte first (2.2.2.4).
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedKey(pub [u8; RSA_LEN]);

impl fmt::Debug for EncryptedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptedKey")
    }
}

impl EncryptedKey {
    /// The blob of ENCRYPTED_SESSION_KEY.
    pub(crate) fn to_blob(&self) -> Vec<u8> {
        let mut blob = SESSION_HEADER.to_vec();
        blob.extend(self.0.iter().rev());
        blob
    }

    pub(crate) fn from_blob(blob: &[u8]) -> Result<EncryptedKey, SecretError> {
        let key = blob.strip_prefix(SESSION_HEADER).ok_or(SecretError)?;
        let mut key: [u8; RSA_LEN] = key.try_into().map_err(|_| SecretError)?;
        key.reverse();
        Ok(EncryptedKey(key))
    }
}

/// Appends the body of PUBLIC_KEY or ENCRYPTED_SESSION_KEY.
pub(crate) fn encode_blob(member: &str, blob: &[u8], out: &mut Vec<u8>) {
    Encoder::new(out).object(None, &[], None, |object| {
        object.members(|members| members.string(member, &STANDARD.encode(blob)));
    });
}

/// The blob in such a body.
pub(crate) fn decode_blob(
    body: &Tape,
    message_type: MessageType,
    member: &'static str,
) -> Result<Vec<u8>, Error> {
    let text = body.first().and_then(|body| body.member(member)).and_then(Value::text);
    let text = text.ok_or(Error::Shape { message_type, member })?;
    STANDARD.decode(text.as_bytes()).map_err(|_| Error::Secret(SecretError))
}

/// How far the session key of a pool is.
#[derive(Debug, Default)]
pub(crate) enum SessionKey {
    /// Not needed until now.
    #[default]
    None,
    /// This side waits for the other's part.
    Asked,
    /// The other's part was handed to the caller, who has not answered with the key yet.
    Received,
    /// It stands.
    Ready(Box<dyn SecretCodec>),
}

impl SessionKey {
    /// Whether it was asked for and cannot be used yet.
    pub(crate) fn is_coming(&self) -> bool {
        matches!(self, SessionKey::Asked | SessionKey::Received)
    }

    pub(crate) fn codec(&self) -> Option<&dyn SecretCodec> {
        match self {
            SessionKey::Ready(codec) => Some(&**codec),
            _ => None,
        }
    }

    pub(crate) fn state(&self) -> &'static str {
        match self {
            SessionKey::None => "without a session key",
            SessionKey::Asked => "waiting for the session key",
            SessionKey::Received => "with a session key to be read",
            SessionKey::Ready(_) => "with a session key",
        }
    }
}

/// Reads a body that holds secrets: its memory is wiped when the last part of the tape goes.
///
/// # Errors
/// As [`clixml::decode`].
pub fn decode_secret(body: Zeroizing<Vec<u8>>) -> Result<Tape, clixml::DecodeError> {
    clixml::decode(Bytes::from_owner(Wiped(body)))
}

/// The text of a secure string inside this process: base64 of its UTF-16LE characters.
#[must_use]
pub fn secure_text(plain: &str) -> Zeroizing<String> {
    let mut units = Zeroizing::new(Vec::with_capacity(plain.len() * 2));
    for unit in plain.encode_utf16() {
        units.extend_from_slice(&unit.to_le_bytes());
    }
    let mut text = Zeroizing::new(String::with_capacity(units.len().div_ceil(3) * 4));
    STANDARD.encode_string(&*units, &mut text);
    text
}

/// What [`secure_text`] was made of; lone surrogates become U+FFFD.
///
/// # Errors
/// The text is no base64 of whole UTF-16 units.
pub fn plain_text(secure: &[u8]) -> Result<Zeroizing<String>, SecretError> {
    let units = decoded(secure)?;
    let (pairs, []) = units.as_chunks::<2>() else { return Err(SecretError) };
    let mut plain = Zeroizing::new(String::with_capacity(units.len() * 2));
    let units = pairs.iter().map(|pair| u16::from_le_bytes(*pair));
    plain.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    Ok(plain)
}

/// Whether a secure string is anywhere in the tape.
#[must_use]
pub fn has_secure_string(tape: &Tape) -> bool {
    tape.nodes().iter().any(|node| node.kind == Kind::SecureString.number())
}

/// These values with their secure strings under the session key.
pub(crate) fn seal<'t>(
    values: impl Iterator<Item = Value<'t>>,
    codec: &dyn SecretCodec,
) -> Result<Tape, SecretError> {
    translate(values, |text, out| {
        let sealed = codec.encrypt(&decoded(text)?)?;
        STANDARD.encode_string(sealed, out);
        Ok(())
    })
}

/// The tape with its secure strings freed of the session key.
pub(crate) fn unseal(tape: &Tape, codec: &dyn SecretCodec) -> Result<Tape, SecretError> {
    translate(tape.values(), |text, out| {
        let plain = codec.decrypt(&decoded(text)?)?;
        STANDARD.encode_string(&*plain, out);
        Ok(())
    })
}

/// The values with another text in each secure string. Both forms are kept in memory that is wiped.
fn translate<'t>(
    values: impl Iterator<Item = Value<'t>>,
    change: impl Fn(&[u8], &mut String) -> Result<(), SecretError>,
) -> Result<Tape, SecretError> {
    let mut values = values.peekable();
    // Taken once, so that growing leaves no copy behind.
    let mut before =
        Zeroizing::new(Vec::with_capacity(values.peek().map_or(0, |value| len_of(value.tape()))));
    let mut encoder = Encoder::new(&mut before);
    for value in values {
        encoder.value(value);
    }
    drop(encoder);
    let mut after = Zeroizing::new(Vec::with_capacity(before.len() * 2 + SLACK));
    let mut text = Zeroizing::new(String::new());
    // INVARIANT: the encoder writes `<` for tags only, and `>` inside them for their end only.
    let mut rest: &[u8] = &before;
    while let Some(start) = memchr::memmem::find(rest, b"<SS") {
        let (head, tag) = rest.split_at(start);
        let end = memchr::memchr(b'>', tag).ok_or(SecretError)? + 1;
        let (tag, content) = tag.split_at(end);
        let end = memchr::memchr(b'<', content).ok_or(SecretError)?;
        let (content, tail) = content.split_at(end);
        after.extend_from_slice(head);
        after.extend_from_slice(tag);
        text.zeroize();
        text.reserve(content.len() * 2 + SLACK);
        change(content, &mut text)?;
        after.extend_from_slice(text.as_bytes());
        rest = tail;
    }
    after.extend_from_slice(rest);
    decode_secret(after).map_err(|_| SecretError)
}

/// More bytes than a tape takes in CLIXML, but for characters that are written as escapes.
fn len_of(tape: &Tape) -> usize {
    (tape.text().len() + tape.side().len()) * 2 + tape.nodes().len() * NODE_LEN
}

fn decoded(base64: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let mut plain = Zeroizing::new(Vec::with_capacity(base64.len()));
    STANDARD.decode_vec(base64, &mut plain).map_err(|_| SecretError)?;
    Ok(plain)
}

/// Memory that is wiped when its last borrower goes.
struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Bytes of an RSA-2048 number.
pub const RSA_LEN: usize = 256;
pub(crate) const PUBLIC_KEY: &str = "PublicKey";
pub(crate) const ENCRYPTED_SESSION_KEY: &str = "EncryptedSessionKey";
/// PUBLICKEYBLOB, version 2, CALG_RSA_KEYX, `RSA1`, 2048 bits.
const PUBLIC_HEADER: &[u8] = b"\x06\x02\0\0\0\xa4\0\0RSA1\0\x08\0\0";
/// SIMPLEBLOB, version 2, CALG_AES_256 under CALG_RSA_KEYX.
const SESSION_HEADER: &[u8] = b"\x01\x02\0\0\x10\x66\0\0\0\xa4\0\0";
const SLACK: usize = 64;
const NODE_LEN: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_have_the_layout_of_the_specification() {
        let mut modulus = [0; RSA_LEN];
        modulus[0] = 0xC0;
        modulus[255] = 0x01;
        let key = PublicKey { exponent: 65_537, modulus };
        let blob = key.to_blob();
        assert_eq!(blob.len(), 276);
        assert_eq!(blob[16..21], [1, 0, 1, 0, 1]);
        assert_eq!(blob[275], 0xC0);
        assert_eq!(PublicKey::from_blob(&blob), Ok(key));
        let key = EncryptedKey(modulus);
        let blob = key.to_blob();
        assert_eq!((blob.len(), blob[12], blob[267]), (268, 1, 0xC0));
        assert!(EncryptedKey::from_blob(&blob) == Ok(key));
    }

    #[test]
    fn blobs_of_another_length_or_kind_are_refused() {
        let blob = PublicKey { exponent: 3, modulus: [7; RSA_LEN] }.to_blob();
        for wrong in [&blob[..275], &[&blob[..], &[0]].concat(), &[&[7], &blob[1..]].concat(), &[]] {
            assert_eq!(PublicKey::from_blob(wrong), Err(SecretError), "{}", wrong.len());
        }
        let blob = EncryptedKey([7; RSA_LEN]).to_blob();
        for wrong in [&blob[..267], &[&blob[..], &[0]].concat(), &[&[7], &blob[1..]].concat(), &[]] {
            assert!(EncryptedKey::from_blob(wrong) == Err(SecretError), "{}", wrong.len());
        }
    }

    #[test]
    fn a_secure_text_is_base64_of_utf_16() {
        for (plain, secure) in [("", ""), ("p", "cAA="), ("pä😀", "cADkAD3YAN4=")] {
            assert_eq!(*secure_text(plain), secure);
            assert_eq!(plain_text(secure.as_bytes()).as_deref().map(String::as_str), Ok(plain));
        }
        for wrong in ["c", "cAAA", "c*A="] {
            assert_eq!(plain_text(wrong.as_bytes()), Err(SecretError), "{wrong}");
        }
    }
}
