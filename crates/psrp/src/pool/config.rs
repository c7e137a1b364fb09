//! What a pool asks for.

use std::time::Duration;

use crate::clixml::{Encoder, Limits, Tape};
use crate::fragment::FragmentLimits;
use crate::host::HostInfo;
use crate::pipeline;
use crate::version::ProtocolVersion;

/// What a pool asks of the server, and what it accepts from it.
#[derive(Debug)]
pub struct PoolConfig {
    /// Runspaces the server keeps ready, at least 1.
    pub min_runspaces: i32,
    /// Pipelines that may run at the same time, at least `min_runspaces`.
    pub max_runspaces: i32,
    /// The newest protocol version to offer.
    pub protocol_version: ProtocolVersion,
    /// The host of the client.
    pub host: HostInfo,
    /// A dictionary for the server's scripts (`$PSSenderInfo.ApplicationArguments`).
    pub application_arguments: Option<Tape>,
    /// What a body may hold.
    pub limits: Limits,
    /// What may be waiting for its other fragments.
    pub fragment_limits: FragmentLimits,
    /// How long the server may take to answer PUBLIC_KEY (`SessionKeyTransferTimeoutms`, 3.1.2).
    pub session_key_timeout: Duration,
}

impl Default for PoolConfig {
    /// One runspace, the newest protocol, no host, no arguments.
    fn default() -> PoolConfig {
        PoolConfig {
            min_runspaces: 1,
            max_runspaces: 1,
            protocol_version: ProtocolVersion::CURRENT,
            host: HostInfo::NONE,
            application_arguments: None,
            limits: Limits::default(),
            fragment_limits: FragmentLimits::default(),
            session_key_timeout: Duration::from_secs(60),
        }
    }
}

/// Appends the body of INIT_RUNSPACEPOOL to `out`, member for member as PowerShell 7.6 does.
pub(super) fn encode_init(config: &PoolConfig, out: &mut Vec<u8>) {
    Encoder::new(out).object(None, &[], None, |init| {
        init.members(|members| {
            members.i32("MinRunspaces", config.min_runspaces);
            members.i32("MaxRunspaces", config.max_runspaces);
            members.enumeration("PSThreadOptions", THREAD_OPTIONS, "Default", 0);
            members.enumeration("ApartmentState", pipeline::APARTMENT_STATE, "Unknown", 2);
            match config.application_arguments.as_ref().and_then(Tape::first) {
                Some(arguments) => members.value_named("ApplicationArguments", arguments),
                None => members.nil("ApplicationArguments"),
            }
            config.host.encode(members);
        });
    });
}

const THREAD_OPTIONS: &[&str] = &[
    "System.Management.Automation.Runspaces.PSThreadOptions",
    "System.Enum",
    "System.ValueType",
    "System.Object",
];
