//! Compressed files that unpack to themselves, after Russ Cox's "Zip Files All The Way Down".
//!
//! A compressed stream is a program of two commands: print what follows, and print again what was printed last. What is written here
//! prints its own text, with a header before it and a trailer behind it, in which the checksum of it all is.

/// Prints the `data` that has to follow.
fn print(data: usize) -> Vec<u8> {
    let len = (data as u16).to_le_bytes();
    [&[0][..], &len, &len.map(|byte| !byte)].concat()
}

/// Bits, the lowest of a byte first.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn number(&mut self, value: usize, bits: u32) {
        self.0.extend((0..bits).map(|bit| value >> bit & 1 == 1));
    }

    /// The codes of Huffman begin with their highest bit.
    fn code(&mut self, value: usize, bits: u32) {
        self.0.extend((0..bits).rev().map(|bit| value >> bit & 1 == 1));
    }

    /// A copy of `len` bytes, up to 114, from `distance` bytes before.
    fn copy(&mut self, len: usize, distance: usize) {
        let (code, rest, extra) = coded(len - 3, 2);
        self.code(code + 1, 7);
        self.number(rest, extra);
        let (code, rest, extra) = coded(distance - 1, 1);
        self.code(code, 5);
        self.number(rest, extra);
    }

    fn bytes(&self) -> Vec<u8> {
        let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
        self.0.chunks(8).map(byte).collect()
    }
}

/// The code of a length or distance, and the bits behind it; so many codes as `step` bits tell begin with the same highest bit.
fn coded(value: usize, step: u32) -> (usize, usize, u32) {
    if value < 2 << step {
        return (value, 0, 0);
    }
    let extra = value.ilog2() - step;
    ((extra as usize) * (1 << step) + (value >> extra), value & ((1 << extra) - 1), extra)
}

/// Prints the last `count` bytes again, by a command of so many bytes. `None` if there is none.
fn again(count: usize, size: usize) -> Option<Vec<u8>> {
    // The last bits are of blocks that do nothing.
    let ways = (1..=6).flat_map(|parts| (3..=114).map(move |first| (parts, first)));
    let try_way = |(parts, first): (usize, usize)| {
        let mut bits = Bits::default();
        bits.number(0b010, 3);
        let mut left = count;
        for part in 0..parts {
            let len = if part == 0 { first } else { left / (parts - part) };
            if !(3..=114).contains(&len) || len > left {
                return None;
            }
            bits.copy(len, count);
            left -= len;
        }
        bits.number(0, 7);
        while bits.0.len() < 8 * size {
            bits.number(0b010, 10);
        }
        (left == 0 && bits.0.len() == 8 * size).then(|| bits.bytes())
    };
    ways.into_iter().find_map(try_way)
}

/// The commands that depend on how long header and trailer are, and how many that do nothing are between them.
struct Program {
    first: Vec<u8>,
    lead: usize,
    repeat: Vec<u8>,
    pads: usize,
    end: Vec<u8>,
}

fn program(header: usize, trailer: usize) -> Option<Program> {
    let nothing = print(0);
    let fives = |left: usize| left.is_multiple_of(5).then_some(left / 5);
    let mut repeats = (0..12).flat_map(|pads| (5..30usize).map(move |len| (pads, len)));
    let firsts: Vec<Vec<u8>> = (5..30).filter_map(|len| again(header + 5, len)).collect();
    repeats.find_map(|(pads, len)| {
        let size = 2 * (len + 5 * pads + 5);
        let fill = fives(size.checked_sub(len + 2 + trailer)?)?;
        let fits = |first: &&Vec<u8>| size.checked_sub(first.len() + 15).and_then(fives).is_some();
        let first = firsts.iter().find(fits)?.clone();
        let lead = fives(size - first.len() - 15)?;
        let repeat = again(size, len)?;
        Some(Program { first, lead, repeat, pads, end: [nothing.repeat(fill), vec![3, 0]].concat() })
    })
}

/// A file of this header and trailer that unpacks to itself. Both are given the length of the compressed stream, that of the file, and
/// its checksum.
fn quine(parts: &dyn Fn([u32; 3]) -> (Vec<u8>, Vec<u8>)) -> Option<Vec<u8>> {
    let (header, trailer) = parts([0; 3]);
    let nothing = print(0);
    let Program { first, lead, repeat, pads, end } = program(header.len(), trailer.len())?;
    // What is printed at once, but for the first, has always the same length.
    let size = 2 * (repeat.len() + 5 * pads + 5);
    let write = |numbers: [u32; 3]| {
        let (header, trailer) = parts(numbers);
        let (show, one) = (print(header.len() + 5), print(first.len()));
        let begin = [&first, &print(5), &one, &nothing.repeat(lead), &print(size)].map(Vec::as_slice).concat();
        let group = [&repeat, &nothing.repeat(pads), &print(size)].map(Vec::as_slice).concat();
        let last = [&repeat, &end, &trailer].map(Vec::as_slice).concat();
        let stream = [
            [&header[..], &show, &header, &show, &first, &one].concat(),
            [&begin[..], &begin].concat(),
            [&group[..], &group, &group, &group].concat(),
            [&last[..], &last].concat(),
        ];
        (stream.concat(), header.len(), trailer.len())
    };
    let (file, header, trailer) = write([0; 3]);
    let sizes = [(file.len() - header - trailer) as u32, file.len() as u32];
    let with = |sum: u32| write([sizes[0], sizes[1], sum]).0;
    fixed_point(&|sum| crc32fast::hash(&with(sum))).map(with)
}

/// A number that a function, which is affine in its bits, leaves as it is.
fn fixed_point(function: &dyn Fn(u32) -> u32) -> Option<u32> {
    let base = function(0);
    // Bit `row` of the function of bit `column`, less that bit itself; what it has to be is the bit above them.
    let column = |bit: u32| function(1 << bit) ^ base ^ 1 << bit;
    let columns: Vec<u32> = (0..32).map(column).collect();
    let row = |row: u32| {
        let bits = columns.iter().zip(0..).fold(0u64, |bits, (column, bit)| bits | u64::from(column >> row & 1) << bit);
        bits | u64::from(base >> row & 1) << 32
    };
    let mut rows: Vec<u64> = (0..32).map(row).collect();
    let mut pivots = Vec::new();
    for bit in 0..32 {
        let Some(at) = (pivots.len()..32).find(|&at| rows[at] >> bit & 1 == 1) else { continue };
        rows.swap(pivots.len(), at);
        let pivot = rows[pivots.len()];
        for (at, row) in rows.iter_mut().enumerate() {
            *row ^= if at != pivots.len() && *row >> bit & 1 == 1 { pivot } else { 0 };
        }
        pivots.push(bit);
    }
    let sum = pivots.iter().zip(&rows).fold(0u32, |sum, (bit, row)| sum | ((row >> 32 & 1) as u32) << bit);
    (function(sum) == sum).then_some(sum)
}

/// A gzip that unpacks to itself.
pub(crate) fn gzip() -> Vec<u8> {
    first_of(&|stamp| {
        Box::new(move |[_, size, sum]| {
            let header = [&[0x1f, 0x8b, 8, 0][..], &u32::to_le_bytes(stamp), &[0, 0xff]].concat();
            (header, [sum, size].map(u32::to_le_bytes).concat())
        })
    })
}

/// A zip that has itself in it, and nothing else.
pub(crate) fn zip() -> Vec<u8> {
    first_of(&|stamp| {
        Box::new(move |[packed, size, sum]| {
            let name = b"r.zip";
            let head = [20u16, 0, 8, stamp as u16, 0].map(u16::to_le_bytes).concat();
            let common = [head, [sum, packed, size].map(u32::to_le_bytes).concat(), vec![5, 0, 0, 0]].concat();
            let header = [&b"PK\x03\x04"[..], &common, name].concat();
            let entry = [&b"PK\x01\x02\x14\0"[..], &common, &[0; 14], name].concat();
            let start = (packed + header.len() as u32).to_le_bytes();
            let end = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &(entry.len() as u32).to_le_bytes(), &start, &[0, 0]];
            (header, [entry, end.concat()].concat())
        })
    })
}

type Parts = Box<dyn Fn([u32; 3]) -> (Vec<u8>, Vec<u8>)>;

/// For some times of the file there is a checksum that holds.
fn first_of(parts: &dyn Fn(u32) -> Parts) -> Vec<u8> {
    (0..64).find_map(|stamp| quine(&*parts(stamp))).expect("a file that unpacks to itself")
}
