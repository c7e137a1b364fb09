using System;

using ExchangeOnlineManagement.Native;

using Xunit;

namespace ExchangeOnlineManagement.Tests;

public class TextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("a", "a")]
    [InlineData("a_x000D__x000A_b", "a\r\nb")]
    [InlineData("_x005F_x000D_", "_x000D_")]
    [InlineData("my_xml_file", "my_xml_file")]
    [InlineData("_xD83D__xDE00_", "\U0001F600")]
    [InlineData("_x0000_", "\0")]
    [InlineData("&lt;b&gt;_x000A_", "<b>\n")]
    [InlineData("grüße 退屈 한", "grüße 退屈 한")]
    public void Strings_are_what_the_server_held(string text, string expected) =>
        Assert.Equal(expected, Decoded.Primitive($"<S>{text}</S>"));

    [Fact]
    public void Half_of_a_surrogate_pair_survives()
    {
        // Not inline data: attributes cannot hold such strings.
        Assert.Equal("\uD83D", Decoded.Primitive("<S>_xD83D_</S>"));
        Assert.Equal("\uDE00x\uD83D", Decoded.Primitive("<S>_xDE00_x_xD83D_</S>"));
        Assert.Equal("한\uD83D글", Decoded.Primitive("<S>한_xD83D_글</S>"));
    }

    [Fact]
    public void Names_are_decoded_too()
    {
        TapeValue value = Decoded.Value("<Obj><MS><I32 N=\"a_x0020_b\">1</I32><I32 N=\"x_xD83D_\">2</I32></MS></Obj>");
        Assert.Equal(1, value.Member("a b")?.ToPrimitive());
        Assert.Equal(2, value.Member("x\uD83D")?.ToPrimitive());
    }

    [Fact]
    public void Half_of_a_pair_cannot_be_an_argument()
    {
        Assert.Equal(new byte[] { 0xF0, 0x9F, 0x98, 0x80 }, Wtf8.GetBytes("\U0001F600", "text"));
        Assert.Throws<ArgumentException>(() => Wtf8.GetBytes("\uD83D", "text"));
    }

    [Fact]
    public void A_cut_off_text_does_not_read_beyond_its_end()
    {
        Assert.Equal("a\uFFFD", Wtf8.GetString(new byte[] { (byte)'a', 0xED }));
        Assert.Equal("\uFFFD\uFFFD", Wtf8.GetString(new byte[] { 0xED, 0xA0 }));
    }
}
