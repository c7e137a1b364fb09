//! 2.2.3.14, 2.2.3.17: the host of the client, and the calls the remote side makes on it.

mod method;
mod question;

use std::fmt;

use uuid::Uuid;

pub use self::method::HostMethod;
pub use self::question::{Choice, ChoiceQuestion, CredentialQuestion, PromptField, PromptQuestion, Question};
use crate::clixml::{Encoder, Tape, Value, decode};
use crate::error::Error;
use crate::message::MessageType;

/// What the client says of its host. It decides which host calls the server makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostInfo {
    /// There is no host.
    pub is_host_null: bool,
    /// The host has no user interface: prompts fail on the server.
    pub is_host_ui_null: bool,
    /// The user interface has no screen buffer.
    pub is_host_raw_ui_null: bool,
    /// A pipeline uses the host of its pool.
    pub use_runspace_host: bool,
}

impl HostInfo {
    /// No host, as PowerShell announces it for its pools.
    pub const NONE: HostInfo = HostInfo {
        is_host_null: true,
        is_host_ui_null: true,
        is_host_raw_ui_null: true,
        use_runspace_host: false,
    };
    /// A pipeline that uses the host of its pool.
    pub const OF_POOL: HostInfo = HostInfo { use_runspace_host: true, ..HostInfo::NONE };
    /// A host that can ask and print lines, without a screen buffer.
    pub const LINES: HostInfo = HostInfo {
        is_host_null: false,
        is_host_ui_null: false,
        is_host_raw_ui_null: true,
        use_runspace_host: false,
    };

    pub(crate) fn encode(self, members: &mut Encoder<'_>) {
        members.object("HostInfo", &[], None, |info| {
            info.members(|info| {
                info.bool("_isHostUINull", self.is_host_ui_null);
                info.bool("_isHostRawUINull", self.is_host_raw_ui_null);
                info.bool("_isHostNull", self.is_host_null);
                info.bool("_useRunspaceHost", self.use_runspace_host);
            });
        });
    }

    /// Reads the member `HostInfo` of INIT_RUNSPACEPOOL or CREATE_PIPELINE; what is missing counts as null.
    #[must_use]
    pub fn decode(body: Value<'_>) -> HostInfo {
        let flag = |name, missing| {
            body.member("HostInfo")
                .and_then(|info| info.resolve().member(name))
                .and_then(Value::as_bool)
                .unwrap_or(missing)
        };
        HostInfo {
            is_host_null: flag("_isHostNull", true),
            is_host_ui_null: flag("_isHostUINull", true),
            is_host_raw_ui_null: flag("_isHostRawUINull", true),
            use_runspace_host: flag("_useRunspaceHost", false),
        }
    }
}

impl Default for HostInfo {
    fn default() -> HostInfo {
        HostInfo::NONE
    }
}

/// A call of the remote side on the host of the client.
#[derive(Debug)]
pub struct HostCall {
    /// The pipeline it came from; `None` for the pool.
    pub pid: Option<Uuid>,
    /// What an answer must repeat.
    pub call_id: i64,
    /// What is asked.
    pub method: HostMethod,
    body: Tape,
}

impl HostCall {
    pub(crate) fn decode(
        message_type: MessageType,
        pid: Option<Uuid>,
        body: Tape,
    ) -> Result<HostCall, Error> {
        let shape = |member| Error::Shape { message_type, member };
        let (call_id, method) = call_id_and_method(&body, message_type)?;
        let parameters = body.first().and_then(|call| call.member(PARAMETERS));
        parameters.ok_or(shape(PARAMETERS))?;
        Ok(HostCall { pid, call_id, method, body })
    }

    /// A call that no server made: what a carrier without host calls asks its consumer in the same way.
    pub fn of(call_id: i64, method: HostMethod, parameters: impl FnOnce(&mut Encoder<'_>)) -> HostCall {
        let mut body = Vec::new();
        encode_call(call_id, method, parameters, &mut body);
        // INVARIANT: what an encoder wrote is well-formed; the empty body, which stands for one beyond the limits, too.
        let body = decode(body).or_else(|_| decode(Vec::new())).expect("an encoder's own output decodes");
        HostCall { pid: None, call_id, method, body }
    }

    /// What the method is called with, in order (2.2.6).
    pub fn parameters(&self) -> impl Iterator<Item = Value<'_>> {
        self.body.first().and_then(|call| call.member(PARAMETERS)).into_iter().flat_map(Value::items)
    }

    /// The body it came in.
    #[must_use]
    pub fn body(&self) -> &Tape {
        &self.body
    }
}

/// What the host answers.
#[derive(Clone, Copy)]
pub enum HostAnswer<'a> {
    /// Null, and what a method that failed silently answers.
    Null,
    /// A Boolean.
    Bool(bool),
    /// An integer, for choices, sizes and colours.
    Int(i32),
    /// A string.
    Text(&'a str),
    /// Any value, encoded as 2.2.6 says.
    Value(Value<'a>),
    /// The method failed; the message is shown on the remote side.
    Failed(&'a str),
}

impl fmt::Debug for HostAnswer<'_> {
    /// Without what a person typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HostAnswer::Null => "Null",
            HostAnswer::Bool(_) => "Bool",
            HostAnswer::Int(_) => "Int",
            HostAnswer::Text(_) => "Text",
            HostAnswer::Value(_) => "Value",
            HostAnswer::Failed(_) => "Failed",
        })
    }
}

/// Appends the body of a host response to `out`.
pub(crate) fn encode_response(call_id: i64, method: HostMethod, answer: HostAnswer<'_>, out: &mut Vec<u8>) {
    Encoder::new(out).object(None, &[], None, |response| {
        response.members(|members| {
            match answer {
                HostAnswer::Null => {}
                HostAnswer::Bool(value) => members.bool(RETURN_VALUE, value),
                HostAnswer::Int(value) => members.i32(RETURN_VALUE, value),
                HostAnswer::Text(value) => members.string(RETURN_VALUE, value),
                HostAnswer::Value(value) => members.value_named(RETURN_VALUE, value),
                HostAnswer::Failed(message) => {
                    crate::server::ErrorBody {
                        fully_qualified_error_id: "RemoteHostExecutionException",
                        ..crate::server::ErrorBody::new(message)
                    }
                    .encode_members(EXCEPTION, members);
                }
            }
            members.i64(CALL_ID, call_id);
            encode_method(method, members);
        });
    });
}

/// Appends the body of a host call to `out`; `parameters` writes the elements of the list.
pub(crate) fn encode_call(
    call_id: i64,
    method: HostMethod,
    parameters: impl FnOnce(&mut Encoder<'_>),
    out: &mut Vec<u8>,
) {
    Encoder::new(out).object(None, &[], None, |call| {
        call.members(|members| {
            members.i64(CALL_ID, call_id);
            encode_method(method, members);
            members.object(PARAMETERS, ARRAY_LIST, None, |list| list.list(parameters));
        });
    });
}

fn encode_method(method: HostMethod, members: &mut Encoder<'_>) {
    members.enumeration(METHOD, METHOD_TYPES, method.name(), method.number());
}

/// The members `ci` and `mi` of a host call or response.
pub(crate) fn call_id_and_method(body: &Tape, message_type: MessageType) -> Result<(i64, HostMethod), Error> {
    let member = |name: &'static str| {
        body.first()
            .and_then(|call| call.member(name))
            .and_then(Value::as_i64)
            .ok_or(Error::Shape { message_type, member: name })
    };
    let method =
        HostMethod::from_number(member(METHOD)?).ok_or(Error::Shape { message_type, member: METHOD })?;
    Ok((member(CALL_ID)?, method))
}

const CALL_ID: &str = "ci";
const METHOD: &str = "mi";
const PARAMETERS: &str = "mp";
pub(crate) const RETURN_VALUE: &str = "mr";
pub(crate) const EXCEPTION: &str = "me";
const METHOD_TYPES: &[&str] = &[
    "System.Management.Automation.Remoting.RemoteHostMethodId",
    "System.Enum",
    "System.ValueType",
    "System.Object",
];
const ARRAY_LIST: &[&str] = &["System.Collections.ArrayList", "System.Object"];
