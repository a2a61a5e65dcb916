//! smoke
#[path = "support/mod.rs"]
mod support;
use support::evtx_writer::*;

#[test]
fn smoke() {
    let rdp = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS";
    let b = Log::new()
        .record(
            Record::new(rdp, 131)
                .guid("{1139c61b-b549-4251-8ed3-27250a1edec8}")
                .channel("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational")
                .task(4)
                .opcode(15)
                .activity("{f42004da-7659-4b1e-b263-be994ec80000}")
                .user("S-1-5-20")
                .process(332, 1340)
                .at("2026-03-02T08:15:00.1234567Z")
                .data("ConnType", text_nul("TCP"))
                .data("ClientIP", text_nul("192.0.2.9:51001"))
                .data("a", hex32(0xd00a0032))
                .data("b", hex64(1))
                .data("c", true)
                .data("d", guid("{F42004DA-7659-4b1e-b263-be994ec80000}"))
                .data("e", sid("S-1-5-21-1-2-3-500"))
                .data("f", binary(&[1, 2, 254]))
                .data("g", texts(["x", "y"]))
                .data("h", 5i32)
                .data("i", 5u8)
                .data("j", 7u64)
                .data("k", filetime("2026-03-02T08:15:00.1234567Z".parse().unwrap()))
                .data("l", Value::Null)
                .data("m", Value::Ansi(b"abc".to_vec()))
                .data("n", system_time("2026-03-02T08:15:00.123Z".parse().unwrap())),
        )
        .record(
            Record::classic(
                "Microsoft-Windows-TerminalServices-RemoteConnectionManager",
                1057,
                49152,
            )
            .alias("{C76BAA63-AE81-421C-B425-340B4B24157F}", "TermService")
            .level(2)
            .strings(["RDSH1", "Schannel"])
            .binary(&[1, 2, 3]),
        )
        .record(
            Record::classic("NETLOGON", 5719, 0)
                .strings(["EXAMPLE", "%%1311"])
                .binary(&[0x5e, 0, 0, 0xc0]),
        )
        .record(
            Record::new("X", 1).guid("{1139c61b-b549-4251-8ed3-27250a1edec8}").user_data(
                Node::new("EventXML")
                    .namespace("Event_NS")
                    .field("User", "alice")
                    .field("Session", 3u32)
                    .child(Node::new("E").attribute("code", hex32(5)).attribute("z", "q")),
            ),
        )
        .record(
            Record::new("X", 1).user_data_as_text(
                Node::new("CertRejectedInfo")
                    .field("User", "alice")
                    .child(Node::new("E").attribute("code", hex32(5)).attribute("z", "q")),
            ),
        )
        .record(Record::new("X", 2).no_payload())
        .record(
            Record::new("X", 2)
                .layout(Layout::Inline)
                .data("a", "b")
                .data("t", texts(["x", "y"]))
                .data("e", ""),
        )
        .record(Record::new("X", 2).data_name("TMP"))
        .to_bytes();
    std::fs::write("/tmp/smoke.evtx", &b).unwrap();
    let mut p = evtx::EvtxParser::from_buffer(b).unwrap();
    for r in p.records() {
        println!("{}", r.unwrap().data);
    }
}
