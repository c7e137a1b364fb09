using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Runtime.CompilerServices;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Records;

/// <summary>
/// An object that came from the server: a place in a tape. Its properties become .NET values when they are asked for.
/// </summary>
/// <remarks>
/// PowerShell sees its properties through <see cref="RowAdapter"/>, which the module's types file names, and no more
/// methods than any deserialized object has.
/// </remarks>
public sealed class Row : ICloneable, IFormattable
{
    internal Row(Document document, TapeValue value, TapeValue? props)
    {
        _document = document;
        _value = value;
        _props = props;
    }

    /// <summary>The text that the object had where it lived; null when it had none.</summary>
    public override string? ToString() => _value.DisplayText;

    /// <summary>The same text: there are no others.</summary>
    public string ToString(string? format, IFormatProvider? formatProvider) => ToString() ?? string.Empty;

    /// <summary>A row of its own over the same tape, with the same assignments.</summary>
    [Hidden]
    public object Clone()
    {
        // Assignments are replaced, never changed, so the two do not see each other's.
        return MemberwiseClone();
    }

    /// <inheritdoc/>
    [Hidden]
    public override bool Equals(object? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    [Hidden]
    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    internal string[] TypeNames => _document.TypeNames(_value);

    /// <summary>The adapted properties, in the order the server gave them.</summary>
    internal TapeSiblings Properties => _props?.Children ?? new TapeSiblings(_value.Tape, 0, 0);

    /// <summary>The property called <paramref name="name"/> in any casing; of several the last.</summary>
    internal TapeValue? Find(string name)
    {
        ReadOnlySpan<uint> numbers = NameNumbers.Of(_value.Tape.Names, name);
        if (numbers.IsEmpty || _props is not { } props)
        {
            return null;
        }
        int found = -1;
        uint first = numbers[0];
        ReadOnlySpan<uint> others = numbers[1..];
        Node[] nodes = props.Tape.Nodes;
        int end = (int)props.Node.A;
        for (int index = props.Index + 1; index < end;)
        {
            ref readonly Node node = ref nodes[index];
            if (node.Name == first || (!others.IsEmpty && others.Contains(node.Name)))
            {
                found = index;
            }
            index = node.IsContainer ? (int)node.A : index + 1;
        }
        return found < 0 ? null : props.Tape[found];
    }

    /// <summary>The type of a property's value; empty for null.</summary>
    internal string TypeNameOf(TapeValue property)
    {
        if (_assigned is null || !_assigned.TryGetValue(property.Index, out object? value))
        {
            return _document.TypeNameOf(property);
        }
        return value switch
        {
            null => string.Empty,
            PSObject { TypeNames: [var first, ..] } => first,
            _ => value.GetType().FullName ?? string.Empty,
        };
    }

    internal object? Read(TapeValue property) =>
        _assigned is not null && _assigned.TryGetValue(property.Index, out object? value)
            ? value
            : _document.Value(property);

    internal void Assign(TapeValue property, object? value)
    {
        // Others may be reading: they see the old or the new, both whole.
        Dictionary<int, object?> assigned = _assigned is null ? new() : new(_assigned);
        assigned[property.Index] = value;
        _assigned = assigned;
    }

    private readonly Document _document;
    private readonly TapeValue _value;
    private readonly TapeValue? _props;
    /// <summary>What was assigned to properties, by the index of the property's node.</summary>
    private Dictionary<int, object?>? _assigned;
}
