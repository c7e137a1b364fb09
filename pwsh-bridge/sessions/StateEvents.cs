using System;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using System.Threading;

namespace ExchangeOnlineManagement.Sessions;

/// <summary>
/// Keeps the end of a session behind the news that it is ending, for those who hear of both in PowerShell's events.
/// </summary>
/// <remarks>
/// PowerShell queues an event by a task of its pool. When a session ends as fast as a server on the same machine answers, the
/// task of "Closed" may overtake that of "Closing". The module that Import-PSSession makes takes itself away at "Closed": it
/// unregisters its event, and PowerShell waits there for the "Closing" that is queued behind, which waits for the one that
/// runs, for ever.
/// </remarks>
internal sealed class StateEvents
{
    /// <summary>To be called when the session has begun to close, after PowerShell has given "Closing" to its pool.</summary>
    internal void HasBegunToClose() => ThreadPool.QueueUserWorkItem(_ => _isTheirTurn.Set());

    /// <summary>Waits, where somebody subscribed to the states of a runspace, until the pool has come to "Closing" and behind it.</summary>
    internal void WaitForClosing(Runspace? runspace)
    {
        if (runspace is not null && HasSubscriber(runspace))
        {
            _isTheirTurn.Wait(LimitMilliseconds);
            // The pool has taken it up; this is for the rest of its way, and for compiling that.
            Thread.Sleep(PauseMilliseconds);
        }
    }

    /// <summary>Whether Register-ObjectEvent or Import-PSSession listens; true where that cannot be seen.</summary>
    private static bool HasSubscriber(Runspace runspace)
    {
        const BindingFlags Event = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        FieldInfo? listeners = runspace.GetType().GetField(nameof(Runspace.StateChanged), Event);
        return listeners is null
            || (listeners.GetValue(runspace) as Delegate)?.GetInvocationList().Any(one => one.Target is PSEventHandler) == true;
    }

    private const int PauseMilliseconds = 100;
    private const int LimitMilliseconds = 5000;

    private readonly ManualResetEventSlim _isTheirTurn = new();
}
