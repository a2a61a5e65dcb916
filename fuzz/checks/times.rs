//! Any text where the formats have a date, an offset or a zone: no panic, and whatever was read can be moved by a zone.

use rdpwhy::event::SourceId;
use rdpwhy::parsers::PARSERS;
use rdpwhy::source::Source;
use rdpwhy::zone::Zone;

#[path = "sink.rs"]
mod sink;

/// A record of each format that reads its dates itself, with `@` where the date stands.
pub const RECORDS: [(&str, &str); 19] = [
    (
        "event-xml",
        "<Event><System><Provider Name='a'/><EventID>1</EventID><TimeCreated SystemTime='@'/></System></Event>",
    ),
    (
        "event-viewer",
        "Level,Date and Time,Source,Event ID,Task Category\nError,@,Schannel,36870,None,\"x\"\n",
    ),
    (
        "event-csv",
        "\"Id\",\"ProviderName\",\"TimeCreated\",\"Message\"\n\"36870\",\"Schannel\",\"@\",\"x\"\n",
    ),
    ("event-json", "[{\"Id\": 1, \"ProviderName\": \"a\", \"TimeCreated\": \"@\"}]"),
    (
        "event-list",
        "Log Name:      System\nSource:        Schannel\nDate:          @\nEvent ID:      36870\nLevel:         Error\n",
    ),
    (
        "wevtutil-text",
        "Event[0]:\n  Log Name: System\n  Source: a\n  Date: @\n  Event ID: 12\n  Task: N/A\n  Level: Error\n  Opcode: Info\n  Keyword: N/A\n  User: N/A\n  User Name: N/A\n  Computer: SRV01\n  Description: \nx\n",
    ),
    (
        "reporting-events",
        "{E9D3C1A8-1EEF-4AD9-9FA8-19BFA0C1FD4F}\t@\t1\t183 [A]\t101\t{}\t200\t0\ta\tb\tc\td\n",
    ),
    (
        "cbs-log",
        "@, Info                  CBS    Session: 3_1 initialized by client DISM.\n@, Info                  CBS    Exec: Processing complete.  Session: 3_1, Package: Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0 [HRESULT = 0x00000000 - S_OK]\n@, Info                  CBS    Session: 3_1 finalized. Reboot required: yes [HRESULT = 0x00000000 - S_OK]\n",
    ),
    (
        "ccm-log",
        "<![LOG[Update 1 (3cbcf577-5139-49b8-afe8-620af5c52f95) finished installing (0x80070005)]LOG]!><@>\n",
    ),
    (
        "windows-update-log",
        "@ 752   6180  Handler         CBS package identity: Package_for_KB5066666~31bf3856ad364e35~amd64~~10.0.1.0\n@ 752   6180  Handler         Completed install of CBS update with type=0, requiresReboot=1, installerError=0, hr=0x0\n@ 752   6180  Agent           * END *  Installing updates CallerId = UpdateOrchestrator\n",
    ),
    (
        "dism-log",
        "@, Info                  DISM   DISM.EXE: Executing command line: dism /online /enable-feature /featurename:NetFx3\n",
    ),
    (
        "dism-packages",
        "Package Identity : Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0\nState : Installed\nRelease Type : Security Update\nInstall Time : @\n\n",
    ),
    ("update-history", "2026-11 Cumulative Update (KB5099999)\nSuccessfully installed on @\n"),
    (
        "http-log",
        "#Software: Microsoft HTTP API 2.0\n#Fields: date time c-ip c-port s-ip s-port protocol transport cs-version cs-method cs-uri streamid streamid_ex sc-status s-siteid s-reason s-queuename\n@ 198.51.100.8 51822 192.0.2.20 443 HTTP TCP HTTP/1.1 RDG_OUT_DATA /remoteDesktopGateway/ - - 503 1 AppOffline DefaultAppPool\n",
    ),
    (
        "hotfix-list",
        "HotFixID  Description  InstalledOn\n--------  -----------  -----------\nKB5099999 Update       @\n",
    ),
    ("hotfix-list", "Node,HotFixID,InstalledOn\nA,KB5099999,@\n"),
    (
        "netlogon-log",
        "@ [CRITICAL] [5312] EXAMPLE: NlDiscoverDc: Cannot find DC.\n@ [LOGON] [100] EXAMPLE: SamLogon: Network logon of EXAMPLE\\ann from PC7 Returns 0xC000005E\n",
    ),
    (
        "time-zone",
        "Id                         : W. Europe Standard Time\nDisplayName                : Berlin\nStandardName               : a\nDaylightName               : b\nBaseUtcOffset              : @\nSupportsDaylightSavingTime : True\n",
    ),
    (
        "ticket-text",
        "Remote Desktop Connection\nAn internal error has occurred.\nError code: 0x904\nExtended error code: 0x7\nTimestamp (UTC): @\n",
    ),
];

/// Puts the text into each record.
pub fn check(text: &str) {
    let _ = Zone::parse(text);
    let _ = heard(text);
}

/// The numbers of the records that are read with the text in them.
pub fn heard(text: &str) -> Vec<usize> {
    let mut heard = Vec::new();
    for (number, (format, record)) in RECORDS.into_iter().enumerate() {
        let record = record.replace('@', text);
        let source = Source::from_bytes(SourceId(0), "sample", record.as_bytes());
        let mut parsers = PARSERS.iter().filter(|parser| parser.format() == format);
        let parser = parsers.next().expect("a format of that name");
        let mut sink = sink::Everything::new();
        parser.parse(&source, &mut sink);
        for event in &sink.events {
            for minutes in [-720, 0, 840] {
                let _ = event.time.resolve(Some(minutes));
            }
            let _ = (event.time.clock(), event.time.to_string());
        }
        if !sink.events.is_empty() {
            heard.push(number);
        }
    }
    heard
}
