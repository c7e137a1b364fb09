# What there is before anything is connected.
. "$PSScriptRoot/common.ps1"

Import-Module ExchangeOnlineManagement -MinimumVersion 3.0
$module = Get-Module ExchangeOnlineManagement

Check 'the manifest is valid and names every export' {
    $manifest = Test-ModuleManifest (Join-Path $module.ModuleBase 'ExchangeOnlineManagement.psd1')
    Assert-Equal $manifest.ExportedFunctions.Count 0 'functions'
    Assert-Equal $manifest.ExportedAliases.Count 0 'aliases'
    Assert-Equal (($manifest.ExportedCmdlets.Keys | Sort-Object) -join ' ') 'Connect-ExchangeOnline Connect-EXOPSSession Connect-IPPSSession Disconnect-ExchangeOnline Get-ConnectionInformation Get-EXOCasMailbox Get-EXOMailbox Get-EXOMailboxFolderPermission Get-EXOMailboxFolderStatistics Get-EXOMailboxPermission Get-EXOMailboxStatistics Get-EXOMobileDeviceStatistics Get-EXORecipient Get-EXORecipientPermission New-PSSession New-PSSessionOption' 'cmdlets'
}

Check 'a script can require the module as it requires the original' {
    $script = Join-Path ([System.IO.Path]::GetTempPath()) "requires-$PID.ps1"
    Set-Content $script "#Requires -Modules @{ ModuleName = 'ExchangeOnlineManagement'; ModuleVersion = '3.2.0' }`n'runs'"
    try { Assert-Equal (& $script) 'runs' } finally { Remove-Item $script }
}

Check 'the module ships its two managed assemblies' {
    $files = Get-ChildItem $module.ModuleBase -Recurse -Filter *.dll
    Assert-Equal (($files.Name | Sort-Object) -join ' ') 'ExchangeOnlineManagement.dll ExchangeOnlineManagement.Sessions.dll'
}

Check 'what cannot be used is refused with the sentences of the original' {
    $uri = 'https://localhost/powershell/'
    $cases = @(
        @{ Sentence = "Invalid ConnectionUri parameter 'nonsense'"; With = @{ ConnectionUri = 'nonsense' } }
        @{ Sentence = "Invalid AzureADAuthorizationEndpointUri parameter 'http://x/common'"; With = @{ ConnectionUri = $uri; AzureADAuthorizationEndpointUri = 'http://x/common' } }
        @{ Sentence = "Prefix 'EXO' is a reserved Prefix, please use a different prefix."; With = @{ ConnectionUri = $uri; Prefix = 'exo' } }
        @{ Sentence = 'Use of any special characters in the Prefix string is not supported.'; With = @{ ConnectionUri = $uri; Prefix = 'a-b' } }
        @{ Sentence = 'Only one way to sign in can be used at a time, and these were given: Device, AccessToken.'; With = @{ Device = $true; AccessToken = 'x' } }
        @{ Sentence = 'Signing in with a certificate needs the parameters AppId and Organization too.'; With = @{ CertificateThumbprint = 'ab' } }
        @{ Sentence = 'Signing in with a managed identity needs the parameter Organization too.'; With = @{ ManagedIdentity = $true } }
        @{ Sentence = 'ManagedIdentityAccountId says which managed identity to use; give ManagedIdentity with it.'; With = @{ ManagedIdentityAccountId = 'x' } }
        @{ Sentence = 'CertificatePassword is the password of the file in CertificateFilePath, which was not given.'; With = @{ CertificatePassword = [securestring]::new() } }
        @{ Sentence = "CertificateFilePath must be a path of the file system; 'Env:HOME' is one of Environment."; With = @{ CertificateFilePath = 'Env:HOME' } }
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
