//! The codes of error boxes, copied or retyped.

use std::ops::Range;
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use regex::Captures;

use super::text::{Line, Text};
use crate::bundle::limits;
use crate::event::{Event, Timestamp};
use crate::expression::{Expression, expression};
use crate::source::Source;

/// How many lines below its code the rest of a box may stand: forum software puts blank lines between.
const REACH: usize = 12;

/// One error box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialog {
    line: u64,
    error: u32,
    extended: Option<u32>,
    time: Option<DateTime<Utc>>,
    activity: Option<String>,
    server: Option<String>,
    /// Whether the labels of the box are there, or only numbers.
    strict: bool,
}

impl Dialog {
    fn new(line: u64, error: u32) -> Self {
        Self {
            line,
            error,
            extended: None,
            time: None,
            activity: None,
            server: None,
            strict: false,
        }
    }

    /// Whether this says nothing that `other` has not said.
    fn repeats(&self, other: &Self) -> bool {
        Self { line: other.line, ..self.clone() } == *other
    }

    pub(super) fn event(&self, source: &Source) -> Event {
        let time = self.time.map_or(Timestamp::Undated, Timestamp::Utc);
        let mut event = Event::text("mstsc", time, source.line(self.line))
            .with("ErrorCode", format!("{:#x}", self.error));
        if let Some(extended) = self.extended {
            event = event.with("ExtendedErrorCode", format!("{extended:#x}"));
        }
        if let Some(server) = &self.server {
            event = event.with("Server", server);
        }
        if let Some(activity) = &self.activity {
            event = event.with("ActivityID", activity);
            event.activity_id = Some(activity.as_str().into());
        }
        event.with("Match", if self.strict { "strict" } else { "loose" })
    }
}

/// Every error box of a text, in order, each once.
pub(super) fn find(text: &Text) -> Vec<Dialog> {
    let mut found = labelled(&text.lines);
    if found.is_empty() {
        found = by_position(&text.lines);
    }
    if found.is_empty() {
        found = in_a_row(&text.lines);
    }
    found.truncate(limits::TICKET_MESSAGES);
    // A number in the prose around a box is the same failure.
    for dialog in loose(&text.lines) {
        if !found.iter().any(|known| known.error == dialog.error) {
            found.push(dialog);
        }
    }
    found.sort_by_key(|dialog| dialog.line);
    found.dedup_by(|next, last| next.repeats(last));
    found
}

/// A code as the box writes it, as people type it (`0x 904`, `2308`) and as text recognition reads it (`0x9O4`, `Ox7`).
const CODE: &str = r#"["']?([0Oo] ?[xX] ?[0-9A-Fa-fOoIl]{1,8}|\d{1,10})\b"#;

fn pattern(text: &str) -> Expression {
    expression(&text.replace("CODE", CODE))
}

fn code(text: &str) -> Option<u32> {
    let text: String = text.chars().filter(|letter| *letter != ' ').collect();
    let Some((_, digits)) = text.split_once(['x', 'X']) else { return text.parse().ok() };
    let digits = digits.replace(['O', 'o'], "0").replace(['I', 'l'], "1");
    u32::from_str_radix(&digits, 16).ok()
}

/// A labelled value on a line.
enum Label {
    Error(u32),
    Extended(u32),
    /// `ExtendedDisconnectReason 7`, as wrappers around the client's control have it.
    Reason(u32),
    Time(DateTime<Utc>),
    Activity(String),
    Server(String),
}

/// The labelled values of a line, in order, and where they stand.
fn labels(line: &str) -> Vec<(Range<usize>, Label)> {
    static CODES: LazyLock<Expression> =
        LazyLock::new(|| pattern(r"(?i)(extended\s+)?\berror\s*code\s*[:=]\s*CODE"));
    static TIME: LazyLock<Expression> = LazyLock::new(|| {
        pattern(r"(?i)[\p{L}\d_ ]*\(UTC\)\s*[:=]\s*(\d[\d/:.T -]+Z?(?:\s*[AP]M)?)")
    });
    static REASON: LazyLock<Expression> =
        LazyLock::new(|| pattern(r"(?i)\bextended\s?disc(?:onnect)?\s?reason\W{1,3}CODE"));
    static ACTIVITY: LazyLock<Expression> = LazyLock::new(|| {
        pattern(r"(?i)activity\s*id\s*[:=]\s*\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")
    });
    static SERVER: LazyLock<Expression> =
        LazyLock::new(|| pattern(r"(?i)^remote (?:computer|pc)\s*[:=]\s*(\S+)$"));
    let text = |found: &Captures<'_>| found.get(1).map(|text| text.as_str().to_owned());
    let range = |found: &Captures<'_>| found.get(0).map_or(0..0, |found| found.range());
    let mut labels = Vec::new();
    // Most lines have none of the words, and a pattern costs a millisecond to be made.
    let lower = line.to_ascii_lowercase();
    let may = |word: &str| lower.contains(word);
    let each = |pattern: &'static LazyLock<Expression>, word: &str| {
        may(word).then(|| pattern.captures_iter(line)).into_iter().flatten()
    };
    for found in each(&CODES, "code") {
        let value = found.get(2).and_then(|value| code(value.as_str()));
        let kind = if found.get(1).is_some() { Label::Extended } else { Label::Error };
        labels.extend(value.map(|value| (range(&found), kind(value))));
    }
    for found in each(&REASON, "disc") {
        let value = found.get(1).and_then(|value| code(value.as_str()));
        labels.extend(value.map(|value| (range(&found), Label::Reason(value))));
    }
    for found in each(&TIME, "(utc)") {
        labels
            .extend(text(&found).and_then(|text| Some((range(&found), Label::Time(time(&text)?)))));
    }
    for found in each(&ACTIVITY, "activity") {
        labels.extend(text(&found).map(|id| (range(&found), Label::Activity(id.to_lowercase()))));
    }
    for found in each(&SERVER, "remote ") {
        labels.extend(text(&found).map(|name| (range(&found), Label::Server(name))));
    }
    labels.sort_by_key(|(range, _)| range.start);
    labels
}

/// Whether a line is a part of a box and nothing else.
pub(super) fn is_label(line: &str) -> bool {
    labels(line).first().is_some_and(|(range, _)| range.start < 4)
}

/// The time of a box: `11/18/26 09:41:53 PM`, month first in every language met so far, or ISO from msrdc.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    static PARTS: LazyLock<Expression> = LazyLock::new(|| {
        pattern(
            r"(?i)^(\d{1,2})[/.](\d{1,2})[/.](\d{2}|\d{4})\s+(\d{1,2}:\d\d(?::\d\d)?(?:\s*[AP]M)?)$",
        )
    });
    let text = text.trim();
    let plain = text.trim_end_matches(['Z', 'z']).replace('T', " ");
    let iso = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let iso = iso.iter().find_map(|format| NaiveDateTime::parse_from_str(&plain, format).ok());
    if let Some(time) = iso {
        return Some(time.and_utc());
    }
    let parts = PARTS.captures(text)?;
    let number = |index| parts.get(index)?.as_str().parse::<u32>().ok();
    let (first, second, year) = (number(1)?, number(2)?, number(3)?);
    let (month, day) = if first > 12 { (second, first) } else { (first, second) };
    let year = i32::try_from(if year < 100 { year + 2000 } else { year }).ok()?;
    let clock = parts.get(4)?.as_str().to_ascii_uppercase();
    let clock = ["%I:%M:%S %p", "%I:%M %p", "%H:%M:%S", "%H:%M"]
        .iter()
        .find_map(|format| chrono::NaiveTime::parse_from_str(&clock, format).ok())?;
    Some(NaiveDate::from_ymd_opt(year, month, day)?.and_time(clock).and_utc())
}

/// Boxes by their labels.
fn labelled(lines: &[Line]) -> Vec<Dialog> {
    let mut boxes = Boxes::default();
    for (index, line) in lines.iter().enumerate() {
        if line.text.eq_ignore_ascii_case("[Window Title]") {
            boxes.title = Some(index);
        }
        for (_, label) in labels(&line.text) {
            boxes.take(label, index, line.number);
        }
    }
    let mut found = boxes.found;
    // A bare HRESULT behind "error code:" comes from any program.
    found.retain(|(_, dialog)| dialog.strict || dialog.error < 0x8000_0000);
    found.into_iter().map(|(_, dialog)| dialog).collect()
}

/// Boxes being put together: what stands where.
#[derive(Default)]
struct Boxes {
    found: Vec<(usize, Dialog)>,
    title: Option<usize>,
    /// An extended code or a server in front of the code it belongs to.
    extended: Option<(usize, u32)>,
    server: Option<(usize, String)>,
}

impl Boxes {
    fn take(&mut self, label: Label, index: usize, line: u64) {
        let near = |at: usize| index - at <= REACH;
        let open = self.found.last_mut().filter(|(at, _)| near(*at)).map(|(_, dialog)| dialog);
        match (label, open) {
            (Label::Error(error), _) => {
                let mut dialog = Dialog::new(line, error);
                dialog.extended =
                    self.extended.take().filter(|(at, _)| near(*at)).map(|(_, code)| code);
                dialog.server =
                    self.server.take().filter(|(at, _)| near(*at)).map(|(_, name)| name);
                dialog.strict = dialog.extended.is_some() || self.title.take().is_some_and(near);
                self.found.push((index, dialog));
            }
            (Label::Extended(code), Some(open)) if open.extended.is_none() => {
                open.extended = Some(code);
                open.strict = true;
            }
            (Label::Reason(code), Some(open)) if open.extended.is_none() => {
                open.extended = Some(code)
            }
            (Label::Extended(code), _) => self.extended = Some((index, code)),
            (Label::Time(time), Some(open)) if open.time.is_none() => {
                open.time = Some(time);
                open.strict = true;
            }
            (Label::Activity(id), Some(open)) if open.activity.is_none() => {
                open.activity = Some(id)
            }
            (Label::Server(name), Some(open)) if open.server.is_none() => open.server = Some(name),
            (Label::Server(name), _) => self.server = Some((index, name)),
            (Label::Time(_) | Label::Activity(_) | Label::Reason(_), _) => {}
        }
    }
}

/// Boxes in other languages: two lines after each other that end in a code.
fn by_position(lines: &[Line]) -> Vec<Dialog> {
    static LABEL: LazyLock<Expression> =
        LazyLock::new(|| pattern(r"^[^:]{3,60}:\s*(0x[0-9A-Fa-f]{1,8})$"));
    let value = |line: &Line| code(LABEL.captures(&line.text)?.get(1)?.as_str());
    let lines: Vec<_> = lines.iter().filter(|line| !line.text.is_empty()).collect();
    let mut found = Vec::new();
    for (index, pair) in lines.windows(2).enumerate() {
        let [first, second] = pair else { continue };
        let (Some(error), Some(extended)) = (value(first), value(second)) else { continue };
        let mut dialog = Dialog::new(first.number, error);
        dialog.extended = Some(extended);
        let below = lines.get(index + 2).map(|line| labels(&line.text)).unwrap_or_default();
        dialog.time = below.into_iter().find_map(|(_, label)| match label {
            Label::Time(time) => Some(time),
            _ => None,
        });
        dialog.strict = dialog.time.is_some();
        found.push(dialog);
    }
    found
}

/// Boxes in other languages that somebody wrote into one line:
/// `(Fehlercode: 0x904, erweiterter Fehlercode: 0x7, Zeitstempel (UTC): 11/18/26 01:30:41 PM)`.
fn in_a_row(lines: &[Line]) -> Vec<Dialog> {
    static ROW: LazyLock<Expression> = LazyLock::new(|| {
        pattern(
            r"\p{L}\s?:\s*(0x[0-9A-Fa-f]{1,8})\s?[,;/|]\s*\p{L}[^:,;]{2,60}:\s*(0x[0-9A-Fa-f]{1,4})\b",
        )
    });
    // A pattern costs a millisecond to be made, and few texts have two codes in a line.
    let rows = lines.iter().filter(|line| line.text.matches("0x").count() > 1);
    let dialog = |line: &Line| {
        let found = ROW.captures(&line.text)?;
        let mut dialog = Dialog::new(line.number, code(found.get(1)?.as_str())?);
        dialog.extended = code(found.get(2)?.as_str());
        dialog.time = labels(&line.text).into_iter().find_map(|(_, label)| match label {
            Label::Time(time) => Some(time),
            _ => None,
        });
        dialog.strict = dialog.time.is_some();
        is_client_code(dialog.error).then_some(dialog)
    };
    rows.filter_map(dialog).collect()
}

/// Codes in prose.
fn loose(lines: &[Line]) -> Vec<Dialog> {
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let has_box = |(_, label): &(_, Label)| !matches!(label, Label::Reason(_));
        if labels(&line.text).iter().any(has_box) {
            continue;
        }
        let below = lines.iter().skip(index).take(3).map(|line| line.text.as_str());
        let Some((error, extended)) =
            pair(&line.text).or_else(|| control(&line.text, below)).or_else(|| single(&line.text))
        else {
            continue;
        };
        if is_client_code(error) {
            let mut dialog = Dialog::new(line.number, error);
            dialog.extended = extended;
            found.push(dialog);
        }
        if found.len() >= limits::TICKET_MESSAGES {
            break;
        }
    }
    found
}

/// The codes that clients give: small numbers, and 0x3000000 and up from gateways and AVD.
fn is_client_code(error: u32) -> bool {
    matches!(error, 1..=0xffff | 0x0300_0000..=0x030f_ffff)
}

/// `error 0x904 ext 0x7`, `0x904 (0x7)`, `904/7`.
fn pair(line: &str) -> Option<(u32, Option<u32>)> {
    static WORDS: LazyLock<Expression> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:error|code)\s*(?:code)?\W{0,3}\s*CODE\W{1,4}(?:and |with )?ext(?:ended)?\.?\s*(?:error)?\s*(?:code)?\W{0,3}CODE",
        )
    });
    static BRACKETS: LazyLock<Expression> =
        LazyLock::new(|| pattern(r"(?i)\b(0x[0-9a-f]{3,8})\s*[(/,]\s*(0x[0-9a-f]{1,4})\b"));
    static SLASH: LazyLock<Expression> = LazyLock::new(|| {
        pattern(r"(?i)\b(?:error|code)\W{1,3}(0x[0-9a-f]{1,8})\s*/\s*(0x[0-9a-f]{1,4})\b")
    });
    static BARE: LazyLock<Expression> =
        LazyLock::new(|| pattern(r"(?:^|[^\d/])(104|108|204|304|708|904)/(\d)(?:[^\d/]|$)"));
    let labelled = WORDS.captures(line).or_else(|| BRACKETS.captures(line));
    if let Some(found) = labelled.or_else(|| SLASH.captures(line)) {
        return Some((code(found.get(1)?.as_str())?, code(found.get(2)?.as_str())));
    }
    let found = BARE.captures(line)?;
    let hex = |index| u32::from_str_radix(found.get(index)?.as_str(), 16).ok();
    Some((hex(1)?, hex(2)))
}

/// What wrappers around the client's control show, in decimal: `DiscReason 2308`, `ExtendedDisconnectReason 7`.
fn control<'t>(line: &str, below: impl Iterator<Item = &'t str>) -> Option<(u32, Option<u32>)> {
    static REASON: LazyLock<Expression> = LazyLock::new(|| {
        pattern(r"(?i)\b(?:rdp error code|rdp disconnected!?|disc(?:onnect)?\s?reason)\W{1,3}CODE")
    });
    let error = code(REASON.captures(line)?.get(1)?.as_str())?;
    let extended = below.flat_map(labels).find_map(|(_, label)| match label {
        Label::Reason(code) => Some(code),
        _ => None,
    });
    Some((error, extended))
}

/// `error 0x904`, or a bare `0x904`; decimal only where the line speaks of Remote Desktop.
fn single(line: &str) -> Option<(u32, Option<u32>)> {
    static LABEL: LazyLock<Expression> =
        LazyLock::new(|| pattern(r"(?i)\berror\s*(?:code)?\W{0,3}CODE"));
    static BARE: LazyLock<Expression> =
        LazyLock::new(|| pattern(r"(?i)\b(0x[0-9a-f]{1,2}0[4-9]|0x300[0-9a-f]{4})\b"));
    static ABOUT: LazyLock<Expression> =
        LazyLock::new(|| pattern(r"(?i)\b(?:rdp|mstsc|remote desktop)\b"));
    let labelled = LABEL.captures(line).and_then(|found| Some(found.get(1)?.as_str().to_owned()));
    let labelled = labelled.filter(|text| text.contains(['x', 'X']) || ABOUT.is_match(line));
    // Nobody means these in decimal.
    let labelled = labelled.map(|text| match text.as_str() {
        "104" | "108" | "204" | "304" | "708" | "904" => format!("0x{text}"),
        _ => text,
    });
    let bare = || Some(BARE.captures(line)?.get(1)?.as_str().to_owned());
    Some((code(&labelled.or_else(bare)?)?, None))
}
