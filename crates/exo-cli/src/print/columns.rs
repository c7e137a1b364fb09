//! Which members of an object a table shows.

use psrp::clixml::{Kind, Value};

/// The members to show when the user named none: all of a small object, else the ones that tell objects apart.
pub(crate) fn choose(value: Value<'_>) -> Vec<String> {
    let all = names(value);
    if all.len() <= MOST {
        return all;
    }
    let find = |wanted: &&&str| all.iter().find(|name| name.eq_ignore_ascii_case(wanted));
    let mut chosen: Vec<String> =
        TELLING.iter().filter_map(|wanted| find(&wanted)).take(MOST).cloned().collect();
    for member in value.props().chain(value.members()) {
        let name = member.name().unwrap_or_default().to_string();
        if MOST <= chosen.len() {
            break;
        }
        if is_short(member) && !chosen.contains(&name) {
            chosen.push(name);
        }
    }
    chosen
}

/// The names of all visible members, adapted ones first, each once.
pub(crate) fn names(value: Value<'_>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for member in value.props().chain(value.members()) {
        let name = member.name().unwrap_or_default().to_string();
        let set = member.kind() == Kind::Members;
        if !set && seen.insert(name.to_ascii_lowercase()) {
            out.push(name);
        }
    }
    out
}

/// Whether a member is fit for a narrow column: a primitive with something in it.
fn is_short(member: Value<'_>) -> bool {
    member.kind().is_primitive() && !matches!(member.kind(), Kind::Nil | Kind::Bytes | Kind::Progress)
}

const MOST: usize = 5;

/// In the order in which they tell most.
static TELLING: [&str; 16] = [
    "Name",
    "DisplayName",
    "DomainName",
    "DomainType",
    "Default",
    "UserPrincipalName",
    "PrimarySmtpAddress",
    "RecipientTypeDetails",
    "State",
    "Status",
    "Mode",
    "Priority",
    "Enabled",
    "Identity",
    "Id",
    "Version",
];
