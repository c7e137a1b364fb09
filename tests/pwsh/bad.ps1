# What goes wrong around the module: each time one clear error, or none.
. "$PSScriptRoot/common.ps1"
$folder = Split-Path (Get-Module ExchangeOnlineManagement -ListAvailable)[0].Path
Import-Module ExchangeOnlineManagement

# What a PowerShell of its own writes, as one text.
function Invoke-Child([string] $Script, [hashtable] $Environment = @{}) {
    $start = [System.Diagnostics.ProcessStartInfo]::new((Get-Process -Id $PID).Path)
    foreach ($argument in '-NoLogo', '-NoProfile', '-NonInteractive', '-Command', $Script) { $start.ArgumentList.Add($argument) }
    $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    foreach ($name in $Environment.Keys) { $start.Environment[$name] = $Environment[$name] }
    $child = [System.Diagnostics.Process]::Start($start)
    $errors = $child.StandardError.ReadToEndAsync()
    $text = $child.StandardOutput.ReadToEnd()
    $child.WaitForExit()
    $text + $errors.Result
}
$tell = 'try { Import-Module ExchangeOnlineManagement; Connect-ExchangeOnline -ConnectionUri https://localhost:1/powershell -Credential ([pscredential]::new("a", (ConvertTo-SecureString b -AsPlainText -Force))) -ShowBanner:$false -InformationAction Ignore } catch { "$($_.CategoryInfo.Category)|$($_.FullyQualifiedErrorId)|$($_.Exception.Message)" }'

$open = $tell -replace 'Connect-ExchangeOnline -ConnectionUri https://localhost:1/powershell', 'New-PSSession -ConnectionUri https://localhost:1/powershell -Authentication Basic -ErrorAction Stop' -replace '-ShowBanner:\$false -InformationAction Ignore'

Check 'a library that is not there, or is none, is named with its path' {
    $none = Join-Path ([System.IO.Path]::GetTempPath()) "none-$PID.so"
    foreach ($script in $tell, $open) {
        Assert-Like (Invoke-Child $script @{ EXO_NATIVE_LIBRARY = $none }) "NotInstalled|NativeLibraryUnusable,*$none*does not exist*"
        Set-Content $none 'no library'
        try { Assert-Like (Invoke-Child $script @{ EXO_NATIVE_LIBRARY = $none }) "NotInstalled|NativeLibraryUnusable,*$none*could not be loaded*" }
        finally { Remove-Item $none }
    }
}

Check 'a module without a library for this system can be looked at, and says at the first connection what is missing' {
    $bare = Join-Path ([System.IO.Path]::GetTempPath()) "bare-$PID"
    try {
        $null = New-Item -ItemType Directory $bare
        Copy-Item $folder (Join-Path $bare 'ExchangeOnlineManagement') -Recurse
        Remove-Item (Join-Path $bare 'ExchangeOnlineManagement' 'runtimes') -Recurse
        $here = "Import-Module '$bare/ExchangeOnlineManagement/ExchangeOnlineManagement.psd1'"
        Assert-Like (Invoke-Child "$here; (Get-Command Connect-ExchangeOnline).Source; @(Get-ConnectionInformation).Count; Remove-Module ExchangeOnlineManagement") "ExchangeOnlineManagement*0*"
        Assert-Like (Invoke-Child $tell.Replace('Import-Module ExchangeOnlineManagement', $here)) 'NotInstalled|NativeLibraryUnusable,*The native library for *-* is not where the module expects it: *runtimes*'
    }
    finally { Remove-Item $bare -Recurse -ErrorAction Ignore }
}

if (Get-Command cc -ErrorAction Ignore) {
    Check 'a library of another version, or without one of the functions, is told apart' {
        $source = Join-Path ([System.IO.Path]::GetTempPath()) "fake-$PID.c"
        $library = [System.IO.Path]::ChangeExtension($source, 'so')
        $version = [System.Reflection.Assembly]::LoadFrom((Join-Path $folder 'bin' 'ExchangeOnlineManagement.dll')).GetType('ExchangeOnlineManagement.Native.NativeMethods').GetFields('NonPublic, Static') | Where-Object Name -Like 'Abi*' | ForEach-Object { $_.GetRawConstantValue() }
        try {
            foreach ($case in @(99, 0, 'NotInstalled|NativeLibraryUnusable,*has the interface version 99.0, this module needs*install the module again*'), @($version[0], $version[1], 'NotInstalled|NativeLibraryUnusable,*install the module again*exo_*')) {
                Set-Content $source "unsigned exo_abi_version(void) { return $($case[0])u << 16 | $($case[1])u; } void exo_shutdown(void) {}"
                cc -shared -fPIC -o $library $source
                Assert-Like (Invoke-Child $tell @{ EXO_NATIVE_LIBRARY = $library }) $case[2]
            }
        }
        finally { Remove-Item $source, $library -ErrorAction Ignore }
    }
}

Check 'a folder with spaces and other letters is no trouble' {
    $odd = Join-Path ([System.IO.Path]::GetTempPath()) "möd ule $PID"
    $null = New-Item -ItemType Directory $odd
    try {
        Copy-Item $folder (Join-Path $odd 'ExchangeOnlineManagement') -Recurse
        $text = Invoke-Child "Import-Module '$odd/ExchangeOnlineManagement/ExchangeOnlineManagement.psd1'; (Get-Module ExchangeOnlineManagement).ModuleBase; @(Get-ConnectionInformation).Count"
        Assert-Like $text "*möd ule*ExchangeOnlineManagement*0*"
    }
    finally { Remove-Item $odd -Recurse }
}

Check 'importing twice, and again by force while connected, leaves one module and no connection behind' {
    Import-Module ExchangeOnlineManagement
    Assert-Equal @(Get-Module ExchangeOnlineManagement).Count 1
    Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL }
    Import-Module ExchangeOnlineManagement -Force
    Assert-Equal @(Get-Module ExchangeOnlineManagement).Count 1
    Assert-Equal @(Get-Module tmp*).Count 0 'modules with commands'
    Assert-Equal @(Get-ConnectionInformation).Count 0 'connections'
}

Check 'a constrained session can connect, run commands and disconnect' {
    $shell = New-Shell
    $null = Invoke-In $shell ". '$PSScriptRoot/common.ps1'; Import-Module ExchangeOnlineManagement; `$credential = Get-LabCredential"
    $shell.Runspace.SessionStateProxy.LanguageMode = 'ConstrainedLanguage'
    $null = Invoke-In $shell 'Connect-ExchangeOnline -ConnectionUri $env:EXO_LAB_REST_URL -AzureADAuthorizationEndpointUri $env:EXO_LAB_AUTHORITY -Credential $credential -ShowBanner:$false'
    Assert-Equal $shell.HadErrors $false "$($shell.Streams.Error)"
    Assert-True (0 -lt @(Invoke-In $shell 'Get-AcceptedDomain').Count) 'accepted domains'
    Assert-Equal $shell.HadErrors $false "$($shell.Streams.Error)"
    $null = Invoke-In $shell 'Disconnect-ExchangeOnline -Confirm:$false'
    Assert-Equal $shell.HadErrors $false "$($shell.Streams.Error)"
    $shell.Runspace.Dispose()
}

Check 'a prompt in strict mode, where every error stops, can connect, run commands and disconnect' {
    foreach ($uri in $env:EXO_LAB_REST_URL, $env:EXO_LAB_URL) {
        $shell = New-Shell
        # The preference counts for the commands in their module too; strict mode stays outside of modules.
        $null = Invoke-In $shell "Set-StrictMode -Version Latest; `$ErrorActionPreference = 'Stop'; . '$PSScriptRoot/common.ps1'; Set-StrictMode -Version Latest; Connect-Lab @{ ConnectionUri = '$uri'; LoadCmdletHelp = `$true; WarningAction = 'Ignore' }"
        Assert-Equal $shell.HadErrors $false "$($shell.Streams.Error)"
        foreach ($script in '@(Get-AcceptedDomain)[0].DomainName', '@(Get-Mailbox)[0].Alias | Get-Mailbox | Get-Mailbox', '(Get-EXOMailbox)[0]', 'Get-Help Get-Mailbox -Full | Out-String', 'Set-Mailbox (Get-Mailbox)[0].Alias -CustomAttribute1 x -WhatIf; Get-ConnectionInformation') {
            Assert-True (0 -lt @(Invoke-In $shell $script).Count) "$script gives something at $uri"
            Assert-Equal $shell.HadErrors $false "$script at $uri ($($shell.Streams.Error))"
        }
        Assert-Like (Get-Failure { Invoke-In $shell 'Get-Mailbox nobody' }).Exception.InnerException.ErrorRecord.Exception.Message "*'nobody'*"
        $null = Invoke-In $shell 'Disconnect-Lab; Remove-Module ExchangeOnlineManagement'
        Assert-Equal $shell.HadErrors $false "$($shell.Streams.Error)"
        $shell.Runspace.Dispose()
    }
}

Check 'a command after the end of its connection says what to do' {
    foreach ($uri in $env:EXO_LAB_REST_URL, $env:EXO_LAB_URL) {
        Connect-Lab @{ ConnectionUri = $uri }
        $command = Get-Command Get-AcceptedDomain
        Disconnect-Lab
        $failure = Get-Failure { & $command }
        Assert-Like $failure.FullyQualifiedErrorId 'ConnectionEnded,*'
        Assert-Like $failure.Exception.Message '*Get-AcceptedDomain*connect again*'
        Assert-Equal $failure.CategoryInfo.Category ([System.Management.Automation.ErrorCategory]::ConnectionError)
    }
}

Check 'of two connections with the same prefix the later one has the commands, and afterwards the earlier one' {
    Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; Prefix = 'Same' }
    Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; Prefix = 'Same' }
    $first, $second = @(Get-ConnectionInformation)
    Assert-Equal (Get-Command Get-SameMailbox).Source $second.ModuleName
    Disconnect-ExchangeOnline -ConnectionId $second.ConnectionId -Confirm:$false -InformationAction Ignore
    Assert-Equal (Get-Command Get-SameMailbox).Source $first.ModuleName
    Assert-True (0 -lt @(Get-SameAcceptedDomain).Count) 'accepted domains'
    Disconnect-ExchangeOnline -ModulePrefix same -Confirm:$false -InformationAction Ignore
    Assert-Equal @(Get-Module tmp*).Count 0 'modules'
}

Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL }

Check 'the commands of the server win over a function of the user' {
    Disconnect-Lab
    function global:Get-Mailbox { 'my own' }
    Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL }
    Assert-Like (Get-Command Get-Mailbox).Source 'tmpEXO_*'
    Remove-Item function:global:Get-Mailbox -ErrorAction Ignore
}

Check 'values can be null' {
    $alias = @(Get-Recipient -ResultSize 1 -WarningAction SilentlyContinue)[0].Alias
    Set-Mailbox $alias -CustomAttribute10 'x'
    Set-Mailbox $alias -CustomAttribute10 $null
    Assert-Equal $global:EXO_LastExecutionStatus $true
}

Check 'what does not exist is refused by PowerShell itself' {
    Assert-Equal (Get-Failure { Get-AcceptedDomain -NoSuchParameter 1 }).FullyQualifiedErrorId 'NamedParameterNotFound,Get-AcceptedDomain'
    Assert-Equal (Get-Failure { Get-NoSuchThing }).FullyQualifiedErrorId 'CommandNotFoundException'
    Assert-Like (Get-Failure { Disconnect-ExchangeOnline -ModulePrefix Nobody -Confirm:$false }).FullyQualifiedErrorId 'ConnectionNotFound,*'
    Assert-Like (Get-Failure { Connect-ExchangeOnline -ExchangeEnvironmentName Nowhere }).FullyQualifiedErrorId 'CannotConvertArgumentNoMessage,*'
}

Disconnect-Lab
Complete
