using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Remoting;
using System.Management.Automation.Runspaces;
using System.Threading;

using ExchangeOnlineManagement.Native;
using ExchangeOnlineManagement.Records;
using ExchangeOnlineManagement.Sessions;

namespace ExchangeOnlineManagement.Commands;

/// <summary>
/// PowerShell's own New-PSSession, which opens sessions with Exchange where PowerShell has no WSMan client. Whatever else it
/// is asked for is done by PowerShell.
/// </summary>
[Cmdlet(VerbsCommon.New, "PSSession", DefaultParameterSetName = "ComputerName", RemotingCapability = RemotingCapability.OwnedByCommand)]
[OutputType(typeof(PSSession))]
public sealed class NewPSSessionCommand : Microsoft.PowerShell.Commands.NewPSSessionCommand
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Asked() is not { } asked)
        {
            base.ProcessRecord();
            return;
        }
        if (SessionAssembly.Factory is not { } factory)
        {
            WriteVerbose($"New-PSSession is PowerShell's own. {SessionAssembly.Absence}");
            base.ProcessRecord();
            return;
        }
        for (int i = 0; i < asked.Length && !Stopping; i++)
        {
            Open(factory, asked[i], Name is { } names && i < names.Length ? names[i] : null);
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        _stopped.Set();
        base.StopProcessing();
    }

    /// <summary>The sessions with Exchange that are wanted; null where PowerShell's own cmdlet has to do it.</summary>
    private SessionSettings[]? Asked()
    {
        // There the stock cmdlet has WSMan, and all that comes with it: Kerberos, the user's own credentials, its policies.
        if (OperatingSystem.IsWindows())
        {
            return null;
        }
        if (ConnectionUri is { Length: not 0 } uris)
        {
            return uris.All(uri => IsBound(nameof(ConfigurationName)) ? IsExchange(ConfigurationName) : SessionSettings.IsExchange(uri))
                ? Array.ConvertAll(uris, Settings)
                : null;
        }
        // A module made by Import-PSSession that wants its lost session again knows no address of a session like ours.
        bool isAgain = IsBound(nameof(ConfigurationName)) && string.IsNullOrEmpty((string?)MyInvocation.BoundParameters[nameof(ConfigurationName)])
            && !IsBound(nameof(ComputerName)) && ParameterSetName == "ComputerName";
        return isAgain && SessionSettings.OfLost(SessionOption) is { } lost ? new[] { lost } : null;
    }

    private SessionSettings Settings(Uri uri) => new()
    {
        ConnectionUri = uri,
        ConfigurationName = IsBound(nameof(ConfigurationName)) ? BareName(ConfigurationName) : ExchangeConfiguration,
        Credential = Credential,
        Authentication = Authentication,
        AllowRedirection = AllowRedirection,
        SessionOption = SessionOption,
    };

    private void Open(ISessionFactory factory, SessionSettings settings, string? name)
    {
        Runspace? runspace = null;
        try
        {
            using var request = new ConnectRequest(settings, WriteWarning, WriteVerbose);
            ShellLink link = request.StartRelay();
            runspace = factory.CreateRunspace(
                link, settings.ConnectionUri, settings.Authentication, Host, settings.Remembered(), name);
            if (SessionOpening.Open(runspace, link, _stopped.WaitHandle, Tell))
            {
                PSObject session = factory.CreateSession(runspace, settings.ConfigurationName, this);
                runspace = null;
                WriteObject(session);
            }
            else if (!_stopped.IsSet)
            {
                WriteError(Refusal(runspace.RunspaceStateInfo.Reason, runspace, settings));
            }
        }
        catch (ExoException error)
        {
            WriteError(Refusal(error, runspace, settings));
        }
        catch (Exception error) when (ExoErrors.IsOfLibrary(error))
        {
            ThrowTerminatingError(ExoErrors.LibraryUnusable(error));
        }
        finally
        {
            runspace?.Dispose();
        }
    }

    private void Tell(LinkNews news)
    {
        if (news.Kind == EventKind.ConnectStep)
        {
            WriteVerbose(news.Text);
        }
        else
        {
            WriteWarning(news.Text);
        }
    }

    /// <summary>The error as Windows has it: its names, which scripts look for, and its first words.</summary>
    private static ErrorRecord Refusal(Exception? reason, Runspace? runspace, SessionSettings settings)
    {
        string host = settings.ConnectionUri.Host;
        reason ??= new PSRemotingTransportException($"The session with {host} ended before it was open.");
        int code = (reason as PSRemotingTransportException)?.ErrorCode ?? 0;
        string name = s_codes.TryGetValue(code, out string? known) ? known : code.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return new ErrorRecord(reason, $"{name},PSSessionOpenFailed", ErrorCategory.OpenError, runspace)
        {
            ErrorDetails = new ErrorDetails(
                $"[{host}] Connecting to remote server {host} failed with the following error message : {reason.Message}"),
        };
    }

    private bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    private static bool IsExchange(string configuration) =>
        string.Equals(BareName(configuration), ExchangeConfiguration, StringComparison.OrdinalIgnoreCase);

    /// <summary>The name without the address that Windows takes too.</summary>
    private static string BareName(string configuration) =>
        configuration.StartsWith(ConfigurationPrefix, StringComparison.OrdinalIgnoreCase)
            ? configuration[ConfigurationPrefix.Length..]
            : configuration;

    private const string ExchangeConfiguration = "Microsoft.Exchange";
    private const string ConfigurationPrefix = "http://schemas.microsoft.com/powershell/";

    /// <summary>PowerShell's names for the numbers of Windows.</summary>
    private static readonly Dictionary<int, string> s_codes = new()
    {
        [5] = "AccessDenied",
        [53] = "NetworkPathNotFound",
        [1311] = "AuthenticationFailed",
        [1326] = "LogonFailure",
        [-2144108526] = "CannotConnect",
        [-2144108269] = "URLNotAvailable",
        [-2144108103] = "ComputerNotFound",
    };

    private readonly ManualResetEventSlim _stopped = new();
}
