//! The file `hosts`: addresses that a machine gives names before it asks anybody.

use std::net::IpAddr;

use super::Fact;
use super::transcript::{Line, Part};

/// Names that are kept, and from how many on the file is a list against advertisements, which all lead to the machine itself.
const MOST: usize = 1000;
const LISTS: usize = 50;

/// Reads the file in a part. It is known by the comment that Windows puts at its head, or by having nothing else in it.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    let text = |line: &&Line| {
        let text = line.text.trim();
        !text.is_empty() && !text.starts_with('#')
    };
    let head = part.lines.iter().take(3).any(|line| {
        line.text.starts_with("# Copyright (c)") && line.text.contains("Microsoft Corp")
    });
    let head = head && part.lines.iter().take(6).any(|line| line.text.contains("HOSTS"));
    let rows: Vec<_> = part.lines.iter().filter(text).collect();
    let entries: Vec<_> =
        rows.iter().filter_map(|line| Some((line.number, entry(&line.text)?))).collect();
    if !head && (entries.is_empty() || entries.len() < rows.len()) {
        return;
    }
    let Some(first) = part.lines.first() else { return };
    let is_list = entries.len() > LISTS;
    let nowhere = |address: &IpAddr| address.is_unspecified() || address.is_loopback();
    let told = entries.iter().filter(|(_, (address, _))| !(is_list && nowhere(address)));
    let names: Vec<_> = told
        .flat_map(|(number, (address, names))| names.iter().map(move |it| (number, address, it)))
        .collect();
    let left_out = names.len().saturating_sub(MOST);
    let fact = Fact::new("hosts-file", first.number).with("Entries", entries.len().to_string());
    let left_out = if left_out > 0 { left_out.to_string() } else { String::new() };
    facts.push(fact.with("LeftOut", left_out));
    for (number, address, name) in names.into_iter().take(MOST) {
        let fact = Fact::new("name-lookup", *number).with("Name", name).with("Found", "yes");
        facts.push(fact.with("Addresses", address.to_string()).with("By", "hosts file"));
    }
}

/// `192.0.2.5    srv01.example.com srv01   # comment`; names of the machine itself are left out.
fn entry(line: &str) -> Option<(IpAddr, Vec<String>)> {
    let line = line.split('#').next()?;
    let mut words = line.split_whitespace();
    let address: IpAddr = words.next()?.parse().ok()?;
    let names: Vec<_> = words.map(str::to_owned).collect();
    let is_name = |name: &String| {
        name.parse::<IpAddr>().is_err()
            && name.contains(char::is_alphabetic)
            && name.chars().all(|letter| letter.is_alphanumeric() || "-._".contains(letter))
            // A physical address.
            && name.split('-').count() != 6
    };
    (!names.is_empty() && names.iter().all(is_name)).then_some((address, names))
}
