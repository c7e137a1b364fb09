using System.Management.Automation;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>Ends a run: the proxies call it after their last input.</summary>
[Cmdlet(VerbsLifecycle.Complete, "RemoteCommand")]
[OutputType(typeof(ErrorRecord))]
public sealed class CompleteRemoteCommand : RemoteCommandCmdlet
{
    /// <summary>The proxy.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public PSCmdlet Caller { get; set; } = null!;

    private protected override ProxyRun? Begin() => ProxyRun.Find(Caller);

    private protected override ErrorRecord? Run(ProxyRun run) => Complete(run);
}
