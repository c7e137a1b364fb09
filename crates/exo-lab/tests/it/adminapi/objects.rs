//! Objects that only the REST side knows.

use exo_lab::LabConfig;
use serde_json::json;

use super::{COMPLIANCE, Rest, objects, property};

#[tokio::test]
async fn compliance_objects_keep_what_was_done_to_them() {
    let mut rest = Rest::start(LabConfig::default()).await;
    let user = rest.lab.user();
    rest.again(&user, COMPLIANCE).await;
    let new = json!({ "Name": "Case 9", "Description": "d" });
    assert_eq!(
        property(&objects(&rest.invoke("New-ComplianceCase", new.clone()).await), "Status"),
        ["Active"]
    );
    assert_eq!(rest.invoke("New-ComplianceCase", new).await.status, 400);
    let set = json!({ "Identity": "Case 9", "Description": "e", "Confirm": false });
    assert_eq!(rest.invoke("Set-ComplianceCase", set).await.status, 200);
    let case = objects(&rest.invoke("Get-ComplianceCase", json!({ "Identity": "case 9" })).await);
    assert_eq!(property(&case, "Description"), ["e"]);
    assert_eq!(rest.invoke("Remove-ComplianceCase", json!({ "Identity": "Case 9" })).await.status, 200);
    assert_eq!(rest.invoke("Get-ComplianceCase", json!({ "Identity": "Case 9" })).await.status, 404);
    assert_eq!(rest.lab.executions("New-ComplianceCase"), 2);
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn permissions_are_granted_shown_and_taken_back() {
    let rest = Rest::start(LabConfig::default()).await;
    let grant = json!({ "Identity": "user00001", "User": "user00002", "AccessRights": ["FullAccess"] });
    assert_eq!(rest.invoke("Add-MailboxPermission", grant.clone()).await.status, 200);
    assert!(
        rest.invoke("Add-MailboxPermission", grant.clone()).await.json()["@adminapi.warnings"].is_array()
    );
    let shown = objects(&rest.invoke("Get-MailboxPermission", json!({ "Identity": "user00001" })).await);
    assert_eq!(property(&shown, "User"), ["NT AUTHORITY\\SELF", "user00002@contoso.onmicrosoft.com"]);
    assert_eq!(rest.invoke("Remove-MailboxPermission", grant).await.status, 200);
    let shown = objects(&rest.invoke("Get-MailboxPermission", json!({ "Identity": "user00001" })).await);
    assert_eq!(shown.values().count(), 1);
    let ghost = json!({ "Identity": "user00001", "User": "ghost", "AccessRights": ["FullAccess"] });
    assert_eq!(rest.invoke("Add-MailboxPermission", ghost).await.status, 404);
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn settings_of_a_mailbox_are_its_own() {
    let rest = Rest::start(LabConfig { mailboxes: 3, ..LabConfig::default() }).await;
    let set =
        json!({ "Identity": "user00002", "AutoReplyState": "Enabled", "InternalMessage": "Away <b>now</b>" });
    assert_eq!(rest.invoke("Set-MailboxAutoReplyConfiguration", set.clone()).await.status, 200);
    assert!(
        rest.invoke("Set-MailboxAutoReplyConfiguration", set).await.json()["@adminapi.warnings"].is_array()
    );
    for (identity, state) in [("user00001", "Disabled"), ("user00002", "Enabled")] {
        let get = rest.invoke("Get-MailboxAutoReplyConfiguration", json!({ "Identity": identity })).await;
        assert_eq!(property(&objects(&get), "AutoReplyState"), [state]);
    }
    let times = json!({ "Identity": "user00001", "StartTime": "2026-11-21T08:00:00" });
    assert_eq!(rest.invoke("Set-MailboxAutoReplyConfiguration", times).await.status, 200);
    let shown = rest.invoke("Get-MailboxAutoReplyConfiguration", json!({ "Identity": "user00001" })).await;
    assert_eq!(property(&objects(&shown), "StartTime"), ["2026-11-21T08:00:00Z"]);
    let all = objects(&rest.invoke("Get-CASMailbox", json!({})).await);
    assert_eq!(property(&all, "OWAEnabled"), ["true", "true", "true"]);
    assert_eq!(rest.invoke("Get-CalendarProcessing", json!({ "Identity": "ghost" })).await.status, 404);
    rest.lab.shutdown().await;
}

#[tokio::test]
async fn recorded_documents_answer_over_rest_too() {
    let folder = std::env::temp_dir().join(format!("exo-lab-test-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&folder).expect("the folder can be made");
    let document = |text: &str| {
        format!(
            "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><Obj RefId=\"0\"><TN RefId=\"0\">\
             <T>A.B</T></TN><Props><S N=\"Name\">{text}</S></Props></Obj><Obj RefId=\"1\"><TNRef RefId=\"0\" /><Props>\
             <S N=\"Name\">{text} 2</S></Props></Obj></Objs>"
        )
    };
    for (file, text) in [("GetAcceptedDomain.xml", "domain"), ("GetExchangeServer.xml", "server")] {
        std::fs::write(folder.join(file), document(text)).expect("the file can be written");
    }
    let mut rest =
        Rest::start(LabConfig { data: Some(folder.clone()), mailboxes: 1, ..LabConfig::default() }).await;
    for (cmdlet, names) in
        [("Get-AcceptedDomain", ["domain", "domain 2"]), ("get-ExchangeServer", ["server", "server 2"])]
    {
        assert_eq!(property(&objects(&rest.invoke(cmdlet, json!({})).await), "Name"), names);
    }
    let text = super::module_file::text(&rest, "Get-Exchange*").await;
    assert!(text.contains("function script:Get-ExchangeServer\n"));
    assert!(text.ends_with("Export-ModuleMember -Function @(\"Get-ExchangeServer\")\n"));
    // What a role does not have stays refused, recorded or not.
    rest.again("compliance@contoso.onmicrosoft.com", super::EXCHANGE).await;
    for cmdlet in ["Get-AcceptedDomain", "Get-ExchangeServer"] {
        assert_eq!(rest.invoke(cmdlet, json!({})).await.status, 403);
    }
    rest.lab.shutdown().await;
    std::fs::remove_dir_all(&folder).expect("it was ours");
}

#[tokio::test]
async fn every_reading_cmdlet_answers() {
    let mut rest = Rest::start(LabConfig { mailboxes: 2, ..LabConfig::default() }).await;
    let user = rest.lab.user();
    for audience in [super::EXCHANGE, COMPLIANCE] {
        rest.again(&user, audience).await;
        let path = format!("/AdminApi/v1.0/{}/EXOModuleFile?Version=3.5.0", rest.tenant);
        let file = rest.request("GET", &path, &[], None).await.expect("an answer").json();
        let names = file["value"][0]["exportedCmdlets"].as_str().expect("a list").to_owned();
        for name in names.split(',').filter(|name| name.starts_with("Get-")) {
            let parameters = match name {
                "Get-DistributionGroupMember" => json!({ "Identity": "Sales" }),
                "Get-ManagementRoleEntry" => json!({ "Identity": "*\\Get-Mailbox" }),
                _ if name.contains("Mailbox") && name != "Get-Mailbox" => json!({ "Identity": "user00001" }),
                "Get-CalendarProcessing" | "Get-RecipientPermission" => json!({ "Identity": "user00001" }),
                _ => json!({}),
            };
            let parameters = if name == "Get-OwaMailboxPolicy" { json!({}) } else { parameters };
            let answer = rest.invoke(name, parameters).await;
            assert_eq!(answer.status, 200, "{name}: {}", answer.text());
            let is_empty = objects(&answer).values().count() == 0;
            assert_eq!(is_empty, name == "Get-InboxRule", "{name}");
        }
    }
    rest.lab.shutdown().await;
}
