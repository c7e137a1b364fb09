//! What Get-MailUser shows.

use crate::data::recipient::{COMMON, Recipient};
use crate::data::record::Record;
use crate::data::value::Value;

pub(crate) fn record(recipient: &Recipient) -> Record {
    let mut properties = vec![
        ("DeliverToMailboxAndForward", Value::Bool(false)),
        ("ExternalEmailAddress", Value::proxy_address(&format!("SMTP:{}@fabrikam.example", recipient.alias))),
        ("MicrosoftOnlineServicesID", Value::text(&recipient.user_principal_name)),
        ("SKUAssigned", Value::Nil),
        ("UsageLocation", Value::Nil),
        (
            "UseMapiRichTextFormat",
            Value::enumeration(
                "Microsoft.Exchange.Data.Directory.Recipient.UseMapiRichTextFormat",
                "UseDefaultSettings",
                2,
            ),
        ),
        ("UsePreferMessageFormat", Value::Bool(false)),
        ("UserPrincipalName", Value::text(&recipient.user_principal_name)),
        ("WindowsLiveID", Value::text(&recipient.user_principal_name)),
        ("ImmutableId", Value::text("")),
        ("IsMachineToPersonTextMessagingEnabled", Value::Bool(false)),
    ];
    for name in COMMON {
        properties.push((*name, recipient.common_property(name).unwrap_or(Value::Nil)));
    }
    Record { types: TYPES, text: recipient.display_name.clone(), properties }
}

const TYPES: &[&str] = &[
    "Microsoft.Exchange.Data.Directory.Management.MailUser",
    "Microsoft.Exchange.Data.Directory.Management.MailEnabledOrgPerson",
    "Microsoft.Exchange.Data.Directory.Management.MailEnabledRecipient",
    "Microsoft.Exchange.Data.Directory.Management.ADPresentationObject",
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.Directory.ADRawEntry",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
];
