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
public sealed class DisconnectExchangeOnlineCommand : PSCmdlet
{
    /// <summary>Which connections, by their id.</summary>
    [Parameter(ParameterSetName = ById, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] ConnectionId { get; set; } = Array.Empty<string>();

    /// <summary>Which connections, by the prefix of their commands.</summary>
    [Parameter(ParameterSetName = ByPrefix, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string[] ModulePrefix { get; set; } = Array.Empty<string>();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        Connections connections = Connections.Of(Runspace.DefaultRunspace);
        List<Connection> chosen = Choose(connections.Snapshot());
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
            connections.Remove(connection);
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
        }
        // What came later had taken the names of what came before.
        foreach (Connection left in connections.Snapshot())
        {
            ProxyModule.Show(left);
        }
        Say("Disconnected successfully !");
    }

    private List<Connection> Choose(Connection[] open)
    {
        if (ParameterSetName == All)
        {
            return new List<Connection>(open);
        }
        var chosen = new List<Connection>();
        foreach (string wanted in ParameterSetName == ById ? ConnectionId : ModulePrefix)
        {
            Connection[] found = Array.FindAll(open, connection => string.Equals(
                ParameterSetName == ById ? connection.Id.ToString() : connection.Prefix,
                wanted, StringComparison.OrdinalIgnoreCase));
            if (found.Length == 0)
            {
                string what = ParameterSetName == ById ? "id" : "prefix";
                WriteError(new ErrorRecord(
                    new ItemNotFoundException($"There is no connection with the {what} '{wanted}' in this session."),
                    "ConnectionNotFound", ErrorCategory.ObjectNotFound, wanted));
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
    private const string ById = "ConnectionId";
    private const string ByPrefix = "ModulePrefix";
    private const uint CloseMilliseconds = 30_000;
}
