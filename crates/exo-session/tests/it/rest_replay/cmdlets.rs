//! The cmdlets of the recordings, as a module text.

/// Name, `ShouldProcess` impact, parameters. `!` marks the one of the first position that takes the pipeline, `=` one
/// of the first position that does not, `&` one that takes a property of its name, `+` a mandatory one, `?` one that may not
/// be empty. After a slash stands the parameter set, the first of which is the default, after a colon the type, after `~` how
/// a parameter routes.
const CMDLETS: &[(&str, Option<&str>, &str)] = &[
    (
        "Get-Mailbox",
        None,
        "Identity!/Identity Anr/AnrSet:string Archive:switch Filter:string RecipientTypeDetails:System.Object[] ResultSize",
    ),
    (
        "Set-Mailbox",
        Some("Medium"),
        "Identity!+ DisplayName:string EmailAddresses AcceptMessagesOnlyFrom ForwardingAddress LitigationHoldDate \
         RetainDeletedItemsFor",
    ),
    ("Remove-Mailbox", Some("High"), "Identity! Force:switch"),
    (
        "New-Mailbox",
        Some("Medium"),
        "Name=&:string Password+/User:securestring MicrosoftOnlineServicesID+/User Shared+/Shared:switch",
    ),
    ("Get-Recipient", None, "Identity! RecipientPreviewFilter?:string ResultSize"),
    (
        "Get-MailboxPermission",
        None,
        "Identity! Credential:pscredential UseCustomRouting:switch~Identity,MailboxID",
    ),
    ("Get-MailboxStatistics", None, "Identity! UseCustomRouting:switch~Identity,MailboxID"),
    ("Get-MailboxAutoReplyConfiguration", None, "Identity! UseCustomRouting:switch~Identity,MailboxID"),
    ("Get-MailboxFolderPermission", None, "Identity! UseCustomRouting:switch~Identity,MailboxFolderID"),
    ("Get-InboxRule", None, "Identity! Mailbox UseCustomRouting:switch~Mailbox,MailboxID"),
    (
        "Remove-CalendarEvents",
        Some("High"),
        "Identity! CancelOrganizedMeetings:switch QueryWindowInDays:int UseCustomRouting:switch~Identity,MailboxID",
    ),
    ("Get-MessageTrace", None, "StartDate EndDate"),
    ("Get-DistributionGroupMember", None, "Identity!"),
    ("Import-TransportRuleCollection", Some("High"), "FileData=:byte[]"),
    (
        "New-DataClassification",
        Some("Medium"),
        "Name=:string Description:string Fingerprints Locale:cultureinfo",
    ),
    ("New-DynamicDistributionGroup", Some("Medium"), "Name=:string RecipientFilter:string"),
    (
        "New-ElevatedAccessRequest",
        None,
        "Role:string Reason:string DurationHours:int RequestContext:hashtable",
    ),
    ("New-TransportRule", Some("Medium"), "Name=:string MessageContainsDataClassifications:hashtable[]"),
    ("Set-HostedConnectionFilterPolicy", Some("Medium"), "Identity! IPAllowList"),
    ("Set-MailboxCalendarConfiguration", Some("Medium"), "Identity! WorkingHoursStartTime:timespan"),
    ("Set-TextMessagingAccount", Some("Medium"), "Identity! CountryRegionId:System.Globalization.RegionInfo"),
];

pub(super) fn module_text() -> String {
    let mut text = String::new();
    let mut names = Vec::new();
    for (name, impact, parameters) in CMDLETS {
        names.push(format!("'{name}'"));
        let parameters: Vec<&str> = parameters.split_whitespace().collect();
        let set = parameters.iter().find_map(|parameter| set_of(parameter));
        let set = set.map(|set| format!("DefaultParameterSetName='{set}'"));
        let asking = impact.map(|impact| format!("SupportsShouldProcess=$true, ConfirmImpact='{impact}'"));
        let binding = set.into_iter().chain(asking).collect::<Vec<_>>().join(", ");
        let declared: Vec<String> = parameters.iter().map(|parameter| declaration(parameter)).collect();
        let routes = parameters.iter().find_map(|parameter| parameter.split_once('~'));
        let code = routes.and_then(|(_, by)| by.split_once(',')).map_or_else(
            || "Run -EnableBatchingStatus:$true".to_owned(),
            |(parameter, by)| format!(
                "Run -ParameterBasedRoutingHintDelegate Get-{by}BasedRoutingHint -ParameterBasedRoutingHintParameterValue \
                 ${parameter} -More"
            ),
        );
        text.push_str(&format!(
            "function script:{name}\n{{\n[CmdletBinding({binding})]\nparam(\n{}\n)\nProcess {{\n{code}\n}}\n}}\n",
            declared.join(",\n")
        ));
    }
    // A number of 2048 bits is all that encrypting needs.
    let modulus = format!("{}ww==", "w8PD".repeat(85));
    text.push_str(&format!(
        "$PublicKey = '<RSAKeyValue><Modulus>{modulus}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>'\n"
    ));
    text.push_str(&format!("Export-ModuleMember -Function @({})\n", names.join(", ")));
    text
}

fn declaration(parameter: &str) -> String {
    let parameter = parameter.split('~').next().unwrap();
    let (name, declared) =
        parameter.split_once(':').map_or((parameter, ""), |(name, declared)| (name, declared));
    let name = name.split('/').next().unwrap();
    let mut facts = Vec::new();
    if name.contains(['!', '=']) {
        facts.push("Position=0".to_owned());
    }
    if name.contains('!') {
        facts.push("ValueFromPipeline=$true".to_owned());
    }
    if name.contains(['!', '&']) {
        facts.push("ValueFromPipelineByPropertyName=$true".to_owned());
    }
    if name.contains('+') {
        facts.push("Mandatory=$true".to_owned());
    }
    facts.extend(set_of(parameter).map(|set| format!("ParameterSetName='{set}'")));
    let rule = if name.contains('?') { "[ValidateNotNullOrEmpty()]" } else { "" };
    let declared = if declared.is_empty() { String::new() } else { format!("[{declared}]") };
    let name = name.trim_end_matches(|mark: char| !mark.is_alphanumeric());
    format!("[Parameter({})]{rule}{declared}${{{name}}}", facts.join(", "))
}

fn set_of(parameter: &str) -> Option<&str> {
    let (_, rest) = parameter.split_once('/')?;
    rest.split([':', '~']).next()
}
