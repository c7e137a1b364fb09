using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;

using ExchangeOnlineManagement.Proxy;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>A Get-EXO cmdlet: a command of the service under another name, with other ways to say whom it is about.</summary>
/// <remarks>
/// The original asks entity addresses of its own for these. What they answer is what the commands answer that they are
/// named after, so these are called: the same rights, the same objects, on both carriers.
/// </remarks>
public abstract class ExoCommand : RemoteCommandCmdlet
{
    /// <summary>The commands behind all of these.</summary>
    internal static readonly string[] Behind =
    {
        "Get-CASMailbox", "Get-Mailbox", "Get-MailboxFolderPermission", "Get-MailboxFolderStatistics", "Get-MailboxPermission",
        "Get-MailboxStatistics", "Get-MobileDeviceStatistics", "Get-Recipient", "Get-RecipientPermission",
    };

    /// <summary>The command behind this one.</summary>
    private protected abstract string Called { get; }

    /// <summary>The parameter of that command which says whom it is about.</summary>
    private protected virtual string Target => IdentityName;

    /// <summary>Which properties are wanted; null for all.</summary>
    private protected virtual Projection? Shape() => null;

    /// <summary>Changes what is sent, where a parameter has another name or meaning there.</summary>
    private protected virtual void Rename(Dictionary<string, object?> arguments)
    {
    }

    /// <inheritdoc/>
    protected sealed override void BeginProcessing() => _connection = Chosen();

    private protected sealed override ProxyRun? Begin()
    {
        bool isFirst = ProxyRun.Find(this) is null;
        ProxyRun run = ProxyRun.Of(this, _connection!, Called);
        if (isFirst && Shape() is { } shape)
        {
            run.Shape = shape.Apply;
        }
        return run;
    }

    private protected sealed override ErrorRecord? Run(ProxyRun run)
    {
        Dictionary<string, object?> arguments = Arguments();
        return Refusal(run.Command, arguments)
            ?? Send(run, ParameterDocument.Write(run.Command, arguments, Array.Empty<string>()));
    }

    /// <inheritdoc/>
    protected sealed override void EndProcessing()
    {
        if (ProxyRun.Find(this) is { } run)
        {
            Perform(run, Complete);
        }
    }

    private protected sealed override void Fail(ErrorRecord failure) => ThrowTerminatingError(failure);

    /// <summary>The newest connection to Exchange that has the command.</summary>
    private Connection Chosen()
    {
        Connection[] open = Connections.Of(Runspace.DefaultRunspace).Snapshot();
        Connection? newest = Array.FindLast(open, connection => !connection.Settings.IsCompliance);
        if (newest is null)
        {
            ThrowTerminatingError(new ErrorRecord(
                new InvalidOperationException("You must call the Connect-ExchangeOnline cmdlet before calling any other cmdlets."),
                "NotConnected", ErrorCategory.ConnectionError, null));
        }
        if (!newest!.Has(Called))
        {
            ThrowTerminatingError(new ErrorRecord(
                new CommandNotFoundException(
                    $"{MyInvocation.MyCommand.Name} needs the command {Called}, which {newest.Name} does not have: it is not "
                    + "among the commands of the account, or CommandName left it out when connecting."),
                "CommandNotAvailable", ErrorCategory.ObjectNotFound, Called));
        }
        return newest;
    }

    /// <summary>What was bound, in the words of the command behind.</summary>
    private Dictionary<string, object?> Arguments()
    {
        var arguments = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (KeyValuePair<string, object> bound in MyInvocation.BoundParameters)
        {
            // What an earlier input bound stays in that list; the property is empty again.
            PropertyInfo? own = GetType().GetProperty(bound.Key);
            object? value = own is null ? bound.Value : own.GetValue(this);
            if (value is not (null or Guid) || (value is Guid guid && guid != Guid.Empty))
            {
                arguments[bound.Key] = value is Guid or Unlimited or ElcFolderType ? value.ToString() : value;
            }
        }
        arguments.Remove("Properties");
        arguments.Remove("PropertySets");
        // Whoever is named in several ways is one and the same; the first that was given counts.
        object? whom = null;
        foreach (string name in s_identities)
        {
            if (arguments.Remove(name, out object? given) && whom is null && given is not (null or ""))
            {
                whom = given;
                arguments[name == IdentityName ? IdentityName : Target] = given;
            }
        }
        Rename(arguments);
        return arguments;
    }

    /// <summary>What the command behind cannot do; null when there is nothing.</summary>
    private ErrorRecord? Refusal(RemoteCommand called, Dictionary<string, object?> arguments)
    {
        if (!called.IsDeclared)
        {
            // The server binds for itself.
            return null;
        }
        foreach (string name in arguments.Keys)
        {
            if (called.Parameter(name) is null && !CommonParameters.Contains(name))
            {
                return Refuse($"{Called}, which answers {MyInvocation.MyCommand.Name}, does not take the parameter {name} from this account.", "ParameterNotAvailable", name);
            }
        }
        if (arguments.ContainsKey(IdentityName) || called.Parameter(IdentityName) is not { } identity || !IsMandatory(identity, arguments))
        {
            return null;
        }
        return Refuse(
            $"{MyInvocation.MyCommand.Name} has to be told whose: the service answers for one at a time. For all, use "
            + $"'Get-EXOMailbox -ResultSize Unlimited | {MyInvocation.MyCommand.Name}'.",
            "IdentityRequired", null);
    }

    /// <summary>Whether there is no way to call without it: what was given does not choose a set that goes without.</summary>
    private protected virtual bool IsMandatory(RemoteParameter identity, Dictionary<string, object?> arguments)
    {
        foreach (RemoteParameterSet set in identity.Sets)
        {
            if (!set.IsMandatory)
            {
                return false;
            }
        }
        return 0 < identity.Sets.Count;
    }

    private static ErrorRecord Refuse(string text, string id, object? target) =>
        new(new ArgumentException(text), id, ErrorCategory.InvalidArgument, target);

    private protected const string IdentityName = "Identity";

    /// <summary>The ways to say whom, first those that count first.</summary>
    private static readonly string[] s_identities =
    {
        IdentityName, "UserPrincipalName", "ExternalDirectoryObjectId", "PrimarySmtpAddress", "ExchangeGuid",
    };

    private Connection? _connection;
}
