# The nine Get-EXO cmdlets: their parameters as documented, and what they give.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement

$rows = @(Import-Csv "$PSScriptRoot/parity/exo.csv")
$common = [System.Management.Automation.PSCmdlet]::CommonParameters
$commands = @('CasMailbox', 'Mailbox', 'MailboxFolderPermission', 'MailboxFolderStatistics', 'MailboxPermission', 'MailboxStatistics',
    'MobileDeviceStatistics', 'Recipient', 'RecipientPermission' | ForEach-Object { "Get-EXO$_" })

foreach ($group in $rows | Group-Object Command) {
    Check "$($group.Name) has the parameters of the original, and no others" {
        $command = Get-Command $group.Name
        $others = @($command.Parameters.Keys | Where-Object { $_ -notin $common -and $_ -notin $group.Group.Parameter })
        Assert-Equal ($others -join ' ') '' 'others'
        foreach ($row in $group.Group) {
            $name = "$($row.Command) -$($row.Parameter)"
            $parameter = $command.Parameters[$row.Parameter]
            Assert-True ($null -ne $parameter) "$name exists"
            Assert-Equal $parameter.ParameterType.Name $row.Type "type of $name"
            Assert-Equal (@($parameter.ParameterSets.Keys) -join ' ') $row.Set "set of $name"
            $set = @($parameter.ParameterSets.Values)[0]
            Assert-Equal $set.IsMandatory $false "mandatory of $name"
            Assert-Equal $set.Position $(if ($row.Position -eq '') { [int]::MinValue } else { [int]$row.Position }) "position of $name"
            Assert-Equal $set.ValueFromPipeline ($row.Pipeline -eq 'value name') "pipeline of $name"
            Assert-Equal $set.ValueFromPipelineByPropertyName ($row.Pipeline -ne '') "pipeline by name of $name"
        }
    }
}

Check 'the sets and the defaults are those of the original' {
    Assert-Equal (($rows.Command | Sort-Object -Unique) -join ' ') ($commands -join ' ') 'commands'
    $sets = @{
        'Get-EXOMailbox' = 'Identity'; 'Get-EXORecipient' = 'Identity'; 'Get-EXOCasMailbox' = 'Identity'
        'Get-EXOMailboxPermission' = 'Default'; 'Get-EXORecipientPermission' = 'Default'; 'Get-EXOMobileDeviceStatistics' = 'Identity'
    }
    foreach ($name in $sets.Keys) { Assert-Equal (Get-Command $name).DefaultParameterSet $sets[$name] $name }
}

Check 'without a connection each says what to do' {
    foreach ($name in $commands) {
        $failure = Get-Failure { & $name -Identity a }
        Assert-Equal $failure.Exception.Message 'You must call the Connect-ExchangeOnline cmdlet before calling any other cmdlets.'
        Assert-Like $failure.FullyQualifiedErrorId "NotConnected,*"
        Assert-Equal $failure.CategoryInfo.Activity $name
    }
}

Check 'a connection to Security & Compliance does not answer them' {
    Connect-IPPSSession -ConnectionUri $env:EXO_LAB_REST_URL -AzureADAuthorizationEndpointUri $env:EXO_LAB_AUTHORITY -Credential (Get-LabCredential) -ShowBanner:$false -InformationAction Ignore -WarningAction Ignore
    Assert-Like (Get-Failure { Get-EXOMailbox }).FullyQualifiedErrorId 'NotConnected,*'
    Disconnect-Lab
}

Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; WarningAction = 'Ignore' }
$mailboxes = @(Get-Mailbox)
$one = $mailboxes[0]

Check 'the minimum set is what is shown when nothing else is asked for' {
    $expected = @{
        'Get-EXOMailbox'    = 'Identity Alias DisplayName DistinguishedName EmailAddresses ExchangeVersion ExternalDirectoryObjectId Guid Id Name OrganizationId PrimarySmtpAddress RecipientType RecipientTypeDetails UserPrincipalName'
        'Get-EXORecipient'  = 'Identity ExchangeVersion ExternalDirectoryObjectId Name OrganizationId RecipientType RecipientTypeDetails'
        'Get-EXOCasMailbox' = 'Identity ActiveSyncEnabled DisplayName ECPEnabled EmailAddresses EwsEnabled ExchangeVersion Guid ImapEnabled MAPIEnabled Name OWAEnabled OrganizationId PopEnabled PrimarySmtpAddress ServerLegacyDN'
        'Get-EXOMailboxStatistics' = 'Identity DeletedItemCount DisplayName ItemCount MailboxGuid TotalDeletedItemSize TotalItemSize'
    }
    foreach ($name in $expected.Keys) {
        $object = & $name -Identity $one.Alias
        Assert-Equal ($object.psobject.Properties.Name -join ' ') $expected[$name] $name
    }
}

Check 'the values are those of the command behind' {
    $object = Get-EXOMailbox $one.Alias
    foreach ($property in $object.psobject.Properties) {
        Assert-Equal "$($property.Value)" "$($one.($property.Name))" $property.Name
    }
    Assert-Equal $object.Guid $one.Guid
    Assert-Equal @(Get-EXOMailbox).Count $mailboxes.Count 'all mailboxes'
    Assert-Equal $object.pstypenames[0] "Selected.$($one.pstypenames[0])"
}

Check 'property sets and properties add up, without repetition' {
    $object = Get-EXOMailbox $one.Alias -PropertySets Archive, Quota -Properties DisplayName, ArchiveQuota, alias
    $names = @($object.psobject.Properties.Name)
    Assert-Equal $names.Count @($names | Sort-Object -Unique).Count 'no name twice'
    foreach ($name in 'ArchiveStatus', 'ArchiveQuota', 'ProhibitSendQuota', 'DisplayName', 'Alias', 'Identity') {
        Assert-True ($name -cin $names) "$name is there"
    }
    Assert-True ('UserPrincipalName' -notin $names) 'the minimum is not added to named sets'
    $more = Get-EXOMailbox $one.Alias -Properties CustomAttribute1
    Assert-True ('UserPrincipalName' -in $more.psobject.Properties.Name -and 'CustomAttribute1' -in $more.psobject.Properties.Name) 'properties are added to the minimum'
    $all = Get-EXOMailbox $one.Alias -PropertySets All
    Assert-Equal @($all.psobject.Properties).Count @($one.psobject.Properties).Count 'all properties'
}

Check 'every set that may be named has properties' {
    foreach ($name in 'Get-EXOMailbox', 'Get-EXORecipient', 'Get-EXOCasMailbox', 'Get-EXOMailboxStatistics') {
        $valid = (Get-Command $name).Parameters['PropertySets'].Attributes.Where({ $_ -is [ValidateSet] })[0].ValidValues
        foreach ($set in $valid) {
            Assert-True (3 -lt @((& $name -Identity $one.Alias -PropertySets $set).psobject.Properties).Count) "$name -PropertySets $set"
        }
    }
    Assert-Like (Get-Failure { Get-EXOMailbox -PropertySets Ews }).FullyQualifiedErrorId 'ParameterArgumentValidationError,*'
}

Check 'a property that is not there is null, and said once' {
    $objects = @(Get-EXOMailbox -Properties NoSuchProperty -WarningVariable said -WarningAction SilentlyContinue)
    Assert-Equal @($said).Count 1 'warnings'
    Assert-Equal "$said" "The objects have no property 'NoSuchProperty'."
    Assert-Equal $objects[0].NoSuchProperty $null
}

Check 'mailboxes are found by each of their identities' {
    $ways = @{
        Identity = $one.DistinguishedName; UserPrincipalName = $one.UserPrincipalName; PrimarySmtpAddress = "$($one.PrimarySmtpAddress)"
        ExternalDirectoryObjectId = $one.ExternalDirectoryObjectId
    }
    foreach ($way in $ways.Keys) {
        $with = @{ $way = $ways[$way] }
        Assert-Equal (Get-EXOMailbox @with).Guid $one.Guid $way
        Assert-Equal (Get-EXORecipient @with).Name $one.Name $way
    }
    # The tenant does not know mailboxes by this one; that it is asked for it shows in its answer.
    Assert-Like "$(Get-Failure { Get-EXOMailboxStatistics -ExchangeGuid $one.ExchangeGuid -ErrorAction Stop })" "*$($one.ExchangeGuid)*"
    Assert-Equal @(Get-EXOMailbox -Anr $one.Alias).Count 1 'by part of the name'
    Assert-Equal (Get-EXOMailbox -Filter "Alias -eq '$($one.Alias)'").Guid $one.Guid
}

Check 'results are limited, and limits checked' {
    Assert-Equal @(Get-EXOMailbox -ResultSize 2 -WarningAction SilentlyContinue).Count 2
    Assert-Equal @(Get-EXOMailbox -ResultSize unlimited).Count $mailboxes.Count
    Assert-Like (Get-Failure { Get-EXOMailbox -ResultSize 0 }).Exception.Message '*ResultSize must be greater than 0*'
    Assert-Like (Get-Failure { Get-EXOMailbox -ResultSize many }).Exception.Message "*must be a whole number or Unlimited, and 'many' is neither*"
}

Check 'they go down pipelines: into one another and into other commands' {
    $statistics = @($mailboxes[0..4] | Get-EXOMailboxStatistics)
    Assert-Equal ($statistics.DisplayName -join '|') ($mailboxes[0..4].DisplayName -join '|') 'rows of the service'
    $statistics = @(Get-EXOMailbox | Get-EXOMailboxStatistics)
    Assert-Equal ($statistics.DisplayName -join '|') ($mailboxes.DisplayName -join '|') 'selected objects'
    Get-EXOMailbox $one.Alias | Set-Mailbox -CustomAttribute1 'from a Get-EXO cmdlet'
    Assert-Equal (Get-Mailbox $one.Alias).CustomAttribute1 'from a Get-EXO cmdlet'
    $named = @(
        [pscustomobject]@{ UserPrincipalName = $mailboxes[1].UserPrincipalName; ExternalDirectoryObjectId = '' }
        [pscustomobject]@{ PrimarySmtpAddress = "$($mailboxes[2].PrimarySmtpAddress)" }
        [pscustomobject]@{ Identity = $mailboxes[3].Alias; UserPrincipalName = $mailboxes[3].UserPrincipalName }
    )
    Assert-Equal (@($named | Get-EXOMailbox).Name -join '|') ($mailboxes[1..3].Name -join '|') 'objects with one of the identities'
    Assert-Equal @($mailboxes[0].Alias, $mailboxes[1].Alias | Get-EXOCasMailbox).Count 2 'texts'
    Assert-Equal @(@() | Get-EXOMailbox).Count 0 'nothing'
}

Check 'permissions, folders and devices of a mailbox' {
    Assert-Equal "$((Get-EXOMailboxPermission -Identity $one.Alias)[0].Identity)" $one.Name
    Assert-Equal "$((Get-EXORecipientPermission $one.Alias -AccessRights SendAs)[0].Identity)" $one.Name
    Get-EXORecipientPermission -ResultSize 5 -WarningAction SilentlyContinue
    Assert-True (0 -lt @(Get-EXOMailboxFolderPermission "$($one.Alias):\Calendar").Count) 'folder permissions'
    Assert-True (0 -lt @(Get-EXOMailboxFolderStatistics -UserPrincipalName $one.UserPrincipalName -Folderscope Inbox).Count) 'folders'
    Assert-Equal (Get-EXOMobileDeviceStatistics -Mailbox $one.Alias).DeviceType 'Outlook'
    Assert-Equal (Get-EXOMobileDeviceStatistics -UserPrincipalName $one.UserPrincipalName -ActiveSync).DeviceType 'Outlook'
    Assert-Like (Get-Failure { Get-EXORecipientPermission -AccessRights FullAccess }).FullyQualifiedErrorId 'ParameterArgumentValidationError,*'
    Assert-Like (Get-Failure { Get-EXOMailboxFolderStatistics -Identity a -Folderscope Attic }).FullyQualifiedErrorId 'CannotConvertArgumentNoMessage,*'
}

Check 'what cannot be asked is refused in one sentence before anything is sent' {
    foreach ($name in 'Get-EXOMailboxPermission', 'Get-EXOMailboxStatistics', 'Get-EXOMailboxFolderStatistics', 'Get-EXOMailboxFolderPermission', 'Get-EXOMobileDeviceStatistics') {
        $failure = Get-Failure { & $name }
        Assert-Equal $failure.Exception.Message "$name has to be told whose: the service answers for one at a time. For all, use 'Get-EXOMailbox -ResultSize Unlimited | $name'."
        Assert-Equal $failure.CategoryInfo.Category ([System.Management.Automation.ErrorCategory]::InvalidArgument)
    }
    $failure = Get-Failure { Get-EXOCasMailbox -IgnoreDefaultScope }
    Assert-Equal $failure.Exception.Message 'Get-CASMailbox, which answers Get-EXOCasMailbox, does not take the parameter IgnoreDefaultScope from this account.'
    Assert-Like (Get-Failure { Get-EXOMailbox -Anr a -Identity b }).FullyQualifiedErrorId 'AmbiguousParameterSet,*'
}

Check 'an error of the service is an error of the cmdlet, and a pipeline goes on behind it' {
    $found = @('nobody', $one.Alias | Get-EXOMailbox -ErrorVariable wrong -ErrorAction SilentlyContinue)
    Assert-Equal $found.Count 1 'found'
    Assert-Like "$($wrong[0])" "*'nobody' couldn't be found*"
    Assert-Equal $wrong[0].InvocationInfo.MyCommand.Name 'Get-EXOMailbox'
    Assert-True (-not $global:EXO_LastExecutionStatus) 'the status says so'
    $null = Get-EXOMailbox $one.Alias
    Assert-True $global:EXO_LastExecutionStatus 'the status of the next'
    $stopped = Get-Failure { Get-EXOMailbox nobody -ErrorAction Stop }
    Assert-Like "$stopped" "*'nobody' couldn't be found*"
}

Disconnect-Lab

Check 'they work though the commands behind were not asked for, and stay out of sight' {
    Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; CommandName = 'Get-AcceptedDomain'; WarningAction = 'Ignore' }
    Assert-True (-not (Get-Command Get-Mailbox -ErrorAction Ignore)) 'Get-Mailbox is not imported'
    Assert-Equal @(Get-Module tmp*)[0].ExportedFunctions.Count 1 'imported functions'
    Assert-Equal @(Get-EXOMailbox).Count $mailboxes.Count
    Disconnect-Lab
}

Check 'the service is asked for no more than is needed' {
    $kept = Join-Path ([System.IO.Path]::GetTempPath()) "exo-commands-$PID"
    $before = $env:EXO_CATALOG_CACHE
    $env:EXO_CATALOG_CACHE = $kept
    try {
        Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; CommandName = 'Get-Accepted*'; WarningAction = 'Ignore' }
        Disconnect-Lab
        $text = (Get-ChildItem $kept -File -Recurse | Get-Content -Raw) -join ''
    }
    finally {
        $env:EXO_CATALOG_CACHE = $before
        Remove-Item $kept -Recurse -ErrorAction Ignore
    }
    Assert-Like $text '*Get-AcceptedDomain*Get-Mailbox*'
    Assert-True ($text -notlike '*New-TransportRule*') 'the list has nothing else'
}

Check 'wildcards that the service does not know are matched here, and nothing found is said' {
    Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; CommandName = 'Get-[A]cceptedDomai?'; WarningAction = 'Ignore' }
    Assert-Equal ((Get-Module tmp*).ExportedFunctions.Keys -join ' ') 'Get-AcceptedDomain'
    Disconnect-Lab
    $said = @(Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; CommandName = 'Get-NoSuch*' } 3>&1)
    Assert-Equal "$($said[-1])" 'The account has no command called Get-NoSuch*.'
    Disconnect-Lab
}

Check 'over remote PowerShell they give the same' {
    Connect-Lab
    Assert-Equal (Get-EXOMailbox $one.Alias).Guid $one.Guid
    Assert-Equal @(Get-EXOMailbox | Get-EXOMailboxStatistics).Count $mailboxes.Count
    Disconnect-Lab
    Connect-Lab @{ CommandName = 'Get-AcceptedDomain' }
    $failure = Get-Failure { Get-EXOMailbox }
    Assert-Like $failure.Exception.Message 'Get-EXOMailbox needs the command Get-Mailbox, which ExchangeOnline_* does not have: it is not among the commands of the account, or CommandName left it out when connecting.'
    Disconnect-Lab
}

Complete
