# Objects from recorded documents, against what PowerShell's own deserializer makes of them: both are serialized again,
# and the texts must be the same. EXO_RECORDED is the folder of the documents, which the lab serves.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement
Connect-Lab

# In an array, because a method would get a bare list or dictionary without its type names.
function ConvertTo-Text($Item) { [System.Management.Automation.PSSerializer]::Serialize(@(, $Item), 50) }

$compared = 0
$left = 0
foreach ($file in Get-ChildItem $env:EXO_RECORDED -Filter *.xml) {
    if ($file.Name -notmatch 'get([a-z]+)(_[\w-]*)?\.xml$') { continue }
    $command = "Get-$($Matches[1])"
    Check "$command gives what PowerShell reads from $($file.Name)" {
        $ours = @(& $command)
        try {
            $theirs = @([System.Management.Automation.PSSerializer]::DeserializeAsList([System.IO.File]::ReadAllText($file.FullName)))
        }
        catch [System.DllNotFoundException], [System.Management.Automation.MethodInvocationException] {
            # It makes live CIM objects of some, and has no library for them on every system.
            Assert-True ("$_" -like '*libmi*' -and 0 -lt $ours.Count) "the reason is the missing CIM library: $_"
            $script:left++
            return
        }
        Assert-Equal $ours.Count $theirs.Count 'number of objects'
        for ($index = 0; $index -lt $theirs.Count; $index++) {
            Assert-SameText (ConvertTo-Text $ours[$index]) (ConvertTo-Text $theirs[$index])
        }
        $script:compared++
    }
}
"compared completely: $compared documents; PowerShell cannot read here: $left"
Check 'most documents are compared' { Assert-True (0 -lt $compared -and $left -le 3) "compared $compared, left $left" }

Disconnect-Lab
Complete
