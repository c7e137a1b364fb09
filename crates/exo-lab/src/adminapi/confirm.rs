//! What a change would do, in words.

use crate::cmdlets::{Bound, Cmdlet};

/// The text that the service asks to be confirmed.
pub(super) fn message(cmdlet: &Cmdlet, bound: &Bound) -> String {
    let target = ["Identity", "Name", "Mailbox"].into_iter().find_map(|name| bound.argument(name)?.text());
    let target = target.unwrap_or_default();
    match cmdlet.name {
        "Remove-Mailbox" => {
            return format!(
                "Removing mailbox Identity:\"{target}\" will remove the user object and mark the mailbox and the archive \
                 (if present) for removal."
            );
        }
        "Disable-Mailbox" => {
            return format!(
                "Disabling mailbox \"{target}\" will remove the Exchange properties from the user object and mark the \
                 mailbox for removal."
            );
        }
        _ => {}
    }
    let (verb, noun) = cmdlet.name.split_once('-').unwrap_or((cmdlet.name, ""));
    let noun = spelled(noun);
    let user = bound.argument("User").and_then(crate::cmdlets::Argument::text);
    let member = bound.argument("Member").and_then(crate::cmdlets::Argument::text);
    let doing = match verb {
        "New" => "Creating",
        "Set" => "Setting",
        "Remove" => "Removing",
        "Enable" => "Enabling",
        "Disable" => "Disabling",
        "Add" => "Adding",
        "Start" => "Starting",
        "Clear" => "Clearing",
        "Import" => "Importing",
        other => other,
    };
    match (user.or(member), target.as_str()) {
        (Some(who), _) => format!("{doing} {noun} for \"{who}\" on \"{target}\"."),
        (None, "") => format!("{doing} {noun}."),
        (None, _) => format!("{doing} {noun} \"{target}\"."),
    }
}

/// `TransportRule` as `transport rule`.
fn spelled(noun: &str) -> String {
    let mut words = String::new();
    let mut was_lower = false;
    let mut letters = noun.chars().peekable();
    while let Some(letter) = letters.next() {
        // A word begins after a small letter, and with the last capital of a row such as CASMailbox.
        let is_next_lower = letters.peek().is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && !words.is_empty() && (was_lower || is_next_lower) {
            words.push(' ');
        }
        was_lower = letter.is_ascii_lowercase();
        words.push(letter.to_ascii_lowercase());
    }
    words
}
