# Ctrl+C, and runspaces that know nothing of each other.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement

Check 'Ctrl+C stops a command and leaves the session usable' {
    $shell = New-Shell
    Invoke-In $shell $ConnectScript
    $shell.Commands.Clear()
    $null = $shell.AddScript('$ProgressPreference = "Continue"; Test-Mailflow -ExecutionTimeout 3600')
    $running = $shell.BeginInvoke()
    # It runs when it says how far it is.
    while ($shell.Streams.Progress.Count -eq 0 -and -not $running.IsCompleted) { [System.Threading.Thread]::Yield() | Out-Null }
    Assert-True (0 -lt $shell.Streams.Progress.Count) 'the command has begun'
    $shell.Stop()
    Assert-Equal $shell.InvocationStateInfo.State ([System.Management.Automation.PSInvocationState]::Stopped)
    Assert-True ($running.IsCompleted) 'it has ended'
    Assert-True (0 -lt @(Invoke-In $shell 'Get-AcceptedDomain').Count) 'the session answers'
    $null = Invoke-In $shell 'Disconnect-Lab'
    $shell.Runspace.Dispose()
}

Check 'Ctrl+C stops a command that inputs keep busy over REST, and leaves the session usable' {
    $shell = New-Shell
    Invoke-In $shell $ConnectScript.Replace('Connect-Lab', 'Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; WarningAction = "Ignore" }')
    $shell.Commands.Clear()
    $null = $shell.AddScript('$alias = @(Get-Mailbox)[0].Alias; & { while ($true) { $alias } } | Get-Mailbox')
    $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
    $running = $shell.BeginInvoke[psobject, psobject]($null, $output)
    while ($output.Count -eq 0 -and -not $running.IsCompleted) { [System.Threading.Thread]::Yield() | Out-Null }
    Assert-True (0 -lt $output.Count) 'objects come'
    $shell.Stop()
    Assert-Equal $shell.InvocationStateInfo.State ([System.Management.Automation.PSInvocationState]::Stopped)
    Assert-True ($running.IsCompleted) 'it has ended'
    Assert-True (0 -lt @(Invoke-In $shell 'Get-AcceptedDomain').Count) 'the session answers'
    $null = Invoke-In $shell 'Disconnect-Lab'
    $shell.Runspace.Dispose()
}

Check 'Ctrl+C stops waiting for a device code' {
    $shell = New-Shell
    $null = $shell.AddScript($ConnectScript.Replace('Connect-Lab', 'Connect-Lab @{ Device = $true; InformationAction = "Continue" }'))
    $running = $shell.BeginInvoke()
    while (-not ("$($shell.Streams.Information)" -match 'enter the code') -and -not $running.IsCompleted) { [System.Threading.Thread]::Yield() | Out-Null }
    Assert-Like "$($shell.Streams.Information)" '*enter the code*'
    $shell.Stop()
    Assert-Equal $shell.InvocationStateInfo.State ([System.Management.Automation.PSInvocationState]::Stopped)
    $shell.Runspace.Dispose()
}

Check 'connections belong to their runspace' {
    $first = New-Shell
    $second = New-Shell
    Invoke-In $first $ConnectScript
    Assert-Equal @(Invoke-In $second "Get-Command Get-AcceptedDomain -ErrorAction Ignore").Count 0
    Invoke-In $second $ConnectScript
    $null = Invoke-In $second 'Disconnect-Lab'
    Assert-True (0 -lt @(Invoke-In $first 'Get-AcceptedDomain').Count) 'the first still answers'
    $first.Runspace.Dispose()
    $second.Runspace.Dispose()
}

Check 'a runspace that ends closes what it opened' {
    # The lab allows three shells a user: the fourth connection would be refused if one were left.
    foreach ($round in 1..4) {
        $shell = New-Shell
        Invoke-In $shell $ConnectScript
        Assert-Equal $shell.HadErrors $false "errors in round $round ($($shell.Streams.Error))"
        $shell.Runspace.Dispose()
    }
}

# Nobody disconnects: whoever runs this script looks whether the session was closed when the process ended.
Check 'a process may end with a connection' {
    Connect-Lab
    Assert-True (0 -lt @(Get-AcceptedDomain).Count) 'accepted domains'
}

Complete
