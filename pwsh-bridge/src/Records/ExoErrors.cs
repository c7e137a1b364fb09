using System;
using System.Management.Automation;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Records;

/// <summary>What the native library could not do, as PowerShell's error records.</summary>
internal static class ExoErrors
{
    internal static ErrorRecord ToRecord(this ExoException error, object? target)
    {
        ErrorCategory category = Enum.TryParse(error.Category, out ErrorCategory known)
            ? known
            : ErrorCategory.NotSpecified;
        var record = new ErrorRecord(error, error.ErrorId, category, target);
        if (error.Advice.Length != 0)
        {
            record.ErrorDetails = new ErrorDetails(error.Message) { RecommendedAction = error.Advice };
        }
        return record;
    }

    /// <summary>Whether the native library is missing, is none, or is one of another module.</summary>
    internal static bool IsOfLibrary(Exception error) => error is DllNotFoundException or EntryPointNotFoundException;

    /// <summary>The record for an error that <see cref="IsOfLibrary"/>.</summary>
    internal static ErrorRecord LibraryUnusable(Exception error) => new(
        new DllNotFoundException($"The native library of this module cannot be used; install the module again. {error.Message}", error),
        "NativeLibraryUnusable", ErrorCategory.NotInstalled, null);
}
