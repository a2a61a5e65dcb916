//! The sentences of a ticket: what the client said, and what people say about the failure.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::dialogs;
use super::text::{Line, Text};
use crate::bundle::limits;
use crate::event::{Event, Timestamp};
use crate::expression::{Expression, expression};
use crate::notice::Notice;
use crate::parsers::Sink;
use crate::source::Source;

/// What clients say, in lower case with plain quotes. A text with one of these is about a failed connection.
const PHRASES: &[&str] = &[
    "can't connect to the remote computer",
    "couldn't connect to the remote pc",
    "an internal error has occurred",
    "an authentication error has occurred",
    "credentials did not work",
    "credssp encryption oracle",
    "domain controller cannot be contacted",
    "time or date difference",
    "not authorized for remote login",
    "the type of logon",
    "the types of logon",
    "no remote desktop license servers",
    "remote session was disconnected",
    "remote desktop services session has ended",
    "because of a protocol error",
    "requires network level authentication",
    "cannot verify the identity of the remote computer",
    "we couldn't connect to the remote pc",
    "your session ended because of an error",
    "another user connected to the remote computer",
];

/// Whether a text holds something that only Remote Desktop clients say.
pub(super) fn has_phrase(text: &str) -> bool {
    let text = text.to_lowercase().replace('’', "'");
    PHRASES.iter().any(|phrase| text.contains(phrase))
}

/// An event for each line of free text that is not in `used`.
pub(super) fn find(
    text: &Text,
    used: &HashSet<u64>,
    source: &Source,
    sink: &mut dyn Sink,
) -> Vec<Event> {
    let free = text
        .lines
        .iter()
        .filter(|line| !used.contains(&line.number) && !is_boilerplate(&line.text));
    let mut messages = joined(free);
    messages.dedup_by(|next, last| next.text == last.text);
    if let Some(first) = messages.get(limits::TICKET_MESSAGES) {
        let lost = messages.len() - limits::TICKET_MESSAGES;
        let notice = Notice::new(source.id, format!("line {}", first.number), "a very long text");
        sink.notice(notice.losing(format!("{lost} lines")));
    }
    let messages = messages.into_iter().take(limits::TICKET_MESSAGES);
    messages.map(|line| message(&line, source)).collect()
}

fn message(line: &Line, source: &Source) -> Event {
    let text: String = line.text.chars().take(limits::MESSAGE_CHARS).collect();
    Event::text("mstsc", Timestamp::Undated, source.line(line.number)).with("Message", text)
}

/// Puts sentences together that a mail program has wrapped.
fn joined<'t>(lines: impl Iterator<Item = &'t Line>) -> Vec<Line> {
    let mut joined: Vec<Line> = Vec::new();
    let mut above = 0;
    for line in lines {
        let text = without_label(&line.text);
        let goes_on = text.starts_with(char::is_lowercase) && line.number == above + 1;
        let open = joined.last_mut().filter(|last| goes_on && is_open(&last.text));
        match open {
            Some(last) => {
                last.text.push(' ');
                last.text.push_str(text);
            }
            None => joined.push(Line { number: line.number, text: text.to_owned() }),
        }
        above = line.number;
    }
    joined
}

fn is_open(text: &str) -> bool {
    (50..limits::MESSAGE_CHARS).contains(&text.len())
        && !text.ends_with(['.', '!', '?', ':', ';', ')'])
}

/// `Subject: Remote Desktop does not work` says what its value says.
fn without_label(text: &str) -> &str {
    static LABEL: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"(?i)^(?:subject|description|summary|betreff|objet|asunto|oggetto|assunto)\s*:\s*",
        )
    });
    LABEL.find(text).and_then(|label| text.get(label.end()..)).unwrap_or(text)
}

/// What stands in every ticket and says nothing: the frame of the box, its title, mail headers, greetings.
fn is_boilerplate(text: &str) -> bool {
    static FRAME: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"(?ix)
            ^(?:\[[^\]]{0,30}\]\s*(?:hide\ details|see\ details|show\ details)?\s*)+$
            |^(?:remote\ desktop(?:\ connection)?|details:|ok|help|hide\ details|see\ details)$
            |^press\ ctrl\+c\ to\ copy\.?$
            |^try\ connecting\ again\.\ if\ the\ problem\ continues,\ contact\ the\ owner\ of\ the\ remote\ computer
             \ or\ your\ network\ administrator\.$
            |^(?:from|to|cc|bcc|date|sent|received|message-id|mime-version|content-[\w-]+|reply-to|return-path
             |in-reply-to|references|x-[\w-]+)\s*:
            |^(?:hello|hi|hey|dear|thanks|thank\ you|regards|best\ regards|kind\ regards|cheers)\b.{0,25}$
            |^-\ <|^</?\w
            ",
        )
    });
    !text.chars().any(char::is_alphanumeric) || FRAME.is_match(text) || dialogs::is_label(text)
}
