using System;
using System.Collections.Generic;

namespace ExchangeOnlineManagement.Commands;

/// <summary>Parameters of the original that change nothing here. Scripts may give them; -Verbose says why they do not matter.</summary>
internal static class IgnoredParameters
{
    /// <summary>Says a sentence for each that was given.</summary>
    internal static void Mention(IDictionary<string, object> bound, Action<string> say)
    {
        foreach ((string name, string reason) in s_reasons)
        {
            if (bound.ContainsKey(name))
            {
                say($"-{name} changes nothing: {reason}.");
            }
        }
    }

    private static readonly (string Name, string Reason)[] s_reasons =
    {
        ("DisableWAM", "there is no Windows broker to leave out"),
        ("EnableSearchOnlySession", "what the original sends for it is not known, and the service decides whether the commands of content search may run"),
        ("EXOModuleBasePath", "the module with the commands is made in memory"),
        ("FormatTypeName", "the views come with the module"),
        ("SigningCertificate", "no script file is made that would have to be signed"),
        ("SkipLoadingCmdletHelp", "help is loaded only with -LoadCmdletHelp"),
        ("SkipLoadingFormatData", "the views come with the module"),
        ("UseMultithreading", "the next page is fetched while the one before is read, whatever it says"),
    };
}
