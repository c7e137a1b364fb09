//! Any tree of values survives writing and reading.

use proptest::prelude::*;
use psrp::clixml::{DecodeError, Decoder, Encoder, Value, decode, encode_document, utf8_document};

use super::shown;

#[derive(Clone, Debug)]
enum Tree {
    Nil,
    Bool(bool),
    Char(u16),
    I32(i32),
    I64(i64),
    U64(u64),
    Byte(u8),
    Single(u32),
    Double(u64),
    TimeSpan(i64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Tree>),
    Dictionary(Vec<(String, Tree)>),
    Object {
        types: Vec<String>,
        to_string: Option<String>,
        props: Vec<(String, Tree)>,
        members: Vec<(String, Tree)>,
    },
}

impl Tree {
    fn write(&self, name: Option<&str>, e: &mut Encoder<'_>) {
        match self {
            Tree::Nil => e.nil(name),
            Tree::Bool(value) => e.bool(name, *value),
            Tree::Char(unit) => e.char(name, *unit),
            Tree::I32(value) => e.i32(name, *value),
            Tree::I64(value) => e.i64(name, *value),
            Tree::U64(value) => e.u64(name, *value),
            Tree::Byte(value) => e.u8(name, *value),
            Tree::Single(bits) => e.f32(name, f32::from_bits(*bits)),
            Tree::Double(bits) => e.f64(name, f64::from_bits(*bits)),
            Tree::TimeSpan(ticks) => e.time_span(name, *ticks),
            Tree::Text(text) => e.string(name, text),
            Tree::Bytes(bytes) => e.bytes(name, bytes),
            Tree::List(items) => {
                e.object(name, &[], None, |o| o.list(|l| items.iter().for_each(|item| item.write(None, l))));
            }
            Tree::Dictionary(entries) => {
                e.object(name, &[], None, |o| {
                    o.dictionary(|d| {
                        for (key, value) in entries {
                            d.entry(|k| k.string(None, key), |v| value.write(None, v));
                        }
                    });
                });
            }
            Tree::Object { types, to_string, props, members } => {
                let types: Vec<_> = types.iter().map(String::as_str).collect();
                e.object(name, &types, to_string.as_deref(), |o| {
                    o.props(|p| props.iter().for_each(|(name, value)| value.write(Some(name), p)));
                    o.members(|m| members.iter().for_each(|(name, value)| value.write(Some(name), m)));
                });
            }
        }
    }

    fn check(&self, value: Value<'_>) {
        match self {
            Tree::Nil => assert!(value.is_nil()),
            Tree::Bool(own) => assert_eq!(value.as_bool(), Some(*own)),
            Tree::Char(own) => assert_eq!(value.as_char(), Some(*own)),
            Tree::I32(own) => assert_eq!(value.as_i32(), Some(*own)),
            Tree::I64(own) => assert_eq!(value.as_i64(), Some(*own)),
            Tree::U64(own) => assert_eq!(value.as_u64(), Some(*own)),
            Tree::Byte(own) => assert_eq!(value.as_u64(), Some(u64::from(*own))),
            Tree::Single(bits) => {
                let (own, read) = (f32::from_bits(*bits), value.as_f32().unwrap());
                assert!(own.to_bits() == read.to_bits() || own.is_nan() && read.is_nan());
            }
            Tree::Double(bits) => {
                let (own, read) = (f64::from_bits(*bits), value.as_f64().unwrap());
                assert!(own.to_bits() == read.to_bits() || own.is_nan() && read.is_nan());
            }
            Tree::TimeSpan(own) => assert_eq!(value.time_span_ticks(), Some(*own)),
            Tree::Text(own) => assert_eq!(value.as_str(), Some(own.as_str())),
            Tree::Bytes(own) => assert_eq!(value.bytes(), Some(own.as_slice())),
            Tree::List(items) => check_all(items.iter(), value.items()),
            Tree::Dictionary(entries) => {
                assert!(
                    entries
                        .iter()
                        .map(|(key, _)| key)
                        .eq(value.entries().map(|(key, _)| key.as_str().unwrap()))
                );
                check_all(entries.iter().map(|(_, tree)| tree), value.entries().map(|(_, value)| value));
            }
            Tree::Object { types, to_string, props, members } => {
                assert!(value.type_names().eq(types.iter().map(String::as_str)));
                assert_eq!(value.to_string_text().map(|text| text.to_string()), *to_string);
                for (own, bag) in [(props, value.props()), (members, value.members())] {
                    assert!(
                        own.iter().map(|(name, _)| name.as_str()).eq(bag.clone().map(|v| v
                            .name()
                            .unwrap()
                            .as_str()
                            .unwrap()))
                    );
                    check_all(own.iter().map(|(_, tree)| tree), bag);
                }
            }
        }
    }
}

fn check_all<'a, 't>(trees: impl Iterator<Item = &'a Tree>, mut values: impl Iterator<Item = Value<'t>>) {
    for tree in trees {
        tree.check(values.next().unwrap());
    }
    assert!(values.next().is_none());
}

/// Text that is rich in what has to be escaped.
fn text() -> impl Strategy<Value = String> {
    const SPECIAL: &[&str] = &[
        "_", "x", "X", "_x000A_", "_x005F_", "&", "<", ">", "\"", "'", "\r\n", "\t", "\0", "\u{7f}",
        "\u{9f}", "\u{fffe}", "\u{ffff}", "]]>", "😀", "ż", " ",
    ];
    let piece = prop_oneof![
        prop::sample::select(SPECIAL).prop_map(str::to_owned),
        any::<char>().prop_map(String::from)
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Name".to_owned()),
        Just("Identity".to_owned()),
        "[a-c_x]{1,4}",
        text().prop_map(|text| text + "n")
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Nil),
        any::<bool>().prop_map(Tree::Bool),
        any::<u16>().prop_map(Tree::Char),
        any::<i32>().prop_map(Tree::I32),
        any::<i64>().prop_map(Tree::I64),
        any::<u64>().prop_map(Tree::U64),
        any::<u8>().prop_map(Tree::Byte),
        any::<u32>().prop_map(Tree::Single),
        any::<u64>().prop_map(Tree::Double),
        any::<i64>().prop_map(Tree::TimeSpan),
        text().prop_map(Tree::Text),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Tree::Bytes),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let members = || prop::collection::vec((name(), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Tree::List),
            prop::collection::vec((text(), inner.clone()), 0..4).prop_map(Tree::Dictionary),
            (prop::collection::vec(text(), 0..3), prop::option::of(text()), members(), members()).prop_map(
                |(types, to_string, props, members)| Tree::Object { types, to_string, props, members }
            ),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    #[cfg_attr(miri, ignore = "hundreds of generated bodies are too much for an interpreter")]
    fn what_is_written_is_read(trees in prop::collection::vec(tree(), 1..4)) {
        let mut decoder = Decoder::default();
        for _ in 0..2 {
            let mut body = Vec::new();
            let mut encoder = Encoder::new(&mut body);
            trees.iter().for_each(|tree| tree.write(None, &mut encoder));
            let tape = decoder.decode(body.into()).unwrap();
            check_all(trees.iter(), tape.values());
            let again = decode(encode_document(&tape)).unwrap();
            prop_assert_eq!(shown(&again), shown(&tape));
            prop_assert_eq!(again.nodes().len(), tape.nodes().len());
            decoder.recycle(tape);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "hundreds of generated bodies are too much for an interpreter")]
    fn any_bytes_end_in_a_tape_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        _ = decode(bytes.clone());
        if let Ok(text) = utf8_document(bytes) {
            _ = decode(text);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "hundreds of generated bodies are too much for an interpreter")]
    fn any_change_to_a_body_ends_in_a_tape_or_an_error(
        trees in prop::collection::vec(tree(), 1..3),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"<>/\"&_x; =01-".as_slice())), 1..5),
    ) {
        let mut body = Vec::new();
        let mut encoder = Encoder::new(&mut body);
        trees.iter().for_each(|tree| tree.write(None, &mut encoder));
        let mut warm = Decoder::default();
        warm.decode(body.clone().into()).unwrap();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        let expected = decode(body.clone());
        // What a decoder remembers of the body before must not show.
        match (warm.decode(body.into()), &expected) {
            (Ok(tape), Ok(expected)) => prop_assert_eq!(shown(&tape), shown(expected)),
            (tape, expected) => {
                let message = |error: Option<&DecodeError>| error.map(ToString::to_string);
                prop_assert_eq!(message(tape.as_ref().err()), message(expected.as_ref().err()));
            }
        }
        if let Ok(tape) = expected {
            let again = decode(encode_document(&tape)).unwrap();
            prop_assert_eq!(shown(&again), shown(&tape));
        }
    }
}

#[test]
fn files_of_every_encoding_become_utf8() {
    let document = "<Objs Version=\"1.1.0.1\"><S>ż美😀</S></Objs>";
    let units: Vec<u16> = document.encode_utf16().collect();
    let wide = |order: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        let mark = mark.then_some(0xFEFF);
        mark.into_iter().chain(units.iter().copied()).flat_map(order).collect()
    };
    let marked = ["\u{FEFF}", document].concat();
    for file in [
        document.as_bytes().to_vec(),
        marked.into_bytes(),
        wide(u16::to_le_bytes, true),
        wide(u16::to_le_bytes, false),
        wide(u16::to_be_bytes, true),
        wide(u16::to_be_bytes, false),
    ] {
        assert_eq!(utf8_document(file).unwrap(), document);
    }
    for (bad, offset) in
        [(vec![b'<', 0xFF], 1), (vec![0xFF, 0xFE, b'<', 0, 0], 4), (vec![0xFF, 0xFE, b'<', 0, 0, 0xDC], 4)]
    {
        assert_eq!(utf8_document(bad).unwrap_err().offset(), offset);
    }
}
