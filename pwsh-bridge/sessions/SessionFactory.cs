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
        var audience = new Audience();
        var info = new ExchangeConnectionInfo(link, audience, uri, authentication);
        // Without the types Import-PSSession cannot read what the server says of formats.
        Runspace runspace = RunspaceFactory.CreateRunspace(info, host, TypeTable.LoadDefaultTypeFiles(), arguments, name);
        audience.Runspace = runspace;
        return runspace;
    }

    /// <inheritdoc/>
    public PSObject CreateSession(Runspace runspace, string configurationName, PSCmdlet owner)
    {
        var session = new PSObject(PSSession.Create(runspace, "WSMan", owner));
        // PowerShell knows it of its own kinds of session only.
        session.Properties.Add(new PSNoteProperty("ConfigurationName", configurationName));
        return session;
    }
}
