//! Writing reports: to standard output once, to files atomically.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{ArgMatches, ValueEnum};
use cleansweep::report::{json, launch, plan, sarif};

use super::error::CliError;

/// Formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a person at a terminal
    Text,
    /// One document; `cleansweep schema json` describes it
    Json,
    /// One line for each finding, the summary last; `cleansweep schema jsonl`
    Jsonl,
    /// SARIF 2.1.0, for GitHub code scanning and other tools
    Sarif,
    /// Annotations of a GitHub Actions workflow, the ten most urgent of each kind; print it in a step
    Github,
    /// JUnit XML, for GitLab, Jenkins and others that show tests
    Junit,
    /// RFC 4180, for spreadsheets
    Csv,
    /// For a comment on a pull request or a ticket
    Markdown,
}

/// For whom a SARIF report is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SarifProfile {
    /// The most urgent results, within the limits of GitHub code scanning
    Github,
    /// Every finding and what is silenced, however much it is
    Full,
}

impl From<SarifProfile> for sarif::Profile {
    fn from(profile: SarifProfile) -> Self {
        match profile {
            SarifProfile::Github => Self::Github,
            SarifProfile::Full => Self::Full,
        }
    }
}

/// Formats with a schema of our own.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SchemaFormat {
    Json,
    Jsonl,
    /// Of `cleansweep rotate plan --format json`
    Plan,
    /// Of `cleansweep launch report --for json`
    Launch,
    /// Of `cleansweep launch plan --format json`
    LaunchPlan,
    /// Of `cleansweep launch diff --format json`
    LaunchDiff,
}

/// Where one report goes.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) format: Format,
    /// Standard output if there is none.
    pub(crate) file: Option<PathBuf>,
}

/// Pairs each `-o` with the `--format` before it. A format without file goes to standard output; a file without format gets
/// that of its name.
pub(crate) fn targets(matches: &ArgMatches) -> Result<Vec<Target>, CliError> {
    let mut words: Vec<(usize, Word)> = Vec::new();
    if let (Some(values), Some(indices)) = (matches.get_many::<Format>("format"), matches.indices_of("format")) {
        words.extend(indices.zip(values.map(|format| Word::Format(*format))));
    }
    if let (Some(values), Some(indices)) = (matches.get_many::<PathBuf>("output"), matches.indices_of("output")) {
        words.extend(indices.zip(values.map(|file| Word::File(file.clone()))));
    }
    words.sort_by_key(|(index, _)| *index);

    let mut targets: Vec<Target> = Vec::new();
    for (_, word) in words {
        match word {
            Word::Format(format) => targets.push(Target { format, file: None }),
            Word::File(file) => match targets.last_mut() {
                Some(target) if target.file.is_none() => target.file = Some(file),
                _ => targets.push(Target { format: format_of(&file)?, file: Some(file) }),
            },
        }
    }
    if targets.is_empty() {
        targets.push(Target { format: Format::Text, file: None });
    }
    if targets.iter().filter(|t| t.file.is_none()).count() > 1 {
        return Err(CliError::usage("two reports would go to standard output")
            .hint("give each --format its own -o FILE, but for one"));
    }
    let mut files: Vec<&PathBuf> = targets.iter().filter_map(|t| t.file.as_ref()).collect();
    files.sort();
    if let Some(twice) = files.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(CliError::usage(format!("{}: two reports would go to one file", twice[0].display())));
    }
    Ok(targets)
}

enum Word {
    Format(Format),
    File(PathBuf),
}

fn format_of(file: &Path) -> Result<Format, CliError> {
    match file.extension().and_then(|e| e.to_str()) {
        Some("sarif") => Ok(Format::Sarif),
        Some("json") => Ok(Format::Json),
        Some("jsonl" | "ndjson") => Ok(Format::Jsonl),
        Some("txt") => Ok(Format::Text),
        Some("xml") => Ok(Format::Junit),
        Some("csv") => Ok(Format::Csv),
        Some("md" | "markdown") => Ok(Format::Markdown),
        _ => Err(CliError::usage(format!("{}: the name does not tell the format", file.display()))
            .hint("put --format before -o")),
    }
}

/// The JSON Schema of a format.
pub(crate) fn schema(format: SchemaFormat) -> Result<String, CliError> {
    let schema = match format {
        SchemaFormat::Json => schemars::schema_for!(json::Report),
        SchemaFormat::Jsonl => schemars::schema_for!(json::Line),
        SchemaFormat::Plan => schemars::schema_for!(plan::PlanReport),
        SchemaFormat::Launch => schemars::schema_for!(launch::model::LaunchReport),
        SchemaFormat::LaunchPlan => schemars::schema_for!(launch::plan::LaunchPlan<'_>),
        SchemaFormat::LaunchDiff => schemars::schema_for!(launch::diff::Diff),
    };
    let text = serde_json::to_string_pretty(&schema).map_err(|e| CliError::usage(e.to_string()))?;
    Ok(text + "\n")
}

/// Writes `text` to standard output, styles included where it is a terminal that shows them.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    done(Path::new("standard output"), out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Writes what `fill` gives to standard output, or to a file that appears whole or not at all.
pub(crate) fn write(file: Option<&Path>, fill: impl Fn(&mut dyn Write) -> io::Result<()>) -> Result<(), CliError> {
    let Some(path) = file else {
        let mut out = BufWriter::new(io::stdout().lock());
        return done(Path::new("standard output"), fill(&mut out).and_then(|()| out.flush()));
    };
    done(path, write_file(path, &fill))
}

/// Writes a file that must not be there yet; it appears whole or not at all.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<(), CliError> {
    let written = temporary(path, &|out| out.write_all(text.as_bytes()))
        .and_then(|temporary| readable_as_usual(temporary.as_file()).map(|()| temporary))
        .and_then(|temporary| temporary.persist_noclobber(path).map(drop).map_err(|e| e.error));
    done(path, written)
}

/// Writes a file that must not be there yet and that nobody else may read; it appears whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let written = temporary(path, &|out| out.write_all(bytes))
        .and_then(|temporary| readable_by_user(temporary.as_file()).map(|()| temporary))
        .and_then(|temporary| temporary.persist_noclobber(path).map(drop).map_err(|e| e.error));
    done(path, written)
}

fn write_file(path: &Path, fill: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // What exists and is no plain file, like /dev/null or a pipe, cannot be replaced.
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        let mut out = BufWriter::new(std::fs::OpenOptions::new().write(true).open(path)?);
        return fill(&mut out).and_then(|()| out.flush());
    }
    let temporary = temporary(path, fill)?;
    readable_as_usual(temporary.as_file())?;
    temporary.persist(path).map(drop).map_err(|e| e.error)
}

/// A file beside `path` with what `fill` writes, for the user alone.
fn temporary(path: &Path, fill: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<tempfile::NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut temporary = tempfile::Builder::new().prefix(".cleansweep-").tempfile_in(folder)?;
    {
        let mut out = BufWriter::new(temporary.as_file_mut());
        fill(&mut out)?;
        out.flush()?;
    }
    Ok(temporary)
}

/// Temporary files are made for the user alone; a report has the permissions any new file has.
#[cfg(unix)]
fn readable_as_usual(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

/// They are made so already; this holds it, whatever makes them.
#[cfg(unix)]
fn readable_by_user(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn readable_by_user(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn readable_as_usual(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}

/// A reader that has seen enough, like `head`, is no error.
fn done(path: &Path, result: io::Result<()>) -> Result<(), CliError> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::write(path, &error)),
        _ => Ok(()),
    }
}
