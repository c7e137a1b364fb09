using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>A command that the account may run on the server, and its parameters.</summary>
/// <remarks>
/// What a server says about its commands is not trusted: names that could be anything but names are refused, and of the
/// types only those that PowerShell has anyway are used. There are hundreds of commands with dozens of parameters each, and a
/// script calls a few: what is said of parameters is read when somebody asks for them.
/// </remarks>
internal sealed class RemoteCommand
{
    private RemoteCommand(Declaration said)
    {
        Name = said.Name;
        DefaultParameterSet = said.DefaultParameterSet;
        IsDeclared = said.SupportsShouldProcess is not null;
        SupportsShouldProcess = said.SupportsShouldProcess is true;
        ConfirmImpact = Enum.TryParse(said.ConfirmImpact, out ConfirmImpact impact) ? impact : ConfirmImpact.Medium;
        _saidParameters = said.Parameters;
        _saidTypeRules = said.TypeRules;
    }

    internal string Name { get; }

    /// <summary>Whether the service says how its parameters bind. If not, the server binds for itself.</summary>
    internal bool IsDeclared { get; }

    /// <summary>The parameter set that is taken when the parameters do not decide; null for none.</summary>
    internal string? DefaultParameterSet { get; }

    /// <summary>Whether the proxy has -WhatIf and -Confirm of its own.</summary>
    internal bool SupportsShouldProcess { get; }

    /// <summary>What a change weighs.</summary>
    internal ConfirmImpact ConfirmImpact { get; }

    /// <summary>In the order the server gave them; without the common ones.</summary>
    internal IReadOnlyList<RemoteParameter> Parameters => _parameters ??= ReadParameters(_saidParameters, SupportsShouldProcess);

    /// <summary>Which piped objects belong to another parameter than the one PowerShell binds them to.</summary>
    internal IReadOnlyList<PipedTypeRule> TypeRules => _typeRules ??= ReadTypeRules(_saidTypeRules);

    /// <summary>The parameter called <paramref name="name"/> in any casing; null when there is none.</summary>
    internal RemoteParameter? Parameter(string name)
    {
        foreach (RemoteParameter parameter in Parameters)
        {
            if (parameter.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return parameter;
            }
        }
        return null;
    }

    /// <summary>Reads the JSON of <c>exo_session_commands</c>.</summary>
    /// <param name="json">The array, in UTF-8; it is kept.</param>
    /// <param name="refused">Names that were left out because they are not safe.</param>
    internal static List<RemoteCommand> ReadAll(byte[] json, List<string> refused)
    {
        var commands = new List<RemoteCommand>();
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            Declaration said = Declaration.Read(ref reader, json);
            if (s_notProxied.Contains(said.Name))
            {
                continue;
            }
            if (!s_safeName.IsMatch(said.Name))
            {
                refused.Add(said.Name);
                continue;
            }
            commands.Add(new RemoteCommand(said));
        }
        return commands;
    }

    private static List<RemoteParameter> ReadParameters(ReadOnlyMemory<byte> said, bool hasOwn)
    {
        using var document = JsonDocument.Parse(said);
        var parameters = new List<RemoteParameter>();
        var taken = new HashSet<string>(s_common, StringComparer.OrdinalIgnoreCase);
        if (hasOwn)
        {
            taken.UnionWith(s_shouldProcess);
        }
        foreach (JsonElement item in ItemsOf(document.RootElement))
        {
            string name = TextOf(item, "name") ?? string.Empty;
            if (!s_safeParameter.IsMatch(name) || !taken.Add(name))
            {
                continue;
            }
            var aliases = new List<string>();
            foreach (JsonElement other in ItemsOf(item, "aliases"))
            {
                string alias = other.GetString() ?? string.Empty;
                if (s_safeParameter.IsMatch(alias) && taken.Add(alias))
                {
                    aliases.Add(alias);
                }
            }
            var sets = new List<RemoteParameterSet>();
            foreach (JsonElement set in ItemsOf(item, "sets"))
            {
                sets.Add(new RemoteParameterSet(
                    TextOf(set, "name") ?? ParameterAttribute.AllParameterSets,
                    IsSet(set, "mandatory"),
                    PositionOf(set),
                    IsSet(set, "pipeline"),
                    IsSet(set, "pipelineByPropertyName")));
            }
            var rules = new List<string>();
            foreach (JsonElement rule in ItemsOf(item, "validation"))
            {
                rules.Add(rule.GetString() ?? string.Empty);
            }
            parameters.Add(new RemoteParameter(name, IsSet(item, "isSwitch"), TextOf(item, "type"), aliases, sets, rules));
        }
        return parameters;
    }

    private static List<PipedTypeRule> ReadTypeRules(ReadOnlyMemory<byte> said)
    {
        using var document = JsonDocument.Parse(said);
        var rules = new List<PipedTypeRule>();
        foreach (JsonElement item in ItemsOf(document.RootElement))
        {
            var types = new List<string>();
            foreach (JsonElement type in ItemsOf(item, "types"))
            {
                if (type.GetString() is { Length: not 0 } ending)
                {
                    types.Add(ending);
                }
            }
            if (TextOf(item, "parameter") is { } parameter)
            {
                rules.Add(new PipedTypeRule(types, parameter));
            }
        }
        return rules;
    }

    private static string? TextOf(JsonElement item, string key) =>
        item.TryGetProperty(key, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static bool IsSet(JsonElement item, string key) =>
        item.TryGetProperty(key, out JsonElement flag) && flag.ValueKind == JsonValueKind.True;

    private static int? PositionOf(JsonElement set) =>
        set.TryGetProperty("position", out JsonElement place) && place.ValueKind == JsonValueKind.Number
            && place.TryGetInt32(out int position) && 0 <= position ? position : null;

    private static IEnumerable<JsonElement> ItemsOf(JsonElement item, string key) =>
        item.TryGetProperty(key, out JsonElement list) ? ItemsOf(list) : Array.Empty<JsonElement>();

    private static IEnumerable<JsonElement> ItemsOf(JsonElement list) =>
        list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : Array.Empty<JsonElement>();

    private static readonly Regex s_safeName = new(@"^[\p{L}\p{Nd}_][\p{L}\p{Nd}._-]{0,99}$", RegexOptions.CultureInvariant);
    private static readonly Regex s_safeParameter = new(@"^[\p{L}\p{Nd}_-]{1,100}$", RegexOptions.CultureInvariant);

    /// <summary>What the restricted endpoint needs for itself, and every client has better.</summary>
    private static readonly HashSet<string> s_notProxied = new(StringComparer.OrdinalIgnoreCase)
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

    /// <summary>What a proxy has besides when it can ask before it changes something.</summary>
    private static readonly string[] s_shouldProcess = { "WhatIf", "wi", "Confirm", "cf" };

    private readonly ReadOnlyMemory<byte> _saidParameters;
    private readonly ReadOnlyMemory<byte> _saidTypeRules;
    private List<RemoteParameter>? _parameters;
    private List<PipedTypeRule>? _typeRules;

    /// <summary>What is said of one command; the lists in it are not read yet.</summary>
    private struct Declaration
    {
        public Declaration()
        {
        }

        internal string Name { get; private set; } = string.Empty;

        internal string? DefaultParameterSet { get; private set; }

        internal bool? SupportsShouldProcess { get; private set; }

        internal string? ConfirmImpact { get; private set; }

        internal ReadOnlyMemory<byte> Parameters { get; private set; } = s_nothing;

        internal ReadOnlyMemory<byte> TypeRules { get; private set; } = s_nothing;

        /// <summary>Reads an object; the reader is at its beginning, and afterwards at its end.</summary>
        internal static Declaration Read(ref Utf8JsonReader reader, byte[] json)
        {
            var said = new Declaration();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string? key = reader.GetString();
                reader.Read();
                int start = (int)reader.TokenStartIndex;
                string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                switch (key)
                {
                    case "name":
                        said.Name = text ?? string.Empty;
                        break;
                    case "defaultParameterSet":
                        said.DefaultParameterSet = text;
                        break;
                    case "supportsShouldProcess" when reader.TokenType is JsonTokenType.True or JsonTokenType.False:
                        said.SupportsShouldProcess = reader.GetBoolean();
                        break;
                    case "confirmImpact":
                        said.ConfirmImpact = text;
                        break;
                    case "parameters":
                        reader.Skip();
                        said.Parameters = json.AsMemory(start..(int)reader.BytesConsumed);
                        break;
                    case "typeRules":
                        reader.Skip();
                        said.TypeRules = json.AsMemory(start..(int)reader.BytesConsumed);
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }
            return said;
        }

        private static readonly byte[] s_nothing = "[]"u8.ToArray();
    }
}

/// <summary>A piped object whose first type name ends with one of some endings belongs to one parameter.</summary>
/// <param name="Endings">Of type names.</param>
/// <param name="Parameter">Where the object goes.</param>
internal sealed record PipedTypeRule(IReadOnlyList<string> Endings, string Parameter)
{
    internal bool IsFor(string typeName)
    {
        foreach (string ending in Endings)
        {
            if (typeName.EndsWith(ending, StringComparison.Ordinal))
            {
                return true;
            }
        }
        return false;
    }
}
