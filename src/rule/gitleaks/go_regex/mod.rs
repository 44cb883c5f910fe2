//! Go's regular expressions, said in the syntax of the engine that is used here.
//!
//! gitleaks is built with Go's own engine or, as its releases are, with RE2, which takes the same patterns and `\C` besides. All of
//! them and ours take time linear in the
//! text and lack the same: look-around and backreferences. They differ in spelling (`\Q…\E`, octal numbers, what has to be
//! escaped), in what `\s` is, and in that Go counts characters where a pattern of bytes counts bytes.

use regex::bytes::{Regex, RegexBuilder};

/// Compiled programs larger than this are refused.
const SIZE_LIMIT: usize = 8 << 20;

/// Longer patterns are refused, in bytes: parsing one takes time, whatever comes of it.
const LONGEST: usize = 64 << 10;

/// Most repetitions Go takes.
const MOST_REPEATS: u32 = 1000;

/// Names of classes in `[[:name:]]`.
const POSIX: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// What `.` and sets that exclude something take at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// A character, or a byte that is part of none: as Go does.
    Character,
    /// A byte: as our own rules do, and in smaller programs.
    Byte,
}

/// Compiles a pattern of Go's.
///
/// # Errors
/// What is wrong with it. The pattern is not quoted: it can hold what it looks for.
pub(in crate::rule) fn compile(go: &str) -> Result<Regex, String> {
    let build = |unit| {
        let pattern = translate(go, unit, None)?;
        Ok::<_, String>(RegexBuilder::new(&pattern).unicode(false).size_limit(SIZE_LIMIT).build())
    };
    // Characters take programs several times as large as bytes.
    let built = match build(Unit::Character)? {
        Err(regex::Error::CompiledTooBig(_)) => build(Unit::Byte)?,
        built => built,
    };
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(limit) => format!("it makes a program of more than {limit} bytes"),
        _ => why(go),
    })
}

/// What the parser says of a pattern, without quoting it.
fn why(go: &str) -> String {
    let pattern = translate(go, Unit::Byte, None).unwrap_or_default();
    let parsed = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(&pattern);
    match parsed {
        Err(regex_syntax::Error::Parse(error)) => error.kind().to_string(),
        Err(regex_syntax::Error::Translate(error)) => error.kind().to_string(),
        _ => "the engine does not take it".into(),
    }
}

/// Says a pattern of Go's in the syntax of bytes, without flags. The group with the number `secret` gets that name; others
/// lose theirs.
///
/// # Errors
/// What neither engine has, or only Go's.
pub(super) fn translate(go: &str, unit: Unit, secret: Option<usize>) -> Result<String, String> {
    if go.len() > LONGEST {
        return Err(format!("longer than {LONGEST} bytes"));
    }
    let mut translator = Translator { rest: go, out: String::with_capacity(go.len() * 2), unit, groups: 0, secret };
    translator.run().map_err(|why| format!("{why}, at byte {}", go.len() - translator.rest.len()))?;
    Ok(translator.out)
}

struct Translator<'g> {
    rest: &'g str,
    out: String,
    unit: Unit,
    groups: usize,
    secret: Option<usize>,
}

/// What stands in a class: ranges and named classes, as they are written in ours.
#[derive(Default)]
struct Members {
    text: String,
    /// Some member is no ASCII character.
    unicode: bool,
    /// Some member is everything but a few.
    wide: bool,
}

/// What an escape stands for.
enum Escape {
    Literal(char),
    /// The letter of `\d`, `\S` and their like.
    Perl(char),
    /// `\p{…}` as it is written in ours, and whether it excludes.
    Property(String, bool),
    /// What is the same in both.
    Same(&'static str),
}

impl<'g> Translator<'g> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(character) = self.next() {
            match character {
                '\\' if self.eat("Q") => self.quoted(),
                '\\' => match self.escape()? {
                    Escape::Literal(literal) => self.literal(literal),
                    Escape::Same(same) => self.out.push_str(same),
                    Escape::Property(property, _) => self.out.push_str(&format!("(?u:{property})")),
                    Escape::Perl(letter @ ('D' | 'S' | 'W')) => {
                        self.excluding(perl(letter.to_ascii_lowercase()), true, false);
                    }
                    // The same but for the vertical tab, and easier to read.
                    Escape::Perl('s') if self.unit == Unit::Byte => self.out.push_str(r"\s"),
                    Escape::Perl(letter) => self.out.push_str(&format!("[{}]", perl(letter))),
                },
                '[' => self.class()?,
                '(' => self.group()?,
                '{' => self.braces()?,
                '.' => match self.unit {
                    Unit::Character => self.out.push_str(r"(?:(?u:.)|[\x80-\xff])"),
                    Unit::Byte => self.out.push('.'),
                },
                '^' | '$' | '|' | ')' | '*' | '+' | '?' => self.out.push(character),
                _ => self.literal(character),
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest.chars().next()?;
        self.rest = &self.rest[character.len_utf8()..];
        Some(character)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn eat(&mut self, what: &str) -> bool {
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// What stands before `end`, which is taken too.
    fn until(&mut self, end: char) -> Option<&'g str> {
        let (found, rest) = self.rest.split_once(end)?;
        self.rest = rest;
        Some(found)
    }

    fn literal(&mut self, literal: char) {
        let escaped = regex_syntax::escape(literal.encode_utf8(&mut [0; 4]));
        match literal.is_ascii() {
            true => self.out.push_str(&escaped),
            // In any case means the same for it as in Go only if it is taken as a character.
            false => self.out.push_str(&format!("(?u:{escaped})")),
        }
    }

    /// `\Q…\E`: everything in it is itself.
    fn quoted(&mut self) {
        let (quoted, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
        self.rest = rest;
        quoted.chars().for_each(|character| self.literal(character));
    }

    /// What stands after a backslash.
    fn escape(&mut self) -> Result<Escape, String> {
        let Some(letter) = self.next() else { return Err("a backslash at the end".into()) };
        Ok(match letter {
            'A' => Escape::Same(r"\A"),
            'b' => Escape::Same(r"\b"),
            'B' => Escape::Same(r"\B"),
            'z' => Escape::Same(r"\z"),
            // Any byte.
            'C' => Escape::Same("(?s-u:.)"),
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => Escape::Perl(letter),
            'p' | 'P' => self.property(letter == 'P')?,
            '1'..='7' if !self.rest.starts_with(|c: char| ('0'..='7').contains(&c)) => {
                return Err(format!("`\\{letter}` is a reference to a group, which neither engine has"));
            }
            '0'..='7' => Escape::Literal(self.octal(letter)?),
            'x' => Escape::Literal(self.hexadecimal()?),
            'a' => Escape::Literal('\x07'),
            'f' => Escape::Literal('\x0c'),
            'n' => Escape::Literal('\n'),
            'r' => Escape::Literal('\r'),
            't' => Escape::Literal('\t'),
            'v' => Escape::Literal('\x0b'),
            _ if letter.is_ascii_punctuation() || letter == ' ' => Escape::Literal(letter),
            _ => return Err(format!("`\\{}` is nothing that is known", letter.escape_default())),
        })
    }

    /// The character of up to three octal digits, of which `first` was taken.
    fn octal(&mut self, first: char) -> Result<char, String> {
        let digits = self.rest.bytes().take(2).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
        let (more, rest) = self.rest.split_at(digits);
        self.rest = rest;
        number(&format!("{first}{more}"), 8)
    }

    /// `7F` or `{10FFFF}`.
    fn hexadecimal(&mut self) -> Result<char, String> {
        if self.eat("{") {
            let digits = self.until('}').ok_or("`\\x{` without `}`")?;
            return number(digits, 16);
        }
        let digits = self.rest.get(..2).ok_or("`\\x` without two digits")?;
        self.rest = &self.rest[2..];
        number(digits, 16)
    }

    /// `N`, `{Greek}` or `{^Greek}`.
    fn property(&mut self, excludes: bool) -> Result<Escape, String> {
        let name = if self.eat("{") {
            self.until('}').ok_or("`\\p{` without `}`")?
        } else {
            let len = self.peek().ok_or("`\\p` without a name")?.len_utf8();
            let (name, rest) = self.rest.split_at(len);
            self.rest = rest;
            name
        };
        let (name, excludes) = name.strip_prefix('^').map_or((name, excludes), |name| (name, !excludes));
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err("`\\p` with a name that is none".into());
        }
        Ok(Escape::Property(format!("\\{}{{{name}}}", if excludes { 'P' } else { 'p' }), excludes))
    }

    /// `(`, `(?:`, `(?i)`, `(?P<name>`.
    fn group(&mut self) -> Result<(), String> {
        if self.eat("?") {
            let named = self.eat("P<") || self.rest.starts_with('<') && self.eat("<");
            if named {
                if self.rest.starts_with(['=', '!']) {
                    return Err("look-behind, which neither engine has".into());
                }
                self.until('>').ok_or("a group's name without `>`")?;
            } else {
                let flags = self.rest.find(|c: char| !"imsU-".contains(c)).unwrap_or(self.rest.len());
                let (flags, rest) = self.rest.split_at(flags);
                if !rest.starts_with([':', ')']) {
                    let ahead = rest.starts_with(['=', '!']);
                    return Err(if ahead { "look-ahead, which neither engine has" } else { "an unknown group" }.into());
                }
                self.out.push_str(&format!("(?{flags}{}", &rest[..1]));
                self.rest = &rest[1..];
                return Ok(());
            }
        }
        self.groups += 1;
        self.out.push_str(if self.secret == Some(self.groups) { "(?P<secret>" } else { "(" });
        Ok(())
    }

    /// `{2}`, `{2,}` and `{2,3}`; anything else is a brace.
    fn braces(&mut self) -> Result<(), String> {
        let inner = self.rest.split('}').next().filter(|inner| inner.len() < self.rest.len()).unwrap_or_default();
        let (least, most) = inner.split_once(',').unwrap_or((inner, inner));
        let counts = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !counts(least) || !(most.is_empty() || counts(most)) {
            self.literal('{');
            return Ok(());
        }
        for count in [least, most].into_iter().filter(|count| !count.is_empty()) {
            if count.parse::<u32>().map_or(true, |count| count > MOST_REPEATS) {
                return Err(format!("more than {MOST_REPEATS} repetitions"));
            }
        }
        self.out.push_str(&format!("{{{inner}}}"));
        self.rest = &self.rest[inner.len() + 1..];
        Ok(())
    }

    /// What stands after `[`, up to its end.
    fn class(&mut self) -> Result<(), String> {
        let excludes = self.eat("^");
        let mut members = Members::default();
        let mut first = true;
        loop {
            if !first && self.eat("]") {
                break;
            }
            first = false;
            self.member(&mut members)?;
        }
        let Members { text, unicode, wide } = members;
        match (excludes, self.unit) {
            (true, _) => self.excluding(&text, true, unicode),
            (false, Unit::Character) if wide => self.excluding(&text, false, unicode),
            (false, _) if unicode => self.out.push_str(&format!("(?u:[{text}])")),
            (false, _) => self.out.push_str(&format!("[{text}]")),
        }
        Ok(())
    }

    /// A set that takes most characters; bytes that are part of none count as such, so that text in old encodings is searched.
    fn excluding(&mut self, members: &str, excludes: bool, unicode: bool) {
        let caret = if excludes { "^" } else { "" };
        self.out.push_str(&match (self.unit, unicode) {
            (Unit::Character, _) => format!(r"(?:(?u:[{caret}{members}])|[\x80-\xff])"),
            (Unit::Byte, true) => format!("(?u:[{caret}{members}])"),
            (Unit::Byte, false) => format!("[{caret}{members}]"),
        });
    }

    fn member(&mut self, members: &mut Members) -> Result<(), String> {
        if self.rest.starts_with("[:")
            && let Some((name, rest)) = self.rest[2..].split_once(":]")
        {
            let plain = name.strip_prefix('^').unwrap_or(name);
            if !POSIX.contains(&plain) {
                return Err("a class between `[:` and `:]` that is unknown".into());
            }
            members.wide |= plain.len() < name.len();
            members.text.push_str(&format!("[:{name}:]"));
            self.rest = rest;
            return Ok(());
        }
        let low = match self.class_character()? {
            Escape::Literal(low) => low,
            Escape::Perl(letter) => {
                let excludes = letter.is_ascii_uppercase();
                let set = perl(letter.to_ascii_lowercase());
                members.wide |= excludes;
                members.text.push_str(&if excludes { format!("[^{set}]") } else { set.to_owned() });
                return Ok(());
            }
            Escape::Property(property, excludes) => {
                members.unicode = true;
                members.wide |= excludes;
                members.text.push_str(&property);
                return Ok(());
            }
            Escape::Same(_) => return Err("a place, such as `\\b`, in a class".into()),
        };
        let mut high = low;
        if self.rest.starts_with('-') && !self.rest.starts_with("-]") {
            self.rest = &self.rest[1..];
            let Escape::Literal(end) = self.class_character()? else { return Err("a range to a class".into()) };
            high = end;
        }
        if high < low {
            return Err("a range that goes down".into());
        }
        members.unicode |= !high.is_ascii();
        // Where Go takes what is no character for U+FFFD.
        members.wide |= high >= char::REPLACEMENT_CHARACTER;
        members.text.push_str(&range(low, high));
        Ok(())
    }

    fn class_character(&mut self) -> Result<Escape, String> {
        match self.next() {
            Some('\\') => self.escape(),
            Some(character) => Ok(Escape::Literal(character)),
            None => Err("`[` without `]`".into()),
        }
    }
}

/// What Go means by `\d`, `\s` and `\w`.
fn perl(letter: char) -> &'static str {
    match letter {
        'd' => "0-9",
        's' => r"\t\n\f\r\x20",
        _ => "0-9A-Za-z_",
    }
}

fn range(low: char, high: char) -> String {
    let one = |c: char| match c {
        '[' | ']' | '\\' | '^' | '-' | '&' | '~' => format!("\\{c}"),
        ' '..='~' => c.to_string(),
        _ => format!("\\x{{{:x}}}", u32::from(c)),
    };
    if low == high { one(low) } else { format!("{}-{}", one(low), one(high)) }
}

fn number(digits: &str, radix: u32) -> Result<char, String> {
    let number = u32::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'));
    number.and_then(char::from_u32).ok_or_else(|| "the number of a character that is none".into())
}

#[cfg(test)]
mod tests;
