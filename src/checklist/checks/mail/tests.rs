use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::date;
use sha2::{Digest, Sha256};

use super::*;
use crate::checklist::row::Checklist;
use crate::checklist::verdict::Verdict;

const BODY: &str = "Hello,\r\n\r\nyou are invited.\r\n";

/// A message as a receiver has saved it.
fn message() -> String {
    let hash = STANDARD.encode(Sha256::digest(BODY.as_bytes()));
    format!(
        "Delivered-To: ada@mailbox.test\r\nReceived: by 2002:a05 with SMTP id x; Fri, 20 Nov 2026 10:00:01 -0800 (PST)\r\n\
         Return-Path: <bounce+1@mail.shop.test>\r\n\
         Authentication-Results: mx.receiver.test;\r\n       dkim=pass header.i=@shop.test header.s=s1 header.b=abc;\r\n       \
         spf=pass (receiver.test: domain of bounce+1@mail.shop.test designates 192.0.2.1) smtp.mailfrom=bounce+1@mail.shop.test;\r\n       \
         dmarc=pass (p=REJECT) header.from=shop.test\r\n\
         DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=shop.test; s=s1;\r\n  h=from:to:subject; bh={hash};\r\n  b=AAAABBBB\r\n\
         From: \"The Shop, not <evil@example.net>\" <Hello@Shop.test>\r\nTo: ada@mailbox.test\r\nSubject: Invitation\r\n\
         Date: Fri, 20 Nov 2026 18:00:00 +0000\r\n\r\n{BODY}"
    )
}

const LAUNCH: &str = "[mail]\ndomain = \"shop.test\"\nsenders = []\nselectors = [\"s1\"]\n";

fn judged(text: &str) -> Evidence {
    let launch = LaunchFile::parse("launch.toml", LAUNCH).expect("it is sound");
    let messages = [Message { path: "mail/invitation.eml".into(), bytes: text.as_bytes().to_vec() }];
    let mut told = decide(&messages, Some(&launch), date(2026, 11, 22));
    assert_eq!(told.len(), 1);
    told.remove(0)
}

fn verdict(evidence: &Evidence) -> Verdict {
    evidence.verdict(Checklist::embedded().row("MAIL-05").expect("it is a row"))
}

#[test]
fn a_message_that_is_right_is_for_review_and_says_whose_word_it_is() {
    let evidence = judged(&message());
    assert_eq!(verdict(&evidence), Verdict::Review, "{evidence:?}");
    assert_eq!(
        evidence.reason,
        "mx.receiver.test says of the message from shop.test: the signature for shop.test (selector s1) is valid, SPF pass, DMARC \
         pass. The body is the one that was signed. Anybody can write such headers, and the key in DNS was not asked: did you \
         receive it so?"
    );
    let place = &evidence.places[0];
    assert_eq!((place.path.as_str(), place.line), ("mail/invitation.eml", Some(8)), "the signature");
    let unix = judged(&message().replace("\r\n", "\n"));
    assert_eq!(verdict(&unix), Verdict::Review, "saved with other line ends: {unix:?}");
    let one = message().replace("d=shop.test", "d=mail.shop.test").replace("i=@shop.test", "i=@mail.shop.test");
    assert_eq!(verdict(&judged(&one)), Verdict::Review, "another host of the same organisation");
}

#[test]
fn what_is_wrong_with_a_message_decides() {
    let signature = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=shop.test; s=s1;";
    let cases: &[(Verdict, &str, &str, &str)] = &[
        // What fails.
        (Verdict::Fail, "DKIM-Signature:", "X-Was:", "nobody signed it with DKIM"),
        (Verdict::Fail, " d=shop.test", " d=sender.test", "only sender.test signed it"),
        (Verdict::Fail, "rsa-sha256", "rsa-sha1", "counts for nothing: it uses SHA-1"),
        (Verdict::Fail, "h=from:to", "h=to", "it does not sign From"),
        (
            Verdict::Fail,
            "dkim=pass",
            "dkim=fail",
            "mx.receiver.test says of the message from shop.test that the signature is not valid",
        ),
        (Verdict::Fail, "dmarc=pass", "dmarc=fail", "that DMARC does not pass"),
        // What is not known.
        (Verdict::Open, "Received:", "X-Received:", "it is what was sent"),
        (Verdict::Open, "Authentication-Results:", "X-Results:", "nobody says that the signature was verified"),
        (Verdict::Open, "dkim=pass", "dkim=temperror", "does not say that the signature for shop.test was verified"),
        (Verdict::Open, "header.i=@shop.test", "header.i=@other.test", "does not say that the signature"),
        (Verdict::Open, "you are invited", "you are not invited", "The body is not the one that was signed"),
        (
            Verdict::Open,
            "<Hello@Shop.test>",
            "<hello@other.test>",
            "launch.toml says that the product sends from shop.test",
        ),
        (Verdict::Open, "\r\nTo: ada", "\r\nFrom: x@shop.test\r\nTo: ada", "not one From field"),
        (Verdict::Open, "<Hello@Shop.test>", "<Hello@Shop.test>, <b@shop.test>", "not one address"),
        (Verdict::Open, "From:", "X-From:", "not one From field"),
        (Verdict::Open, "20 Nov 2026 18", "20 Jan 2026 18", "It is of 2026-01-20: what was sent 90 days ago"),
        (Verdict::Open, "20 Nov 2026 18", "20 Dec 2026 18", "still to come"),
        (Verdict::Open, "Date:", "X-Date:", "no date"),
        // What is said besides.
        (Verdict::Review, "dmarc=pass", "x-dmarc=pass", "nothing of DMARC"),
        (Verdict::Review, "spf=pass", "spf=fail", "SPF fail"),
        (Verdict::Review, "h=from:to:subject;", "h=from:to:subject; l=28;", "beginning of the body only"),
        (
            Verdict::Review,
            "Return-Path: <bounce+1@mail.shop.test>",
            "Return-Path: <b@sender.test>",
            "The envelope is of sender.test",
        ),
        (Verdict::Review, "Return-Path:", "X-Path:", "It has no Return-Path"),
        (
            Verdict::Review,
            signature,
            "DKIM-Signature: v=1; a=rsa-sha256; d=sender.test; s=x; h=from; bh=; b=;\r\nDKIM-Signature: v=1; \
          a=rsa-sha256; c=relaxed/relaxed; d=shop.test; s=s1;",
            "the signature for shop.test (selector s1) is valid",
        ),
        (
            Verdict::Review,
            "Authentication-Results: mx.receiver.test;",
            "Authentication-Results:",
            "A server that does not name itself says",
        ),
    ];
    for (expected, from, to, told) in cases {
        assert!(message().contains(from), "{from}");
        let evidence = judged(&message().replacen(from, to, 1));
        assert_eq!(verdict(&evidence), *expected, "{to}: {evidence:?}");
        assert!(evidence.reason.contains(told), "{to}: no {told:?} in {:?}", evidence.reason);
    }
}

#[test]
fn a_word_of_another_server_below_the_first_counts_for_nothing() {
    let forged = message().replacen(
        "Authentication-Results: mx.receiver.test;\r\n       dkim=pass",
        "Authentication-Results: mx.receiver.test;\r\n       dkim=none",
        1,
    );
    let with = |server: &str| {
        let more = format!("Authentication-Results: {server}; dkim=pass header.d=shop.test\r\nFrom:");
        judged(&forged.replacen("From:", &more, 1))
    };
    assert_eq!(verdict(&with("sender.test")), Verdict::Open);
    assert_eq!(verdict(&with("MX.receiver.test")), Verdict::Review, "a server may write several fields");
}

#[test]
fn odd_files_are_open_and_nothing_of_them_is_repeated() {
    let long = format!("Received: x\r\nFrom: a@shop.test\r\nX: {}", "x".repeat(3 << 20));
    let signatures = "DKIM-Signature: d=a.test; s=b\r\n".repeat(5_000);
    let many =
        format!("Received: x\r\nFrom: a@shop.test\r\nDate: Fri, 20 Nov 2026 18:00:00 +0000\r\n{signatures}\r\nx");
    for text in ["", "\0\0\0", "no mail", ":::\r\n\r\n", "From: \r\n\r\n", "From \u{fffd}\r\n\r\n", &long, &many] {
        let evidence = judged(text);
        assert_eq!(verdict(&evidence), Verdict::Open, "{evidence:?}");
    }
    let named =
        message().replace("mx.receiver.test", "<b>hunter2").replace("selector", "x").replace("s=s1;", "s=\u{1b}[31m;");
    let evidence = judged(&named);
    assert!(!format!("{evidence:?}").contains("hunter2") && !evidence.reason.contains('\u{1b}'), "{evidence:?}");
}
