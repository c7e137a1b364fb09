using System.Collections.Generic;
using System.Management.Automation;

using ExchangeOnlineManagement.Proxy;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>Shows the mobile devices of a mailbox.</summary>
[Cmdlet(VerbsCommon.Get, "EXOMobileDeviceStatistics", DefaultParameterSetName = ByIdentity)]
[OutputType(typeof(PSObject))]
public sealed class GetEXOMobileDeviceStatisticsCommand : ExoIdentityCommand
{
    /// <summary>Any text that says which one.</summary>
    [Parameter(ParameterSetName = ByIdentity, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdentityText]
    public string? Identity { get; set; }

    /// <summary>The mailbox whose devices are wanted.</summary>
    [Parameter(ParameterSetName = ByMailbox, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdentityText]
    public string? Mailbox { get; set; }

    /// <summary>Only ActiveSync devices.</summary>
    [Parameter]
    public SwitchParameter ActiveSync { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter GetMailboxLog { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public string[]? NotificationEmailAddresses { get; set; }

    /// <summary>Only devices of Outlook on the web.</summary>
    [Parameter]
    public SwitchParameter OWAforDevices { get; set; }

    /// <summary>Only devices that use the REST API.</summary>
    [Parameter]
    public SwitchParameter RestApi { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter ShowRecoveryPassword { get; set; }

    /// <summary>Only devices of Mail and Calendar.</summary>
    [Parameter]
    public SwitchParameter UniversalOutlook { get; set; }

    private protected override string Called => "Get-MobileDeviceStatistics";

    /// <summary>The other ways to say whom name the owner of the devices.</summary>
    private protected override string Target => nameof(Mailbox);

    private protected override bool IsMandatory(RemoteParameter identity, Dictionary<string, object?> arguments) =>
        !arguments.ContainsKey(nameof(Mailbox)) && base.IsMandatory(identity, arguments);

    private const string ByMailbox = "MobileDeviceIdentity";
}
