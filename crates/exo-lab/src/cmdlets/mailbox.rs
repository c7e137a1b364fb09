//! Mailboxes.

use crate::clock::Moment;
use crate::cmdlets::change::{change_named, change_recipient};
use crate::cmdlets::identity::list_recipients;
use crate::cmdlets::{Argument, Cmdlet, CmdletError, Halt, Invocation, Kind, Parameter};
use crate::data::MAX_RECIPIENTS;
use crate::data::recipient::{Recipient, RecipientKind};
use crate::data::value::Value;
use crate::data::views;

pub(crate) const CMDLETS: &[Cmdlet] = &[
    Cmdlet { name: "Get-Mailbox", parameters: GET, run: get },
    Cmdlet { name: "Set-Mailbox", parameters: SET, run: set },
    Cmdlet { name: "New-Mailbox", parameters: NEW, run: new },
    Cmdlet { name: "Remove-Mailbox", parameters: REMOVE, run: remove },
    Cmdlet { name: "Enable-Mailbox", parameters: ENABLE, run: enable },
    Cmdlet { name: "Disable-Mailbox", parameters: DISABLE, run: disable },
    Cmdlet { name: "Get-MailboxStatistics", parameters: GET_STATISTICS, run: get_statistics },
];

fn get(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    invocation.verbose("Searching objects of type \"Mailbox\" with filter under the root of the tenant.")?;
    let archives_only = invocation.is_on("Archive");
    if archives_only || invocation.is_on("SoftDeletedMailbox") || invocation.is_on("InactiveMailboxOnly") {
        // The sample organization has neither archives nor deleted mailboxes.
        return Ok(());
    }
    list_recipients(invocation, RecipientKind::is_mailbox, Recipient::record)
}

fn set(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let Some(identity) = invocation.text("Identity") else {
        return Err(CmdletError::missing_parameter(invocation.cmdlet, "Identity").into());
    };
    check_password(invocation, &identity)?;
    change_named(invocation, &identity, RecipientKind::is_mailbox)
}

fn new(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let name = invocation.text("Name").unwrap_or_default();
    let alias = invocation.text("Alias").unwrap_or_else(|| name.split_whitespace().collect());
    let display = invocation.text("DisplayName").unwrap_or_else(|| name.clone());
    let kind = if invocation.is_on("Shared") {
        RecipientKind::SharedMailbox
    } else if invocation.is_on("Room") {
        RecipientKind::RoomMailbox
    } else {
        RecipientKind::UserMailbox
    };
    check_password(invocation, &alias)?;
    let organization = invocation.organization;
    let mut recipient = Recipient::new(
        kind,
        organization.write().new_seed(),
        &alias,
        &display,
        &invocation.text("FirstName").unwrap_or_default(),
        &invocation.text("LastName").unwrap_or_default(),
    );
    change_recipient(invocation, &mut recipient)?;
    recipient.name = name;
    let now = Value::Date(Moment::now().ticks());
    for property in ["WhenCreated", "WhenCreatedUTC", "WhenChanged", "WhenChangedUTC", "WhenMailboxCreated"] {
        recipient.changes.insert(property, now.clone());
    }
    let record = recipient.record();
    {
        let mut content = organization.write();
        let taken = [recipient.primary_address(), &recipient.name, &recipient.user_principal_name]
            .into_iter()
            .find(|id| content.find(id, |_| true).is_some());
        if let Some(taken) = taken {
            return Err(CmdletError::exists(invocation.cmdlet, taken).into());
        }
        if content.recipients.len() >= MAX_RECIPIENTS {
            return Err(CmdletError::invalid(
                invocation.cmdlet,
                "The tenant has as many recipients as it can take.",
            )
            .into());
        }
        if !invocation.is_what_if() {
            content.recipients.push(recipient);
        }
    }
    invocation.write(&record)
}

/// The directory's rule for passwords; none is kept.
fn check_password(invocation: &Invocation<'_>, account: &str) -> Result<(), CmdletError> {
    let Some(Argument::Secret(password)) = invocation.argument("Password") else {
        return Ok(());
    };
    let password = password.expose();
    let names_account = !account.is_empty() && password.to_lowercase().contains(&account.to_lowercase());
    if MIN_PASSWORD_LEN <= password.chars().count() && !names_account {
        return Ok(());
    }
    Err(CmdletError::invalid(
        invocation.cmdlet,
        "The password supplied doesn't meet the minimum complexity requirements. Please select another password that \
         meets all of the following requirements: it is at least 8 characters long and does not contain the name of \
         the account.",
    ))
}

fn remove(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    change_kind(invocation, RecipientKind::is_mailbox, None)
}

fn disable(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    change_kind(invocation, RecipientKind::is_mailbox, Some(RecipientKind::User))
}

fn enable(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let kind = if invocation.is_on("Shared") {
        RecipientKind::SharedMailbox
    } else if invocation.is_on("Room") {
        RecipientKind::RoomMailbox
    } else {
        RecipientKind::UserMailbox
    };
    change_kind(invocation, |kind| matches!(kind, RecipientKind::User | RecipientKind::MailUser), Some(kind))
}

/// Makes a recipient something else, or (with `None`) nothing at all. What it is now goes to the output.
pub(super) fn change_kind(
    invocation: &mut Invocation<'_>,
    wanted: fn(RecipientKind) -> bool,
    kind: Option<RecipientKind>,
) -> Result<(), Halt> {
    let Some(identity) = invocation.text("Identity") else {
        return Err(CmdletError::missing_parameter(invocation.cmdlet, "Identity").into());
    };
    let organization = invocation.organization;
    let outcome = {
        let mut content = organization.write();
        let what_if = invocation.is_what_if();
        match (content.find_mut(&identity, wanted), kind) {
            (None, _) => None,
            (Some(_), _) if what_if => Some(None),
            (Some(recipient), Some(kind)) => {
                recipient.kind = kind;
                Some(kind.is_mailbox().then(|| recipient.record()))
            }
            (Some(recipient), None) => {
                let gone = recipient.guid;
                content.recipients.retain(|recipient| recipient.guid != gone);
                for group in &mut content.recipients {
                    group.members.retain(|member| *member != gone);
                }
                Some(None)
            }
        }
    };
    match outcome {
        None => invocation.error(CmdletError::not_found(invocation.cmdlet, &identity)),
        Some(None) => Ok(()),
        Some(Some(record)) => invocation.write(&record),
    }
}

fn get_statistics(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let Some(identity) = invocation.text("Identity") else {
        if invocation.text("Database").is_some() || invocation.text("Server").is_some() {
            return list_recipients(invocation, RecipientKind::is_mailbox, views::statistics);
        }
        return Err(CmdletError::missing_parameter(invocation.cmdlet, "Identity").into());
    };
    let record =
        invocation.organization.read().find(&identity, RecipientKind::is_mailbox).map(views::statistics);
    match record {
        Some(record) => invocation.write(&record),
        None => invocation.error(CmdletError::not_found(invocation.cmdlet, &identity)),
    }
}

const MIN_PASSWORD_LEN: usize = 8;
const MAILBOX_ID: &str = "Microsoft.Exchange.Configuration.Tasks.MailboxIdParameter";

const GET: &[Parameter] = &[
    Parameter::identity(MAILBOX_ID),
    Parameter::text("Anr"),
    Parameter::switch("Archive"),
    Parameter::new("Credential", Kind::Any),
    Parameter::new("Database", Kind::Identity("Microsoft.Exchange.Configuration.Tasks.DatabaseIdParameter")),
    Parameter::text("DomainController"),
    Parameter::text("Filter"),
    Parameter::switch("GroupMailbox"),
    Parameter::switch("IgnoreDefaultScope"),
    Parameter::switch("InactiveMailboxOnly"),
    Parameter::switch("IncludeInactiveMailbox"),
    Parameter::new(
        "MailboxPlan",
        Kind::Identity("Microsoft.Exchange.Configuration.Tasks.MailboxPlanIdParameter"),
    ),
    Parameter::switch("Migration"),
    Parameter::switch("Monitoring"),
    Parameter::text("OrganizationalUnit"),
    Parameter::switch("PublicFolder"),
    Parameter::switch("ReadFromDomainController"),
    Parameter::texts("RecipientTypeDetails"),
    Parameter::new("ResultSize", Kind::Limit),
    Parameter::new("Server", Kind::Identity("Microsoft.Exchange.Configuration.Tasks.ServerIdParameter")),
    Parameter::switch("SoftDeletedMailbox"),
    Parameter::text("SortBy"),
];

const SET: &[Parameter] = &[
    Parameter::identity(MAILBOX_ID).mandatory(),
    Parameter::texts("AcceptMessagesOnlyFrom"),
    Parameter::texts("AcceptMessagesOnlyFromDLMembers"),
    Parameter::texts("AcceptMessagesOnlyFromSendersOrMembers"),
    Parameter::bool("AccountDisabled"),
    Parameter::text("AddressBookPolicy"),
    Parameter::text("Alias"),
    Parameter::bool("AntispamBypassEnabled"),
    Parameter::text("ArchiveName"),
    Parameter::new("ArchiveQuota", Kind::Quota),
    Parameter::new("ArchiveWarningQuota", Kind::Quota),
    Parameter::texts("AuditAdmin"),
    Parameter::texts("AuditDelegate"),
    Parameter::bool("AuditEnabled"),
    Parameter::text("AuditLogAgeLimit"),
    Parameter::texts("AuditOwner"),
    Parameter::texts("BypassModerationFromSendersOrMembers"),
    Parameter::new("CalendarLoggingQuota", Kind::Quota),
    Parameter::bool("CalendarRepairDisabled"),
    Parameter::text("CustomAttribute1"),
    Parameter::text("CustomAttribute2"),
    Parameter::text("CustomAttribute3"),
    Parameter::text("CustomAttribute4"),
    Parameter::text("CustomAttribute5"),
    Parameter::text("CustomAttribute6"),
    Parameter::text("CustomAttribute7"),
    Parameter::text("CustomAttribute8"),
    Parameter::text("CustomAttribute9"),
    Parameter::text("CustomAttribute10"),
    Parameter::text("CustomAttribute11"),
    Parameter::text("CustomAttribute12"),
    Parameter::text("CustomAttribute13"),
    Parameter::text("CustomAttribute14"),
    Parameter::text("CustomAttribute15"),
    Parameter::bool("DeliverToMailboxAndForward"),
    Parameter::text("DisplayName"),
    Parameter::text("DomainController"),
    Parameter::texts("EmailAddresses"),
    Parameter::bool("EmailAddressPolicyEnabled"),
    Parameter::text("EndDateForRetentionHold"),
    Parameter::texts("ExtensionCustomAttribute1"),
    Parameter::texts("ExtensionCustomAttribute2"),
    Parameter::texts("ExtensionCustomAttribute3"),
    Parameter::texts("ExtensionCustomAttribute4"),
    Parameter::texts("ExtensionCustomAttribute5"),
    Parameter::text("ExternalOofOptions"),
    Parameter::switch("Force"),
    Parameter::text("ForwardingAddress"),
    Parameter::text("ForwardingSmtpAddress"),
    Parameter::texts("GrantSendOnBehalfTo"),
    Parameter::bool("HiddenFromAddressListsEnabled"),
    Parameter::new("IssueWarningQuota", Kind::Quota),
    Parameter::texts("Languages"),
    Parameter::text("LitigationHoldDate"),
    Parameter::new("LitigationHoldDuration", Kind::Limit),
    Parameter::bool("LitigationHoldEnabled"),
    Parameter::text("LitigationHoldOwner"),
    Parameter::text("MailTip"),
    Parameter::texts("MailTipTranslations"),
    Parameter::new("MaxReceiveSize", Kind::Quota),
    Parameter::new("MaxSendSize", Kind::Quota),
    Parameter::bool("MessageCopyForSendOnBehalfEnabled"),
    Parameter::bool("MessageCopyForSentAsEnabled"),
    Parameter::bool("MessageTrackingReadStatusEnabled"),
    Parameter::text("MicrosoftOnlineServicesID"),
    Parameter::texts("ModeratedBy"),
    Parameter::bool("ModerationEnabled"),
    Parameter::text("Name"),
    Parameter::text("Office"),
    Parameter::new("Password", Kind::Secret),
    Parameter::text("PrimarySmtpAddress"),
    Parameter::new("ProhibitSendQuota", Kind::Quota),
    Parameter::new("ProhibitSendReceiveQuota", Kind::Quota),
    Parameter::new("RecipientLimits", Kind::Limit),
    Parameter::new("RecoverableItemsQuota", Kind::Quota),
    Parameter::new("RecoverableItemsWarningQuota", Kind::Quota),
    Parameter::texts("RejectMessagesFrom"),
    Parameter::texts("RejectMessagesFromDLMembers"),
    Parameter::texts("RejectMessagesFromSendersOrMembers"),
    Parameter::switch("RemoveManagedFolderAndPolicy"),
    Parameter::bool("RequireSenderAuthenticationEnabled"),
    Parameter::new("ResourceCapacity", Kind::Int),
    Parameter::texts("ResourceCustom"),
    Parameter::text("RetainDeletedItemsFor"),
    Parameter::text("RetentionComment"),
    Parameter::bool("RetentionHoldEnabled"),
    Parameter::text("RetentionPolicy"),
    Parameter::text("RetentionUrl"),
    Parameter::text("RoleAssignmentPolicy"),
    Parameter::bool("RoomMailboxAccountEnabled"),
    Parameter::new("RulesQuota", Kind::Quota),
    Parameter::text("SendModerationNotifications"),
    Parameter::text("SharingPolicy"),
    Parameter::text("SimpleDisplayName"),
    Parameter::bool("SingleItemRecoveryEnabled"),
    Parameter::text("StartDateForRetentionHold"),
    Parameter::text("Type"),
    Parameter::bool("UseDatabaseQuotaDefaults"),
    Parameter::bool("UseDatabaseRetentionDefaults"),
    Parameter::text("UserPrincipalName"),
    Parameter::text("WindowsEmailAddress"),
];

const NEW: &[Parameter] = &[
    Parameter::text("Name").mandatory().at(0),
    Parameter::text("Alias"),
    Parameter::text("DisplayName"),
    Parameter::text("DomainController"),
    Parameter::text("FirstName"),
    Parameter::text("LastName"),
    Parameter::text("MicrosoftOnlineServicesID"),
    Parameter::new("Password", Kind::Secret),
    Parameter::text("PrimarySmtpAddress"),
    Parameter::new("ResourceCapacity", Kind::Int),
    Parameter::text("RetentionPolicy"),
    Parameter::text("RoleAssignmentPolicy"),
    Parameter::switch("Room"),
    Parameter::switch("Shared"),
    Parameter::text("SharingPolicy"),
    Parameter::text("UserPrincipalName"),
];

const REMOVE: &[Parameter] = &[
    Parameter::identity(MAILBOX_ID).mandatory(),
    Parameter::text("DomainController"),
    Parameter::switch("Force"),
    Parameter::bool("Permanent"),
    Parameter::switch("PermanentlyDelete"),
];

const ENABLE: &[Parameter] = &[
    Parameter::identity("Microsoft.Exchange.Configuration.Tasks.UserIdParameter").mandatory(),
    Parameter::text("Alias"),
    Parameter::switch("Archive"),
    Parameter::text("DomainController"),
    Parameter::text("PrimarySmtpAddress"),
    Parameter::switch("Room"),
    Parameter::switch("Shared"),
];

const DISABLE: &[Parameter] = &[
    Parameter::identity(MAILBOX_ID).mandatory(),
    Parameter::switch("Archive"),
    Parameter::text("DomainController"),
    Parameter::switch("IgnoreLegalHold"),
];

const GET_STATISTICS: &[Parameter] = &[
    Parameter::identity("Microsoft.Exchange.Configuration.Tasks.GeneralMailboxOrMailUserIdParameter"),
    Parameter::switch("Archive"),
    Parameter::new("Database", Kind::Identity("Microsoft.Exchange.Configuration.Tasks.DatabaseIdParameter")),
    Parameter::text("DomainController"),
    Parameter::text("Filter"),
    Parameter::switch("IncludeMoveHistory"),
    Parameter::switch("IncludeMoveReport"),
    Parameter::switch("IncludeSoftDeletedRecipients"),
    Parameter::new("ResultSize", Kind::Limit),
    Parameter::new("Server", Kind::Identity("Microsoft.Exchange.Configuration.Tasks.ServerIdParameter")),
];
