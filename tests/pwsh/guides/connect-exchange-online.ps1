# "Connect to Exchange Online PowerShell": each command as typed there, each promise, each error it names.
. "$PSScriptRoot/guide.ps1"
Open-Window

Check 'Import-Module ExchangeOnlineManagement' { $null = Enter-Line 'Import-Module ExchangeOnlineManagement' }

# The tenant refuses the first request: "The account must be enabled for remote PowerShell."
Check 'an account that is not enabled is named, with the way to enable it' {
    $record = Enter-Wrong 'Connect-ExchangeOnline -UserPrincipalName navin@contoso.com -ShowProgress $true'
    Assert-Like $record.Exception.Message '*does not allow this account*'
    Assert-Like "$($record.ErrorDetails.RecommendedAction)" '*-EXOModuleEnabled $true*'
}

$worldwide = 'https://outlook.office365.com', 'https://login.microsoftonline.com/organizations'
$government = 'https://login.microsoftonline.us/organizations'
$cases = @(
    @{ User = 'navin@contoso.com'; Uri = $worldwide[0]; Authority = $worldwide[1]
        Typed = 'Connect-ExchangeOnline -UserPrincipalName navin@contoso.com -ShowProgress $true' }
    @{ User = 'lukas@fabrikam.de'; Uri = 'https://outlook.office.de'; Authority = 'https://login.microsoftonline.de/organizations'
        Typed = 'Connect-ExchangeOnline -UserPrincipalName lukas@fabrikam.de -ShowProgress $true -ExchangeEnvironmentName O365GermanyCloud' }
    @{ User = 'laura@blueyonderairlines.us'; Uri = 'https://outlook.office365.us'; Authority = $government
        Typed = 'Connect-ExchangeOnline -UserPrincipalName laura@blueyonderairlines.us -ShowProgress $true -ExchangeEnvironmentName O365USGovGCCHigh' }
    @{ User = 'julia@adatum.mil'; Uri = 'https://outlook-dod.office365.us'; Authority = $government
        Typed = 'Connect-ExchangeOnline -UserPrincipalName julia@adatum.mil -ShowProgress $true -ExchangeEnvironmentName O365USGovDoD' }
    @{ User = 'navin@contoso.com'; Uri = $worldwide[0]; Authority = $worldwide[1]; Organization = 'adatum.onmicrosoft.com'
        Typed = 'Connect-ExchangeOnline -UserPrincipalName navin@contoso.com -ShowProgress $true -DelegatedOrganization adatum.onmicrosoft.com' }
    @{ User = 'navin@contoso.com'; Uri = $worldwide[0]; Authority = $worldwide[1]; Credential = $true
        Typed = 'Connect-ExchangeOnline -Credential $UserCredential -ShowProgress $true' }
    @{ User = 'lukas@fabrikam.de'; Uri = 'https://outlook.office.de'; Authority = 'https://login.microsoftonline.de/organizations'; Credential = $true
        Typed = 'Connect-ExchangeOnline -Credential $UserCredential -ShowProgress $true -ExchangeEnvironmentName O365GermanyCloud' }
    @{ User = 'li@fabrikam.cn'; Uri = 'https://outlook.office365.cn'; Authority = 'https://login.chinacloudapi.cn/organizations'; Credential = $true
        Typed = 'Connect-ExchangeOnline -Credential $UserCredential -ShowProgress $true -ExchangeEnvironmentName O365China' }
    @{ User = 'laura@blueyonderairlines.us'; Uri = 'https://outlook.office365.us'; Authority = $government; Credential = $true
        Typed = 'Connect-ExchangeOnline -Credential $UserCredential -ShowProgress $true -ExchangeEnvironmentName O365USGovGCCHigh' }
    @{ User = 'julia@adatum.mil'; Uri = 'https://outlook-dod.office365.us'; Authority = $government; Credential = $true
        Typed = 'Connect-ExchangeOnline -Credential $UserCredential -ShowProgress $true -ExchangeEnvironmentName O365USGovDoD' }
)
foreach ($case in $cases) { Check-Connection ($case + @{ Test = 'Get-Mailbox -ResultSize 3 -WarningAction SilentlyContinue' }) }

# "If you're behind a proxy server, run this command first."
foreach ($kind in 'IEConfig', 'WinHttpConfig', 'AutoDetect') {
    Check "New-PSSessionOption -ProxyAccessType $kind" {
        $null = Enter-Line "`$ProxyOptions = New-PSSessionOption -ProxyAccessType $kind"
        $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential 'navin@contoso.com'))
        $null = Enter-Line '$UserCredential = Get-Credential'
        $null = Enter-Line 'Connect-ExchangeOnline -Credential $UserCredential -ShowBanner:$false -PSSessionOption $ProxyOptions'
        $null = Enter-Line 'Disconnect-ExchangeOnline -Confirm:$false'
    }
}

Check 'a wrong password is named' {
    $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential 'navin@contoso.com' 'wrong'))
    $null = Enter-Line '$UserCredential = Get-Credential'
    $record = Enter-Wrong 'Connect-ExchangeOnline -Credential $UserCredential -ShowProgress $true'
    Assert-Like $record.Exception.Message '*AADSTS50126*password*'
    Assert-Equal $record.CategoryInfo.Category ([System.Management.Automation.ErrorCategory]::AuthenticationError)
}

Check 'an account whose identity provider cannot be reached is told to use another' {
    $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential 'federated@contoso.com'))
    $null = Enter-Line '$UserCredential = Get-Credential'
    $record = Enter-Wrong 'Connect-ExchangeOnline -Credential $UserCredential -ShowProgress $true'
    Assert-Equal $record.CategoryInfo.Category ([System.Management.Automation.ErrorCategory]::AuthenticationError)
    Assert-Like $record.Exception.Message '*federated*'
}

Check-Coverage 'connect-exchange-online' (@($cases.Typed) + 'Import-Module ExchangeOnlineManagement', 'Disconnect-ExchangeOnline', '$UserCredential = Get-Credential')
$Window.Runspace.Dispose()
Complete
