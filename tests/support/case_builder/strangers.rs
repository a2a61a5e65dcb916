//! Those who knock on every port of the internet.

use chrono::{DateTime, Utc};

use super::{Host, Refusal, ms, secs};

impl Host {
    /// A vulnerability scanner tries one cipher suite after the other: 36874 and 36888 (40, 1205) in
    /// pairs, while Remote Desktop works.
    pub fn is_scanned_for_ciphers(&mut self, time: DateTime<Utc>, pairs: i64) {
        for number in 0..pairs {
            let now = time + ms(number * 140);
            self.schannel_36874(now, "TLS 1.2");
            self.schannel_36888(now, 40, 1205);
        }
    }

    /// A scanner looks at the port: it connects and goes away, again and again.
    pub fn is_probed(&mut self, time: DateTime<Utc>, stranger: &str, times: i64) {
        for number in 0..times {
            let after = self.dice.between(700, 1600);
            self.dies_before_mcs(time + secs(number * 4), stranger, after);
        }
    }

    /// Somebody guesses passwords: a connection, 140 and 4625 each.
    pub fn is_guessed_at(
        &mut self,
        time: DateTime<Utc>,
        stranger: &str,
        times: i64,
        every_ms: i64,
    ) {
        for number in 0..times {
            let now = time + ms(number * every_ms);
            let user =
                self.dice.pick(&["administrator", "admin", "user", "test", "backup", "scan"]);
            self.refuses_credentials(now, stranger);
            self.refuses_logon(now + ms(900), user, stranger, Refusal::NO_SUCH_USER);
        }
    }
}
