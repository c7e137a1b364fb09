using System;
using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Remoting;
using System.Management.Automation.Runspaces;

namespace ExchangeOnlineManagement.Sessions;

/// <summary>What New-PSSession was asked for.</summary>
internal sealed record SessionSettings
{
    internal required Uri ConnectionUri { get; init; }

    internal required string ConfigurationName { get; init; }

    internal PSCredential? Credential { get; init; }

    internal AuthenticationMechanism Authentication { get; init; }

    internal bool AllowRedirection { get; init; }

    internal PSSessionOption? SessionOption { get; init; }

    /// <summary>Whether an address is one of Exchange's, by its host or its path.</summary>
    internal static bool IsExchange(Uri uri) =>
        uri.AbsolutePath.StartsWith("/powershell", StringComparison.OrdinalIgnoreCase)
        || Array.Exists(s_hosts, host => uri.Host.EndsWith(host, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// The arguments that go to the server with the session. A module made by Import-PSSession keeps them, and gives them to
    /// New-PSSession when it wants its lost session again: by one of them the session is known.
    /// </summary>
    internal PSPrimitiveDictionary Remembered()
    {
        var arguments = new PSPrimitiveDictionary();
        if (SessionOption?.ApplicationArguments is { } given)
        {
            foreach (string key in given.Keys)
            {
                arguments[key] = given[key];
            }
        }
        string id = Guid.NewGuid().ToString();
        s_opened[id] = this;
        arguments[Key] = id;
        return arguments;
    }

    /// <summary>The settings of the session that these options are of; null when they are of none.</summary>
    internal static SessionSettings? OfLost(PSSessionOption? option) =>
        option?.ApplicationArguments?[Key] is string id && s_opened.TryGetValue(id, out SessionSettings? lost) ? lost : null;

    private const string Key = "ExchangeSession";

    private static readonly ConcurrentDictionary<string, SessionSettings> s_opened = new();

    private static readonly string[] s_hosts =
    {
        "outlook.office365.com", "outlook.office365.us", "outlook.office.de", "partner.outlook.cn", "webmail.apps.mil",
        ".protection.outlook.com", ".protection.outlook.de", ".protection.office365.us", ".protection.partner.outlook.cn",
    };
}
