using System;
using System.Collections.Generic;

namespace ExchangeOnlineManagement.Native;

/// <summary>
/// The member names that nodes count in, as .NET strings made once. A table belongs to one native table; it grows with
/// it, and a number never changes its name.
/// </summary>
internal sealed class NameTable
{
    /// <summary>The table for a tape, filled up to the names the tape can use.</summary>
    internal static NameTable For(EventHandle handle, in NativeTape tape)
    {
        NameTable table;
        lock (s_tables)
        {
            if (!s_tables.TryGetValue(tape.NamesId, out WeakReference<NameTable>? known)
                || !known.TryGetTarget(out table!))
            {
                RemoveDead();
                table = new NameTable();
                s_tables[tape.NamesId] = new WeakReference<NameTable>(table);
            }
        }
        table.Fill(handle, tape.NameCount);
        return table;
    }

    /// <summary>How many names are known; the numbers are 1 to this.</summary>
    internal int Count => _count;

    /// <summary>The name with this number; the same string each time.</summary>
    internal string this[uint number] => _names[checked((int)number) - 1];

    private unsafe void Fill(EventHandle handle, uint count)
    {
        if (count <= (uint)_count)
        {
            return;
        }
        lock (_filling)
        {
            // Readers see either array; what both hold is the same.
            string[] names = _names;
            int needed = checked((int)count);
            if (names.Length < needed)
            {
                Array.Resize(ref names, Math.Max(needed, names.Length * 2));
            }
            for (int index = _count; index < needed; index++)
            {
                NativeText text;
                ExoException.ThrowIfFailed(NativeMethods.exo_tape_name(handle, (uint)index + 1, &text));
                names[index] = text.ToString();
            }
            _names = names;
            _count = Math.Max(_count, needed);
        }
    }

    private static void RemoveDead()
    {
        var dead = new List<ulong>();
        foreach (KeyValuePair<ulong, WeakReference<NameTable>> entry in s_tables)
        {
            if (!entry.Value.TryGetTarget(out _))
            {
                dead.Add(entry.Key);
            }
        }
        dead.ForEach(id => s_tables.Remove(id));
    }

    private readonly object _filling = new();
    private volatile string[] _names = Array.Empty<string>();
    private volatile int _count;

    private static readonly Dictionary<ulong, WeakReference<NameTable>> s_tables = new();
}
