using System;

using ExchangeOnlineManagement.Proxy;

namespace ExchangeOnlineManagement.Commands;

/// <summary>A connection as Get-ConnectionInformation shows it, with the columns of the original in its order.</summary>
public sealed class ConnectionInformation
{
    internal ConnectionInformation(Connection connection, bool isLast)
    {
        SessionInfo info = connection.Info;
        ConnectionId = connection.Id;
        State = "Connected";
        Id = connection.Number;
        Name = connection.Name;
        UserPrincipalName = info.User;
        ConnectionUri = info.ServerUri;
        AzureAdAuthorizationEndpointUri = connection.Authority;
        TokenExpiryTimeUTC = info.TokenEnd;
        ModuleName = connection.ModuleName;
        ModulePrefix = connection.Prefix;
        DelegatedOrganization = info.DelegatedOrganization;
        PageSize = connection.PageSize;
        TenantID = info.TenantId;
        TokenStatus = info.TokenEnd is { } end ? (DateTimeOffset.UtcNow < end ? "Active" : "Expired") : null;
        ConnectionUsedForInbuiltCmdlets = isLast;
        IsEopSession = connection.IsCompliance;
    }

    /// <summary>The number of the connection; Disconnect-ExchangeOnline takes it.</summary>
    public Guid ConnectionId { get; }

    /// <summary>Connections that were ended are not shown.</summary>
    public string State { get; }

    /// <summary>The number in the name.</summary>
    public int Id { get; }

    /// <summary>For example <c>ExchangeOnline_1</c>.</summary>
    public string Name { get; }

    /// <summary>The account; null when the server did not have to know one.</summary>
    public string? UserPrincipalName { get; }

    /// <summary>The address that answered.</summary>
    public string ConnectionUri { get; }

    /// <summary>Where the user wanted to sign in; null when the environment's own was taken.</summary>
    public string? AzureAdAuthorizationEndpointUri { get; }

    /// <summary>When the token that the connection was opened with ends; null when there was none.</summary>
    public DateTimeOffset? TokenExpiryTimeUTC { get; }

    /// <summary>This module signs users in, not certificates.</summary>
    public bool CertificateAuthentication => false;

    /// <summary>The module with the commands.</summary>
    public string ModuleName { get; }

    /// <summary>What stands before the nouns of the commands.</summary>
    public string ModulePrefix { get; }

    /// <summary>The customer's organization.</summary>
    public string? DelegatedOrganization { get; }

    /// <summary>Most objects in a page; null where there are no pages.</summary>
    public uint? PageSize { get; }

    /// <summary>The tenant of the token.</summary>
    public string? TenantID { get; }

    /// <summary>Active or Expired; null when there was no token.</summary>
    public string? TokenStatus { get; }

    /// <summary>Whether it is the last one made.</summary>
    public bool ConnectionUsedForInbuiltCmdlets { get; }

    /// <summary>Whether it is to Security &amp; Compliance.</summary>
    public bool IsEopSession { get; }
}
