//! What people paste and attach: boxes, tickets, lists of updates, update histories.

use chrono::{DateTime, TimeDelta, Utc};

use super::Host;

/// The box of mstsc, copied with Ctrl+C. The time is that of the client's clock.
pub fn mstsc_box(time: DateTime<Utc>, client: &Host, error: u32, extended: u32) -> String {
    let stamp = (time + client.clock).format("%m/%d/%y %I:%M:%S %p");
    let words = match (error, extended) {
        (0x3, 0x9) => {
            "The connection was denied because the user account is not authorized for remote login."
        }
        (0x3, 0 | 3) => {
            "Your Remote Desktop Services session has ended because the idle time limit was \
            reached."
        }
        (0x104, _) => {
            "Remote Desktop can't find the computer. Verify the computer name and domain."
        }
        (0x904, 0) => {
            "Your Remote Desktop Services session has ended.\n\nThe connection to the remote \
            computer was lost."
        }
        _ => {
            "This computer can't connect to the remote computer.\n\nTry connecting again. If \
            the problem continues, contact the owner of the remote computer or your network \
            administrator."
        }
    };
    format!(
        "[Window Title]\nRemote Desktop Connection\n\n[Content]\n{words}\n\n[^] Hide details  \
        [OK]\n\n\
         [Expanded Information]\nError code: 0x{error:x}\nExtended error code: 0x{extended:x}\nTimestamp (UTC): {stamp}\n"
    )
}

/// A ticket as the ticket system exports it.
pub fn ticket(number: u32, opened: &str, server: &str, client: &str, words: &str) -> Vec<u8> {
    let text = format!(
        "Ticket {number}\nOpened (UTC): {opened}\nServer: {server}\nClient: {client}\n\n{words}"
    );
    text.replace('\n', "\r\n").into_bytes()
}

/// `Get-HotFix | Out-File`: kind, KB and day of each update, newest first.
pub fn get_hotfix(host: &Host, updates: &[(&str, &str, &str)]) -> Vec<u8> {
    let source = host.short_name();
    let mut text = String::from(
        "\nSource        Description      HotFixID      InstalledBy          InstalledOn\n",
    );
    text.push_str(
        "------        -----------      --------      -----------          -----------\n",
    );
    for (kind, kb, day) in updates {
        let by = r"NT AUTHORITY\SYSTEM";
        text.push_str(&format!("{source:<13} {kind:<16} {kb:<13} {by:<20} {day} 12:00:00 AM\n"));
    }
    text.push_str("\n\n");
    super::utf16(&text)
}

/// `wmic qfe list > file`: UTF-16, columns as wide as their longest value.
pub fn wmic_qfe(host: &Host, updates: &[(&str, &str, &str)]) -> Vec<u8> {
    let head = [
        "Caption",
        "CSName",
        "Description",
        "FixComments",
        "HotFixID",
        "InstallDate",
        "InstalledBy",
        "InstalledOn",
        "Name",
        "ServicePackInEffect",
        "Status",
    ];
    let row = |(kind, kb, day): &(&str, &str, &str)| {
        let link = format!("http://support.microsoft.com/?kbid={}", kb.trim_start_matches("KB"));
        [
            link.as_str(),
            host.short_name(),
            kind,
            "",
            kb,
            "",
            r"NT AUTHORITY\SYSTEM",
            day,
            "",
            "",
            "",
        ]
        .map(str::to_owned)
    };
    let rows: Vec<[String; 11]> =
        std::iter::once(head.map(str::to_owned)).chain(updates.iter().map(row)).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0) + 2
    };
    let line = |row: &[String; 11]| {
        row.iter()
            .enumerate()
            .map(|(column, value)| format!("{value:<width$}", width = width(column)))
            .collect()
    };
    let lines: Vec<String> = rows.iter().map(line).collect();
    super::utf16(&(lines.join("\n") + "\n"))
}

/// `ReportingEvents.log`: (time, number and name, result, kind, text). Its times are local, with an offset.
pub fn reporting_events(updates: &[(DateTime<Utc>, &str, &str, &str)]) -> Vec<u8> {
    let lines = updates.iter().map(|(time, event, kind, text)| {
        let local = (*time + TimeDelta::hours(1)).format("%Y-%m-%d %H:%M:%S:%3f+0100");
        format!(
            "{{E9D3C1A8-1EEF-4AD9-9FA8-19BFA0C1FD4F}}\t{local}\t1\t{event}\t101\t{{9A3FB4A5-0F5C-4C4A-8B9C-2F2E6C1D7A10}}\t200\t0\t\
             UpdateOrchestrator\tSuccess\t{kind}\t{text}\tEfCwogNQ1EeAbVQe.1.0.0.3.0\n"
        )
    });
    super::utf16(&lines.collect::<String>())
}
