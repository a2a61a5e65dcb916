//! The descriptions of the cases in `fixtures/`: a file each, a ticket each.
//!
//! A new one is a file here, a `mod` line and an entry in [`all`]; `RDPWHY_BLESS=1 cargo test --test
//! fixtures` writes its files. What is true of it follows from what was made to happen, not from
//! what the tool says.

mod brute_force_storm;
mod cleared_log_in_zip;
mod credssp_after_may_2018;
mod cut_by_update_restart;
mod dies_silently_beside_update;
mod domain_unreachable_clock_ahead;
mod firewall_rule_narrowed;
mod german_key_access_denied;
mod healthy_hosts;
mod idle_limit_complaint;
mod key_access_denied_after_hardening;
mod key_fault_of_another_service;
mod key_missing_after_upgrade;
mod line_drops_for_all;
mod locked_account_not_the_update;
mod logon_right_removed;
mod logs_begin_too_late;
mod nothing_is_wrong;
mod old_name_only;
mod repair_is_not_the_trigger;
mod snapshot_clock_behind;
mod tls_versions_hardened;
mod two_servers_two_causes;

use crate::support::case_builder::Case;

/// Every case: (folder of `fixtures/`, its files).
pub(crate) fn all() -> Vec<(&'static str, Case)> {
    let cases = [
        brute_force_storm::case(),
        cleared_log_in_zip::case(),
        credssp_after_may_2018::case(),
        cut_by_update_restart::case(),
        dies_silently_beside_update::case(),
        domain_unreachable_clock_ahead::case(),
        firewall_rule_narrowed::case(),
        german_key_access_denied::case(),
        idle_limit_complaint::case(),
        key_access_denied_after_hardening::case(),
        key_fault_of_another_service::case(),
        key_missing_after_upgrade::case(),
        line_drops_for_all::case(),
        locked_account_not_the_update::case(),
        logon_right_removed::case(),
        logs_begin_too_late::case(),
        nothing_is_wrong::case(),
        old_name_only::case(),
        repair_is_not_the_trigger::case(),
        snapshot_clock_behind::case(),
        tls_versions_hardened::case(),
        two_servers_two_causes::case(),
    ];
    let healthy = [healthy_hosts::file_server(), healthy_hosts::exposed_host()];
    let of = |folder| move |case| (folder, case);
    cases.into_iter().map(of("cases")).chain(healthy.into_iter().map(of("healthy"))).collect()
}
