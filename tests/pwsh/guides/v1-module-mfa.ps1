# "Connect to Exchange Online PowerShell using multi-factor authentication" (the V1 module): each command as typed there.
. "$PSScriptRoot/guide.ps1"
Open-Window

Check 'the module is there without being loaded' { $null = Type 'Get-Command Connect-EXOPSSession' }

$cases = @(
    @{ User = 'chris@contoso.com'; Uri = 'https://outlook.office365.com'; Authority = 'https://login.microsoftonline.com/organizations'
        Typed = 'Connect-EXOPSSession -UserPrincipalName chris@contoso.com' }
    @{ User = 'lukas@fabrikam.com'; Uri = 'https://outlook.office.de'; Authority = 'https://login.microsoftonline.de/common'
        Typed = 'Connect-EXOPSSession -UserPrincipalName lukas@fabrikam.com -ConnectionUri https://outlook.office.de/PowerShell-LiveID -AzureADAuthorizationEndPointUri https://login.microsoftonline.de/common' }
    @{ User = 'chris@contoso.com'; Uri = 'https://outlook.office365.com'; Authority = 'https://login.microsoftonline.com/organizations'; Organization = 'fabrikam.onmicrosoft.com'
        Typed = 'Connect-EXOPSSession -UserPrincipalName chris@contoso.com -DelegatedOrganization fabrikam.onmicrosoft.com' }
)
foreach ($case in $cases) { Check-Connection ($case + @{ Test = 'Get-Mailbox -ResultSize 3 -WarningAction SilentlyContinue' }) }

Check 'single sign-on with another account is told apart, with the two ways out' {
    $env:EXO_LAB_TYPED_USER = 'navin@contoso.com'
    try { $record = TypeWrong 'Connect-EXOPSSession -UserPrincipalName chris@contoso.com' }
    finally { $env:EXO_LAB_TYPED_USER = '' }
    Assert-Like $record.Exception.Message "*navin@contoso.com*does not match*chris@contoso.com*"
    $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential 'chris@contoso.com'))
    $null = Type '$UserCredential = Get-Credential'
    $null = Type 'Connect-EXOPSSession -Credential $UserCredential'
    $null = Type 'Disconnect-ExchangeOnline -Confirm:$false'
}

Check 'remote PowerShell that is refused to an account is named with the way to allow it' {
    $record = TypeWrong 'Connect-EXOPSSession -UserPrincipalName disabled@contoso.com'
    Assert-Like $record.Exception.Message '*EXOModuleEnabled*'
}

Check-Coverage 'v1-module-mfa' $cases.Typed
$Window.Runspace.Dispose()
Complete
