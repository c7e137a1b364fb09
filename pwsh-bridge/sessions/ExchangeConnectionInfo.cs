using System;
using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Management.Automation.Remoting.Client;
using System.Management.Automation.Runspaces;

namespace ExchangeOnlineManagement.Sessions;

/// <summary>With whom a session is; <c>$session.Runspace.ConnectionInfo</c> gives it.</summary>
public sealed class ExchangeConnectionInfo : RunspaceConnectionInfo
{
    internal ExchangeConnectionInfo(ShellLink link, Audience audience, Uri uri, AuthenticationMechanism authentication)
    {
        _link = link;
        _audience = audience;
        ConnectionUri = uri;
        _computerName = uri.Host;
        AuthenticationMechanism = authentication;
    }

    /// <summary>The address asked for.</summary>
    public Uri ConnectionUri { get; }

    /// <inheritdoc/>
    public override string ComputerName
    {
        get => _computerName;
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// None: the module keeps what it needs to open the session again, and a module made by Import-PSSession would ask for
    /// what it finds here.
    /// </summary>
    public override PSCredential? Credential
    {
        get => null;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override AuthenticationMechanism AuthenticationMechanism { get; set; }

    /// <inheritdoc/>
    public override string CertificateThumbprint { get; set; } = string.Empty;

    /// <inheritdoc/>
    public override RunspaceConnectionInfo Clone() => (RunspaceConnectionInfo)MemberwiseClone();

    /// <inheritdoc/>
    public override BaseClientSessionTransportManager CreateClientSessionTransportManager(
        Guid instanceId, string sessionName, PSRemotingCryptoHelper cryptoHelper) =>
        new ExchangeTransport(_link, _audience, instanceId, cryptoHelper);

    private readonly ShellLink _link;
    private readonly Audience _audience;
    private readonly string _computerName;
}
