using System;
using System.Collections;
using System.Collections.Generic;
using System.Collections.Specialized;
using System.Runtime.CompilerServices;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Records;

/// <summary>
/// Lists and dictionaries as PowerShell's deserializer makes them. They are made empty and filled later, because what
/// is in them may refer back to them.
/// </summary>
internal static class Container
{
    internal static bool Is(NodeKind kind) => kind is >= NodeKind.List and <= NodeKind.Dictionary;

    internal static object New(TapeValue container, string[]? typeNames) => container.Kind switch
    {
        NodeKind.Stack => new Stack(),
        NodeKind.Queue => new Queue(),
        NodeKind.Dictionary when typeNames is [OrderedName, ..] => new OrderedDictionary(ComparerFor(container)),
        NodeKind.Dictionary => new Hashtable(ComparerFor(container)),
        _ => new ArrayList(),
    };

    internal static void Fill(object empty, Document document, TapeValue container)
    {
        switch (empty)
        {
            case ArrayList list:
                foreach (TapeValue item in container.Children)
                {
                    list.Add(document.Value(item));
                }
                break;
            case Queue queue:
                foreach (TapeValue item in container.Children)
                {
                    queue.Enqueue(document.Value(item));
                }
                break;
            case Stack stack:
                // The top of the stack is written first.
                var items = new List<TapeValue>();
                foreach (TapeValue item in container.Children)
                {
                    items.Add(item);
                }
                for (int index = items.Count - 1; 0 <= index; index--)
                {
                    stack.Push(document.Value(items[index]));
                }
                break;
            case IDictionary dictionary:
                foreach (TapeValue entry in container.Children)
                {
                    (TapeValue key, TapeValue value) = entry.KeyAndValue;
                    dictionary[document.Value(key) ?? throw NoKey()] = document.Value(value);
                }
                break;
        }
    }

    /// <summary>
    /// Keys are compared without case; when two differ by nothing else, by their own equality (null); when even that
    /// makes them one, by identity.
    /// </summary>
    private static IEqualityComparer? ComparerFor(TapeValue dictionary)
    {
        var exact = new HashSet<object>();
        var withoutCase = new HashSet<string>(StringComparer.CurrentCultureIgnoreCase);
        IEqualityComparer? comparer = StringComparer.CurrentCultureIgnoreCase;
        foreach (TapeValue entry in dictionary.Children)
        {
            TapeValue key = entry.KeyAndValue.Key;
            if (!key.Node.IsPrimitive || key.Kind is NodeKind.Progress)
            {
                continue;
            }
            object value = key.ToPrimitive() ?? throw NoKey();
            if (!exact.Add(value))
            {
                return IdentityComparer.Instance;
            }
            if (value is string text && !withoutCase.Add(text))
            {
                comparer = null;
            }
        }
        return comparer;
    }

    private static InvalidOperationException NoKey() =>
        new("A dictionary from the server has an entry without a key.");

    private sealed class IdentityComparer : IEqualityComparer
    {
        internal static readonly IdentityComparer Instance = new();

        bool IEqualityComparer.Equals(object? x, object? y) => ReferenceEquals(x, y);

        int IEqualityComparer.GetHashCode(object obj) => RuntimeHelpers.GetHashCode(obj);
    }

    private const string OrderedName = "Deserialized.System.Collections.Specialized.OrderedDictionary";
}
