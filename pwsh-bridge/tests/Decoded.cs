using System.Linq;
using System.Text;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Tests;

/// <summary>Tapes made by the native library from CLIXML text.</summary>
internal static class Decoded
{
    internal static Tape Tape(string clixml) => Clixml.Decode(Encoding.UTF8.GetBytes(clixml));

    /// <summary>The only top-level value.</summary>
    internal static TapeValue Value(string clixml)
    {
        Tape tape = Tape(clixml);
        TapeSiblings.Enumerator values = tape.Values.GetEnumerator();
        values.MoveNext();
        return values.Current;
    }

    internal static object? Primitive(string clixml) => Value(clixml).ToPrimitive();

    /// <summary>The elements of a list as primitives.</summary>
    internal static object?[] Primitives(TapeSiblings values)
    {
        var all = new object?[values.Count()];
        int index = 0;
        foreach (TapeValue value in values)
        {
            all[index++] = value.ToPrimitive();
        }
        return all.ToArray();
    }
}
