use crate::event::{Event, Origin, Position, SourceId, Timestamp};

/// The derived fields of an event of `provider` with `data`.
fn derived(provider: &str, id: u32, data: &[(&str, &str)]) -> String {
    let origin = Origin { source: SourceId(0), position: Position::Line(1) };
    let time = Timestamp::Utc("2026-11-18T20:41:53Z".parse().unwrap());
    let mut event = Event::text(provider, time, origin);
    event.event_id = Some(id);
    for (name, value) in data {
        event = event.with(name, *value);
    }
    event.derive_fields();
    let once = event.clone();
    event.derive_fields();
    assert_eq!(event, once, "deriving twice changes nothing");
    let new = event.data.iter().skip(data.len());
    new.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

const RCM: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager";
const SCM: &str = "Service Control Manager";
const TIME: &str = "Microsoft-Windows-Time-Service";
const KERNEL: &str = "Microsoft-Windows-Kernel-General";

#[test]
fn services_by_their_short_name() {
    let running = "4C0053004D002F0034000000";
    for (id, data, expected) in [
        (7036, vec![("param1", "LSM"), ("Binary", running)], "ServiceName=LSM ServiceState=4"),
        (7031, vec![("Binary", "530070006F006F006C00650072000000")], "ServiceName=Spooler"),
        (7040, vec![("param1", "要求"), ("param4", "TermService")], "ServiceName=TermService"),
        (7045, vec![("ServiceName", "x"), ("AccountName", "LocalSystem")], ""),
        (7036, vec![("Binary", "00")], ""),
    ] {
        assert_eq!(derived(SCM, id, &data), expected, "{data:?}");
    }
}

#[test]
fn the_status_of_term_dd() {
    let binary = |tail: &str| {
        format!(
            "0000040002002C000000000038000AC00000000038000AC000000000000000000000000000000000{tail}"
        )
    };
    for (tail, expected) in [
        ("32000AD0", "StatusCode=0xc00a0032 Address=192.0.2.5"),
        ("B50000D0", "StatusCode=0xc00000b5 Address=192.0.2.5"),
        ("30030980", "StatusCode=0x80090330 Address=192.0.2.5"),
    ] {
        let data =
            [("param1", r"\Device\Termdd"), ("param2", "192.0.2.5"), ("Binary", &binary(tail))];
        assert_eq!(derived("TermDD", 56, &data), expected);
    }
    let without = [("param1", r"\Device\Termdd"), ("Binary", &binary("30030980"))];
    assert_eq!(derived("TermDD", 56, &without), "StatusCode=0x80090330");
    let packet = "0000240002004C0000000000 32000AC00000000032000AC0000000000000000000000000000000002700\
                  00000300002002F08064000703EB701212001700F003EA0301000001040024000000";
    let packet = packet.replace(' ', "");
    let data = [("param1", r"\Device\Termdd"), ("param2", "X.224"), ("Binary", packet.as_str())];
    assert_eq!(derived("TermDD", 50, &data), "StatusCode=0xc00a0032");
}

#[test]
fn the_status_of_netlogon_and_lsasrv() {
    let data = [("param1", "CONTOSO"), ("param2", "%%1311"), ("Binary", "5E0000C0")];
    assert_eq!(derived("NETLOGON", 5719, &data), "StatusCode=0xc000005e");
    assert_eq!(derived("NETLOGON", 5805, &data[1..2]), "StatusCode=0x0000051f");
    let data =
        [("Protocol", "Kerberos"), ("Error", "\"Das Konto ist gesperrt.\r\n (0xc0000234)\"")];
    assert_eq!(derived("LsaSrv", 40960, &data), "StatusCode=0xc0000234");
}

#[test]
fn the_status_of_the_terminal_service() {
    for (text, expected) in [
        ("Access is denied.\r\n", "StatusCode=0x00000005"),
        ("%%2148073494", "StatusCode=0x80090016"),
        ("2148073487", "StatusCode=0x8009000f"),
        ("-2146893802", "StatusCode=0x80090016"),
        ("0x80090016", "StatusCode=0x80090016"),
        ("The specified domain either does not exist or could not be contacted.\r\n", ""),
        ("", ""),
    ] {
        assert_eq!(derived(RCM, 1057, &[("param1", text)]), expected, "{text}");
        assert_eq!(derived("TermService", 1058, &[("param1", text)]), expected, "{text}");
    }
    assert_eq!(derived(RCM, 1056, &[("param1", "5")]), "", "that is the name of a host");
    assert_eq!(derived("Other", 1057, &[("param1", "5")]), "");
}

#[test]
fn updates_by_their_number() {
    for (provider, data, expected) in [
        (
            "Microsoft-Windows-WindowsUpdateClient",
            ("updateTitle", "Update (KB2999226)"),
            "KB=KB2999226",
        ),
        ("Microsoft-Windows-Servicing", ("PackageIdentifier", "KB4049411"), "KB=KB4049411"),
        ("wmic qfe", ("HotFixID", "KB978695_WM11x64"), "KB=KB978695"),
        (
            "Microsoft-Windows-WindowsUpdateClient",
            ("updateTitle", "9NBLGGH10PG8-MICROSOFT.PEOPLE"),
            "",
        ),
        ("Other", ("updateTitle", "Update (KB2999226)"), ""),
    ] {
        assert_eq!(derived(provider, 19, &[data]), expected);
    }
}

#[test]
fn peers_and_accounts() {
    let data = [("Param1", r"CONTOSO\j.doe"), ("Param2", "CONTOSO"), ("Param3", "192.0.2.6")];
    assert_eq!(derived(RCM, 1149, &data), "Address=192.0.2.6 User=j.doe");
    let data = [("TargetUserName", "j.doe@example.com"), ("IpAddress", "-")];
    assert_eq!(derived("Microsoft-Windows-Security-Auditing", 4625, &data), "User=j.doe");
    let data = [("ConnType", "UDP"), ("ClientIP", "[192.0.2.16]:59407")];
    let rdp = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS";
    assert_eq!(derived(rdp, 131, &data), "Address=192.0.2.16");
    assert_eq!(derived(rdp, 140, &[("IPString", "::ffff:192.0.2.9")]), "Address=192.0.2.9");
}

#[test]
fn fields_of_the_record_itself_stay_and_are_cleaned_when_asked_for() {
    let origin = Origin { source: SourceId(0), position: Position::Line(1) };
    let mut event = Event::text("x", Timestamp::Undated, origin)
        .with("User", r"CONTOSO\j.doe")
        .with("Address", "LOCAL");
    event.derive_fields();
    assert_eq!((event.user(), event.address()), (Some("j.doe"), None));
    assert_eq!(event.field("User"), Some(r"CONTOSO\j.doe"));
}

#[test]
fn clocks_that_were_off() {
    for (provider, id, data, expected) in [
        (TIME, 34, vec![("SystemTimeChangeSeconds", "-16938018")], "SkewSeconds=16938018"),
        (TIME, 50, vec![("TimeDifferenceMilliseconds", "5000")], "SkewSeconds=5"),
        (TIME, 52, vec![("TimeOffsetSeconds", "67130")], "SkewSeconds=67130"),
        (
            KERNEL,
            1,
            vec![("NewTime", "2026-06-02T16:47:52.79Z"), ("OldTime", "2026-06-02T17:47:52.78Z")],
            "SkewSeconds=3599",
        ),
        (KERNEL, 1, vec![("TimeDeltaInMs", "-61000")], "SkewSeconds=61"),
        (
            "Microsoft-Windows-Security-Kerberos",
            3,
            vec![("ClientTime", ""), ("ServerTime", "20:51:53.0000 11/18/2026 Z")],
            "SkewSeconds=600",
        ),
        (KERNEL, 12, vec![("TimeDeltaInMs", "-61000")], ""),
    ] {
        assert_eq!(derived(provider, id, &data), expected, "{data:?}");
    }
}
