using System;
using System.Collections.Generic;
using System.Management.Automation.Remoting;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

using ExchangeOnlineManagement.Native;
using ExchangeOnlineManagement.Sessions;

namespace ExchangeOnlineManagement.Commands;

/// <summary>Settings as the native library takes them: options without secrets, and the secrets beside them.</summary>
internal sealed class ConnectRequest : IDisposable
{
    /// <param name="settings">What was asked for, checked.</param>
    /// <param name="warn">Told what cannot be done.</param>
    /// <param name="mention">Told what does not matter here.</param>
    internal ConnectRequest(ConnectSettings settings, Action<string> warn, Action<string> mention)
    {
        _options["service"] = settings.IsCompliance ? "compliance" : "exchange";
        _options["signIn"] = settings.SignIn;
        Set("environment", settings.Environment?.ToString());
        Set("connectionUri", settings.ConnectionUri);
        Set("authority", settings.Authority);
        Set("user", settings.Credential?.UserName ?? settings.UserPrincipalName);
        Set("appId", settings.AppId);
        Set("organization", settings.Organization);
        Set("managedIdentityId", settings.ManagedIdentityAccountId);
        Set("delegatedOrganization", settings.DelegatedOrganization);
        Set("bypassMailboxAnchoring", settings.BypassMailboxAnchoring);
        Set("carrier", settings.UseRPSSession ? "psrp" : null);
        Set("pageSize", settings.PageSize);
        _options["catalogCache"] = CatalogCache();
        _options["commandNames"] = settings.NeededNames();
        AddTokenCache(settings.SignIn);
        AddSurroundings(settings.SessionOption, warn, mention);
        if (settings.Credential is { } credential)
        {
            _secrets.Add("password", credential.Password);
        }
        if (!string.IsNullOrEmpty(settings.AccessToken))
        {
            _secrets.Add("accessToken", settings.AccessToken);
        }
        if (settings.HasCertificate)
        {
            AddCertificate(settings);
        }
    }

    /// <param name="settings">What New-PSSession was asked for.</param>
    /// <param name="warn">Told what cannot be done.</param>
    /// <param name="mention">Told what does not matter here.</param>
    internal ConnectRequest(SessionSettings settings, Action<string> warn, Action<string> mention)
    {
        _options["connectionUri"] = settings.ConnectionUri.AbsoluteUri;
        _options["configurationName"] = settings.ConfigurationName;
        Set("authentication", SessionOptions.Authentication(settings.Authentication, settings.ConnectionUri));
        Set("user", settings.Credential?.UserName);
        AddSurroundings(settings.SessionOption, warn, mention);
        // As for PowerShell's own cmdlet, nobody is sent elsewhere who does not say so.
        _options["allowRedirection"] = settings.AllowRedirection
            && settings.SessionOption?.MaximumConnectionRedirectionCount != 0;
        if (settings.Credential is { } credential)
        {
            _secrets.Add("password", credential.Password);
        }
    }

    /// <summary>Starts to connect, for PowerShell to speak its protocol itself.</summary>
    internal ShellLink StartRelay() => new(NativeSession.Relay(JsonSerializer.Serialize(_options), _secrets));

    /// <summary>Starts to connect.</summary>
    internal NativeOperation Start() =>
        NativeSession.Connect(JsonSerializer.Serialize(_options), _secrets, _signer);

    public void Dispose() => _secrets.Dispose();

    /// <summary>Proxies, trusted issuers and limits.</summary>
    private void AddSurroundings(PSSessionOption? option, Action<string> warn, Action<string> mention)
    {
        _options["proxyVariables"] = SessionOptions.ProxyVariables();
        Set("caFile", Environment.GetEnvironmentVariable("SSL_CERT_FILE"));
        if (option is null)
        {
            return;
        }
        SessionOptions.AddTo(_options, option, warn, mention);
        if (_options.ContainsKey("proxyUser"))
        {
            _secrets.Add("proxyPassword", option.ProxyCredential.Password);
        }
    }

    private void AddCertificate(ConnectSettings settings)
    {
        if (!string.IsNullOrEmpty(settings.CertificateFilePath))
        {
            _options["certificateFile"] = settings.CertificateFilePath;
            if (settings.CertificatePassword is { } password)
            {
                _secrets.Add("certificatePassword", password);
            }
            return;
        }
        X509Certificate2 certificate = settings.Certificate ?? CertificateStore.Find(settings.CertificateThumbprint!);
        _signer = new CertificateSigner(certificate);
        _secrets.Add("certificate", certificate.RawData);
    }

    /// <summary>A person who has signed in with <c>exo login</c> is not asked again.</summary>
    private void AddTokenCache(string signIn)
    {
        if (signIn is not ("browser" or "device"))
        {
            return;
        }
        string? place = Environment.GetEnvironmentVariable(TokenCacheVariable);
        if (string.IsNullOrEmpty(place))
        {
            _options["keptSignIns"] = true;
        }
        else if (place != "off")
        {
            _options["tokenCache"] = place;
        }
    }

    /// <summary>Where the list of commands is kept for the next time: with the user's caches, unless the variable says else.</summary>
    private static object CatalogCache() => Environment.GetEnvironmentVariable(CatalogCacheVariable) switch
    {
        null or "" => "user",
        "off" => "off",
        string folder => new Dictionary<string, string> { ["folder"] = folder },
    };

    private void Set(string key, object? value)
    {
        if (value is not (null or "" or false))
        {
            _options[key] = value;
        }
    }

    /// <summary><c>off</c>, or a folder.</summary>
    private const string CatalogCacheVariable = "EXO_CATALOG_CACHE";

    /// <summary><c>off</c>, or a file; the one of <c>exo login</c> when it is not set.</summary>
    private const string TokenCacheVariable = "EXO_TOKEN_CACHE";

    private readonly Dictionary<string, object?> _options = new();
    private readonly NativeSecrets _secrets = new();
    private CertificateSigner? _signer;
}
