# What a command on the server asks is asked here, by PowerShell's own host.
. "$PSScriptRoot/common.ps1"
Add-Type -Path "$PSScriptRoot/host.cs" -CompilerOptions '/langversion:12' -IgnoreWarnings
$asking = [TestHost]::new()
$ui = $asking.TestUI
$shell = [powershell]::Create()
$shell.Runspace = [runspacefactory]::CreateRunspace($asking, [initialsessionstate]::CreateDefault2())
$shell.Runspace.Open()
$null = Invoke-In $shell ($ConnectScript -replace 'Connect-Lab', 'Connect-Lab @{ Prefix = "Far"; CommandName = "Read-Host", "Get-Credential", "Get-Date", "Remove-Item" }')
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

$null = Invoke-In $shell 'Disconnect-Lab'
$shell.Runspace.Dispose()
Complete
