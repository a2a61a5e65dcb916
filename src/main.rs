//! The command line of rdpwhy: arguments → library calls → exit code. The only place that prints.

mod batching;
mod cli;
mod many;
mod output;
mod progress;
mod redaction;
mod show;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::mem::ManuallyDrop;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser as _};
use rdpwhy::analysis::{Analysis, Scope, analyze, analyze_observed};
use rdpwhy::bundle::{Bundle, OnRead, Options};
use rdpwhy::collect::End;
use rdpwhy::redact::Names;
use rdpwhy::report::rows::RowFormat;
use rdpwhy::report::rows::all::Written;
use rdpwhy::report::{self, Format, Report as _, rows};
use rdpwhy::signatures::Database;

use crate::cli::{Analyze, Cli, Collect, Command, Explain, Input, Signatures, Timeline};
use crate::progress::Progress;
use crate::redaction::Redaction;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.command {
        Command::Analyze(arguments) => run_analyze(arguments),
        Command::Timeline(arguments) => run_timeline(arguments),
        Command::Batch(arguments) => batching::run(arguments),
        Command::Merge(arguments) => batching::run_merge(arguments),
        Command::Fleet(arguments) => many::fleet(arguments),
        Command::Explain(arguments) => run_explain(arguments),
        Command::Collect(arguments) => run_collect(arguments),
        Command::Completions { shell } => run_completions(*shell),
        Command::Man { dir } => run_man(dir),
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

/// What commands that read one bundle begin with.
struct Job {
    /// It lives as long as the process, whose memory goes back as a whole.
    db: &'static Database,
    bundle: Bundle,
    scope: Scope,
    progress: Progress,
    redaction: Option<Redaction>,
}

impl Job {
    fn new(input: &Input) -> anyhow::Result<Self> {
        let threads =
            rayon::ThreadPoolBuilder::new().num_threads(input.threads.map_or(0, usize::from));
        // The main thread is one of them: its memory grows in fewer steps than that of others, and it has nothing else to
        // do. On Windows it has half the stack of the others, which hostile input may need.
        let threads = if cfg!(windows) { threads } else { threads.use_current_thread() };
        threads.build_global().context("cannot start the threads")?;
        let db = Box::leak(Box::new(database(input.signatures.as_deref())?));
        let options = Options {
            passwords: input.password.clone(),
            wanted: rdpwhy::parsers::is_known,
            head: rdpwhy::parsers::head_needed,
            ..Options::default()
        };
        let mut bundle = Bundle::open(&input.paths, &options)?;
        if input.no_hash {
            bundle = bundle.without_hashes();
        }
        let sources = bundle.sources();
        let bytes = sources.iter().map(|source| source.bytes).sum();
        let progress = Progress::new(bytes, sources.len() as u64, input.quiet);
        let reads = progress.clone();
        let on_read: OnRead = Arc::new(move |bytes| reads.read(bytes));
        let bundle = bundle.watched(&on_read);
        let scope = Scope {
            from: input.from,
            to: input.to,
            hosts: input.host.clone(),
            why_not: input.why_not.clone(),
            zone: input.time_zone,
            ..Scope::default()
        };
        let redaction = Redaction::of(input)?;
        Ok(Self { db, bundle, scope, progress, redaction })
    }

    fn analyze(&self) -> anyhow::Result<Analysis<'_>> {
        let progress = |_| self.progress.file_done();
        let analysis = match self.redaction.as_ref() {
            None => analyze(&self.bundle, self.db, &self.scope, &progress),
            Some(redaction) => {
                let names = Names::default();
                let mut analysis =
                    analyze_observed(&self.bundle, self.db, &self.scope, &progress, Some(&names));
                let redactor = redaction.redactor(names);
                redactor.analysis(&mut analysis);
                redaction.write_map(&redactor)?;
                analysis
            }
        };
        self.progress.finish();
        Ok(analysis)
    }

    /// A row for every event. Names have to be known before the first is written, so redaction reads everything twice.
    fn write_all(&self, format: &dyn RowFormat, out: &mut dyn Write) -> anyhow::Result<Written> {
        let progress = |_| self.progress.file_done();
        let redactor = self.redaction.as_ref().map(|redaction| {
            let names = Names::default();
            self.progress.twice();
            let _ = analyze_observed(&self.bundle, self.db, &self.scope, &|_| (), Some(&names));
            redaction.redactor(names)
        });
        let written = rows::all::write(
            format,
            &self.bundle,
            self.db,
            &self.scope,
            redactor.as_ref(),
            &progress,
            out,
        )?;
        if let Some((redaction, redactor)) = self.redaction.as_ref().zip(redactor.as_ref()) {
            redaction.write_map(redactor)?;
        }
        Ok(written)
    }
}

fn outcome(complete: bool) -> ExitCode {
    if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_analyze(arguments: &Analyze) -> anyhow::Result<ExitCode> {
    let job = Job::new(&arguments.input)?;
    // Nothing is gained by taking it apart: the process ends behind it.
    let analysis = ManuallyDrop::new(job.analyze()?);
    if let Some(dir) = &arguments.output {
        write_files(&analysis, dir, arguments.format)?;
    }
    // With a folder for the files, the terminal gets the page.
    let page = arguments.output.as_ref().and_then(|_| report::format("text"));
    print(&analysis, page.unwrap_or(arguments.format))?;
    Ok(outcome(analysis.is_complete()))
}

fn print(analysis: &Analysis<'_>, format: &Format) -> anyhow::Result<()> {
    let mut out: Box<dyn Write> = if format.is_page() {
        // Styles are taken out where stdout is no terminal, or NO_COLOR is set.
        Box::new(anstream::AutoStream::auto(io::stdout().lock()))
    } else {
        Box::new(io::stdout().lock())
    };
    let mut out = BufWriter::new(&mut out);
    match terminal_size::terminal_size_of(io::stdout()).filter(|_| format.is_page()) {
        Some((width, _)) => report::page(width.0.into()).write(analysis, &mut out)?,
        None => format.report().write(analysis, &mut out)?,
    }
    out.flush()?;
    Ok(())
}

fn write_files(analysis: &Analysis<'_>, dir: &Path, asked: &Format) -> anyhow::Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    let wanted =
        |format: &&Format| report::FOLDER.contains(&format.name) || format.name == asked.name;
    for format in report::FORMATS.iter().filter(wanted) {
        output::write(&dir.join(format.file), |out| Ok(format.write_plain(analysis, out)?))?;
    }
    Ok(())
}

fn run_timeline(arguments: &Timeline) -> anyhow::Result<ExitCode> {
    let mut job = Job::new(&arguments.input)?;
    job.bundle = job.bundle.hashing_copies_only();
    let format = match arguments.format.name {
        "csv" => rows::csv(arguments.csv_dialect.dialect()),
        _ => arguments.format.format,
    };
    let mut written = None;
    let mut write = |out: &mut dyn Write| -> anyhow::Result<()> {
        written = Some(if arguments.all {
            job.write_all(format, out)?
        } else {
            let analysis = job.analyze()?;
            Written {
                rows: analysis.timeline.entries().len() as u64,
                left_out: rows::write(format, &analysis, out)?,
                copies: 0,
                complete: analysis.is_complete(),
            }
        });
        job.progress.finish();
        Ok(())
    };
    match &arguments.output {
        Some(path) => output::write(path, |out| write(out))?,
        None => {
            let mut out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
            write(&mut out)?;
            out.flush()?;
        }
    }
    let written = written.context("nothing was written")?;
    if written.left_out > 0 {
        remark(&format!(
            "{} of {} lines carry no time, or one that its readers cannot count, and have no place in this format; csv and jsonl have them",
            written.left_out, written.rows
        ));
    }
    if written.copies > 0 {
        remark(&format!(
            "{} events are the same record in another file as well and are listed once",
            written.copies
        ));
    }
    Ok(outcome(written.complete))
}

#[expect(clippy::print_stderr, reason = "main prints")]
fn remark(text: &str) {
    eprintln!("rdpwhy: {text}");
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

fn run_completions(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rdpwhy", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

fn run_man(dir: &Path) -> anyhow::Result<ExitCode> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), dir)
        .with_context(|| format!("cannot write to {}", dir.display()))?;
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
