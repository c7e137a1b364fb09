# How long sessions of PowerShell's own kind take to end, with a server that answers and with one that is gone. A measurement,
# not a test: `pwsh tests/pwsh/closing.ps1 -Lab target/release/exo-lab` with the module on PSModulePath.
param([Parameter(Mandatory)] [string] $Lab)

. "$PSScriptRoot/common.ps1"
$variables = New-TemporaryFile
Import-Module ExchangeOnlineManagement

function Start-Lab {
    Clear-Content $variables
    $script:process = Start-Process $Lab '--mailboxes', '100000', '--env-file', $variables -PassThru -RedirectStandardOutput /dev/null
    while (-not ((Get-Content $variables) -match '^SSL_CERT_FILE=')) { Start-Sleep -Milliseconds 50 }
    $env:EXO_LAB_PROCESS = $script:process.Id
    foreach ($line in Get-Content $variables) {
        $name, $value = $line -split '=', 2
        Set-Item "env:$name" $value
    }
}

function Stop-Lab { $script:process.Kill(); $script:process.WaitForExit() }

function New-LabSession([int] $Retries = 5) {
    $option = New-PSSessionOption -MaxConnectionRetryCount $Retries
    New-PSSession -ConfigurationName Microsoft.Exchange -ConnectionUri $env:EXO_LAB_URL -Credential (Get-LabCredential) -Authentication Basic -SessionOption $option
}

# Gives the session.
function New-ImportedSession {
    $session = New-LabSession
    $null = Import-PSSession $session -DisableNameChecking -CommandName Get-Mailbox
    $session
}

# A connection that is listed; gives its session.
function New-LabConnection {
    Connect-ExchangeOnline -UseRPSSession -ConnectionUri $env:EXO_LAB_URL -AzureADAuthorizationEndpointUri $env:EXO_LAB_AUTHORITY -Credential (Get-LabCredential) -ShowBanner:$false -InformationAction Ignore -WarningAction Ignore
    Get-PSSession
}

# Runs a step three times, each after its preparation; tells the times.
function Measure-Step([string] $Name, [scriptblock] $Prepare, [scriptblock] $Step) {
    $times = foreach ($round in 1..3) {
        Start-Lab
        $prepared = & $Prepare
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $null = & $Step $prepared
        $watch.ElapsedMilliseconds
        Get-PSSession | Remove-PSSession
        Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore
        if (-not $script:process.HasExited) { Stop-Lab }
    }
    '{0,-75} {1} ms' -f $Name, ($times -join ', ')
}

# A command that has begun to write, in another thread.
function Start-Command($Session) {
    $shell = [powershell]::Create()
    $null = $shell.AddScript('param($session) Invoke-Command -Session $session { Get-Mailbox -ResultSize Unlimited }').AddArgument($Session)
    $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
    $running = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
    while ($output.Count -eq 0) { Start-Sleep -Milliseconds 10 }
    @{ Shell = $shell; Running = $running; Session = $Session }
}

Measure-Step 'Select-Object -First 1 behind a command of 100,000 objects' { New-LabSession } {
    param($session) Invoke-Command -Session $session { Get-Mailbox -ResultSize Unlimited } | Select-Object -First 1
}
Measure-Step 'Remove-PSSession' { New-LabSession } { param($session) Remove-PSSession $session }
Measure-Step 'Remove-PSSession, the server is gone' { New-LabSession; Stop-Lab } { param($session) Remove-PSSession $session }
Measure-Step 'Remove-PSSession of an imported session' { New-ImportedSession } { param($session) Remove-PSSession $session }
Measure-Step 'Remove-PSSession of an imported session, the server is gone' { New-ImportedSession; Stop-Lab } { param($session) Remove-PSSession $session }
Measure-Step 'Remove-PSSession of a connection' { New-LabConnection } { param($session) Remove-PSSession $session }
Measure-Step 'Remove-PSSession of a connection, the server is gone' { New-LabConnection; Stop-Lab } { param($session) Remove-PSSession $session }
Measure-Step 'Disconnect-ExchangeOnline' { New-LabConnection } { Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore }
Measure-Step 'the server goes under a command, no second attempt: until the error' { Start-Command (New-LabSession -Retries 0) } {
    param($command)
    Stop-Lab
    try { $command.Shell.EndInvoke($command.Running) } catch { }
}
Measure-Step 'Ctrl+C while it is tried to reach a server that is gone' { $command = Start-Command (New-LabSession); Stop-Lab; Start-Sleep 1; $command } {
    param($command) $command.Shell.Stop()
}
Measure-Step 'Remove-PSSession while it is tried to reach a server that is gone' { $command = Start-Command (New-LabSession); Stop-Lab; Start-Sleep 1; $command } {
    param($command) Remove-PSSession $command.Session
}

# From the last output of a pwsh to its end, without and with an open session.
function Measure-Exit([string] $Name, [string] $Open) {
    $times = foreach ($round in 1..3) {
        Start-Lab
        $script = "Import-Module ExchangeOnlineManagement; $Open; 'ready'"
        $start = [System.Diagnostics.ProcessStartInfo]::new((Get-Process -Id $PID).Path)
        foreach ($argument in '-NoLogo', '-NoProfile', '-NonInteractive', '-Command', $script) { $start.ArgumentList.Add($argument) }
        $start.RedirectStandardOutput = $true
        $child = [System.Diagnostics.Process]::Start($start)
        while ($child.StandardOutput.ReadLine() -ne 'ready') { }
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $child.WaitForExit()
        $watch.ElapsedMilliseconds
        if (-not $script:process.HasExited) { Stop-Lab }
    }
    '{0,-75} {1} ms' -f $Name, ($times -join ', ')
}
# What a pwsh of its own runs to have what one of the functions here makes.
function Get-ScriptOf([string] $Function) {
    ". '$PSScriptRoot/common.ps1'; function $Function { $((Get-Item function:$Function).Definition) }; `$null = $Function"
}
$connect = Get-ScriptOf New-LabConnection
$open = Get-ScriptOf New-LabSession
Measure-Exit 'the end of pwsh without a session' ''
Measure-Exit 'the end of pwsh with an open session' $open
Measure-Exit 'the end of pwsh with an open session, the server is gone' ($open + '; (Get-Process -Id $env:EXO_LAB_PROCESS).Kill()')
Measure-Exit 'the end of pwsh with a connection' $connect
Measure-Exit 'the end of pwsh with a connection, the server is gone' ($connect + '; (Get-Process -Id $env:EXO_LAB_PROCESS).Kill()')
Remove-Item $variables
