using System;
using System.Text.Json;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>What the native library knows about a connection.</summary>
internal sealed class SessionInfo
{
    /// <summary>Reads the JSON of <c>exo_session_info</c>.</summary>
    internal SessionInfo(string json)
    {
        using var document = JsonDocument.Parse(json);
        JsonElement info = document.RootElement;
        Id = Guid.TryParse(Text(info, "sessionId"), out Guid id) ? id : Guid.NewGuid();
        Uri = Text(info, "connectionUri") ?? string.Empty;
        ServerUri = Text(info, "serverUri") ?? Uri;
        IsRest = Text(info, "carrier") == "rest";
        User = Text(info, "user");
        TenantId = Text(info, "tenantId");
        DelegatedOrganization = Text(info, "delegatedOrganization");
        Organization = Text(info, "organization");
        AppId = Text(info, "appId");
        Authority = Text(info, "authority");
        IsByCertificate = info.TryGetProperty("certificateAuthentication", out JsonElement by) && by.ValueKind == JsonValueKind.True;
        if (info.TryGetProperty("tokenExpiresAt", out JsonElement end) && end.ValueKind == JsonValueKind.Number
            && end.TryGetInt64(out long seconds) && seconds is > 0 and < MaxSeconds)
        {
            TokenEnd = DateTimeOffset.FromUnixTimeSeconds(seconds);
        }
    }

    /// <summary>The number of the connection.</summary>
    internal Guid Id { get; }

    /// <summary>The address asked for.</summary>
    internal string Uri { get; }

    /// <summary>The address that answered.</summary>
    internal string ServerUri { get; }

    /// <summary>The address that answered as the original shows it: over REST without path and slash.</summary>
    internal string ShownUri =>
        IsRest && System.Uri.TryCreate(ServerUri, UriKind.Absolute, out Uri? uri) ? uri.GetLeftPart(UriPartial.Authority) : ServerUri;

    internal bool IsRest { get; }

    internal string? User { get; }

    internal string? TenantId { get; }

    internal string? DelegatedOrganization { get; }

    /// <summary>The tenant that an application or a managed identity administers.</summary>
    internal string? Organization { get; }

    internal string? AppId { get; }

    /// <summary>Where it signed in; null when it did not.</summary>
    internal string? Authority { get; }

    /// <summary>Whether an application signed in with a certificate.</summary>
    internal bool IsByCertificate { get; }

    /// <summary>When the token ends; null when there is none.</summary>
    internal DateTimeOffset? TokenEnd { get; }

    /// <summary>The last second of the year 9999.</summary>
    private const long MaxSeconds = 253_402_300_799;

    private static string? Text(JsonElement info, string key) =>
        info.TryGetProperty(key, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
