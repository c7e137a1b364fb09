//! The catalogue that is read out of a module text, and what hostile texts come to.

use exo_session::catalog::{ALL_SETS, Catalog, CatalogError, ConfirmImpact};
use expect_test::{Expect, expect};

/// A module text of one cmdlet, `Get-Thing`, with these attributes and parameters.
fn module(binding: &str, parameters: &str) -> String {
    format!(
        "function Helper {{ param($x) }}\n# .ExternalHelp Some-Help.xml\nfunction script:Get-Thing\n{{\n    {binding}\n    \
         param(\n{parameters}\n    )\n    Begin {{ Work -EnableBatchingStatus:$true }}\n}}\n\
         $PublicKey = '<RSAKeyValue />'\nExport-ModuleMember -Function @(\"Get-Thing\")\n"
    )
}

#[expect(clippy::needless_pass_by_value, reason = "reads better in a table of cases")]
fn check(binding: &str, parameters: &str, expected: Expect) {
    let catalog = Catalog::read(&module(binding, parameters)).expect("it exports something");
    let mut shown = String::new();
    for cmdlet in &catalog.cmdlets {
        shown.push_str(&serde_json::to_string(cmdlet).expect("plain data"));
    }
    for refusal in &catalog.refused {
        shown.push_str(&format!("refused {}: {}", refusal.name, refusal.reason));
    }
    expected.assert_eq(&shown);
}

#[test]
fn a_cmdlet_keeps_its_sets_positions_types_and_rules() {
    check(
        "[CmdletBinding(DefaultParameterSetName='Identity', SupportsShouldProcess=$true, ConfirmImpact='High')]",
        "[Parameter(ParameterSetName='Identity', Mandatory=$true, Position=0, ValueFromPipeline=$true)]\n\
         [Parameter(ParameterSetName='Other', Mandatory)]\n${Identity},\n\
         [Alias('Mail')]\n[ValidateLength(3, 5120)]\n[ValidateSet('a','it''s')]\n[string[]]\n${Address},\n\
         [Parameter(ValueFromPipelineByPropertyName=$true)]\n[AllowNull()]\n[System.Collections.Generic.List[string]]\n${List}",
        expect![[
            r#"{"name":"Get-Thing","defaultParameterSet":"Identity","supportsShouldProcess":true,"confirmImpact":"High","parameters":[{"name":"Identity","type":"System.Object","aliases":[],"sets":[{"name":"Identity","mandatory":true,"position":0,"pipeline":true,"pipelineByPropertyName":false},{"name":"Other","mandatory":true,"position":null,"pipeline":false,"pipelineByPropertyName":false}],"validation":[]},{"name":"Address","type":"System.String[]","aliases":["Mail"],"sets":[{"name":"__AllParameterSets","mandatory":false,"position":null,"pipeline":false,"pipelineByPropertyName":false}],"validation":["Length(3,5120)","Set(a,it's)"]},{"name":"List","type":"System.Collections.Generic.List`1[System.String]","aliases":[],"sets":[{"name":"__AllParameterSets","mandatory":false,"position":null,"pipeline":false,"pipelineByPropertyName":true}],"validation":["AllowNull"]}]}"#
        ]],
    );
}

#[test]
fn without_any_position_or_set_positions_follow_the_declaration_and_switches_have_none() {
    check(
        "[CmdletBinding()]",
        "[int]\n${First},\n[switch]\n${Flag},\n[Parameter(Mandatory=$true)]\n${Second}",
        expect![[
            r#"{"name":"Get-Thing","defaultParameterSet":null,"supportsShouldProcess":false,"confirmImpact":"Medium","parameters":[{"name":"First","type":"System.Int32","aliases":[],"sets":[{"name":"__AllParameterSets","mandatory":false,"position":0,"pipeline":false,"pipelineByPropertyName":false}],"validation":[]},{"name":"Flag","type":"System.Management.Automation.SwitchParameter","aliases":[],"sets":[{"name":"__AllParameterSets","mandatory":false,"position":null,"pipeline":false,"pipelineByPropertyName":false}],"validation":[]},{"name":"Second","type":"System.Object","aliases":[],"sets":[{"name":"__AllParameterSets","mandatory":true,"position":1,"pipeline":false,"pipelineByPropertyName":false}],"validation":[]}]}"#
        ]],
    );
}

#[test]
fn a_declaration_that_cannot_be_read_is_refused_with_its_reason() {
    check(
        "[CmdletBinding()]",
        "${a:b}",
        expect!["refused Get-Thing: it has a parameter whose name is not made of letters, digits and `_`"],
    );
    check(
        "[CmdletBinding()]",
        "${Verbose}",
        expect!["refused Get-Thing: its parameter Verbose is one that every cmdlet has already"],
    );
    check("[CmdletBinding()]", "${A},\n${a}", expect!["refused Get-Thing: it has the parameter a twice"]);
    check(
        "[CmdletBinding()]",
        "[string ${A}",
        expect!["refused Get-Thing: its declaration has no `]` at byte 59 of the function"],
    );
    check(
        "[CmdletBinding(DefaultParameterSetName=$(Remove-Item x))]",
        "",
        expect!["refused Get-Thing: its declaration has no a value at byte 63 of the function"],
    );
    check(
        "[CmdletBinding()]",
        "[Parameter(Position=99999999999)]${A}",
        expect!["refused Get-Thing: a position is too large"],
    );
    check(
        "[CmdletBinding()]",
        "[Evil.Type;x]${A}",
        expect!["refused Get-Thing: its declaration has no `]` at byte 62 of the function"],
    );
}

#[test]
fn facts_outside_the_declaration_are_found() {
    let rule = "if (($pipelineObjectBoundParameterValueType.EndsWith('X.Mailbox') -or $pipelineObjectBoundParameterValueType.EndsWith('X.Other')) -and $pipelineObjectBoundParameterKey -ne 'Identity')";
    let text = module("[CmdletBinding()]", "${Identity}").replace("Work ", &format!("{rule}\nWork "));
    let catalog = Catalog::read(&text).expect("it exports something");
    let cmdlet = catalog.cmdlets.first().expect("one cmdlet");
    assert!(cmdlet.supports_batching);
    assert_eq!(cmdlet.type_rules.len(), 1);
    assert_eq!(cmdlet.type_rules[0].types, ["X.Mailbox", "X.Other"]);
    assert_eq!(cmdlet.type_rules[0].parameter, "Identity");
    assert_eq!(cmdlet.parameters[0].sets[0].name, ALL_SETS);
    assert_eq!(cmdlet.confirm_impact, ConfirmImpact::Medium);
    assert_eq!(catalog.public_key.as_deref(), Some("<RSAKeyValue />"));
}

#[test]
fn strange_names_duplicates_and_missing_functions_cost_only_themselves() {
    let text = "function script:Get-Good\n{ [CmdletBinding()] param() }\nfunction script:Get-Good\n{ param() }\n\
                function script:Bad\n{ param() }\nfunction script:Private-Thing\n{ param() }\n\
                Export-ModuleMember -Function @(\"Get-Good\", 'Bad', \"Get-Ghost\")";
    let catalog = Catalog::read(text).expect("it exports something");
    assert_eq!(catalog.cmdlets.len(), 1);
    let reasons: Vec<_> =
        catalog.refused.iter().map(|refusal| format!("{}: {}", refusal.name, refusal.reason)).collect();
    assert_eq!(
        reasons,
        [
            "Get-Good: it is declared twice",
            "Bad: its name is not a verb and a noun of letters and digits",
            "Get-Ghost: it is exported but declared nowhere"
        ]
    );
}

#[test]
fn a_text_that_exports_nothing_is_no_catalogue() {
    assert_eq!(Catalog::read("<html></html>"), Err(CatalogError::NoExports));
    assert_eq!(Catalog::read(""), Err(CatalogError::NoExports));
}

#[test]
fn hostile_texts_end_in_a_refusal() {
    let open = "[".repeat(100_000);
    let attributes = "[A()]".repeat(100_000);
    let many: String = (0..5_000).map(|number| format!("${{P{number}}},")).collect();
    for parameters in
        [open, attributes, many, "[ValidateSet(".to_owned() + &"'a',".repeat(100_000), "'".repeat(99_999)]
    {
        let catalog = Catalog::read(&module("[CmdletBinding()]", &parameters)).expect("it exports something");
        assert_eq!((catalog.cmdlets.len(), catalog.refused.len()), (0, 1));
    }
}
