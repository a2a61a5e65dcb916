//! What holds for every input.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test program, which clippy does not see"
)]

use proptest::prelude::*;
use rdpwhy::event::Event;
use rdpwhy::parsers::PARSERS;
use rdpwhy::parsers::event_xml::EventXml;

#[path = "../src/parsers/testing.rs"]
mod testing;

/// An export of `count` events, with shapes that a cut can hit badly.
fn export(count: usize) -> String {
    let event = |number: usize| {
        format!(
            "<Event xmlns='x'><System><Provider Name='Schannel'/><EventID>{number}</EventID>\
             <TimeCreated SystemTime='2026-11-18T20:41:{:02}.5Z'/><EventRecordID>{number}</EventRecordID>\
             <Channel>System</Channel><Computer>SRV01</Computer></System><EventData><Data Name='Größe'>a &lt; b</Data>\
             <Data/><Data><![CDATA[</Event>]]></Data></EventData></Event>\r\n",
            number % 60
        )
    };
    format!("<Events>{}</Events>", (1..=count).map(event).collect::<String>())
}

fn events(bytes: &[u8]) -> Vec<Event> {
    testing::collect(&EventXml, &testing::source(bytes)).events
}

/// Pieces that steer random input into the parsers.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&[u8]> = vec![
        b"<Event>",
        b"<System>",
        b"</System></Event>",
        b"<EventData><Data>",
        b"<UserData><a b='",
        b"&#x",
        b"<![CDATA[",
        b"HotFixID  Description  InstalledOn\n",
        b"KB5099999 Update 1/2/2026\n",
        b"Node,HotFixID,InstalledOn\n",
        b"HotFixID : KB5099999\n",
        b"{E9D3C1A8-1EEF-4AD9-9FA8-19BFA0C1FD4F}\t2026-11-17 03:12:40:176-0600\t1\t",
        b"183 [A]\t101\t{}\t200\tffffffffff\t",
        b"[Window Title]\nRemote Desktop\n",
        b"Error code: 0x",
        b"Extended error code: 0x7\n",
        b"Timestamp (UTC): 99/99/99 99:99:99 PM\n",
        b"{\"subject\": \"RDP\\n",
        b"Level,Date and Time,Source,Event ID,Task Category\n",
        b"Error,11/18/2026 2:41:53 PM,Schannel,36870,None,\"x\n",
        b"\"Id\",\"ProviderName\",\"TimeCreated\",\"Message\"\n\"36870\",\"Schannel\",\"",
        b"Event[0]:\n  Log Name: System\n  Source: a\n  Date: b\n  Event ID: 1\n",
        b"[{\"Id\": 1, \"ProviderName\": \"a\", \"TimeCreated\": \"\\/Date(99999999999999999)\\/\"",
        b"<Objs ><Obj><TN><T>Eventing.Reader.EventLogRecord</T></TN><Props><I32 N=\"Id\">",
        b"2026-11-17 03:05:11, Info                  CBS    Session: 1_2 finalized. Reboot required: yes\n",
        b"2026-11-17 03:05:11, Info                  CBS    Exec: Processing complete.  Session: 1_2, Package: ",
        b"2026/11/17 03:12:48.8688284 752   6180  Handler         Completed install of CBS hr=0x\n",
        b"Package Identity : Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0\n",
        b"(KB5099999)\nFailed to install on 99/99/9999 - 0x8\n",
        b"Id : W. Europe Standard Time\nBaseUtcOffset : 99:99\n",
        b"#Software: Microsoft HTTP API 2.0\n#Fields: date time c-ip cs-method cs-uri sc-status s-reason\n",
        b"2026-11-18 08:00:00 192.0.2.7 RDG_OUT_DATA /remoteDesktopGateway/ 401 -\n",
        b"#Date: 9999-12-31 23:59:59\n#Fields: time cs-uri c-ip sc-status\n23:59:59 /rpc/rpcproxy.dll 192.0.2.7 503\n",
        b"<netEvents numItems=\"1\"><item><header><timeStamp>2026-11-18T08:14:02Z</timeStamp><localPort>3389</localPort>",
        b"<type>FWPM_NET_EVENT_TYPE_CLASSIFY_DROP</type></header></item>",
        b"<wfpstate><filters><item><filterCondition><item><fieldKey>FWPM_CONDITION_IP_LOCAL_PORT</fieldKey><uint16>3389</uint16>",
        b"\x30\0\0\0LfLe\x01\0\0\0\x01\0\0\0\x30\0\0\0\xff\xff\xff\xff\x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x30\0\0\0",
        b"\x3c\0\0\0LfLe\x01\0\0\0\xff\xff\xff\xff",
        b"<![LOG[Update 1 (3cbcf577-5139-49b8-afe8-620af5c52f95) finished installing (0x8",
        b"]LOG]!><time=\"23:59:59.999-840\" date=\"12-31-9999\"",
        b"C:\\>tasklist /svc\n=== === ===\nsvchost.exe 1188 TermService\n",
        b"Microsoft (R) Windows (R) x v2.0\nA\n----------\n    B\n    ----------\n        C\n",
        b"    GPO: x\n    Folder Id: SOFTWARE\\a\\b\n    Value: 1, 0, 0, 999\n",
        b"#0>  Client: a @ B\n     Server: TERMSRV/c @ B\nklist failed with 0x",
        b"net time\nCurrent time at \\\\a is 99/99/9999 99:99:99 PM\n",
        b"\x83z\x83X\x83g\x96\xbc\x83\n",
        b"\xff\xfe",
        b"\n",
    ];
    prop_oneof![
        3 => proptest::sample::select(known).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_survived(pieces in proptest::collection::vec(piece(), 0..40)) {
        let source = testing::source(pieces.concat());
        for parser in PARSERS {
            let _ = parser.sniff(&source);
            let found = testing::collect(*parser, &source);
            let _ = testing::render(&found);
        }
    }

    #[test]
    fn a_cut_export_gives_the_events_up_to_the_cut(count in 1_usize..6, part in 0.0..1.0) {
        let whole = export(count);
        let all = events(whole.as_bytes());
        prop_assert_eq!(all.len(), count);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
            reason = "a place within a short text")]
        let cut = (whole.len() as f64 * part) as usize;
        let bytes = &whole.as_bytes()[..cut];
        let ends = String::from_utf8_lossy(bytes).matches("</EventData></Event>").count();
        let kept = events(bytes);
        prop_assert_eq!(&kept[..], &all[..ends]);
    }
}
