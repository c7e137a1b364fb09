# Dot-sourced by each script beside it. A script is a list of checks; it ends with `Complete`, which sets the exit code.
# The variables EXO_LAB_* say where the stand-in tenant is; PSModulePath has the module.

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$script:Passed = 0
$script:Failures = [System.Collections.Generic.List[string]]::new()

# One check: the block returns nothing, or throws what is wrong.
function Check([string] $Name, [scriptblock] $Body) {
    try {
        $null = & $Body
        $script:Passed++
        "ok: $Name"
    }
    catch {
        $script:Failures.Add($Name)
        "FAILED: $Name`n    $_`n    $($_.ScriptStackTrace -replace "`n", "`n    ")"
    }
}

function Assert-Equal($Actual, $Expected, [string] $What = 'value') {
    if (-not [object]::Equals($Actual, $Expected)) {
        throw "$What is '$Actual' ($(if ($null -ne $Actual) { $Actual.GetType() })), expected '$Expected'"
    }
}

function Assert-True($Condition, [string] $What) {
    if (-not $Condition) { throw "$What does not hold" }
}

function Assert-Like([string] $Actual, [string] $Pattern, [string] $What = 'text') {
    if ($Actual -notlike $Pattern) { throw "$What is '$Actual', expected '$Pattern'" }
}

# Two long texts; the message shows where they part.
function Assert-SameText([string] $Actual, [string] $Expected, [string] $What = 'text') {
    if ($Actual -ceq $Expected) { return }
    $at = 0
    while ($at -lt $Actual.Length -and $at -lt $Expected.Length -and $Actual[$at] -ceq $Expected[$at]) { $at++ }
    $from = [Math]::Max(0, $at - 150)
    throw "$What differs at ${at}:`n$($Actual.Substring($from, [Math]::Min(300, $Actual.Length - $from)))`nexpected`n$($Expected.Substring($from, [Math]::Min(300, $Expected.Length - $from)))"
}

# The error that a block ends with.
function Get-Failure([scriptblock] $Body) {
    try { $null = & $Body }
    catch { return $_ }
    throw 'nothing was thrown'
}

function Get-LabCredential([string] $User = $env:EXO_LAB_USER, [string] $Password = $env:EXO_LAB_PASSWORD) {
    [pscredential]::new($User, (ConvertTo-SecureString $Password -AsPlainText -Force))
}

# Waits until a window has no module of this name any more. PowerShell takes the module of an imported session away in an event,
# which a thread of its pool puts between some later commands; here they are those of one line, that waits as long as it takes.
function Wait-ModuleGone([powershell] $Shell, [string] $Name) {
    $null = Invoke-In $Shell "while (Get-Module $Name) { Start-Sleep -Milliseconds 10 }"
}

# A runspace of its own that knows nothing of this one, behind a PowerShell object.
function New-Shell {
    $shell = [powershell]::Create()
    $shell.Runspace = [runspacefactory]::CreateRunspace([initialsessionstate]::CreateDefault2())
    $shell.Runspace.Open()
    $shell
}

function Invoke-In($Shell, [string] $Script) {
    $Shell.Commands.Clear()
    $Shell.Streams.ClearStreams()
    $null = $Shell.AddScript($Script)
    $Shell.Invoke()
}

# What such a runspace runs to be connected.
$script:ConnectScript = @"
. '$PSScriptRoot/common.ps1'
Import-Module ExchangeOnlineManagement
Connect-Lab
"@

function Connect-Lab([hashtable] $With = @{}) {
    $parameters = @{
        ConnectionUri                   = $env:EXO_LAB_URL
        AzureADAuthorizationEndpointUri = $env:EXO_LAB_AUTHORITY
        ShowBanner                      = $false
        InformationAction               = 'Ignore'
    }
    if (-not ($With.ContainsKey('Device') -or $With.ContainsKey('AccessToken'))) {
        $parameters.Credential = Get-LabCredential
    }
    foreach ($name in $With.Keys) { $parameters[$name] = $With[$name] }
    Connect-ExchangeOnline @parameters
}

# Trouble of the tenant from now on, as in the option --fault of exo-lab.
function Add-LabFault([string] $Fault) { Assert-Equal (Send-LabLine $Fault) 'made' }

# How many objects its remote shells have written for commands that have ended.
function Get-LabObjectCount { [long](Send-LabLine 'objects') }

# How many remote shells it has now.
function Get-LabShellCount { [int](Send-LabLine 'shells') }

# What whoever runs the lab answers.
function Send-LabLine([string] $Line) {
    $address, $port = $env:EXO_LAB_CONTROL -split ':'
    $client = [System.Net.Sockets.TcpClient]::new($address, $port)
    try {
        $stream = $client.GetStream()
        $stream.Write([System.Text.Encoding]::ASCII.GetBytes("$Line`n"))
        [System.IO.StreamReader]::new($stream).ReadLine()
    }
    finally { $client.Dispose() }
}

function Disconnect-Lab { Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore }

function Complete {
    "$script:Passed checks passed, $($script:Failures.Count) failed"
    exit [int]($script:Failures.Count -ne 0)
}
