using System;
using System.Runtime.InteropServices;

namespace ExchangeOnlineManagement.Native;

/// <summary>Bytes lent by a handle (<c>ExoText</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct NativeText
{
    private readonly byte* _pointer;
    private readonly nuint _length;

    internal ReadOnlySpan<byte> Bytes => new(_pointer, checked((int)_length));

    /// <summary>A copy as a .NET string.</summary>
    public override string ToString() => Wtf8.GetString(Bytes);
}

/// <summary>What an error says (<c>ExoErrorView</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeErrorView
{
    internal uint Size;
    internal ExoStatus Status;
    internal NativeText Message;
    internal NativeText Category;
    internal NativeText ErrorId;
    internal NativeText Advice;
    internal NativeText Step;
    internal NativeText Chain;
}

/// <summary>One node of a tape (<c>ExoNode</c>); its documentation is in <c>include/exo.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct Node
{
    internal readonly NodeKind Kind;
    internal readonly byte Flags;
    internal readonly ushort Aux;
    internal readonly uint Name;
    internal readonly uint A;
    internal readonly uint B;

    /// <summary>A and B as one 64-bit value.</summary>
    internal ulong Bits => (ulong)B << 32 | A;

    internal bool InSide => (Flags & 1) != 0;

    internal bool IsContainer => Kind switch
    {
        NodeKind.Progress or NodeKind.Object or NodeKind.TypeNames => true,
        NodeKind.List or NodeKind.Enumerable or NodeKind.Stack or NodeKind.Queue => true,
        NodeKind.Dictionary or NodeKind.Entry or NodeKind.Props or NodeKind.Members => true,
        _ => false,
    };

    internal bool IsText => Kind switch
    {
        NodeKind.String or NodeKind.Uri or NodeKind.XmlDocument or NodeKind.ScriptBlock => true,
        NodeKind.SecureString or NodeKind.Decimal or NodeKind.Guid or NodeKind.Version => true,
        NodeKind.TypeName or NodeKind.ToString => true,
        _ => false,
    };

    /// <summary>Whether it is a primitive value, null and the progress record included.</summary>
    internal bool IsPrimitive => Kind <= NodeKind.Progress;
}

/// <summary>A tape lent by an event (<c>ExoTape</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeTape
{
    internal uint Size;
    internal uint Version;
    internal Node* Nodes;
    internal nuint NodeCount;
    internal byte* Text;
    internal nuint TextLength;
    internal byte* Side;
    internal nuint SideLength;
    internal ulong NamesId;
    internal uint NameCount;
    internal uint Reserved;
}
