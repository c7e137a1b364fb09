using System.Collections.Generic;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>A command that the account may run on the server, and its parameters.</summary>
/// <remarks>
/// What a server says about its commands is not trusted: names that could be anything but names are refused, and of a
/// parameter's type only whether it is a switch is used.
/// </remarks>
internal sealed class RemoteCommand
{
    private RemoteCommand(string name, List<RemoteParameter> parameters)
    {
        Name = name;
        Parameters = parameters;
    }

    internal string Name { get; }

    /// <summary>In the order the server gave them; without the common ones.</summary>
    internal IReadOnlyList<RemoteParameter> Parameters { get; }

    /// <summary>Reads the JSON of <c>exo_session_commands</c>.</summary>
    /// <param name="json">The array.</param>
    /// <param name="refused">Names that were left out because they are not safe.</param>
    internal static List<RemoteCommand> ReadAll(string json, List<string> refused)
    {
        var commands = new List<RemoteCommand>();
        using var document = JsonDocument.Parse(json);
        foreach (JsonElement item in document.RootElement.EnumerateArray())
        {
            string name = item.GetProperty("name").GetString() ?? string.Empty;
            if (s_notProxied.Contains(name))
            {
                continue;
            }
            if (!s_safeName.IsMatch(name))
            {
                refused.Add(name);
                continue;
            }
            commands.Add(new RemoteCommand(name, ReadParameters(item)));
        }
        return commands;
    }

    private static List<RemoteParameter> ReadParameters(JsonElement command)
    {
        var parameters = new List<RemoteParameter>();
        if (!command.TryGetProperty("parameters", out JsonElement items))
        {
            return parameters;
        }
        var taken = new HashSet<string>(s_common, System.StringComparer.OrdinalIgnoreCase);
        foreach (JsonElement item in items.EnumerateArray())
        {
            string name = item.GetProperty("name").GetString() ?? string.Empty;
            if (!s_safeParameter.IsMatch(name) || !taken.Add(name))
            {
                continue;
            }
            bool isSwitch = item.TryGetProperty("isSwitch", out JsonElement flag) && flag.ValueKind == JsonValueKind.True;
            var aliases = new List<string>();
            if (item.TryGetProperty("aliases", out JsonElement others) && others.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement other in others.EnumerateArray())
                {
                    string alias = other.GetString() ?? string.Empty;
                    if (s_safeParameter.IsMatch(alias) && taken.Add(alias))
                    {
                        aliases.Add(alias);
                    }
                }
            }
            parameters.Add(new RemoteParameter(name, isSwitch, aliases));
        }
        return parameters;
    }

    private static readonly Regex s_safeName = new(@"^[\p{L}\p{Nd}_][\p{L}\p{Nd}._-]{0,99}$", RegexOptions.CultureInvariant);
    private static readonly Regex s_safeParameter = new(@"^[\p{L}\p{Nd}_-]{1,100}$", RegexOptions.CultureInvariant);

    /// <summary>What the restricted endpoint needs for itself, and every client has better.</summary>
    private static readonly HashSet<string> s_notProxied = new(System.StringComparer.OrdinalIgnoreCase)
    {
        "Get-Command", "Get-FormatData", "Get-Help", "Select-Object", "Measure-Object", "Exit-PSSession", "Out-Default",
    };

    /// <summary>Parameters that every proxy has anyway, with their aliases.</summary>
    private static readonly string[] s_common =
    {
        "Verbose", "vb", "Debug", "db", "ErrorAction", "ea", "WarningAction", "wa", "InformationAction", "infa",
        "ProgressAction", "proga", "ErrorVariable", "ev", "WarningVariable", "wv", "InformationVariable", "iv",
        "OutVariable", "ov", "OutBuffer", "ob", "PipelineVariable", "pv", "AsJob",
    };
}

/// <summary>A parameter of a command on the server.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsSwitch">Whether it stands without a value.</param>
/// <param name="Aliases">Its other names.</param>
internal sealed record RemoteParameter(string Name, bool IsSwitch, IReadOnlyList<string> Aliases);
