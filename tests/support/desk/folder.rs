//! Tickets as people send them: the server's System log, and the text with the box.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use chrono::TimeDelta;
use rayon::prelude::*;

use super::super::case_builder::{Build, Channel, Host, Key, mins, secs, text};
use super::{Desk, Fault, Planned};

/// What Schannel says when it may not read a key.
const NO_CREDENTIALS: u32 = 0x8009_030d;

/// The files of a ticket, by name.
pub fn files(planned: &Planned) -> BTreeMap<&'static str, Vec<u8>> {
    let story = format!("ticket {}", planned.number);
    let mut server = Host::new(&planned.server, "10.20.0.15", planned.build).seeded(&story);
    let pc = Host::new("PC07.contoso.example", "10.20.4.31", Build::WINDOWS_11).seeded(&story);
    for taken in &planned.taken {
        let title = "Update for Windows Server for x64-based Systems";
        server.installs(taken.time, &taken.kb, title);
    }
    // The updates act after a restart, in the night before; the kernel keeps the clock, which dates the log's ends.
    let night = planned.time - TimeDelta::hours(4);
    let key = match planned.fault {
        Fault::KeyDenied => Key::NotMade("Access is denied.\r\n"),
        _ => Key::Opens,
    };
    server.boots(planned.time - TimeDelta::days(61), Key::Opens);
    server.restarts_for_update(night, key);
    let times = [0, 40, 95].map(|after| planned.time + secs(after));
    for time in times {
        match planned.fault {
            Fault::KeyDenied => server.schannel_36870(time, NO_CREDENTIALS),
            Fault::NoCipher => {
                server.schannel_36874(time, "TLS 1.2");
                server.schannel_36888(time, 40, 1205);
            }
            Fault::IdleLimit | Fault::Nothing => {}
        }
    }
    server.service(planned.time + mins(30), "smphost", 4);
    let log = ("System.evtx", server.evtx(Channel::System));
    match words(planned, &pc) {
        Some(words) => {
            let opened = (planned.time + mins(20)).format("%Y-%m-%d %H:%M").to_string();
            let number = u32::try_from(planned.number).unwrap_or(u32::MAX);
            let ticket = text::ticket(number, &opened, server.name(), pc.name(), &words);
            BTreeMap::from([log, ("ticket.txt", ticket)])
        }
        // A ticket with a server and a client is read as a complaint about the connection between them.
        None => BTreeMap::from([log, ("note.txt", b"The log for the yearly review.\r\n".to_vec())]),
    }
}

/// What somebody complains of.
fn words(planned: &Planned, pc: &Host) -> Option<String> {
    let shown = planned.time + secs(1);
    match planned.fault {
        Fault::KeyDenied | Fault::NoCipher => {
            let shown = text::mstsc_box(shown, pc, 0x904, 0x7);
            Some(format!("I cannot get onto the server any more.\n\n{shown}"))
        }
        Fault::IdleLimit => {
            let shown = text::mstsc_box(shown, pc, 0x3, 0x0);
            Some(format!("I was thrown out while I had lunch.\n\n{shown}"))
        }
        Fault::Nothing => None,
    }
}

/// The name of a ticket's folder, which sorts by number.
fn name(planned: &Planned) -> String {
    format!("T{:06}", planned.number)
}

/// Writes a folder `tickets` with a folder for each ticket, a list of them for standard input (`manifest.tsv`: path, tab,
/// ticket), and what is true of each (`truth.csv`).
///
/// # Errors
/// When something cannot be written.
pub fn write(desk: &Desk, folder: &Path) -> io::Result<()> {
    let planned = desk.tickets();
    let tickets = folder.join("tickets");
    planned.par_iter().try_for_each(|ticket| {
        let place = tickets.join(name(ticket));
        fs::create_dir_all(&place)?;
        files(ticket).iter().try_for_each(|(file, bytes)| fs::write(place.join(file), bytes))
    })?;
    let path = |ticket: &Planned| tickets.join(name(ticket)).display().to_string();
    let manifest = planned.iter().map(|one| format!("{}\t{}\n", path(one), name(one)));
    fs::write(folder.join("manifest.tsv"), manifest.collect::<String>())?;
    let truth = planned.iter().map(|one| {
        let taken: Vec<_> = one.taken.iter().map(|taken| taken.kb.as_str()).collect();
        let time = one.time.format("%Y-%m-%dT%H:%M:%SZ");
        format!("{},{time},{},{},{}\n", name(one), one.server, one.fault.cause(), taken.join(" "))
    });
    let truth: String =
        std::iter::once("ticket,time,server,cause,updates\n".to_owned()).chain(truth).collect();
    fs::write(folder.join("truth.csv"), truth)
}
