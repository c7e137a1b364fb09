using System.Management.Automation;
using System.Management.Automation.Runspaces;

using ExchangeOnlineManagement.Native;
using ExchangeOnlineManagement.Proxy;
using ExchangeOnlineManagement.Sessions;

namespace ExchangeOnlineManagement;

/// <summary>What happens when the module goes.</summary>
public sealed class OnRemove : IModuleAssemblyCleanup
{
    /// <summary>Closes what this runspace has open; the native threads end when no other has anything open.</summary>
    void IModuleAssemblyCleanup.OnRemove(PSModuleInfo psModuleInfo)
    {
        if (Runspace.DefaultRunspace is { } runspace)
        {
            Connections connections = Connections.Of(runspace);
            Connection[] open = connections.Snapshot();
            foreach (Connection connection in open)
            {
                ProxyModule.Remove(connection);
            }
            connections.CloseAll();
            foreach (Connection connection in open)
            {
                connection.Listed?.Remove();
            }
        }
        // Sessions of New-PSSession are PowerShell's, and go on.
        if (NativeLoader.IsLoaded && !Connections.Any() && !ShellLink.Any)
        {
            try
            {
                NativeSession.Shutdown(ShutdownMilliseconds);
            }
            catch (ExoException)
            {
                // Nobody is left who could use what did not end in time.
            }
        }
    }

    private const uint ShutdownMilliseconds = 2000;
}
