//! Notices for the page: losses first, and the same remark about many files told once.

use crate::analysis::Analysis;
use crate::notice::Notice;

/// One remark.
pub(super) struct Group {
    /// What was lost; `None` when nothing was.
    pub(super) lost: Option<String>,
    /// Where, and what is wrong.
    pub(super) text: String,
}

/// All notices, losses first.
pub(super) fn grouped(analysis: &Analysis<'_>) -> Vec<Group> {
    let (lost, harmless): (Vec<_>, Vec<_>) =
        analysis.notices.iter().partition(|notice| notice.lost.is_some());
    let mut groups: Vec<_> = lost.iter().map(|notice| single(analysis, notice)).collect();
    let mut told: Vec<&str> = Vec::new();
    for notice in &harmless {
        if told.contains(&notice.what.as_str()) {
            continue;
        }
        told.push(&notice.what);
        let alike: Vec<_> = harmless.iter().filter(|other| other.what == notice.what).collect();
        groups.push(if alike.len() > 1 {
            let first: Vec<_> =
                alike.iter().take(2).map(|notice| place(analysis, notice)).collect();
            let more = alike.len().saturating_sub(first.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Group { lost: None, text: format!("{} ({}{more})", notice.what, first.join("; ")) }
        } else {
            single(analysis, notice)
        });
    }
    groups
}

fn single(analysis: &Analysis<'_>, notice: &Notice) -> Group {
    let place = place(analysis, notice);
    let text =
        if place.is_empty() { notice.what.clone() } else { format!("{place}: {}", notice.what) };
    Group { lost: notice.lost.clone(), text }
}

fn place(analysis: &Analysis<'_>, notice: &Notice) -> String {
    let path = notice.source.map(|id| analysis.path(id)).unwrap_or_default();
    [path, notice.at.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}
