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
}
