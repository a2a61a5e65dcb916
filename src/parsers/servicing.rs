//! What the logs of servicing and set-up have in common: their lines, and the change that one of them tells.
//!
//! ```text
//! 2026-11-17 03:05:11, Info                  CBS    Exec: Processing complete.  Session: …
//! ```
//!
//! Local time without an offset, whole seconds; the component may be missing, `[0x0601c1]` may stand before it. A line
//! without a time belongs to the record above it. These logs reach gigabytes, and a few lines of them matter: they are
//! counted and searched as bytes, and only what is found is decoded.

use std::sync::Arc;

use chrono::NaiveDateTime;
use serde::Deserialize;

use super::Sink;
use crate::embedded;
use crate::event::{Event, Origin, Timestamp};
use crate::parsers::CoverageSpan;
use crate::source::Source;

/// Bytes of `2026-11-17 03:05:11`.
pub(super) const STAMP: usize = 19;

/// Whether a line begins with a date and a time. Their separators follow the country of whoever decoded the log.
pub(super) fn is_stamped(line: &[u8]) -> bool {
    let Some(stamp) = line.first_chunk::<STAMP>() else { return false };
    stamp.iter().enumerate().all(|(index, byte)| match index {
        4 | 7 => matches!(byte, b'-' | b'/' | b'.'),
        10 => matches!(byte, b' ' | b'\t' | b'T'),
        13 | 16 => *byte == b':',
        _ => byte.is_ascii_digit(),
    })
}

/// The time of a stamp.
pub(super) fn time(stamp: &[u8]) -> Option<NaiveDateTime> {
    let text: String = std::str::from_utf8(stamp.get(..STAMP)?)
        .ok()?
        .chars()
        .map(|letter| match letter {
            '/' | '.' => '-',
            '\t' | 'T' => ' ',
            other => other,
        })
        .collect();
    NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S").ok()
}

/// Level and component of a line, and its text.
pub(super) fn parts(line: &str) -> Option<(&str, &str, &str)> {
    let rest = line.get(STAMP..)?.strip_prefix(", ")?;
    let (level, rest) = rest.split_once(' ')?;
    if !matches!(level, "Info" | "Warning" | "Error" | "Perf" | "Fatal") {
        return None;
    }
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix("[0x") {
        Some(code) => code.split_once(']')?.1.trim_start(),
        None => rest,
    };
    let (component, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let is_component = (2..=8).contains(&component.len())
        && component.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    Some(if is_component { (level, component, text.trim_start()) } else { (level, "", rest) })
}

/// The component that most lines of a log's head have, when it is one of these logs.
pub(super) fn component(source: &Source) -> Option<String> {
    let text = source.text_head();
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for (_, component, _) in text.trim_start_matches('\u{feff}').lines().filter_map(parts) {
        match counts.iter_mut().find(|(known, _)| *known == component) {
            Some((_, count)) => *count += 1,
            None => counts.push((component, 1)),
        }
    }
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let most = counts.into_iter().max_by_key(|(_, count)| *count)?;
    (all >= 3).then(|| most.0.to_owned())
}

/// How many records a log has, and from when to when.
#[derive(Debug, Default)]
pub(super) struct Span {
    records: u64,
    /// Smallest and largest stamp, as they are written: they sort as times do.
    ends: Option<([u8; STAMP], [u8; STAMP])>,
}

impl Span {
    /// Counts a line when it begins a record; whether it does.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        let Some(stamp) = line.first_chunk::<STAMP>().filter(|_| is_stamped(line)) else {
            return false;
        };
        // Without symbols, decoded logs have times before there were such logs.
        if !stamp.starts_with(b"16") {
            let (first, last) = self.ends.get_or_insert((*stamp, *stamp));
            if *stamp < *first {
                *first = *stamp;
            }
            if *stamp > *last {
                *last = *stamp;
            }
        }
        self.records += 1;
        true
    }

    /// Hands over how much there was.
    pub(super) fn finish(self, source: &Source, sink: &mut dyn Sink) {
        sink.local();
        let ends = self.ends.and_then(|(first, last)| Some((time(&first)?, time(&last)?)));
        if let Some((first, last)) = ends {
            sink.coverage(CoverageSpan {
                source: source.id,
                channel: "".into(),
                computer: "".into(),
                first: first.and_utc(),
                last: last.and_utc(),
                records: self.records,
                numbers: Arc::default(),
            });
        }
    }
}

/// What became of an update or a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Installed,
    Failed,
    /// Acts after the restart.
    Pending,
    Removed,
    Superseded,
    /// Copied, and no more.
    Staged,
    /// Named in a list that says no more.
    Listed,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Failed => "failed",
            Self::Pending => "pending",
            Self::Removed => "removed",
            Self::Superseded => "superseded",
            Self::Staged => "staged",
            Self::Listed => "listed",
        }
    }
}

/// A change of a package or an update, with its KB where one can be told. Cumulative updates name their build instead.
pub(super) fn change(
    provider: &str,
    time: Timestamp,
    at: Origin,
    state: State,
    name: &str,
) -> Event {
    let mut event =
        Event::text(provider, time, at).with("State", state.as_str()).with("Title", name);
    if let Some(kb) = kb(name).or_else(|| build_kb(name)) {
        event = event.with("KB", kb);
    }
    event
}

/// The first `KB` with six or seven digits.
pub(super) fn kb(text: &str) -> Option<String> {
    text.split("KB").skip(1).find_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        matches!(digits.len(), 6 | 7).then(|| format!("KB{digits}"))
    })
}

/// `Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2582.1.10`: the update that brought this build, when it is known.
fn build_kb(package: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Known {
        kb: String,
        build: Option<String>,
    }
    static KNOWN: std::sync::LazyLock<Vec<Known>> = std::sync::LazyLock::new(|| {
        let file = embedded::FILES.iter().find(|file| file.label == "known-updates.yaml");
        file.and_then(|file| serde_json::from_str(file.json).ok()).unwrap_or_default()
    });
    let version = package.strip_prefix("Package_for_RollupFix~")?.rsplit('~').next()?;
    let mut parts = version.split('.');
    let build = format!("{}.{}", parts.next()?, parts.next()?);
    let found = KNOWN.iter().find(|known| {
        known.build.as_deref().is_some_and(|builds| builds.split(" / ").any(|known| known == build))
    });
    found.map(|known| known.kb.clone())
}

/// The code after `marker`, as `0x800f0922`.
pub(super) fn hex_after<'t>(text: &'t str, marker: &str) -> Option<&'t str> {
    let rest = text.split_once(marker)?.1.trim_start();
    let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len());
    rest.get(..end).filter(|code| code.starts_with("0x") || code.starts_with("0X"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_all_kinds() {
        assert_eq!(
            parts("2026-11-17 03:05:11, Info                  CBS    Exec: x"),
            Some(("Info", "CBS", "Exec: x"))
        );
        assert_eq!(
            parts("2026-11-17 03:05:11, Info       [0x064149] IBSLIB Rollback"),
            Some(("Info", "IBSLIB", "Rollback"))
        );
        assert_eq!(
            parts("2026-11-17 03:05:11, Error                        Failed to"),
            Some(("Error", "", "Failed to"))
        );
        assert_eq!(parts("2026-11-17 03:05:11, something else"), None);
        assert!(
            is_stamped(b"2026/11/17 03:12:40.6295131 8096")
                && !is_stamped(b"    2026-11-17 03:05:11")
        );
        assert_eq!(time(b"2026/11/17 03:12:40.6"), time(b"2026-11-17\t03:12:40:216"));
    }

    #[test]
    fn a_cumulative_update_is_known_by_its_build() {
        let event = |name| {
            let source = Source::from_bytes(crate::event::SourceId(0), "t", b"");
            let event = change("CBS", Timestamp::Undated, source.whole(), State::Installed, name);
            event.field("KB").map(str::to_owned)
        };
        assert_eq!(
            event("Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2582.1.10").as_deref(),
            Some("KB5040437")
        );
        assert_eq!(event("Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.9999.1.10"), None);
        assert_eq!(
            event("Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0").as_deref(),
            Some("KB5099999")
        );
    }
}
