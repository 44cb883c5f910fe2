//! What the scan of files and streams does with containers that were opened, and with those that were not.

use super::inside::Inside;
use super::outcome::Archives;
use super::{Scan, Worker};
use crate::blob::Origin;
use crate::source::container;

impl Scan<'_> {
    /// Takes what a container had.
    pub(super) fn keep_inside(&self, origin: &Origin, inside: Inside, worker: &mut Worker) {
        let found = inside.texts.iter().flat_map(|text| text.findings(&self.opener, origin));
        worker.findings.extend(found);
        worker.skipped.extend(inside.skipped);
        worker.items += inside.members;
        worker.bytes += inside.bytes;
        worker.excluded += inside.excluded;
        worker.archives.add(Archives {
            containers: u64::from(inside.members > 0),
            members: inside.members,
            ..Archives::default()
        });
    }

    /// Counts what would be opened.
    pub(super) fn closed(&self, start: &[u8], origin: &Origin, worker: &mut Worker) {
        let is_closed = self.plan.archives.is_none() && container::is_container(start, origin.path());
        worker.archives.containers += u64::from(is_closed);
    }
}
