# How the common objects are shown, and what sizes can do.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement
$views = Join-Path (Get-Module ExchangeOnlineManagement).ModuleBase 'ExchangeOnlineManagement.Format.ps1xml'

Check 'every view has as many headers as columns, and each type one view' {
    $seen = @{}
    foreach ($view in ([xml](Get-Content $views -Raw)).Configuration.ViewDefinitions.View) {
        $headers = @($view.TableControl.TableHeaders.TableColumnHeader).Count
        $items = @($view.TableControl.TableRowEntries.TableRowEntry.TableColumnItems.TableColumnItem).Count
        Assert-Equal $headers $items $view.Name
        foreach ($type in @($view.ViewSelectedBy.TypeName)) {
            Assert-True (-not $seen[$type]) "$type has one view"
            Assert-Like $type 'Deserialized.Microsoft.*' 'type'
            $seen[$type] = $true
        }
    }
    Assert-True (40 -le $seen.Count) 'forty types'
}

Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; WarningAction = 'Ignore' }
$mailbox = @(Get-Mailbox)[0]

$cases = @(
    @{ Run = { Get-Mailbox }; Columns = 'Name Alias Database ProhibitSendQuota ExternalDirectoryObjectId' }
    @{ Run = { Get-Recipient }; Columns = 'Name RecipientType' }
    @{ Run = { Get-User }; Columns = 'Name RecipientType' }
    @{ Run = { Get-DistributionGroup }; Columns = 'Name DisplayName GroupType PrimarySmtpAddress' }
    @{ Run = { Get-AcceptedDomain }; Columns = 'Name DomainName DomainType Default' }
    @{ Run = { Get-RemoteDomain }; Columns = 'Name DomainName AllowedOOFType' }
    @{ Run = { Get-TransportRule }; Columns = 'Name State Mode Priority Comments' }
    @{ Run = { Get-CASMailbox }; Columns = 'Name ActiveSyncEnabled OWAEnabled PopEnabled ImapEnabled MapiEnabled' }
    @{ Run = { Get-MailboxStatistics $mailbox.Identity }; Columns = 'DisplayName ItemCount StorageLimitStatus LastLogonTime' }
    @{ Run = { Get-MailboxPermission $mailbox.Identity }; Columns = 'Identity User AccessRights IsInherited Deny' }
    @{ Run = { Get-RecipientPermission $mailbox.Identity }; Columns = 'Identity Trustee AccessControlType AccessRights Inherited' }
    @{ Run = { Get-RetentionPolicy }; Columns = 'Name RetentionPolicyTagLinks' }
    @{ Run = { Get-RoleGroup }; Columns = 'Name AssignedRoles RoleAssignments ManagedBy' }
)
foreach ($case in $cases) {
    Check "$($case.Run) is shown as $($case.Columns)" {
        $objects = @(& $case.Run)
        Assert-True (0 -lt $objects.Count) 'objects'
        $head = ($objects | Out-String -Width 300) -split '\r?\n' | Where-Object { $_ } | Select-Object -First 1
        Assert-Equal (($head.Trim() -split '\s+') -join ' ') $case.Columns
    }
}

Check 'sizes can be converted as where they live' {
    $quota = $mailbox.ProhibitSendQuota
    Assert-Equal "$quota" '99 GB (106,300,440,576 bytes)'
    Assert-Equal $quota.ToBytes() ([uint64]106300440576)
    Assert-Equal $quota.ToKB() ([uint64]103809024)
    Assert-Equal $quota.ToMB() ([uint64]101376)
    Assert-Equal $quota.ToGB() ([uint64]99)
    Assert-Equal $quota.ToTB() ([uint64]0)
    $size = (Get-MailboxStatistics $mailbox.Identity).TotalItemSize
    Assert-Equal $size.ToBytes() ([uint64](("$size" -replace '.*\(|\D')))
    $sorted = @(Get-EXOMailbox | Get-EXOMailboxStatistics | Sort-Object { $_.TotalItemSize.ToBytes() } -Descending)
    Assert-True ($sorted[-1].TotalItemSize.ToBytes() -le $sorted[0].TotalItemSize.ToBytes()) 'sorted'
}

Check 'a size that is none is an error in one sentence' {
    Set-Mailbox $mailbox.Identity -ProhibitSendQuota Unlimited
    $unlimited = (Get-Mailbox "$($mailbox.Identity)").ProhibitSendQuota
    Assert-Equal "$unlimited" 'Unlimited'
    Assert-Like "$(Get-Failure { $unlimited.ToMB() })" "*'Unlimited' is no size in bytes.*"
}

Check 'sizes of other cultures and of other origin convert too' {
    foreach ($text in '1.5 GB (1.610.612.736 bytes)', "1,5 GB (1$([char]0xA0)610$([char]0xA0)612$([char]0xA0)736 bytes)") {
        $size = [System.Management.Automation.PSSerializer]::Deserialize(@"
<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><TN RefId="0"><T>Microsoft.Exchange.Data.ByteQuantifiedSize</T></TN><ToString>$text</ToString></Obj></Objs>
"@)
        Assert-Equal $size.ToMB() ([uint64]1536) $text
    }
}

Disconnect-Lab
Complete
