//! Distribution groups and their members.

use crate::cmdlets::change::{change_named, change_recipient};
use crate::cmdlets::identity::{Room, list_recipients};
use crate::cmdlets::mailbox::change_kind;
use crate::cmdlets::{Argument, Cmdlet, CmdletError, Halt, Invocation, Kind, Parameter};
use crate::data::recipient::{Recipient, RecipientKind};
use crate::data::{MAX_RECIPIENTS, views};

pub(crate) const CMDLETS: &[Cmdlet] = &[
    Cmdlet { name: "Get-DistributionGroup", parameters: GET, run: get },
    Cmdlet { name: "Set-DistributionGroup", parameters: SET, run: set },
    Cmdlet { name: "New-DistributionGroup", parameters: NEW, run: new },
    Cmdlet { name: "Remove-DistributionGroup", parameters: REMOVE, run: remove },
    Cmdlet { name: "Get-DistributionGroupMember", parameters: GET_MEMBER, run: get_members },
    Cmdlet { name: "Add-DistributionGroupMember", parameters: CHANGE_MEMBER, run: add_member },
    Cmdlet { name: "Remove-DistributionGroupMember", parameters: CHANGE_MEMBER, run: remove_member },
];

fn is_group(kind: RecipientKind) -> bool {
    kind == RecipientKind::DistributionGroup
}

fn get(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    list_recipients(invocation, is_group, Recipient::record)
}

fn set(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let identity = invocation.text("Identity").unwrap_or_default();
    change_named(invocation, &identity, is_group)
}

fn new(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let name = invocation.text("Name").unwrap_or_default();
    let alias = invocation.text("Alias").unwrap_or_else(|| name.split_whitespace().collect());
    let display = invocation.text("DisplayName").unwrap_or_else(|| name.clone());
    let organization = invocation.organization;
    let seed = organization.write().new_seed();
    let mut group = Recipient::new(RecipientKind::DistributionGroup, seed, &alias, &display, "", "");
    change_recipient(invocation, &mut group)?;
    group.name = name;
    {
        let mut content = organization.write();
        if let Some(taken) =
            [group.primary_address(), &group.name].into_iter().find(|id| content.find(id, |_| true).is_some())
        {
            return Err(CmdletError::exists(invocation.cmdlet, taken).into());
        }
        for member in invocation.argument("Members").and_then(Argument::texts).unwrap_or_default() {
            match content.find(&member, |_| true) {
                Some(recipient) => group.members.push(recipient.guid),
                None => return Err(CmdletError::not_found(invocation.cmdlet, &member).into()),
            }
        }
        if content.recipients.len() >= MAX_RECIPIENTS {
            return Err(CmdletError::invalid(
                invocation.cmdlet,
                "The tenant has as many recipients as it can take.",
            )
            .into());
        }
        if !invocation.is_what_if() {
            content.recipients.push(group.clone());
        }
    }
    invocation.write(&group.record())
}

fn remove(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    change_kind(invocation, is_group, None)
}

fn get_members(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let identity = invocation.text("Identity").unwrap_or_default();
    let organization = invocation.organization;
    let members = organization.read().find(&identity, is_group).map(|group| group.members.clone());
    let Some(members) = members else {
        return invocation.error(CmdletError::not_found(invocation.cmdlet, &identity));
    };
    let mut room = Room::of(invocation);
    for member in members {
        let record = organization.read().by_guid(member).map(views::recipient);
        let Some(record) = record else {
            continue;
        };
        if !room.take() {
            return room.warn(invocation);
        }
        invocation.write(&record)?;
    }
    Ok(())
}

fn add_member(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    change_member(invocation, true)
}

fn remove_member(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    change_member(invocation, false)
}

fn change_member(invocation: &mut Invocation<'_>, is_added: bool) -> Result<(), Halt> {
    let identity = invocation.text("Identity").unwrap_or_default();
    let member = invocation.text("Member").unwrap_or_default();
    let organization = invocation.organization;
    let refusal = {
        let mut content = organization.write();
        let guid = content.find(&member, |kind| kind != RecipientKind::User).map(|recipient| recipient.guid);
        match (guid, content.find_mut(&identity, is_group)) {
            (_, None) => Some(CmdletError::not_found(invocation.cmdlet, &identity)),
            (None, Some(_)) => Some(CmdletError::not_found(invocation.cmdlet, &member)),
            (Some(guid), Some(group)) => match (is_added, group.members.contains(&guid)) {
                (true, true) => Some(CmdletError::invalid(
                    invocation.cmdlet,
                    format!("The recipient \"{member}\" is already a member of the group \"{identity}\"."),
                )),
                (false, false) => Some(CmdletError::invalid(
                    invocation.cmdlet,
                    format!("The recipient \"{member}\" isn't a member of the group \"{identity}\"."),
                )),
                _ if invocation.is_what_if() => None,
                (true, false) => {
                    group.members.push(guid);
                    None
                }
                (false, true) => {
                    group.members.retain(|old| *old != guid);
                    None
                }
            },
        }
    };
    match refusal {
        Some(error) => invocation.error(error),
        None => Ok(()),
    }
}

const GROUP_ID: &str = "Microsoft.Exchange.Configuration.Tasks.DistributionGroupIdParameter";

const GET: &[Parameter] = &[
    Parameter::identity(GROUP_ID),
    Parameter::text("Anr"),
    Parameter::text("DomainController"),
    Parameter::text("Filter"),
    Parameter::switch("IgnoreDefaultScope"),
    Parameter::text("ManagedBy"),
    Parameter::text("OrganizationalUnit"),
    Parameter::texts("RecipientTypeDetails"),
    Parameter::new("ResultSize", Kind::Limit),
    Parameter::text("SortBy"),
];

const SET: &[Parameter] = &[
    Parameter::identity(GROUP_ID).mandatory(),
    Parameter::texts("AcceptMessagesOnlyFromSendersOrMembers"),
    Parameter::text("Alias"),
    Parameter::bool("BypassNestedModerationEnabled"),
    Parameter::switch("BypassSecurityGroupManagerCheck"),
    Parameter::text("CustomAttribute1"),
    Parameter::text("CustomAttribute2"),
    Parameter::texts("Description"),
    Parameter::text("DisplayName"),
    Parameter::texts("EmailAddresses"),
    Parameter::texts("GrantSendOnBehalfTo"),
    Parameter::bool("HiddenFromAddressListsEnabled"),
    Parameter::texts("ManagedBy"),
    Parameter::text("MailTip"),
    Parameter::text("MemberDepartRestriction"),
    Parameter::text("MemberJoinRestriction"),
    Parameter::texts("ModeratedBy"),
    Parameter::bool("ModerationEnabled"),
    Parameter::text("Name"),
    Parameter::text("PrimarySmtpAddress"),
    Parameter::bool("ReportToManagerEnabled"),
    Parameter::bool("ReportToOriginatorEnabled"),
    Parameter::bool("RequireSenderAuthenticationEnabled"),
    Parameter::bool("SendOofMessageToOriginatorEnabled"),
];

const NEW: &[Parameter] = &[
    Parameter::text("Name").mandatory().at(0),
    Parameter::text("Alias"),
    Parameter::texts("Description"),
    Parameter::text("DisplayName"),
    Parameter::switch("IgnoreNamingPolicy"),
    Parameter::texts("ManagedBy"),
    Parameter::text("MemberDepartRestriction"),
    Parameter::text("MemberJoinRestriction"),
    Parameter::texts("Members"),
    Parameter::bool("ModerationEnabled"),
    Parameter::text("PrimarySmtpAddress"),
    Parameter::bool("RequireSenderAuthenticationEnabled"),
];

const REMOVE: &[Parameter] =
    &[Parameter::identity(GROUP_ID).mandatory(), Parameter::switch("BypassSecurityGroupManagerCheck")];

const GET_MEMBER: &[Parameter] = &[
    Parameter::identity("Microsoft.Exchange.Configuration.Tasks.DistributionGroupMemberIdParameter")
        .mandatory(),
    Parameter::switch("IncludeSoftDeletedObjects"),
    Parameter::new("ResultSize", Kind::Limit),
];

const CHANGE_MEMBER: &[Parameter] = &[
    Parameter::identity(GROUP_ID).mandatory(),
    Parameter::switch("BypassSecurityGroupManagerCheck"),
    Parameter::text("Member"),
];
