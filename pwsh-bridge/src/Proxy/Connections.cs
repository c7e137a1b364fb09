using System.Collections.Generic;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

using ExchangeOnlineManagement.Native;

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

    internal void Remove(Connection connection)
    {
        lock (_open)
        {
            _open.Remove(connection);
        }
    }

    /// <summary>Closes everything; what the server does not confirm in time is given up.</summary>
    internal void CloseAll()
    {
        foreach (Connection connection in Snapshot())
        {
            Remove(connection);
            try
            {
                connection.Close(LeaveMilliseconds);
            }
            catch (ExoException)
            {
                // The runspace goes away; there is nobody to tell.
            }
        }
    }

    private const uint LeaveMilliseconds = 2000;

    private readonly List<Connection> _open = new();
    private int _made;

    private static readonly ConditionalWeakTable<Runspace, Connections> s_all = new();
}
