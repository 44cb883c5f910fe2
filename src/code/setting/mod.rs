//! Files of settings: YAML, TOML, JSON, properties, `.env` and the block languages of nginx, Caddy and Terraform, as one kind of
//! value. Nothing is evaluated, and what refers to something else is [`Value::Unknown`](super::expression::Value).

mod blocks;
mod json;
mod lines;
mod toml;
mod yaml;

use super::expression::Value;

/// What a file of settings is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
    /// JSON, with comments.
    Json,
    /// Keys and values, one a line, with `[sections]`: `.env`, `.properties`, `.ini`, `.conf` of that kind.
    Lines,
    /// Words, `;` and braces: nginx, Caddy, Terraform.
    Blocks,
}

impl Format {
    /// The format that a file's name tells.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let lists = ["example", "sample", "template"].iter().any(|word| name.contains(word));
        let is_list = lists && ["env.", "env-", "env_", ".env"].iter().any(|begin| name.starts_with(begin));
        if name == ".env" || name.starts_with(".env.") || name.ends_with(".env") || is_list {
            return Some(Self::Lines);
        }
        if name == "Caddyfile" || name.ends_with(".caddy") || name.starts_with("nginx") {
            return Some(Self::Blocks);
        }
        Some(match name.rsplit_once('.')?.1 {
            "yml" | "yaml" => Self::Yaml,
            "toml" => Self::Toml,
            "json" | "jsonc" => Self::Json,
            "properties" | "ini" | "cfg" => Self::Lines,
            "tf" | "hcl" => Self::Blocks,
            "conf" | "template" => Self::Blocks,
            _ => return None,
        })
    }
}

/// Reads a file: the documents in it, each of them a table as a rule.
///
/// # Errors
/// In one sentence, why it could not be read.
pub fn read(format: Format, text: &[u8]) -> Result<Vec<Value>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "The file is not UTF-8.".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        Format::Yaml => yaml::read(text),
        Format::Toml => toml::read(text).map(|document| vec![document]),
        Format::Json => json::read(text).map(|document| vec![document]),
        Format::Lines => Ok(vec![lines::read(text)]),
        Format::Blocks => Ok(vec![blocks::read(text)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(path: &str, text: &str, key: &str) -> Option<(u32, Value)> {
        let documents = read(Format::of_path(path).expect("known"), text.as_bytes()).expect("it is sound");
        documents.iter().find_map(|document| document.entry(key).map(|entry| (entry.line, entry.value.clone())))
    }

    #[test]
    fn every_format_gives_keys_values_and_lines() {
        let text = |text: &str| Value::Text(text.into());
        for (path, content, key, line, expected) in [
            ("a.yml", "a:\n  b: on\n  c: 'x'\n", "a.c", 3, text("x")),
            ("a.yml", "a:\n  b: true\n", "a.b", 2, Value::Flag(true)),
            ("a.yml", "a.b: 5\n", "a.b", 1, Value::Number(5.0)),
            ("a.yml", "a: 1\n---\nb: [1, x]\n", "b", 3, Value::List(vec![Value::Number(1.0), text("x")])),
            ("a.toml", "[a]\nb = 1\nc = \"x\"\n", "a.c", 3, text("x")),
            ("a.json", "{\n  \"a\": {\"b\": 1, // x\n \"c\": \"x\"}}", "a.c", 3, text("x")),
            ("a.properties", "# x\na.b=1\na.c = x\n", "a.c", 3, text("x")),
            (".env.example", "export A=\"x\"\n", "A", 1, text("x")),
            ("env-example-local", "A=x\n", "A", 1, text("x")),
            ("a.ini", "[a]\nc = x\n", "a.c", 2, text("x")),
            ("nginx.conf", "http {\n  c \"x\" always; # y\n}\n", "http.c", 2, text("x always")),
            ("a.tf", "resource \"m\" \"n\" {\n  c = \"x\"\n  d = 30\n}\n", "resource m n.c", 2, text("x")),
            ("Caddyfile", "a.b {\n\theader {\n\t\tc \"x\"\n\t}\n}\n", "a.b.header.c", 3, text("x")),
        ] {
            assert_eq!(line_of(path, content, key), Some((line, expected)), "{path}: {content}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_never_a_crash() {
        for (path, content) in [
            ("a.yml", "a: [1\nb: }"),
            ("a.toml", "a = "),
            ("a.json", "{\"a\": }"),
            ("a.json", "{\"a\": \"b"),
            ("a.json", ""),
        ] {
            assert!(read(Format::of_path(path).expect("known"), content.as_bytes()).is_err(), "{path}: {content}");
        }
        assert!(read(Format::Yaml, b"\xff\xfe").is_err());
        for open in ["[", "{a: ", "- ", "a: {"] {
            let _ = read(Format::Yaml, open.repeat(5_000).as_bytes());
        }
        for open in ["[", "{\"a\":", "[{\"a\":", "/*", "\"\\u"] {
            assert!(read(Format::Json, open.repeat(5_000).as_bytes()).is_err(), "{open}");
        }
        for open in ["a {", "}", "\"", "a = [", "\\"] {
            let _ = read(Format::Blocks, open.repeat(5_000).as_bytes());
        }
        let bomb = format!("a: &a [x,x,x]\nb: &b [{0}]\nc: [{1}]\n", "*a,".repeat(50), "*b,".repeat(50));
        assert!(read(Format::Yaml, bomb.as_bytes()).is_ok(), "aliases are not followed");
    }
}
