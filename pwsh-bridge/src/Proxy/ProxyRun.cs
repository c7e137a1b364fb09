using System;
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Runtime.CompilerServices;
using System.Text.Json;

using ExchangeOnlineManagement.Native;
using ExchangeOnlineManagement.Records;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>
/// One run of a proxy with all its piped inputs. What comes from the server goes to the streams of the proxy, so that the
/// records carry its name and place.
/// </summary>
internal sealed class ProxyRun
{
    private ProxyRun(PSCmdlet proxy, Connection connection, RemoteCommand command)
    {
        _proxy = proxy;
        Connection = connection;
        Command = command;
    }

    /// <summary>The run that <paramref name="proxy"/> stands for; made on its first input.</summary>
    internal static ProxyRun Of(PSCmdlet proxy, Connection connection, string command)
    {
        if (!s_all.TryGetValue(proxy, out ProxyRun? run))
        {
            run = new ProxyRun(proxy, connection, connection.Command(command));
            s_all.Add(proxy, run);
        }
        return run;
    }

    /// <summary>The run that <paramref name="proxy"/> stands for; null when it had no input.</summary>
    internal static ProxyRun? Find(PSCmdlet proxy) => s_all.TryGetValue(proxy, out ProxyRun? run) ? run : null;

    internal Connection Connection { get; }

    internal RemoteCommand Command { get; }

    /// <summary>Whether the inputs go to the service together; else each goes by itself.</summary>
    internal bool IsBatched =>
        Connection.Info.IsRest && _proxy.MyInvocation.ExpectingInput && Command.Parameter(OwnRouting) is null;

    /// <summary>The inputs that go together; null before the first.</summary>
    internal NativeOperation? Batch { get; set; }

    /// <summary>Makes of an object from the server what is written; null: the object itself.</summary>
    internal Func<object?, object?>? Shape { get; set; }

    /// <summary>From which weight on a change is asked about.</summary>
    internal uint AskFrom
    {
        get
        {
            LanguagePrimitives.TryConvertTo(Preference("ConfirmPreference"), out ConfirmImpact askFrom);
            return (uint)askFrom;
        }
    }

    /// <summary>What an error that does not end the run does.</summary>
    internal ActionPreference ErrorAction
    {
        get
        {
            object? said = _proxy.MyInvocation.BoundParameters.TryGetValue("ErrorAction", out object? bound)
                ? bound
                : Preference("ErrorActionPreference");
            return LanguagePrimitives.TryConvertTo(said, out ActionPreference action) ? action : ActionPreference.Continue;
        }
    }

    /// <summary>What the caller of the proxy sees under that name, be it local to the caller.</summary>
    internal object? Preference(string name) => _proxy.SessionState.PSVariable.GetValue(name);

    /// <summary>Writes a record to the stream it belongs to, or puts a question.</summary>
    /// <param name="happened">What the server sent.</param>
    /// <param name="operation">Whom to answer.</param>
    internal void Write(NativeEvent happened, NativeOperation operation)
    {
        WriteHeld();
        switch (happened.Kind)
        {
            case EventKind.Output:
                Tape tape = happened.CopyTape();
                // Whoever takes the objects may take long for it, and over REST the native side has a whole page.
                happened.Dispose();
                foreach (object? value in new Document(tape, opensSecrets: !Connection.Info.IsRest).Values())
                {
                    _objects++;
                    _proxy.WriteObject(Shape is null ? value : Shape(value));
                }
                ShowPerformance();
                break;
            case EventKind.Error:
                WriteError(RemoteError.Of(happened.CopyTape()));
                break;
            case EventKind.Warning or EventKind.Verbose or EventKind.Debug:
                _told = (happened.Kind, StreamRecords.Message(happened.CopyTape()));
                WriteMessage(happened.Kind, _told.Text);
                break;
            case EventKind.Information:
                _proxy.WriteInformation(StreamRecords.Information(happened.CopyTape()));
                break;
            case EventKind.Progress:
                _proxy.WriteProgress(StreamRecords.Progress(happened.CopyTape()));
                break;
            case EventKind.HostCall:
                CallHost(happened, operation);
                break;
            case EventKind.InputEnded when happened.Error is { } error:
                _held = error.ToRecord(Command.Name);
                break;
        }
    }

    /// <summary>
    /// Writes the error that an input ended with. It waited to be seen whether the run ends with the same one, which is
    /// told once.
    /// </summary>
    /// <param name="failure">What the run ends with; null when it goes on, or ends well.</param>
    internal void WriteHeld(ErrorRecord? failure = null)
    {
        ErrorRecord? held = _held;
        _held = null;
        if (held is not null && held.Exception.Message != failure?.Exception.Message)
        {
            WriteError(held);
        }
    }

    /// <summary>Writes an error that does not end the run, unless it is one too many for the caller.</summary>
    internal void WriteError(ErrorRecord record)
    {
        Count(record);
        try
        {
            _proxy.WriteError(record);
        }
        catch (PipelineStoppedException)
        {
            End();
            throw;
        }
    }

    private void WriteMessage(EventKind kind, string text)
    {
        try
        {
            switch (kind)
            {
                case EventKind.Warning:
                    _proxy.WriteWarning(text);
                    break;
                case EventKind.Verbose:
                    _proxy.WriteVerbose(text);
                    break;
                default:
                    _proxy.WriteDebug(text);
                    break;
            }
        }
        catch (PipelineStoppedException)
        {
            _errors++;
            End();
            throw;
        }
    }

    /// <summary>
    /// Writes a line that the server has for the console. PowerShell as a server tells each message as a record and then as
    /// such a line; it is written once.
    /// </summary>
    private void WriteLine(EventKind kind, string text)
    {
        if (_told == (kind, text))
        {
            _told = default;
            return;
        }
        WriteMessage(kind, text);
    }

    /// <summary>The error for what the native library could not do. It may be the end of the connection.</summary>
    internal ErrorRecord FailureOf(ExoException error)
    {
        // Over REST each command has connections of its own, and the next one may come through.
        Connection.IsLost |= error.Status is ExoStatus.SessionLost or ExoStatus.Authentication
            || (error.Status == ExoStatus.Connection && !Connection.Info.IsRest);
        return error.ToRecord(Command.Name);
    }

    /// <summary>Remembers an error; of one that ends the run the proxy makes an end.</summary>
    internal void Count(ErrorRecord record)
    {
        _errors++;
        _lastErrorId = record.FullyQualifiedErrorId;
    }

    /// <summary>Says how the run is doing where scripts look: they do so after each command.</summary>
    internal void SetStatus()
    {
        if (Connection.Info.IsRest)
        {
            _proxy.SessionState.PSVariable.Set(StatusVariable, _errors == 0);
        }
    }

    /// <summary>Notes the end. A second call does nothing.</summary>
    internal void End()
    {
        if (_ended)
        {
            return;
        }
        _ended = true;
        Batch?.Dispose();
        SetStatus();
        Connection.Settings.Log?.Write(Connection.Id, Command.Name, _errors, _lastErrorId, _time.Elapsed, _objects);
        if (_isShown)
        {
            WritePerformance(ProgressRecordType.Completed);
        }
    }

    /// <summary>With TrackPerformance, a few times a second.</summary>
    private void ShowPerformance()
    {
        if (Connection.Settings.TrackPerformance && (!_isShown || ShownEveryMilliseconds <= _time.ElapsedMilliseconds - _shownAt))
        {
            _isShown = true;
            _shownAt = _time.ElapsedMilliseconds;
            WritePerformance(ProgressRecordType.Processing);
        }
    }

    private void WritePerformance(ProgressRecordType type)
    {
        string status = string.Create(CultureInfo.CurrentCulture, $"{_objects} objects, {_time.Elapsed.TotalSeconds:0.0} s");
        _proxy.WriteProgress(new ProgressRecord(PerformanceId, Command.Name, status) { RecordType = type });
    }

    /// <summary>The server asks, or writes to the console.</summary>
    private void CallHost(NativeEvent happened, NativeOperation operation)
    {
        using var call = JsonDocument.Parse(happened.Json);
        if (call.RootElement.TryGetProperty("question", out JsonElement question))
        {
            if (Connection.Info.IsRest)
            {
                // The service asks about changes only; "yes to all" is for the other piped inputs.
                string caption = question.GetProperty("caption").GetString() ?? string.Empty;
                string message = question.GetProperty("message").GetString() ?? string.Empty;
                operation.Answer(_proxy.ShouldContinue(message, caption, ref _yesToAll, ref _noToAll) ? Yes : No);
            }
            else
            {
                HostQuestion.Put(question, _proxy.Host, operation);
            }
            return;
        }
        if (happened.TryCopyTape() is not { } tape || StreamRecords.Top(tape).Member("mp")?.Resolve() is not { } parameters
            || StreamRecords.Texts(parameters) is not [.., var text])
        {
            return;
        }
        switch (call.RootElement.GetProperty("name").GetString())
        {
            case "WriteWarningLine":
                WriteLine(EventKind.Warning, text);
                break;
            case "WriteVerboseLine":
                WriteLine(EventKind.Verbose, text);
                break;
            case "WriteDebugLine":
                WriteLine(EventKind.Debug, text);
                break;
            case "Write1" or "Write2":
                _proxy.Host.UI.Write(text);
                break;
            case "WriteLine2" or "WriteLine3":
                _proxy.Host.UI.WriteLine(text);
                break;
            case "WriteErrorLine":
                _proxy.Host.UI.WriteErrorLine(text);
                break;
        }
    }

    /// <summary>Where scripts look whether the last command went well.</summary>
    internal const string StatusVariable = "global:EXO_LastExecutionStatus";

    /// <summary>Commands with this parameter choose a server for each call, which a common request cannot.</summary>
    private const string OwnRouting = "UseCustomRouting";
    private const int Yes = 0;
    private const int No = 2;
    private const int PerformanceId = 1905347800;
    private const long ShownEveryMilliseconds = 200;

    private readonly PSCmdlet _proxy;
    private readonly Stopwatch _time = Stopwatch.StartNew();
    private bool _yesToAll;
    private bool _noToAll;
    private bool _ended;
    private bool _isShown;
    private long _shownAt;
    private long _objects;
    private int _errors;
    private ErrorRecord? _held;
    private string? _lastErrorId;
    /// <summary>The message that was written last as a record.</summary>
    private (EventKind Kind, string Text) _told;

    private static readonly ConditionalWeakTable<PSCmdlet, ProxyRun> s_all = new();
}
