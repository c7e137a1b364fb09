using System;
using System.IO;
using System.Reflection;
using System.Threading;

namespace ExchangeOnlineManagement.Sessions;

/// <summary>The assembly beside this one that makes sessions; the module works without it.</summary>
internal static class SessionAssembly
{
    /// <summary>Null where there is none that fits this PowerShell.</summary>
    internal static ISessionFactory? Factory => s_factory.Value;

    /// <summary>Why there is none, in one sentence.</summary>
    internal static string Absence { get; private set; } = string.Empty;

    private static ISessionFactory? Load()
    {
        string folder = Path.GetDirectoryName(typeof(SessionAssembly).Assembly.Location) ?? string.Empty;
        string file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
        {
            Absence = $"The module has no {FileName}, which was not built with it.";
            return null;
        }
        try
        {
            Type? type = Assembly.LoadFrom(file).GetType(FactoryType, throwOnError: true);
            return (ISessionFactory?)Activator.CreateInstance(type!);
        }
        catch (Exception error) when (error is FileLoadException or FileNotFoundException or BadImageFormatException or TypeLoadException
            or MissingMethodException or TargetInvocationException)
        {
            // It was built for a later PowerShell than this one.
            Absence = $"{FileName} does not fit this PowerShell: {error.Message}";
            return null;
        }
    }

    private const string FileName = "ExchangeOnlineManagement.Sessions.dll";
    private const string FactoryType = "ExchangeOnlineManagement.Sessions.SessionFactory";
    private static readonly Lazy<ISessionFactory?> s_factory = new(Load, LazyThreadSafetyMode.ExecutionAndPublication);
}
