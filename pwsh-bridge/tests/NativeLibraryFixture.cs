using System;
using System.IO;
using System.Runtime.CompilerServices;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Tests;

/// <summary>Finds the native library before the first test: the one named by the environment, or one built by cargo.</summary>
internal static class NativeLibraryFixture
{
    [ModuleInitializer]
    internal static void Initialize()
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(NativeLoader.PathVariable))
            && Built() is { } path)
        {
            Environment.SetEnvironmentVariable(NativeLoader.PathVariable, path);
        }
    }

    private static string? Built([CallerFilePath] string source = "")
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", ".."));
        foreach (string profile in new[] { "debug", "release" })
        {
            foreach (string name in new[] { "libexo.so", "libexo.dylib", "exo.dll" })
            {
                string path = Path.Combine(root, "target", profile, name);
                if (File.Exists(path))
                {
                    return path;
                }
            }
        }
        return null;
    }
}
