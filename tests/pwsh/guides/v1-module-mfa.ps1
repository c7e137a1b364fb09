# "Connect to Exchange Online PowerShell using multi-factor authentication" (the V1 module): each command as typed there.
. "$PSScriptRoot/guide.ps1"
Open-Window

Check 'the module is there without being loaded' { $null = Enter-Line 'Get-Command Connect-EXOPSSession' }

# The tenant refuses the first request: "The account must be enabled for remote PowerShell."
Check 'an account that is not enabled is named, with the way to enable it' {
    $record = Enter-Wrong 'Connect-EXOPSSession -UserPrincipalName chris@contoso.com'
    Assert-Like $record.Exception.Message '*does not allow this account*'
    Assert-Like "$($record.ErrorDetails.RecommendedAction)" '*-EXOModuleEnabled $true*'
}

$cases = @(
    @{ User = 'chris@contoso.com'; Uri = 'https://outlook.office365.com'; Authority = 'https://login.microsoftonline.com/organizations'
        Typed = 'Connect-EXOPSSession -UserPrincipalName chris@contoso.com' }
    @{ User = 'lukas@fabrikam.com'; Uri = 'https://outlook.office.de'; Authority = 'https://login.microsoftonline.de/common'
        Typed = 'Connect-EXOPSSession -UserPrincipalName lukas@fabrikam.com -ConnectionUri https://outlook.office.de/PowerShell-LiveID -AzureADAuthorizationEndPointUri https://login.microsoftonline.de/common' }
    @{ User = 'chris@contoso.com'; Uri = 'https://outlook.office365.com'; Authority = 'https://login.microsoftonline.com/organizations'; Organization = 'fabrikam.onmicrosoft.com'
        Typed = 'Connect-EXOPSSession -UserPrincipalName chris@contoso.com -DelegatedOrganization fabrikam.onmicrosoft.com' }
)
# "To disconnect all currently open PowerShell sessions in the current window, run the following command".
$end = 'Get-PSSession | Remove-PSSession'
foreach ($case in $cases) { Check-Connection ($case + @{ Test = 'Get-Mailbox -ResultSize 3 -WarningAction SilentlyContinue'; End = $end }) }

Check 'single sign-on with another account is told apart, with the two ways out' {
    Set-Content $env:EXO_LAB_PERSON 'navin@contoso.com'
    try { $record = Enter-Wrong 'Connect-EXOPSSession -UserPrincipalName chris@contoso.com' }
    finally { Remove-Item $env:EXO_LAB_PERSON }
    Assert-Like $record.Exception.Message "*navin@contoso.com*does not match*chris@contoso.com*"
    $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential 'chris@contoso.com'))
    $null = Enter-Line '$UserCredential = Get-Credential'
    $null = Enter-Line 'Connect-EXOPSSession -Credential $UserCredential'
    $null = Enter-Line $end
}

Check-Coverage 'v1-module-mfa' $cases.Typed
$Window.Runspace.Dispose()
Complete
