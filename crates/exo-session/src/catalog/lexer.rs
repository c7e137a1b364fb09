//! The few PowerShell tokens that declarations are made of.

/// One token of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// One of `[ ] ( ) { } , = ; @`.
    Mark(u8),
    /// A bare word: `CmdletBinding`, `System.Object`, `param`, `3`.
    Word(&'t str),
    /// A text between single quotes, `''` still doubled, or between double quotes without any `$` or backtick.
    Text(&'t str),
    /// `${Name}` or `$Name`, without its marks.
    Variable(&'t str),
}

/// Walks over a text, token by token.
#[derive(Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    offset: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str, offset: usize) -> Self {
        Self { text, offset }
    }

    /// Byte offset of what comes next.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// The next token; `None` at the end and at anything that no declaration holds.
    pub(super) fn next(&mut self) -> Option<Token<'t>> {
        self.skip_blank();
        let rest = self.text.get(self.offset..)?;
        let first = *rest.as_bytes().first()?;
        match first {
            b'[' | b']' | b'(' | b')' | b'{' | b'}' | b',' | b'=' | b';' | b'@' => {
                self.offset += 1;
                Some(Token::Mark(first))
            }
            b'\'' => self.single_quoted(rest),
            b'"' => self.double_quoted(rest),
            b'$' => self.variable(rest),
            _ => {
                let len = rest.bytes().take_while(|&byte| is_word(byte)).count();
                if len == 0 {
                    return None;
                }
                self.offset += len;
                rest.get(..len).map(Token::Word)
            }
        }
    }

    /// The next token if it is this mark; otherwise nothing but blanks and comments is consumed.
    pub(super) fn take_mark(&mut self, mark: u8) -> bool {
        self.skip_blank();
        let is_it = self.text.as_bytes().get(self.offset) == Some(&mark);
        self.offset += usize::from(is_it);
        is_it
    }

    fn skip_blank(&mut self) {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.offset..).unwrap_or_default() {
                [b' ' | b'\t' | b'\r' | b'\n', ..] => self.offset += 1,
                // A UTF-8 byte order mark or a no-break space would be no word either: they end the declaration.
                [b'<', b'#', rest @ ..] => {
                    let len = memchr_pair(rest, *b"#>").map_or(rest.len(), |at| at + 2);
                    self.offset += 2 + len;
                }
                [b'#', rest @ ..] => {
                    let len = rest.iter().take_while(|&&byte| byte != b'\n').count();
                    self.offset += 1 + len;
                }
                _ => return,
            }
        }
    }

    fn single_quoted(&mut self, rest: &'t str) -> Option<Token<'t>> {
        let bytes = rest.as_bytes();
        let mut end = 1;
        loop {
            match bytes.get(end..)? {
                [b'\'', b'\'', ..] => end += 2,
                [b'\'', ..] => break,
                [] => return None,
                _ => end += 1,
            }
        }
        self.offset += end + 1;
        rest.get(1..end).map(Token::Text)
    }

    fn double_quoted(&mut self, rest: &'t str) -> Option<Token<'t>> {
        let len = rest.get(1..)?.bytes().take_while(|byte| !matches!(byte, b'"' | b'$' | b'`')).count();
        if rest.as_bytes().get(1 + len) != Some(&b'"') {
            return None;
        }
        self.offset += len + 2;
        rest.get(1..=len).map(Token::Text)
    }

    fn variable(&mut self, rest: &'t str) -> Option<Token<'t>> {
        if rest.as_bytes().get(1) == Some(&b'{') {
            let len = rest.get(2..)?.bytes().take_while(|&byte| byte != b'}' && byte != b'\n').count();
            if rest.as_bytes().get(2 + len) != Some(&b'}') {
                return None;
            }
            self.offset += len + 3;
            return rest.get(2..2 + len).map(Token::Variable);
        }
        let len =
            rest.get(1..)?.bytes().take_while(|&byte| byte.is_ascii_alphanumeric() || byte == b'_').count();
        self.offset += len + 1;
        if len == 0 { None } else { rest.get(1..=len).map(Token::Variable) }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':' | b'+' | b'\\')
}

fn memchr_pair(bytes: &[u8], pair: [u8; 2]) -> Option<usize> {
    bytes.windows(2).position(|window| window == pair)
}
