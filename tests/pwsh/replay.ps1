# Makes the calls of the recordings, each in a runspace of its own, and writes what came out on each stream.
param([string] $Calls, [string] $Outcomes)
. "$PSScriptRoot/common.ps1"
Add-Type -Path "$PSScriptRoot/host.cs", "$PSScriptRoot/replay.cs" -CompilerOptions '/langversion:12' -IgnoreWarnings
$initial = [initialsessionstate]::CreateDefault2()
$initial.ImportPSModule('ExchangeOnlineManagement')

# The call, begun.
function Start-Call($Call) {
    $there = [TestHost]::new()
    $shell = [powershell]::Create()
    $shell.Runspace = [runspacefactory]::CreateRunspace($there, $initial)
    $shell.Runspace.Open()
    $connect = @{ ConnectionUri = $Call.address; AccessToken = $Call.token; ShowBanner = $false; InformationAction = 'Ignore' }
    if ($Call.pageSize) { $connect.PageSize = $Call.pageSize }
    $null = $shell.AddCommand('Connect-ExchangeOnline').AddParameters($connect).Invoke()
    if ($shell.HadErrors) { throw "$($shell.Streams.Error)" }
    $null = Invoke-In $shell '$Error.Clear()'
    foreach ($answer in $Call.answers) { $there.TestUI.Answers.Enqueue($answer) }
    $there.TestUI.Lines.Clear()
    $shell.Commands.Clear()
    $shell.Streams.ClearStreams()
    $null = $shell.AddScript($Call.call)
    $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
    $order = [StreamOrder]::new($output, $shell.Streams, $there.TestUI)
    @{ Shell = $shell; UI = $there.TestUI; Output = $output; Order = $order; Running = $shell.BeginInvoke[psobject, psobject]($null, $output) }
}

# What came of it.
function Complete-Call($Begun) {
    $shell = $Begun.Shell
    $terminating = $null
    try { $null = $shell.EndInvoke($Begun.Running) }
    catch {
        # As a script that catches it sees it.
        $thrown = $_.Exception.InnerException
        $terminating = [System.Management.Automation.ErrorRecord]::new($thrown.ErrorRecord, $thrown)
    }
    $errors = @($shell.Streams.Error | ForEach-Object { ConvertFrom-Record $_ $false })
    if ($terminating) {
        $errors += ConvertFrom-Record $terminating $true
        $Begun.Order.Add('error')
    }
    $status = $shell.Runspace.SessionStateProxy.GetVariable('EXO_LastExecutionStatus')
    $outcome = [ordered]@{
        output                = @($Begun.Output | ForEach-Object {
                if ($null -eq $_) { @{ null = $true } }
                else { @{ type_names = @($_.pstypenames); clixml = [StreamOrder]::TextOf($_) } }
            })
        warnings              = @($shell.Streams.Warning | ForEach-Object Message)
        errors                = $errors
        host                  = @($Begun.UI.Lines)
        questions             = @($Begun.UI.Questions)
        parameter_prompts     = @($Begun.UI.Asked | Where-Object { $_ -like '*|System.Object' } | ForEach-Object { $_ -replace '\|System.Object$' })
        order                 = @($Begun.Order.Order)
        last_execution_status = $status
    }
    $outcome.state = "$((Invoke-In $shell '(Get-ConnectionInformation).State'))"
    $null = Invoke-In $shell 'Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore'
    $shell.Runspace.Dispose()
    $outcome
}

function ConvertFrom-Record([System.Management.Automation.ErrorRecord] $Record, [bool] $Terminating) {
    $info = $Record.CategoryInfo
    $exception = $Record.Exception
    $said = [ordered]@{
        terminating              = $Terminating
        exception_type           = if ($exception -is [System.Management.Automation.RemoteException] -and $exception.SerializedRemoteException) { $exception.SerializedRemoteException.pstypenames[0] -replace '^Deserialized\.' } else { $exception.GetType().FullName }
        message                  = $exception.Message
        fully_qualified_error_id = $Record.FullyQualifiedErrorId
        category                 = "$($info.Category)"
        activity                 = $info.Activity
        reason                   = $info.Reason
        target_name              = $info.TargetName
        target_type              = $info.TargetType
    }
    if ($null -ne $Record.TargetObject) { $said.target_object = "$($Record.TargetObject)" }
    if ($null -ne $exception.Data['RemoteException']) { $said.remote_exception = $exception.Data['RemoteException'] }
    if ($Record.ErrorDetails -and $Record.ErrorDetails.RecommendedAction) { $said.advice = $Record.ErrorDetails.RecommendedAction }
    $said
}

# Those that wait for long are begun first and go on beside the others.
$all = Get-Content -Raw $Calls | ConvertFrom-Json
$begun = @{}
foreach ($place in 0..($all.Count - 1)) {
    if (1000 -lt $all[$place].wait) { $begun[$place] = Start-Call $all[$place] }
}
$done = @{}
foreach ($place in 0..($all.Count - 1)) {
    if ($begun.ContainsKey($place)) { continue }
    if ($all[$place].timeZone) { $env:TZ = $all[$place].timeZone; [TimeZoneInfo]::ClearCachedData() }
    $done[$place] = Complete-Call (Start-Call $all[$place])
    if ($all[$place].timeZone) { $env:TZ = 'UTC'; [TimeZoneInfo]::ClearCachedData() }
}
foreach ($place in $begun.Keys) { $done[$place] = Complete-Call $begun[$place] }
ConvertTo-Json @(foreach ($place in 0..($all.Count - 1)) { $done[$place] }) -Depth 20 | Set-Content $Outcomes
