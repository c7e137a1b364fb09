//! How much a decoder accepts.

/// How much a [`Decoder`](super::Decoder) accepts; each field has an error kind of its own, and the error names the field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Elements open at the same time. PowerShell allows 50 objects inside each other, and an object takes two or three
    /// elements. Default 256.
    pub max_depth: u32,
    /// Bytes of one message body or document. Default 512 MiB; never more than 4 GiB − 1, whatever is set.
    pub max_body_len: usize,
    /// Bytes of one top-level value. Default 75 MB, the limit that Exchange sets on its own endpoints.
    pub max_object_len: usize,
    /// Bytes that the text of one body has once entities are expanded, and its byte arrays once base64 is decoded; text
    /// in which there is nothing to expand does not count. Default 512 MiB. There are no entities that stand for more
    /// than they are long, so this is met first only if it is set lower than [`Limits::max_body_len`].
    pub max_expanded_len: usize,
    /// Parts of one object: type names, display text, what it wraps, bags of members. PowerShell writes at most five.
    /// Default 16.
    pub max_parts: u32,
    /// Different member names in the life of a decoder. Default 65,536.
    pub max_names: u32,
    /// Bytes of all different member names in the life of a decoder. Default 16 MiB.
    pub max_names_len: usize,
    /// Bytes of one member name as it stands on the wire. Default 64 KiB.
    pub max_name_len: usize,
    /// Type names in one list. Default 1,024.
    pub max_type_names: u32,
    /// Lists of type names in one body that are written out; references to them are free. PowerShell writes each
    /// different list once. Default 1,048,576.
    pub max_type_lists: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_depth: 256,
            max_body_len: 512 * 1024 * 1024,
            max_object_len: 75 * 1000 * 1000,
            max_expanded_len: 512 * 1024 * 1024,
            max_parts: 16,
            max_names: 65_536,
            max_names_len: 16 * 1024 * 1024,
            max_name_len: 64 * 1024,
            max_type_names: 1024,
            max_type_lists: 1 << 20,
        }
    }
}
