using System;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

using ExchangeOnlineManagement.Proxy;

namespace ExchangeOnlineManagement.Commands;

/// <summary>Shows the connections of this runspace.</summary>
[Cmdlet(VerbsCommon.Get, "ConnectionInformation", DefaultParameterSetName = All)]
[OutputType(typeof(ConnectionInformation))]
public sealed class GetConnectionInformationCommand : PSCmdlet
{
    /// <summary>Which connections, by their id.</summary>
    [Parameter(ParameterSetName = ById, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string[] ConnectionId { get; set; } = Array.Empty<string>();

    /// <summary>Which connections, by the prefix of their commands.</summary>
    [Parameter(ParameterSetName = ByPrefix, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string[] ModulePrefix { get; set; } = Array.Empty<string>();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        Connection[] open = Connections.Of(Runspace.DefaultRunspace).Snapshot();
        for (int index = 0; index < open.Length; index++)
        {
            if (IsWanted(open[index]))
            {
                WriteObject(new ConnectionInformation(open[index], isLast: index == open.Length - 1));
            }
        }
    }

    private bool IsWanted(Connection connection) => ParameterSetName switch
    {
        ById => IsAmong(ConnectionId, connection.Id.ToString()),
        ByPrefix => IsAmong(ModulePrefix, connection.Prefix),
        _ => true,
    };

    private static bool IsAmong(string[] wanted, string own) =>
        Array.Exists(wanted, one => string.Equals(one, own, StringComparison.OrdinalIgnoreCase));

    private const string All = "Default";
    private const string ById = "ConnectionId";
    private const string ByPrefix = "ModulePrefix";
}
