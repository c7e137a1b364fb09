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
internal static class ListedSession
{
    /// <summary>Lists the connection.</summary>
    /// <param name="cmdlet">The cmdlet that has made the connection.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="factory">Makes the session.</param>
    internal static void Open(PSCmdlet cmdlet, Connection connection, ISessionFactory factory)
    {
        var link = new ShellLink(connection.Session.Relay());
        Runspace? runspace = null;
        try
        {
            runspace = factory.CreateRunspace(
                link, new Uri(connection.Uri), AuthenticationMechanism.Basic, cmdlet.Host, arguments: null, $"ExchangeOnlineInternalSession_{connection.Number}");
            // All of it happens on this machine.
            using var never = new ManualResetEventSlim();
            if (!SessionOpening.Open(runspace, link, never.WaitHandle, static _ => { }))
            {
                cmdlet.WriteWarning($"{connection.Name} is not in Get-PSSession: {runspace.RunspaceStateInfo.Reason?.Message}");
                return;
            }
            connection.Listed = factory.CreateSession(runspace, ConfigurationName, cmdlet);
            EndWith(cmdlet, runspace, connection);
            runspace = null;
        }
        finally
        {
            runspace?.Dispose();
        }
    }

    /// <summary>Takes the session of a connection that has ended out of the list.</summary>
    internal static void Remove(Connection connection)
    {
        if (connection.Listed is { } session)
        {
            connection.Listed = null;
            ScriptBlock.Create(RemoveScript).Invoke(session);
        }
    }

    /// <summary>Lets the connection end when its session does, on the thread that runs commands, as PowerShell's own modules do.</summary>
    private static void EndWith(PSCmdlet cmdlet, Runspace runspace, Connection connection)
    {
        PSLanguageMode language = cmdlet.SessionState.LanguageMode;
        // In a constrained session too: it is this module's own code.
        cmdlet.SessionState.LanguageMode = PSLanguageMode.FullLanguage;
        try
        {
            cmdlet.Events.SubscribeEvent(
                runspace, nameof(Runspace.StateChanged), $"{connection.Name} {runspace.InstanceId}", PSObject.AsPSObject(connection),
                ScriptBlock.Create(EndScript), supportEvent: true, forwardEvent: false);
        }
        finally
        {
            cmdlet.SessionState.LanguageMode = language;
        }
    }

    private const string ConfigurationName = "Microsoft.Exchange";

    private const string EndScript = """
        if ($EventArgs.RunspaceStateInfo.State -eq 'Closed') {
            Microsoft.PowerShell.Utility\Unregister-Event -SubscriptionId $EventSubscriber.SubscriptionId -Force
            $Event.MessageData.End()
        }
        """;

    private const string RemoveScript = """
        param($Session)
        Microsoft.PowerShell.Core\Remove-PSSession -Session $Session -Confirm:$false -WhatIf:$false
        """;
}
