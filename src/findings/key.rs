//! What hits are told apart by, owned and borrowed.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::sync::Arc;

use crate::signatures::SignatureId;

/// What hits are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// The signature.
    pub signature: SignatureId,
    /// The computer that logged it, as logged; empty for text.
    pub host: Arc<str>,
    /// The peer's address or the KB, when the event names one.
    pub about: Arc<str>,
}

/// The parts of a key, so that one can be looked up that borrows them.
pub(super) trait Parts {
    fn parts(&self) -> (SignatureId, &str, &str);
}

impl Parts for SeriesKey {
    fn parts(&self) -> (SignatureId, &str, &str) {
        (self.signature, &self.host, &self.about)
    }
}

impl Parts for (SignatureId, &str, &str) {
    fn parts(&self) -> (SignatureId, &str, &str) {
        *self
    }
}

impl<'k> Borrow<dyn Parts + 'k> for SeriesKey {
    fn borrow(&self) -> &(dyn Parts + 'k) {
        self
    }
}

impl PartialEq for dyn Parts + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn Parts + '_ {}

impl PartialOrd for dyn Parts + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for dyn Parts + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}
