//! The keys of fingerprints.
#![expect(clippy::disallowed_methods, reason = "the private key is kept in the user's own folder")]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cleansweep::secret::FingerprintKeys;
use etcetera::BaseStrategy;

/// The keys to use: what the user gave, else a private key made once and kept in the user's state folder. Where that is
/// not possible the fingerprints of guessable secrets hold for this run only.
pub(crate) fn load(given: Option<&str>) -> FingerprintKeys {
    match given {
        Some(key) => FingerprintKeys::from_user(key.as_bytes()),
        None => FingerprintKeys::with_private(kept().unwrap_or_else(|_| fresh())),
    }
}

fn fresh() -> [u8; 32] {
    let mut key = [0; 32];
    getrandom::fill(&mut key).expect("the operating system gives random bytes");
    key
}

fn kept() -> io::Result<[u8; 32]> {
    let path = file().ok_or(io::ErrorKind::NotFound)?;
    match read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(&path)?;
            // Of several that made it at once, one won.
            read(&path)
        }
        read => read,
    }
}

fn file() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    let folder = base.state_dir().unwrap_or_else(|| base.data_dir());
    Some(folder.join("cleansweep").join("fingerprint.key"))
}

fn read(path: &Path) -> io::Result<[u8; 32]> {
    fs::read(path)?.try_into().map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Writes a new key beside the path and links it into place, so that nobody reads half a key and nobody's key is
/// replaced.
fn create(path: &Path) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&fresh())?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}
