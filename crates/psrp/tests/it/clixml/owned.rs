//! Trees hold what the tape holds.

use std::sync::Arc;

use psrp::clixml::{
    Decoder, Kind, Limits, Names, Owned, OwnedBase, OwnedMember, OwnedText, TooDeepForTree, Value, decode,
};

use super::shared;

const EVERY_KIND: &str = r#"<Obj RefId="0"><TN RefId="0"><T>A</T><T>B</T></TN><ToString>x &amp; y</ToString>
    <Props><S N="s">café_xD800_</S><Nil N="nil" /><B N="b">true</B><C N="c">97</C><By N="by">255</By><SB N="sb">-128</SB>
    <I16 N="i16">-32768</I16><U16 N="u16">65535</U16><I32 N="i32">-7</I32><U32 N="u32">4294967295</U32>
    <I64 N="i64">-9223372036854775808</I64><U64 N="u64">18446744073709551615</U64><Sg N="sg">1.5</Sg><Db N="db">-0</Db>
    <D N="d">1.50</D><DT N="dt">2026-11-21T10:11:12.3456789+01:00</DT><TS N="ts">-PT1.5S</TS>
    <G N="g">497ac440-89fb-4cb3-9cc1-3434c1aa74c3</G><URI N="uri">http://a/</URI><Version N="v">1.2.3</Version>
    <XD N="xd">&lt;a/&gt;</XD><SBK N="sbk">1+1</SBK><SS N="ss">AAAA</SS><BA N="ba">AAEC</BA>
    <SemanticVersion N="sv">7.6.0-rc.1</SemanticVersion></Props>
    <MS><Obj N="list" RefId="1"><TNRef RefId="0" /><LST><I32>1</I32><Ref RefId="0" /></LST></Obj>
    <Obj N="queue" RefId="2"><QUE><Nil /></QUE></Obj><Obj N="stack" RefId="3"><STK /></Obj><Obj N="ie" RefId="4"><IE /></Obj>
    <Obj N="table" RefId="5"><DCT><En><S N="Key">k</S><Obj N="Value" RefId="6"><I32>2</I32></Obj></En></DCT></Obj>
    <MS N="set"><S N="inner">z</S></MS></MS></Obj>"#;
const PROGRESS: &str =
    "<PR><AV>a</AV><AI>1</AI><Nil /><PI>-1</PI><PC>50</PC><T>Processing</T><SR>-1</SR><SD>s</SD></PR>";

#[test]
fn a_tree_holds_what_its_tape_holds() {
    let check = |body: &str| {
        let Ok(tape) = decode(body.as_bytes().to_vec()) else { return false };
        for value in tape.values() {
            assert_same(value, &Owned::of(value).unwrap(), tape.names());
        }
        true
    };
    assert!(check(EVERY_KIND) && check(PROGRESS));
    let Some(folder) = shared("a_tree_holds_what_its_tape_holds", "bench/cases") else { return };
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            check(&std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn a_list_of_type_names_is_copied_once() {
    let objects = r#"<Obj RefId="1"><TNRef RefId="0" /></Obj>"#.repeat(1000);
    let name = "x".repeat(100_000);
    let body = format!(r#"<Obj RefId="0"><TN RefId="0"><T>{name}</T></TN><LST>{objects}</LST></Obj>"#);
    let tape = decode(body).unwrap();
    let root = tape.first().unwrap();
    let Ok(Owned::Object(object)) = Owned::of(root) else { panic!("an object") };
    let Some(OwnedBase::List(Kind::List, items)) = &object.base else { panic!("a list") };
    assert_eq!(items.len(), 1000);
    for item in items {
        let Owned::Object(item) = item else { panic!("an object") };
        assert!(Arc::ptr_eq(&item.type_names, &object.type_names));
    }
    // The same from inside, where the list itself is no part of the value.
    let Ok(Owned::Object(first)) = Owned::of(root.items().next().unwrap()) else { panic!("an object") };
    assert_eq!(first.type_names, object.type_names);
}

#[test]
fn a_value_that_nests_deeper_than_a_tree_may_has_none() {
    let mut limits = Limits::default();
    limits.max_depth = 1_000_000;
    let body = |depth| "<Obj>".repeat(depth) + &"</Obj>".repeat(depth);
    for (depth, expected) in [(256, None), (257, Some(TooDeepForTree)), (300_000, Some(TooDeepForTree))] {
        let tape = Decoder::new(limits.clone()).decode(body(depth).into()).unwrap();
        assert_eq!(Owned::of(tape.first().unwrap()).err(), expected, "{depth}");
    }
}

#[test]
fn what_a_tree_holds_is_not_in_its_debug_text() {
    let tape = decode(EVERY_KIND).unwrap();
    assert_eq!(format!("{:?}", Owned::of(tape.first().unwrap())), "Ok(Owned { .. })");
}

fn assert_same(value: Value<'_>, owned: &Owned, names: &Names) {
    match owned {
        Owned::Nil => assert_eq!(value.kind(), Kind::Nil),
        Owned::Bool(own) => assert_eq!(value.as_bool(), Some(*own)),
        Owned::Char(own) => assert_eq!(value.as_char(), Some(*own)),
        Owned::Byte(own) => assert_eq!((value.kind(), value.as_u64()), (Kind::Byte, Some((*own).into()))),
        Owned::SByte(own) => assert_eq!((value.kind(), value.as_i64()), (Kind::SByte, Some((*own).into()))),
        Owned::Int16(own) => assert_eq!((value.kind(), value.as_i64()), (Kind::Int16, Some((*own).into()))),
        Owned::UInt16(own) => assert_eq!((value.kind(), value.as_u64()), (Kind::UInt16, Some((*own).into()))),
        Owned::Int32(own) => assert_eq!((value.kind(), value.as_i64()), (Kind::Int32, Some((*own).into()))),
        Owned::UInt32(own) => assert_eq!((value.kind(), value.as_u64()), (Kind::UInt32, Some((*own).into()))),
        Owned::Int64(own) => assert_eq!((value.kind(), value.as_i64()), (Kind::Int64, Some(*own))),
        Owned::UInt64(own) => assert_eq!((value.kind(), value.as_u64()), (Kind::UInt64, Some(*own))),
        Owned::Single(own) => assert_eq!(value.as_f32().map(f32::to_bits), Some(own.to_bits())),
        Owned::Double(own) => assert_eq!(value.as_f64().map(f64::to_bits), Some(own.to_bits())),
        Owned::DateTime(own) => assert_eq!(value.date_time(), Some(*own)),
        Owned::TimeSpan(own) => assert_eq!(value.time_span_ticks(), Some(*own)),
        Owned::Text(kind, own) => assert_eq!((value.kind(), value.text()), (*kind, Some(own.as_text()))),
        Owned::Bytes(own) => assert_eq!(value.bytes(), Some(&**own)),
        Owned::Progress(parts) => {
            assert_eq!((value.kind(), value.children().count()), (Kind::Progress, parts.len()));
            for (part, (name, own)) in value.children().zip(parts) {
                assert_eq!(part.name(), name.and_then(|name| names.get(name)));
                assert_same(part, own, names);
            }
        }
        Owned::Ref(index) => assert_eq!((value.kind(), value.resolve().index()), (Kind::Ref, *index)),
        Owned::MemberSet(members) => {
            assert_eq!(value.kind(), Kind::Members);
            assert_members(value.members(), members, names);
        }
        Owned::Object(object) => {
            assert_eq!((value.kind(), value.index()), (Kind::Object, object.index));
            assert!(value.type_names().eq(object.type_names.iter().map(OwnedText::as_text)));
            assert_eq!(value.to_string_text(), object.to_string.as_ref().map(OwnedText::as_text));
            assert_members(value.props(), &object.props, names);
            assert_members(value.members(), &object.members, names);
            assert_eq!(value.base().is_some(), object.base.is_some());
            if let (Some(base), Some(own)) = (value.base(), &object.base) {
                assert_same_base(base, own, names);
            }
        }
        other => panic!("{other:?} is new"),
    }
}

fn assert_same_base(base: Value<'_>, owned: &OwnedBase, names: &Names) {
    match owned {
        OwnedBase::Value(own) => assert_same(base, own, names),
        OwnedBase::List(kind, own) => {
            assert_eq!((base.kind(), base.children().count()), (*kind, own.len()));
            base.children().zip(own).for_each(|(item, own)| assert_same(item, own, names));
        }
        OwnedBase::Dictionary(own) => {
            assert_eq!((base.kind(), base.entries().count()), (Kind::Dictionary, own.len()));
            for ((key, value), (own_key, own_value)) in base.entries().zip(own) {
                assert_same(key, own_key, names);
                assert_same(value, own_value, names);
            }
        }
    }
}

fn assert_members<'t>(values: impl Iterator<Item = Value<'t>>, members: &[OwnedMember], names: &Names) {
    let values: Vec<_> = values.collect();
    assert_eq!(values.len(), members.len());
    for (value, member) in values.into_iter().zip(members) {
        assert_eq!(value.name(), names.get(member.name));
        assert_same(value, &member.value, names);
    }
}
