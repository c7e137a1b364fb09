using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation.Internal;
using System.Management.Automation.Remoting;
using System.Management.Automation.Remoting.Client;
using System.Reflection;
using System.Text;
using System.Threading;

namespace ExchangeOnlineManagement.Sessions;

/// <summary>Passes PowerShell's lines to a link, and the link's to PowerShell.</summary>
internal sealed class ExchangeTransport : ClientSessionTransportManagerBase
{
    internal ExchangeTransport(ShellLink link, Audience audience, Guid runspaceId, PSRemotingCryptoHelper cryptoHelper)
        : base(runspaceId, cryptoHelper)
    {
        _link = link;
        _audience = audience;
        _waiting = s_queues.Select(queue => (BlockingCollection<string>)queue.GetValue(this)!).ToArray();
    }

    /// <inheritdoc/>
    public override void CreateAsync()
    {
        SetMessageWriter(new LinkWriter(this));
        _link.Attach(Handle, Break);
        SendOneItem();
    }

    /// <inheritdoc/>
    protected override void CleanupConnection() => End();

    /// <inheritdoc/>
    protected override void Dispose(bool isDisposing)
    {
        if (isDisposing)
        {
            End();
            _link.Forget();
        }
        base.Dispose(isDisposing);
    }

    private void Write(string line)
    {
        _audience.Hear(line);
        if (line.StartsWith(ShellLink.CloseLine, StringComparison.OrdinalIgnoreCase))
        {
            _stateEvents.HasBegunToClose();
        }
        _link.Write(line);
    }

    private void Handle(string line)
    {
        _audience.Look();
        if (line.StartsWith(ClosedLine, StringComparison.OrdinalIgnoreCase))
        {
            _stateEvents.WaitForClosing(_audience.Runspace);
        }
        HandleDataReceived(line);
        _hasBegun = true;
        _lengths.Enqueue(line.Length);
        _length += line.Length;
        // PowerShell takes lines without a limit; while it is behind, the server is not asked for more. What it has not read
        // when a command is stopped, it reads before it hears of the end.
        while (MaxLength < WaitingLength() && !_hasEnded)
        {
            Thread.Sleep(PollMilliseconds);
        }
    }

    /// <summary>The length of what PowerShell has been given and has not read: it reads in the order of the lines.</summary>
    private int WaitingLength()
    {
        for (int left = Waiting(); left < _lengths.Count;)
        {
            _length -= _lengths.Dequeue();
        }
        return _length;
    }

    /// <summary>Tells PowerShell that the link is of no more use, once it has read what came before.</summary>
    private void Break(ShellFailure failure)
    {
        for (int waited = 0; Waiting() != 0 && waited < MaxPauseMilliseconds && !_hasEnded; waited += PollMilliseconds)
        {
            Thread.Sleep(PollMilliseconds);
        }
        if (_hasBegun)
        {
            // The last lines are out of the queue and on their way to the command.
            Thread.Sleep(PauseMilliseconds);
        }
        string text = failure.Error.Advice.Length == 0 ? failure.Error.Message : $"{failure.Error.Message}; {failure.Error.Advice}";
        if (_hasBegun)
        {
            // Windows' words, which scripts and guides know.
            text = $"Processing data for a remote command failed with the following error message: {text}";
        }
        var error = new PSRemotingTransportException(text, failure.Error)
        {
            ErrorCode = failure.Code ?? 0,
            TransportMessage = text,
        };
        TransportMethodEnum method = _hasBegun ? TransportMethodEnum.ReceiveShellOutputEx : TransportMethodEnum.CreateShellEx;
        RaiseErrorHandler(new TransportErrorOccuredEventArgs(error, method));
    }

    private int Waiting()
    {
        try
        {
            return _waiting.Sum(queue => queue.Count);
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }
    }

    private void End()
    {
        _hasEnded = true;
        _audience.Dispose();
        _link.Dispose();
    }

    /// <summary>Gives each line to the transport.</summary>
    private sealed class LinkWriter : TextWriter
    {
        internal LinkWriter(ExchangeTransport transport) => _transport = transport;

        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value) => _transport.Write(value ?? string.Empty);

        private readonly ExchangeTransport _transport;
    }

    /// <summary>The server's answer to <see cref="ShellLink.CloseLine"/>, with which PowerShell counts the session as closed.</summary>
    private const string ClosedLine = "<CloseAck PSGuid='00000000-0000-0000-0000-000000000000'";

    private const int MaxLength = 256 * 1024;
    private const int PollMilliseconds = 5;
    private const int PauseMilliseconds = 60;
    private const int MaxPauseMilliseconds = 1000;

    /// <summary>
    /// What PowerShell has been given and has not read lies in two queues that nothing else tells of. Should a later version
    /// have them no more, it is given everything at once.
    /// </summary>
    private static readonly FieldInfo[] s_queues = typeof(ClientSessionTransportManagerBase)
        .GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
        .Where(field => field.FieldType == typeof(BlockingCollection<string>))
        .ToArray();

    private readonly ShellLink _link;
    private readonly Audience _audience;
    private readonly StateEvents _stateEvents = new();
    private readonly BlockingCollection<string>[] _waiting;
    private readonly Queue<int> _lengths = new();
    private int _length;
    private volatile bool _hasBegun;
    private volatile bool _hasEnded;
}
