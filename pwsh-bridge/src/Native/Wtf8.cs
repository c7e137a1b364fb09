using System;
using System.Text;

namespace ExchangeOnlineManagement.Native;

/// <summary>
/// Text of the native library: UTF-8 in which half of a surrogate pair may stand alone, as three bytes, because a .NET
/// string may hold it so.
/// </summary>
internal static class Wtf8
{
    /// <summary>The string, lone surrogates included.</summary>
    internal static string GetString(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return string.Empty;
        }
        return HoldsSurrogate(bytes) ? Decode(bytes) : Encoding.UTF8.GetString(bytes);
    }

    /// <summary>The strings of a UTF-8 argument; a lone surrogate, which no argument can carry, is refused.</summary>
    internal static byte[] GetBytes(string text, string parameterName)
    {
        try
        {
            return Strict.GetBytes(text);
        }
        catch (EncoderFallbackException)
        {
            throw new ArgumentException("The text holds half of a surrogate pair.", parameterName);
        }
    }

    private static bool HoldsSurrogate(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            int at = bytes.IndexOf((byte)0xED);
            if (at < 0 || bytes.Length <= at + 1)
            {
                return false;
            }
            if (0xA0 <= bytes[at + 1])
            {
                return true;
            }
            bytes = bytes.Slice(at + 1);
        }
    }

    private static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (true)
        {
            int at = bytes.IndexOf((byte)0xED);
            if (at < 0 || bytes.Length < at + 3)
            {
                return text.Append(Encoding.UTF8.GetString(bytes)).ToString();
            }
            text.Append(Encoding.UTF8.GetString(bytes.Slice(0, at)));
            text.Append((char)(0xD000 | (bytes[at + 1] & 0x3F) << 6 | (bytes[at + 2] & 0x3F)));
            bytes = bytes.Slice(at + 3);
        }
    }

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
}
