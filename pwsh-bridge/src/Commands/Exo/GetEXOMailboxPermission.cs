using System.Management.Automation;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>Shows who may do what with a mailbox.</summary>
[Cmdlet(VerbsCommon.Get, "EXOMailboxPermission", DefaultParameterSetName = Default)]
[OutputType(typeof(PSObject))]
public sealed class GetEXOMailboxPermissionCommand : ExoIdentityCommand
{
    /// <summary>Any text that says which one.</summary>
    [Parameter(ParameterSetName = ByIdentity, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdentityText]
    public string? Identity { get; set; }

    /// <summary>Who owns the mailbox.</summary>
    [Parameter(ParameterSetName = ByIdentity)]
    public SwitchParameter Owner { get; set; }

    /// <summary>How many at most.</summary>
    [Parameter]
    public Unlimited ResultSize { get; set; }

    /// <summary>Soft-deleted mailboxes.</summary>
    [Parameter(ParameterSetName = ByIdentity)]
    public SwitchParameter SoftDeletedMailbox { get; set; }

    /// <summary>Only what this user may.</summary>
    [Parameter(ParameterSetName = ByIdentity)]
    public string? User { get; set; }

    private protected override string Called => "Get-MailboxPermission";

    private const string Default = "Default";
}
