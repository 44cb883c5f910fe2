//! The steps of pipelines, of whichever service.

use super::survey::{SettingsFile, Survey};
use crate::code::expression::Value;

/// A step.
pub(super) struct Step<'s> {
    pub(super) path: &'s str,
    pub(super) line: u32,
    /// The job it is in, by name.
    pub(super) job: String,
    /// The jobs that this one waits for; for a service with stages, those of earlier stages.
    pub(super) needs: Vec<String>,
    /// Where it stands among the steps of its file.
    pub(super) order: usize,
    /// What it runs or uses, and what it is called.
    pub(super) text: String,
    /// The commands alone.
    pub(super) run: String,
    /// Whether its failure changes nothing.
    pub(super) is_tolerant: bool,
    /// Whether a secret is in its environment.
    pub(super) has_secret: bool,
    /// Whether its job makes a cluster for itself, that is gone when the job ends.
    pub(super) has_own_cluster: bool,
}

/// Whether a file is the configuration of a pipeline.
pub(super) fn is_pipeline(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.contains(".github/workflows/")
        || path.contains(".gitea/workflows/")
        || path.contains(".forgejo/workflows/")
        || path.contains(".circleci/")
        || path.contains(".buildkite/")
        || path.contains(".woodpecker")
        || matches!(
            name,
            ".gitlab-ci.yml"
                | "azure-pipelines.yml"
                | "bitbucket-pipelines.yml"
                | ".travis.yml"
                | ".drone.yml"
                | "cloudbuild.yaml"
                | "cloudbuild.yml"
                | "buildspec.yml"
        )
}

/// The steps of all pipelines, in order.
pub(super) fn steps<'s>(survey: &'s Survey<'_>) -> Vec<Step<'s>> {
    let mut steps = Vec::new();
    for file in survey.settings.iter().filter(|file| is_pipeline(file.path)) {
        for document in &file.documents {
            match document.get("jobs") {
                Some(Value::Table(jobs)) if jobs.iter().any(|job| job.value.get("steps").is_some()) => {
                    let outer = has_secret(document.get("env"));
                    jobs.iter().for_each(|job| github(file, &job.key, &job.value, outer, &mut steps));
                }
                _ => other(file, document, &mut steps),
            }
        }
    }
    steps
}

fn github<'s>(file: &'s SettingsFile<'_>, name: &str, job: &Value, outer: bool, out: &mut Vec<Step<'s>>) {
    let needs = match job.get("needs") {
        Some(Value::Text(one)) => vec![one.clone()],
        Some(Value::List(many)) => many.iter().filter_map(Value::text).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let outer = outer || has_secret(job.get("env"));
    let tolerant_job = job.get("continue-on-error") == Some(&Value::Flag(true));
    let Some(Value::List(steps)) = job.get("steps") else { return };
    let makes_cluster = |step: &Value| {
        let of = |key: &str| step.get(key).and_then(Value::text).unwrap_or_default().to_ascii_lowercase();
        let (uses, run) = (of("uses"), of("run"));
        ["kind-action", "k3d", "minikube", "microk8s", "setup-kind"].iter().any(|name| uses.contains(name))
            || ["kind create cluster", "k3d cluster create", "minikube start"].iter().any(|name| run.contains(name))
    };
    let has_own_cluster = steps.iter().any(makes_cluster);
    for step in steps {
        let text_of = |key: &str| step.get(key).and_then(Value::text).unwrap_or_default();
        // CircleCI writes `run: {name, command}`.
        let run = match step.get("run") {
            Some(table @ Value::Table(_)) => table.get("command").and_then(Value::text).unwrap_or_default(),
            _ => text_of("run"),
        };
        let line = ["run", "uses", "name"].iter().filter_map(|key| step.entry(key)).map(|entry| entry.line).next();
        let line = line.unwrap_or(1);
        out.push(Step {
            path: file.path,
            line,
            job: name.to_owned(),
            needs: needs.clone(),
            order: out.len(),
            text: format!("{} {} {run}", text_of("name"), text_of("uses")),
            run: run.to_owned(),
            is_tolerant: tolerant_job
                || step.get("continue-on-error") == Some(&Value::Flag(true))
                || run.contains("|| true"),
            has_secret: outer || has_secret(step.get("env")),
            has_own_cluster,
        });
    }
}

/// Services that list commands: GitLab, Travis, Bitbucket and their like. Stages are taken in the order in which they are listed.
fn other<'s>(file: &'s SettingsFile<'_>, document: &Value, out: &mut Vec<Step<'s>>) {
    let Value::Table(entries) = document else { return };
    let stages: Vec<&str> = match document.get("stages") {
        Some(Value::List(stages)) => stages.iter().filter_map(Value::text).collect(),
        _ => vec!["build", "test", "deploy"],
    };
    let stage = |job: &Value| {
        let name = job.get("stage").and_then(Value::text).unwrap_or("test");
        stages.iter().position(|stage| *stage == name).unwrap_or(0)
    };
    let jobs: Vec<(&str, usize)> = entries.iter().map(|entry| (entry.key.as_str(), stage(&entry.value))).collect();
    for entry in entries {
        let mut commands = Vec::new();
        gather(&entry.value, &entry.key, entry.line, &mut commands);
        let own = stage(&entry.value);
        let needs =
            jobs.iter().filter(|(_, other)| *other < own).map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
        for (run, line) in commands {
            out.push(Step {
                path: file.path,
                line,
                job: entry.key.clone(),
                needs: needs.clone(),
                order: out.len(),
                text: format!("{} {run}", entry.key),
                is_tolerant: entry.value.get("allow_failure") == Some(&Value::Flag(true)) || run.contains("|| true"),
                has_secret: true,
                has_own_cluster: false,
                run,
            });
        }
    }
}

fn gather(value: &Value, key: &str, line: u32, out: &mut Vec<(String, u32)>) {
    let is_command = matches!(
        key,
        "script"
            | "run"
            | "command"
            | "commands"
            | "before_script"
            | "after_script"
            | "bash"
            | "deploy"
            | "install"
            | "args"
    );
    match value {
        Value::Text(text) if is_command => out.push((text.clone(), line)),
        Value::List(values) => values.iter().for_each(|value| gather(value, key, line, out)),
        Value::Table(entries) => entries.iter().for_each(|entry| gather(&entry.value, &entry.key, entry.line, out)),
        _ => {}
    }
}

fn has_secret(environment: Option<&Value>) -> bool {
    let mut has = false;
    if let Some(environment) = environment {
        environment.each(&mut |part| has |= part.text().is_some_and(|text| text.contains("secrets.")));
    }
    has
}

/// Whether a step deploys.
pub(super) fn deploys(step: &Step<'_>) -> bool {
    let text = step.text.to_ascii_lowercase();
    const COMMANDS: &[&str] = &[
        "fly deploy", "flyctl deploy", "kubectl apply", "kubectl set image", "kubectl rollout", "helm upgrade",
        "vercel --prod", "vercel deploy", "netlify deploy", "cap production", "eb deploy", "ecs update-service",
        "gcloud run deploy", "gcloud app deploy", "git push heroku", "heroku container:release", "railway up",
        "wrangler deploy", "wrangler publish", "kamal deploy", "serverless deploy", "sls deploy", "cdk deploy",
        "terraform apply", "firebase deploy", "ansible-playbook", "api.render.com/deploy",
    ];
    let by_action =
        text.split_whitespace().any(|word| word.contains('/') && word.contains("deploy") && word.contains('@'));
    let words: Vec<&str> = text.split_whitespace().collect();
    let script = words.iter().enumerate().any(|(at, word)| {
        let file = word.rsplit('/').next().unwrap_or_default();
        let is_script = file.contains(".sh") || word.starts_with("./") || word.starts_with("deploy:");
        // A deploy key is what a repository is read with.
        let is_key = words.get(at + 1).is_some_and(|next| next.starts_with("key"));
        file.contains("deploy") && is_script || *word == "deploy" && !is_key
    });
    // The pages that tell of a product are not the product.
    let name = step.path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let pages = name
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| matches!(word, "doc" | "docs" | "documentation" | "storybook"))
        || ["mkdocs", "docusaurus", "storybook"].iter().any(|tool| text.contains(tool));
    !step.has_own_cluster
        && !pages
        && (COMMANDS.iter().any(|command| text.contains(command)) || by_action || script)
        && !tests(step)
}

/// Whether a step tries what was deployed.
pub(super) fn tests(step: &Step<'_>) -> bool {
    let text = step.text.to_ascii_lowercase();
    let asks =
        text.contains("curl") && (text.contains("health") || text.contains("--fail") || text.contains("curl -f"));
    asks || ["smoke", "e2e", "playwright", "cypress", "healthcheck", "health-check", "newman"]
        .iter()
        .any(|word| text.contains(word))
}

/// Whether one step comes after another, by its job or by what its job waits for.
pub(super) fn is_after(step: &Step<'_>, other: &Step<'_>) -> bool {
    step.path == other.path && (step.job == other.job && step.order > other.order || step.needs.contains(&other.job))
}
