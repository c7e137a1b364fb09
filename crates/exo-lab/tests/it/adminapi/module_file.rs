//! The module text.

use std::process::Command;

use exo_lab::LabConfig;

use super::{COMPLIANCE, EXCHANGE, Rest};

/// The text for these cmdlets.
pub(super) async fn text(rest: &Rest, names: &str) -> String {
    let answer = file(rest, names).await;
    answer["fileContent"].as_str().expect("a text").to_owned()
}

async fn file(rest: &Rest, names: &str) -> serde_json::Value {
    let path = format!("/AdminApi/v1.0/{}/EXOModuleFile?Version=3.5.0", rest.tenant);
    let answer = rest.request("GET", &path, &[("CommandName", names)], None).await.expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["value"][0].clone()
}

fn exported(file: &serde_json::Value) -> Vec<String> {
    let names = file["exportedCmdlets"].as_str().expect("a list");
    names.split(',').filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
}

#[tokio::test]
async fn the_text_has_a_block_for_each_cmdlet_of_the_role() {
    let mut rest = Rest::start(LabConfig::default()).await;
    let user = rest.lab.user();
    let all = file(&rest, "*").await;
    let names = exported(&all);
    assert!(80 <= names.len(), "{}", names.len());
    let content = all["fileContent"].as_str().expect("a text");
    for name in &names {
        assert!(content.contains(&format!("\nfunction script:{name}\n{{\n    [CmdletBinding(")), "{name}");
    }
    assert!(content.contains("[CmdletBinding(DefaultParameterSetName='Identity', SupportsShouldProcess=$true, ConfirmImpact='High')]"));
    assert!(content.contains("-EnableBatchingStatus:$true"));
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    assert!(content.contains(&format!("\nExport-ModuleMember -Function @({})", quoted.join(", "))));
    assert_eq!(
        exported(&file(&rest, "Get-Mailbox, Set-Org*,Nothing").await),
        ["Get-Mailbox", "Set-OrganizationConfig"]
    );

    for (user, audience, has, lacks) in [
        ("viewer@contoso.onmicrosoft.com", EXCHANGE, "Get-Mailbox", "Set-Mailbox"),
        ("compliance@contoso.onmicrosoft.com", EXCHANGE, "New-JournalRule", "Set-Mailbox"),
        ("compliance@contoso.onmicrosoft.com", COMPLIANCE, "New-ComplianceCase", "Get-Mailbox"),
        (user.as_str(), COMPLIANCE, "Get-RoleGroup", "Get-TransportRule"),
    ] {
        rest.again(user, audience).await;
        let names = exported(&file(&rest, "*").await);
        assert!(names.iter().any(|name| name == has), "{user} lacks {has}");
        assert!(!names.iter().any(|name| name == lacks), "{user} has {lacks}");
    }
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn an_unchanged_text_is_not_sent_again() {
    let mut rest = Rest::start(LabConfig { cmdlets: 120, ..LabConfig::default() }).await;
    let path = format!("/AdminApi/v1.0/{}/EXOModuleFile?Version=3.5.0", rest.tenant);
    let ask = async |rest: &Rest, names: &str, known: &str| {
        let headers = [("CommandName", names), ("If-None-Match", known)];
        let answer = rest.request("GET", &path, &headers, None).await.expect("an answer");
        (answer.status, answer.header("etag").expect("a tag").to_owned(), answer.text().len())
    };
    let (status, tag, _) = ask(&rest, "*", "\"other\"").await;
    assert_eq!((status, rest.lab.module_downloads()), (200, 1));
    assert_eq!(ask(&rest, "*", &tag).await, (304, tag.clone(), 0));
    assert_eq!(ask(&rest, "*", &format!("\"other\", {tag}")).await.0, 304);
    assert_eq!(rest.lab.module_downloads(), 1);
    assert_eq!(ask(&rest, "Get-*", &tag).await.0, 200);
    assert_eq!(exported(&file(&rest, "*").await).len(), 120);
    rest.again("viewer@contoso.onmicrosoft.com", EXCHANGE).await;
    assert_eq!(ask(&rest, "*", &tag).await.0, 200);
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn a_role_permits_exactly_what_its_module_text_describes() {
    let mut rest = Rest::start(LabConfig::default()).await;
    rest.again("viewer@contoso.onmicrosoft.com", EXCHANGE).await;
    assert_eq!(rest.invoke("Get-Mailbox", serde_json::json!({})).await.status, 200);
    let change = serde_json::json!({ "Identity": "user00001", "DisplayName": "X" });
    assert_eq!(rest.invoke("Set-Mailbox", change).await.status, 403);
    assert_eq!(rest.lab.executions("Set-Mailbox"), 0);
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn the_first_compliance_request_is_sent_to_the_region() {
    let mut rest = Rest::start(LabConfig::default()).await;
    let user = rest.lab.user();
    rest.again(&user, COMPLIANCE).await;
    rest.is_regional = false;
    let path = format!("/AdminApi/v1.0/{}/EXOModuleFile?Version=3.5.0", rest.tenant);
    let answer = rest.request("GET", &path, &[], None).await.expect("an answer");
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some(format!("{}{path}", rest.lab.compliance_url()).as_str()))
    );
    rest.is_regional = true;
    let path = format!("/AdminApi/v1.0/{}/EXOModuleFile", rest.tenant);
    assert_eq!(rest.request("GET", &path, &[], None).await.expect("an answer").status, 400);
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn powershell_takes_the_text() {
    let name = "powershell_takes_the_text";
    if Command::new("pwsh")
        .args(["-NoProfile", "-Command", "exit 0"])
        .env("POWERSHELL_TELEMETRY_OPTOUT", "1")
        .output()
        .is_err()
    {
        eprintln!("ignored: {name}: pwsh is not installed");
        return;
    }
    let rest = Rest::start(LabConfig::default()).await;
    let file = file(&rest, "*").await;
    let path = std::env::temp_dir().join(format!("exo-lab-test-{}.psm1", uuid::Uuid::new_v4()));
    std::fs::write(&path, file["fileContent"].as_str().expect("a text")).expect("the folder can be written");
    let script = format!(
        "$m = New-Module -ScriptBlock ([scriptblock]::Create((Get-Content -Raw '{}'))); \
         $m.ExportedFunctions.Count; \
         ($m.ExportedFunctions['Get-Mailbox'].ParameterSets.Name | Sort-Object) -join ','; \
         $m.ExportedFunctions['Remove-Mailbox'].Parameters.ContainsKey('WhatIf')",
        path.display()
    );
    let output = Command::new("pwsh")
        .args(["-NoProfile", "-NonInteractive", "-Command", &script])
        .env("POWERSHELL_TELEMETRY_OPTOUT", "1")
        .output()
        .expect("pwsh runs");
    std::fs::remove_file(&path).expect("it was ours");
    let text = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    let lines: Vec<&str> = text.lines().collect();
    let count = exported(&file).len().to_string();
    assert_eq!(
        lines,
        [count.as_str(), "AnrSet,Identity,MailboxPlanSet", "True"],
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    rest.lab.shutdown().await;
}
