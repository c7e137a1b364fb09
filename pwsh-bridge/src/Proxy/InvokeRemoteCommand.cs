using System;
using System.Collections;
using System.Collections.Generic;
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

    /// <summary>What came down the pipeline, if something did.</summary>
    [Parameter(Position = 5)]
    [AllowNull]
    public object? Piped { get; set; }

    /// <summary>Writes the error for which the proxy has to end, if there is one.</summary>
    protected override void ProcessRecord()
    {
        ErrorRecord? failure = null;
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
        ProxyRun run = ProxyRun.Of(Caller);
        run.HadErrors |= failure is not null;
        if (Connection.Info.IsRest)
        {
            // Scripts look at it after each command.
            SessionState.PSVariable.Set("global:EXO_LastExecutionStatus", !run.HadErrors);
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
        using NativeOperation operation = Start(Connection.Command(Name));
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

    private NativeOperation Start(RemoteCommand command)
    {
        IDictionary bound = ByTypeRules(command);
        bool canRehearse = command.SupportsShouldProcess || command.Parameter(WhatIf) is not null;
        if (canRehearse && !bound.Contains(WhatIf) && LanguagePrimitives.IsTrue(Preference("WhatIfPreference")))
        {
            bound = new Hashtable(bound, StringComparer.OrdinalIgnoreCase) { [WhatIf] = true };
        }
        LanguagePrimitives.TryConvertTo(Preference("ConfirmPreference"), out ConfirmImpact askFrom);
        byte[] document = ParameterDocument.Write(command, bound, Positional ?? Array.Empty<string>());
        try
        {
            return Connection.Session.Invoke(Name, document, (uint)askFrom);
        }
        finally
        {
            Array.Clear(document);
        }
    }

    /// <summary>What was bound, with the piped object where the command wants objects of its type.</summary>
    private IDictionary ByTypeRules(RemoteCommand command)
    {
        if (command.TypeRules.Count == 0 || Piped is null)
        {
            return Bound;
        }
        object piped = Piped is PSObject wrapped ? wrapped.BaseObject : Piped;
        string typeName = PSObject.AsPSObject(Piped).TypeNames is { Count: not 0 } names ? names[0] : string.Empty;
        foreach (PipedTypeRule rule in command.TypeRules)
        {
            if (!rule.IsFor(typeName))
            {
                continue;
            }
            foreach (DictionaryEntry entry in Bound)
            {
                object? value = entry.Value is PSObject other ? other.BaseObject : entry.Value;
                bool isPiped = piped is PSCustomObject ? ReferenceEquals(entry.Value, Piped) : ReferenceEquals(value, piped);
                if (isPiped && !rule.Parameter.Equals((string)entry.Key, StringComparison.OrdinalIgnoreCase))
                {
                    var moved = new Hashtable(Bound, StringComparer.OrdinalIgnoreCase) { [rule.Parameter] = Piped };
                    moved.Remove(entry.Key);
                    return moved;
                }
            }
        }
        return Bound;
    }

    /// <summary>What the caller of the proxy sees under that name, be it local to the caller.</summary>
    private object? Preference(string name) => Caller.SessionState.PSVariable.GetValue(name);

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
                ProxyRun.Of(Caller).HadErrors = true;
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
                CallHost(happened);
                break;
        }
    }

    /// <summary>
    /// The server asks or writes to the console. Calls that want an answer and are no question of the service were
    /// refused before they came here, as by a host that nobody sits at.
    /// </summary>
    private void CallHost(NativeEvent happened)
    {
        using var call = JsonDocument.Parse(happened.Json);
        string name = call.RootElement.GetProperty("name").GetString() ?? string.Empty;
        if (happened.TryCopyTape() is not { } tape || StreamRecords.Top(tape).Member("mp")?.Resolve() is not { } parameters)
        {
            return;
        }
        List<string> texts = StreamRecords.Texts(parameters);
        if (texts.Count == 0)
        {
            return;
        }
        string text = texts[^1];
        switch (name)
        {
            case "PromptForChoice" when Connection.Command(Name).SupportsShouldProcess:
                // The caption, then the question.
                _operation!.Answer(ProxyRun.Of(Caller).Ask(texts[^1], texts[0]));
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
            case "Write1" or "Write2":
                Caller.Host.UI.Write(text);
                break;
            case "WriteLine2" or "WriteLine3":
                Caller.Host.UI.WriteLine(text);
                break;
            case "WriteErrorLine":
                Caller.Host.UI.WriteErrorLine(text);
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

    private const string WhatIf = "WhatIf";

    private volatile NativeOperation? _operation;
}
