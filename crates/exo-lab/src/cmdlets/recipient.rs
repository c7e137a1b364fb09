//! Users, mail users and recipients of any kind.

use crate::cmdlets::identity::list_recipients;
use crate::cmdlets::{Cmdlet, Halt, Invocation, Kind, Parameter};
use crate::data::recipient::{Recipient, RecipientKind};
use crate::data::views;

pub(crate) const CMDLETS: &[Cmdlet] = &[
    Cmdlet { name: "Get-User", parameters: GET_USER, run: get_user },
    Cmdlet { name: "Get-MailUser", parameters: GET_MAIL_USER, run: get_mail_user },
    Cmdlet { name: "Get-Recipient", parameters: GET_RECIPIENT, run: get_recipient },
];

fn get_user(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    list_recipients(invocation, |kind| kind != RecipientKind::DistributionGroup, views::user)
}

fn get_mail_user(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    list_recipients(invocation, |kind| kind == RecipientKind::MailUser, Recipient::record)
}

fn get_recipient(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    list_recipients(invocation, |kind| kind != RecipientKind::User, views::recipient)
}

const GET_USER: &[Parameter] = &[
    Parameter::identity("Microsoft.Exchange.Configuration.Tasks.UserIdParameter"),
    Parameter::text("Anr"),
    Parameter::text("Filter"),
    Parameter::switch("IgnoreDefaultScope"),
    Parameter::text("OrganizationalUnit"),
    Parameter::texts("RecipientTypeDetails"),
    Parameter::new("ResultSize", Kind::Limit),
    Parameter::text("SortBy"),
];

const GET_MAIL_USER: &[Parameter] = &[
    Parameter::identity("Microsoft.Exchange.Configuration.Tasks.MailUserIdParameter"),
    Parameter::text("Anr"),
    Parameter::text("Filter"),
    Parameter::switch("IgnoreDefaultScope"),
    Parameter::text("OrganizationalUnit"),
    Parameter::new("ResultSize", Kind::Limit),
    Parameter::switch("SoftDeletedMailUser"),
    Parameter::text("SortBy"),
];

const GET_RECIPIENT: &[Parameter] = &[
    Parameter::identity("Microsoft.Exchange.Configuration.Tasks.RecipientIdParameter"),
    Parameter::text("Anr"),
    Parameter::text("Filter"),
    Parameter::switch("IgnoreDefaultScope"),
    Parameter::switch("IncludeSoftDeletedRecipients"),
    Parameter::text("OrganizationalUnit"),
    Parameter::texts("Properties"),
    Parameter::texts("RecipientType"),
    Parameter::texts("RecipientTypeDetails"),
    Parameter::new("ResultSize", Kind::Limit),
    Parameter::text("SortBy"),
];
