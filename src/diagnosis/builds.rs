//! What follows from build numbers: known regressions that a host had, and whether the CredSSP of both sides fit.
//!
//! A build is `number.revision` (Kernel-General 12 `BuildVersion`, `QfeVersion`; `CurrentBuild` and `UBR` in the registry).
//! A cumulative update sets the revision, so a host between the revision that broke something and the one that mended it
//! had the fault, whatever its list of updates says. Source of the pairs: `signatures/known-updates.yaml`.

use chrono::NaiveDate;

use super::evidence::Weighed;
use super::incident::Incident;
use super::model::ground;
use crate::case::{Case, HostKey};
use crate::cause::CauseId;
use crate::event::{Event, Timestamp};
use crate::signatures::{Database, Grade, KnownUpdate, Mark, Side};

/// A build of Windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Build {
    number: u32,
    revision: u32,
}

/// dB of a ground of a signature that counts as a symptom.
const HEAVY: f64 = super::weights::Weights::DEFAULT.heavy();

/// From which revision on CredSSP refuses what CVE-2018-0886 allows (CredSSP updates of May 2018, by `TSpkg.dll`).
const CREDSSP: [Build; 6] = [
    Build { number: 7601, revision: 24117 },
    Build { number: 9200, revision: 22432 },
    Build { number: 9600, revision: 18999 },
    Build { number: 14393, revision: 2248 },
    Build { number: 15063, revision: 1088 },
    Build { number: 16299, revision: 431 },
];

/// Windows 10 1809 and Server 2019, and all later ones, came with it.
const CREDSSP_ALWAYS: u32 = 17763;

impl Build {
    /// Each `20348.4648` in a text; `10.0.20348.4648` is one too.
    fn all(text: &str) -> impl Iterator<Item = Self> {
        text.split(|letter: char| !(letter.is_ascii_digit() || letter == '.')).filter_map(|word| {
            let mut parts = word.rsplit('.').map(str::parse);
            let (revision, number) = (parts.next()?.ok()?, parts.next()?.ok()?);
            (number >= 2600).then_some(Self { number, revision })
        })
    }

    fn of(case: &Case, host: Option<&HostKey>) -> Option<Self> {
        Self::all(case.host(host)?.os.as_deref()?).next()
    }

    /// Whether its CredSSP was mended; `None` for builds of which that is not on record.
    fn credssp_is_mended(self) -> Option<bool> {
        if self.number >= CREDSSP_ALWAYS {
            return Some(true);
        }
        let mended = CREDSSP.iter().find(|build| build.number == self.number)?;
        Some(self.revision >= mended.revision)
    }
}

/// Adds what the builds of both sides say.
pub(super) fn add_grounds(case: &Case, db: &Database, incident: &Incident, weighed: &mut Weighed) {
    let server = Build::of(case, incident.server.as_ref());
    let client = Build::of(case, incident.client.as_ref());
    add_credssp(server, client, weighed);
    add_credssp_lists(case, db, incident, weighed);
    for (host, build, side) in
        [(&incident.server, server, Side::Server), (&incident.client, client, Side::Client)]
    {
        let (Some(host), Some(build)) = (host, build) else { continue };
        let had = db.updates().iter().filter(|update| concerns(update, side) && has(update, build));
        had.for_each(|update| add_regression(host, update, weighed));
    }
}

fn concerns(update: &KnownUpdate, side: Side) -> bool {
    update.side == side || update.side == Side::Either
}

/// Whether a build has an update's fault: it is that update's, or lies between it and its repair.
fn has(update: &KnownUpdate, build: Build) -> bool {
    let of = |text: &Option<String>| {
        let same = |other: &Build| other.number == build.number;
        text.as_deref().and_then(|text| Build::all(text).find(same))
    };
    match (of(&update.build), of(&update.fixed_build)) {
        (Some(bad), Some(fixed)) => (bad..fixed).contains(&build),
        (Some(bad), None) => bad == build,
        (None, _) => false,
    }
}

/// A known regression counts where its symptom is: something in the logs speaks for a cause it leads to.
fn add_regression(host: &HostKey, update: &KnownUpdate, weighed: &mut Weighed) {
    for cause in &update.causes {
        let grounds = weighed.entry(*cause).or_default();
        let has_symptom = grounds
            .iter()
            .any(|ground| ground.weight_db >= HEAVY && ground.signature != "change-before");
        let grade = match (has_symptom, update.mark) {
            (false, _) => continue,
            (true, Mark::U) => Grade::Weak,
            (true, _) => Grade::Moderate,
        };
        let text = format!(
            "the build of {} is that of {}, of which is known: {}",
            host.as_str(),
            update.kb,
            update.effect.trim()
        );
        grounds.push(ground("known-regression", grade, text));
    }
}

/// A mended client refuses a server that is not mended, by default; two mended ones never quarrel about it.
fn add_credssp(server: Option<Build>, client: Option<Build>, weighed: &mut Weighed) {
    let mended = |build: Option<Build>| build.and_then(Build::credssp_is_mended);
    let shown = |build: Option<Build>| {
        build.map_or_else(String::new, |build| format!("{}.{}", build.number, build.revision))
    };
    let (grade, text) = match (mended(server), mended(client)) {
        (Some(true), Some(true)) => (
            Grade::Against,
            "the builds of both sides have the CredSSP update of 2018, which then always agree",
        ),
        (Some(false), Some(true)) => (
            Grade::Strong,
            "the client's build has the CredSSP update of 2018 and the server's has not: by default the client refuses",
        ),
        _ => return,
    };
    let text = format!("{text} (server {}, client {})", shown(server), shown(client));
    weighed.entry(CauseId::CredsspOracleRemediation).or_default().push(ground(
        "credssp-builds",
        grade,
        text,
    ));
}

/// What lists of updates say of CredSSP: the client has an update that refuses, and the server has none of that year.
fn add_credssp_lists(case: &Case, db: &Database, incident: &Incident, weighed: &mut Weighed) {
    let listed = |host: &Option<HostKey>| {
        let lists = LISTS.iter().flat_map(|list| case.found_on(host.as_ref(), list));
        let own = lists.filter(|event| {
            let told = event.computer.as_deref().and_then(HostKey::new);
            host.is_some() && told == *host
        });
        own.collect::<Vec<_>>()
    };
    let refuses = |event: &Event| {
        let kb = event.field("KB").unwrap_or_default();
        db.updates().iter().any(|update| {
            update.kb == kb && update.causes.contains(&CauseId::CredsspOracleRemediation)
        })
    };
    let client = listed(&incident.client);
    let Some(update) = client.iter().copied().find(|event| refuses(event)) else { return };
    // The malware tool comes every month, whatever else is installed.
    let server: Vec<_> = listed(&incident.server)
        .into_iter()
        .filter(|event| event.field("KB") != Some("KB890830"))
        .filter_map(|event| day(event.time))
        .collect();
    let Some(last) = server.iter().max().filter(|last| **last < CREDSSP_REPAIRED) else { return };
    let text = format!(
        "the client has {}, by which it refuses a server without the CredSSP update of 2018; the last update of the server is of {last}",
        update.field("KB").unwrap_or_default()
    );
    let cause = weighed.entry(CauseId::CredsspOracleRemediation).or_default();
    cause.push(ground("credssp-lists", Grade::Strong, text));
}

/// The day of a time, whoever's it is.
fn day(time: Timestamp) -> Option<NaiveDate> {
    match time {
        Timestamp::Utc(time) => Some(time.date_naive()),
        Timestamp::Local(time) => Some(time.date()),
        Timestamp::Day(day) => Some(day),
        Timestamp::Undated => None,
    }
}

/// Where lists of updates come from.
const LISTS: [&str; 2] = ["Get-HotFix", "wmic qfe"];

/// When CVE-2018-0886 was repaired.
const CREDSSP_REPAIRED: NaiveDate = NaiveDate::from_ymd_opt(2018, 3, 13).expect("a date");

/// The update on record that brings a host to this build (`20348.4648`).
pub(super) fn update_of<'db>(db: &'db Database, build: &str) -> Option<&'db KnownUpdate> {
    let build = Build::all(build).next()?;
    db.updates().iter().find(|update| {
        update.build.as_deref().is_some_and(|text| Build::all(text).any(|other| other == build))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(text: &str) -> Build {
        Build::all(text).next().unwrap()
    }

    #[test]
    fn builds_as_people_and_records_write_them() {
        let same = Build { number: 26100, revision: 7623 };
        for text in ["26100.7623", "build 26100.7623", "10.0.26100.7623", "26100.7623 / 26200.7623"]
        {
            assert_eq!(build(text), same, "{text}");
        }
        assert_eq!(Build::all("build 20348").next(), None);
    }

    #[test]
    fn a_regression_lasts_from_its_update_to_its_repair() {
        let db = Database::built_in().unwrap();
        let update = db.updates().iter().find(|update| update.kb == "KB5073457").unwrap();
        let had = |text| has(update, build(text));
        assert_eq!(
            ["20348.4405", "20348.4648", "20348.4650", "17763.4649"].map(had),
            [false, true, false, false]
        );
    }

    #[test]
    fn credssp_fits_when_both_sides_are_mended() {
        let weigh = |server: &str, client: &str| {
            let mut weighed = Weighed::new();
            add_credssp(Some(build(server)), Some(build(client)), &mut weighed);
            let grounds = weighed.remove(&CauseId::CredsspOracleRemediation);
            grounds.map(|grounds| grounds[0].grade)
        };
        assert_eq!(weigh("14393.2214", "19045.6809"), Some(Grade::Strong));
        assert_eq!(weigh("20348.4648", "26200.7623"), Some(Grade::Against));
        // A client that is not mended itself is refused by nobody unless the server is told to.
        assert_eq!(weigh("14393.2248", "16299.300"), None);
    }
}
