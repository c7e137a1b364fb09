using System;
using System.Collections.Generic;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>The properties in the <see cref="PropertySet"/>s, as Microsoft's page "Property sets in Exchange Online PowerShell module cmdlets" lists them.</summary>
internal static class PropertySets
{
    /// <summary>The names in a set, in order.</summary>
    internal static string[] Names(string table) => table.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    internal static readonly IReadOnlyDictionary<PropertySet, string> CasMailbox = new Dictionary<PropertySet, string>
    {
        [PropertySet.Minimum] =
            "ActiveSyncEnabled DisplayName ECPEnabled EmailAddresses EwsEnabled ExchangeVersion Guid Identity "
            + "ImapEnabled MAPIEnabled Name OWAEnabled OrganizationId PopEnabled PrimarySmtpAddress ServerLegacyDN",
        [PropertySet.ActiveSync] =
            "ActiveSyncAllowedDeviceIDs ActiveSyncBlockedDeviceIDs ActiveSyncEnabled ActiveSyncMailboxPolicy "
            + "ActiveSyncMailboxPolicyIsDefaulted ActiveSyncSuppressReadReceipt ExternalDirectoryObjectId Guid "
            + "HasActiveSyncDevicePartnership Identity Name OrganizationId",
        [PropertySet.Ews] =
            "EwsAllowMacOutlook EwsAllowOutlook EwsEnabled ExternalDirectoryObjectId Guid Identity Name "
            + "OrganizationId",
        [PropertySet.Imap] =
            "ExternalDirectoryObjectId Guid Identity ImapEnableExactRFC822Size ImapEnabled "
            + "ImapForceICalForCalendarRetrievalOption ImapMessagesRetrievalMimeFormat ImapSuppressReadReceipt "
            + "ImapUseProtocolDefaults Name OrganizationId",
        [PropertySet.Mapi] =
            "ExternalDirectoryObjectId Guid Identity MAPIBlockOutlookExternalConnectivity "
            + "MAPIBlockOutlookNonCachedMode MAPIBlockOutlookRpcHttp MAPIBlockOutlookVersions MAPIEnabled "
            + "MapiHttpEnabled Name OrganizationId",
        [PropertySet.Pop] =
            "ExternalDirectoryObjectId Guid Identity Name OrganizationId PopEnableExactRFC822Size PopEnabled "
            + "PopMessagesRetrievalMimeFormat PopSuppressReadReceipt PopUseProtocolDefaults",
        [PropertySet.ProtocolSettings] =
            "ExternalDirectoryObjectId ExternalImapSettings ExternalPopSettings ExternalSmtpSettings Guid "
            + "Identity InternalImapSettings InternalPopSettings InternalSmtpSettings Name OrganizationId",
    };

    internal static readonly IReadOnlyDictionary<PropertySet, string> Mailbox = new Dictionary<PropertySet, string>
    {
        [PropertySet.Minimum] =
            "Alias DisplayName DistinguishedName EmailAddresses ExchangeVersion ExternalDirectoryObjectId Guid Id "
            + "Name OrganizationId PrimarySmtpAddress RecipientType RecipientTypeDetails UserPrincipalName",
        [PropertySet.AddressList] =
            "AddressBookPolicy AddressListMembership ExternalDirectoryObjectId GeneratedOfflineAddressBooks "
            + "HiddenFromAddressListsEnabled OfflineAddressBook",
        [PropertySet.Archive] =
            "ArchiveDatabase ArchiveDomain ArchiveGuid ArchiveName ArchiveQuota ArchiveRelease ArchiveState "
            + "ArchiveStatus ArchiveWarningQuota AutoExpandingArchiveEnabled DisabledArchiveDatabase "
            + "DisabledArchiveGuid ExternalDirectoryObjectId JournalArchiveAddress",
        [PropertySet.Audit] =
            "AuditAdmin AuditDelegate AuditEnabled AuditLogAgeLimit AuditOwner DefaultAuditSet "
            + "ExternalDirectoryObjectId",
        [PropertySet.Custom] =
            "CustomAttribute1 CustomAttribute2 CustomAttribute3 CustomAttribute4 CustomAttribute5 "
            + "CustomAttribute6 CustomAttribute7 CustomAttribute8 CustomAttribute9 CustomAttribute10 "
            + "CustomAttribute11 CustomAttribute12 CustomAttribute13 CustomAttribute14 CustomAttribute15 "
            + "ExtensionCustomAttribute1 ExtensionCustomAttribute2 ExtensionCustomAttribute3 "
            + "ExtensionCustomAttribute4 ExtensionCustomAttribute5 ExternalDirectoryObjectId",
        [PropertySet.Delivery] =
            "AcceptMessagesOnlyFrom AcceptMessagesOnlyFromDLMembers AcceptMessagesOnlyFromSendersOrMembers "
            + "DeliverToMailboxAndForward DowngradeHighPriorityMessagesEnabled ExternalDirectoryObjectId "
            + "ForwardingAddress ForwardingSmtpAddress GrantSendOnBehalfTo MaxBlockedSenders MaxReceiveSize "
            + "MaxSafeSenders MaxSendSize MessageCopyForSendOnBehalfEnabled MessageCopyForSentAsEnabled "
            + "MessageRecallProcessingEnabled MessageTrackingReadStatusEnabled RecipientLimits RejectMessagesFrom "
            + "RejectMessagesFromDLMembers RejectMessagesFromSendersOrMembers RulesQuota",
        [PropertySet.Hold] =
            "ComplianceTagHoldApplied DelayHoldApplied ExternalDirectoryObjectId InPlaceHolds "
            + "InactiveMailboxRetireTime LitigationHoldDate LitigationHoldDuration LitigationHoldEnabled "
            + "LitigationHoldOwner",
        [PropertySet.Moderation] =
            "BypassModerationFromSendersOrMembers ExternalDirectoryObjectId ModeratedBy ModerationEnabled "
            + "SendModerationNotifications",
        [PropertySet.Move] =
            "ExternalDirectoryObjectId MailboxMoveBatchName MailboxMoveFlags MailboxMoveRemoteHostName "
            + "MailboxMoveSourceMDB MailboxMoveStatus MailboxMoveTargetMDB",
        [PropertySet.Policy] =
            "AddressBookPolicy DataEncryptionPolicy EmailAddressPolicyEnabled ExternalDirectoryObjectId "
            + "ManagedFolderMailboxPolicy PoliciesExcluded PoliciesIncluded RemoteAccountPolicy RetentionPolicy "
            + "RetentionUrl RoleAssignmentPolicy SharingPolicy ThrottlingPolicy",
        [PropertySet.PublicFolder] =
            "DefaultPublicFolderMailbox EffectivePublicFolderMailbox ExternalDirectoryObjectId "
            + "IsExcludedFromServingHierarchy IsHierarchyReady IsHierarchySyncEnabled IsRootPublicFolderMailbox",
        [PropertySet.Quota] =
            "ArchiveQuota ArchiveWarningQuota CalendarLoggingQuota ExternalDirectoryObjectId IssueWarningQuota "
            + "ProhibitSendQuota ProhibitSendReceiveQuota RecoverableItemsQuota RecoverableItemsWarningQuota "
            + "RulesQuota UseDatabaseQuotaDefaults",
        [PropertySet.Resource] =
            "ExternalDirectoryObjectId IsResource ResourceCapacity ResourceCustom ResourceType "
            + "RoomMailboxAccountEnabled",
        [PropertySet.Retention] =
            "EndDateForRetentionHold ExternalDirectoryObjectId OrphanSoftDeleteTrackingTime RetainDeletedItemsFor "
            + "RetainDeletedItemsUntilBackup RetentionComment RetentionHoldEnabled RetentionPolicy RetentionUrl "
            + "SingleItemRecoveryEnabled StartDateForRetentionHold UseDatabaseRetentionDefaults",
        [PropertySet.SCL] =
            "AntispamBypassEnabled ExternalDirectoryObjectId SCLDeleteEnabled SCLDeleteThreshold SCLJunkEnabled "
            + "SCLJunkThreshold SCLQuarantineEnabled SCLQuarantineThreshold SCLRejectEnabled SCLRejectThreshold",
        [PropertySet.SoftDelete] =
            "ExternalDirectoryObjectId IncludeInGarbageCollection IsInactiveMailbox IsSoftDeletedByDisable "
            + "IsSoftDeletedByRemove WhenSoftDeleted",
        [PropertySet.StatisticsSeed] = "ArchiveDatabaseGuid DatabaseGuid ExchangeGuid ExternalDirectoryObjectId",
    };

    internal static readonly IReadOnlyDictionary<PropertySet, string> MailboxStatistics = new Dictionary<PropertySet, string>
    {
        [PropertySet.Minimum] = "DeletedItemCount DisplayName ItemCount MailboxGuid TotalDeletedItemSize TotalItemSize",
    };

    internal static readonly IReadOnlyDictionary<PropertySet, string> Recipient = new Dictionary<PropertySet, string>
    {
        [PropertySet.Minimum] = "ExchangeVersion ExternalDirectoryObjectID Name OrganizationId RecipientType RecipientTypeDetails",
        [PropertySet.Archive] = "ArchiveDatabase ArchiveGuid ArchiveRelease ArchiveState ArchiveStatus",
        [PropertySet.Custom] =
            "CustomAttribute1 CustomAttribute2 CustomAttribute3 CustomAttribute4 CustomAttribute5 "
            + "CustomAttribute6 CustomAttribute7 CustomAttribute8 CustomAttribute9 CustomAttribute10 "
            + "CustomAttribute11 CustomAttribute12 CustomAttribute13 CustomAttribute14 CustomAttribute15 "
            + "ExtensionCustomAttribute1 ExtensionCustomAttribute2 ExtensionCustomAttribute3 "
            + "ExtensionCustomAttribute4 ExtensionCustomAttribute5",
        [PropertySet.MailboxMove] =
            "MailboxMoveBatchName MailboxMoveFlags MailboxMoveRemoteHostName MailboxMoveSourceMDB "
            + "MailboxMoveStatus MailboxMoveTargetMDB",
        [PropertySet.Policy] =
            "ActiveSyncMailboxPolicy ActiveSyncMailboxPolicyIsDefaulted AddressBookPolicy "
            + "EmailAddressPolicyEnabled ManagedFolderMailboxPolicy OwaMailboxPolicy PoliciesExcluded "
            + "PoliciesIncluded RetentionPolicy SharingPolicy ShouldUseDefaultRetentionPolicy UMMailboxPolicy",
    };
}
