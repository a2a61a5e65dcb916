//! Who complains, when, about what.

use chrono::{DateTime, Days, TimeDelta, Utc};

use super::super::case_builder::{Build, Dice, at, secs};
use super::{PLANTED, innocent};

/// How updates come to computers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Each at a time of its own: what a computer has taken says nothing about what else it took.
    Scattered,
    /// Updates appear on Tuesdays, and a computer takes all it takes of a week in one night, some days later: the
    /// innocent ones of that week look guilty.
    PatchTuesday,
}

/// A service desk.
#[derive(Debug, Clone)]
pub struct Desk {
    /// How many tickets there are.
    pub tickets: usize,
    /// Another desk for each.
    pub seed: u64,
    /// Updates that do nothing.
    pub innocent: usize,
    /// How many times as often a server fails in the two weeks after the planted update.
    pub effect: f64,
    /// How updates come.
    pub habit: Habit,
}

impl Default for Desk {
    fn default() -> Self {
        Self { tickets: 1000, seed: 1, innocent: 200, effect: 8.0, habit: Habit::Scattered }
    }
}

/// What a ticket is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The service may not read its certificate's key: what the planted update leads to, and what happens without it.
    KeyDenied,
    /// Client and server have no cipher suite in common.
    NoCipher,
    /// A session ended as the policy wants it.
    IdleLimit,
    /// Nothing failed: somebody wants something.
    Nothing,
}

impl Fault {
    /// The id of its cause; `none` when nothing failed.
    pub fn cause(self) -> &'static str {
        match self {
            Self::KeyDenied => "cert-key-access-denied",
            Self::NoCipher => "tls-cipher-mismatch",
            Self::IdleLimit => "session-ended-normally",
            Self::Nothing => "none",
        }
    }
}

/// An update that a server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub kb: String,
    pub time: DateTime<Utc>,
}

/// A ticket to be.
#[derive(Debug, Clone)]
pub struct Planned {
    pub number: usize,
    /// The server's name, which begins with its site.
    pub server: String,
    pub build: Build,
    /// When it failed, or when somebody wrote.
    pub time: DateTime<Utc>,
    pub fault: Fault,
    /// What the server took in the sixty days before, in order of time.
    pub taken: Vec<Taken>,
}

const WEEKS: i64 = 26;
const DAYS: i64 = 7 * WEEKS;
/// The planted update acts for so long.
const ACTS: TimeDelta = TimeDelta::days(14);
/// The update log of a server goes back so far.
const KEPT: TimeDelta = TimeDelta::days(60);
/// How often each thing happens without any update, out of a hundred.
const USUAL: [(Fault, f64); 4] = [
    (Fault::KeyDenied, 8.0),
    (Fault::NoCipher, 27.0),
    (Fault::IdleLimit, 35.0),
    (Fault::Nothing, 30.0),
];
const SITES: [&str; 4] = ["BER", "HAM", "MUC", "VIE"];

/// A server and all it took.
struct Server {
    name: String,
    build: Build,
    taken: Vec<Taken>,
}

impl Desk {
    /// The tickets, in order of time.
    pub fn tickets(&self) -> Vec<Planned> {
        let mut dice = Dice::new(&format!("desk {}", self.seed));
        let servers = self.servers(&mut dice);
        let mut planned: Vec<Planned> =
            (0..self.tickets).map(|_| self.ticket(&servers, &mut dice)).collect();
        planned.sort_by(|a, b| (a.time, &a.server).cmp(&(b.time, &b.server)));
        for (ticket, number) in planned.iter_mut().zip(1..) {
            ticket.number = number;
        }
        planned
    }

    /// Any server at any time, and more often one that has taken the planted update.
    fn ticket(&self, servers: &[Server], dice: &mut Dice) -> Planned {
        let most: f64 = USUAL.iter().map(|(_, weight)| weight).sum::<f64>() * self.effect.max(1.0);
        loop {
            let index = usize::try_from(dice.between(0, servers.len() as i64)).unwrap_or(0);
            let Some(server) = servers.get(index) else { continue };
            let day = first_day() + TimeDelta::days(dice.between(0, DAYS));
            let time = day + secs(dice.between(7 * 3600, 18 * 3600));
            let acts = server.taken.iter().any(|taken| {
                taken.kb == PLANTED && taken.time <= time && time - taken.time <= ACTS
            });
            let mut mark = chance(dice) * most;
            for (fault, weight) in USUAL {
                let guilty = acts && fault == Fault::KeyDenied;
                mark -= if guilty { weight * self.effect } else { weight };
                if mark < 0.0 {
                    return planned(server, time, fault);
                }
            }
        }
    }

    fn servers(&self, dice: &mut Dice) -> Vec<Server> {
        let updates = self.updates(dice);
        let count = (self.tickets / 4).clamp(20, 2000);
        (0..count).map(|number| self.server(number, &updates, dice)).collect()
    }

    /// Each update with its Tuesday and the share of servers that take it.
    fn updates(&self, dice: &mut Dice) -> Vec<(String, DateTime<Utc>, f64)> {
        let mut update = |kb: String, week: i64, reach: f64| {
            // A few appear before the first ticket.
            (kb, first_day() + TimeDelta::days(1 + 7 * (week - 4)), reach + 0.3 * chance(dice))
        };
        let planted = update(PLANTED.to_owned(), WEEKS * 3 / 4, 0.3);
        let others = (0..self.innocent)
            .map(|number| update(innocent(number), number as i64 % (WEEKS + 4), 0.1));
        std::iter::once(planted).chain(others).collect()
    }

    fn server(
        &self,
        number: usize,
        updates: &[(String, DateTime<Utc>, f64)],
        dice: &mut Dice,
    ) -> Server {
        let site = dice.pick(&SITES);
        let build = dice.pick(&[Build::SERVER_2016, Build::SERVER_2019, Build::SERVER_2022]);
        // Pilots take updates in the first night, others when the pilots are content.
        let ring = dice.between(0, 10);
        let mut taken = Vec::new();
        for (kb, appears, reach) in updates {
            let takes = chance(dice) < *reach;
            let time = match self.habit {
                Habit::Scattered => first_day() + secs(dice.between(-28 * 86_400, DAYS * 86_400)),
                Habit::PatchTuesday => {
                    *appears + TimeDelta::days(ring) + secs(dice.between(2 * 3600, 3 * 3600))
                }
            };
            if takes {
                taken.push(Taken { kb: kb.clone(), time });
            }
        }
        taken.sort_by_key(|taken| taken.time);
        Server { name: format!("{site}-TS{number:04}.contoso.example"), build, taken }
    }
}

fn planned(server: &Server, time: DateTime<Utc>, fault: Fault) -> Planned {
    let recent = |taken: &&Taken| taken.time <= time && time - taken.time <= KEPT;
    Planned {
        number: 0,
        server: server.name.clone(),
        build: server.build,
        time,
        fault,
        taken: server.taken.iter().filter(recent).cloned().collect(),
    }
}

/// A Monday.
fn first_day() -> DateTime<Utc> {
    at("2026-11-16 00:00:00") - Days::new(7 * WEEKS as u64)
}

/// From 0 up to 1.
fn chance(dice: &mut Dice) -> f64 {
    dice.between(0, 1 << 40) as f64 / (1_u64 << 40) as f64
}
