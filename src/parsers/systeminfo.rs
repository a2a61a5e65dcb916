//! `systeminfo`: the system's name, version, zone and start, and the updates it has.
//!
//! ```text
//! Host Name:                 SRV01
//! OS Name:                   Microsoft Windows Server 2022 Standard
//! OS Version:                10.0.20348 N/A Build 20348
//! …
//! Hotfix(s):                 2 Hotfix(s) Installed.
//!                            [01]: KB5099999
//! ```
//!
//! Labels are translated and in the code page of the console, so lines count by their place and by the look of their
//! values: the version begins with three numbers and ends with the build, above it stand the system's and the host's names,
//! of the two lines with date and time the first is the installation and the second the start. Network cards and
//! processors are numbered like updates; only a KB number is one. Updates carry no date here.

use std::sync::LazyLock;

use super::dates::{self, Order, Reading};
use super::export::moment;
use super::{Parser, Sink, damage};
use crate::bundle::limits;
use crate::event::{Event, Timestamp};
use crate::expression::{Expression, expression};
use crate::notice::Notice;
use crate::source::Source;

/// The output of `systeminfo`.
pub struct Systeminfo;

impl Parser for Systeminfo {
    fn format(&self) -> &'static str {
        "systeminfo"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        if csv(&text).is_some() {
            return true;
        }
        let labelled: Vec<_> = text.lines().filter_map(labelled).collect();
        let version = labelled.iter().position(|value| is_version(value));
        let named = version.is_some_and(|at| (2..=4).contains(&at));
        // The kind of build is never translated; people leave lines out, but not the start of the system.
        let is_told = |value: &&str| value.ends_with("processor Free") || is_moment(value);
        named && labelled.iter().any(is_told)
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let mut system = System::default();
        if let Some((number, cells)) = csv(&source.text_head()) {
            cells.iter().for_each(|cell| system.cell(number, cell));
            lines.by_ref().for_each(drop);
        }
        for (number, line) in lines.by_ref() {
            system.take(number, line.trim_end());
        }
        damage::report(&lines, source, sink);
        let computer = system.host();
        sink.event(system.event(source));
        if let Some(start) = system.start(source) {
            sink.local();
            sink.event(start);
        }
        for (line, kb) in &system.updates {
            let mut event = Event::text("systeminfo", Timestamp::Undated, source.line(*line))
                .with("HotFixID", kb)
                .with("KB", kb);
            event.computer = computer.map(Into::into);
            sink.event(event);
        }
        if let Some((announced, listed)) = system.shortfall() {
            let what = format!("{announced} updates are announced and {listed} listed");
            sink.notice(Notice::new(source.id, "", what).losing("the others"));
        }
    }
}

/// The value of a line `Label:   value` that begins at the margin.
fn labelled(line: &str) -> Option<&str> {
    static LABEL: LazyLock<Expression> =
        LazyLock::new(|| expression(r"^\u{feff}?[^\s:][^:]*(?:: [^:\s][^:]*)?\s?:(?:\s+(.*))?$"));
    Some(LABEL.captures(line.trim_end())?.get(1).map_or("", |value| value.as_str()))
}

/// The row of `systeminfo /fo csv` and its line: below the names, each in quotation marks, in the same order as the list.
fn csv(text: &str) -> Option<(u64, Vec<String>)> {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| line.starts_with('"'));
    let cells = |line: &str| {
        let line = line.trim_end().strip_prefix('"')?.strip_suffix('"')?;
        Some(line.split("\",\"").map(str::to_owned).collect::<Vec<_>>())
    };
    let (_, names) = lines.next()?;
    let (number, row) = lines.next()?;
    let (names, row) = (cells(names)?, cells(row)?);
    let version = row.iter().position(|value| is_version(value))?;
    let kind = row.iter().any(|value| value.ends_with("processor Free"));
    (names.len() == row.len() && (2..=4).contains(&version) && kind).then_some((number, row))
}

fn is_version(value: &str) -> bool {
    static VERSION: LazyLock<Expression> =
        LazyLock::new(|| expression(r"^\d+\.\d+\.\d{4,5}\s.*\d{4,5}$"));
    VERSION.is_match(value)
}

/// `3/20/2019, 9:58:25 PM`: with a time, which the date of the BIOS has not.
fn is_moment(value: &str) -> bool {
    static MOMENT: LazyLock<Expression> = LazyLock::new(|| {
        expression(r"^\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{1,4},? \d{1,2}[:.]\d\d[:.]\d\d")
    });
    MOMENT.is_match(value)
}

/// Whether a label is that of the system's start, in the languages that people send.
fn speaks_of_start(line: &str) -> bool {
    let label = line.split(':').next().unwrap_or_default().to_lowercase();
    STARTS.iter().any(|word| label.contains(word))
}

const STARTS: [&str; 12] = [
    "boot",
    "startzeit",
    "démarrage",
    "arranque",
    "inicio",
    "avvio",
    "inicialização",
    "opstart",
    "uruchomienia",
    "загрузки",
    "启动时间",
    "起動時刻",
];

/// What the listing says.
#[derive(Debug, Default)]
struct System {
    /// Values of the labels so far, until the version is found.
    names: Vec<String>,
    version: Option<(u64, String)>,
    /// Values with date and time, and whether their label speaks of a start.
    moments: Vec<(bool, u64, String)>,
    zone: String,
    /// The last line with a label, whose number announces how many items follow.
    announced: Option<usize>,
    /// How many updates the label above the first of them announces.
    expected: Option<usize>,
    /// Whether items of that list are no updates, as on Windows XP.
    others: bool,
    inside: bool,
    updates: Vec<(u64, String)>,
}

impl System {
    fn take(&mut self, number: u64, line: &str) {
        if let Some(value) = labelled(line) {
            self.inside = false;
            self.announced = first_number(value);
            self.label(number, line, value);
        } else if let Some(item) = item(line) {
            match kb(item) {
                Some(kb) => {
                    if !self.inside && self.expected.is_none() {
                        self.expected = self.announced;
                    }
                    self.inside = true;
                    if self.updates.len() < limits::HOTFIX_ROWS {
                        self.updates.push((number, kb));
                    }
                }
                None => self.others |= self.inside || item.starts_with("File "),
            }
        }
    }

    /// A cell of the table, which holds a list in one: `2 Hotfix(s) Installed.,[01]: KB5099999,[02]: KB5088888`.
    fn cell(&mut self, number: u64, value: &str) {
        self.label(number, "", value);
        let items: Vec<_> =
            value.split(",[").skip(1).filter_map(|item| kb(item.split_once("]: ")?.1)).collect();
        if !items.is_empty() {
            self.expected = first_number(value);
            self.updates.extend(items.into_iter().map(|kb| (number, kb)));
        }
    }

    fn label(&mut self, number: u64, line: &str, value: &str) {
        if self.version.is_none() {
            if is_version(value) {
                self.version = Some((number, value.to_owned()));
            } else {
                self.names.push(value.to_owned());
            }
        } else if is_moment(value) {
            self.moments.push((speaks_of_start(line), number, value.to_owned()));
        } else if value.starts_with("(UTC") || value.starts_with("(GMT") {
            value.clone_into(&mut self.zone);
        }
    }

    fn host(&self) -> Option<&str> {
        let host = self.names.iter().rev().nth(1).map(String::as_str);
        host.filter(|name| !name.is_empty() && !name.contains(['.', ' ']))
    }

    fn event(&self, source: &Source) -> Event {
        let (line, version) =
            self.version.as_ref().map_or((1, ""), |(line, version)| (*line, version.as_str()));
        let build = version.rsplit(' ').next().unwrap_or_default();
        let (installed, booted) = (self.day(self.installed()), self.day(self.booted()));
        let mut event = Event::text("systeminfo", Timestamp::Undated, source.line(line));
        for (name, value) in [
            ("Host", self.host().unwrap_or_default()),
            ("OSName", self.names.last().map_or("", |name| name.trim())),
            ("OSVersion", version),
            ("Build", build),
            ("InstallTime", installed.0),
            ("InstallDay", &installed.1),
            ("BootTime", booted.0),
            ("BootDay", &booted.1),
            ("TimeZone", &self.zone),
        ] {
            if !value.is_empty() {
                event = event.with(name, value);
            }
        }
        event.computer = self.host().map(Into::into);
        event
    }

    /// A moment as it is written, and its day.
    fn day<'s>(&self, moment: Option<&'s (bool, u64, String)>) -> (&'s str, String) {
        let moment = moment.map_or("", |(.., moment)| moment.as_str());
        match dates::read(moment, self.order()) {
            Reading::Day(day) => (moment, day.to_string()),
            _ => (moment, String::new()),
        }
    }

    fn order(&self) -> Order {
        Order::of(self.moments.iter().map(|(.., moment)| moment.as_str()))
    }

    /// The start of the system: the line that says so, else the second with a date and a time.
    fn booted(&self) -> Option<&(bool, u64, String)> {
        self.moments.iter().find(|(starts, ..)| *starts).or_else(|| self.moments.get(1))
    }

    fn installed(&self) -> Option<&(bool, u64, String)> {
        self.moments.first().filter(|(starts, ..)| !*starts)
    }

    /// That the system started, as an event of its own. Without the zone, which stands in the same listing, nobody could
    /// tell within half a day when that was.
    fn start(&self, source: &Source) -> Option<Event> {
        let (_, line, moment) = self.booted().filter(|_| !self.zone.is_empty())?;
        let (time, _) = moment::read(moment, self.order());
        let mut event = Event::text("systeminfo", time, source.line(*line)).with("Started", moment);
        event.computer = self.host().map(Into::into);
        matches!(time, Timestamp::Local(_)).then_some(event)
    }

    /// The number of updates that is announced and the one that is there, when some are missing. Windows XP counts files.
    fn shortfall(&self) -> Option<(usize, usize)> {
        let announced = self.expected.filter(|_| !self.others)?;
        (announced > self.updates.len()).then_some((announced, self.updates.len()))
    }
}

/// `[01]: KB5099999`, indented.
fn item(line: &str) -> Option<&str> {
    let line = line.strip_prefix(' ')?.trim_start().strip_prefix('[')?;
    let (number, item) = line.split_once("]:")?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| item.trim())
}

fn kb(item: &str) -> Option<String> {
    let digits: String =
        item.strip_prefix("KB")?.chars().take_while(char::is_ascii_digit).collect();
    (digits.len() >= 6).then(|| format!("KB{digits}"))
}

fn first_number(text: &str) -> Option<usize> {
    let digits = |letter: char| letter.is_ascii_digit();
    let start = text.get(text.find(digits)?..)?;
    start.split(|letter: char| !digits(letter)).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn a_server_with_two_updates() {
        let text = "\r\nHost Name:                 SRV01\r\nOS Name:                   Microsoft Windows Server 2022 Standard\r\n\
            OS Version:                10.0.20348 N/A Build 20348\r\nOS Build Type:             Multiprocessor Free\r\n\
            Original Install Date:     10/1/2025, 4:15:34 PM\r\nSystem Boot Time:          11/17/2026, 8:36:55 AM\r\n\
            BIOS Version:              Example, 12/17/2019\r\nTime Zone:                 (UTC-08:00) Pacific Time (US & Canada)\r\n\
            Virtual Memory: Max Size:  3,199 MB\r\nHotfix(s):                 2 Hotfix(s) Installed.\r\n\
            \x20                          [01]: KB5099999\r\n                           [02]: KB5088888\r\n\
            Network Card(s):           1 NIC(s) Installed.\r\n                           [01]: Example Adapter\r\n";
        insta::assert_snapshot!(parse(&Systeminfo, text), @r#"
        line 4: undated, systeminfo on SRV01 Host="SRV01" OSName="Microsoft Windows Server 2022 Standard" OSVersion="10.0.20348 N/A Build 20348" Build="20348" InstallTime="10/1/2025, 4:15:34 PM" InstallDay="2025-10-01" BootTime="11/17/2026, 8:36:55 AM" BootDay="2026-11-17" TimeZone="(UTC-08:00) Pacific Time (US & Canada)"
        line 7: 2026-11-17 08:36:55 local, systeminfo on SRV01 Started="11/17/2026, 8:36:55 AM"
        line 12: undated, systeminfo on SRV01 HotFixID="KB5099999" KB="KB5099999"
        line 13: undated, systeminfo on SRV01 HotFixID="KB5088888" KB="KB5088888"
        "#);
    }

    #[test]
    fn a_translated_one_that_was_cut() {
        let text = b"\r\nHostname:                                      SRV02\r\nBetriebssystemname:                            Microsoft Windows 10 Pro\r\n\
            Betriebssystemversion:                         10.0.17763 Nicht zutreffend Build 17763\r\n\
            Betriebssystem-Buildtyp:                       Multiprocessor Free\r\n\
            Urspr\x81ngliches Installationsdatum:             01.03.2026, 05:05:05\r\nSystemstartzeit:                               07.11.2026, 17:06:11\r\n\
            Hotfix(es):                                    3 Hotfix(e) installiert.\r\n\
            \x20                                              [01]: KB5099999\r\n";
        insta::assert_snapshot!(parse(&Systeminfo, text), @r#"
        line 4: undated, systeminfo on SRV02 Host="SRV02" OSName="Microsoft Windows 10 Pro" OSVersion="10.0.17763 Nicht zutreffend Build 17763" Build="17763" InstallTime="01.03.2026, 05:05:05" InstallDay="2026-03-01" BootTime="07.11.2026, 17:06:11" BootDay="2026-11-07"
        line 9: undated, systeminfo on SRV02 HotFixID="KB5099999" KB="KB5099999"
        whole file: notice: 3 updates are announced and 1 listed (lost: the others)
        "#);
    }

    #[test]
    fn the_start_alone_is_told_by_its_label() {
        let text = "Hostname:                                      ERP-TS\nBetriebssystemname:                            Windows\n\
            Betriebssystemversion:                         10.0.17763 Nicht zutreffend Build 17763\n\
            Systemstartzeit:                               05.02.2026, 10:17:30\n\
            Zeitzone:                                      (UTC) Koordinierte Weltzeit\n";
        insta::assert_snapshot!(parse(&Systeminfo, text), @r#"
        line 3: undated, systeminfo on ERP-TS Host="ERP-TS" OSName="Windows" OSVersion="10.0.17763 Nicht zutreffend Build 17763" Build="17763" BootTime="05.02.2026, 10:17:30" BootDay="2026-02-05" TimeZone="(UTC) Koordinierte Weltzeit"
        line 4: 2026-02-05 10:17:30 local, systeminfo on ERP-TS Started="05.02.2026, 10:17:30"
        "#);
    }

    #[test]
    fn prose_about_a_system_is_none() {
        assert!(
            !Systeminfo.sniff(&source("Host Name: SRV01\nOS Version: 10.0.20348 Build 20348\n"))
        );
    }
}
