//! Settings of a connection (`*.rdp`, `Default.rdp`), as `mstsc` saves them: `name:type:value`.
//!
//! Saved passwords are left out.

use std::sync::LazyLock;

use regex::Captures;

use super::{Parser, Sink, damage};
use crate::bundle::limits;
use crate::event::{Event, Timestamp};
use crate::expression::{Expression, expression};
use crate::source::Source;

/// The settings of a saved connection.
pub struct RdpFile;

impl Parser for RdpFile {
    fn format(&self) -> &'static str {
        "rdp-file"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).take(100).collect();
        let fitting: Vec<_> = lines.iter().filter_map(|line| setting(line)).collect();
        let is_address =
            |found: &Captures<'_>| found.get(1).is_some_and(|name| name.as_str() == "full address");
        fitting.len() * 10 >= lines.len() * 9
            && (fitting.len() > 3 || fitting.iter().any(is_address))
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        for (number, line) in lines.by_ref().take(1000) {
            let Some(found) = setting(&line) else { continue };
            let text = |index: usize| found.get(index).map_or("", |value| value.as_str());
            if text(1).starts_with("password") || matches!(text(1), "signature" | "signscope") {
                continue;
            }
            let value: String = text(3).chars().take(limits::MESSAGE_CHARS).collect();
            sink.event(
                Event::text("rdp-file", Timestamp::Undated, source.line(number))
                    .with("Setting", text(1).to_ascii_lowercase())
                    .with("Value", value),
            );
        }
        damage::report(&lines, source, sink);
    }
}

fn setting(line: &str) -> Option<Captures<'_>> {
    static SETTING: LazyLock<Expression> =
        LazyLock::new(|| expression(r"^\u{feff}?([A-Za-z][0-9A-Za-z_ ]{2,50}):([isb]):(.*?)\s*$"));
    SETTING.captures(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn values_with_colons_and_a_password() {
        let text = "screen mode id:i:2\r\nfull address:s:srv01.example.com:3390\r\npassword 51:b:01000000D08C\r\n\
            enablecredsspsupport:i:0\r\n";
        insta::assert_snapshot!(parse(&RdpFile, text), @r#"
        line 1: undated, rdp-file Setting="screen mode id" Value="2"
        line 2: undated, rdp-file Setting="full address" Value="srv01.example.com:3390"
        line 4: undated, rdp-file Setting="enablecredsspsupport" Value="0"
        "#);
        assert!(!RdpFile.sniff(&source("note:s:hello\nThis file is about full address:s:x\n")));
    }
}
