using System;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using System.Threading;

namespace ExchangeOnlineManagement.Sessions;

/// <summary>
/// Whoever takes what a command of a session writes. When that is over before the command is, as behind Select-Object
/// -First, the command is stopped as Ctrl+C stops it.
/// </summary>
/// <remarks>
/// PowerShell's Invoke-Command, with which imported commands run, hears that nobody takes its objects any more and goes on
/// reading until the command has ended by itself, over WinRM too. Nothing public tells of it, so that it is looked for where
/// PowerShell 7.3 to 7.6 have it; should a later version have it elsewhere, such a command ends when the server's does.
/// </remarks>
internal sealed class Audience : IDisposable
{
    internal Audience() => _timer = new Timer(_ => Look());

    /// <summary>The session's runspace, once it is made.</summary>
    internal Runspace? Runspace { get; set; }

    /// <summary>Takes notice of what PowerShell says to the server: only while a command runs there is something to see.</summary>
    internal void Hear(string line)
    {
        if (line.StartsWith("<Command ", StringComparison.Ordinal))
        {
            _hasStopped = false;
            Wait(PollMilliseconds);
        }
        else if (line.StartsWith("<Close ", StringComparison.Ordinal))
        {
            Wait(Timeout.Infinite);
        }
    }

    /// <summary>Stops the command that runs, should nobody take what it writes.</summary>
    internal void Look()
    {
        if (_hasStopped || Runspace is not { } runspace || s_places?.UnwantedOf(runspace) is not { } command)
        {
            return;
        }
        _hasStopped = true;
        // It waits for the command's end, of which it hears through the thread that looks.
        ThreadPool.QueueUserWorkItem(_ => s_places.Stop(command));
    }

    public void Dispose() => _timer.Dispose();

    private void Wait(int milliseconds)
    {
        try
        {
            _timer.Change(milliseconds, milliseconds);
        }
        catch (ObjectDisposedException)
        {
            // The session has ended, and its commands with it.
        }
    }

    /// <summary>Where PowerShell has what is needed.</summary>
    /// <param name="Invoker">The Invoke-Command that runs in a remote runspace.</param>
    /// <param name="Output">The pipe that a command writes into.</param>
    /// <param name="Reader">The command behind a pipe.</param>
    /// <param name="Runtime">How that command runs.</param>
    /// <param name="Pipeline">The pipeline that it runs in.</param>
    /// <param name="HasFailed">Whether one of the pipeline's commands has ended all of them.</param>
    /// <param name="Stopping">What Ctrl+C calls.</param>
    private sealed record Places(
        FieldInfo Invoker, PropertyInfo Output, PropertyInfo Reader, PropertyInfo Runtime, PropertyInfo Pipeline, FieldInfo HasFailed,
        MethodInfo Stopping)
    {
        /// <summary>Null where one of them is not there.</summary>
        internal static Places? Find()
        {
            const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
            Assembly engine = typeof(Cmdlet).Assembly;
            FieldInfo? invoker = engine.GetType("System.Management.Automation.RemoteRunspace")?.GetField("_currentInvokeCommand", Any);
            PropertyInfo? output = engine.GetType("System.Management.Automation.MshCommandRuntime")?.GetProperty("OutputPipe", Any);
            PropertyInfo? reader = output?.PropertyType.GetProperty("DownstreamCmdlet", Any);
            PropertyInfo? runtime = reader?.PropertyType.GetProperty("CommandRuntime", Any);
            PropertyInfo? pipeline = runtime?.PropertyType.GetProperty("PipelineProcessor", Any);
            FieldInfo? hasFailed = pipeline?.PropertyType.GetField("_stopping", Any);
            MethodInfo? stopping = typeof(Cmdlet).GetMethod("StopProcessing", Any);
            return invoker is null || hasFailed?.FieldType != typeof(bool) || stopping is null
                ? null
                : new Places(invoker, output!, reader!, runtime!, pipeline!, hasFailed, stopping);
        }

        /// <summary>The Invoke-Command in this runspace, if nobody takes its objects any more.</summary>
        internal Cmdlet? UnwantedOf(Runspace runspace)
        {
            if (!Invoker.DeclaringType!.IsInstanceOfType(runspace) || Invoker.GetValue(runspace) is not Cmdlet command
                || !Output.DeclaringType!.IsInstanceOfType(command.CommandRuntime)
                || Output.GetValue(command.CommandRuntime) is not { } pipe || Reader.GetValue(pipe) is not { } reader
                || Runtime.GetValue(reader) is not { } runtime || Pipeline.GetValue(runtime) is not { } pipeline)
            {
                return null;
            }
            return (bool)HasFailed.GetValue(pipeline)! ? command : null;
        }

        internal void Stop(Cmdlet command)
        {
            try
            {
                Stopping.Invoke(command, null);
            }
            catch (TargetInvocationException)
            {
                // It has ended meanwhile.
            }
        }
    }

    private const int PollMilliseconds = 50;
    private static readonly Places? s_places = Places.Find();

    private readonly Timer _timer;
    private volatile bool _hasStopped;
}
