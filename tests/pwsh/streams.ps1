# Errors, warnings, verbose, progress: each in its stream, with the texts and identifiers of the server.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement
Connect-Lab

Check 'an error of the server is an error record with its identifier, category and text' {
    Get-Mailbox nobody -ErrorAction Continue -ErrorVariable seen 2>$null
    Assert-Equal $? $false '$?'
    Assert-Equal $seen.Count 1 'errors'
    $record = $seen[0]
    Assert-Like $record.FullyQualifiedErrorId '*,Microsoft.Exchange.Management.RecipientTasks.GetMailbox'
    Assert-Like $record.Exception.Message "The operation couldn't be performed because object 'nobody' couldn't be found on *"
    Assert-Equal $record.CategoryInfo.Activity 'Get-Mailbox'
    Assert-Like $record.CategoryInfo.Reason 'ManagementObjectNotFoundException'
    Assert-Equal $record.Exception.GetType() ([System.Management.Automation.RemoteException])
    Assert-Equal $record.InvocationInfo.MyCommand.Name 'Get-Mailbox'
}

Check 'ErrorAction decides what an error does' {
    $caught = Get-Failure { Get-Mailbox nobody -ErrorAction Stop }
    Assert-Like $caught.FullyQualifiedErrorId '*,Microsoft.Exchange.Management.RecipientTasks.GetMailbox'
    Assert-Equal @(Get-Mailbox nobody -ErrorAction SilentlyContinue).Count 0
    $before = $Error.Count
    Get-Mailbox nobody -ErrorAction Ignore
    Assert-Equal $Error.Count $before 'remembered errors'
}

Check 'a command goes on after an error that does not end it' {
    $known = @(Get-Mailbox)[0].Alias
    $found = @('nobody', $known | Get-Mailbox -ErrorAction Continue 2>$null)
    Assert-Equal $found.Count 1
}

Check 'warnings are warnings' {
    $null = Get-Mailbox -ResultSize 1 -WarningVariable seen -WarningAction SilentlyContinue
    if ($seen.Count -eq 0) { $null = Get-Mailbox -ResultSize 1 -WarningVariable seen 3>$null }
    Assert-Equal $seen.Count 1 'warnings'
    Assert-Like $seen[0].Message '*more results*'
}

Check 'verbose is verbose' {
    $all = Get-Mailbox -ResultSize 1 -Verbose 3>$null 4>&1
    $messages = @($all | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] })
    Assert-True (0 -lt $messages.Count) 'verbose messages'
    Assert-Like $messages[0].Message 'Searching objects of type*'
}

Check 'progress is progress' {
    $shell = New-Shell
    $null = Invoke-In $shell $ConnectScript
    $result = Invoke-In $shell '$ProgressPreference = "Continue"; Test-Mailflow -ExecutionTimeout 0; Disconnect-Lab'
    Assert-Equal $result[0].TestMailflowResult 'Success'
    $records = $shell.Streams.Progress
    Assert-True (2 -lt $records.Count) 'progress records'
    Assert-Equal $records[0].Activity 'Test-Mailflow'
    Assert-Equal $records[-1].RecordType ([System.Management.Automation.ProgressRecordType]::Completed)
    $shell.Runspace.Dispose()
}

Check 'the pipeline may end before the command does' {
    Assert-Equal @(Get-Mailbox | Select-Object -First 1).Count 1
    Assert-True (1 -lt @(Get-Mailbox).Count) 'the session goes on'
}

Disconnect-Lab

Check 'a wrong password is refused in a sentence' {
    $failure = Get-Failure { Connect-Lab @{ Credential = (Get-LabCredential -Password 'wrong') } }
    Assert-Equal $failure.CategoryInfo.Category ([System.Management.Automation.ErrorCategory]::AuthenticationError)
    Assert-Like $failure.Exception.Message '*50126*'
    Assert-Equal @(Get-Module tmp*).Count 0 'modules'
}

Check 'an unreachable host is refused in a sentence' {
    $failure = Get-Failure { Connect-Lab @{ ConnectionUri = 'https://localhost:1/powershell/' } }
    Assert-Like $failure.Exception.Message '*localhost*'
    Assert-True ($failure.CategoryInfo.Category -in 'ConnectionError', 'OpenError', 'ResourceUnavailable') "category $($failure.CategoryInfo.Category)"
}

Complete
