//! What must not be shown: the look-alikes that other scanners report by the hundred. Each probe is a file as projects
//! have it; none may give a finding at the default confidence.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::support::random::armour;
use crate::support::{Random, Sandbox};

/// Packages with names that sound like secrets.
const PACKAGES: &[&str] = &[
    "js-tokens", "passport", "passport-oauth2", "keytar", "secret-stack", "csrf-tokens", "jsonwebtoken", "bcrypt",
    "aws-sdk", "api-key-auth", "password-prompt", "@stripe/stripe-js", "@slack/web-api", "twilio", "github-tokens",
    "crypto-browserify", "object-keys", "vue-token",
];

/// `count` lines, each made by `line`.
fn lines(seed: u64, count: usize, line: impl Fn(&mut Random, usize) -> String) -> String {
    let mut random = Random::new(seed);
    (0..count).map(|n| line(&mut random, n) + "\n").collect()
}

fn package(n: usize) -> &'static str {
    PACKAGES[n % PACKAGES.len()]
}

fn identifiers() -> Vec<(&'static str, String)> {
    let object_ids = lines(11, 100, |r, n| match n % 6 {
        0 => format!("commit {}", r.hex(40)),
        1 => format!("Subproject commit {}", r.hex(40)),
        2 => format!("      - uses: acme/token-action@{} # v4.1.7", r.hex(40)),
        3 => format!("tree {}\nparent {}", r.hex(40), r.hex(40)),
        4 => format!("index {}..{} 100644", r.hex(7), r.hex(7)),
        _ => format!("rev = \"{}\"", r.hex(40)),
    });
    vec![
        ("ids/tokens.json", lines(1, 200, |r, _| format!("{{\"token_id\": \"{}\"}},", r.uuid()))),
        ("ids/tokens.yaml", lines(2, 200, |r, _| format!("- token_id: {}", r.uuid()))),
        ("ids/tokens.py", lines(3, 200, |r, n| format!("token_id_{n} = '{}'", r.uuid()))),
        ("ids/rows.csv", format!("token_id,name\n{}", lines(4, 200, |r, n| format!("{},row {n}", r.uuid())))),
        ("ids/azure.tf", lines(5, 50, |r, _| format!("tenant_id = \"{}\"\nclient_id = \"{}\"", r.uuid(), r.uuid()))),
        (
            "ids/server.log",
            lines(6, 200, |r, n| format!("INFO request_id={} session={} took {n} ms", r.uuid(), r.hex(16))),
        ),
        ("ids/history.txt", object_ids.clone()),
        ("ids/deps.toml", object_ids),
    ]
}

fn hashes() -> Vec<(&'static str, String)> {
    let npm = lines(20, 200, |r, n| {
        let name = package(n);
        format!(
            "    \"node_modules/{name}\": {{\n      \"version\": \"4.{n}.0\",\n      \"resolved\": \"https://registry.npmjs.org/{name}/-/{name}-4.{n}.0.tgz\",\n      \"integrity\": \"sha512-{}\"\n    }},",
            r.base64(64)
        )
    });
    let yarn = lines(21, 200, |r, n| {
        let name = package(n);
        format!(
            "{name}@^4.{n}.0:\n  version \"4.{n}.0\"\n  resolved \"https://registry.yarnpkg.com/{name}/-/{name}-4.{n}.0.tgz#{}\"\n  integrity sha512-{}\n",
            r.hex(40),
            r.base64(64)
        )
    });
    let berry = lines(22, 100, |r, n| {
        format!(
            "\"{}@npm:^4.{n}.0\":\n  version: 4.{n}.0\n  checksum: 10c0/{}\n  languageName: node",
            package(n),
            r.hex(128)
        )
    });
    let pnpm = lines(23, 200, |r, n| {
        format!("  {}@4.{n}.0:\n    resolution: {{integrity: sha512-{}}}", package(n), r.base64(64))
    });
    let cargo = lines(24, 200, |r, n| {
        format!(
            "[[package]]\nname = \"{}\"\nversion = \"1.{n}.0\"\nchecksum = \"{}\"",
            package(n).trim_start_matches('@'),
            r.hex(64)
        )
    });
    let poetry = lines(25, 200, |r, n| {
        format!("    {{file = \"{0}-1.{n}-py3-none-any.whl\", hash = \"sha256:{1}\"}},", package(n), r.hex(64))
    });
    let pip = lines(26, 200, |r, n| {
        format!("{}==1.{n} \\\n    --hash=sha256:{} \\\n    --hash=sha256:{}", package(n), r.hex(64), r.hex(64))
    });
    let go = lines(27, 200, |r, n| format!("github.com/acme/{} v1.{n}.0 h1:{}", package(n), r.base64(32)));
    let sums = lines(28, 200, |r, n| format!("{}  dist/secret-{n}.tar.gz", r.hex(64)));
    let nix = lines(29, 60, |r, n| {
        format!("  \"{}\" = {{ sha256 = \"{}\"; rev = \"{}\"; }};", package(n), r.hex(52), r.hex(40))
    });
    let terraform = lines(30, 60, |r, _| format!("    \"h1:{}\",\n    \"zh:{}\",", r.base64(32), r.hex(64)));
    let bazel = lines(31, 60, |r, n| {
        format!(
            "http_archive(\n    name = \"auth_{n}\",\n    sha256 = \"{}\",\n    integrity = \"sha256-{}\",\n)",
            r.hex(64),
            r.base64(32)
        )
    });
    let images = lines(32, 60, |r, n| format!("image: registry.acme.test/auth-token@sha256:{} # {n}", r.hex(64)));
    vec![
        ("locks/package-lock.json", npm.clone()),
        // The same lines in a file whose name says nothing.
        ("hashes/deps.json", npm),
        ("locks/yarn.lock", yarn.clone()),
        ("hashes/yarn-list.txt", yarn),
        ("locks/berry/yarn.lock", berry.clone()),
        ("hashes/berry.yml", berry),
        ("locks/pnpm-lock.yaml", pnpm.clone()),
        ("hashes/pnpm.yaml", pnpm),
        ("locks/Cargo.lock", cargo.clone()),
        ("hashes/packages.toml", cargo),
        ("locks/poetry.lock", poetry.clone()),
        ("hashes/poetry.toml", poetry),
        ("hashes/requirements.txt", pip),
        ("locks/go.sum", go.clone()),
        ("hashes/modules.txt", go),
        ("hashes/checksums.txt", sums),
        ("hashes/sources.nix", nix),
        ("locks/.terraform.lock.hcl", terraform.clone()),
        ("hashes/providers.hcl", terraform),
        ("hashes/deps.bzl", bazel),
        ("hashes/deploy.yaml", images),
    ]
}

fn public_keys() -> Vec<(&'static str, String)> {
    let mut random = Random::new(40);
    let mut ssh = |kind: &str, head: &[u8], len: usize| {
        let mut blob = head.to_vec();
        blob.extend(random.bytes(len));
        format!("{kind} {}", base64::engine::general_purpose::STANDARD.encode(blob))
    };
    let rsa = ssh("ssh-rsa", b"\0\0\0\x07ssh-rsa\0\0\0\x03\x01\0\x01\0\0\x01\x81\0", 384);
    let ed25519 = ssh("ssh-ed25519", b"\0\0\0\x0bssh-ed25519\0\0\0 ", 32);
    let der = |len: usize, random: &mut Random| {
        let mut der = vec![0x30, 0x82, (len >> 8) as u8, len as u8, 0x30, 0x82];
        der.extend(random.bytes(len - 2));
        der
    };
    let mut random = Random::new(41);
    let certificate = armour("CERTIFICATE", &der(900, &mut random));
    let public = armour("PUBLIC KEY", &der(290, &mut random));
    let pgp = armour("PGP PUBLIC KEY BLOCK", &[&[0x99, 1, 13, 4][..], &random.bytes(500)].concat());
    let signature = armour("PGP SIGNATURE", &[&[0x89, 1, 51][..], &random.bytes(280)].concat());
    let indented: String = certificate.lines().map(|line| format!("    {line}\n")).collect();
    let escaped = certificate.replace('\n', "\\n");
    let one_line: String = certificate.lines().filter(|l| !l.starts_with('-')).collect();
    vec![
        ("keys/authorized_keys", format!("{rsa} ada@acme.test\n{ed25519} deploy@acme.test\n")),
        ("keys/known_hosts", format!("github.com {ed25519}\n[git.acme.test]:2222 {rsa}\n")),
        ("keys/users.tf", format!("resource \"aws_key_pair\" \"deploy\" {{\n  public_key = \"{rsa} ada\"\n}}\n")),
        ("keys/server.crt", certificate.clone()),
        ("keys/chain.pem", format!("{certificate}{certificate}{public}")),
        ("keys/values.yaml", format!("tls:\n  caCert: |\n{indented}  clientCertificateData: {one_line}\n")),
        ("keys/idp.json", format!("{{\"certificate\": \"{escaped}\", \"x509cert\": \"{one_line}\"}}\n")),
        (
            "keys/jwks.json",
            format!(
                "{{\"keys\":[{{\"kty\":\"RSA\",\"kid\":\"{}\",\"e\":\"AQAB\",\"n\":\"{}\"}}]}}\n",
                random.hex(32),
                random.base64(256)
            ),
        ),
        ("keys/release.asc", format!("{pgp}{signature}")),
        ("keys/KEYS", pgp),
    ]
}

fn assets() -> Vec<(&'static str, String)> {
    let mut random = Random::new(50);
    let png = random.base64(3000);
    let font = random.base64(9000);
    let integrity = lines(51, 20, |r, n| {
        format!(
            "<script src=\"https://cdn.acme.test/auth-{n}.js\" integrity=\"sha384-{}\" crossorigin=\"anonymous\"></script>",
            r.base64(48)
        )
    });
    let names = ["token", "secret", "password", "apiKey", "authToken", "accessKey", "privateKey", "passwd"];
    let mut bundle = String::from("!function(e,t){\"use strict\";");
    for n in 0..400 {
        let (name, short) = (names[n % names.len()], random.letters(2));
        bundle += &match n % 5 {
            0 => format!("var _{short}={{{name}:e.{name},type:\"password\"}};"),
            1 => format!("function {short}(e){{return e.{name}||t.{name}.get(\"{name}\")}}"),
            2 => format!("this.{name}=t(\"{name}-input\").value,"),
            3 => format!("n.{name}=null==e?void 0:e.{name},"),
            _ => format!("case\"{name}\":return r.createElement(\"input\",{{type:\"{name}\",key:\"{short}{n}\"}});"),
        };
    }
    bundle += "}(window,document);";
    let map =
        format!("{{\"version\":3,\"names\":[\"token\",\"password\"],\"mappings\":\"AAAA,{}\"}}", random.letters(5000));
    vec![
        (
            "web/style.css",
            format!(
                ".token {{ background: url(data:image/png;base64,{png}) }}\n@font-face{{src:url(data:font/woff2;base64,{font})}}\n"
            ),
        ),
        (
            "web/index.html",
            format!(
                "{integrity}<img src=\"data:image/jpeg;base64,{png}\">\n<input type=\"password\" name=\"password\" placeholder=\"Password\">\n"
            ),
        ),
        ("web/icons.json", format!("{{\"key_icon\": \"data:image/png;base64,{png}\", \"token_image\": \"{png}\"}}\n")),
        ("web/app.js", bundle.clone()),
        ("web/app.min.js", bundle),
        ("web/app.js.map", map),
        ("web/lib.wasm.js", format!("var wasm='{font}';\n")),
    ]
}

fn vectors() -> Vec<(&'static str, String)> {
    let nist = lines(60, 80, |r, n| {
        format!(
            "COUNT = {n}\nKEY = {}\nIV = {}\nPLAINTEXT = {}\nCIPHERTEXT = {}\n",
            r.hex(32),
            r.hex(32),
            r.hex(32),
            r.hex(32)
        )
    });
    let wycheproof = lines(61, 80, |r, n| {
        format!(
            "{{\"tcId\": {n}, \"key\": \"{}\", \"iv\": \"{}\", \"msg\": \"{}\", \"tag\": \"{}\"}},",
            r.hex(64),
            r.hex(24),
            r.hex(48),
            r.hex(32)
        )
    });
    let code = lines(62, 80, |r, _| {
        format!(
            "    {{ key: \"{}\", nonce: \"{}\", plaintext: \"{}\", expected: \"{}\" }},",
            r.hex(64),
            r.hex(24),
            r.base64(48),
            r.hex(128)
        )
    });
    vec![
        ("crypto/aes_cbc.rsp", nist.clone()),
        ("crypto/testdata/aes.txt", nist),
        ("crypto/aes_gcm.json", wycheproof),
        ("crypto/tests/kat.rs", format!("const VECTORS: &[Vector] = &[\n{code}];\n")),
        ("crypto/table.rs", lines(63, 40, |r, n| format!("    (\"{}\", 0x{}, {n}),", r.hex(32), r.hex(16)))),
    ]
}

fn examples() -> Vec<(&'static str, String)> {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let mut random = Random::new(70);
    let jwt_io = format!(
        "{}.{}.{}",
        part(r#"{"alg":"HS256","typ":"JWT"}"#),
        part(r#"{"sub":"1234567890","name":"John Doe","iat":1516239022}"#),
        URL_SAFE_NO_PAD.encode(random.bytes(32))
    );
    let pattern = ["gh", "p_[A-Za-z0-9]{36}"].concat();
    vec![
        ("api/client.py", format!("TOKEN = '{jwt_io}'\nPATTERN = re.compile(r'{pattern}')\n")),
        (
            "app/vault.yml",
            format!(
                "db_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  {}\n  {}\napi_key: ENC[AES256_GCM,data:{},iv:{},tag:{},type:str]\n",
                random.hex(80),
                random.hex(80),
                random.base64(24),
                random.base64(32),
                random.base64(16)
            ),
        ),
    ]
}

/// The files below `fixtures/lookalikes`: code, configuration and texts that only speak of secrets.
fn fixtures() -> Vec<(String, String)> {
    fn walk(root: &Path, folder: &Path, out: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).expect("the fixtures can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                walk(root, &path, out);
            } else {
                let shown = path.strip_prefix(root).expect("it is below the root").to_string_lossy().into_owned();
                out.push((shown, std::fs::read_to_string(&path).expect("a fixture is a text")));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lookalikes");
    let mut files = Vec::new();
    walk(&root, &root, &mut files);
    assert!(files.len() > 10, "the fixtures are there");
    files
}

/// All probes in one tree, so that the program starts once and a failure shows every look-alike that was reported.
#[test]
fn no_lookalike_is_shown_by_default() {
    let sandbox = Sandbox::new();
    let groups = [identifiers(), hashes(), public_keys(), assets(), vectors(), examples()];
    let mut probes: Vec<(String, String)> =
        groups.into_iter().flatten().map(|(path, text)| (path.into(), text)).collect();
    probes.extend(fixtures());
    for (path, content) in &probes {
        sandbox.file(path, content);
    }
    let report = sandbox.scan(&[]);
    let mut shown: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (finding, place) in report.findings.iter().zip(report.places()) {
        shown.entry(&finding.path).or_default().push(place);
    }
    let told: Vec<String> =
        shown.values().map(|places| format!("{} times, first {}", places.len(), places[0])).collect();
    assert!(told.is_empty(), "look-alikes are reported: {told:#?}");
    assert_eq!(report.summary()["scanned_items"], probes.len(), "every probe was looked at");
}

/// No test source, snapshot, fixture or rule of this repository holds anything that looks like a live credential.
#[test]
fn this_repository_passes_its_own_scan() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["benches", "fixtures", "rules", "src", "tests"].map(|folder| root.join(folder));
    let folders: Vec<&str> = folders.iter().map(|folder| folder.to_str().expect("the path is a text")).collect();
    // What a developer's clone has besides is the developer's; CI scans the whole history of a fresh one.
    let report = Sandbox::new().scan(&[&folders[..], &["--no-history"]].concat());
    assert!(report.findings.is_empty(), "{:#?}", report.places());
    assert!(report.skipped().is_empty(), "{:?}", report.skipped());
}
