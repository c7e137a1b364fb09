//! Robust connections: which servers keep their answers (MS-WSMV 3.1.4.1.39).

use uuid::Uuid;

use crate::envelope::encode_guid;

/// Whether the answer repeats the id of the operation, as only servers do that keep their answers for a client whose
/// connection broke. Such a server takes the same request [again](crate::Ids::again) without acting twice.
#[must_use]
pub fn keeps_answers(answer: &[u8], operation_id: Uuid) -> bool {
    // An id drawn by chance stands nowhere else, so that the header need not be taken apart.
    let header = answer.get(..answer.len().min(MAX_HEADER_LEN)).unwrap_or_default();
    let id = encode_guid(operation_id);
    header.windows(id.len()).any(|part| part.eq_ignore_ascii_case(id.as_bytes()))
}

/// Longer than the header of any answer.
const MAX_HEADER_LEN: usize = 4_096;
