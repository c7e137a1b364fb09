using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Security;
using System.Text;

namespace ExchangeOnlineManagement.Native;

/// <summary>
/// Secrets that go beside a JSON document, in unmanaged memory: the collector makes no copies of it, and it is cleared
/// before it is given back.
/// </summary>
internal sealed unsafe class NativeSecrets : IDisposable
{
    /// <summary>Adds a text.</summary>
    internal void Add(string name, SecureString text)
    {
        IntPtr units = Marshal.SecureStringToGlobalAllocUnicode(text);
        Add(name, units, text.Length * sizeof(char));
    }

    /// <summary>Adds a text that its owner has in the open.</summary>
    internal void Add(string name, string text)
    {
        IntPtr units = Marshal.StringToHGlobalUni(text);
        Add(name, units, text.Length * sizeof(char));
    }

    /// <summary>Adds bytes.</summary>
    internal void Add(string name, ReadOnlySpan<byte> bytes)
    {
        IntPtr copy = Marshal.AllocHGlobal(Math.Max(bytes.Length, 1));
        bytes.CopyTo(new Span<byte>((void*)copy, bytes.Length));
        Add(name, copy, bytes.Length);
    }

    /// <summary>The secrets as the native library takes them; good until this is disposed.</summary>
    internal NativeSecret[] ToArray() => _secrets.ToArray();

    public void Dispose()
    {
        foreach (NativeSecret secret in _secrets)
        {
            new Span<byte>(secret.Pointer, (int)secret.Length).Clear();
            Marshal.FreeHGlobal((IntPtr)secret.Pointer);
            Marshal.FreeHGlobal((IntPtr)secret.Name);
        }
        _secrets.Clear();
    }

    private void Add(string name, IntPtr bytes, int length)
    {
        int nameLength = Encoding.UTF8.GetByteCount(name);
        IntPtr nameBytes = Marshal.AllocHGlobal(Math.Max(nameLength, 1));
        Encoding.UTF8.GetBytes(name, new Span<byte>((void*)nameBytes, nameLength));
        _secrets.Add(new NativeSecret((byte*)nameBytes, (nuint)nameLength, (byte*)bytes, (nuint)length));
    }

    private readonly List<NativeSecret> _secrets = new();
}

/// <summary>One secret (<c>ExoSecret</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct NativeSecret
{
    internal NativeSecret(byte* name, nuint nameLength, byte* pointer, nuint length)
    {
        Name = name;
        _nameLength = nameLength;
        Pointer = pointer;
        Length = length;
    }

    internal readonly byte* Name;
    private readonly nuint _nameLength;
    internal readonly byte* Pointer;
    internal readonly nuint Length;
}
