//! Other objects about a recipient: its account, its place in the address book, its statistics.

use crate::data::random::Random;
use crate::data::recipient::Recipient;
use crate::data::record::Record;
use crate::data::value::Value;

/// What Get-User shows.
pub(crate) fn user(recipient: &Recipient) -> Record {
    let mut random = Random::new(recipient.seed ^ 0x75e2);
    let mut properties = vec![
        ("IsSecurityPrincipal", Value::Bool(true)),
        (
            "SamAccountName",
            Value::Text(format!("${:06X}-{:012X}", random.below(1 << 24), random.below(1 << 48))),
        ),
        ("UserPrincipalName", Value::text(&recipient.user_principal_name)),
        ("FirstName", Value::text(&recipient.first_name)),
        ("LastName", Value::text(&recipient.last_name)),
        ("Initials", Value::text("")),
        ("Company", Value::text("Contoso")),
        ("Department", Value::text(random.pick(crate::data::recipient::TEAMS))),
        ("City", Value::text(random.pick(crate::data::recipient::CITIES))),
        ("CountryOrRegion", Value::Nil),
        ("Manager", Value::Nil),
        ("Phone", Value::Text(format!("+47 555 {:05}", random.below(100_000)))),
        ("RemotePowerShellEnabled", Value::Bool(true)),
        ("AccountDisabled", Value::Bool(false)),
    ];
    for name in [
        "DisplayName",
        "Name",
        "Identity",
        "Guid",
        "ExternalDirectoryObjectId",
        "WindowsEmailAddress",
        "RecipientType",
        "RecipientTypeDetails",
        "DistinguishedName",
        "OrganizationId",
        "WhenChanged",
        "WhenCreated",
        "IsValid",
    ] {
        properties.push((name, recipient.common_property(name).unwrap_or(Value::Nil)));
    }
    let mut record = Record { types: USER, text: recipient.display_name.clone(), properties };
    overlay(&mut record, recipient);
    record
}

/// What Get-Recipient shows.
pub(crate) fn recipient(recipient: &Recipient) -> Record {
    let mut properties = Vec::new();
    for name in [
        "Identity",
        "Alias",
        "ArchiveGuid",
        "CustomAttribute1",
        "DisplayName",
        "EmailAddresses",
        "EmailAddressPolicyEnabled",
        "ExternalDirectoryObjectId",
        "HiddenFromAddressListsEnabled",
        "OrganizationalUnit",
        "PrimarySmtpAddress",
        "RecipientType",
        "RecipientTypeDetails",
        "WhenChanged",
        "WhenCreated",
        "Name",
        "DistinguishedName",
        "ExchangeVersion",
        "Guid",
        "OrganizationId",
        "IsValid",
    ] {
        properties.push((name, recipient.common_property(name).unwrap_or(Value::Nil)));
    }
    let mut record = Record { types: REDUCED_RECIPIENT, text: recipient.display_name.clone(), properties };
    overlay(&mut record, recipient);
    record
}

/// What Get-MailboxStatistics shows.
pub(crate) fn statistics(recipient: &Recipient) -> Record {
    let mut random = Random::new(recipient.seed ^ 0x57a7);
    let items = random.below(60_000);
    let bytes = items.saturating_mul(40_000 + random.below(90_000));
    let deleted = items / 20;
    let count = |count: u64| Value::Int(i32::try_from(count).unwrap_or(i32::MAX));
    let properties = vec![
        ("AssociatedItemCount", count(items / 40)),
        ("DeletedItemCount", count(deleted)),
        ("DisconnectDate", Value::Nil),
        ("DisplayName", Value::text(&recipient.display_name)),
        ("ItemCount", count(items)),
        ("LastLoggedOnUserAccount", Value::Nil),
        ("LastLogonTime", Value::Date(recipient.created() + 300 * crate::data::value::TICKS_PER_DAY)),
        ("LastLogoffTime", Value::Nil),
        ("LegacyDN", recipient.common_property("LegacyExchangeDN").unwrap_or(Value::Nil)),
        ("MailboxGuid", Value::Guid(random.guid())),
        ("MailboxType", Value::enumeration("Microsoft.Exchange.Data.Mapi.StoreMailboxType", "Private", 0)),
        ("ObjectClass", Value::enumeration("Microsoft.Exchange.Data.Mapi.ObjectClass", "Mailbox", 1)),
        ("StorageLimitStatus", Value::Nil),
        ("TotalDeletedItemSize", Value::quota(Some(bytes / 20))),
        ("TotalItemSize", Value::quota(Some(bytes))),
        ("Database", Value::Text(format!("EURPR05DG{:03}-db{:03}", random.below(400), random.below(200)))),
        ("ServerName", Value::Text(format!("AM0PR05MB{:04}", random.below(10_000)))),
        ("IsQuarantined", Value::Bool(false)),
        ("IsArchiveMailbox", Value::Bool(false)),
        ("Identity", Value::Text(recipient.guid.to_string())),
        ("IsValid", Value::Bool(true)),
        ("ObjectState", Value::enumeration("Microsoft.Exchange.Data.ObjectState", "Unchanged", 1)),
    ];
    Record { types: STATISTICS, text: recipient.guid.to_string(), properties }
}

/// Shows what somebody set, where this kind of object has the property.
fn overlay(record: &mut Record, recipient: &Recipient) {
    for (name, value) in &recipient.changes {
        if record.property(name).is_some() {
            record.set(name, value.clone());
        }
    }
}

const USER: &[&str] = &[
    "Microsoft.Exchange.Data.Directory.Management.User",
    "Microsoft.Exchange.Data.Directory.Management.OrgPersonPresentationObject",
    "Microsoft.Exchange.Data.Directory.Management.ADPresentationObject",
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.Directory.ADRawEntry",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
];
const REDUCED_RECIPIENT: &[&str] = &[
    "Microsoft.Exchange.Data.Directory.Management.ReducedRecipient",
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.Directory.ADRawEntry",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
];
const STATISTICS: &[&str] = &[
    "Microsoft.Exchange.Management.MapiTasks.Presentation.MailboxStatistics",
    "Microsoft.Exchange.Data.Mapi.MapiObject",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
];
