//! What is found in databases, made by the program of that name with pages of 512 bytes.

use super::*;

const UTF8: &[u8] = include_bytes!("../../../../fixtures/containers/utf8.sqlite");
const UTF16LE: &[u8] = include_bytes!("../../../../fixtures/containers/utf16le.sqlite");
const UTF16BE: &[u8] = include_bytes!("../../../../fixtures/containers/utf16be.sqlite");

fn member(met: &Met, path: &str) -> String {
    let content = met.members.get(path).unwrap_or_else(|| panic!("{path} is among {:?}", met.paths()));
    // Pages have bytes that are no text beside their strings.
    String::from_utf8_lossy(content).into_owned()
}

#[test]
fn rows_are_lines_and_what_was_deleted_is_there() {
    for (name, bytes) in [("utf8", UTF8), ("utf16le", UTF16LE), ("utf16be", UTF16BE)] {
        let met = met(bytes, "db.sqlite");
        assert_eq!(met.reasons(), [], "{name}");
        let paths = ["free", "table/pairs", "table/sqlite_schema", "table/users"].map(|p| format!("db.sqlite!/{p}"));
        assert_eq!(met.paths(), paths);
        let users = member(&met, "db.sqlite!/table/users");
        let lines: Vec<&str> = users.lines().collect();
        assert_eq!(lines.len(), 20, "{name}: {users}");
        assert_eq!(lines[1], "\te mail=user1@example.org\tnote=note 1 of a haystack\tscore=0.5\traw= raw ");
        let long = format!("\te mail=long\tnote=begin {} needle end\t\t", "x".repeat(2000));
        assert_eq!(lines[19], long, "{name}");
        assert_eq!(member(&met, "db.sqlite!/table/pairs"), "one\tfirst\ntwo\t-129\n");
        assert!(member(&met, "db.sqlite!/table/sqlite_schema").contains("sql=CREATE TABLE users(id integer"));
        let free = member(&met, "db.sqlite!/free");
        assert!(free.contains("the deleted needle"), "{name}: {free}");
        assert!(!free.contains("needle end"), "{name}: what is in a row is not free");
        let rows = String::from_utf8_lossy(&met.views["db.sqlite!/free!/rows"]);
        assert!(!rows.is_empty(), "{name}");
        let indexes: Vec<&str> = met.views.keys().map(|path| &**path).collect();
        assert_eq!(indexes[0], "db.sqlite!/free!/rows");
        assert_eq!(indexes[1..], ["db.sqlite!/index/by_note", "db.sqlite!/index/sqlite_autoindex_users_1"]);
        // The same in another container.
        let outer = super::met(&gzip(bytes), "db.sqlite.gz");
        assert_eq!(outer.members.len(), 4);
        assert_eq!(outer.members["db.sqlite.gz!/db.sqlite!/table/users"], met.members["db.sqlite!/table/users"]);
    }
}

/// A page of a table with one row, and two that were deleted.
#[test]
fn values_of_deleted_rows_do_not_run_into_each_other() {
    let row = |first: &str, second: &str| -> Vec<u8> {
        let kind = |text: &str| (text.len() * 2 + 13) as u8;
        let len = (first.len() + second.len() + 3) as u8;
        [&[len, 1, 3, kind(first), kind(second)], first.as_bytes(), second.as_bytes()].concat()
    };
    let mut page = vec![0; 512];
    let deleted = [row("gone", "one constant"), row("name", "another one")];
    let mut at = 512 - deleted.iter().map(Vec::len).sum::<usize>();
    let mut room = (512 - at) as u16;
    for row in &deleted {
        page[at..at + row.len()].copy_from_slice(row);
        // Where the next free space is, and how long this one is: the first has taken in the second.
        page[at..at + 2].fill(0);
        page[at + 2..at + 4].copy_from_slice(&room.to_be_bytes());
        at += row.len();
        room -= row.len() as u16;
    }
    page[0] = 13;
    page[5..7].copy_from_slice(&512u16.to_be_bytes());
    // The second page of the fixture is that of a table.
    let mut bytes = UTF8.to_vec();
    bytes[512..1024].copy_from_slice(&page);
    let met = met(&bytes, "db");
    let rows = String::from_utf8_lossy(&met.views["db!/free!/rows"]).into_owned();
    for expected in ["gone\tone constant", "name\tanother one"] {
        assert!(rows.lines().any(|line| line == expected), "{expected} in {rows}");
    }
}

#[test]
fn a_part_of_a_database_is_never_taken_for_the_whole() {
    let whole = met(UTF8, "db");
    for len in (0..UTF8.len()).rev() {
        let met = met(&UTF8[..len], "db");
        let as_it_is = met.members.get("db").is_some_and(|content| content == &UTF8[..len]);
        assert!(!met.skipped.is_empty() || as_it_is || met.members == whole.members, "{len}");
        let internal = met.skipped.iter().any(|skipped| skipped.reason == SkipReason::Internal);
        assert!(!internal, "{len}: {:?}", met.skipped);
    }
}

#[test]
fn pages_that_name_each_other_end() {
    // All cells of all pages lead to the same page.
    for page in [1, 2, 5, 20] {
        let mut bytes = UTF8.to_vec();
        for number in 1..bytes.len() / 512 {
            let at = number * 512;
            if matches!(bytes[at], 2 | 5) {
                bytes[at + 8..at + 12].copy_from_slice(&u32::to_be_bytes(page));
            }
        }
        let met = met(&bytes, "db");
        assert!(met.skipped.iter().any(|skipped| skipped.reason == SkipReason::Corrupt), "{page}: {:?}", met.skipped);
        let all: usize = met.members.values().chain(met.views.values()).map(Vec::len).sum();
        assert!(all < 4 * bytes.len(), "{page}: {all} bytes");
    }
}

#[test]
fn a_database_that_is_none_is_looked_at_as_it_is() {
    let mut bytes = UTF8.to_vec();
    bytes[16..18].copy_from_slice(&[0, 7]);
    let met = met(&bytes, "db");
    assert_eq!(met.reasons(), [("db", SkipReason::Corrupt)]);
    assert_eq!(met.members["db"], bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Whatever is wrong with pages, it ends, with not more than a few times what there is.
    #[test]
    fn damaged_pages_end(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40)) {
        let mut bytes = UTF8.to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let met = met(&bytes, "db");
        prop_assert!(met.skipped.iter().all(|s| s.reason != SkipReason::Internal), "{:?}", met.skipped);
        let all: usize = met.members.values().chain(met.views.values()).map(Vec::len).sum();
        prop_assert!(all < 40 * bytes.len(), "{} bytes", all);
    }

    #[test]
    fn any_pages_end(rest in prop::collection::vec(any::<u8>(), 0..6000)) {
        let bytes = [&UTF8[..100], &rest].concat();
        let met = met(&bytes, "db");
        prop_assert!(met.skipped.iter().all(|s| s.reason != SkipReason::Internal), "{:?}", met.skipped);
    }
}
