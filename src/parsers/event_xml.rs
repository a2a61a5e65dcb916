//! Event XML: what Event Viewer ("Save all events as XML"), `wevtutil qe /f:xml` and the forensic converters write.
//!
//! A document `<Events><Event>…</Event>…</Events>`, or the `<Event>` elements without any root, one a line or all in
//! one line of gigabytes; or one event copied from "Details, XML view", with `- ` in front of its tags. `frames` cuts
//! the stream into events without looking inside, `record` reads one event. Damage costs the event it stands in.
//!
//! Times are UTC. The encoding declaration may lie (`utf-8` in a UTF-16 file that a shell redirected), so only
//! [`Source`] decides about encodings.

mod frames;
mod record;

use std::io::BufRead;

#[cfg(test)]
pub(crate) use record::parse_event;
pub(crate) use record::{binary, feed, guid, strings, time};

use self::frames::{Frame, Frames};
use super::coverage::Coverage;
use super::damage::{self, Damage};
use super::{Parser, Sink};
use crate::event::{Origin, Position};
use crate::notice::Notice;
use crate::source::Source;

/// Event XML exports.
pub struct EventXml;

impl Parser for EventXml {
    fn format(&self) -> &'static str {
        "event-xml"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let text =
            text.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
        // evtx_dump writes `Record 1` above each event.
        let markup = ["<", "- <", "Record "].iter().any(|start| text.starts_with(start));
        // A file without its head begins inside an event; a ticket that quotes one event is no export.
        let wanted = if markup { 1 } else { 3 };
        frames::openings(text).take(wanted).count() == wanted
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        match source.utf8() {
            Ok(reader) => read(reader, source, sink),
            Err(error) => damage::unreadable(source, &error, sink),
        }
    }
}

/// Whether a text holds an event, whatever else it holds.
pub(crate) fn has_event(text: &str) -> bool {
    frames::openings(text).next().is_some()
}

/// Hands over every event that `reader` has, and what all of them cover.
pub(crate) fn read(reader: impl BufRead, source: &Source, sink: &mut dyn Sink) {
    let mut coverage = Coverage::default();
    let mut damage = Damage::new(source, "event");
    let mut frames = Frames::new(reader);
    while let Some(frame) = frames.next() {
        let at = Origin { source: source.id, position: Position::Line(frames.line()) };
        let fault = match frame {
            Ok(Frame::Event(xml)) if feed(&xml, at, &mut coverage, sink) => continue,
            Ok(Frame::Event(_)) => "an event is not well-formed",
            Ok(Frame::Torn) => "an event is cut off",
            Ok(Frame::TooLarge) => "an event is larger than any Windows writes",
            Err(error) => {
                let what = format!("cannot be read further: {error}");
                sink.notice(
                    Notice::new(source.id, at.position.to_string(), what).losing("the rest"),
                );
                break;
            }
        };
        damage.one(at.position, fault, sink);
    }
    damage.finish(sink);
    coverage.finish(sink);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::SourceId;
    use crate::parsers::Interest;
    use crate::parsers::testing::{collect_wanted, parse, render, source};

    fn event(id: u32, record: u64, data: &str) -> String {
        format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Schannel' \
             Guid='{{1F678132-5938-4686-9FDC-C8FF68F15C85}}'/><EventID>{id}</EventID><Level>2</Level>\
             <TimeCreated SystemTime='2026-11-18T20:41:53.1234567Z'/><EventRecordID>{record}</EventRecordID>\
             <Channel>System</Channel><Computer>SRV01.example.com</Computer></System>{data}</Event>"
        )
    }

    #[test]
    fn a_document_of_event_viewer() {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<Events>{}</Events>",
            event(
                36870,
                7,
                "<EventData><Data Name='Type'>server</Data><Data Name='Error Code'>0x8009030d</Data></EventData>\
                 <RenderingInfo Culture='de-DE'><Message>Schwerwiegender Fehler</Message></RenderingInfo>"
            )
        );
        insta::assert_snapshot!(parse(&EventXml, text), @r#"
        record 7: 2026-11-18T20:41:53.123456700Z, Schannel 36870 level 2 in System on SRV01.example.com Type="server" Error Code="0x8009030d"
        coverage: System of SRV01.example.com, 1 records 7..7, 2026-11-18T20:41:53.123456700Z..2026-11-18T20:41:53.123456700Z
        "#);
    }

    #[test]
    fn events_without_a_root_and_under_another_root_read_the_same() {
        let pair = [event(1, 1, "<EventData/>"), event(2, 2, "")].join("\r\n");
        let rooted = format!("<MyLog>{pair}</MyLog>");
        assert_eq!(parse(&EventXml, &pair), parse(&EventXml, rooted));
    }

    #[test]
    fn all_of_system_is_kept() {
        let text = r#"<Event><System><Provider Name="Microsoft-Windows-TerminalServices-RemoteConnectionManager"
            EventSourceName="TermService"/><EventID Qualifiers="49152">1057</EventID><Level>2</Level>
            <TimeCreated SystemTime="2026-11-18T20:41:53.123Z"/><EventRecordID>9</EventRecordID>
            <Correlation ActivityID="{F4A2B3C4-0000-4000-8000-00000000000A}"/>
            <Execution ProcessID="712" ThreadID="5"/><Channel>System</Channel><Computer>SRV01</Computer>
            <Security UserID="S-1-5-20"/></System><EventData><Data>text</Data></EventData></Event>"#;
        insta::assert_snapshot!(parse(&EventXml, text), @r#"
        record 9: 2026-11-18T20:41:53.123Z, Microsoft-Windows-TerminalServices-RemoteConnectionManager alias TermService 1057 qualifiers 49152 level 2 in System on SRV01 pid 712 activity f4a2b3c4-0000-4000-8000-00000000000a sid S-1-5-20 param1="text"
        coverage: System of SRV01, 1 records 9..9, 2026-11-18T20:41:53.123Z..2026-11-18T20:41:53.123Z
        "#);
    }

    #[test]
    fn positions_count_empty_elements_and_leave_out_named_ones() {
        let data = "<EventData Name='TMP_EVENT'><Data>a</Data><Data/><Data Name='n'>x</Data><Data></Data>\
                    <Data>d &amp; e&#x1;</Data><Binary>5e0000c0</Binary></EventData>";
        insta::assert_snapshot!(parse(&EventXml, event(1, 1, data)), @r#"
        record 1: 2026-11-18T20:41:53.123456700Z, Schannel 1 level 2 in System on SRV01.example.com EventData="TMP_EVENT" param1="a" param2="" n="x" param3="" param4="d & e\u{1}" Binary="5E0000C0"
        coverage: System of SRV01.example.com, 1 records 1..1, 2026-11-18T20:41:53.123456700Z..2026-11-18T20:41:53.123456700Z
        "#);
    }

    #[test]
    fn user_data_of_any_depth() {
        let data = "<UserData><CertGetCertificateChain xmlns='x'><Certificate fileRef='a.cer' subjectName='srv01'/>\
                    <TrustStatus><ErrorStatus value='20'/><Note>n</Note></TrustStatus><Empty></Empty>\
                    </CertGetCertificateChain></UserData>";
        insta::assert_snapshot!(parse(&EventXml, event(11, 1, data)), @r#"
        record 1: 2026-11-18T20:41:53.123456700Z, Schannel 11 level 2 in System on SRV01.example.com UserData="CertGetCertificateChain" Certificate@fileRef="a.cer" Certificate@subjectName="srv01" ErrorStatus@value="20" Note="n" Empty=""
        coverage: System of SRV01.example.com, 1 records 1..1, 2026-11-18T20:41:53.123456700Z..2026-11-18T20:41:53.123456700Z
        "#);
    }

    #[test]
    fn the_copied_xml_view() {
        let text = "- <Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">\r\n\
                    - <System>\r\n  <Provider Name=\"NETLOGON\" />\r\n  <EventID Qualifiers=\"0\">5719</EventID>\r\n  \
                    <TimeCreated SystemTime=\"2026-11-18T20:41:53.123456700Z\" />\r\n  <Channel>System</Channel>\r\n  \
                    </System>\r\n- <EventData>\r\n  <Data>CONTOSO</Data>\r\n  <Data>%%1311</Data>\r\n  \
                    <Binary>5E0000C0</Binary>\r\n  </EventData>\r\n  </Event>";
        insta::assert_snapshot!(parse(&EventXml, text), @r#"
        line 1: 2026-11-18T20:41:53.123456700Z, NETLOGON 5719 qualifiers 0 in System param1="CONTOSO" param2="%%1311" Binary="5E0000C0" StatusCode="0xc000005e"
        coverage: System of , 1 records 0..0, 2026-11-18T20:41:53.123456700Z..2026-11-18T20:41:53.123456700Z
        "#);
    }

    #[test]
    fn utf_16_with_a_lying_declaration() {
        let text =
            format!("<?xml version='1.0' encoding='utf-8'?><Events>{}</Events>", event(1, 1, ""));
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let with_mark = [b"\xff\xfe".as_slice(), &wide].concat();
        assert_eq!(parse(&EventXml, &wide), parse(&EventXml, &text));
        assert_eq!(parse(&EventXml, with_mark), parse(&EventXml, text));
    }

    #[test]
    fn damage_costs_what_it_hit() {
        let broken = event(2, 2, "<EventData><Data>x</EventData>");
        let torn = "<Event><System><Provider Name='Torn'/>";
        let text = ["<Events>", &event(1, 1, ""), &broken, torn, &event(3, 3, ""), torn].join("\n");
        insta::assert_snapshot!(parse(&EventXml, text), @r"
        record 1: 2026-11-18T20:41:53.123456700Z, Schannel 1 level 2 in System on SRV01.example.com
        record 3: 2026-11-18T20:41:53.123456700Z, Schannel 3 level 2 in System on SRV01.example.com
        coverage: System of SRV01.example.com, 2 records 1..3, 2026-11-18T20:41:53.123456700Z..2026-11-18T20:41:53.123456700Z
        line 3: notice: an event is not well-formed (lost: 1 event)
        line 4: notice: an event is cut off (lost: 1 event)
        line 6: notice: an event is cut off (lost: 1 event)
        ");
    }

    #[test]
    fn nesting_without_end_is_given_up() {
        let deep = format!("<UserData>{}</UserData>", "<a>".repeat(100));
        insta::assert_snapshot!(parse(&EventXml, event(1, 1, &deep)), @"line 1: notice: an event is not well-formed (lost: 1 event)");
    }

    #[test]
    fn an_event_of_1601_opens_no_timeline() {
        let text = event(1, 1, "").replace("2026-11-18", "1601-01-01");
        insta::assert_snapshot!(parse(&EventXml, text), @"record 1: undated, Schannel 1 level 2 in System on SRV01.example.com");
    }

    #[test]
    fn what_nobody_wants_counts_for_coverage_only() {
        let mut interest = Interest::default();
        interest.add("schannel", Some(2));
        let text = [1, 2, 3].map(|id| event(id, u64::from(id), "")).concat();
        insta::assert_snapshot!(render(&collect_wanted(&EventXml, &source(text), interest)), @r"
        record 2: 2026-11-18T20:41:53.123456700Z, Schannel 2 level 2 in System on SRV01.example.com
        coverage: System of SRV01.example.com, 3 records 1..3, 2026-11-18T20:41:53.123456700Z..2026-11-18T20:41:53.123456700Z
        ");
    }

    #[test]
    fn strings_and_base64_of_converters() {
        let data = "<EventData><Data>&lt;string&gt;10.00.&lt;/string&gt;\n&lt;string&gt;&lt;/string&gt;\n</Data>\
                    <Binary>3wcMAAIAFgACABkADQA8AgAAAAAAAAAA</Binary></EventData>";
        insta::assert_snapshot!(parse(&EventXml, event(6009, 2, data)), @r#"
        record 2: 2026-11-18T20:41:53.123456700Z, Schannel 6009 level 2 in System on SRV01.example.com param1="10.00." param2="" Binary="DF070C0002001600020019000D003C020000000000000000"
        coverage: System of SRV01.example.com, 1 records 2..2, 2026-11-18T20:41:53.123456700Z..2026-11-18T20:41:53.123456700Z
        "#);
    }

    #[test]
    fn other_markup_is_not_taken() {
        let ticket = format!("Hello,\nthis is what I found:\n{}\n", event(1, 1, ""));
        for text in [
            "",
            "<html><body>Event</body></html>",
            "<Events></Events>",
            "<Eventing><System>",
            &ticket,
        ] {
            assert!(!EventXml.sniff(&source(text)), "{text}");
        }
    }

    #[test]
    fn one_event_by_itself() {
        let at = Origin { source: SourceId(3), position: Position::Line(4) };
        let prologue = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{}", event(1, 77, ""));
        let found = parse_event(&prologue, at).unwrap();
        assert_eq!(found.origin, Origin { source: SourceId(3), position: Position::Record(77) });
        assert_eq!(parse_event("<Event><System>", at), None);
        assert_eq!(parse_event("<Other/>", at), None);
    }
}
