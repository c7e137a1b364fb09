# "Connect to Security & Compliance PowerShell": each command as typed there, each promise, each error it names.
. "$PSScriptRoot/guide.ps1"
Open-Window

Check 'Import-Module ExchangeOnlineManagement' { $null = Enter-Line 'Import-Module ExchangeOnlineManagement' }

# The tenant refuses the first request: "The account must be enabled for remote PowerShell."
Check 'an account that is not enabled is named, with the way to enable it' {
    $record = Enter-Wrong 'Connect-IPPSSession -UserPrincipalName navin@contoso.com'
    Assert-Like $record.Exception.Message '*does not allow this account*'
    Assert-Like "$($record.ErrorDetails.RecommendedAction)" '*-EXOModuleEnabled $true*'
}

$cases = @(
    @{ User = 'navin@contoso.com'; Uri = 'https://nam12b.ps.compliance.protection.outlook.com'; Authority = 'https://login.microsoftonline.com/organizations'
        Typed = 'Connect-IPPSSession -UserPrincipalName navin@contoso.com' }
    @{ User = 'li@fabrikam.cn'; Uri = 'https://ps.compliance.protection.partner.outlook.cn'; Authority = 'https://login.chinacloudapi.cn/organizations'
        Typed = 'Connect-IPPSSession -UserPrincipalName li@fabrikam.cn -ConnectionUri https://ps.compliance.protection.partner.outlook.cn/powershell-liveid' }
    @{ User = 'chris@govt.us'; Uri = 'https://ps.compliance.protection.office365.us'; Authority = 'https://login.microsoftonline.us/common'
        Typed = 'Connect-IPPSSession -UserPrincipalName chris@govt.us -ConnectionUri https://ps.compliance.protection.office365.us/powershell-liveid/ -AzureADAuthorizationEndpointUri https://login.microsoftonline.us/common' }
    @{ User = 'michelle@govt.mil'; Uri = 'https://l5.ps.compliance.protection.office365.us'; Authority = 'https://login.microsoftonline.us/common'
        Typed = 'Connect-IPPSSession -UserPrincipalName michelle@govt.mil -ConnectionUri https://l5.ps.compliance.protection.office365.us/powershell-liveid/ -AzureADAuthorizationEndpointUri https://login.microsoftonline.us/common' }
)
foreach ($case in $cases) { Check-Connection ($case + @{ Test = 'Get-RetentionCompliancePolicy'; IsEop = $true }) }

Check 'without multi-factor authentication -Credential does instead of -UserPrincipalName' {
    $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential 'navin@contoso.com'))
    $null = Enter-Line '$Credential = Get-Credential'
    $null = Enter-Line 'Connect-IPPSSession -Credential $Credential'
    Assert-True (0 -lt @(Enter-Line 'Get-RetentionCompliancePolicy').Count) 'results'
    $null = Enter-Line 'Disconnect-ExchangeOnline -Confirm:$false'
}

Check 'without -UserPrincipalName the user is asked for at sign-in' {
    $null = Enter-Line 'Connect-IPPSSession'
    Assert-Equal (Enter-Line 'Get-ConnectionInformation')[0].UserPrincipalName $env:EXO_LAB_USER
    $null = Enter-Line 'Disconnect-ExchangeOnline -Confirm:$false'
}

Check 'the command works without loading the module first' {
    Open-Window
    $null = Enter-Line 'Connect-IPPSSession -UserPrincipalName navin@contoso.com'
    $null = Enter-Line 'Disconnect-ExchangeOnline -Confirm:$false'
}

Check 'a wrong password is named' {
    $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential 'navin@contoso.com' 'wrong'))
    $null = Enter-Line '$Credential = Get-Credential'
    Assert-Like (Enter-Wrong 'Connect-IPPSSession -Credential $Credential').Exception.Message '*AADSTS50126*password*'
}

Check-Coverage 'connect-security-compliance' (@($cases.Typed) + 'Import-Module ExchangeOnlineManagement', 'Disconnect-ExchangeOnline')
$Window.Runspace.Dispose()
Complete
