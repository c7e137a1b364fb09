using System.Management.Automation;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>Finds mailboxes.</summary>
[Cmdlet(VerbsCommon.Get, "EXOMailbox", DefaultParameterSetName = ByIdentity)]
[OutputType(typeof(PSObject))]
public sealed class GetEXOMailboxCommand : ExoSearchCommand
{
    /// <summary>Only mailboxes with an archive.</summary>
    [Parameter]
    public SwitchParameter Archive { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter Async { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter GroupMailbox { get; set; }

    /// <summary>Only inactive mailboxes.</summary>
    [Parameter]
    public SwitchParameter InactiveMailboxOnly { get; set; }

    /// <summary>Inactive mailboxes too.</summary>
    [Parameter]
    public SwitchParameter IncludeInactiveMailbox { get; set; }

    /// <summary>Only mailboxes with this plan.</summary>
    [Parameter]
    public string? MailboxPlan { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter Migration { get; set; }

    /// <summary>Which sets of properties are wanted.</summary>
    [Parameter]
    [ValidateSet(
        nameof(PropertySet.All), nameof(PropertySet.Minimum), nameof(PropertySet.AddressList),
        nameof(PropertySet.Archive), nameof(PropertySet.Audit), nameof(PropertySet.Custom),
        nameof(PropertySet.Delivery), nameof(PropertySet.Hold), nameof(PropertySet.Moderation),
        nameof(PropertySet.Move), nameof(PropertySet.Policy), nameof(PropertySet.PublicFolder),
        nameof(PropertySet.Quota), nameof(PropertySet.Resource), nameof(PropertySet.Retention),
        nameof(PropertySet.SCL), nameof(PropertySet.SoftDelete), nameof(PropertySet.StatisticsSeed))]
    public PropertySet[]? PropertySets { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter PublicFolder { get; set; }

    /// <summary>Only mailboxes of these kinds.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? RecipientTypeDetails { get; set; }

    /// <summary>Soft-deleted mailboxes.</summary>
    [Parameter]
    public SwitchParameter SoftDeletedMailbox { get; set; }

    private protected override string Called => "Get-Mailbox";

    private protected override Projection? Shape() => Projection.Of(Exo.PropertySets.Mailbox, PropertySets, Properties, WriteWarning);
}
