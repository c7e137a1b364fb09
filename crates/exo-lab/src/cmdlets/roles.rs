//! Management roles: what the administrator may do.

use crate::cmdlets::identity::list_records;
use crate::cmdlets::{Cmdlet, Halt, Invocation, Kind, Parameter};
use crate::data::random::Random;
use crate::data::record::Record;
use crate::data::value::Value;

pub(crate) const CMDLETS: &[Cmdlet] = &[
    Cmdlet { name: "Get-ManagementRole", parameters: GET_ROLE, run: get_role },
    Cmdlet { name: "Get-ManagementRoleAssignment", parameters: GET_ASSIGNMENT, run: get_assignment },
    Cmdlet { name: "Get-ManagementRoleEntry", parameters: GET_ENTRY, run: get_entry },
];

fn get_role(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let records: Vec<Record> = (0..).zip(ROLES).map(|(number, name)| role(number, name)).collect();
    list_records(invocation, &records)
}

fn get_assignment(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let records: Vec<Record> = (0..).zip(ROLES).map(|(number, name)| assignment(number, name)).collect();
    let wanted = invocation.text("Role");
    let records: Vec<Record> = records
        .into_iter()
        .filter(|record| {
            let role = record.property("Role").map(Value::display).unwrap_or_default();
            wanted.as_ref().is_none_or(|wanted| role.eq_ignore_ascii_case(wanted))
        })
        .collect();
    list_records(invocation, &records)
}

/// `-Identity 'Mail Recipients\*'`: the cmdlets of a role.
fn get_entry(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let identity = invocation.text("Identity").unwrap_or_default();
    let (role, pattern) = identity.split_once('\\').unwrap_or(("*", &identity));
    for cmdlet in super::all() {
        if !crate::data::filter::wildcard(pattern, cmdlet.name) {
            continue;
        }
        let role = if role == "*" { "Mail Recipients" } else { role };
        let parameters: Vec<&str> = cmdlet.parameters.iter().map(|parameter| parameter.name).collect();
        let properties = vec![
            ("Name", Value::text(cmdlet.name)),
            ("Role", Value::text(role)),
            (
                "Type",
                Value::enumeration(
                    "Microsoft.Exchange.Data.Directory.SystemConfiguration.ManagementRoleEntryType",
                    "Cmdlet",
                    1,
                ),
            ),
            ("PSSnapinName", Value::text("Microsoft.Exchange.Management.PowerShell.E2010")),
            ("Parameters", Value::strings(parameters)),
            ("Identity", Value::Text(format!("{role}\\{}", cmdlet.name))),
            ("IsValid", Value::Bool(true)),
        ];
        let text = format!("{role}\\{}", cmdlet.name);
        invocation.write(&Record { types: ENTRY, text, properties })?;
    }
    Ok(())
}

fn role(number: u64, name: &str) -> Record {
    let guid = Random::new(0x401e + number).guid();
    let properties = vec![
        (
            "RoleType",
            Value::enumeration(ROLE_TYPE, &name.replace(' ', ""), i32::try_from(number).unwrap_or(0)),
        ),
        ("IsRootRole", Value::Bool(true)),
        ("IsEndUserRole", Value::Bool(false)),
        ("MailboxPlanIndex", Value::text("")),
        (
            "Description",
            Value::Text(format!("This role enables administrators to work with {}.", name.to_lowercase())),
        ),
        ("Parent", Value::Nil),
        ("Name", Value::text(name)),
        ("Identity", Value::link(name, "/Configuration/RBAC/Roles", guid)),
        ("Guid", Value::Guid(guid)),
        ("IsValid", Value::Bool(true)),
    ];
    Record { types: ROLE, text: name.to_owned(), properties }
}

fn assignment(number: u64, name: &str) -> Record {
    let guid = Random::new(0xa551 + number).guid();
    let text = format!("{name}-Organization Management");
    let properties = vec![
        ("Role", Value::text(name)),
        ("RoleAssigneeName", Value::text("Organization Management")),
        (
            "RoleAssigneeType",
            Value::enumeration(
                "Microsoft.Exchange.Data.Directory.SystemConfiguration.RoleAssigneeType",
                "RoleGroup",
                6,
            ),
        ),
        (
            "AssignmentMethod",
            Value::enumeration(
                "Microsoft.Exchange.Data.Directory.SystemConfiguration.AssignmentMethod",
                "Direct",
                1,
            ),
        ),
        ("Enabled", Value::Bool(true)),
        ("Name", Value::text(&text)),
        ("Identity", Value::link(&text, "/Configuration/RBAC/Role Assignments", guid)),
        ("Guid", Value::Guid(guid)),
        ("IsValid", Value::Bool(true)),
    ];
    Record { types: ASSIGNMENT, text, properties }
}

const ROLES: &[&str] = &[
    "Audit Logs",
    "Distribution Groups",
    "Mail Recipient Creation",
    "Mail Recipients",
    "Organization Configuration",
    "Remote and Accepted Domains",
    "Role Management",
    "Transport Rules",
    "View-Only Configuration",
    "View-Only Recipients",
];
const ROLE_TYPE: &str = "Microsoft.Exchange.Data.Directory.SystemConfiguration.RoleType";
const ROLE: &[&str] = &[
    "Microsoft.Exchange.Data.Directory.Management.ExchangeRole",
    "Microsoft.Exchange.Data.Directory.SystemConfiguration.ADConfigurationObject",
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
];
const ENTRY: &[&str] = &[
    "Microsoft.Exchange.Data.Directory.Management.ExchangeRoleEntryPresentation",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
];
const ASSIGNMENT: &[&str] = &[
    "Microsoft.Exchange.Data.Directory.Management.ExchangeRoleAssignmentPresentation",
    "Microsoft.Exchange.Data.Directory.Management.ADPresentationObject",
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
];

const GET_ROLE: &[Parameter] = &[
    Parameter::identity("Microsoft.Exchange.Configuration.Tasks.RoleIdParameter"),
    Parameter::text("Cmdlet"),
    Parameter::texts("CmdletParameters"),
    Parameter::switch("GetChildren"),
    Parameter::switch("Recurse"),
    Parameter::text("RoleType"),
];

const GET_ASSIGNMENT: &[Parameter] = &[
    Parameter::identity("Microsoft.Exchange.Configuration.Tasks.RoleAssignmentIdParameter"),
    Parameter::bool("Delegating"),
    Parameter::bool("Enabled"),
    Parameter::switch("GetEffectiveUsers"),
    Parameter::text("Role"),
    Parameter::new(
        "RoleAssignee",
        Kind::Identity("Microsoft.Exchange.Configuration.Tasks.RoleAssigneeIdParameter"),
    ),
];

const GET_ENTRY: &[Parameter] = &[
    Parameter::identity("Microsoft.Exchange.Configuration.Tasks.RoleEntryIdParameter").mandatory(),
    Parameter::texts("Parameters"),
    Parameter::text("PSSnapinName"),
    Parameter::new("ResultSize", Kind::Limit),
    Parameter::texts("Type"),
];
