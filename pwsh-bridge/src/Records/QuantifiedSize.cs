using System;
using System.Management.Automation;

namespace ExchangeOnlineManagement.Records;

/// <summary>
/// What Exchange's sizes can do where they live, for those that came over: the types file names these methods.
/// </summary>
/// <remarks>A size is known by its text, such as <c>256 KB (262,144 bytes)</c> or <c>Unlimited</c>.</remarks>
public static class QuantifiedSize
{
    /// <summary>The size in bytes.</summary>
    /// <exception cref="InvalidOperationException">There is no limit, or the text is none of a size.</exception>
    public static ulong ToBytes(PSObject instance)
    {
        string text = instance?.ToString() ?? string.Empty;
        int open = text.LastIndexOf('(');
        int end = open < 0 ? -1 : text.LastIndexOf(' ');
        if (end < 0)
        {
            throw new InvalidOperationException($"'{text}' is no size in bytes.");
        }
        // The separators of groups are those of the server's culture.
        ulong bytes = 0;
        foreach (char digit in text.AsSpan(open + 1, end - open - 1))
        {
            if (char.IsAsciiDigit(digit))
            {
                bytes = checked((bytes * 10) + (ulong)(digit - '0'));
            }
        }
        return bytes;
    }

    /// <summary>The size in whole kilobytes.</summary>
    public static ulong ToKB(PSObject instance) => ToBytes(instance) >> 10;

    /// <summary>The size in whole megabytes.</summary>
    public static ulong ToMB(PSObject instance) => ToBytes(instance) >> 20;

    /// <summary>The size in whole gigabytes.</summary>
    public static ulong ToGB(PSObject instance) => ToBytes(instance) >> 30;

    /// <summary>The size in whole terabytes.</summary>
    public static ulong ToTB(PSObject instance) => ToBytes(instance) >> 40;
}
