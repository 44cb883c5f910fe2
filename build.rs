//! Packs the rule files into the binary, so that starting does not mean parsing TOML.
//!
//! Two blobs of rules: what every scan needs (rules without examples and runbooks), and the whole files,
//! read only when a report or a command asks for them. And one of the launch checklist.
#![expect(clippy::disallowed_methods, reason = "packing files is what a build script is for")]

use std::{env, error::Error, fs, path::PathBuf};

#[path = "src/rule/syntax.rs"]
#[allow(dead_code, unreachable_pub, reason = "written for the library")]
mod syntax;

#[path = "src/checklist/syntax.rs"]
#[allow(dead_code, unreachable_pub, reason = "written for the library")]
mod checklist;

use checklist::AreaFile;
use sha2::{Digest, Sha256};
use syntax::ProviderFile;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=rules/secrets");
    println!("cargo::rerun-if-changed=src/rule/syntax.rs");
    let mut files = Vec::new();
    for path in toml_files("rules/secrets")? {
        let text = fs::read_to_string(&path)?;
        let file: ProviderFile = toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        if path.file_stem().and_then(|s| s.to_str()) != Some(&file.provider.id) {
            return Err(format!("{}: provider.id is not the file's name", path.display()).into());
        }
        files.push(file);
    }
    files.sort_by(|a, b| a.provider.id.cmp(&b.provider.id));
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("catalogue.full"), postcard::to_stdvec(&files)?)?;
    for file in &mut files {
        file.rotation.clear();
        for rule in &mut file.rule {
            rule.hit.clear();
            rule.miss.clear();
        }
    }
    let hot = postcard::to_stdvec(&files)?;
    let digest: String = Sha256::digest(&hot)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    println!("cargo::rustc-env=CATALOGUE_DIGEST={digest}");
    fs::write(out.join("catalogue.hot"), hot)?;
    println!("cargo::rustc-env=ENGINE_DIGEST={}", engine_digest()?);
    fs::write(out.join("checklist"), postcard::to_stdvec(&areas()?)?)?;
    Ok(())
}

/// The files of the launch checklist.
fn areas() -> Result<Vec<AreaFile>, Box<dyn Error>> {
    println!("cargo::rerun-if-changed=rules/checklist");
    println!("cargo::rerun-if-changed=src/checklist/syntax.rs");
    let mut files = Vec::new();
    for path in toml_files("rules/checklist")? {
        let file: AreaFile =
            toml::from_str(&fs::read_to_string(&path)?).map_err(|e| format!("{}: {e}", path.display()))?;
        if path.file_stem().and_then(|s| s.to_str()) != Some(&file.area.id.to_ascii_lowercase()) {
            return Err(format!("{}: area.id is not the file's name", path.display()).into());
        }
        files.push(file);
    }
    Ok(files)
}

/// The `.toml` files of a folder, by name.
fn toml_files(folder: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    Ok(paths)
}

/// A digest of what decides, besides the rules, what a scan finds: what another build has kept in its cache is not taken.
fn engine_digest() -> Result<String, Box<dyn Error>> {
    let mut folders: Vec<PathBuf> = ["src", "rules/naturalness"].map(PathBuf::from).into();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        println!("cargo::rerun-if-changed={}", folder.display());
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut digest = Sha256::new();
    for file in files {
        digest.update(fs::read(file)?);
    }
    Ok(digest.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect())
}
