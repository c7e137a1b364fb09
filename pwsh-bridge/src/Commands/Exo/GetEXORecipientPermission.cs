using System.Management.Automation;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>Shows who may send as a recipient.</summary>
[Cmdlet(VerbsCommon.Get, "EXORecipientPermission", DefaultParameterSetName = Default)]
[OutputType(typeof(PSObject))]
public sealed class GetEXORecipientPermissionCommand : ExoIdentityCommand
{
    /// <summary>Any text that says which one.</summary>
    [Parameter(ParameterSetName = ByIdentity, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdentityText]
    public string? Identity { get; set; }

    /// <summary>Only these rights.</summary>
    [Parameter]
    [ValidateSet("SendAs")]
    public string[]? AccessRights { get; set; }

    /// <summary>How many at most.</summary>
    [Parameter]
    public Unlimited ResultSize { get; set; }

    /// <summary>Only what this user or group may.</summary>
    [Parameter]
    public string? Trustee { get; set; }

    private protected override string Called => "Get-RecipientPermission";

    private const string Default = "Default";
}
