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

mod support;

use std::collections::HashMap;
use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use rdpwhy::event::SourceId;
use rdpwhy::parsers::Interest;
use rdpwhy::parsers::evtx::trial::{look, own_source};
use rdpwhy::source::Source;
use support::{crate_json, each_log, write_server_log};

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("one thread can be had").install(run);
}

fn run() {
    let mut criterion = Criterion::default().configure_from_args();
    let megabytes = std::env::var("RDPWHY_BENCH_MB").ok().and_then(|text| text.parse().ok());
    let megabytes = megabytes.unwrap_or(10);
    let written = write_server_log(Cursor::new(Vec::new()), megabytes, 0).into_inner();
    bench(&mut criterion, &format!("evtx/written-{megabytes}MB"), &[written]);
    match std::env::var_os("RDPWHY_CORPUS") {
        Some(corpus) => {
            let mut logs = Vec::new();
            each_log(&Path::new(&corpus).join("evtx"), &mut |log| logs.push(log));
            let (large, small): (Vec<_>, Vec<_>) =
                logs.into_iter().partition(|log| log.len() > 1 << 20);
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
