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
        "[string ${A}",
        expect!["refused Get-Thing: its declaration has no `]` at byte 60 of the function"],
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
fn a_name_that_is_taken_or_no_name_is_refused() {
    check(
        "[CmdletBinding()]",
        "${Verbose}",
        expect!["refused Get-Thing: its parameter Verbose is one that every cmdlet has already"],
    );
    check("[CmdletBinding()]", "${A},\n${a}", expect!["refused Get-Thing: it has the parameter a twice"]);
    check(
        "[CmdletBinding()]",
        "[Alias('erroraction')]${A}",
        expect!["refused Get-Thing: its parameter erroraction is one that every cmdlet has already"],
    );
    check(
        "[CmdletBinding()]",
        "[Alias('b')]${A},\n${B}",
        expect!["refused Get-Thing: it has the parameter B twice"],
    );
    check(
        "[CmdletBinding()]",
        "[Alias('x','X')]${A}",
        expect!["refused Get-Thing: it has the parameter X twice"],
    );
    check(
        "[CmdletBinding()]",
        "[Alias('$(Remove-Item x)')]${A}",
        expect!["refused Get-Thing: it has a parameter whose name is not made of letters, digits and `_`"],
    );
}

/// PowerShell adds these itself (about_CommonParameters) and refuses a function that declares one again.
#[test]
fn no_parameter_is_called_like_a_common_one() {
    for name in [
        "Debug",
        "ErrorAction",
        "ErrorVariable",
        "InformationAction",
        "InformationVariable",
        "OutBuffer",
        "OutVariable",
        "PipelineVariable",
        "ProgressAction",
        "Verbose",
        "WarningAction",
        "WarningVariable",
    ] {
        for name in [name.to_owned(), name.to_lowercase()] {
            let text = module("[CmdletBinding()]", &format!("${{Identity}},\n${{{name}}}"));
            let catalog = Catalog::read(&text).expect("it exports something");
            assert!(catalog.cmdlets.is_empty(), "{name}");
            let expected = format!("its parameter {name} is one that every cmdlet has already");
            assert_eq!(catalog.refused[0].reason, expected);
        }
    }
}

/// One bracket too few or too many anywhere in a declaration costs that cmdlet, and no other.
#[test]
fn brackets_that_do_not_match_cost_only_their_own_cmdlet() {
    let whole = "[CmdletBinding(DefaultParameterSetName='One')]\n    param(\n    [Parameter(Mandatory=$true, Position=0)]\n    \
                 [ValidateSet('a')]\n    [System.Collections.Generic.List[string]]\n    ${A})";
    let reasons = |declaration: &str| {
        let text = format!(
            "function script:Get-Before\n{{ param() }}\nfunction script:Get-Thing\n{{\n    {declaration}\n}}\n\
             function script:Get-After\n{{ param() }}\n\
             Export-ModuleMember -Function @('Get-Before', 'Get-Thing', 'Get-After')"
        );
        let catalog = Catalog::read(&text).expect("it exports something");
        let names: Vec<_> = catalog.cmdlets.iter().map(|cmdlet| cmdlet.name.clone()).collect();
        assert!(names.starts_with(&["Get-Before".to_owned()]) && names.ends_with(&["Get-After".to_owned()]));
        catalog.refused.into_iter().map(|refusal| refusal.reason).collect::<Vec<_>>()
    };
    assert_eq!(reasons(whole), Vec::<String>::new());
    let brackets = whole.char_indices().filter(|(_, character)| "[](){}".contains(*character));
    for (at, bracket) in brackets {
        let (before, after) = whole.split_at(at);
        let rest = &after[1..];
        let damaged = [format!("{before}{rest}"), format!("{before}{bracket}{bracket}{rest}")];
        // What stands after the declaration is not read as one.
        let count = if rest.is_empty() { 1 } else { 2 };
        for text in damaged.iter().take(count) {
            let reasons = reasons(text);
            let is_told = |reason: &String| {
                reason.starts_with("its declaration has no ")
                    || reason.contains("parameter whose name is not made of")
            };
            assert!(reasons.len() == 1 && reasons.iter().all(is_told), "{text}: {reasons:?}");
        }
    }
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
    // What a comment without an end has swallowed is no list.
    let swallowed = "Export-ModuleMember <#\nExport-ModuleMember -Function @('Get-Thing')\n\
                     function script:Get-Thing\n{ param() }";
    assert_eq!(Catalog::read(swallowed), Err(CatalogError::NoExports));
}

#[test]
fn more_commands_than_any_service_has_are_refused() {
    let names = |count: usize| {
        let names: String = (1..count).map(|number| format!("'Get-A{number}',")).collect();
        Catalog::read(&format!("Export-ModuleMember -Function @({names}'Get-A')"))
    };
    assert_eq!(names(16_000).unwrap().refused.len(), 16_000);
    assert_eq!(names(16_001), Err(CatalogError::TooMany { limit: 16_000 }));
    assert_eq!(names(16_001).unwrap_err().to_string(), "the module text exports more than 16000 functions");
}

#[test]
fn hostile_texts_end_in_a_refusal() {
    let open = "[".repeat(100_000);
    let aliases = format!("[Alias({}'a')]${{P}}", "'a',".repeat(100_000));
    let attributes = "[A()]".repeat(100_000);
    let many: String = (0..5_000).map(|number| format!("${{P{number}}},")).collect();
    for parameters in [
        open,
        aliases,
        attributes,
        many,
        "[ValidateSet(".to_owned() + &"'a',".repeat(100_000),
        "'".repeat(99_999),
    ] {
        let catalog = Catalog::read(&module("[CmdletBinding()]", &parameters)).expect("it exports something");
        assert_eq!((catalog.cmdlets.len(), catalog.refused.len()), (0, 1));
    }
}
