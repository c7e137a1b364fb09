using System;
using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Sessions;

/// <summary>
/// The way to a shell in which PowerShell speaks its remoting protocol itself, in lines. One thread of its own takes what
/// the server says.
/// </summary>
public sealed class ShellLink : IDisposable
{
    /// <summary>With this PowerShell ends the session; nothing comes after the answer.</summary>
    public const string CloseLine = "<Close PSGuid='00000000-0000-0000-0000-000000000000'";

    internal ShellLink(NativeOperation operation)
    {
        _operation = operation;
        Interlocked.Increment(ref s_count);
    }

    /// <summary>Whether any link is in use.</summary>
    internal static bool Any => Volatile.Read(ref s_count) != 0;

    /// <summary>What happened while connecting, for whoever waits for that.</summary>
    internal ConcurrentQueue<LinkNews> News { get; } = new();

    /// <summary>Set when there is news.</summary>
    internal AutoResetEvent HasNews { get; } = new(false);

    /// <summary>
    /// What is done once PowerShell has thrown the session away, as Remove-PSSession does, before whoever did that goes on; null for
    /// nothing. It throws nothing.
    /// </summary>
    internal Action? Forgotten
    {
        set => Volatile.Write(ref _forgotten, value);
    }

    /// <summary>Says who takes what the server says, which is nobody before <see cref="Listen"/>.</summary>
    /// <param name="handleLine">Gets each line, on a thread of the link's; while it works nothing more is asked for.</param>
    /// <param name="handleFailure">Told once why the link is of no more use; lines that answer still follow.</param>
    public void Attach(Action<string> handleLine, Action<ShellFailure> handleFailure)
    {
        _handleLine = handleLine;
        _handleFailure = handleFailure;
    }

    /// <summary>
    /// Begins to take what the server says. PowerShell must have come to the end of its opening call: what the server says of
    /// its pool while that call still runs is counted as out of order, and breaks the session.
    /// </summary>
    internal void Listen()
    {
        if (_handleLine is { } handleLine)
        {
            new Thread(() => Pump(handleLine)) { IsBackground = true, Name = "Exchange session" }.Start();
        }
    }

    /// <summary>Sends one of PowerShell's lines. Throws nothing: a link that cannot be written to has failed.</summary>
    public void Write(string line)
    {
        _isClosing |= line.StartsWith(CloseLine, StringComparison.OrdinalIgnoreCase);
        try
        {
            _operation.WriteLine(line);
        }
        catch (ExoException error)
        {
            Fail(new ShellFailure(error, null));
        }
        catch (ObjectDisposedException)
        {
            // It was closed, and what PowerShell still says is for nobody.
        }
    }

    /// <summary>Ends the link, whose session PowerShell has thrown away.</summary>
    public void Forget()
    {
        Dispose();
        Interlocked.Exchange(ref _forgotten, null)?.Invoke();
    }

    /// <summary>Ends the link; a session that was not closed is deleted in the background.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Interlocked.Decrement(ref s_count);
            _operation.Cancel();
            _operation.Dispose();
        }
    }

    private void Pump(Action<string> handleLine)
    {
        try
        {
            while (!_operation.HasEnded)
            {
                if (!_operation.TryNext(NativeMethods.WaitForever, out NativeEvent? next))
                {
                    continue;
                }
                using NativeEvent happened = next!;
                switch (happened.Kind)
                {
                    case EventKind.Line:
                        handleLine(happened.Text);
                        break;
                    case EventKind.Broken:
                        Fail(new ShellFailure(happened.Error!, CodeOf(happened.Json)));
                        break;
                    case EventKind.ConnectStep or EventKind.ConnectWarning or EventKind.DeviceCode or EventKind.Browser:
                        News.Enqueue(new LinkNews(happened.Kind, happened.Text));
                        HasNews.Set();
                        break;
                }
            }
        }
        catch (ExoException error)
        {
            Fail(new ShellFailure(error, null));
        }
        catch (ObjectDisposedException)
        {
            // It was closed.
        }
        if (!_isClosing)
        {
            Fail(new ShellFailure(ExoException.Of(ExoStatus.End), null));
        }
    }

    private void Fail(ShellFailure failure)
    {
        if (Volatile.Read(ref _isDisposed) == 0 && Interlocked.Exchange(ref _hasFailed, 1) == 0)
        {
            _handleFailure?.Invoke(failure);
        }
    }

    private static int? CodeOf(string json)
    {
        using var document = JsonDocument.Parse(json);
        JsonElement code = document.RootElement.GetProperty("code");
        return code.ValueKind == JsonValueKind.Number ? code.GetInt32() : null;
    }

    private readonly NativeOperation _operation;
    private volatile bool _isClosing;
    private Action? _forgotten;
    private Action<string>? _handleLine;
    private Action<ShellFailure>? _handleFailure;
    private int _hasFailed;
    private int _isDisposed;
    private static int s_count;
}

/// <summary>Something that happened while connecting.</summary>
internal sealed record LinkNews(EventKind Kind, string Text);

/// <summary>Why a link is of no more use.</summary>
/// <param name="Error">What the native library says.</param>
/// <param name="Code">The number that Windows' client has for it; null where it has none.</param>
public sealed record ShellFailure(ExoException Error, int? Code);
