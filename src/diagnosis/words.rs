//! What a ticket's words complain of. They never name a cause here; they only say whether something failed at all, and
//! whether it was a session that ended.

use std::sync::LazyLock;

use crate::case::Case;
use crate::expression::{Expression, expression};

/// What the words say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Complaint {
    /// Something about a connection does not work.
    pub(super) fails: bool,
    /// A session that was there came to an end.
    pub(super) ended: bool,
    /// It works again.
    pub(super) over: bool,
    /// Somebody says that all is well.
    pub(super) reassured: bool,
}

impl Complaint {
    /// Of all sentences of a case.
    pub(super) fn of(case: &Case) -> Self {
        let messages = case.ticket.iter().filter_map(|fact| fact.field("Message"));
        let text = messages.collect::<Vec<_>>().join("\n");
        if text.is_empty() { Self::default() } else { Self::in_text(&text) }
    }

    fn in_text(text: &str) -> Self {
        let text = text.replace('’', "'").to_lowercase();
        // Who asks whether all is well, or says so, does not complain; quoted errors stand in the logs.
        let reassured = REASSURING.is_match(&text) && !EXCEPTING.is_match(&text);
        let ended = ENDING.is_match(&text);
        let over = OVER.is_match(&text);
        Self { fails: (FAILING.is_match(&text) || ended) && !reassured, ended, over, reassured }
    }
}

/// Words of failing, in the languages that tickets come in, and codes, which nobody quotes when all is well. Nouns such as
/// `failures` are left out: they are asked about.
static FAILING: LazyLock<Expression> = LazyLock::new(|| {
    expression(
        r"(?x)
        \b(?:can'?t|cannot|can\ not|could\ not|couldn't|unable|fails?|failed|failing|won't|refuse[sd]?|denied|rejected
          |error|blocked|timed\ out|times\ out|broken|unreachable|hangs?|hung|freezes?|froze|frozen|impossible
          |drops?|dropped|lost|disconnect(?:s|ed)?|kick(?:s|ed)|thrown|throws|dies?|died|closes|slams|nobody|no\ one
          |trouble|stop(?:s|ped)|dead|gone|killed|crash(?:es|ed)?|stuck|limited|expired)\b
        |\bblack\b(?:.{0,20}\bscreen)?|\b(?:is|are|was|were)\ down\b|\bdown\ for\b|\bonly\ sometimes\b
        |\b(?:does|do|did|is|are|was|were)(?:\ not|n't)\ |\bnot\ (?:work|reachable|possible|any)|\b(?:no\ longer|not\ any\ ?more)\b
        |\bno\ (?:rdp|rds|answer|connection|access|login|logons?|chance|more|remote\ desktop|domain\ logons?)\b|\b0x[0-9a-f]{1,8}\b
        |\bfehler|\bgeht\ (?:\S+\ ){0,4}nicht|\bging\ (?:\S+\ ){0,5}nicht|\bgeht\ nix|funktioniert\ (?:\S+\ ){0,2}nicht
        |\b(?:kann|kommt?|komme|kommen|kamen|klappt)\ (?:\S+\ ){0,6}nicht|nicht\ (?:mehr\ )?(?:möglich|erreichbar|gefunden|akzeptiert|funktioniert)
        |abgelehnt|verweigert|getrennt|abgemeldet|abgebrochen|unterbrochen|abbruch|bricht\ ab|brach\ .{0,20}ab|fliegt|fliegen?\b|geworfen
        |wirft|hängt\b|gesperrt|deaktiviert|\b(?:keine?|ohne)\ (?:verbindung|zugriff|rdp|remote|login|anmeldung|desktop)|\b(?:keiner|niemand)\b
        |\bweg\ seit|\btot\b|schwarze[rsn]?\b|zeitüberschreitung|abgelaufen|fenster\ zu\b|alle\ raus
        |\berreur|\béchec|échou|impossible|refus|ne\ (?:fonctionne|marche|répond|peu)|n'arrive|déconnect|interrompu|coupé|bloqu|ferme\b
        |\bplus\ de\ (?:bureau|connexion|accès)|écran\ noir|injoignable|expir|personne\ ne
        |\berror|\bfall[aóo]|\bno\ (?:puedo|puede|funciona|conecta|deja|podemos|se\ puede|responde|entra|abre)|desconect|cierra|rechaz|deneg
        |imposible|bloquea|se\ corta|pantalla\ (?:en\ )?negr|caduc|nadie\b
        |\bdraußen\b|\bdraussen\b|\btemporär\S*\ (?:benutzer)?profil|\btemporary\ profile|profil\ temporaire|perfil\ temporal|profilo\ temporaneo
        |\bzwart\ scherm|\bniet\ (?:meer|bereikbaar|inloggen|verbinden)|\bverbreekt|\bverbroken|\b(?:eruit|er\ weer\ uit)\b
        |\bnie\ (?:działa|mogę|można|łączy)|\bbłąd\b|не\ (?:подключ|работ|могу|удается)|ошибка|接続できません|エラー|切断|无法|错误
        |reconnecting\b|\bresets?\b|\bdisconnect|\bbarely\b|\btrying\ to\ reconnect
        |\berrore|non\ (?:funziona|riesc|si\ connette)|schermo\ nero|disconness|rifiutat|\berro\b|não\ (?:consigo|funciona|abre)|foutmelding
        |werkt\ niet|kan\ niet|kom\ niet",
    )
});

/// Words of somebody for whom all is well. That it is for a colleague, or was yesterday, reassures of nothing.
static REASSURING: LazyLock<Expression> = LazyLock::new(|| {
    expression(
        r"(?x)
        \bno\ complaints?\b|\bno\ (?:remote\ desktop|rdp)\ (?:problems?|issues?)\b|\bnot\ report\b|\breport\ no\b
        |\bnothing\ is\ (?:broken|wrong)\b|\bplease\ confirm\b|\beverything\ works\b|\ball\ (?:is\ )?(?:fine|well)\b
        |\b(?:users?|everyone|everybody|people)\ (?:all\ )?(?:can\ )?(?:(?:have|has|had)\ no\ problems?|works?\ (?:fine|well|normally|as\ usual)|log\ (?:on|in)\ (?:fine|normally))
        |\b(?:connects?|connecting\ works|connection\ (?:is|works))\ fine\b
        |\bi\ (?:myself\ )?can\ (?:log\ (?:on|in)|connect|work)\b
        |\bjust\ (?:a|one)\ question\b|\bnot\ an?\ (?:incident|outage|problem)\b|\b(?:nobody|no\ one|no\ user)\ (?:has\ )?complain
        |\bkeine\ störung\b|\bnur\ eine\ frage\b|\bniemand\ (?:hat\ sich\ )?beschwert\b|\bniemand\ beschwert\b|\bsimple\ question\b|\bpersonne\ ne\ se\ plaint
        |\bsolo\ una\ (?:pregunta|duda)\b|\bnadie\ se\ (?:ha\ )?queja
        |\banmelden\ geht\b|\balles\ andere\ geht\b|\bkeine\ (?:beschwerden|probleme\ gemeldet)\b|\balle\ (?:können\ )?arbeiten\b
        |\btout\ (?:va|fonctionne)\b|\baucun\ problème\ (?:signalé|remonté)|\baucune\ plainte|\bsin\ quejas\b|\btodo\ funciona\b",
    )
});

/// Everything works but one thing.
static EXCEPTING: LazyLock<Expression> = LazyLock::new(|| {
    expression(
        r"\b(?:works?|fine|geht|fonctionne|funciona)\b[^.!?]{0,60}\b(?:except|but not|außer|sauf|excepto|menos)\b",
    )
});

/// Whether a sentence tells of an earlier day: a number in it is no failure of today.
pub(super) fn is_of_another_day(sentence: &str) -> bool {
    PAST.is_match(&sentence.to_lowercase())
}

static PAST: LazyLock<Expression> = LazyLock::new(|| {
    expression(
        r"(?x)
        \bwhen\ (?:i|we|he|she|they)\ had\b|\bback\ (?:then|in)\b|\blast\ (?:month|year|spring|summer|autumn|winter)\b
        |\b(?:i|we)\ had\ (?:this|that|it)\ (?:once|before)\b|\bmonths\ ago\b|\bas\ i\ had\b
        |\bdamals\b|\bletzte[nsr]?\ (?:monat|jahr|frühjahr|sommer|herbst|winter)\b|\bvor\ (?:\S+\ )?monaten\b
        |\bà\ l'époque\b|\bl'an\ dernier\b|\ble\ mois\ dernier\b|\bel\ (?:mes|año)\ pasado\b|\bhace\ (?:\S+\ )?meses\b",
    )
});

/// It is over.
static OVER: LazyLock<Expression> = LazyLock::new(|| {
    expression(
        r"(?x)
        \b(?:works?|worked|working|fine|up|back|ok)\ (?:\S+\ )?again\b|\bback\ (?:to\ normal|up|online)\b
        |\bwieder\ (?:da|möglich|normal|ok)\b|\b(?:geht|ging'?s?|gingen|läuft|lief)\ (?:\S+\ ){0,3}wieder\b
        |\bremarche|\brefonctionne|de\ nouveau\b|\bvolvi[óo]\b|\bde\ nuevo\b",
    )
});

static ENDING: LazyLock<Expression> = LazyLock::new(|| {
    expression(
        r"(?x)
        disconnect|\bkick|\bthrown\b|\bthrows\b|\blost\b|\blosing\b|\bended\b|\bends\b|\bcloses\b|\bclosed\b|log(?:ged|s)\ (?:me\ |us\ )?(?:off|out)
        |sign(?:ed|s)\ (?:me\ |us\ )?(?:out|off)|\bdrops?\b|\bdropped\b|\bidle\b|f(?:alls?|ell)\ out|session\ limit|another\ (?:device|user|connection)
        |\bkilled\b|\bcrash(?:es|ed)\b|\bdied\b
        |getrennt|trennt|abgemeldet|rausgeworfen|rausgeflogen|geworfen|wirft|flieg(?:t|e)\b|fliegen\b|beendet|unterbrochen|abgebrochen|abbruch
        |alle\ raus|déconnect|ferme|coupé|interromp|terminé|terminad|desconect|cierra|expuls|echa\b|corta|disconness|chiude|desliga",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> (bool, bool) {
        let Complaint { fails, ended, .. } = Complaint::in_text(text);
        (fails, ended)
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
        assert_eq!(complaint("die waage wirft mich ständig raus"), (true, true));
        assert_eq!(complaint("black screen, then signed me off again"), (true, true));
    }

    #[test]
    fn that_others_can_work_makes_no_complaint_undone() {
        for text in [
            "schwarzer bildschirm. uwe am selben pc hat kein problem.",
            "internal error / cannot connect. console via ilo works fine.",
            "hoy no puedo entrar. ayer sin problemas.",
        ] {
            assert!(complaint(text).0, "{text}");
        }
    }

    #[test]
    fn questions_and_other_wishes_are_no_complaints() {
        for text in [
            "could my vdi get 16 gb instead of 8? cad is slow.",
            "please confirm there were no remote desktop problems last week.",
            "fehlt mein drucker. anmelden geht, alles andere geht.",
            "possible impact: remote desktop. please check for rdp failures.",
            "warnings 142 before each logon. users work normally. is it a broken network card?",
            "siem alarm: schannel 36887. users have no problem. is our certificate bad?",
            "quarterly check after patch night. no complaints. logs attached.",
            "hundreds of 4625 on my vps. i myself can log in. what is it?",
        ] {
            assert!(!complaint(text).0, "{text}");
        }
    }
}
