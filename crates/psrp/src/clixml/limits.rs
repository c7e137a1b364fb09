//! How much a decoder accepts.

/// How much a [`Decoder`](super::Decoder) accepts; an error names the field that was met.
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
    /// Different member names in the life of a decoder. Default 65,536.
    pub max_names: u32,
    /// Bytes of all different member names in the life of a decoder. Default 16 MiB.
    pub max_names_len: usize,
    /// Bytes of one member name as it stands on the wire. Default 64 KiB.
    pub max_name_len: usize,
    /// Type names in one list. Default 1,024.
    pub max_type_names: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_depth: 256,
            max_body_len: 512 * 1024 * 1024,
            max_object_len: 75 * 1000 * 1000,
            max_names: 65_536,
            max_names_len: 16 * 1024 * 1024,
            max_name_len: 64 * 1024,
            max_type_names: 1024,
        }
    }
}
