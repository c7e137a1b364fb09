using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Security;
using System.Text.Json;
using System.Text.RegularExpressions;

using ExchangeOnlineManagement.Native;
using ExchangeOnlineManagement.Proxy;
using ExchangeOnlineManagement.Records;

namespace ExchangeOnlineManagement.Commands;

/// <summary>What the two connecting cmdlets have in common.</summary>
public abstract class ConnectCommand : PSCmdlet
{
    /// <summary>The endpoint; without it the environment's own.</summary>
    public abstract string? ConnectionUri { get; set; }

    /// <summary>Where to sign in; without it the environment's own.</summary>
    public abstract string? AzureADAuthorizationEndpointUri { get; set; }

    /// <summary>The customer's domain, when a partner administers it.</summary>
    public abstract string? DelegatedOrganization { get; set; }

    /// <summary>What to put before the nouns of the commands.</summary>
    public abstract string? Prefix { get; set; }

    /// <summary>Which commands to import; wildcards allowed.</summary>
    public abstract string[]? CommandName { get; set; }

    /// <summary>The user's name, with Device to know whom to expect.</summary>
    [Parameter]
    public string? UserPrincipalName { get; set; }

    /// <summary>User and password.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>Sign in with a code that is entered in a browser, on this or another device.</summary>
    [Parameter]
    public SwitchParameter Device { get; set; }

    /// <summary>A token that the caller already has.</summary>
    [Parameter]
    public string? AccessToken { get; set; }

    /// <summary>Does not tell the server whose mailbox server to choose.</summary>
    [Parameter]
    public SwitchParameter BypassMailboxAnchoring { get; set; }

    /// <summary>Speaks remote PowerShell where the service would be asked over REST.</summary>
    [Parameter]
    public SwitchParameter UseRPSSession { get; set; }

    /// <summary>Shows a few words of welcome.</summary>
    [Parameter]
    public SwitchParameter ShowBanner { get; set; } = true;

    /// <summary>Without effect: there is no Windows broker to leave out.</summary>
    [Parameter]
    public SwitchParameter DisableWAM { get; set; }

    /// <summary>Without effect: the module with the commands is made in memory.</summary>
    [Parameter]
    public string? EXOModuleBasePath { get; set; }

    /// <summary>The name of the service in the connect options.</summary>
    private protected abstract string Service { get; }

    /// <summary>The kind in the connection's name.</summary>
    private protected abstract string Kind { get; }

    /// <summary>The environment; null when it was not given.</summary>
    private protected virtual ExchangeEnvironment? Environment => null;

    /// <summary>Most objects in a page; null when it was not given.</summary>
    private protected virtual uint? WantedPageSize => null;

    private protected virtual bool ProgressWanted => true;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        Check();
        if (ShowBanner)
        {
            Say(Banner);
        }
        SayWhatWasChosen();
        try
        {
            Connect();
        }
        catch (ExoException error) when (!Stopping)
        {
            ThrowTerminatingError(error.ToRecord(ConnectionUri));
        }
        catch (ExoException)
        {
            throw new PipelineStoppedException();
        }
        finally
        {
            Progress("Completed.", completed: true);
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _operation?.Cancel();

    private void Connect()
    {
        NativeSession? session = null;
        using (SecureString? token = Secret(AccessToken))
        using (NativeOperation operation = NativeSession.Connect(Options(), Credential?.Password ?? token))
        {
            Pull(operation, happened =>
            {
                switch (happened.Kind)
                {
                    case EventKind.ConnectStep:
                        WriteVerbose(happened.Text);
                        break;
                    case EventKind.DeviceCode:
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
        bool kept = false;
        try
        {
            Import(session);
            kept = true;
        }
        finally
        {
            if (!kept)
            {
                Leave(session);
            }
        }
    }

    /// <summary>Reads the commands of the account and makes the module with them.</summary>
    private void Import(NativeSession session)
    {
        Progress("Getting command information from remote session ...");
        string json = "[]";
        using (NativeOperation operation = session.Commands(JsonSerializer.Serialize(CommandName ?? Array.Empty<string>())))
        {
            Pull(operation, happened =>
            {
                if (happened.Kind == EventKind.Commands)
                {
                    json = happened.Json;
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
        var info = new SessionInfo(session.InfoJson());
        var connection = new Connection(session, info, Kind, connections.NextNumber(), Prefix ?? string.Empty, commands)
        {
            IsCompliance = Service == Compliance,
            Authority = AzureADAuthorizationEndpointUri,
            PageSize = info.IsRest ? WantedPageSize ?? LargestPage : null,
        };
        ProxyModule.Import(this, connection);
        connections.Add(connection);
        WriteVerbose($"{connection.Name}: {commands.Count} commands of {connection.Uri} are in the module {connection.ModuleName}.");
    }

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

    private string Options()
    {
        bool hasToken = !string.IsNullOrEmpty(AccessToken);
        var options = new Dictionary<string, object?>
        {
            ["service"] = Service,
            ["signIn"] = Credential is not null ? "password" : hasToken ? "accessToken" : "device",
        };
        void Set(string key, object? value)
        {
            if (value is not (null or "" or false))
            {
                options[key] = value;
            }
        }
        Set("environment", Environment?.ToString());
        Set("connectionUri", ConnectionUri);
        Set("authority", AzureADAuthorizationEndpointUri);
        Set("user", Credential?.UserName ?? UserPrincipalName);
        Set("delegatedOrganization", DelegatedOrganization);
        Set("bypassMailboxAnchoring", BypassMailboxAnchoring.IsPresent);
        Set("carrier", UseRPSSession ? "psrp" : null);
        Set("pageSize", WantedPageSize);
        return JsonSerializer.Serialize(options);
    }

    /// <summary>The checks of the original module, with its sentences.</summary>
    private void Check()
    {
        if (!string.IsNullOrEmpty(ConnectionUri) && !Uri.TryCreate(ConnectionUri, UriKind.Absolute, out _))
        {
            Refuse($"Invalid ConnectionUri parameter '{ConnectionUri}'", "InvalidConnectionUri", ConnectionUri);
        }
        if (!string.IsNullOrEmpty(AzureADAuthorizationEndpointUri)
            && !(Uri.TryCreate(AzureADAuthorizationEndpointUri, UriKind.Absolute, out Uri? authority)
                && authority.Scheme == Uri.UriSchemeHttps))
        {
            Refuse(
                $"Invalid AzureADAuthorizationEndpointUri parameter '{AzureADAuthorizationEndpointUri}'",
                "InvalidAzureADAuthorizationEndpointUri", AzureADAuthorizationEndpointUri);
        }
        if (!string.IsNullOrEmpty(Prefix))
        {
            if (!s_prefix.IsMatch(Prefix))
            {
                Refuse("Use of any special characters in the Prefix string is not supported.", "InvalidPrefix", Prefix);
            }
            if (string.Equals(Prefix, "EXO", StringComparison.OrdinalIgnoreCase))
            {
                Refuse("Prefix 'EXO' is a reserved Prefix, please use a different prefix.", "ReservedPrefix", Prefix);
            }
        }
        int ways = (Credential is null ? 0 : 1) + (Device ? 1 : 0) + (string.IsNullOrEmpty(AccessToken) ? 0 : 1);
        if (1 < ways)
        {
            Refuse(
                "Only one of the parameters Credential, Device and AccessToken can be used to sign in.",
                "AmbiguousSignIn", null);
        }
    }

    private void Refuse(string text, string id, object? target) =>
        ThrowTerminatingError(new ErrorRecord(new ArgumentException(text), id, ErrorCategory.InvalidArgument, target));

    private void SayWhatWasChosen()
    {
        if (!string.IsNullOrEmpty(ConnectionUri))
        {
            Say($"Using ConnectionUri:'{ConnectionUri}'", ConsoleColor.Green);
        }
        else if (Environment is { } environment)
        {
            Say($"Using ExchangeEnvironmentName:'{environment}'", ConsoleColor.Green);
        }
        if (!string.IsNullOrEmpty(AzureADAuthorizationEndpointUri))
        {
            Say($"Using AzureADAuthorizationEndpointUri:'{AzureADAuthorizationEndpointUri}'", ConsoleColor.Green);
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

    private static SecureString? Secret(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }
        var secret = new SecureString();
        foreach (char unit in text)
        {
            secret.AppendChar(unit);
        }
        return secret;
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

    /// <summary>The name of Security &amp; Compliance in the connect options.</summary>
    private protected const string Compliance = "compliance";

    /// <summary>As many objects as the service puts into a page.</summary>
    private protected const uint LargestPage = 1000;

    private const int ProgressId = 1905347799;
    private const uint PollMilliseconds = 100;
    private const uint LeaveMilliseconds = 2000;

    private static readonly Regex s_prefix = new("^[a-zA-Z0-9]+$", RegexOptions.CultureInvariant);

    private volatile NativeOperation? _operation;
}
