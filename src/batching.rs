//! `rdpwhy batch` and `rdpwhy merge`. Belongs to the binary.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;

use anyhow::Context as _;
use rdpwhy::analysis::Scope;
use rdpwhy::batch::{self, Analyst, Item, Lines, Meta, Run, Shard, Store};
use rdpwhy::error::Error;

use crate::cli::{Batch, Merge};
use crate::progress::Tickets;
use crate::{database, outcome, output, remark};

/// Wrong usage that the parser of arguments cannot see.
const USAGE: u8 = 2;

/// Tickets without an answer that are named at the end.
const NAMED: u32 = 10;

pub(crate) fn run(arguments: &Batch) -> anyhow::Result<ExitCode> {
    if arguments.redact {
        remark(
            "batch cannot redact: names of tickets and their paths stand in what it writes; use `rdpwhy analyze --redact` \
             on each",
        );
        return Ok(ExitCode::from(USAGE));
    }
    if let Some(inside) =
        arguments.output.as_ref().and_then(|dir| surrounding(dir, &arguments.paths))
    {
        remark(&format!(
            "the output folder lies in {}, where nothing is to be written; give another",
            inside.display()
        ));
        return Ok(ExitCode::from(USAGE));
    }
    let db = database(arguments.signatures.as_deref())?;
    let threads = match arguments.threads {
        Some(threads) => usize::from(threads),
        None => available_parallelism().map_or(1, usize::from),
    };
    let scope = Scope { zone: arguments.time_zone, ..Scope::default() };
    let mut analyst = Analyst::new(&db, scope, threads)?;
    analyst.passwords.clone_from(&arguments.password);
    analyst.timeout = arguments.timeout_per_ticket;
    match &arguments.output {
        Some(dir) => run_store(arguments, analyst, dir),
        None => run_lines(arguments, analyst),
    }
}

/// The given folder that a folder lies in, or is.
fn surrounding<'p>(dir: &Path, paths: &'p [PathBuf]) -> Option<&'p PathBuf> {
    let dir = std::path::absolute(dir).ok()?;
    let real = |path: &Path| path.canonicalize().ok();
    // The folder itself need not be there yet.
    let place = dir.ancestors().find_map(|above| {
        let rest = dir.strip_prefix(above).ok()?;
        Some(real(above)?.join(rest))
    })?;
    paths.iter().find(|path| real(path).is_some_and(|path| place.starts_with(path)))
}

fn list(path: &Path) -> anyhow::Result<Box<dyn BufRead + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).map_err(|source| Error::Open { path: path.to_owned(), source })?;
    Ok(Box::new(BufReader::new(file)))
}

type Items = Box<dyn Iterator<Item = io::Result<Item>> + Send>;

fn items(arguments: &Batch) -> anyhow::Result<Items> {
    if let Some(path) = &arguments.paths_from {
        return Ok(Box::new(Lines::new(list(path)?)));
    }
    let (items, hidden) = batch::paths(&arguments.paths)?;
    if hidden > 0 {
        remark(&format!("{hidden} hidden files are no tickets and are left out"));
    }
    Ok(Box::new(items.into_iter().map(Ok)))
}

fn run_lines(arguments: &Batch, mut analyst: Analyst<'_>) -> anyhow::Result<ExitCode> {
    analyst.lines = false;
    let mut progress = Tickets::new(None, arguments.quiet);
    let shard = arguments.shard.unwrap_or(Shard::ALL);
    let mut out = io::stdout();
    let mut add = |bytes| progress.add(bytes);
    batch::lines::write(&analyst, items(arguments)?, shard, &mut out, &mut add)?;
    progress.finish();
    Ok(ExitCode::SUCCESS)
}

fn run_store(arguments: &Batch, mut analyst: Analyst<'_>, dir: &Path) -> anyhow::Result<ExitCode> {
    if !arguments.reports.is_empty() {
        analyst.reports = Some((dir.join("reports"), arguments.reports.clone()));
    }
    check_parquet(arguments.parquet)?;
    let items = items(arguments)?;
    let store = Store::open(dir, arguments.resume, &meta(&analyst, arguments))?;
    // The folder is ours alone as long as its store is open.
    rdpwhy::whole::clear(dir);
    output::clean_up_on_interrupt();
    let shard = arguments.shard.unwrap_or(Shard::ALL);
    let items = items.map(|item| item.map_err(|source| Error::List { source }));
    let (number, tickets) = store.enlist(items, |id| shard.has(id))?;
    let run = Run { number, shard, retry_failed: arguments.retry_failed };
    let mut progress = Tickets::new(Some(tickets), arguments.quiet);
    let mut analysed = 0_u64;
    batch::run(&analyst, &store, run, &mut |bytes, anew| {
        analysed += u64::from(anew);
        progress.add(bytes);
    })?;
    progress.finish();
    write_tables(&store, dir, arguments.parquet).context(
        "all answers are in the store; see to room and rights, and run it again with --resume",
    )?;
    let mut out = io::stdout().lock();
    writeln!(out, "{analysed} of {tickets} tickets analysed")?;
    summary(&store, dir, &mut out)?;
    let complete = store.counts()?.failed == 0;
    store.close()?;
    Ok(outcome(complete))
}

/// What makes answers differ: stores are not mixed over it.
fn meta(analyst: &Analyst<'_>, arguments: &Batch) -> Meta {
    let zone = arguments.time_zone.map_or("none".to_owned(), |zone| format!("{zone:?}"));
    [
        ("schema", "rdpwhy/store/1".to_owned()),
        ("signatures", analyst.db.sha256().to_owned()),
        ("time-zone", zone),
        ("tool", env!("CARGO_PKG_VERSION").to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .to_vec()
}

pub(crate) fn run_merge(arguments: &Merge) -> anyhow::Result<ExitCode> {
    check_parquet(arguments.parquet)?;
    let (store, merged) = batch::merge(&arguments.stores, &arguments.output)?;
    write_tables(&store, &arguments.output, arguments.parquet)
        .context("the store is whole, its tables are not; see to room and rights")?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} tickets taken from {} stores, {} that several have taken once, {} renamed",
        merged.tickets,
        arguments.stores.len(),
        merged.same,
        merged.renamed
    )?;
    summary(&store, &arguments.output, &mut out)?;
    let undone = store.undone()?;
    if undone > 0 {
        remark(&format!("{undone} tickets of the lists have an answer in none of the stores"));
    }
    let complete = undone == 0 && store.counts()?.failed == 0;
    store.close()?;
    Ok(outcome(complete))
}

fn check_parquet(wanted: bool) -> anyhow::Result<()> {
    let built = cfg!(feature = "parquet");
    anyhow::ensure!(
        built || !wanted,
        "this rdpwhy was built without Parquet; build it with `--features parquet`"
    );
    Ok(())
}

fn write_tables(store: &Store, dir: &Path, parquet: bool) -> anyhow::Result<()> {
    let table = |name: &str, fill: &dyn Fn(&mut (dyn Write + Send)) -> Result<(), Error>| {
        output::write(&dir.join(name), |out| {
            fill(out).map_err(|error| match error {
                // Who writes the file says which it is.
                Error::Output { source, .. } => source.into(),
                other => other.into(),
            })
        })
        .context(
            "all answers are in the store; see to room and rights, and run it again with --resume",
        )
    };
    table("tickets.csv", &|out| batch::tables::tickets_csv(store, out))?;
    table("timeline.csv", &|out| batch::tables::timeline_csv(store, out))?;
    #[cfg(feature = "parquet")]
    if parquet {
        for kind in &batch::tables::Table::ALL {
            table(kind.file, &|out| batch::tables::write_parquet(store, kind, out))?;
        }
    }
    #[cfg(not(feature = "parquet"))]
    let _ = parquet;
    Ok(())
}

/// What the store says in a few lines.
fn summary(store: &Store, dir: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let counts = store.counts()?;
    writeln!(
        out,
        "{} tickets in {}: {} ok, {} partial, {} failed; {} have the content of another",
        counts.all(),
        dir.display(),
        counts.ok,
        counts.partial,
        counts.failed,
        counts.duplicates
    )?;
    for (verdict, tickets) in store.verdicts()? {
        writeln!(out, "{tickets:>8}  {verdict}")?;
    }
    for (id, reason) in store.failures(NAMED)? {
        writeln!(out, "failed: {}: {}", shown(&id), shown(&reason))?;
    }
    if counts.failed > u64::from(NAMED) {
        writeln!(out, "and {} more; tickets.csv names them", counts.failed - u64::from(NAMED))?;
    }
    out.flush().context("cannot write to standard output")
}

/// Text from outside, made harmless for a terminal.
fn shown(text: &str) -> String {
    rdpwhy::report::visible(text)
}
