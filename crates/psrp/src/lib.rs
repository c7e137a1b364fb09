//! PowerShell Remoting Protocol (MS-PSRP): fragments, messages, CLIXML and the state machines, without I/O
//!
//! Numbers such as 2.2.4 are sections of MS-PSRP. Nothing here reads a clock, a socket or a random number: whoever
//! carries the bytes tells a [`RunspacePool`] (the client) or a [`server::ServerPool`] what arrived, and asks it what
//! to send and what happened.
//!
//! ```
//! use bytes::Bytes;
//! use psrp::server::{ServerConfig, ServerEvent, ServerPool};
//! use psrp::{CommandSpec, PipelineEvent, PipelineSpec, PoolConfig, PoolEvent, RunspacePool, Target};
//! use uuid::Uuid;
//!
//! let mut client = RunspacePool::new(Uuid::from_u128(1), PoolConfig::default());
//! let mut server = ServerPool::new(ServerConfig::default());
//! client.open()?;
//! while let Some(transmit) = client.poll_transmit(Target::Pool, 32_768) {
//!     server.handle_bytes(Bytes::copy_from_slice(transmit.payload))?;
//! }
//! while let Some(event) = server.poll_event() {
//!     if let ServerEvent::OpenRequested { .. } = event {
//!         server.open(None)?;
//!     }
//! }
//! while let Some(payload) = server.poll_transmit(Target::Pool, 32_768) {
//!     client.handle_bytes(Bytes::copy_from_slice(payload))?;
//! }
//! assert!(matches!(client.poll_event(), Some(PoolEvent::ApplicationPrivateData(_))));
//! assert!(matches!(client.poll_event(), Some(PoolEvent::Opened)));
//!
//! // A pipeline's output (PIPELINE_OUTPUT, 2.2.2.19) arrives decoded, one tape a message.
//! let pid = Uuid::from_u128(2);
//! client.create_pipeline(pid, &PipelineSpec::new(vec![CommandSpec::command("Get-User", None)]))?;
//! while let Some(transmit) = client.poll_transmit(Target::Pipeline(pid), 32_768) {
//!     server.handle_bytes(Bytes::copy_from_slice(transmit.payload))?;
//! }
//! server.output(pid, br#"<Obj RefId="0"><MS><S N="Name">Anna</S><I64 N="Size">7</I64></MS></Obj>"#)?;
//! while let Some(payload) = server.poll_transmit(Target::Pipeline(pid), 32_768) {
//!     client.handle_bytes(Bytes::copy_from_slice(payload))?;
//! }
//! while let Some(event) = client.poll_event() {
//!     if let PoolEvent::Pipeline { event: PipelineEvent::Output(tape), .. } = event {
//!         let user = tape.first().expect("one object a message");
//!         assert_eq!(user.member("Name").and_then(|name| name.as_str()), Some("Anna"));
//!         assert_eq!(user.member("Size").and_then(|size| size.as_i64()), Some(7));
//!         // Its memory serves the next message.
//!         client.recycle(tape);
//!     }
//! }
//! # Ok::<(), psrp::Error>(())
//! ```

// One module looks through bytes with vector instructions; see its head.
#![deny(unsafe_code)]

pub mod clixml;
mod error;
mod fragment;
mod host;
mod line;
mod message;
pub mod metadata;
mod outbox;
mod pipeline;
mod pool;
pub mod records;
pub mod secret;
pub mod server;
mod state;
mod version;

pub use self::error::{Error, FragmentError, MessageError, StateError, StateErrorKind};
pub use self::fragment::{Defragmenter, Fragment, FragmentLimits, Fragmenter};
pub use self::host::{
    Choice, ChoiceQuestion, CredentialQuestion, HostAnswer, HostCall, HostInfo, HostMethod, PromptField,
    PromptQuestion, Question,
};
pub use self::line::{Line, Request as LineRequest};
pub use self::message::{Destination, Message, MessageTarget, MessageType};
pub use self::outbox::{Stream, Target, Transmit};
pub use self::pipeline::{CommandSpec, PipelineSpec};
pub use self::pool::{Availability, PipelineEvent, PoolConfig, PoolEvent, RunspacePool};
pub use self::secret::{EncryptedKey, PublicKey, SecretCodec, SecretError};
pub use self::state::{PsInvocationState, RunspacePoolState};
pub use self::version::ProtocolVersion;
