using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

using ExchangeOnlineManagement.Native;
using ExchangeOnlineManagement.Proxy;
using ExchangeOnlineManagement.Records;

namespace ExchangeOnlineManagement.Commands;

/// <summary>Ends connections of this runspace and takes their commands away.</summary>
[Cmdlet(
    VerbsCommunications.Disconnect, "ExchangeOnline",
    SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = All)]
public sealed class DisconnectExchangeOnlineCommand : ConnectionsCommand
{
    /// <inheritdoc/>
    [Parameter(ParameterSetName = ById, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public override string[] ConnectionId { get; set; } = Array.Empty<string>();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        Connections connections = Connections.Of(Runspace.DefaultRunspace);
        List<Connection> chosen = Choose(connections.Settled());
        string whom = ParameterSetName == All
            ? "all sessions made by Connect-ExchangeOnline and Connect-IPPSSession"
            : string.Join(", ", chosen.ConvertAll(connection => connection.Name));
        if (whom.Length == 0
            || !ShouldProcess(
                $"Ends {whom}.",
                $"Running this cmdlet ends {whom} and removes their commands. Do you want to continue?",
                "Confirm"))
        {
            return;
        }
        foreach (Connection connection in chosen)
        {
            if (!connections.Remove(connection))
            {
                // It went with its session meanwhile.
                continue;
            }
            ProxyModule.Remove(connection);
            try
            {
                connection.Close(CloseMilliseconds);
                Say($"Removed the session '{connection.Name}' connected to {HostOf(connection)}");
            }
            catch (ExoException error)
            {
                WriteError(error.ToRecord(connection.Name));
            }
            connection.Listed?.Remove();
        }
        connections.Show();
        Say("Disconnected successfully !");
    }

    private List<Connection> Choose(Connection[] open)
    {
        if (Wanted is not { } wanted)
        {
            return new List<Connection>(open);
        }
        var chosen = new List<Connection>();
        foreach (string name in wanted.Names)
        {
            Connection[] found = Array.FindAll(open, connection => IsCalled(connection, name));
            if (found.Length == 0)
            {
                WriteError(new ErrorRecord(
                    new ItemNotFoundException($"There is no connection with the {wanted.What} '{name}' in this session."),
                    "ConnectionNotFound", ErrorCategory.ObjectNotFound, name));
            }
            chosen.AddRange(found);
        }
        return chosen;
    }

    private static string HostOf(Connection connection) =>
        Uri.TryCreate(connection.Uri, UriKind.Absolute, out Uri? uri) ? uri.Host : connection.Uri;

    private void Say(string text) =>
        WriteInformation(new HostInformationMessage { Message = text }, new[] { "PSHOST" });

    private const string All = "DefaultParameterSet";
    private const uint CloseMilliseconds = 30_000;
}
