# What an administrator types, for `cargo xtask demo`. The argument is the module, by name or by its manifest; the stand-in
# tenant's variables are in the environment.
param([string] $Module = 'ExchangeOnlineManagement')

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

# Shows a command as if typed, then runs it here.
function Show([scriptblock] $Command) {
    "PS> $("$Command".Trim())"
    . $Command | Out-Host
}

$password = ConvertTo-SecureString $env:EXO_LAB_PASSWORD -AsPlainText -Force
$credential = [pscredential]::new($env:EXO_LAB_USER, $password)
Import-Module $Module

Show { Connect-ExchangeOnline -ConnectionUri $env:EXO_LAB_URL -AzureADAuthorizationEndpointUri $env:EXO_LAB_AUTHORITY -Credential $credential -ShowBanner:$false }
Show { Get-Mailbox -ResultSize 5 | Format-Table DisplayName, PrimarySmtpAddress, RecipientTypeDetails }
Show { Get-Mailbox -ResultSize 2 | Set-Mailbox -CustomAttribute1 'from pwsh' }
Show { Get-Mailbox | Where-Object CustomAttribute1 | Select-Object Name, CustomAttribute1 | ConvertTo-Json -Compress }
Show { Get-Mailbox nobody -ErrorAction Continue }
Show { Connect-IPPSSession -ConnectionUri $env:EXO_LAB_URL -AzureADAuthorizationEndpointUri $env:EXO_LAB_AUTHORITY -Credential $credential -Prefix Second }
Show { Get-SecondAcceptedDomain | Format-Table DomainName, DomainType, Default }
Show { Disconnect-ExchangeOnline -Confirm:$false }
