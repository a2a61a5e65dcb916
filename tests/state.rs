//! State that was collected beside a ticket: what it proves, and what it does not.
#![allow(clippy::unwrap_used, reason = "a test may fail as loudly as it likes")]

use std::fs;

use serde_json::Value;

const TICKET: &str = "Ticket 4711\nServer: SRV01.example.com\nClient: PC07.example.com\n\n\
    Subject: Remote Desktop does not work\n\nRemote Desktop Connection: An internal error has occurred.\n";

const SERVER: &str = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Terminal Server";
const POLICY: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services";

/// The signatures and rules that speak for or against a cause, where the ticket comes with these files of the server, or of the
/// client below `client/`.
fn grounds(files: &[(&str, &str)], cause: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ticket.txt"), TICKET).unwrap();
    for side in ["server", "client"] {
        fs::create_dir(dir.path().join(side)).unwrap();
    }
    for (name, text) in files {
        let of_client = name.starts_with("client/");
        let folder = if of_client { dir.path().to_owned() } else { dir.path().join("server") };
        fs::write(folder.join(name), text).unwrap();
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

fn has(names: &[String], rule: &str) -> bool {
    names.iter().any(|name| name == rule)
}

#[test]
fn a_rule_that_lets_in_other_addresses_than_the_clients() {
    let rule = |remote: &str, action: &str| {
        format!(
            "Rule Name:                            Remote Desktop - User Mode (TCP-In)\n{}\nEnabled:                              Yes\n\
             Direction:                            In\nProfiles:                             Domain\nGrouping:                             Remote Desktop\n\
             LocalIP:                              Any\nRemoteIP:                             {remote}\n\
             Protocol:                             TCP\nLocalPort:                            3389\n\
             RemotePort:                           Any\nEdge traversal:                       No\n\
             Action:                               {action}\n",
            "-".repeat(70)
        )
    };
    let client = "Windows IP Configuration\n\n   Host Name . . . . . . . . . . . . : PC07\n\n   \
        IPv4 Address. . . . . . . . . . . : 192.168.1.7(Preferred)\n";
    let found = |remote: &str, action: &str| {
        let rule = rule(remote, action);
        grounds(&[("rules.txt", &rule), ("client/ipconfig.txt", client)], "firewall-blocked")
    };
    let out = found("10.0.0.0/8", "Allow");
    assert!(has(&out, "rules-leave-client-out"), "{out:?}");
    let inside = found("192.168.1.0/255.255.255.0", "Allow");
    assert!(!has(&inside, "rules-leave-client-out"), "{inside:?}");
    assert!(!has(&inside, "firewall-rule-narrow"), "the client is one of them: {inside:?}");
    let anybody = found("Any", "Allow");
    assert!(!has(&anybody, "rules-leave-client-out"), "{anybody:?}");
    // Nobody knows where the subnet of the server ends.
    assert!(!has(&found("LocalSubnet", "Allow"), "rules-leave-client-out"));
    assert!(has(&found("192.168.0.0/16", "Block"), "firewall-rule-blocks"));
    assert!(!has(&found("10.0.0.0/8", "Block"), "firewall-rule-blocks"), "it blocks others");
}

const NETSTAT: &str = "C:\\>netstat -ano\n\n  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       904\n  \
    TCP    0.0.0.0:3389           0.0.0.0:0              LISTENING       2316\n  \
    TCP    0.0.0.0:49664          0.0.0.0:0              LISTENING       712\n";

#[test]
fn the_process_that_holds_the_port_is_looked_up() {
    let tasks = |row: &str| {
        format!(
            "\nImage Name                     PID Services\n========================= ======== ============================================\n\
             System                           4 N/A\n{row}\n"
        )
    };
    let found = |row: &str| {
        grounds(&[("netstat.txt", NETSTAT), ("tasklist.txt", &tasks(row))], "listener-failure")
    };
    let taken = found("bastion-agent.exe             2316 BastionAgent");
    assert!(has(&taken, "port-owner"), "{taken:?}");
    // A host of services of which nobody says which.
    assert!(!has(&found("svchost.exe                   9999 TermService"), "port-owner"));
    let unknown = "\nImage Name                     PID Session Name        Session#    Mem Usage\n========================= ======== ================ =========== ============\n\
        System                           4 Services                   0        140 K\nsvchost.exe                   2316 Services                   0     12,380 K\n";
    let unknown =
        grounds(&[("netstat.txt", NETSTAT), ("tasklist.txt", unknown)], "listener-failure");
    assert!(!has(&unknown, "port-owner"), "{unknown:?}");
}

#[test]
fn a_policy_that_gpresult_names_counts_as_policy() {
    let result = "Microsoft (R) Windows (R) Operating System Group Policy Result tool v2.0\n\n            GPO: RDP Hardening\n                \
        Folder Id: SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services\\fDenyTSConnections\n                \
        Value:       1, 0, 0, 0\n                State:       Enabled\n";
    let found = grounds(&[("gpresult.txt", result)], "rdp-disabled");
    assert!(has(&found, "registry-rdp-denied-by-policy"), "{found:?}");
    let allowed = result.replace("1, 0, 0, 0", "0, 0, 0, 0");
    let local = format!("{SERVER}\n    fDenyTSConnections    REG_DWORD    0x1\n");
    let beaten = grounds(&[("gpresult.txt", &allowed), ("local.txt", &local)], "rdp-disabled");
    assert!(!beaten.iter().any(|name| name.starts_with("registry-rdp-denied")), "{beaten:?}");
}

#[test]
fn cipher_suites_of_both_sides() {
    let suites = |names: &[&str]| {
        format!("PS C:\\> Get-TlsCipherSuite | ft Name\n\nName\n----\n{}\n", names.join("\n"))
    };
    let server =
        suites(&["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]);
    let found = |client: &str| {
        grounds(&[("suites.txt", &server), ("client/suites.txt", client)], "tls-cipher-mismatch")
    };
    let old = suites(&["TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"]);
    assert!(has(&found(&old), "no-common-suite"));
    let same =
        suites(&["TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256_P256"]);
    assert!(!has(&found(&same), "no-common-suite"));
    assert!(!has(&grounds(&[("suites.txt", &server)], "tls-cipher-mismatch"), "no-common-suite"));
}

#[test]
fn clocks_asked_one_after_the_other() {
    let answers = |other: &str| {
        format!(
            "C:\\>net time \\\\dc01\nCurrent time at \\\\dc01 is 11/18/2026 9:20:05 AM\n\nThe command completed successfully.\n\n\
             C:\\>net time \\\\srv01\nCurrent time at \\\\srv01 is 11/18/2026 {other}\n\nThe command completed successfully.\n\n"
        )
    };
    let found = |other: &str| grounds(&[("time.txt", &answers(other))], "time-skew");
    assert!(has(&found("9:31:44 AM"), "answers-apart"));
    assert!(!has(&found("9:20:41 AM"), "answers-apart"), "asked half a minute later");
    assert!(!has(&found("3:20:41 PM"), "answers-apart"), "in another zone");
}

#[test]
fn what_kerberos_says_when_it_is_asked() {
    let failed = "C:\\>klist get TERMSRV/srv01\n\nCurrent LogonId is 0:0x4f2a1\nError calling API LsaCallAuthenticationPackage \
        (GetTicket substatus): 0x80090324\n\nklist failed with 0xc0000133/-1073741517: too far apart\n";
    assert!(has(&grounds(&[("client/klist.txt", failed)], "time-skew"), "klist-clock"));
    let gone = failed.replace("0x80090324", "0x51f").replace("0xc0000133", "0xc000005e");
    let found = grounds(&[("client/klist.txt", &gone)], "domain-unreachable");
    assert!(has(&found, "klist-no-logon-servers"), "{found:?}");
    assert!(!has(&grounds(&[("client/klist.txt", &gone)], "time-skew"), "klist-clock"));
}

#[test]
fn the_platforms_own_filters() {
    let filter = |provider: &str| {
        format!(
            "<wfpstate><layers numItems=\"1\"><item><filters numItems=\"1\"><item><displayData><name>x</name></displayData>\
             <providerKey>{provider}</providerKey><filterCondition numItems=\"1\"><item><fieldKey>FWPM_CONDITION_IP_LOCAL_PORT</fieldKey>\
             <conditionValue><type>FWP_UINT16</type><uint16>3389</uint16></conditionValue></item></filterCondition>\
             <action><type>FWP_ACTION_BLOCK</type></action><filterId>7</filterId></item></filters></item></layers></wfpstate>\n"
        )
    };
    let windows = filter("{decc16ca-3f33-4346-be1e-8fb4ae0f3d62}");
    let found = grounds(&[("wfpstate.xml", &windows)], "firewall-blocked");
    assert!(has(&found, "wfp-filter-blocks"), "{found:?}");
    let other = filter("{11111111-2222-3333-4444-555555555555}");
    let found = grounds(&[("wfpstate.xml", &other)], "endpoint-security");
    assert!(has(&found, "wfp-filter-of-another"), "{found:?}");
}

#[test]
fn names_in_the_file_hosts() {
    let hosts = "# Copyright (c) 1993-2009 Microsoft Corp.\n#\n# This is a sample HOSTS file used by Microsoft TCP/IP for Windows.\n\n\
        192.0.2.55    srv01.example.com srv01\n";
    let own = "Windows IP Configuration\n\n   Host Name . . . . . . . . . . . . : SRV01\n\n   \
        IPv4 Address. . . . . . . . . . . : 192.0.2.5(Preferred)\n";
    let found = grounds(&[("client/hosts", hosts), ("ipconfig.txt", own)], "dns-failure");
    assert!(has(&found, "name-leads-elsewhere"), "{found:?}");
    let right = hosts.replace(".55", ".5");
    let found = grounds(&[("client/hosts", &right), ("ipconfig.txt", own)], "dns-failure");
    assert!(!has(&found, "name-leads-elsewhere"), "{found:?}");
}
