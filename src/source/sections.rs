//! The sections of programs: ELF, PE, Mach-O and WebAssembly.

use std::ops::Range;

use object::{Object, ObjectSection};

/// So many sections are told apart; programs have some dozens.
const SECTIONS: usize = 10_000;

/// Characters of a name that are kept.
const NAME: usize = 40;

/// Where the sections of a program are.
#[derive(Debug, Default)]
pub struct Sections(Vec<(Range<u64>, String)>);

impl Sections {
    /// Those of a file that is all there; none if it is no program.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut sections = match bytes.strip_prefix(b"\0asm\x01\0\0\0") {
            Some(rest) => wasm(bytes, rest),
            None => native(bytes),
        };
        sections.sort_by_key(|(range, _)| range.start);
        Self(sections)
    }

    /// The name of the section that the byte at `offset` is in.
    #[must_use]
    pub fn at(&self, offset: u64) -> Option<&str> {
        let after = self.0.partition_point(|(range, _)| range.start <= offset);
        let (range, name) = &self.0[after.checked_sub(1)?];
        range.contains(&offset).then_some(name)
    }
}

fn native(bytes: &[u8]) -> Vec<(Range<u64>, String)> {
    let Ok(file) = object::File::parse(bytes) else { return Vec::new() };
    let section = |section: object::Section<'_, '_>| {
        let (start, len) = section.file_range()?;
        let segment = section.segment_name().ok().flatten().map(|name| format!("{name},")).unwrap_or_default();
        let name = shown(&format!("{segment}{}", section.name().ok()?));
        Some((start..start.checked_add(len)?, name)).filter(|(_, name)| !name.is_empty())
    };
    file.sections().take(SECTIONS).filter_map(section).collect()
}

/// The sections of WebAssembly: a number, a length, and what has that length.
fn wasm(bytes: &[u8], mut rest: &[u8]) -> Vec<(Range<u64>, String)> {
    const NAMES: [&str; 13] = [
        "custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code",
        "data", "data count",
    ];
    let mut sections = Vec::new();
    while let Some((&id, after)) = rest.split_first().filter(|_| sections.len() < SECTIONS) {
        let Some((len, after)) = leb(after) else { break };
        let Some((content, next)) = usize::try_from(len).ok().and_then(|len| after.split_at_checked(len)) else {
            break;
        };
        let own =
            || leb(content).and_then(|(len, name)| std::str::from_utf8(name.get(..usize::try_from(len).ok()?)?).ok());
        let name = match (id, NAMES.get(usize::from(id))) {
            (0, _) => shown(own().unwrap_or("custom")),
            (_, Some(name)) => (*name).to_owned(),
            (_, None) => format!("section {id}"),
        };
        let start = (bytes.len() - after.len()) as u64;
        sections.push((start..start + len, name));
        rest = next;
    }
    sections
}

/// A number of seven bits a byte, the lowest first.
fn leb(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let len = bytes.iter().take(5).position(|byte| byte & 0x80 == 0)? + 1;
    let value = bytes[..len].iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f));
    Some((value, &bytes[len..]))
}

/// A name as it is shown.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(NAME).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sections_of_web_assembly() {
        let bytes = b"\0asm\x01\0\0\0\x05\x03\x01\0\x01\0\x07\x04nameab\x0b\x04data";
        let sections = Sections::of(bytes);
        let at =
            |text: &str| sections.at(bytes.windows(text.len()).position(|w| w == text.as_bytes()).unwrap_or(0) as u64);
        assert_eq!([at("ab"), at("data"), sections.at(0), sections.at(99)], [Some("name"), Some("data"), None, None]);
    }

    #[test]
    fn sections_of_mach_o() {
        let name = |name: &str| -> Vec<u8> { name.bytes().chain([0; 16]).take(16).collect() };
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let long = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let mut bytes = [
            words(&[0xfeed_facf, 0x0100_0007, 3, 2, 1, 152, 0, 0]),
            [words(&[0x19, 152]), name("__TEXT"), long(&[0, 4096, 0, 4096]), words(&[7, 5, 1, 0])].concat(),
            [name("__cstring"), name("__TEXT"), long(&[0x200, 64]), words(&[0x200, 0, 0, 0, 2, 0, 0, 0])].concat(),
        ]
        .concat();
        bytes.resize(0x240, 0);
        let sections = Sections::of(&bytes);
        let name = Some("__TEXT,__cstring");
        assert_eq!([sections.at(0x200), sections.at(0x23f), sections.at(0x1ff)], [name, name, None]);
    }

    #[test]
    fn sections_of_elf() {
        let names = b"\0.rodata\0.shstrtab\0";
        let section = |name: u32, kind: u32, offset: u64, len: u64| {
            let words = [name, kind].into_iter().flat_map(|word| word.to_le_bytes());
            let long = [0, 0, offset, len, 0, 1, 0].into_iter().flat_map(|word: u64| word.to_le_bytes());
            words.chain(long).collect::<Vec<u8>>()
        };
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(16, 0);
        bytes.extend([2u16, 62].iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend(1u32.to_le_bytes());
        bytes.extend([0u64, 0, 128].iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend(0u32.to_le_bytes());
        bytes.extend([64u16, 56, 0, 64, 3, 2].iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend(b"a constant      ");
        bytes.extend(names);
        bytes.resize(128, 0);
        bytes.extend([section(0, 0, 0, 0), section(1, 1, 64, 16), section(9, 3, 80, names.len() as u64)].concat());
        let sections = Sections::of(&bytes);
        assert_eq!([sections.at(64), sections.at(80), sections.at(2)], [Some(".rodata"), Some(".shstrtab"), None]);
    }

    proptest! {
        #[test]
        fn any_bytes_end(magic in 0usize..4, rest in prop::collection::vec(any::<u8>(), 0..300)) {
            let magic: &[u8] = [&b"\0asm\x01\0\0\0"[..], b"\x7fELF\x02\x01\x01", b"\xcf\xfa\xed\xfe", b"MZ"][magic];
            let bytes = [magic, &rest].concat();
            let sections = Sections::of(&bytes);
            prop_assert!(sections.0.len() <= SECTIONS);
            let _ = sections.at(7);
        }
    }
}
