using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using System.Net;
using System.Net.Mail;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using System.Xml;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>The types that a service may declare for its parameters. Nothing is looked up by a name that it sent.</summary>
internal static class ParameterTypes
{
    /// <summary>The type of that name; a type that is not known is object, an array of such objects.</summary>
    internal static Type Of(string? name, bool isSwitch)
    {
        if (isSwitch)
        {
            return typeof(SwitchParameter);
        }
        if (name is null)
        {
            return typeof(object);
        }
        if (name.EndsWith("[]", StringComparison.Ordinal) && !name.EndsWith("[][]", StringComparison.Ordinal))
        {
            return Of(name[..^2], isSwitch: false).MakeArrayType();
        }
        return s_known.TryGetValue(name, out Type? known) ? known : typeof(object);
    }

    private static Dictionary<string, Type> ByName(params Type[] types)
    {
        var known = new Dictionary<string, Type>(StringComparer.OrdinalIgnoreCase);
        foreach (Type type in types)
        {
            known[type.FullName!] = type;
        }
        return known;
    }

    private static readonly Dictionary<string, Type> s_known = ByName(
        typeof(bool), typeof(byte), typeof(sbyte), typeof(char), typeof(short), typeof(ushort), typeof(int), typeof(uint),
        typeof(long), typeof(ulong), typeof(float), typeof(double), typeof(decimal), typeof(string), typeof(DateTime),
        typeof(DateTimeOffset), typeof(TimeSpan), typeof(Guid), typeof(Uri), typeof(Version), typeof(CultureInfo),
        typeof(IPAddress), typeof(MailAddress), typeof(X509Certificate), typeof(XmlDocument), typeof(SecureString),
        typeof(Hashtable), typeof(ArrayList), typeof(PSCredential), typeof(PSObject), typeof(ScriptBlock),
        typeof(SwitchParameter));
}
