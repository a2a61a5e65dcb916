//! What happens on a computer or between two, and how often.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::super::case_builder::{Channel, End, Host, Key, Refusal, ms};
use super::super::evtx_writer::{Node, Record, Value};
use super::{Clock, Hosts, build};

/// One thing that happened. Which of the fields it needs depends on `do`; see `tests/tickets/README.md`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Step {
    pub(super) at: String,
    on: String,
    #[serde(rename = "do")]
    deed: String,
    /// Repeated so many times, `every` so many seconds.
    times: Option<u32>,
    every: Option<f64>,
    from: Option<String>,
    address: Option<String>,
    user: Option<String>,
    until: Option<String>,
    end: Option<String>,
    /// What the client logs as its disconnect reason (1026).
    code: Option<u32>,
    /// What the server tells or meets.
    error: Option<u32>,
    refusal: Option<String>,
    days: Option<i64>,
    after_ms: Option<i64>,
    key: Option<String>,
    kb: Option<String>,
    title: Option<String>,
    name: Option<String>,
    text: Option<String>,
    path: Option<String>,
    state: Option<String>,
    by: Option<f64>,
    to: Option<String>,
    was: Option<String>,
    action: Option<u32>,
    active: Option<u32>,
    // A record as it stands.
    channel: Option<String>,
    provider: Option<String>,
    id: Option<u16>,
    level: Option<u8>,
    qualifiers: Option<u16>,
    data: Option<BTreeMap<String, Scalar>>,
    strings: Option<Vec<Scalar>>,
    user_data: Option<BTreeMap<String, BTreeMap<String, Scalar>>>,
    binary: Option<String>,
    activity: Option<String>,
    process: Option<u32>,
    sid: Option<String>,
}

/// A value as YAML gives it: a number is stored as a number.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Truth(bool),
    Number(i64),
    Text(String),
}

impl Scalar {
    fn value(&self) -> Value {
        match self {
            Self::Truth(truth) => Value::Bool(*truth),
            Self::Number(number) => match (u32::try_from(*number), u64::try_from(*number)) {
                (Ok(small), _) => Value::U32(small),
                (_, Ok(large)) => Value::U64(large),
                _ => Value::I64(*number),
            },
            Self::Text(text) => Value::Text(text.clone()),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Truth(truth) => truth.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Step {
    /// Lets it happen, as often as it says.
    pub(super) fn happens(&self, start: DateTime<Utc>, clock: &Clock<'_>, hosts: &mut Hosts) {
        let every = TimeDelta::milliseconds((self.every.unwrap_or(60.0) * 1000.0) as i64);
        // Guessers and scanners repeat by themselves.
        let own = matches!(&*self.deed, "guessed-at" | "probed" | "scanned");
        let times = if own { 1 } else { self.times.unwrap_or(1) };
        for number in 0..times {
            let time = start + every * i32::try_from(number).unwrap_or(i32::MAX);
            if self.from.is_some() {
                self.meets(time, clock, hosts);
            } else {
                self.befalls(time, hosts.get(&self.on));
            }
        }
    }

    fn need<T: Copy>(&self, what: &str, value: Option<T>) -> T {
        value.unwrap_or_else(|| panic!("{} {} says no {what}", self.at, self.deed))
    }

    fn told<'s>(&self, what: &str, value: &'s Option<String>) -> &'s str {
        self.need(what, value.as_deref())
    }

    /// Between a server and a client.
    fn meets(&self, time: DateTime<Utc>, clock: &Clock<'_>, hosts: &mut Hosts) {
        let from = self.told("from", &self.from);
        let user = || self.user.as_deref().unwrap_or(r"CONTOSO\anna");
        hosts.between(&self.on, from, |server, client| {
            match &*self.deed {
                "works" => self.works(time, clock, server, client, user()),
                "dies-in-tls" => drop(server.dies_in_tls(time, client)),
                "dies" => {
                    let address = client.address().to_owned();
                    server.dies_before_mcs(time, &address, self.after_ms.unwrap_or(1300));
                }
                "refused" => server.refuses(time, client, user(), self.refused()),
                "security-fails" => {
                    let address = client.address().to_owned();
                    server.security_fails(time, &address, self.need("error", self.error));
                }
                "turned-away" => {
                    let address = client.address().to_owned();
                    server.turned_away(time, &address);
                }
                "licensing-fails" => {
                    server.fails_licensing(time, client, user(), self.need("error", self.error));
                }
                "right-missing" => server.lacks_the_right(time, client, user()),
                // The server logs nothing of these.
                "no-answer" | "no-address" | "cut-off" | "sent-away" => {}
                other => panic!("{}: nothing between two computers is called {other}", self.at),
            }
            self.client_side(time, server, client);
        });
    }

    /// The client's own trail.
    fn client_side(&self, time: DateTime<Utc>, server: &Host, client: &mut Host) {
        let time = time - ms(40);
        if self.deed == "no-address" {
            return client.finds_no_address(time, server);
        }
        let Some(code) = self.code.filter(|_| self.deed != "works") else { return };
        match &*self.deed {
            "no-answer" => client.gets_no_answer(time, server, code),
            "turned-away" => client.is_turned_away(time, server, code),
            "licensing-fails" | "right-missing" | "sent-away" => {
                client.is_sent_away(time, server, code);
            }
            _ => client.is_cut_off(time, server, code),
        }
    }

    fn works(
        &self,
        time: DateTime<Utc>,
        clock: &Clock<'_>,
        server: &mut Host,
        client: &mut Host,
        user: &str,
    ) {
        let session = server.good_connection(time, client, user);
        let Some(until) = &self.until else { return };
        let end = clock.at(until);
        match self.end.as_deref().unwrap_or("disconnected") {
            "lost" => server.is_lost(&session, end),
            kind => server.ends(&session, end, ending(kind)),
        }
        client.connected(time, server, end, self.code.unwrap_or(1));
    }

    fn refused(&self) -> Refusal {
        match self.told("refusal", &self.refusal) {
            "wrong-password" => Refusal::WRONG_PASSWORD,
            "no-such-user" => Refusal::NO_SUCH_USER,
            "locked-out" => Refusal::LOCKED_OUT,
            "no-logon-server" => Refusal::NO_LOGON_SERVER,
            "right-missing" => Refusal::RIGHT_MISSING,
            "clocks-differ" => Refusal::CLOCKS_DIFFER,
            "password-expired" => Refusal(0xc000_006e, 0xc000_0071, "%%2309"),
            "must-change-password" => Refusal(0xc000_006e, 0xc000_0224, "%%2309"),
            "account-disabled" => Refusal(0xc000_006e, 0xc000_0072, "%%2310"),
            "account-expired" => Refusal(0xc000_006e, 0xc000_0193, "%%2305"),
            "hours" => Refusal(0xc000_006e, 0xc000_006f, "%%2311"),
            other => panic!("{}: no refusal is called {other}", self.at),
        }
    }

    /// On one computer.
    fn befalls(&self, time: DateTime<Utc>, host: &mut Host) {
        match &*self.deed {
            "healthy" => host.healthy_days(time, self.days.unwrap_or(1)),
            "event" => {
                let channel = Channel::of(self.told("channel", &self.channel));
                let record = self.record();
                host.log(time, channel, record);
            }
            "dies" => {
                let address = self.told("address", &self.address);
                host.dies_before_mcs(time, address, self.after_ms.unwrap_or(1300));
            }
            "guessed-at" => {
                let every = (self.every.unwrap_or(9.0) * 1000.0) as i64;
                host.is_guessed_at(time, self.told("address", &self.address), self.count(), every);
            }
            "probed" => host.is_probed(time, self.told("address", &self.address), self.count()),
            "scanned" => host.is_scanned_for_ciphers(time, self.count()),
            "boots" => host.boots(time, self.key()),
            "restarts" => drop(host.restarts_for_update(time, self.key())),
            "goes-down" => host.goes_down(time),
            "listener-starts" => host.listener_starts(time, self.key()),
            "new-certificate" => host.makes_certificate(time),
            "installs" => {
                let title = self.title.as_deref().unwrap_or(
                    "2026-11 Cumulative Update for Microsoft server operating system for x64-based Systems",
                );
                host.installs(time, self.told("kb", &self.kb), title);
            }
            "active" => host.update_is_active(time, self.told("kb", &self.kb)),
            "upgraded" => {
                let was = build(self.told("was", &self.was));
                host.runs(build(self.told("to", &self.to)));
                let (old, new) = (self.name.as_deref(), self.title.as_deref());
                host.was_upgraded(
                    time,
                    (was, old.unwrap_or("Windows Server 2016 Standard")),
                    new.unwrap_or("Windows Server 2022 Standard"),
                );
            }
            "service" => {
                let running = self.told("state", &self.state) == "running";
                host.service(time, self.told("name", &self.name), if running { 4 } else { 1 });
            }
            "policy" => host.applies_policy(time, self.id.unwrap_or(1502)),
            "script" => host.runs_script(
                time,
                self.path.as_deref().unwrap_or(""),
                self.told("text", &self.text),
            ),
            "clock-jumps" => {
                let by = self.need("by", self.by);
                host.clock_jumps(time, TimeDelta::milliseconds((by * 1000.0) as i64));
            }
            "clears" => {
                let channel = Channel::of(self.told("channel", &self.channel));
                host.clears(time, channel, self.user.as_deref().unwrap_or("adm-kurt"));
            }
            "forgets" => host.lose_before(Channel::of(self.told("channel", &self.channel)), time),
            "key-unusable" => host.schannel_36870(time, self.error.unwrap_or(0x8009_030d)),
            "no-credential" => host.schannel_36871(
                time,
                self.name.as_deref().unwrap_or("server"),
                self.error.unwrap_or(10013),
            ),
            "no-cipher" => host.schannel_36874(time, self.name.as_deref().unwrap_or("TLS 1.2")),
            "alert" => host.schannel_36888(
                time,
                self.error.unwrap_or(40),
                self.state.as_deref().and_then(|text| text.parse().ok()).unwrap_or(1205),
            ),
            "rcm-system" => host.rcm_system(
                time,
                self.need("id", self.id),
                self.level.unwrap_or(2),
                &[self.text.as_deref().unwrap_or_default()],
                None,
            ),
            "rcm-admin" => {
                host.rcm_admin(time, self.need("id", self.id), self.level.unwrap_or(3));
            }
            "secure-channel-lost" => {
                host.netlogon_5719(time, self.name.as_deref().unwrap_or("CONTOSO"));
            }
            "policy-finds-no-controller" => host.policy_finds_no_controller(time),
            "oracle-blocked" => host.lsasrv_6041(
                time,
                self.told("name", &self.name),
                self.text.as_deref().unwrap_or("2"),
            ),
            "dns-timeout" => host.dns_1014(time, self.told("name", &self.name)),
            "rdp-rule" => host.changes_rdp_rule(
                time,
                self.action.unwrap_or(3),
                self.active.unwrap_or(1),
                self.name.as_deref().unwrap_or("*"),
            ),
            other => panic!("{}: nothing on one computer is called {other}", self.at),
        }
    }

    fn count(&self) -> i64 {
        i64::from(self.times.unwrap_or(20))
    }

    fn key(&self) -> Key<'_> {
        let text = self.text.as_deref().unwrap_or("Access is denied.\r\n");
        match self.key.as_deref() {
            None | Some("opens") => Key::Opens,
            Some("not-made") => Key::NotMade(text),
            Some("not-replaced") => Key::NotReplaced(text),
            Some(other) => panic!("{}: no key is called {other}", self.at),
        }
    }

    /// A record as the story spells it.
    fn record(&self) -> Record {
        let (provider, id) = (self.told("provider", &self.provider), self.need("id", self.id));
        let mut record = match self.qualifiers {
            Some(qualifiers) => Record::classic(provider, id, qualifiers),
            None => Record::new(provider, id),
        };
        record = record.level(self.level.unwrap_or(4));
        if let Some(process) = self.process {
            record = record.process(process, 1200);
        }
        if let Some(activity) = &self.activity {
            record = record.activity(activity);
        }
        if let Some(sid) = &self.sid {
            record = record.user(sid);
        }
        for (name, value) in self.data.iter().flatten() {
            record = record.data(name, value.value());
        }
        if let Some(strings) = &self.strings {
            let strings: Vec<_> = strings.iter().map(Scalar::text).collect();
            record = record.strings(strings.iter().map(String::as_str));
        }
        if let Some(hex) = &self.binary {
            record = record.binary(&bytes(hex));
        }
        if let Some((root, fields)) = self.user_data.iter().flatten().next() {
            let node = Node::new(root).namespace("Event_NS");
            let node =
                fields.iter().fold(node, |node, (name, value)| node.field(name, value.value()));
            record = record.user_data(node);
        }
        record
    }
}

fn ending(name: &str) -> End {
    match name {
        "window-closed" => End::WindowClosed,
        "taken-over" => End::TakenOver,
        "idle-limit" => End::IdleLimit,
        "disconnected" => End::Disconnected,
        "signed-out" => End::SignedOut,
        "cut-off" => End::CutOff,
        _ => panic!("no end is called {name}"),
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(char::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).ok())
        .collect()
}
