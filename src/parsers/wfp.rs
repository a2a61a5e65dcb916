//! The filtering platform: `netsh wfp show netevents` (`netevents.xml`), `netsh wfp show state` and `show filters`
//! (`wfpstate.xml`, `filters.xml`).
//!
//! ```xml
//! <netEvents numItems="1"><item>
//!   <header><timeStamp>2026-11-18T08:14:02.115Z</timeStamp>…<ipProtocol>6</ipProtocol>
//!     <localAddrV4>192.0.2.5</localAddrV4><remoteAddrV4>192.0.2.9</remoteAddrV4><localPort>3389</localPort>…</header>
//!   <type>FWPM_NET_EVENT_TYPE_CLASSIFY_DROP</type><classifyDrop><filterId>66305</filterId>…</classifyDrop></item>
//! ```
//!
//! A state has some ten thousand filters, of which those count that block and name the port of Remote Desktop. Times are
//! UTC; a filter has none. The files are read as a stream, by the names of the elements alone.

use std::io::BufRead;

use chrono::{DateTime, Utc};
use quick_xml::Reader;
use quick_xml::events::Event as Xml;

use super::firewall_log::is_near;
use super::{Parser, Sink, damage};
use crate::bundle::limits;
use crate::event::{Event, Timestamp};
use crate::notice::Notice;
use crate::source::Source;

/// Dumps of the filtering platform.
pub struct Wfp;

const RDP: &str = "3389";

/// The provider of Windows Firewall itself; other filters come from other products.
const WINDOWS_FIREWALL: [&str; 2] =
    ["{decc16ca-3f33-4346-be1e-8fb4ae0f3d62}", "{4b153735-1049-4480-aab4-d1b9bdc03710}"];

/// Text of one element that is looked at.
const TEXT: usize = 1024;

impl Parser for Wfp {
    fn format(&self) -> &'static str {
        "wfp"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let head: String = text.chars().take(2048).collect();
        let root = ["<netEvents", "<wfpstate", "<wfpdiag", "<filters "];
        root.iter().any(|root| head.contains(root))
            && (text.contains("FWPM_") || text.contains("<header>") || text.contains("numItems="))
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        match source.utf8() {
            Ok(text) => read(text, source, sink),
            Err(error) => damage::unreadable(source, &error, sink),
        }
    }
}

/// What has been seen of the item that is being read: a net event, or a filter.
#[derive(Debug, Default)]
struct Item {
    values: Vec<(String, String)>,
    /// The ports of its conditions.
    field: String,
    ports: Vec<String>,
}

impl Item {
    fn get(&self, name: &str) -> &str {
        let same = |(known, _): &&(String, String)| known == name;
        self.values.iter().find(same).map_or("", |(_, value)| value)
    }

    fn put(&mut self, name: &str, text: &str) {
        match name {
            "fieldKey" => text.clone_into(&mut self.field),
            "uint16" if self.field == "FWPM_CONDITION_IP_LOCAL_PORT" => {
                self.ports.push(text.to_owned());
            }
            _ if self.values.len() < limits::EVENT_FIELDS => {
                self.values.push((name.to_owned(), text.to_owned()));
            }
            _ => {}
        }
    }
}

fn read(text: Box<dyn BufRead + '_>, source: &Source, sink: &mut dyn Sink) {
    let mut reader = Reader::from_reader(text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut buffer = Vec::new();
    let (mut path, mut item, mut count): (Vec<String>, Item, u64) =
        (Vec::new(), Item::default(), 0);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Xml::Start(start)) => {
                let name = start.local_name().as_ref().to_owned();
                if path.len() >= limits::EVENT_XML_DEPTH {
                    let what = "elements are nested deeper than is read";
                    sink.notice(Notice::new(source.id, "", what).losing("the rest of it"));
                    return;
                }
                let opens = name == "item" && matches!(last(&path), "netEvents" | "filters");
                if opens {
                    item = Item::default();
                    count += 1;
                }
                path.push(name);
            }
            Ok(Xml::Text(value)) => {
                let value: &str = &value;
                let value = value.trim();
                let named = meaning(&path);
                if !value.is_empty() && value.len() <= TEXT && !named.is_empty() {
                    item.put(named, value);
                }
            }
            Ok(Xml::End(_)) => {
                let closed = path.pop();
                if closed.as_deref() == Some("item") {
                    let event = match last(&path) {
                        "netEvents" => net_event(&item, source, count),
                        "filters" => filter(&item, source, count),
                        _ => None,
                    };
                    if let Some(event) = event {
                        sink.event(event);
                    }
                }
            }
            Ok(Xml::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                let what = format!("the XML breaks off: {error}");
                sink.notice(Notice::new(source.id, "", what).losing("the rest of it"));
                return;
            }
        }
    }
    if !path.is_empty() {
        let what = "the file is cut off";
        sink.notice(Notice::new(source.id, "", what).losing("the rest of it"));
    }
}

/// What the text in an element says of an item; empty when nothing that is wanted.
fn meaning(path: &[String]) -> &str {
    let above = path.len().checked_sub(2).and_then(|at| path.get(at));
    match (above.map(String::as_str), last(path)) {
        // The names of conditions and of layers are not those of the filter.
        (Some("displayData"), "name") => "name",
        (Some("action"), "type") => "action",
        (Some("item"), "type") => "type",
        (_, "type" | "name") => "",
        (_, name) => name,
    }
}

fn last(path: &[String]) -> &str {
    path.last().map_or("", String::as_str)
}

/// A packet to or from the port of Remote Desktop that was dropped.
fn net_event(item: &Item, source: &Source, number: u64) -> Option<Event> {
    let outbound = item.get("remotePort") == RDP && item.get("localPort") != RDP;
    let is_rdp = outbound || item.get("localPort") == RDP;
    let dropped = item.get("type").ends_with("CLASSIFY_DROP");
    (is_rdp && dropped).then_some(())?;
    let time = DateTime::parse_from_rfc3339(item.get("timeStamp")).ok()?.with_timezone(&Utc);
    let address = ["remoteAddrV4", "remoteAddrV6"].map(|name| item.get(name)).concat();
    let event = Event::text("wfp", Timestamp::Utc(time), source.record(number))
        .with("Statement", "drop")
        .with("Direction", if outbound { "out" } else { "in" })
        .with("Scope", if is_near(&address) { "near" } else { "internet" })
        .with("Address", address)
        .with("Port", RDP);
    Some(event.with("Filter", item.get("filterId")))
}

/// A filter that blocks the port of Remote Desktop.
fn filter(item: &Item, source: &Source, number: u64) -> Option<Event> {
    let blocks = item.get("action") == "FWP_ACTION_BLOCK";
    // Another product looks at the packet and decides.
    let asks = item.get("action").starts_with("FWP_ACTION_CALLOUT");
    let on_port = item.ports.iter().any(|port| port == RDP);
    ((blocks || asks) && on_port).then_some(())?;
    let provider = item.get("providerKey").to_ascii_lowercase();
    let own = provider.is_empty() || WINDOWS_FIREWALL.contains(&provider.as_str());
    let event = Event::text("wfp", Timestamp::Undated, source.record(number))
        .with("Statement", "filter")
        .with("Name", item.get("name"))
        .with("Action", if blocks { "block" } else { "callout" })
        .with("Layer", item.get("layerKey"))
        .with("Port", RDP)
        .with("Filter", item.get("filterId"));
    Some(event.with("Maker", if own { "Windows" } else { "other" }).with("MakerKey", provider))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn drops_on_the_port_and_no_others() {
        let drop = |local: &str, remote: &str, kind: &str| {
            format!(
                "<item><header><timeStamp>2026-11-18T08:14:02.115Z</timeStamp><ipProtocol>6</ipProtocol>\
                 <localAddrV4>192.0.2.5</localAddrV4><remoteAddrV4>192.0.2.9</remoteAddrV4>\
                 <localPort>{local}</localPort><remotePort>{remote}</remotePort></header>\
                 <type>FWPM_NET_EVENT_TYPE_{kind}</type><classifyDrop><filterId>66305</filterId></classifyDrop></item>\n"
            )
        };
        let text = format!(
            "<netEvents numItems=\"4\">\n{}{}{}{}",
            drop("3389", "51001", "CLASSIFY_DROP"),
            drop("445", "51002", "CLASSIFY_DROP"),
            drop("3389", "51003", "CLASSIFY_ALLOW"),
            drop("51004", "3389", "CLASSIFY_DROP"),
        );
        insta::assert_snapshot!(parse(&Wfp, format!("{text}</netEvents>")), @r#"
        record 1: 2026-11-18T08:14:02.115Z, wfp Statement="drop" Direction="in" Scope="internet" Address="192.0.2.9" Port="3389" Filter="66305"
        record 4: 2026-11-18T08:14:02.115Z, wfp Statement="drop" Direction="out" Scope="internet" Address="192.0.2.9" Port="3389" Filter="66305"
        "#);
        assert!(parse(&Wfp, text).contains("cut off"));
        assert!(!Wfp.sniff(&source("<Events><Event><System/></Event></Events>")));
    }

    #[test]
    fn filters_that_block_the_port() {
        let filter = |name: &str, provider: &str, port: &str, action: &str| {
            format!(
                "<item><filterKey>{{a}}</filterKey><displayData><name>{name}</name><description/></displayData>\
                 <providerKey>{provider}</providerKey><layerKey>FWPM_LAYER_ALE_AUTH_RECV_ACCEPT_V4</layerKey>\
                 <filterCondition numItems=\"1\"><item><fieldKey>FWPM_CONDITION_IP_LOCAL_PORT</fieldKey>\
                 <matchType>FWP_MATCH_EQUAL</matchType><conditionValue><type>FWP_UINT16</type><uint16>{port}</uint16>\
                 </conditionValue></item></filterCondition><action><type>{action}</type><filterType/></action>\
                 <filterId>70001</filterId></item>\n"
            )
        };
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<wfpstate><layers numItems=\"1\"><item><filters numItems=\"3\">{}{}{}</filters></item></layers></wfpstate>",
            filter(
                "Agent: lock down",
                "{11111111-2222-3333-4444-555555555555}",
                "3389",
                "FWP_ACTION_BLOCK"
            ),
            filter(
                "Remote Desktop - User Mode (TCP-In)",
                "{decc16ca-3f33-4346-be1e-8fb4ae0f3d62}",
                "3389",
                "FWP_ACTION_PERMIT"
            ),
            filter("Other", "", "5985", "FWP_ACTION_BLOCK"),
        );
        insta::assert_snapshot!(parse(&Wfp, text), @r#"
        record 1: undated, wfp Statement="filter" Name="Agent: lock down" Action="block" Layer="FWPM_LAYER_ALE_AUTH_RECV_ACCEPT_V4" Port="3389" Filter="70001" Maker="other" MakerKey="{11111111-2222-3333-4444-555555555555}"
        "#);
    }
}
