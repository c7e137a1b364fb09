# Several runspaces at once: each has its own connections, and they do not hear each other.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement
$common = "$PSScriptRoot/common.ps1"

Check 'ForEach-Object -Parallel: each runspace its own connection and its own answers' {
    $answers = 1..4 | ForEach-Object -ThrottleLimit 4 -Parallel {
        . $using:common
        Import-Module ExchangeOnlineManagement
        Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; Prefix = "P$_" }
        $alias = @(& "Get-P${_}Mailbox" -ResultSize 4 -WarningAction SilentlyContinue)[$_ - 1].Alias
        $found = @(1..15 | ForEach-Object { $alias } | & "Get-P${_}Mailbox")
        [pscustomobject]@{
            Number = $_; Alias = $alias; Found = @($found.Alias | Sort-Object -Unique) -join ' '; Count = $found.Count
            Connections = @(Get-ConnectionInformation).Count; Foreign = @(Get-Command Get-P*Mailbox -CommandType Function | Where-Object Name -Match '^Get-P\dMailbox$').Count
        }
        Disconnect-Lab
    }
    Assert-Equal $answers.Count 4 'runspaces'
    foreach ($answer in $answers) {
        Assert-Equal $answer.Found $answer.Alias "what runspace $($answer.Number) found"
        Assert-Equal $answer.Count 15
        Assert-Equal $answer.Connections 1 'connections'
        Assert-Equal $answer.Foreign 1 'commands of others'
    }
    Assert-Equal @(Get-ConnectionInformation).Count 0 'connections here'
}

Check 'thread jobs and jobs connect for themselves' {
    $work = {
        param($Common)
        . $Common
        Import-Module ExchangeOnlineManagement
        Connect-Lab
        @(Get-AcceptedDomain).Count
        Disconnect-Lab
    }
    # Not every PowerShell comes with thread jobs.
    $starters = @(Get-Command Start-Job, Start-ThreadJob -ErrorAction Ignore)
    $jobs = @($starters | ForEach-Object { & $_ $work -ArgumentList $common })
    $counts = @($jobs | Receive-Job -Wait -AutoRemoveJob)
    Assert-Equal $counts.Count $starters.Count 'jobs'
    foreach ($count in $counts) { Assert-True (0 -lt $count) 'accepted domains' }
}

Check 'rows of one runspace are read in another' {
    Connect-Lab
    $mailboxes = @(Get-Mailbox -ResultSize 3 -WarningAction SilentlyContinue)
    $names = $mailboxes | ForEach-Object -Parallel { $_.DisplayName } | Sort-Object
    Assert-Equal ($names -join '|') (($mailboxes.DisplayName | Sort-Object) -join '|')
    Disconnect-Lab
}

Check 'a runspace that goes away takes its connections along, with requests under way' {
    $shell = New-Shell
    Invoke-In $shell $ConnectScript
    $shell.Commands.Clear()
    $null = $shell.AddScript('$ProgressPreference = "Continue"; Test-Mailflow -ExecutionTimeout 3600')
    $running = $shell.BeginInvoke()
    while ($shell.Streams.Progress.Count -eq 0 -and -not $running.IsCompleted) { [System.Threading.Thread]::Yield() | Out-Null }
    Assert-True (0 -lt $shell.Streams.Progress.Count) 'the command has begun'
    $shell.Stop()
    $shell.Runspace.Dispose()
}

Complete
