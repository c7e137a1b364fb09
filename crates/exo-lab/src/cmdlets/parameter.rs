//! What a cmdlet takes.

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) is_mandatory: bool,
    pub(crate) position: Option<usize>,
}

/// What a parameter's value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Texts,
    Switch,
    Bool,
    Int,
    /// A size such as `10GB`, or `Unlimited`.
    Quota,
    /// A number, or `Unlimited`.
    Limit,
    /// Names an object; the type is the identity class.
    Identity(&'static str),
    /// A SecureString.
    Secret,
    /// Anything.
    Any,
}

impl Parameter {
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, aliases: &[], is_mandatory: false, position: None }
    }

    /// `-Identity`, first by position.
    pub(crate) const fn identity(class: &'static str) -> Self {
        Self::new("Identity", Kind::Identity(class)).at(0)
    }

    pub(crate) const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }

    pub(crate) const fn texts(name: &'static str) -> Self {
        Self::new(name, Kind::Texts)
    }

    pub(crate) const fn switch(name: &'static str) -> Self {
        Self::new(name, Kind::Switch)
    }

    pub(crate) const fn bool(name: &'static str) -> Self {
        Self::new(name, Kind::Bool)
    }

    pub(crate) const fn mandatory(mut self) -> Self {
        self.is_mandatory = true;
        self
    }

    pub(crate) const fn at(mut self, position: usize) -> Self {
        self.position = Some(position);
        self
    }

    pub(crate) const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// The .NET type that Get-Command names.
    pub(crate) fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Text => "System.String",
            Kind::Texts => MULTI_VALUED_TEXT,
            Kind::Switch => "System.Management.Automation.SwitchParameter",
            Kind::Bool => "System.Boolean",
            Kind::Int => "System.Int32",
            Kind::Quota => UNLIMITED_SIZE,
            Kind::Limit => UNLIMITED_INT,
            Kind::Identity(class) => class,
            Kind::Secret => SECURE_STRING,
            Kind::Any => "System.Object",
        }
    }

    /// Whether a person may mean this parameter by `name` in full.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }
}

/// What every cmdlet takes.
pub(crate) const COMMON_PARAMETERS: &[Parameter] = &[
    Parameter::switch("Verbose").alias(&["vb"]),
    Parameter::switch("Debug").alias(&["db"]),
    Parameter::new("ErrorAction", Kind::Any).alias(&["ea"]),
    Parameter::new("WarningAction", Kind::Any).alias(&["wa"]),
    Parameter::new("InformationAction", Kind::Any).alias(&["infa"]),
    Parameter::text("ErrorVariable").alias(&["ev"]),
    Parameter::text("WarningVariable").alias(&["wv"]),
    Parameter::text("InformationVariable").alias(&["iv"]),
    Parameter::text("OutVariable").alias(&["ov"]),
    Parameter::new("OutBuffer", Kind::Int).alias(&["ob"]),
    Parameter::text("PipelineVariable").alias(&["pv"]),
];

/// What every cmdlet takes that changes something.
pub(crate) const SHOULD_PROCESS_PARAMETERS: &[Parameter] =
    &[Parameter::switch("WhatIf").alias(&["wi"]), Parameter::switch("Confirm").alias(&["cf"])];

/// The type of passwords.
pub(crate) const SECURE_STRING: &str = "System.Security.SecureString";
const MULTI_VALUED_TEXT: &str = "Microsoft.Exchange.Data.MultiValuedProperty`1[System.String]";
const UNLIMITED_SIZE: &str =
    "Microsoft.Exchange.Data.Unlimited`1[Microsoft.Exchange.Data.ByteQuantifiedSize]";
const UNLIMITED_INT: &str = "Microsoft.Exchange.Data.Unlimited`1[System.Int32]";
