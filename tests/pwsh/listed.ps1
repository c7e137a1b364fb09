# Connections that are PowerShell sessions too: over remote PowerShell, and those of Connect-EXOPSSession.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement

function Connect-RemotePowerShell { Connect-Lab @{ UseRPSSession = $true; WarningAction = 'Ignore' } }

# Nothing is there any more of a connection.
function Assert-NothingLeft {
    Assert-Equal @(Get-PSSession).Count 0 'sessions'
    Assert-Equal @(Get-ConnectionInformation).Count 0 'connections'
    Assert-Equal @(Get-Module tmpEXO_*).Count 0 'modules'
    Assert-Equal @(Get-EventSubscriber -Force).Count 0 'subscriptions'
    Assert-Equal (Get-LabShellCount) 0 'shells on the server'
}

Check 'a connection over remote PowerShell is listed as on Windows' {
    Connect-RemotePowerShell
    $listed = @(Get-PSSession)
    Assert-Equal $listed.Count 1
    Assert-Equal $listed[0].Name 'ExchangeOnlineInternalSession_1'
    Assert-Equal $listed[0].ConfigurationName 'Microsoft.Exchange'
    Assert-Equal $listed[0].ComputerName ([uri]$env:EXO_LAB_URL).Host
    Assert-Equal "$($listed[0].State) $($listed[0].Availability)" 'Opened Available'
    Assert-Equal (Get-LabShellCount) 1 'shells on the server'
}

Check 'its cmdlets and those of Invoke-Command run in one shell' {
    Assert-Equal @(Get-Mailbox -ResultSize 3 -WarningAction Ignore).Count 3
    Assert-Equal @(Invoke-Command -Session (Get-PSSession) { Get-Mailbox -ResultSize 4 } -WarningAction Ignore).Count 4
    Assert-Equal @('user00001', 'user00002' | Get-Mailbox).Count 2
    $failed = Get-Failure { Invoke-Command -Session (Get-PSSession) { Get-Mailbox 'nobody at all' } -ErrorAction Stop }
    Assert-Like "$failed" '*nobody at all*'
    Assert-Equal (Get-LabShellCount) 1 'shells on the server'
}

Check 'it can be imported from' {
    $module = Import-PSSession (Get-PSSession) -CommandName Get-Mailbox, Set-Mailbox -Prefix Other -DisableNameChecking
    Assert-Equal @('user00001', 'user00002' | Get-OtherMailbox).Count 2
    Set-OtherMailbox user00001 -CustomAttribute1 ('through the session ' * 5000) -Confirm:$false
    Assert-Like (Get-Mailbox user00001).CustomAttribute1 'through the session*'
    Remove-Module $module
}

Check 'Get-PSSession | Remove-PSSession ends the connection, and takes its commands' {
    Get-PSSession | Remove-PSSession
    Assert-NothingLeft
    $gone = Get-Failure { Get-Mailbox }
    Assert-Equal $gone.FullyQualifiedErrorId 'CommandNotFoundException'
}

Check 'Disconnect-ExchangeOnline ends the session' {
    Connect-RemotePowerShell
    $session = Get-PSSession
    Disconnect-Lab
    Assert-Equal "$($session.State)" 'Closed'
    Assert-NothingLeft
}

Check 'of two, each ends its own' {
    Connect-RemotePowerShell
    Connect-Lab @{ UseRPSSession = $true; Prefix = 'Second'; WarningAction = 'Ignore' }
    $first, $second = Get-PSSession | Sort-Object Id
    Remove-PSSession $first
    Assert-Equal (Get-ConnectionInformation).ModulePrefix 'Second'
    Assert-Equal @(Get-SecondMailbox -ResultSize 2 -WarningAction Ignore).Count 2
    Assert-Equal "$($second.State)" 'Opened'
    Disconnect-Lab
    Assert-NothingLeft
}

Check 'a connection whose shell was lost is opened again, and its session with it' {
    Connect-RemotePowerShell
    Add-LabFault 'end-shells'
    $null = Get-Failure { Invoke-Command -Session (Get-PSSession) { Get-AcceptedDomain } -ErrorAction Stop }
    Assert-True (0 -lt @(Get-AcceptedDomain -WarningAction Ignore).Count) 'domains of the connection'
    Assert-True (0 -lt @(Invoke-Command -Session (Get-PSSession) { Get-AcceptedDomain }).Count) 'domains of the session'
    Remove-PSSession (Get-PSSession)
    Assert-NothingLeft
}

Check 'a command that runs in the session is stopped, and ends with the connection' {
    Connect-RemotePowerShell
    Assert-Equal @(Invoke-Command -Session (Get-PSSession) { Get-Mailbox -ResultSize Unlimited } | Select-Object -First 1).Count 1
    $job = Invoke-Command -Session (Get-PSSession) { Get-Mailbox -ResultSize Unlimited } -AsJob
    Disconnect-Lab
    $null = Wait-Job $job
    Remove-Job $job
    Assert-NothingLeft
}

# What Exchange's servers speak has no way to a secure string but a key of the whole shell, which the connection has.
Check 'a session that breaks leaves the connection as it is, and its removal ends both' {
    Connect-RemotePowerShell
    $secret = ConvertTo-SecureString 'Secret-42' -AsPlainText -Force
    $null = Get-Failure { Invoke-Command -Session (Get-PSSession) { Set-Mailbox user00001 -Password $using:secret } -ErrorAction Stop }
    # PowerShell ends the command first, and then says that the session is broken.
    while ("$((Get-PSSession).State)" -eq 'Opened') { Start-Sleep -Milliseconds 10 }
    Assert-Equal "$((Get-PSSession).State)" 'Broken'
    Assert-Like (Get-PSSession).Runspace.RunspaceStateInfo.Reason.Message '*not possible with Invoke-Command in the session of a connection*'
    Assert-Equal @(Get-Mailbox -ResultSize 3 -WarningAction Ignore).Count 3
    Assert-Equal (Get-LabShellCount) 1 'shells on the server'
    Get-PSSession | Remove-PSSession
    Assert-NothingLeft
}

Check 'over REST Connect-ExchangeOnline lists nothing' {
    Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; WarningAction = 'Ignore' }
    Assert-Equal @(Get-PSSession).Count 0
    Disconnect-Lab
}

Check 'Connect-EXOPSSession is ended by Get-PSSession | Remove-PSSession over REST too' {
    Connect-EXOPSSession -Credential (Get-LabCredential) -ConnectionUri $env:EXO_LAB_REST_URL -AzureADAuthorizationEndPointUri $env:EXO_LAB_AUTHORITY -InformationAction Ignore -WarningAction Ignore
    Assert-Equal "$((Get-PSSession).State)" 'Opened'
    Assert-Equal @(Get-Mailbox -ResultSize 3 -WarningAction Ignore).Count 3
    $refused = Get-Failure { Invoke-Command -Session (Get-PSSession) { Get-Mailbox } -ErrorAction Stop }
    Assert-Like "$refused" '*its connection is over REST, which has no remote shell; its commands are functions of this PowerShell*'
    Get-PSSession | Remove-PSSession
    Assert-NothingLeft
}

Check 'what goes with the module goes from the list' {
    Connect-RemotePowerShell
    $session = Get-PSSession
    Remove-Module ExchangeOnlineManagement
    Assert-Equal "$($session.State)" 'Closed'
    Assert-Equal @(Get-PSSession).Count 0
    Import-Module ExchangeOnlineManagement
    Assert-NothingLeft
}

Check 'a window that is closed leaves nothing' {
    $shell = New-Shell
    $null = Invoke-In $shell "
        . '$PSScriptRoot/common.ps1'
        Import-Module ExchangeOnlineManagement
        Connect-Lab @{ UseRPSSession = `$true; WarningAction = 'Ignore' }"
    if ($shell.HadErrors) { throw "$($shell.Streams.Error)" }
    Assert-Equal (Get-LabShellCount) 1 'shells on the server'
    $shell.Runspace.Dispose()
    Assert-Equal (Get-LabShellCount) 0 'shells on the server'
}

Complete
