//! The types and sizes that the last instance of a template had: the next one mostly has them again, but for the
//! lengths of its texts, and what was found out about them then holds.

use super::values::{RULES, Value};
use super::{Odd, Sure};

/// A table of types and sizes that was found good.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    entries: Vec<u32>,
    /// The bits in which another entry must agree to be found as good, for each.
    decisive: Vec<u32>,
    /// The values that need a closer look.
    pub(crate) special: u128,
}

impl Layout {
    /// Remembers a table; gives how many bytes its values have. Odd when one of them cannot be what it says.
    pub(crate) fn learn(&mut self, table: &[[u8; 4]]) -> Sure<u32> {
        self.entries.clear();
        self.decisive.clear();
        self.special = 0;
        let (mut fit, mut bytes) = (true, 0_u32);
        for (hole, entry) in table.iter().enumerate() {
            let [low, high, kind, _] = *entry;
            let size = u16::from_le_bytes([low, high]);
            #[expect(clippy::indexing_slicing, reason = "the table has a rule for each byte")]
            let rule = &RULES[usize::from(kind)];
            fit &= rule.fits(size);
            if rule.special {
                self.special |= 1 << hole;
            }
            bytes = bytes.wrapping_add(u32::from(size));
            self.entries.push(u32::from_le_bytes(*entry));
            self.decisive.push(rule.decisive());
        }
        if fit {
            return Ok(bytes);
        }
        *self = Self::default();
        Err(Odd)
    }

    /// How many bytes the values of another table have, when it is as good as the one that is remembered and needs the
    /// same closer looks.
    pub(crate) fn accepts(&self, table: &[[u8; 4]]) -> Option<u32> {
        if self.entries.len() != table.len() {
            return None;
        }
        // No way out of this loop, so that several entries are compared at a time.
        let (mut differs, mut bytes) = (0, 0_u32);
        for ((entry, known), decisive) in table.iter().zip(&self.entries).zip(&self.decisive) {
            let entry = u32::from_le_bytes(*entry);
            differs |= (entry ^ known) & decisive;
            // 128 values of 64 KiB at the most: this does not overflow.
            bytes = bytes.wrapping_add(entry & 0xffff);
        }
        (differs == 0).then_some(bytes)
    }

    /// How many values a look has to place: up to the last that needs a closer one.
    pub(crate) fn reach(&self) -> usize {
        (u128::BITS - self.special.leading_zeros()) as usize
    }
}

/// Where the values of a table are, from an offset on.
pub(crate) fn place(table: &[[u8; 4]], mut at: u32) -> impl Iterator<Item = Value> {
    table.iter().map(move |&[low, high, kind, _]| {
        let bytes = u16::from_le_bytes([low, high]);
        let value = Value { at, bytes, kind };
        at = at.wrapping_add(u32::from(bytes));
        value
    })
}
