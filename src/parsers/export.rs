//! What the exports of event logs have in common: a row of an export becomes an [`Event`] as its EVTX record would give it.
//!
//! Exports hold the rendered message instead of the values, values without their names, or providers by a short name.
//! Two tables give back what they can: `orders.tsv` names values by their order, `shapes.tsv` finds values in messages.

pub(super) mod columns;
pub(super) mod csv;
pub(super) mod moment;
mod providers;
mod tools;
mod values;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::coverage::Coverage;
use super::{CoverageSpan, Sink};
use crate::event::{self, Event, Origin, Position, Timestamp};

pub(super) use self::providers::{full_name, source_at, writer_of};
pub(super) use self::values::number;

/// One event of an export, as far as its columns tell.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) time: Option<Timestamp>,
    /// The date as it was written, for a time whose day and month cannot be told apart.
    pub(super) written: String,
    pub(super) provider: String,
    pub(super) event_id: Option<u32>,
    pub(super) level: Option<u8>,
    pub(super) channel: String,
    pub(super) computer: String,
    pub(super) record: Option<u64>,
    pub(super) process_id: Option<u32>,
    pub(super) activity: String,
    pub(super) user_id: String,
    /// Values with their names.
    pub(super) named: Vec<(String, String)>,
    /// Values in the order of the record, without names.
    pub(super) values: Vec<String>,
    /// The rendered message, in any language.
    pub(super) message: String,
}

impl Row {
    /// The event, with what values and message tell.
    pub(super) fn event(self, at: Origin) -> Event {
        let mut event =
            Event::text(&full_name(&self.provider), self.time.unwrap_or(Timestamp::Undated), at);
        if let Some(record) = self.record {
            event.origin.position = Position::Record(record);
        }
        let filled = |text: String| (!text.trim().is_empty()).then(|| Arc::from(text.trim()));
        event.event_id = self.event_id;
        event.level = self.level;
        event.channel = filled(self.channel);
        event.computer = filled(self.computer);
        event.process_id = self.process_id;
        event.activity_id = super::event_xml::guid(&self.activity);
        event.user_id = filled(self.user_id);
        event.data = self.named.into_iter().map(|(name, value)| (name.into(), value)).collect();
        values::name(&mut event, self.values);
        if event.data.is_empty() {
            values::find(&mut event, &self.message);
        }
        if event.time == Timestamp::Undated
            && let Some([one, other]) = moment::readings(&self.written)
        {
            event = event.with(event::PERHAPS_ON, format!("{one:?} {other:?}"));
        }
        event.derive_fields();
        event
    }
}

/// The number of a level's word, in the languages that the words are known in; `None` for others.
pub(super) fn level(word: &str) -> Option<u8> {
    const WORDS: [(&[&str], u8); 6] = [
        (
            &[
                "Audit Success",
                "Audit Failure",
                "SuccessAudit",
                "FailureAudit",
                "Überwachung erfolgreich",
                "Überwachung gescheitert",
            ],
            0,
        ),
        (&["Critical", "Kritisch", "Critique", "Crítico", "Critico"], 1),
        (&["Error", "Fehler", "Erreur", "Errore", "Erro", "エラー", "错误", "Ошибка"], 2),
        (
            &[
                "Warning",
                "Warnung",
                "Avertissement",
                "Advertencia",
                "Avviso",
                "Aviso",
                "警告",
                "Предупреждение",
            ],
            3,
        ),
        (
            &[
                "Information",
                "Informationen",
                "Información",
                "Informazioni",
                "Informações",
                "情報",
                "信息",
                "Сведения",
            ],
            4,
        ),
        (&["Verbose", "Ausführlich", "Commentaires", "Detallado", "Dettagliato"], 5),
    ];
    let word = word.trim();
    let known =
        WORDS.iter().find(|(words, _)| words.iter().any(|known| known.eq_ignore_ascii_case(word)));
    known.map(|(_, level)| *level)
}

/// The events of one export on their way out. An export may be a selection, which proves no absence, so it counts as the
/// log it names only when its record numbers have no gaps, or, without such numbers, when it is as mixed as a log is.
#[derive(Default)]
pub(super) struct Exported {
    coverage: Coverage,
    providers: BTreeSet<Arc<str>>,
    selection: bool,
}

/// Without record numbers: a log has as many providers, and a filter leaves fewer ...
const PROVIDERS: usize = 5;
/// ... and records.
const RECORDS: u64 = 50;

impl Exported {
    /// One of what the rules of a tool fitted, whatever its numbers look like.
    pub(super) fn of_report(is_report: bool) -> Self {
        Self { selection: is_report, ..Self::default() }
    }

    pub(super) fn put(&mut self, row: Row, at: Origin, sink: &mut dyn Sink) {
        let event = row.event(at);
        self.coverage.add(&event);
        if self.providers.len() < PROVIDERS {
            self.providers.insert(Arc::clone(&event.provider));
        }
        sink.event(event);
    }

    /// Hands over what was covered.
    pub(super) fn finish(self, sink: &mut dyn Sink) {
        let mixed = self.providers.len() >= PROVIDERS;
        for span in self.coverage.into_spans() {
            let whole = !self.selection && is_whole(&span, mixed);
            sink.coverage(if whole { span } else { CoverageSpan { channel: "".into(), ..span } });
        }
    }
}

fn is_whole(span: &CoverageSpan, mixed: bool) -> bool {
    match span.numbers.ends() {
        None | Some((0, _)) => mixed && span.records >= RECORDS,
        Some((low, high)) => (high - low) < span.records.saturating_add(span.records / 10 + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::SourceId;

    fn found(provider: &str, id: u32, message: &str) -> String {
        let row = Row {
            provider: provider.into(),
            event_id: Some(id),
            message: message.into(),
            ..Row::default()
        };
        let event = row.event(Origin { source: SourceId(0), position: Position::Whole });
        let data = event.data.iter().map(|(name, value)| format!("{name}={value}"));
        format!("{}: {}", event.provider, data.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn messages_give_their_values_back_in_any_language() {
        for (provider, id, message, expected) in [
            (
                "Schannel",
                36870,
                "A fatal error occurred when attempting to access the TLS server credential private key. The error code returned from the cryptographic module is 0x8009030d. The internal error state is 10001.",
                "Schannel: Type=server ErrorCode=0x8009030d ErrorState=10001",
            ),
            (
                "Schannel",
                36870,
                "Schwerwiegender Fehler beim Zugriff auf den privaten Schlüssel der TLS-Serveranmeldeinformationen. Fehlercode: 0x8009030d. Interner Fehlerstatus: 10001.",
                "Schannel: Type=server ErrorCode=0x8009030d ErrorState=10001",
            ),
            (
                "RemoteDesktopServices-RdpCoreTS",
                131,
                "The server accepted a new TCP connection from client 192.0.2.7:51822.",
                "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS: ConnType=TCP ClientIP=192.0.2.7:51822 Address=192.0.2.7",
            ),
            (
                "TerminalServices-RemoteConnectionManager",
                1149,
                "Remote Desktop Services: User authentication succeeded:\r\n\r\nUser: j.doe\r\nDomain: EXAMPLE\r\nSource Network Address: 192.0.2.7",
                "Microsoft-Windows-TerminalServices-RemoteConnectionManager: Param1=j.doe Param2=EXAMPLE Param3=192.0.2.7 Address=192.0.2.7 User=j.doe",
            ),
            (
                "Microsoft-Windows-WindowsUpdateClient",
                20,
                "Installation Failure: Windows failed to install the following update with error 0x80240009: NVIDIA - Display - 31.0.15.1694.",
                "Microsoft-Windows-WindowsUpdateClient: errorCode=0x80240009 updateTitle=NVIDIA - Display - 31.0.15.1694.",
            ),
            (
                "Kernel-General",
                12,
                "The operating system started at system time ?2023?-?05?-?22T14:05:16.500000000Z.",
                "Microsoft-Windows-Kernel-General: StartTime=2023-05-22T14:05:16.500000000Z",
            ),
            (
                "Service Control Manager",
                7036,
                "The Remote Desktop Services service entered the stopped state.",
                "Service Control Manager: param1=Remote Desktop Services param2=stopped ServiceName=TermService ServiceState=1",
            ),
            (
                "Service Control Manager",
                7031,
                "The CNG Key Isolation service terminated unexpectedly.  It has done this 1 time(s).",
                "Service Control Manager: param1=CNG Key Isolation ServiceName=KeyIso",
            ),
            (
                "TerminalServices-RemoteConnectionManager",
                1057,
                "Zugriff verweigert",
                "Microsoft-Windows-TerminalServices-RemoteConnectionManager: param1=Zugriff verweigert StatusCode=0x00000005",
            ),
            (
                "TerminalServices-ClientActiveXCore",
                1026,
                "RDP ClientActiveX has been disconnected (Reason= 2308)",
                "Microsoft-Windows-TerminalServices-ClientActiveXCore: Value=2308",
            ),
            ("Schannel", 36870, "N/A", "Schannel: "),
        ] {
            assert_eq!(found(provider, id, message), expected);
        }
    }

    #[test]
    fn values_without_names_get_those_of_their_event() {
        let values = |provider: &str, id, values: &[&str]| {
            let values = values.iter().map(ToString::to_string).collect();
            let row =
                Row { provider: provider.into(), event_id: Some(id), values, ..Row::default() };
            let event = row.event(Origin { source: SourceId(0), position: Position::Whole });
            event
                .data
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            values("Schannel", 36870, &["server", "0x8009030d", "10001"]),
            "Type=server ErrorCode=0x8009030d ErrorStatus=10001"
        );
        assert_eq!(
            values("Schannel", 36870, &["712", "lsass.exe", "server", "0x8009030d", "10001"]),
            "CallerProcessId=712 CallerProcessImageName=lsass.exe Type=server ErrorCode=0x8009030d ErrorState=10001"
        );
        assert_eq!(
            values("LsaSrv", 6041, &["TERMSRV/srv01", "4"]),
            "param1=TERMSRV/srv01 param2=4"
        );
    }
}
