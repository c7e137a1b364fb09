//! [2.2.9.1] Encrypted messages: the body of a request or an answer over plain http.
//!
//! What encrypts and decrypts is the context of the sign-in, which this crate does not know: here is only where its bytes stand.
//!
//! ```text
//! --Encrypted Boundary
//! →Content-Type: application/HTTP-SPNEGO-session-encrypted
//! →OriginalContent: type=application/soap+xml;charset=UTF-8;Length=1234
//! --Encrypted Boundary
//! →Content-Type: application/octet-stream
//! length of the header (four bytes, little-endian), header, data--Encrypted Boundary--
//! ```
//!
//! [2.2.9.1]: https://learn.microsoft.com/openspecs/windows_protocols/ms-wsmv/e4ff0b84-f6e2-44a0-9a28-3dd5b4ef9a4d

use std::fmt;

/// Whose context encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SealingProtocol {
    /// The HTTP scheme `Kerberos` (2.2.9.1.2).
    Kerberos,
    /// The HTTP scheme `Negotiate` (2.2.9.1.1).
    Spnego,
}

/// An encrypted message, in the parts that the context takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedMessage<'a> {
    /// Whose context encrypted it.
    pub protocol: SealingProtocol,
    /// How many bytes the envelope has.
    pub original_len: usize,
    /// The per-message token.
    pub header: &'a [u8],
    /// The encrypted envelope.
    pub data: &'a [u8],
}

/// A body that says it is encrypted and is not as the specification wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealedError {
    /// The content type names no protocol that is known.
    Protocol,
    /// The body does not begin with the boundary.
    Boundary,
    /// The first part lacks a field or has one that cannot be read.
    Field {
        /// The field.
        name: &'static str,
    },
    /// The second part is not there.
    NoData,
    /// The body ends before its last boundary.
    Truncated,
    /// The header is longer than what there is.
    HeaderLength {
        /// Its length, as the body says.
        len: u32,
        /// The bytes that there are for header and data.
        there: usize,
    },
}

impl SealingProtocol {
    /// The media type of the first part.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Kerberos => "application/HTTP-Kerberos-session-encrypted",
            Self::Spnego => "application/HTTP-SPNEGO-session-encrypted",
        }
    }

    /// The `Content-Type` of a body that is encrypted this way.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Kerberos => {
                "multipart/encrypted;protocol=\"application/HTTP-Kerberos-session-encrypted\";boundary=\"Encrypted Boundary\""
            }
            Self::Spnego => {
                "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";boundary=\"Encrypted Boundary\""
            }
        }
    }

    /// The protocol of a body by its `Content-Type`; `None` when it is not an encrypted one.
    ///
    /// # Errors
    /// [`SealedError::Protocol`] when it is encrypted otherwise.
    pub fn of_content_type(content_type: &str) -> Result<Option<Self>, SealedError> {
        let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
        let media_type = media_type.trim();
        if media_type.eq_ignore_ascii_case("multipart/x-multi-encrypted") {
            return Err(SealedError::Protocol);
        }
        if !media_type.eq_ignore_ascii_case("multipart/encrypted") {
            return Ok(None);
        }
        let named = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
        let mut protocols = named.filter(|(name, _)| name.trim().eq_ignore_ascii_case("protocol"));
        let protocol = protocols.next().map(|(_, value)| value.trim().trim_matches('"'));
        protocol.and_then(Self::of_media_type).map(Some).ok_or(SealedError::Protocol)
    }

    fn of_media_type(name: &str) -> Option<Self> {
        [Self::Kerberos, Self::Spnego].into_iter().find(|one| name.eq_ignore_ascii_case(one.media_type()))
    }
}

impl<'a> SealedMessage<'a> {
    /// Writes the body.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.header.len() + self.data.len() + FRAME_LEN);
        let first = format!(
            "--{BOUNDARY}\r\n\tContent-Type: {}\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={}\r\n\
             --{BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n",
            self.protocol.media_type(),
            self.original_len,
        );
        body.extend_from_slice(first.as_bytes());
        // No token comes near four gigabytes; one that did would be refused by whoever reads it.
        let header_len = u32::try_from(self.header.len()).unwrap_or(u32::MAX);
        body.extend_from_slice(&header_len.to_le_bytes());
        body.extend_from_slice(self.header);
        body.extend_from_slice(self.data);
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        body
    }

    /// Reads a body. Of what Windows and Exchange write otherwise than the specification has it (a blank before the
    /// boundary, fields without the tab before them, names in another case), all is understood.
    ///
    /// # Errors
    /// [`SealedError`].
    pub fn decode(body: &'a [u8]) -> Result<Self, SealedError> {
        let mut rest = boundary(body).ok_or(SealedError::Boundary)?;
        let (mut protocol, mut original_len) = (None, None);
        loop {
            if let Some(behind) = boundary(rest) {
                rest = behind;
                break;
            }
            let (line, behind) = line(rest).ok_or(SealedError::NoData)?;
            rest = behind;
            if let Some(value) = field(line, "Content-Type") {
                let bad = SealedError::Field { name: "Content-Type" };
                protocol = Some(SealingProtocol::of_media_type(value).ok_or(bad)?);
            } else if let Some(value) = field(line, "OriginalContent") {
                original_len = Some(length(value).ok_or(SealedError::Field { name: "Length" })?);
            }
        }
        let protocol = protocol.ok_or(SealedError::Field { name: "Content-Type" })?;
        let original_len = original_len.ok_or(SealedError::Field { name: "OriginalContent" })?;
        let (kind, rest) = line(rest).ok_or(SealedError::NoData)?;
        if !field(kind, "Content-Type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("application/octet-stream"))
        {
            return Err(SealedError::NoData);
        }
        let token = without_end(rest).ok_or(SealedError::Truncated)?;
        let (len, token) = token.split_first_chunk::<4>().ok_or(SealedError::Truncated)?;
        let len = u32::from_le_bytes(*len);
        let too_long = SealedError::HeaderLength { len, there: token.len() };
        let header_len = usize::try_from(len).map_err(|_| too_long)?;
        let (header, data) = token.split_at_checked(header_len).ok_or(too_long)?;
        Ok(Self { protocol, original_len, header, data })
    }
}

/// What follows the line with the boundary at the start.
fn boundary(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(b"--")?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    rest.strip_prefix(BOUNDARY.as_bytes())?.strip_prefix(b"\r\n")
}

/// What is before the last boundary. It is looked for at the end, because encrypted bytes may look like anything.
fn without_end(bytes: &[u8]) -> Option<&[u8]> {
    let bytes = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"--")?.strip_suffix(BOUNDARY.as_bytes())?;
    bytes.strip_suffix(b"-- ").or_else(|| bytes.strip_suffix(b"--"))
}

/// The text up to the next line break, which is soon, and what follows.
fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let near = bytes.get(..bytes.len().min(MAX_LINE_LEN))?;
    let end = near.windows(2).position(|pair| pair == b"\r\n")?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(line).ok()?, rest.get(2..)?))
}

fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = line.split_once(':')?;
    found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
}

/// The `Length` of `OriginalContent`.
fn length(value: &str) -> Option<usize> {
    let mut parameters = value.split(';').filter_map(|parameter| parameter.split_once('='));
    let (_, len) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("Length"))?;
    len.trim().parse().ok()
}

impl fmt::Display for SealedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol => f.write_str("the message is encrypted in a way that is not known"),
            Self::Boundary => f.write_str("the encrypted message does not begin with its boundary"),
            Self::Field { name } => {
                write!(f, "the encrypted message has no {name}, or one that cannot be read")
            }
            Self::NoData => f.write_str("the encrypted message lacks its second part"),
            Self::Truncated => f.write_str("the encrypted message ends before its last boundary"),
            Self::HeaderLength { len, there } => {
                write!(f, "the header of the encrypted message is {len} bytes, and there are {there}")
            }
        }
    }
}

impl std::error::Error for SealedError {}

const BOUNDARY: &str = "Encrypted Boundary";
/// Room for all that is not header and data.
const FRAME_LEN: usize = 320;
const MAX_LINE_LEN: usize = 1_024;
