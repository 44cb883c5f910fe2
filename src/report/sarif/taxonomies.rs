//! What the rows of the launch checklist refer to: requirements of ASVS 5.0, entries of the API Security Top 10 of 2023, and
//! weaknesses. Titles are our own few words for what is there.

use super::super::launch::model::RowReport;

/// A list that others keep.
pub(super) struct Taxonomy {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) organization: &'static str,
    pub(super) about: &'static str,
    pub(super) address: &'static str,
    /// The ids of it that a row refers to.
    pub(super) of: fn(&RowReport) -> Vec<String>,
    /// The page of an entry.
    pub(super) page: fn(&str) -> String,
    titles: &'static [(&'static str, &'static str)],
}

impl Taxonomy {
    /// The name of an entry, which is not its id, and its title.
    pub(super) fn entry(&self, id: &str) -> (String, &'static str) {
        let title = self.titles.iter().find(|(known, _)| *known == id).map_or(self.about, |(_, title)| title);
        let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let pascal = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
        (words.take(6).map(pascal).collect(), title)
    }
}

pub(super) const TAXONOMIES: &[Taxonomy] = &[
    Taxonomy {
        name: "OWASP ASVS",
        version: "5.0.0",
        organization: "OWASP",
        about: "Application Security Verification Standard: requirements for the security of web applications.",
        address: "https://owasp.org/www-project-application-security-verification-standard/",
        of: |row| row.asvs.iter().map(|id| format!("v5.0.0-{id}")).collect(),
        page: |_| "https://github.com/OWASP/ASVS/tree/v5.0.0/5.0".into(),
        titles: ASVS,
    },
    Taxonomy {
        name: "OWASP API Security Top 10",
        version: "2023",
        organization: "OWASP",
        about: "The ten most critical risks of APIs.",
        address: "https://owasp.org/API-Security/editions/2023/en/0x11-t10/",
        of: |row| row.api.iter().map(|id| format!("{id}:2023")).collect(),
        page: |_| "https://owasp.org/API-Security/editions/2023/en/0x11-t10/".into(),
        titles: API,
    },
    Taxonomy {
        name: "CWE",
        version: "4.18",
        organization: "MITRE",
        about: "Common Weakness Enumeration: a list of kinds of software and hardware weaknesses.",
        address: "https://cwe.mitre.org/",
        of: |row| row.cwe.iter().map(|number| format!("CWE-{number}")).collect(),
        page: |id| format!("https://cwe.mitre.org/data/definitions/{}.html", id.trim_start_matches("CWE-")),
        titles: CWE,
    },
];

const ASVS: &[(&str, &str)] = &[
    ("v5.0.0-2.2.1", "Input is validated against what is expected"),
    ("v5.0.0-2.2.2", "Validation is enforced on the server"),
    ("v5.0.0-2.4.1", "Controls against automation and excessive calls"),
    ("v5.0.0-3.3.1", "Cookies have the Secure attribute"),
    ("v5.0.0-3.3.2", "Cookies have a SameSite attribute that fits"),
    ("v5.0.0-3.3.3", "Cookies have a host prefix unless they are shared"),
    ("v5.0.0-3.3.4", "Session cookies are closed to scripts"),
    ("v5.0.0-3.4.1", "Strict transport security is sent"),
    ("v5.0.0-3.4.2", "Cross-origin access is limited to known origins"),
    ("v5.0.0-6.3.1", "Controls against credential stuffing and brute force"),
    ("v5.0.0-6.3.8", "Answers do not tell which accounts exist"),
    ("v5.0.0-6.6.3", "Codes sent out of band are protected against brute force"),
    ("v5.0.0-7.2.1", "Session tokens are verified by a trusted backend"),
    ("v5.0.0-7.2.4", "A new session token is made at sign-in"),
    ("v5.0.0-8.1.1", "Rules of authorization are documented"),
    ("v5.0.0-8.2.1", "Access to functions needs a permission"),
    ("v5.0.0-8.2.2", "Access to data needs a permission for that item"),
    ("v5.0.0-8.2.3", "Access to fields needs a permission for that field"),
    ("v5.0.0-8.3.1", "Authorization is enforced at a trusted layer"),
    ("v5.0.0-8.4.1", "Tenants are kept apart"),
    ("v5.0.0-12.1.1", "Only current versions of TLS are enabled"),
    ("v5.0.0-12.2.1", "TLS is used for all outside connections"),
    ("v5.0.0-12.2.2", "Outside services use publicly trusted certificates"),
    ("v5.0.0-13.3.1", "Secrets are managed and in no code or build"),
    ("v5.0.0-13.4.1", "No source control metadata is deployed"),
    ("v5.0.0-14.2.1", "Sensitive data is not in addresses"),
    ("v5.0.0-16.2.5", "Sensitive data is logged by its protection level"),
    ("v5.0.0-16.3.1", "Authentication is logged"),
    ("v5.0.0-16.3.2", "Failed authorization is logged"),
    ("v5.0.0-16.5.1", "Errors show a generic message"),
];

const API: &[(&str, &str)] = &[
    ("API1:2023", "Broken object level authorization"),
    ("API2:2023", "Broken authentication"),
    ("API3:2023", "Broken object property level authorization"),
    ("API4:2023", "Unrestricted resource consumption"),
    ("API5:2023", "Broken function level authorization"),
    ("API6:2023", "Unrestricted access to sensitive business flows"),
];

const CWE: &[(&str, &str)] = &[
    ("CWE-20", "Improper input validation"),
    ("CWE-204", "Observable response discrepancy"),
    ("CWE-209", "Error message with sensitive information"),
    ("CWE-295", "Improper certificate validation"),
    ("CWE-306", "Missing authentication for a critical function"),
    ("CWE-307", "No restriction of excessive authentication attempts"),
    ("CWE-319", "Cleartext transmission of sensitive information"),
    ("CWE-384", "Session fixation"),
    ("CWE-525", "Browser cache with sensitive information"),
    ("CWE-532", "Sensitive information in a log file"),
    ("CWE-540", "Sensitive information in source code"),
    ("CWE-602", "Client-side enforcement of server-side security"),
    ("CWE-614", "Sensitive cookie without the Secure attribute"),
    ("CWE-639", "Authorization bypass through a user-controlled key"),
    ("CWE-770", "Allocation of resources without limits"),
    ("CWE-778", "Insufficient logging"),
    ("CWE-798", "Hard-coded credentials"),
    ("CWE-862", "Missing authorization"),
    ("CWE-863", "Incorrect authorization"),
    ("CWE-942", "Permissive cross-domain policy"),
    ("CWE-1004", "Sensitive cookie without the HttpOnly attribute"),
    ("CWE-1275", "Sensitive cookie with an improper SameSite attribute"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::Checklist;

    #[test]
    fn everything_that_a_row_refers_to_has_a_title_and_a_name_of_its_own() {
        for row in Checklist::embedded().rows() {
            let references = &row.references;
            let asvs = references.asvs.iter().map(|id| (0, format!("v5.0.0-{id}")));
            let api = references.api.iter().map(|id| (1, format!("{id}:2023")));
            let cwe = references.cwe.iter().map(|number| (2, format!("CWE-{number}")));
            for (at, id) in asvs.chain(api).chain(cwe) {
                let titles = TAXONOMIES[at].titles;
                assert!(titles.iter().any(|(known, _)| *known == id), "{}: {id}", row.id);
                assert_ne!(TAXONOMIES[at].entry(&id).0, id);
            }
        }
    }
}
