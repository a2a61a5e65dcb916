//! Security products: `Get-CimInstance -Namespace root/SecurityCenter2 AntiVirusProduct`, `FirewallProduct`.

use super::Fact;
use super::transcript::Part;

/// Reads the products that have reported to the Security Center, in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    for record in part.records() {
        let (name, state) = (record.get("displayName"), record.get("productState"));
        let Ok(state) = state.parse::<u32>() else { continue };
        // 0x1000 in the state says that it is on.
        let on = if state & 0xf000 == 0x1000 { "yes" } else { "no" };
        let own = name.contains("Windows Defender") || name.contains("Microsoft Defender");
        let fact = Fact::new("security-product", record.lines.0).up_to(record.lines.1);
        let maker = if own { "Windows" } else { "other" };
        facts.push(fact.with("Product", name).with("Running", on).with("Maker", maker));
    }
}
