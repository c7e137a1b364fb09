//! Parameters as PowerShell writes them: what `PSSerializer` of PowerShell 7.6.5 made of each expression.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use psrp::clixml::{DateTime, DateTimeKind, Encoder};
use uuid::Uuid;

/// An expression of PowerShell, the same value written here, and PowerShell's text.
struct Row {
    expression: &'static str,
    write: fn(&mut Encoder<'_>),
    recorded: &'static str,
}

const fn row(expression: &'static str, write: fn(&mut Encoder<'_>), recorded: &'static str) -> Row {
    Row { expression, write, recorded }
}

const ROWS: &[Row] = &[
    row(
        "'Zürich <a_x0041_>'",
        |e| e.string(None, "Zürich <a_x0041_>"),
        "<S>Zürich &lt;a_x005F_x0041_&gt;</S>",
    ),
    row("''", |e| e.string(None, ""), "<S></S>"),
    row(
        "[char]0xD83D + [string][char]0xDE00 + [char]0xD83D",
        |e| e.text(None, lone_surrogate().first().unwrap().text().unwrap()),
        "<S>_xD83D__xDE00__xD83D_</S>",
    ),
    row("[byte]255", |e| e.u8(None, 255), "<By>255</By>"),
    row("[sbyte]-128", |e| e.i8(None, -128), "<SB>-128</SB>"),
    row("[int16]-32768", |e| e.i16(None, -32768), "<I16>-32768</I16>"),
    row("[uint16]65535", |e| e.u16(None, 65535), "<U16>65535</U16>"),
    row("-1", |e| e.i32(None, -1), "<I32>-1</I32>"),
    row("[uint32]::MaxValue", |e| e.u32(None, u32::MAX), "<U32>4294967295</U32>"),
    row("[long]::MinValue", |e| e.i64(None, i64::MIN), "<I64>-9223372036854775808</I64>"),
    row("[uint64]::MaxValue", |e| e.u64(None, u64::MAX), "<U64>18446744073709551615</U64>"),
    row("[single]0.1", |e| e.f32(None, 0.1), "<Sg>0.1</Sg>"),
    row("1E16", |e| e.f64(None, 1e16), "<Db>10000000000000000</Db>"),
    row("[double]::NegativeInfinity", |e| e.f64(None, f64::NEG_INFINITY), "<Db>-INF</Db>"),
    row("[decimal]::new(110, 0, 0, $false, 2)", |e| e.decimal(None, "1.10"), "<D>1.10</D>"),
    row("[char]'x'", |e| e.char(None, 120), "<C>120</C>"),
    row("$true", |e| e.bool(None, true), "<B>true</B>"),
    row("$null", |e| e.nil(None), "<Nil />"),
    row(
        "[switch]$true",
        |e| _ = e.switch_parameter(None, true),
        r#"<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.SwitchParameter</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>True</ToString><Props><B N="IsPresent">true</B></Props></Obj>"#,
    ),
    row(
        "[datetime]::new(639308526723456789, 'Utc')",
        |e| e.date_time(None, date(639_308_526_723_456_789, DateTimeKind::Utc)),
        "<DT>2026-11-21T10:11:12.3456789Z</DT>",
    ),
    row(
        "[datetime]::new(639308526720000000, 'Unspecified')",
        |e| e.date_time(None, date(639_308_526_720_000_000, DateTimeKind::Unspecified)),
        "<DT>2026-11-21T10:11:12</DT>",
    ),
    row(
        "[timespan]::FromTicks(-937845000000)",
        |e| e.time_span(None, -937_845_000_000),
        "<TS>-P1DT2H3M4.5S</TS>",
    ),
    row(
        "[guid]'497ac440-89fb-4cb3-9cc1-3434c1aa74c3'",
        |e| e.guid(None, Uuid::from_u128(0x497a_c440_89fb_4cb3_9cc1_3434_c1aa_74c3)),
        "<G>497ac440-89fb-4cb3-9cc1-3434c1aa74c3</G>",
    ),
    row("[version]'15.20.7228.35'", |e| e.version(None, "15.20.7228.35"), "<Version>15.20.7228.35</Version>"),
    row(
        "[uri]'https://contoso.com/a?b=c&d'",
        |e| e.uri(None, "https://contoso.com/a?b=c&d"),
        "<URI>https://contoso.com/a?b=c&amp;d</URI>",
    ),
    row("[scriptblock]::Create('Get-Date')", |e| e.script_block(None, "Get-Date"), "<SBK>Get-Date</SBK>"),
    row("[xml]'<a b=\"c\" />'", |e| e.xml(None, "<a b=\"c\" />"), "<XD>&lt;a b=\"c\" /&gt;</XD>"),
    row(",[byte[]](0,1,2,255)", |e| e.bytes(None, &[0, 1, 2, 255]), "<BA>AAEC/w==</BA>"),
    row(",[byte[]]@()", |e| e.bytes(None, &[]), "<BA />"),
    row(
        ",@('a',2,$null)",
        |e| {
            _ = e.object(None, ARRAY, None, |o| {
                o.list(|l| {
                    l.string(None, "a");
                    l.i32(None, 2);
                    l.nil(None);
                });
            });
        },
        r#"<Obj RefId="0"><TN RefId="0"><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST><S>a</S><I32>2</I32><Nil /></LST></Obj>"#,
    ),
    row(
        ",@()",
        |e| _ = e.object(None, ARRAY, None, |o| o.list(|_| {})),
        r#"<Obj RefId="0"><TN RefId="0"><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST /></Obj>"#,
    ),
    row(
        "@{7=@('x')}",
        |e| {
            _ = e.object(None, HASHTABLE, None, |o| {
                o.dictionary(|d| {
                    d.entry(
                        |key| key.i32(None, 7),
                        |value| _ = value.object(None, ARRAY, None, |o| o.list(|l| l.string(None, "x"))),
                    );
                });
            });
        },
        r#"<Obj RefId="0"><TN RefId="0"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><I32 N="Key">7</I32><Obj N="Value" RefId="1"><TN RefId="1"><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST><S>x</S></LST></Obj></En></DCT></Obj>"#,
    ),
    row(
        "[ordered]@{b=1;a='x'}",
        |e| {
            let types = &["System.Collections.Specialized.OrderedDictionary", "System.Object"];
            _ = e.object(None, types, None, |o| {
                o.dictionary(|d| {
                    d.entry(|key| key.string(None, "b"), |value| value.i32(None, 1));
                    d.entry(|key| key.string(None, "a"), |value| value.string(None, "x"));
                });
            });
        },
        r#"<Obj RefId="0"><TN RefId="0"><T>System.Collections.Specialized.OrderedDictionary</T><T>System.Object</T></TN><DCT><En><S N="Key">b</S><I32 N="Value">1</I32></En><En><S N="Key">a</S><S N="Value">x</S></En></DCT></Obj>"#,
    ),
    row(
        "[pscustomobject]@{Name='n';Inner=[pscustomobject]@{X=1}}",
        |e| {
            _ = e.object(None, BAG, None, |o| {
                o.members(|m| {
                    m.string("Name", "n");
                    m.object("Inner", BAG, None, |o| o.members(|m| m.i32("X", 1)));
                });
            });
        },
        r#"<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS><S N="Name">n</S><Obj N="Inner" RefId="1"><TNRef RefId="0" /><MS><I32 N="X">1</I32></MS></Obj></MS></Obj>"#,
    ),
    row(
        "[DayOfWeek]::Monday",
        |e| {
            let types = &["System.DayOfWeek", "System.Enum", "System.ValueType", "System.Object"];
            _ = e.enumeration(None, types, "Monday", 1);
        },
        r#"<Obj RefId="0"><TN RefId="0"><T>System.DayOfWeek</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>Monday</ToString><I32>1</I32></Obj>"#,
    ),
    row(
        "$table = @{}; $table.self = $table; $table",
        |e| {
            let body = br#"<Obj RefId="0"><TN RefId="0"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S N="Key">self</S><Ref N="Value" RefId="0" /></En></DCT></Obj>"#;
            let tape = psrp::clixml::decode(body.as_slice()).unwrap();
            e.value(tape.first().unwrap());
        },
        r#"<Obj RefId="0"><TN RefId="0"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S N="Key">self</S><Ref N="Value" RefId="0" /></En></DCT></Obj>"#,
    ),
];

const ARRAY: &[&str] = &["System.Object[]", "System.Array", "System.Object"];
const HASHTABLE: &[&str] = &["System.Collections.Hashtable", "System.Object"];
const BAG: &[&str] = &["System.Management.Automation.PSCustomObject", "System.Object"];

fn date(ticks: i64, kind: DateTimeKind) -> DateTime {
    DateTime { ticks, kind, offset_minutes: 0 }
}

fn lone_surrogate() -> psrp::clixml::Tape {
    psrp::clixml::decode("<S>_xD83D__xDE00__xD83D_</S>").unwrap()
}

#[test]
fn parameters_are_written_as_powershell_wrote_them() {
    for row in ROWS {
        let mut out = Vec::new();
        (row.write)(&mut Encoder::new(&mut out));
        assert_eq!(String::from_utf8(out).unwrap(), row.recorded, "{}", row.expression);
    }
}

/// The same expressions in the PowerShell of this machine.
#[test]
#[cfg_attr(miri, ignore = "starts another process")]
fn powershell_still_writes_parameters_so() {
    const NAME: &str = "powershell_still_writes_parameters_so";
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("parameters");
    fs::create_dir_all(&folder).unwrap();
    let mut script = String::from("[Console]::OutputEncoding = [Text.Encoding]::UTF8\n");
    for row in ROWS {
        // Not through the pipeline, which would wrap the value.
        script += &format!(
            "$text = [Management.Automation.PSSerializer]::Serialize((& {{ {} }}), 10)\n\
             [Console]::WriteLine((($text -split \"`r?`n\" | ForEach-Object TrimStart) -join ''))\n",
            row.expression
        );
    }
    let file = folder.join("parameters.ps1");
    fs::write(&file, script).unwrap();
    let ran = Command::new("pwsh")
        .args(["-NoProfile", "-NonInteractive", "-File"])
        .arg(&file)
        .env("TZ", "UTC")
        .output();
    let Ok(ran) = ran else {
        eprintln!("ignored: {NAME}: no pwsh");
        return;
    };
    let text = String::from_utf8(ran.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), ROWS.len(), "{}", String::from_utf8_lossy(&ran.stderr));
    for (row, line) in ROWS.iter().zip(lines) {
        let start = r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">"#;
        let line = line.strip_prefix(start).unwrap().strip_suffix("</Objs>").unwrap();
        assert_eq!(line, row.recorded, "{}", row.expression);
    }
}
