using System;
using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;
using System.Security;

using ExchangeOnlineManagement.Records;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>Parameter values on their way to a service whose parameters are declared.</summary>
internal static class ParameterValue
{
    /// <summary>The value as it travels.</summary>
    /// <param name="parameter">Where it was bound; null for a parameter that every command has.</param>
    /// <param name="value">What was bound.</param>
    internal static object? Of(RemoteParameter? parameter, object? value)
    {
        object? bare = value is PSObject wrapped ? wrapped.BaseObject : value;
        switch (bare)
        {
            case Row row when parameter?.TypeName == PSObjectName:
                return value;
            case Row row:
                // An object stands for itself by its property of the parameter's name, else by its text.
                return parameter is { TakesPipeline: true }
                    && PSObject.AsPSObject(value).Properties[parameter.Name]?.Value is { } own
                    ? own
                    : row.ToString();
            case PSCustomObject:
                return value;
            case DateTime { Kind: DateTimeKind.Unspecified } time:
                return DateTime.SpecifyKind(time, DateTimeKind.Local);
            case byte[] or byte[][]:
                return bare;
            case IDictionary table:
                return Table(parameter, table);
            case IList { IsFixedSize: false } or Array { Rank: 1 }:
                return List(parameter, (IList)bare);
            case string or ValueType:
                // Without what PowerShell noted on it, such as the file it was read from.
                return bare;
            default:
                return value;
        }
    }

    /// <summary>Refuses a secret within a list or a table: it would not be sent as one.</summary>
    /// <exception cref="PSNotSupportedException">There is one.</exception>
    internal static void RefuseSecretsIn(string name, object? value)
    {
        object? bare = value is PSObject wrapped ? wrapped.BaseObject : value;
        if (bare is SecureString or PSCredential)
        {
            throw new PSNotSupportedException(
                $"The parameter '{name}' has a secret (a secure string or a credential) within a list or a table, where "
                + "it cannot be sent. Give it as the value of a parameter of its own.");
        }
        if (bare is IDictionary table)
        {
            bare = table.Values;
        }
        if (bare is ICollection items and not byte[])
        {
            foreach (object? item in items)
            {
                RefuseSecretsIn(name, item);
            }
        }
    }

    private static object?[] List(RemoteParameter? parameter, IList list)
    {
        var items = new object?[list.Count];
        for (int index = 0; index < items.Length; index++)
        {
            object? item = list[index];
            items[index] = item is Row or PSObject { BaseObject: Row } && parameter?.TypeName is not PSObjectName + "[]"
                ? item.ToString()
                : Of(parameter, item);
        }
        return items;
    }

    /// <summary>A copy: in declaration order when it has one.</summary>
    private static IDictionary Table(RemoteParameter? parameter, IDictionary table)
    {
        IDictionary copy = table is IOrderedDictionary ? new OrderedDictionary() : new Hashtable();
        foreach (DictionaryEntry entry in table)
        {
            copy[entry.Key] = Of(parameter, entry.Value);
        }
        return copy;
    }

    private const string PSObjectName = "System.Management.Automation.PSObject";
}
