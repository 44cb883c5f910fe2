//! Searching only what is new in each object gives what scanning every content whole gives: on packs of random histories, in
//! which secrets are moved, copied, cut in two and joined again.

use std::collections::BTreeSet;

use crate::support::gitcli::Git;
use crate::support::report::Report;
use crate::support::secrets::{github, sample};
use crate::support::{Random, Sandbox};

/// Object, line, column and rule.
type Sighting = (String, u64, u64, String);

/// What may stand on a line.
fn fragment(random: &mut Random) -> String {
    let seed = random.below(6) as u64;
    match random.below(9) {
        0 => format!("token = '{}'", github(seed)),
        1 => format!("aws_access_key_id = {}", sample("aws-access-key-id", seed)),
        2 => format!("slack: \"{}\"", sample("slack-bot-token", seed)),
        3 => {
            // Half of a secret, and perhaps the other half right after it.
            let whole = github(seed);
            let (first, second) = whole.split_at(8 + random.below(20));
            if random.below(2) == 0 { format!("x = {first}") } else { format!("{first}\n{second}") }
        }
        4 => format!("db_password = '{}'", Random::new(seed + 100).letters(18)),
        5 => "password = ".to_owned(),
        6 => sample("stripe-secret-key", seed),
        _ => random.letters(30),
    }
}

/// The next version of a text.
fn edited(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    for _ in 0..1 + random.below(4) {
        let at = random.below(lines.len() + 1);
        match random.below(6) {
            0 | 1 => lines.insert(at, fragment(random) + "\n"),
            2 if at < lines.len() => drop(lines.remove(at)),
            3 if at < lines.len() => {
                // Joins two lines: what was apart stands together.
                let joined = lines[at].trim_end().to_owned();
                lines[at] = joined;
            }
            4 if at < lines.len() => {
                let moved = lines.remove(at);
                lines.insert(random.below(lines.len() + 1), moved);
            }
            5 if at < lines.len() => {
                let line = lines[at].clone();
                let cut = random.below(line.len() + 1);
                if line.is_char_boundary(cut) {
                    lines[at] = format!("{}{}", &line[..cut], &line[(cut + random.below(3)).min(line.len())..]);
                }
            }
            _ => lines.insert(at, lines.get(at).cloned().unwrap_or_default()),
        }
    }
    lines.concat()
}

fn told(report: &Report) -> BTreeSet<Sighting> {
    let findings = report.json["findings"].as_array().expect("findings");
    let mut told = BTreeSet::new();
    for finding in findings {
        let rule = finding["rule"].as_str().expect("a text").to_owned();
        for one in finding["history"]["occurrences"].as_array().expect("they were asked for") {
            let number = |name: &str| one[name].as_u64().expect("a number");
            let object = one["object"].as_str().expect("a text").to_owned();
            told.insert((object, number("line"), number("column"), rule.clone()));
        }
    }
    told
}

#[test]
fn only_what_is_new_is_searched_and_nothing_is_lost() {
    for seed in 0..6 {
        let sandbox = Sandbox::new();
        let git = Git::started(&sandbox);
        let mut random = Random::new(seed);
        let mut text: String = (0..60).map(|_| fragment(&mut random) + "\n").collect();
        for version in 0..40 {
            text = edited(&text, &mut random);
            git.commit(&[("conf.ini", &text)], &format!("version {version}"));
        }
        git.repack();
        assert!(!git.packs("pack").is_empty());
        let report = sandbox.scan(&["repo", "--history-only", "--no-cache", "--all-occurrences"]);
        let told = told(&report);

        let list = git.run(&["cat-file", "--batch-all-objects", "--batch-check"]);
        for line in list.lines().filter(|line| line.contains(" blob ")) {
            let id = line.split(' ').next().expect("a name");
            let content = git.run(&["cat-file", "blob", id]) + "\n";
            sandbox.file(format!("whole/{id}/conf.ini"), content);
        }
        let whole = sandbox.scan(&["whole"]);
        let expected: BTreeSet<Sighting> = whole
            .findings
            .iter()
            .map(|f| {
                let object = f.path.split('/').next().expect("a folder").to_owned();
                (object, f.line, f.column, f.rule.clone())
            })
            .collect();
        let lost: Vec<&Sighting> = expected.difference(&told).collect();
        let invented: Vec<&Sighting> = told.difference(&expected).collect();
        assert!(lost.is_empty() && invented.is_empty(), "seed {seed}: lost {lost:#?}, invented {invented:#?}");
        assert!(expected.len() > 100, "there is something to lose: {}", expected.len());
    }
}
