//! The names under which Microsoft's clouds are reached, and what of the lab stands for each.

/// What of the lab answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Sign-in, Exchange, and the door to compliance.
    Main,
    /// A compliance host, which serves its callers itself.
    Regional,
}

/// What stands for `host`; `None` for a name that is no cloud's.
pub(crate) fn place(host: &str) -> Option<Place> {
    NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(host)).map(|(_, place)| *place)
}

/// All the names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

/// Where the worldwide compliance host sends its callers, by the internal name that the service has for the region.
pub(crate) const REGION: &str = "https://nam12b.admin.protection.outlook.com:446";
/// The host that does so.
pub(crate) const COMPLIANCE_DOOR: &str = "ps.compliance.protection.outlook.com";

const NAMES: &[(&str, Place)] = &[
    ("login.microsoftonline.com", Place::Main),
    ("login.windows.net", Place::Main),
    ("login.microsoftonline.us", Place::Main),
    ("login.microsoftonline.de", Place::Main),
    ("login.chinacloudapi.cn", Place::Main),
    ("outlook.office365.com", Place::Main),
    ("outlook.office365.us", Place::Main),
    ("outlook-dod.office365.us", Place::Main),
    ("outlook.office365.cn", Place::Main),
    ("outlook.office.de", Place::Main),
    // Standalone Exchange Online Protection.
    ("ps.protection.outlook.com", Place::Main),
    ("ps.protection.outlook.de", Place::Main),
    (COMPLIANCE_DOOR, Place::Main),
    // The public name of the region.
    ("nam12b.ps.compliance.protection.outlook.com", Place::Regional),
    ("ps.compliance.protection.office365.us", Place::Regional),
    ("l5.ps.compliance.protection.office365.us", Place::Regional),
    ("ps.compliance.protection.partner.outlook.cn", Place::Regional),
    ("ps.compliance.protection.outlook.de", Place::Regional),
];
