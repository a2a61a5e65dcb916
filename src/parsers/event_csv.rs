//! Event logs as CSV with named columns: `Get-WinEvent` and `Get-EventLog` through `Export-Csv`, EvtxECmd, the
//! `GetEvents` script of Microsoft's collectors, and what the rules of hayabusa and chainsaw fitted.
//!
//! ```text
//! "Message","Id","Version",…,"RecordId","ProviderName","ProviderId","LogName",…,"MachineName","UserId","TimeCreated",…
//! RecordNumber,EventRecordId,TimeCreated,EventId,Level,Provider,Channel,…,Computer,…,Payload
//! ```
//!
//! `Select-Object` leaves out and reorders columns, `-UseCulture` separates by `;`, so columns go by their names. Times
//! are local and in the format of the user; those of EvtxECmd are UTC, and its `Payload` is JSON with every value.

use super::export::Exported;
use super::export::columns::{self, Clock, Columns};
use super::export::csv::{Record, Records, split};
use super::export::moment::Votes;
use super::{Parser, Sink, damage};
use crate::notice::Notice;
use crate::source::Source;

/// Event logs as CSV with named columns.
pub struct EventCsv;

impl Parser for EventCsv {
    fn format(&self) -> &'static str {
        "event-csv"
    }

    fn sniff(&self, source: &Source) -> bool {
        layout(source).is_some()
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(layout) = layout(source) else { return };
        let Some(clock) = layout.clock(source, sink) else { return };
        let Some(mut records) = layout.open(source, sink) else { return };
        let mut exported = Exported::of_report(columns::is_report(&layout.names));
        let (mut doubtful, mut odd) = (0_u64, 0_u64);
        for record in records.by_ref().filter(|record| record.line > layout.header) {
            match layout.columns(&record).row(clock) {
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
            sink.notice(
                Notice::new(source.id, "", "rows without an event id")
                    .losing(format!("{lost} rows")),
            );
        }
        if let (true, Clock::Local(order)) = (doubtful > 0, clock) {
            let what = format!(
                "{doubtful} dates may have day and month the other way round: {}",
                order.consequence()
            );
            sink.notice(Notice::new(source.id, "", what));
        }
        damage::report_raw(records.lines(), source, sink);
    }
}

struct Layout {
    names: Vec<String>,
    separator: char,
    /// The line of the header; `#TYPE …` may stand above it.
    header: u64,
}

fn layout(source: &Source) -> Option<Layout> {
    let text = source.text_head();
    let mut lines = (1..).zip(text.trim_start_matches('\u{feff}').lines());
    let (header, line) =
        lines.find(|(_, line)| !line.starts_with('#') && !line.trim().is_empty())?;
    [',', ';', '\t'].into_iter().find_map(|separator| {
        let names = split(line.trim_end(), separator);
        (names.len() > 3 && columns::fits(&names)).then_some(Layout { names, separator, header })
    })
}

impl Layout {
    fn open<'s>(&self, source: &'s Source, sink: &mut dyn Sink) -> Option<Records<'s>> {
        Some(Records::new(damage::raw_lines(source, sink)?, self.separator))
    }

    fn columns<'r>(&'r self, record: &'r Record) -> Columns<'r> {
        Columns { names: &self.names, values: &record.fields }
    }

    fn clock(&self, source: &Source, sink: &mut dyn Sink) -> Option<Clock> {
        let of_forensic_tool = ["Payload", "ChunkNumber", "RuleTitle", "detections"];
        if self.names.iter().any(|name| of_forensic_tool.contains(&name.as_str())) {
            return Some(Clock::Utc);
        }
        let mut votes = Votes::default();
        for record in self.open(source, sink)?.filter(|record| record.line > self.header) {
            votes.take(&self.columns(&record).time());
        }
        Some(Clock::Local(votes.order()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn get_winevent() {
        let text = "#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\r\n\
            \"Message\",\"Id\",\"Level\",\"RecordId\",\"ProviderName\",\"LogName\",\"ProcessId\",\"MachineName\",\"UserId\",\"TimeCreated\",\"ActivityId\",\"LevelDisplayName\"\r\n\
            \"A fatal error occurred. The error code is 0x8009030d.\r\nThe TLS server state is 10001.\",\"36870\",\"2\",\"48211\",\"Schannel\",\"System\",\"712\",\"SRV01.example.com\",\"S-1-5-18\",\"11/18/2026 2:41:53 PM\",\"\",\"Error\"\r\n";
        insta::assert_snapshot!(parse(&EventCsv, text), @r#"
        record 48211: 2026-11-18 14:41:53 local, Schannel 36870 level 2 in System on SRV01.example.com pid 712 sid S-1-5-18 Type="server" ErrorCode="0x8009030d" ErrorState="10001"
        coverage: System of SRV01.example.com, 1 records 48211..48211, 2026-11-18T14:41:53Z..2026-11-18T14:41:53Z
        "#);
    }

    #[test]
    fn evtxecmd() {
        let text = "\u{feff}RecordNumber,EventRecordId,TimeCreated,EventId,Level,Provider,Channel,ProcessId,ThreadId,Computer,UserId,MapDescription,ChunkNumber,Payload\r\n\
            7,48211,2026-11-18 20:41:53.1234567,36870,Error,Schannel,System,712,5044,SRV01.example.com,S-1-5-18,,3,\"{\"\"EventData\"\":{\"\"Data\"\":[{\"\"@Name\"\":\"\"Type\"\",\"\"#text\"\":\"\"server\"\"},{\"\"@Name\"\":\"\"ErrorCode\"\",\"\"#text\"\":\"\"0x8009030d\"\"}]}}\"\r\n\
            8,48212,2026-11-18 20:41:54.0000000,1149,Info,Microsoft-Windows-TerminalServices-RemoteConnectionManager,X/Operational,1,2,SRV01.example.com,,,3,\"{\"\"UserData\"\":{\"\"EventXML\"\":{\"\"Param1\"\":\"\"j.doe\"\",\"\"Param2\"\":\"\"EXAMPLE\"\",\"\"Param3\"\":\"\"192.0.2.7\"\"}}}\"\r\n";
        insta::assert_snapshot!(parse(&EventCsv, text), @r#"
        record 48211: 2026-11-18T20:41:53.123456700Z, Schannel 36870 level 2 in System on SRV01.example.com pid 712 sid S-1-5-18 Type="server" ErrorCode="0x8009030d"
        record 48212: 2026-11-18T20:41:54Z, Microsoft-Windows-TerminalServices-RemoteConnectionManager 1149 in X/Operational on SRV01.example.com pid 1 Param1="j.doe" Param2="EXAMPLE" Param3="192.0.2.7" Address="192.0.2.7" User="j.doe"
        coverage: System of SRV01.example.com, 1 records 48211..48211, 2026-11-18T20:41:53.123456700Z..2026-11-18T20:41:53.123456700Z
        coverage: X/Operational of SRV01.example.com, 1 records 48212..48212, 2026-11-18T20:41:54Z..2026-11-18T20:41:54Z
        "#);
    }

    #[test]
    fn reports_of_hunting_tools() {
        let hayabusa = "\"Timestamp\",\"RuleTitle\",\"Level\",\"Computer\",\"Channel\",\"EventID\",\"RecordID\",\"Details\",\"ExtraFieldInfo\"\r\n\
            \"2026-11-18 14:41:53.123 -06:00\",\"Failed Logon\",\"low\",\"SRV01\",\"Sec\",4625,48211,\"Type: 3 ¦ TgtUser: ann ¦ SrcIP: 192.0.2.7\",\"Status: 0xc000006d ¦ SubStatus: 0xc000006a\"\r\n\
            \"2026-11-18 14:41:54.000 -06:00\",\"Other\",\"low\",\"SRV01\",\"Sys\",1,48300,\"x\",\"\"\r\n";
        insta::assert_snapshot!(parse(&EventCsv, hayabusa), @r#"
        record 48211: 2026-11-18T20:41:53.123Z, Microsoft-Windows-Security-Auditing 4625 in Security on SRV01 LogonType="3" TargetUserName="ann" IpAddress="192.0.2.7" Status="0xc000006d" SubStatus="0xc000006a" Address="192.0.2.7" User="ann"
        record 48300: 2026-11-18T20:41:54Z,  1 in System on SRV01
        coverage:  of SRV01, 1 records 48211..48211, 2026-11-18T20:41:53.123Z..2026-11-18T20:41:53.123Z
        coverage:  of SRV01, 1 records 48300..48300, 2026-11-18T20:41:54Z..2026-11-18T20:41:54Z
        "#);
        let chainsaw = "timestamp,detections,path,count,Event.System.Provider,Event ID,Record ID,Computer,Event Data\n\
            2026-11-18T20:41:53.123456+00:00,Key,System.evtx,1,Schannel,36870,48211,SRV01,\"ErrorCode: '0x8009030d'\nErrorState: 10001\n\"\n";
        insta::assert_snapshot!(parse(&EventCsv, chainsaw), @r#"
        record 48211: 2026-11-18T20:41:53.123456Z, Schannel 36870 on SRV01 ErrorCode="0x8009030d" ErrorState="10001"
        coverage:  of SRV01, 1 records 48211..48211, 2026-11-18T20:41:53.123456Z..2026-11-18T20:41:53.123456Z
        "#);
    }

    #[test]
    fn the_collectors_script_has_date_and_time_in_two_columns() {
        let text = "Date,Time,Type/Level,Computer Name,Event Code,Source,Task Category,Username,Description\r\n\
            11/18/2026,2:41:53 PM,Error,SRV01,36887,Schannel,None,SYSTEM,A fatal alert was received. The alert code is 40.\r\n";
        insta::assert_snapshot!(parse(&EventCsv, text), @r#"
        line 2: 2026-11-18 14:41:53 local, Schannel 36887 level 2 on SRV01 AlertDesc="40"
        coverage:  of SRV01, 1 records 0..0, 2026-11-18T14:41:53Z..2026-11-18T14:41:53Z
        "#);
    }

    #[test]
    fn other_tables_are_not_taken() {
        for text in [
            "\"Timestamp\",\"RuleTitle\",\"Level\",\"Computer\",\"Rule\"\r\n",
            "Source,Description,HotFixID,InstalledBy,InstalledOn\r\n",
            "",
        ] {
            assert!(!EventCsv.sniff(&source(text)), "{text}");
        }
    }
}
