//! Rules of Windows Firewall as the registry holds them, below `FirewallPolicy\FirewallRules`:
//! `v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|LPort=3389|RA4=10.0.0.0/255.0.0.0|Name=…|`.

/// The fields of a rule about Remote Desktop, as those of `netsh` have them; `None` for other values. `name` is that of the
/// value, `data` the rule.
pub(super) fn rule(name: &str, data: &str) -> Option<Vec<(&'static str, String)>> {
    let (version, rule) = data.split_once('|')?;
    version.strip_prefix('v')?.parse::<f32>().ok()?;
    let all = |wanted: &str| {
        let values = rule.split('|').filter_map(|part| part.split_once('='));
        values.filter(|(key, _)| *key == wanted).map(|(_, value)| value).collect::<Vec<_>>()
    };
    let ports = all("LPort");
    let about_rdp = ports.contains(&"3389") || name.starts_with("RemoteDesktop-UserMode-In-TCP");
    about_rdp.then_some(())?;
    let first = |wanted: &str| all(wanted).first().copied().unwrap_or_default();
    let remote = [all("RA4"), all("RA6"), all("RA42"), all("RA62")].concat();
    let word = |text: &str, pairs: [(&str, &'static str); 2]| {
        pairs.iter().find(|(known, _)| known.eq_ignore_ascii_case(text)).map_or("", |(_, to)| to)
    };
    let shown = if first("Name").starts_with('@') { name } else { first("Name") };
    let profiles = all("Profile");
    let protocol = match first("Protocol") {
        "6" => "TCP",
        "17" => "UDP",
        "" => "Any",
        other => other,
    };
    let fields = vec![
        ("Rule", shown.to_owned()),
        ("Enabled", word(first("Active"), [("TRUE", "yes"), ("FALSE", "no")]).to_owned()),
        ("Direction", word(first("Dir"), [("In", "in"), ("Out", "out")]).to_owned()),
        ("Profiles", profiles.join(",")),
        ("RemoteIP", if remote.is_empty() { "Any".to_owned() } else { remote.join(",") }),
        ("Protocol", protocol.to_owned()),
        ("LocalPort", ports.join(",")),
        ("Action", word(first("Action"), [("Allow", "allow"), ("Block", "block")]).to_owned()),
    ];
    Some(fields.into_iter().filter(|(_, value)| !value.is_empty()).collect())
}
