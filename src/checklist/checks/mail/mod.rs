//! MAIL-05: a message as it was received.
//!
//! The key of a signature is in DNS, and this program asks nobody. What the file shows is who signed, whether that is the domain in
//! From, whether the body is still what was signed, and what the receiving server says it has verified. All of that anybody can
//! write into a file: at best it is for review.

mod results;
mod signature;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use mail_parser::{HeaderName, HeaderValue, MessageParser};

use self::results::Results;
use self::signature::Signature;
use super::super::launch_file::LaunchFile;
use super::super::syntax::Means;
use super::super::verdict::{Claim, Coverage, Evidence, Place};
use super::samples::Message;
use super::say::names;

/// Days after which a message shows nothing of today.
const DAYS: i32 = 90;

/// Signatures that are looked at. Honest messages have two or three.
const MOST: usize = 20;

/// What the messages show, each for itself.
#[must_use]
pub(super) fn decide(messages: &[Message], launch: Option<&LaunchFile>, today: Date) -> Vec<Evidence> {
    messages.iter().map(|message| evidence(message, launch, today)).collect()
}

fn evidence(message: &Message, launch: Option<&LaunchFile>, today: Date) -> Evidence {
    let domain = launch.and_then(|launch| launch.mail.as_ref()).map(|mail| mail.domain.as_str());
    let told = match Mail::read(&message.bytes, today) {
        Ok(mail) => mail.judge(domain),
        Err(reason) => Told::new(Claim::Open, None, reason),
    };
    let Told { claim, line, reason } = told;
    let seen = u64::from(claim != Claim::Open);
    Evidence {
        by: Means::Given,
        claim,
        looked_at: "a message that was given with --eml: its header, its signatures, the hash of its body".into(),
        coverage: Some(Coverage { seen, all: 1, of: "messages".into() }),
        places: vec![Place { path: message.path.clone(), line, blob: None }],
        reason,
        would_change:
            "a message of this week, saved by whoever received it as it came, with all its headers (\"Show original\")"
                .into(),
    }
}

/// What a message comes to.
struct Told {
    claim: Claim,
    line: Option<u32>,
    reason: String,
}

impl Told {
    fn new(claim: Claim, line: Option<u32>, reason: impl Into<String>) -> Self {
        Self { claim, line, reason: reason.into() }
    }
}

/// What of a message decides.
struct Mail<'m> {
    /// The domain in From, in small letters.
    from: String,
    /// The domain of the envelope's sender, where there is one.
    returns_to: Option<String>,
    signatures: Vec<Signature>,
    /// What the server that received it last says of it, with the line of that.
    results: Option<(u32, Results)>,
    body: &'m [u8],
}

impl<'m> Mail<'m> {
    /// Reads a message; else why it shows nothing.
    fn read(bytes: &'m [u8], today: Date) -> Result<Self, String> {
        let message = MessageParser::default().parse_headers(bytes).ok_or("It is no mail: it has no header.")?;
        let headers = message.headers();
        if !headers.iter().any(|header| header.name == HeaderName::Received) {
            return Err("It has no Received field: it is what was sent, and not what was received.".into());
        }
        let mut senders = headers.iter().filter(|header| header.name == HeaderName::From);
        let (Some(HeaderValue::Address(from)), None) = (senders.next().map(|header| &header.value), senders.next())
        else {
            return Err("It has not one From field, so that it is not known whose mail it is.".into());
        };
        let mut addresses = from.iter();
        let address = (addresses.next().and_then(|one| one.address.as_deref()), addresses.next());
        let (Some(from), None) = (address.0.filter(|one| one.contains('@')).and_then(results::domain), address.1)
        else {
            return Err("From has not one address with a domain, so that it is not known whose mail it is.".into());
        };
        fresh(message.date(), today)?;
        let line = |offset: u32| {
            let before = bytes.get(..offset as usize).unwrap_or_default();
            u32::try_from(before.iter().filter(|byte| **byte == b'\n').count() + 1).unwrap_or(u32::MAX)
        };
        let values = |name: HeaderName<'static>| {
            headers.iter().filter(move |header| header.name == name).map(move |header| {
                let value = bytes.get(header.offset_start as usize..header.offset_end as usize).unwrap_or_default();
                (line(header.offset_field), String::from_utf8_lossy(value).into_owned())
            })
        };
        let signatures = values(HeaderName::DkimSignature).take(MOST);
        let mut words = values(HeaderName::AuthenticationResults).take(MOST);
        let results = words.next().map(|(line, value)| (line, Results::read(&value)));
        // A server may write a field for each method.
        let results = results.map(|(line, mut first)| {
            let same = words.map(|(_, value)| Results::read(&value)).filter(|more| more.server == first.server);
            let more: Vec<_> = same.flat_map(|more| more.all).collect();
            first.all.extend(more);
            (line, first)
        });
        let end = headers.last().map_or(0, |header| header.offset_end as usize);
        // The body begins after the empty line.
        let rest = bytes.get(end..).unwrap_or_default();
        let body = memchr::memchr(b'\n', rest).map_or(&[][..], |empty| &rest[empty + 1..]);
        let returns_to = values(HeaderName::ReturnPath).next().and_then(|(_, value)| results::domain(value.trim()));
        let signatures = signatures.filter_map(|(line, value)| Signature::read(&value, line)).collect();
        Ok(Self { from, returns_to, signatures, results, body })
    }

    fn judge(&self, product: Option<&str>) -> Told {
        let from = &self.from;
        if let Some(product) = product.filter(|product| !are_aligned(product, from)) {
            let reason = format!("It is from {from}, and launch.toml says that the product sends from {product}.");
            return Told::new(Claim::Open, None, reason);
        }
        let aligned: Vec<&Signature> = self.signatures.iter().filter(|one| are_aligned(&one.domain, from)).collect();
        let sound: Vec<&Signature> = aligned.iter().copied().filter(|one| one.fault.is_none()).collect();
        let Some(first) = sound.first() else { return self.unsigned(&aligned) };
        if let Some(told) = self.refused(&sound) {
            return told;
        }
        let line = Some(first.line);
        let Some((_, results)) = &self.results else {
            let reason = format!(
                "It is signed for {}, and nobody says that the signature was verified: it has no Authentication-Results field.",
                first.domain
            );
            return Told::new(Claim::Open, line, reason);
        };
        let server = results.server.as_deref().unwrap_or("A server that does not name itself");
        let passed = |one: &&&Signature| results.says("dkim", "pass", |domain| are_equal(domain, &one.domain));
        let Some(verified) = sound.iter().find(passed) else {
            let reason = format!("{server} does not say that the signature for {} was verified.", first.domain);
            return Told::new(Claim::Open, line, reason);
        };
        if !verified.is_of(self.body) {
            let reason = format!(
                "The body is not the one that was signed for {}: it was changed on its way, or when it was saved.",
                verified.domain
            );
            return Told::new(Claim::Open, Some(verified.line), reason);
        }
        Told::new(Claim::Review, Some(verified.line), self.good(server, verified, results))
    }

    /// Nothing signs for the domain in From, or only what nobody accepts.
    fn unsigned(&self, aligned: &[&Signature]) -> Told {
        let from = &self.from;
        if let Some((first, fault)) = aligned.iter().find_map(|one| Some((one, one.fault?))) {
            let reason = format!("The signature for {} counts for nothing: {fault}.", first.domain);
            return Told::new(Claim::Fail, Some(first.line), reason);
        }
        if self.signatures.len() >= MOST {
            return Told::new(Claim::Open, None, format!("It has {MOST} signatures or more: not all were looked at."));
        }
        match self.signatures.first() {
            Some(first) => {
                let others = names(self.signatures.iter().map(|one| one.domain.as_str()));
                let reason =
                    format!("From names {from}, and only {others} signed it: to a receiver it is not from {from}.");
                Told::new(Claim::Fail, Some(first.line), reason)
            }
            None => Told::new(Claim::Fail, None, format!("It is from {from}, and nobody signed it with DKIM.")),
        }
    }

    /// That the receiving server says it does not hold.
    fn refused(&self, sound: &[&Signature]) -> Option<Told> {
        let (line, results) = self.results.as_ref()?;
        let server = results.server.as_deref().unwrap_or("A server that does not name itself");
        let of_signer = |domain: &str| sound.iter().any(|one| are_equal(domain, &one.domain));
        let is_bad = |name: &str, of: &dyn Fn(&str) -> bool| {
            ["fail", "permerror", "policy"].iter().any(|result| results.says(name, result, of))
                && !results.says(name, "pass", of)
        };
        let what = match () {
            () if is_bad("dmarc", &|domain| are_aligned(domain, &self.from)) => "DMARC does not pass",
            () if is_bad("dkim", &of_signer) => "the signature is not valid",
            () => return None,
        };
        let reason = format!("{server} says of the message from {} that {what}.", self.from);
        Some(Told::new(Claim::Fail, Some(*line), reason))
    }

    /// Everything that speaks for it, and what is missing.
    fn good(&self, server: &str, verified: &Signature, results: &Results) -> String {
        let any = |name: &str| results.all.iter().find(|method| method.name == name);
        let said = |name: &str, shown: &str| match any(name) {
            Some(method) => format!("{shown} {}", method.result),
            None => format!("nothing of {shown}"),
        };
        let envelope = match &self.returns_to {
            Some(domain) if are_aligned(domain, &self.from) => String::new(),
            Some(domain) => format!(" The envelope is of {domain}, which SPF cannot align with {}.", self.from),
            None => " It has no Return-Path, so that it is not known what SPF was asked for.".to_owned(),
        };
        let partial = match verified.is_partial {
            true => " The signature stands for the beginning of the body only (l=): anybody can add to it.",
            false => "",
        };
        format!(
            "{server} says of the message from {}: the signature for {} (selector {}) is valid, {}, {}. The body is the one that \
             was signed.{partial}{envelope} Anybody can write such headers, and the key in DNS was not asked: did you receive it so?",
            self.from,
            verified.domain,
            verified.selector,
            said("spf", "SPF"),
            said("dmarc", "DMARC"),
        )
    }
}

impl Results {
    /// Whether a method came to a result for a domain of these. Where no domain is named it may be any.
    fn says(&self, name: &str, result: &str, of: impl Fn(&str) -> bool) -> bool {
        let is_of = |domain: &Option<String>| domain.as_deref().is_none_or(&of);
        self.all.iter().any(|method| method.name == name && method.result == result && is_of(&method.domain))
    }
}

/// Whether a message is young enough to show how the product sends today.
fn fresh(date: Option<&mail_parser::DateTime>, today: Date) -> Result<(), String> {
    let day = |date: &mail_parser::DateTime| {
        let (year, month, day) =
            (i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
        Date::new(year, month, day).ok()
    };
    let Some(day) = date.and_then(day) else { return Err("It has no date that can be.".into()) };
    match (today - day).get_days() {
        // Somewhere it is tomorrow already.
        ..-1 => Err(format!("It is of {day}, which is still to come.")),
        DAYS.. => Err(format!("It is of {day}: what was sent {DAYS} days ago shows nothing of today.")),
        _ => Ok(()),
    }
}

fn are_equal(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Whether two domains belong to one organisation, as far as the list of public suffixes tells: relaxed alignment (RFC 9989).
fn are_aligned(one: &str, other: &str) -> bool {
    are_equal(organisation(one), organisation(other))
}

/// The domain of the organisation that a domain belongs to.
fn organisation(domain: &str) -> &str {
    let found = psl::domain(domain.as_bytes()).and_then(|found| std::str::from_utf8(found.as_bytes()).ok());
    found.unwrap_or(domain)
}
