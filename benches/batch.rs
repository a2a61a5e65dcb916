//! What tickets by the thousand cost: small ones, a log of one chunk and a dialog each, through the real binary.
//!
//! ```text
//! cargo bench --bench batch                            1,000 and 10,000 tickets
//! RDPWHY_BENCH_TICKETS=200 cargo bench --bench batch   other numbers: this one and ten times as many
//! ```
//!
//! Tells processor time, which other work on the machine disturbs least, time by the clock, and the peak of memory. On
//! Linux only: elsewhere nobody tells what a process used.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench takes its settings from the environment and says what it measures"
)]

#[path = "../tests/support/evtx_writer/mod.rs"]
#[allow(dead_code, unreachable_pub, unused_imports, reason = "a bench uses a part of this module")]
mod evtx_writer;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use evtx_writer::{Log, Record};

fn main() {
    let small = std::env::var("RDPWHY_BENCH_TICKETS").ok().and_then(|text| text.parse().ok());
    let small: usize = small.unwrap_or(1000);
    let dir = tempfile::tempdir().expect("a folder");
    for count in [small, small * 10] {
        let tickets = dir.path().join(format!("tickets-{count}"));
        (0..count).for_each(|number| write_ticket(&tickets, number));
        let used = run(&tickets, &dir.path().join(format!("out-{count}")));
        let each = |time: Duration| time.as_secs_f64() * 1000.0 / count as f64;
        println!(
            "{count} tickets: {:.2} ms of processor time each, {:.2} ms by the clock ({:.0} a second), peak {} MiB",
            each(used.processor),
            each(used.clock),
            count as f64 / used.clock.as_secs_f64(),
            used.peak >> 10
        );
        fs::remove_dir_all(tickets).expect("it can be taken away");
    }
}

/// A server's log of one chunk, 69,632 bytes, and what the user pasted.
fn write_ticket(dir: &Path, number: usize) {
    let dir = dir.join(format!("ticket-{number:06}"));
    fs::create_dir_all(&dir).expect("a folder");
    let computer = format!("SRV{number:06}.contoso.example");
    let start = 1_795_000_000 + i64::try_from(number).expect("a small number") * 60;
    let records = (0..150).map(|index| record(index, start));
    let log = Log::new().channel("System").computer(&computer).records(records);
    fs::write(dir.join("System.evtx"), log.to_bytes()).expect("a file");
    let time = chrono::DateTime::from_timestamp(start + 9000, 0).expect("a time of our days");
    let dialog = format!(
        "Ticket {number}\r\nServer: {computer}\r\nClient: PC{number}\r\n\r\n[Window Title]\r\nRemote Desktop Connection\r\n\
         \r\n[Content]\r\nThis computer can't connect to the remote computer.\r\n\r\nError code: 0x904\r\nExtended error \
         code: 0x7\r\nTimestamp (UTC): {}\r\n",
        time.format("%m/%d/%y %I:%M:%S %p")
    );
    fs::write(dir.join("ticket.txt"), dialog).expect("a file");
}

/// A quiet log in which the key of the certificate cannot be read in the end.
fn record(index: i64, start: i64) -> Record {
    let record = match index {
        140..=149 => Record::new("Schannel", 36870)
            .channel("System")
            .level(2)
            .data("Type", "server")
            .data("ErrorCode", evtx_writer::hex32(0x8009_030d))
            .data("ErrorState", "10001"),
        _ => Record::classic("Service Control Manager", 7036, 16384)
            .channel("System")
            .data("param1", "Windows Update")
            .data("param2", if index % 2 == 0 { "running" } else { "stopped" }),
    };
    record
        .time(chrono::DateTime::from_timestamp(start + index * 60, 0).expect("a time of our days"))
}

struct Used {
    processor: Duration,
    clock: Duration,
    /// KiB.
    peak: u64,
}

fn run(tickets: &Path, out: &Path) -> Used {
    let begin = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rdpwhy"))
        .arg("batch")
        .arg(tickets)
        .arg("-o")
        .arg(out)
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let proc = Path::new("/proc").join(child.id().to_string());
    let (mut processor, mut peak) = (Duration::ZERO, 0);
    // What a process used is gone with it: the last look before its end counts.
    let status = loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            break status;
        }
        processor = processor_time(&proc).unwrap_or(processor);
        peak = peak_memory(&proc).unwrap_or(peak);
        sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{status}");
    Used { processor, clock: begin.elapsed(), peak }
}

/// User and system time, in clock ticks of a hundredth of a second.
fn processor_time(proc: &Path) -> Option<Duration> {
    let stat = fs::read_to_string(proc.join("stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks()? + ticks()?) * 10))
}

fn peak_memory(proc: &Path) -> Option<u64> {
    let status = fs::read_to_string(proc.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
