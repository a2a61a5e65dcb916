//! What a ticket's words complain of. They never name a cause here; they only say whether something failed at all, and
//! whether it was a session that ended.

use std::sync::LazyLock;

use regex::Regex;

use crate::case::Case;

/// What the words say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Complaint {
    /// Something about a connection does not work.
    pub(super) fails: bool,
    /// A session that was there came to an end.
    pub(super) ended: bool,
}

impl Complaint {
    /// Of all sentences of a case.
    pub(super) fn of(case: &Case) -> Self {
        let messages = case.ticket.iter().filter_map(|fact| fact.field("Message"));
        let text = messages.collect::<Vec<_>>().join("\n").replace('’', "'").to_lowercase();
        // Who asks whether all is well, or says so, does not complain; quoted errors stand in the logs.
        let reassured = REASSURING.is_match(&text);
        Self { fails: FAILING.is_match(&text) && !reassured, ended: ENDING.is_match(&text) }
    }
}

/// Words of failing, in the languages that tickets come in. Nouns such as `failures` are left out: they are asked about.
static FAILING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        \b(?:can'?t|cannot|can\ not|could\ not|couldn't|unable|fails?|failed|failing|won't|refuse[sd]?|denied|rejected
          |error|blocked|timed\ out|times\ out|broken|unreachable|hangs?|freezes?|black\ screen|impossible
          |drops?|dropped|lost|disconnect(?:s|ed)?|kicked|thrown|dies|closes|nobody|no\ one|trouble|stopped|dead)\b
        |\b(?:does|do|did|is|are)(?:\ not|n't)\ |\bnot\ work|\bno\ longer\b|\bno\ (?:rdp|rds|answer|connection|access|login|logon)\b
        |\bfehler|\bgeht\ (?:\S+\ ){0,3}nicht\b|\bgeht\ nix|funktioniert\ (?:\S+\ ){0,2}nicht|\bkann\ (?:\S+\ ){0,6}nicht\b|\bkommt?\ (?:\S+\ ){0,5}nicht\b
        |\bkomme\ (?:\S+\ ){0,5}nicht\b|klappt\ (?:\S+\ ){0,2}nicht|nicht\ möglich|abgelehnt|verweigert|getrennt|abgemeldet|abgebrochen
        |unterbrochen|bricht\ ab|fliegt|fliegen\b|hängt\b|gesperrt|deaktiviert|\bkeine\ verbindung
        |\berreur|\béchec|échou|impossible|refus|ne\ fonctionne|ne\ marche|ne\ peu|n'arrive|déconnect|interrompu|coupé|bloqu|ferme\b
        |\berror|\bfall[aóo]|no\ (?:puedo|funciona|conecta|deja|podemos|se\ puede)|desconect|cierra|rechaz|deneg|imposible|bloquea
        |\berrore|non\ (?:funziona|riesc)|disconness|rifiutat|\berro\b|não\ (?:consigo|funciona)|foutmelding|werkt\ niet|kan\ niet",
    )
    .expect("the pattern is a constant")
});

static REASSURING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        \bno\ (?:remote\ desktop\ |rdp\ )?(?:problems?|issues?|complaints?)\b|\bnot\ report\b|\bnothing\ is\ (?:broken|wrong)\b
        |\bplease\ confirm\b|\beverything\ works\b|\ball\ (?:is\ )?(?:fine|well)\b|\bworks?\ (?:fine|well)\b
        |\banmelden\ geht\b|\balles\ andere\ geht\b|\bkeine\ probleme\b|\btout\ (?:va|fonctionne)\b|\bsin\ problemas\b|\baucun\ problème\b",
    )
    .expect("the pattern is a constant")
});

static ENDING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        disconnect|\bkick|\bthrown\b|\bthrows\b|\blost\b|\blosing\b|\bended\b|\bends\b|\bcloses\b|\bclosed\b|log(?:ged|s)\ (?:me\ |us\ )?(?:off|out)
        |signed\ (?:me\ |us\ )?out|\bdrops?\b|\bdropped\b|\bidle\b|falls?\ out|session\ limit|another\ (?:device|user|connection)
        |getrennt|trennt|abgemeldet|rausgeworfen|rausgeflogen|fliegt|fliegen\b|beendet|unterbrochen|abgebrochen
        |déconnect|ferme|coupé|interromp|terminé|terminad|desconect|cierra|expuls|echa\b|corta|disconness|chiude|desliga",
    )
    .expect("the pattern is a constant")
});

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> (bool, bool) {
        (FAILING.is_match(text) && !REASSURING.is_match(text), ENDING.is_match(text))
    }

    #[test]
    fn complaints_in_several_languages() {
        for text in [
            "subject: remote desktop does not work",
            "ich kann mich auf rdsh-b nicht anmelden",
            "desde las 11:20 no puedo entrar",
            "bonjour, impossible d'ouvrir le bureau à distance",
            "nobody gets in",
            "kommt nicht auf den terminalserver",
        ] {
            assert_eq!(complaint(text), (true, false), "{text}");
        }
        assert_eq!(complaint("i was kicked out of my session"), (true, true));
        assert_eq!(complaint("die sitzung wurde getrennt"), (true, true));
    }

    #[test]
    fn questions_and_other_wishes_are_no_complaints() {
        for text in [
            "could my vdi get 16 gb instead of 8? cad is slow.",
            "please confirm there were no remote desktop problems last week.",
            "fehlt mein drucker. anmelden geht, alles andere geht.",
            "possible impact: remote desktop. please check for rdp failures.",
        ] {
            assert!(!complaint(text).0, "{text}");
        }
    }
}
