//! The command line of rdpwhy: arguments → library calls → exit code. The only place that prints.

mod cli;
mod progress;
mod show;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use rdpwhy::analysis::{Analysis, Scope, analyze};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::collect::End;
use rdpwhy::report::Format;
use rdpwhy::signatures::Database;

use crate::cli::{Analyze, Cli, Collect, Command, Explain, Signatures};
use crate::progress::Progress;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.command {
        Command::Analyze(arguments) => run_analyze(arguments),
        Command::Explain(arguments) => run_explain(arguments),
        Command::Collect(arguments) => run_collect(arguments),
        Command::Signatures(command) => run_signatures(command),
    };
    match outcome {
        Ok(code) => code,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "main prints")]
fn complain(error: &anyhow::Error) {
    let help = error
        .downcast_ref::<rdpwhy::error::Error>()
        .map(|error| format!("; {}", error.help()))
        .unwrap_or_default();
    eprintln!("rdpwhy: {error:#}{help}");
}

/// Whoever reads our output may have seen enough.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

fn database(dir: Option<&Path>) -> anyhow::Result<Database> {
    Ok(match dir {
        Some(dir) => Database::with_user_dir(dir)?,
        None => Database::built_in()?,
    })
}

fn run_analyze(arguments: &Analyze) -> anyhow::Result<ExitCode> {
    if let Some(threads) = arguments.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(threads))
            .build_global()
            .context("cannot start the threads")?;
    }
    let db = database(arguments.signatures.as_deref())?;
    let options =
        Options { passwords: arguments.password.clone(), wanted: rdpwhy::parsers::is_known };
    let mut bundle = Bundle::open(&arguments.paths, &options)?;
    if arguments.no_hash {
        bundle = bundle.without_hashes();
    }
    let bytes = bundle.sources().iter().map(|source| source.bytes).sum();
    let progress = Progress::new(bytes, arguments.quiet);
    let scope = Scope {
        from: arguments.from,
        to: arguments.to,
        hosts: arguments.host.clone(),
        why_not: arguments.why_not.clone(),
        zone: arguments.time_zone,
    };
    let analysis = analyze(&bundle, &db, &scope, &|bytes| progress.add(bytes));
    progress.finish();
    if let Some(dir) = &arguments.output {
        write_files(&analysis, dir)?;
    }
    print(&analysis, arguments.format.format())?;
    Ok(if analysis.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(analysis: &Analysis<'_>, format: Format) -> anyhow::Result<()> {
    let mut out: Box<dyn Write> = match format {
        // Styles are taken out where stdout is no terminal, or NO_COLOR is set.
        Format::Text => Box::new(anstream::AutoStream::auto(io::stdout().lock())),
        _ => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::new(&mut out);
    format.report().write(analysis, &mut out)?;
    out.flush()?;
    Ok(())
}

/// Each file is written beside its place and then moved there: an interrupted run leaves no half of one.
fn write_files(analysis: &Analysis<'_>, dir: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    for format in [Format::Text, Format::Json, Format::Csv] {
        let path = dir.join(format.file_name());
        let part = dir.join(format!("{}.part", format.file_name()));
        let write = || -> io::Result<()> {
            let mut out = BufWriter::new(File::create(&part)?);
            format
                .report()
                .write(analysis, &mut anstream::StripStream::new(&mut out as &mut dyn Write))?;
            out.flush()?;
            fs::rename(&part, &path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn run_explain(arguments: &Explain) -> anyhow::Result<ExitCode> {
    let db = database(arguments.signatures.as_deref())?;
    let answers = rdpwhy::explain::explain(&db, &arguments.codes)?;
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    show::explanations(&answers, &mut out)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn run_collect(arguments: &Collect) -> anyhow::Result<ExitCode> {
    let end = if arguments.client { End::Client } else { End::Server };
    let script = rdpwhy::collect::script(&database(None)?, end);
    io::stdout().lock().write_all(script.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn run_signatures(command: &Signatures) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    let good = match command {
        Signatures::List { signatures } => show::list(&database(signatures.as_deref())?, &mut out)?,
        Signatures::Show { name, signatures } => {
            show::one(&database(signatures.as_deref())?, name, &mut out)?
        }
        Signatures::Lint { dir } => show::lint(dir.as_deref(), &mut out)?,
        Signatures::Test { dir } => show::test(dir.as_deref(), &mut out)?,
    };
    out.flush()?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
