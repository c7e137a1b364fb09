//! Documents as PowerShell writes them after reading, against genuine PowerShell's own texts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use psrp::clixml::{Encoder, Tape, Value, decode, encode_document, export_document, utf8_document};
use serde_json::Value as Json;

use super::shared;

fn exported(tape: &Tape) -> String {
    let mut out = Vec::new();
    export_document(tape, |_| 0, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn exported_file(path: &Path) -> String {
    exported(&decode(utf8_document(fs::read(path).unwrap()).unwrap()).unwrap())
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn recorded_documents_are_written_as_powershell_wrote_them() {
    let name = "recorded_documents_are_written_as_powershell_wrote_them";
    let Some(folder) = shared(name, "fixtures") else { return };
    let mut documents = 0;
    for file in fs::read_dir(folder.join("reserialized/recorded")).unwrap() {
        let written = file.unwrap().path();
        let expected = fs::read_to_string(&written).unwrap();
        let own = exported_file(&folder.join("clixml").join(written.file_name().unwrap()));
        assert_same(&own, &expected, &written.display().to_string());
        documents += 1;
    }
    assert_eq!(documents, 14);
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn random_documents_are_written_as_powershell_wrote_them() {
    let name = "random_documents_are_written_as_powershell_wrote_them";
    let Some(folder) = shared(name, "fixtures/reserialized") else { return };
    let expected = fs::read_to_string(folder.join("random.expected.jsonl")).unwrap();
    let mut documents = 0;
    for line in expected.lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        let file = line["file"].as_str().unwrap();
        let own = exported_file(&folder.join("random").join(file));
        assert_same(&own, line["reserialized"].as_str().unwrap(), file);
        documents += 1;
    }
    assert_eq!(documents, 150);
}

/// Small cases whose recorded text is not what is written here.
const DIFFERENT: &[(&str, &str)] = &[
    ("29-enum.xml", "the recorded text lost the types and the name of the enum value"),
    ("30-enum-i64.xml", "the recorded text lost the types and the name of the enum value"),
    ("33-dict.xml", "a .NET hashtable has no order; here the entries stay in that of the wire"),
    ("35-ext-primitive.xml", "the recorded text lost the members of the string"),
    ("36-list-with-props.xml", "the recorded text lost the members of the list"),
];

/// The recorder looked at each value before it wrote it, which makes PowerShell put an object around each number. Read
/// and written once more, that object is gone; so both sides are.
#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn each_small_case_is_written_as_powershell_wrote_it() {
    let name = "each_small_case_is_written_as_powershell_wrote_it";
    let Some(folder) = shared(name, "bench/cases") else { return };
    let (mut same, mut different) = (0, Vec::new());
    for line in fs::read_to_string(folder.join("powershell.jsonl")).unwrap().lines() {
        // The other fields hold lone surrogates, which JSON readers refuse.
        let Some((_, texts)) = line.split_once("\"reserialized\":") else { continue };
        let texts: Vec<String> = serde_json::from_str(texts.strip_suffix('}').unwrap()).unwrap();
        let case = line.split('"').nth(3).unwrap();
        let tape = decode(fs::read(folder.join(case)).unwrap()).unwrap();
        assert_eq!(tape.values().count(), texts.len(), "{case}");
        for (value, text) in tape.values().zip(texts) {
            let own = exported(&decode(exported(&decode(body(value)).unwrap())).unwrap());
            if own == exported(&decode(text).unwrap()) {
                same += 1;
            } else {
                different.push(case.to_owned());
            }
        }
    }
    assert_eq!(different, DIFFERENT.iter().map(|(case, _)| *case).collect::<Vec<_>>());
    assert_eq!(same, 41);
}

fn body(value: Value<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder::new(&mut out).value(value);
    out
}

/// What is written for a body, without wrapper and line breaks; the right side is what PowerShell 7.6.5 writes, unless
/// a comment says otherwise.
#[track_caller]
fn check(rows: &[(&str, &str)]) {
    for (body, expected) in rows {
        let own = exported(&decode(body.as_bytes().to_vec()).unwrap());
        let own: String = own.lines().map(str::trim_start).collect();
        let start = r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">"#;
        let own = own.strip_prefix(start).and_then(|own| own.strip_suffix("</Objs>")).unwrap_or(&own);
        assert_eq!(own, *expected, "for {body}");
    }
}

#[test]
fn objects_are_what_powershell_makes_of_them() {
    const BAG: &str =
        r#"<TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN>"#;
    check(&[
        ("", r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04" />"#),
        ("<Nil /><S>a</S>", "<Nil /><S>a</S>"),
        (r#"<S S="Error">boom</S>"#, "<S>boom</S>"),
        (
            "<Obj /><Obj></Obj>",
            &format!(r#"<Obj RefId="0">{BAG}</Obj><Obj RefId="1"><TNRef RefId="0" /></Obj>"#),
        ),
        (r#"<Obj><TN /></Obj><Obj><TN /><MS /></Obj>"#, r#"<Obj RefId="0" /><Obj RefId="1" />"#),
        (
            r#"<Obj><MS><S N="m">1</S></MS><Props><S N="p">1</S></Props><ToString>x</ToString><TN><T>A</T><T></T><T>deserialized.B</T></TN></Obj>"#,
            r#"<Obj RefId="0"><TN RefId="0"><T>Deserialized.A</T><T>deserialized.B</T></TN><ToString>x</ToString><Props><S N="p">1</S></Props><MS><S N="m">1</S></MS></Obj>"#,
        ),
        (r#"<Obj><ToString /></Obj>"#, &format!(r#"<Obj RefId="0">{BAG}<ToString /></Obj>"#)),
        (
            r#"<Obj RefId="7"><TN RefId="0"><T>X</T></TN><ToString>shown</ToString><LST><S>a</S></LST><Props><S N="p">1</S></Props><MS><MS N="set"><S N="x">1</S></MS><MS N="empty" /></MS></Obj>"#,
            r#"<Obj RefId="0"><TN RefId="0"><T>Deserialized.X</T></TN><LST><S>a</S></LST><Props><S N="p">1</S></Props><MS><MS N="set"><S N="x">1</S></MS><MS N="empty" /></MS></Obj>"#,
        ),
        (
            r#"<Obj><IE><S>a</S></IE><MS><S N="n">1</S></MS></Obj><Obj><STK><I32>2</I32></STK></Obj>"#,
            r#"<Obj RefId="0"><TN RefId="0"><T>System.Collections.ArrayList</T><T>System.Object</T></TN><LST><S>a</S></LST><MS><S N="n">1</S></MS></Obj><Obj RefId="1"><TN RefId="1"><T>System.Collections.Stack</T><T>System.Object</T></TN><STK><I32>2</I32></STK></Obj>"#,
        ),
        // PowerShell copies the inner members outside, too.
        (
            r#"<Obj><Obj><TN><T>A</T></TN><Props><S N="p">1</S></Props></Obj></Obj>"#,
            r#"<Obj RefId="0"><TN RefId="0"><T>Deserialized.A</T></TN><Obj RefId="1"><TNRef RefId="0" /><Props><S N="p">1</S></Props></Obj></Obj>"#,
        ),
    ]);
}

#[test]
fn objects_around_plain_values_stay_only_if_they_say_something() {
    check(&[
        ("<Obj><I32>1</I32></Obj>", "<I32>1</I32>"),
        ("<Obj><I32>1</I32><S>two</S></Obj>", "<S>two</S>"),
        ("<Obj><S>a</S><MS /></Obj>", "<S>a</S>"),
        ("<Obj><S>a</S><Props /></Obj>", r#"<Obj RefId="0"><S>a</S></Obj>"#),
        ("<Obj><TN /><I32>1</I32></Obj>", r#"<Obj RefId="0"><I32>1</I32></Obj>"#),
        ("<Obj><ToString /><I32>1</I32></Obj>", r#"<Obj RefId="0"><ToString /><I32>1</I32></Obj>"#),
        (
            r#"<Obj><S>C:\x</S><MS><S N="PSPath">p</S></MS></Obj>"#,
            r#"<Obj RefId="0"><S>C:\x</S><MS><S N="PSPath">p</S></MS></Obj>"#,
        ),
        (
            r#"<Obj><TN><T>System.Int32</T></TN><I32>1</I32></Obj>"#,
            r#"<Obj RefId="0"><TN RefId="0"><T>Deserialized.System.Int32</T></TN><I32>1</I32></Obj>"#,
        ),
        // PowerShell loses the adapted member.
        (
            r#"<Obj><S>a</S><Props><S N="p">1</S></Props></Obj>"#,
            r#"<Obj RefId="0"><S>a</S><Props><S N="p">1</S></Props></Obj>"#,
        ),
        // The inner object has no id of its own once it is plain.
        (
            r#"<Obj RefId="0"><TN><T>X</T></TN><LST><Obj RefId="1"><S>a</S></Obj><Ref RefId="1" /><Ref RefId="0" /></LST></Obj>"#,
            r#"<Obj RefId="0"><TN RefId="0"><T>Deserialized.X</T></TN><LST><S>a</S><S>a</S><Ref RefId="0" /></LST></Obj>"#,
        ),
    ]);
}

#[test]
fn plain_values_are_written_as_dotnet_holds_them() {
    check(&[
        (
            "<By>007</By><I64>+5</I64><Version>01.2.03</Version><B>1</B><C>0065</C>",
            "<By>7</By><I64>5</I64><Version>1.2.3</Version><B>true</B><C>65</C>",
        ),
        (
            "<Db>1E3</Db><Db>1.50</Db><Db>1E16</Db><Db>1E17</Db><Sg>1E8</Sg><Sg>1E9</Sg><Db>0.00001</Db>",
            "<Db>1000</Db><Db>1.5</Db><Db>10000000000000000</Db><Db>1E+17</Db><Sg>100000000</Sg><Sg>1E+09</Sg><Db>1E-05</Db>",
        ),
        (
            "<D>+1.0</D><D>007.10</D><D>-0.00</D><D>.5</D><D>5.</D><D> 1.5 </D><D>-0.10</D>",
            "<D>1.0</D><D>7.10</D><D>0.00</D><D>0.5</D><D>5</D><D>1.5</D><D>-0.10</D>",
        ),
        (
            "<DT>0001-01-01T00:00:00+05:00</DT><DT>9999-12-31T23:59:59.9999999-05:00</DT>",
            "<DT>0001-01-01T00:00:00+00:00</DT><DT>9999-12-31T23:59:59.9999999+00:00</DT>",
        ),
        (
            "<DT>2026-01-01T00:00:00-08:00</DT><DT>2026-01-01</DT><DT>2026-01-01Z</DT><DT>2026-01-01+02:00</DT>",
            "<DT>2026-01-01T08:00:00+00:00</DT><DT>2026-01-01T00:00:00</DT><DT>2026-01-01T00:00:00Z</DT><DT>2025-12-31T22:00:00+00:00</DT>",
        ),
        ("<TS>P1Y</TS><TS>PT36H</TS>", "<TS>P365D</TS><TS>P1DT12H</TS>"),
        ("<SBK>a_x000A_b</SBK><URI>https://a/x_x0020_y</URI>", "<S>a_x000A_b</S><URI>https://a/x y</URI>"),
        ("<BA></BA><BA>AQ==</BA>", "<BA /><BA>AQ==</BA>"),
        (
            "<PR><AV>A</AV><AI>0</AI><S>op</S><PI>-1</PI><PC>-1</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR>",
            "<PR><AV>A</AV><AI>0</AI><S>op</S><PI>-1</PI><PC>-1</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR>",
        ),
    ]);
}

#[test]
fn live_types_show_what_dotnet_says_of_them() {
    check(&[
        (
            r#"<Obj><TN><T>System.Net.IPAddress</T><T>System.Object</T></TN><ToString>fe80::1%3</ToString><Props><I64 N="ScopeId">3</I64></Props></Obj>"#,
            r#"<Obj RefId="0"><TN RefId="0"><T>System.Net.IPAddress</T><T>System.Object</T></TN><ToString>fe80::1%3</ToString><Props><S N="AddressFamily">InterNetworkV6</S><I64 N="ScopeId">3</I64><B N="IsIPv6Multicast">false</B><B N="IsIPv6LinkLocal">true</B><B N="IsIPv6SiteLocal">false</B><B N="IsIPv6Teredo">false</B><B N="IsIPv6UniqueLocal">false</B><B N="IsIPv4MappedToIPv6">false</B></Props><MS><S N="IPAddressToString">fe80::1%3</S></MS></Obj>"#,
        ),
        // No address: it stays as it came.
        (
            r#"<Obj><TN><T>System.Net.IPAddress</T></TN><ToString>somewhere</ToString></Obj>"#,
            r#"<Obj RefId="0"><TN RefId="0"><T>Deserialized.System.Net.IPAddress</T></TN><ToString>somewhere</ToString></Obj>"#,
        ),
        (
            r#"<Obj><TN><T>System.Management.Automation.SwitchParameter</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>True</ToString><Props><B N="IsPresent">true</B></Props></Obj>"#,
            r#"<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.SwitchParameter</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>True</ToString><Props><B N="IsPresent">true</B></Props></Obj>"#,
        ),
    ]);
}

#[test]
fn dates_are_written_on_the_local_clock() {
    let tape = decode("<DT>2026-11-21T10:00:00.5-08:00</DT><DT>2026-11-21T10:00:00Z</DT>").unwrap();
    let mut out = Vec::new();
    // 2026-11-21T18:00:00.5Z
    let offset = |instant| if instant == 639_308_808_005_000_000 { -150 } else { 0 };
    export_document(&tape, offset, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("<DT>2026-11-21T15:30:00.5-02:30</DT>"), "{text}");
    assert!(text.contains("<DT>2026-11-21T10:00:00Z</DT>"), "{text}");
}

/// A short reference to a long plain value would make the text grow without bound.
#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn a_plain_value_is_not_repeated_without_bound() {
    let long = "x".repeat(1024 * 1024);
    let refs = r#"<Ref RefId="1" />"#.repeat(2_000);
    let tape = decode(format!(r#"<Obj RefId="0"><LST><Obj RefId="1"><S>{long}</S></Obj>{refs}</LST></Obj>"#))
        .unwrap();
    let text = exported(&tape);
    assert!(text.len() < 24 * 1024 * 1024, "{}", text.len());
    assert_eq!(text.matches("<S>").count(), 18);
    assert_eq!(text.matches("<Ref RefId=\"1\" />").count(), 2_000 - 17);
    let again = decode(text).unwrap();
    let len = |item: Value<'_>| item.base().unwrap().text().unwrap().len();
    assert!(again.first().unwrap().items().all(|item| len(item) == 1024 * 1024));
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn one_long_type_name_is_written_once() {
    let long = "N".repeat(200_000);
    let refs = r#"<Obj><TNRef RefId="0" /></Obj>"#.repeat(20_000);
    let tape = decode(format!(r#"<Obj><TN RefId="0"><T>{long}</T></TN><LST>{refs}</LST></Obj>"#)).unwrap();
    let text = exported(&tape);
    assert_eq!(text.matches(&long).count(), 1);
    assert_eq!(text.matches("<TNRef RefId=\"0\" />").count(), 20_000);
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn what_was_written_is_read_and_written_the_same() {
    let name = "what_was_written_is_read_and_written_the_same";
    let Some(folder) = shared(name, "fixtures/reserialized/random") else { return };
    for file in fs::read_dir(folder).unwrap() {
        let tape = decode(fs::read(file.unwrap().path()).unwrap()).unwrap();
        let once = decode(exported(&tape)).unwrap();
        let twice = decode(exported(&once)).unwrap();
        assert_eq!(exported(&twice), exported(&decode(encode_document(&twice)).unwrap()));
    }
}

/// New documents, read and written by the PowerShell of this machine.
#[test]
#[cfg_attr(miri, ignore = "starts another process")]
fn generated_documents_are_written_as_powershell_writes_them() {
    const NAME: &str = "generated_documents_are_written_as_powershell_writes_them";
    const SCRIPT: &str = "foreach ($file in [IO.Directory]::GetFiles($args[0], '*.xml')) {
        $target = [IO.Path]::ChangeExtension($file, '.out')
        Import-Clixml -LiteralPath $file | Export-Clixml -Depth 50 -Encoding utf8NoBOM -LiteralPath $target }";
    let Some(generator) = shared(NAME, "bench/gen_documents.py") else { return };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("generated");
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let made = Command::new("python3").arg(generator).arg(&folder).args(["60", "23"]).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("ignored: {NAME}: no python3");
        return;
    }
    let script = folder.join("export.ps1");
    fs::write(&script, SCRIPT).unwrap();
    let written = Command::new("pwsh")
        .args(["-NoProfile", "-NonInteractive", "-File"])
        .arg(&script)
        .arg(&folder)
        .env("TZ", "UTC")
        .status();
    if written.is_err() {
        eprintln!("ignored: {NAME}: no pwsh");
        return;
    }
    let mut documents = 0;
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let expected = fs::read_to_string(path.with_extension("out")).unwrap();
            assert_same(&exported_file(&path), &expected, &path.display().to_string());
            documents += 1;
        }
    }
    assert_eq!(documents, 60);
}

/// Names the first line that differs.
#[track_caller]
fn assert_same(own: &str, expected: &str, what: &str) {
    if own != expected {
        let mut lines = own.lines().zip(expected.lines()).enumerate();
        let first = lines.find(|(_, (own, expected))| own != expected);
        panic!("{what}: {first:?}");
    }
}
