using System;
using System.Collections.Generic;
using System.Management.Automation;

using ExchangeOnlineManagement.Proxy;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>Shows size, number of items and more of a mailbox.</summary>
[Cmdlet(VerbsCommon.Get, "EXOMailboxStatistics")]
[OutputType(typeof(PSObject))]
public sealed class GetEXOMailboxStatisticsCommand : ExoCommand
{
    /// <summary>Of the archive of the mailbox.</summary>
    [Parameter]
    public SwitchParameter Archive { get; set; }

    /// <summary>The database; without a mailbox, all in it.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public Guid DatabaseGuid { get; set; }

    /// <summary>The mailbox, by its own GUID.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public Guid ExchangeGuid { get; set; }

    /// <summary>Any text that says which one.</summary>
    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdentityText]
    public string? Identity { get; set; }

    /// <summary>Its primary SMTP address.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? PrimarySmtpAddress { get; set; }

    /// <summary>Its user principal name.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? UserPrincipalName { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter IncludeMoveHistory { get; set; }

    /// <summary>Reserved by the service.</summary>
    [Parameter]
    public SwitchParameter IncludeMoveReport { get; set; }

    /// <summary>Soft-deleted recipients too.</summary>
    [Parameter]
    public SwitchParameter IncludeSoftDeletedRecipients { get; set; }

    /// <summary>Properties that are wanted besides those of the sets.</summary>
    [Parameter]
    public string[]? Properties { get; set; }

    /// <summary>Which sets of properties are wanted.</summary>
    [Parameter]
    [ValidateSet(
        nameof(PropertySet.Minimum), nameof(PropertySet.All))]
    public PropertySet[]? PropertySets { get; set; }

    private protected override string Called => "Get-MailboxStatistics";

    private protected override Projection? Shape() => Projection.Of(Exo.PropertySets.MailboxStatistics, PropertySets, Properties, WriteWarning);

    /// <summary>A mailbox is in one database; only without one the database is a question of its own.</summary>
    private protected override void Rename(Dictionary<string, object?> arguments)
    {
        if (arguments.Remove(nameof(DatabaseGuid), out object? database) && !arguments.ContainsKey(IdentityName))
        {
            arguments[DatabaseName] = database;
        }
    }

    private protected override bool IsMandatory(RemoteParameter identity, Dictionary<string, object?> arguments) =>
        !arguments.ContainsKey(DatabaseName) && base.IsMandatory(identity, arguments);

    private const string DatabaseName = "Database";
}
