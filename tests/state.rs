//! State that was collected beside a ticket: what it proves, and what it does not.
#![allow(clippy::unwrap_used, reason = "a test may fail as loudly as it likes")]

use std::fs;

use serde_json::Value;

const TICKET: &str = "Ticket 4711\nServer: SRV01.example.com\nClient: PC07.example.com\n\n\
    Subject: Remote Desktop does not work\n\nRemote Desktop Connection: An internal error has occurred.\n";

const SERVER: &str = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Terminal Server";
const POLICY: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services";

/// The signatures and rules that speak for or against a cause, where the ticket comes with these files of the server.
fn grounds(files: &[(&str, &str)], cause: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ticket.txt"), TICKET).unwrap();
    fs::create_dir(dir.path().join("server")).unwrap();
    for (name, text) in files {
        fs::write(dir.path().join("server").join(name), text).unwrap();
    }
    let mut command = assert_cmd::Command::cargo_bin("rdpwhy").unwrap();
    let run = command.arg("analyze").arg(dir.path()).args(["--quiet", "--format", "json"]).output();
    let result: Value = serde_json::from_slice(&run.unwrap().stdout).unwrap();
    let mut found = Vec::new();
    collect(result.get("incidents").unwrap(), cause, &mut found);
    found
}

/// Every `signature` below the entry of a cause, whatever the result calls the lists around it.
fn collect(node: &Value, cause: &str, found: &mut Vec<String>) {
    match node {
        Value::Array(items) => items.iter().for_each(|item| collect(item, cause, found)),
        Value::Object(map) if map.get("id").is_some_and(|id| id == cause) => {
            names(node, found);
        }
        Value::Object(map) => map.values().for_each(|value| collect(value, cause, found)),
        _ => {}
    }
}

fn names(node: &Value, found: &mut Vec<String>) {
    match node {
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        Value::Object(map) => {
            found.extend(map.get("signature").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| names(value, found));
        }
        _ => {}
    }
}

#[test]
fn a_policy_that_allows_beats_the_local_value_that_denies() {
    let local = format!("{SERVER}\n    fDenyTSConnections    REG_DWORD    0x1\n");
    let policy = format!("{POLICY}\n    fDenyTSConnections    REG_DWORD    0x0\n");
    let alone = grounds(&[("local.txt", &local)], "rdp-disabled");
    assert!(alone.iter().any(|name| name == "registry-rdp-denied"), "{alone:?}");
    let both = grounds(&[("local.txt", &local), ("policy.txt", &policy)], "rdp-disabled");
    assert!(!both.iter().any(|name| name == "registry-rdp-denied"), "{both:?}");
}

#[test]
fn an_assigned_certificate_that_no_store_shows() {
    let registry = format!(
        "{SERVER}\\WinStations\\RDP-Tcp\n    SSLCertificateSHA1Hash    REG_BINARY    \
         00112233445566778899AABBCCDDEEFF00112233\n"
    );
    let store = |hash: &str| {
        format!(
            "My \"Personal\"\n================ Certificate 0 ================\nIssuer: CN=SRV01\n\
             Cert Hash(sha1): {hash}\nEncryption test passed\nCertUtil: -store command completed successfully.\n"
        )
    };
    let rule = |names: &[String]| names.iter().any(|name| name == "assigned-certificate-gone");
    let other = store("ffeeddccbbaa99887766554433221100ffeeddcc");
    let gone = grounds(&[("reg.txt", &registry), ("my.txt", &other)], "cert-key-missing");
    assert!(rule(&gone), "{gone:?}");
    let same = store("00112233445566778899aabbccddeeff00112233");
    let there = grounds(&[("reg.txt", &registry), ("my.txt", &same)], "cert-key-missing");
    assert!(!rule(&there), "{there:?}");
    assert!(!rule(&grounds(&[("reg.txt", &registry)], "cert-key-missing")));
}

#[test]
fn a_key_without_network_service_speaks_for_denied_access() {
    let key = "C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\\f686aace6942fb7f7ceb231212eef4a4_0f1e \
               NT AUTHORITY\\SYSTEM:(F)\n        BUILTIN\\Administrators:(F)\n";
    let found = grounds(&[("icacls.txt", key)], "cert-key-access-denied");
    assert!(found.iter().any(|name| name == "acl-rdp-key-network-service"), "{found:?}");
}

#[test]
fn a_name_that_leads_to_another_machine() {
    let lookup = "C:\\>nslookup srv01\nServer:  dc01.example.com\nAddress:  192.0.2.53\n\n\
        Name:    srv01.example.com\nAddress:  192.0.2.55\n";
    let own = |address: &str| {
        format!(
            "Windows IP Configuration\n\n   Host Name . . . . . . . . . . . . : SRV01\n\n   \
             IPv4 Address. . . . . . . . . . . : {address}(Preferred)\n"
        )
    };
    let rule = |names: &[String]| names.iter().any(|name| name == "name-leads-elsewhere");
    let moved = own("192.0.2.5");
    let moved = grounds(&[("nslookup.txt", lookup), ("ipconfig.txt", &moved)], "dns-failure");
    assert!(rule(&moved), "{moved:?}");
    let same = own("192.0.2.55");
    let same = grounds(&[("nslookup.txt", lookup), ("ipconfig.txt", &same)], "dns-failure");
    assert!(!rule(&same), "{same:?}");
    assert!(
        !rule(&grounds(&[("nslookup.txt", lookup)], "dns-failure")),
        "nobody knows its address"
    );
    let other = lookup.replace("srv01", "srv02");
    let other =
        grounds(&[("nslookup.txt", &other), ("ipconfig.txt", &own("192.0.2.5"))], "dns-failure");
    assert!(!rule(&other), "{other:?}");
}

#[test]
fn a_service_that_may_not_start_is_not_a_blocked_port() {
    let sc = "C:\\>sc qc TermService\n[SC] QueryServiceConfig SUCCESS\n\nSERVICE_NAME: TermService\n        \
        START_TYPE         : 4   DISABLED\n";
    let found = grounds(&[("sc.txt", sc)], "rdp-disabled");
    assert!(found.iter().any(|name| name == "services-termservice-disabled"), "{found:?}");
    let manual = sc.replace("4   DISABLED", "3   DEMAND_START");
    let found = grounds(&[("sc.txt", &manual)], "rdp-disabled");
    assert!(!found.iter().any(|name| name == "services-termservice-disabled"), "{found:?}");
}

#[test]
fn somebody_elses_certificate_on_the_port() {
    let openssl = |name: &str| {
        format!(
            "$ openssl s_client -connect srv01.example.com:3389\nCertificate chain\n 0 s:CN = {name}\n   i:CN = {name}\n"
        )
    };
    let store = "Remote Desktop \"Remote Desktop\"\n================ Certificate 0 ================\n\
        Issuer: CN=SRV01.example.com\nSubject: CN=SRV01.example.com\n\
        Cert Hash(sha1): 00112233445566778899aabbccddeeff00112233\n\
        CertUtil: -store command completed successfully.\n";
    let rule = |names: &[String]| names.iter().any(|name| name == "certificate-of-another");
    let found = |name: &str| {
        grounds(&[("openssl.txt", &openssl(name)), ("store.txt", store)], "third-party-endpoint")
    };
    assert!(rule(&found("appliance")));
    assert!(!rule(&found("srv01.example.com")));
    assert!(!rule(&found("*.example.com")), "a certificate for many names may be assigned to it");
}
