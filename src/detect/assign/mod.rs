//! Finds the value that a text gives to a name: assignments, arguments, keys and headers in the
//! syntaxes of code, configuration, shells and markup. It reads a few dozen bytes around a name and knows no
//! language; what is no assignment is turned away within a few of them.

mod cursor;
mod value;

use std::ops::Range;

use self::cursor::Cursor;
use self::value::{Context, value, without_scheme};

/// A value and the name it is given to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
    pub(super) operator: Operator,
    pub(super) quoted: bool,
    /// Whether a word such as `Bearer` stood before the value.
    pub(super) scheme: bool,
    /// What the text around it is, where that tells that a bare word is a value.
    pub(super) setting: Setting,
}

/// What an assignment stands in, whatever the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// Nothing that is known.
    Unknown,
    /// A line of an environment or of properties, in a document or a script: `export NAME=value`, `-e NAME=value`. A clause of SQL.
    Line,
    /// A literal: the query of an address, the body of a form, `"NAME=value"`.
    Literal,
}

impl Assignment {
    /// From the name to the value, whichever stands first.
    pub(super) fn whole(&self) -> Range<usize> {
        self.name.start.min(self.value.start)..self.name.end.max(self.value.end)
    }
}

/// How the value is joined to the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// `name = value`, `name := value`, `name => value`, `name: Type = value`
    Assign,
    /// `name: value`
    Colon,
    /// `name == value`, `name != value`
    Compare,
    /// `f("name", "value")`
    Next,
    /// `name("value")`
    Call,
    /// `<name>value</name>`
    Markup,
    /// `name: NAME` and `value: value`, as attributes, keys or lines beside each other
    Pair,
    /// `--name value`, `name "value"`
    Space,
}

/// Longest name looked at.
const NAME_MAX: usize = 100;

/// Longest value looked at. Longer ones are texts, keys (which have rules of their own) or data.
pub(super) const VALUE_MAX: usize = 4096;

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The whole name that the bytes at `part` belong to. Signs at the end of `part` are no part of the name.
pub(super) fn name_around(text: &[u8], mut part: Range<usize>) -> Range<usize> {
    let signs = text[part.clone()].iter().rev().take_while(|&&b| !is_name(b)).count();
    part.end -= signs.min(part.len());
    let floor = part.start.saturating_sub(NAME_MAX);
    let ceiling = (part.end + NAME_MAX).min(text.len());
    let before = text[floor..part.start].iter().rev().take_while(|&&b| is_name(b)).count();
    let after = text[part.end..ceiling].iter().take_while(|&&b| is_name(b)).count();
    part.start - before..part.end + after
}

/// The value that the text gives to the name at `name`, if it gives one.
pub(super) fn assignment(text: &[u8], name: Range<usize>) -> Option<Assignment> {
    let mut cursor = Cursor { text, at: name.end };
    let flag = text[name.start] == b'-';
    let opened = if flag { b'-' } else { text[..name.start].last().copied().unwrap_or(b'\n') };
    let closed = cursor.quote().is_some();
    let before_brackets = cursor.at;
    while cursor.eat(b"]") || cursor.eat(b")") {}
    let bracketed = cursor.at > before_brackets;
    let blanks = cursor.blanks();
    let statement =
        text[name.clone()].last_chunk().is_some_and(|end: &[u8; 13]| end.eq_ignore_ascii_case(b"identified by"));
    let operator = operator(&mut cursor, &text[..name.start], Edges { opened, closed, blanks, statement })?;
    // `("a", "pass"), ("b", …)`: the next thing belongs to something else.
    let elsewhere = operator == Operator::Next && bracketed;
    // `${PASSWORD:?must be set}` is a message.
    let message = operator == Operator::Colon && opened == b'{' && matches!(cursor.peek(), b'?' | b'+');
    if elsewhere || message {
        return None;
    }
    let before_lines = cursor.at;
    cursor.blanks_and_lines();
    let lines_crossed = text[before_lines..cursor.at].contains(&b'\n');
    let (value, quoted) = value(&mut cursor, Context { operator, opened })?;
    let whole = value.clone();
    let value = without_scheme(&mut cursor, value, quoted);
    // Words and calls side by side say nothing; a literal does.
    let needs_quote = lines_crossed || matches!(operator, Operator::Next | Operator::Call | Operator::Compare);
    if value.is_empty() || (needs_quote && !quoted) {
        return None;
    }
    // `"rule": "admin-secret", "provider": …`: the next thing is a key.
    let after = text[value.end..].trim_ascii_start();
    let is_key =
        operator == Operator::Next && after.get(1..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b":"));
    // `IDENTIFIED BY (Oracle)` is a text about it.
    if is_key || (statement && !quoted && !text[value.start].is_ascii_alphanumeric()) {
        return None;
    }
    let scheme = value.start != whole.start;
    let setting = match operator {
        Operator::Space if statement => Setting::Line,
        Operator::Assign if !quoted => setting(text, &name, &value),
        _ => Setting::Unknown,
    };
    Some(Assignment { name, value, operator, quoted, scheme, setting })
}

/// What an assignment of a bare word stands in. There are no blanks around such an operator.
fn setting(text: &[u8], name: &Range<usize>, value: &Range<usize>) -> Setting {
    if value.start != name.end + 1 {
        return Setting::Unknown;
    }
    let before = &text[name.start.saturating_sub(NAME_MAX)..name.start];
    let after = text[value.end..].first().copied().unwrap_or(b'\n');
    let opened = before.last().copied().unwrap_or(b'\n');
    let marked = matches!(opened, b'"' | b'\'' | b'`');
    let variable = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
    let whole = marked && after == opened && text[name.clone()].iter().all(variable);
    // `https://h/cb#name=value`, no comment.
    let fragment = opened == b'#' && before.iter().nth_back(1).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'/');
    if matches!(opened, b'?' | b'&') || fragment || (marked && after == b'&') || whole {
        return Setting::Literal;
    }
    let line = memchr::memrchr2(b'\n', b'\r', before).map_or(before, |at| &before[at + 1..]);
    let tail = &text[value.end..(value.end + 8).min(text.len())];
    let tail = memchr::memchr2(b'\n', b'\r', tail).map_or(tail, |at| &tail[..at]).trim_ascii();
    let ends = tail.is_empty() || tail == b"\\" || tail.starts_with(b"#");
    match line.rsplit(u8::is_ascii_whitespace).find(|word| !word.is_empty()) {
        Some(b"export" | b"-e" | b"--env" | b"--build-arg" | b"set" | b"SET" | b"ENV" | b"ARG") => Setting::Line,
        None | Some(b"-" | b"#" | b"*" | b">" | b"$") if ends => Setting::Line,
        _ => Setting::Unknown,
    }
}

/// What stands directly around a name.
#[derive(Clone, Copy)]
struct Edges {
    /// The byte before it; `-` for a name that is a flag.
    opened: u8,
    /// Whether a quotation mark closes it.
    closed: bool,
    /// The blanks after it.
    blanks: usize,
    /// Whether it is a clause of SQL that its value follows: `IDENTIFIED BY value`.
    statement: bool,
}

fn operator(cursor: &mut Cursor<'_>, before: &[u8], edges: Edges) -> Option<Operator> {
    let Edges { opened, closed, blanks, statement } = edges;
    const TABLE: &[(&[u8], Operator)] = &[
        (b"===", Operator::Compare),
        (b"!==", Operator::Compare),
        (b"==", Operator::Compare),
        (b"!=", Operator::Compare),
        (b"=>", Operator::Assign),
        (b"->", Operator::Assign),
        (b":=", Operator::Assign),
        (b"?=", Operator::Assign),
        (b"+=", Operator::Assign),
        (b"||=", Operator::Assign),
        (b"??=", Operator::Assign),
        (b"=", Operator::Assign),
    ];
    if let Some(&(_, operator)) = TABLE.iter().find(|(literal, _)| cursor.eat(literal)) {
        return Some(operator);
    }
    if statement && blanks > 0 {
        return Some(Operator::Space);
    }
    match cursor.peek() {
        // In `arn:aws:secretsmanager:eu` nothing is a name.
        b':' if opened != b':' && !cursor.rest().starts_with(b"::") && !cursor.rest().starts_with(b"://") => {
            cursor.at += 1;
            Some(if type_annotation(cursor) { Operator::Assign } else { Operator::Colon })
        }
        b',' if closed || opened == b':' => {
            cursor.at += 1;
            // A flag and its value as elements of a list: `"--password", "value"`.
            let next = if closed && opened == b'-' { Operator::Space } else { Operator::Next };
            Some(named_value(cursor).unwrap_or(next))
        }
        b'(' if !closed => {
            cursor.at += 1;
            Some(Operator::Call)
        }
        b'>' if opened == b'<' => {
            cursor.at += 1;
            Some(Operator::Markup)
        }
        // A property list: `<key>name</key> <string>value</string>`.
        b'<' if opened == b'>' && cursor.eat(b"</key>") => {
            cursor.blanks_and_lines();
            cursor.eat(b"<string>").then_some(Operator::Markup)
        }
        b'"' | b'\'' if blanks > 0 && !closed => Some(Operator::Space),
        // `<add key="name" value="…"/>` and YAML's `name: X` line followed by `value: …`.
        b'v' | b'V' | b'\n' | b'\r' | b'-' if closed || opened == b' ' => named_value(cursor),
        _ if blanks > 0 && (opened == b'-' || (opened == b' ' && after_keyword(before))) => Some(Operator::Space),
        _ => None,
    }
}

/// Whether a name follows a word after which names have their values beside them, as flags have in a shell: Dockerfile's
/// `ENV NAME value`, and netrc's `machine … login … password value`.
fn after_keyword(before: &[u8]) -> bool {
    if before.ends_with(b"ENV ") || before.ends_with(b"ARG ") {
        return true;
    }
    // `login ada password`: the word before the name is a user, the one before that tells.
    let mut words =
        before[before.len().saturating_sub(NAME_MAX)..].rsplit(|b| b.is_ascii_whitespace()).filter(|w| !w.is_empty());
    words.nth(1) == Some(b"login")
}

/// Reads a type between the colon and `=`, as in `name: &'static str = …`. Leaves the cursor after the `=`
/// if there is one, else where it was.
fn type_annotation(cursor: &mut Cursor<'_>) -> bool {
    let typed = |b: &&u8| b.is_ascii_alphanumeric() || b" _<>[]&'|?.*:,".contains(b);
    let len = cursor.rest().iter().take(48).take_while(typed).count();
    let after = &cursor.rest()[len..];
    let plain = cursor.rest()[..len].iter().any(u8::is_ascii_alphabetic);
    let assigns = after.first() == Some(&b'=') && !matches!(after.get(1), Some(b'=' | b'>'));
    // `key: value=` is a text, `key: Type = value` a declaration.
    if plain && assigns && cursor.rest()[..len].last() == Some(&b' ') {
        cursor.at += len + 1;
        return true;
    }
    false
}

/// Reads `value:` or `"value":` or `value=` that follows a name given as a value itself.
fn named_value(cursor: &mut Cursor<'_>) -> Option<Operator> {
    let start = cursor.at;
    cursor.blanks_and_lines();
    cursor.quote();
    let named = [&b"value"[..], b"Value", b"VALUE", b"default", b"content"].iter().any(|word| cursor.eat(word));
    if named {
        cursor.quote();
        cursor.blanks();
        if cursor.eat(b":") || cursor.eat(b"=>") || cursor.eat(b"=") {
            return Some(Operator::Pair);
        }
    }
    cursor.at = start;
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, String, Operator, bool)> {
        let at = text.to_lowercase().find("pass").expect("the text names a password");
        let name = name_around(text.as_bytes(), at..at + 4);
        let found = assignment(text.as_bytes(), name)?;
        Some((text[found.name].into(), text[found.value].into(), found.operator, found.quoted))
    }

    #[test]
    fn syntaxes() {
        use Operator::*;
        let table: &[(&str, &str, Operator, bool)] = &[
            ("password = 'VALUE'", "VALUE", Assign, true),
            ("PASSWORD=VALUE", "VALUE", Assign, false),
            ("export DB_PASSWORD=VALUE # old", "VALUE", Assign, false),
            ("password: VALUE\n", "VALUE", Colon, false),
            ("\"password\": \"VALUE\",", "VALUE", Colon, true),
            (r#"{\"password\":\"VALUE\"}"#, "VALUE", Colon, true),
            ("const PASSWORD: &'static str = \"VALUE\";", "VALUE", Assign, true),
            ("let password: Option<String> = Some(\"VALUE\".into());", "VALUE", Assign, true),
            ("password := \"VALUE\"", "VALUE", Assign, true),
            ("'password' => 'VALUE',", "VALUE", Assign, true),
            (":password => \"VALUE\"", "VALUE", Assign, true),
            ("config[\"password\"] = \"VALUE\"", "VALUE", Assign, true),
            ("define('DB_PASSWORD', 'VALUE');", "VALUE", Next, true),
            (":password, 'VALUE'", "VALUE", Next, true),
            ("client.setPassword(\"VALUE\")", "VALUE", Call, true),
            ("<password>VALUE</password>", "VALUE", Markup, false),
            ("<add key=\"Password\" value=\"VALUE\"/>", "VALUE", Pair, true),
            ("- name: PASSWORD\n  value: VALUE\n", "VALUE", Pair, false),
            ("{\"key\": \"password\", \"value\": \"VALUE\"}", "VALUE", Pair, true),
            ("mysql --password VALUE db", "VALUE", Space, false),
            ("mysql --password=VALUE db", "VALUE", Assign, false),
            ("ALTER USER u PASSWORD 'VALUE'", "VALUE", Space, true),
            ("assert password == 'VALUE'", "VALUE", Compare, true),
            ("password = os.getenv(\"PW\", \"VALUE\")", "VALUE", Assign, true),
            ("password = b'VALUE'", "VALUE", Assign, true),
            ("password = \"\"\"VALUE\"\"\"", "VALUE", Assign, true),
            ("password =\n    \"VALUE\"", "VALUE", Assign, true),
            ("password = 'it\\'s'", "it\\'s", Assign, true),
            ("{user: u, pass: \"VALUE\"}", "VALUE", Colon, true),
            ("spring.datasource.password=VALUE(3)", "VALUE(3)", Assign, false),
            ("GET /login?user=u&password=VALUE&next=/ HTTP/1.1", "VALUE", Assign, false),
            ("[\"--password\", \"VALUE\"]", "VALUE", Space, true),
            (r#""Pass": "{\"kid\": \"ab\", \"v\":\"VALUE567890123456\"}""#, "VALUE567890123456", Colon, true),
            (r#""Pass": "{\"kid\": \"ab\"}""#, r#"{\"kid\": \"ab\"}"#, Colon, true),
            ("https://h/?password=VALUE#top", "VALUE", Assign, false),
            ("X-Pass: Bearer VALUE\n", "VALUE", Colon, false),
            ("'x-pass': 'Token VALUE'", "VALUE", Colon, true),
            ("-H \"X-Pass: SSWS VALUE\"", "VALUE", Colon, false),
        ];
        for (text, value, operator, quoted) in table {
            let found = read(text).unwrap_or_else(|| panic!("nothing found in {text}"));
            assert_eq!((found.1.as_str(), found.2, found.3), (*value, *operator, *quoted), "{text}");
        }
    }

    #[test]
    fn what_an_assignment_stands_in() {
        use Setting::*;
        let table: &[(&str, Setting)] = &[
            ("PASS=VALUE\n", Line),
            ("x\n  export DB_PASS=VALUE other", Line),
            ("docker run -e PASS=VALUE image", Line),
            ("- PASS=VALUE", Line),
            ("INWX_PASS=VALUE \\\nlego", Line),
            ("pass=VALUE # old", Line),
            ("#pass=VALUE", Line),
            ("pass = VALUE", Unknown),
            ("if pass=VALUE", Unknown),
            ("pass=VALUE is what you say", Unknown),
            ("\"user=u&pass=VALUE\"", Literal),
            ("\"pass=VALUE&user=u\"", Literal),
            ("https://h/cb#pass=VALUE&x=1", Literal),
            ("- \"DB_PASS=VALUE\"", Literal),
            ("build --build-arg PASS=VALUE .", Line),
            ("\"pass=VALUE\"", Unknown),
            ("pass=\"VALUE\"", Unknown),
        ];
        for (text, setting) in table {
            let at = text.to_lowercase().find("pass").expect("the text names a password");
            let found = assignment(text.as_bytes(), name_around(text.as_bytes(), at..at + 4)).expect("a value");
            assert_eq!(found.setting, *setting, "{text}");
        }
    }

    #[test]
    fn a_clause_of_sql() {
        let text = b"alter user sys identified by Value4 container=all;";
        let found = assignment(text, name_around(text, 15..28)).expect("a value");
        assert_eq!(&text[found.value], b"Value4");
    }

    #[test]
    fn what_is_no_assignment() {
        for text in [
            "the password is secret", "password", "password = \"\"", "check(password, user)", "password()",
            "password::hash", "(\"a\", \"pass\"), (\"b-04\", 1)", "\"pass\", \"provider\": 1", "${PASS:?must be set}",
            "\"Enter your password\"", "if password == other", "PASSWORD=\nUSER=x",
        ] {
            let found = read(text);
            assert!(found.as_ref().is_none_or(|f| f.1.starts_with("USER")), "{text}: {found:?}");
        }
    }

    #[test]
    fn the_whole_name_is_taken() {
        let text = b"x = spring.mail-1.my_password.y;";
        let name = name_around(text, 19..27);
        assert_eq!(&text[name], b"spring.mail-1.my_password.y");
    }
}
