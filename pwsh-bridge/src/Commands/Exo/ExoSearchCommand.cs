using System.Management.Automation;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>A Get-EXO cmdlet that finds objects: by identity, by part of a name or by a filter.</summary>
public abstract class ExoSearchCommand : ExoIdentityCommand
{
    /// <summary>Any text that says which one.</summary>
    [Parameter(ParameterSetName = ByIdentity, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [IdentityText]
    public string? Identity { get; set; }

    /// <summary>Part of a name.</summary>
    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    public string? Anr { get; set; }

    /// <summary>An OPATH filter.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Filter { get; set; }

    /// <summary>Only objects of this organizational unit.</summary>
    [Parameter]
    public string? OrganizationalUnit { get; set; }

    /// <summary>Properties that are wanted besides those of the sets.</summary>
    [Parameter]
    public string[]? Properties { get; set; }

    /// <summary>How many at most.</summary>
    [Parameter]
    public Unlimited ResultSize { get; set; }

    private protected const string ByName = "Anr";
}
