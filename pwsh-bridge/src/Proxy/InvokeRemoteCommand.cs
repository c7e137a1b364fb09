using System;
using System.Collections;
using System.Management.Automation;
using System.Text.Json;

using ExchangeOnlineManagement.Native;
using ExchangeOnlineManagement.Records;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>
/// Runs one command on the server. The proxies call it, because only a cmdlet hears of Ctrl+C; records go to the
/// streams of the proxy, so that they carry its name and place.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "RemoteCommand")]
[OutputType(typeof(ErrorRecord))]
public sealed class InvokeRemoteCommand : PSCmdlet
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

    /// <summary>Writes the error for which the proxy has to end, if there is one.</summary>
    protected override void ProcessRecord()
    {
        ErrorRecord? failure;
        try
        {
            failure = Run();
        }
        catch (ExoException error)
        {
            failure = error.ToRecord(Name);
        }
        catch (PSNotSupportedException error)
        {
            failure = new ErrorRecord(error, "ExoNotSupported", ErrorCategory.NotImplemented, Name);
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException)
        {
            failure = new ErrorRecord(error, "ExoBadRecord", ErrorCategory.InvalidData, Name);
        }
        if (failure is not null)
        {
            WriteObject(failure);
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _operation?.Cancel();

    private ErrorRecord? Run()
    {
        using NativeOperation operation = Connection.Session.Invoke(Name, ParameterDocument.Write(Bound, Positional ?? Array.Empty<string>()));
        _operation = operation;
        while (!operation.HasEnded)
        {
            if (Stopping)
            {
                // Leaving cancels it.
                throw new PipelineStoppedException();
            }
            if (!operation.TryNext(PollMilliseconds, out NativeEvent? next))
            {
                continue;
            }
            using NativeEvent happened = next!;
            if (happened.Kind == EventKind.Finished)
            {
                return Finish(happened);
            }
            Write(happened);
        }
        return null;
    }

    private void Write(NativeEvent happened)
    {
        switch (happened.Kind)
        {
            case EventKind.Output:
                foreach (object? value in new Document(happened.CopyTape()).Values())
                {
                    Caller.WriteObject(value);
                }
                break;
            case EventKind.Error:
                Caller.WriteError(RemoteError.Of(happened.CopyTape()));
                break;
            case EventKind.Warning:
                Caller.WriteWarning(StreamRecords.Message(happened.CopyTape()));
                break;
            case EventKind.Verbose:
                Caller.WriteVerbose(StreamRecords.Message(happened.CopyTape()));
                break;
            case EventKind.Debug:
                Caller.WriteDebug(StreamRecords.Message(happened.CopyTape()));
                break;
            case EventKind.Information:
                Caller.WriteInformation(StreamRecords.Information(happened.CopyTape()));
                break;
            case EventKind.Progress:
                Caller.WriteProgress(StreamRecords.Progress(happened.CopyTape()));
                break;
            case EventKind.HostCall:
                WriteToHost(happened);
                break;
        }
    }

    /// <summary>
    /// The server writes to the console. Calls that want an answer were refused before they came here, as by a host
    /// that nobody sits at.
    /// </summary>
    private void WriteToHost(NativeEvent happened)
    {
        using var call = JsonDocument.Parse(happened.Json);
        string name = call.RootElement.GetProperty("name").GetString() ?? string.Empty;
        if (!name.StartsWith("Write", StringComparison.Ordinal) || happened.TryCopyTape() is not { } parameters)
        {
            return;
        }
        string? text = StreamRecords.LastText(parameters);
        switch (name)
        {
            case var _ when text is null:
                break;
            case "WriteWarningLine":
                Caller.WriteWarning(text);
                break;
            case "WriteVerboseLine":
                Caller.WriteVerbose(text);
                break;
            case "WriteDebugLine":
                Caller.WriteDebug(text);
                break;
            default:
                bool lineEnds = name.Contains("Line", StringComparison.Ordinal);
                Caller.WriteInformation(
                    new HostInformationMessage { Message = text, NoNewLine = !lineEnds }, new[] { "PSHOST" });
                break;
        }
    }

    private static ErrorRecord? Finish(NativeEvent happened) => happened.State switch
    {
        FinishedState.Failed when happened.TryCopyTape() is { } reason => RemoteError.Of(reason),
        FinishedState.Failed => new ErrorRecord(
            new RemoteException("The command failed on the server, which gave no reason."),
            "ExoRemoteFailure", ErrorCategory.NotSpecified, null),
        FinishedState.Stopped => new ErrorRecord(
            new RemoteException("The command was stopped on the server."),
            "ExoRemoteStopped", ErrorCategory.OperationStopped, null),
        _ => null,
    };

    /// <summary>How long Ctrl+C may go unnoticed.</summary>
    private const uint PollMilliseconds = 100;

    private volatile NativeOperation? _operation;
}
