using System;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

using ExchangeOnlineManagement.Proxy;

namespace ExchangeOnlineManagement.Commands;

/// <summary>Shows the connections of this runspace.</summary>
[Cmdlet(VerbsCommon.Get, "ConnectionInformation", DefaultParameterSetName = All)]
[OutputType(typeof(ConnectionInformation))]
public sealed class GetConnectionInformationCommand : ConnectionsCommand
{
    /// <inheritdoc/>
    [Parameter(ParameterSetName = ById, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public override string[] ConnectionId { get; set; } = Array.Empty<string>();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        Connection[] open = Connections.Of(Runspace.DefaultRunspace).Settled();
        for (int index = 0; index < open.Length; index++)
        {
            Connection connection = open[index];
            if (Wanted is not { } wanted || Array.Exists(wanted.Names, name => IsCalled(connection, name)))
            {
                WriteObject(new ConnectionInformation(connection, isLast: index == open.Length - 1));
            }
        }
    }

    private const string All = "Default";
}
