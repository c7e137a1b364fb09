using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security;

namespace ExchangeOnlineManagement.Native;

/// <summary>
/// Decoded values in managed memory: one copy of a native tape, kept alive by whoever holds a value of it.
/// </summary>
internal sealed class Tape
{
    /// <summary>Copies the tape of an event.</summary>
    /// <exception cref="ExoException">The event has no tape, or one of another version.</exception>
    internal static unsafe Tape Copy(EventHandle handle)
    {
        var native = new NativeTape { Size = (uint)sizeof(NativeTape) };
        ExoException.ThrowIfFailed(NativeMethods.exo_event_tape(handle, &native));
        if (native.Version != NativeMethods.TapeVersion)
        {
            string message = $"The native library gives tapes of version {native.Version}, this module reads "
                + $"{NativeMethods.TapeVersion}; install the module again.";
            throw new ExoException(ExoStatus.Protocol, message, "InvalidData", "ExoTapeVersion");
        }
        return new Tape(
            CopyOf(native.Nodes, native.NodeCount),
            CopyOf(native.Text, native.TextLength),
            CopyOf(native.Side, native.SideLength),
            NameTable.For(handle, native));
    }

    private Tape(Node[] nodes, byte[] text, byte[] side, NameTable names)
    {
        Nodes = nodes;
        _text = text;
        _side = side;
        Names = names;
    }

    /// <summary>The nodes in document order.</summary>
    internal Node[] Nodes { get; }

    /// <summary>The names that nodes count in; the same object for all tapes of one session.</summary>
    internal NameTable Names { get; }

    /// <summary>The top-level values: one in a message, any number in a document.</summary>
    internal TapeSiblings Values => new(this, 0, Nodes.Length);

    /// <summary>The value at a node index.</summary>
    internal TapeValue this[int index] => new(this, index);

    /// <summary>The index of the node after the one at <paramref name="index"/> and all it holds.</summary>
    internal int EndOf(int index)
    {
        ref readonly Node node = ref Nodes[index];
        return node.IsContainer ? (int)node.A : index + 1;
    }

    /// <summary>The bytes of a text or byte-array node.</summary>
    internal ReadOnlySpan<byte> BytesOf(in Node node) =>
        (node.InSide ? _side : _text).AsSpan((int)node.A, (int)node.B);

    /// <summary>The string of a text node.</summary>
    internal string StringOf(in Node node) => Wtf8.GetString(BytesOf(node));

    /// <summary>The characters of a secure string, whose place in the tape is emptied.</summary>
    /// <exception cref="FormatException">It has none that can be read.</exception>
    internal SecureString TakeSecret(in Node node)
    {
        Span<byte> text = (node.InSide ? _side : _text).AsSpan((int)node.A, (int)node.B);
        byte[] plain = GC.AllocateArray<byte>(Base64.GetMaxDecodedFromUtf8Length(text.Length), pinned: true);
        try
        {
            if (Base64.DecodeFromUtf8(text, plain, out _, out int length) != OperationStatus.Done || length % sizeof(char) != 0)
            {
                throw new FormatException("The server sent a secure string that is no base64 of UTF-16.");
            }
            var secret = new SecureString();
            for (int at = 0; at < length; at += sizeof(char))
            {
                secret.AppendChar((char)BinaryPrimitives.ReadUInt16LittleEndian(plain.AsSpan(at)));
            }
            return secret;
        }
        finally
        {
            Array.Clear(plain);
            text.Clear();
        }
    }

    private static unsafe T[] CopyOf<T>(T* source, nuint count)
        where T : unmanaged
    {
        if (count == 0)
        {
            return Array.Empty<T>();
        }
        T[] copy = GC.AllocateUninitializedArray<T>(checked((int)count));
        new ReadOnlySpan<T>(source, copy.Length).CopyTo(copy);
        return copy;
    }

    private readonly byte[] _text;
    private readonly byte[] _side;
}
