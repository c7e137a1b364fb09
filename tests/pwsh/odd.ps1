# Objects whose properties have names that mean something to PowerShell, or ten thousand of them.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement
# PowerShell's own reading of the same document.
$expected = [System.Management.Automation.PSSerializer]::Deserialize((Get-Content -Raw "$PSScriptRoot/data/odd/GetAcceptedDomain.xml"))

foreach ($uri in $env:EXO_LAB_URL, $env:EXO_LAB_REST_URL) {
    Connect-Lab @{ ConnectionUri = $uri; WarningAction = 'Ignore' }
    $object = Get-AcceptedDomain

    Check "names such as Count, Length and PSObject give what PowerShell's own object gives ($uri)" {
        foreach ($name in 'Count', 'Length', 'Value', 'with spaces', 'Ünï', 'Nothing') {
            Assert-Equal $object.$name $expected.$name $name
        }
        Assert-Equal "$($object.psobject.Properties['PSObject'].Value)" "$($expected.psobject.Properties['PSObject'].Value)" 'PSObject'
        Assert-Equal (($object | Get-Member).Name -join ',') (($expected | Get-Member).Name -join ',') 'members'
        Assert-Equal ([System.Management.Automation.PSSerializer]::Serialize($object)) ([System.Management.Automation.PSSerializer]::Serialize($expected))
        Assert-Equal ($object | Select-Object Count, 'with spaces' | ConvertTo-Json -Compress) ($expected | Select-Object Count, 'with spaces' | ConvertTo-Json -Compress)
    }

    Check "an object of ten thousand properties has them all ($uri)" {
        $wide = Get-TransportRule
        Assert-Equal @($wide.psobject.Properties).Count 10000
        Assert-Equal $wide.Property9999 'value 9999'
        Assert-Equal ($wide | Select-Object Property0, Property5000).Property5000 'value 5000'
    }
    Disconnect-Lab
}

Complete
