//! A place in a text, and the small steps from it.

/// Most blanks between a name, its operator and its value.
const BLANK_MAX: usize = 64;

/// A place in the text from which the parser reads on.
pub(super) struct Cursor<'t> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
}

impl Cursor<'_> {
    pub(super) fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    pub(super) fn rest(&self) -> &[u8] {
        &self.text[self.at.min(self.text.len())..]
    }

    pub(super) fn eat(&mut self, literal: &[u8]) -> bool {
        let found = self.rest().starts_with(literal);
        if found {
            self.at += literal.len();
        }
        found
    }

    pub(super) fn blanks(&mut self) -> usize {
        let blanks = self.rest().iter().take(BLANK_MAX).take_while(|&&b| b == b' ' || b == b'\t').count();
        self.at += blanks;
        blanks
    }

    /// Blanks and at most two line ends, with a shell's or C's continuation mark before them.
    pub(super) fn blanks_and_lines(&mut self) {
        for _ in 0..2 {
            self.blanks();
            let mark = usize::from(self.peek() == b'\\' && matches!(self.text.get(self.at + 1), Some(b'\n' | b'\r')));
            let line = self.rest()[mark.min(self.rest().len())..]
                .iter()
                .take_while(|&&b| b == b'\r' || b == b'\n')
                .take(2)
                .count();
            if line == 0 {
                break;
            }
            self.at += mark + line;
        }
        self.blanks();
    }

    /// A quotation mark, escaped or not: the mark and its number of backslashes.
    pub(super) fn quote(&mut self) -> Option<(u8, usize)> {
        let slashes = self.rest().iter().take(3).take_while(|&&b| b == b'\\').count();
        let mark = *self.text.get(self.at + slashes)?;
        if !matches!(mark, b'"' | b'\'' | b'`') {
            return None;
        }
        self.at += slashes + 1;
        Some((mark, slashes))
    }
}
