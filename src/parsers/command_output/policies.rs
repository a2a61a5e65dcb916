//! Group policies: `gpresult /r`, `/v`, `/z`.
//!
//! Titles are translated; that they are underlined, the indentation and the keys of the registry are not. With `/v` and
//! `/z` it says which policy sets which value, and that is told as a value of the registry.

use std::sync::LazyLock;

use super::Fact;
use super::transcript::{Line, Part};
use crate::expression::{Expression, expression};

/// Policies of one list that are kept.
const MOST: usize = 500;

/// Reads the applied policies, and the values they set, in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    if !is_gpresult(part) {
        return;
    }
    let mut scope = "";
    for (at, line) in part.lines.iter().enumerate() {
        let below = part.lines.get(at + 1).map_or("", |line| line.text.as_str());
        if underlined(&line.text, below).is_none() {
            continue;
        }
        let after = part.lines.get(at + 2..).unwrap_or_default();
        match indent(&line.text) {
            // `COMPUTER SETTINGS`, then `USER SETTINGS`; what they are of follows at once.
            0 if after.first().is_some_and(|line| indent(&line.text) == 4) => {
                let of_user = !scope.is_empty() || part.runs(&["/scope user", "/scope:user"]);
                scope = if of_user { "user" } else { "computer" };
            }
            // The first list is that of the applied policies; then come those that were filtered out, and groups.
            4 if told(facts, scope).is_none() && !scope.is_empty() => {
                facts.extend(applied(after, line.number, scope, above(part, at)));
            }
            _ => {}
        }
    }
    values(part.lines, facts);
}

/// Whether the tool names itself, or was asked for.
fn is_gpresult(part: &Part<'_>) -> bool {
    static NAME: LazyLock<Expression> =
        LazyLock::new(|| expression(r"^Microsoft \(R\) Windows \(R\) .*\bv ?2\.0\s*$"));
    part.runs(&["gpresult"]) || part.lines.iter().take(20).any(|line| NAME.is_match(&line.text))
}

fn told<'f>(facts: &'f [Fact], scope: &str) -> Option<&'f Fact> {
    let is = |fact: &&Fact| {
        fact.provider == "gpresult" && fact.fields.iter().any(|(_, value)| value == scope)
    };
    facts.iter().find(is)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// A title with a ruler below it, as far to the right.
fn underlined<'l>(title: &'l str, ruler: &str) -> Option<&'l str> {
    let line = ruler.trim();
    let is_ruler = line.len() > 4 && line.bytes().all(|byte| byte == b'-');
    (is_ruler && indent(title) == indent(ruler) && !title.trim().is_empty()).then(|| title.trim())
}

/// `Last time Group Policy was applied: …`, `Group Policy was applied from: DC01.corp.example`, in the lines above.
fn above<'p>(part: &'p Part<'_>, at: usize) -> impl Iterator<Item = &'p str> {
    let lines = part.lines.get(at.saturating_sub(12)..at).unwrap_or_default();
    lines.iter().filter_map(|line| Some(line.text.split_once(": ")?.1.trim()))
}

fn applied<'p>(
    after: &[Line],
    start: u64,
    scope: &'static str,
    mut above: impl Iterator<Item = &'p str>,
) -> Option<Fact> {
    let names: Vec<_> = after
        .iter()
        .take_while(|line| indent(&line.text) == 8)
        .filter(|line| !line.text.trim().is_empty())
        .take(MOST)
        .collect();
    let last = names.last()?.number;
    let list: Vec<_> = names.iter().map(|line| line.text.trim()).collect();
    // A controller has a name with dots and no blanks.
    let controller = above.find(|value| {
        value.contains('.') && !value.contains(' ') && value.contains(char::is_alphabetic)
    });
    let fact = Fact::new("gpresult", start).up_to(last).with("Scope", scope);
    let fact = fact.with("Applied", list.join("; "));
    Some(fact.with("DCName", controller.unwrap_or_default()))
}

/// `GPO: RDP Hardening`, below it the key with its value's name, `Value:  1, 0, 0, 0`, and a state.
fn values(lines: &[Line], facts: &mut Vec<Fact>) {
    static NUMBER: LazyLock<Expression> =
        LazyLock::new(|| expression(r"^(\d{1,3}), (\d{1,3}), (\d{1,3}), (\d{1,3})$"));
    let value = |line: &Line| line.text.split_once(':').map(|(_, value)| value.trim().to_owned());
    for three in lines.windows(3) {
        let [policy, key, data] = three else { continue };
        let Some(path) = value(key).filter(|path| {
            path.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(r"Software\"))
        }) else {
            continue;
        };
        let Some((folder, name)) = path.rsplit_once('\\') else { continue };
        let Some(bytes) = value(data) else { continue };
        let Some(found) = NUMBER.captures(&bytes) else { continue };
        let byte = |index: usize| {
            found.get(index).and_then(|byte| byte.as_str().parse::<u8>().ok()).unwrap_or_default()
        };
        let number = u32::from_le_bytes([byte(1), byte(2), byte(3), byte(4)]);
        let fact = Fact::new("registry", key.number).up_to(data.number);
        let fact = fact.with("Key", format!(r"HKLM\{folder}")).with("Name", name);
        let fact = fact.with("Type", "REG_DWORD").with("Data", number.to_string());
        let fact = fact.with("Hex", format!("0x{number:08x}")).with("Policy", "true");
        facts.push(fact.with("GPO", value(policy).unwrap_or_default()));
    }
}
