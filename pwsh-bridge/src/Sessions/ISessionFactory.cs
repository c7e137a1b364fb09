using System;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;

namespace ExchangeOnlineManagement.Sessions;

/// <summary>
/// Makes sessions of PowerShell's own kind over a <see cref="ShellLink"/>. What that takes has been in PowerShell since 7.3
/// and is in an assembly of its own, <c>ExchangeOnlineManagement.Sessions</c>.
/// </summary>
public interface ISessionFactory
{
    /// <summary>A runspace on the other side of a link; nothing is sent before it is opened.</summary>
    /// <param name="link">The way to the server.</param>
    /// <param name="uri">Whom the session shows as its computer.</param>
    /// <param name="authentication">How the session shows that its user signed in.</param>
    /// <param name="host">Who answers questions.</param>
    /// <param name="arguments">What the other side is told of this one; null for nothing.</param>
    /// <param name="name">The session's name; null for PowerShell's choice.</param>
    Runspace CreateRunspace(
        ShellLink link, Uri uri, AuthenticationMechanism authentication, PSHost host, PSPrimitiveDictionary? arguments, string? name);

    /// <summary>The session of an open runspace, a <see cref="PSSession"/> as Get-PSSession shows it from now on.</summary>
    /// <param name="runspace">The runspace.</param>
    /// <param name="configurationName">The configuration that it shows.</param>
    /// <param name="owner">A cmdlet of the runspace that is to list it.</param>
    PSObject CreateSession(Runspace runspace, string configurationName, PSCmdlet owner);
}
