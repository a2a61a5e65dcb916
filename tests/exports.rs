//! A ticket whose logs came as exports and texts: the same answer as from event logs.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(clippy::unwrap_used, reason = "a test program, which clippy does not see")]

use rdpwhy::analysis::{Scope, analyze};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::cause::CauseId;
use rdpwhy::signatures::Database;

const TICKET: &str = "Since this morning nobody gets onto SRV01.\r\n\r\n[Window Title]\r\nRemote Desktop Connection\r\n\r\n[Content]\r\n\
    This computer can't connect to the remote computer.\r\n\r\n[^] Hide details  [OK]\r\n\r\n[Expanded Information]\r\n\
    Error code: 0x904\r\nExtended error code: 0x7\r\nTimestamp (UTC): 11/18/26 01:41:55 PM\r\n";

const ZONE: &str = "\r\nId                         : W. Europe Standard Time\r\nBaseUtcOffset              : 01:00:00\r\n";

/// RdpCoreTS of a connection that dies before MCS, through `Get-WinEvent | Export-Csv` on a German system.
fn core() -> String {
    let mut csv = String::from(
        "\"Message\",\"Id\",\"Level\",\"RecordId\",\"ProviderName\",\"LogName\",\"MachineName\",\"TimeCreated\",\"ActivityId\"\r\n",
    );
    let mut record = 100;
    for (minute, activity) in [(35, "a"), (38, "b"), (41, "c")] {
        for (second, id, message) in [
            (
                53,
                131,
                "Der Server hat eine neue TCP-Verbindung von Client 192.0.2.7:51822 akzeptiert.",
            ),
            (53, 65, "Verbindung RDP-Tcp#1 erstellt"),
            (53, 141, "x"),
            (55, 102, "Der Server hat die Hauptverbindung beendet."),
        ] {
            record += 1;
            csv += &format!(
                "\"{message}\",\"{id}\",\"4\",\"{record}\",\"Microsoft-Windows-RemoteDesktopServices-RdpCoreTS\",\
                 \"Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational\",\"SRV01.example.com\",\
                 \"18.11.2026 14:{minute}:{second}\",\"f420000{activity}-0000-4000-8000-00000000000a\"\r\n"
            );
        }
    }
    csv
}

/// The System log as text of Event Viewer, newest first.
fn system() -> String {
    let mut csv = String::from("Ebene,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie\r\n");
    for minute in [41, 38, 35] {
        csv += &format!(
            "Fehler,18.11.2026 14:{minute}:54,Schannel,36870,Keine,\"Schwerwiegender Fehler beim Zugriff auf den privaten \
             Schlüssel der TLS-Serveranmeldeinformationen. Fehlercode des Kryptografiemoduls: 0x8009030d. Interner Fehlerstatus: 10001.\"\r\n"
        );
    }
    csv
}

const CBS: &str = "2026-11-18 03:00:01, Info                  CBS    TI: --- Initializing Trusted Installer ---\r\n\
    2026-11-18 03:00:05, Info                  CBS    Session: 1_2 initialized by client WindowsUpdateAgent.\r\n\
    2026-11-18 03:05:11, Info                  CBS    Read out cached package applicability for package: Package_for_KB5011111~31bf3856ad364e35~amd64~~10.0.1.0, ApplicableState: 112, CurrentState:112\r\n\
    2026-11-18 03:05:11, Info                  CBS    Exec: Processing complete.  Session: 1_2, Package: Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0 [HRESULT = 0x00000000 - S_OK]\r\n\
    2026-11-18 03:05:12, Info                  CBS    Session: 1_2 finalized. Reboot required: no [HRESULT = 0x00000000 - S_OK]\r\n";

#[test]
fn a_ticket_of_exports_is_answered_like_one_of_event_logs() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("ticket.txt", TICKET);
    put("server/zone.txt", ZONE);
    put("server/core.csv", &core());
    put("server/system.csv", &system());
    put("server/CBS.log", CBS);
    // Neither says when: neither may be a change.
    put("server/titles.txt", "KB5022222: 2026-11 Update (KB5022222)\r\n");
    let db = Database::built_in().unwrap();
    let bundle = Bundle::open(&[folder.path().to_owned()], &Options::default()).unwrap();
    let analysis = analyze(&bundle, &db, &Scope::default(), &|_| ());
    assert_eq!(analysis.notices, [], "every file is read");
    let [diagnosis] = analysis.diagnoses.as_slice() else {
        panic!("{:?}", analysis.diagnoses.len())
    };
    let incident = &diagnosis.incident;
    // The dialog is in UTC, the logs are not: they meet only when the zone is right.
    assert_eq!(incident.first.unwrap().to_rfc3339(), "2026-11-18T13:41:53+00:00");
    assert_eq!(incident.peers.iter().map(|peer| &**peer).collect::<Vec<_>>(), ["192.0.2.7"]);
    assert_eq!(diagnosis.verdict.first().unwrap().cause, CauseId::CertKeyAccessDenied);
    let changes: Vec<_> =
        diagnosis.changes.iter().filter_map(|change| change.kb.as_deref()).collect();
    assert_eq!(changes, ["KB5099999"]);
    assert_eq!(diagnosis.changes[0].time.unwrap().to_rfc3339(), "2026-11-18T02:05:11+00:00");
}
