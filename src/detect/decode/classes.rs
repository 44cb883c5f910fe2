//! What bytes may be, told for many at once.

#[cfg(target_arch = "x86_64")]
use pulp::x86::V3;

/// Bytes that are looked at together: as many as a number has bits.
pub(super) const BLOCK: usize = u64::BITS as usize;

/// Which signs may mean something in a text of this kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kinds {
    /// Named entities: code has an `&` on every other line.
    pub(super) markup: bool,
    /// Quoted-printable, for the `=`.
    pub(super) mail: bool,
}

/// What a byte may be, by both halves of it: a bit for each class, set in both tables if the byte may be of it.
#[derive(Clone, Copy, Debug)]
struct Halves {
    low: [u8; 16],
    high: [u8; 16],
}

impl Halves {
    const NONE: Self = Self { low: [0; 16], high: [0; 16] };

    const fn with(mut self, class: u32, bytes: &[u8]) -> Self {
        let mut at = 0;
        while at < bytes.len() {
            self.low[bytes[at] as usize & 15] |= 1 << class;
            self.high[bytes[at] as usize >> 4] |= 1 << class;
            at += 1;
        }
        self
    }

    fn of(&self, byte: u8) -> u8 {
        self.low[usize::from(byte & 15)] & self.high[usize::from(byte >> 4)]
    }
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Classes {
    /// What begins a sign. Some bytes more may be of a class, since each half is looked up by itself.
    first: Halves,
    /// What goes on in one, in the same class.
    next: Halves,
    /// Digits of base64, exactly.
    digit: Halves,
}

/// Anything that is no control character.
const CHARACTERS: [u8; 95] = {
    let mut characters = [b' '; 95];
    let mut at = 0;
    while at < characters.len() {
        characters[at] += at as u8;
        at += 1;
    }
    characters
};

impl Classes {
    /// Those of a text of this kind.
    pub(super) fn of(kinds: Kinds) -> &'static Self {
        static ALL: [[Classes; 2]; 2] = [
            [Classes::new(false, false), Classes::new(false, true)],
            [Classes::new(true, false), Classes::new(true, true)],
        ];
        &ALL[usize::from(kinds.markup)][usize::from(kinds.mail)]
    }

    const fn new(markup: bool, mail: bool) -> Self {
        let signs: [(&[u8], &[u8]); 6] = [
            (b"%", b"234567"),
            (b"\\", b"01uUx\"\\\n\r"),
            (b"&", if markup { b"#qa" } else { b"#" }),
            (b"=", if mail { b"3\n\r" } else { b"" }),
            (b"\x1b", b"[]"),
            (b"\0", &CHARACTERS),
        ];
        // No class has a byte too many: the halves of each go together in every way.
        let rows: [&[u8]; 5] =
            [b"+-/", b"0123456789", b"ABCDEFGHIJKLMNOabcdefghijklmno", b"PQRSTUVWXYZpqrstuvwxyz", b"_"];
        let mut classes = Self { first: Halves::NONE, next: Halves::NONE, digit: Halves::NONE };
        let mut class = 0;
        while class < signs.len() {
            let (begin, go_on) = signs[class];
            classes.first = classes.first.with(class as u32, begin);
            classes.next = classes.next.with(class as u32, go_on);
            class += 1;
        }
        let mut class = 0;
        while class < rows.len() {
            classes.digit = classes.digit.with(class as u32, rows[class]);
            class += 1;
        }
        classes
    }

    /// Hands to `note` for each block of a text where signs may begin in it, and where digits are: a bit for each byte, the lowest first.
    pub(super) fn look_at(&self, text: &[u8], note: &mut impl FnMut(u64, u64)) {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = V3::try_new() {
            return simd.vectorize(wide::Look { simd, text, classes: self, note });
        }
        blocks(text, |bytes| {
            let (signs, digits) = self.look(bytes);
            note(signs, digits);
        });
    }

    /// Where signs may begin in a block, and where digits are. The byte behind it is looked at too.
    fn look(&self, bytes: &[u8; BLOCK + 1]) -> (u64, u64) {
        let (mut signs, mut digits) = (0, 0);
        for at in 0..BLOCK {
            let sign = self.first.of(bytes[at]) & self.next.of(bytes[at + 1]) != 0;
            signs |= u64::from(sign) << at;
            digits |= u64::from(self.digit.of(bytes[at]) != 0) << at;
        }
        (signs, digits)
    }
}

/// Hands each block of a text to `look`, with the byte behind it; blanks behind the text.
#[inline(always)]
fn blocks(text: &[u8], mut look: impl FnMut(&[u8; BLOCK + 1])) {
    let mut rest = text;
    while let Some(bytes) = rest.first_chunk() {
        look(bytes);
        rest = &rest[BLOCK..];
    }
    if !rest.is_empty() {
        let mut bytes = [b' '; BLOCK + 1];
        bytes[..rest.len()].copy_from_slice(rest);
        look(&bytes);
    }
}

/// The same for machines that look up 32 halves of bytes in one step, as [Langdale and Lemire] have it.
///
/// [Langdale and Lemire]: https://arxiv.org/abs/1902.08318
#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::__m256i;

    use pulp::NullaryFnOnce;
    use pulp::x86::V3;

    use super::{Classes, Halves, blocks};

    const WIDTH: usize = size_of::<__m256i>();

    pub(super) struct Look<'a, N> {
        pub(super) simd: V3,
        pub(super) text: &'a [u8],
        pub(super) classes: &'a Classes,
        pub(super) note: &'a mut N,
    }

    impl<N: FnMut(u64, u64)> NullaryFnOnce for Look<'_, N> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            let Self { simd, text, classes, note } = self;
            let tables = [classes.first, classes.next, classes.digit].map(Tables::new);
            blocks(
                text,
                #[inline(always)]
                |bytes| {
                    let (signs, digits) = look(simd, halves(bytes), &tables);
                    let (more, others) = look(simd, halves(&bytes[WIDTH..]), &tables);
                    note(signs | more << WIDTH, digits | others << WIDTH);
                },
            );
        }
    }

    /// The first half of a block, and the same one byte further on.
    #[inline(always)]
    fn halves(bytes: &[u8]) -> [&[u8; WIDTH]; 2] {
        [bytes, &bytes[1..]].map(|bytes| bytes.first_chunk().unwrap_or(&[0; WIDTH]))
    }

    /// Where signs may begin in half of a block, and where digits are; `after` is one byte further on.
    #[inline(always)]
    fn look(simd: V3, [half, after]: [&[u8; WIDTH]; 2], [first, next, digit]: &[Tables; 3]) -> (u64, u64) {
        let (half, after) = (pulp::cast(*half), pulp::cast(*after));
        let sign = simd.avx2._mm256_and_si256(first.of(simd, half), next.of(simd, after));
        (is_any(simd, sign), is_any(simd, digit.of(simd, half)))
    }

    /// A bit for each byte that is of any class.
    #[inline(always)]
    fn is_any(simd: V3, classes: __m256i) -> u64 {
        let none = simd.avx2._mm256_cmpeq_epi8(classes, simd.avx._mm256_setzero_si256());
        u64::from(!simd.avx2._mm256_movemask_epi8(none).cast_unsigned())
    }

    /// The tables of [`Halves`], each twice: a look-up has a table for each half of the register.
    #[derive(Clone, Copy)]
    struct Tables {
        low: __m256i,
        high: __m256i,
    }

    impl Tables {
        #[inline(always)]
        fn new(halves: Halves) -> Self {
            let twice = |table: [u8; 16]| pulp::cast([table, table]);
            Self { low: twice(halves.low), high: twice(halves.high) }
        }

        /// The classes of each byte.
        #[inline(always)]
        fn of(&self, simd: V3, bytes: __m256i) -> __m256i {
            let mask = simd.avx._mm256_set1_epi8(15);
            let low = simd.avx2._mm256_and_si256(bytes, mask);
            let high = simd.avx2._mm256_and_si256(simd.avx2._mm256_srli_epi16::<4>(bytes), mask);
            let (low, high) =
                (simd.avx2._mm256_shuffle_epi8(self.low, low), simd.avx2._mm256_shuffle_epi8(self.high, high));
            simd.avx2._mm256_and_si256(low, high)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found with the widest registers that this machine has, and byte by byte.
    #[test]
    fn many_at_once_are_what_each_is() {
        let bytes: Vec<u8> = b"%=\\&\"' \n\r\x1b\0#012379afuUxXqpDW[]{:+.|~</-_\x7f\x80\xff".to_vec();
        let text: Vec<u8> =
            bytes.iter().flat_map(|a| bytes.iter().flat_map(move |b| [*a, *b])).chain((0..=u8::MAX).rev()).collect();
        for (markup, mail) in [(false, false), (true, false), (false, true), (true, true)] {
            let classes = Classes::of(Kinds { markup, mail });
            for len in (0..200).chain([text.len()]) {
                let (mut wide, mut each) = (Vec::new(), Vec::new());
                classes.look_at(&text[..len], &mut |signs, digits| wide.push((signs, digits)));
                blocks(&text[..len], |bytes| each.push(classes.look(bytes)));
                assert!(wide == each, "{len}");
                assert_eq!(each.len(), len.div_ceil(BLOCK));
            }
        }
    }

    #[test]
    fn digits_are_those_of_both_alphabets() {
        let classes = Classes::of(Kinds { markup: true, mail: true });
        for byte in 0..=u8::MAX {
            let is_digit = byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
            assert_eq!(classes.digit.of(byte) != 0, is_digit, "{byte}");
        }
    }
}
