//! How fast event logs are read: a look at every record, the wanted ones decoded, all decoded; next to what the `evtx`
//! crate needs to render the same bytes as JSON. One thread each, so that the ratios mean CPU time.
//!
//! ```text
//! cargo bench --bench evtx                       10 MB made by our writer
//! RDPWHY_BENCH_MB=100 cargo bench --bench evtx   a larger file
//! RDPWHY_CORPUS=… cargo bench --bench evtx       also the real logs in its folder evtx
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a bench takes its settings from the environment and says what it measures"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::hint::black_box;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use evtx::{EvtxChunkData, ParserSettings};
use rdpwhy::event::SourceId;
use rdpwhy::parsers::Interest;
use rdpwhy::parsers::evtx::trial::{look, own_source};
use rdpwhy::source::Source;
use support::evtx_writer::{CHUNK_SIZE, FILE_HEADER_SIZE, Log, Record, hex32, sid};

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("one thread can be had").install(run);
}

fn run() {
    let mut criterion = Criterion::default().configure_from_args();
    let megabytes = std::env::var("RDPWHY_BENCH_MB").ok().and_then(|text| text.parse().ok());
    let megabytes = megabytes.unwrap_or(10);
    bench(&mut criterion, &format!("evtx/written-{megabytes}MB"), &[written(megabytes)]);
    match std::env::var_os("RDPWHY_CORPUS") {
        Some(corpus) => {
            let (large, small): (Vec<_>, Vec<_>) = real(&Path::new(&corpus).join("evtx"))
                .into_iter()
                .partition(|log| log.len() > 1 << 20);
            bench(&mut criterion, "evtx/real-large", &large);
            bench(&mut criterion, "evtx/real-small", &small);
        }
        None => eprintln!("RDPWHY_CORPUS is not set: no real logs"),
    }
    criterion.final_summary();
}

fn bench(criterion: &mut Criterion, name: &str, logs: &[Vec<u8>]) {
    let bytes = logs.iter().map(|log| log.len() as u64).sum();
    let sources: Vec<_> = logs.iter().map(|log| source(log)).collect();
    let (wanted, share) = some_pairs(&sources);
    eprintln!("{name}: {} logs, {bytes} bytes, {share:.1} % of the records wanted", logs.len());
    let some = || {
        let mut interest = Interest::default();
        wanted.iter().for_each(|(provider, id)| interest.add(provider, *id));
        interest
    };
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(bytes)).sample_size(10);
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4));
    group.bench_function("crate-json", |bencher| {
        bencher.iter(|| logs.iter().map(|log| crate_json(log)).sum::<usize>());
    });
    group.bench_function("look-in-place", |bencher| {
        bencher.iter(|| logs.iter().map(|log| look(log)).sum::<u64>());
    });
    ours(&mut group, "look-at-all", &sources, Interest::default);
    ours(&mut group, "decode-wanted", &sources, some);
    ours(&mut group, "decode-all", &sources, Interest::everything);
    group.finish();
}

fn ours(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    sources: &[Source],
    interest: impl Fn() -> Interest,
) {
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            for source in sources {
                black_box(own_source(source, interest()));
            }
        });
    });
}

/// A log in memory whose hash is known, so that hashing is not measured.
fn source(log: &[u8]) -> Source {
    let source = Source::from_bytes(SourceId(0), "log", log);
    source.sha256().expect("bytes in memory can be read");
    source
}

/// Provider and id.
type Pair = (Arc<str>, Option<u32>);

/// Kinds of records that make up about 30 % of all, and how many that are.
fn some_pairs(sources: &[Source]) -> (Vec<Pair>, f64) {
    let mut counts: HashMap<Pair, usize> = HashMap::new();
    for source in sources {
        for event in own_source(source, Interest::everything()).events {
            *counts.entry((event.provider, event.event_id)).or_default() += 1;
        }
    }
    let all: usize = counts.values().sum();
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut taken = 0;
    counts.retain(|(_, count)| {
        let fits = (taken + count) * 100 <= all * 30;
        taken += if fits { *count } else { 0 };
        fits
    });
    let share = 100.0 * taken as f64 / all.max(1) as f64;
    (counts.into_iter().map(|(pair, _)| pair).collect(), share)
}

/// What `evtx_dump` does: every record as JSON.
fn crate_json(log: &[u8]) -> usize {
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

/// A log like a server's: eight kinds of records.
fn written(megabytes: u64) -> Vec<u8> {
    let mut writer = Log::new().stream(Cursor::new(Vec::new())).expect("memory can be written");
    writer.fill(megabytes << 20, record).expect("memory can be written");
    writer.finish().expect("memory can be written").into_inner()
}

fn record(number: u64) -> Record {
    let user = format!("user{}", number % 50);
    let address = format!("192.0.2.{}", number % 250);
    let record = match number % 8 {
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
    };
    let time = chrono::DateTime::from_timestamp(
        1_780_000_000 + i64::try_from(number).unwrap_or_default(),
        123_456_700,
    );
    record.time(time.expect("a time of our days"))
}

/// Every log of a folder and its folders, those in archives too.
fn real(folder: &Path) -> Vec<Vec<u8>> {
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            logs.extend(real(&path));
        } else if path.extension().is_some_and(|extension| extension == "evtx") {
            logs.extend(std::fs::read(path));
        } else if path.extension().is_some_and(|extension| extension == "zip") {
            logs.extend(std::fs::File::open(path).into_iter().flat_map(members));
        }
    }
    logs
}

/// The logs in an archive.
fn members(file: std::fs::File) -> Vec<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(file).expect("the corpus has whole archives");
    let mut logs = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).expect("the corpus has whole archives");
        let mut log = Vec::new();
        if member.name().is_ok_and(|name| name.ends_with(".evtx")) {
            member.read_to_end(&mut log).expect("the corpus has whole archives");
            logs.push(log);
        }
    }
    logs
}
