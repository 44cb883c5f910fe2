//! What is packed is scanned: in every kind of container, one in the other, from files and from standard input; and where reports
//! say that it is.

use cleansweep::blob::Skipped;
use cleansweep::source::container::{self, Limits, Member, Sink, Source};

use crate::support::packed::{
    Zipped, ar, asar, binary_cpio, bzip2, cpio, gzip, lz4, lzma, rpm, seven, tar, tarred, xz, zip, zlib, zstd,
};
use crate::support::secrets::github;
use crate::support::{Random, Sandbox};

/// A text with a secret on its third line, at the ninth column.
fn text(seed: u64) -> String {
    format!("# a text\n\n\ttoken: {}\n# and more of it\n", github(seed))
}

fn zipped(members: &[(&'static str, Vec<u8>)]) -> Vec<u8> {
    let members: Vec<Zipped> = members.iter().map(|(name, content)| Zipped::new(name, content)).collect();
    zip(&members)
}

/// A container of each kind with the text in it: its name, and the path that the text has in it.
fn each(text: &[u8]) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let members: &[(&str, &[u8])] = &[("b/c.yml", text)];
    vec![
        ("a.yml.gz", gzip(text), "a.yml"),
        ("a.yml.bz2", bzip2(text), "a.yml"),
        ("a.yml.xz", xz(text), "a.yml"),
        ("a.yml.lzma", lzma(text), "a.yml"),
        ("a.yml.zst", zstd(text), "a.yml"),
        ("a.yml.lz4", lz4(text), "a.yml"),
        ("a.bin", zlib(text), "a.bin"),
        ("a.tar", tar(members), "b/c.yml"),
        ("a.tgz", gzip(&tar(members)), "b/c.yml"),
        ("a.tar.xz", xz(&tar(members)), "b/c.yml"),
        ("a.crate", gzip(&tar(members)), "b/c.yml"),
        ("a.jar", zipped(&[("b/c.yml", text.to_vec())]), "b/c.yml"),
        ("a.zip", zip(&[Zipped { stored: true, ..Zipped::new("b/c.yml", text) }]), "b/c.yml"),
        ("a.whl", zip(&[Zipped { descriptor: true, ..Zipped::new("b/c.yml", text) }]), "b/c.yml"),
        ("no-name-at-all", zipped(&[("b/c.yml", text.to_vec())]), "b/c.yml"),
        ("a.deb", ar(&[("data.tar.xz", &xz(&tar(members)))]), "data.tar.xz!/b/c.yml"),
        ("a.rpm", rpm(&zstd(&cpio(members))), "b/c.yml"),
        ("a.cpio", cpio(members), "b/c.yml"),
        ("b.cpio", binary_cpio(members, false), "b/c.yml"),
        ("a.asar", asar("c.yml", text), "c.yml"),
        ("a.7z", seven(members), "b/c.yml"),
    ]
}

#[test]
fn each_kind_is_opened() {
    let (token, text) = (github(1), text(1));
    for (name, bytes, inner) in each(text.as_bytes()) {
        let sandbox = Sandbox::with(name, bytes);
        let output = sandbox.run(["scan", "--format", "json", "--reveal"]).assert_code(1);
        let report = output.json();
        let found = report.one();
        assert_eq!((&*found.path, found.start()), (&*format!("{name}!/{inner}"), (3, 9)), "{name}");
        assert_eq!((&*found.secret, found.offset), (&*token, text.find(&token).expect("it is there") as u64));
        assert_eq!(report.json["findings"][0]["container"], name);
        assert_eq!(report.json["findings"][0]["source"], "file");
        assert_eq!(report.skipped(), [], "{name}");
        assert_eq!(report.summary()["archives"]["containers"], 1, "{name}");
    }
}

#[test]
fn each_kind_is_opened_from_a_pipe_and_three_deep() {
    let text = text(1);
    for (name, bytes, inner) in each(text.as_bytes()) {
        let sandbox = Sandbox::new();
        let output = sandbox.run_with(&["scan", "--format", "json", "-"], bytes.clone());
        let report = output.json();
        let piped = if inner == "a.yml" || inner == "a.bin" { "<stdin>" } else { inner };
        assert_eq!((&*report.one().path, report.one().start()), (&*format!("<stdin>!/{piped}"), (3, 9)), "{name}");
        assert_eq!((report.skipped(), output.code), (vec![], 1), "{name}");
        assert_eq!(report.json["findings"][0]["source"], "stdin");
        let outer = gzip(&tar(&[("lib/inner.jar", &zipped(&[(name, bytes)]))]));
        let report = sandbox.file("app.tar.gz", outer).scan(&[]);
        assert_eq!(report.one().path, format!("app.tar.gz!/lib/inner.jar!/{name}!/{inner}"));
        assert_eq!((report.one().start(), report.skipped()), ((3, 9), vec![]), "{name}");
    }
}

#[test]
fn members_of_every_size_and_encoding_are_read() {
    let token = github(1);
    let mut random = Random::new(1);
    let filler: String = (0..60_000).map(|n| format!("line {n} is {:x}{:x}\n", random.next(), random.next())).collect();
    let large = format!("{filler}token = '{token}'\n");
    assert!(large.len() > 2 << 20, "it is read in batches");
    let utf16: Vec<u8> = format!("token = '{token}'\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let binary = [&b"\x7fELF\0\0\xff"[..], token.as_bytes(), b"\0\0"].concat();
    let members = [("large.log", large.into_bytes()), ("utf16.txt", utf16), ("program", binary), ("empty", Vec::new())];
    for (name, bytes) in [
        ("a.zip", zipped(&members)),
        ("a.tgz", gzip(&tar(&members.each_ref().map(|(name, content)| (*name, &**content))))),
        ("a.7z", seven(&members.each_ref().map(|(name, content)| (*name, &**content)))),
    ] {
        let report = Sandbox::with(name, bytes).reveal(&[]);
        let places: Vec<_> = report.findings.iter().map(|f| (&*f.path, f.start(), &*f.secret)).collect();
        let path = |inner: &str| format!("{name}!/{inner}");
        assert_eq!(
            places,
            [
                (&*path("large.log"), (60_001, 10), &*token),
                (&*path("program"), (1, 8), &*token),
                (&*path("utf16.txt"), (1, 10), &*token)
            ]
        );
        assert_eq!(report.summary()["archives"]["members"], 4);
        assert_eq!(report.skipped(), []);
    }
}

#[test]
fn an_archive_of_many_members_is_searched_whole() {
    let names: Vec<String> = (0..3000).map(|n| format!("d{}/f{n}.conf", n % 7)).collect();
    let texts: Vec<String> = (0..3000).map(|n| format!("{}\n{}", text(n % 50), "x = 1\n".repeat(200))).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|n| &**n).zip(texts.iter().map(|t| t.as_bytes())).collect();
    let sandbox = Sandbox::with("many.tar", tar(&members));
    let report = sandbox.scan(&[]);
    let mut expected: Vec<String> = names.iter().map(|name| format!("many.tar!/{name}")).collect();
    expected.sort();
    assert_eq!(report.findings.iter().map(|f| f.path.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(report.skipped(), []);
    let one = sandbox.scan(&["--threads", "1"]);
    assert_eq!(one.findings, report.findings);
}

/// A zip of more than what one thread opens alone, with members that only look as if they could be unpacked by any thread.
fn large_zip() -> Vec<u8> {
    let mut random = Random::new(3);
    let filler = random.base64(2000);
    let mut members = Vec::new();
    for n in 0..1500 {
        let name: &'static str = Box::leak(format!("d{}/f{n:04}.conf", n % 7).into_boxed_str());
        let content = format!("{}{filler}{n}\n", text(n % 50));
        members.push(Zipped { descriptor: n % 3 == 0, stored: n % 5 == 0, ..Zipped::new(name, content.as_bytes()) });
    }
    let inner = zip(&[Zipped::new("in.yml", text(1).as_bytes()), Zipped::new("deeper", &gzip(text(2).as_bytes()))]);
    members.push(Zipped { stored: true, ..Zipped::new("no-name-of-a-zip", &inner) });
    members.push(Zipped::new("variables", format!("A=1\0TOKEN={}\0", github(3)).as_bytes()));
    members.push(Zipped { says: Some(7), ..Zipped::new("lies.yml", text(4).as_bytes()) });
    members.push(Zipped { method: Some(9), ..Zipped::new("odd.yml", text(5).as_bytes()) });
    members.push(Zipped { unlisted: true, ..Zipped::new("unlisted.yml", text(6).as_bytes()) });
    members.push(Zipped::new("left-out.yml", text(7).as_bytes()));
    zip(&members)
}

#[test]
fn members_of_a_large_zip_are_the_same_whoever_unpacks_them() {
    let bytes = large_zip();
    assert!(bytes.len() > 2 << 20, "more than what is opened by one thread");
    let sandbox = Sandbox::with("a.zip", &bytes);
    let scan = |threads: &str| sandbox.scan(&["--threads", threads, "--exclude", "left-out.yml"]);
    let report = scan("4");
    assert_eq!(report.of("a.zip!/d3/f0003.conf").len(), 1);
    assert_eq!(report.findings.len(), 1505);
    for path in ["no-name-of-a-zip!/in.yml", "no-name-of-a-zip!/deeper!/deeper", "variables", "unlisted.yml"] {
        assert_eq!(report.of(&format!("a.zip!/{path}")).len(), 1, "{path}");
    }
    let reasons: Vec<(String, String)> = report.skipped();
    let odd = ("a.zip!/odd.yml".to_owned(), "unsupported".to_owned());
    assert!(reasons.contains(&("a.zip!/lies.yml".to_owned(), "corrupt".to_owned())), "{reasons:?}");
    assert!(reasons.contains(&odd) && reasons.len() == 3, "{reasons:?}");
    assert_eq!(report.summary()["archives"]["members"], 1505);
    for threads in ["1", "2"] {
        let other = scan(threads);
        assert_eq!((&other.findings, other.skipped()), (&report.findings, report.skipped()));
        assert_eq!(other.summary()["archives"], report.summary()["archives"]);
    }
    // Its first megabyte is looked at, whoever looks.
    let limited = |threads: &str| sandbox.scan(&["--threads", threads, "--max-archive-size", "1M"]);
    let few = limited("1");
    assert!(few.skipped().iter().any(|(what, reason)| what == "a.zip" && reason == "too-large"));
    assert_eq!(limited("4").findings, few.findings);
}

#[test]
fn names_of_members_are_scanned_and_masked() {
    let token = github(1);
    let name: &'static str = Box::leak(format!("in/{token}/a.txt").into_boxed_str());
    let encrypted = Zipped { encrypted: true, ..Zipped::new(name, b"x") };
    for (bytes, code) in [(zipped(&[(name, b"x".to_vec())]), 1), (zip(&[encrypted]), 1)] {
        let sandbox = Sandbox::with("a.zip", bytes);
        let report = sandbox.run(["scan", "--format", "json"]).assert_code(code).json();
        assert_eq!(report.json["findings"][0]["source"], "name");
        assert_eq!(report.json["findings"][0]["container"], "a.zip");
        assert_eq!(report.findings.len(), 1);
        for format in ["json", "jsonl", "text", "sarif", "github", "junit", "csv", "markdown"] {
            let output = sandbox.run(["scan", "--format", format]);
            assert!(!output.out().contains(&token) && !output.err().contains(&token), "{format}");
        }
    }
}

#[test]
fn what_stands_in_a_tar_is_only_a_name() {
    let mut bytes = [
        tarred("/etc/shadow", b'0', "", text(1).as_bytes()),
        tarred("../../up.yml", b'0', "", text(2).as_bytes()),
        tarred("link", b'2', &format!("https://x:{}@acme.test/", github(3)), b""),
        tarred("dev/sda", b'4', "", b""),
    ]
    .concat();
    bytes.resize(bytes.len() + 1024, 0);
    let report = Sandbox::with("a.tar", bytes).scan(&[]);
    let mut places: Vec<&str> = report.findings.iter().map(|f| &*f.path).collect();
    places.dedup();
    assert_eq!(places, ["a.tar!/../../up.yml", "a.tar!//etc/shadow", "a.tar!/link"]);
    assert_eq!(report.skipped(), [("a.tar!/dev/sda".to_owned(), "special-file".to_owned())]);
}

#[test]
fn variables_with_nuls_are_lines() {
    let report = Sandbox::with("environ", format!("HOME=/root\0TOKEN={}\0", github(1))).scan(&[]);
    assert_eq!((&*report.one().path, report.one().start()), ("environ", (2, 7)));
}

#[test]
fn what_the_user_leaves_out_is_left_out_inside_too() {
    let inner = zipped(&[("vendor/a.yml", text(1).into_bytes()), ("b.yml", text(2).into_bytes())]);
    let outer = tar(&[("lib/x.jar", &inner), ("vendor/c.yml", text(3).as_bytes())]);
    let sandbox = Sandbox::with("app.tar", outer);
    let paths = |args: &[&str]| -> (Vec<String>, u64) {
        let report = sandbox.scan(args);
        assert_eq!(report.skipped(), []);
        let excluded = report.summary()["excluded"].as_u64().expect("a number");
        (report.findings.into_iter().map(|f| f.path).collect(), excluded)
    };
    let (first, second, third) =
        ("app.tar!/lib/x.jar!/b.yml", "app.tar!/lib/x.jar!/vendor/a.yml", "app.tar!/vendor/c.yml");
    assert_eq!(paths(&[]), (vec![first.into(), second.into(), third.into()], 0));
    assert_eq!(paths(&["--exclude", "vendor"]), (vec![first.into()], 2));
    assert_eq!(paths(&["--exclude", "*.jar"]), (vec![third.into()], 1));
    assert_eq!(paths(&["--exclude", "app.tar"]), (vec![], 1));
}

#[test]
fn without_opening_it_is_said_and_no_gap() {
    let sandbox = Sandbox::with("a.zip", zipped(&[("b.yml", text(1).into_bytes())]));
    let output = sandbox.run(["scan", "--no-archives"]).assert_code(0);
    let note = "Not opened, because of --no-archives: archives and compressed files (1 file).";
    assert!(output.out().contains(note), "{}", output.out());
    let report = sandbox.scan(&["--no-archives"]);
    let expected = serde_json::json!({ "opened": false, "containers": 1, "members": 0 });
    assert_eq!(report.summary()["archives"], expected);
    let _ = sandbox.run(["scan", "--no-archives", "--max-archive-depth", "2"]).assert_code(2);
}

#[test]
fn members_are_silenced_by_their_paths_and_not_by_comments_in_them() {
    let commented = format!("token = \"{}\" # cleansweep:allow: it is dead\n", github(1));
    let bytes = zipped(&[("a/b.py", commented.clone().into_bytes()), ("c.yml", text(2).into_bytes())]);
    let sandbox = Sandbox::with("libs/a.zip", bytes);
    sandbox.file("b.py", commented);
    let found = |sandbox: &Sandbox| -> Vec<String> { sandbox.scan(&[]).findings.into_iter().map(|f| f.path).collect() };
    assert_eq!(found(&sandbox), ["libs/a.zip!/a/b.py", "libs/a.zip!/c.yml"]);
    for (glob, left) in [("libs/a.zip", vec![]), ("*.py", vec!["libs/a.zip!/c.yml"]), ("libs", vec![])] {
        sandbox.file("cleansweep.toml", format!("[[allow]]\npaths = [\"{glob}\"]\nreason = \"test\"\n"));
        let left: Vec<String> = left.into_iter().map(ToOwned::to_owned).collect();
        assert_eq!(found(&sandbox), left, "{glob}");
    }
}

#[test]
fn reports_say_where_in_the_container_it_is() {
    let sandbox = Sandbox::with("libs/a.zip", zipped(&[("b/c.yml", text(1).into_bytes())]));
    let text = sandbox.run(["scan"]).out();
    assert!(text.contains("  libs/a.zip!/b/c.yml:3:9\n"), "{text}");
    assert!(text.contains("in 2 files, 1 of them in 1 container"), "{text}");
    let sarif: serde_json::Value =
        serde_json::from_slice(&sandbox.run(["scan", "--format", "sarif"]).stdout).expect("SARIF is JSON");
    let result = &sarif["runs"][0]["results"][0];
    let location = &result["locations"][0];
    assert_eq!(location["physicalLocation"]["artifactLocation"]["uri"], "libs/a.zip");
    assert_eq!(
        location["physicalLocation"]["region"],
        serde_json::json!({ "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2 })
    );
    assert_eq!(location["logicalLocations"][0]["fullyQualifiedName"], "libs/a.zip!/b/c.yml:3:9");
    let message = result["message"]["text"].as_str().expect("a text");
    assert!(message.contains("It is in a container: libs/a.zip!/b/c.yml:3:9."), "{message}");
    let github = sandbox.run(["scan", "--format", "github"]).out();
    assert!(github.starts_with("::error file=libs/a.zip,title="), "{github}");
    assert!(github.contains("libs/a.zip!/b/c.yml:3:9"), "{github}");
    let junit = sandbox.run(["scan", "--format", "junit"]).out();
    assert!(junit.contains("libs/a.zip!/b/c.yml") && junit.contains("file=\"libs/a.zip\""), "{junit}");
}

/// What the tools made that everybody has: `zip`, 7-Zip, GNU and BSD tar, cpio, `dpkg-deb`, `rpmbuild`. Each has the same small text,
/// once; what was not looked at would be told.
#[test]
fn what_the_usual_tools_make_is_read_whole() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/containers");
    let mut told = String::new();
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the fixtures").map(|e| e.expect("an entry").path()).collect();
    // Documents and databases are more than one text.
    files.retain(|path| path.extension().is_none_or(|extension| extension != "pdf" && extension != "sqlite"));
    files.sort();
    for path in files {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).expect("it can be read");
        let mut members = Members::default();
        container::walk_bytes(&bytes, &name, &Limits::default(), &mut members);
        let mut streamed = Members::default();
        container::walk(Source::Stream(&mut &*bytes), &name, &Limits::default(), &mut streamed);
        // A program is told by its end, which a pipe has not given yet.
        if name != "program" {
            assert_eq!(members.texts, streamed.texts, "{name} from a pipe");
        }
        assert_eq!(members.texts.len(), 1, "{name}");
        told += &format!("{}\n", members.texts[0]);
    }
    insta::assert_snapshot!("of_tools", told);
}

/// The paths of the members that have the text.
#[derive(Default)]
struct Members {
    texts: Vec<String>,
}

impl Sink for Members {
    fn member(&mut self, member: Member<'_>) {
        let mut content = Vec::new();
        member.reader.read_to_end(&mut content).unwrap_or_else(|error| panic!("{}: {error}", member.path));
        if content.starts_with(b"made by the tools that everybody has\n") {
            self.texts.push(member.path.to_owned());
        }
    }

    fn skipped(&mut self, skipped: Skipped) {
        panic!("{}: {}", skipped.what, skipped.detail);
    }
}

/// An image of two layers, of which the second removes a file of the first: read from any place, from a pipe, and compressed.
#[test]
fn what_a_later_layer_removes_is_said_to_be_removed() {
    let layers = ["a", "b"].map(|digit| format!("{}/layer.tar", digit.repeat(64)));
    let first = tar(&[("app/.env", text(1).as_bytes()), ("app/kept.yml", text(2).as_bytes())]);
    let second = tar(&[("app/.wh..env", b"")]);
    let manifest = serde_json::json!([{ "Config": "config.json", "RepoTags": ["a:1"], "Layers": layers }]).to_string();
    let members: [(&str, &[u8]); 3] =
        [(&layers[0], &first), (&layers[1], &second), ("manifest.json", manifest.as_bytes())];
    let turned: Vec<_> = members.iter().copied().rev().collect();
    let packed: [(&str, &[u8]); 3] =
        [(&layers[0], &gzip(&first)), (&layers[1], &gzip(&second)), ("manifest.json", manifest.as_bytes())];
    for image in [tar(&members), tar(&turned), tar(&packed)] {
        let paths = |report: &crate::support::report::Report| {
            report.findings.iter().map(|found| found.path.clone()).collect::<Vec<_>>()
        };
        let expected = |name: &str| {
            ["<removed by a later layer>/app/.env", "app/kept.yml"].map(|path| format!("{name}!/{}!/{path}", layers[0]))
        };
        assert_eq!(paths(&Sandbox::with("i.tar", &image).scan(&[])), expected("i.tar"));
        assert_eq!(paths(&Sandbox::with("i.tar.gz", gzip(&image)).scan(&[])), expected("i.tar.gz"));
        for piped in [image.clone(), gzip(&image)] {
            let report = Sandbox::new().run_with(&["scan", "-", "--format", "json"], piped).json();
            assert_eq!(paths(&report), expected("<stdin>"));
        }
    }
}
