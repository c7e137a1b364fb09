using System;
using System.Collections.Generic;

namespace ExchangeOnlineManagement.Native;

/// <summary>One value of a tape, or one part of an object: a tape and a node index. Nothing is made until asked for.</summary>
internal readonly struct TapeValue
{
    internal TapeValue(Tape tape, int index)
    {
        Tape = tape;
        Index = index;
    }

    /// <summary>The tape it lies in.</summary>
    internal Tape Tape { get; }

    /// <summary>The index of its node.</summary>
    internal int Index { get; }

    internal ref readonly Node Node => ref Tape.Nodes[Index];

    internal NodeKind Kind => Node.Kind;

    /// <summary>The member name, or null.</summary>
    internal string? Name => Node.Name == 0 ? null : Tape.Names[Node.Name];

    /// <summary>The value a reference points to; itself when it is none.</summary>
    internal TapeValue Resolve() =>
        Kind is NodeKind.Reference or NodeKind.TypeNamesReference ? Tape[(int)Node.A] : this;

    /// <summary>What it directly holds; nothing for a primitive.</summary>
    internal TapeSiblings Children =>
        Node.IsContainer ? new TapeSiblings(Tape, Index + 1, (int)Node.A) : new TapeSiblings(Tape, 0, 0);

    /// <summary>The string of a text kind.</summary>
    internal string Text => Node.IsText ? Tape.StringOf(Node) : throw Unfit("text");

    /// <summary>
    /// What an object wraps: a primitive, a container or another object; null when it has only members. A value that
    /// is no object is its own base. Of several the last counts, as in PowerShell; so it is with all parts of an object.
    /// </summary>
    internal TapeValue? Base
    {
        get
        {
            if (Kind != NodeKind.Object)
            {
                return this;
            }
            TapeValue? last = null;
            foreach (TapeValue child in Children)
            {
                bool part = child.Kind is NodeKind.TypeNames or NodeKind.TypeNamesReference or NodeKind.ToString
                    or NodeKind.Props or NodeKind.Members;
                if (!part)
                {
                    last = child;
                }
            }
            return last;
        }
    }

    /// <summary>The display text of an object, or null.</summary>
    internal string? DisplayText => Part(NodeKind.ToString)?.Text;

    /// <summary>
    /// The node with the type names of an object, references followed, or null. Objects with the same names share it,
    /// so its index is a key to keep things by.
    /// </summary>
    internal TapeValue? TypeNamesNode => Part(NodeKind.TypeNames, NodeKind.TypeNamesReference)?.Resolve();

    /// <summary>The type names of an object as on the wire, most derived first.</summary>
    internal string[] TypeNames()
    {
        if (TypeNamesNode is not { } node)
        {
            return Array.Empty<string>();
        }
        var names = new List<string>();
        foreach (TapeValue name in node.Children)
        {
            names.Add(name.Text);
        }
        return names.ToArray();
    }

    /// <summary>The adapted members of an object.</summary>
    internal TapeSiblings Props => Part(NodeKind.Props)?.Children ?? new TapeSiblings(Tape, 0, 0);

    /// <summary>The extended members of an object. Where they come in several parts they add up.</summary>
    internal IEnumerable<TapeValue> Members
    {
        get
        {
            if (Kind != NodeKind.Object)
            {
                yield break;
            }
            foreach (TapeValue part in Children)
            {
                if (part.Kind != NodeKind.Members)
                {
                    continue;
                }
                foreach (TapeValue member in part.Children)
                {
                    yield return member;
                }
            }
        }
    }

    /// <summary>
    /// The member of this name, without regard to case: an extended one first, then an adapted one; of several the last.
    /// </summary>
    internal TapeValue? Member(string name) => Last(Members, name) ?? Last(Props, name);

    /// <summary>The elements of a list, enumerable, stack (top first) or queue, also of one inside an object.</summary>
    internal TapeSiblings Items =>
        Base is { Kind: NodeKind.List or NodeKind.Enumerable or NodeKind.Stack or NodeKind.Queue } list
            ? list.Children
            : new TapeSiblings(Tape, 0, 0);

    /// <summary>The entries of a dictionary, also of one inside an object; each has two children, key and value.</summary>
    internal TapeSiblings Entries => Base is { Kind: NodeKind.Dictionary } dictionary
        ? dictionary.Children
        : new TapeSiblings(Tape, 0, 0);

    /// <summary>Key and value of an entry of <see cref="Entries"/>.</summary>
    internal (TapeValue Key, TapeValue Value) KeyAndValue
    {
        get
        {
            TapeSiblings.Enumerator children = Children.GetEnumerator();
            TapeValue key = children.MoveNext() ? children.Current : throw Unfit("key");
            TapeValue value = children.MoveNext() ? children.Current : throw Unfit("value");
            return (key, value);
        }
    }

    /// <summary>The .NET value of a primitive, as PowerShell gives it; see <see cref="Primitive"/>.</summary>
    internal object? ToPrimitive() => Primitive.Read(Tape, Node);

    private TapeValue? Part(NodeKind kind) => Part(kind, kind);

    /// <summary>The last part of either kind.</summary>
    private TapeValue? Part(NodeKind one, NodeKind other)
    {
        TapeValue? last = null;
        if (Kind == NodeKind.Object)
        {
            foreach (TapeValue child in Children)
            {
                if (child.Kind == one || child.Kind == other)
                {
                    last = child;
                }
            }
        }
        return last;
    }

    private static TapeValue? Last(IEnumerable<TapeValue> members, string name)
    {
        TapeValue? last = null;
        foreach (TapeValue member in members)
        {
            if (string.Equals(member.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                last = member;
            }
        }
        return last;
    }

    private InvalidOperationException Unfit(string what) => new($"A value of kind {Kind} has no {what}.");
}
