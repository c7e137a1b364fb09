use super::{Filter, wildcard};
use crate::data::record::Record;
use crate::data::value::Value;

#[test]
fn filters_choose_by_property() {
    let record = Record {
        types: &[],
        text: String::new(),
        properties: vec![
            ("Alias", Value::text("olivia")),
            ("DisplayName", Value::text("Olivia O'Brien")),
            ("HiddenFromAddressListsEnabled", Value::Bool(false)),
            ("RecipientLimits", Value::Int(500)),
        ],
    };
    for (filter, expected) in [
        ("Alias -eq 'OLIVIA'", Some(true)),
        ("alias -ne 'olivia'", Some(false)),
        ("DisplayName -like 'oliv*'", Some(true)),
        ("DisplayName -eq 'Olivia O''Brien'", Some(true)),
        ("DisplayName -eq \"Olivia O'Brien\"", Some(true)),
        ("HiddenFromAddressListsEnabled -eq $false", Some(true)),
        ("RecipientLimits -gt 60", Some(true)),
        ("(Alias -eq 'x' -or Alias -like '*via') -and -not (RecipientLimits -lt 9)", Some(true)),
        ("Alias -notlike 'o*'", Some(false)),
        ("Unknown -eq 'x'", Some(false)),
        ("Alias", None),
        ("Alias -eq", None),
        ("Alias -eq 'x", None),
        ("(Alias -eq 'x'", None),
        ("Alias -matches 'x'", None),
        ("Alias -eq 'x' 'y'", None),
        ("", None),
    ] {
        assert_eq!(Filter::parse(filter).ok().map(|filter| filter.matches(&record)), expected, "{filter}");
    }
    assert!(Filter::parse(&"(".repeat(100_000)).is_err());
}

#[test]
fn wildcards_fit_whole_texts() {
    for (pattern, text, expected) in [
        ("*", "", true),
        ("get-*mailbox", "Get-Mailbox", true),
        ("get-*mailbox", "Get-MailboxStatistics", false),
        ("g?t*", "get-user", true),
        ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false),
        ("", "x", false),
    ] {
        assert_eq!(wildcard(pattern, text), expected, "{pattern} {text}");
    }
}
