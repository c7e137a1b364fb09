using System.Management.Automation;
using System.Security.Cryptography.X509Certificates;

namespace ExchangeOnlineManagement.Commands;

/// <summary>Connects to Exchange and brings its commands.</summary>
[Cmdlet(VerbsCommunications.Connect, "ExchangeOnline")]
public sealed class ConnectExchangeOnlineCommand : ConnectCommand
{
    /// <inheritdoc/>
    [Parameter(Position = 0)]
    public override string? ConnectionUri { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 1)]
    public override string? AzureADAuthorizationEndpointUri { get; set; }

    /// <summary>The cloud.</summary>
    [Parameter(Position = 2)]
    public ExchangeEnvironment ExchangeEnvironmentName { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 4)]
    public override string? DelegatedOrganization { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 5)]
    public override string? Prefix { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 6)]
    public override string[]? CommandName { get; set; }

    /// <summary>Shows how far the import is.</summary>
    [Parameter]
    public bool ShowProgress { get; set; } = true;

    /// <summary>Most objects in a page of an answer.</summary>
    [Parameter]
    [ValidateRange(1, (int)LargestPage)]
    public uint PageSize { get; set; } = LargestPage;

    /// <summary>Without effect: no command of this module works in parallel.</summary>
    [Parameter]
    public bool UseMultithreading { get; set; } = true;

    /// <summary>Without effect: no script files are made that could be signed.</summary>
    [Parameter]
    public X509Certificate2? SigningCertificate { get; set; }

    /// <summary>Without effect: help is not loaded.</summary>
    [Parameter]
    public SwitchParameter SkipLoadingCmdletHelp { get; set; }

    /// <summary>Without effect: format data is not loaded.</summary>
    [Parameter]
    public SwitchParameter SkipLoadingFormatData { get; set; }

    private protected override string Service => "exchange";

    private protected override string Kind => "ExchangeOnline";

    private protected override ExchangeEnvironment? Environment =>
        MyInvocation.BoundParameters.ContainsKey(nameof(ExchangeEnvironmentName)) ? ExchangeEnvironmentName : null;

    private protected override uint? WantedPageSize =>
        MyInvocation.BoundParameters.ContainsKey(nameof(PageSize)) ? PageSize : null;

    private protected override bool ProgressWanted => ShowProgress;
}
