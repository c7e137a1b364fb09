using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Records;

/// <summary>The other way through a <see cref="NameTable"/>: from a name in any casing to its numbers.</summary>
internal sealed class NameNumbers
{
    /// <summary>The numbers of <paramref name="name"/> in <paramref name="names"/>; one for each casing that occurs.</summary>
    internal static ReadOnlySpan<uint> Of(NameTable names, string name)
    {
        NameNumbers numbers = s_all.GetValue(names, static _ => new NameNumbers());
        lock (numbers._byName)
        {
            numbers.Learn(names);
            return numbers._byName.TryGetValue(name, out uint[]? found) ? found : default;
        }
    }

    private void Learn(NameTable names)
    {
        for (int count = names.Count; _known < count; _known++)
        {
            uint number = (uint)_known + 1;
            string name = names[number];
            _byName[name] = _byName.TryGetValue(name, out uint[]? others) ? new List<uint>(others) { number }.ToArray() : new[] { number };
        }
    }

    private readonly Dictionary<string, uint[]> _byName = new(StringComparer.OrdinalIgnoreCase);
    private int _known;

    private static readonly ConditionalWeakTable<NameTable, NameNumbers> s_all = new();
}
