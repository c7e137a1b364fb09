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

# The same objects as PowerShell's own deserializer makes them.
$document = [System.Management.Automation.PSSerializer]::Serialize($mailboxes[0..9], 50)
function New-Own { , @([System.Management.Automation.PSSerializer]::Deserialize($document)) }

# What a block makes of our objects and of PowerShell's own must be the same text.
function Assert-SameResult([scriptblock] $Body, [string] $What) {
    $results = foreach ($objects in @($mailboxes[0..9].ForEach({ $_.psobject.Copy() })), (New-Own)) {
        $result = try { & $Body $objects } catch { "throws: $_" }
        , ($result | Out-String -Width 300)
    }
    Assert-True (2 -lt $results[0].Length -and $results[0] -notlike 'throws:*') "$What gives something, not $($results[0])"
    Assert-SameText $results[0] $results[1] $What
}

$operations = [ordered]@{
    'Get-Member'                    = { $args[0] | Get-Member }
    'Get-Member of the first'       = { Get-Member -InputObject $args[0][0] -MemberType Properties | ForEach-Object { "$_|$($_.TypeName)|$($_.Name)|$($_.MemberType)" } }
    'pstypenames'                   = { $args[0][0].pstypenames }
    'ToString'                      = { $args[0].ForEach({ $_.ToString() }) }
    'interpolation'                 = { "$($args[0])" }
    'psobject.Properties'           = { foreach ($p in $args[0][0].psobject.Properties) { "$($p.Name)|$($p.MemberType)|$($p.TypeNameOfValue)|$($p.IsSettable)|$($p.IsGettable)|$($p.IsInstance)|$($p.Value)" } }
    'psobject.Methods'              = { $args[0][0].psobject.Methods.Name | Sort-Object -Unique }
    'psobject.Members.Match'        = { $args[0][0].psobject.Members.Match('*Quota*').Name }
    'types of values'               = { foreach ($p in $args[0][0].psobject.Properties) { if ($null -eq $p.Value) { "$($p.Name) null" } else { "$($p.Name) $($p.Value.pstypenames)" } } }
    'Select-Object *'               = { $args[0] | Select-Object * | Out-String -Width 200 }
    'Select-Object names'           = { $args[0] | Select-Object Name, *Quota, NoSuch | ConvertTo-Json -WarningAction Ignore }
    'Select-Object -ExcludeProperty' = { $args[0] | Select-Object * -ExcludeProperty *a* | ConvertTo-Csv }
    'Select-Object -ExpandProperty' = { $args[0] | Select-Object -ExpandProperty EmailAddresses }
    'Select-Object -Unique'         = { $args[0] | Select-Object RecipientTypeDetails -Unique }
    'Select-Object calculated'      = { $args[0] | Select-Object Name, @{ n = 'Twice'; e = { $_.Name * 2 } } }
    'Where-Object'                  = { $args[0] | Where-Object { $_.Alias -like '*3' } | ForEach-Object Name; ($args[0] | Where-Object IsMailboxEnabled -EQ $true).Count }
    'Sort-Object'                   = { ($args[0] | Sort-Object DisplayName).DisplayName; ($args[0] | Sort-Object WhenCreated -Descending).Name }
    'Group-Object'                  = { $args[0] | Group-Object RecipientTypeDetails | Format-Table Name, Count, Values; ($args[0] | Group-Object Alias -AsHashTable -AsString).Keys | Sort-Object }
    'Measure-Object'                = { $args[0] | Measure-Object Name -Maximum -Minimum; $args[0] | Measure-Object }
    'Compare-Object'                = { Compare-Object $args[0] $args[0][1..3] -Property Name, Guid | Format-Table -AutoSize }
    'ConvertTo-Json'                = { $args[0][0..1] | ConvertTo-Json -Depth 4 -WarningAction Ignore }
    'ConvertTo-Csv'                 = { $args[0] | ConvertTo-Csv }
    'ConvertTo-Html'                = { $args[0][0..1] | ConvertTo-Html }
    'Format-List *'                 = { $args[0] | Format-List * | Out-String -Width 200 }
    'Format-Table'                  = { $args[0] | Format-Table | Out-String -Width 200; $args[0] | Format-Table Name, ProhibitSendQuota, EmailAddresses | Out-String -Width 200 }
    'Format-Wide, Format-Custom'    = { $args[0] | Format-Wide Alias; $args[0][0].ProhibitSendQuota | Format-Custom }
    '-is'                           = { foreach ($t in [pscustomobject], [psobject], [object], [string], [hashtable], [array], [System.Collections.IEnumerable]) { "$t $($args[0][0] -is $t)" } }
    'casts'                         = { [string] $args[0][0]; [bool] $args[0][0]; [object[]] $args[0][0] | ForEach-Object Name; try { [int] $args[0][0] } catch { $_.FullyQualifiedErrorId }; ([psobject] $args[0][0]).Name }
    'foreach'                       = { foreach ($m in $args[0]) { $m.Name }; foreach ($m in $args[0][0]) { $m.Alias }; $args[0][0].Count; @($args[0][0]).Count; @($args[0]).Length }
    'nested values'                 = { $q = $args[0][0].ProhibitSendQuota; "$q"; $q.psobject.Properties.Name; $args[0][0].RecipientTypeDetails; $args[0][0].RecipientTypeDetails.Value; $args[0][0].EmailAddresses[0]; $args[0][0].EmailAddresses.Count }
    'operators'                     = { $o = $args[0][0]; $o -eq $o; $o -eq $args[0][1]; $args[0] -contains $o; $args[0].IndexOf($o); $null -eq $o }
    'set'                           = { $o = $args[0][0]; $o.DisplayName = 'New'; $o.MaxSendSize = $null; $o.EmailAddresses = 1, 2; $o.DisplayName; $null -eq $o.MaxSendSize; $o.EmailAddresses; ConvertTo-Json $o -Depth 2 -WarningAction Ignore; $o | Get-Member DisplayName, MaxSendSize, EmailAddresses }
    'set what is not there'         = { $o = $args[0][0]; try { $o.NoSuchProperty = 1 } catch { $_.FullyQualifiedErrorId } }
    'Add-Member'                    = { $o = $args[0][0]; $o | Add-Member NoteProperty Remark mine; $o | Add-Member ScriptProperty Shout { $this.Name.ToUpper() }; $o | Add-Member ScriptMethod Greet { "hello $($this.Alias)" }; $o | Add-Member AliasProperty Short Alias; $o.Remark; $o.Shout; $o.Greet(); $o.Short; $o | Select-Object Remark, Shout, Short, Name; $o | Get-Member Remark, Shout, Greet, Short; try { $o | Add-Member NoteProperty DisplayName x -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }; $o | Add-Member NoteProperty DisplayName forced -Force; $o.DisplayName }
    'psobject.Properties.Remove'    = { $o = $args[0][0]; $o | Add-Member NoteProperty Mine 1; $o.psobject.Properties.Remove('Mine'); $null -eq $o.psobject.Properties['Mine']; try { $o.psobject.Properties.Remove('Name'); $o.Name } catch { 'refused' } }
    'member enumeration'            = { $args[0].Name; $args[0].ForEach('Alias'); $args[0].Where({ $_.Name }).Count; $args[0].EmailAddresses.Count }
    'strict mode'                   = { Set-StrictMode -Version Latest; try { $args[0][0].NoSuchProperty } catch { $_.FullyQualifiedErrorId }; $args[0][0].alias }
    'Tee-Object, Out-String'        = { $args[0] | Tee-Object -Variable kept | Out-Null; $kept.Count; $args[0][0] | Out-String -Width 150 }
    'hashtable of objects'          = { $h = @{}; foreach ($m in $args[0]) { $h[$m.Alias] = $m }; ($h.Keys | Sort-Object | ForEach-Object { $h[$_].Name }) }
    'serialization'                 = { [System.Management.Automation.PSSerializer]::Serialize($args[0], 50) }
    'serialization to depth 2'      = { foreach ($o in $args[0]) { [System.Management.Automation.PSSerializer]::Serialize($o, 2) } }
}

foreach ($operation in $operations.Keys) {
    Check "$operation gives the same as for PowerShell's own objects" { Assert-SameResult $operations[$operation] $operation }
}

Check 'files written of them are the same: CSV and CLIXML' {
    $files = 'ours', 'own' | ForEach-Object { Join-Path ([System.IO.Path]::GetTempPath()) "exo-objects-$PID-$_" }
    try {
        $mailboxes[0..9] | Export-Csv $files[0]
        New-Own | ForEach-Object { $_ } | Export-Csv $files[1]
        Assert-SameText ([System.IO.File]::ReadAllText($files[0])) ([System.IO.File]::ReadAllText($files[1])) 'CSV'
        $mailboxes[0..9] | Export-Clixml $files[0]
        New-Own | ForEach-Object { $_ } | Export-Clixml $files[1]
        Assert-SameText ([System.IO.File]::ReadAllText($files[0])) ([System.IO.File]::ReadAllText($files[1])) 'CLIXML'
    }
    finally { $files | Remove-Item -ErrorAction Ignore }
}

Disconnect-Lab

Check 'objects outlive the connection' { Assert-True ($mailboxes[-1].Name.Length -gt 0) 'a name' }

Complete
