# What a command on the server asks is asked here, by PowerShell's own host.
. "$PSScriptRoot/common.ps1"
Add-Type -Path "$PSScriptRoot/host.cs" -CompilerOptions '/langversion:12' -IgnoreWarnings
$asking = [TestHost]::new()
$ui = $asking.TestUI
$shell = [powershell]::Create()
$shell.Runspace = [runspacefactory]::CreateRunspace($asking, [initialsessionstate]::CreateDefault2())
$shell.Runspace.Open()
$null = Invoke-In $shell ($ConnectScript -replace 'Connect-Lab', 'Connect-Lab @{ Prefix = "Far"; CommandName = "Read-Host", "Get-Credential", "Get-Date", "Remove-Item", "Write-*" }')
if ($shell.HadErrors) { throw "$($shell.Streams.Error)" }
function Invoke-There([string] $Script) {
    $ui.Asked.Clear()
    $output = @(Invoke-In $shell $Script)
    if ($shell.HadErrors) { throw "$($shell.Streams.Error)" }
    $output
}

Check 'a line is entered here' {
    $ui.Entered.Enqueue('the answer')
    Assert-Equal (Invoke-There 'Read-FarHost') 'the answer'
}

Check 'a named value is entered here' {
    $ui.Entered.Enqueue('a colour')
    Assert-Equal (Invoke-There 'Read-FarHost -Prompt "Favourite"') 'a colour'
    Assert-Like "$($ui.Asked)" '*Favourite*'
}

Check 'a user and a password are entered here' {
    $ui.Credentials.Enqueue((Get-LabCredential 'someone' 'pass'))
    $output = Invoke-There '$c = Get-FarCredential -Message why -UserName someone; $c.UserName'
    Assert-Equal $output 'someone'
    Assert-Like $ui.Asked[0] '*|why|someone|*'
}

Check 'secrets that the server gives are secure strings here' {
    $ui.Entered.Enqueue('pass & word')
    $secret = Invoke-There 'Read-FarHost -AsSecureString'
    Assert-Equal $secret.GetType() ([securestring])
    Assert-Equal ([pscredential]::new('x', $secret)).GetNetworkCredential().Password 'pass & word'
    $ui.Credentials.Enqueue((Get-LabCredential 'someone' 'pass'))
    $credential = Invoke-There 'Get-FarCredential -Message why -UserName someone'
    Assert-Equal $credential.UserName 'someone'
    Assert-Equal $credential.GetNetworkCredential().Password 'pass'
}

Check 'a question with choices is asked here, and no is no' {
    $file = New-TemporaryFile
    $ui.Answers.Enqueue(2)
    $null = Invoke-There "Remove-FarItem '$file' -Confirm"
    Assert-Equal $ui.Asked.Count 1 'questions'
    Assert-Like $ui.Asked[0] "Confirm|*$file*"
    Assert-True (Test-Path $file) 'it is there'
    $ui.Answers.Enqueue(0)
    $null = Invoke-There "Remove-FarItem '$file' -Confirm"
    Assert-True (-not (Test-Path $file)) 'it is gone'
}

Check 'where nobody answers the command gets an error, and the session goes on' {
    Assert-Like (Get-Failure { Invoke-In $shell 'Read-FarHost' }).Exception.Message '*Queue empty.*'
    Assert-True ((Invoke-There 'Get-FarDate') -is [datetime]) 'a date'
}

Check 'each stream of a command there arrives in the same stream here, of the command that was called' {
    $null = Invoke-There '$ProgressPreference = "Continue"; Write-FarProgress -Activity there -Status busy -CurrentOperation counting -PercentComplete 40 -Id 7; $ProgressPreference = "SilentlyContinue"'
    $progress = @($shell.Streams.Progress | Where-Object Activity -EQ 'there')
    Assert-Equal $progress.Count 1 'progress records'
    Assert-Equal "$($progress[0].StatusDescription) $($progress[0].CurrentOperation) $($progress[0].PercentComplete) $($progress[0].ActivityId)" 'busy counting 40 7'
    $null = Invoke-There 'Write-FarInformation -MessageData note -Tags one, two'
    Assert-Equal "$($shell.Streams.Information.MessageData)|$($shell.Streams.Information[0].Tags)" 'note|one two'
    $null = Invoke-There 'Write-FarWarning mind'
    Assert-Equal "$($shell.Streams.Warning.Message)" 'mind'
    Assert-Equal "$(Invoke-There 'Write-FarWarning mind -WarningVariable kept; $kept')" 'mind' '-WarningVariable'
    Assert-Equal "$(Invoke-There 'Write-FarInformation note -InformationVariable kept; $kept')" 'note' '-InformationVariable'
    $null = Invoke-There 'Write-FarVerbose said -Verbose'
    Assert-Equal "$($shell.Streams.Verbose.Message)" 'said'
    $null = Invoke-In $shell '$ErrorActionPreference = "Continue"; Write-FarError bad -ErrorId TheError -Category ObjectNotFound -TargetObject box; $ErrorActionPreference = "Stop"'
    $record = $shell.Streams.Error[0]
    Assert-Equal "$($record.Exception.Message)|$($record.CategoryInfo.Category)|$($record.InvocationInfo.MyCommand.Name)" 'bad|ObjectNotFound|Write-FarError'
    Assert-Like $record.FullyQualifiedErrorId 'TheError*'
}

$null = Invoke-In $shell 'Disconnect-Lab'
$shell.Runspace.Dispose()
Complete
