# Sessions that get lost, and commands that run within each other.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement

foreach ($uri in $env:EXO_LAB_URL, $env:EXO_LAB_REST_URL) {
    Check "a command runs while another one of the same connection does ($uri)" {
        Connect-Lab @{ ConnectionUri = $uri; WarningAction = 'Ignore' }
        $all = @(Get-Mailbox)
        $inner = @(Get-Mailbox | ForEach-Object { @(Get-AcceptedDomain).Count })
        Assert-Equal $inner.Count $all.Count 'outer objects'
        Assert-True ($inner -notcontains 0) 'the inner ones answer each time'
        # The outer one ends early, and in the middle of an inner one.
        $first = Get-Mailbox | ForEach-Object { Get-Mailbox $_.Alias | Get-Mailbox } | Select-Object -First 1
        Assert-Equal $first.Guid $all[0].Guid
        Assert-Equal @(Get-Mailbox).Count $all.Count 'the session goes on'
        Disconnect-Lab
    }
}

Check 'a lost session is opened again for the next command, which says so' {
    Connect-Lab
    $module = (Get-Module tmp*).Name
    Add-LabFault 'shell-gone@command=1'
    $domains = @(Get-AcceptedDomain -WarningVariable said -WarningAction SilentlyContinue)
    Assert-True (0 -lt $domains.Count) 'accepted domains'
    Assert-Equal $said.Count 1 'warnings'
    Assert-Equal (Get-Module tmp*).Name $module 'the module stays'
    Assert-Equal (Get-ConnectionInformation).State 'Connected'
    Disconnect-Lab
}

Check 'a command that is called the moment a session gets lost waits for the new one' {
    Connect-Lab
    Add-LabFault 'shell-gone@receive=1'
    $domains = try { Get-Mailbox } catch { Get-AcceptedDomain -WarningAction SilentlyContinue; $failure = $_ }
    Assert-Like "$failure" '*shell was not found on the server*'
    Assert-True (0 -lt @($domains).Count) 'accepted domains'
    Assert-True (1 -lt @(Get-Mailbox).Count) 'mailboxes'
    Assert-Equal (Get-ConnectionInformation).State 'Connected'
    Disconnect-Lab
}

Check 'a session that cannot be opened again is broken, until it can' {
    Connect-Lab
    Add-LabFault 'shell-gone@command=1'
    Add-LabFault 'http-403@create=1'
    $failure = Get-Failure { Get-AcceptedDomain -WarningAction SilentlyContinue }
    Assert-Equal (Get-ConnectionInformation).State 'Broken' "$($failure.FullyQualifiedErrorId) $failure, state"
    Assert-True (0 -lt @(Get-AcceptedDomain -WarningAction SilentlyContinue).Count) 'accepted domains'
    Assert-Equal (Get-ConnectionInformation).State 'Connected'
    Disconnect-Lab
}

Check 'a shell that the server does not find is told in the words of the guides' {
    Add-LabFault 'shell-gone@receive=1'
    $failure = Get-Failure { Connect-Lab @{ WarningAction = 'Ignore' } }
    Assert-Like $failure.Exception.Message '*The request for the Windows Remote Shell with ShellId * failed because the shell was not found on the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the server. Provide the correct ShellId or create a new shell and retry the operation*'
    Assert-Equal $failure.CategoryInfo.Category ([System.Management.Automation.ErrorCategory]::ConnectionError)
    Assert-Equal @(Get-Module tmp*).Count 0 'modules'
    Assert-Equal @(Get-ConnectionInformation).Count 0 'connections'
}

Check 'one connection too many is refused with what to do, and there is room again after the end of one' {
    foreach ($prefix in 'A', 'B', 'C', 'E', 'F') { Connect-Lab @{ Prefix = $prefix; WarningAction = 'Ignore' } }
    $failure = Get-Failure { Connect-Lab @{ Prefix = 'D'; WarningAction = 'Ignore' } }
    Assert-Like $failure.Exception.Message '*This user is allowed a maximum number of 5 concurrent shells, which has been exceeded.*'
    Assert-Like $failure.ErrorDetails.RecommendedAction '*Disconnect-ExchangeOnline*'
    Disconnect-ExchangeOnline -ModulePrefix B -Confirm:$false -InformationAction Ignore
    Connect-Lab @{ Prefix = 'D'; WarningAction = 'Ignore' }
    Assert-True (0 -lt @(Get-DAcceptedDomain).Count) 'accepted domains'
    Disconnect-Lab
}

Complete
