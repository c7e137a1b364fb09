//! What is sent to hurt, in any size: one row for each attack. The tests measure what a row costs at one size and at
//! twice that size, in memory and in instructions.

use std::hint::black_box;

use bytes::Bytes;
use exo_session::catalog::Catalog;
use psrp::clixml::{decode, encode_document, export_document};
use psrp::{Defragmenter, FragmentLimits};

use crate::oracle::is_readable_answer;

/// One attack.
#[derive(Debug)]
pub struct Attack {
    /// A sentence, which the tests name.
    pub name: &'static str,
    /// Makes about so many bytes.
    pub build: fn(usize) -> Vec<u8>,
    /// Takes the bytes and says how it ended.
    pub run: fn(&[u8]) -> Outcome,
    /// How it must end.
    pub outcome: Outcome,
}

/// How an attack ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a correct result.
    Read,
    /// With a clear error.
    Refused,
}

/// Every row of the table of attacks that grows with its size.
pub const ATTACKS: &[Attack] = &[
    row("objects inside objects", |len| "<Obj>".repeat(len / 5).into(), clixml, Outcome::Refused),
    row("unknown elements inside each other", unknown_elements, clixml, Outcome::Refused),
    row("entities that define each other", laughing_entities, clixml, Outcome::Refused),
    row("a chain of doubled references", doubled_references, clixml, Outcome::Read),
    row("references to one large object", references, clixml, Outcome::Read),
    row("references to one long type name", type_references, clixml, Outcome::Read),
    row("references to an object of many members", member_references, clixml, Outcome::Read),
    row(
        "parts of an object without end",
        |len| wrapped("<Obj>", "<S />", "</Obj>", len),
        clixml,
        Outcome::Refused,
    ),
    row("type names without end", |len| open("<Obj><TN>", "<T>a</T>", len), clixml, Outcome::Refused),
    row("references to objects with all parts", part_references, clixml, Outcome::Read),
    row("dictionaries inside dictionaries", dictionaries, clixml, Outcome::Refused),
    row(
        "byte arrays with white space",
        |len| wrapped("<BA>", "AA \nAA", "</BA>", len),
        clixml,
        Outcome::Read,
    ),
    row("attributes without end", attributes, clixml, Outcome::Read),
    row("names without end", names, clixml, Outcome::Read),
    row("underscores that begin no escape", |len| text("_x00", len), clixml, Outcome::Read),
    row("escapes side by side", |len| text("_x0000_", len), clixml, Outcome::Read),
    row("entities side by side", |len| text("&#x41;", len), clixml, Outcome::Read),
    row("comments side by side", |len| text("<!---->", len), clixml, Outcome::Read),
    row("empty CDATA sections side by side", |len| text("<![CDATA[]]>", len), clixml, Outcome::Read),
    row("a comment that never ends", |len| open("<S><!-- ", "- ", len), clixml, Outcome::Refused),
    row("a number of many digits", |len| wrapped("<Db>", "1", "</Db>", len), clixml, Outcome::Refused),
    row("fragments of one byte", small_fragments, fragments, Outcome::Read),
    row("fragments without a byte", empty_fragments, fragments, Outcome::Read),
    row("a message that never ends", endless_message, fragments, Outcome::Refused),
    row("messages that are begun and never ended", open_messages, fragments, Outcome::Refused),
    row("a blob said to be longer than any", long_blob, fragments, Outcome::Refused),
    row("the same fragment again and again", copies, fragments, Outcome::Refused),
    row("brackets without end in a declaration", |len| declaration("[", len), catalog, Outcome::Refused),
    row("parentheses without end in a declaration", |len| declaration("(", len), catalog, Outcome::Refused),
    row("quotes without end in a declaration", |len| declaration("'", len), catalog, Outcome::Refused),
    row("comments that never end in a declaration", |len| declaration("<#", len), catalog, Outcome::Refused),
    row("parameters without end", |len| declaration("$a,", len), catalog, Outcome::Refused),
    row("aliases without end", |len| attribute("Alias", len), catalog, Outcome::Refused),
    row("values without end", |len| attribute("ValidateSet", len), catalog, Outcome::Refused),
    row("cmdlets without end", cmdlets, catalog, Outcome::Read),
    row("the same cmdlet again and again", same_cmdlet, catalog, Outcome::Read),
    row("exported names without cmdlets", exported_names, catalog, Outcome::Refused),
    row(
        "comments that never end in lists of exports",
        |len| open("", "Export-ModuleMember -Function a <#\n", len),
        catalog,
        Outcome::Refused,
    ),
    row(
        "comments that never end where a key should be",
        |len| open(ONE_CMDLET, "$PublicKey = <#\n", len),
        catalog,
        Outcome::Read,
    ),
    row("escapes side by side in an answer", |len| page("\\u0041", len), answer, Outcome::Read),
    row("backslashes side by side in an answer", |len| page("\\\\", len), answer, Outcome::Read),
    row(
        "texts like the name of the objects",
        |len| wrapped(r#"{"x":["#, r#""_clixml","#, r#"0],"value":[]}"#, len),
        answer,
        Outcome::Read,
    ),
    row("lists inside lists in an answer", |len| open("", "[", len), answer, Outcome::Refused),
    row("members without end beside the objects", members_beside, answer, Outcome::Read),
    row("an object of JSON with members without end", json_members, answer, Outcome::Read),
];

const fn row(
    name: &'static str,
    build: fn(usize) -> Vec<u8>,
    run: fn(&[u8]) -> Outcome,
    outcome: Outcome,
) -> Attack {
    Attack { name, build, run, outcome }
}

/// Decodes, looks into every value, and writes in both ways what was decoded.
fn clixml(bytes: &[u8]) -> Outcome {
    let Ok(tape) = decode(Bytes::copy_from_slice(bytes)) else { return Outcome::Refused };
    let end = u32::try_from(tape.nodes().len()).unwrap_or(u32::MAX);
    for value in (0..end).filter_map(|index| tape.value_at(index)) {
        black_box((value.base(), value.type_names().next(), value.to_string_text(), value.as_str()));
        black_box((value.items().next(), value.entries().next(), value.members().next()));
    }
    let mut written = encode_document(&tape);
    written.clear();
    match export_document(&tape, |_| 0, &mut written) {
        Ok(()) => Outcome::Read,
        Err(_) => Outcome::Refused,
    }
}

/// Reads a module text; what of it can be used decides.
fn catalog(bytes: &[u8]) -> Outcome {
    match Catalog::read(&String::from_utf8_lossy(bytes)) {
        Ok(catalog) if !catalog.cmdlets.is_empty() => Outcome::Read,
        _ => Outcome::Refused,
    }
}

/// Takes the bytes as the answer to a call.
fn answer(bytes: &[u8]) -> Outcome {
    if is_readable_answer(bytes) { Outcome::Read } else { Outcome::Refused }
}

/// Takes everything in one read, within limits that are smaller than the bytes.
fn fragments(bytes: &[u8]) -> Outcome {
    let limits = FragmentLimits { max_message_len: bytes.len() / 2, ..FragmentLimits::default() };
    let mut defragmenter = Defragmenter::new(limits);
    defragmenter.handle_bytes(Bytes::copy_from_slice(bytes));
    loop {
        match defragmenter.poll_message() {
            Ok(Some(_)) => {}
            Ok(None) => return Outcome::Read,
            Err(_) => return Outcome::Refused,
        }
    }
}

fn wrapped(start: &str, middle: &str, end: &str, len: usize) -> Vec<u8> {
    [start, &middle.repeat(len / middle.len()), end].concat().into()
}

fn open(start: &str, middle: &str, len: usize) -> Vec<u8> {
    wrapped(start, middle, "", len)
}

fn text(middle: &str, len: usize) -> Vec<u8> {
    wrapped("<S>", middle, "</S>", len)
}

/// A module text of one cmdlet, with this inside its `param(…)`.
fn declaration(middle: &str, len: usize) -> Vec<u8> {
    wrapped(
        "function script:Get-Thing\n{\n[CmdletBinding()]\nparam(\n",
        middle,
        "\n)\n}\nExport-ModuleMember -Function @('Get-Thing')\n",
        len,
    )
}

/// A declaration of one parameter, with an attribute of many arguments.
fn attribute(name: &str, len: usize) -> Vec<u8> {
    let parameter = format!("[{name}({}'a')]${{A}}", "'a',".repeat(len / 4));
    declaration(&parameter, parameter.len())
}

fn cmdlets(len: usize) -> Vec<u8> {
    let names: Vec<String> = (0..len / 64).map(|number| format!("Get-A{number}")).collect();
    let functions: String =
        names.iter().map(|name| format!("function script:{name}\n{{ param($Identity) }}\n")).collect();
    format!("{functions}Export-ModuleMember -Function @('{}')\n", names.join("','")).into()
}

fn same_cmdlet(len: usize) -> Vec<u8> {
    open(ONE_CMDLET, "function script:Get-Thing\n{ param() }\n", len)
}

fn exported_names(len: usize) -> Vec<u8> {
    let names: String = (0..len / 12).map(|number| format!("'Get-A{number}',")).collect();
    format!("Export-ModuleMember -Function @({names}'Get-A')\n").into()
}

/// An answer with one text among its objects.
fn page(middle: &str, len: usize) -> Vec<u8> {
    wrapped(r#"{"value":[{"_clixml":"<S>"#, middle, r#"</S>"}]}"#, len)
}

fn members_beside(len: usize) -> Vec<u8> {
    let members: String = (0..len / 10).map(|number| format!(r#""a{number}":1,"#)).collect();
    format!(r#"{{{members}"value":[]}}"#).into()
}

fn json_members(len: usize) -> Vec<u8> {
    wrapped(r#"{"value":[{"#, r#""Identity":"","#, r#""a":1}]}"#, len)
}

const ONE_CMDLET: &str =
    "Export-ModuleMember -Function @('Get-Thing')\nfunction script:Get-Thing\n{ param() }\n";

fn unknown_elements(len: usize) -> Vec<u8> {
    open("<Objs Version=\"1.9\"><Obj>", "<X>", len)
}

fn laughing_entities(len: usize) -> Vec<u8> {
    open("<!DOCTYPE x [<!ENTITY a \"ha\">", "<!ENTITY b \"&a;&a;&a;\">", len)
}

fn doubled_references(len: usize) -> Vec<u8> {
    let mut body = String::from(r#"<Obj RefId="0"><LST><S>x</S></LST></Obj>"#);
    let mut id = 1;
    while body.len() < len {
        let below = id - 1;
        body +=
            &format!(r#"<Obj RefId="{id}"><LST><Ref RefId="{below}"/><Ref RefId="{below}"/></LST></Obj>"#);
        id += 1;
    }
    body.into()
}

fn references(len: usize) -> Vec<u8> {
    let large = "x".repeat(len / 16);
    let start = format!(r#"<Obj RefId="0"><LST><Obj RefId="1"><MS><S N="a">{large}</S></MS></Obj>"#);
    wrapped(&start, r#"<Ref RefId="1" />"#, "</LST></Obj>", len)
}

fn type_references(len: usize) -> Vec<u8> {
    let long = "N".repeat(len / 16);
    let start = format!(r#"<Obj><TN RefId="0"><T>{long}</T></TN><LST>"#);
    wrapped(&start, r#"<Obj><TNRef RefId="0" /></Obj>"#, "</LST></Obj>", len)
}

fn member_references(len: usize) -> Vec<u8> {
    let members = "<S N=\"a\" />".repeat(len / 24);
    let start = format!(r#"<Obj RefId="0"><LST><Obj RefId="1"><MS>{members}</MS></Obj>"#);
    wrapped(&start, r#"<Ref RefId="1" />"#, "</LST></Obj>", len / 2)
}

/// As many parts as an object may have, and what counts of them last.
fn part_references(len: usize) -> Vec<u8> {
    let parts = "<MS />".repeat(13);
    let last = "<TN><T>a</T></TN><ToString>a</ToString><S>a</S>";
    let start = format!(r#"<Obj RefId="0"><LST><Obj RefId="1">{parts}{last}</Obj>"#);
    wrapped(&start, r#"<Ref RefId="1" />"#, "</LST></Obj>", len)
}

fn dictionaries(len: usize) -> Vec<u8> {
    open("", r#"<Obj><DCT><En><S N="Key">k</S><Obj N="Value"><DCT><En><S N="Key">k</S>"#, len)
}

fn attributes(len: usize) -> Vec<u8> {
    let many: String = (0..len / 12).map(|number| format!(" a{number}=\"{number}\"")).collect();
    format!("<Obj><MS><S{many} N=\"a\">x</S></MS></Obj>").into()
}

fn names(len: usize) -> Vec<u8> {
    let many: String = (0..len / 20).map(|number| format!("<S N=\"name{number}\" />")).collect();
    format!("<Obj><MS>{many}</MS></Obj>").into()
}

/// A fragment as MS-PSRP 2.2.4 has it; the flags are 1 for the first and 2 for the last of a message.
fn fragment(object_id: u64, fragment_id: u64, flags: u8, blob: &[u8]) -> Vec<u8> {
    let len = u32::try_from(blob.len()).unwrap_or(u32::MAX);
    [&object_id.to_be_bytes()[..], &fragment_id.to_be_bytes(), &[flags], &len.to_be_bytes(), blob].concat()
}

/// The header of a message: PIPELINE_OUTPUT to the client, without ids.
fn message_header() -> Vec<u8> {
    [&1_u32.to_le_bytes()[..], &0x0004_1004_u32.to_le_bytes(), &[0; 32]].concat()
}

fn many_fragments(len: usize, blob: &[u8], end: bool) -> Vec<u8> {
    let mut bytes = fragment(1, 0, 1, &message_header());
    let mut number = 1;
    while bytes.len() < len {
        bytes.extend(fragment(1, number, 0, blob));
        number += 1;
    }
    if end {
        bytes.extend(fragment(1, number, 2, blob));
    }
    bytes
}

fn small_fragments(len: usize) -> Vec<u8> {
    many_fragments(len, b"x", true)
}

fn empty_fragments(len: usize) -> Vec<u8> {
    many_fragments(len, b"", true)
}

fn endless_message(len: usize) -> Vec<u8> {
    many_fragments(len, &[b'x'; 1000], false)
}

fn open_messages(len: usize) -> Vec<u8> {
    (1..).take(len / 22).flat_map(|object_id| fragment(object_id, 0, 1, b"x")).collect()
}

fn long_blob(len: usize) -> Vec<u8> {
    let mut bytes = fragment(1, 0, 1, b"");
    if let Some(blob_len) = bytes.get_mut(17..21) {
        blob_len.fill(0xFF);
    }
    bytes.resize(len, b'x');
    bytes
}

fn copies(len: usize) -> Vec<u8> {
    let mut bytes = fragment(1, 0, 1, &message_header());
    while bytes.len() < len {
        bytes.extend(fragment(1, 1, 0, b"x"));
    }
    bytes
}
