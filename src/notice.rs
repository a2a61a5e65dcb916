//! What could not be read: damage is data, shown in every report, so that "nothing found" and "nothing readable" never
//! look alike.

use crate::event::SourceId;

/// Something in a bundle that could not be read, or not fully.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The source, unless it concerns the bundle as a whole.
    pub source: Option<SourceId>,
    /// Where in it: `chunk 3`, `line 17`, `member x/y`; empty for the whole.
    pub at: String,
    /// What is wrong, in words for a support engineer.
    pub what: String,
    /// What was lost by it (`about 120 records`); `None` when nothing was.
    pub lost: Option<String>,
}

impl Notice {
    /// A notice about one source that cost nothing.
    #[must_use]
    pub fn new(source: SourceId, at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { source: Some(source), at: at.into(), what: what.into(), lost: None }
    }

    /// The same notice, with what was lost.
    #[must_use]
    pub fn losing(mut self, lost: impl Into<String>) -> Self {
        self.lost = Some(lost.into());
        self
    }
}
