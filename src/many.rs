//! The commands about many tickets.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use rdpwhy::fleet::report::{FleetReport, page};
use rdpwhy::fleet::{Settings, fleet as look_at};

use crate::cli::Fleet;
use crate::{database, output, remark};

pub(crate) fn fleet(arguments: &Fleet) -> anyhow::Result<ExitCode> {
    let db = database(arguments.signatures.as_deref())?;
    let settings = Settings {
        days: arguments.days,
        site: arguments.site_pattern.clone(),
        like: arguments.like.clone(),
    };
    let fleet = look_at(&arguments.stores, &settings, &db)?;
    let report = match (arguments.format.name, arguments.table) {
        ("csv", Some(table)) => table as &dyn FleetReport,
        (_, table) => {
            if table.is_some() {
                remark("--table is for --format csv");
            }
            arguments.format.report
        }
    };
    let is_page = arguments.format.name == "text";
    match &arguments.output {
        Some(path) => output::write(path, |out| {
            if !is_page {
                return Ok(report.write(&fleet, out)?);
            }
            let mut plain = anstream::StripStream::new(Vec::new());
            report.write(&fleet, &mut plain)?;
            Ok(out.write_all(&plain.into_inner())?)
        })?,
        None if is_page => {
            let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
            match terminal_size::terminal_size_of(io::stdout()) {
                Some((width, _)) => page(width.0.into()).write(&fleet, &mut out)?,
                None => report.write(&fleet, &mut out)?,
            }
            out.flush()?;
        }
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            report.write(&fleet, &mut out)?;
            out.flush().context("cannot write")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
