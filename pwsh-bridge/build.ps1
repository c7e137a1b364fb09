<#
.SYNOPSIS
Builds the managed assembly of the module, or tests the module.
.DESCRIPTION
Build compiles src/**/*.cs to one assembly, and sessions/*.cs to the one that makes sessions of PowerShell's own kind: with
the .NET SDK where there is one, otherwise with the compiler that comes with PowerShell. The second is compiled against the
PowerShell that runs this script, and works in that one and later ones; Sessions compiles only that, beside the first.
`cargo xtask module` puts the native library, the manifest and the rest beside them. Test runs the tests of tests/pwsh
against exo-lab.
.PARAMETER Task
Build, Sessions or Test.
.PARAMETER Output
The folder for the assembly.
.PARAMETER Compiler
dotnet or PowerShell; by default dotnet when it is on PATH.
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Sessions', 'Test')]
    [string] $Task = 'Build',

    [string] $Output = (Join-Path $PSScriptRoot 'output' 'bin'),

    [ValidateSet('dotnet', 'PowerShell')]
    [string] $Compiler = $(if (Get-Command dotnet -CommandType Application -ErrorAction Ignore) { 'dotnet' } else { 'PowerShell' })
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true

$module = Join-Path $Output 'ExchangeOnlineManagement.dll'

function Build-Module {
    if ($Compiler -eq 'dotnet') {
        dotnet publish (Join-Path $PSScriptRoot 'src' 'ExchangeOnlineManagement.csproj') --nologo --verbosity quiet --configuration Release --output $Output
        return
    }
    Build-WithPowerShell 'src' $module @{ CompilerOptions = '/unsafe', '/nullable:enable', '/langversion:12', '/optimize+' }
}

function Build-Sessions {
    $assembly = Join-Path $Output 'ExchangeOnlineManagement.Sessions.dll'
    if ($Compiler -eq 'dotnet') {
        $framework = "net$([Environment]::Version.Major).0"
        dotnet publish (Join-Path $PSScriptRoot 'sessions' 'ExchangeOnlineManagement.Sessions.csproj') --nologo --verbosity quiet --configuration Release --output $Output "-p:PowerShellHome=$PSHOME" "-p:PowerShellFramework=$framework" "-p:ModuleAssembly=$module"
        return
    }
    Build-WithPowerShell 'sessions' $assembly @{
        # Of the module it says only that it is compiled against an earlier .NET, as it is meant to be.
        CompilerOptions      = '/nullable:enable', '/langversion:12', '/optimize+', '/nowarn:1701'
        ReferencedAssemblies = @($module, [psobject].Assembly.Location) + (Get-ChildItem (Join-Path $PSHOME 'ref') -Filter *.dll).FullName
    }
}

function Build-WithPowerShell([string] $Folder, [string] $Assembly, [hashtable] $With) {
    # Add-Type writes no file that exists.
    if (Test-Path $Assembly) {
        Remove-Item $Assembly
    }
    $sources = Get-ChildItem (Join-Path $PSScriptRoot $Folder) -Recurse -Filter *.cs |
        Where-Object FullName -NotMatch '[\\/](bin|obj)[\\/]'
    Add-Type -Path $sources.FullName -OutputAssembly $Assembly -IgnoreWarnings @With
}

$null = New-Item -ItemType Directory -Path $Output -Force
switch ($Task) {
    'Build' { Build-Module; Build-Sessions }
    'Sessions' { Build-Sessions }
    'Test' { cargo test --package exo-tests --test it --manifest-path (Join-Path $PSScriptRoot '..' 'Cargo.toml') pwsh:: }
}
