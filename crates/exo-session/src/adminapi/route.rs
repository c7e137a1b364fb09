//! Which server a request should reach.

use uuid::Uuid;

use crate::catalog::Routing;

/// The hint that goes with each request unless a parameter gives a better one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutingHint {
    /// The header it goes in.
    pub header: String,
    /// For example `UPN:admin@contoso.onmicrosoft.com`; `None` sends no hint.
    pub value: Option<String>,
}

impl RoutingHint {
    /// The usual header with this value.
    #[must_use]
    pub fn anchor(value: Option<String>) -> Self {
        Self { header: ANCHOR.to_owned(), value }
    }
}

/// The hint for the mailbox that a parameter names; `None` for an alias or a name, which say nothing about a server.
pub(crate) fn mailbox_hint(routing: &Routing, value: &str, tenant: &str) -> Option<String> {
    let mailbox = if routing.is_folder { value.split(':').next().unwrap_or(value) } else { value };
    if mailbox.len() == 36
        && let Ok(guid) = Uuid::try_parse(mailbox)
    {
        return Some(format!("MBX:{guid}@{tenant}"));
    }
    looks_like_address(mailbox).then(|| format!("SMTP:{mailbox}"))
}

/// Something, `@`, something with a point in it; what stands around does not count.
fn looks_like_address(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + 1..).unwrap_or_default();
        let domain = after
            .split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-')))
            .next()
            .unwrap_or_default();
        before.is_some_and(|before| !before.is_whitespace() && before != '@')
            && domain.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && !rest.is_empty())
    })
}

pub(crate) const ANCHOR: &str = "X-AnchorMailbox";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_guids_route_and_names_do_not() {
        let routing = |is_folder| Routing { parameter: "Identity".to_owned(), is_folder };
        for (is_folder, value, expected) in [
            (false, "alice@contoso.com", Some("SMTP:alice@contoso.com")),
            (false, "SMTP:alice@contoso.com", Some("SMTP:SMTP:alice@contoso.com")),
            (
                false,
                "12345678-1234-1234-1234-123456789ABC",
                Some("MBX:12345678-1234-1234-1234-123456789abc@t"),
            ),
            (true, "alice@contoso.com:\\Calendar", Some("SMTP:alice@contoso.com")),
            (
                true,
                "12345678-1234-1234-1234-123456789abc:\\Inbox",
                Some("MBX:12345678-1234-1234-1234-123456789abc@t"),
            ),
            (false, "alice", None),
            (false, "@contoso.com", None),
            (false, "alice@", None),
            (false, "", None),
        ] {
            assert_eq!(mailbox_hint(&routing(is_folder), value, "t").as_deref(), expected, "{value}");
        }
    }
}
