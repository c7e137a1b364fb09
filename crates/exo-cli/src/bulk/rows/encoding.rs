//! Files as Windows, Excel and PowerShell write them, to UTF-8.

use zeroize::Zeroizing;

/// The text of a file in UTF-8, with or without its mark, or in UTF-16 with one. The problem is the end of a sentence
/// that begins with the file's name.
pub(super) fn utf8(bytes: &[u8]) -> Result<Zeroizing<String>, String> {
    match bytes {
        [] => Err("is empty: it needs a header with the names of the columns, and rows".to_owned()),
        [0xEF, 0xBB, 0xBF, text @ ..] => checked(text),
        [0xFF, 0xFE, units @ ..] => utf16(units, u16::from_le_bytes),
        [0xFE, 0xFF, units @ ..] => utf16(units, u16::from_be_bytes),
        text if text.iter().take(LOOKED_AT).any(|&byte| byte == 0) => {
            Err("is UTF-16 without its mark, or no text at all: save it as UTF-8".to_owned())
        }
        text => checked(text),
    }
}

fn checked(text: &[u8]) -> Result<Zeroizing<String>, String> {
    match std::str::from_utf8(text) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => {
            let good = text.get(..error.valid_up_to()).unwrap_or_default();
            let line = good.iter().filter(|&&byte| byte == b'\n').count() + 1;
            Err(format!("is not UTF-8 in line {line}: save it as UTF-8 (in Excel: CSV UTF-8)"))
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Zeroizing<String>, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("ends in the middle of a character: it is UTF-16 and was cut".to_owned());
    }
    // No text grows by more than this, so it is taken once.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len().saturating_mul(3)));
    for letter in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        text.push(
            letter.map_err(|_| "is UTF-16 with half of a character in it: save it as UTF-8".to_owned())?,
        );
    }
    Ok(text)
}

const LOOKED_AT: usize = 4_096;
