using System.Management.Automation;

namespace ExchangeOnlineManagement.Commands;

/// <summary>Connects to Security &amp; Compliance, or to standalone Exchange Online Protection, and brings its commands.</summary>
[Cmdlet(VerbsCommunications.Connect, "IPPSSession")]
public sealed class ConnectIPPSSessionCommand : ConnectCommand
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
    [Parameter(Position = 4)]
    public override string? Prefix { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 5)]
    public override string[]? CommandName { get; set; }

    private protected override string Service => Compliance;

    private protected override string Kind => "ExchangeOnlineProtection";
}
