<#
.SYNOPSIS
Builds the managed assembly of the module, or tests the module.
.DESCRIPTION
Build compiles src/**/*.cs to one assembly: with the .NET SDK where there is one, otherwise with the compiler that comes
with PowerShell. `cargo xtask module` calls it where there is no SDK, and puts the native library, the manifest and the
rest beside the assembly. Test runs the tests of tests/pwsh against exo-lab.
.PARAMETER Task
Build or Test.
.PARAMETER Output
The folder for the assembly.
.PARAMETER Compiler
dotnet or PowerShell; by default dotnet when it is on PATH.
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test')]
    [string] $Task = 'Build',

    [string] $Output = (Join-Path $PSScriptRoot 'output' 'bin'),

    [ValidateSet('dotnet', 'PowerShell')]
    [string] $Compiler = $(if (Get-Command dotnet -CommandType Application -ErrorAction Ignore) { 'dotnet' } else { 'PowerShell' })
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true

function Build-Assembly {
    $null = New-Item -ItemType Directory -Path $Output -Force
    $assembly = Join-Path $Output 'ExchangeOnlineManagement.dll'
    if ($Compiler -eq 'dotnet') {
        dotnet publish (Join-Path $PSScriptRoot 'src' 'ExchangeOnlineManagement.csproj') --nologo --verbosity quiet --configuration Release --output $Output
        return
    }
    # Add-Type writes no file that exists.
    if (Test-Path $assembly) {
        Remove-Item $assembly
    }
    $sources = Get-ChildItem (Join-Path $PSScriptRoot 'src') -Recurse -Filter *.cs |
        Where-Object FullName -NotMatch '[\\/](bin|obj)[\\/]'
    $options = '/unsafe', '/nullable:enable', '/langversion:12', '/optimize+'
    Add-Type -Path $sources.FullName -OutputAssembly $assembly -CompilerOptions $options -IgnoreWarnings
}

switch ($Task) {
    'Build' { Build-Assembly }
    'Test' { cargo test --package exo-tests --test it --manifest-path (Join-Path $PSScriptRoot '..' 'Cargo.toml') pwsh:: }
}
