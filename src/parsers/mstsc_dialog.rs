//! What people write about a failed connection: the copied error box of the Remote Desktop client, and the ticket, mail
//! or JSON export around it.
//!
//! `mstsc.exe` copies its box with Ctrl+C as sections in brackets; the codes are in the expanded part only:
//!
//! ```text
//! [Window Title]
//! Remote Desktop Connection
//!
//! [Content]
//! This computer can't connect to the remote computer.
//!
//! [Expanded Information]
//! Error code: 0x904
//! Extended error code: 0x7
//! Timestamp (UTC): 11/18/26 09:41:53 PM
//! ```
//!
//! People type it again, quote it, run screenshots through text recognition, or give only the numbers. `text` makes
//! lines of whatever holds them, `dialogs` finds the codes, `messages` the sentences, `ticket` the heading.
//! Nothing here is a log, so this format comes last and leaves alone whatever looks like one (`shape`).

mod dialogs;
mod messages;
mod shape;
mod text;
mod ticket;

use self::text::Text;
use super::{Parser, Sink, command_output, damage, event_xml};
use crate::source::Source;

pub(super) use self::shape::is_ticket;

/// Ticket text with error boxes in it.
pub struct MstscDialog;

impl Parser for MstscDialog {
    fn format(&self) -> &'static str {
        "ticket-text"
    }

    fn sniff(&self, source: &Source) -> bool {
        shape::is_ticket(source)
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let text = Text::of(lines.by_ref().collect());
        damage::report(&lines, source, sink);
        let (heading, mut used) = ticket::heading(&text, source);
        let outputs = command_output::read(&text.console, source, sink);
        if !text.shared {
            used.extend(outputs);
        }
        let found = dialogs::find(&text);
        let mut events = messages::find(&text, &used, source, sink);
        events.extend(heading);
        events.extend(found.iter().map(|dialog| dialog.event(source)));
        // File order; `sort_by_key` keeps what stands on one line as it is.
        events.sort_by_key(|event| event.origin.position);
        events.into_iter().for_each(|event| sink.event(event));
        if let Some(quoted) = text.quoted_events() {
            event_xml::read(quoted.as_bytes(), source, sink);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    const BOX: &str = "[Window Title]\r\nRemote Desktop Connection\r\n\r\n[Content]\r\nThis computer can\u{2019}t connect to \
        the remote computer.\r\n\r\nTry connecting again. If the problem continues, contact the owner of the remote \
        computer or your network administrator.\r\n\r\n[^] Hide details  [OK]\r\n\r\n[Expanded Information]\r\n\
        Error code: 0x904\r\nExtended error code: 0x7\r\nTimestamp (UTC): 11/18/26 09:41:53 PM\r\n";

    #[test]
    fn the_copied_box() {
        insta::assert_snapshot!(parse(&MstscDialog, BOX), @r#"
        line 5: undated, mstsc Message="This computer can't connect to the remote computer."
        line 12: 2026-11-18T21:41:53Z, mstsc ErrorCode="0x904" ExtendedErrorCode="0x7" Match="strict"
        "#);
    }

    #[test]
    fn a_box_in_a_ticket_that_was_quoted_and_pasted_twice() {
        let quoted: String = BOX.lines().map(|line| format!("> {line}\n")).collect();
        let text = format!(
            "Ticket 4711\nOpened (UTC): 2026-11-18 21:50\nServer: SRV01.example.com (Windows Server 2022 (Core))\n\
             Client: PC07.example.com\n\nSubject: RDP fails with 0x904\n\nHello team,\nit worked yesterday. Since the \
             update of the night nobody can\nconnect to this server any more\n\n{BOX}\n{quoted}Regards\nJo\n"
        );
        insta::assert_snapshot!(parse(&MstscDialog, text), @r#"
        line 1: 2026-11-18T21:50:00Z, ticket Ticket="4711" Opened="2026-11-18 21:50" Server="SRV01.example.com" ServerSystem="Windows Server 2022 (Core)" Client="PC07.example.com"
        line 6: undated, mstsc Message="RDP fails with 0x904"
        line 9: undated, mstsc Message="it worked yesterday. Since the update of the night nobody can connect to this server any more"
        line 16: undated, mstsc Message="This computer can't connect to the remote computer."
        line 23: 2026-11-18T21:41:53Z, mstsc ErrorCode="0x904" ExtendedErrorCode="0x7" Match="strict"
        line 42: undated, mstsc Message="Jo"
        "#);
    }

    #[test]
    fn the_box_of_msrdc() {
        let text = "[Window Title]\nRemote Desktop\n\n[Content]\nSomething went wrong.\n\n[Expanded Information]\n\
                    Error code: 0x3000046\nExtended error code: 0x0\nTimestamp (UTC): 2026-11-18T21:41:53.417Z\n\
                    Activity ID: {55F0CCAB-5D4C-49AD-8D4C-541E9C200000}\nRemote computer: SRV01.example.com\n";
        insta::assert_snapshot!(parse(&MstscDialog, text), @r#"
        line 5: undated, mstsc Message="Something went wrong."
        line 8: 2026-11-18T21:41:53.417Z, mstsc activity 55f0ccab-5d4c-49ad-8d4c-541e9c200000 ErrorCode="0x3000046" ExtendedErrorCode="0x0" Server="SRV01.example.com" ActivityID="55f0ccab-5d4c-49ad-8d4c-541e9c200000" Match="strict"
        "#);
    }

    #[test]
    fn what_text_recognition_and_typists_make_of_it() {
        for text in [
            "Error code: 0x9O4\nExtended error code: Ox7",
            "Remote Desktop says Error code: \u{201c}0x904\u{201d} Extended error code: 0x7 Timestamp (UTC): 11/18/26 09:41:53 PM",
            "Error code: \u{ff10}x904\n\nExtended error code: 0x 7\n",
            "RDP\nExtended error code: 0x7\nError code: 2308\n",
            "Remotedesktop (mstsc)\nFehlercode: 0x904\nErweiterter Fehlercode: 0x7\nZeitstempel (UTC): 18/11/26 21:41:53\n",
        ] {
            let found = parse(&MstscDialog, text);
            let codes = "ErrorCode=\"0x904\" ExtendedErrorCode=\"0x7\" Match=\"strict\"";
            assert!(found.contains(codes), "{text}: {found}");
        }
    }

    #[test]
    fn what_people_write_without_labels() {
        for text in [
            "RDP gives error 0x904 ext 0x7",
            "mstsc: 0x904 (0x7)",
            "RDP code: 0x904, extended error code 0x7",
            "RDP error 904/7 since monday",
            "RDP error code: 2308\nExtendedDisconnectReason 7",
        ] {
            let found = parse(&MstscDialog, text);
            let codes = "ErrorCode=\"0x904\" ExtendedErrorCode=\"0x7\" Match=\"loose\"";
            assert!(found.contains(codes), "{text}: {found}");
        }
    }

    #[test]
    fn an_extended_code_alone_is_no_dialog() {
        for text in
            ["RDP: Extended error code: 0x7", "RDP update failed with error code: 0x80070643"]
        {
            let found = parse(&MstscDialog, text);
            assert!(!found.contains("ErrorCode="), "{text}: {found}");
        }
    }

    #[test]
    fn json_and_html_and_mail() {
        let json = serde_json::json!({"id": 7, "description": BOX, "comments": ["tried again"]});
        insta::assert_snapshot!(parse(&MstscDialog, json.to_string()), @r#"
        line 1: undated, mstsc Message="This computer can't connect to the remote computer."
        line 1: undated, mstsc Message="tried again"
        line 1: 2026-11-18T21:41:53Z, mstsc ErrorCode="0x904" ExtendedErrorCode="0x7" Match="strict"
        "#);
        let html = format!("<html><body><p>{}</p></body></html>", BOX.replace("\r\n", "<br>\r\n"));
        assert!(parse(&MstscDialog, html).contains("ExtendedErrorCode=\"0x7\" Match=\"strict\""));
        let mail = "From: a@example.com\nSubject: RDP\nContent-Transfer-Encoding: quoted-printable\n\nAn internal err=\n\
                    or has occurred =E2=80=93 again.\n";
        insta::assert_snapshot!(parse(&MstscDialog, mail), @r#"
        line 2: undated, mstsc Message="RDP"
        line 5: undated, mstsc Message="An internal error has occurred – again."
        "#);
    }

    #[test]
    fn events_pasted_into_a_ticket_are_read() {
        let text = "RDP does not work, this is in the log:\n\n- <Event xmlns=\"x\">\n- <System>\n<Provider Name=\"Schannel\" />\n\
                    <EventID>36870</EventID>\n<TimeCreated SystemTime=\"2026-11-18T20:41:53Z\" />\n\
                    <EventRecordID>5</EventRecordID>\n</System>\n</Event>\nand nothing else\n";
        insta::assert_snapshot!(parse(&MstscDialog, text), @r#"
        line 1: undated, mstsc Message="RDP does not work, this is in the log:"
        line 11: undated, mstsc Message="and nothing else"
        record 5: 2026-11-18T20:41:53Z, Schannel 36870
        coverage:  of , 1 records 5..5, 2026-11-18T20:41:53Z..2026-11-18T20:41:53Z
        "#);
    }

    #[test]
    fn a_very_long_text_is_bounded() {
        let text: String =
            (0..300).map(|number| format!("RDP fails, try number {number}.\n")).collect();
        let found = parse(&MstscDialog, text);
        assert_eq!(found.lines().count(), 201);
        assert!(
            found.ends_with("line 201: notice: a very long text (lost: 100 lines)\n"),
            "{found}"
        );
        assert!(parse(&MstscDialog, format!("RDP {}", "x".repeat(2000))).len() < 600);
    }

    #[test]
    fn logs_and_listings_are_left_alone() {
        for text in [
            "",
            "Nothing to see here.",
            "2026-11-18 03:05:11, Info  CBS  Remote Desktop package\n2026-11-18 03:05:12, Error  CBS  error code: 0x800f0922\n",
            "Name   : TermService\nDisplay: x\nTitle  : Remote Desktop Services\n",
            "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp\n    PortNumber    REG_DWORD    0xd3d\n",
            "\"Level\",\"Source\",\"Text\"\n\"Error\",\"TermDD\",\"Remote Desktop\"\n",
            "full address:s:srv01\nremoteapplicationname:s:Remote Desktop\n",
            "{\"name\": \"Allow RDP\", \"port\": 3389}",
            "<?xml version='1.0'?><a>RDP</a>",
        ] {
            assert!(!MstscDialog.sniff(&source(text)), "{text}");
        }
    }

    #[test]
    fn outputs_pasted_into_a_ticket() {
        let text = "Server: SRV01\nClient: PC7\n\nRemote Desktop does not answer. I looked:\n\nC:\\>sc query TermService\n\n\
            SERVICE_NAME: TermService\n        STATE              : 1  STOPPED\n\n\
            HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\n    \
            fDenyTSConnections    REG_DWORD    0x0\n\n\
            > PS C:\\> Test-ComputerSecureChannel\n> False\n\nWhat now?\n";
        insta::assert_snapshot!(parse(&MstscDialog, text), @r#"
        line 8: undated, services Service="TermService" State="stopped"
        line 12: undated, registry Key="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server" Name="fDenyTSConnections" Type="REG_DWORD" Data="0" Hex="0x00000000"
        line 15: undated, secure-channel Asked="secure channel" Works="no"
        line 1: undated, ticket Server="SRV01" Client="PC7"
        line 4: undated, mstsc Message="Remote Desktop does not answer. I looked:"
        line 17: undated, mstsc Message="What now?"
        "#);
    }
}
