//! What could not be read, and remarks on what was: losses first, and the same remark about many files told once.

use crate::analysis::Analysis;
use crate::notice::Notice;

/// One remark.
pub(super) struct Group {
    /// What was lost; `None` when nothing is known to be.
    pub(super) lost: Option<String>,
    /// What is wrong.
    pub(super) what: String,
    /// Where.
    pub(super) places: Vec<String>,
}

/// All notices, losses first.
pub(super) fn grouped(analysis: &Analysis<'_>) -> Vec<Group> {
    let (lost, harmless): (Vec<_>, Vec<_>) =
        analysis.notices.iter().partition(|notice| notice.lost.is_some());
    let mut groups: Vec<Group> = lost.iter().map(|notice| single(analysis, notice)).collect();
    let losses = groups.len();
    for notice in &harmless {
        let known = groups.iter_mut().skip(losses).find(|group| group.what == notice.what);
        match known {
            Some(group) => group.places.extend(place(analysis, notice)),
            None => groups.push(single(analysis, notice)),
        }
    }
    groups
}

fn single(analysis: &Analysis<'_>, notice: &Notice) -> Group {
    let places = place(analysis, notice).into_iter().collect();
    Group { lost: notice.lost.clone(), what: notice.what.clone(), places }
}

fn place(analysis: &Analysis<'_>, notice: &Notice) -> Option<String> {
    let path = notice.source.map(|id| analysis.path(id)).unwrap_or_default();
    let parts = [path, notice.at.as_str()].into_iter().filter(|part| !part.is_empty());
    let place = parts.collect::<Vec<_>>().join(", ");
    (!place.is_empty()).then_some(place)
}

impl Group {
    /// Some of its places, and how many more there are.
    pub(super) fn some_places(&self, shown: usize) -> String {
        let first = self.places.iter().take(shown).cloned().collect::<Vec<_>>().join("; ");
        match self.places.len().checked_sub(shown).filter(|more| *more > 0) {
            Some(more) => format!("{first} and {more} more"),
            None => first,
        }
    }

    /// The remark as one line.
    pub(super) fn text(&self) -> String {
        match self.places.as_slice() {
            [] => self.what.clone(),
            [place] => format!("{place}: {}", self.what),
            _ => format!("{} ({})", self.what, self.some_places(2)),
        }
    }
}
