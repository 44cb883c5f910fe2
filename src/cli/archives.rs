//! What archives and compressed files may cost.

use clap::Args;
use cleansweep::source::container::Limits;

use super::scan;

/// What is opened
#[derive(Debug, Args)]
#[command(next_help_heading = "Archives and compressed files")]
pub(crate) struct ArchiveArgs {
    /// Scan them as they are, without opening them
    #[arg(long, conflicts_with_all = ["max_archive_depth", "max_archive_size", "max_archive_ratio", "max_archive_members"])]
    no_archives: bool,

    /// Open them so deep, one in the other, and say what is deeper [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=32))]
    max_archive_depth: Option<u32>,

    /// Unpack so much of one file, and say what is left; in bytes, or with k, M or G [default: 16 GiB]
    #[arg(long, value_name = "SIZE", value_parser = scan::size)]
    max_archive_size: Option<u64>,

    /// Unpack a member to so many times its packed size, once it is over 16 MiB, and say so if it has more [default: 250]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_archive_ratio: Option<u64>,

    /// Look at so many members of one file, and say what is left [default: 1000000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_archive_members: Option<u64>,
}

impl ArchiveArgs {
    /// The limits; none if nothing is opened.
    pub(crate) fn limits(&self) -> Option<Limits> {
        let usual = Limits::default();
        (!self.no_archives).then_some(Limits {
            depth: self.max_archive_depth.unwrap_or(usual.depth),
            total_bytes: self.max_archive_size.unwrap_or(usual.total_bytes),
            ratio: self.max_archive_ratio.unwrap_or(usual.ratio),
            members: self.max_archive_members.unwrap_or(usual.members),
            ..usual
        })
    }
}
