//! What the benches and the program that they measure against share: logs, and what the `evtx` crate does with them.

#[path = "../../tests/support/evtx_writer/mod.rs"]
#[allow(dead_code, unreachable_pub, unused_imports, reason = "a bench uses a part of this module")]
mod evtx_writer;

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;

use evtx::{EvtxChunkData, ParserSettings};

use evtx_writer::{CHUNK_SIZE, FILE_HEADER_SIZE, Log, Record, hex32, sid};

/// What `evtx_dump` does: every record as JSON.
pub(crate) fn crate_json(log: &[u8]) -> usize {
    let settings = Arc::new(ParserSettings::new().num_threads(1).indent(false));
    let mut written = 0;
    for chunk in log.get(FILE_HEADER_SIZE..).unwrap_or_default().chunks_exact(CHUNK_SIZE) {
        let Ok(mut data) = EvtxChunkData::new(chunk.to_vec(), false) else { continue };
        let Ok(mut chunk) = data.parse(Arc::clone(&settings)) else { continue };
        for record in chunk.iter().flatten() {
            written += record.into_json_bytes().map_or(0, |record| black_box(record.data).len());
        }
    }
    written
}

/// Writes a log like that of a server at which strangers knock: eight kinds of records, six of them wanted.
pub(crate) fn write_server_log<W: Write + Seek>(out: W, megabytes: u64, first: u64) -> W {
    write_log(out, megabytes, first, busy_record)
}

/// Writes a log like that of an ordinary server: ten kinds of records, two of them wanted.
#[allow(dead_code, reason = "a bench uses a part of this module")]
pub(crate) fn write_ordinary_log<W: Write + Seek>(out: W, megabytes: u64, first: u64) -> W {
    write_log(out, megabytes, first, ordinary_record)
}

/// The log of a machine from its record `first` on, one a second: others of it are no copies.
fn write_log<W: Write + Seek>(out: W, megabytes: u64, first: u64, record: fn(u64) -> Record) -> W {
    let mut writer =
        Log::new().first_record_id(first + 1).stream(out).expect("there is room for it");
    let dated = |number| {
        let number = first + number;
        let seconds = 1_780_000_000 + i64::try_from(number).unwrap_or_default();
        let time = chrono::DateTime::from_timestamp(seconds, 123_456_700);
        record(number).time(time.expect("a time of our days"))
    };
    writer.fill(megabytes << 20, dated).expect("there is room for it");
    writer.finish().expect("there is room for it")
}

/// Processes, objects, groups, tasks and privileges, as auditing notes them by the thousand; of these, only logons are wanted.
fn ordinary_record(number: u64) -> Record {
    const AUDIT: &str = "Microsoft-Windows-Security-Auditing";
    let user = format!("user{}", number % 50);
    let audited = |id| {
        Record::new(AUDIT, id)
            .channel("Security")
            .data("SubjectUserSid", sid("S-1-5-21-1004336348-1177238915-682003330-512"))
            .data("SubjectUserName", user.as_str())
            .data("SubjectDomainName", "EXAMPLE")
    };
    let process = format!("C:\\Windows\\System32\\tool{}.exe", number % 90);
    match number % 10 {
        0 => audited(4624)
            .data("TargetUserName", user.as_str())
            .data("LogonType", 3_u32)
            .data("IpAddress", format!("192.0.2.{}", number % 250)),
        1 | 2 => audited(4688).data("NewProcessName", process.as_str()).data("CommandLine", ""),
        3 | 4 => audited(4689).data("ProcessName", process.as_str()).data("Status", hex32(0)),
        5 => audited(4658).data("ObjectServer", "Security").data("ProcessName", process.as_str()),
        6 => audited(4703).data("ProcessName", process.as_str()).data("EnabledPrivilegeList", "-"),
        7 => audited(4799).data("TargetUserName", "Administrators"),
        8 => Record::new("Microsoft-Windows-TaskScheduler", 201)
            .channel("Microsoft-Windows-TaskScheduler/Operational")
            .data("TaskName", format!("\\Example\\Task {}", number % 30))
            .data("ActionName", process.as_str()),
        _ => Record::new("Microsoft-Windows-DistributedCOM", 10016)
            .data("param1", "application-specific")
            .data("param2", "Local")
            .data("param3", user.as_str()),
    }
}

fn busy_record(number: u64) -> Record {
    let user = format!("user{}", number % 50);
    let address = format!("192.0.2.{}", number % 250);
    match number % 8 {
        0 | 1 => Record::new("Microsoft-Windows-Security-Auditing", 4624)
            .channel("Security")
            .data("TargetUserSid", sid("S-1-5-21-1004336348-1177238915-682003330-512"))
            .data("TargetUserName", user.as_str())
            .data("TargetDomainName", "EXAMPLE")
            .data("LogonType", 3_u32)
            .data("LogonProcessName", "NtLmSsp ")
            .data("AuthenticationPackageName", "NTLM")
            .data("IpAddress", address.as_str())
            .data("IpPort", "51001"),
        2 | 3 => Record::new("Microsoft-Windows-Security-Auditing", 4625)
            .channel("Security")
            .data("TargetUserName", user.as_str())
            .data("TargetDomainName", "EXAMPLE")
            .data("Status", hex32(0xc000_006d))
            .data("SubStatus", hex32(0xc000_006a))
            .data("LogonType", 3_u32)
            .data("IpAddress", address.as_str()),
        4 => Record::new("Schannel", 36874).data("Protocol", "TLS 1.2"),
        5 => Record::classic("Service Control Manager", 7036, 16384)
            .data("param1", "Remote Desktop Services")
            .data("param2", "running"),
        6 => Record::new("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 131)
            .channel("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational")
            .data("ConnType", "TCP")
            .data("ClientIP", format!("{address}:51001")),
        _ => Record::classic("TermDD", 56, 49162).strings([r"\Device\Termdd", &address]),
    }
}

/// Every log of a folder and its folders, those in zip archives too, one after the other.
pub(crate) fn each_log(path: &Path, act: &mut dyn FnMut(Vec<u8>)) {
    if let Ok(entries) = std::fs::read_dir(path) {
        entries.flatten().for_each(|entry| each_log(&entry.path(), act));
    } else if path.extension().is_some_and(|extension| extension == "evtx") {
        std::fs::read(path).into_iter().for_each(act);
    } else if path.extension().is_some_and(|extension| extension == "zip") {
        File::open(path).into_iter().for_each(|file| members(file, act));
    }
}

/// The logs in an archive.
fn members(file: File, act: &mut dyn FnMut(Vec<u8>)) {
    let mut archive = zip::ZipArchive::new(file).expect("the corpus has whole archives");
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).expect("the corpus has whole archives");
        let mut log = Vec::new();
        if member.name().is_ok_and(|name| name.ends_with(".evtx")) {
            member.read_to_end(&mut log).expect("the corpus has whole archives");
            act(log);
        }
    }
}
