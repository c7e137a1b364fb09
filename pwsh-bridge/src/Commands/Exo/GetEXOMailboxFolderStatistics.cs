using System;
using System.Management.Automation;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>Shows size and number of items of the folders of a mailbox.</summary>
[Cmdlet(VerbsCommon.Get, "EXOMailboxFolderStatistics")]
[OutputType(typeof(PSObject))]
public sealed class GetEXOMailboxFolderStatisticsCommand : ExoCommand
{
    /// <summary>Of the archive of the mailbox.</summary>
    [Parameter]
    public SwitchParameter Archive { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public string? DiagnosticInfo { get; set; }

    /// <summary>Only folders of this kind.</summary>
    [Parameter]
    public ElcFolderType Folderscope { get; set; }

    /// <summary>Any text that says which one.</summary>
    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdentityText]
    public string? Identity { get; set; }

    /// <summary>Its object id in Microsoft Entra ID.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public Guid ExternalDirectoryObjectId { get; set; }

    /// <summary>Its primary SMTP address.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? PrimarySmtpAddress { get; set; }

    /// <summary>Its user principal name.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? UserPrincipalName { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter IncludeAnalysis { get; set; }

    /// <summary>The dates of the oldest and the newest item too.</summary>
    [Parameter]
    public SwitchParameter IncludeOldestAndNewestItems { get; set; }

    /// <summary>Soft-deleted mailboxes too.</summary>
    [Parameter]
    public SwitchParameter IncludeSoftDeletedRecipients { get; set; }

    private protected override string Called => "Get-MailboxFolderStatistics";
}
