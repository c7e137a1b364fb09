# The module's folder, and what its assembly asks of PowerShell and .NET.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement
$module = Get-Module ExchangeOnlineManagement

Check 'bin has the managed assemblies, and nothing of anybody else' {
    $managed = @(foreach ($file in Get-ChildItem $module.ModuleBase -Recurse -File -Include *.dll, *.exe) {
            try {
                $null = [System.Reflection.AssemblyName]::GetAssemblyName($file.FullName)
                $file
            }
            catch [System.BadImageFormatException] { $null = 'native' }
        })
    Assert-Equal (($managed.Name | Sort-Object) -join ' ') 'ExchangeOnlineManagement.dll ExchangeOnlineManagement.Sessions.dll'
    $others = @(Get-ChildItem (Join-Path $module.ModuleBase 'bin') | Where-Object Name -NotMatch '^ExchangeOnlineManagement(\.Sessions)?\.(dll|pdb)$')
    Assert-Equal $others.Count 0 'others in bin'
}

Check 'the folder has what it is said to have, and no scripts' {
    foreach ($part in 'ExchangeOnlineManagement.psd1', 'ExchangeOnlineManagement.Format.ps1xml', 'ExchangeOnlineManagement.Types.ps1xml', 'bin/ExchangeOnlineManagement.dll', 'en-US/ExchangeOnlineManagement.dll-Help.xml', 'en-US/about_ExchangeOnlineManagement.help.txt') {
        Assert-True (Test-Path (Join-Path $module.ModuleBase $part)) $part
    }
    Assert-Equal @(Get-ChildItem $module.ModuleBase -Recurse -Include *.ps1, *.psm1).Count 0 'scripts'
    $natives = @(Get-ChildItem (Join-Path $module.ModuleBase 'runtimes') -Recurse -File)
    Assert-True (1 -le $natives.Count) 'a native library'
    foreach ($native in $natives) { Assert-Like ($native.FullName -replace '\\', '/') '*/runtimes/*-*/native/*exo.*' 'its place' }
}

Check 'the assembly refers to PowerShell and to .NET only' {
    $assembly = $module.ImplementingAssembly
    foreach ($reference in $assembly.GetReferencedAssemblies()) {
        Assert-True ($reference.Name -eq 'System.Management.Automation' -or $reference.Name -match '^(System|Microsoft\.Win32|netstandard)(\.|$)') "$reference"
    }
}

Check 'the manifest asks for 7.4 or later, and any edition of the original is met' {
    Assert-Equal $module.PowerShellVersion ([version]'7.4')
    Assert-True ($module.Version -ge [version]'4.0.0') 'version'
}

Complete
