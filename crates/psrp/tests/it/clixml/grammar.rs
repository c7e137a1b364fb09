//! The whole grammar as PowerShell writes it: any such text is written again byte for byte from what was read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use psrp::clixml::{Decoder, decode, encode_document};

use super::shown;

/// A value, before references have their ids.
#[derive(Clone, Debug)]
enum Part {
    Nil,
    /// The element, and what stands in it.
    Leaf(&'static str, String),
    /// An empty byte array, which has no end tag.
    NoBytes,
    Progress(String, i32, Option<String>),
    /// One of the objects that were begun, be it still open.
    Ref(prop::sample::Index),
    Object(Box<Object>),
}

#[derive(Clone, Debug)]
struct Object {
    types: Option<usize>,
    to_string: Option<String>,
    base: Base,
    props: Vec<(String, Part)>,
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
enum Base {
    None,
    Leaf(&'static str, String),
    Inner(Box<Object>),
    Items(&'static str, Vec<Part>),
    Entries(Vec<(Part, Part)>),
}

#[derive(Clone, Debug)]
enum Member {
    Value(String, Part),
    Set(String, Vec<Member>),
}

/// Writes parts; the text does not come from the encoder under test.
#[derive(Default)]
struct Writer {
    out: String,
    objects: usize,
    types: Vec<usize>,
}

impl Writer {
    fn part(&mut self, name: Option<&str>, part: &Part) {
        let attribute = name.map(|name| format!(" N=\"{name}\"")).unwrap_or_default();
        match part {
            Part::Ref(which) if 0 < self.objects => {
                self.out += &format!("<Ref{attribute} RefId=\"{}\" />", which.index(self.objects));
            }
            Part::Nil | Part::Ref(_) => self.out += &format!("<Nil{attribute} />"),
            Part::NoBytes => self.out += &format!("<BA{attribute} />"),
            Part::Leaf(tag, text) => self.out += &format!("<{tag}{attribute}>{text}</{tag}>"),
            Part::Progress(activity, number, operation) => {
                let operation = operation.as_ref().map_or("<Nil />".into(), |text| format!("<S>{text}</S>"));
                let activity = element("AV", activity);
                self.out += &format!(
                    "<PR{attribute}>{activity}<AI>{number}</AI>{operation}<PI>-1</PI><PC>50</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR>"
                );
            }
            Part::Object(object) => self.object(&attribute, object),
        }
    }

    fn object(&mut self, attribute: &str, object: &Object) {
        self.out += &format!("<Obj{attribute} RefId=\"{}\">", self.objects);
        let start = self.out.len();
        self.objects += 1;
        if let Some(list) = object.types {
            match self.types.iter().position(|known| *known == list) {
                Some(id) => self.out += &format!("<TNRef RefId=\"{id}\" />"),
                None => {
                    self.out += &format!("<TN RefId=\"{}\">", self.types.len());
                    for name in 0..=list {
                        self.out += &format!("<T>Contoso.Type{name}`1[[A+B]]</T>");
                    }
                    self.out += "</TN>";
                    self.types.push(list);
                }
            }
        }
        if let Some(text) = &object.to_string {
            self.out += &element("ToString", text);
        }
        match &object.base {
            Base::None => {}
            Base::Leaf(tag, text) => self.out += &format!("<{tag}>{text}</{tag}>"),
            Base::Inner(inner) => self.object("", inner),
            Base::Items(tag, items) => {
                self.container(tag, "", |w| items.iter().for_each(|item| w.part(None, item)));
            }
            Base::Entries(entries) => self.container("DCT", "", |w| {
                for (key, value) in entries {
                    w.out += "<En>";
                    let text = Part::Leaf("S", "null is no key".into());
                    let is_nil = matches!(key, Part::Nil) || matches!(key, Part::Ref(_)) && w.objects == 0;
                    w.part(Some("Key"), if is_nil { &text } else { key });
                    w.part(Some("Value"), value);
                    w.out += "</En>";
                }
            }),
        }
        if !object.props.is_empty() {
            self.container("Props", "", |w| {
                object.props.iter().for_each(|(name, part)| w.part(Some(name), part));
            });
        }
        if !object.members.is_empty() {
            self.container("MS", "", |w| object.members.iter().for_each(|member| w.member(member)));
        }
        self.close("Obj", start);
    }

    fn member(&mut self, member: &Member) {
        match member {
            Member::Value(name, part) => self.part(Some(name), part),
            Member::Set(name, members) => {
                let attribute = format!(" N=\"{name}\"");
                self.container("MS", &attribute, |w| members.iter().for_each(|member| w.member(member)));
            }
        }
    }

    fn container(&mut self, tag: &str, attribute: &str, write: impl FnOnce(&mut Self)) {
        self.out += &format!("<{tag}{attribute}>");
        let start = self.out.len();
        write(self);
        self.close(tag, start);
    }

    fn close(&mut self, tag: &str, start: usize) {
        if self.out.len() == start {
            self.out.pop();
            self.out += " />";
        } else {
            self.out += &format!("</{tag}>");
        }
    }
}

fn element(tag: &str, text: &str) -> String {
    if text.is_empty() { format!("<{tag} />") } else { format!("<{tag}>{text}</{tag}>") }
}

/// UTF-16 units as PowerShell escapes them (MS-PSRP 2.2.5.3.2), surrogates with and without partner.
fn escaped(units: &[u16], quote: &str) -> String {
    let mut out = String::new();
    for (index, unit) in units.iter().enumerate() {
        let next = units.get(index + 1).copied();
        match unit {
            0..=0x1F | 0x7F..=0x9F | 0xD800..=0xDFFF | 0xFFFE.. => out += &format!("_x{unit:04X}_"),
            0x5F if matches!(next, Some(0x78 | 0x58)) => out += "_x005F_",
            0x26 => out += "&amp;",
            0x3C => out += "&lt;",
            0x3E => out += "&gt;",
            0x22 => out += quote,
            _ => out.push(char::from_u32(u32::from(*unit)).unwrap()),
        }
    }
    out
}

fn units() -> impl Strategy<Value = Vec<u16>> {
    let special: Vec<u16> = "_xX_&<>\"' \t\r\n\0;#]-ż美0A".encode_utf16().collect();
    let unit = prop_oneof![
        3 => prop::sample::select(special),
        1 => any::<u16>(),
        1 => prop::sample::select(vec![0xD83D, 0xDE00, 0xD800, 0xDFFF, 0x7F, 0x9F, 0xFEFF, 0xFFFF]),
    ];
    prop::collection::vec(unit, 0..12)
}

fn text() -> impl Strategy<Value = String> {
    units().prop_map(|units| escaped(&units, "\""))
}

fn name() -> impl Strategy<Value = String> {
    units().prop_map(|units| format!("n{}", escaped(&units, "&quot;")))
}

/// An element and its text; every primitive, with its extremes.
fn leaf() -> impl Strategy<Value = (&'static str, String)> {
    fn of<T: ToString + std::fmt::Debug>(
        tag: &'static str,
        values: impl Strategy<Value = T>,
    ) -> impl Strategy<Value = (&'static str, String)> {
        values.prop_map(move |value| (tag, value.to_string()))
    }
    let extremes = prop::sample::select(vec![
        ("SB", "-128"),
        ("I16", "-32768"),
        ("I32", "-2147483648"),
        ("I64", "-9223372036854775808"),
        ("U64", "18446744073709551615"),
        ("Sg", "3.4028235E+38"),
        ("Sg", "1E-45"),
        ("Sg", "NaN"),
        ("Sg", "-INF"),
        ("Sg", "-0"),
        ("Db", "1.7976931348623157E+308"),
        ("Db", "5E-324"),
        ("Db", "NaN"),
        ("Db", "INF"),
        ("Db", "-0"),
        ("Db", "0.1"),
        ("Db", "10000000000000000"),
        ("Db", "1E+17"),
        ("D", "79228162514264337593543950335"),
        ("D", "-0.0000000000000000000000000001"),
        ("DT", "0001-01-01T00:00:00"),
        ("DT", "9999-12-31T23:59:59.9999999Z"),
        ("DT", "2024-02-29T12:00:00.5+14:00"),
        ("DT", "2024-02-29T12:00:00-00:30"),
        ("TS", "P10675199DT2H48M5.4775807S"),
        ("TS", "-P10675199DT2H48M5.4775808S"),
        ("SemanticVersion", "7.6.5-preview.1+b"),
    ]);
    let number = prop_oneof![
        of("C", any::<u16>()),
        of("B", any::<bool>()),
        of("By", any::<u8>()),
        of("SB", any::<i8>()),
        of("I16", any::<i16>()),
        of("U16", any::<u16>()),
        of("I32", any::<i32>()),
        of("U32", any::<u32>()),
        of("I64", any::<i64>()),
        of("U64", any::<u64>()),
        of("Sg", -999_999_i32..1_000_000),
        of("Db", any::<i32>()),
    ];
    let decimal =
        (any::<u64>(), any::<i32>()).prop_map(|(fraction, whole)| ("D", format!("{whole}.{fraction}")));
    let date = ((1..10_000, 1..13, 1..29), (0..24, 0..60, 0..60), 0..1_000_000, 0..3_usize).prop_map(
        |((year, month, day), (hour, minute, second), fraction, kind)| {
            // The last digit is no zero.
            let text = format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}7{}",
                ["", "Z", "+05:30"][kind]
            );
            ("DT", text)
        },
    );
    let span = (1..24, 1..60, 1..60)
        .prop_map(|(hours, minutes, seconds)| ("TS", format!("-P1DT{hours}H{minutes}M{seconds}.0000001S")));
    let version = prop::collection::vec(0..i32::MAX, 2..5).prop_map(|parts| {
        let parts: Vec<_> = parts.iter().map(i32::to_string).collect();
        ("Version", parts.join("."))
    });
    let guid = any::<u128>().prop_map(|bits| ("G", uuid::Uuid::from_u128(bits).to_string()));
    let bytes = (prop::sample::select(vec!["BA", "SS"]), prop::collection::vec(any::<u8>(), 1..40))
        .prop_map(|(tag, bytes)| (tag, STANDARD.encode(bytes)));
    let extreme = extremes.prop_map(|(tag, text)| (tag, text.to_owned()));
    let texts = (prop::sample::select(vec!["S", "S", "S", "URI", "XD", "SBK"]), text());
    prop_oneof![4 => texts, 2 => number, 2 => extreme, 1 => prop_oneof![decimal, date, span, version, guid, bytes]]
}

fn part() -> impl Strategy<Value = Part> {
    let flat = prop_oneof![
        6 => leaf().prop_map(|(tag, text)| Part::Leaf(tag, text)),
        1 => Just(Part::Nil),
        1 => Just(Part::NoBytes),
        1 => any::<prop::sample::Index>().prop_map(Part::Ref),
        1 => (text(), any::<i32>(), prop::option::of(text()))
            .prop_map(|(activity, number, operation)| Part::Progress(activity, number, operation)),
    ];
    flat.prop_recursive(5, 60, 6, |inner| {
        let parts = || prop::collection::vec(inner.clone(), 0..5);
        let value = (name(), inner.clone()).prop_map(|(name, part)| Member::Value(name, part));
        let member = value.prop_recursive(2, 6, 3, |member| {
            (name(), prop::collection::vec(member, 0..3))
                .prop_map(|(name, members)| Member::Set(name, members))
        });
        let base = prop_oneof![
            3 => Just(Base::None),
            1 => leaf().prop_map(|(tag, text)| Base::Leaf(tag, text)),
            2 => (prop::sample::select(vec!["LST", "IE", "QUE", "STK"]), parts())
                .prop_map(|(tag, items)| Base::Items(tag, items)),
            1 => prop::collection::vec((inner.clone(), inner.clone()), 0..4).prop_map(Base::Entries),
            1 => parts().prop_map(|items| Base::Inner(Box::new(Object {
                types: None,
                to_string: None,
                base: Base::Items("LST", items),
                props: Vec::new(),
                members: Vec::new(),
            }))),
        ];
        (
            prop::option::of(0..4_usize),
            prop::option::of(text()),
            base,
            prop::collection::vec((name(), inner.clone()), 0..4),
            prop::collection::vec(member, 0..4),
        )
            .prop_map(|(types, to_string, base, props, members)| {
                Part::Object(Box::new(Object { types, to_string, base, props, members }))
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    #[cfg_attr(miri, ignore = "hundreds of generated bodies are too much for an interpreter")]
    fn what_powershell_writes_is_read_and_written_the_same(
        parts in prop::collection::vec(part(), 1..4)
    ) {
        let mut writer = Writer::default();
        parts.iter().for_each(|part| writer.part(None, part));
        let document = format!(
            "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">{}</Objs>",
            writer.out
        );
        let mut decoder = Decoder::default();
        for _ in 0..2 {
            let tape = decoder.decode(document.clone().into()).unwrap();
            prop_assert_eq!(String::from_utf8(encode_document(&tape)).unwrap(), &document[..]);
            let body = decode(writer.out.clone()).unwrap();
            prop_assert_eq!(shown(&body), shown(&tape));
            decoder.recycle(tape);
        }
    }
}
