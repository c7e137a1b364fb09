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
    /// <param name="bound">Names and values, common parameters included.</param>
    /// <param name="positional">
    /// The names that were bound by position. The positions of a proxy mean nothing, so these go to the server as
    /// arguments without a name, in the same order.
    /// </param>
    /// <exception cref="PSNotSupportedException">A value is secret; this version cannot send secrets.</exception>
    internal static string Write(IDictionary bound, IReadOnlyList<string> positional)
    {
        var parameters = new PSObject();
        foreach (DictionaryEntry entry in bound)
        {
            string name = (string)entry.Key;
            if (!s_local.Contains(name) && !Contains(positional, name))
            {
                parameters.Properties.Add(new PSNoteProperty(name, Sendable(name, entry.Value)));
            }
        }
        string document = PSSerializer.Serialize(parameters);
        foreach (string name in positional)
        {
            string argument = PSSerializer.Serialize(Sendable(name, bound[name]));
            argument = argument[(argument.IndexOf('>') + 1)..argument.LastIndexOf("</Objs>", StringComparison.Ordinal)];
            document = document.Insert(document.LastIndexOf("</Objs>", StringComparison.Ordinal), argument);
        }
        return document;
    }

    private static object? Sendable(string name, object? value)
    {
        switch (value is PSObject wrapped ? wrapped.BaseObject : value)
        {
            case SecureString or PSCredential:
                throw new PSNotSupportedException(
                    $"The parameter '{name}' has a secret value (a secure string or a credential), which this version "
                    + "cannot send to the server.");
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

    /// <summary>Common parameters that concern only this side. The others decide what the server writes.</summary>
    private static readonly HashSet<string> s_local = new(StringComparer.OrdinalIgnoreCase)
    {
        "ProgressAction", "ErrorVariable", "WarningVariable", "InformationVariable", "OutVariable",
        "OutBuffer", "PipelineVariable",
    };
}
