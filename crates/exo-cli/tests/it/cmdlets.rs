//! `exo cmdlets`: of a module file, and of a connection.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::command::{exo, run_with};
use crate::tenant::Tenant;

/// Every form of declaration that has its own face in a syntax line.
const MODULE: &str = r#"function script:Get-Thing
{
    [CmdletBinding(DefaultParameterSetName='Identity', SupportsShouldProcess=$true, ConfirmImpact='High')]
    param(
    [Parameter(ParameterSetName='Identity', Mandatory=$true, Position=0, ValueFromPipeline=$true)]
    ${Identity},
    [Parameter(ParameterSetName='Anr', Position=0)]
    [ValidateLength(1, 5)]
    [string]
    ${Anr},
    [switch]
    ${Flag},
    [Parameter(ParameterSetName='Anr', Mandatory)]
    [ValidateSet('a','b')]
    [string[]]
    ${Kind},
    [int]
    ${Count},
    [Parameter(Mandatory=$true)]
    [switch]
    ${Needed},
    [System.Collections.Generic.List[string]]
    ${List},
    [Parameter(Position=1)]
    [byte[]]
    ${Data},
    [hashtable]
    ${Table},
    [System.Nullable[bool]]
    ${Maybe},
    [System.Globalization.RegionInfo]
    ${Region}
    )
    Begin {}
}
function script:Get-Plain
{
    [CmdletBinding()]
    param(
    [int]
    ${First},
    [switch]
    ${Flag},
    [Parameter(Mandatory=$true)]
    ${Second}
    )
    Begin {}
}
function script:Set-Sets
{
    [CmdletBinding(DefaultParameterSetName='Missing')]
    param(
    [Parameter(ParameterSetName='A', Position=3)]
    [Parameter(ParameterSetName='C', Position=3)]
    ${X},
    [Parameter(ParameterSetName='B', Position=2, Mandatory=$true)]
    ${Y},
    [Parameter(ParameterSetName='A', Position=3)]
    ${Z}
    )
    Begin {}
}
function script:Get-Empty
{
    [CmdletBinding()]
    param(
    )
    Begin {}
}
Export-ModuleMember -Function @("Get-Thing", "Get-Plain", "Set-Sets", "Get-Empty", "Get-Ghost")
"#;

const SYNTAX: &str = "
Get-Thing [-Identity] <Object> [[-Data] <byte[]>] -Needed [-Flag] [-Count <int>] [-List <List[string]>] [-Table <hashtable>] [-Maybe <bool>] [-Region <RegionInfo>] [-WhatIf] [-Confirm] [<CommonParameters>]

Get-Thing [[-Anr] <string>] [[-Data] <byte[]>] -Kind <string[]> -Needed [-Flag] [-Count <int>] [-List <List[string]>] [-Table <hashtable>] [-Maybe <bool>] [-Region <RegionInfo>] [-WhatIf] [-Confirm] [<CommonParameters>]


Get-Plain [[-First] <int>] [-Second] <Object> [-Flag] [<CommonParameters>]


Set-Sets [<CommonParameters>]

Set-Sets [[-X] <Object>] [<CommonParameters>]

Set-Sets [[-Z] <Object>] [<CommonParameters>]

Set-Sets [-Y] <Object> [<CommonParameters>]


Get-Empty [<CommonParameters>]

";

fn module_file() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("Things.psm1");
    std::fs::write(&file, MODULE).unwrap();
    (directory, file)
}

#[test]
fn a_module_file_is_shown_as_powershell_shows_it() {
    let (_directory, file) = module_file();
    let done = run_with(exo(["cmdlets", "--output", "syntax", "--file", file.to_str().unwrap()]), b"");
    assert_eq!((done.code, done.out.as_str()), (Some(0), SYNTAX));
    assert_eq!(done.err, "WARNING: Get-Ghost is left out: it is exported but declared nowhere\n");
}

#[test]
fn the_syntax_is_that_of_genuine_powershell() {
    let (_directory, file) = module_file();
    let script = format!(
        "Import-Module '{}'; foreach ($name in 'Get-Thing', 'Get-Plain', 'Set-Sets', 'Get-Empty') {{ Get-Command $name -Syntax }}",
        file.display()
    );
    let output = Command::new("pwsh")
        .args(["-NoProfile", "-NonInteractive", "-Command", &script])
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) => {
            let said = String::from_utf8(output.stdout).unwrap();
            assert_eq!(said.replace("\r\n", "\n"), SYNTAX);
        }
        Err(error) => {
            eprintln!("ignored: the_syntax_is_that_of_genuine_powershell: pwsh does not start: {error}");
        }
    }
}

#[test]
fn the_json_has_everything() {
    let (_directory, file) = module_file();
    let done =
        run_with(exo(["cmdlets", "--output", "json", "--file", file.to_str().unwrap(), "get-th*"]), b"");
    let list: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 1);
    let thing = &list[0];
    assert_eq!(thing["name"], "Get-Thing");
    assert_eq!(thing["defaultParameterSet"], "Identity");
    assert_eq!(thing["supportsShouldProcess"], true);
    assert_eq!(thing["confirmImpact"], "High");
    assert_eq!(
        thing["parameters"][1],
        serde_json::json!({
            "name": "Anr",
            "type": "System.String",
            "aliases": [],
            "sets": [{
                "name": "Anr", "mandatory": false, "position": 0, "pipeline": false, "pipelineByPropertyName": false
            }],
            "validation": ["Length(1,5)"],
        })
    );
    assert_eq!(thing["parameters"][3]["validation"][0], "Set(a,b)");
}

#[test]
fn the_table_has_a_line_for_each() {
    let (_directory, file) = module_file();
    let done = run_with(exo(["cmdlets", "--file", file.to_str().unwrap(), "*-Plain", "Set-Sets"]), b"");
    assert_eq!(
        done.out,
        "Name       Impact  Parameters\n---------  ------  ----------\nGet-Plain  -       First Flag Second\n\
         Set-Sets   -       X Y Z\n"
    );
}

#[test]
fn what_is_no_module_file_and_what_is_not_in_it_are_told() {
    let (directory, file) = module_file();
    let done = run_with(exo(["cmdlets", "--file", file.to_str().unwrap(), "Get-Nothing"]), b"");
    assert_eq!(done.code, Some(1));
    assert!(done.err.contains("no cmdlet has such a name"), "{}", done.err);
    let page = directory.path().join("page.html");
    std::fs::write(&page, "<html></html>").unwrap();
    let said = run_with(exo(["cmdlets", "--file", page.to_str().unwrap()]), b"").complaint(1);
    assert!(said.contains("the module text exports no functions"), "{said}");
}

#[test]
fn both_carriers_list_what_the_account_may_run() {
    let tenant = Tenant::start();
    for (carrier, impact) in [("rest", serde_json::json!("High")), ("psrp", serde_json::Value::Null)] {
        let command = tenant.signed("cmdlets", &["--carrier", carrier, "--output", "json", "Remove-Mailbox"]);
        let out = run_with(command, tenant.lab.password().as_bytes()).output();
        let list: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(list[0]["name"], "Remove-Mailbox", "{carrier}");
        assert_eq!(list[0]["confirmImpact"], impact, "{carrier}");
        assert!(
            list[0]["parameters"].as_array().unwrap().iter().any(|p| p["name"] == "Identity"),
            "{carrier}"
        );
    }
    tenant.assert_no_shell();
}
