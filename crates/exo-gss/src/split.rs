//! One token of `gss_wrap` as the two parts that WinRM sends.
//!
//! MIT cuts its messages itself (`gss_wrap_iov`). Other libraries give one token (RFC 4121 §4.2.4): sixteen bytes that
//! say what it is, then the ciphertext of confounder, message and a copy of those sixteen bytes, then a checksum. The
//! ciphertext may be rotated, and the receiver undoes whatever rotation the token names. Rotated so that all behind the message
//! comes before it, the message is the end, which is what goes into the second part.

use crate::context::Sealed;
use crate::error::{Error, ErrorKind};

/// Cuts a token whose message has `message_len` bytes.
pub(crate) fn split(mut token: Vec<u8>, message_len: usize) -> Result<Sealed, Error> {
    let shape = || Error::new(ErrorKind::Seal, UNKNOWN_SHAPE.to_owned());
    let (head, body) = token.split_first_chunk_mut::<HEAD_LEN>().ok_or_else(shape)?;
    if !head.starts_with(&WRAP_TOKEN) || head.get(2).is_none_or(|flags| flags & SEALED == 0) {
        return Err(shape());
    }
    let [.., high, low, _, _, _, _, _, _, _, _] = head;
    let rotated = usize::from(u16::from_be_bytes([*high, *low]));
    let behind = body
        .len()
        .checked_sub(CONFOUNDER_LEN)
        .and_then(|len| len.checked_sub(message_len))
        .ok_or_else(shape)?;
    [*high, *low] = u16::try_from(behind).map_err(|_| shape())?.to_be_bytes();
    if !body.is_empty() {
        body.rotate_left(rotated % body.len());
        body.rotate_right(behind);
    }
    let header_len = HEAD_LEN + behind + CONFOUNDER_LEN;
    let data = token.split_off(header_len);
    Ok(Sealed { header: token, data })
}

/// The token's own header.
const HEAD_LEN: usize = 16;
/// TOK_ID of a wrap token.
const WRAP_TOKEN: [u8; 2] = [0x05, 0x04];
/// The flag that says that the message is encrypted.
const SEALED: u8 = 0x02;
/// One block: AES and Camellia, all that RFC 4121 tokens are used with.
const CONFOUNDER_LEN: usize = 16;
const UNKNOWN_SHAPE: &str =
    "the ticket's encryption type is too old for this system's Kerberos library (RC4)";

#[cfg(test)]
mod tests;
