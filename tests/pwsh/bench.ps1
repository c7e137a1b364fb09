<#
.SYNOPSIS
Measures the module beside PowerShell's own ways, against a stand-in tenant on this machine.
.DESCRIPTION
CPU is that of this process, so the tenant's own work is not in it; the clock says something on an idle machine only. Each
figure is the median of the rounds. Import and the first connection are measured in processes of their own, everything else
after rounds that are not counted, because PowerShell compiles itself while it runs. Build first:

    cargo build --release --package exo-lab --bin exo-lab; cargo xtask module
    pwsh -NoProfile -File tests/pwsh/bench.ps1
.PARAMETER Parts
Which measurements to make; all by default.
#>
[CmdletBinding()]
param(
    [string] $Lab = "$PSScriptRoot/../../target/release/exo-lab",
    [string] $Modules = "$PSScriptRoot/../../pwsh-bridge/output",
    [int] $Rounds = 11,
    [int] $Connections = 100,
    [ValidateSet('Import', 'FirstConnection', 'Connection', 'Page', 'Stop', 'Growth')]
    [string[]] $Parts = ('Import', 'FirstConnection', 'Connection', 'Page', 'Stop', 'Growth')
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$self = [System.Diagnostics.Process]::GetCurrentProcess()
$rows = [System.Collections.Generic.List[object]]::new()
$warm = [timespan]::FromSeconds(20)

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

function Get-Median([double[]] $Figures) { ($Figures | Sort-Object)[[int][Math]::Floor($Figures.Count / 2)] }

# Median CPU and clock of a block in milliseconds. The rounds before, as many and for twenty seconds, are measured too and not
# counted: what runs often .NET compiles once more in the background, this function included.
function Measure-Block([scriptblock] $Body, [int] $Times = $Rounds) {
    $cpu = [System.Collections.Generic.List[double]]::new()
    $clock = [System.Collections.Generic.List[double]]::new()
    $began = [System.Diagnostics.Stopwatch]::StartNew()
    $left = $Times
    while (0 -lt $left) {
        [gc]::Collect()
        $self.Refresh(); $before = $self.TotalProcessorTime.TotalMilliseconds
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $null = & $Body
        $elapsed = $watch.Elapsed.TotalMilliseconds
        $self.Refresh(); $used = $self.TotalProcessorTime.TotalMilliseconds - $before
        $cpu.Add($used); $clock.Add($elapsed)
        if ($Times -lt $cpu.Count -and $warm.TotalSeconds -lt $began.Elapsed.TotalSeconds) { $left-- }
    }
    $counted = $cpu.Count - $Times
    @{ Cpu = Get-Median $cpu.GetRange($counted, $Times); Clock = Get-Median $clock.GetRange($counted, $Times) }
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
    $ratio = if ($Baseline -and $null -ne $Ours) { '{0:0.0}' -f ($Baseline / [Math]::Max($Ours, 0.001)) } else { '' }
    $rows.Add([pscustomobject]@{
            What = $What; Module = $(if ($null -ne $Ours) { '{0:0.#}' -f $Ours } else { '' }); Baseline = $(if ($Baseline) { '{0:0.#}' -f $Baseline } else { '' }); Unit = $Unit; 'Baseline : module' = $ratio; Goal = $Goal
        })
}

# Runs scripts in processes of their own, one for each round and in turn, and gives the medians of the figures that each writes.
function Measure-Process([System.Collections.IDictionary] $Scripts) {
    $figures = @{}
    foreach ($round in 1..$Rounds) {
        foreach ($name in $Scripts.Keys) {
            $figures[$name] += , @((pwsh -NoProfile -NoLogo -NonInteractive -Command $Scripts[$name]) -split ' ' | ForEach-Object { [double] $_ })
        }
    }
    $medians = @{}
    foreach ($name in $Scripts.Keys) {
        $medians[$name] = @(foreach ($place in 0..($figures[$name][0].Count - 1)) { Get-Median @($figures[$name] | ForEach-Object { $_[$place] }) })
    }
    $medians
}

# A module like ours with nothing in it: the same manifest, one empty cmdlet, one view, one type. What it costs is PowerShell's.
function New-EmptyModule([string] $Parent, [string] $Name, [int] $Number) {
    $base = (New-Item -ItemType Directory "$Parent/$Name/4.0.0/bin" -Force).Parent.FullName
    Add-Type -OutputAssembly "$base/bin/$Name.dll" -TypeDefinition "[System.Management.Automation.Cmdlet(`"Get`", `"Nothing$Number`")] public sealed class Nothing$Number : System.Management.Automation.PSCmdlet {}"
    $manifest = Get-Content (Get-Item "$Modules/ExchangeOnlineManagement/*/ExchangeOnlineManagement.psd1") -Raw
    $manifest = $manifest -replace 'ExchangeOnlineManagement\b', $Name -replace "(?s)(CmdletsToExport\s+= @\().*?\)", "`$1'Get-Nothing$Number')" -replace 'e8bdfcc9-f5b4-42a1-8172-d1da0b032474', [guid]::NewGuid()
    Set-Content "$base/$Name.psd1" $manifest
    Set-Content "$base/$Name.Types.ps1xml" "<Types><Type><Name>Nothing$Number</Name><Members><NoteProperty><Name>One</Name><Value>1</Value></NoteProperty></Members></Type></Types>"
    Set-Content "$base/$Name.Format.ps1xml" "<Configuration><ViewDefinitions><View><Name>Nothing$Number</Name><ViewSelectedBy><TypeName>Nothing$Number</TypeName></ViewSelectedBy><TableControl><TableHeaders><TableColumnHeader /></TableHeaders><TableRowEntries><TableRowEntry><TableColumnItems><TableColumnItem><PropertyName>One</PropertyName></TableColumnItem></TableColumnItems></TableRowEntry></TableRowEntries></TableControl></View></ViewDefinitions></Configuration>"
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

    $env:PSModulePath = "$folder/modules$([System.IO.Path]::PathSeparator)$Modules$([System.IO.Path]::PathSeparator)$env:PSModulePath"
    New-EmptyModule "$folder/modules" EmptyOne 1
    New-EmptyModule "$folder/modules" EmptyTwo 2

    if ('Import' -in $Parts) {
        # With how much of it this thread has spent compiling methods.
        $time = '$null = [System.Runtime.JitInfo]::GetCompilationTime($true); $w = [System.Diagnostics.Stopwatch]::StartNew(); $j = [System.Runtime.JitInfo]::GetCompilationTime($true); Import-Module {0}; "$($w.Elapsed.TotalMilliseconds) $(([System.Runtime.JitInfo]::GetCompilationTime($true) - $j).TotalMilliseconds)"'
        $import = Measure-Process ([ordered]@{
                Ours = $time -f 'ExchangeOnlineManagement'; Empty = $time -f 'EmptyOne'
                OursSecond = 'Import-Module EmptyTwo; ' + $time -f 'ExchangeOnlineManagement'; EmptySecond = 'Import-Module EmptyTwo; ' + $time -f 'EmptyOne'
            })
        Add-Row 'Import-Module as the first of a process, clock; an empty module' $import.Ours[0] $import.Empty[0] 'ms' 'at most 60'
        Add-Row 'of it compiling' $import.Ours[1] $import.Empty[1] 'ms' ''
        Add-Row 'Import-Module after another module, clock; an empty module' $import.OursSecond[0] $import.EmptySecond[0] 'ms' 'at most 60'
        Add-Row 'of it compiling' $import.OursSecond[1] $import.EmptySecond[1] 'ms' ''
    }
    Import-Module ExchangeOnlineManagement

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

    if ('FirstConnection' -in $Parts) {
        $start = @"
`$ProgressPreference = `$WarningPreference = 'SilentlyContinue'
Import-Module ExchangeOnlineManagement
`$credential = [pscredential]::new(`$env:EXO_LAB_USER, (ConvertTo-SecureString `$env:EXO_LAB_PASSWORD -AsPlainText -Force))
`$self = [System.Diagnostics.Process]::GetCurrentProcess()
`$null = `$self.TotalProcessorTime.TotalMilliseconds
[gc]::Collect(); `$self.Refresh(); `$bytes = `$self.WorkingSet64; `$cpu = `$self.TotalProcessorTime.TotalMilliseconds
`$w = [System.Diagnostics.Stopwatch]::StartNew()
{0}
`$clock = `$w.Elapsed.TotalMilliseconds
`$self.Refresh(); `$cpu = `$self.TotalProcessorTime.TotalMilliseconds - `$cpu
[gc]::Collect(); `$self.Refresh()
"`$cpu `$clock `$((`$self.WorkingSet64 - `$bytes) / 1MB)"
{1}
"@
        $connect = 'Connect-ExchangeOnline -ConnectionUri $env:EXO_LAB_REST_URL -AzureADAuthorizationEndpointUri $env:EXO_LAB_AUTHORITY -Credential $credential -ShowBanner:$false -InformationAction Ignore'
        $first = Measure-Process ([ordered]@{
                Ours = $start -f $connect, 'Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore'
                Original = $start -f "Import-Module '$folder/original.psm1' -DisableNameChecking", ''
            })
        Add-Row 'the first connection of a process with sign-in, CPU; Import-Module of the text' $first.Ours[0] $first.Original[0] 'ms' ''
        Add-Row 'the same, clock' $first.Ours[1] $first.Original[1] 'ms' ''
        Add-Row 'the same, memory' $first.Ours[2] $first.Original[2] 'MB' 'at most 40'
    }

    if ('Connection' -in $Parts) {
        $ours = Measure-Block { Connect-Bench; $script:commands = @(Get-Module tmp*)[0].ExportedFunctions.Count; Disconnect-Bench }
        $own = Measure-Block { Import-Module "$folder/original.psm1" -DisableNameChecking; Remove-Module original }
        Add-Row "connecting with sign-in and leaving, $commands commands, CPU; Import-Module of the service's text ($([int]($text.Length / 1KB)) KB)" $ours.Cpu $own.Cpu 'ms' 'at most 150'
        Add-Row 'the same, clock' $ours.Clock $own.Clock 'ms' 'at most 150'
    }

    # One page of a thousand mailboxes. Both ways begin with the request, and then both with the CLIXML of the answer in memory.
    if ('Page' -in $Parts) {
        Connect-Bench
        $headers = @{ Authorization = "Bearer $token"; 'X-ResponseFormat' = 'clixml'; 'X-SerializationLevel' = 'Partial'; Prefer = 'odata.maxpagesize=1000' }
        $request = @{ CmdletInput = @{ CmdletName = 'Get-Mailbox'; Parameters = @{ ResultSize = 1000 } } } | ConvertTo-Json -Depth 5
        function Get-Answer { (Invoke-WebRequest -SkipCertificateCheck -Method Post "$env:EXO_LAB_REST_URL/adminapi/beta/$organization/InvokeCommand" -Headers $headers -ContentType 'application/json' -Body $request).Content }
        function Read-Clixml([string] $Text) { [System.Management.Automation.PSSerializer]::Deserialize($Text) }
        $answer = Get-Answer
        $clixml = ($answer | ConvertFrom-Json).value[0]._clixml
        $bytes = [System.Text.Encoding]::UTF8.GetBytes($clixml)
        $what = "$([int]($answer.Length / 1MB)) MB of JSON, $([int]($bytes.Length / 1MB)) MB of CLIXML"

        # What the proxies do with an answer, without one.
        $hidden = [System.Reflection.BindingFlags] 'NonPublic, Static, Instance'
        $assembly = (Get-Module ExchangeOnlineManagement).ImplementingAssembly
        $decode = $assembly.GetType('ExchangeOnlineManagement.Native.Clixml').GetMethod('Decode', $hidden)
        $document = $assembly.GetType('ExchangeOnlineManagement.Records.Document').GetConstructors($hidden)[0]
        $values = $document.DeclaringType.GetMethod('Values', $hidden)
        $objects = { $values.Invoke($document.Invoke(@($decode.Invoke($null, (, $bytes)), $false)), @()) }

        $whole = { Read-Clixml (Get-Answer | ConvertFrom-Json).value[0]._clixml }
        foreach ($way in { Get-Mailbox -ResultSize 1000 }, $whole, $objects) {
            if (@(& $way).Count -ne 1000) { throw "not a thousand objects: $way" }
        }
        $ours = Measure-Block { Get-Mailbox -ResultSize 1000 }
        $own = Measure-Block $whole
        Add-Row "a page of 1000 mailboxes ($what) from the request on, CPU; Invoke-WebRequest, ConvertFrom-Json, PSSerializer" $ours.Cpu $own.Cpu 'ms' 'baseline at least 20 times'
        $page = $ours
        $own = Measure-Block { Read-Clixml ($answer | ConvertFrom-Json).value[0]._clixml }
        # What the module does before it has the answer only makes it slower here.
        Add-Row 'the same page from the request on, CPU; ConvertFrom-Json and PSSerializer of the answer that is in memory' $page.Cpu $own.Cpu 'ms' 'baseline at least 20 times'
        $ours = Measure-Block $objects
        $own = Measure-Block { Read-Clixml $clixml }
        Add-Row 'the CLIXML of it in memory to objects, CPU; PSSerializer' $ours.Cpu $own.Cpu 'ms' 'baseline at least 20 times'
        $oursBytes = Measure-Kept { Get-Mailbox -ResultSize 1000 }
        $ownBytes = Measure-Kept { Read-Clixml $clixml }
        Add-Row 'memory that the objects keep' ($oursBytes / 1MB) ($ownBytes / 1MB) 'MB' 'a quarter at most'
        $seen = @{ Taken = 0; Bytes = 0 }
        $before = Get-HeldBytes
        Get-Mailbox -ResultSize 1000 | ForEach-Object { if (++$seen.Taken -eq 500) { $seen.Bytes = Get-HeldBytes } }
        Add-Row 'memory held in the middle of the page, while its objects go down a pipeline' (($seen.Bytes - $before) / 1MB) $null 'MB' ''

        # The same objects out of a PowerShell process.
        [System.IO.File]::WriteAllText("$folder/page.xml", $clixml)
        $runspace = [runspacefactory]::CreateOutOfProcessRunspace([System.Management.Automation.Runspaces.TypeTable]::new([string[]]@()))
        $runspace.Open()
        $shell = [powershell]::Create()
        $shell.Runspace = $runspace
        $null = $shell.AddScript('$global:page = [System.Management.Automation.PSSerializer]::Deserialize([System.IO.File]::ReadAllText($args[0]))').AddArgument("$folder/page.xml").Invoke()
        $shell.Commands.Clear()
        $null = $shell.AddScript('$global:page')
        $own = Measure-Block { $shell.Invoke() } ([Math]::Min($Rounds, 3))
        $shell.Dispose(); $runspace.Dispose()
        Add-Row 'the page as above, clock; the same objects from an out-of-process runspace' $page.Clock $own.Clock 'ms' ''
        Disconnect-Bench
    }

    # From Ctrl+C to the prompt, in a runspace of its own.
    function Measure-Stop([string] $Uri, [string] $Call) {
        $shell = [powershell]::Create()
        $null = $shell.AddScript(@"
            `$ProgressPreference = `$WarningPreference = 'SilentlyContinue'
            Import-Module ExchangeOnlineManagement
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
    if ('Stop' -in $Parts) {
        Add-Row 'Ctrl+C over remote PowerShell, the slowest' (Measure-Stop $env:EXO_LAB_URL 'Test-Mailflow -ExecutionTimeout 3600') $null 'ms' 'at most 200'
        Add-Row 'Ctrl+C over REST with piped input, the slowest' (Measure-Stop $env:EXO_LAB_REST_URL '& { while ($true) { "nobody" } } | Get-Mailbox -ErrorAction SilentlyContinue') $null 'ms' 'at most 200'
    }

    # Whatever is kept once is there after a few rounds. In the next hundred .NET still compiles anew what runs often, and keeps it.
    if ('Growth' -in $Parts) {
        $made = 30
        foreach ($round in 1..$made) { Connect-Bench; Disconnect-Bench }
        foreach ($time in 1, 2) {
            $compiled = [System.Runtime.JitInfo]::GetCompiledMethodCount()
            $before = Get-HeldBytes
            foreach ($round in 1..$Connections) { Connect-Bench; Disconnect-Bench }
            $grown = (Get-HeldBytes) - $before
            $compiled = [System.Runtime.JitInfo]::GetCompiledMethodCount() - $compiled
            Add-Row "growth over $Connections connections, after $made ($compiled methods compiled meanwhile)" ($grown / 1MB) $null 'MB' 'less than 5'
            $made += $Connections
        }
    }
}
finally {
    if (-not $tenant.HasExited) { $tenant.Kill() }
    Remove-Item $folder -Recurse -Force
}
$rows | Format-Table -AutoSize -Wrap | Out-String -Width 220
