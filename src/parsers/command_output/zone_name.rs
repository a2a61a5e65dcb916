//! The zone by its name alone: `tzutil /g`.

use super::Fact;
use super::transcript::Part;
use crate::zone::Zone;

/// Reads the name behind the command, or one that stands alone in a text.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    let mut lines = part.lines.iter().filter(|line| !line.text.trim().is_empty());
    let (Some(line), None) = (lines.next(), lines.next()) else { return };
    let name = line.text.trim();
    let named = name.ends_with(" Standard Time") || name == "UTC" || part.runs(&["tzutil"]);
    // In winter and summer alike where the clock is not set forward.
    let name = name.strip_suffix("_dstoff").unwrap_or(name);
    if named && matches!(Zone::parse(name), Some(Zone::Named(_))) {
        facts.push(Fact::new("time zone", line.number).with("TimeZone", name));
    }
}
