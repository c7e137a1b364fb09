using System;
using System.Xml;

using Xunit;

namespace ExchangeOnlineManagement.Tests;

/// <summary>Single values against what System.Xml, which PowerShell's own deserializer uses, makes of the same text.</summary>
public class PrimitiveTests
{
    [Theory]
    [InlineData("<Nil />", null)]
    [InlineData("<B>true</B>", true)]
    [InlineData("<B>false</B>", false)]
    [InlineData("<By>255</By>", (byte)255)]
    [InlineData("<SB>-128</SB>", (sbyte)-128)]
    [InlineData("<I16>-32768</I16>", short.MinValue)]
    [InlineData("<U16>65535</U16>", ushort.MaxValue)]
    [InlineData("<I32>-2147483648</I32>", int.MinValue)]
    [InlineData("<U32>4294967295</U32>", uint.MaxValue)]
    [InlineData("<I64>-9223372036854775808</I64>", long.MinValue)]
    [InlineData("<U64>18446744073709551615</U64>", ulong.MaxValue)]
    [InlineData("<C>65</C>", 'A')]
    [InlineData("<C>55357</C>", '\uD83D')]
    [InlineData("<SBK>Get-Date</SBK>", "Get-Date")]
    public void Numbers_keep_their_type(string clixml, object? expected)
    {
        object? value = Decoded.Primitive(clixml);
        Assert.Equal(expected, value);
        Assert.Equal(expected?.GetType(), value?.GetType());
    }

    [Theory]
    [InlineData("INF")]
    [InlineData("-INF")]
    [InlineData("NaN")]
    [InlineData("-0")]
    [InlineData("1.5E-07")]
    [InlineData("3.4028235E+38")]
    [InlineData("0.1")]
    public void Floats_are_the_ones_that_were_written(string text)
    {
        Assert.Equal(Bits(XmlConvert.ToDouble(text)), Bits(Decoded.Primitive($"<Db>{text}</Db>")));
        Assert.Equal(Bits(XmlConvert.ToSingle(text)), Bits(Decoded.Primitive($"<Sg>{text}</Sg>")));
    }

    [Theory]
    [InlineData("1.10")]
    [InlineData("-0.0")]
    [InlineData("79228162514264337593543950335")]
    [InlineData("-79228162514264337593543950335")]
    [InlineData("0.0000000000000000000000000001")]
    public void Decimals_keep_their_scale(string text)
    {
        var value = (decimal)Decoded.Primitive($"<D>{text}</D>")!;
        Assert.Equal(decimal.GetBits(XmlConvert.ToDecimal(text)), decimal.GetBits(value));
    }

    [Theory]
    [InlineData("2026-11-21T10:15:30.1234567Z")]
    [InlineData("2026-11-21T10:15:30.1234567+01:00")]
    [InlineData("2026-07-21T10:15:30-03:30")]
    [InlineData("2026-11-21T10:15:30+14:00")]
    [InlineData("2026-11-21T10:15:30")]
    [InlineData("0001-01-01T00:00:00")]
    [InlineData("0001-01-01T00:00:00+05:00")]
    [InlineData("9999-12-31T23:59:59.9999999Z")]
    [InlineData("9999-12-31T23:59:59.9999999-05:00")]
    public void Dates_have_the_ticks_and_the_kind_that_PowerShell_gives_them(string text)
    {
        DateTime expected = XmlConvert.ToDateTime(text, XmlDateTimeSerializationMode.RoundtripKind);
        var value = (DateTime)Decoded.Primitive($"<DT>{text}</DT>")!;
        Assert.Equal(expected.Ticks, value.Ticks);
        Assert.Equal(expected.Kind, value.Kind);
    }

    [Theory]
    [InlineData("PT0S")]
    [InlineData("-P1DT2H3M4.5S")]
    [InlineData("P10675199DT2H48M5.4775807S")]
    [InlineData("-P10675199DT2H48M5.4775808S")]
    [InlineData("PT0.0000001S")]
    public void Durations_keep_sign_days_and_fraction(string text) =>
        Assert.Equal(XmlConvert.ToTimeSpan(text), Decoded.Primitive($"<TS>{text}</TS>"));

    [Fact]
    public void Other_types_are_those_of_dotnet()
    {
        Assert.Equal(
            new Guid("497ac440-89fb-4cb3-9cc1-3434c1aa74c3"),
            Decoded.Primitive("<G>497ac440-89fb-4cb3-9cc1-3434c1aa74c3</G>"));
        Assert.Equal(new Version(1, 1, 0, 1), Decoded.Primitive("<Version>1.1.0.1</Version>"));
        Assert.Equal(new Version(1, 0), Decoded.Primitive("<Version>1.0</Version>"));
        Assert.Equal(new Uri("https://a.example/x y"), Decoded.Primitive("<URI>https://a.example/x_x0020_y</URI>"));
        Assert.Equal(new Uri("a/b", UriKind.Relative), Decoded.Primitive("<URI>a/b</URI>"));
        Assert.Equal(new byte[] { 0, 1, 2 }, Decoded.Primitive("<BA>AAEC</BA>"));
        Assert.Empty((byte[])Decoded.Primitive("<BA></BA>")!);
        Assert.Equal("cABhAA==", Decoded.Primitive("<SS>cABhAA==</SS>"));
    }

    [Fact]
    public void An_xml_document_keeps_its_white_space_and_reads_nothing_else()
    {
        var document = (XmlDocument)Decoded.Primitive("<XD>&lt;a&gt; &lt;!--c--&gt; &lt;b /&gt;&lt;/a&gt;</XD>")!;
        Assert.Equal("<a> <!--c--> <b /></a>", document.OuterXml);
        const string outside = "<XD>&lt;!DOCTYPE a [&lt;!ENTITY e SYSTEM \"file:///etc/hostname\"&gt;]&gt;&lt;a&gt;&amp;e;&lt;/a&gt;</XD>";
        Assert.Equal(string.Empty, ((XmlDocument)Decoded.Primitive(outside)!).InnerText);
    }

    private static long Bits(object? value) => value switch
    {
        double number => BitConverter.DoubleToInt64Bits(number),
        float number => BitConverter.SingleToInt32Bits(number),
        _ => throw new ArgumentException("The value is no float.", nameof(value)),
    };
}
