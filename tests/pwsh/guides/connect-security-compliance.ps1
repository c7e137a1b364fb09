# "Connect to Security & Compliance PowerShell": each command as typed there, each promise, each error it names.
. "$PSScriptRoot/guide.ps1"
Open-Window

Check 'Import-Module ExchangeOnlineManagement' { $null = Type 'Import-Module ExchangeOnlineManagement' }

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
    $null = Type '$Credential = Get-Credential'
    $null = Type 'Connect-IPPSSession -Credential $Credential'
    Assert-True (0 -lt @(Type 'Get-RetentionCompliancePolicy').Count) 'results'
    $null = Type 'Disconnect-ExchangeOnline -Confirm:$false'
}

Check 'without -UserPrincipalName the user is asked for at sign-in' {
    $null = Type 'Connect-IPPSSession'
    Assert-Equal (Type 'Get-ConnectionInformation')[0].UserPrincipalName $env:EXO_LAB_USER
    $null = Type 'Disconnect-ExchangeOnline -Confirm:$false'
}

Check 'the command works without loading the module first' {
    Open-Window
    $null = Type 'Connect-IPPSSession -UserPrincipalName navin@contoso.com'
    $null = Type 'Disconnect-ExchangeOnline -Confirm:$false'
}

Check 'a wrong password is named' {
    $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential 'navin@contoso.com' 'wrong'))
    $null = Type '$Credential = Get-Credential'
    Assert-Like (TypeWrong 'Connect-IPPSSession -Credential $Credential').Exception.Message '*AADSTS50126*password*'
}

Check-Coverage 'connect-security-compliance' (@($cases.Typed) + 'Import-Module ExchangeOnlineManagement', 'Disconnect-ExchangeOnline')
$Window.Runspace.Dispose()
Complete
