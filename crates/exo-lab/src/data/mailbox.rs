//! What Get-Mailbox shows.

use uuid::Uuid;

use crate::data::random::Random;
use crate::data::recipient::{CITIES, COMMON, Recipient, RecipientKind};
use crate::data::record::Record;
use crate::data::value::Value;

/// The whole mailbox object, about 230 properties.
pub(crate) fn record(recipient: &Recipient) -> Record {
    let mut random = Random::new(recipient.seed ^ 0x3a11_b0e5);
    let mut properties = Vec::with_capacity(OWN.len() + COMMON.len());
    let database = random.below(200);
    for (name, shape) in OWN {
        properties.push((*name, own_property(recipient, &mut random, database, name, *shape)));
    }
    for name in COMMON {
        properties.push((*name, recipient.common_property(name).unwrap_or(Value::Nil)));
    }
    Record { types: TYPES, text: recipient.display_name.clone(), properties }
}

/// What most properties hold.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Nil,
    Blank,
    False,
    True,
    NoStrings,
    NoLinks,
    ZeroGuid,
    Day,
    /// Written out below.
    Own,
}

fn own_property(
    recipient: &Recipient,
    random: &mut Random,
    database: u64,
    name: &str,
    shape: Shape,
) -> Value {
    let gigabytes = |count: u64| Value::quota(Some(count << 30));
    let database_name = || format!("EURPR05DG{:03}-db{database:03}", database * 2);
    match shape {
        Shape::Nil => return Value::Nil,
        Shape::Blank => return Value::text(""),
        Shape::False => return Value::Bool(false),
        Shape::True => return Value::Bool(true),
        Shape::NoStrings => return Value::strings([""; 0]),
        Shape::NoLinks => return Value::links(Vec::new()),
        Shape::ZeroGuid => return Value::Guid(Uuid::nil()),
        Shape::Day => return Value::Date(recipient.created()),
        Shape::Own => {}
    }
    match name {
        "Database" | "DisabledArchiveDatabase" => Value::link(&database_name(), "/Databases", random.guid()),
        "DatabaseGuid" | "ExchangeGuid" | "MailboxContainerGuid" => Value::Guid(random.guid()),
        "MailboxRegion" => Value::text("EUR"),
        "MailboxRegionSuffix" => {
            Value::enumeration("Microsoft.Exchange.Data.Directory.MailboxRegionSuffixValue", "None", 0)
        }
        "RetentionPolicy" => {
            Value::link("Default MRM Policy", "/Retention Policies Container", random.guid())
        }
        "RoleAssignmentPolicy" => {
            Value::link("Default Role Assignment Policy", "/RBAC/Policies", random.guid())
        }
        "SharingPolicy" => Value::link("Default Sharing Policy", "/Federation", random.guid()),
        "MailboxPlan" => Value::link("ExchangeOnlineEnterprise", "/Mailbox Plans", random.guid()),
        "LitigationHoldDuration" => Value::limit(None),
        "MailboxLocations" => Value::strings([format!(
            "1;{};Primary;eurprd05.prod.outlook.com;{}",
            random.guid(),
            random.guid()
        )]),
        "ExchangeUserAccountControl" => {
            let (member, number) = match recipient.kind {
                RecipientKind::UserMailbox => ("None", 0),
                _ => ("AccountDisabled", 2),
            };
            Value::enumeration(
                "Microsoft.Exchange.Data.Directory.Recipient.UserAccountControlFlags",
                member,
                number,
            )
        }
        "AdminDisplayVersion" => Value::text("Version 15.20 (Build 8048.21)"),
        "ExternalOofOptions" => Value::enumeration(
            "Microsoft.Exchange.Data.Directory.Recipient.ExternalOofOptions",
            "External",
            0,
        ),
        "RetainDeletedItemsFor" => Value::days(14),
        "AuditLogAgeLimit" => Value::days(90),
        "Languages" => Value::strings([
            ["en-US", "de-DE", "nb-NO", "pl-PL"][usize::try_from(random.below(4)).unwrap_or(0)]
        ]),
        "ProhibitSendQuota" => gigabytes(99),
        "ProhibitSendReceiveQuota" | "ArchiveQuota" => gigabytes(100),
        "IssueWarningQuota" => gigabytes(98),
        "RecoverableItemsQuota" => gigabytes(30),
        "RecoverableItemsWarningQuota" => gigabytes(20),
        "ArchiveWarningQuota" => gigabytes(90),
        "CalendarLoggingQuota" => gigabytes(6),
        "RulesQuota" => Value::size(262_144),
        "ProtocolSettings" => Value::strings(["RemotePowerShell§1", "OWA§1", "IMAP4§0§§§§§§§§"]),
        "RecipientLimits" => Value::limit(Some(500)),
        "ResourceType" => match recipient.kind {
            RecipientKind::RoomMailbox => Value::enumeration(
                "Microsoft.Exchange.Data.Directory.Recipient.ExchangeResourceType",
                "Room",
                0,
            ),
            _ => Value::Nil,
        },
        "ResourceCapacity" => match recipient.kind {
            RecipientKind::RoomMailbox => Value::Int(12),
            _ => Value::Nil,
        },
        "IsResource" => Value::Bool(recipient.kind == RecipientKind::RoomMailbox),
        "IsShared" => Value::Bool(recipient.kind == RecipientKind::SharedMailbox),
        "AccountDisabled" => Value::Bool(recipient.kind != RecipientKind::UserMailbox),
        "SamAccountName" => {
            Value::Text(format!("${:06X}-{:012X}", random.below(1 << 24), random.below(1 << 48)))
        }
        "ServerLegacyDN" => Value::Text(format!(
            "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Configuration/cn=Servers/cn=AM0PR05MB{database:04}"
        )),
        "ServerName" => Value::Text(format!("am0pr05mb{database:04}")),
        "Office" => Value::Text(format!("{} <Bldg & {}> \"HQ\"", random.pick(CITIES), random.below(9))),
        "UserPrincipalName" | "WindowsLiveID" | "MicrosoftOnlineServicesID" => {
            Value::text(&recipient.user_principal_name)
        }
        "NetID" => Value::Text(format!("1003{:012X}", random.below(1 << 48))),
        "ArchiveStatus" => {
            Value::enumeration("Microsoft.Exchange.Data.Directory.Recipient.ArchiveStatusFlags", "None", 0)
        }
        "ArchiveState" => {
            Value::enumeration("Microsoft.Exchange.Data.Directory.Recipient.ArchiveState", "None", 0)
        }
        "RemoteRecipientType" => {
            Value::enumeration("Microsoft.Exchange.Data.Directory.Recipient.RemoteRecipientType", "None", 0)
        }
        "MailboxMoveFlags" => {
            Value::enumeration("Microsoft.Exchange.Data.Directory.Recipient.RequestFlags", "None", 0)
        }
        "MailboxMoveStatus" => {
            Value::enumeration("Microsoft.Exchange.Data.Directory.Recipient.RequestStatus", "None", 0)
        }
        "MailboxRelease" | "ArchiveRelease" => {
            Value::enumeration("Microsoft.Exchange.Data.Directory.MailboxRelease", "None", 0)
        }
        "PersistedCapabilities" => Value::strings(["BPOS_S_Enterprise"]),
        "AuditAdmin" => Value::strings([
            "Update",
            "MoveToDeletedItems",
            "SoftDelete",
            "HardDelete",
            "SendAs",
            "SendOnBehalf",
            "Create",
        ]),
        "AuditDelegate" => Value::strings([
            "Update",
            "MoveToDeletedItems",
            "SoftDelete",
            "HardDelete",
            "SendAs",
            "SendOnBehalf",
        ]),
        "AuditOwner" => Value::strings([
            "Update",
            "MoveToDeletedItems",
            "SoftDelete",
            "HardDelete",
            "UpdateFolderPermissions",
        ]),
        "DefaultAuditSet" => Value::strings(["Admin", "Delegate", "Owner"]),
        "MaxSafeSenders" | "MaxBlockedSenders" => Value::Nil,
        "UsageLocation" => Value::text("Norway"),
        "EffectivePublicFolderMailbox" => Value::Nil,
        "PitrCopyIntervalInSeconds" => Value::Int(0),
        "RecipientThrottlingThreshold" => Value::enumeration(
            "Microsoft.Exchange.Data.Directory.Recipient.RecipientThrottlingThresholdType",
            "Standard",
            0,
        ),
        "SharedEmailDomainState" => {
            Value::enumeration("Microsoft.Exchange.Data.Directory.SharedEmailDomainStateType", "None", 0)
        }
        "ImmutableId" => Value::text(""),
        _ => Value::Nil,
    }
}

const TYPES: &[&str] = &[
    "Microsoft.Exchange.Data.Directory.Management.Mailbox",
    "Microsoft.Exchange.Data.Directory.Management.MailEnabledOrgPerson",
    "Microsoft.Exchange.Data.Directory.Management.MailEnabledRecipient",
    "Microsoft.Exchange.Data.Directory.Management.ADPresentationObject",
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.Directory.ADRawEntry",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
];

/// A mailbox's own properties, in the order Exchange gives them; [`COMMON`] follows.
const OWN: &[(&str, Shape)] = &[
    ("Database", Shape::Own),
    ("DatabaseGuid", Shape::Own),
    ("MailboxProvisioningConstraint", Shape::Nil),
    ("IsMonitoringMailbox", Shape::False),
    ("MailboxRegion", Shape::Own),
    ("MailboxRegionLastUpdateTime", Shape::Nil),
    ("MailboxRegionSuffix", Shape::Own),
    ("MessageRecallProcessingEnabled", Shape::True),
    ("MessageCopyForSentAsEnabled", Shape::False),
    ("MessageCopyForSendOnBehalfEnabled", Shape::False),
    ("MailboxProvisioningPreferences", Shape::NoStrings),
    ("UseDatabaseRetentionDefaults", Shape::False),
    ("RetainDeletedItemsUntilBackup", Shape::False),
    ("DeliverToMailboxAndForward", Shape::False),
    ("IsExcludedFromServingHierarchy", Shape::False),
    ("IsHierarchyReady", Shape::True),
    ("IsHierarchySyncEnabled", Shape::True),
    ("IsPublicFolderSystemMailbox", Shape::False),
    ("HasSnackyAppData", Shape::False),
    ("LitigationHoldEnabled", Shape::False),
    ("SingleItemRecoveryEnabled", Shape::True),
    ("RetentionHoldEnabled", Shape::False),
    ("EndDateForRetentionHold", Shape::Nil),
    ("StartDateForRetentionHold", Shape::Nil),
    ("RetentionComment", Shape::Blank),
    ("RetentionUrl", Shape::Blank),
    ("LitigationHoldDate", Shape::Nil),
    ("LitigationHoldOwner", Shape::Blank),
    ("ElcProcessingDisabled", Shape::False),
    ("ComplianceTagHoldApplied", Shape::False),
    ("WasInactiveMailbox", Shape::False),
    ("DelayHoldApplied", Shape::False),
    ("DelayReleaseHoldApplied", Shape::False),
    ("PitrEnabled", Shape::False),
    ("PitrCopyIntervalInSeconds", Shape::Own),
    ("PitrPaused", Shape::False),
    ("PitrPausedTimestamp", Shape::Nil),
    ("PitrOffboardedTimestamp", Shape::Nil),
    ("InactiveMailboxRetireTime", Shape::Nil),
    ("OrphanSoftDeleteTrackingTime", Shape::Nil),
    ("LitigationHoldDuration", Shape::Own),
    ("ManagedFolderMailboxPolicy", Shape::Nil),
    ("RetentionPolicy", Shape::Own),
    ("AddressBookPolicy", Shape::Nil),
    ("CalendarRepairDisabled", Shape::False),
    ("ExchangeGuid", Shape::Own),
    ("MailboxContainerGuid", Shape::Own),
    ("UnifiedMailbox", Shape::Nil),
    ("MailboxLocations", Shape::Own),
    ("AggregatedMailboxGuids", Shape::NoStrings),
    ("ExchangeSecurityDescriptor", Shape::Nil),
    ("ExchangeUserAccountControl", Shape::Own),
    ("AdminDisplayVersion", Shape::Own),
    ("MessageTrackingReadStatusEnabled", Shape::True),
    ("ExternalOofOptions", Shape::Own),
    ("ForwardingAddress", Shape::Nil),
    ("ForwardingSmtpAddress", Shape::Nil),
    ("RetainDeletedItemsFor", Shape::Own),
    ("IsMailboxEnabled", Shape::True),
    ("Languages", Shape::Own),
    ("OfflineAddressBook", Shape::Nil),
    ("ProhibitSendQuota", Shape::Own),
    ("ProhibitSendReceiveQuota", Shape::Own),
    ("RecoverableItemsQuota", Shape::Own),
    ("RecoverableItemsWarningQuota", Shape::Own),
    ("CalendarLoggingQuota", Shape::Own),
    ("DowngradeHighPriorityMessagesEnabled", Shape::False),
    ("ProtocolSettings", Shape::Own),
    ("RecipientLimits", Shape::Own),
    ("ImListMigrationCompleted", Shape::False),
    ("SiloName", Shape::Nil),
    ("IsResource", Shape::Own),
    ("IsLinked", Shape::False),
    ("IsShared", Shape::Own),
    ("IsRootPublicFolderMailbox", Shape::False),
    ("LinkedMasterAccount", Shape::Blank),
    ("ResetPasswordOnNextLogon", Shape::False),
    ("ResourceCapacity", Shape::Own),
    ("ResourceCustom", Shape::NoStrings),
    ("ResourceType", Shape::Own),
    ("RoomMailboxAccountEnabled", Shape::Nil),
    ("SamAccountName", Shape::Own),
    ("SCLDeleteThreshold", Shape::Nil),
    ("SCLDeleteEnabled", Shape::Nil),
    ("SCLRejectThreshold", Shape::Nil),
    ("SCLRejectEnabled", Shape::Nil),
    ("SCLQuarantineThreshold", Shape::Nil),
    ("SCLQuarantineEnabled", Shape::Nil),
    ("SCLJunkThreshold", Shape::Nil),
    ("SCLJunkEnabled", Shape::Nil),
    ("AntispamBypassEnabled", Shape::False),
    ("ServerLegacyDN", Shape::Own),
    ("ServerName", Shape::Own),
    ("UseDatabaseQuotaDefaults", Shape::False),
    ("IssueWarningQuota", Shape::Own),
    ("RulesQuota", Shape::Own),
    ("Office", Shape::Own),
    ("UserPrincipalName", Shape::Own),
    ("UMEnabled", Shape::False),
    ("MaxSafeSenders", Shape::Nil),
    ("MaxBlockedSenders", Shape::Nil),
    ("NetID", Shape::Own),
    ("ReconciliationId", Shape::Nil),
    ("WindowsLiveID", Shape::Own),
    ("MicrosoftOnlineServicesID", Shape::Own),
    ("ThrottlingPolicy", Shape::Nil),
    ("RoleAssignmentPolicy", Shape::Own),
    ("DefaultPublicFolderMailbox", Shape::Nil),
    ("EffectivePublicFolderMailbox", Shape::Own),
    ("SharingPolicy", Shape::Own),
    ("RemoteAccountPolicy", Shape::Nil),
    ("MailboxPlan", Shape::Own),
    ("ArchiveDatabase", Shape::Nil),
    ("ArchiveDatabaseGuid", Shape::ZeroGuid),
    ("ArchiveGuid", Shape::ZeroGuid),
    ("ArchiveName", Shape::NoStrings),
    ("JournalArchiveAddress", Shape::Blank),
    ("ArchiveQuota", Shape::Own),
    ("ArchiveWarningQuota", Shape::Own),
    ("ArchiveDomain", Shape::Nil),
    ("ArchiveStatus", Shape::Own),
    ("ArchiveState", Shape::Own),
    ("AutoExpandingArchiveEnabled", Shape::False),
    ("DisabledMailboxLocations", Shape::False),
    ("RemoteRecipientType", Shape::Own),
    ("DisabledArchiveDatabase", Shape::Nil),
    ("DisabledArchiveGuid", Shape::ZeroGuid),
    ("QueryBaseDN", Shape::Nil),
    ("QueryBaseDNRestrictionEnabled", Shape::False),
    ("MailboxMoveTargetMDB", Shape::Nil),
    ("MailboxMoveSourceMDB", Shape::Nil),
    ("MailboxMoveFlags", Shape::Own),
    ("MailboxMoveRemoteHostName", Shape::Blank),
    ("MailboxMoveBatchName", Shape::Blank),
    ("MailboxMoveStatus", Shape::Own),
    ("MailboxRelease", Shape::Own),
    ("ArchiveRelease", Shape::Own),
    ("IsPersonToPersonTextMessagingEnabled", Shape::False),
    ("IsMachineToPersonTextMessagingEnabled", Shape::False),
    ("UserSMimeCertificate", Shape::NoStrings),
    ("UserCertificate", Shape::NoStrings),
    ("CalendarVersionStoreDisabled", Shape::False),
    ("ImmutableId", Shape::Own),
    ("PersistedCapabilities", Shape::Own),
    ("SKUAssigned", Shape::True),
    ("AuditEnabled", Shape::True),
    ("AuditLogAgeLimit", Shape::Own),
    ("AuditAdmin", Shape::Own),
    ("AuditDelegate", Shape::Own),
    ("AuditOwner", Shape::Own),
    ("DefaultAuditSet", Shape::Own),
    ("WhenMailboxCreated", Shape::Day),
    ("SourceAnchor", Shape::Blank),
    ("UsageLocation", Shape::Own),
    ("IsSoftDeletedByRemove", Shape::False),
    ("IsSoftDeletedByDisable", Shape::False),
    ("IsInactiveMailbox", Shape::False),
    ("IncludeInGarbageCollection", Shape::False),
    ("WhenSoftDeleted", Shape::Nil),
    ("InPlaceHolds", Shape::NoStrings),
    ("GeneratedOfflineAddressBooks", Shape::NoLinks),
    ("AccountDisabled", Shape::Own),
    ("StsRefreshTokensValidFrom", Shape::Day),
    ("NonCompliantDevices", Shape::NoStrings),
    ("EnforcedTimestamps", Shape::Blank),
    ("DataEncryptionPolicy", Shape::Nil),
    ("MessageCopyForSMTPClientSubmissionEnabled", Shape::True),
    ("RecipientThrottlingThreshold", Shape::Own),
    ("SharedEmailDomainTenant", Shape::Blank),
    ("SharedEmailDomainState", Shape::Own),
    ("SharedWithTargetSmtpAddress", Shape::Blank),
    ("SharedEmailDomainStateLastModified", Shape::Nil),
    ("EmailAddressDisplayNames", Shape::NoStrings),
    ("ResourceProvisioningOptions", Shape::NoStrings),
];
