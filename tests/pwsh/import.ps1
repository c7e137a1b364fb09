# What there is before anything is connected.
. "$PSScriptRoot/common.ps1"

Import-Module ExchangeOnlineManagement -MinimumVersion 3.0
$module = Get-Module ExchangeOnlineManagement

Check 'the manifest is valid and names every export' {
    $manifest = Test-ModuleManifest (Join-Path $module.ModuleBase 'ExchangeOnlineManagement.psd1')
    Assert-Equal $manifest.ExportedFunctions.Count 0 'functions'
    Assert-Equal $manifest.ExportedAliases.Count 0 'aliases'
    Assert-Equal (($manifest.ExportedCmdlets.Keys | Sort-Object) -join ' ') 'Connect-ExchangeOnline Connect-IPPSSession Disconnect-ExchangeOnline Get-ConnectionInformation' 'cmdlets'
}

Check 'a script can require the module as it requires the original' {
    $script = Join-Path ([System.IO.Path]::GetTempPath()) "requires-$PID.ps1"
    Set-Content $script "#Requires -Modules @{ ModuleName = 'ExchangeOnlineManagement'; ModuleVersion = '3.2.0' }`n'runs'"
    try { Assert-Equal (& $script) 'runs' } finally { Remove-Item $script }
}

Check 'the module ships one managed assembly' {
    $files = Get-ChildItem $module.ModuleBase -Recurse -Filter *.dll
    Assert-Equal ($files.Name -join ' ') 'ExchangeOnlineManagement.dll'
}

Check 'parameters have the types and positions of the original' {
    $expected = @{
        'Connect-ExchangeOnline'    = @{
            ConnectionUri = 0, [string]; AzureADAuthorizationEndpointUri = 1, [string]; DelegatedOrganization = 4, [string]
            Prefix = 5, [string]; CommandName = 6, [string[]]; Credential = $null, [pscredential]; Device = $null, [switch]
            UserPrincipalName = $null, [string]; ShowBanner = $null, [switch]; ShowProgress = $null, [bool]
            AccessToken = $null, [string]; UseMultithreading = $null, [bool]; UseRPSSession = $null, [switch]; PageSize = $null, [uint]
        }
        'Connect-IPPSSession'       = @{
            ConnectionUri = 0, [string]; AzureADAuthorizationEndpointUri = 1, [string]; DelegatedOrganization = 2, [string]
            Prefix = 4, [string]; CommandName = 5, [string[]]; Credential = $null, [pscredential]
            UserPrincipalName = $null, [string]; ShowBanner = $null, [switch]; AccessToken = $null, [string]
        }
        'Disconnect-ExchangeOnline' = @{ ConnectionId = $null, [string[]]; ModulePrefix = $null, [string[]]; Confirm = $null, [switch] }
    }
    foreach ($command in $expected.Keys) {
        foreach ($name in $expected[$command].Keys) {
            $position, $type = $expected[$command][$name]
            $parameter = (Get-Command $command).Parameters[$name]
            Assert-True ($null -ne $parameter) "$command -$name exists"
            Assert-Equal $parameter.ParameterType $type "$command -$name"
            $set = @($parameter.ParameterSets.Values)[0]
            $wanted = if ($null -eq $position) { [int]::MinValue } else { $position }
            Assert-Equal $set.Position $wanted "position of $command -$name"
        }
    }
}

Check 'what cannot be used is refused with the sentences of the original' {
    $uri = 'https://localhost/powershell/'
    $cases = @(
        @{ Sentence = "Invalid ConnectionUri parameter 'nonsense'"; With = @{ ConnectionUri = 'nonsense' } }
        @{ Sentence = "Invalid AzureADAuthorizationEndpointUri parameter 'http://x/common'"; With = @{ ConnectionUri = $uri; AzureADAuthorizationEndpointUri = 'http://x/common' } }
        @{ Sentence = "Prefix 'EXO' is a reserved Prefix, please use a different prefix."; With = @{ ConnectionUri = $uri; Prefix = 'exo' } }
        @{ Sentence = 'Use of any special characters in the Prefix string is not supported.'; With = @{ ConnectionUri = $uri; Prefix = 'a-b' } }
    )
    foreach ($command in 'Connect-ExchangeOnline', 'Connect-IPPSSession') {
        foreach ($case in $cases) {
            $with = $case.With
            $failure = Get-Failure { & $command @with -ShowBanner:$false }
            $sentence = if ($case.Sentence -like 'Prefix*') { $case.Sentence -creplace "'exo'", "'EXO'" } else { $case.Sentence }
            Assert-Equal $failure.Exception.Message $sentence
            Assert-Equal $failure.CategoryInfo.Category ([System.Management.Automation.ErrorCategory]::InvalidArgument)
        }
    }
}

Check 'disconnecting with nothing connected is no error' { Disconnect-Lab }

Complete
