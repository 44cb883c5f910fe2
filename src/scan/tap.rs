//! Handing on what a scan reads anyway, so that whoever else wants the files of a tree does not walk it again.

use std::fmt::Debug;

/// Gets the files of working trees while they are scanned, in no order and from several threads.
pub trait Tap: Send + Sync + Debug {
    /// A file that is come by, whatever it is: those that are opened as containers are not handed on.
    fn seen(&self, _path: &str) {}

    /// A file that was read whole. `path` is how it is shown.
    fn file(&self, path: &str, bytes: &[u8]);

    /// A file that is too large to be handed on, in bytes.
    fn large(&self, path: &str, len: u64);
}
