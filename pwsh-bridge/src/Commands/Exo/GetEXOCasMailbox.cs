using System.Management.Automation;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>Finds the client access settings of mailboxes.</summary>
[Cmdlet(VerbsCommon.Get, "EXOCasMailbox", DefaultParameterSetName = ByIdentity)]
[OutputType(typeof(PSObject))]
public sealed class GetEXOCasMailboxCommand : ExoSearchCommand
{
    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter ActiveSyncDebugLogging { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter GetImapProtocolLog { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter GetPopProtocolLog { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter IgnoreDefaultScope { get; set; }

    /// <summary>Which sets of properties are wanted.</summary>
    [Parameter]
    [ValidateSet(
        nameof(PropertySet.Minimum), nameof(PropertySet.All), nameof(PropertySet.ActiveSync),
        nameof(PropertySet.Ews), nameof(PropertySet.Imap), nameof(PropertySet.Mapi),
        nameof(PropertySet.Pop), nameof(PropertySet.ProtocolSettings))]
    public PropertySet[]? PropertySets { get; set; }

    /// <summary>Server names, ports and encryption of the protocols too.</summary>
    [Parameter]
    public SwitchParameter ProtocolSettings { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter ReadIsOptimizedForAccessibility { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? SendLogsTo { get; set; }

    private protected override string Called => "Get-CASMailbox";

    private protected override Projection? Shape() => Projection.Of(Exo.PropertySets.CasMailbox, PropertySets, Properties, WriteWarning);
}
