using System.Management.Automation;
using System.Management.Automation.Remoting;
using System.Security.Cryptography.X509Certificates;

namespace ExchangeOnlineManagement.Commands;

/// <summary>Connects to Exchange and brings its commands.</summary>
[Cmdlet(VerbsCommunications.Connect, "ExchangeOnline")]
public sealed class ConnectExchangeOnlineCommand : ConnectServiceCommand
{
    /// <inheritdoc/>
    [Parameter(Position = 0)]
    public override string? ConnectionUri { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 1)]
    public override string? AzureADAuthorizationEndpointUri { get; set; }

    /// <summary>The cloud of the organization, by name.</summary>
    [Parameter(Position = 2)]
    public ExchangeEnvironment ExchangeEnvironmentName { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 3)]
    public override PSSessionOption? PSSessionOption { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 4)]
    public override string? DelegatedOrganization { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 5)]
    public override string? Prefix { get; set; }

    /// <inheritdoc/>
    [Parameter(Position = 6)]
    public override string[] CommandName { get; set; } = { "*" };

    /// <inheritdoc/>
    [Parameter(Position = 7)]
    public override string[] FormatTypeName { get; set; } = { "*" };

    /// <summary>Asks for user and password in the console.</summary>
    [Parameter]
    public SwitchParameter InlineCredential { get; set; }

    /// <summary>Lets Get-Help say of the commands what the service declares, and where they are described.</summary>
    [Parameter]
    public SwitchParameter LoadCmdletHelp { get; set; }

    /// <summary>Most objects in a page of an answer.</summary>
    [Parameter]
    [ValidateRange(1, (int)LargestPage)]
    public uint PageSize { get; set; } = LargestPage;

    /// <summary>Shows how far connecting and importing is.</summary>
    [Parameter]
    public bool ShowProgress { get; set; } = true;

    /// <summary>Without effect: no script files are made that could be signed.</summary>
    [Parameter]
    public X509Certificate2? SigningCertificate { get; set; }

    /// <summary>Without effect: help is loaded only with LoadCmdletHelp.</summary>
    [Parameter]
    public SwitchParameter SkipLoadingCmdletHelp { get; set; }

    /// <summary>Without effect: format data comes with the module.</summary>
    [Parameter]
    public SwitchParameter SkipLoadingFormatData { get; set; }

    /// <summary>Shows while a command runs how many objects came in what time, and writes that to the log.</summary>
    [Parameter]
    public bool TrackPerformance { get; set; }

    /// <summary>Without effect: a command fetches the next page while the one before is read.</summary>
    [Parameter]
    public bool UseMultithreading { get; set; } = true;

    private protected override bool ProgressWanted => ShowProgress;

    private protected override ConnectSettings Settings() => CommonSettings(TrackPerformance) with
    {
        Environment = IsBound(nameof(ExchangeEnvironmentName)) ? ExchangeEnvironmentName : null,
        Credential = InlineCredential ? Credential ?? AskForCredential() : Credential,
        PageSize = IsBound(nameof(PageSize)) ? PageSize : null,
        LoadCmdletHelp = LoadCmdletHelp,
    };

    private PSCredential AskForCredential() =>
        Host.UI.PromptForCredential(string.Empty, "Enter the user name and the password.", UserPrincipalName, string.Empty)
        ?? throw new PipelineStoppedException();

    /// <summary>As many objects as the service puts into a page.</summary>
    internal const uint LargestPage = 1000;
}
