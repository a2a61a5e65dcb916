//! A sink that takes everything.

use rdpwhy::event::Event;
use rdpwhy::notice::Notice;
use rdpwhy::parsers::{CoverageSpan, Interest, Sink};

/// Wants everything, and keeps the events.
pub struct Everything {
    interest: Interest,
    /// What came.
    pub events: Vec<Event>,
}

impl Everything {
    /// Nothing has come yet.
    pub fn new() -> Self {
        Self { interest: Interest::everything(), events: Vec::new() }
    }
}

impl Sink for Everything {
    fn interest(&self) -> &Interest {
        &self.interest
    }
    fn event(&mut self, event: Event) {
        self.events.push(event);
    }
    fn coverage(&mut self, _: CoverageSpan) {}
    fn notice(&mut self, _: Notice) {}
}
