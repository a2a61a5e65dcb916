//! The failing minutes of an incident as a drawing that needs no script: hosts, their lanes, and what happened on each.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

use super::rows::{Kind, Mark, Rows, escaped};
use crate::analysis::Analysis;
use crate::diagnosis::Incident;

/// Columns of the drawing: names, then time.
const LEFT: f64 = 228.0;
const WIDTH: f64 = 960.0;
const LANE: f64 = 26.0;

/// Marks of one lane that are drawn; nearer ones fall together.
const PLACES: f64 = 150.0;

/// Letters of a computer's name: what NetBIOS allows.
const NAME: usize = 15;

/// Hosts that are drawn.
const HOSTS: usize = 6;

/// A drawing around the failures; empty when they carry no time.
pub(super) fn of_incident(
    analysis: &Analysis<'_>,
    number: usize,
    incident: &Incident,
    rows: &Rows,
) -> String {
    let (Some(first), Some(last)) = (incident.first, incident.last) else { return String::new() };
    let room = ((last - first) / 12).max(TimeDelta::seconds(20));
    let span = Span { from: first - room, to: last + room };
    let lanes = lanes(rows, number, &span);
    if lanes.is_empty() {
        return String::new();
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful of lanes")]
    let height = 34.0 + LANE * lanes.len() as f64;
    let mut svg = format!(
        "<svg class=figure viewBox=\"0 0 {WIDTH} {height}\" role=group aria-label=\"What happened on each computer from \
         {} to {}\">",
        span.from.format("%H:%M:%S"),
        span.to.format("%H:%M:%S")
    );
    let mut y = 4.0;
    let mut before = None;
    for lane in &lanes {
        let new_host = before != Some(lane.host);
        before = Some(lane.host);
        let host = rows.hosts.get(lane.host).map_or("", String::as_str);
        write_lane(&mut svg, analysis, &span, lane, y, new_host.then_some(host));
        y += LANE;
    }
    write_axis(&mut svg, &span, y);
    svg.push_str("</svg>");
    svg
}

struct Span {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Span {
    fn has(&self, mark: &Mark) -> bool {
        mark.time.is_some_and(|(first, last)| first <= self.to && last >= self.from)
    }

    fn x(&self, time: DateTime<Utc>) -> f64 {
        let seconds = |span: TimeDelta| span.as_seconds_f64();
        let share = seconds(time - self.from) / seconds(self.to - self.from).max(0.001);
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - 12.0)
    }
}

struct Lane<'r> {
    host: usize,
    kind: Kind,
    marks: Vec<&'r Mark>,
}

/// What happened in the span, one lane for each host and kind; what is noise is left to the timeline.
fn lanes<'r>(rows: &'r Rows, incident: usize, span: &Span) -> Vec<Lane<'r>> {
    let mut lanes: Vec<Lane<'r>> = Vec::new();
    let own = |mark: &&Mark| {
        mark.kind != Kind::Other && mark.incident.is_none_or(|index| index == incident)
    };
    for mark in rows.marks.iter().filter(own).filter(|mark| span.has(mark)) {
        match lanes.iter_mut().find(|lane| lane.host == mark.host && lane.kind == mark.kind) {
            Some(lane) => lane.marks.push(mark),
            None => lanes.push(Lane { host: mark.host, kind: mark.kind, marks: vec![mark] }),
        }
    }
    lanes.sort_by_key(|lane| (lane.host, lane.kind));
    let mut hosts: Vec<_> = lanes.iter().map(|lane| lane.host).collect();
    hosts.dedup();
    lanes.retain(|lane| hosts.iter().take(HOSTS).any(|host| *host == lane.host));
    lanes
}

fn write_lane(
    svg: &mut String,
    analysis: &Analysis<'_>,
    span: &Span,
    lane: &Lane<'_>,
    y: f64,
    host: Option<&str>,
) {
    let middle = y + LANE / 2.0;
    let end = WIDTH - 12.0;
    if let Some(host) = host {
        let label = host.split('.').next().unwrap_or_default();
        let label: String = label.chars().take(NAME).collect();
        let _ =
            write!(svg, "<text x=0 y={:.1} class=host>{}</text>", middle + 4.0, escaped(&label));
    }
    let name = lane.kind.name();
    let label = lane.kind.lane();
    let _ = write!(
        svg,
        "<text x={:.0} y={:.1} class=lane text-anchor=end>{label}</text>\
         <line x1={LEFT} x2={end} y1={middle} y2={middle} class=rail />",
        LEFT - 12.0,
        middle + 4.0
    );
    let step = (WIDTH - LEFT) / PLACES;
    let mut last_x = f64::MIN;
    for mark in &lane.marks {
        let Some((first, last)) = mark.time else { continue };
        let (x, to) = (span.x(first), span.x(last));
        if x - last_x < step {
            continue;
        }
        last_x = x;
        let n = mark.id.0 + 1;
        let bad = if mark.bad { " bad" } else { "" };
        let words = analysis.timeline.get(mark.id).map(|entry| entry.summary.as_str());
        let words: String = words.unwrap_or_default().chars().take(160).collect();
        let _ = write!(
            svg,
            "<a href=\"#e{n}\" class=\"mark {name}{bad}\"><title>#{n} {} {}</title>{}</a>",
            first.format("%H:%M:%S%.3f"),
            escaped(&words),
            shape(lane.kind, x, to, middle)
        );
    }
}

/// A diamond for changes, a bar as long as a connection, a circle for evidence.
fn shape(kind: Kind, x: f64, to: f64, y: f64) -> String {
    match kind {
        Kind::Change => format!("<path d=\"M{x:.1} {:.1}l7 7l-7 7l-7-7z\"/>", y - 7.0),
        Kind::Attempt => format!(
            "<rect x={:.1} y={:.1} width={:.1} height=14 rx=3 />",
            x - 3.0,
            y - 7.0,
            (to - x).max(6.0)
        ),
        Kind::Evidence | Kind::Other => format!("<circle cx={x:.1} cy={y:.1} r=6 />"),
    }
}

fn write_axis(svg: &mut String, span: &Span, y: f64) {
    let whole = span.to - span.from;
    let format = if whole > TimeDelta::days(2) { "%d %b %H:%M" } else { "%H:%M:%S" };
    for part in 0..=4 {
        let time = span.from + whole * part / 4;
        let x = span.x(time);
        let anchor = match part {
            0 => "start",
            4 => "end",
            _ => "middle",
        };
        let _ = write!(
            svg,
            "<line x1={x:.1} x2={x:.1} y1=4 y2={y:.1} class=tick />\
             <text x={x:.1} y={:.1} text-anchor={anchor} class=time>{}</text>",
            y + 18.0,
            time.format(format)
        );
    }
}
