//! The catalogue: which cmdlets a connection offers, with the parameters they take.
//!
//! The service describes its cmdlets in the text of a PowerShell module, `EXOModuleFile`. That text is never run
//! here: [`Catalog::read`] reads the declarations out of it as untrusted input, in one pass, and leaves the rest.

use serde::Serialize;

use self::module_file::ModuleFile;
use crate::command::matches as matches_name;

pub use self::cache::CatalogCache;

pub(crate) mod cache;
mod lexer;
mod module_file;
mod types;

/// The cmdlets of one module text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalog {
    /// The exported cmdlets, in the order of the text.
    pub cmdlets: Vec<Cmdlet>,
    /// The service's public key as `RSAKeyValue` XML, with which password parameters are encrypted.
    pub public_key: Option<String>,
    /// Exported cmdlets that were left out, and why.
    pub refused: Vec<Refusal>,
}

/// One cmdlet as the service declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cmdlet {
    /// In the service's own casing, for example `Get-Mailbox` or `get-User`.
    pub name: String,
    /// The parameter set that is taken when the parameters do not decide.
    pub default_parameter_set: Option<String>,
    /// Whether `-WhatIf` and `-Confirm` exist.
    pub supports_should_process: bool,
    /// What the change weighs; decides whether the user is asked.
    pub confirm_impact: ConfirmImpact,
    /// In declaration order.
    pub parameters: Vec<Parameter>,
    /// Whether piped calls may be sent together.
    #[serde(skip)]
    pub supports_batching: bool,
    /// Where a piped object goes by its type, before ordinary binding.
    #[serde(skip)]
    pub type_rules: Vec<TypeRule>,
    /// Which parameter says where the request should go, when `-UseCustomRouting` asks for that.
    #[serde(skip)]
    pub routing: Option<Routing>,
}

/// How much a change weighs (`System.Management.Automation.ConfirmImpact`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Default)]
pub enum ConfirmImpact {
    /// Never asks.
    None,
    /// Asks when the preference is `Low`.
    Low,
    /// Asks when the preference is `Medium` or lower; PowerShell's default.
    #[default]
    Medium,
    /// Asks unless the preference is `None`.
    High,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// Without the dash.
    pub name: String,
    /// The .NET type's full name; `System.Object` when none is declared.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Other names it goes by.
    pub aliases: Vec<String>,
    /// One entry for each parameter set it belongs to.
    pub sets: Vec<ParameterSet>,
    /// What a value must satisfy.
    #[serde(serialize_with = "validation_as_text")]
    pub validation: Vec<Validation>,
}

impl Parameter {
    /// What it may be called: its name, then its aliases.
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name).chain(&self.aliases).map(String::as_str)
    }
}

/// What a parameter is in one parameter set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParameterSet {
    /// [`ALL_SETS`] when it belongs to each of them.
    pub name: String,
    /// Whether it must be given.
    pub mandatory: bool,
    /// Its place among the arguments without a name.
    pub position: Option<i32>,
    /// Whether it takes the piped object itself.
    pub pipeline: bool,
    /// Whether it takes the piped object's property of its own name.
    pub pipeline_by_property_name: bool,
}

/// The name that PowerShell gives to "every parameter set".
pub const ALL_SETS: &str = "__AllParameterSets";

/// A rule for the values of a parameter; shown as PowerShell's attributes without their first word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validation {
    /// A mandatory parameter takes an empty list.
    AllowEmptyCollection,
    /// A mandatory parameter takes an empty text.
    AllowEmptyString,
    /// A mandatory parameter takes null.
    AllowNull,
    /// The number of elements, both ends included.
    Count(i64, i64),
    /// The number of UTF-16 units of a text, both ends included.
    Length(i64, i64),
    /// Not null.
    NotNull,
    /// Neither null nor empty.
    NotNullOrEmpty,
    /// A number, both ends included.
    Range(i64, i64),
    /// One of these, in any case.
    Set(Vec<String>),
}

impl std::fmt::Display for Validation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AllowEmptyCollection => f.write_str("AllowEmptyCollection"),
            Self::AllowEmptyString => f.write_str("AllowEmptyString"),
            Self::AllowNull => f.write_str("AllowNull"),
            Self::Count(least, most) => write!(f, "Count({least},{most})"),
            Self::Length(least, most) => write!(f, "Length({least},{most})"),
            Self::NotNull => f.write_str("ValidateNotNull"),
            Self::NotNullOrEmpty => f.write_str("ValidateNotNullOrEmpty"),
            Self::Range(least, most) => write!(f, "Range({least},{most})"),
            Self::Set(values) => write!(f, "Set({})", values.join(",")),
        }
    }
}

/// A piped object whose first type name ends with one of `types` belongs to `parameter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TypeRule {
    /// Endings of .NET type names.
    pub types: Vec<String>,
    /// The parameter it goes to.
    pub parameter: String,
}

/// The parameter that leads a request to the server of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    /// Its name.
    pub parameter: String,
    /// It names a folder: the mailbox is what stands before the colon.
    pub is_folder: bool,
}

/// An exported cmdlet that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The name as it stands in the text, shortened to 100 characters.
    pub name: String,
    /// Byte offset in the text.
    pub offset: usize,
    /// One sentence.
    pub reason: String,
}

/// The module text is not a catalogue at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// No `Export-ModuleMember -Function` list.
    #[error("the module text exports no functions: it has no Export-ModuleMember list")]
    NoExports,
    /// A list of more commands than any service has.
    #[error("the module text exports more than {limit} functions")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// Longer than [`Catalog::MAX_LEN`].
    #[error("the module text has {len} bytes, at most {limit} are read")]
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        limit: usize,
    },
}

impl Catalog {
    /// The longest text that is read, in bytes; the service sends about 2 MB.
    pub const MAX_LEN: usize = 64 << 20;

    /// Reads the declarations out of the text of an `EXOModuleFile`. Nothing of it is executed.
    ///
    /// A cmdlet whose declaration cannot be understood is left out and listed in [`Catalog::refused`]: one strange
    /// cmdlet must not cost the user all others.
    ///
    /// # Errors
    /// The text is too long, or exports nothing.
    pub fn read(text: &str) -> Result<Self, CatalogError> {
        if text.len() > Self::MAX_LEN {
            return Err(CatalogError::TooLong { len: text.len(), limit: Self::MAX_LEN });
        }
        ModuleFile::new(text).read()
    }

    /// Keeps the cmdlets whose names match one of `names` (`*` and `?` stand for any characters and any one); all when
    /// there are none.
    pub fn retain(&mut self, names: &[String]) {
        if !names.is_empty() {
            self.cmdlets.retain(|cmdlet| names.iter().any(|name| matches_name(name, &cmdlet.name)));
        }
    }

    /// The cmdlet with this name, in any case.
    #[must_use]
    pub fn cmdlet(&self, name: &str) -> Option<&Cmdlet> {
        self.cmdlets.iter().find(|cmdlet| cmdlet.name.eq_ignore_ascii_case(name))
    }
}

impl Cmdlet {
    /// The parameter with this name or alias, in any case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        let is_it = |own: &str| own.eq_ignore_ascii_case(name);
        self.parameters.iter().find(|parameter| parameter.names().any(is_it))
    }
}

fn validation_as_text<S: serde::Serializer>(rules: &[Validation], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(rules.iter().map(ToString::to_string))
}
