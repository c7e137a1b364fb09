using System;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;

namespace ExchangeOnlineManagement.Sessions;

/// <summary>Makes sessions of PowerShell's own kind over a link.</summary>
public sealed class SessionFactory : ISessionFactory
{
    /// <inheritdoc/>
    public Runspace CreateRunspace(
        ShellLink link, Uri uri, AuthenticationMechanism authentication, PSHost host, PSPrimitiveDictionary? arguments, string? name)
    {
        var info = new ExchangeConnectionInfo(link, uri, authentication);
        // Without the types Import-PSSession cannot read what the server says of formats.
        return RunspaceFactory.CreateRunspace(info, host, TypeTable.LoadDefaultTypeFiles(), arguments, name);
    }

    /// <inheritdoc/>
    public PSSession CreateSession(Runspace runspace, PSCmdlet owner) => PSSession.Create(runspace, "WSMan", owner);
}
