using System;
using System.Management.Automation;

namespace ExchangeOnlineManagement.Commands.Exo;

/// <summary>A Get-EXO cmdlet with a parameter set for what says which recipient is meant, beside others.</summary>
public abstract class ExoIdentityCommand : ExoCommand
{
    /// <summary>Its object id in Microsoft Entra ID.</summary>
    [Parameter(ParameterSetName = ByIdentity, ValueFromPipelineByPropertyName = true)]
    public Guid ExternalDirectoryObjectId { get; set; }

    /// <summary>Its primary SMTP address.</summary>
    [Parameter(ParameterSetName = ByIdentity, ValueFromPipelineByPropertyName = true)]
    public string? PrimarySmtpAddress { get; set; }

    /// <summary>Its user principal name.</summary>
    [Parameter(ParameterSetName = ByIdentity, ValueFromPipelineByPropertyName = true)]
    public string? UserPrincipalName { get; set; }

    private protected const string ByIdentity = "Identity";
}
