using System.Collections.Generic;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>The connections of one runspace. Runspaces know nothing of each other's.</summary>
internal sealed class Connections
{
    /// <summary>The connections of <paramref name="runspace"/>; they are closed when it is.</summary>
    internal static Connections Of(Runspace runspace) => s_all.GetValue(runspace, static owner =>
    {
        var made = new Connections();
        owner.StateChanged += (_, change) =>
        {
            if (change.RunspaceStateInfo.State is RunspaceState.Closed or RunspaceState.Closing or RunspaceState.Broken)
            {
                made.CloseAll();
            }
        };
        return made;
    });

    /// <summary>Whether any runspace has a connection.</summary>
    internal static bool Any()
    {
        foreach (KeyValuePair<Runspace, Connections> entry in s_all)
        {
            if (entry.Value.Snapshot().Length != 0)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Those there are now, in the order they were made.</summary>
    internal Connection[] Snapshot()
    {
        lock (_open)
        {
            return _open.ToArray();
        }
    }

    /// <summary>The next free number, as in <c>ExchangeOnline_1</c>.</summary>
    internal int NextNumber()
    {
        lock (_open)
        {
            return ++_made;
        }
    }

    internal void Add(Connection connection)
    {
        lock (_open)
        {
            _open.Add(connection);
        }
    }

    /// <summary>
    /// Those there are now, for the thread that runs commands: one whose session of PowerShell's was removed is not among them,
    /// also when the word of that is still on its way.
    /// </summary>
    internal Connection[] Settled()
    {
        foreach (Connection connection in Snapshot())
        {
            if (connection.IsClosed)
            {
                connection.End();
            }
        }
        return Snapshot();
    }

    /// <summary>Takes a connection away; gives whether it was there.</summary>
    internal bool Remove(Connection connection)
    {
        lock (_open)
        {
            return _open.Remove(connection);
        }
    }

    /// <summary>Shows the commands of those that are left: what came later had taken the names of what came before.</summary>
    internal void Show()
    {
        foreach (Connection connection in Snapshot())
        {
            ProxyModule.Show(connection);
        }
    }

    /// <summary>Closes everything; what the server does not confirm in time is given up.</summary>
    internal void CloseAll()
    {
        foreach (Connection connection in Snapshot())
        {
            Remove(connection);
            connection.TryClose();
        }
    }

    private readonly List<Connection> _open = new();
    private int _made;

    private static readonly ConditionalWeakTable<Runspace, Connections> s_all = new();
}
