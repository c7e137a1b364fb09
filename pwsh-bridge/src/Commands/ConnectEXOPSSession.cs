using System.Management.Automation;
using System.Management.Automation.Remoting;

namespace ExchangeOnlineManagement.Commands;

/// <summary>The command of the first Exchange Online module (V1, for multi-factor authentication).</summary>
[Cmdlet(VerbsCommunications.Connect, "EXOPSSession")]
public sealed class ConnectEXOPSSessionCommand : ConnectCommand
{
    /// <summary>The endpoint.</summary>
    [Parameter(Position = 0)]
    public string? ConnectionUri { get; set; }

    /// <summary>Where to sign in.</summary>
    [Parameter(Position = 1)]
    public string? AzureADAuthorizationEndPointUri { get; set; }

    /// <summary>The account that signs in.</summary>
    [Parameter(Position = 2)]
    public string? UserPrincipalName { get; set; }

    /// <summary>Proxy, time limits and sizes, from New-PSSessionOption.</summary>
    [Parameter(Position = 3)]
    public PSSessionOption? PSSessionOption { get; set; }

    /// <summary>User and password.</summary>
    [Parameter(Position = 4)]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>The customer's domain, when a partner administers it.</summary>
    [Parameter(Position = 5)]
    public string? DelegatedOrganization { get; set; }

    /// <summary>Does not tell the server whose mailbox server to choose.</summary>
    [Parameter]
    public SwitchParameter BypassMailboxAnchoring { get; set; }

    private protected override bool BannerWanted => false;

    private protected override ConnectSettings Settings() => new()
    {
        ConnectionUri = ConnectionUri,
        Authority = AzureADAuthorizationEndPointUri,
        UserPrincipalName = UserPrincipalName,
        SessionOption = PSSessionOption,
        Credential = Credential,
        DelegatedOrganization = DelegatedOrganization,
        BypassMailboxAnchoring = BypassMailboxAnchoring,
        // Its scripts end it with Get-PSSession | Remove-PSSession.
        IsAlwaysListed = true,
    };
}
