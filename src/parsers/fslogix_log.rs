//! The text log of FSLogix (`%ProgramData%\FSLogix\Logs\Profile\Profile-20261109.log`).
//!
//! ```text
//! [08:31:15.901][tid:00001a30.00002b14][ERROR:00000020]  LoadProfile failed. Version: … User: ann. SID: S-1-5-21-…
//! ```
//!
//! The lines have a local time and no day; that stands in the name of the file alone. Errors and warnings become events.

use std::sync::LazyLock;

use chrono::{NaiveDate, NaiveTime};

use super::{Parser, Sink, damage};
use crate::bundle::limits;
use crate::event::{Event, Timestamp};
use crate::expression::{Expression, expression};
use crate::source::Source;

/// What the profile container of a user met.
pub struct FslogixLog;

impl Parser for FslogixLog {
    fn format(&self) -> &'static str {
        "fslogix-log"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).take(20).collect();
        let fitting = lines.iter().filter(|line| line_parts().is_match(line)).count();
        fitting > 0 && fitting * 2 > lines.len()
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let day = day_of_name(&source.path);
        for (number, line) in lines.by_ref() {
            let Some(found) = line_parts().captures(line.trim_end()) else { continue };
            let text = |name: &str| found.name(name).map_or("", |value| value.as_str());
            let level = text("level");
            if !matches!(level, "ERROR" | "WARN") {
                continue;
            }
            let message: String = text("message").chars().take(limits::MESSAGE_CHARS).collect();
            let time = NaiveTime::parse_from_str(text("time"), "%H:%M:%S%.f").ok();
            let time = match day.zip(time) {
                Some((day, time)) => Timestamp::Local(day.and_time(time)),
                None => Timestamp::Undated,
            };
            let mut event = Event::text("fslogix-log", time, source.line(number))
                .with("Severity", level)
                .with("Message", message);
            if !text("code").is_empty() {
                event = event.with("Code", format!("0x{}", text("code")));
            }
            sink.event(event);
        }
        damage::report(&lines, source, sink);
    }
}

fn line_parts() -> &'static Expression {
    static LINE: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"^\[(?P<time>\d\d:\d\d:\d\d\.\d+)\]\[tid:[0-9a-f.]+\]\[(?P<level>[A-Z]+)\s*(?::\s*(?P<code>[0-9a-fA-F]{8}))?\s*\]\s*(?P<message>.*)$",
        )
    });
    &LINE
}

/// `Profile-20261109.log`, `Profile_2026-11-09.log`.
fn day_of_name(path: &str) -> Option<NaiveDate> {
    let name = path.rsplit(['/', '!']).next()?;
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    (digits.len() == 8).then(|| NaiveDate::parse_from_str(&digits, "%Y%m%d").ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{collect, parse, source};

    const LOG: &str = "[08:31:05.211][tid:00001a30.00002b14][INFO]           ===== Begin Session: LoadProfile: ann\r\n\
        [08:31:15.882][tid:00001a30.00002b14][WARN: 00000020]  AttachVHD failed\r\n\
        [08:31:15.901][tid:00001a30.00002b14][ERROR:00000020]  LoadProfile failed. Version: 3.26 User: ann.\r\n";

    #[test]
    fn errors_and_warnings() {
        insta::assert_snapshot!(parse(&FslogixLog, LOG), @r#"
        line 2: undated, fslogix-log Severity="WARN" Message="AttachVHD failed" Code="0x00000020"
        line 3: undated, fslogix-log Severity="ERROR" Message="LoadProfile failed. Version: 3.26 User: ann." Code="0x00000020"
        "#);
        assert!(!FslogixLog.sniff(&source("[08:31:05] Ann: it hangs\n")));
    }

    #[test]
    fn the_day_stands_in_the_name() {
        use crate::event::SourceId;
        let file = Source::from_bytes(SourceId(0), "logs/Profile-20261109.log", LOG.as_bytes());
        let times: Vec<_> =
            collect(&FslogixLog, &file).events.iter().map(|event| event.time.to_string()).collect();
        assert_eq!(times[0], "2026-11-09 08:31:15.882 local");
    }
}
