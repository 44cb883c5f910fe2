//! `launch.toml`: what a project says of itself, so that checks know what is meant. It holds no secret.

mod check;
mod syntax;

use self::check::Check;
use self::syntax::FileSyntax;
use super::file::{FileError, Text};

/// A `launch.toml` whose parts have been checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchFile {
    /// Deployments that may be probed.
    pub targets: Vec<Target>,
    /// Routes that need nobody to be signed in.
    pub public: Vec<Route>,
    /// The routes that matter most.
    pub top: Vec<Route>,
    /// Origins that may call from a browser.
    pub origins: Vec<String>,
    /// How mail is sent.
    pub mail: Option<Mail>,
    /// Whom probes act as.
    pub accounts: Vec<Account>,
    /// Objects for the two-account check.
    pub resources: Vec<Resource>,
    /// What a load test asks for.
    pub load: Option<Load>,
}

/// A deployment that may be probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Where it begins.
    pub url: String,
    /// The only hosts that are ever asked, in small letters; that of the address is the first.
    pub hosts: Vec<String>,
    /// Paths that answer 200 when all is well.
    pub health: Vec<String>,
    /// Whether it may be in a private network, for tests.
    pub allow_private: bool,
}

/// A route: a path, of one method or of all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The method in capital letters; none means all.
    pub method: Option<String>,
    /// The path, with `{name}` for what varies.
    pub path: String,
}

/// How mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The domain in From.
    pub domain: String,
    /// What each sending service has in the SPF record.
    pub senders: Vec<String>,
    /// Selectors of the DKIM keys.
    pub selectors: Vec<String>,
}

/// Whom a probe acts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name in this file.
    pub name: String,
    /// What it may do.
    pub role: String,
    /// Whose it is, where the product has tenants.
    pub tenant: Option<String>,
    /// The environment variable that has its token.
    pub token_env: String,
}

/// An object of one account that another must not see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// What kind of data it is.
    pub class: String,
    /// Its route; `{id}` stands for the id.
    pub route: String,
    /// The account whose object it is.
    pub owner: String,
    /// The object's id.
    pub id: String,
    /// A text that is in this object only.
    pub canary: String,
    /// The account that must not see it.
    pub other: String,
    /// An object of that account.
    pub other_id: String,
}

/// What a load test asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The path that is asked for.
    pub route: String,
    /// Requests a second.
    pub rps: u32,
    /// Requests in all.
    pub requests: u32,
}

impl LaunchFile {
    /// Parses and checks the text of a `launch.toml`; `name` is how errors call the file.
    ///
    /// # Errors
    /// Everything that is wrong, with place, key and reason. No message repeats a value.
    pub fn parse(name: &str, text: &str) -> Result<Self, Vec<FileError>> {
        let text = Text::new(name, text);
        let syntax: FileSyntax = text.parse().map_err(|error| vec![error])?;
        let mut check = Check::new(text);
        let accounts = check.accounts(&syntax.account);
        let file = Self {
            targets: check.targets(&syntax.target),
            public: check.routes("routes.public", &syntax.routes.public),
            top: check.routes("routes.top", &syntax.routes.top),
            origins: check.origins(&syntax.cors.origins),
            mail: syntax.mail.as_ref().map(|mail| check.mail(mail)),
            resources: syntax.resource.iter().map(|resource| check.resource(resource, &accounts)).collect(),
            load: syntax.load.as_ref().map(|load| check.load(load)),
            accounts,
        };
        check.finish(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of `rules/checklist/README.md`.
    fn sound() -> &'static str {
        let readme = include_str!("../../../rules/checklist/README.md");
        let section = readme.split("## `launch.toml`").nth(1).expect("it is documented");
        section.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("it has an example")
    }

    #[test]
    fn what_is_documented_is_read() {
        let file = LaunchFile::parse("launch.toml", sound()).expect("it is sound");
        assert_eq!(file.targets[0].hosts, ["app.example.com", "www.example.com"]);
        assert_eq!(file.public[2], Route { method: None, path: "/health".into() });
        assert_eq!(file.accounts[1].token_env, "LAUNCH_BOB_TOKEN");
        assert_eq!(file.resources[0].other, "bob");
        assert_eq!(file.load, Some(Load { route: "/api/invoices".into(), rps: 5, requests: 200 }));
        assert_eq!(LaunchFile::parse("launch.toml", ""), Ok(LaunchFile::default()), "nothing has to be said");
    }

    #[test]
    fn every_mistake_has_place_key_and_reason() {
        let mistakes = [
            ("name = \"production\"", "name = \"production\"\ncolour = 1", "unknown key `colour`"),
            ("public =", "publik =", "unknown key `publik`"),
            ("origins =", "origin =", "unknown key `origin`"),
            ("domain = \"example.com\"", "domain = \"example.com\"\nx = 1", "unknown key `x`"),
            ("role =", "roles =", "unknown key `roles`"),
            ("class =", "klass =", "unknown key `klass`"),
            ("rps = 5", "rpm = 5", "unknown key `rpm`"),
            ("[load]", "[loads]", "unknown key `loads`"),
            ("url = \"https://", "url = \"http://", "`target.url`: an address"),
            ("https://app.example.com\"\nhosts", "https://u:p@app.example.com\"\nhosts", "`target.url`: an address"),
            ("\"www.example.com\"", "\"*.example.com\"", "`target.hosts`: a host"),
            ("[\"/health\"]", "[\"health\"]", "`target.health`: a path"),
            ("\"GET /\"", "\"FETCH /\"", "`routes.public`: a route"),
            ("\"GET /api/invoices\"", "\"api/invoices\"", "`routes.top`: a route"),
            ("origins = [\"https://app.example.com\"]", "origins = [\"*\"]", "`cors.origins`: an origin"),
            (
                "origins = [\"https://app.example.com\"]",
                "origins = [\"https://app.example.com/\"]",
                "`cors.origins`: an origin",
            ),
            ("domain = \"example.com\"", "domain = \"example\"", "`mail.domain`: a domain"),
            ("LAUNCH_ALICE_TOKEN", "not-a-variable", "never the token itself"),
            ("name = \"bob\"", "name = \"alice\"", "`account.name`: another account"),
            ("other = \"bob\"", "other = \"carol\"", "`resource.other`: no [[account]]"),
            ("other = \"bob\"", "other = \"alice\"", "has to be another one than the owner"),
            ("/api/invoices/{id}", "/api/invoices", "`resource.route`: the route has {id}"),
            ("canary-north-1001", "1001", "`resource.canary`: a canary"),
            ("rps = 5", "rps = 50", "`load.rps`: between"),
            ("requests = 200", "requests = 0", "`load.requests`: between"),
            ("rps = 5", "rps = \"five\"", "invalid type: string …"),
        ];
        for (what, with, expected) in mistakes {
            let text = sound();
            assert!(text.contains(what), "the sound file has {what:?}");
            let spoiled = text.replacen(what, with, 1);
            let errors = LaunchFile::parse("launch.toml", &spoiled).expect_err(with);
            let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
            let line = text[..text.find(what).expect("it is there")].matches('\n').count() + 1;
            let hit = told.iter().find(|message| message.contains(expected));
            let hit = hit.unwrap_or_else(|| panic!("{with}: no `{expected}` in {told:?}"));
            let at: usize = hit.split(':').nth(1).and_then(|n| n.parse().ok()).expect("it has a line");
            let lines = with.matches('\n').count().max(what.matches('\n').count());
            assert!((line..=line + lines).contains(&at), "{with}: line {line}, told {hit}");
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once_and_no_value_is_repeated() {
        let value = "Zq7".repeat(9);
        let text = sound()
            .replace("LAUNCH_ALICE_TOKEN", &value)
            .replace("https://app.example.com", &value)
            .replace("rps = 5", "rps = 99");
        let errors = LaunchFile::parse("launch.toml", &text).expect_err("it is spoiled");
        assert_eq!(errors.len(), 4, "{errors:?}");
        assert!(errors.iter().all(|error| !error.to_string().contains(&value)), "{errors:?}");
        let upper = value.to_ascii_uppercase();
        for (what, with) in [
            ("rps = 5", format!("rps = \"{value}\"")),
            ("rps = 5", format!("{value} = 1")),
            ("LAUNCH_ALICE_TOKEN", upper.clone()),
            ("[\"s1\"]", format!("\"{value}\"")),
            ("[load]", format!("[{value}]")),
        ] {
            let errors = LaunchFile::parse("launch.toml", &sound().replacen(what, &with, 1)).expect_err(&with);
            let told = errors.iter().map(ToString::to_string).collect::<String>();
            assert!(!told.contains(&value) && !told.contains(&upper), "{told}");
        }
    }
}
