# What an assembly that the .NET SDK built asks of PowerShell and of .NET: nothing that 7.4 lacks.
param([Parameter(Mandatory)] [string] $Assembly)
. "$PSScriptRoot/common.ps1"
$file = [System.IO.File]::OpenRead($Assembly)
$image = [System.Reflection.PortableExecutable.PEReader]::new($file)
$metadata = [System.Reflection.Metadata.PEReaderExtensions]::GetMetadataReader($image)
$references = @{}
foreach ($handle in $metadata.AssemblyReferences) {
    $reference = $metadata.GetAssemblyReference($handle)
    $references[$metadata.GetString($reference.Name)] = $reference.Version
}

Check 'it is for .NET 8, on which 7.4 runs' {
    foreach ($name in $references.Keys -match '^(System\.(?!Management\.Automation$)|Microsoft\.Win32|netstandard)') {
        Assert-True ($references[$name] -le [version]'8.0.0.0') "$name $($references[$name])"
    }
    $frameworks = foreach ($handle in $metadata.CustomAttributes) {
        $value = $metadata.GetBlobReader($metadata.GetCustomAttribute($handle).Value)
        $text = [System.Text.Encoding]::UTF8.GetString($value.ReadBytes($value.Length))
        if ($text -match '\.NETCoreApp,Version=v([\d.]+)') { $Matches[1] }
    }
    Assert-Equal ($frameworks -join ' ') '8.0' 'target framework'
}

Check 'it is compiled against the API that PowerShell has had since 5.1' {
    # Version 3.0.0.0 is that of PowerShellStandard.Library; the assemblies of 7.x have their own, 7.4.0.0 and so on.
    Assert-Equal $references['System.Management.Automation'] ([version]'3.0.0.0') 'System.Management.Automation'
    foreach ($name in $references.Keys) {
        Assert-True ($name -match '^(System|Microsoft\.Win32|netstandard)(\.|$)') "$name is part of PowerShell or of .NET"
    }
}

$image.Dispose()
Complete
