# Dot-sourced by the guides' tests beside it: a window in which somebody types what a guide says.
#
# The clouds' own names lead to the stand-in tenant through its proxy; its certificate is checked for each of them.
. "$PSScriptRoot/../common.ps1"
# The runner's environment has the browser: a person who enters what the lab wants to know.
$env:HTTPS_PROXY = $env:EXO_LAB_PROXY
$env:NO_PROXY = 'localhost,127.0.0.1'
Add-Type -Path "$PSScriptRoot/../host.cs" -CompilerOptions '/langversion:12' -IgnoreWarnings

$script:Window = $null
function Open-Window {
    if ($Window) { $Window.Runspace.Dispose() }
    $script:AtWindow = [TestHost]::new()
    $script:Window = [powershell]::Create()
    $Window.Runspace = [runspacefactory]::CreateRunspace($AtWindow, [initialsessionstate]::CreateDefault2())
    $Window.Runspace.Open()
}

# Types a command; gives what it wrote, and throws when it failed.
function Enter-Line([string] $Command) {
    $output = @(Invoke-In $Window $Command)
    if ($Window.HadErrors) { throw "'$Command' failed: $($Window.Streams.Error)" }
    $output
}

# Types a command that fails; gives the error.
function Enter-Wrong([string] $Command) {
    try { $null = Invoke-In $Window $Command } catch { return $_.Exception.InnerException.ErrorRecord }
    if (-not $Window.HadErrors) { throw "'$Command' did not fail" }
    $Window.Streams.Error[0]
}

# The commands of a guide that are meant to be typed, as they stand in it: not those that describe a syntax.
function Get-GuideCommand([string] $Name) {
    $folder = if ($env:EXO_SHARED) { $env:EXO_SHARED } else { "$PSScriptRoot/../../../../shared" }
    $file = "$folder/guides/$Name.md"
    if (-not (Test-Path $file)) { return }
    $isCode = $false
    foreach ($line in Get-Content $file) {
        $line = $line.Trim()
        if ($line -match '^```') { $isCode = -not $isCode; continue }
        if ($isCode -and $line -match '^(Import-Module|Connect-|Disconnect-|\$UserCredential)' -and $line -notmatch '[<\[]') { $line }
    }
}

# One check: connects as the guide says, looks whether that is what it promises, and disconnects as it says: with the command
# in `End`, else with Disconnect-ExchangeOnline.
function Check-Connection([hashtable] $Case) {
    Check $Case.Typed {
        $AtWindow.TestUI.Asked.Clear()
        if ($Case["Credential"]) {
            $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential $Case.User))
            $null = Enter-Line '$UserCredential = Get-Credential'
        }
        $output = @(Enter-Line "`$ProgressPreference = 'Continue'; $($Case.Typed)")
        Assert-Equal $output.Count 0 'output'
        $progress = @($Window.Streams.Progress | Where-Object Activity -EQ 'Creating implicit remoting module ...')
        Assert-True (1 -lt $progress.Count) 'a progress bar'
        Assert-Equal $progress[-1].RecordType ([System.Management.Automation.ProgressRecordType]::Completed)
        $null = Enter-Line "`$ProgressPreference = 'SilentlyContinue'"
        $connection = @(Enter-Line 'Get-ConnectionInformation')
        Assert-Equal $connection.Count 1 'connections'
        Assert-Equal $connection[0].State 'Connected'
        Assert-Equal $connection[0].UserPrincipalName $Case.User
        Assert-Equal $connection[0].ConnectionUri $Case.Uri
        Assert-Equal "$($connection[0].AzureAdAuthorizationEndpointUri)" $Case.Authority
        Assert-Equal $connection[0].TokenStatus 'Active'
        Assert-Equal $connection[0].IsEopSession ([bool]$Case["IsEop"])
        Assert-Equal "$($connection[0].DelegatedOrganization)" "$($Case["Organization"])"
        # "A quick test is to run a cmdlet, and see the results."
        Assert-True (0 -lt @(Enter-Line $Case.Test).Count) "results of $($Case.Test)"
        if ($Case["End"]) {
            $null = Enter-Line $Case.End
        }
        else {
            $AtWindow.TestUI.Asked.Clear()
            $AtWindow.TestUI.Answers.Enqueue(0)
            $null = Enter-Line 'Disconnect-ExchangeOnline'
            Assert-Equal $AtWindow.TestUI.Asked.Count 1 'questions'
            Assert-Like $AtWindow.TestUI.Asked[0] 'Confirm|*all sessions made by Connect-ExchangeOnline*|0'
        }
        Assert-Equal @(Enter-Line 'Get-PSSession').Count 0 'sessions afterwards'
        Assert-Equal @(Enter-Line 'Get-ConnectionInformation').Count 0 'connections afterwards'
        Assert-Equal @(Enter-Line 'Get-Module tmp*').Count 0 'modules afterwards'
    }
}

function Check-Coverage([string] $Guide, [string[]] $Typed) {
    Check "every command of $Guide.md is typed here" {
        $all = @(Get-GuideCommand $Guide | Sort-Object -Unique)
        $left = @($all | Where-Object { $_ -cnotin $Typed })
        Assert-Equal ($left -join ' // ') '' 'left out'
    }
}
