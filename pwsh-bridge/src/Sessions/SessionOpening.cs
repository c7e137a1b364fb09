using System;
using System.Management.Automation.Runspaces;
using System.Threading;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Sessions;

/// <summary>Opens the runspace behind a session.</summary>
internal static class SessionOpening
{
    /// <summary>Opens it and waits until it stands, has failed, or is not wanted any more.</summary>
    /// <param name="runspace">The runspace, which nobody has opened.</param>
    /// <param name="link">Its link.</param>
    /// <param name="stopped">Set when it is not wanted any more.</param>
    /// <param name="tell">Told what happens.</param>
    /// <returns>Whether it stands.</returns>
    internal static bool Open(Runspace runspace, ShellLink link, WaitHandle stopped, Action<LinkNews> tell)
    {
        using var changed = new ManualResetEventSlim();
        void Note(object? sender, RunspaceStateEventArgs change)
        {
            if (change.RunspaceStateInfo.State is RunspaceState.Opened or RunspaceState.Broken or RunspaceState.Closed)
            {
                changed.Set();
            }
        }
        runspace.StateChanged += Note;
        try
        {
            runspace.OpenAsync();
            link.Listen();
            WaitHandle[] handles = { changed.WaitHandle, stopped, link.HasNews };
            int which;
            do
            {
                which = WaitHandle.WaitAny(handles);
                while (link.News.TryDequeue(out LinkNews? news))
                {
                    tell(news);
                }
            }
            while (which == 2);
            return runspace.RunspaceStateInfo.State == RunspaceState.Opened;
        }
        finally
        {
            runspace.StateChanged -= Note;
        }
    }
}
