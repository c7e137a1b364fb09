//! `EXOModuleFile`: the cmdlets that the caller may use, as the text of a PowerShell module.

use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering;

use axum::extract::Request as HttpRequest;
use bytes::Bytes;
use serde_json::json;

use crate::Service;
use crate::adminapi::answer::Answer;
use crate::adminapi::catalog::{self, Declared, Entry, Rule, Set, Shape};
use crate::adminapi::gate::Caller;
use crate::adminapi::invoke::header_text;
use crate::data::filter::wildcard;

/// The module text for the caller's roles and for the cmdlets that the `CommandName` header asks for.
pub(super) fn answer(service: &Service, request: &HttpRequest, caller: &Caller) -> Answer {
    let query = request.uri().query().unwrap_or_default();
    let has_version = query.split('&').any(|pair| {
        pair.split_once('=')
            .is_some_and(|(name, value)| name.eq_ignore_ascii_case("version") && !value.is_empty())
    });
    if !has_version {
        return Answer::bad_request("The query option 'Version' is missing.");
    }
    let Some(key) = service.adminapi.key() else {
        return Answer::refusal(
            500,
            "InternalServerError",
            "The key for password parameters could not be made.",
        );
    };
    let wanted = header_text(request.headers(), "commandname").unwrap_or_else(|| "*".to_owned());
    let patterns: Vec<&str> = wanted.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let mut offered: Vec<(String, &Entry)> = catalog::all()
        .iter()
        .filter(|entry| entry.is_offered(caller.role, caller.host))
        .map(|entry| (entry.name.to_owned(), entry))
        .collect();
    for name in service.recordings.cmdlets() {
        if catalog::named(&name).is_none()
            && let Some(entry) = catalog::recorded()
            && entry.is_offered(caller.role, caller.host)
        {
            offered.push((name, entry));
        }
    }
    fill_up(&mut offered, service.cmdlets);
    offered.retain(|(name, _)| patterns.iter().any(|pattern| wildcard(pattern, name)));
    let header = |name: &str| header_text(request.headers(), name);
    let context =
        header("x-initializeconnectioncontextobjectiddynamic").and_then(|_| header("connection-id"));
    let names: Vec<&str> = offered.iter().map(|(name, _)| name.as_str()).collect();
    // The id of the connection, which is in the text too, does not count: it is another one each time.
    let tag = tag(&names, key.public());
    if header("if-none-match").is_some_and(|known| known.split(',').any(|known| known.trim() == tag)) {
        return Answer { status: 304, headers: Vec::new(), body: Bytes::new() }.with_header("ETag", tag);
    }
    service.adminapi.module_downloads.fetch_add(1, Ordering::Relaxed);
    let text = text(&offered, key.public(), &context.unwrap_or_default());
    let body = json!({
        "@odata.context": format!("{}/$metadata#EXOModuleFile", caller.base),
        "value": [{
            "fileName": "ExchangeOnline.psm1",
            "fileContent": text.unwrap_or_default(),
            "exportedCmdlets": names.join(","),
        }],
    });
    Answer::ok(body.to_string().into_bytes()).with_header("ETag", tag)
}

/// A module text of the service's size, with at least so many cmdlets; for benchmarks.
pub fn module_text(cmdlets: usize) -> String {
    let mut offered: Vec<(String, &Entry)> =
        catalog::all().iter().map(|entry| (entry.name.to_owned(), entry)).collect();
    fill_up(&mut offered, cmdlets);
    text(&offered, "<RSAKeyValue />", "").unwrap_or_default()
}

/// Makes up cmdlets with the parameters of those there are.
fn fill_up(offered: &mut Vec<(String, &Entry)>, count: usize) {
    let own = offered.len();
    for number in own..count {
        let Some((name, entry)) = number.checked_rem(own).and_then(|place| offered.get(place)) else {
            return;
        };
        let made_up = (format!("{name}Part{number}"), *entry);
        offered.push(made_up);
    }
}

/// What two texts share when they say the same.
fn tag(names: &[&str], public_key: &str) -> String {
    let mut hash = DefaultHasher::new();
    (names, public_key).hash(&mut hash);
    format!("\"{:016x}\"", hash.finish())
}

fn text(entries: &[(String, &Entry)], public_key: &str, context: &str) -> Result<String, fmt::Error> {
    let mut out = String::from(include_str!("module_file/support.ps1"));
    for (name, entry) in entries {
        write_cmdlet(name, entry, &mut out)?;
    }
    let mut helps: Vec<&str> = entries.iter().map(|(_, entry)| entry.help).collect();
    helps.sort_unstable();
    helps.dedup();
    writeln!(out, "$HelpFileNames = @({})", quoted(&helps, '\''))?;
    writeln!(out, "$PublicKey = '{public_key}'")?;
    let context: String = context.chars().filter(|c| c.is_ascii_hexdigit() || *c == '-').take(36).collect();
    writeln!(out, "$ConnectionContextObjectId = '{context}'")?;
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    writeln!(out, "Export-ModuleMember -Function @({})", quoted(&names, '"'))?;
    Ok(out)
}

fn quoted(texts: &[&str], quote: char) -> String {
    texts.iter().map(|text| format!("{quote}{text}{quote}")).collect::<Vec<_>>().join(", ")
}

fn write_cmdlet(name: &str, entry: &Entry, out: &mut String) -> fmt::Result {
    let mut binding = Vec::new();
    if let Some(set) = entry.default_set {
        binding.push(format!("DefaultParameterSetName='{set}'"));
    }
    if let Some(impact) = entry.impact {
        binding.push(format!("SupportsShouldProcess=$true, ConfirmImpact='{impact}'"));
    }
    writeln!(out, "# .ExternalHelp {}", entry.help)?;
    writeln!(out, "function script:{name}\n{{")?;
    writeln!(out, "    [CmdletBinding({})]\n    param(\n", binding.join(", "))?;
    for (index, declared) in entry.declared.iter().enumerate() {
        if 0 < index {
            out.push_str(",\n\n");
        }
        write_parameter(declared, out)?;
    }
    out.push_str("\n    )\n\n    Begin\n    {\n");
    let batching = if entry.supports_batching() { " -EnableBatchingStatus:$true" } else { "" };
    writeln!(
        out,
        "        $call = Open-ServiceCall -CmdletName '{name}' -Bound $PSBoundParameters{batching}\n    }}\n"
    )?;
    out.push_str("    Process\n    {\n");
    write_type_rules(entry, out)?;
    out.push_str("        Add-ServiceCall -Call $call -Bound $PSBoundParameters\n    }\n\n");
    out.push_str("    End\n    {\n        Close-ServiceCall -Call $call\n    }\n}\n\n");
    Ok(())
}

fn write_parameter(declared: &Declared, out: &mut String) -> fmt::Result {
    for set in &declared.sets {
        writeln!(out, "    [Parameter({})]", set_arguments(set))?;
    }
    if let Some(alias) = declared.alias {
        writeln!(out, "    [Alias('{alias}')]")?;
    }
    for rule in &declared.rules {
        match rule {
            Rule::NotEmpty => out.push_str("    [ValidateNotNullOrEmpty()]\n"),
            Rule::AllowNull => out.push_str("    [AllowNull()]\n"),
            Rule::Two(name, least, most) => writeln!(out, "    [{name}({least}, {most})]")?,
        }
    }
    if let Some(name) = declared.shape.type_name() {
        writeln!(out, "    [{name}]")?;
    }
    write!(out, "    ${{{}}}", declared.name)
}

fn set_arguments(set: &Set) -> String {
    let mut arguments = Vec::new();
    if let Some(name) = set.name {
        arguments.push(format!("ParameterSetName='{name}'"));
    }
    if let Some(position) = set.position {
        arguments.push(format!("Position={position}"));
    }
    if set.is_mandatory {
        // Both spellings occur.
        arguments.push(if set.name.is_some() { "Mandatory=$true" } else { "Mandatory" }.to_owned());
    }
    if set.takes_property {
        arguments.push("ValueFromPipelineByPropertyName=$true".to_owned());
    }
    if set.takes_object {
        arguments.push("ValueFromPipeline=$true".to_owned());
    }
    arguments.join(", ")
}

/// Code that moves a piped object to the parameter of its type.
fn write_type_rules(entry: &Entry, out: &mut String) -> fmt::Result {
    if entry.type_rules.is_empty() {
        return Ok(());
    }
    out.push_str(
        "        $pipelineObjectBoundParameterKey, $pipelineObjectBoundParameterValueType = \
         Find-PipelineBinding -Bound $PSBoundParameters -InputValue $_\n",
    );
    for rule in &entry.type_rules {
        let tests: Vec<String> = rule
            .types
            .iter()
            .map(|name| format!("$pipelineObjectBoundParameterValueType.EndsWith('{name}')"))
            .collect();
        writeln!(
            out,
            "        if (({}) -and $pipelineObjectBoundParameterKey -ne '{parameter}')\n        {{\n            \
             $PSBoundParameters['{parameter}'] = $_\n            \
             $null = $PSBoundParameters.Remove($pipelineObjectBoundParameterKey)\n        }}",
            tests.join(" -or "),
            parameter = rule.parameter,
        )?;
    }
    Ok(())
}

impl Shape {
    /// The type as PowerShell spells it; `None` for an undeclared one.
    fn type_name(self) -> Option<&'static str> {
        Some(match self {
            Self::Any => return None,
            Self::Text => "string",
            Self::Switch => "switch",
            Self::Bool => "bool",
            Self::List => "System.Object[]",
            Self::Texts => "string[]",
            Self::Bytes => "byte[]",
            Self::Secret => "System.Security.SecureString",
            Self::Credential => "System.Management.Automation.PSCredential",
        })
    }
}
