//! SEC-11: a scanner that runs on each change; and of SEC-04 what pipelines print.

use super::pipeline::{self, Step};
use super::say::Told;
use super::survey::{Survey, entries};
use crate::code::expression::Value;

/// Names of scanners for secrets, as commands, actions and hooks have them.
const SCANNERS: &[&str] = &[
    "cleansweep", "gitleaks", "trufflehog", "detect-secrets", "ggshield", "gitguardian", "kingfisher", "noseyparker",
    "git-secrets", "secretlint", "talisman", "secret-scanning", "secret_detection", "secret-detection", "betterleaks",
];

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let steps = pipeline::steps(survey);
    scanner(survey, &steps, told);
    printed(&steps, told);
}

fn names_one(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    SCANNERS.iter().any(|name| text.contains(name))
}

fn scanner(survey: &Survey<'_>, steps: &[Step<'_>], told: &mut Told<'_>) {
    let looked_at = "pipelines and hooks";
    let in_pipeline: Vec<&Step<'_>> = steps.iter().filter(|step| names_one(&step.text)).collect();
    let strict = in_pipeline.iter().find(|step| !step.is_tolerant && on_each_change(survey, step.path));
    if let Some(step) = strict {
        told.pass("SEC-11", "a step that may fail without effect, or that runs by hand only, would not have counted")
            .reason("A step of the pipeline scans each change for secrets, and its failure counts.")
            .looked_at(looked_at)
            .counted(1, 1, "scanners")
            .change("the step taken out, or its failure ignored")
            .at(step.path, step.line);
        return;
    }
    if let Some(step) = in_pipeline.first() {
        told.review("SEC-11")
            .reason("A scanner is in the pipeline; it may fail without effect, or does not run on each change.")
            .looked_at(looked_at)
            .change("the step on each push and pull request, without `continue-on-error`")
            .at(step.path, step.line);
        return;
    }
    let hooks = survey.settings.iter().filter(|file| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        name.starts_with(".pre-commit-config")
            || name.starts_with("lefthook")
            || name == "package.json"
            || name == ".gitlab-ci.yml"
            || name.starts_with(".lintstaged")
    });
    let mut found: Vec<(&str, u32)> = Vec::new();
    for file in hooks {
        for (key, value, line) in file.documents.iter().flat_map(entries) {
            // That a scanner is installed says nothing of its running.
            let is_dependency = key.contains("ependencies");
            if !is_dependency && value.text().is_some_and(names_one) {
                found.push((file.path, line));
            }
        }
    }
    for path in
        survey.paths(|path| path.contains(".husky/") || path.contains(".githooks/") || path.ends_with("Jenkinsfile"))
    {
        let text = survey.text(path).unwrap_or_default();
        if let Some((line, _)) =
            super::survey::numbered(text).find(|(_, line)| !line.trim_start().starts_with('#') && names_one(line))
        {
            found.push((path, line));
        }
    }
    if !found.is_empty() {
        told.review("SEC-11")
            .reason("A hook runs a scanner; it works only where somebody has installed it.")
            .looked_at(looked_at)
            .change("the same scan as a step of the pipeline")
            .at_all(found);
    }
}

/// Whether a pipeline runs whenever something is pushed. Services without `on` do.
fn on_each_change(survey: &Survey<'_>, path: &str) -> bool {
    if !path.contains("/workflows/") {
        return true;
    }
    let mut documents = survey.settings.iter().filter(|file| file.path == path).flat_map(|file| &file.documents);
    let events = ["push", "pull_request", "pull_request_target", "merge_group"];
    documents.any(|document| match document.get("on").or_else(|| document.get("true")) {
        Some(Value::Text(one)) => events.contains(&one.as_str()),
        Some(Value::List(many)) => many.iter().filter_map(Value::text).any(|one| events.contains(&one)),
        Some(Value::Table(table)) => table.iter().any(|entry| events.contains(&entry.key.as_str())),
        _ => false,
    })
}

/// SEC-04 is passed by logs that are given, so that nothing is said here of pipelines that print nothing.
fn printed(steps: &[Step<'_>], told: &mut Told<'_>) {
    let looked_at = "commands of pipelines";
    for step in steps {
        let mut traced = false;
        for (at, line) in step.run.lines().enumerate() {
            let line = line.trim();
            if prints_secret(line) && !is_taken(&step.run, at) {
                told.fail("SEC-04")
                    .reason("A step of the pipeline prints a variable that is named like a secret.")
                    .looked_at(looked_at)
                    .counted(steps.len(), steps.len(), "steps")
                    .change("the command taken out, and the value rotated")
                    .at(step.path, step.line);
            }
            let words: Vec<&str> = line.split(|c: char| c.is_whitespace() || c == ';').collect();
            let is_trace = |word: &str| word.starts_with('-') && !word.starts_with("--") && word.contains('x');
            traced |= words.windows(2).any(|pair| matches!(pair[0], "set" | "bash" | "sh") && is_trace(pair[1]))
                || line.contains("set -o xtrace");
        }
        if traced {
            let is_bad = step.has_secret && (step.run.contains("secrets.") || names_secret(&step.run));
            let say = if is_bad { told.fail("SEC-04") } else { told.review("SEC-04") };
            let _ = say
                .reason("A step of the pipeline traces its commands, and prints what is in their variables.")
                .looked_at(looked_at)
                .counted(steps.len(), steps.len(), "steps")
                .change("the step without the trace")
                .at(step.path, step.line);
        }
        let dumps =
            step.run.lines().any(|line| matches!(line.trim(), "env" | "printenv" | "env | sort" | "export" | "set"));
        if dumps && step.has_secret {
            told.review("SEC-04")
                .reason("A step of the pipeline prints its whole environment.")
                .looked_at(looked_at)
                .counted(steps.len(), steps.len(), "steps")
                .change("the command taken out")
                .at(step.path, step.line);
        }
    }
}

/// `echo $SECRET`, but not into a file or another program.
fn prints_secret(line: &str) -> bool {
    let prints = ["echo ", "printf ", "cat <<<", "print ", "console.log("].iter().any(|start| line.starts_with(start));
    // `echo "::add-mask::$TOKEN"` is what keeps it out of the log.
    let is_taken = line.contains('|') || line.contains('>') || line.contains("::add-mask::");
    prints && !is_taken && (line.contains("secrets.") || names_secret(line))
}

/// Whether a line stands in a group that is written to a file or to another program: `{ … } >> "$GITHUB_ENV"`, `( … ) | tool`.
fn is_taken(run: &str, at: usize) -> bool {
    let opens = |line: &str| matches!(line.trim(), "{" | "(") || line.trim_end().ends_with("() {");
    let closes = |line: &str| line.trim_start().starts_with(['}', ')']);
    let lines: Vec<&str> = run.lines().collect();
    let is_open = lines[..at.min(lines.len())].iter().rev().take_while(|line| !closes(line)).any(|line| opens(line));
    let end = lines.iter().skip(at + 1).find(|line| closes(line));
    is_open && end.is_some_and(|end| end.contains('>') || end.contains('|'))
}

fn names_secret(text: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        let name =
            text[at + 1..].trim_start_matches('{').split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
        let name = name.unwrap_or_default().to_ascii_uppercase();
        ["SECRET", "TOKEN", "PASSWORD", "API_KEY", "PRIVATE_KEY", "ACCESS_KEY"].iter().any(|word| name.contains(word))
    })
}
