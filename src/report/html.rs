//! The report as one HTML file that asks nobody for anything: verdict first, then what proves it, what to do, the
//! timeline, and what was read.
//!
//! Style and script stand in the page, and its Content-Security-Policy allows just these two, by their hashes: nothing
//! that a log says can become script, style or a request, even if escaping failed. Without script everything can be
//! read; the timeline's rows stand in a `noscript`, from which the script takes them, so that they are there once.

mod figure;
mod incident;
mod inputs;
mod rows;

use std::io::{self, Write};

use askama::Template;
use sha2::{Digest, Sha256};

use self::incident::IncidentView;
use self::inputs::{HostView, NoticeView, SourceView};
use self::rows::Rows;
pub(crate) use self::rows::escaped;
use super::Report;
use crate::analysis::Analysis;

/// The HTML report.
#[derive(Debug)]
pub(super) struct Html;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = concat!(
    include_str!("html/chart.js"),
    include_str!("html/table.js"),
    include_str!("html/script.js")
);

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: String,
    version: &'static str,
    policy: String,
    style: &'static str,
    script: &'static str,
    summary: String,
    worked: usize,
    incidents: Vec<IncidentView>,
    rows: Rows,
    hosts: Vec<HostView>,
    /// The time over which coverage is drawn.
    scale: String,
    notices: Vec<NoticeView>,
    sources: Vec<SourceView>,
    signatures: &'a str,
}

impl Report for Html {
    fn write(&self, analysis: &Analysis<'_>, out: &mut dyn Write) -> io::Result<()> {
        page(analysis).write_into(&mut &mut *out)
    }
}

fn page<'a>(analysis: &'a Analysis<'_>) -> Page<'a> {
    let events: u64 = analysis.sources.iter().map(|source| source.events).sum();
    let read = analysis.sources.iter().filter(|source| source.format.is_some()).count();
    let rows = Rows::new(analysis);
    let incidents: Vec<_> = (1..)
        .zip(&analysis.diagnoses)
        .map(|(number, diagnosis)| IncidentView::new(analysis, number, diagnosis, &rows))
        .collect();
    let (hosts, scale) = inputs::hosts(analysis);
    let title = match incidents.as_slice() {
        [] => "No incident".to_owned(),
        [only] => only.heading.clone(),
        [first, ..] => format!("{} and {} more", first.heading, incidents.len() - 1),
    };
    Page {
        title,
        version: env!("CARGO_PKG_VERSION"),
        policy: policy(STYLE, Some(SCRIPT)),
        style: STYLE,
        script: SCRIPT,
        summary: format!("{read} of {} files read, {events} events", analysis.sources.len()),
        worked: analysis.worked,
        incidents,
        rows,
        hosts,
        scale,
        notices: inputs::notices(analysis),
        sources: analysis.sources.iter().map(SourceView::new).collect(),
        signatures: analysis.db.sha256(),
    }
}

/// Nothing but this page's own style and script.
pub(crate) fn policy(style: &str, script: Option<&str>) -> String {
    let hash = |text: &str| base64(&Sha256::digest(text.as_bytes()));
    let script =
        script.map(|script| format!(" script-src 'sha256-{}';", hash(script))).unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'sha256-{}';{script} base-uri 'none'; form-action 'none'",
        hash(style)
    )
}

/// Base64 with padding (RFC 4648), for the two hashes above.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let at = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let six = (bits >> (18 - 6 * place) & 63) as usize;
            let letter = LETTERS.get(six).copied().map_or('=', char::from);
            text.push(if place > three.len() { '=' } else { letter });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_one_of_the_rfc() {
        for (text, expected) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foob", "Zm9vYg==")] {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
