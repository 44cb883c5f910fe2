//! Personal data that a log should not hold. They are rules like those of the catalogue, but made in code: what proves a number is
//! arithmetic, and no anchor leads to it. They are never used unless asked for.

use super::syntax::{ProviderFile, ProviderSyntax, RuleSyntax};
use super::{Confidence, Matcher, Rule, Severity};

/// The provider of all these rules.
pub const PROVIDER: &str = "personal";

/// Its name.
const PROVIDER_NAME: &str = "Personal data";

/// What to do about personal data: nobody can rotate it.
pub const ADVICE: &str = "Stop writing it: leave it out or mask it where the line is logged. Then delete it where it was written, copies, \
     backups and log services included, and shorten how long logs are kept. If others could read it, ask who is responsible for \
     data protection whether it must be reported.";

/// A kind of personal data.
#[derive(Debug)]
pub struct Personal {
    /// The rule's identifier.
    pub id: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What harm it does in a log.
    pub severity: Severity,
    /// What a value is worth that nothing around it explains; with none it needs the words.
    pub alone: Option<Confidence>,
    /// Words before a value that say what it is, in lower case. Those of three letters or fewer count as whole words only.
    pub words: &'static [&'static str],
    /// Who defines it: where its form and check digits are from.
    pub docs: &'static str,
}

use Confidence::{High, Low, Medium};

/// All kinds, sorted by id.
pub static KINDS: &[Personal] = &[
    kind(
        "au-tfn",
        "Australian tax file number",
        None,
        &["tfn", "tax file"],
        "https://www.ato.gov.au/individuals-and-families/tax-file-number",
    ),
    kind(
        "be-nrn",
        "Belgian national register number",
        None,
        &["nrn", "rijksregister", "registre national", "niss", "insz", "national_number", "national number"],
        "https://www.ibz.rrn.fgov.be/en/national-register/",
    ),
    kind(
        "br-cnpj",
        "Brazilian CNPJ",
        None,
        &["cnpj"],
        "https://www.gov.br/receitafederal/pt-br/assuntos/orientacao-tributaria/cadastros/cnpj",
    ),
    kind("br-cpf", "Brazilian CPF", None, &["cpf"], "https://www.gov.br/receitafederal/pt-br/assuntos/meu-cpf"),
    kind(
        "ca-sin",
        "Canadian social insurance number",
        None,
        &["sin", "social insurance", "nas"],
        "https://www.canada.ca/en/employment-social-development/services/sin.html",
    ),
    kind(
        "card-number",
        "Payment card number",
        Some(Medium),
        &["card", "pan", "cc", "visa", "mastercard", "amex", "credit", "debit", "ccnum"],
        "https://www.iso.org/standard/70484.html",
    ),
    kind(
        "ch-ahv",
        "Swiss social security number (AHV)",
        None,
        &["ahv", "avs", "navs", "oasi"],
        "https://www.zas.admin.ch/en/partners-and-institutions-/navs13",
    ),
    kind(
        "cn-id",
        "Chinese resident identity number",
        Some(Medium),
        &["id_card", "idcard", "id card", "identity", "身份证", "sfz"],
        "https://std.samr.gov.cn/gb/search/gbDetailed?id=71F772D7AD8FD3A7E05397BE0A0AB82A",
    ),
    kind(
        "de-steuer-id",
        "German tax identification number",
        None,
        &["steuer", "idnr", "tax_id", "tax id", "taxid", "tin"],
        "https://www.bzst.de/DE/Privatpersonen/SteuerlicheIdentifikationsnummer/steuerlicheidentifikationsnummer_node.html",
    ),
    kind(
        "dk-cpr",
        "Danish CPR number",
        None,
        &["cpr", "personnummer"],
        "https://cpr.dk/cpr-systemet/opbygning-af-cpr-nummeret",
    ),
    kind("email", "E-mail address", Some(Medium), &["mail"], "https://www.rfc-editor.org/rfc/rfc5322#section-3.4.1"),
    kind(
        "es-dni",
        "Spanish DNI or NIE",
        None,
        &["dni", "nie", "nif"],
        "https://www.interior.gob.es/opencms/es/servicios-al-ciudadano/tramites-y-gestiones/dni/calculo-del-digito-de-control-del-nif-nie/",
    ),
    kind(
        "fi-hetu",
        "Finnish personal identity code",
        Some(Medium),
        &["hetu", "henkil"],
        "https://dvv.fi/en/personal-identity-code",
    ),
    kind(
        "fr-nir",
        "French social security number (NIR)",
        None,
        &["nir", "secu", "sécu", "insee", "numss", "num_ss"],
        "https://www.insee.fr/fr/metadonnees/definition/c1409",
    ),
    kind("gb-nhs", "UK NHS number", None, &["nhs"], "https://www.datadictionary.nhs.uk/attributes/nhs_number.html"),
    kind(
        "gb-nino",
        "UK National Insurance number",
        None,
        &["nino", "national insurance", "national_insurance", "ni number", "ni_number"],
        "https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110",
    ),
    kind(
        "iban",
        "Bank account number (IBAN)",
        Some(High),
        &["iban"],
        "https://www.swift.com/standards/data-standards/iban-international-bank-account-number",
    ),
    kind(
        "ie-pps",
        "Irish PPS number",
        None,
        &["pps"],
        "https://www.gov.ie/en/department-of-social-protection/services/get-a-personal-public-service-pps-number/",
    ),
    kind(
        "in-aadhaar",
        "Indian Aadhaar number",
        None,
        &["aadhaar", "aadhar", "adhaar", "uidai"],
        "https://uidai.gov.in/en/my-aadhaar/about-your-aadhaar.html",
    ),
    kind(
        "it-codice-fiscale",
        "Italian codice fiscale",
        Some(High),
        &["fiscale", "codfisc"],
        "https://www.agenziaentrate.gov.it/portale/web/guest/schede/istanze/richiesta-ts_cf/informazioni-codificazione-pf",
    ),
    kind(
        "jp-my-number",
        "Japanese individual number",
        None,
        &["my number", "my_number", "mynumber", "kojin", "マイナンバー"],
        "https://www.digital.go.jp/en/policies/mynumber",
    ),
    kind(
        "kr-rrn",
        "Korean resident registration number",
        None,
        &["rrn", "jumin", "주민"],
        "https://www.law.go.kr/LSW/eng/engLsSc.do?query=RESIDENT+REGISTRATION",
    ),
    kind("mx-curp", "Mexican CURP", Some(High), &["curp"], "https://www.gob.mx/curp/"),
    kind(
        "nl-bsn",
        "Dutch citizen service number (BSN)",
        None,
        &["bsn", "burgerservice", "sofi"],
        "https://www.rvig.nl/bsn",
    ),
    kind(
        "no-fnr",
        "Norwegian national identity number",
        None,
        &["fnr", "fødselsnummer", "fodselsnummer", "personnummer"],
        "https://www.skatteetaten.no/en/person/national-registry/identitetsnummer/fodselsnummer/",
    ),
    kind(
        "phone",
        "Telephone number",
        Some(Low),
        &["phone", "tel", "telefon", "mobile", "cell", "msisdn", "fax", "sms", "whatsapp", "handy"],
        "https://www.itu.int/rec/T-REC-E.164/en",
    ),
    kind("pl-pesel", "Polish PESEL", None, &["pesel"], "https://www.gov.pl/web/gov/czym-jest-numer-pesel"),
    kind(
        "pt-nif",
        "Portuguese tax number (NIF)",
        None,
        &["nif", "contribuinte"],
        "https://www.portaldasfinancas.gov.pt/",
    ),
    kind(
        "se-personnummer",
        "Swedish personal identity number",
        None,
        &["personnummer", "pnr", "ssn", "personal_number", "personal number"],
        "https://www.skatteverket.se/servicelankar/otherlanguages/englishengelska/individualsandemployees/personalidentitynumberandcoordinationnumber",
    ),
    kind(
        "session-id",
        "Session id",
        Some(High),
        &[],
        "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html",
    ),
    kind("sg-nric", "Singapore NRIC or FIN", Some(Low), &["nric", "fin"], "https://www.ica.gov.sg/documents/ic"),
    kind(
        "tr-tckn",
        "Turkish identity number",
        None,
        &["tckn", "tc kimlik", "kimlik", "tc_no", "tcno"],
        "https://www.nvi.gov.tr/",
    ),
    kind(
        "us-itin",
        "US individual taxpayer identification number",
        None,
        &["itin", "taxpayer"],
        "https://www.irs.gov/tin/itin/individual-taxpayer-identification-number-itin",
    ),
    kind(
        "us-ssn",
        "US social security number",
        None,
        &["ssn", "social security", "social_security", "socialsecurity", "soc_sec"],
        "https://www.ssa.gov/employer/randomization.html",
    ),
    kind(
        "web-authorization",
        "Authorization header",
        Some(High),
        &[],
        "https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2",
    ),
    kind(
        "za-id",
        "South African identity number",
        None,
        &["id number", "id_number", "idnumber", "said", "rsa id", "rsa_id"],
        "https://www.dha.gov.za/index.php/identity-documents2",
    ),
];

const fn kind(
    id: &'static str,
    title: &'static str,
    alone: Option<Confidence>,
    words: &'static [&'static str],
    docs: &'static str,
) -> Personal {
    let severity = match id.as_bytes() {
        b"email" | b"phone" => Severity::Low,
        b"iban" | b"br-cnpj" | b"pt-nif" => Severity::Medium,
        _ => Severity::High,
    };
    Personal { id, title, severity, alone, words, docs }
}

/// The rules for all kinds.
#[must_use]
pub fn rules() -> Vec<Rule> {
    KINDS.iter().map(Personal::rule).collect()
}

/// The same as a file, so that they can be listed and shown like others.
#[must_use]
pub fn file() -> ProviderFile {
    let rules = rules().into_iter().map(|rule| RuleSyntax {
        id: rule.id,
        title: rule.title,
        description: rule.description,
        severity: rule.severity,
        anchors: Vec::new(),
        regex: None,
        value: None,
        builtin: None,
        name: None,
        reach: None,
        checks: Vec::new(),
        min_entropy: None,
        confidence: Some(rule.confidence),
        guessable: rule.guessable,
        generic: rule.generic,
        shared_format: false,
        parts: Vec::new(),
        publishable: false,
        rotation: rule.rotation,
        docs: rule.docs,
        hit: Vec::new(),
        miss: Vec::new(),
    });
    let provider = ProviderSyntax { id: PROVIDER.into(), name: PROVIDER_NAME.into() };
    ProviderFile { provider, rule: rules.collect(), rotation: Vec::new() }
}

impl Personal {
    fn rule(&'static self) -> Rule {
        Rule {
            id: format!("{PROVIDER}-{}", self.id),
            provider: PROVIDER.into(),
            provider_name: PROVIDER_NAME.into(),
            title: self.title.into(),
            description: format!("{}, which a log should not hold. Its form and check digits are right.", self.title),
            severity: self.severity,
            anchors: Vec::new(),
            matcher: Matcher::Personal(self),
            checks: Vec::new(),
            min_entropy: 0.0,
            confidence: self.alone.unwrap_or(Medium),
            // People have few enough of them that a hash of one gives it away.
            guessable: true,
            generic: true,
            shared_format: false,
            parts: Vec::new(),
            publishable: false,
            rotation: "personal-data".into(),
            docs: Some(self.docs.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_sorted_and_documented() {
        assert!(KINDS.is_sorted_by(|a, b| a.id < b.id));
        for kind in KINDS {
            assert!(kind.docs.starts_with("https://"), "{}", kind.id);
            assert!(kind.alone.is_some() || !kind.words.is_empty(), "{} can be found", kind.id);
            assert!(kind.words.iter().all(|word| *word == word.to_lowercase()), "{}", kind.id);
        }
    }
}
