//! SESSION_CAPABILITY: what each side says of itself first, and which version the two then speak.

use std::fmt;

use crate::clixml::{Encoder, Tape, Value};
use crate::error::Error;
use crate::message::MessageType;

/// A version of the protocol, such as 2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtocolVersion {
    /// 2 for every version in use.
    pub major: u32,
    /// 0 to 4.
    pub minor: u32,
}

impl ProtocolVersion {
    /// Windows 7 and Windows Server 2008 R2.
    pub const V2_1: ProtocolVersion = ProtocolVersion { major: 2, minor: 1 };
    /// Windows 8 and Windows Server 2012: disconnected sessions.
    pub const V2_2: ProtocolVersion = ProtocolVersion { major: 2, minor: 2 };
    /// Windows 10 and Windows Server 2016: the information stream.
    pub const V2_3: ProtocolVersion = ProtocolVersion { major: 2, minor: 3 };
    /// PowerShell 7.6: no session key.
    pub const V2_4: ProtocolVersion = ProtocolVersion { major: 2, minor: 4 };
    /// The newest version this implementation speaks.
    pub const CURRENT: ProtocolVersion = ProtocolVersion::V2_4;

    /// Secure strings travel in the clear inside the encrypted carrier, without a session key.
    #[must_use]
    pub fn is_without_session_key(self) -> bool {
        self >= ProtocolVersion::V2_4
    }

    /// Reads `2.3`, also with further parts, which do not count.
    #[must_use]
    pub fn from_text(text: &str) -> Option<ProtocolVersion> {
        let mut parts = text.split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        Some(ProtocolVersion { major, minor })
    }

    /// What a client that announced `self` speaks with a server that answered `server`.
    ///
    /// # Errors
    /// Another major version, or a server that answers with more than it was offered.
    pub(crate) fn with_server(self, server: ProtocolVersion) -> Result<ProtocolVersion, Error> {
        if self.major == server.major && server.minor <= self.minor {
            Ok(server)
        } else {
            Err(Error::Negotiation { ours: self, theirs: server })
        }
    }

    /// What a server that knows up to `self` answers a client that announced `client`: an older client gets its
    /// own version back, a newer one the server's.
    ///
    /// # Errors
    /// Another major version.
    pub(crate) fn with_client(self, client: ProtocolVersion) -> Result<ProtocolVersion, Error> {
        if self.major == client.major {
            Ok(self.min(client))
        } else {
            Err(Error::Negotiation { ours: self, theirs: client })
        }
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Appends the body of SESSION_CAPABILITY to `out`.
pub(crate) fn encode_capability(version: ProtocolVersion, out: &mut Vec<u8>) {
    Encoder::new(out).object(None, &[], None, |capability| {
        capability.members(|members| {
            members.version(PROTOCOL_VERSION, &version.to_string());
            members.version("PSVersion", "2.0");
            members.version("SerializationVersion", "1.1.0.1");
        });
    });
}

/// The protocol version in the body of SESSION_CAPABILITY.
///
/// # Errors
/// It is not there or not a version.
pub(crate) fn decode_capability(body: &Tape) -> Result<ProtocolVersion, Error> {
    body.first()
        .and_then(|capability| capability.member(PROTOCOL_VERSION))
        .and_then(Value::text)
        .and_then(|version| ProtocolVersion::from_text(&version.to_lossy()))
        .ok_or(Error::Shape { message_type: MessageType::SessionCapability, member: PROTOCOL_VERSION })
}

const PROTOCOL_VERSION: &str = "protocolversion";
