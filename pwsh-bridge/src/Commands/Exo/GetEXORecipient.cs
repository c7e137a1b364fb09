using System.Management.Automation;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>Finds recipients of every kind.</summary>
[Cmdlet(VerbsCommon.Get, "EXORecipient", DefaultParameterSetName = ByIdentity)]
[OutputType(typeof(PSObject))]
public sealed class GetEXORecipientCommand : ExoSearchCommand
{
    /// <summary>Soft-deleted recipients too.</summary>
    [Parameter]
    public SwitchParameter IncludeSoftDeletedRecipients { get; set; }

    /// <summary>Which sets of properties are wanted.</summary>
    [Parameter]
    [ValidateSet(
        nameof(PropertySet.Minimum), nameof(PropertySet.All), nameof(PropertySet.Archive),
        nameof(PropertySet.Custom), nameof(PropertySet.MailboxMove), nameof(PropertySet.Policy))]
    public PropertySet[]? PropertySets { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? RecipientPreviewFilter { get; set; }

    /// <summary>Only recipients of these types.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? RecipientType { get; set; }

    /// <summary>Only recipients of these kinds.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? RecipientTypeDetails { get; set; }

    private protected override string Called => "Get-Recipient";

    private protected override Projection? Shape() => Projection.Of(Exo.PropertySets.Recipient, PropertySets, Properties, WriteWarning);
}
