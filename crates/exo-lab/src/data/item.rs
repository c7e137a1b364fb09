//! Directory objects that are not recipients: accepted domains, transport rules, the organization itself.

use uuid::Uuid;

use crate::data::record::Record;
use crate::data::value::{TICKS_PER_DAY, Value};
use crate::data::{FOREST, INITIAL_DOMAIN, distinguished_name};

/// An accepted domain.
pub(crate) fn accepted_domain(name: &str, kind: &str, is_default: bool, guid: Uuid) -> Record {
    let (kind, number) = match kind {
        "InternalRelay" => ("InternalRelay", 2),
        "ExternalRelay" => ("ExternalRelay", 1),
        _ => ("Authoritative", 0),
    };
    let flags =
        |names: &[&'static str]| names.iter().map(|name| (*name, Value::Bool(false))).collect::<Vec<_>>();
    let mut properties = vec![
        (
            "DomainName",
            Value::Object(Box::new(crate::data::value::Object {
                types: SMTP_DOMAIN,
                text: name.to_owned(),
                properties: vec![
                    ("Address", Value::text(name)),
                    ("IncludeSubDomains", Value::Bool(false)),
                    ("Domain", Value::text(name)),
                    ("SmtpDomain", Value::text(name)),
                    ("IsStar", Value::Bool(false)),
                ],
                has_binary_form: true,
            })),
        ),
        ("CatchAllRecipientID", Value::Nil),
        (
            "DomainType",
            Value::enumeration(
                "Microsoft.Exchange.Data.Directory.SystemConfiguration.AcceptedDomainType",
                kind,
                number,
            ),
        ),
        ("MatchSubDomains", Value::Bool(false)),
        ("AddressBookEnabled", Value::Bool(true)),
        ("Default", Value::Bool(is_default)),
    ];
    properties.extend(flags(&["EmailOnly", "ExternallyManaged"]));
    properties.push((
        "AuthenticationType",
        Value::enumeration("Microsoft.Exchange.Data.Directory.AuthenticationType", "Managed", 0),
    ));
    properties.push(("LiveIdInstanceType", Value::Nil));
    properties.extend(flags(&["PendingRemoval", "PendingCompletion"]));
    properties.push(("FederatedOrganizationLink", Value::Nil));
    properties.push(("MailFlowPartner", Value::Nil));
    properties.extend(flags(&[
        "OutboundOnly",
        "PendingFederatedAccountNamespace",
        "PendingFederatedDomain",
        "IsCoexistenceDomain",
        "PerimeterDuplicateDetected",
        "IsDefaultFederatedDomain",
        "EnableNego2Authentication",
    ]));
    properties.push(("InitialDomain", Value::Bool(name == INITIAL_DOMAIN)));
    directory_properties(&mut properties, name, "ms-Exch-Accepted-Domain", guid);
    Record { types: ACCEPTED_DOMAIN, text: name.to_owned(), properties }
}

/// A transport rule. Priorities count from 0.
pub(crate) fn transport_rule(name: &str, priority: i32, guid: Uuid) -> Record {
    let mut properties = vec![
        ("Priority", Value::Int(priority)),
        ("DlpPolicy", Value::Nil),
        ("DlpPolicyId", Value::Guid(Uuid::nil())),
        ("Comments", Value::Nil),
        ("ManuallyModified", Value::Bool(false)),
        ("ActivationDate", Value::Nil),
        ("ExpiryDate", Value::Nil),
        (
            "Description",
            Value::Text(format!(
                "If the message:\r\n\tIs sent from inside the organization\r\nTake the following actions:\r\n\tApply rule \"{name}\"\r\n"
            )),
        ),
        ("RuleVersion", Value::text("15.0.5.3")),
        (
            "Conditions",
            Value::strings(["Microsoft.Exchange.MessagingPolicies.Rules.Tasks.FromScopePredicate"]),
        ),
        ("Exceptions", Value::Nil),
        ("Actions", Value::strings([""; 0])),
        ("State", Value::enumeration("Microsoft.Exchange.MessagingPolicies.Rules.RuleState", "Enabled", 0)),
        ("Mode", Value::enumeration("Microsoft.Exchange.MessagingPolicies.Rules.RuleMode", "Enforce", 2)),
        (
            "RuleErrorAction",
            Value::enumeration("Microsoft.Exchange.MessagingPolicies.Rules.RuleErrorAction", "Ignore", 0),
        ),
        (
            "SenderAddressLocation",
            Value::enumeration(
                "Microsoft.Exchange.MessagingPolicies.Rules.SenderAddressLocation",
                "Header",
                0,
            ),
        ),
        ("FromScope", Value::Nil),
        ("SentTo", Value::Nil),
        ("SubjectContainsWords", Value::Nil),
        ("PrependSubject", Value::Nil),
        ("SetSCL", Value::Nil),
        ("RedirectMessageTo", Value::Nil),
        ("BlindCopyTo", Value::Nil),
        ("ApplyHtmlDisclaimerText", Value::Nil),
        ("RejectMessageReasonText", Value::Nil),
        ("DeleteMessage", Value::Bool(false)),
        ("StopRuleProcessing", Value::Bool(false)),
    ];
    directory_properties(&mut properties, name, "ms-Exch-Transport-Rule", guid);
    Record { types: TRANSPORT_RULE, text: name.to_owned(), properties }
}

/// The organization's configuration.
pub(crate) fn organization_config(guid: Uuid) -> Record {
    let name = INITIAL_DOMAIN;
    let mut properties = vec![
        ("ObjectVersion", Value::Int(16_759)),
        ("DefaultPublicFolderAgeLimit", Value::Nil),
        ("DefaultPublicFolderIssueWarningQuota", Value::quota(None)),
        ("DefaultPublicFolderProhibitPostQuota", Value::quota(None)),
        ("DefaultPublicFolderMaxItemSize", Value::quota(None)),
        ("DefaultPublicFolderDeletedItemRetention", Value::days(30)),
        ("DefaultPublicFolderMovedItemRetention", Value::days(7)),
        (
            "PublicFoldersEnabled",
            Value::enumeration(
                "Microsoft.Exchange.Data.Directory.SystemConfiguration.PublicFoldersDeployment",
                "Local",
                1,
            ),
        ),
        ("ActivityBasedAuthenticationTimeoutEnabled", Value::Bool(true)),
        ("ActivityBasedAuthenticationTimeoutInterval", Value::Span(6 * 36_000_000_000)),
        ("AppsForOfficeEnabled", Value::Bool(true)),
        ("AuditDisabled", Value::Bool(false)),
        ("AutoExpandingArchiveEnabled", Value::Bool(false)),
        ("BookingsEnabled", Value::Bool(true)),
        ("CustomerFeedbackEnabled", Value::Nil),
        ("CustomerLockboxEnabled", Value::Bool(false)),
        ("DefaultAuthenticationPolicy", Value::Nil),
        ("DisplayName", Value::text("Contoso <Lab & Co>")),
        ("DistributionGroupDefaultOU", Value::Nil),
        ("DistributionGroupNameBlockedWordsList", Value::strings([""; 0])),
        ("EwsEnabled", Value::Nil),
        ("EwsApplicationAccessPolicy", Value::Nil),
        ("FocusedInboxOn", Value::Nil),
        ("HierarchicalAddressBookRoot", Value::Nil),
        ("IsDehydrated", Value::Bool(false)),
        ("IsLicensingEnforced", Value::Bool(true)),
        ("IsMixedMode", Value::Bool(false)),
        ("LeanPopoutEnabled", Value::Bool(false)),
        ("MailTipsAllTipsEnabled", Value::Bool(true)),
        ("MailTipsExternalRecipientsTipsEnabled", Value::Bool(false)),
        ("MailTipsGroupMetricsEnabled", Value::Bool(true)),
        ("MailTipsLargeAudienceThreshold", Value::Byte(25)),
        ("MailTipsMailboxSourcedTipsEnabled", Value::Bool(true)),
        ("OAuth2ClientProfileEnabled", Value::Bool(true)),
        ("PreferredInternetCodePageForShiftJis", Value::Int(0)),
        ("ReadTrackingEnabled", Value::Bool(false)),
        ("RemotePublicFolderMailboxes", Value::links(Vec::new())),
        ("SendFromAliasEnabled", Value::Bool(false)),
        ("TenantRelocationsAllowed", Value::Bool(false)),
    ];
    directory_properties(&mut properties, name, "ms-Exch-Configuration-Unit-Container", guid);
    Record { types: ORGANIZATION_CONFIG, text: name.to_owned(), properties }
}

/// What every directory object ends with.
fn directory_properties(properties: &mut Vec<(&'static str, Value)>, name: &str, category: &str, guid: Uuid) {
    const CREATED: i64 = 637_450_560_000_000_000; // 2021-01-01
    properties.extend([
        ("AdminDisplayName", Value::text("")),
        ("ExchangeVersion", Value::text("0.20 (15.0.0.0)")),
        ("Name", Value::text(name)),
        ("DistinguishedName", Value::Text(distinguished_name(name))),
        ("Identity", Value::link(name, "/Configuration", guid)),
        ("Guid", Value::Guid(guid)),
        ("ObjectCategory", Value::Text(format!("{FOREST}/Configuration/Schema/{category}"))),
        ("ObjectClass", Value::strings(["top"])),
        ("WhenChanged", Value::Date(CREATED + 700 * TICKS_PER_DAY)),
        ("WhenCreated", Value::Date(CREATED)),
        ("WhenChangedUTC", Value::Date(CREATED + 700 * TICKS_PER_DAY)),
        ("WhenCreatedUTC", Value::Date(CREATED)),
        ("OrganizationId", Value::text(INITIAL_DOMAIN)),
        ("Id", Value::link(name, "/Configuration", guid)),
        ("OriginatingServer", Value::text(crate::data::DOMAIN_CONTROLLER)),
        ("IsValid", Value::Bool(true)),
        ("ObjectState", Value::enumeration("Microsoft.Exchange.Data.ObjectState", "Unchanged", 1)),
    ]);
}

const SMTP_DOMAIN: &[&str] = &["Microsoft.Exchange.Data.SmtpDomainWithSubdomains", "System.Object"];
const ACCEPTED_DOMAIN: &[&str] = &[
    "Microsoft.Exchange.Data.Directory.SystemConfiguration.AcceptedDomain",
    "Microsoft.Exchange.Data.Directory.SystemConfiguration.ADConfigurationObject",
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.Directory.ADRawEntry",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
];
const TRANSPORT_RULE: &[&str] = &[
    "Microsoft.Exchange.MessagingPolicies.Rules.Tasks.Rule",
    "Microsoft.Exchange.MessagingPolicies.Rules.Tasks.RulePresentationObjectBase",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
];
const ORGANIZATION_CONFIG: &[&str] = &[
    "Microsoft.Exchange.Data.Directory.Management.OrganizationConfig",
    "Microsoft.Exchange.Data.Directory.Management.ADPresentationObject",
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.Directory.ADRawEntry",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
];
