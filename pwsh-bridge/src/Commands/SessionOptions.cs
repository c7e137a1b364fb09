using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Remoting;
using System.Management.Automation.Runspaces;

namespace ExchangeOnlineManagement.Commands;

/// <summary>What a <see cref="PSSessionOption"/> comes to among the connect options.</summary>
/// <remarks>
/// Its proxy types are Windows' ways to find one. Elsewhere a proxy is named by the variables HTTPS_PROXY, ALL_PROXY and
/// NO_PROXY, so all of them mean these, and NoProxyServer means none.
/// </remarks>
internal static class SessionOptions
{
    /// <summary>Adds what was set.</summary>
    /// <param name="option">What New-PSSessionOption made.</param>
    /// <param name="options">The connect options.</param>
    /// <param name="warn">Told what cannot be done.</param>
    /// <param name="mention">Told what does not matter here.</param>
    internal static void AddTo(
        IDictionary<string, object?> options, PSSessionOption option, Action<string> warn, Action<string> mention)
    {
        AddTime(options, "connectTimeoutMs", option.OpenTimeout, s_usual.OpenTimeout);
        AddTime(options, "openTimeoutMs", option.OpenTimeout, s_usual.OpenTimeout);
        AddTime(options, "operationTimeoutMs", option.OperationTimeout, s_usual.OperationTimeout);
        AddTime(options, "idleTimeoutMs", option.IdleTimeout, s_usual.IdleTimeout);
        AddSize(options, "maxMessageLen", option.MaximumReceivedDataSizePerCommand);
        AddSize(options, "maxObjectLen", option.MaximumReceivedObjectSize);
        if (option.MaxConnectionRetryCount != s_usual.MaxConnectionRetryCount && 0 <= option.MaxConnectionRetryCount)
        {
            options["maxConnectionRetryCount"] = option.MaxConnectionRetryCount;
        }
        if (option.MaximumConnectionRedirectionCount == 0)
        {
            options["allowRedirection"] = false;
        }
        AddProxy(options, option, warn);
        if (option.IncludePortInSPN)
        {
            options["includePortInSpn"] = true;
        }
        if (option.SkipCACheck || option.SkipCNCheck)
        {
            warn("SkipCACheck and SkipCNCheck are not heeded: the certificate of the server is always checked. Trust its issuer "
                + "instead, for example with the variable SSL_CERT_FILE.");
        }
        if (option.NoEncryption)
        {
            warn("NoEncryption is not heeded: the connection is always encrypted.");
        }
        var without = new List<string>();
        void Without(bool set, string name)
        {
            if (set)
            {
                without.Add(name);
            }
        }
        Without(option.SkipRevocationCheck, nameof(option.SkipRevocationCheck));
        Without(option.NoCompression, nameof(option.NoCompression));
        Without(option.NoMachineProfile, nameof(option.NoMachineProfile));
        // It is about sessions that are left and come back to, which PowerShell cannot do with these.
        Without(option.OutputBufferingMode != s_usual.OutputBufferingMode, nameof(option.OutputBufferingMode));
        Without(option.UseUTF16, nameof(option.UseUTF16));
        Without(option.ApplicationArguments is { Count: not 0 }, nameof(option.ApplicationArguments));
        if (without.Count != 0)
        {
            mention($"Of -PSSessionOption this changes nothing: {string.Join(", ", without)}.");
        }
    }

    /// <summary>
    /// What the variables for proxies say. The native library has an environment of its own, in which it does not see what
    /// a script sets here.
    /// </summary>
    internal static Dictionary<string, string> ProxyVariables()
    {
        var said = new Dictionary<string, string>();
        foreach ((string key, string name) in s_proxyVariables)
        {
            // The small letters come first, as elsewhere.
            string? value = Environment.GetEnvironmentVariable(name.ToLowerInvariant());
            value = string.IsNullOrEmpty(value) ? Environment.GetEnvironmentVariable(name) : value;
            if (!string.IsNullOrEmpty(value))
            {
                said[key] = value;
            }
        }
        return said;
    }

    /// <summary>What the requests carry, by its name in the connect options; null leaves it to the address.</summary>
    /// <exception cref="PSNotSupportedException">There is no such way here.</exception>
    internal static string? Authentication(AuthenticationMechanism mechanism, Uri uri) => mechanism switch
    {
        // Without TLS only a ticket can do, as on Windows.
        AuthenticationMechanism.Default => uri.Scheme == Uri.UriSchemeHttp ? "negotiate" : null,
        AuthenticationMechanism.Basic => "basic",
        AuthenticationMechanism.Kerberos => "kerberos",
        AuthenticationMechanism.Negotiate or AuthenticationMechanism.NegotiateWithImplicitCredential => "negotiate",
        _ => throw new PSNotSupportedException(
            $"-Authentication {mechanism} cannot be used with Exchange from this system; Kerberos, Negotiate and Basic can, where the server allows them."),
    };

    private static void AddProxy(IDictionary<string, object?> options, PSSessionOption option, Action<string> warn)
    {
        if (option.ProxyAccessType == ProxyAccessType.NoProxyServer)
        {
            options["noProxy"] = true;
        }
        else if (option.ProxyCredential is { } credential)
        {
            Dictionary<string, string> said = ProxyVariables();
            if (said.TryGetValue("https", out string? proxy) || said.TryGetValue("all", out proxy))
            {
                options["proxy"] = proxy;
                options["proxyUser"] = credential.UserName;
            }
            else
            {
                warn("ProxyCredential is for a proxy, and none is named by the variable HTTPS_PROXY.");
            }
        }
    }

    private static void AddTime(IDictionary<string, object?> options, string key, TimeSpan time, TimeSpan usual)
    {
        // What nobody set stays as the library has it.
        if (time != usual && TimeSpan.Zero < time && time.TotalMilliseconds <= uint.MaxValue)
        {
            options[key] = (long)time.TotalMilliseconds;
        }
    }

    private static void AddSize(IDictionary<string, object?> options, string key, int? size)
    {
        if (size is > 0)
        {
            options[key] = size;
        }
    }

    private static readonly PSSessionOption s_usual = new();

    private static readonly (string Key, string Name)[] s_proxyVariables =
    {
        ("https", "HTTPS_PROXY"), ("http", "HTTP_PROXY"), ("all", "ALL_PROXY"), ("no", "NO_PROXY"),
    };
}
