//! What can be typed for many tickets.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use rdpwhy::batch::Shard;
use rdpwhy::report::Format;
use rdpwhy::zone::Zone;

use super::{formats, zone};

pub(super) const EXAMPLES: &str = "\
A ticket is a folder, an archive or a file. One that cannot be read, takes too long or breaks something is a row with the
reason, and the others go on. Killed at any moment, --resume goes on; it also analyses tickets anew whose content changed.

Examples:
  rdpwhy batch tickets/ -o results/                            every folder, archive and file in tickets/ is a ticket
  rdpwhy batch tickets/ -o results/ --resume --timeout-per-ticket 300
  rdpwhy batch a.zip b.zip c/ -o results/ --reports html
  find /srv/tickets -name '*.zip' | rdpwhy batch --paths-from - -o results/
  rdpwhy batch --paths-from list.tsv --format ndjson           one line of JSON for each line of the list
  rdpwhy batch tickets/ -o shard-$I/ --shard $I/8              then: rdpwhy merge shard-*/ -o results/

Exit status: 0 every ticket has an answer (with --format ndjson: every line was written), 1 a ticket failed or the run
could not go on, 2 wrong usage.";

pub(super) const MERGE_EXAMPLES: &str = "\
The shards of one list give the same database as one run over all of it. Of tickets that several have, one is kept.

Example:
  rdpwhy merge shard-0/ shard-1/ shard-2/ -o results/";

#[derive(Debug, Args)]
pub(crate) struct Batch {
    /// A folder whose children are the tickets; or several tickets
    #[arg(
        value_name = "PATH",
        required_unless_present = "paths_from",
        conflicts_with = "paths_from"
    )]
    pub(crate) paths: Vec<PathBuf>,
    /// Take the tickets from this list, `-` for standard input: each line a path, or a path, a tab and the ticket's name
    #[arg(long, value_name = "FILE")]
    pub(crate) paths_from: Option<PathBuf>,
    /// Write rdpwhy.sqlite, tickets.csv and timeline.csv into this folder
    #[arg(
        short,
        long,
        value_name = "DIR",
        required_unless_present = "format",
        conflicts_with = "format"
    )]
    pub(crate) output: Option<PathBuf>,
    /// Print this instead of filling a folder
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<LineFormat>,
    /// Go on with what the output folder holds: analyse what is new or changed
    #[arg(long, requires = "output")]
    pub(crate) resume: bool,
    /// Analyse tickets again that failed
    #[arg(long, requires = "resume")]
    pub(crate) retry_failed: bool,
    /// Only the tickets of part I of N, I from 0: for indexed jobs and task arrays
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(crate) shard: Option<Shard>,
    /// Give a ticket up after so many seconds
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) timeout_per_ticket: Option<Duration>,
    /// Write these reports of each ticket into DIR/reports; with commas between
    #[arg(long, value_name = "FORMAT", value_parser = formats(), value_delimiter = ',', requires = "output")]
    pub(crate) reports: Vec<&'static Format>,
    /// Write tickets.parquet and evidence.parquet
    #[arg(long, requires = "output")]
    pub(crate) parquet: bool,
    /// Signatures of your own, added to the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) signatures: Option<PathBuf>,
    /// Zone of logs in local time, where a ticket does not tell it: Europe/Berlin, "W. Europe Standard Time", UTC+1
    #[arg(long, value_name = "ZONE", value_parser = zone, allow_hyphen_values = true)]
    pub(crate) time_zone: Option<Zone>,
    /// Password of encrypted archives; may be repeated (`infected` is tried last)
    #[arg(long, value_name = "TEXT")]
    pub(crate) password: Vec<String>,
    /// Tickets at the same time; as many as there are processors by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// No progress on stderr
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Refused with a reason: names of tickets and paths would still be told
    #[arg(long, hide = true)]
    pub(crate) redact: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// Output folders of batches
    #[arg(required = true, value_name = "DIR")]
    pub(crate) stores: Vec<PathBuf>,
    /// Write rdpwhy.sqlite, tickets.csv and timeline.csv into this folder
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Write tickets.parquet and evidence.parquet
    #[arg(long)]
    pub(crate) parquet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LineFormat {
    /// A JSON object a line, for each line of the list, in its order
    Ndjson,
}

fn shard(text: &str) -> Result<Shard, String> {
    Shard::parse(text).ok_or_else(|| "write it as 0/8, the first of eight, to 7/8".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds > 0.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "give seconds, such as 300 or 0.5".to_owned())
}
