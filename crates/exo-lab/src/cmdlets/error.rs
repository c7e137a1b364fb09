//! What goes wrong in a cmdlet, in Exchange's and PowerShell's words.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::clock::Moment;
use crate::cmdlets::Cmdlet;
use crate::data::DOMAIN_CONTROLLER;

/// One error record to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CmdletError {
    pub(crate) message: String,
    pub(crate) fully_qualified_id: String,
    /// PowerShell's ErrorCategory number.
    pub(crate) category: i32,
    /// The exception type, most derived first.
    pub(crate) exception: &'static [&'static str],
    /// The cmdlet; empty when there was none.
    pub(crate) activity: String,
    pub(crate) target: Option<String>,
}

/// Why a cmdlet ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Halt {
    /// Somebody stopped it.
    Stopped,
    /// It cannot go on.
    Failed(Box<CmdletError>),
}

impl From<CmdletError> for Halt {
    fn from(error: CmdletError) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl CmdletError {
    /// No object has this identity.
    pub(crate) fn not_found(cmdlet: &Cmdlet, identity: &str) -> Self {
        let message = format!(
            "The operation couldn't be performed because object '{identity}' couldn't be found on '{DOMAIN_CONTROLLER}'."
        );
        Self::exchange(cmdlet, message, NOT_FOUND, "ManagementObjectNotFoundException", 0)
    }

    /// An object with this name or address exists already.
    pub(crate) fn exists(cmdlet: &Cmdlet, name: &str) -> Self {
        let message = format!(
            "The proxy address \"SMTP:{name}\" is already being used by the proxy addresses or LegacyExchangeDN. Please choose \
             another proxy address."
        );
        Self::exchange(cmdlet, message, PROXY_ADDRESS_EXISTS, "ProxyAddressExistsException", 0)
    }

    /// The request makes no sense to the service.
    pub(crate) fn invalid(cmdlet: &Cmdlet, message: impl Into<String>) -> Self {
        Self::exchange(cmdlet, message.into(), TASK_ARGUMENT, "TaskArgumentException", 5)
    }

    /// No cmdlet has this name.
    pub(crate) fn unknown_command(name: &str) -> Self {
        Self {
            message: format!(
                "The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. Check \
                 the spelling of the name, or if a path was included, verify that the path is correct and try again."
            ),
            fully_qualified_id: "CommandNotFoundException".to_owned(),
            category: 13,
            exception: COMMAND_NOT_FOUND,
            activity: String::new(),
            target: Some(name.to_owned()),
        }
    }

    /// Script text, or more than a no-language runspace runs.
    pub(crate) fn no_language() -> Self {
        Self {
            message: "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode."
                .to_owned(),
            fully_qualified_id: "ScriptsNotAllowed".to_owned(),
            category: 0,
            exception: PARSE,
            activity: String::new(),
            target: None,
        }
    }

    /// The cmdlet has no parameter of this name.
    pub(crate) fn unknown_parameter(cmdlet: &Cmdlet, name: &str) -> Self {
        let message = format!("A parameter cannot be found that matches parameter name '{name}'.");
        Self::binding(cmdlet, message, "NamedParameterNotFound")
    }

    /// The name fits several parameters.
    pub(crate) fn ambiguous_parameter(cmdlet: &Cmdlet, name: &str, candidates: &[&str]) -> Self {
        let candidates = candidates.iter().map(|name| format!(" -{name}")).collect::<String>();
        let message = format!(
            "Parameter cannot be processed because the parameter name '{name}' is ambiguous. Possible matches include:{candidates}."
        );
        Self::binding(cmdlet, message, "AmbiguousParameter")
    }

    /// A positional argument that no parameter takes.
    pub(crate) fn too_many_arguments(cmdlet: &Cmdlet, argument: &str) -> Self {
        let message = format!("A positional parameter cannot be found that accepts argument '{argument}'.");
        Self::binding(cmdlet, message, "PositionalParameterNotFound")
    }

    /// The parameter was given twice.
    pub(crate) fn bound_twice(cmdlet: &Cmdlet, name: &str) -> Self {
        let message = format!(
            "Cannot bind parameter because parameter '{name}' is specified more than once. To provide multiple values to \
             parameters that can accept multiple values, use the array syntax."
        );
        Self::binding(cmdlet, message, "ParameterAlreadyBound")
    }

    /// A parameter that must be there is not.
    pub(crate) fn missing_parameter(cmdlet: &Cmdlet, names: &str) -> Self {
        let message =
            format!("Cannot process command because of one or more missing mandatory parameters: {names}.");
        Self::binding(cmdlet, message, "MissingMandatoryParameter")
    }

    /// The value does not fit the parameter's type.
    pub(crate) fn bad_argument(cmdlet: &Cmdlet, parameter: &str, value: &str, type_name: &str) -> Self {
        let message = format!(
            "Cannot process argument transformation on parameter '{parameter}'. Cannot convert value \"{value}\" to type \
             \"{type_name}\"."
        );
        let mut error = Self::binding(cmdlet, message, "ParameterArgumentTransformationError");
        error.category = 6;
        error.exception = TRANSFORMATION;
        error
    }

    fn binding(cmdlet: &Cmdlet, message: String, id: &str) -> Self {
        Self {
            message,
            fully_qualified_id: format!("{id},{}", cmdlet.class_name()),
            category: 5,
            exception: BINDING,
            activity: cmdlet.name.to_owned(),
            target: None,
        }
    }

    /// An error of the service: its id names the server, the request and the kind of failure.
    fn exchange(
        cmdlet: &Cmdlet,
        message: String,
        exception: &'static [&'static str],
        failure: &str,
        category: i32,
    ) -> Self {
        let digest = Sha256::new().chain_update(failure).chain_update(cmdlet.name).finalize();
        let code: String = digest.iter().take(4).map(|byte| format!("{byte:02X}")).collect();
        let fully_qualified_id = format!(
            "[Server=AM0PR05MB0001,RequestId={},TimeStamp={}] [FailureCategory=Cmdlet-{failure}] {code},{}",
            Uuid::new_v4(),
            Moment::now().exchange(),
            cmdlet.class_name()
        );
        Self {
            message,
            fully_qualified_id,
            category,
            exception,
            activity: cmdlet.name.to_owned(),
            target: None,
        }
    }
}

const NOT_FOUND: &[&str] = &[
    "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
    "Microsoft.Exchange.Data.Common.LocalizedException",
    "System.Exception",
    "System.Object",
];
const PROXY_ADDRESS_EXISTS: &[&str] = &[
    "Microsoft.Exchange.Data.Directory.ProxyAddressExistsException",
    "Microsoft.Exchange.Data.Common.LocalizedException",
    "System.Exception",
    "System.Object",
];
const TASK_ARGUMENT: &[&str] = &[
    "Microsoft.Exchange.Configuration.Tasks.TaskArgumentException",
    "Microsoft.Exchange.Data.Common.LocalizedException",
    "System.Exception",
    "System.Object",
];
const COMMAND_NOT_FOUND: &[&str] = &[
    "System.Management.Automation.CommandNotFoundException",
    "System.Management.Automation.RuntimeException",
    "System.SystemException",
    "System.Exception",
    "System.Object",
];
const PARSE: &[&str] = &[
    "System.Management.Automation.ParseException",
    "System.Management.Automation.RuntimeException",
    "System.SystemException",
    "System.Exception",
    "System.Object",
];
const BINDING: &[&str] = &[
    "System.Management.Automation.ParameterBindingException",
    "System.Management.Automation.RuntimeException",
    "System.SystemException",
    "System.Exception",
    "System.Object",
];
const TRANSFORMATION: &[&str] = &[
    "System.Management.Automation.ParameterBindingArgumentTransformationException",
    "System.Management.Automation.ParameterBindingException",
    "System.Management.Automation.RuntimeException",
    "System.SystemException",
    "System.Exception",
    "System.Object",
];
