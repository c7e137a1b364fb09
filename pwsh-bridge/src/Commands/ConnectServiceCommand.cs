using System;
using System.Management.Automation;
using System.Management.Automation.Remoting;
using System.Security;
using System.Security.Cryptography.X509Certificates;

namespace ExchangeOnlineManagement.Commands;

/// <summary>The parameters that Connect-ExchangeOnline and Connect-IPPSSession have in common.</summary>
public abstract class ConnectServiceCommand : ConnectCommand
{
    /// <summary>The endpoint; without it the environment's own.</summary>
    public abstract string? ConnectionUri { get; set; }

    /// <summary>Where to sign in; without it the environment's own.</summary>
    public abstract string? AzureADAuthorizationEndpointUri { get; set; }

    /// <summary>Proxy, time limits and sizes, from New-PSSessionOption.</summary>
    public abstract PSSessionOption? PSSessionOption { get; set; }

    /// <summary>The customer's domain, when a partner administers it.</summary>
    public abstract string? DelegatedOrganization { get; set; }

    /// <summary>What to put before the nouns of the commands.</summary>
    public abstract string? Prefix { get; set; }

    /// <summary>Which commands to import; wildcards allowed.</summary>
    public abstract string[] CommandName { get; set; }

    /// <summary>Which types' views to import.</summary>
    public abstract string[] FormatTypeName { get; set; }

    /// <summary>A token that the caller already has.</summary>
    [Parameter]
    public string? AccessToken { get; set; }

    /// <summary>The application that signs in with a certificate.</summary>
    [Parameter]
    public string? AppId { get; set; }

    /// <summary>Does not tell the server whose mailbox server to choose.</summary>
    [Parameter]
    public SwitchParameter BypassMailboxAnchoring { get; set; }

    /// <summary>The certificate of the application, with its key.</summary>
    [Parameter]
    public X509Certificate2? Certificate { get; set; }

    /// <summary>The file with the certificate of the application and its key.</summary>
    [Parameter]
    public string? CertificateFilePath { get; set; }

    /// <summary>The password of that file.</summary>
    [Parameter]
    public SecureString? CertificatePassword { get; set; }

    /// <summary>The certificate of the application, by its thumbprint in the user's store.</summary>
    [Parameter]
    public string? CertificateThumbprint { get; set; }

    /// <summary>User and password. The object stays as it is and can serve for the next connection.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>Sign in with a code that is entered in a browser, on this or another device.</summary>
    [Parameter]
    public SwitchParameter Device { get; set; }

    /// <summary>Without effect: there is no Windows broker to leave out.</summary>
    [Parameter]
    public SwitchParameter DisableWAM { get; set; }

    /// <summary>Writes a line for each command that fails to the log.</summary>
    [Parameter]
    public SwitchParameter EnableErrorReporting { get; set; }

    /// <summary>Without effect: the module with the commands is made in memory.</summary>
    [Parameter]
    public string? EXOModuleBasePath { get; set; }

    /// <summary>The folder of the log.</summary>
    [Parameter]
    public string? LogDirectoryPath { get; set; }

    /// <summary>Which commands the log has lines for.</summary>
    [Parameter]
    public LogLevel LogLevel { get; set; }

    /// <summary>Sign in as the managed identity of the machine.</summary>
    [Parameter]
    public SwitchParameter ManagedIdentity { get; set; }

    /// <summary>Which of the machine's managed identities, by its client id.</summary>
    [Parameter]
    public string? ManagedIdentityAccountId { get; set; }

    /// <summary>The domain of the tenant that an application or a managed identity administers.</summary>
    [Parameter]
    public string? Organization { get; set; }

    /// <summary>Shows a few words of welcome.</summary>
    [Parameter]
    public SwitchParameter ShowBanner { get; set; } = true;

    /// <summary>The account that signs in.</summary>
    [Parameter]
    public string? UserPrincipalName { get; set; }

    /// <summary>Speaks remote PowerShell where the service would be asked over REST.</summary>
    [Parameter]
    public SwitchParameter UseRPSSession { get; set; }

    private protected sealed override bool BannerWanted => ShowBanner;

    private protected bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <summary>What both have in common of what was asked for.</summary>
    /// <param name="measure">Whether the log has the times and sizes too.</param>
    private protected ConnectSettings CommonSettings(bool measure) => new()
    {
        ConnectionUri = ConnectionUri,
        Authority = AzureADAuthorizationEndpointUri,
        DelegatedOrganization = DelegatedOrganization,
        UserPrincipalName = UserPrincipalName,
        Credential = Credential,
        Device = Device,
        AccessToken = AccessToken,
        Certificate = Certificate,
        CertificateFilePath = string.IsNullOrEmpty(CertificateFilePath)
            ? null
            : PathOf(CertificateFilePath, nameof(CertificateFilePath)),
        CertificatePassword = CertificatePassword,
        CertificateThumbprint = CertificateThumbprint,
        AppId = AppId,
        Organization = Organization,
        ManagedIdentity = ManagedIdentity,
        ManagedIdentityAccountId = ManagedIdentityAccountId,
        Prefix = Prefix ?? string.Empty,
        CommandName = CommandName ?? Array.Empty<string>(),
        SessionOption = PSSessionOption,
        BypassMailboxAnchoring = BypassMailboxAnchoring,
        UseRPSSession = UseRPSSession,
        Log = OpenLog(
            EnableErrorReporting || measure || IsBound(nameof(LogDirectoryPath)) || IsBound(nameof(LogLevel)),
            LogDirectoryPath, LogLevel, measure),
        TrackPerformance = measure,
    };
}
