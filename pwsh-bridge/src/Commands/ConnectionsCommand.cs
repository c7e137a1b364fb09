using System;
using System.Management.Automation;

using ExchangeOnlineManagement.Proxy;

namespace ExchangeOnlineManagement.Commands;

/// <summary>What is about connections of this runspace: all of them, or those with an id or a prefix.</summary>
public abstract class ConnectionsCommand : PSCmdlet
{
    /// <summary>Which connections, by their id.</summary>
    public abstract string[] ConnectionId { get; set; }

    /// <summary>Which connections, by the prefix of their commands.</summary>
    [Parameter(ParameterSetName = ByPrefix, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string[] ModulePrefix { get; set; } = Array.Empty<string>();

    /// <summary>What was asked for by, and those asked for; null for all connections.</summary>
    private protected (string What, string[] Names)? Wanted => ParameterSetName switch
    {
        ById => ("id", ConnectionId),
        ByPrefix => ("prefix", ModulePrefix),
        _ => null,
    };

    /// <summary>Whether the connection is the one asked for.</summary>
    private protected bool IsCalled(Connection connection, string name) => string.Equals(
        ParameterSetName == ById ? connection.Id.ToString() : connection.Prefix, name, StringComparison.OrdinalIgnoreCase);

    private protected const string ById = "ConnectionId";
    private protected const string ByPrefix = "ModulePrefix";
}
