//! Cookies, and sessions that are kept by one.

use super::super::super::body::{FactKind, SameSite, Setting};
use super::super::super::tree::Node;
use super::Reader;

impl<'t> Reader<'t, '_> {
    /// A cookie that is set.
    pub(super) fn cookie(&mut self, node: Node<'t>, name: &str) {
        let (base, last) = name.rsplit_once('.').unwrap_or(("", name));
        let base = base.rsplit('.').next().unwrap_or_default();
        let arguments = self.arguments(node);
        let sets = match last {
            "cookie" => matches!(base, "res" | "response" | "reply" | "status" | "clearCookie"),
            "setCookie" => true,
            "set" => matches!(base, "cookies" | "cookieStore") && arguments.len() > 1,
            _ => false,
        };
        let is_session = matches!(last, "session" | "expressSession" | "cookieSession") && base.is_empty();
        let options = match (sets, is_session) {
            (true, _) => arguments.get(2).copied(),
            (_, true) => {
                let Some(options) = arguments.first() else { return };
                match (self.object(*options), last) {
                    (None, _) => Some(*options),
                    (Some(object), "cookieSession") => Some(object),
                    (Some(object), _) => self.key(object, "cookie"),
                }
            }
            _ => return,
        };
        let kind = match options {
            None => {
                FactKind::Cookie { http_only: Setting::Missing, secure: Setting::Missing, same_site: SameSite::Missing }
            }
            Some(options) => match self.object(options) {
                Some(object) => FactKind::Cookie {
                    http_only: self.setting(object, "httpOnly"),
                    secure: self.setting(object, "secure"),
                    same_site: self.same_site(object),
                },
                None => FactKind::Cookie {
                    http_only: Setting::Unknown,
                    secure: Setting::Unknown,
                    same_site: SameSite::Unknown,
                },
            },
        };
        self.fact(node, kind, name);
    }

    fn setting(&self, object: Node<'t>, key: &str) -> Setting {
        match self.key(object, key).map(|value| self.text(value)).as_deref() {
            None if self.spreads(object) => Setting::Unknown,
            None => Setting::Missing,
            Some("true") => Setting::On,
            Some("false") => Setting::Off,
            Some(_) => Setting::Unknown,
        }
    }

    fn same_site(&self, object: Node<'t>) -> SameSite {
        let value = self
            .key(object, "sameSite")
            .map(|value| self.text(value).trim_matches(['\'', '"', '`']).to_ascii_lowercase());
        match value.as_deref() {
            None if self.spreads(object) => SameSite::Unknown,
            None | Some("false") => SameSite::Missing,
            Some("strict" | "true") => SameSite::Strict,
            Some("lax") => SameSite::Lax,
            Some("none") => SameSite::None,
            Some(_) => SameSite::Unknown,
        }
    }

    /// Whether an object holds the keys of another one, or keys that are names.
    fn spreads(&self, object: Node<'t>) -> bool {
        object.named_children().any(|part| matches!(part.kind(), "spread_element" | "shorthand_property_identifier"))
    }
}
