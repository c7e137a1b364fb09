using System;
using System.Management.Automation;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>Shows who may do what with a folder of a mailbox.</summary>
[Cmdlet(VerbsCommon.Get, "EXOMailboxFolderPermission")]
[OutputType(typeof(PSObject))]
public sealed class GetEXOMailboxFolderPermissionCommand : ExoCommand
{
    /// <summary>Any text that says which one.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
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

    /// <summary>Mailboxes of groups.</summary>
    [Parameter]
    public SwitchParameter GroupMailbox { get; set; }

    /// <summary>Only what this user may.</summary>
    [Parameter]
    public string? User { get; set; }

    private protected override string Called => "Get-MailboxFolderPermission";
}
