using System;
using System.Globalization;
using System.IO;
using System.Xml;

namespace ExchangeOnlineManagement.Native;

/// <summary>Turns the node of a primitive into the .NET value that PowerShell makes of it.</summary>
internal static class Primitive
{
    /// <summary>
    /// The value; null for a null node. A script block is its text, as over remoting; a secure string is its base64
    /// text, which the caller opens.
    /// </summary>
    /// <exception cref="InvalidOperationException">The node is no primitive, or is a progress record.</exception>
    internal static object? Read(Tape tape, in Node node) => node.Kind switch
    {
        NodeKind.Null => null,
        NodeKind.Boolean => node.A == 0 ? False : True,
        NodeKind.Char => (char)node.A,
        NodeKind.Byte => (byte)node.A,
        NodeKind.SByte => unchecked((sbyte)node.A),
        NodeKind.Int16 => unchecked((short)node.A),
        NodeKind.UInt16 => (ushort)node.A,
        NodeKind.Int32 => unchecked((int)node.A),
        NodeKind.UInt32 => node.A,
        NodeKind.Int64 => unchecked((long)node.Bits),
        NodeKind.UInt64 => node.Bits,
        NodeKind.Single => ReadSingle(node),
        NodeKind.Double => ReadDouble(node),
        NodeKind.Decimal => decimal.Parse(tape.StringOf(node), DecimalStyle, CultureInfo.InvariantCulture),
        NodeKind.DateTime => ReadDateTime(node),
        NodeKind.TimeSpan => new TimeSpan(unchecked((long)node.Bits)),
        NodeKind.String or NodeKind.ScriptBlock or NodeKind.SecureString => tape.StringOf(node),
        NodeKind.Guid => new Guid(tape.StringOf(node)),
        NodeKind.Uri => new Uri(tape.StringOf(node), UriKind.RelativeOrAbsolute),
        NodeKind.Version => new Version(tape.StringOf(node)),
        NodeKind.XmlDocument => ReadXml(tape.StringOf(node)),
        NodeKind.Bytes => tape.BytesOf(node).ToArray(),
        _ => throw new InvalidOperationException($"A value of kind {node.Kind} is no primitive."),
    };

    /// <summary>Of the many forms of "not a number" .NET's own, as parsing gives it.</summary>
    private static float ReadSingle(in Node node)
    {
        float number = BitConverter.Int32BitsToSingle(unchecked((int)node.A));
        return float.IsNaN(number) ? float.NaN : number;
    }

    private static double ReadDouble(in Node node)
    {
        double number = BitConverter.Int64BitsToDouble(unchecked((long)node.Bits));
        return double.IsNaN(number) ? double.NaN : number;
    }

    /// <summary>UTC stays UTC, a time with an offset becomes local time, a time with neither stays as written.</summary>
    private static DateTime ReadDateTime(in Node node)
    {
        long ticks = unchecked((long)node.Bits);
        switch (node.Flags >> 1 & 3)
        {
            case 0:
                return new DateTime(ticks, DateTimeKind.Unspecified);
            case 1:
                return new DateTime(ticks, DateTimeKind.Utc);
            default:
                long utc = ticks - (unchecked((short)node.Aux) * TimeSpan.TicksPerMinute);
                if (0 <= utc && utc <= DateTime.MaxValue.Ticks)
                {
                    return new DateTime(utc, DateTimeKind.Utc).ToLocalTime();
                }
                // Outside of what a DateTime can hold in UTC; the local clock may still be inside.
                long local = utc + TimeZoneInfo.Local.GetUtcOffset(new DateTime(ticks)).Ticks;
                return new DateTime(Math.Clamp(local, 0, DateTime.MaxValue.Ticks), DateTimeKind.Local);
        }
    }

    /// <summary>White space, comments and instructions are kept; nothing outside the text is read.</summary>
    private static XmlDocument ReadXml(string text)
    {
        var settings = new XmlReaderSettings
        {
            CheckCharacters = false,
            ConformanceLevel = ConformanceLevel.Auto,
            DtdProcessing = DtdProcessing.Parse,
            MaxCharactersFromEntities = 1024,
            XmlResolver = null,
        };
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        using XmlReader reader = XmlReader.Create(new StringReader(text), settings);
        document.Load(reader);
        return document;
    }

    private const NumberStyles DecimalStyle = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;

    private static readonly object True = true;
    private static readonly object False = false;
}
