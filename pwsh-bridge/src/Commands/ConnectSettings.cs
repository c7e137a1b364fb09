using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Remoting;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

using ExchangeOnlineManagement.Commands.Exo;

namespace ExchangeOnlineManagement.Commands;

/// <summary>What one of the connecting cmdlets was asked for.</summary>
internal sealed record ConnectSettings
{
    /// <summary>Whether it is to Security &amp; Compliance, or to standalone Exchange Online Protection.</summary>
    internal bool IsCompliance { get; init; }

    internal string? ConnectionUri { get; init; }

    internal string? Authority { get; init; }

    /// <summary>Null when it was not given.</summary>
    internal ExchangeEnvironment? Environment { get; init; }

    internal string? DelegatedOrganization { get; init; }

    internal string? UserPrincipalName { get; init; }

    internal PSCredential? Credential { get; init; }

    internal bool Device { get; init; }

    internal string? AccessToken { get; init; }

    internal X509Certificate2? Certificate { get; init; }

    internal string? CertificateFilePath { get; init; }

    internal SecureString? CertificatePassword { get; init; }

    internal string? CertificateThumbprint { get; init; }

    internal string? AppId { get; init; }

    internal string? Organization { get; init; }

    internal bool ManagedIdentity { get; init; }

    internal string? ManagedIdentityAccountId { get; init; }

    internal string Prefix { get; init; } = string.Empty;

    internal string[] CommandName { get; init; } = Array.Empty<string>();

    internal PSSessionOption? SessionOption { get; init; }

    internal bool BypassMailboxAnchoring { get; init; }

    internal bool UseRPSSession { get; init; }

    /// <summary>Whether it is listed among PowerShell's sessions over REST too.</summary>
    internal bool IsAlwaysListed { get; init; }

    /// <summary>Null when it was not given.</summary>
    internal uint? PageSize { get; init; }

    internal bool LoadCmdletHelp { get; init; }

    /// <summary>Null when no log is wanted.</summary>
    internal CommandLog? Log { get; init; }

    internal bool TrackPerformance { get; init; }

    /// <summary>Whether one of the parameters is a certificate.</summary>
    internal bool HasCertificate =>
        Certificate is not null || !string.IsNullOrEmpty(CertificateFilePath) || !string.IsNullOrEmpty(CertificateThumbprint);

    /// <summary>The way to sign in, by its name in the connect options.</summary>
    internal string SignIn =>
        !string.IsNullOrEmpty(AccessToken) ? "accessToken"
        : HasCertificate ? "certificate"
        : ManagedIdentity ? "managedIdentity"
        : Credential is not null ? "password"
        : Device ? "device"
        : "browser";

    /// <summary>
    /// What a service is asked for: the commands that are wanted, and those that the Get-EXO cmdlets call. Empty for all, also
    /// where there are wildcards that it does not know.
    /// </summary>
    internal string[] NeededNames() =>
        !Array.TrueForAll(CommandName, s_plainName.IsMatch) ? Array.Empty<string>()
        : CommandName.Length == 0 || IsCompliance ? CommandName
        : [.. CommandName, .. ExoCommand.Behind];

    /// <summary>The same, to be kept with the connection.</summary>
    internal ConnectSettings WithoutSecrets() =>
        this with { Credential = null, AccessToken = null, CertificatePassword = null, Certificate = null, SessionOption = null };

    /// <summary>The checks of the original module, with its sentences, and those for what cannot be meant.</summary>
    /// <returns>The first thing that is wrong; null when there is nothing.</returns>
    internal ErrorRecord? Refusal()
    {
        if (!string.IsNullOrEmpty(ConnectionUri) && !Uri.TryCreate(ConnectionUri, UriKind.Absolute, out _))
        {
            return Refuse($"Invalid ConnectionUri parameter '{ConnectionUri}'", "InvalidConnectionUri", ConnectionUri);
        }
        if (!string.IsNullOrEmpty(Authority)
            && !(Uri.TryCreate(Authority, UriKind.Absolute, out Uri? authority) && authority.Scheme == Uri.UriSchemeHttps))
        {
            return Refuse(
                $"Invalid AzureADAuthorizationEndpointUri parameter '{Authority}'",
                "InvalidAzureADAuthorizationEndpointUri", Authority);
        }
        if (Prefix.Length != 0 && !s_prefix.IsMatch(Prefix))
        {
            return Refuse("Use of any special characters in the Prefix string is not supported.", "InvalidPrefix", Prefix);
        }
        if (string.Equals(Prefix, "EXO", StringComparison.OrdinalIgnoreCase))
        {
            return Refuse("Prefix 'EXO' is a reserved Prefix, please use a different prefix.", "ReservedPrefix", Prefix);
        }
        return SignInRefusal();
    }

    private ErrorRecord? SignInRefusal()
    {
        var ways = new List<string>();
        void Way(bool given, string name)
        {
            if (given)
            {
                ways.Add(name);
            }
        }
        Way(Credential is not null, "Credential or InlineCredential");
        Way(Device, "Device");
        Way(!string.IsNullOrEmpty(AccessToken), "AccessToken");
        Way(Certificate is not null, "Certificate");
        Way(!string.IsNullOrEmpty(CertificateFilePath), "CertificateFilePath");
        Way(!string.IsNullOrEmpty(CertificateThumbprint), "CertificateThumbprint");
        Way(ManagedIdentity, "ManagedIdentity");
        if (1 < ways.Count)
        {
            return Refuse(
                $"Only one way to sign in can be used at a time, and these were given: {string.Join(", ", ways)}.",
                "AmbiguousSignIn", null);
        }
        if (HasCertificate && (string.IsNullOrEmpty(AppId) || string.IsNullOrEmpty(Organization)))
        {
            return Refuse(
                "Signing in with a certificate needs the parameters AppId and Organization too.", "IncompleteCertificateSignIn", null);
        }
        if (!HasCertificate && CertificatePassword is not null)
        {
            return Refuse(
                "CertificatePassword is the password of the file in CertificateFilePath, which was not given.",
                "IncompleteCertificateSignIn", null);
        }
        if (ManagedIdentity && string.IsNullOrEmpty(Organization))
        {
            return Refuse(
                "Signing in with a managed identity needs the parameter Organization too.", "IncompleteManagedIdentity", null);
        }
        if (!ManagedIdentity && !string.IsNullOrEmpty(ManagedIdentityAccountId))
        {
            return Refuse(
                "ManagedIdentityAccountId says which managed identity to use; give ManagedIdentity with it.",
                "IncompleteManagedIdentity", ManagedIdentityAccountId);
        }
        return null;
    }

    private static ErrorRecord Refuse(string text, string id, object? target) =>
        new(new ArgumentException(text), id, ErrorCategory.InvalidArgument, target);

    private static readonly Regex s_plainName = new("^[a-zA-Z0-9._*?-]+$", RegexOptions.CultureInvariant);
    private static readonly Regex s_prefix = new("^[a-zA-Z0-9]+$", RegexOptions.CultureInvariant);
}
