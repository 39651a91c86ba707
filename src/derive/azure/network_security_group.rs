//! Derivation: what a network security group of Azure lets in from the internet.
//!
//! Rules are tried in the order of their priority, and the first that fits a packet decides. So what a group lets in is
//! what its rules allow, less what earlier rules deny. The arithmetic of addresses, and what *internet-wide* and
//! *everything* mean, is that of security groups in AWS.
//!
//! Each port range is reckoned twice: with all that is sure, and with all that may be. Where the two do not come to the
//! same, the list of what the group lets in is not whole. Unsure are service tags other than those named here (whose
//! addresses Azure changes every week), application security groups as the destination (which may have no members), and
//! several denials that each take away a part of a destination.
//!
//! A group that is attached to no subnet and no network interface lets nothing in. A group says what it lets in, whether
//! or not a machine behind it has a public address; and rules of Azure Virtual Network Manager, which come before those
//! of any group, are not looked at.
//!
//! Sources: Microsoft.Network, `SecurityRulePropertiesFormat`; Microsoft Learn, "Azure network security groups overview"
//! (priority, default rules, augmented rules), "Virtual network service tags" (Internet: addresses outside the virtual
//! network that the public internet reaches; `VirtualNetwork`; `AzureLoadBalancer`: 168.63.129.16), "Application security
//! groups" (network interfaces of the same virtual network).

use crate::derive::security_group::{self, PORT_BOUND, Source, internet_wide};
use crate::model::gap::Gap;
use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::read::FieldKind;
use crate::model::resource::{Resource, ResourceKey};
use ipnet::IpNet;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const OPEN: &str = "azure.network.internet_ingress";
const WIDE: &str = "azure.network.wide_internet_ingress";
const GROUP: &str = "azure.network.network_security_group";

/// The derived types, with their fields.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    let (open, wide) = security_group::fields();
    BTreeMap::from([(OPEN, open), (WIDE, wide)])
}

/// Adds the derived resources and lists to the inventory.
pub(super) fn derive(inventory: &mut Inventory) {
    let mut derived: BTreeMap<&str, (Vec<Resource>, Vec<Listing>)> = [OPEN, WIDE]
        .map(|kind| {
            let lists = inventory.listings_of(GROUP).iter();
            (kind, (Vec::new(), lists.map(|list| Listing { kind: kind.to_owned(), ..list.clone() }).collect()))
        })
        .into();
    for group in inventory.of(GROUP) {
        let evidence = group.evidence(["rules", "default_rules", "subnets", "network_interfaces"]);
        let found = opened(group);
        let mut give = |kind: &'static str, resources: Vec<Resource>, doubts: &BTreeSet<String>| {
            let (all, lists) = derived.entry(kind).or_default();
            all.extend(resources);
            let gaps: BTreeSet<Gap> = doubts.iter().map(|what| doubt(group, what)).collect();
            let state = if gaps.is_empty() { ListState::Complete(evidence.clone()) } else { ListState::Cut(gaps) };
            let (account, region) = (group.key.account.clone(), group.key.region.clone());
            lists.push(Listing { kind: kind.to_owned(), account, region, parent: Some(group.key.id.clone()), state });
        };
        let open = found.open.iter().map(|piece| {
            let name = format!("{}/{}-{}", piece.protocol, piece.from, piece.to);
            let mut resource = derived_from(group, OPEN, &name, piece.protocol, &piece.sources, &evidence);
            resource.set("from_port", piece.from.into(), []);
            resource.set("to_port", piece.to.into(), []);
            resource
        });
        give(OPEN, open.collect(), &found.doubts);
        let wide = found.everything();
        let wide = wide.map(|(protocol, sources)| derived_from(group, WIDE, protocol, protocol, &sources, &evidence));
        give(WIDE, wide.into_iter().collect(), &found.doubts);
    }
    for (kind, (resources, listings)) in derived {
        inventory.resources.insert(kind.to_owned(), resources);
        inventory.listings.insert(kind.to_owned(), listings);
        inventory.parent_field.insert(kind.to_owned(), "group".to_owned());
    }
}

fn derived_from(
    group: &Resource,
    kind: &str,
    name: &str,
    protocol: &str,
    sources: &str,
    evidence: &BTreeSet<String>,
) -> Resource {
    let id = format!("{}/{name}", group.key.id);
    let mut resource = Resource::new(ResourceKey { kind: kind.to_owned(), id, ..group.key.clone() });
    resource.from.entry(String::new()).or_default().extend(evidence.iter().cloned());
    resource.set("group", group.key.id.clone().into(), []);
    resource.set("protocol", protocol.into(), []);
    resource.set("sources", sources.into(), []);
    resource
}

fn doubt(group: &Resource, what: &str) -> Gap {
    Gap {
        read: "Microsoft.Network:NetworkSecurityGroups_ListAll".to_owned(),
        action: "Microsoft.Network/networkSecurityGroups/read".to_owned(),
        account: group.key.account.clone(),
        region: group.key.region.clone(),
        parent: Some(group.key.id.clone()),
        outcome: crate::model::plan::Outcome::Failed,
        code: None,
        detail: Some(what.to_owned()),
        evidence: group.evidence([]).into_iter().next(),
    }
}

/// Ports of one protocol that are open to the internet.
#[derive(Debug, PartialEq)]
struct Piece {
    /// `tcp`, `udp`, `icmp`, or `other`.
    protocol: &'static str,
    from: i64,
    to: i64,
    sources: String,
}

#[derive(Debug, Default)]
struct Opened {
    open: Vec<Piece>,
    /// Why there may be more.
    doubts: BTreeSet<String>,
}

impl Opened {
    /// The protocol by which everything is let in: `*`, or `tcp`.
    fn everything(&self) -> Option<(&'static str, String)> {
        let ports = |protocol: &str| -> i64 {
            self.open.iter().filter(|piece| piece.protocol == protocol).map(|piece| piece.to - piece.from + 1).sum()
        };
        let tcp = ports("tcp") > PORT_BOUND;
        let sources = self.open.iter().find(|piece| piece.protocol == "tcp").map(|piece| piece.sources.clone());
        let all = tcp && ports("udp") > PORT_BOUND && self.open.iter().any(|piece| piece.protocol == "other");
        sources.filter(|_| tcp).map(|sources| (if all { "*" } else { "tcp" }, sources))
    }
}

/// Where packets come from or go to, as far as the text tells.
#[derive(Debug, Clone, Default)]
struct Place {
    nets: Vec<Source>,
    /// Tags and groups whose addresses are not known.
    unknown: BTreeSet<String>,
}

#[derive(Debug)]
struct Rule {
    name: String,
    priority: i64,
    allow: bool,
    protocol: String,
    ports: Vec<(i64, i64)>,
    source: Place,
    /// Nothing where every address of the network is meant.
    destination: Option<Place>,
    /// Packets of some ports of the sender only.
    some_senders: bool,
}

const EVERYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];
/// The protocols that are told apart; `other` is every one that has no name here.
const PROTOCOLS: [&str; 4] = ["tcp", "udp", "icmp", "other"];

fn opened(group: &Resource) -> Opened {
    let mut found = Opened::default();
    let attached = |field: &str| group.get(field).and_then(Value::as_array).map(|list| !list.is_empty());
    match (attached("subnets"), attached("network_interfaces")) {
        (Some(true), _) | (_, Some(true)) => {}
        (Some(false), Some(false)) => return found,
        _ => {
            found.doubts.insert("the answer does not tell what it is attached to".to_owned());
            return found;
        }
    }
    let Some(Value::Array(own)) = group.get("rules") else {
        found.doubts.insert("its rules are not in the answer".to_owned());
        return found;
    };
    let defaults = group.get("default_rules").and_then(Value::as_array);
    let (mut rules, mut broken) = (Vec::new(), false);
    for rule in own.iter().chain(defaults.into_iter().flatten()) {
        match parse(rule) {
            Ok(Some(rule)) => rules.push(rule),
            Ok(None) => {}
            Err(what) => {
                // What cannot be read may be a denial, so nothing is sure.
                let allows =
                    rule.get("access").and_then(Value::as_str).is_some_and(|a| a.eq_ignore_ascii_case("allow"));
                broken |= !allows;
                found.doubts.insert(what);
            }
        }
    }
    if broken {
        return found;
    }
    rules.sort_by_key(|rule| rule.priority);
    for protocol in PROTOCOLS {
        let fits = |rule: &&Rule| {
            let named = rule.protocol == protocol || rule.protocol == "*";
            named || (protocol == "other" && !PROTOCOLS.contains(&rule.protocol.as_str()))
        };
        let rules: Vec<&Rule> = rules.iter().filter(fits).collect();
        for (from, to) in pieces(&rules, ["tcp", "udp"].contains(&protocol)) {
            let here: Vec<&&Rule> = rules
                .iter()
                .filter(|rule| from < 0 || rule.ports.iter().any(|(first, last)| *first <= from && *last >= to))
                .collect();
            let (sure, perhaps, why) = sources(&here);
            if internet_wide(&sure.iter().collect()) {
                let written: BTreeSet<&str> = sure.iter().map(|source| source.written.as_str()).collect();
                let sources = written.into_iter().take(6).collect::<Vec<_>>().join(", ");
                found.open.push(Piece { protocol, from, to, sources });
            } else if perhaps {
                found.doubts.extend(why);
            }
        }
    }
    found
}

/// The port ranges, cut where any rule begins or ends. Protocols without ports have one, below all ports.
fn pieces(rules: &[&Rule], ports: bool) -> Vec<(i64, i64)> {
    if !ports {
        return vec![(-1, -1)];
    }
    let cuts: BTreeSet<i64> =
        rules.iter().flat_map(|rule| &rule.ports).flat_map(|(from, to)| [*from, *to + 1]).collect();
    let cuts: Vec<i64> = cuts.into_iter().collect();
    cuts.windows(2).filter_map(|pair| Some((*pair.first()?, pair.get(1)? - 1))).collect()
}

/// The sources that rules, in order, surely let in; whether they may let in the internet; and why that is not sure.
fn sources(rules: &[&&Rule]) -> (BTreeSet<Source>, bool, BTreeSet<String>) {
    let (mut sure, mut most) = (BTreeSet::new(), BTreeSet::new());
    let mut why = BTreeSet::new();
    for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.allow) {
        let denies =
            |earlier: &&&&Rule| !earlier.allow && meet(rule.destination.as_ref(), earlier.destination.as_ref());
        let before: Vec<&&&Rule> = rules.iter().take(at).filter(denies).collect();
        let covers = |deny: &&&&Rule| {
            !deny.some_senders
                && deny.source.unknown.is_empty()
                && covered(rule.destination.as_ref(), deny.destination.as_ref())
        };
        // Denials that surely come before all of what the rule allows, and those that may.
        let certain: Vec<IpNet> = before.iter().copied().filter(covers).flat_map(|deny| nets(&deny.source)).collect();
        let partial: Vec<&&&Rule> = before.iter().copied().filter(|deny| !covers(deny)).collect();
        let mut allowed: BTreeSet<Source> = less(&rule.source.nets, &certain);
        if let Some(first) = rule.source.unknown.first() {
            let all = EVERYWHERE.map(|net| source(net, first));
            most.extend(less(&all.into_iter().flatten().collect::<Vec<_>>(), &certain));
            why.insert(format!("rule {:?} lets in {first}, whose addresses are not known", rule.name));
        }
        most.extend(allowed.iter().cloned());
        let unknown_target = rule.destination.as_ref().is_some_and(|to| !to.unknown.is_empty() && to.nets.is_empty());
        if unknown_target {
            why.insert(format!("rule {:?} leads to a group or service whose addresses are not known", rule.name));
            allowed.clear();
        }
        // One denial of a part leaves the rest open; several may come to the whole.
        let vague = partial.iter().any(|deny| !deny.source.unknown.is_empty());
        if vague || partial.len() > 1 {
            if let Some(deny) = partial.first() {
                why.insert(format!("rule {:?} denies a part of what rule {:?} allows", deny.name, rule.name));
            }
            let perhaps: Vec<IpNet> = partial
                .iter()
                .flat_map(|deny| {
                    let all = EVERYWHERE.iter().filter_map(|net| net.parse().ok()).collect();
                    if deny.source.unknown.is_empty() { nets(&deny.source) } else { all }
                })
                .collect();
            allowed = less(&allowed.into_iter().collect::<Vec<_>>(), &perhaps);
        }
        sure.extend(allowed);
    }
    let perhaps = internet_wide(&most.iter().collect());
    (sure, perhaps, why)
}

/// Is every address of the first among those of the second? Nothing stands for the whole network.
fn covered(inner: Option<&Place>, outer: Option<&Place>) -> bool {
    let Some(outer) = outer else { return true };
    let Some(inner) = inner else { return false };
    let within = |net: &IpNet| outer.nets.iter().any(|range| range.net.contains(net));
    inner.unknown.is_subset(&outer.unknown) && inner.nets.iter().all(|source| within(&source.net))
}

/// May the two have an address in common?
fn meet(one: Option<&Place>, other: Option<&Place>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return true };
    let overlap = |a: &IpNet, b: &IpNet| a.contains(b) || b.contains(a);
    let known = one.unknown.is_empty() && other.unknown.is_empty();
    !known || one.nets.iter().any(|a| other.nets.iter().any(|b| overlap(&a.net, &b.net)))
}

fn nets(place: &Place) -> Vec<IpNet> {
    place.nets.iter().map(|source| source.net).collect()
}

/// What is left of ranges when others are taken away.
fn less(sources: &[Source], taken: &[IpNet]) -> BTreeSet<Source> {
    let taken = IpNet::aggregate(&taken.to_vec());
    let mut left = BTreeSet::new();
    for source in sources {
        let mut waiting = vec![source.net];
        while let Some(net) = waiting.pop() {
            if taken.iter().any(|range| range.contains(&net)) {
                continue;
            }
            if !taken.iter().any(|range| net.contains(range)) {
                left.insert(Source { net, written: source.written.clone() });
                continue;
            }
            match halves(&net) {
                Some(halves) => waiting.extend(halves),
                None => drop(left.insert(Source { net, written: source.written.clone() })),
            }
        }
    }
    left
}

/// The two halves of a range.
fn halves(net: &IpNet) -> Option<[IpNet; 2]> {
    let longer = net.prefix_len().checked_add(1)?;
    let mut halves: Box<dyn Iterator<Item = IpNet>> = match net {
        IpNet::V4(net) => Box::new(net.subnets(longer).ok()?.map(IpNet::V4)),
        IpNet::V6(net) => Box::new(net.subnets(longer).ok()?.map(IpNet::V6)),
    };
    Some([halves.next()?, halves.next()?])
}

fn source(net: &str, written: &str) -> Option<Source> {
    Some(Source { net: net.parse().ok()?, written: written.to_owned() })
}

/// A rule for what comes in; nothing for one that is for what goes out.
fn parse(rule: &Value) -> Result<Option<Rule>, String> {
    let text = |field: &str| rule.get(field).and_then(Value::as_str);
    let name = text("name").unwrap_or("without a name").to_owned();
    let unread = |what: &str| format!("rule {name:?} has no readable {what}");
    match text("direction").map(str::to_ascii_lowercase).as_deref() {
        Some("inbound") => {}
        Some("outbound") => return Ok(None),
        _ => return Err(unread("direction")),
    }
    let allow = match text("access").map(str::to_ascii_lowercase).as_deref() {
        Some("allow") => true,
        Some("deny") => false,
        _ => return Err(unread("access")),
    };
    let priority = rule.get("priority").and_then(Value::as_i64).ok_or_else(|| unread("priority"))?;
    let protocol = text("protocol").ok_or_else(|| unread("protocol"))?.to_ascii_lowercase();
    let ports = ranges(&both(rule, "destination_port", "destination_ports")).ok_or_else(|| unread("ports"))?;
    let groups = rule.get("source_groups").and_then(Value::as_array).is_some_and(|groups| !groups.is_empty());
    let from = both(rule, "source", "sources");
    if from.is_empty() && !groups {
        return Err(unread("source"));
    }
    let senders = both(rule, "source_port", "source_ports");
    let some_senders = !senders.is_empty() && !senders.iter().any(|ports| ["*", "0-65535"].contains(ports));
    // Members of an application security group lie in the virtual network.
    let source = place(&from).map_err(|what| format!("rule {name:?}: {what}"))?;
    let to = both(rule, "destination", "destinations");
    let destination = if to.iter().any(|to| is_everything(to) || to.eq_ignore_ascii_case("VirtualNetwork")) {
        None
    } else if to.is_empty() {
        let groups = rule.get("destination_groups").and_then(Value::as_array);
        let ids: BTreeSet<String> =
            groups.into_iter().flatten().filter_map(|group| group.get("id")?.as_str()).map(str::to_owned).collect();
        // Which group it is is not always told; then it is like no other.
        let one = BTreeSet::from([format!("the destination of {name}")]);
        Some(Place { nets: Vec::new(), unknown: if ids.is_empty() { one } else { ids } })
    } else {
        Some(place(&to).map_err(|what| format!("rule {name:?}: {what}"))?)
    };
    Ok(Some(Rule { name, priority, allow, protocol, ports, source, destination, some_senders }))
}

/// One text and a list of texts that say the same thing.
fn both<'a>(rule: &'a Value, one: &str, list: &str) -> Vec<&'a str> {
    let single = rule.get(one).and_then(Value::as_str).filter(|text| !text.is_empty() && *text != "none");
    let several = rule.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    single.into_iter().chain(several).collect()
}

fn is_everything(text: &str) -> bool {
    text == "*" || text.eq_ignore_ascii_case("any") || EVERYWHERE.contains(&text)
}

fn place(texts: &[&str]) -> Result<Place, String> {
    let mut place = Place::default();
    for text in texts {
        if *text == "*" || text.eq_ignore_ascii_case("any") || text.eq_ignore_ascii_case("internet") {
            place.nets.extend(EVERYWHERE.iter().filter_map(|net| source(net, text)));
        } else if text.eq_ignore_ascii_case("VirtualNetwork") || text.eq_ignore_ascii_case("AzureLoadBalancer") {
            // Not the internet.
        } else if let Ok(net) = text.parse::<IpNet>() {
            place.nets.push(Source { net: net.trunc(), written: (*text).to_owned() });
        } else if let Ok(address) = text.parse::<std::net::IpAddr>() {
            place.nets.push(Source { net: IpNet::from(address), written: (*text).to_owned() });
        } else if text.starts_with(|first: char| first.is_ascii_alphabetic()) && !text.contains('/') {
            place.unknown.insert(text.to_ascii_lowercase());
        } else {
            return Err(format!("{text:?} is no address range"));
        }
    }
    Ok(place)
}

fn ranges(texts: &[&str]) -> Option<Vec<(i64, i64)>> {
    let one = |text: &&str| {
        let (from, to) = match (*text, text.split_once('-')) {
            ("*", _) => (0, 65_535),
            (_, Some((from, to))) => (from.trim().parse().ok()?, to.trim().parse().ok()?),
            (port, None) => (port.trim().parse().ok()?, port.trim().parse().ok()?),
        };
        (from <= to).then_some((from, to))
    };
    if texts.is_empty() { None } else { texts.iter().map(one).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(priority: i64, access: &str, source: &str, port: &str) -> Value {
        json!({"name": format!("r{priority}"), "priority": priority, "direction": "Inbound", "access": access,
            "protocol": "Tcp", "source": source, "destination": "*", "destination_port": port})
    }

    fn with(mut rule: Value, field: &str, value: Value) -> Value {
        rule[field] = value;
        rule
    }

    fn group(rules: &[Value]) -> Resource {
        let key = ResourceKey {
            kind: GROUP.to_owned(),
            account: "s".to_owned(),
            region: "global".to_owned(),
            id: "/nsg".to_owned(),
        };
        let mut group = Resource::new(key);
        group.set("rules", json!(rules), ["E-1.1".to_owned()]);
        group.set("subnets", json!([{"id": "/subnet"}]), []);
        group.set("network_interfaces", json!([]), []);
        group
    }

    /// `tcp/22-22`, and whether there may be more.
    fn seen(rules: &[Value]) -> (Vec<String>, bool) {
        let found = opened(&group(rules));
        let open = found.open.iter().map(|piece| format!("{}/{}-{}", piece.protocol, piece.from, piece.to));
        (open.collect(), !found.doubts.is_empty())
    }

    fn open(ports: &[&str]) -> (Vec<String>, bool) {
        (ports.iter().map(|port| (*port).to_owned()).collect(), false)
    }

    #[test]
    fn the_internet_by_any_name() {
        for source in ["*", "Any", "Internet", "internet", "0.0.0.0/0", "::/0", "0.0.0.0/1", "2000::/3"] {
            assert_eq!(seen(&[rule(100, "Allow", source, "22")]), open(&["tcp/22-22"]), "{source}");
        }
        let halves = with(rule(100, "Allow", "", "22"), "sources", json!(["0.0.0.0/1", "128.0.0.0/1"]));
        assert_eq!(seen(&[halves]), open(&["tcp/22-22"]));
    }

    #[test]
    fn private_ranges_and_tags_of_the_network_are_not_the_internet() {
        for source in ["10.0.0.0/8", "203.0.113.7", "203.0.113.0/24", "VirtualNetwork", "AzureLoadBalancer"] {
            assert_eq!(seen(&[rule(100, "Allow", source, "22")]), open(&[]), "{source}");
        }
        let members = with(rule(100, "Allow", "", "22"), "source_groups", json!([{"id": "/asg"}]));
        assert_eq!(seen(&[members]), open(&[]));
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let (allow, deny) = (rule(200, "Allow", "*", "20-30"), rule(100, "Deny", "Internet", "22"));
        assert_eq!(seen(&[allow.clone(), deny]), open(&["tcp/20-21", "tcp/23-30"]));
        let later = rule(300, "Deny", "*", "*");
        assert_eq!(seen(&[allow.clone(), later]), open(&["tcp/20-30"]));
        let half = rule(100, "Deny", "0.0.0.0/1", "*");
        assert_eq!(seen(&[allow.clone(), half]), open(&["tcp/20-30"]), "the other half is still the internet");
        let one = rule(100, "Deny", "198.51.100.0/24", "*");
        assert_eq!(seen(&[allow.clone(), one]), open(&["tcp/20-30"]));
        let udp = with(rule(100, "Deny", "*", "*"), "protocol", json!("Udp"));
        assert_eq!(seen(&[allow, udp]), open(&["tcp/20-30"]), "another protocol");
    }

    #[test]
    fn a_denial_counts_for_the_destination_it_names() {
        let allow = with(rule(200, "Allow", "*", "22"), "destination", json!("10.0.0.4"));
        let other = with(rule(100, "Deny", "*", "22"), "destination", json!("10.0.0.5"));
        let same = with(rule(100, "Deny", "*", "22"), "destination", json!("10.0.0.0/24"));
        assert_eq!(seen(&[allow.clone(), other.clone()]), open(&["tcp/22-22"]));
        assert_eq!(seen(&[allow, same]), open(&[]));
        let anything = rule(200, "Allow", "*", "22");
        assert_eq!(seen(&[anything.clone(), other.clone()]), open(&["tcp/22-22"]), "the rest is open");
        let third = with(rule(101, "Deny", "*", "22"), "destination", json!("10.0.0.6"));
        assert_eq!(seen(&[anything, other, third]), (Vec::new(), true), "together they may be all of it");
    }

    #[test]
    fn what_is_not_known_is_a_doubt_only_where_it_matters() {
        let tag = rule(100, "Allow", "AzureCloud", "443");
        assert_eq!(seen(std::slice::from_ref(&tag)), (Vec::new(), true));
        assert_eq!(seen(&[tag.clone(), rule(50, "Deny", "*", "*")]), open(&[]), "denied before");
        let denied = [rule(100, "Deny", "AzureCloud", "22"), rule(200, "Allow", "10.0.0.0/8", "22")];
        assert_eq!(seen(&denied), open(&[]), "nothing of the internet is allowed anyway");
        let denied = [rule(100, "Deny", "AzureCloud", "22"), rule(200, "Allow", "*", "22")];
        assert_eq!(seen(&denied), (Vec::new(), true));
        let members = with(rule(100, "Allow", "*", "22"), "destination", json!(""));
        assert_eq!(seen(&[members]), (Vec::new(), true), "an application security group may be empty");
        assert_eq!(seen(&[rule(100, "Allow", "300.0.0.0/8", "22")]), (Vec::new(), true));
        assert_eq!(seen(&[rule(100, "Allow", "*", "x")]), (Vec::new(), true));
        let open = rule(200, "Allow", "*", "22");
        assert_eq!(seen(&[rule(100, "Deny", "*", "x"), open.clone()]), (Vec::new(), true), "it may deny this");
        assert_eq!(seen(&[rule(100, "Allow", "*", "x"), open]), (vec!["tcp/22-22".to_owned()], true));
    }

    #[test]
    fn a_denial_for_some_ports_of_the_sender_takes_nothing_away() {
        let deny = with(rule(100, "Deny", "*", "22"), "source_port", json!("1-1023"));
        assert_eq!(seen(&[deny, rule(200, "Allow", "*", "22")]), open(&["tcp/22-22"]));
    }

    #[test]
    fn all_protocols() {
        let all = with(rule(100, "Allow", "*", "*"), "protocol", json!("*"));
        let found = opened(&group(std::slice::from_ref(&all)));
        assert_eq!(found.everything().map(|(protocol, _)| protocol), Some("*"));
        let no_tcp = rule(50, "Deny", "*", "*");
        let found = opened(&group(&[all.clone(), no_tcp]));
        assert_eq!(found.everything(), None);
        assert!(found.open.iter().all(|piece| piece.protocol != "tcp"));
        let found = opened(&group(&[rule(100, "Allow", "*", "1-65535")]));
        assert_eq!(found.everything().map(|(protocol, _)| protocol), Some("tcp"));
        let found = opened(&group(&[all, with(rule(50, "Deny", "*", "*"), "protocol", json!("Udp"))]));
        assert_eq!(found.everything().map(|(protocol, _)| protocol), Some("tcp"));
    }

    #[test]
    fn ports_in_lists_and_what_goes_out() {
        let several = with(rule(100, "Allow", "*", ""), "destination_ports", json!(["22", "80-81"]));
        assert_eq!(seen(&[several]), open(&["tcp/22-22", "tcp/80-81"]));
        let out = with(rule(100, "Allow", "*", "22"), "direction", json!("Outbound"));
        assert_eq!(seen(&[out]), open(&[]));
    }

    #[test]
    fn attached_to_nothing_lets_nothing_in() {
        let mut loose = group(&[rule(100, "Allow", "*", "22")]);
        loose.set("subnets", json!([]), []);
        assert!(opened(&loose).open.is_empty() && opened(&loose).doubts.is_empty());
        let mut unread = group(&[rule(100, "Allow", "*", "22")]);
        unread.data.as_object_mut().unwrap().remove("subnets");
        assert!(!opened(&unread).doubts.is_empty());
        let mut card = loose.clone();
        card.set("network_interfaces", json!([{"id": "/nic"}]), []);
        assert_eq!(opened(&card).open.len(), 1);
    }

    #[test]
    fn gives_resources_and_whole_lists() {
        let mut inventory = Inventory::default();
        let list = Listing {
            kind: GROUP.to_owned(),
            account: "s".to_owned(),
            region: "global".to_owned(),
            parent: None,
            state: ListState::Complete(BTreeSet::from(["E-1.1".to_owned()])),
        };
        inventory.listings.insert(GROUP.to_owned(), vec![list]);
        inventory.resources.insert(GROUP.to_owned(), vec![group(&[rule(100, "Allow", "*", "22")])]);
        derive(&mut inventory);
        let [one] = inventory.of(OPEN) else { panic!("one range") };
        assert_eq!((one.text("group"), one.get("from_port")), (Some("/nsg"), Some(&json!(22))));
        assert_eq!(inventory.listings_of(OPEN).len(), 2);
        assert!(inventory.listings_of(WIDE).iter().all(|list| matches!(list.state, ListState::Complete(_))));
    }
}
