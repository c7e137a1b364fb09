using System.Collections.Generic;
using System.Management.Automation;
using System.Runtime.CompilerServices;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Records;

/// <summary>
/// One message as PowerShell objects: the tape, and the objects already made of it.
/// </summary>
/// <remarks>
/// A node is made into an object at most once, so that two references to it give the same object, as PowerShell's own
/// deserializer does.
/// </remarks>
internal sealed class Document
{
    /// <param name="tape">The message.</param>
    /// <param name="opensSecrets">Whether its secure strings came freed of the session's key.</param>
    internal Document(Tape tape, bool opensSecrets = false)
    {
        _tape = tape;
        _opensSecrets = opensSecrets;
    }

    /// <summary>The top-level values, in order.</summary>
    internal IEnumerable<object?> Values()
    {
        for (int index = 0; index < _tape.Nodes.Length; index = _tape.EndOf(index))
        {
            yield return Value(_tape[index]);
        }
    }

    /// <summary>What PowerShell's deserializer makes of the value.</summary>
    internal object? Value(TapeValue value)
    {
        value = value.Resolve();
        switch (value.Kind)
        {
            case NodeKind.SecureString when !_opensSecrets:
                throw new PSNotSupportedException("The server sent a secure string, and there is no key to open it with.");
            case NodeKind.Bytes or NodeKind.XmlDocument or NodeKind.Progress or NodeKind.SecureString:
            case var kind when !value.Node.IsPrimitive:
                // One object a node: its holder may change it. Several runspaces may ask for it.
                // They may be nested deeper than there is stack: that is an error here, and a crash otherwise.
                RuntimeHelpers.EnsureSufficientExecutionStack();
                lock (this)
                {
                    if (Kept(value.Index) is { } kept)
                    {
                        return kept;
                    }
                    return Make(value);
                }
            default:
                return value.ToPrimitive();
        }
    }

    /// <summary>The type names of an object as the client shows them, each with the prefix <c>Deserialized.</c></summary>
    internal string[] TypeNames(TapeValue value) =>
        value.TypeNamesNode is { } node ? TypeNameLists.Of(node) : s_withoutTypeNames;

    /// <summary>The name of the type that <see cref="Value"/> gives, without making the value; empty for null.</summary>
    internal string TypeNameOf(TapeValue value)
    {
        value = value.Resolve();
        if (value.Node.IsPrimitive)
        {
            return s_primitiveNames[(int)value.Kind];
        }
        string[] names = TypeNames(value);
        return names.Length == 0 ? "System.Object" : names[0];
    }

    private object? Kept(int index) =>
        index == _firstIndex ? _first
        : _others is not null && _others.TryGetValue(index, out object? kept) ? kept
        : null;

    private void Keep(int index, object made)
    {
        if (_first is null || index == _firstIndex)
        {
            _firstIndex = index;
            _first = made;
        }
        else
        {
            (_others ??= new())[index] = made;
        }
    }

    private object Make(TapeValue value)
    {
        object made;
        switch (value.Kind)
        {
            case NodeKind.Object:
                return MakeObject(value);
            case NodeKind.Progress:
                made = StreamRecords.Progress(value);
                break;
            case NodeKind.SecureString:
                made = _tape.TakeSecret(value.Node);
                break;
            case NodeKind.Bytes or NodeKind.XmlDocument:
                made = value.ToPrimitive()!;
                break;
            default:
                made = Container.New(value, typeNames: null);
                Keep(value.Index, made);
                Container.Fill(made, this, value);
                return made;
        }
        Keep(value.Index, made);
        return made;
    }

    private object MakeObject(TapeValue value)
    {
        var parts = new Parts(value);
        TapeSiblings props = parts.Props?.Children ?? new TapeSiblings(_tape, 0, 0);
        if (parts.Base is { } core && !Container.Is(core.Kind))
        {
            PSObject around = MakeAround(core, parts);
            // There are many of these in an object, and they are quickly made again.
            if (!parts.IsPrimitive || IsReferredTo(value.Index))
            {
                Keep(value.Index, around);
            }
            AddNotes(around.Members, props);
            AddNotes(around.Members, value);
            return parts.IsPrimitive ? around : Live(value.Index, around);
        }

        bool isRow = parts.Base is null && parts.DisplayText is not null;
        PSObject made = isRow ? NewRow(value, parts)
            : parts.Props is not null ? Skeleton.WithMembers(parts.TypeNames, parts.Base?.Kind, props)
            : parts.Base is { } container ? Typed(new PSObject(Container.New(container, parts.TypeNames)), parts.TypeNames)
            : Typed(new PSObject(), parts.TypeNames);
        // Known before its contents are: they may refer back to it.
        Keep(value.Index, made);
        if (!isRow)
        {
            if (parts.Base is { } filled)
            {
                Container.Fill(made.BaseObject, this, filled);
            }
            foreach (TapeValue property in props)
            {
                made.Properties[property.Name].Value = Value(property);
            }
        }
        AddNotes(made.Members, value);
        return Live(value.Index, made);
    }

    /// <summary>The live object that PowerShell turns <paramref name="made"/> into; mostly itself.</summary>
    private object Live(int index, PSObject made)
    {
        object live = Rehydration.Apply(made);
        if (!ReferenceEquals(live, made))
        {
            Keep(index, live);
        }
        return live;
    }

    private bool IsReferredTo(int index)
    {
        if (_referredTo is null)
        {
            _referredTo = s_none;
            foreach (Node node in _tape.Nodes)
            {
                if (node.Kind == NodeKind.Reference)
                {
                    if (_referredTo.Count == 0)
                    {
                        _referredTo = new HashSet<int>();
                    }
                    _referredTo.Add((int)node.A);
                }
            }
        }
        return _referredTo.Contains(index);
    }

    private PSObject NewRow(TapeValue value, in Parts parts)
    {
        var row = new PSObject(new Row(this, value, parts.Props));
        EveryRunspace.Know(row);
        return row;
    }

    /// <summary>An object around a single value or around another object.</summary>
    private PSObject MakeAround(TapeValue core, in Parts parts) =>
        Value(core) is not { } value ? Typed(new PSObject(), parts.TypeNames)
        : parts.IsPrimitive && parts.DisplayText is { } text ? Skeleton.OfPrimitive(parts.TypeNames, text, value)
        : Typed(new PSObject(value), parts.TypeNames);

    private static PSObject Typed(PSObject made, string[]? names)
    {
        if (names is not null)
        {
            made.TypeNames.Clear();
            foreach (string name in names)
            {
                made.TypeNames.Add(name);
            }
        }
        return made;
    }

    /// <summary>Adds the extended members of an object.</summary>
    private void AddNotes(PSMemberInfoCollection<PSMemberInfo> members, TapeValue value)
    {
        foreach (TapeValue part in value.Children)
        {
            if (part.Kind == NodeKind.Members)
            {
                AddNotes(members, part.Children);
            }
        }
    }

    private void AddNotes(PSMemberInfoCollection<PSMemberInfo> members, TapeSiblings notes)
    {
        foreach (TapeValue member in notes)
        {
            string name = member.Name ?? string.Empty;
            if (member.Kind == NodeKind.Members)
            {
                var set = new PSMemberSet(name);
                AddNotes(set.Members, member.Children);
                members.Add(set, preValidated: true);
            }
            else
            {
                members.Add(new LazyNote(name, this, member), preValidated: true);
            }
        }
    }

    /// <summary>The parts of an object but for extended members, by what they are; of several the last.</summary>
    private readonly struct Parts
    {
        internal Parts(TapeValue value)
        {
            foreach (TapeValue part in value.Children)
            {
                switch (part.Kind)
                {
                    case NodeKind.TypeNames or NodeKind.TypeNamesReference:
                        TypeNames = TypeNameLists.Of(part.Resolve());
                        break;
                    case NodeKind.ToString:
                        DisplayText = part.Text;
                        break;
                    case NodeKind.Props:
                        Props = part;
                        break;
                    case NodeKind.Members or NodeKind.Null:
                        break;
                    default:
                        Base = part;
                        IsPrimitive = part.Node.IsPrimitive;
                        break;
                }
            }
        }

        internal TapeValue? Base { get; }

        internal bool IsPrimitive { get; }

        internal string[]? TypeNames { get; }

        internal string? DisplayText { get; }

        internal TapeValue? Props { get; }
    }

    private readonly Tape _tape;
    private readonly bool _opensSecrets;
    /// <summary>What was made of which node. Most messages are one object of which little is asked.</summary>
    private object? _first;
    private int _firstIndex = -1;
    private Dictionary<int, object>? _others;
    /// <summary>The nodes that references point to; null before somebody asks.</summary>
    private HashSet<int>? _referredTo;

    private static readonly HashSet<int> s_none = new();

    /// <summary>What an object without type names shows.</summary>
    private static readonly string[] s_withoutTypeNames =
        { "System.Management.Automation.PSCustomObject", "System.Object" };

    /// <summary>By the number of the kind.</summary>
    private static readonly string[] s_primitiveNames =
    {
        "", "", "System.Boolean", "System.Char", "System.Byte", "System.SByte", "System.Int16",
        "System.UInt16", "System.Int32", "System.UInt32", "System.Int64", "System.UInt64", "System.Single",
        "System.Double", "System.Decimal", "System.DateTime", "System.TimeSpan", "System.String", "System.Guid",
        "System.Uri", "System.Version", "System.Xml.XmlDocument", "System.String", "System.Security.SecureString",
        "System.Byte[]", "System.Management.Automation.ProgressRecord",
    };
}
