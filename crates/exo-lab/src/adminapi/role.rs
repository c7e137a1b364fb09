//! What a user may run: the roles of the lab's accounts.

use crate::adminapi::catalog::Area;

/// A user's role in the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Organization Management, and everything in compliance.
    Administrator,
    /// View-Only Organization Management: what reads, on both sides.
    Viewer,
    /// Compliance Management: all of compliance, and little of Exchange.
    ComplianceAdministrator,
}

impl Role {
    /// The role of an account: `viewer@…` and `compliance@…` have theirs, everybody else administers, applications too.
    pub(super) fn of(upn: &str) -> Self {
        let alias = upn.split_once('@').map_or(upn, |(alias, _)| alias);
        if alias.eq_ignore_ascii_case("viewer") {
            Self::Viewer
        } else if alias.eq_ignore_ascii_case("compliance") {
            Self::ComplianceAdministrator
        } else {
            Self::Administrator
        }
    }

    pub(super) fn permits(self, cmdlet: &str, host: Area) -> bool {
        let reads = cmdlet.starts_with("Get-") || cmdlet.starts_with("Test-");
        match self {
            Self::Administrator => true,
            Self::Viewer => reads,
            Self::ComplianceAdministrator => {
                host == Area::Compliance || COMPLIANCE_IN_EXCHANGE.contains(&cmdlet)
            }
        }
    }
}

/// What Compliance Management holds on the Exchange side.
const COMPLIANCE_IN_EXCHANGE: &[&str] = &[
    "Get-AdminAuditLogConfig",
    "Get-JournalRule",
    "Get-Mailbox",
    "Get-MessageTrace",
    "Get-Recipient",
    "Get-RetentionPolicy",
    "Get-RetentionPolicyTag",
    "Get-TransportRule",
    "Get-User",
    "New-JournalRule",
    "New-TransportRule",
    "Remove-JournalRule",
    "Remove-TransportRule",
    "Search-UnifiedAuditLog",
    "Set-AdminAuditLogConfig",
    "Set-TransportRule",
];
