//! The launch checklist: what must hold before strangers may use a product, what was seen of it, and who has given
//! their word.
//!
//! Rows are data ([`row`]). Checks bring evidence, persons bring their word ([`attest`]); both come to one standing
//! for each row ([`verdict`]) and to one answer for all ([`gate`]). Nothing here reads a file or asks a host.

pub mod attest;
pub mod checks;
mod derived;
pub mod draft;
mod file;
pub mod gate;
pub mod gather;
pub mod launch_file;
pub mod row;
pub mod stack;
/// The shape of a file of the checklist, as `rules/checklist/README.md` describes it.
pub mod syntax;
pub mod unseen;
pub mod verdict;

pub use self::attest::{Attestation, Attestations};
pub use self::derived::Surface;
pub use self::file::FileError;
pub use self::gate::{Assessment, Judged, Readiness};
pub use self::launch_file::LaunchFile;
pub use self::row::{Area, Checklist, Row};
pub use self::verdict::{Claim, Coverage, Evidence, Place, Standing, Verdict};
