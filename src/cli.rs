//! What can be typed.

mod batch;

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use rdpwhy::cause::CauseId;
use rdpwhy::fleet;
use rdpwhy::fleet::report::{FLEET_FORMATS, FleetFormat, TABLES, Table};
use rdpwhy::report::rows::{self, Dialect, NamedRowFormat, ROW_FORMATS};
use rdpwhy::report::{self, FORMATS, Format};
use rdpwhy::zone::Zone;
use regex::Regex;

pub(crate) use self::batch::{Batch, Merge};

/// Why did this Remote Desktop connection fail, and what shows it?
#[derive(Debug, Parser)]
#[command(name = "rdpwhy", version, about, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Analyse one ticket: name the cause, what proves it, what changed, what to do and what is missing
    #[command(after_help = ANALYZE_EXAMPLES)]
    Analyze(Analyze),
    /// Write everything dated as a table for Excel, Timesketch, Elastic or plaso's tools
    #[command(after_help = TIMELINE_EXAMPLES)]
    Timeline(Timeline),
    /// Analyse tickets by the thousand into a database and tables, or as lines of JSON
    #[command(after_help = batch::EXAMPLES)]
    Batch(Batch),
    /// Put the databases of several batches (the shards of one) together
    #[command(after_help = batch::MERGE_EXAMPLES)]
    Merge(Merge),
    /// Say what many tickets have in common: causes by week, sudden rises, and which update stands before them
    #[command(after_help = FLEET_EXAMPLES)]
    Fleet(Fleet),
    /// Say what a code, an event id, an update or a cause means, and where the popular reading is wrong
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Print the PowerShell script that collects the right bundle
    #[command(after_help = COLLECT_EXAMPLES)]
    Collect(Collect),
    /// Print what makes a shell complete rdpwhy's commands and options
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write the man pages of all commands into a folder
    #[command(after_help = "Example:\n  rdpwhy man /usr/local/share/man/man1")]
    Man {
        /// The folder; it is made when it is not there
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Look at the signatures, or check your own
    #[command(subcommand)]
    Signatures(Signatures),
}

const FLEET_EXAMPLES: &str = "\
A change stands out when incidents follow it more often than chance has it, however many changes are looked at. That is
an association and no cause; docs/fleet.md says what is counted.

Examples:
  rdpwhy fleet results/
  rdpwhy fleet results-2026-10/ results-2026-11/ --format html -o fleet.html
  rdpwhy fleet results/ --days 7 --site-pattern '^([A-Z]{3})-'
  rdpwhy fleet results/ --like INC0012345
  rdpwhy fleet results/ --format csv --table weeks -o weeks.csv";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  rdpwhy completions bash > /etc/bash_completion.d/rdpwhy
  rdpwhy completions zsh > \"${fpath[1]}/_rdpwhy\"
  rdpwhy completions fish > ~/.config/fish/completions/rdpwhy.fish
  rdpwhy completions powershell >> $PROFILE";

const COLLECT_EXAMPLES: &str = "\
The script only reads: it changes no setting, starts and stops nothing, and writes only its own zip.

Examples:
  rdpwhy collect --server > collect-server.ps1     then, on the server, in an elevated PowerShell:
  powershell -ExecutionPolicy Bypass -File collect-server.ps1 -Output C:\\Temp";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  rdpwhy explain 0x904 0x7              both numbers of the client's dialog
  rdpwhy explain 2308                   the same first number in decimal
  rdpwhy explain 36870                  an event id: every rule about it
  rdpwhy explain 0x8009030d             an error code
  rdpwhy explain alert 40               a TLS alert; also: event, state, kerberos, win32, update, x224
  rdpwhy explain KB5018410              an update
  rdpwhy explain cert-key-access-denied a cause, or the name of a signature";

const TIMELINE_EXAMPLES: &str = "\
Without --all, a timeline has what signatures found, the connections and the dialogs; with it, every event.

Examples:
  rdpwhy timeline ticket-4711.zip > timeline.csv
  rdpwhy timeline ticket-4711.zip --csv-dialect excel -o timeline.csv
  rdpwhy timeline ticket-4711.zip --format xlsx -o timeline.xlsx
  rdpwhy timeline ticket-4711.zip --all --format timesketch-jsonl -o ticket-4711.jsonl";

const ANALYZE_EXAMPLES: &str = "\
Examples:
  rdpwhy analyze ticket-4711.zip
  rdpwhy analyze client.zip server.zip -o out/
  rdpwhy analyze System.evtx dialog.txt --format json

Exit status: 0 the analysis is complete (a cause, an abstention and \"no incident\" are all answers),
1 something given could not be analysed, 2 wrong usage.";

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Collect {
    /// For the computer that is connected to
    #[arg(long)]
    pub(crate) server: bool,
    /// For the computer somebody connects from
    #[arg(long)]
    pub(crate) client: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Codes, event ids, KB numbers, causes, signatures
    #[arg(required = true, value_name = "CODE", allow_negative_numbers = true)]
    pub(crate) codes: Vec<String>,
    /// Signatures of your own, added to the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) signatures: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Fleet {
    /// Folders that `rdpwhy batch -o` wrote, or the databases in them
    #[arg(required = true, value_name = "STORE")]
    pub(crate) stores: Vec<PathBuf>,
    /// An incident counts as one after a change within so many days
    #[arg(long, value_name = "N", default_value_t = fleet::DAYS, value_parser = clap::value_parser!(u16).range(1..=365))]
    pub(crate) days: u16,
    /// What of a computer's name (in capitals, without domain) is its site: the first group, or all that is found
    #[arg(long, value_name = "REGEX", default_value = fleet::SITE)]
    pub(crate) site_pattern: Regex,
    /// Name the tickets that are most alike to this one
    #[arg(long, value_name = "TICKET")]
    pub(crate) like: Option<String>,
    /// What to print
    #[arg(long, value_parser = fleet_formats(), default_value = "text", value_name = "FORMAT")]
    pub(crate) format: &'static FleetFormat,
    /// Which table the CSV is
    #[arg(long, value_parser = tables(), value_name = "TABLE")]
    pub(crate) table: Option<&'static Table>,
    /// Write to this file and not to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Signatures of your own, added to the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) signatures: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Analyze {
    #[command(flatten)]
    pub(crate) input: Input,
    /// What to print
    #[arg(long, value_parser = formats(), default_value = "text", value_name = "FORMAT")]
    pub(crate) format: &'static Format,
    /// Write report.html, timeline.csv, result.json and what --format names here, and print the page
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Timeline {
    #[command(flatten)]
    pub(crate) input: Input,
    /// How to write it
    #[arg(long, value_parser = row_formats(), default_value = "csv", value_name = "FORMAT")]
    pub(crate) format: &'static NamedRowFormat,
    /// How CSV is written
    #[arg(long, value_enum, default_value_t = CsvDialect::Rfc4180, value_name = "DIALECT")]
    pub(crate) csv_dialect: CsvDialect,
    /// Every event that was read, not only what signatures found
    #[arg(long)]
    pub(crate) all: bool,
    /// Write to this file and not to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// What is read, and how much of it is wanted.
#[derive(Debug, Args)]
pub(crate) struct Input {
    /// Folders, files and archives: the parts of ONE ticket
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Signatures of your own, added to the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) signatures: Option<PathBuf>,
    /// Leave out what ended before this time (UTC; 2026-11-20 or 2026-11-20T09:15:00Z)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<DateTime<Utc>>,
    /// Leave out what began after this time (UTC)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) to: Option<DateTime<Utc>>,
    /// Zone of logs in local time, where the bundle does not tell it: Europe/Berlin, "W. Europe Standard Time", UTC+1
    #[arg(long, value_name = "ZONE", value_parser = zone, allow_hyphen_values = true)]
    pub(crate) time_zone: Option<Zone>,
    /// Only incidents of this computer; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Vec<String>,
    /// Tell the case against this cause (cert-expired, windows-update, …); may be repeated
    #[arg(long, value_name = "CAUSE", value_parser = cause)]
    pub(crate) why_not: Vec<CauseId>,
    /// Password of encrypted archives; may be repeated (`infected` is tried last)
    #[arg(long, value_name = "TEXT")]
    pub(crate) password: Vec<String>,
    /// Threads to use; as many as there are processors by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Leave out the SHA-256 of every file; "sha256" is null in the result
    #[arg(long)]
    pub(crate) no_hash: bool,
    /// Replace users, computers, domains, addresses and SIDs by pseudonyms
    #[arg(long)]
    pub(crate) redact: bool,
    /// Make the pseudonyms with this file's bytes, the same in every run; without it, with a key of chance
    #[arg(long, value_name = "FILE", requires = "redact")]
    pub(crate) redact_key: Option<PathBuf>,
    /// Write what was replaced by what to this file, which is to stay with you
    #[arg(long, value_name = "FILE", requires = "redact")]
    pub(crate) redact_map: Option<PathBuf>,
    /// No progress on stderr
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// The outputs of `analyze`, by the names in their table.
fn formats() -> impl TypedValueParser<Value = &'static Format> {
    let values = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    PossibleValuesParser::new(values).try_map(|name| report::format(&name).ok_or("no such format"))
}

/// The outputs of `fleet`, by the names in their table.
fn fleet_formats() -> impl TypedValueParser<Value = &'static FleetFormat> {
    let values =
        FLEET_FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    PossibleValuesParser::new(values)
        .try_map(|name| fleet::report::fleet_format(&name).ok_or("no such format"))
}

/// The tables of `fleet`, by their names.
fn tables() -> impl TypedValueParser<Value = &'static Table> {
    let values = TABLES.iter().map(|table| PossibleValue::new(table.name).help(table.about));
    PossibleValuesParser::new(values)
        .try_map(|name| fleet::report::table(&name).ok_or("no such table"))
}

/// The timelines, by the names in their table.
fn row_formats() -> impl TypedValueParser<Value = &'static NamedRowFormat> {
    let values =
        ROW_FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    PossibleValuesParser::new(values)
        .try_map(|name| rows::row_format(&name).ok_or("no such format"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CsvDialect {
    /// Commas, UTF-8, times as RFC 3339
    Rfc4180,
    /// For Excel: byte order mark, times it takes for times, nothing it takes for a formula
    Excel,
    /// The same with semicolons and decimal commas, for Excel in most of Europe
    ExcelSemicolon,
}

impl CsvDialect {
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::Rfc4180 => Dialect::Rfc4180,
            Self::Excel => Dialect::Excel,
            Self::ExcelSemicolon => Dialect::ExcelSemicolon,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Signatures {
    /// One line a signature
    List {
        /// Signatures of your own, added to the built-in ones
        #[arg(long, value_name = "DIR")]
        signatures: Option<PathBuf>,
    },
    /// Everything about one signature or cause
    Show {
        /// Its name or UUID, or a cause id
        name: String,
        /// Signatures of your own, added to the built-in ones
        #[arg(long, value_name = "DIR")]
        signatures: Option<PathBuf>,
    },
    /// Check signature files: those in DIR, or the built-in ones
    Lint {
        /// The folder
        dir: Option<PathBuf>,
    },
    /// Run the examples of signature files: those in DIR, or the built-in ones
    Test {
        /// The folder
        dir: Option<PathBuf>,
    },
}

fn cause(text: &str) -> Result<CauseId, String> {
    CauseId::named(text).ok_or_else(|| {
        "`rdpwhy explain CAUSE` knows them: cert-expired, windows-update, …".to_owned()
    })
}

fn zone(text: &str) -> Result<Zone, String> {
    Zone::parse(text).ok_or_else(|| {
        "no such zone; write it as Europe/Berlin, \"W. Europe Standard Time\" or UTC+1".to_owned()
    })
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let instant = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    let no_zone =
        || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").ok().map(|time| time.and_utc());
    let day = || {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .and_then(|day| day.and_hms_opt(0, 0, 0))
            .map(|time| time.and_utc())
    };
    instant
        .or_else(no_zone)
        .or_else(day)
        .ok_or_else(|| "write it as 2026-11-20 or 2026-11-20T09:15:00Z".to_owned())
}
