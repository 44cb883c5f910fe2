//! Texts of office documents: XML in which a word may be split among several elements.

use quick_xml::escape::resolve_predefined_entity;

use super::super::{Place, Walk};
use super::view;

/// What the parts with text of Word's, `PowerPoint`'s, Excel's and `LibreOffice`'s documents begin with.
const ROOTS: &[&str] = &[
    "<w:document", "<w:hdr", "<w:ftr", "<w:comments", "<w:footnotes", "<w:endnotes", "<w:glossaryDocument", "<p:sld",
    "<p:notes", "<p:cmLst", "<c:chartSpace", "<dgm:dataModel", "<sst", "<comments", "<office:document",
];

/// Elements that end a line.
const LINES: &[&[u8]] = &[b"p", b"br", b"cr", b"si", b"h", b"line-break", b"comment", b"row", b"table-row", b"tr"];

/// Elements that stand for a blank.
const BLANKS: &[&[u8]] = &[b"tab", b"s", b"tc", b"c", b"table-cell"];

/// Whether an XML document is a part with text of an office document.
pub(super) fn is_office(text: &[u8]) -> bool {
    ROOTS.iter().any(|root| {
        let at = memchr::memmem::find(text, root.as_bytes());
        at.and_then(|at| text.get(at + root.len()))
            .is_some_and(|&b| matches!(b, b' ' | b'>' | b'\n' | b'\r' | b'-' | b'M'))
    })
}

/// Hands over the text without the markup.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, bytes: &[u8]) {
    view(walk, place, "text", &text_of(bytes));
}

/// The text between the tags. Anything is taken that looks like one: what is not sound is text.
fn text_of(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let Some(open) = memchr::memchr(b'<', rest) else {
            unescape(rest, &mut out);
            break;
        };
        unescape(&rest[..open], &mut out);
        rest = &rest[open..];
        if let Some(data) = rest.strip_prefix(b"<![CDATA[") {
            let end = memchr::memmem::find(data, b"]]>").unwrap_or(data.len());
            out.extend(&data[..end]);
            rest = data.get(end + 3..).unwrap_or_default();
            continue;
        }
        let close = memchr::memchr(b'>', rest).map_or(rest.len(), |at| at + 1);
        tag(&rest[..close], &mut out);
        rest = &rest[close..];
    }
    out
}

/// Writes what a tag does to a text.
fn tag(tag: &[u8], out: &mut Vec<u8>) {
    let inner = tag.strip_prefix(b"<").unwrap_or(tag);
    let closes = inner.starts_with(b"/") || tag.ends_with(b"/>");
    let name = inner.strip_prefix(b"/").unwrap_or(inner);
    let name = name.split(|&b| matches!(b, b' ' | b'/' | b'>' | b'\n' | b'\r' | b'\t')).next().unwrap_or_default();
    let local = name.rsplit(|&b| b == b':').next().unwrap_or_default();
    if !closes {
        return;
    }
    if LINES.contains(&local) {
        if !out.is_empty() {
            out.push(b'\n');
        }
    } else if BLANKS.contains(&local) {
        out.push(b'\t');
    }
}

/// Writes a text without its entities.
fn unescape(mut text: &[u8], out: &mut Vec<u8>) {
    /// Longer ones are none.
    const ENTITY: usize = 12;
    // Line breaks between elements are layout.
    if text.iter().all(|&b| matches!(b, b'\n' | b'\r')) {
        return;
    }
    while let Some(at) = memchr::memchr(b'&', text) {
        out.extend(&text[..at]);
        text = &text[at..];
        let end = text.iter().take(ENTITY).position(|&b| b == b';');
        match end.and_then(|end| Some((entity(&text[1..end])?, end))) {
            Some((character, end)) => {
                out.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
                text = &text[end + 1..];
            }
            None => {
                out.push(b'&');
                text = &text[1..];
            }
        }
    }
    out.extend(text);
}

fn entity(name: &[u8]) -> Option<char> {
    let name = std::str::from_utf8(name).ok()?;
    match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
        None => resolve_predefined_entity(name)?.chars().next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_one_text() {
        let cases: &[(&str, &str)] = &[
            ("<w:p><w:r><w:t>gh</w:t></w:r><w:r><w:rPr/><w:t>p_x</w:t></w:r></w:p><w:p/>", "ghp_x\n\n"),
            ("<si><r><t>a&amp;&#x62;</t></r><r><t xml:space=\"preserve\"> c</t></r></si>\n<si>", "a&b c\n"),
            ("<a:p><a:r><a:t>x</a:t></a:r><a:br/><a:r><a:t>y</a:t></a:r></a:p>", "x\ny\n"),
            ("<text:p>one<text:tab/>two<text:span>three</text:span></text:p>", "one\ttwothree\n"),
            ("a & b &; &nosuch; <![CDATA[<c>]]>", "a & b &; &nosuch; <c>"),
            ("<w:t>no end", "no end"),
            ("no end <w:t", "no end "),
        ];
        for (xml, text) in cases {
            assert_eq!(String::from_utf8_lossy(&text_of(xml.as_bytes())), *text, "{xml}");
        }
    }
}
