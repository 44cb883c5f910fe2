//! Source maps: beside a script and in it, in files, archives, histories and standard input.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::Sandbox;
use crate::support::gitcli::Git;
use crate::support::packed::{Zipped, gzip, tar, zip};
use crate::support::report::Report;
use crate::support::secrets::github;

/// One number of a source map's mappings.
fn vlq(number: i64) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut rest, mut text) = (number.unsigned_abs() << 1 | u64::from(number < 0), String::new());
    loop {
        let more = if rest > 31 { 32 } else { 0 };
        text.push(char::from(DIGITS[(rest & 31 | more) as usize]));
        rest >>= 5;
        if more == 0 {
            return text;
        }
    }
}

/// A script of one line, the source it was made from, and its map. The token's string begins at column 9 of line 3 of the source.
struct Made {
    script: String,
    map: String,
    column: u64,
}

fn made(token: &str) -> Made {
    made_of(token, 3)
}

/// The same with so many functions before it in the script, and as many lines behind it in the source.
fn made_of(token: &str, functions: usize) -> Made {
    let behind = "export default t;\n".repeat(functions);
    let source = format!("// the client\n\nconst t= \"{token}\";\n{behind}");
    let lead = "!function(){var e=1;".repeat(functions);
    let script = format!("{lead}const t=\"{token}\";export{{t as default}};");
    let string = lead.len() + "const t=".len();
    let mappings = [
        [0, 0, 0, 0].map(vlq).concat(),
        [string as i64, 0, 2, 9].map(vlq).concat(),
        [token.len() as i64 + 2, 0, 0, token.len() as i64 + 2].map(vlq).concat(),
    ];
    let map = json!({
        "version": 3, "file": "app.js", "names": [], "mappings": mappings.join(","),
        "sources": ["webpack:///./src/config.ts"], "sourcesContent": [source],
    });
    Made { script, map: map.to_string(), column: string as u64 + 2 }
}

/// Path, line and column of each finding, and the place it was built from.
fn places(report: &Value) -> Vec<(String, u64, u64, Option<String>)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let number = |value: &Value| value.as_u64().expect("a number");
    let from = |value: &Value| {
        value.is_object().then(|| format!("{}:{}:{}", text(&value["path"]), value["line"], value["column"]))
    };
    let findings = report["findings"].as_array().expect("findings").iter();
    findings.map(|f| (text(&f["path"]), number(&f["line"]), number(&f["column"]), from(&f["built_from"]))).collect()
}

#[test]
fn a_map_beside_a_script() {
    let token = github(1);
    let Made { script, map, column } = made(&token);
    let sandbox = Sandbox::with("web/app.js", format!("{script}\n//# sourceMappingURL=app.js.map\n"));
    sandbox.file("web/app.js.map", map);
    let report = sandbox.scan(&[]);
    assert_eq!(
        places(&report.json),
        [
            ("web/app.js".to_owned(), 1, column, Some("src/config.ts:3:11".to_owned())),
            ("web/app.js.map!/src/config.ts".to_owned(), 3, 11, None),
        ]
    );
    assert_eq!(report.json["findings"][1]["container"], "web/app.js.map");
    assert_eq!(report.summary()["credentials"], 1);
    let text = String::from_utf8(sandbox.run(["scan"]).assert_code(1).stdout).expect("it is text");
    assert!(text.contains("    from src/config.ts:3:11\n"), "{text}");
    // A credential that is in no source is told where it stands.
    let other =
        format!("{{\"version\":3,\"sources\":[\"a\"],\"sourcesContent\":[\"b\"],\"mappings\":\"\",\"x\":\"{token}\"}}");
    let report = Sandbox::with("a.map", other).scan(&[]);
    assert_eq!(report.one().path, "a.map");
}

#[test]
fn a_map_in_the_script_itself() {
    let token = github(1);
    let Made { script, map, column } = made(&token);
    let data = STANDARD.encode(map);
    let text = format!("{script}\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,{data}\n");
    let report = Sandbox::with("app.js", text).scan(&[]);
    assert_eq!(
        places(&report.json),
        [
            ("app.js".to_owned(), 1, column, Some("src/config.ts:3:11".to_owned())),
            ("app.js!/src/config.ts".to_owned(), 3, 11, None),
        ]
    );
}

/// What a map says is not believed where it leads out of the folder, nor is a broken one a reason not to look.
#[test]
fn maps_that_are_not_what_they_should_be() {
    let token = github(1);
    let Made { script, map, column } = made(&token);
    let sandbox = Sandbox::with("web/app.js", format!("{script}\n//# sourceMappingURL=../app.js.map\n"));
    sandbox.file("app.js.map", &map).file("web/broken.js.map", format!("{{\"version\":3,\"sources\":[{token}"));
    sandbox.file("web/deep.js.map", "[".repeat(100_000));
    let report = sandbox.scan(&[]);
    let found = places(&report.json);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.contains(&("web/app.js".into(), 1, column, None)));
    assert!(found.iter().any(|(path, ..)| path == "web/broken.js.map"));
}

/// A comment in a source silences there, as in any file; in a history too, but not in what was packed.
#[test]
fn a_source_has_comments_of_its_own() {
    let source = format!("const t = '{}'; // cleansweep:allow a key of the demo\n", github(1));
    let map = json!({ "version": 3, "sources": ["a.ts"], "sourcesContent": [source], "mappings": "" }).to_string();
    let report = Sandbox::with("a.js.map", &map).scan(&[]);
    assert_eq!(report.findings.len(), 0);
    assert_eq!(report.json["silenced"][0]["path"], "a.js.map!/a.ts");
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.commit(&[("a.js.map", &map)], "add");
    git.remove(&["a.js.map"]);
    assert_eq!(in_history(&sandbox, &git).findings.len(), 0);
    let report = Sandbox::with("a.zip", zip(&[Zipped::new("a.js.map", map.as_bytes())])).scan(&[]);
    assert_eq!(report.one().path, "a.zip!/a.js.map!/a.ts");
}

/// A map that comes before its script or after it, in an archive of any kind, in another one, and in one that is piped in.
#[test]
fn a_map_beside_a_script_in_an_archive() {
    let token = github(1);
    // The larger ones are read in batches.
    for functions in [3, 150_000] {
        let Made { script, map, column } = made_of(&token, functions);
        let script = format!("{script}\n//# sourceMappingURL=app.js.map\n");
        let (script, map) = (script.as_bytes(), map.as_bytes());
        let members = [("dist/app.js", script), ("dist/app.js.map", map), ("dist/no.js", b"no".as_slice())];
        let turned: Vec<_> = members.iter().copied().rev().collect();
        let zipped = |members: &[(&'static str, &[u8])]| {
            zip(&members.iter().map(|(name, content)| Zipped::new(name, content)).collect::<Vec<_>>())
        };
        for (name, within, bytes) in [
            ("a.tgz", "", gzip(&tar(&members))),
            ("b.tgz", "", gzip(&tar(&turned))),
            ("a.zip", "", zipped(&members)),
            ("b.zip", "", zipped(&turned)),
            ("a.tar", "in.zip!/", tar(&[("in.zip", &zipped(&members))])),
        ] {
            let expected = |name: &str| {
                [
                    (format!("{name}!/{within}dist/app.js"), 1, column, Some("src/config.ts:3:11".to_owned())),
                    (format!("{name}!/{within}dist/app.js.map!/src/config.ts"), 3, 11, None),
                ]
            };
            let report = Sandbox::with(name, &bytes).scan(&[]);
            assert_eq!(places(&report.json), expected(name), "{name}, {functions} functions");
            assert_eq!(report.skipped(), []);
            let piped = Sandbox::new().run_with(&["scan", "-", "--format", "json"], bytes).json();
            assert_eq!(places(&piped.json), expected("<stdin>"), "{name} piped in, {functions} functions");
        }
    }
}

#[test]
fn a_map_in_a_script_that_is_piped_in() {
    let token = github(1);
    for functions in [3, 150_000] {
        let Made { script, map, column } = made_of(&token, functions);
        let data = STANDARD.encode(map);
        let text = format!("{script}\n//# sourceMappingURL=data:application/json;base64,{data}\n");
        let report = Sandbox::new().run_with(&["scan", "-", "--format", "json"], text).json();
        let expected = [
            ("<stdin>".to_owned(), 1, column, Some("src/config.ts:3:11".to_owned())),
            ("<stdin>!/src/config.ts".to_owned(), 3, 11, None),
        ];
        assert_eq!(places(&report.json), expected, "{functions} functions");
    }
}

fn in_history(sandbox: &Sandbox, git: &Git<'_>) -> Report {
    sandbox.command(["scan", "--format", "json", "--history-only"]).within(&git.top).run().json()
}

/// The paths of the exposures of the only finding.
#[track_caller]
fn exposures(report: &Report) -> Vec<String> {
    report.one();
    let exposures = report.json["findings"][0]["history"]["exposures"].as_array().expect("exposures");
    let mut paths: Vec<_> = exposures.iter().map(|one| one["path"].as_str().expect("a path").to_owned()).collect();
    paths.sort();
    paths
}

#[test]
fn maps_in_a_history() {
    let token = github(1);
    let Made { script, map, column } = made(&token);
    let bare = map.replace("\"sourcesContent\":[\"", "\"x\":[\"").replace(&token, "");
    let beside = format!("{script}\n//# sourceMappingURL=app.js.map\n");
    let data = STANDARD.encode(&map);
    let inline = format!("{script}\n//# sourceMappingURL=data:application/json;base64,{data}\n");
    let source = ("src/config.ts".to_owned(), 3, 11);
    type Case<'c> = (&'c [(&'c str, &'c str)], Vec<&'c str>);
    let cases: [Case<'_>; 3] = [
        (&[("web/app.js", &beside), ("web/app.js.map", &bare)], vec!["web/app.js"]),
        (&[("web/app.js.map", &map)], vec!["web/app.js.map!/src/config.ts"]),
        (&[("app.js", &inline)], vec!["app.js", "app.js!/src/config.ts"]),
    ];
    for (files, expected) in cases {
        let sandbox = Sandbox::new();
        let git = Git::started(&sandbox);
        git.commit(files, "add");
        git.commit(&[("other", "thing\n")], "more");
        git.remove(&files.iter().map(|(path, _)| *path).collect::<Vec<_>>());
        let report = in_history(&sandbox, &git);
        assert_eq!(exposures(&report), expected);
        let found = places(&report.json).remove(0);
        let told = match &found.3 {
            // Where it is, and where it was in the sources.
            Some(from) => {
                assert_eq!((found.1, found.2), (1, column));
                let parts: Vec<&str> = from.split(':').collect();
                (parts[0].to_owned(), parts[1].parse().expect("a line"), parts[2].parse().expect("a column"))
            }
            None => (found.0.split("!/").last().expect("a name").to_owned(), found.1, found.2),
        };
        assert_eq!(told, source, "{found:?}");
        // What was kept of the first scan tells the same.
        assert_eq!(in_history(&sandbox, &git).json["findings"], report.json["findings"]);
    }
}
