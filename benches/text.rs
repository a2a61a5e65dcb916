//! How fast the logs of servicing and of Windows Update are read, of which a few lines matter; one thread.
//!
//! ```text
//! cargo bench --bench text                       64 MB of each, made here
//! RDPWHY_CORPUS=… cargo bench --bench text       also the real logs in its folder text, repeated to 64 MB
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a bench takes its settings from the environment and says what it measures"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use rdpwhy::event::{Event, SourceId};
use rdpwhy::notice::Notice;
use rdpwhy::parsers::{CoverageSpan, Interest, Sink, parser_for};
use rdpwhy::source::Source;

const BYTES: usize = 64 << 20;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    bench(&mut criterion, "cbs-log/written", &cbs());
    bench(&mut criterion, "windows-update-log/written-decoded", &decoded());
    bench(&mut criterion, "windows-update-log/written-classic", &classic());
    match std::env::var_os("RDPWHY_CORPUS") {
        Some(corpus) => {
            for name in [
                "cbs-win10-2020",
                "cbs-win11-2026",
                "windowsupdate-decoded-2021",
                "windowsupdate-classic-tab-2021",
            ] {
                let path = Path::new(&corpus).join("text").join(format!("{name}.log"));
                let log = std::fs::read(&path).expect("the corpus has this log");
                bench(&mut criterion, name, &log.repeat(BYTES / log.len() + 1));
            }
        }
        None => eprintln!("RDPWHY_CORPUS is not set: no real logs"),
    }
    criterion.final_summary();
}

fn bench(criterion: &mut Criterion, name: &str, log: &[u8]) {
    // Hashing happens in the same pass the first time, and is not measured here.
    let source = Source::from_bytes(SourceId(0), name, log);
    source.sha256().expect("bytes in memory can be read");
    let parser = parser_for(&source).expect("the log is known");
    let mut group = criterion.benchmark_group("text");
    group.throughput(Throughput::Bytes(log.len() as u64)).sample_size(10);
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4));
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            let mut counted = Counted { interest: Interest::everything(), events: 0, records: 0 };
            parser.parse(&source, &mut counted);
            assert!(counted.records > 1000, "{name}: {}", counted.records);
            black_box(counted.events)
        });
    });
    group.finish();
}

/// Counts, and keeps nothing.
struct Counted {
    interest: Interest,
    events: u64,
    records: u64,
}

impl Sink for Counted {
    fn interest(&self) -> &Interest {
        &self.interest
    }
    fn event(&mut self, _: Event) {
        self.events += 1;
    }
    fn coverage(&mut self, span: CoverageSpan) {
        self.records += span.records;
    }
    fn notice(&mut self, _: Notice) {}
}

/// Lines until there are enough; the second of each is its number.
fn written(line: impl Fn(usize, &mut String)) -> Vec<u8> {
    let mut text = String::with_capacity(BYTES + 1024);
    let mut number = 0;
    while text.len() < BYTES {
        line(number, &mut text);
        number += 1;
    }
    text.into_bytes()
}

fn cbs() -> Vec<u8> {
    written(|number, text| {
        let (minute, second) = (number / 60 % 60, number % 60);
        let said = match number % 50 {
            0 => format!(
                "CBS    Session: 31184422_{} initialized by client WindowsUpdateAgent.",
                number / 50
            ),
            10 => format!(
                "CBS    Exec: Processing complete.  Session: 31184422_{}, Package: Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0 [HRESULT = 0x00000000 - S_OK]",
                number / 50
            ),
            20 => format!(
                "CBS    Session: 31184422_{} finalized. Reboot required: no [HRESULT = 0x00000000 - S_OK]",
                number / 50
            ),
            1..10 => format!(
                "CBS    Read out cached applicability from TiLight for package: Package_for_KB50{number:05}~31bf3856ad364e35~amd64~~10.0.1.2, ApplicableState: 0, CurrentState:0"
            ),
            _ => format!(
                "CSI    {number:08x} Performing 1 operations as follows: (0)  LockComponentPath: flags: 0 comp: {{l:16 ml:17 b:28f3}} pathid: {{l:16 ml:17 b:28f3}}"
            ),
        };
        let _ =
            write!(text, "2026-11-17 03:{minute:02}:{second:02}, Info                  {said}\r\n");
    })
}

fn decoded() -> Vec<u8> {
    written(|number, text| {
        let (minute, second) = (number / 60 % 60, number % 60);
        let said = match number % 100 {
            50 => {
                "Handler         CBS package identity: Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0"
            }
            51 => {
                "Handler         Completed install of CBS update with type=3, requiresReboot=1, installerError=0, hr=0x0"
            }
            1..10 => {
                "Agent             Title = 2026-11 Cumulative Update for Windows Server 2022 (KB5099999)"
            }
            _ => {
                "DownloadManager Checking whether update 6842D9C5-8CD9-4C75-AC92-0A90602AFFD4.204 is to be downloaded"
            }
        };
        let _ =
            write!(text, "2026/11/17 03:{minute:02}:{second:02}.4012702 3736  9756  {said}\r\n");
    })
}

fn classic() -> Vec<u8> {
    written(|number, text| {
        let (minute, second) = (number / 60 % 60, number % 60);
        let said = match number % 100 {
            0 => {
                "Misc\t===========  Logging initialized (build: 7.6.7600.256, tz: +0530)  ==========="
            }
            1..10 => "Agent\t  * Title = Security Update for Windows (KB5099999)",
            _ => "AU\tSuccessfully wrote event for AU health state:0",
        };
        let _ = write!(text, "2026-08-28\t11:{minute:02}:{second:02}:920\t 576\ta70\t{said}\r\n");
    })
}
