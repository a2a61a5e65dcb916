//! The certificate that a machine sees on a port: `openssl s_client -connect host:3389`.

use std::sync::LazyLock;

use super::Fact;
use super::transcript::Part;
use crate::expression::{Expression, expression};

/// Reads the first certificate of the chain, in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static TARGET: LazyLock<Expression> =
        LazyLock::new(|| expression(r"\bs_client\b.*-connect\s+\[?([^\s\]]+?)\]?:(\d{1,5})\b"));
    static FIRST: LazyLock<Expression> = LazyLock::new(|| expression(r"^\s*0 s:\s?(\S.*)$"));
    let command = part.command.into_iter();
    let texts = command.chain(part.lines.iter().map(|line| line.text.as_str()));
    let Some(target) = texts.filter_map(|text| TARGET.captures(text)).next() else { return };
    let text = |index: usize| target.get(index).map_or("", |value| value.as_str());
    let mut lines = part.lines.iter();
    let found = lines.find_map(|line| Some((line.number, FIRST.captures(&line.text)?)));
    let Some((number, subject)) = found else { return };
    let issuer = lines.next().and_then(|line| line.text.trim().strip_prefix("i:"));
    let fact = Fact::new("tls-peer", number).with("Host", text(1)).with("Port", text(2));
    let fact = fact.with("Subject", subject.get(1).map_or("", |value| value.as_str().trim()));
    facts.push(fact.with("Issuer", issuer.unwrap_or_default().trim()));
}
