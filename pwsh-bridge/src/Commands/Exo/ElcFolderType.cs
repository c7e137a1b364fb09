#pragma warning disable CS1591 // The names of the folders say what they are.

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>Which folders of a mailbox.</summary>
public enum ElcFolderType
{
    All,
    Archive,
    Calendar,
    Clutter,
    Contacts,
    ConversationHistory,
    DeletedItems,
    Drafts,
    Inbox,
    Journal,
    JunkEmail,
    LegacyArchiveJournals,
    ManagedCustomFolder,
    NonIpmRoot,
    Notes,
    Outbox,
    Personal,
    RecoverableItems,
    RssSubscriptions,
    SentItems,
    SyncIssues,
    Tasks,
}
