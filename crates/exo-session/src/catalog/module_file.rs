//! Reads the text of `EXOModuleFile`.
//!
//! The text has one block a cmdlet: `function script:Verb-Noun`, `{`, one `[CmdletBinding(…)]`, `param(…)`, code.
//! Functions begin at the start of a line, and so a declaration that cannot be read never hides the next one.

use std::collections::{HashMap, HashSet};

use super::lexer::{Lexer, Token};
use super::types::full_name;
use super::{
    ALL_SETS, Catalog, CatalogError, Cmdlet, ConfirmImpact, Parameter, ParameterSet, Refusal, Routing,
    TypeRule, Validation,
};

/// The text, and what stands out in it.
pub(super) struct ModuleFile<'t> {
    text: &'t str,
}

/// By name in lower case: the name as exported, and where the function stands ([`NOT_DECLARED`] until it is met).
type Exports<'t> = HashMap<String, (&'t str, usize)>;

impl<'t> ModuleFile<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text }
    }

    pub(super) fn read(&self) -> Result<Catalog, CatalogError> {
        let mut exports = self.exports()?;
        let mut cmdlets = Vec::with_capacity(exports.len());
        let mut refused = Vec::new();
        for (offset, block) in self.functions() {
            let Some(name) = function_name(block) else { continue };
            let Some((_, declared)) = exports.get_mut(&name.to_ascii_lowercase()) else { continue };
            let outcome = if *declared == NOT_DECLARED {
                cmdlet(name, block)
            } else {
                Err("it is declared twice".into())
            };
            *declared = offset;
            match outcome {
                Ok(cmdlet) => cmdlets.push(cmdlet),
                Err(reason) => refused.push(Refusal { name: shortened(name), offset, reason }),
            }
        }
        let missing = exports.into_values().filter(|&(_, declared)| declared == NOT_DECLARED);
        refused.extend(missing.map(|(name, _)| Refusal {
            name: shortened(name),
            offset: self.text.len(),
            reason: "it is exported but declared nowhere".to_owned(),
        }));
        refused.sort_by(|a, b| (a.offset, &a.name).cmp(&(b.offset, &b.name)));
        Ok(Catalog { cmdlets, public_key: self.public_key(), refused })
    }

    /// The names in `Export-ModuleMember -Function @(…)`, in lower case.
    fn exports(&self) -> Result<Exports<'t>, CatalogError> {
        let mut exports = Exports::new();
        self.statements("Export-ModuleMember", |lexer| {
            if !matches!(lexer.next(), Some(Token::Word(word)) if word.eq_ignore_ascii_case("-Function")) {
                return None;
            }
            lexer.take_mark(b'@');
            lexer.take_mark(b'(');
            while let Some(Token::Text(name) | Token::Word(name)) = lexer.next() {
                exports.insert(name.to_ascii_lowercase(), (name, NOT_DECLARED));
                if MAX_EXPORTS < exports.len() {
                    return Some(());
                }
                if !lexer.take_mark(b',') {
                    break;
                }
            }
            None
        });
        match exports.len() {
            0 => Err(CatalogError::NoExports),
            len if MAX_EXPORTS < len => Err(CatalogError::TooMany { limit: MAX_EXPORTS }),
            _ => Ok(exports),
        }
    }

    /// Reads behind each `word` that begins a line, until there is something. No part of the text is read twice, so that
    /// comments without an end cost no more than others.
    fn statements<T>(&self, word: &'t str, mut read: impl FnMut(&mut Lexer<'t>) -> Option<T>) -> Option<T> {
        let mut behind = 0;
        line_starts(self.text, word).find_map(|start| {
            if start < behind {
                return None;
            }
            let mut lexer = Lexer::new(self.text, start);
            lexer.next();
            let found = read(&mut lexer);
            behind = lexer.offset();
            found
        })
    }

    /// Each function with its offset: from the word after `function` to the next function.
    fn functions(&self) -> impl Iterator<Item = (usize, &'t str)> {
        let mut starts = line_starts(self.text, "function ").peekable();
        std::iter::from_fn(move || {
            let start = starts.next()?;
            let end = starts.peek().copied().unwrap_or(self.text.len());
            Some((start, self.text.get(start + "function ".len()..end)?))
        })
    }

    fn public_key(&self) -> Option<String> {
        self.statements("$PublicKey", |lexer| match (lexer.next()?, lexer.next()?) {
            (Token::Mark(b'='), Token::Text(key)) if !key.is_empty() => Some(key.to_owned()),
            _ => None,
        })
    }
}

/// Twenty times what the service exports.
const MAX_EXPORTS: usize = 16_000;

/// Stands for "exported, not met yet" where an offset would be.
const NOT_DECLARED: usize = usize::MAX;

/// The offsets at which `word` begins a line.
fn line_starts<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(|&at| at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n'))
}

/// `Verb-Noun` of `script:Verb-Noun`.
fn function_name(block: &str) -> Option<&str> {
    let Some(Token::Word(word)) = Lexer::new(block, 0).next() else { return None };
    Some(word.rsplit_once(':').map_or(word, |(_, name)| name))
}

fn shortened(name: &str) -> String {
    name.chars().take(100).collect()
}

/// Reads one block: the declaration by its grammar, the code only for two facts.
fn cmdlet(name: &str, block: &str) -> Result<Cmdlet, String> {
    if !is_command_name(name) {
        return Err("its name is not a verb and a noun of letters and digits".into());
    }
    let mut lexer = Lexer::new(block, 0);
    lexer.next();
    expect(&mut lexer, b'{')?;
    let mut cmdlet = Cmdlet {
        name: name.to_owned(),
        default_parameter_set: None,
        supports_should_process: false,
        confirm_impact: ConfirmImpact::default(),
        parameters: Vec::new(),
        supports_batching: false,
        type_rules: Vec::new(),
        routing: None,
    };
    loop {
        match lexer.next() {
            Some(Token::Mark(b'[')) => binding(&attribute(&mut lexer)?, &mut cmdlet)?,
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("param") => break,
            _ => return Err(unreadable(&lexer, "attributes or `param`")),
        }
    }
    expect(&mut lexer, b'(')?;
    parameters(&mut lexer, &mut cmdlet.parameters)?;
    let code = block.get(lexer.offset()..).unwrap_or_default();
    cmdlet.supports_batching = code.contains("-EnableBatchingStatus:$true");
    cmdlet.type_rules = type_rules(code);
    cmdlet.routing = routing(code);
    Ok(cmdlet)
}

/// `Name(key=value, word, 'text', …)` or a bare type name, read up to the closing bracket.
struct Attribute<'t> {
    name: String,
    arguments: Option<Vec<(Option<&'t str>, Token<'t>)>>,
}

fn attribute<'t>(lexer: &mut Lexer<'t>) -> Result<Attribute<'t>, String> {
    let Some(Token::Word(name)) = lexer.next() else {
        return Err(unreadable(lexer, "an attribute or a type"));
    };
    let mut attribute = Attribute { name: name.to_owned(), arguments: None };
    if lexer.take_mark(b'(') {
        attribute.arguments = Some(arguments(lexer)?);
    } else if lexer.take_mark(b'[') {
        // A type: `string[]`, `List[string]`, `Dictionary[string,string]`.
        attribute.name.push('[');
        while !lexer.take_mark(b']') {
            match lexer.next() {
                Some(Token::Word(argument)) => attribute.name.push_str(argument),
                Some(Token::Mark(b',')) => attribute.name.push(','),
                _ => return Err(unreadable(lexer, "a type")),
            }
        }
        attribute.name.push(']');
    }
    expect(lexer, b']')?;
    Ok(attribute)
}

fn arguments<'t>(lexer: &mut Lexer<'t>) -> Result<Vec<(Option<&'t str>, Token<'t>)>, String> {
    let mut arguments = Vec::new();
    while !lexer.take_mark(b')') {
        let value = lexer.next().ok_or_else(|| unreadable(lexer, "an argument"))?;
        match value {
            Token::Word(key) if lexer.take_mark(b'=') => {
                let value = lexer.next().ok_or_else(|| unreadable(lexer, "a value"))?;
                arguments.push((Some(key), value));
            }
            Token::Mark(_) => return Err(unreadable(lexer, "an argument")),
            value => arguments.push((None, value)),
        }
        if MAX_ARGUMENTS < arguments.len() {
            return Err(format!("an attribute has more than {MAX_ARGUMENTS} arguments"));
        }
        if !lexer.take_mark(b',') {
            expect(lexer, b')')?;
            break;
        }
    }
    Ok(arguments)
}

/// `[CmdletBinding(…)]`; other attributes of a function say nothing about parameters.
fn binding(attribute: &Attribute<'_>, cmdlet: &mut Cmdlet) -> Result<(), String> {
    if !attribute.name.eq_ignore_ascii_case("CmdletBinding") {
        return Ok(());
    }
    for (key, value) in attribute.arguments.as_deref().unwrap_or_default() {
        match key_of(*key, *value) {
            "defaultparametersetname" => cmdlet.default_parameter_set = Some(text(*value)?),
            "supportsshouldprocess" => cmdlet.supports_should_process = flag(*key, *value)?,
            "confirmimpact" => {
                cmdlet.confirm_impact = match text(*value)?.to_ascii_lowercase().as_str() {
                    "none" => ConfirmImpact::None,
                    "low" => ConfirmImpact::Low,
                    "medium" => ConfirmImpact::Medium,
                    "high" => ConfirmImpact::High,
                    _ => return Err("its ConfirmImpact is none that PowerShell has".into()),
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn parameters(lexer: &mut Lexer<'_>, parameters: &mut Vec<Parameter>) -> Result<(), String> {
    if lexer.take_mark(b')') {
        return Ok(());
    }
    let mut explicit = false;
    let mut taken = HashSet::new();
    loop {
        let parameter = parameter(lexer, &mut explicit)?;
        for name in parameter.names() {
            if !taken.insert(name.to_ascii_lowercase()) {
                return Err(format!("it has the parameter {} twice", shortened(name)));
            }
        }
        if parameters.len() == MAX_PARAMETERS {
            return Err(format!("it has more than {MAX_PARAMETERS} parameters"));
        }
        parameters.push(parameter);
        if lexer.take_mark(b')') {
            break;
        }
        expect(lexer, b',')?;
    }
    if !explicit {
        // about_Functions_CmdletBindingAttribute: positions follow the declaration unless one is given anywhere.
        let by_position = parameters.iter_mut().filter(|parameter| parameter.type_name != SWITCH);
        for (position, parameter) in (0..).zip(by_position) {
            for set in &mut parameter.sets {
                set.position = Some(position);
            }
        }
    }
    Ok(())
}

/// The service's largest cmdlet has fewer than 300.
const MAX_PARAMETERS: usize = 2_000;

/// The longest list of values that a parameter is held to has a few hundred.
const MAX_ARGUMENTS: usize = 2_000;

/// Far more than any parameter has.
const MAX_ALIASES: usize = 20;

const SWITCH: &str = "System.Management.Automation.SwitchParameter";

/// Attributes, an optional type, `${Name}`. `explicit` is set when a position or a parameter set is given.
fn parameter(lexer: &mut Lexer<'_>, explicit: &mut bool) -> Result<Parameter, String> {
    let mut parameter = Parameter {
        name: String::new(),
        type_name: "System.Object".to_owned(),
        aliases: Vec::new(),
        sets: Vec::new(),
        validation: Vec::new(),
    };
    loop {
        match lexer.next() {
            Some(Token::Mark(b'[')) => {
                let attribute = attribute(lexer)?;
                match &attribute.arguments {
                    None => {
                        let name = full_name(&attribute.name);
                        parameter.type_name = name.ok_or_else(|| unreadable(lexer, "a type name"))?;
                    }
                    Some(arguments) => apply(&attribute.name, arguments, &mut parameter, explicit)?,
                }
            }
            Some(Token::Variable(name)) => {
                name.clone_into(&mut parameter.name);
                break;
            }
            _ => return Err(unreadable(lexer, "a parameter")),
        }
    }
    if MAX_ALIASES < parameter.aliases.len() {
        return Err(format!("a parameter has more than {MAX_ALIASES} aliases"));
    }
    for name in parameter.names() {
        if !is_parameter_name(name) {
            return Err("it has a parameter whose name is not made of letters, digits and `_`".into());
        }
        if COMMON.iter().any(|common| common.eq_ignore_ascii_case(name)) {
            return Err(format!("its parameter {name} is one that every cmdlet has already"));
        }
    }
    if parameter.sets.is_empty() {
        parameter.sets.push(ParameterSet::of(ALL_SETS));
    }
    Ok(parameter)
}

/// One attribute with arguments, on a parameter. Unknown ones have no meaning for binding.
fn apply(
    name: &str,
    arguments: &[(Option<&str>, Token<'_>)],
    parameter: &mut Parameter,
    explicit: &mut bool,
) -> Result<(), String> {
    let texts = || arguments.iter().map(|&(_, value)| text(value)).collect::<Result<Vec<_>, _>>();
    let rule = match name.to_ascii_lowercase().as_str() {
        "parameter" => {
            let mut set = ParameterSet::of(ALL_SETS);
            for &(key, value) in arguments {
                match key_of(key, value) {
                    "parametersetname" => (set.name, *explicit) = (text(value)?, true),
                    "mandatory" => set.mandatory = flag(key, value)?,
                    "position" => {
                        let position =
                            i32::try_from(number(value)?).map_err(|_| "a position is too large")?;
                        (set.position, *explicit) = (Some(position), true);
                    }
                    "valuefrompipeline" => set.pipeline = flag(key, value)?,
                    "valuefrompipelinebypropertyname" => set.pipeline_by_property_name = flag(key, value)?,
                    _ => {}
                }
            }
            parameter.sets.push(set);
            return Ok(());
        }
        "alias" => {
            parameter.aliases.extend(texts()?);
            return Ok(());
        }
        "allowemptycollection" => Validation::AllowEmptyCollection,
        "allowemptystring" => Validation::AllowEmptyString,
        "allownull" => Validation::AllowNull,
        "validatenotnull" => Validation::NotNull,
        "validatenotnullorempty" => Validation::NotNullOrEmpty,
        "validateset" => Validation::Set(texts()?),
        "validatecount" | "validatelength" | "validaterange" => {
            let &[(_, least), (_, most)] = arguments else {
                return Err(format!("{name} wants two numbers"));
            };
            let (least, most) = (number(least)?, number(most)?);
            match name.as_bytes().get(8) {
                Some(b'C' | b'c') => Validation::Count(least, most),
                Some(b'L' | b'l') => Validation::Length(least, most),
                _ => Validation::Range(least, most),
            }
        }
        _ => return Ok(()),
    };
    parameter.validation.push(rule);
    Ok(())
}

impl ParameterSet {
    fn of(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            mandatory: false,
            position: None,
            pipeline: false,
            pipeline_by_property_name: false,
        }
    }
}

/// The lines of code that move a piped object to a parameter by its type.
fn type_rules(code: &str) -> Vec<TypeRule> {
    let mut rules = Vec::new();
    // Five cmdlets of eight hundred have any, and looking at each line is what costs.
    if memchr::memmem::find(code.as_bytes(), TYPE_TEST.as_bytes()).is_none() {
        return rules;
    }
    for line in code.lines().filter(|line| line.contains(TYPE_TEST)) {
        let types = line.split(TYPE_TEST).skip(1).filter_map(|rest| rest.split('\'').next());
        let Some((_, target)) = line.rsplit_once("-ne '") else { continue };
        let parameter = target.split('\'').next().unwrap_or_default();
        if is_parameter_name(parameter) {
            let types = types.map(ToOwned::to_owned).collect();
            rules.push(TypeRule { types, parameter: parameter.to_owned() });
        }
    }
    rules
}

/// The parameter that the code hands over as the one to route by.
fn routing(code: &str) -> Option<Routing> {
    let (_, rest) = code.split_once(ROUTING_VALUE)?;
    let len = rest.bytes().take_while(|&byte| byte.is_ascii_alphanumeric() || byte == b'_').count();
    let parameter = rest.get(..len).filter(|name| is_parameter_name(name))?;
    let (_, by) = code.split_once(ROUTING_BY)?;
    let by = by.split_ascii_whitespace().next().unwrap_or_default();
    Some(Routing { parameter: parameter.to_owned(), is_folder: by.to_ascii_lowercase().contains("folder") })
}

const ROUTING_VALUE: &str = "-ParameterBasedRoutingHintParameterValue $";
const ROUTING_BY: &str = "-ParameterBasedRoutingHintDelegate ";
const TYPE_TEST: &str = "ObjectBoundParameterValueType.EndsWith('";

/// The key of an argument in lower case; a bare word such as `Mandatory` is its own key.
fn key_of(key: Option<&str>, value: Token<'_>) -> &'static str {
    let key = match (key, value) {
        (Some(key), _) | (None, Token::Word(key)) => key,
        _ => "",
    };
    KEYS.iter().find(|known| known.eq_ignore_ascii_case(key)).copied().unwrap_or_default()
}

const KEYS: &[&str] = &[
    "confirmimpact",
    "defaultparametersetname",
    "mandatory",
    "parametersetname",
    "position",
    "supportsshouldprocess",
    "valuefrompipeline",
    "valuefrompipelinebypropertyname",
];

fn flag(key: Option<&str>, value: Token<'_>) -> Result<bool, String> {
    match value {
        Token::Word(_) if key.is_none() => Ok(true),
        Token::Variable(name) if name.eq_ignore_ascii_case("true") => Ok(true),
        Token::Variable(name) if name.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err("an attribute has a value that is neither $true nor $false".into()),
    }
}

fn text(value: Token<'_>) -> Result<String, String> {
    match value {
        Token::Text(text) => Ok(text.replace("''", "'")),
        Token::Word(word) => Ok(word.to_owned()),
        _ => Err("an attribute has a value that is no text".into()),
    }
}

fn number(value: Token<'_>) -> Result<i64, String> {
    let (Token::Word(digits) | Token::Text(digits)) = value else { return Err("a number is missing".into()) };
    digits.parse().map_err(|_| "a number is out of range".into())
}

fn expect(lexer: &mut Lexer<'_>, mark: u8) -> Result<(), String> {
    if lexer.take_mark(mark) { Ok(()) } else { Err(unreadable(lexer, &format!("`{}`", char::from(mark)))) }
}

fn unreadable(lexer: &Lexer<'_>, wanted: &str) -> String {
    format!("its declaration has no {wanted} at byte {} of the function", lexer.offset())
}

/// What implicit remoting takes for a safe command name: at most 100 letters, digits and `- . _`, with a verb.
fn is_command_name(name: &str) -> bool {
    name.len() <= 100
        && name.split_once('-').is_some_and(|(verb, noun)| !verb.is_empty() && !noun.is_empty())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

fn is_parameter_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The common parameters (about_CommonParameters), which PowerShell adds itself.
const COMMON: &[&str] = &[
    "Debug",
    "ErrorAction",
    "ErrorVariable",
    "InformationAction",
    "InformationVariable",
    "OutBuffer",
    "OutVariable",
    "PipelineVariable",
    "ProgressAction",
    "Verbose",
    "WarningAction",
    "WarningVariable",
];
