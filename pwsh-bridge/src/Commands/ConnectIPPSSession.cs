using System.Management.Automation;
using System.Management.Automation.Remoting;

namespace ExchangeOnlineManagement.Commands;

/// <summary>Connects to Security &amp; Compliance, or to standalone Exchange Online Protection, and brings its commands.</summary>
[Cmdlet(VerbsCommunications.Connect, "IPPSSession")]
public sealed class ConnectIPPSSessionCommand : ConnectServiceCommand
{
    /// <inheritdoc/>
    [Parameter(Position = 0)]
    public override string? ConnectionUri { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 1)]
    public override string? AzureADAuthorizationEndpointUri { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 2)]
    public override string? DelegatedOrganization { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 3)]
    public override PSSessionOption? PSSessionOption { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 4)]
    public override string? Prefix { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 5)]
    public override string[] CommandName { get; set; } = { "*" };

    /// <inheritdoc/>
    [Parameter(Position = 6)]
    public override string[] FormatTypeName { get; set; } = { "*" };

    /// <summary>Without effect: what the original sends for it is not known.</summary>
    [Parameter]
    public SwitchParameter EnableSearchOnlySession { get; set; }

    /// <summary>The cloud of the organization, by name.</summary>
    [Parameter]
    public ExchangeEnvironment ExchangeEnvironmentName { get; set; }

    private protected override ConnectSettings Settings() => CommonSettings(measure: false) with
    {
        IsCompliance = true,
        Environment = IsBound(nameof(ExchangeEnvironmentName)) ? ExchangeEnvironmentName : null,
    };
}
