//! Event Viewer, "Save all events as" CSV and text: the columns of the list, and the rendered message behind them.
//!
//! ```text
//! Level,Date and Time,Source,Event ID,Task Category
//! Error,11/18/2026 2:41:53 PM,Schannel,36870,None,"A fatal error occurred when …
//! ```
//!
//! The message has no header: rows have a field more than the first line. The Security log begins with `Keywords`.
//! Header, levels and messages are translated, and further columns may be there, so columns are told by their values:
//! the date, the name behind it, the number behind that. As text the separator is a tab. Times are local, in the format
//! of the user; neither computer nor log is named unless the columns were shown.

use super::dates::Order;
use super::export::csv::{Record, Records};
use super::export::moment::{self, Votes};
use super::export::{self, Exported, Row};
use super::{Parser, Sink, damage};
use crate::notice::Notice;
use crate::source::Source;

/// Exports of Event Viewer.
pub struct EventViewer;

impl Parser for EventViewer {
    fn format(&self) -> &'static str {
        "event-viewer"
    }

    fn sniff(&self, source: &Source) -> bool {
        layout(source).is_some()
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some((layout, separator)) = layout(source) else { return };
        let Some(order) = order(source, &layout, separator, sink) else { return };
        let Some(mut records) = open(source, separator, sink) else { return };
        let mut exported = Exported::default();
        let (mut doubtful, mut odd) = (0_u64, 0_u64);
        for record in records.by_ref().skip(1) {
            match layout.row(&record, order) {
                Some((row, doubt)) => {
                    doubtful += u64::from(doubt);
                    exported.put(row, source.line(record.line), sink);
                }
                None => odd += u64::from(record.fields.len() > 1),
            }
        }
        exported.finish(sink);
        let lost = odd + records.lost;
        if lost > 0 {
            let what = "rows without a date, a source and an event id";
            sink.notice(Notice::new(source.id, "", what).losing(format!("{lost} rows")));
        }
        if doubtful > 0 {
            let what = format!(
                "{doubtful} dates may have day and month the other way round: {}",
                order.consequence()
            );
            sink.notice(Notice::new(source.id, "", what));
        }
        damage::report_raw(records.lines(), source, sink);
    }
}

fn open<'s>(source: &'s Source, separator: char, sink: &mut dyn Sink) -> Option<Records<'s>> {
    let lines = damage::raw_lines(source, sink)?;
    Some(Records::new(lines, separator))
}

/// The order of day and month, which only the whole file tells.
fn order(source: &Source, layout: &Layout, separator: char, sink: &mut dyn Sink) -> Option<Order> {
    let mut votes = Votes::default();
    for record in open(source, separator, sink)?.skip(1) {
        if let Some(text) = record.fields.get(layout.time).filter(|text| moment::is_moment(text)) {
            votes.take(text);
        }
    }
    Some(votes.order())
}

/// Which column holds what.
#[derive(Debug, PartialEq, Eq)]
struct Layout {
    columns: usize,
    time: usize,
    computer: Option<usize>,
    channel: Option<usize>,
    process: Option<usize>,
}

/// The columns by the first rows, and what stands between them.
fn layout(source: &Source) -> Option<(Layout, char)> {
    let text = source.text_head();
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next()?;
    [',', '\t', ';'].into_iter().find_map(|separator| {
        let names = export::csv::split(header.trim_end(), separator);
        let rows = text.lines().skip(1).map(|line| export::csv::split(line, separator));
        // The message may be cut by the line; the columns before it are not.
        let row = rows.take(64).find_map(|row| {
            let time = row.iter().take(names.len()).position(|field| moment::is_moment(field))?;
            let fits = row.len() > names.len()
                && row.get(time + 2).is_some_and(|id| id.parse::<u16>().is_ok())
                && row.get(time + 1).is_some_and(|source| is_name(source));
            fits.then_some(time)
        })?;
        let enough = (4..=20).contains(&names.len()) && !names.iter().any(|name| name.is_empty());
        // English and the languages whose words are alike; elsewhere a column more is just not read.
        let column = |words: &[&str]| names.iter().position(|name| words.contains(&name.as_str()));
        enough.then(|| {
            let layout = Layout {
                columns: names.len(),
                time: row,
                computer: column(&["Computer", "Ordinateur", "Equipo", "コンピューター"]),
                channel: column(&["Log", "Protokoll", "Journal", "Registro"]),
                process: column(&["Process ID", "Prozess-ID"]),
            };
            (layout, separator)
        })
    })
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.parse::<f64>().is_err() && text.chars().count() < 120
}

impl Layout {
    fn row(&self, record: &Record, order: Order) -> Option<(Row, bool)> {
        let field = |index: usize| record.fields.get(index).map(String::as_str);
        let column = |index: Option<usize>| index.and_then(field).unwrap_or_default().to_owned();
        let text = field(self.time).filter(|text| moment::is_moment(text))?;
        let (time, doubtful) = moment::read(text, order);
        let id = u32::try_from(export::number(field(self.time + 2)?)?).ok()?;
        let row = Row {
            time: Some(time),
            written: text.to_owned(),
            provider: field(self.time + 1)?.to_owned(),
            event_id: Some(id),
            level: self.time.checked_sub(1).and_then(field).and_then(export::level),
            computer: column(self.computer),
            channel: column(self.channel),
            process_id: column(self.process).parse().ok(),
            message: field(self.columns).unwrap_or_default().to_owned(),
            ..Row::default()
        };
        Some((row, doubtful))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn a_row_has_a_field_more_than_the_header() {
        let text = "Level,Date and Time,Source,Event ID,Task Category\r\n\
            Error,11/18/2026 2:41:53 PM,Schannel,36870,None,\"A fatal error occurred when attempting to access the TLS server credential private key. The error code returned from the cryptographic module is 0x8009030d.\r\nThe internal error state is 10001.\"\r\n\
            Information,11/18/2026 2:40:00 PM,TerminalServices-RemoteConnectionManager,261,None,Listener RDP-Tcp received a connection\r\n";
        insta::assert_snapshot!(parse(&EventViewer, text), @r#"
        line 2: 2026-11-18 14:41:53 local, Schannel 36870 level 2 Type="server" ErrorCode="0x8009030d" ErrorState="10001"
        line 4: 2026-11-18 14:40:00 local, Microsoft-Windows-TerminalServices-RemoteConnectionManager 261 level 4
        coverage:  of , 2 records 0..0, 2026-11-18T14:40:00Z..2026-11-18T14:41:53Z
        "#);
        let tabs = text.replace(",None,", "\tNone\t").replace(',', "\t");
        insta::assert_snapshot!(parse(&EventViewer, tabs), @r#"
        line 2: 2026-11-18 14:41:53 local, Schannel 36870 level 2 Type="server" ErrorCode="0x8009030d" ErrorState="10001"
        line 4: 2026-11-18 14:40:00 local, Microsoft-Windows-TerminalServices-RemoteConnectionManager 261 level 4
        coverage:  of , 2 records 0..0, 2026-11-18T14:40:00Z..2026-11-18T14:41:53Z
        "#);
    }

    #[test]
    fn a_translated_one_with_the_day_first() {
        let text = "Ebene;Datum und Uhrzeit;Quelle;Ereignis-ID;Aufgabenkategorie\r\n\
            Fehler;18.11.2026 14:41:53;Schannel;36870;Keine;\"Fehlercode: 0x8009030d. Interner Fehlerstatus: 10001.\"\r\n";
        insta::assert_snapshot!(parse(&EventViewer, text), @r#"
        line 2: 2026-11-18 14:41:53 local, Schannel 36870 level 2 ErrorCode="0x8009030d" ErrorState="10001"
        coverage:  of , 1 records 0..0, 2026-11-18T14:41:53Z..2026-11-18T14:41:53Z
        "#);
    }

    #[test]
    fn an_order_that_nothing_tells_leaves_the_times_out() {
        let text = "Niveau,Date et heure,Source,ID de l’événement,Catégorie\r\n\
            Erreur,04/09/2026 14:41:53,Schannel,36888,Aucun,x\r\n";
        insta::assert_snapshot!(parse(&EventViewer, text), @r#"
        line 2: undated, Schannel 36888 level 2 PerhapsOn="2026-04-09T14:41:53 2026-09-04T14:41:53"
        whole file: notice: 1 dates may have day and month the other way round: they are left out
        "#);
    }

    #[test]
    fn other_tables_are_not_taken() {
        for text in [
            "Source,Description,HotFixID,InstalledBy,InstalledOn\r\nSRV01,Update,KB5099999,x,11/18/2026 12:00:00 AM\r\n",
            "date,time,s-ip\r\n2026-11-18 14:41:53,x,80\r\n",
            "Level,Date and Time,Source,Event ID,Task Category\r\n",
            "",
        ] {
            assert!(!EventViewer.sniff(&source(text)), "{text}");
        }
    }
}
