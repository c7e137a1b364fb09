using System.Management.Automation;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Records;

/// <summary>A note property whose value is read from the tape when it is first asked for.</summary>
internal sealed class LazyNote : PSNoteProperty
{
    internal LazyNote(string name, Document document, TapeValue source)
        : base(name, null)
    {
        _document = document;
        _source = source;
    }

    /// <inheritdoc/>
    public override object? Value
    {
        get
        {
            Read();
            return base.Value;
        }
        set
        {
            _document = null;
            base.Value = value;
        }
    }

    /// <inheritdoc/>
    public override PSMemberInfo Copy()
    {
        Read();
        return base.Copy();
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        Read();
        return base.ToString();
    }

    private void Read()
    {
        if (_document is { } document)
        {
            _document = null;
            base.Value = document.Value(_source);
        }
    }

    private Document? _document;
    private readonly TapeValue _source;
}
