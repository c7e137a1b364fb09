using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>Runs one command on the server: the proxies call it for each of their inputs.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "RemoteCommand")]
[OutputType(typeof(ErrorRecord))]
public sealed class InvokeRemoteCommand : RemoteCommandCmdlet
{
    /// <summary>Where to run it.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public Connection Connection { get; set; } = null!;

    /// <summary>The command's name on the server.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public string Name { get; set; } = null!;

    /// <summary>What was bound in the proxy.</summary>
    [Parameter(Mandatory = true, Position = 2)]
    public IDictionary Bound { get; set; } = null!;

    /// <summary>Which of it was bound by position.</summary>
    [Parameter(Position = 3)]
    [AllowNull, AllowEmptyCollection]
    public string[]? Positional { get; set; }

    /// <summary>The proxy.</summary>
    [Parameter(Mandatory = true, Position = 4)]
    public PSCmdlet Caller { get; set; } = null!;

    /// <summary>What came down the pipeline, if something did.</summary>
    [Parameter(Position = 5)]
    [AllowNull]
    public object? Piped { get; set; }

    /// <summary>What was bound ahead of the first piped object: it holds for each of them.</summary>
    [Parameter(Position = 6)]
    [AllowNull, AllowEmptyCollection]
    public string[]? Given { get; set; }

    private protected override ProxyRun? Begin() => ProxyRun.Of(Caller, Connection, Name);

    private protected override ErrorRecord? Run(ProxyRun run) => Send(run, Document(run));

    private byte[] Document(ProxyRun run)
    {
        RemoteCommand command = run.Command;
        IDictionary bound = ByTypeRules(command, OfThisInput(command));
        bool canRehearse = command.SupportsShouldProcess || command.Parameter(WhatIf) is not null;
        if (canRehearse && !bound.Contains(WhatIf) && LanguagePrimitives.IsTrue(run.Preference("WhatIfPreference")))
        {
            bound = new Hashtable(bound, StringComparer.OrdinalIgnoreCase) { [WhatIf] = true };
        }
        return ParameterDocument.Write(command, bound, Positional ?? Array.Empty<string>());
    }

    /// <summary>
    /// What was bound, without what only an earlier piped object had: PowerShell keeps the names of that with null for a
    /// value, and null would empty something of the object at hand.
    /// </summary>
    private IDictionary OfThisInput(RemoteCommand command)
    {
        Hashtable? own = null;
        foreach (DictionaryEntry entry in Bound)
        {
            string name = (string)entry.Key;
            if (entry.Value is null && !Array.Exists(Given ?? Array.Empty<string>(), given => Same(given, name))
                && !PipedHas(name, command.Parameter(name)))
            {
                own ??= new Hashtable(Bound, StringComparer.OrdinalIgnoreCase);
                own.Remove(name);
            }
        }
        return own ?? Bound;
    }

    /// <summary>Whether the piped object has a property by the name of the parameter, or by an alias of it.</summary>
    private bool PipedHas(string name, RemoteParameter? parameter)
    {
        if (Piped is null)
        {
            return false;
        }
        PSMemberInfoCollection<PSPropertyInfo> properties = PSObject.AsPSObject(Piped).Properties;
        if (properties[name] is not null)
        {
            return true;
        }
        foreach (string alias in parameter?.Aliases ?? Array.Empty<string>())
        {
            if (properties[alias] is not null)
            {
                return true;
            }
        }
        return false;
    }

    private static bool Same(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);

    /// <summary>What was bound, with the piped object where the command wants objects of its type.</summary>
    private IDictionary ByTypeRules(RemoteCommand command, IDictionary bound)
    {
        if (command.TypeRules.Count == 0 || Piped is null)
        {
            return bound;
        }
        object piped = Piped is PSObject wrapped ? wrapped.BaseObject : Piped;
        string typeName = PSObject.AsPSObject(Piped).TypeNames is { Count: not 0 } names ? names[0] : string.Empty;
        foreach (PipedTypeRule rule in command.TypeRules)
        {
            if (!rule.IsFor(typeName))
            {
                continue;
            }
            foreach (DictionaryEntry entry in bound)
            {
                object? value = entry.Value is PSObject other ? other.BaseObject : entry.Value;
                bool isPiped = piped is PSCustomObject ? ReferenceEquals(entry.Value, Piped) : ReferenceEquals(value, piped);
                if (isPiped && !Same(rule.Parameter, (string)entry.Key))
                {
                    var moved = new Hashtable(bound, StringComparer.OrdinalIgnoreCase) { [rule.Parameter] = Piped };
                    moved.Remove(entry.Key);
                    return moved;
                }
            }
        }
        return bound;
    }

    private const string WhatIf = "WhatIf";
}
