//! The cmdlets and the organization behind them.

use exo_lab::{Lab, LabConfig};

use crate::http::basic;
use crate::session::{Session, error_id, property};

async fn lab() -> Lab {
    Lab::start(LabConfig::default()).await.expect("the lab starts")
}

async fn open(lab: &Lab) -> Session<'_> {
    Session::open(lab, "/powershell/", basic(&lab.user(), lab.password())).await.expect("the shell opens")
}

#[tokio::test]
async fn changes_stick() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    let set = session
        .run(
            "Set-Mailbox",
            &[("Identity", "user00001"), ("Office", "Here & <there>"), ("ProhibitSendQuota", "10GB")],
        )
        .await;
    assert!(set.errors.is_empty() && set.warnings.is_empty(), "{set:?}");
    let mailbox = session.run("Get-Mailbox", &[("Identity", "user00001")]).await;
    assert_eq!(mailbox.column("Office"), ["Here & <there>"]);
    assert_eq!(mailbox.column("ProhibitSendQuota"), ["10 GB (10,737,418,240 bytes)"]);
    let again = session.run("Set-Mailbox", &[("Identity", "user00001"), ("Office", "Here & <there>")]).await;
    assert_eq!(
        again.warnings,
        ["The command completed successfully but no settings of 'user00001' have been modified."]
    );

    let new = session.run("New-Mailbox", &[("Name", "Zoë Test"), ("Alias", "zoe")]).await;
    assert_eq!(new.column("PrimarySmtpAddress"), ["zoe@contoso.onmicrosoft.com"]);
    let twice = session.run("New-Mailbox", &[("Name", "Zoë Test"), ("Alias", "zoe")]).await;
    assert!(twice.failure().contains("ProxyAddressExistsException"));
    session.run("Set-Mailbox", &[("Identity", "zoe"), ("PrimarySmtpAddress", "z@contoso.example")]).await;
    let found = session.run("Get-Recipient", &[("Identity", "z@contoso.example")]).await;
    assert_eq!(found.column("Name"), ["Zoë Test"]);
    session.run("Remove-Mailbox", &[("Identity", "zoe"), ("WhatIf", "$true")]).await;
    assert_eq!(session.run("Get-Mailbox", &[("Identity", "zoe")]).await.output.len(), 1);
    // There is nobody whom the server could ask.
    assert!(!session.run("Remove-Mailbox", &[("Identity", "zoe")]).await.failure().is_empty());
    assert_eq!(session.run("Get-Mailbox", &[("Identity", "zoe")]).await.output.len(), 1);
    session.run("Remove-Mailbox", &[("Identity", "zoe"), ("Confirm", "$false")]).await;
    assert_eq!(session.run("Get-Mailbox", &[("Identity", "zoe")]).await.errors.len(), 1);

    session.run("Disable-Mailbox", &[("Identity", "user00002")]).await;
    assert_eq!(session.run("Get-Mailbox", &[("Identity", "user00002")]).await.errors.len(), 1);
    assert_eq!(session.run("Get-User", &[("Identity", "user00002")]).await.column("RecipientType"), ["User"]);
    session.run("Enable-Mailbox", &[("Identity", "user00002")]).await;
    assert_eq!(session.run("Get-Mailbox", &[("Identity", "user00002")]).await.output.len(), 1);
    session.delete().await;
    lab.shutdown().await;
}

#[tokio::test]
async fn groups_have_members() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    session.run("New-DistributionGroup", &[("Name", "Club"), ("Members", "user00001")]).await;
    session.run("Add-DistributionGroupMember", &[("Identity", "Club"), ("Member", "user00003")]).await;
    let twice =
        session.run("Add-DistributionGroupMember", &[("Identity", "Club"), ("Member", "user00003")]).await;
    assert_eq!(twice.errors.len(), 1);
    let members = session.run("Get-DistributionGroupMember", &[("Identity", "Club")]).await;
    assert_eq!(members.column("Alias"), ["user00001", "user00003"]);
    session.run("Remove-DistributionGroupMember", &[("Identity", "Club"), ("Member", "user00001")]).await;
    assert_eq!(
        session.run("Get-DistributionGroupMember", &[("Identity", "Club")]).await.column("Alias"),
        ["user00003"]
    );
    session.run("Remove-DistributionGroup", &[("Identity", "Club")]).await;
    let gone = session.run("Get-DistributionGroupMember", &[("Identity", "Club")]).await;
    assert!(error_id(&gone.errors[0]).contains("ManagementObjectNotFoundException"));
    session.delete().await;
    lab.shutdown().await;
}

#[tokio::test]
async fn rules_and_configuration_change() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    session.run("New-TransportRule", &[("Name", "Fourth"), ("PrependSubject", "[4]")]).await;
    session.run("Disable-TransportRule", &[("Identity", "Legal disclaimer")]).await;
    session.run("Remove-TransportRule", &[("Identity", "External sender warning")]).await;
    let rules = session.run("Get-TransportRule", &[]).await;
    assert_eq!(rules.column("Name"), ["Legal disclaimer", "Block executable attachments", "Fourth"]);
    assert_eq!(rules.column("Priority"), ["0", "1", "2"]);
    assert_eq!(rules.column("State"), ["Disabled", "Enabled", "Enabled"]);
    assert_eq!(property(&rules.output[2], "PrependSubject"), "[4]");
    session.run("Set-OrganizationConfig", &[("ReadTrackingEnabled", "$true")]).await;
    assert_eq!(session.run("Get-OrganizationConfig", &[]).await.column("ReadTrackingEnabled"), ["true"]);
    session.delete().await;
    lab.shutdown().await;
}

#[tokio::test]
async fn results_are_filtered_and_cut() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    for (command, parameters, count, warnings) in [
        ("Get-Mailbox", &[("ResultSize", "3")][..], 3, 1),
        ("Get-Mailbox", &[("ResultSize", "Unlimited")], 25, 0),
        ("Get-Mailbox", &[("ResultSize", "25")], 25, 0),
        ("Get-Mailbox", &[("Filter", "Alias -like 'user0000*'")], 8, 0),
        ("Get-Mailbox", &[("RecipientTypeDetails", "SharedMailbox")], 1, 0),
        ("Get-Mailbox", &[("Anr", "room")], 1, 0),
        ("Get-MailUser", &[], 5, 0),
        ("Get-AcceptedDomain", &[], 3, 0),
        ("Get-Recipient", &[("ResultSize", "1"), ("WarningAction", "SilentlyContinue")], 1, 0),
        ("Get-ManagementRole", &[("Identity", "Mail Recipients")], 1, 0),
        ("Get-ManagementRoleEntry", &[("Identity", "Mail Recipients\\*-Mailbox")], 6, 0),
        ("Get-MailboxStatistics", &[("Identity", "user00001")], 1, 0),
    ] {
        let outcome = session.run(command, parameters).await;
        assert_eq!(
            (outcome.output.len(), outcome.warnings.len()),
            (count, warnings),
            "{command} {parameters:?}"
        );
    }
    let cut = session.run("Get-Mailbox", &[("ResultSize", "3")]).await;
    assert_eq!(
        cut.warnings,
        [
            "There are more results available than are currently displayed. To view them, increase the value for the ResultSize parameter."
        ]
    );
    let bad = session.run("Get-Mailbox", &[("Filter", "Alias -matches 'x'")]).await;
    assert!(bad.failure().contains("TaskArgumentException"));
    assert_eq!(
        session.run("Get-Mailbox", &[("Identity", "user00001"), ("Verbose", "$true")]).await.verbose.len(),
        1
    );
    session.delete().await;
    lab.shutdown().await;
}
