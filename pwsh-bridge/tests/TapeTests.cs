using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading.Tasks;

using ExchangeOnlineManagement.Native;

using Xunit;

namespace ExchangeOnlineManagement.Tests;

public class TapeTests
{
    [Fact]
    public void A_document_has_its_values_in_order()
    {
        Tape tape = Decoded.Tape(
            "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><S>a</S><Nil /><S>b</S></Objs>");
        Assert.Equal(new object?[] { "a", null, "b" }, Decoded.Primitives(tape.Values));
        Assert.True(Decoded.Tape("").Values.IsEmpty);
    }

    [Fact]
    public void A_saved_document_may_be_UTF_16()
    {
        const string document = "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><S>grüße</S></Objs>";
        byte[] bytes = [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(document)];
        Assert.Equal(new object?[] { "grüße" }, Decoded.Primitives(Clixml.Decode(bytes).Values));
    }

    [Fact]
    public void An_object_has_type_names_text_and_two_bags_of_members()
    {
        TapeValue value = Decoded.Value(
            "<Obj RefId=\"0\"><TN RefId=\"0\"><T>A.B</T><T>System.Object</T></TN><ToString>shown</ToString>"
            + "<Props><S N=\"Name\">adapted</S><I32 N=\"Only\">1</I32></Props><MS><S N=\"Name\">extended</S></MS></Obj>");
        Assert.Equal(NodeKind.Object, value.Kind);
        Assert.Equal(new[] { "A.B", "System.Object" }, value.TypeNames());
        Assert.Equal("shown", value.DisplayText);
        Assert.Null(value.Base);
        Assert.Equal(new[] { "Name", "Only" }, Names(value.Props));
        Assert.Equal(new[] { "Name" }, Names(value.Members));
        Assert.Equal("extended", value.Member("name")?.ToPrimitive());
        Assert.Equal(1, value.Member("ONLY")?.ToPrimitive());
        Assert.Null(value.Member("Absent"));
    }

    [Fact]
    public void Of_repeated_parts_the_last_counts_and_extended_members_add_up()
    {
        TapeValue value = Decoded.Value(
            "<Obj><TN RefId=\"0\"><T>A</T></TN><TN RefId=\"1\"><T>B</T></TN><ToString>one</ToString><ToString>two</ToString>"
            + "<I32>1</I32><I32>2</I32><Props><S N=\"a\">1</S></Props><Props><S N=\"b\">2</S></Props>"
            + "<MS><S N=\"x\">1</S><S N=\"y\">1</S></MS><MS><S N=\"X\">2</S></MS></Obj>");
        Assert.Equal(new[] { "B" }, value.TypeNames());
        Assert.Equal("two", value.DisplayText);
        Assert.Equal(2, value.Base?.ToPrimitive());
        Assert.Equal(new[] { "b" }, Names(value.Props));
        Assert.Equal(new[] { "x", "y", "X" }, Names(value.Members));
        Assert.Equal("2", value.Member("x")?.ToPrimitive());
        Assert.Null(value.Member("a"));
    }

    [Fact]
    public void Null_the_empty_text_and_the_empty_list_differ()
    {
        TapeValue value = Decoded.Value(
            "<Obj><MS><Nil N=\"A\" /><S N=\"B\"></S><Obj N=\"C\" RefId=\"1\"><LST /></Obj></MS></Obj>");
        Assert.Null(value.Member("A")!.Value.ToPrimitive());
        Assert.Equal("", value.Member("B")!.Value.ToPrimitive());
        Assert.Equal(NodeKind.List, value.Member("C")!.Value.Base!.Value.Kind);
        Assert.True(value.Member("C")!.Value.Items.IsEmpty);
    }

    [Theory]
    [InlineData("LST", (int)NodeKind.List)]
    [InlineData("IE", (int)NodeKind.Enumerable)]
    [InlineData("STK", (int)NodeKind.Stack)]
    [InlineData("QUE", (int)NodeKind.Queue)]
    public void Containers_are_told_apart(string tag, int kind)
    {
        TapeValue value = Decoded.Value(
            $"<Obj><{tag}><I32>2</I32><S>x</S></{tag}><MS><B N=\"IsReadOnly\">false</B></MS></Obj>");
        Assert.Equal((NodeKind)kind, value.Base!.Value.Kind);
        Assert.Equal(new object?[] { 2, "x" }, Decoded.Primitives(value.Items));
        Assert.Equal(false, value.Member("IsReadOnly")?.ToPrimitive());
    }

    [Fact]
    public void A_dictionary_gives_its_entries_in_order()
    {
        TapeValue value = Decoded.Value(
            "<Obj><DCT><En><I32 N=\"Key\">7</I32><S N=\"Value\">a</S></En><En><S N=\"Key\">k</S><Nil N=\"Value\" /></En></DCT></Obj>");
        var entries = new List<(object?, object?)>();
        foreach (TapeValue entry in value.Entries)
        {
            (TapeValue key, TapeValue held) = entry.KeyAndValue;
            entries.Add((key.ToPrimitive(), held.ToPrimitive()));
        }
        Assert.Equal(new (object?, object?)[] { (7, "a"), ("k", null) }, entries);
    }

    [Fact]
    public void References_lead_to_the_same_node_and_cycles_end()
    {
        TapeValue value = Decoded.Value(
            "<Obj RefId=\"0\"><TN RefId=\"0\"><T>A</T></TN><MS><Ref N=\"Self\" RefId=\"0\" />"
            + "<Obj N=\"Other\" RefId=\"1\"><TNRef RefId=\"0\" /></Obj></MS></Obj>");
        Assert.Equal(value.Index, value.Member("Self")!.Value.Resolve().Index);
        TapeValue other = value.Member("Other")!.Value;
        Assert.Equal(new[] { "A" }, other.TypeNames());
        Assert.Equal(value.TypeNamesNode!.Value.Index, other.TypeNamesNode!.Value.Index);
    }

    [Fact]
    public void An_enumeration_has_its_number_and_its_text()
    {
        TapeValue value = Decoded.Value(
            "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.DayOfWeek</T><T>System.Enum</T></TN><ToString>Monday</ToString><I32>1</I32></Obj>");
        Assert.Equal(1, value.Base!.Value.ToPrimitive());
        Assert.Equal("Monday", value.DisplayText);
    }

    [Fact]
    public void A_member_set_stays_nested()
    {
        TapeValue value = Decoded.Value("<Obj><MS><MS N=\"Set\"><S N=\"x\">1</S></MS></MS></Obj>");
        TapeValue set = value.Member("Set")!.Value;
        Assert.Equal(NodeKind.Members, set.Kind);
        Assert.Equal(new[] { "x" }, Names(set.Children));
    }

    [Fact]
    public void Values_outlive_the_native_memory()
    {
        TapeValue[] values = Enumerable.Range(0, 200)
            .Select(index => Decoded.Value($"<Obj><MS><S N=\"Name\">value_x0020_{index}</S></MS></Obj>"))
            .ToArray();
        for (int index = 0; index < values.Length; index++)
        {
            Assert.Equal($"value {index}", values[index].Member("Name")?.ToPrimitive());
        }
    }

    [Fact]
    public void Many_threads_may_decode_and_read()
    {
        Parallel.For(0, 64, index =>
        {
            TapeValue value = Decoded.Value($"<Obj><MS><I32 N=\"N{index}\">{index}</I32></MS></Obj>");
            Assert.Equal(index, value.Member("N" + index)?.ToPrimitive());
        });
    }

    private static string?[] Names(IEnumerable<TapeValue> values)
    {
        var names = new List<string?>();
        foreach (TapeValue value in values)
        {
            names.Add(value.Name);
        }
        return names.ToArray();
    }
}
