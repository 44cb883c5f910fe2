//! What an earlier scan learned, kept in files.
//!
//! A file is taken only if it is whole, of this version, and named inside as it is outside; anything else is as if it were not
//! there, and is written anew. Files appear at once and complete, so that scans at the same time do not disturb each other.
#![expect(clippy::disallowed_methods, reason = "keeping files is what this module is for")]

use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// Changes whenever what is kept, or what it means, does.
const VERSION: &str = concat!("cleansweep cache 1 ", env!("ENGINE_DIGEST"));

/// A larger file was not written by us.
const LARGEST: u64 = 256 << 20;

/// A folder of kept things.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The folder is made when there is something to keep.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What is kept under a name.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let path = self.folder.join(file_name(name));
        let meta = std::fs::metadata(&path).ok()?;
        let bytes = (meta.is_file() && meta.len() <= LARGEST).then(|| std::fs::read(path).ok()).flatten()?;
        let (sum, rest) = bytes.split_at_checked(32)?;
        let kept = rest.strip_prefix(head(name).as_bytes())?;
        (Sha256::digest(rest).as_slice() == sum).then(|| postcard::from_bytes(kept).ok()).flatten()
    }

    /// Keeps something under a name. What cannot be kept is learned again next time.
    pub fn put(&self, name: &str, value: &impl Serialize) {
        let Ok(kept) = postcard::to_stdvec(value) else { return };
        let rest = [head(name).as_bytes(), &kept].concat();
        let written = || -> std::io::Result<()> {
            private_folder(&self.folder)?;
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.write_all(&Sha256::digest(&rest))?;
            file.write_all(&rest)?;
            file.persist(self.folder.join(file_name(name)))?;
            Ok(())
        };
        let _ = written();
    }
}

fn head(name: &str) -> String {
    format!("{VERSION}\n{name}\n")
}

fn file_name(name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Nobody else needs to know what was scanned.
fn private_folder(folder: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_whole_and_ours_is_taken() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let cache = Cache::new(folder.path().join("a/b"));
        assert_eq!(cache.get::<Vec<u32>>("x"), None);
        cache.put("x", &vec![1u32, 2]);
        assert_eq!(cache.get::<Vec<u32>>("x"), Some(vec![1, 2]));
        assert_eq!(cache.get::<Vec<u32>>("y"), None);
        let path = folder.path().join("a/b").join(file_name("x"));
        let sound = std::fs::read(&path).expect("it was written");
        std::fs::copy(&path, path.with_file_name(file_name("y"))).expect("a file can be copied");
        assert_eq!(cache.get::<Vec<u32>>("y"), None, "it was kept under another name");
        for at in 0..sound.len() {
            let mut broken = sound.clone();
            broken[at] ^= 1;
            std::fs::write(&path, &broken).expect("it can be written");
            assert_eq!(cache.get::<Vec<u32>>("x"), None);
            std::fs::write(&path, &sound[..at]).expect("it can be written");
            assert_eq!(cache.get::<Vec<u32>>("x"), None);
        }
        cache.put("x", &vec![3u32]);
        assert_eq!(cache.get::<Vec<u32>>("x"), Some(vec![3]));
    }
}
