# The parameters of the original, one by one, and no others than the additions that the documentation has.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement

$rows = @(Import-Csv "$PSScriptRoot/parity/parameters.csv")
$common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
# | `command` | `parameter` | type | why |
$additions = @(
    foreach ($line in Get-Content "$PSScriptRoot/../../docs/module.md") {
        if ($line -match '^\| `([A-Za-z]+-[A-Za-z]+)` \| `([A-Za-z]+)` \| (\w+) \|') {
            [pscustomobject]@{ Command = $Matches[1]; Parameter = $Matches[2]; Type = $Matches[3] }
        }
    }
)

foreach ($group in $rows | Group-Object Command) {
    $command = Get-Command $group.Name
    $fresh = [activator]::CreateInstance($command.ImplementingType)

    Check "$($group.Name) has each parameter of the original as it is there" {
        foreach ($row in $group.Group) {
            $name = "$($row.Command) -$($row.Parameter)"
            $parameter = $command.Parameters[$row.Parameter]
            Assert-True ($null -ne $parameter) "$name exists"
            Assert-Equal $parameter.ParameterType.Name $row.Type "type of $name"
            Assert-Equal (@($parameter.ParameterSets.Keys) -join ' ') $row.Set "set of $name"
            $set = @($parameter.ParameterSets.Values)[0]
            if ($row.Position -ne 'any') {
                Assert-Equal $set.Position $(if ($row.Position -eq '') { [int]::MinValue } else { [int]$row.Position }) "position of $name"
            }
            Assert-Equal $set.IsMandatory ($row.Mandatory -eq 'yes') "mandatory of $name"
            Assert-Equal $set.ValueFromPipeline $false "pipeline of $name"
            Assert-Equal $set.ValueFromPipelineByPropertyName ($row.Pipeline -eq 'name') "pipeline by name of $name"
            Assert-Equal $parameter.Aliases.Count 0 "aliases of $name"
            Assert-Equal "$($fresh.($row.Parameter))" $row.Default "default of $name"
            $range = @($parameter.Attributes | Where-Object { $_ -is [ValidateRange] } | ForEach-Object { "Range($($_.MinRange),$($_.MaxRange))" })
            Assert-Equal ($range -join '') $row.Validation "validation of $name"
        }
    }

    Check "$($group.Name) has no others than the additions in the documentation" {
        $known = @($group.Group.Parameter) + @($additions | Where-Object Command -EQ $group.Name | ForEach-Object Parameter)
        $others = @($command.Parameters.Keys | Where-Object { $_ -notin $common -and $_ -notin $known })
        Assert-Equal ($others -join ' ') '' 'others'
    }
}

Check 'every addition of the documentation is there with its type' {
    Assert-True (0 -lt $additions.Count) 'additions'
    foreach ($addition in $additions) {
        $parameter = (Get-Command $addition.Command).Parameters[$addition.Parameter]
        Assert-True ($null -ne $parameter) "$($addition.Command) -$($addition.Parameter) exists"
        Assert-Equal $parameter.ParameterType.Name $addition.Type "$($addition.Command) -$($addition.Parameter)"
    }
}

Check 'the enumerations have the values of the original' {
    $parameters = (Get-Command Connect-ExchangeOnline).Parameters
    Assert-Equal ([enum]::GetNames($parameters['ExchangeEnvironmentName'].ParameterType) -join ' ') 'O365Default O365China O365GermanyCloud O365USGovGCCHigh O365USGovDoD'
    Assert-Equal ([enum]::GetNames($parameters['LogLevel'].ParameterType) -join ' ') 'Default All'
}

Check 'sets and confirmation of the other commands are those of the original' {
    $disconnect = Get-Command Disconnect-ExchangeOnline
    Assert-Equal (($disconnect.ParameterSets.Name | Sort-Object) -join ' ') 'ConnectionId DefaultParameterSet ModulePrefix'
    Assert-Equal $disconnect.DefaultParameterSet 'DefaultParameterSet'
    Assert-Equal ($disconnect.Parameters['Confirm'].Aliases -join ' ') 'cf'
    Assert-Equal ($disconnect.Parameters['WhatIf'].Aliases -join ' ') 'wi'
    $attribute = $disconnect.ImplementingType.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false)[0]
    Assert-Equal $attribute.ConfirmImpact ([System.Management.Automation.ConfirmImpact]::High)
    Assert-Equal (((Get-Command Get-ConnectionInformation).ParameterSets.Name | Sort-Object) -join ' ') 'ConnectionId Default ModulePrefix'
    foreach ($name in 'Connect-ExchangeOnline', 'Connect-IPPSSession', 'Connect-EXOPSSession') {
        Assert-Equal (Get-Command $name).ParameterSets.Count 1 "sets of $name"
    }
}

Complete
