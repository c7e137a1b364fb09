using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Threading;

using ExchangeOnlineManagement.Commands;
using ExchangeOnlineManagement.Native;
using ExchangeOnlineManagement.Sessions;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>A connection of this runspace and the commands it brought.</summary>
public sealed class Connection
{
    internal Connection(NativeSession session, ConnectSettings settings, int number, List<RemoteCommand> commands)
    {
        Session = session;
        Settings = settings.WithoutSecrets();
        Info = new SessionInfo(session.InfoJson());
        Number = number;
        Name = $"{(settings.IsCompliance ? "ExchangeOnlineProtection" : "ExchangeOnline")}_{number}";
        ModuleName = NewModuleName();
        foreach (RemoteCommand command in commands)
        {
            _commands[command.Name] = command;
        }
    }

    /// <summary>The number by which the connection is known to scripts.</summary>
    public Guid Id => Info.Id;

    /// <summary>For example <c>ExchangeOnline_1</c>.</summary>
    public string Name { get; }

    /// <summary>The endpoint.</summary>
    public string Uri => Info.Uri;

    /// <summary>What stands before the nouns of the commands; empty for none.</summary>
    public string Prefix => Settings.Prefix;

    /// <summary>The in-memory module with the commands: <c>tmpEXO_</c>, eight characters, a dot, three characters.</summary>
    public string ModuleName { get; }

    internal NativeSession Session { get; }

    /// <summary>What it was made with.</summary>
    internal ConnectSettings Settings { get; }

    /// <summary>What was known about it when it was made.</summary>
    internal SessionInfo Info { get; }

    /// <summary>The number in its name.</summary>
    internal int Number { get; }

    /// <summary>The session of PowerShell's as which it is listed; null for none.</summary>
    internal ListedSession? Listed { get; set; }

    /// <summary>Whether the session on the server was closed, or is being closed.</summary>
    internal bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <summary>Whether the last command found that there is no session any more.</summary>
    internal bool IsLost { get; set; }

    /// <summary>Most objects in a page; null where there are no pages.</summary>
    internal uint? PageSize => Info.IsRest ? Settings.PageSize ?? ConnectExchangeOnlineCommand.LargestPage : null;

    /// <summary>The commands that were asked for; others it may have for the Get-EXO cmdlets.</summary>
    internal IEnumerable<RemoteCommand> Commands
    {
        get
        {
            WildcardPattern[] wanted = Array.ConvertAll(
                Settings.CommandName, pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase));
            foreach (RemoteCommand command in _commands.Values)
            {
                if (wanted.Length == 0 || Array.Exists(wanted, pattern => pattern.IsMatch(command.Name)))
                {
                    yield return command;
                }
            }
        }
    }

    /// <summary>Whether it has the command, asked for or not.</summary>
    internal bool Has(string name) => _commands.ContainsKey(name);

    /// <summary>The command called <paramref name="name"/> in any casing.</summary>
    internal RemoteCommand Command(string name) => _commands[name];

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
            made[parameter.Name] = known.IsDeclared ? parameter.Declare() : parameter.DeclareLoosely(ref position);
        }
        return made;
    }

    /// <summary>What is known about it now; null when it has ended.</summary>
    internal SessionInfo? Now()
    {
        try
        {
            return !IsClosed ? new SessionInfo(Session.InfoJson()) : null;
        }
        catch (Exception error) when (error is ExoException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Takes the connection, whose session was closed, out of this runspace. A second call does nothing.</summary>
    public void End()
    {
        Connections connections = Connections.Of(Runspace.DefaultRunspace);
        if (connections.Remove(this))
        {
            ProxyModule.Remove(this);
            Listed?.Remove();
            connections.Show();
        }
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
            Settings.Log?.Dispose();
        }
    }

    /// <summary>
    /// Closes the session on the server where nobody is there to be told of trouble, within two seconds; what the server does not
    /// confirm until then is given up. Gives whether it was open.
    /// </summary>
    internal bool TryClose()
    {
        bool wasOpen = !IsClosed;
        try
        {
            Close(LeaveMilliseconds);
        }
        catch (ExoException)
        {
            // It has been given up.
        }
        return wasOpen;
    }

    /// <summary>Like the names that the original gives its module, so that <c>Get-Module tmp*</c> finds it.</summary>
    private static string NewModuleName()
    {
        string random = System.IO.Path.GetRandomFileName();
        return "tmpEXO_" + random;
    }

    private const uint LeaveMilliseconds = 2000;

    private readonly Dictionary<string, RemoteCommand> _commands = new(StringComparer.OrdinalIgnoreCase);
    private int _closed;
}
