<#
.SYNOPSIS
Measures the module beside PowerShell's own ways, in this process, against a stand-in tenant on this machine.
.DESCRIPTION
CPU is that of this process, so the tenant's own work is not in it; time is the clock's and says something on an idle
machine only. Each figure is the median of the rounds. Build first:

    cargo build --release --package exo-lab --bin exo-lab; cargo xtask module
    pwsh -NoProfile -File tests/pwsh/bench.ps1
#>
[CmdletBinding()]
param(
    [string] $Lab = "$PSScriptRoot/../../target/release/exo-lab",
    [string] $Module = "$PSScriptRoot/../../pwsh-bridge/output/ExchangeOnlineManagement",
    [int] $Rounds = 5,
    [int] $Connections = 100
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$self = [System.Diagnostics.Process]::GetCurrentProcess()
$rows = [System.Collections.Generic.List[object]]::new()

function Get-ResidentBytes {
    [gc]::Collect(); [gc]::WaitForPendingFinalizers(); [gc]::Collect()
    $self.Refresh()
    $self.WorkingSet64
}

# What is in use: resident memory without what the garbage collector keeps for later, which comes and goes by itself.
function Get-HeldBytes {
    $resident = Get-ResidentBytes
    $resident - [gc]::GetGCMemoryInfo().TotalCommittedBytes + [gc]::GetTotalMemory($false)
}

# Median CPU and clock of a block in milliseconds.
function Measure-Block([scriptblock] $Body, [int] $Times = $Rounds) {
    $cpu = [System.Collections.Generic.List[double]]::new()
    $clock = [System.Collections.Generic.List[double]]::new()
    foreach ($round in 1..$Times) {
        [gc]::Collect()
        $self.Refresh(); $before = $self.TotalProcessorTime.TotalMilliseconds
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $null = & $Body
        $clock.Add($watch.Elapsed.TotalMilliseconds)
        $self.Refresh(); $cpu.Add($self.TotalProcessorTime.TotalMilliseconds - $before)
    }
    $cpu.Sort(); $clock.Sort()
    @{ Cpu = $cpu[[int][Math]::Floor($Times / 2)]; Clock = $clock[[int][Math]::Floor($Times / 2)] }
}

# What a block's result keeps in memory, in bytes.
function Measure-Kept([scriptblock] $Body) {
    $before = [gc]::GetTotalMemory($true)
    $kept = & $Body
    $bytes = [gc]::GetTotalMemory($true) - $before
    [gc]::KeepAlive($kept)
    $bytes
}

function Add-Row([string] $What, $Ours, $Baseline, [string] $Unit, [string] $Goal) {
    $ratio = if ($Baseline) { '{0:0.0}' -f ($Baseline / [Math]::Max($Ours, 0.001)) } else { '' }
    $rows.Add([pscustomobject]@{
            What = $What; Module = '{0:0.#}' -f $Ours; Baseline = $(if ($Baseline) { '{0:0.#}' -f $Baseline } else { '' }); Unit = $Unit; 'Baseline : module' = $ratio; Goal = $Goal
        })
}

# In processes of their own, one for each round: what counts is the first import.
function Measure-Import([string] $Path) {
    $script = '$w = [System.Diagnostics.Stopwatch]::StartNew(); Import-Module $env:EXO_BENCH_MODULE; $w.Elapsed.TotalMilliseconds'
    $env:EXO_BENCH_MODULE = $Path
    $times = @(foreach ($round in 1..$Rounds) { [double](pwsh -NoProfile -NoLogo -NonInteractive -Command $script) }) | Sort-Object
    $times[[int][Math]::Floor($Rounds / 2)]
}

$folder = Join-Path ([System.IO.Path]::GetTempPath()) "exo-bench-$PID"
$null = New-Item -ItemType Directory $folder
$tenant = Start-Process $Lab '--mailboxes', '1000', '--cmdlets', '830', '--env-file', "$folder/env" -PassThru -RedirectStandardOutput "$folder/out" -RedirectStandardError "$folder/err"
try {
    while (-not (Test-Path "$folder/env") -or (Get-Content "$folder/env" -Raw) -notmatch 'EXO_LAB_REST_URL') {
        if ($tenant.HasExited) { throw "exo-lab ended: $(Get-Content "$folder/err" -Raw)" }
        Start-Sleep -Milliseconds 50
    }
    foreach ($line in Get-Content "$folder/env") {
        $name, $value = $line -split '=', 2
        Set-Item "env:$name" $value.Trim("'`"")
    }
    $env:EXO_CATALOG_CACHE = 'off'

    Add-Row 'Import-Module' (Measure-Import $Module) $null 'ms' 'at most 60'
    Import-Module $Module

    function Connect-Bench {
        $credential = [pscredential]::new($env:EXO_LAB_USER, (ConvertTo-SecureString $env:EXO_LAB_PASSWORD -AsPlainText -Force))
        Connect-ExchangeOnline -ConnectionUri $env:EXO_LAB_REST_URL -AzureADAuthorizationEndpointUri $env:EXO_LAB_AUTHORITY -Credential $credential -ShowBanner:$false -InformationAction Ignore
    }
    function Disconnect-Bench { Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore }

    # The service's own text, as the original imports it.
    $form = @{ grant_type = 'password'; client_id = 'fb78d390-0c51-40cd-8e17-fdbfab77341b'; username = $env:EXO_LAB_USER; password = $env:EXO_LAB_PASSWORD; scope = 'https://outlook.office365.com/.default' }
    $token = (Invoke-RestMethod -SkipCertificateCheck -Method Post "$env:EXO_LAB_AUTHORITY/oauth2/v2.0/token" -Body $form).access_token
    $headers = @{ Authorization = "Bearer $token"; CommandName = '*'; 'exomodule-version' = '3.5.0' }
    Connect-Bench
    $organization = (Get-ConnectionInformation).TenantID
    Disconnect-Bench
    $files = (Invoke-RestMethod -SkipCertificateCheck "$env:EXO_LAB_REST_URL/AdminApi/v1.0/$organization/EXOModuleFile?Version=3.5.0" -Headers $headers).value
    $text = @($files | Where-Object fileName -Like '*.psm1')[0].fileContent
    [System.IO.File]::WriteAllText("$folder/original.psm1", $text)

    $before = Get-ResidentBytes
    $ours = Measure-Block { Connect-Bench } 1
    $commands = @(Get-Module tmp*)[0].ExportedFunctions.Count
    $oursBytes = (Get-ResidentBytes) - $before
    Disconnect-Bench
    $ours = Measure-Block { Connect-Bench; Disconnect-Bench }
    $before = Get-ResidentBytes
    $own = Measure-Block { Import-Module "$folder/original.psm1" -DisableNameChecking } 1
    $ownBytes = (Get-ResidentBytes) - $before
    Remove-Module original
    $own = Measure-Block { Import-Module "$folder/original.psm1" -DisableNameChecking; Remove-Module original }
    Add-Row "connecting and leaving, $commands commands, CPU; Import-Module of the service's text ($([int]($text.Length / 1KB)) KB)" $ours.Cpu $own.Cpu 'ms' 'at most 150'
    Add-Row 'the same, memory of the first time' ($oursBytes / 1MB) ($ownBytes / 1MB) 'MB' 'at most 40'

    # One page of a thousand mailboxes.
    Connect-Bench
    $headers = @{ Authorization = "Bearer $token"; 'X-ResponseFormat' = 'clixml'; 'X-SerializationLevel' = 'Partial'; Prefer = 'odata.maxpagesize=1000' }
    $body = @{ CmdletInput = @{ CmdletName = 'Get-Mailbox'; Parameters = @{ ResultSize = 1000 } } } | ConvertTo-Json -Depth 5
    $answer = (Invoke-WebRequest -SkipCertificateCheck -Method Post "$env:EXO_LAB_REST_URL/adminapi/beta/$organization/InvokeCommand" -Headers $headers -ContentType 'application/json' -Body $body).Content
    $deserialize = { [System.Management.Automation.PSSerializer]::Deserialize(($answer | ConvertFrom-Json).value[0]._clixml) }
    $count = @(Get-Mailbox -ResultSize 1000).Count
    if ($count -ne @(& $deserialize).Count) { throw 'the two do not give the same number of objects' }
    $ours = Measure-Block { Get-Mailbox -ResultSize 1000 }
    $own = Measure-Block $deserialize
    Add-Row "a page of $count mailboxes ($([int]($answer.Length / 1MB)) MB), CPU with HTTPS; ConvertFrom-Json and PSSerializer without" $ours.Cpu $own.Cpu 'ms' 'baseline at least 20 times'
    $oursBytes = Measure-Kept { Get-Mailbox -ResultSize 1000 }
    $ownBytes = Measure-Kept $deserialize
    Add-Row 'the same, memory that the objects keep' ($oursBytes / 1MB) ($ownBytes / 1MB) 'MB' 'a quarter at most'

    # The same objects out of a PowerShell process.
    [System.IO.File]::WriteAllText("$folder/page.xml", ($answer | ConvertFrom-Json).value[0]._clixml)
    $runspace = [runspacefactory]::CreateOutOfProcessRunspace([System.Management.Automation.Runspaces.TypeTable]::new([string[]]@()))
    $runspace.Open()
    $shell = [powershell]::Create()
    $shell.Runspace = $runspace
    $null = $shell.AddScript('$global:page = [System.Management.Automation.PSSerializer]::Deserialize([System.IO.File]::ReadAllText($args[0]))').AddArgument("$folder/page.xml").Invoke()
    $shell.Commands.Clear()
    $null = $shell.AddScript('$global:page')
    $own = Measure-Block { $shell.Invoke() } ([Math]::Min($Rounds, 3))
    $shell.Dispose(); $runspace.Dispose()
    Add-Row 'the same objects from an out-of-process runspace, clock' $ours.Clock $own.Clock 'ms' ''
    Disconnect-Bench

    # From Ctrl+C to the prompt, in a runspace of its own.
    function Measure-Stop([string] $Uri, [string] $Call) {
        $shell = [powershell]::Create()
        $null = $shell.AddScript(@"
            `$ProgressPreference = `$WarningPreference = 'SilentlyContinue'
            Import-Module '$Module'
            `$credential = [pscredential]::new(`$env:EXO_LAB_USER, (ConvertTo-SecureString `$env:EXO_LAB_PASSWORD -AsPlainText -Force))
            Connect-ExchangeOnline -ConnectionUri '$Uri' -AzureADAuthorizationEndpointUri `$env:EXO_LAB_AUTHORITY -Credential `$credential -ShowBanner:`$false
"@).Invoke()
        if ($shell.HadErrors) { throw "$($shell.Streams.Error)" }
        $times = @(foreach ($round in 1..$Rounds) {
                $shell.Commands.Clear()
                $null = $shell.AddScript($Call).BeginInvoke()
                Start-Sleep -Milliseconds 700
                $watch = [System.Diagnostics.Stopwatch]::StartNew()
                $shell.Stop()
                $watch.Elapsed.TotalMilliseconds
            }) | Sort-Object
        $shell.Commands.Clear()
        if (@($shell.AddScript('Get-AcceptedDomain').Invoke()).Count -eq 0) { throw 'the session is not usable any more' }
        $shell.Commands.Clear()
        $null = $shell.AddScript('Disconnect-ExchangeOnline -Confirm:$false').Invoke()
        $shell.Dispose()
        $times[-1]
    }
    Add-Row 'Ctrl+C over remote PowerShell, the slowest' (Measure-Stop $env:EXO_LAB_URL 'Test-Mailflow -ExecutionTimeout 3600') $null 'ms' 'at most 200'
    Add-Row 'Ctrl+C over REST with piped input, the slowest' (Measure-Stop $env:EXO_LAB_REST_URL '& { while ($true) { "nobody" } } | Get-Mailbox -ErrorAction SilentlyContinue') $null 'ms' 'at most 200'

    # Whatever is kept once is there after a few rounds.
    foreach ($round in 1..30) { Connect-Bench; Disconnect-Bench }
    $before = Get-HeldBytes
    foreach ($round in 1..$Connections) { Connect-Bench; Disconnect-Bench }
    Add-Row "growth over $Connections connections, after 30" (((Get-HeldBytes) - $before) / 1MB) $null 'MB' 'less than 5'
}
finally {
    if (-not $tenant.HasExited) { $tenant.Kill() }
    Remove-Item $folder -Recurse -Force
}
$rows | Format-Table -AutoSize -Wrap | Out-String -Width 220
