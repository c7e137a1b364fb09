using System;

namespace ExchangeOnlineManagement.Native;

/// <summary>Decoding without a session.</summary>
internal static unsafe class Clixml
{
    /// <summary>The values of a document or a message body, in UTF-8 or UTF-16.</summary>
    /// <exception cref="ExoException">The bytes are not CLIXML; the message says at which byte.</exception>
    internal static Tape Decode(byte[] clixml)
    {
        IntPtr pointer, error;
        ExoStatus status;
        fixed (byte* bytes = clixml)
        {
            status = NativeMethods.exo_clixml_decode(bytes, (nuint)clixml.Length, &pointer, &error);
        }
        ExoException.ThrowIfFailed(status, error);
        using var decoded = new NativeEvent(pointer);
        return decoded.CopyTape();
    }
}
