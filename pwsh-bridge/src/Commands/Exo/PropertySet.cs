namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>Names for groups of properties, as the Get-EXO cmdlets take them; <see cref="PropertySets"/> has what is in them.</summary>
public enum PropertySet
{
    /// <summary>What is shown when nothing else is asked for.</summary>
    Minimum,

    /// <summary>Every property.</summary>
    All,

    /// <summary>Exchange ActiveSync.</summary>
    ActiveSync,

    /// <summary>Address lists and books.</summary>
    AddressList,

    /// <summary>The archive mailbox.</summary>
    Archive,

    /// <summary>Auditing.</summary>
    Audit,

    /// <summary>Custom attributes.</summary>
    Custom,

    /// <summary>Who may send, and what is forwarded.</summary>
    Delivery,

    /// <summary>Exchange Web Services.</summary>
    Ews,

    /// <summary>Holds.</summary>
    Hold,

    /// <summary>IMAP4.</summary>
    Imap,

    /// <summary>The last move of the mailbox, of a recipient.</summary>
    MailboxMove,

    /// <summary>MAPI.</summary>
    Mapi,

    /// <summary>Moderation.</summary>
    Moderation,

    /// <summary>The last move of the mailbox.</summary>
    Move,

    /// <summary>Policies.</summary>
    Policy,

    /// <summary>POP3.</summary>
    Pop,

    /// <summary>Server names and ports of the protocols.</summary>
    ProtocolSettings,

    /// <summary>Public folders.</summary>
    PublicFolder,

    /// <summary>Quotas.</summary>
    Quota,

    /// <summary>Rooms and equipment.</summary>
    Resource,

    /// <summary>Retention.</summary>
    Retention,

    /// <summary>Spam confidence levels.</summary>
    SCL,

    /// <summary>Soft deletion.</summary>
    SoftDelete,

    /// <summary>What Get-EXOMailboxStatistics wants to know.</summary>
    StatisticsSeed,
}
