# "Connect to Exchange Online Protection PowerShell": each command as typed there, each promise, each error it names.
. "$PSScriptRoot/guide.ps1"
Open-Window

Check 'Import-Module ExchangeOnlineManagement' { $null = Enter-Line 'Import-Module ExchangeOnlineManagement' }

$cases = @(
    @{ Typed = 'Connect-IPPSSession -UserPrincipalName navin@contoso.com -ConnectionUri https://ps.protection.outlook.com/powershell-liveid/' }
    @{ Typed = 'Connect-IPPSSession -Credential $UserCredential -ConnectionUri https://ps.protection.outlook.com/powershell-liveid/'; Credential = $true }
)
$promise = @{
    User = 'navin@contoso.com'; Uri = 'https://outlook.office365.com'; Authority = 'https://login.microsoftonline.com/organizations'
    Test = 'Get-TransportRule'; IsEop = $true
}
foreach ($case in $cases) { Check-Connection ($case + $promise) }

Check 'a wrong password is named' {
    $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential 'navin@contoso.com' 'wrong'))
    $null = Enter-Line '$UserCredential = Get-Credential'
    Assert-Like (Enter-Wrong $cases[1].Typed).Exception.Message '*AADSTS50126*password*'
}

Check-Coverage 'connect-eop' (@($cases.Typed) + 'Import-Module ExchangeOnlineManagement', 'Disconnect-ExchangeOnline', '$UserCredential = Get-Credential')
$Window.Runspace.Dispose()
Complete
