//! The organization and its domains.

use crate::cmdlets::change::{change_record, warn_unchanged};
use crate::cmdlets::identity::list_records;
use crate::cmdlets::{Cmdlet, Halt, Invocation, Kind, Parameter};

pub(crate) const CMDLETS: &[Cmdlet] = &[
    Cmdlet { name: "Get-AcceptedDomain", parameters: GET_DOMAIN, run: get_domain },
    Cmdlet { name: "Get-OrganizationConfig", parameters: GET_CONFIG, run: get_config },
    Cmdlet { name: "Set-OrganizationConfig", parameters: SET_CONFIG, run: set_config },
];

fn get_domain(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let domains = invocation.organization.read().accepted_domains.clone();
    list_records(invocation, &domains)
}

fn get_config(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let config = invocation.organization.read().organization_config.clone();
    invocation.write(&config)
}

fn set_config(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    if invocation.is_what_if() {
        return Ok(());
    }
    let organization = invocation.organization;
    let (name, is_changed) = {
        let config = &mut organization.write().organization_config;
        let is_changed = change_record(invocation, config)?;
        (config.text.clone(), is_changed)
    };
    if is_changed { Ok(()) } else { warn_unchanged(invocation, &name) }
}

const GET_DOMAIN: &[Parameter] = &[
    Parameter::identity("Microsoft.Exchange.Configuration.Tasks.AcceptedDomainIdParameter"),
    Parameter::text("DomainController"),
    Parameter::text("Filter"),
    Parameter::new("ResultSize", Kind::Limit),
];

const GET_CONFIG: &[Parameter] = &[Parameter::text("DomainController")];

const SET_CONFIG: &[Parameter] = &[
    Parameter::bool("ActivityBasedAuthenticationTimeoutEnabled"),
    Parameter::bool("AppsForOfficeEnabled"),
    Parameter::bool("AuditDisabled"),
    Parameter::bool("BookingsEnabled"),
    Parameter::bool("CustomerLockboxEnabled"),
    Parameter::text("DefaultAuthenticationPolicy"),
    Parameter::new("DefaultPublicFolderIssueWarningQuota", Kind::Quota),
    Parameter::new("DefaultPublicFolderMaxItemSize", Kind::Quota),
    Parameter::new("DefaultPublicFolderProhibitPostQuota", Kind::Quota),
    Parameter::text("DistributionGroupDefaultOU"),
    Parameter::texts("DistributionGroupNameBlockedWordsList"),
    Parameter::text("DomainController"),
    Parameter::bool("EwsEnabled"),
    Parameter::bool("FocusedInboxOn"),
    Parameter::bool("LeanPopoutEnabled"),
    Parameter::bool("MailTipsAllTipsEnabled"),
    Parameter::bool("MailTipsExternalRecipientsTipsEnabled"),
    Parameter::bool("MailTipsGroupMetricsEnabled"),
    Parameter::bool("MailTipsMailboxSourcedTipsEnabled"),
    Parameter::bool("OAuth2ClientProfileEnabled"),
    Parameter::bool("ReadTrackingEnabled"),
    Parameter::bool("SendFromAliasEnabled"),
];
