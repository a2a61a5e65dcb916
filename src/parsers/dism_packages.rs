//! `dism /online /get-packages`, as list and as table: the packages with their state.
//!
//! ```text
//! Package Identity : Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0
//! State : Install Pending
//! Release Type : Security Update
//! Install Time : 11/17/2026 6:26 PM
//!
//! Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0 | Installed | Security Update | 11/17/2026 6:26 PM
//! ```
//!
//! Local time to the minute, in the format of the user. The identity is known by Microsoft's public key token; what
//! follows it is known by its place. A state of another language is told as it is and counts for nothing.

use super::dates::Order;
use super::export::moment::{self, Votes};
use super::servicing::{self, State};
use super::{Parser, Sink, damage};
use crate::bundle::limits;
use crate::event::Timestamp;
use crate::notice::Notice;
use crate::source::Source;

/// The packages of DISM.
pub struct DismPackages;

/// The token of Microsoft's packages.
const TOKEN: &str = "~31bf3856ad364e35~";

impl Parser for DismPackages {
    fn format(&self) -> &'static str {
        "dism-packages"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        text.lines().any(|line| row(line).is_some()) || {
            let mut lines = text.lines().skip_while(|line| identity(line).is_none());
            lines.next().is_some()
                && lines.take(3).filter(|line| line.contains(" : ") || line.ends_with(" :")).count()
                    == 3
        }
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let mut packages: Vec<Package> = Vec::new();
        let mut votes = Votes::default();
        for (number, line) in lines.by_ref() {
            if packages.len() >= limits::HOTFIX_ROWS {
                sink.notice(
                    Notice::new(source.id, "", "more packages than any system has")
                        .losing("the rest"),
                );
                break;
            }
            if let Some(fields) = row(&line) {
                packages.push(Package { line: number, fields });
            } else if let Some(name) = identity(&line) {
                packages.push(Package { line: number, fields: vec![name.to_owned()] });
            } else if let Some((_, value)) = line.split_once(':')
                && let Some(package) =
                    packages.last_mut().filter(|package| package.fields.len() < 4)
            {
                package.fields.push(value.trim().to_owned());
            }
        }
        damage::report(&lines, source, sink);
        packages.iter().for_each(|package| votes.take(package.time()));
        let order = votes.order();
        let doubtful = packages.iter().filter(|package| package.put(order, source, sink)).count();
        if doubtful > 0 {
            let what = format!(
                "{doubtful} dates may have day and month the other way round: {}",
                order.consequence()
            );
            sink.notice(Notice::new(source.id, "", what));
        }
    }
}

/// The identity of a line `Label : Package_…`.
fn identity(line: &str) -> Option<&str> {
    let (_, name) = line.split_once(" : ")?;
    let name = name.trim();
    (name.contains(TOKEN) && !name.contains(' ')).then_some(name)
}

/// A row of the table.
fn row(line: &str) -> Option<Vec<String>> {
    let fields: Vec<_> = line.split('|').map(|field| field.trim().to_owned()).collect();
    (fields.len() == 4 && fields.first().is_some_and(|name| name.contains(TOKEN))).then_some(fields)
}

/// Identity, state, kind and time.
struct Package {
    line: u64,
    fields: Vec<String>,
}

impl Package {
    fn field(&self, index: usize) -> &str {
        self.fields.get(index).map_or("", String::as_str)
    }

    fn time(&self) -> &str {
        self.field(3)
    }

    /// Hands it over; whether day and month may be the other way round.
    fn put(&self, order: Order, source: &Source, sink: &mut dyn Sink) -> bool {
        let (time, doubtful) = moment::read(self.time(), order);
        let state = match self.field(1) {
            "Installed" => State::Installed,
            "Install Pending" => State::Pending,
            "Superseded" => State::Superseded,
            "Uninstall Pending" | "Uninstalled" => State::Removed,
            "Staged" | "Partially Installed" => State::Staged,
            _ => State::Listed,
        };
        // It is the time of installation, whatever came of the package afterwards.
        let time = if matches!(state, State::Staged | State::Listed | State::Removed) {
            Timestamp::Undated
        } else {
            time
        };
        let event =
            servicing::change("dism packages", time, source.line(self.line), state, self.field(0));
        sink.event(event.with("PackageState", self.field(1)).with("ReleaseType", self.field(2)));
        doubtful
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn states_as_a_list_and_as_a_table() {
        let list = "Deployment Image Servicing and Management tool\r\n\r\nPackages listing:\r\n\r\n\
            Package Identity : Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0\r\nState : Installed\r\nRelease Type : Security Update\r\nInstall Time : 11/17/2026 6:26 PM\r\n\r\n\
            Package Identity : Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2582.1.10\r\nState : Install Pending\r\nRelease Type : Security Update\r\nInstall Time : \r\n\r\n\
            The operation completed successfully.\r\n";
        insta::assert_snapshot!(parse(&DismPackages, list), @r#"
        line 5: 2026-11-17 18:26:00 local, dism packages State="installed" Title="Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0" KB="KB5099999" PackageState="Installed" ReleaseType="Security Update"
        line 10: undated, dism packages State="pending" Title="Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2582.1.10" KB="KB5040437" PackageState="Install Pending" ReleaseType="Security Update"
        "#);
        let table = "Package Identity                                              | State      | Release Type | Install Time\r\n\
            -------------------------------------------------------------- | ---------- | ------------ | ------------------\r\n\
            Package_for_KB5088888~31bf3856ad364e35~amd64~~10.0.1.0        | Superseded | Update       | 10/13/2026 6:26 PM\r\n";
        insta::assert_snapshot!(parse(&DismPackages, table), @r#"
        line 3: 2026-10-13 18:26:00 local, dism packages State="superseded" Title="Package_for_KB5088888~31bf3856ad364e35~amd64~~10.0.1.0" KB="KB5088888" PackageState="Superseded" ReleaseType="Update"
        "#);
    }

    #[test]
    fn other_texts_are_not_taken() {
        for text in [
            "see Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0\r\n",
            "Package Identity : none\r\nState : x\r\na : b\r\nc : d\r\n",
        ] {
            assert!(!DismPackages.sniff(&source(text)), "{text}");
        }
    }
}
