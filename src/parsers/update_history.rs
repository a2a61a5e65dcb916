//! The history of updates as scripts and people save it: rows of the Update Session of COM (`UpdateHistory.html` of
//! MSRD-Collect, `Get-WUHistory`, own scripts through `Export-Csv` or `Format-List`), titles alone, and the page of
//! Settings that somebody copied.
//!
//! ```text
//! KB4100347: 2018-10 Update for Windows 10 Version 1803 for x64-based Systems (KB4100347)
//!
//! 2026-11 Cumulative Update for Windows 11 (KB5099999) (26200.9999)
//! Failed to install on 11/17/2026 - 0x800f0922
//! ```
//!
//! `Operation` is 1 for an installation and 2 for a removal, `ResultCode` 2 for success, 3 with errors, 4 failed, 5 broken
//! off, `HResult` signed. Dates of COM itself are UTC; the report of MSRD and Settings show local time. A list of titles
//! tells neither what became of them nor when.

mod shapes;

use super::dates::Order;
use super::export::moment::{self, Votes};
use super::servicing::{self, State};
use super::{Parser, Sink, damage};
use crate::bundle::limits;
use crate::event::Timestamp;
use crate::notice::Notice;
use crate::source::Source;

/// Histories of updates.
pub struct UpdateHistory;

/// One update of a history.
#[derive(Debug, Default)]
struct Item {
    line: u64,
    title: String,
    /// As written; empty when there is none.
    date: String,
    state: Option<State>,
    code: String,
    /// The date is UTC, not local.
    utc: bool,
}

impl Parser for UpdateHistory {
    fn format(&self) -> &'static str {
        "update-history"
    }

    fn sniff(&self, source: &Source) -> bool {
        source.looks_like_text() && shapes::of(&source.text_head()).is_some()
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(shape) = shapes::of(&source.text_head()) else { return };
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let items = shapes::items(shape, &mut lines.by_ref().take(limits::HOTFIX_ROWS * 8));
        if lines.next().is_some() {
            let what = "more lines than any history has";
            sink.notice(Notice::new(source.id, "", what).losing("the rest"));
        }
        damage::report(&lines, source, sink);
        let mut votes = Votes::default();
        items.iter().filter(|item| !item.date.is_empty()).for_each(|item| votes.take(&item.date));
        let order = votes.order();
        let doubtful = items.iter().filter(|item| item.put(order, source, sink)).count();
        if doubtful > 0 {
            let what = format!(
                "{doubtful} dates may have day and month the other way round: {}",
                order.consequence()
            );
            sink.notice(Notice::new(source.id, "", what));
        }
    }
}

impl Item {
    /// Hands it over; whether day and month may be the other way round.
    fn put(&self, order: Order, source: &Source, sink: &mut dyn Sink) -> bool {
        let (time, doubtful) = moment::read(&self.date, order);
        let time = match time {
            Timestamp::Local(time) if self.utc => Timestamp::Utc(time.and_utc()),
            other => other,
        };
        let state = self.state.unwrap_or(State::Listed);
        let event =
            servicing::change("update history", time, source.line(self.line), state, &self.title);
        sink.event(if self.code.is_empty() { event } else { event.with("ErrorCode", &self.code) });
        doubtful
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn the_page_of_settings() {
        let text = "2026-11 Cumulative Update for Windows 11 Version 25H2 for x64-based Systems (KB5099999) (26200.9999)\r\nSuccessfully installed on \u{200e}11/\u{200e}17/\u{200e}2026\r\n\r\n\
            2026-10 Cumulative Update for Windows 11 (KB5088888)\r\nFailed to install on 10/14/2026 - 0x800f0922\r\n\
            2026-10 .NET Framework (KB5077777)\r\nRequires a restart\r\n";
        insta::assert_snapshot!(parse(&UpdateHistory, text), @r#"
        line 1: 2026-11-17, update history State="installed" Title="2026-11 Cumulative Update for Windows 11 Version 25H2 for x64-based Systems (KB5099999) (26200.9999)" KB="KB5099999"
        line 4: 2026-10-14, update history State="failed" Title="2026-10 Cumulative Update for Windows 11 (KB5088888)" KB="KB5088888" ErrorCode="0x800f0922"
        line 6: undated, update history State="pending" Title="2026-10 .NET Framework (KB5077777)" KB="KB5077777"
        "#);
    }

    #[test]
    fn rows_of_com_as_csv_and_as_list() {
        let csv = "\"Title\",\"Date\",\"Operation\",\"ResultCode\",\"HResult\"\r\n\
            \"2026-11 Cumulative Update (KB5099999)\",\"11/17/2026 3:12:40 AM\",\"1\",\"2\",\"0\"\r\n\
            \"2026-10 Cumulative Update (KB5088888)\",\"10/14/2026 3:12:40 AM\",\"1\",\"4\",\"-2145124329\"\r\n\
            \"2026-09 Cumulative Update (KB5077777)\",\"9/14/2026 3:12:40 AM\",\"2\",\"2\",\"0\"\r\n";
        insta::assert_snapshot!(parse(&UpdateHistory, csv), @r#"
        line 2: 2026-11-17T03:12:40Z, update history State="installed" Title="2026-11 Cumulative Update (KB5099999)" KB="KB5099999"
        line 3: 2026-10-14T03:12:40Z, update history State="failed" Title="2026-10 Cumulative Update (KB5088888)" KB="KB5088888" ErrorCode="0x80240017"
        line 4: 2026-09-14T03:12:40Z, update history State="removed" Title="2026-09 Cumulative Update (KB5077777)" KB="KB5077777"
        "#);
        let list = "\r\nTitle      : 2026-11 Cumulative Update (KB5099999)\r\nDate       : 11/17/2026 3:12:40 AM\r\nOperation  : 1\r\nResultCode : 2\r\nHResult    : 0\r\n\r\n";
        insta::assert_snapshot!(parse(&UpdateHistory, list), @r#"
        line 2: 2026-11-17T03:12:40Z, update history State="installed" Title="2026-11 Cumulative Update (KB5099999)" KB="KB5099999"
        "#);
    }

    #[test]
    fn the_table_of_get_wuhistory() {
        let text = "\r\nComputerName Operationname  Result     Date                  Title\r\n\
            ------------ -------------  ------     ----                  -----\r\n\
            SRV01        Installation   Succeeded  11/17/2026 3:12:40 AM 2026-11 Cumulative Update (KB5099999)\r\n\
            SRV01        Installation   Failed     10/14/2026 3:12:40 AM 2026-10 Cumulative Update (KB5088888)\r\n";
        insta::assert_snapshot!(parse(&UpdateHistory, text), @r#"
        line 4: 2026-11-17 03:12:40 local, update history State="installed" Title="2026-11 Cumulative Update (KB5099999)" KB="KB5099999"
        line 5: 2026-10-14 03:12:40 local, update history State="failed" Title="2026-10 Cumulative Update (KB5088888)" KB="KB5088888"
        "#);
    }

    #[test]
    fn the_report_of_a_collector() {
        let text = "<html><body><table>\r\n<tr><td><span class=\"circle_green\"></span><td>Windows Update<td>11/17/2026 3:12:40 AM<td>Installation<td>Completed successfully\
            <td><a href='http://support.microsoft.com/kb/5099999'>KB5099999</a><td>2026-11 Cumulative Update &amp; more</tr>\r\n\
            <tr><td><span class=\"circle_red\"></span><td>Windows Update<td>10/14/2026 3:12:40 AM<td>Installation<td>Failed<td><a href='http://support.microsoft.com/kb/5088888'>KB5088888</a><td>2026-10 Cumulative Update\r\n\
            <tr><td><td colspan=5>Error code: 0x800f0922 (X - y) [0x800f0922]</tr></table>\r\n";
        insta::assert_snapshot!(parse(&UpdateHistory, text), @r#"
        line 2: 2026-11-17 03:12:40 local, update history State="installed" Title="2026-11 Cumulative Update & more (KB5099999)" KB="KB5099999"
        line 3: 2026-10-14 03:12:40 local, update history State="failed" Title="2026-10 Cumulative Update (KB5088888)" KB="KB5088888" ErrorCode="0x800f0922"
        "#);
    }

    #[test]
    fn titles_alone_tell_no_time() {
        insta::assert_snapshot!(parse(&UpdateHistory, "KB4100347: 2018-10 Update for Windows 10 (KB4100347)\r\nKB2267602: Definition Update\r\n"), @r#"
        line 1: undated, update history State="listed" Title="2018-10 Update for Windows 10 (KB4100347)" KB="KB4100347"
        line 2: undated, update history State="listed" Title="KB2267602: Definition Update" KB="KB2267602"
        "#);
    }

    #[test]
    fn other_texts_are_not_taken() {
        for text in [
            "Since KB5099999 RDP fails.\r\nInstalled on 11/17/2026.\r\n",
            "HotFixID,InstalledOn\r\nKB5099999,11/17/2026\r\n",
            "<html><td>KB5099999</td></html>",
            "Title : x\r\nDate : y\r\n",
            "",
        ] {
            assert!(!UpdateHistory.sniff(&source(text)), "{text}");
        }
    }
}
