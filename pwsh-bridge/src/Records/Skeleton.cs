using System;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using System.Text;
using System.Xml;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Records;

/// <summary>
/// Objects that only PowerShell's own deserializer can make: single values with a display text (above all
/// enumerations, which are a number and a name), lists and dictionaries with adapted members, and objects with adapted
/// members but no display text.
/// </summary>
/// <remarks>
/// It is given a small document with the form of the object and without its contents; these are put in afterwards.
/// </remarks>
internal static class Skeleton
{
    /// <summary>A single value with a display text.</summary>
    internal static PSObject OfPrimitive(string[]? typeNames, string displayText, object value)
    {
        var kind = (typeNames is null ? string.Empty : string.Join("\n", typeNames), displayText, value);
        lock (s_stock)
        {
            if (!s_stock.TryGetValue(kind, out Stock? stock))
            {
                if (MostKinds <= s_stock.Count)
                {
                    s_stock.Clear();
                }
                // The serializer's own text of the bare value, without the element around it.
                string bare = PSSerializer.Serialize(value);
                bare = bare[(bare.IndexOf('>') + 1)..bare.LastIndexOf('<')].Trim();
                stock = new Stock(typeNames, "<ToString>" + Escape(displayText) + "</ToString>" + bare);
                s_stock[kind] = stock;
            }
            return stock.Take();
        }
    }

    /// <summary>
    /// An object with adapted members that are all null, around nothing or around an empty list or dictionary.
    /// </summary>
    internal static PSObject WithMembers(string[]? typeNames, NodeKind? kind, IEnumerable<TapeValue> props)
    {
        var parts = new StringBuilder(kind switch
        {
            null => string.Empty,
            NodeKind.Dictionary => "<DCT />",
            NodeKind.Stack => "<STK />",
            NodeKind.Queue => "<QUE />",
            _ => "<LST />",
        });
        parts.Append("<Props>");
        foreach (TapeValue property in props)
        {
            parts.Append("<Nil N=\"").Append(Escape(property.Name ?? string.Empty)).Append("\" />");
        }
        return PSObject.AsPSObject(Read(Describe(typeNames, parts.Append("</Props>").ToString()))[0]);
    }

    private static string Describe(string[]? typeNames, string parts)
    {
        var text = new StringBuilder("<Obj>");
        if (typeNames is not null)
        {
            text.Append("<TN RefId=\"0\">");
            foreach (string name in typeNames)
            {
                text.Append("<T>").Append(Escape(name)).Append("</T>");
            }
            text.Append("</TN>");
        }
        return text.Append(parts).Append("</Obj>").ToString();
    }

    private static object[] Read(string elements) => PSSerializer.DeserializeAsList(
        "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">" + elements + "</Objs>");

    /// <summary>Writes each character that XML or CLIXML gives a meaning as <c>_xHHHH_</c>.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (char unit in text)
        {
            if (XmlConvert.IsXmlChar(unit) && unit is not ('_' or '<' or '>' or '&' or '"' or '\r' or '\n' or '\t'))
            {
                escaped.Append(unit);
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"_x{(int)unit:X4}_");
            }
        }
        return escaped.ToString();
    }

    /// <summary>
    /// Objects of one kind that nobody has yet. They cannot be copied, and making several at once costs little more
    /// than making one; so the more were taken, the more are made.
    /// </summary>
    private sealed class Stock
    {
        internal Stock(string[]? typeNames, string parts)
        {
            _first = Describe(typeNames, parts);
            _next = typeNames is null ? _first : "<Obj><TNRef RefId=\"0\" />" + parts + "</Obj>";
        }

        internal PSObject Take()
        {
            if (_left.Count == 0)
            {
                var elements = new StringBuilder(_first);
                for (int count = 1; count < _atOnce; count++)
                {
                    elements.Append(_next);
                }
                foreach (object made in Read(elements.ToString()))
                {
                    _left.Push(PSObject.AsPSObject(made));
                }
                _atOnce = Math.Min(_atOnce * 2, MostAtOnce);
            }
            return _left.Pop();
        }

        private const int MostAtOnce = 64;

        private readonly string _first;
        private readonly string _next;
        private readonly Stack<PSObject> _left = new();
        private int _atOnce = 1;
    }

    /// <summary>The stock is emptied when the server invents more.</summary>
    private const int MostKinds = 4096;

    private static readonly Dictionary<(string, string, object), Stock> s_stock = new();
}
