using System;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Threading;

using ExchangeOnlineManagement.Native;
using ExchangeOnlineManagement.Proxy;

namespace ExchangeOnlineManagement.Sessions;

/// <summary>
/// A connection as one of PowerShell's sessions, in which PowerShell runs what Invoke-Command is given, beside the
/// connection's own commands. Remove-PSSession ends the connection, and with the connection the session goes.
/// </summary>
/// <remarks>
/// The session has no part in the connection's shell but the commands that PowerShell runs in it: whatever becomes of it, only
/// its removal ends the connection.
/// </remarks>
internal sealed class ListedSession
{
    private ListedSession(PSEventManager events, PSEventSubscriber subscriber, ShellLink link, PSObject session)
    {
        _events = events;
        _subscriber = subscriber;
        _link = link;
        _session = session;
    }

    /// <summary>Lists the connection; where that does not work a warning says so, and the connection is as it was.</summary>
    /// <param name="cmdlet">The cmdlet that has made the connection.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="factory">Makes the session.</param>
    internal static void Open(PSCmdlet cmdlet, Connection connection, ISessionFactory factory)
    {
        Runspace? runspace = null;
        string problem;
        try
        {
            var link = new ShellLink(connection.Session.Relay());
            runspace = factory.CreateRunspace(
                link, new Uri(connection.Uri), AuthenticationMechanism.Basic, cmdlet.Host, arguments: null, $"ExchangeOnlineInternalSession_{connection.Number}");
            // All of it happens on this machine.
            using var overdue = new CancellationTokenSource(OpenMilliseconds);
            if (SessionOpening.Open(runspace, link, overdue.Token.WaitHandle, static _ => { }))
            {
                connection.Listed = List(cmdlet, connection, link, factory.CreateSession(runspace, ConfigurationName, cmdlet));
                return;
            }
            problem = runspace.RunspaceStateInfo.Reason?.Message ?? "PowerShell has not opened it";
        }
        catch (ExoException error)
        {
            problem = error.Message;
        }
        runspace?.Dispose();
        cmdlet.WriteWarning($"{connection.Name} is not in Get-PSSession: {problem}");
    }

    /// <summary>Takes the session out of the list, unless that was done; the connection has ended, or is about to.</summary>
    internal void Remove()
    {
        _link.Forgotten = null;
        _events.UnsubscribeEvent(_subscriber);
        ScriptBlock.Create(RemoveScript).Invoke(_session);
    }

    /// <summary>
    /// Lets the connection end when its session does: on the server at once, and its commands on the thread that runs commands, as
    /// with PowerShell's own modules.
    /// </summary>
    private static ListedSession List(PSCmdlet cmdlet, Connection connection, ShellLink link, PSObject session)
    {
        string source = $"{connection.Name} {Guid.NewGuid()}";
        PSEventManager events = cmdlet.Events;
        PSLanguageMode language = cmdlet.SessionState.LanguageMode;
        PSEventSubscriber subscriber;
        // In a constrained session too: it is this module's own code.
        cmdlet.SessionState.LanguageMode = PSLanguageMode.FullLanguage;
        try
        {
            subscriber = events.SubscribeEvent(
                source: null, eventName: null, source, PSObject.AsPSObject(connection), ScriptBlock.Create(EndScript), supportEvent: true,
                forwardEvent: false);
        }
        finally
        {
            cmdlet.SessionState.LanguageMode = language;
        }
        link.Forgotten = () =>
        {
            if (connection.TryClose())
            {
                events.GenerateEvent(source, connection, Array.Empty<object>(), null);
            }
        };
        return new ListedSession(events, subscriber, link, session);
    }

    private const string ConfigurationName = "Microsoft.Exchange";
    private const int OpenMilliseconds = 10_000;

    private const string EndScript = "$Event.MessageData.End()";

    private const string RemoveScript = """
        param($Session)
        Microsoft.PowerShell.Core\Remove-PSSession -Session $Session -Confirm:$false -WhatIf:$false
        """;

    private readonly PSEventManager _events;
    private readonly PSEventSubscriber _subscriber;
    private readonly ShellLink _link;
    private readonly PSObject _session;
}
