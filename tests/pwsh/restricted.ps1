# Sessions with PowerShell's own server in a session without a language, as Exchange's is; it stands behind the lab's WSMan.
. "$PSScriptRoot/common.ps1"
Add-Type -Path "$PSScriptRoot/host.cs" -CompilerOptions '/langversion:12' -IgnoreWarnings

# A window in which somebody types; each command that fails throws.
$AtWindow = [TestHost]::new()
$Window = [powershell]::Create()
$Window.Runspace = [runspacefactory]::CreateRunspace($AtWindow, [initialsessionstate]::CreateDefault2())
$Window.Runspace.Open()
function Enter-Line([string] $Command) {
    $output = @(Invoke-In $Window $Command)
    if ($Window.HadErrors) { throw "'$Command' failed: $($Window.Streams.Error)" }
    $output
}
$AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential))
$null = Enter-Line 'Import-Module ExchangeOnlineManagement; $UserCredential = Get-Credential; $ProgressPreference = "SilentlyContinue"'
$connect = "`$Session = New-PSSession -ConfigurationName Microsoft.Exchange -ConnectionUri $env:EXO_LAB_URL -Credential `$UserCredential -Authentication Basic -AllowRedirection"

# The PowerShell that answers, by the number that its objects tell.
function Stop-Server([int] $Id) {
    $process = Get-Process -Id $Id
    $process.Kill()
    $process.WaitForExit()
}

Check 'everything is imported, with the formats of the server' {
    $null = Enter-Line $connect
    $null = Enter-Line '$module = Import-PSSession $Session -DisableNameChecking'
    Assert-Equal ((Enter-Line '(Get-Command -Module $module.Name -Name *-Thing | Sort-Object Name).Name') -join ' ') 'Get-Thing Remove-Thing Wait-Thing'
    Assert-Equal @(Enter-Line '(Get-Module $module.Name).ExportedFormatFiles').Count 1 'format files'
    Assert-Equal ((Enter-Line 'Get-Thing box -Count 3').Name -join ' ') 'box1 box2 box3'
}

Check 'input comes through the pipeline' {
    Assert-Equal ((Enter-Line "'a', 'b', 'c' | Get-Thing").Name -join ' ') 'a1 b1 c1'
    Assert-Equal (Enter-Line '1..500 | Get-Thing').Count 500
}

Check 'no script runs, and commands do' {
    Assert-Equal (Enter-Line 'Invoke-Command -Session $Session { Get-Thing box -Count 2 }').Count 2
    $null = Invoke-In $Window 'Invoke-Command -Session $Session { 1 + 1 }'
    Assert-Like "$($Window.Streams.Error[0].FullyQualifiedErrorId)" 'ScriptsNotAllowed*'
}

Check 'a question is asked here, and the answer goes back' {
    foreach ($case in @{ Answer = 0; Text = 'removed box' }, @{ Answer = 2; Text = '' }) {
        $AtWindow.TestUI.Asked.Clear()
        $AtWindow.TestUI.Answers.Enqueue($case.Answer)
        Assert-Equal "$(Enter-Line 'Remove-Thing box')" $case.Text
        Assert-Equal $AtWindow.TestUI.Asked.Count 1 'questions'
    }
}

Check 'every stream arrives' {
    $AtWindow.TestUI.Entered.Enqueue('an answer')
    $output = @(Invoke-In $Window 'Get-Everything -InformationAction Continue')
    Assert-Equal "$output" 'an answer'
    Assert-Equal "$($Window.Streams.Warning)" 'mind'
    Assert-True ($Window.Streams.Information.MessageData -contains 'note') 'the information'
    Assert-Like $Window.Streams.Error[0].FullyQualifiedErrorId 'TheError*'
}

Check 'Ctrl+C ends a command and not the session' {
    $Window.Commands.Clear()
    $null = $Window.AddScript('Wait-Thing')
    $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
    $running = $Window.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
    while ($output.Count -eq 0) { [System.Threading.Thread]::Yield() | Out-Null }
    $Window.Stop()
    Assert-True $running.IsCompleted 'the end'
    Assert-Equal "$((Enter-Line '$Session').State)" 'Opened'
    Assert-Equal (Enter-Line 'Get-Thing box -Count 2').Count 2
}

Check 'a server that ends breaks the session, and the next command opens another by itself' {
    $first = (Enter-Line 'Get-Thing box').Process
    $AtWindow.TestUI.Asked.Clear()
    Stop-Server $first
    # Whatever runs until the session is known to be broken may fail.
    $null = Invoke-In $Window 'while ($Session.State -eq "Opened") { try { Get-Thing box } catch { } }'
    $second = (Enter-Line 'Get-Thing box').Process
    Assert-True ($first -ne $second) 'another server'
    Assert-Equal $AtWindow.TestUI.Asked.Count 0 'questions'
    Assert-Equal @(Enter-Line 'Get-PSSession | Where-Object State -EQ Opened').Count 1 'open sessions'
}

Check 'Get-PSSession | Remove-PSSession ends all of it' {
    $null = Enter-Line 'Get-PSSession | Remove-PSSession'
    Assert-Equal @(Enter-Line 'Get-PSSession').Count 0
}

Check 'a server that ends under a command is told with the command''s error' {
    $null = Enter-Line $connect
    $id = (Enter-Line 'Invoke-Command -Session $Session { Get-Thing box }').Process
    $Window.Commands.Clear()
    $null = $Window.AddScript('Invoke-Command -Session $Session { Wait-Thing }')
    $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
    $Window.Streams.ClearStreams()
    $running = $Window.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
    while ($output.Count -eq 0) { [System.Threading.Thread]::Yield() | Out-Null }
    Stop-Server $id
    $null = $Window.EndInvoke($running)
    Assert-Equal "$($output[0])" 'waiting' 'what came before'
    Assert-Equal $Window.Streams.Error.Count 1 'errors'
    Assert-Like "$($Window.Streams.Error[0].Exception.GetType().Name)" 'PSRemotingTransportException'
    Assert-Equal "$((Enter-Line '$Session').State)" 'Broken'
    $null = Enter-Line 'Remove-PSSession $Session'
}

$Window.Runspace.Dispose()
Complete
