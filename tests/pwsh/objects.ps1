# What the objects of a connected command are to PowerShell.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement
Connect-Lab
$mailboxes = @(Get-Mailbox)
$mailbox = $mailboxes[0]

Check 'an object looks like a deserialized one' {
    Assert-Like $mailbox.pstypenames[0] 'Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox'
    Assert-True ($mailbox -is [pscustomobject]) 'is a pscustomobject'
    $members = $mailbox | Get-Member
    Assert-True (100 -lt @($members | Where-Object MemberType -EQ Property).Count) 'over a hundred properties'
    $methods = ($members | Where-Object MemberType -EQ Method).Name | Sort-Object
    Assert-Equal ($methods -join ' ') 'GetType ToString' 'methods'
    Assert-True ("$mailbox".Length -gt 0) 'it has a text'
}

Check 'properties are found in any casing, and what does not exist is null' {
    Assert-Equal $mailbox.DISPLAYNAME $mailbox.DisplayName
    Set-StrictMode -Off
    Assert-Equal $mailbox.NoSuchProperty $null
}

Check 'the usual commands work on them' {
    $names = @($mailboxes | ForEach-Object Name)
    Assert-Equal $names.Count $mailboxes.Count
    Assert-Equal @($mailboxes | Where-Object Name -EQ $names[3]).Count 1
    Assert-Equal ($mailboxes | Sort-Object Name -Descending | Select-Object -First 1).Name ($names | Sort-Object -Descending | Select-Object -First 1)
    Assert-Equal (($mailboxes | Select-Object Name, Alias)[0].psobject.Properties.Name -join ' ') 'Name Alias'
    Assert-Equal @($mailboxes | Select-Object -ExpandProperty Name).Count $mailboxes.Count
    Assert-True (1 -le @($mailboxes | Group-Object RecipientTypeDetails).Count) 'groups'
    Assert-Equal @(Compare-Object $mailboxes $mailboxes -Property Guid).Count 0
    Assert-Equal ($mailboxes | Measure-Object).Count $mailboxes.Count
}

Check 'they go out as JSON, CSV, CLIXML and text' {
    $json = $mailbox | ConvertTo-Json -Depth 3 -WarningAction SilentlyContinue | ConvertFrom-Json -AsHashtable
    Assert-Equal $json['Name'] $mailbox.Name
    Assert-Equal $json.Count @($mailbox.psobject.Properties).Count 'properties in JSON'
    $csv = $mailboxes | ConvertTo-Csv | ConvertFrom-Csv
    Assert-Equal $csv[1].Name $mailboxes[1].Name
    $file = [System.IO.Path]::GetTempFileName()
    try {
        $mailboxes | Export-Clixml $file
        $read = @(Import-Clixml $file)
        Assert-Equal $read.Count $mailboxes.Count
        Assert-Equal $read[0].Guid $mailbox.Guid
        Assert-Equal $read[0].pstypenames[0] $mailbox.pstypenames[0]
    }
    finally { Remove-Item $file }
    Assert-Like ($mailbox | Format-List * | Out-String) "*DisplayName*: $($mailbox.DisplayName)*"
    Assert-Like ($mailboxes | Format-Table | Out-String) "*Alias*$($mailbox.Alias)*"
}

Check 'lists are lists' {
    $addresses = $mailbox.EmailAddresses
    Assert-Equal $addresses.GetType() ([System.Collections.ArrayList])
    Assert-True ([object]::ReferenceEquals($addresses.psobject.BaseObject, $mailbox.EmailAddresses.psobject.BaseObject)) 'the same list each time'
    foreach ($address in $addresses) { Assert-Like $address '?*@?*' }
}

Check 'properties can be set, members added, copies made' {
    $copy = $mailbox.psobject.Copy()
    $before = $mailbox.DisplayName
    $copy.DisplayName = 'Changed'
    Assert-Equal $copy.DisplayName 'Changed'
    Assert-Equal $mailbox.DisplayName $before 'the original'
    $copy | Add-Member -NotePropertyName Remark -NotePropertyValue 'mine'
    Assert-Equal $copy.Remark 'mine'
    Assert-Equal ($copy | Select-Object DisplayName, Remark).DisplayName 'Changed'
    Assert-True ($mailbox -eq $mailbox) 'it equals itself'
}

Check 'a script block of a later pipeline and another runspace can read them' {
    $names = 1..2 | ForEach-Object -Parallel { ($using:mailboxes)[$_].Name } | Sort-Object
    $selected = $mailboxes[1..2] | ForEach-Object -Parallel { $_ | Select-Object Name }
    Assert-Equal ((@($selected.Name) | Sort-Object) -join ' ') ($names -join ' ')
    Assert-Equal ($names -join ' ') ((@($mailboxes[1, 2].Name) | Sort-Object) -join ' ')
}

Disconnect-Lab

Check 'objects outlive the connection' { Assert-True ($mailboxes[-1].Name.Length -gt 0) 'a name' }

Complete
