//! What can be typed.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// Say what a code, an event id, an update or a cause means, and where the popular reading is wrong
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Print the PowerShell script that collects the right bundle
    #[command(after_help = COLLECT_EXAMPLES)]
    Collect(Collect),
    /// Look at the signatures, or check your own
    #[command(subcommand)]
    Signatures(Signatures),
}

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
pub(crate) struct Analyze {
    /// Folders, files and archives: the parts of ONE ticket
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = FormatName::Text)]
    pub(crate) format: FormatName,
    /// Write timeline.csv, result.json and report.txt here, and print the page
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Signatures of your own, added to the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) signatures: Option<PathBuf>,
    /// Leave out incidents that ended before this time (UTC; 2026-11-20 or 2026-11-20T09:15:00Z)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<DateTime<Utc>>,
    /// Leave out incidents that began after this time (UTC)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) to: Option<DateTime<Utc>>,
    /// Only incidents of this computer; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Vec<String>,
    /// Password of encrypted archives; may be repeated (`infected` is tried last)
    #[arg(long, value_name = "TEXT")]
    pub(crate) password: Vec<String>,
    /// Threads to use; as many as there are processors by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Leave out the SHA-256 of every file; "sha256" is null in the result
    #[arg(long)]
    pub(crate) no_hash: bool,
    /// No progress on stderr
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatName {
    /// A page for a support engineer
    Text,
    /// The whole result, schema rdpwhy/result/1
    Json,
    /// The timeline
    Csv,
    /// One self-contained file for people
    Html,
}

impl FormatName {
    pub(crate) fn format(self) -> rdpwhy::report::Format {
        match self {
            Self::Text => rdpwhy::report::Format::Text,
            Self::Json => rdpwhy::report::Format::Json,
            Self::Csv => rdpwhy::report::Format::Csv,
            Self::Html => rdpwhy::report::Format::Html,
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
