using System;

using ExchangeOnlineManagement.Proxy;

namespace ExchangeOnlineManagement.Commands;

/// <summary>A connection as Get-ConnectionInformation shows it, with the columns of the original in its order.</summary>
public sealed class ConnectionInformation
{
    internal ConnectionInformation(Connection connection, bool isLast)
    {
        // The token may have been renewed since, and the session may have ended.
        SessionInfo? now = connection.Now();
        SessionInfo info = now ?? connection.Info;
        ConnectionId = connection.Id;
        State = now is null || connection.IsLost ? "Broken" : "Connected";
        Id = connection.Number;
        Name = connection.Name;
        UserPrincipalName = info.User;
        ConnectionUri = info.ShownUri;
        AzureAdAuthorizationEndpointUri = info.Authority ?? connection.Settings.Authority;
        TokenExpiryTimeUTC = info.TokenEnd;
        CertificateAuthentication = info.IsByCertificate;
        ModuleName = connection.ModuleName;
        ModulePrefix = connection.Prefix;
        Organization = info.Organization;
        DelegatedOrganization = info.DelegatedOrganization;
        AppId = info.AppId;
        PageSize = connection.PageSize;
        TenantID = info.TenantId;
        TokenStatus = info.TokenEnd is { } end ? (DateTimeOffset.UtcNow < end ? "Active" : "Expired") : null;
        ConnectionUsedForInbuiltCmdlets = isLast;
        IsEopSession = connection.Settings.IsCompliance;
    }

    /// <summary>The number of the connection; Disconnect-ExchangeOnline takes it.</summary>
    public Guid ConnectionId { get; }

    /// <summary>Connected; Broken when the session has ended on its own.</summary>
    public string State { get; }

    /// <summary>The number in the name.</summary>
    public int Id { get; }

    /// <summary>For example <c>ExchangeOnline_1</c>.</summary>
    public string Name { get; }

    /// <summary>The account; null for an application, and when the server did not have to know one.</summary>
    public string? UserPrincipalName { get; }

    /// <summary>The address that answered.</summary>
    public string ConnectionUri { get; }

    /// <summary>Where it signed in; null when no token was needed.</summary>
    public string? AzureAdAuthorizationEndpointUri { get; }

    /// <summary>When the token ends; null when there is none.</summary>
    public DateTimeOffset? TokenExpiryTimeUTC { get; }

    /// <summary>Whether an application signed in with a certificate.</summary>
    public bool CertificateAuthentication { get; }

    /// <summary>The module with the commands.</summary>
    public string ModuleName { get; }

    /// <summary>What stands before the nouns of the commands.</summary>
    public string ModulePrefix { get; }

    /// <summary>The tenant that an application or a managed identity administers.</summary>
    public string? Organization { get; }

    /// <summary>The customer's organization.</summary>
    public string? DelegatedOrganization { get; }

    /// <summary>The application that signed in, when it is not Exchange's own.</summary>
    public string? AppId { get; }

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
