//! What is sent to hurt, large: what each of it ends in. What it may cost in memory is held by the test `allocations`,
//! what it may cost in instructions by `cargo xtask bench --instructions`.

use bytes::Bytes;
use psrp::clixml::Decoder;
use psrp::{Defragmenter, Fragment, FragmentLimits};

/// Input of an attack. Its length is far beyond what a slip such as a loop inside a loop could hide in.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) reads: fn() -> Reads,
    /// A part of the error that it ends in; without one all of it is read.
    pub(crate) error: Option<&'static str>,
}

pub(crate) enum Reads {
    /// The body of one message.
    Body(String),
    /// Fragments, read by read.
    Fragments(Vec<Vec<u8>>),
}

impl Reads {
    pub(crate) fn len(&self) -> usize {
        match self {
            Reads::Body(body) => body.len(),
            Reads::Fragments(reads) => reads.iter().map(Vec::len).sum(),
        }
    }
}

/// Reads it all; the error in words.
///
/// Apart and by this name, so that callgrind can count what it executes.
#[inline(never)]
pub(crate) fn measured_attack(reads: Reads) -> Result<(), String> {
    let mut decoder = Decoder::default();
    match reads {
        Reads::Body(body) => drop(decoder.decode(Bytes::from(body)).map_err(|error| error.to_string())?),
        Reads::Fragments(reads) => {
            let limits = FragmentLimits { max_message_len: MESSAGE_LEN, ..FragmentLimits::default() };
            let mut defragmenter = Defragmenter::new(limits);
            for read in reads {
                defragmenter.handle_bytes(Bytes::from(read));
                while let Some(message) = defragmenter.poll_message().map_err(|error| error.to_string())? {
                    decoder.decode(message.data).map_err(|error| error.to_string())?;
                }
            }
        }
    }
    Ok(())
}

pub(crate) const ATTACKS: [Attack; 13] = [
    Attack { name: "nested-objects", reads: || body("", "<Obj>", 1_000_000, ""), error: Some("max_depth") },
    Attack {
        name: "nested-unknown-elements",
        reads: || body("<Objs Version=\"1.9\"><Obj>", "<X>", 1_000_000, ""),
        error: Some("max_depth"),
    },
    Attack {
        name: "billion-laughs",
        reads: || {
            body("<!DOCTYPE x [<!ENTITY a \"ha\">", "<!ENTITY b \"&a;&a;&a;\">", 50_000, "]><S>&b;</S>")
        },
        error: Some("document type"),
    },
    Attack { name: "entities", reads: || body("<S>", "&amp;", 500_000, "</S>"), error: None },
    Attack { name: "doubled-references", reads: doubled_references, error: None },
    Attack {
        name: "references-to-one-large-object",
        reads: || {
            let large = "x".repeat(100_000);
            let head = format!("<Obj><LST><Obj RefId=\"1\"><S>{large}</S></Obj>");
            body(&head, "<Ref RefId=\"1\" />", 100_000, "</LST></Obj>")
        },
        error: None,
    },
    Attack {
        name: "references-to-one-long-type-name",
        reads: || {
            let long = "N".repeat(200_000);
            let head = format!("<Obj><TN RefId=\"0\"><T>{long}</T></TN><LST>");
            body(&head, "<Obj><TNRef RefId=\"0\" /></Obj>", 100_000, "</LST></Obj>")
        },
        error: None,
    },
    Attack {
        name: "attributes",
        reads: || {
            let attributes: String = (0..100_000).map(|number| format!(" a{number}=\"\"")).collect();
            Reads::Body(format!("<S{attributes}>x</S>"))
        },
        error: None,
    },
    Attack {
        name: "announced-4-GB",
        reads: || {
            let mut read = fragment(1, 0, (true, false), b"");
            read[17..21].copy_from_slice(&u32::MAX.to_be_bytes());
            read.resize(1_000_000, b'x');
            Reads::Fragments(vec![read])
        },
        error: Some("max_message_len"),
    },
    Attack {
        name: "message-without-end",
        reads: || {
            let piece = [b'x'; 32_000];
            Reads::Fragments((0..1000).map(|id| fragment(1, id, (id == 0, false), &piece)).collect())
        },
        error: Some("max_message_len"),
    },
    Attack {
        name: "open-objects",
        reads: || Reads::Fragments((1..=100_000).map(|id| fragment(id, 0, (true, false), b"x")).collect()),
        error: Some("max_open_objects"),
    },
    Attack { name: "small-fragments-in-one-read", reads: small_fragments, error: None },
    Attack {
        name: "reads-of-one-byte",
        reads: || {
            let Reads::Fragments(reads) = small_fragments() else { return Reads::Fragments(Vec::new()) };
            Reads::Fragments(reads.concat().chunks(1).take(300_000).map(<[u8]>::to_vec).collect())
        },
        error: None,
    },
];

fn body(head: &str, part: &str, count: usize, end: &str) -> Reads {
    Reads::Body([head, &part.repeat(count), end].concat())
}

fn doubled_references() -> Reads {
    let mut body = String::from("<Obj RefId=\"0\"><LST><S>x</S></LST></Obj>");
    for id in 1..20_000 {
        let below = format!("<Ref RefId=\"{}\" />", id - 1);
        body += &format!("<Obj RefId=\"{id}\"><LST>{below}{below}</LST></Obj>");
    }
    Reads::Body(body)
}

/// One message in 900,000 fragments.
fn small_fragments() -> Reads {
    let text = format!("<S>{}</S>", "x".repeat(900_000));
    let message =
        [&1_u32.to_le_bytes()[..], &PIPELINE_OUTPUT.to_le_bytes(), &[1; 32], text.as_bytes()].concat();
    let last = message.len() - 1;
    let pieces = message.chunks(1).enumerate().flat_map(|(index, piece)| {
        fragment(1, u64::try_from(index).unwrap_or(0), (index == 0, index == last), piece)
    });
    Reads::Fragments(vec![pieces.collect()])
}

fn fragment(object_id: u64, fragment_id: u64, (start, end): (bool, bool), blob: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Fragment { object_id, fragment_id, start, end, blob }.encode(&mut bytes);
    bytes
}

/// The type of a message (2.2.1).
const PIPELINE_OUTPUT: u32 = 0x0004_1004;
/// What a message may have here.
const MESSAGE_LEN: usize = 4_000_000;
