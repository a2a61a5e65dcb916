//! What people write about a failed connection: the copied error box of the Remote Desktop client, and the ticket, mail
//! or JSON export around it.
//!
//! `mstsc.exe` copies its box with Ctrl+C as sections in brackets; the codes are in the expanded part only:
//!
//! ```text
//! [Window Title]
//! Remote Desktop Connection
//!
//! [Content]
//! This computer can't connect to the remote computer.
//!
//! [Expanded Information]
//! Error code: 0x904
//! Extended error code: 0x7
//! Timestamp (UTC): 11/18/26 09:41:53 PM
//! ```
//!
//! People type it again, quote it, run screenshots through text recognition, or give only the numbers. [`text`] makes
//! lines of whatever holds them, [`dialogs`] finds the codes, [`messages`] the sentences, [`ticket`] the heading.
//! Nothing here is a log, so this format comes last and leaves alone whatever looks like one ([`shape`]).

mod dialogs;
mod messages;
mod shape;
mod text;
mod ticket;

use self::text::Text;
use super::{Parser, Sink, damage, event_xml};
use crate::source::Source;

/// Ticket text with error boxes in it.
pub struct MstscDialog;

impl Parser for MstscDialog {
    fn format(&self) -> &'static str {
        "ticket-text"
    }

    fn sniff(&self, source: &Source) -> bool {
        shape::is_ticket(source)
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let text = Text::of(lines.by_ref().collect());
        damage::report(&lines, source, sink);
        let (heading, used) = ticket::heading(&text, source);
        let found = dialogs::find(&text);
        let mut events = messages::find(&text, &used, source, sink);
        events.extend(heading);
        events.extend(found.iter().map(|dialog| dialog.event(source)));
        // File order; `sort_by_key` keeps what stands on one line as it is.
        events.sort_by_key(|event| event.origin.position);
        events.into_iter().for_each(|event| sink.event(event));
        if let Some(quoted) = text.quoted_events() {
            event_xml::read(quoted.as_bytes(), source, sink);
        }
    }
}
