using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Security;

using ExchangeOnlineManagement.Records;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>
/// The parameters of one call as CLIXML: one object whose notes are the parameters in order, then the arguments without
/// a name.
/// </summary>
internal static class ParameterDocument
{
    internal const string Identity = "Identity";

    /// <summary>Writes what PowerShell bound.</summary>
    /// <param name="command">The command it is for.</param>
    /// <param name="bound">Names and values, common parameters included.</param>
    /// <param name="positional">
    /// The names that were bound by position. Where the server binds for itself the positions of a proxy mean nothing, so
    /// these go to it as arguments without a name, in the same order.
    /// </param>
    /// <returns>The document; clear it after use, as it may hold secrets.</returns>
    /// <exception cref="PSNotSupportedException">A secret stands where none can be sent.</exception>
    internal static byte[] Write(RemoteCommand command, IDictionary bound, IReadOnlyList<string> positional)
    {
        if (command.IsDeclared)
        {
            positional = Array.Empty<string>();
        }
        var secrets = new SecretParts();
        var parameters = new PSObject();
        foreach (DictionaryEntry entry in bound)
        {
            string name = (string)entry.Key;
            if (!s_local.Contains(name) && !Contains(positional, name))
            {
                parameters.Properties.Add(new PSNoteProperty(name, Sendable(command, name, entry.Value, secrets)));
            }
        }
        int depth = command.IsDeclared ? DeclaredDepth : 1;
        string document = PSSerializer.Serialize(parameters, depth);
        foreach (string name in positional)
        {
            string argument = PSSerializer.Serialize(Sendable(command, name, bound[name], secrets));
            argument = argument[(argument.IndexOf('>') + 1)..argument.LastIndexOf(End, StringComparison.Ordinal)];
            document = document.Insert(document.LastIndexOf(End, StringComparison.Ordinal), argument);
        }
        return secrets.PutInto(document);
    }

    private static object? Sendable(RemoteCommand command, string name, object? value, SecretParts secrets)
    {
        object? bare = value is PSObject wrapped ? wrapped.BaseObject : value;
        if (bare is ICollection)
        {
            ParameterValue.RefuseSecretsIn(name, bare);
        }
        switch (bare)
        {
            case SecureString { Length: 0 }:
                // CLIXML has no form for it; the service is sent an empty text.
                return string.Empty;
            case SecureString secret:
                return secrets.Keep(secret);
            case PSCredential credential:
                return secrets.Keep(credential);
            case var _ when command.IsDeclared:
                return ParameterValue.Of(command.Parameter(name), value);
            case Row row when name.Equals(Identity, StringComparison.OrdinalIgnoreCase):
                // An object stands for itself by its identity, else by its text.
                return PSObject.AsPSObject(value).Properties[Identity]?.Value ?? row.ToString();
            default:
                return value;
        }
    }

    private static bool Contains(IReadOnlyList<string> names, string name)
    {
        foreach (string other in names)
        {
            if (string.Equals(other, name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }
        return false;
    }

    private const string End = "</Objs>";

    /// <summary>As deep as the service's JSON goes.</summary>
    private const int DeclaredDepth = 10;

    /// <summary>Common parameters that concern only this side. The others decide what the server writes.</summary>
    private static readonly HashSet<string> s_local = new(StringComparer.OrdinalIgnoreCase)
    {
        "ProgressAction", "ErrorVariable", "WarningVariable", "InformationVariable", "OutVariable",
        "OutBuffer", "PipelineVariable",
    };
}
