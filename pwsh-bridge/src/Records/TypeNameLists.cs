using System;
using System.Collections.Generic;
using System.IO;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Records;

/// <summary>The lists of type names that occurred: thousands of objects share a handful of them.</summary>
internal static class TypeNameLists
{
    /// <summary>The names below a type-names node, each with the prefix <c>Deserialized.</c></summary>
    internal static string[] Of(TapeValue node)
    {
        s_bytes ??= new MemoryStream();
        s_bytes.SetLength(0);
        foreach (TapeValue name in node.Children)
        {
            s_bytes.Write(name.Tape.BytesOf(name.Node));
            s_bytes.WriteByte(Separator);
        }
        ReadOnlySpan<byte> key = s_bytes.GetBuffer().AsSpan(0, (int)s_bytes.Length);
        var hash = default(HashCode);
        hash.AddBytes(key);
        int number = hash.ToHashCode();
        lock (s_known)
        {
            if (s_known.TryGetValue(number, out (byte[] Key, string[] Names) known) && key.SequenceEqual(known.Key))
            {
                return known.Names;
            }
            string[] names = Read(node);
            if (MostLists <= s_known.Count)
            {
                s_known.Clear();
            }
            s_known[number] = (key.ToArray(), names);
            return names;
        }
    }

    private static string[] Read(TapeValue node)
    {
        var names = new List<string>();
        foreach (TapeValue item in node.Children)
        {
            string name = item.Text;
            if (name.Length != 0)
            {
                names.Add(name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? name : Prefix + name);
            }
        }
        return names.ToArray();
    }

    private const string Prefix = "Deserialized.";
    /// <summary>No byte of UTF-8.</summary>
    private const byte Separator = 0xFF;
    /// <summary>The memory is emptied when the server invents more.</summary>
    private const int MostLists = 4096;

    private static readonly Dictionary<int, (byte[] Key, string[] Names)> s_known = new();

    [ThreadStatic]
    private static MemoryStream? s_bytes;
}
