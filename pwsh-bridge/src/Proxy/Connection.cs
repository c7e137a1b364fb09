using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Threading;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>A connection of this runspace and the commands it brought.</summary>
public sealed class Connection
{
    internal Connection(NativeSession session, string name, string uri, string prefix, List<RemoteCommand> commands)
    {
        Session = session;
        Name = name;
        Uri = uri;
        Prefix = prefix;
        ModuleName = NewModuleName();
        foreach (RemoteCommand command in commands)
        {
            _commands[command.Name] = command;
        }
    }

    /// <summary>The number by which the connection is known to scripts.</summary>
    public Guid Id { get; } = Guid.NewGuid();

    /// <summary>For example <c>ExchangeOnline_1</c>.</summary>
    public string Name { get; }

    /// <summary>The endpoint.</summary>
    public string Uri { get; }

    /// <summary>What stands before the nouns of the commands; empty for none.</summary>
    public string Prefix { get; }

    /// <summary>The in-memory module with the commands: <c>tmpEXO_</c>, eight characters, a dot, three characters.</summary>
    public string ModuleName { get; }

    internal NativeSession Session { get; }

    /// <summary>The names of the commands, without the prefix.</summary>
    internal IEnumerable<string> CommandNames => _commands.Keys;

    /// <summary>The parameters of a proxy, made when PowerShell asks for them.</summary>
    public RuntimeDefinedParameterDictionary Parameters(string command)
    {
        var made = new RuntimeDefinedParameterDictionary();
        if (!_commands.TryGetValue(command, out RemoteCommand? known))
        {
            return made;
        }
        int position = 0;
        foreach (RemoteParameter parameter in known.Parameters)
        {
            // The server says nothing about positions and binds for itself what came without a name.
            var attribute = new ParameterAttribute();
            if (!parameter.IsSwitch)
            {
                attribute.Position = position;
                position++;
                // What comes down the pipeline is nearly always something that has an identity.
                attribute.ValueFromPipeline = parameter.Name.Equals(ParameterDocument.Identity, StringComparison.OrdinalIgnoreCase);
            }
            var attributes = new Collection<Attribute> { attribute };
            if (parameter.Aliases.Count != 0)
            {
                attributes.Add(new AliasAttribute(new List<string>(parameter.Aliases).ToArray()));
            }
            made[parameter.Name] = new RuntimeDefinedParameter(
                parameter.Name, parameter.IsSwitch ? typeof(SwitchParameter) : typeof(object), attributes);
        }
        return made;
    }

    /// <summary>Closes the session on the server. A second call does nothing.</summary>
    /// <exception cref="ExoException">The server did not confirm; the session is given up nevertheless.</exception>
    internal void Close(uint timeoutMilliseconds)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }
        try
        {
            Session.Close(timeoutMilliseconds);
        }
        finally
        {
            Session.Dispose();
        }
    }

    /// <summary>Like the names that the original gives its module, so that <c>Get-Module tmp*</c> finds it.</summary>
    private static string NewModuleName()
    {
        string random = System.IO.Path.GetRandomFileName();
        return "tmpEXO_" + random;
    }

    private readonly Dictionary<string, RemoteCommand> _commands = new(StringComparer.OrdinalIgnoreCase);
    private int _closed;
}
