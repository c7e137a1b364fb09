//! What must hold for any bytes whatever. Each oracle takes bytes and panics when something does not hold; a fuzz target
//! is one line over it, and what it once found is replayed by the tests.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "an oracle panics when what it watches over does not hold"
)]

use bytes::Bytes;
use psrp::clixml::{
    DecodeErrorKind, Decoder, Encoder, Kind, Limits, Node, Tape, Text, Value, decode, encode_document,
    export_document, utf8_document,
};
use psrp::{Defragmenter, FragmentLimits, Fragmenter, Message};
use wsman::{Request, Response, SealedMessage};

pub(crate) use self::rest::is_readable_answer;
pub use self::rest::{catalog, rest_answer};

mod rest;

/// Fragments: the messages do not depend on how the bytes are cut into reads, and go back into the same messages.
pub fn fragments(bytes: &[u8]) {
    let whole = messages(std::iter::once(bytes));
    // The first byte decides where the second run cuts.
    let step = usize::from(bytes.first().copied().unwrap_or(1) % 64) + 1;
    let cut = messages(bytes.chunks(step));
    assert_eq!(whole, cut, "cut into reads of {step} bytes");
    let (messages, _) = whole;
    let total: usize = messages.iter().map(|message| message.data.len()).sum();
    assert!(total <= bytes.len(), "{total} bytes out of {}", bytes.len());
    let mut fragmenter = Fragmenter::new();
    for message in &messages {
        fragmenter.push(message);
    }
    let mut again = Defragmenter::new(FragmentLimits::default());
    while let Some(sent) = fragmenter.poll_transmit(64 + step) {
        again.handle_bytes(Bytes::copy_from_slice(sent));
    }
    for message in messages {
        assert_eq!(again.poll_message().unwrap(), Some(message));
    }
    assert_eq!(again.poll_message().unwrap(), None);
}

fn messages<'b>(reads: impl Iterator<Item = &'b [u8]>) -> (Vec<Message>, Option<String>) {
    let mut defragmenter = Defragmenter::new(FragmentLimits::default());
    let mut found = Vec::new();
    let mut error = None;
    for read in reads {
        defragmenter.handle_bytes(Bytes::copy_from_slice(read));
        let outcome = loop {
            match defragmenter.poll_message() {
                Ok(Some(message)) => found.push(message),
                outcome => break outcome,
            }
        };
        if let Err(refusal) = outcome {
            error = Some(refusal.to_string());
            break;
        }
    }
    (found, error)
}

/// CLIXML: a tape that is a small multiple of the bytes, or an error with a place in them; a tape can be shown and
/// written in every way.
pub fn clixml(bytes: &[u8]) {
    if let Ok(document) = utf8_document(bytes.to_vec()) {
        _ = decode(document);
    }
    let new = decode(Bytes::copy_from_slice(bytes));
    let error = new.as_ref().err().map(|error| (error.kind(), error.offset()));
    match std::str::from_utf8(bytes) {
        Ok(_) => assert_ne!(error.map(|(kind, _)| kind), Some(DecodeErrorKind::Utf)),
        Err(bad) => assert_eq!(error, Some((DecodeErrorKind::Utf, bad.valid_up_to()))),
    }
    let mut decoder = Decoder::new(Limits::default());
    // The second run uses the memory of the first, and reads the same in other ways.
    for _ in 0..2 {
        let tape = match decoder.decode(Bytes::copy_from_slice(bytes)) {
            Ok(tape) => tape,
            Err(error) => {
                assert!(error.offset() <= bytes.len(), "{error}");
                assert!(new.is_err(), "{error}");
                continue;
            }
        };
        assert_same(new.as_ref().unwrap(), &tape);
        assert!(tape.nodes().len() <= bytes.len() / 4 + 1, "{} nodes", tape.nodes().len());
        assert!(tape.side().len() <= bytes.len(), "{} bytes of side text", tape.side().len());
        let mut exported = Vec::new();
        export_document(&tape, |_| -90, &mut exported).unwrap();
        // PowerShell's document is deeper by what it adds, so the depth limit may refuse it, and nothing else.
        if let Err(error) = decode(exported) {
            assert!(error.is_limit(), "{error}");
        }
        decoder.recycle(tape);
    }
    remembers_nothing(bytes);
}

/// What a decoder keeps of the body before, to read the next one faster, must not show. A zero, which no body has, stands
/// between two bodies.
fn remembers_nothing(bytes: &[u8]) {
    let mut decoder = Decoder::new(Limits::default());
    for body in bytes.split(|byte| *byte == 0) {
        let new = decode(Bytes::copy_from_slice(body));
        match decoder.decode(Bytes::copy_from_slice(body)) {
            Ok(tape) => {
                assert_same(new.as_ref().unwrap(), &tape);
                decoder.recycle(tape);
            }
            Err(error) => assert_eq!(Some(error.to_string()), new.err().map(|error| error.to_string())),
        }
    }
}

/// CLIXML: what is written from a tape gives the same tape, and is written the same again.
pub fn clixml_round_trip(bytes: &[u8]) {
    let Ok(tape) = decode(Bytes::copy_from_slice(bytes)) else { return };
    let document = encode_document(&tape);
    let again = match decode(document.clone()) {
        Ok(again) => again,
        Err(error) => panic!("{error}"),
    };
    assert_same(&tape, &again);
    assert_eq!(encode_document(&again), document);
}

/// Reading a tape: each accessor of each value, also of parts that no caller should ask for.
pub fn tape_read(bytes: &[u8]) {
    let Ok(tape) = decode(Bytes::copy_from_slice(bytes)) else { return };
    let end = u32::try_from(tape.nodes().len()).unwrap();
    let mut below_top = 0;
    for value in tape.values() {
        below_top = subtree_end(value, end);
    }
    assert_eq!(below_top, end, "the top-level values are the whole tape");
    assert!(tape.value_at(end).is_none());
    for index in 0..end {
        read(tape.value_at(index).unwrap(), end);
    }
    // Any value can be written for itself.
    let mut out = Vec::new();
    for index in (0..end).step_by(1 + tape.nodes().len() / 16) {
        let value = tape.value_at(index).unwrap();
        if value.kind().is_primitive() || matches!(value.kind(), Kind::Object | Kind::Ref) {
            out.clear();
            Encoder::new(&mut out).value_named("x", value);
            decode(out.clone())
                .map_err(|error| error.is_limit())
                .map_or_else(|is_limit| assert!(is_limit), drop);
        }
    }
}

/// WSMan: an envelope that was read holds no more than its own bytes, and its fragments end in messages or an error.
pub fn wsman_receive(bytes: &[u8]) {
    let (request, response) = (Request::decode(bytes), Response::decode(bytes));
    // That an envelope is UTF-8 is checked piece by piece.
    assert!(
        request.is_err() && response.is_err() || std::str::from_utf8(bytes).is_ok(),
        "read, but not UTF-8"
    );
    let Ok(Response::Receive(receive)) = response else { return };
    let total: usize = receive.streams.iter().map(|chunk| chunk.bytes.len()).sum();
    assert!(total <= bytes.len(), "{total} bytes out of {}", bytes.len());
    // What stands between two streams changes nothing: those that follow each other directly are read in another way.
    if let Ok(Response::Receive(apart)) = Response::decode(&apart(bytes)) {
        let (streams, apart) = (receive.streams.iter(), apart.streams.iter());
        assert!(streams.map(|chunk| &chunk.bytes).eq(apart.map(|chunk| &chunk.bytes)), "streams differ");
    }
    let mut defragmenter = Defragmenter::new(FragmentLimits::default());
    for chunk in receive.streams {
        defragmenter.handle_bytes(chunk.bytes);
        while let Ok(Some(_)) = defragmenter.poll_message() {}
    }
}

/// Sealed messages: what was read lies within its bytes, and is the same when it is written and read again.
pub fn sealed_message(bytes: &[u8]) {
    let Ok(message) = SealedMessage::decode(bytes) else { return };
    assert!(message.header.len() + message.data.len() < bytes.len());
    assert_eq!(SealedMessage::decode(&message.encode()), Ok(message));
}

/// An envelope with a blank behind each end tag of a stream.
fn apart(envelope: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(envelope.len());
    for byte in envelope {
        out.push(*byte);
        if out.ends_with(b"Stream>") {
            out.push(b' ');
        }
    }
    out
}

/// Checks that a subtree lies inside `end` and gives back the index behind it.
fn subtree_end(value: Value<'_>, end: u32) -> u32 {
    let own = value.index();
    let behind = if value.kind().is_container() { value.node().a } else { own + 1 };
    assert!(own < behind && behind <= end, "{value:?} ends at {behind} of {end}");
    behind
}

fn read(value: Value<'_>, end: u32) {
    let behind = subtree_end(value, end);
    let mut next = value.index() + 1;
    for child in value.children() {
        assert_eq!(child.index(), next, "children of {value:?}");
        next = subtree_end(child, behind);
    }
    assert_eq!(next, behind, "children of {value:?}");
    let target = value.resolve();
    assert!(target.kind() != Kind::Ref && target.index() < end);
    if let Some(text) = value.text() {
        assert_eq!(text.as_str().is_some(), !text.to_lossy().contains('\u{FFFD}') || text.as_str().is_some());
        _ = text.encode_utf16().count();
    }
    _ = (value.name().map(Text::to_lossy), value.stream(), value.bytes(), value.is_nil(), value.float_text());
    _ = (value.as_bool(), value.as_i64(), value.as_u64(), value.as_i32(), value.as_f64(), value.as_f32());
    _ = (value.as_char(), value.date_time(), value.time_span_ticks(), value.as_str(), value.base());
    _ = (value.type_names().count(), value.is_type("System.Object"), value.to_string_text());
    _ = (value.items().count(), value.entries().count(), value.entry("k"));
    for member in value.props().chain(value.members()).take(8) {
        let name = member.name().map(Text::to_lossy).unwrap_or_default();
        assert!(value.member(&name).is_some() || name.contains('\u{FFFD}'), "a member has its name");
    }
    _ = value.to_string();
}

/// Two tapes that hold the same, wherever their text stands, however their names are numbered, and whether a list of type
/// names that is there twice is written twice.
#[track_caller]
fn assert_same(left: &Tape, right: &Tape) {
    // By node of the left tape, the node of the right one; the last stands for the end.
    let mut places = vec![None; left.nodes().len() + 1];
    let (mut index, mut other_index) = (0, 0);
    let mut pairs = Vec::new();
    while let Some(own) = left.value_at(index) {
        *places.get_mut(usize::try_from(index).unwrap()).unwrap() = Some(other_index);
        let other = right.value_at(other_index).unwrap();
        index += 1;
        if own.kind() == Kind::TypeNames && other.kind() == Kind::TypeNamesRef {
            index = own.node().a;
        }
        other_index += 1;
        pairs.push((own, other));
    }
    assert!(right.value_at(other_index).is_none(), "the end of the tape");
    *places.last_mut().unwrap() = Some(other_index);
    let place = |index: u32| places.get(usize::try_from(index).unwrap()).copied().flatten();
    for (own, other) in pairs {
        let node = (own.node(), other.node());
        assert_eq!(own.name().map(Text::as_bytes), other.name().map(Text::as_bytes), "{own:?}");
        if matches!(own.kind(), Kind::TypeNames | Kind::TypeNamesRef) {
            assert!(type_names(own).eq(type_names(other)), "{own:?}");
            continue;
        }
        assert_eq!(own.kind(), other.kind(), "{own:?}");
        let flags = |node: &Node| node.flags & !(Node::IN_SIDE | Node::OPENS_AS_WRITTEN);
        assert_eq!((node.0.aux, flags(node.0)), (node.1.aux, flags(node.1)), "{own:?}");
        match own.kind() {
            // The text of these has several forms.
            Kind::Guid | Kind::Decimal => {}
            kind if kind.is_text() => {
                assert_eq!(own.text().map(Text::as_bytes), other.text().map(Text::as_bytes));
            }
            Kind::Bytes => assert_eq!(own.bytes(), other.bytes()),
            // Every NaN is one.
            Kind::Single | Kind::Double if own.as_f64().is_some_and(f64::is_nan) => {
                assert!(other.as_f64().is_some_and(f64::is_nan));
            }
            kind if kind.is_container() || kind == Kind::Ref => {
                assert_eq!(place(node.0.a), Some(node.1.a), "{own:?}");
            }
            _ => assert_eq!((node.0.a, node.0.b), (node.1.a, node.1.b), "{own:?}"),
        }
    }
}

/// The names in a list of type names, or in that which is referred to.
fn type_names(value: Value<'_>) -> impl Iterator<Item = &[u8]> {
    let list = match value.kind() {
        Kind::TypeNamesRef => value.tape().value_at(value.node().a).unwrap(),
        _ => value,
    };
    list.children().filter_map(Value::text).map(Text::as_bytes)
}
