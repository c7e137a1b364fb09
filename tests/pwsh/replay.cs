using System.Collections.Generic;
using System.Management.Automation;

/// <summary>The streams in order of arrival, as the recordings write it: several of the same in a row as <c>output x3</c>.</summary>
public sealed class StreamOrder
{
    public StreamOrder(PSDataCollection<PSObject> output, PSDataStreams streams, TestUI ui)
    {
        output.DataAdded += (_, added) =>
        {
            // An empty page gives a null in the recordings only.
            if (output[added.Index] is not null)
            {
                Add("output");
            }
        };
        streams.Error.DataAdded += (_, _) => Add("error");
        streams.Warning.DataAdded += (_, _) => Add("warning");
        ui.Happened = Add;
    }

    public IEnumerable<string> Order => _seen.ConvertAll(seen => seen.Count == 1 ? seen.What : seen.What + " x" + seen.Count);

    /// <summary>An object as the recordings have it: with what PowerShell put around it.</summary>
    public static string TextOf(PSObject written) => PSSerializer.Serialize(written, 3);

    public void Add(string what)
    {
        lock (_seen)
        {
            if (_seen.Count != 0 && _seen[^1].What == what)
            {
                _seen[^1] = (what, _seen[^1].Count + 1);
            }
            else
            {
                _seen.Add((what, 1));
            }
        }
    }

    private readonly List<(string What, int Count)> _seen = new List<(string, int)>();
}
