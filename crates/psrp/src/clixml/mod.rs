//! CLIXML (MS-PSRP 2.2.5): PowerShell objects as XML, in message bodies and in `<Objs>` documents.
//!
//! * [`Decoder`] turns bytes into a [`Tape`] in one pass: a flat array of 16-byte [`Node`]s with skip links. Text stays
//!   where it came, references are indices, nothing is dropped and nothing is guessed.
//! * [`Value`] is a view of one node; it walks the tape. [`Owned`] is a copy of one, for callers that want a tree.
//! * [`Encoder`] writes values byte for byte as PowerShell does, and [`encode_document`] a whole tape.
//!   [`export_document`] writes what PowerShell would after reading it.
//!
//! The module knows nothing of fragments and messages, does no I/O, and uses no machine stack for nesting. Whatever is
//! sent, the work grows with the bytes, memory stays a small multiple of them, and [`Limits`] bounds the rest.

mod attributes;
mod content;
mod date;
mod decode;
mod decoded;
mod digits;
mod element;
mod encode;
mod encode_tape;
mod encoding;
mod error;
mod escape;
mod export;
mod foreseen;
mod hash;
mod intern;
mod json_string;
mod limits;
mod literal;
mod markup;
mod names;
mod node;
mod opening;
mod owned;
mod padded;
mod parse;
mod primitive;
mod progress;
mod refs;
mod refusal;
mod scan;
mod sheet;
mod short;
mod start_tag;
mod tag;
mod tags;
mod tape;
mod text;
mod usual_date;
mod value;
mod wide;
mod write;
mod written;

pub use self::date::{DateTime, DateTimeKind};
pub use self::decode::{Decoder, decode};
pub use self::encode::{Encoder, Name, RefId};
pub use self::encode_tape::encode_document;
pub use self::encoding::utf8_document;
pub use self::error::{DecodeError, DecodeErrorKind};
pub use self::export::export_document;
pub use self::json_string::json_string;
pub use self::limits::Limits;
pub use self::names::{NameId, Names};
pub use self::node::{Kind, Node};
pub use self::owned::{Owned, OwnedBase, OwnedMember, OwnedObject, OwnedText, TooDeepForTree};
pub use self::tape::{Siblings, Tape};
pub use self::text::{Text, Utf16Units};
pub use self::value::{Bag, Entries, Stream, TypeNames, Value};
