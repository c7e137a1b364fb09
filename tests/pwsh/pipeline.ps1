# Many inputs through the pipeline: they go to the service together, and what comes of them stays in their order.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement
Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL }
$aliases = @((Get-Mailbox -ResultSize Unlimited).Alias)

Check 'thousands of inputs give their output in their order' {
    $inputs = foreach ($number in 0..2999) { $aliases[$number % $aliases.Count] }
    $output = @($inputs | Get-Mailbox)
    Assert-Equal $output.Count 3000 'output'
    Assert-Equal (($output.Alias -join ' ') -ceq ($inputs -join ' ')) $true 'the order'
    Assert-Equal $global:EXO_LastExecutionStatus $true
}

Check 'errors stand where their inputs stand, and the others are done' {
    $inputs = foreach ($number in 0..59) { if ($number % 7 -eq 3) { "nobody$number" } else { $aliases[$number % $aliases.Count] } }
    $all = @($inputs | Get-Mailbox -ErrorAction Continue -ErrorVariable failed 2>&1)
    Assert-Equal $all.Count 60 'output and errors'
    foreach ($number in 0..59) {
        if ($number % 7 -eq 3) {
            Assert-Equal $all[$number].GetType().Name 'ErrorRecord' "place $number"
            Assert-Like $all[$number].Exception.Message "*'nobody$number'*"
            Assert-Like $all[$number].FullyQualifiedErrorId '`[Server=*'
        }
        else { Assert-Equal $all[$number].Alias $inputs[$number] "place $number" }
    }
    Assert-Equal @($failed).Count 9 'errors remembered'
    Assert-Equal $global:EXO_LastExecutionStatus $false
}

Check '-ErrorAction Stop ends at the first error, and nothing later is sent' {
    $inputs = @($aliases[0]) + @('nobody') + @($aliases[1]) * 30
    $seen = [System.Collections.Generic.List[object]]::new()
    $failure = Get-Failure { $inputs | Set-Mailbox -CustomAttribute5 'stop' -ErrorAction Stop }
    Assert-Like $failure.Exception.Message "*'nobody'*"
    # Ten inputs are one request: what came after the error in it may be done, the later requests may not.
    $failure = Get-Failure { @('nobody') * 10 + @($aliases[2]) * 20 | Set-Mailbox -CustomAttribute6 'stop' -ErrorAction Stop }
    Assert-Equal (Get-Mailbox $aliases[2]).CustomAttribute6 '' 'a later request'
}

Check 'changes by the hundred are each made once' {
    $aliases | Set-Mailbox -CustomAttribute7 'all'
    Assert-Equal @(Get-Mailbox -ResultSize Unlimited | Where-Object CustomAttribute7 -NE 'all').Count 0
}

Check 'one input is enough, none does nothing' {
    Assert-Equal @($aliases[0] | Get-Mailbox).Count 1
    Assert-Equal @(@() | Get-Mailbox).Count 0
    Assert-True (1 -lt @(Get-Mailbox).Count) 'without a pipeline'
}

Check 'objects with properties, and a parameter beside them' {
    $rows = $aliases | Select-Object -First 12 | ForEach-Object { [pscustomobject]@{ Identity = $_ } }
    Assert-Equal @($rows | Get-Mailbox).Count 12
    $rows | Set-Mailbox -CustomAttribute8 'by property'
    Assert-Equal @(Get-Mailbox -ResultSize Unlimited | Where-Object CustomAttribute8 -EQ 'by property').Count 12
}

Check 'what only an earlier object had is not sent with a later one' {
    $hidden = [System.Reflection.BindingFlags]'Instance, NonPublic'
    $connection = & (Get-Module tmpEXO_*) { $Connection }
    $command = $connection.GetType().GetMethod('Command', $hidden).Invoke($connection, @('Get-Mailbox'))
    $input = [ExchangeOnlineManagement.Proxy.InvokeRemoteCommand]::new()
    $input.Given = 'Filter'
    # As PowerShell hands it over for the second of two objects.
    $input.Bound = @{ Filter = $null; Identity = $null; MailboxPlan = 'plan'; Anr = $null }
    $input.Piped = [pscustomobject]@{ MailboxPlan = 'plan'; ANR = $null }
    $own = $input.GetType().GetMethod('OfThisInput', $hidden).Invoke($input, @($command))
    Assert-Equal (($own.Keys | Sort-Object) -join ' ') 'Anr Filter MailboxPlan'
}

Check '-WhatIf says for each input what it would do' {
    $shell = New-Shell
    $null = Invoke-In $shell $ConnectScript.Replace('Connect-Lab', 'Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL }')
    $null = Invoke-In $shell "'$($aliases[0])', '$($aliases[1])' | Set-Mailbox -CustomAttribute9 x -WhatIf"
    Assert-Equal $shell.HadErrors $false "$($shell.Streams.Error)"
    $null = Invoke-In $shell 'Disconnect-Lab'
    $shell.Runspace.Dispose()
    Assert-Equal (Get-Mailbox $aliases[0]).CustomAttribute9 ''
}

Check 'the pipeline may end before the inputs do' {
    $sent = @($aliases * 200 | Get-Mailbox | Select-Object -First 3)
    Assert-Equal $sent.Count 3
    Assert-Equal ($sent.Alias -join ' ') ($aliases[0..2] -join ' ')
    Assert-Equal @($aliases[0] | Get-Mailbox).Count 1 'the connection goes on'
}

Check 'over remote PowerShell they go one after the other, in the same order' {
    Connect-Lab @{ Prefix = 'Old' }
    $output = @($aliases[0..19] | Get-OldMailbox)
    Assert-Equal ($output.Alias -join ' ') ($aliases[0..19] -join ' ')
    Disconnect-ExchangeOnline -ModulePrefix Old -Confirm:$false -InformationAction Ignore
}

Disconnect-Lab
Complete
