//! What Get-DistributionGroup shows.

use crate::data::recipient::{COMMON, Recipient};
use crate::data::record::Record;
use crate::data::value::Value;

pub(crate) fn record(recipient: &Recipient) -> Record {
    let mut properties = vec![
        (
            "GroupType",
            Value::enumeration("Microsoft.Exchange.Data.Directory.Recipient.GroupTypeFlags", "Universal", 8),
        ),
        ("SamAccountName", Value::text(&recipient.alias)),
        ("BypassNestedModerationEnabled", Value::Bool(false)),
        (
            "ManagedBy",
            Value::links(vec![Value::link("Organization Management", "", recipient.directory_id())]),
        ),
        (
            "MemberJoinRestriction",
            Value::enumeration("Microsoft.Exchange.Data.Directory.Recipient.MemberUpdateType", "Closed", 0),
        ),
        (
            "MemberDepartRestriction",
            Value::enumeration("Microsoft.Exchange.Data.Directory.Recipient.MemberUpdateType", "Open", 1),
        ),
        ("MigrationToUnifiedGroupInProgress", Value::Bool(false)),
        ("HiddenGroupMembershipEnabled", Value::Bool(false)),
        ("ExpansionServer", Value::text("")),
        ("ReportToManagerEnabled", Value::Bool(false)),
        ("ReportToOriginatorEnabled", Value::Bool(true)),
        ("SendOofMessageToOriginatorEnabled", Value::Bool(false)),
        ("Description", Value::strings([""; 0])),
    ];
    for name in COMMON {
        properties.push((*name, recipient.common_property(name).unwrap_or(Value::Nil)));
    }
    Record { types: TYPES, text: recipient.display_name.clone(), properties }
}

const TYPES: &[&str] = &[
    "Microsoft.Exchange.Data.Directory.Management.DistributionGroup",
    "Microsoft.Exchange.Data.Directory.Management.DistributionGroupBase",
    "Microsoft.Exchange.Data.Directory.Management.MailEnabledRecipient",
    "Microsoft.Exchange.Data.Directory.Management.ADPresentationObject",
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.Directory.ADRawEntry",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
];
