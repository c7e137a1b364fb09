using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Threading;

namespace ExchangeOnlineManagement.Native;

/// <summary>
/// Finds the native library: the file named by the environment variable <c>EXO_NATIVE_LIBRARY</c>, or the one for this
/// system below <c>runtimes</c>, beside or one folder above the assembly. It is loaded once, for the first call, and never
/// unloaded, because its threads live in it.
/// </summary>
internal static class NativeLoader
{
    /// <summary>For developers: the path of the library's file.</summary>
    internal const string PathVariable = "EXO_NATIVE_LIBRARY";

    /// <summary>Makes this assembly's native calls find the library. May be called more than once.</summary>
    internal static void Install()
    {
        if (Interlocked.Exchange(ref s_installed, 1) == 0)
        {
            NativeLibrary.SetDllImportResolver(typeof(NativeLoader).Assembly, Resolve);
        }
    }

    /// <summary>Whether a call has needed the library.</summary>
    internal static bool IsLoaded => s_library.IsValueCreated;

    /// <exception cref="DllNotFoundException">There is no library, or it does not fit; the message says where.</exception>
    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        name == NativeMethods.Library ? s_library.Value : IntPtr.Zero;

    private static unsafe IntPtr Open()
    {
        string path = FindFile();
        IntPtr library;
        try
        {
            library = NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw new DllNotFoundException($"The native library '{path}' could not be loaded: {error.Message}", error);
        }
        if (!NativeLibrary.TryGetExport(library, "exo_abi_version", out IntPtr export))
        {
            throw new DllNotFoundException($"The file '{path}' is not the native library of this module.");
        }
        uint version = ((delegate* unmanaged[Cdecl]<uint>)export)();
        if (version >> 16 != NativeMethods.AbiMajor || (version & 0xFFFF) < NativeMethods.AbiMinor)
        {
            throw new DllNotFoundException(
                $"The native library '{path}' has the interface version {version >> 16}.{version & 0xFFFF}, this module "
                + $"needs {NativeMethods.AbiMajor}.{NativeMethods.AbiMinor}; install the module again.");
        }
        return library;
    }

    private static string FindFile()
    {
        string? named = Environment.GetEnvironmentVariable(PathVariable);
        if (!string.IsNullOrEmpty(named))
        {
            return File.Exists(named)
                ? named
                : throw new DllNotFoundException($"{PathVariable} names the file '{named}', which does not exist.");
        }
        string folder = Path.GetDirectoryName(typeof(NativeLoader).Assembly.Location) ?? string.Empty;
        var looked = new List<string>();
        foreach (string root in new[] { folder, Path.GetDirectoryName(folder) ?? folder })
        {
            string path = Path.Combine(root, "runtimes", RuntimeId(), "native", FileName());
            if (File.Exists(path))
            {
                return path;
            }
            looked.Add(path);
        }
        throw new DllNotFoundException(
            $"The native library for {RuntimeId()} is not where the module expects it: {string.Join(", ", looked)}.");
    }

    /// <summary>For example <c>linux-x64</c>, <c>linux-musl-arm64</c>, <c>osx-arm64</c>, <c>win-x64</c>.</summary>
    internal static string RuntimeId()
    {
        string system = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "win"
            : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "osx"
            : RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) ? "linux-musl"
            : "linux";
        return system + "-" + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
    }

    private static string FileName() =>
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "exo.dll"
        : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "libexo.dylib"
        : "libexo.so";

    private static int s_installed;
    private static readonly Lazy<IntPtr> s_library = new(Open, LazyThreadSafetyMode.ExecutionAndPublication);
}
