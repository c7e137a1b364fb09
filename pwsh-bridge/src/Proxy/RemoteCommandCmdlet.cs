using System;
using System.Management.Automation;

using ExchangeOnlineManagement.Native;
using ExchangeOnlineManagement.Records;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>What the proxies call: cmdlets, because only a cmdlet hears of Ctrl+C.</summary>
public abstract class RemoteCommandCmdlet : PSCmdlet
{
    /// <summary>Does its part of the run; gives the error for which the proxy has to end, if there is one.</summary>
    private protected abstract ErrorRecord? Run(ProxyRun run);

    /// <summary>The run; null when there is nothing to do.</summary>
    private protected abstract ProxyRun? Begin();

    /// <summary>Ends the command with an error: a proxy throws what it finds in its output.</summary>
    private protected virtual void Fail(ErrorRecord failure) => WriteObject(failure);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Begin() is { } run)
        {
            Perform(run, Run);
        }
    }

    /// <summary>Does a part of the run, and makes an error of what goes wrong in it.</summary>
    private protected void Perform(ProxyRun run, Func<ProxyRun, ErrorRecord?> part)
    {
        ErrorRecord? failure;
        try
        {
            failure = part(run);
        }
        catch (ExoException error)
        {
            failure = run.FailureOf(error);
        }
        catch (ObjectDisposedException)
        {
            // The proxy was kept beyond its connection.
            failure = new ErrorRecord(
                new InvalidOperationException(
                    $"The connection that {run.Command.Name} belongs to was ended; connect again with Connect-ExchangeOnline or Connect-IPPSSession."),
                "ConnectionEnded", ErrorCategory.ConnectionError, run.Command.Name);
        }
        catch (PSNotSupportedException error)
        {
            failure = new ErrorRecord(error, "ExoNotSupported", ErrorCategory.NotImplemented, run.Command.Name);
        }
        catch (PSInvalidOperationException error)
        {
            // PowerShell's own, such as that nobody can be asked.
            failure = error.ErrorRecord;
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException)
        {
            failure = new ErrorRecord(error, "ExoBadRecord", ErrorCategory.InvalidData, run.Command.Name);
        }
        if (failure is null)
        {
            run.SetStatus();
            return;
        }
        run.Count(failure);
        run.End();
        Fail(failure);
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _operation?.Cancel();

    /// <summary>Calls the command with one input, or adds the input to those that go together.</summary>
    /// <param name="run">The run.</param>
    /// <param name="document">The parameters; it is cleared.</param>
    /// <returns>The error for which the command ended, if there is one.</returns>
    private protected ErrorRecord? Send(ProxyRun run, byte[] document)
    {
        try
        {
            if (run.IsBatched)
            {
                return Add(run, document);
            }
            using NativeOperation operation = run.Connection.Session.Invoke(run.Command.Name, document, run.AskFrom);
            return Pull(run, operation);
        }
        finally
        {
            Array.Clear(document);
        }
    }

    /// <summary>Notes that there are no more inputs, and writes what is still to come.</summary>
    private protected ErrorRecord? Complete(ProxyRun run)
    {
        ErrorRecord? failure = null;
        if (run.Batch is { } batch)
        {
            batch.EndInput();
            failure = Pull(run, batch);
        }
        if (failure is null)
        {
            run.End();
        }
        return failure;
    }

    /// <summary>Adds the input to those that go together, and writes what has come of earlier ones.</summary>
    private ErrorRecord? Add(ProxyRun run, byte[] document)
    {
        uint inFlight = run.ErrorAction is ActionPreference.Stop or ActionPreference.Inquire ? 1 : MostInFlight;
        NativeOperation batch = run.Batch ??= run.Connection.Session.InvokeBatch(run.Command.Name, run.AskFrom, inFlight);
        ErrorRecord? failure = null;
        try
        {
            while (!batch.TryWrite(document, out bool takesMore))
            {
                if (!takesMore)
                {
                    // Its end says why.
                    return Pull(run, batch);
                }
                PullOne(run, batch, PollMilliseconds, ref failure);
            }
            while (!batch.HasEnded && PullOne(run, batch, milliseconds: 0, ref failure))
            {
                // Whatever is there already.
            }
            return failure;
        }
        catch
        {
            // The proxy will not be called again.
            batch.Dispose();
            throw;
        }
    }

    /// <summary>Writes what an operation tells until its end.</summary>
    /// <returns>The error for which the command ended, if there is one.</returns>
    private protected ErrorRecord? Pull(ProxyRun run, NativeOperation operation)
    {
        ErrorRecord? failure = null;
        while (!operation.HasEnded)
        {
            PullOne(run, operation, PollMilliseconds, ref failure);
        }
        return failure;
    }

    /// <summary>Writes the next thing that an operation tells, if it comes in time.</summary>
    /// <returns>Whether it came.</returns>
    private protected bool PullOne(ProxyRun run, NativeOperation operation, uint milliseconds, ref ErrorRecord? failure)
    {
        _operation = operation;
        if (Stopping)
        {
            // Leaving cancels it.
            throw new PipelineStoppedException();
        }
        NativeEvent? next;
        try
        {
            if (!operation.TryNext(milliseconds, out next))
            {
                return false;
            }
        }
        catch (ExoException error)
        {
            failure = run.FailureOf(error);
            run.WriteHeld(failure);
            return true;
        }
        using NativeEvent happened = next!;
        if (happened.Kind == EventKind.Finished)
        {
            run.Connection.IsLost = false;
            failure = Finish(happened);
            run.WriteHeld(failure);
        }
        else
        {
            run.Write(happened, operation);
        }
        return true;
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

    /// <summary>Requests of ten inputs each.</summary>
    private const uint MostInFlight = 4;

    private volatile NativeOperation? _operation;
}
