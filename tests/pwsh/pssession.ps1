# Sessions of PowerShell's own kind, as the scripts for basic authentication use them.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement
$UserCredential = Get-LabCredential

# "To connect, run the following command" of the guides, with the lab's address.
function Get-LabParameter([hashtable] $With = @{}) {
    $parameters = @{
        ConfigurationName = 'Microsoft.Exchange'
        ConnectionUri     = $env:EXO_LAB_URL
        Credential        = $UserCredential
        Authentication    = 'Basic'
        AllowRedirection  = $true
    }
    foreach ($name in $With.Keys) { $parameters[$name] = $With[$name] }
    $parameters
}

function New-LabSession([hashtable] $With = @{}) {
    $parameters = Get-LabParameter $With
    New-PSSession @parameters
}

# The error of a session that cannot be opened.
function Get-Refusal([hashtable] $With = @{}) {
    $parameters = Get-LabParameter $With
    $sessions = @(New-PSSession @parameters -ErrorAction SilentlyContinue -ErrorVariable refused)
    Assert-Equal $sessions.Count 0 'sessions'
    Assert-Equal $refused.Count 1 'errors'
    $refused[0]
}

# A check that leaves no session to the next one.
function Check-Session([string] $Name, [scriptblock] $Body) {
    Check $Name $Body
    Get-PSSession | Remove-PSSession
}

Check 'New-PSSession is this module''s, and PowerShell''s own is still there' {
    $command = Get-Command New-PSSession
    Assert-Equal $command.Source 'ExchangeOnlineManagement'
    Assert-Equal (Get-Command nsn).ResolvedCommand.Source 'ExchangeOnlineManagement'
    Assert-Equal (Get-Command Microsoft.PowerShell.Core\New-PSSession).Source 'Microsoft.PowerShell.Core'
    $stock = (Get-Command Microsoft.PowerShell.Core\New-PSSession).ParameterSets.Name | Sort-Object
    Assert-Equal (($command.ParameterSets.Name | Sort-Object) -join ' ') ($stock -join ' ') 'parameter sets'
}

Check-Session 'what is not for Exchange gets PowerShell''s own error' {
    foreach ($parameters in @{ HostName = 'nobody.invalid'; SSHTransport = $true; KeyFilePath = '/no/such/key' }, @{ ConnectionUri = 'https://localhost:1/wsman' }) {
        $own = Get-Failure { New-PSSession @parameters }
        $stock = Get-Failure { Microsoft.PowerShell.Core\New-PSSession @parameters }
        Assert-Equal $own.Exception.Message $stock.Exception.Message
        Assert-Equal ($own.FullyQualifiedErrorId -split ',')[0] ($stock.FullyQualifiedErrorId -split ',')[0]
    }
}

Check-Session 'a session is listed as on Windows' {
    $Session = New-LabSession
    Assert-True ($Session -is [System.Management.Automation.Runspaces.PSSession]) 'its type'
    $listed = @(Get-PSSession)
    Assert-Equal $listed.Count 1
    Assert-Equal $listed[0].ConfigurationName 'Microsoft.Exchange'
    Assert-Equal $listed[0].ComputerName ([uri]$env:EXO_LAB_URL).Host
    Assert-Equal "$($listed[0].State)" 'Opened'
    Assert-Equal "$($listed[0].Availability)" 'Available'
    Assert-Equal $listed[0].Transport 'WSMan'
    Assert-Equal @(Get-PSSession | Where-Object ConfigurationName -EQ 'Microsoft.Exchange').Count 1
    Assert-Equal @(Get-PSSession -Id $Session.Id).Count 1
    Assert-Equal "$($Session.Runspace.ConnectionInfo.ConnectionUri)" "$([uri]$env:EXO_LAB_URL)"
    Remove-PSSession $Session
    Assert-Equal @(Get-PSSession).Count 0
    Assert-Equal "$($Session.State)" 'Closed'
}

Check-Session 'Invoke-Command runs cmdlets in it' {
    $Session = New-LabSession @{ Name = 'mine' }
    Assert-Equal $Session.Name 'mine'
    $mailboxes = @(Invoke-Command -Session $Session { Get-Mailbox -ResultSize 3 })
    Assert-Equal $mailboxes.Count 3
    Assert-Equal $mailboxes[0].pstypenames[0] 'Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'
    Assert-Equal $mailboxes[0].PSComputerName ([uri]$env:EXO_LAB_URL).Host
    Assert-Equal (Invoke-Command -Session $Session { Get-Mailbox -ResultSize 1 | Select-Object -Property Name }).Name 'user00001'
    $none = @(Invoke-Command -Session $Session { Get-Mailbox -Identity 'nobody at all' } -ErrorAction SilentlyContinue -ErrorVariable wrong)
    Assert-Equal $none.Count 0
    Assert-Equal $wrong.Count 1
    Assert-Equal @(Invoke-Command -Session $Session { Get-AcceptedDomain }).Count @(Invoke-Command -Session $Session { Get-AcceptedDomain }).Count
    Remove-PSSession $Session
}

Check-Session 'Import-PSSession brings the cmdlets, with a progress bar' {
    $shell = New-Shell
    $null = Invoke-In $shell "
        . '$PSScriptRoot/common.ps1'
        Import-Module ExchangeOnlineManagement
        `$ProgressPreference = 'Continue'
        `$UserCredential = Get-LabCredential
        `$Session = New-PSSession -ConfigurationName Microsoft.Exchange -ConnectionUri $env:EXO_LAB_URL -Credential `$UserCredential -Authentication Basic -AllowRedirection
        `$module = Import-PSSession `$Session -DisableNameChecking"
    if ($shell.HadErrors) { throw "$($shell.Streams.Error)" }
    $progress = @($shell.Streams.Progress | Where-Object Activity -EQ 'Creating implicit remoting module ...')
    # PowerShell shows it anew every 200 ms at most, so that how often depends on the machine; it is taken away once.
    Assert-True (0 -lt $progress.Count) 'a progress bar'
    Assert-Equal "$($progress[-1].RecordType)" 'Completed'
    Assert-True (10 -lt @(Invoke-In $shell '(Get-Module $module.Name).ExportedFunctions.Values').Count) 'functions'
    Assert-Equal @(Invoke-In $shell 'Get-Mailbox -ResultSize 4').Count 4
    Assert-Equal @(Invoke-In $shell "'user00001', 'user00002' | Get-Mailbox").Count 2
    Assert-Equal @(Invoke-In $shell 'Remove-PSSession $Session').Count 0
    # The module goes with its session.
    Wait-ModuleGone $shell '$module.Name'
    if ($shell.HadErrors) { throw "$($shell.Streams.Error)" }
    $shell.Runspace.Dispose()
}

Check-Session 'Import-PSSession takes some of them, under other names' {
    $Session = New-LabSession
    $module = Import-PSSession $Session -CommandName Get-Mailbox, Get-AcceptedDomain -Prefix Lab -DisableNameChecking
    Assert-Equal ((Get-Command -Module $module | Sort-Object Name).Name -join ' ') 'Get-LabAcceptedDomain Get-LabMailbox'
    Assert-Equal @(Get-LabMailbox -ResultSize 2).Count 2
    Assert-True (0 -lt @(Get-LabAcceptedDomain).Count) 'domains'
    $Session | Remove-PSSession
}

Check-Session 'Get-PSSession | Remove-PSSession ends all of them' {
    $null = New-LabSession
    $null = New-LabSession
    Assert-Equal @(Get-PSSession).Count 2
    Get-PSSession | Remove-PSSession
    Assert-Equal @(Get-PSSession).Count 0
}

# PowerShell's module of an imported session waits for ever where the news overtake each other.
Check-Session 'that a session ends is heard before that it has ended' {
    foreach ($round in 1..40) {
        $Session = New-LabSession
        $heard = [System.Collections.Concurrent.ConcurrentQueue[string]]::new()
        $job = Register-ObjectEvent $Session.Runspace StateChanged -SourceIdentifier order -MessageData $heard -Action { $event.MessageData.Enqueue($eventArgs.RunspaceStateInfo.State) }
        Remove-PSSession $Session
        while ($heard.Count -lt 2) { Start-Sleep -Milliseconds 5 }
        Unregister-Event order
        Remove-Job $job
        Assert-Equal ($heard -join ' ') 'Closing Closed' "states in round $round"
    }
}

Check-Session 'two addresses are two sessions' {
    $sessions = @(New-PSSession -ConnectionUri $env:EXO_LAB_URL, $env:EXO_LAB_URL -Name a, b -Credential $UserCredential -Authentication Basic)
    Assert-Equal ($sessions.Name -join ' ') 'a b'
    $sessions | Remove-PSSession
}

Check-Session 'a wrong password is Windows'' AccessDenied' {
    $refused = Get-Refusal @{ Credential = Get-LabCredential -Password 'wrong' }
    Assert-Like $refused.FullyQualifiedErrorId 'AccessDenied,PSSessionOpenFailed*'
    Assert-Equal "$($refused.CategoryInfo.Category)" 'OpenError'
    Assert-Like "$refused" '*Connecting to remote server * failed with the following error message : *did not accept the user name and the password*'
    Assert-True ($refused.TargetObject -is [System.Management.Automation.Runspaces.Runspace]) 'the target'
    Assert-Equal @(Get-PSSession).Count 0
}

Check-Session 'a server that is not there is told apart from one that has nothing at the address' {
    $options = New-PSSessionOption -MaxConnectionRetryCount 0 -ProxyAccessType NoProxyServer
    $at = ([uri]$env:EXO_LAB_URL).GetLeftPart('Authority')
    foreach ($case in @{ Uri = 'https://localhost:1/powershell/'; Id = 'CannotConnect' }, @{ Uri = "$at/nowhere/"; Id = 'URLNotAvailable' }, @{ Uri = 'https://no-such-host.invalid/powershell/'; Id = 'ComputerNotFound' }) {
        $refused = Get-Refusal @{ ConnectionUri = $case.Uri; SessionOption = $options }
        Assert-Like $refused.FullyQualifiedErrorId "$($case.Id),PSSessionOpenFailed*"
    }
}

Check-Session 'one session too many is told with the server''s words' {
    foreach ($number in 1..5) { $null = New-LabSession }
    Assert-Like "$(Get-Refusal)" '*allowed a maximum number of 5 concurrent shells*'
}

Check-Session 'the other options of Windows are understood' {
    $options = New-PSSessionOption -IdleTimeout 900000 -OperationTimeout 60000 -OpenTimeout 60000 -SkipRevocationCheck -ProxyAccessType IEConfig
    $Session = New-LabSession @{ SessionOption = $options }
    Assert-Equal "$($Session.State)" 'Opened'
    Remove-PSSession $Session
}

Check-Session 'an imported command changes something' {
    $null = Import-PSSession (New-LabSession) -CommandName Set-Mailbox, Get-Mailbox -DisableNameChecking -AllowClobber
    Set-Mailbox user00001 -CustomAttribute1 'through a session' -Confirm:$false
    Assert-Equal (Get-Mailbox user00001).CustomAttribute1 'through a session'
}

# Of 100,000 mailboxes the server makes as many as fit into the buffers, and those of the time until it is told to stop.
Check-Session 'a command whose objects nobody takes any more is stopped' {
    $Session = New-LabSession
    $null = Import-PSSession $Session -CommandName Get-Mailbox -DisableNameChecking -AllowClobber
    function Get-SomeMailbox { Get-Mailbox -ResultSize Unlimited | Where-Object Name -Like '*' }
    foreach ($statement in {
            Get-Mailbox -ResultSize Unlimited | Select-Object -First 1
        }, {
            Invoke-Command -Session $Session { Get-Mailbox -ResultSize Unlimited } | Select-Object -First 1
        }, {
            Get-SomeMailbox | Select-Object -First 1
        }) {
        $before = Get-LabObjectCount
        Assert-Equal @(& $statement).Count 1 "objects of $statement"
        $written = (Get-LabObjectCount) - $before
        Assert-True (0 -lt $written -and $written -lt 50000) "$statement lets the server write $written of 100000 objects, which"
        Assert-Equal "$($Session.State) $($Session.Availability)" 'Opened Available'
    }
    # What ends in the pipeline behind, and is not the pipeline, ends nothing.
    Assert-Equal @(Get-Mailbox -ResultSize 40 | ForEach-Object { 1..3 | Select-Object -First 1 }).Count 40
}

# A few come and go with PowerShell's own work; fifty sessions would leave fifty, two threads each.
Check-Session 'fifty sessions leave no thread, no handle and no shell behind' {
    $counts = @{ threads = { [System.Diagnostics.Process]::GetCurrentProcess().Threads.Count } }
    if ($IsLinux) { $counts.handles = { [System.IO.Directory]::GetFileSystemEntries('/proc/self/fd').Count } }
    New-LabSession | Remove-PSSession
    $before = @{}
    foreach ($what in $counts.Keys) { $before[$what] = & $counts[$what] }
    foreach ($round in 1..50) { New-LabSession | Remove-PSSession }
    foreach ($what in $counts.Keys) {
        $after = & $counts[$what]
        Assert-True ($after -le $before[$what] + 12) "$($before[$what]) $what before, $after after, which"
    }
    Assert-Equal @(Get-PSSession).Count 0
    Assert-Equal (Get-LabShellCount) 0 'shells on the server'
}

Complete
