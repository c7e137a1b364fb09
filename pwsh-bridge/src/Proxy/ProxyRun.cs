using System.Management.Automation;
using System.Runtime.CompilerServices;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>One run of a proxy with all its piped inputs.</summary>
internal sealed class ProxyRun
{
    private ProxyRun(PSCmdlet proxy) => _proxy = proxy;

    internal static ProxyRun Of(PSCmdlet proxy) => s_all.GetValue(proxy, static proxy => new ProxyRun(proxy));

    /// <summary>Whether any input led to an error.</summary>
    internal bool HadErrors { get; set; }

    /// <summary>Asks unless that was answered for all; the place of the choice taken: 0 is yes, 2 is no.</summary>
    internal int Ask(string question, string caption) =>
        _proxy.ShouldContinue(question, caption, ref _yesToAll, ref _noToAll) ? Yes : No;

    private const int Yes = 0;
    private const int No = 2;

    private readonly PSCmdlet _proxy;
    private bool _yesToAll;
    private bool _noToAll;

    private static readonly ConditionalWeakTable<PSCmdlet, ProxyRun> s_all = new();
}
