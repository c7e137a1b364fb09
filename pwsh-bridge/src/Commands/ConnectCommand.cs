using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text.Json;

using ExchangeOnlineManagement.Native;
using ExchangeOnlineManagement.Proxy;
using ExchangeOnlineManagement.Records;
using ExchangeOnlineManagement.Sessions;

namespace ExchangeOnlineManagement.Commands;

/// <summary>What all connecting cmdlets do: check, sign in, open the session, bring the commands.</summary>
public abstract class ConnectCommand : PSCmdlet
{
    /// <summary>What was asked for.</summary>
    private protected abstract ConnectSettings Settings();

    private protected virtual bool BannerWanted => true;

    private protected virtual bool ProgressWanted => true;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        ConnectSettings settings = Settings();
        if (settings.Refusal() is { } refusal)
        {
            ThrowTerminatingError(refusal);
        }
        IgnoredParameters.Mention(MyInvocation.BoundParameters, WriteVerbose);
        if (BannerWanted)
        {
            Say(Banner);
        }
        SayWhatWasChosen(settings);
        try
        {
            Progress("Connecting ...");
            Connect(settings);
        }
        catch (ExoException error) when (!Stopping)
        {
            ThrowTerminatingError(error.ToRecord(settings.ConnectionUri));
        }
        catch (ExoException)
        {
            throw new PipelineStoppedException();
        }
        catch (Exception error) when (ExoErrors.IsOfLibrary(error))
        {
            ThrowTerminatingError(ExoErrors.LibraryUnusable(error));
        }
        finally
        {
            Progress("Completed.", completed: true);
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _operation?.Cancel();

    /// <summary>The file or folder that a parameter names, as the file system knows it.</summary>
    private protected string PathOf(string text, string parameter)
    {
        string path = SessionState.Path.GetUnresolvedProviderPathFromPSPath(text, out ProviderInfo provider, out _);
        if (provider.Name != "FileSystem")
        {
            ThrowTerminatingError(new ErrorRecord(
                new ArgumentException($"{parameter} must be a path of the file system; '{text}' is one of {provider.Name}."),
                "NotAFilePath", ErrorCategory.InvalidArgument, text));
        }
        return path;
    }

    /// <summary>The log that the parameters of that name ask for.</summary>
    private protected CommandLog? OpenLog(bool wanted, string? folder, LogLevel level, bool measure)
    {
        if (!wanted)
        {
            return null;
        }
        string path = string.IsNullOrEmpty(folder) ? CommandLog.UsualFolder : PathOf(folder, "LogDirectoryPath");
        try
        {
            return CommandLog.Open(path, level, measure);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            ThrowTerminatingError(new ErrorRecord(
                new IOException($"The log cannot be written to '{path}': {error.Message}", error),
                "LogNotWritable", ErrorCategory.WriteError, path));
            throw;
        }
    }

    private void Connect(ConnectSettings settings)
    {
        NativeSession? session = null;
        using var request = new ConnectRequest(settings, WriteWarning, WriteVerbose);
        using (NativeOperation operation = request.Start())
        {
            Pull(operation, happened =>
            {
                switch (happened.Kind)
                {
                    case EventKind.ConnectStep:
                        WriteVerbose(happened.Text);
                        Progress(StatusAfter(happened));
                        break;
                    case EventKind.DeviceCode or EventKind.Browser:
                        Say(happened.Text);
                        break;
                    case EventKind.ConnectWarning:
                        WriteWarning(happened.Text);
                        break;
                    case EventKind.Connected:
                        session = happened.TakeSession();
                        break;
                }
            });
        }
        if (session is null)
        {
            throw new PipelineStoppedException();
        }
        Connection? connection = null;
        try
        {
            connection = Import(session, settings);
        }
        finally
        {
            if (connection is null)
            {
                Leave(session);
            }
        }
        List(connection);
    }

    /// <summary>Reads the commands of the account and makes the module with them.</summary>
    private Connection Import(NativeSession session, ConnectSettings settings)
    {
        Progress("Getting command information from remote session ...");
        byte[] json = "[]"u8.ToArray();
        using (NativeOperation operation = session.Commands(JsonSerializer.Serialize(Needed(session, settings))))
        {
            Pull(operation, happened =>
            {
                if (happened.Kind == EventKind.Commands)
                {
                    json = happened.CopyJson();
                }
            });
        }
        var refused = new List<string>();
        List<RemoteCommand> commands = RemoteCommand.ReadAll(json, refused);
        foreach (string name in refused)
        {
            WriteWarning($"The server offers a command whose name cannot be used safely; it was left out ({name.Length} characters).");
        }
        Progress($"Getting command information from remote session ... {commands.Count} commands received");

        Connections connections = Connections.Of(Runspace.DefaultRunspace);
        var connection = new Connection(session, settings, connections.NextNumber(), commands);
        if (settings.CommandName.Length != 0 && !connection.Commands.Any())
        {
            WriteWarning($"The account has no command called {string.Join(", ", settings.CommandName)}.");
        }
        ProxyModule.Import(this, connection);
        connections.Add(connection);
        if (connection.Info.IsRest)
        {
            // Scripts look at it after each command, be it one that PowerShell refuses.
            SessionState.PSVariable.Set(ProxyRun.StatusVariable, true);
        }
        WriteVerbose($"{connection.Name}: {commands.Count} commands of {connection.Info.Uri} are in the module {connection.ModuleName}.");
        return connection;
    }

    /// <summary>Shows the connection where remote PowerShell has always been shown.</summary>
    private void List(Connection connection)
    {
        if (connection.Info.IsRest && !connection.Settings.IsAlwaysListed)
        {
            return;
        }
        if (SessionAssembly.Factory is not { } factory)
        {
            WriteVerbose($"{connection.Name} is not in Get-PSSession. {SessionAssembly.Absence}");
            return;
        }
        ListedSession.Open(this, connection, factory);
    }

    /// <summary>The commands that were asked for, and those that the Get-EXO cmdlets call.</summary>
    /// <remarks>Remote PowerShell would report an error for each that the account does not have.</remarks>
    private static string[] Needed(NativeSession session, ConnectSettings settings) =>
        new SessionInfo(session.InfoJson()).IsRest ? settings.NeededNames() : settings.CommandName;

    private void Pull(NativeOperation operation, Action<NativeEvent> handle)
    {
        _operation = operation;
        while (!operation.HasEnded)
        {
            if (Stopping)
            {
                throw new PipelineStoppedException();
            }
            if (operation.TryNext(PollMilliseconds, out NativeEvent? next))
            {
                using NativeEvent happened = next!;
                handle(happened);
            }
        }
    }

    private void SayWhatWasChosen(ConnectSettings settings)
    {
        if (!string.IsNullOrEmpty(settings.ConnectionUri))
        {
            Say($"Using ConnectionUri:'{settings.ConnectionUri}'", ConsoleColor.Green);
        }
        else if (settings.Environment is { } environment)
        {
            Say($"Using ExchangeEnvironmentName:'{environment}'", ConsoleColor.Green);
        }
        if (!string.IsNullOrEmpty(settings.Authority))
        {
            Say($"Using AzureADAuthorizationEndpointUri:'{settings.Authority}'", ConsoleColor.Green);
        }
    }

    /// <summary>As Write-Host does.</summary>
    private void Say(string text, ConsoleColor? colour = null)
    {
        var message = new HostInformationMessage { Message = text };
        if (colour is { } foreground)
        {
            message.ForegroundColor = foreground;
        }
        WriteInformation(message, new[] { "PSHOST" });
    }

    private void Progress(string status, bool completed = false)
    {
        if (ProgressWanted)
        {
            WriteProgress(new ProgressRecord(ProgressId, "Creating implicit remoting module ...", status)
            {
                RecordType = completed ? ProgressRecordType.Completed : ProgressRecordType.Processing,
            });
        }
    }

    /// <summary>What comes after a step of connecting.</summary>
    private static string StatusAfter(NativeEvent step)
    {
        using var document = JsonDocument.Parse(step.Json);
        return document.RootElement.GetProperty("name").GetString() switch
        {
            "endpoint" => "Signing in ...",
            "sign-in" => "Opening the session ...",
            _ => "Connected ...",
        };
    }

    private static void Leave(NativeSession session)
    {
        try
        {
            session.Close(LeaveMilliseconds);
        }
        catch (ExoException)
        {
            // What went wrong before is what the user has to know.
        }
        finally
        {
            session.Dispose();
        }
    }

    private const string Banner =
        "The commands of the server come into this window as functions. Get-Command -Module tmpEXO* lists them, "
        + "Disconnect-ExchangeOnline takes them away.";

    private const int ProgressId = 1905347799;
    private const uint PollMilliseconds = 100;
    private const uint LeaveMilliseconds = 2000;

    private volatile NativeOperation? _operation;
}
