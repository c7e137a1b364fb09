# The PowerShell part of `cargo xtask demo`: the first script of an administrator, as it is typed.
# The argument is the module's folder; the variables EXO_LAB_* say where the stand-in tenant is.
param([Parameter(Mandatory)] [string] $Module)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$timer = [Diagnostics.Stopwatch]::StartNew()
function Step([string] $Text) {
    "`n{0,6} ms  {1}" -f $timer.ElapsedMilliseconds, $Text
    $timer.Restart()
}

Import-Module $Module
Step 'Import-Module'

$password = ConvertTo-SecureString $env:EXO_LAB_PASSWORD -AsPlainText -Force
$credential = [pscredential]::new($env:EXO_LAB_USER, $password)
$endpoints = @{ ConnectionUri = $env:EXO_LAB_URL; AzureADAuthorizationEndpointUri = $env:EXO_LAB_AUTHORITY }

Connect-ExchangeOnline @endpoints -Credential $credential -ShowBanner:$false
Step 'Connect-ExchangeOnline'

Get-Mailbox -ResultSize 3 | Sort-Object DisplayName | Format-Table DisplayName, PrimarySmtpAddress, IssueWarningQuota
Step 'Get-Mailbox -ResultSize 3 | Sort-Object | Format-Table, and the warning that there is more'

Get-Mailbox -ResultSize 2 -WarningAction SilentlyContinue | Set-Mailbox -CustomAttribute1 'demo'
Get-Mailbox -ResultSize 2 -WarningAction SilentlyContinue | Select-Object Alias, CustomAttribute1 | ConvertTo-Json
Step 'a change, through the pipeline'

try { Get-Mailbox -Identity nobody -ErrorAction Stop }
catch { "caught: $($_.Exception.Message)" }
Step 'an error, caught'

Disconnect-ExchangeOnline -Confirm:$false
Step 'Disconnect-ExchangeOnline'

Connect-IPPSSession @endpoints -Credential $credential -ShowBanner:$false -CommandName 'Get-AcceptedDomain'
Get-AcceptedDomain | Format-Table Name, DomainType, Default
Disconnect-ExchangeOnline -Confirm:$false
Step 'the same with Connect-IPPSSession and one command'
