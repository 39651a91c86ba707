//! Derivation: what a security group lets in from the internet, and where it lets in everything.
//!
//! CEL should not do address arithmetic. One `aws.ec2.internet_ingress` is given for every port range that a group
//! opens to internet-wide sources, so that a check can ask about any port. One `aws.ec2.wide_internet_ingress` or
//! `aws.ec2.wide_internal_ingress` is given for every group that lets in everything from the internet, or from whole
//! private ranges.
//!
//! *Internet-wide* is farwatch's own bound: the public addresses that one group's rules admit to one port range,
//! added up, are more than an IPv4 /8 (16,777,216 addresses: no organisation but the largest carriers holds more) or
//! more than an IPv6 /16. So `0.0.0.0/0`, its halves, and a list of many wide ranges all count, by whatever way they
//! are written: rules, ranges, prefix lists, protocol `-1`.
//!
//! *Everything* is all protocols, or more than 60,000 of the 65,536 ports of TCP: leaving out a few hides nothing.
//!
//! *Whole private ranges* are those of RFC 1918 (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16), that of RFC 4193
//! (`fc00::/7`), and the primary range of the group's own VPC: sources that hold one of these wholly. A rule that names
//! other security groups names machines, not ranges, and does not count.

use crate::model::gap::Gap;
use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::read::FieldKind;
use crate::model::resource::{Resource, ResourceKey};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The derived types.
const KIND: &str = "aws.ec2.internet_ingress";
const WIDE_INTERNET: &str = "aws.ec2.wide_internet_ingress";
const WIDE_INTERNAL: &str = "aws.ec2.wide_internal_ingress";
const GROUP: &str = "aws.ec2.security_group";
const ENTRY: &str = "aws.ec2.prefix_list_entry";
const VPC: &str = "aws.ec2.vpc";

/// The derived types, with their fields.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    let (open, wide) = fields();
    BTreeMap::from([(KIND, open), (WIDE_INTERNET, wide.clone()), (WIDE_INTERNAL, wide)])
}

/// The fields of what is open to somebody, and of what is open to nearly everything; of every cloud.
pub(super) fn fields() -> (BTreeMap<&'static str, FieldKind>, BTreeMap<&'static str, FieldKind>) {
    let wide =
        BTreeMap::from([("group", FieldKind::Text), ("protocol", FieldKind::Text), ("sources", FieldKind::Text)]);
    let ports = [("from_port", FieldKind::Integer), ("to_port", FieldKind::Integer)];
    (wide.clone().into_iter().chain(ports).collect(), wide)
}

/// Addresses beyond which sources are internet-wide.
const V4_BOUND: u128 = 1 << 24;
const V6_BOUND: u128 = 1 << 112;
/// Ports of TCP beyond which all of them count as open.
pub(super) const PORT_BOUND: i64 = 60_000;

/// Whole private ranges (RFC 1918, RFC 4193).
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// Special-purpose ranges that are not the internet (RFC 6890, RFC 1918, RFC 4193, RFC 6598).
const NOT_PUBLIC_V4: [&str; 8] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
];
const NOT_PUBLIC_V6: [&str; 3] = ["fc00::/7", "fe80::/10", "ff00::/8"];

/// One source range of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    pub(super) net: IpNet,
    pub(super) written: String,
}

/// Adds the derived resources and lists to the inventory.
pub(super) fn derive(inventory: &mut Inventory) {
    let mut entries: HashMap<(&str, &str), BTreeSet<Source>> = HashMap::new();
    let mut entry_evidence: HashMap<(&str, &str), BTreeSet<String>> = HashMap::new();
    for entry in inventory.of(ENTRY) {
        if let (Some(list), Some(cidr)) = (entry.text("list"), entry.text("cidr"))
            && let Ok(net) = cidr.parse::<IpNet>()
        {
            let place = (entry.key.region.as_str(), list);
            entries.entry(place).or_default().insert(Source { net, written: format!("{list} ({cidr})") });
            entry_evidence.entry(place).or_default().extend(entry.evidence([]));
        }
    }
    // A list of entries that is complete for one prefix list, by region and id.
    let mut complete: HashMap<(&str, &str), &BTreeSet<String>> = HashMap::new();
    let mut cut: HashMap<(&str, &str), &BTreeSet<Gap>> = HashMap::new();
    for listing in inventory.listings_of(ENTRY) {
        let place = (listing.region.as_str(), listing.parent.as_deref().unwrap_or_default());
        match &listing.state {
            ListState::Complete(pages) => complete.insert(place, pages).map(|_| ()),
            ListState::Cut(gaps) => cut.insert(place, gaps).map(|_| ()),
        };
    }
    let lists = Lists { entries, entry_evidence, complete, cut };
    let of_groups = inventory.listings_of(GROUP);
    let mut derived: BTreeMap<&str, (Vec<Resource>, Vec<Listing>)> = [KIND, WIDE_INTERNET, WIDE_INTERNAL]
        .map(|kind| {
            let listings = of_groups.iter().map(|listing| Listing { kind: kind.to_owned(), ..listing.clone() });
            (kind, (Vec::new(), listings.collect()))
        })
        .into();
    for group in inventory.of(GROUP) {
        let Opened { by_range, doubts, evidence } = opened(group, &lists);
        let mut give = |kind: &'static str, found: Vec<Resource>, evidence: BTreeSet<String>, doubts: BTreeSet<Gap>| {
            let (resources, listings) = derived.entry(kind).or_default();
            resources.extend(found);
            listings.push(list_for(kind, group, evidence, doubts));
        };
        let open = pieces(&by_range)
            .into_iter()
            .filter_map(|piece| {
                let all = sources_of(&by_range, &piece);
                internet_wide(&all).then(|| open_range(group, &piece, &all, &evidence))
            })
            .collect();
        give(KIND, open, evidence.clone(), doubts.clone());
        let wide = everything(&by_range, &internet_wide);
        let wide = wide.map(|(protocol, all)| wide_open(WIDE_INTERNET, group, &protocol, &all, &evidence));
        give(WIDE_INTERNET, wide.into_iter().collect(), evidence.clone(), doubts.clone());
        let (range, of_vpc, no_vpc) = match range_of_vpc(inventory, group) {
            Ok((range, evidence)) => (Some(range), evidence, BTreeSet::new()),
            Err(gaps) => (None, BTreeSet::new(), gaps),
        };
        let wide = everything(&by_range, &|sources| private_wide(sources, range.as_ref()));
        let evidence: BTreeSet<String> = evidence.into_iter().chain(of_vpc).collect();
        // The range of the VPC matters only where everything is let in from somewhere.
        let some = |sources: &BTreeSet<&Source>| !sources.is_empty();
        let matters = wide.is_none() && everything(&by_range, &some).is_some();
        let doubts = doubts.into_iter().chain(no_vpc.into_iter().filter(|_| matters)).collect();
        let wide = wide.map(|(protocol, all)| wide_open(WIDE_INTERNAL, group, &protocol, &all, &evidence));
        give(WIDE_INTERNAL, wide.into_iter().collect(), evidence.clone(), doubts);
    }
    for (kind, (resources, listings)) in derived {
        inventory.resources.insert(kind.to_owned(), resources);
        inventory.listings.insert(kind.to_owned(), listings);
        inventory.parent_field.insert(kind.to_owned(), "group".to_owned());
    }
}

/// Prefix lists, by region and id.
struct Lists<'a> {
    entries: HashMap<(&'a str, &'a str), BTreeSet<Source>>,
    entry_evidence: HashMap<(&'a str, &'a str), BTreeSet<String>>,
    complete: HashMap<(&'a str, &'a str), &'a BTreeSet<String>>,
    cut: HashMap<(&'a str, &'a str), &'a BTreeSet<Gap>>,
}

/// Protocol, first and last port.
type Range = (String, i64, i64);

/// What the rules of a group let in.
struct Opened {
    by_range: BTreeMap<Range, BTreeSet<Source>>,
    /// Why there may be more.
    doubts: BTreeSet<Gap>,
    evidence: BTreeSet<String>,
}

fn opened(group: &Resource, lists: &Lists<'_>) -> Opened {
    let mut all = Opened { by_range: BTreeMap::new(), doubts: BTreeSet::new(), evidence: group.evidence(["ingress"]) };
    let Some(Value::Array(rules)) = group.get("ingress") else {
        // The rules themselves were not read: whatever the group lets in is not known.
        all.doubts.insert(doubt(group, "its rules are not in the answer"));
        return all;
    };
    for rule in rules {
        let Some(range) = range(rule) else {
            all.doubts.insert(doubt(group, "a rule has no readable protocol and ports"));
            continue;
        };
        let sources = all.by_range.entry(range).or_default();
        for field in ["ipv4", "ipv6"] {
            for cidr in texts(rule, field) {
                match cidr.parse::<IpNet>() {
                    Ok(net) => drop(sources.insert(Source { net, written: cidr.to_owned() })),
                    Err(_) => drop(all.doubts.insert(doubt(group, &format!("{cidr:?} is not an address range")))),
                }
            }
        }
        for list in texts(rule, "prefix_lists") {
            let place = (group.key.region.as_str(), list);
            if let Some(pages) = lists.complete.get(&place) {
                all.evidence.extend(pages.iter().cloned());
            } else if let Some(gaps) = lists.cut.get(&place).or_else(|| lists.cut.get(&(place.0, ""))) {
                all.doubts.extend(gaps.iter().cloned());
            } else {
                all.doubts.insert(doubt(group, &format!("prefix list {list:?} was not listed")));
            }
            sources.extend(lists.entries.get(&place).into_iter().flatten().cloned());
            all.evidence.extend(lists.entry_evidence.get(&place).into_iter().flatten().cloned());
        }
    }
    all
}

/// The sources of every rule that contains a piece: rules that together cover a port add up.
fn sources_of<'a>(
    by_range: &'a BTreeMap<Range, BTreeSet<Source>>,
    (protocol, from, to): &Range,
) -> BTreeSet<&'a Source> {
    by_range
        .iter()
        .filter(|((p, f, t), _)| (p == protocol || p == "-1") && f <= from && t >= to)
        .flat_map(|(_, sources)| sources)
        .collect()
}

fn open_range(group: &Resource, piece: &Range, sources: &BTreeSet<&Source>, evidence: &BTreeSet<String>) -> Resource {
    let (protocol, from, to) = piece;
    let mut resource = derived(KIND, group, &format!("{protocol}/{from}-{to}"), evidence);
    resource.set("protocol", protocol.clone().into(), []);
    resource.set("from_port", (*from).into(), []);
    resource.set("to_port", (*to).into(), []);
    resource.set("sources", written(sources).into(), []);
    resource
}

fn wide_open(
    kind: &str,
    group: &Resource,
    protocol: &str,
    sources: &BTreeSet<&Source>,
    evidence: &BTreeSet<String>,
) -> Resource {
    let mut resource = derived(kind, group, protocol, evidence);
    resource.set("protocol", protocol.into(), []);
    resource.set("sources", written(sources).into(), []);
    resource
}

fn derived(kind: &str, group: &Resource, name: &str, evidence: &BTreeSet<String>) -> Resource {
    let id = format!("{}/{name}", group.key.id);
    let mut resource = Resource::new(ResourceKey { kind: kind.to_owned(), id, ..group.key.clone() });
    resource.from.entry(String::new()).or_default().extend(evidence.iter().cloned());
    resource.set("group", group.key.id.clone().into(), []);
    resource
}

fn written(sources: &BTreeSet<&Source>) -> String {
    sources.iter().map(|source| source.written.as_str()).take(6).collect::<Vec<_>>().join(", ")
}

/// The protocol by which everything is let in from sources that are wide, and the sources; nothing where it is not.
fn everything<'a>(
    by_range: &'a BTreeMap<Range, BTreeSet<Source>>,
    wide: &dyn Fn(&BTreeSet<&Source>) -> bool,
) -> Option<(String, BTreeSet<&'a Source>)> {
    let (mut ports, mut through) = (0, BTreeSet::new());
    for piece in pieces(by_range) {
        let sources = sources_of(by_range, &piece);
        let (protocol, from, to) = &piece;
        if !["-1", "tcp"].contains(&protocol.as_str()) || !wide(&sources) {
            continue;
        }
        if protocol == "-1" {
            return Some((piece.0, sources));
        }
        ports += to - from + 1;
        through.extend(sources);
    }
    (ports > PORT_BOUND).then(|| ("tcp".to_owned(), through))
}

/// Do the sources hold a whole private range, or that of the VPC?
fn private_wide(sources: &BTreeSet<&Source>, of_vpc: Option<&IpNet>) -> bool {
    let together = IpNet::aggregate(&sources.iter().map(|source| source.net).collect());
    let private = PRIVATE.iter().filter_map(|text| text.parse::<IpNet>().ok());
    private.chain(of_vpc.copied()).any(|range| together.iter().any(|net| net.contains(&range)))
}

/// The primary range of a group's VPC with its evidence, or why it is not known.
fn range_of_vpc(inventory: &Inventory, group: &Resource) -> Result<(IpNet, BTreeSet<String>), BTreeSet<Gap>> {
    let none = |what: &str| BTreeSet::from([doubt(group, what)]);
    let id = group.text("vpc_id").ok_or_else(|| none("the answer does not tell its VPC"))?;
    let place = (&group.key.account, &group.key.region);
    let here = |vpc: &&Resource| (&vpc.key.account, &vpc.key.region) == place && vpc.key.id == id;
    let Some(vpc) = inventory.of(VPC).iter().find(here) else {
        let lists = inventory.listings_of(VPC).iter().filter(|list| (&list.account, &list.region) == place);
        let gaps: BTreeSet<Gap> = lists
            .flat_map(|list| match &list.state {
                ListState::Cut(gaps) => gaps.clone(),
                ListState::Complete(_) => BTreeSet::new(),
            })
            .collect();
        return Err(if gaps.is_empty() { none("its VPC was not listed") } else { gaps });
    };
    let range = vpc.text("cidr").and_then(|cidr| cidr.parse().ok());
    let range = range.ok_or_else(|| none("the answer does not tell the range of its VPC"))?;
    Ok((range, vpc.evidence(["cidr"])))
}

/// The port ranges of each protocol, cut where any rule begins or ends: within a piece, the same rules apply to every
/// port.
fn pieces(by_range: &BTreeMap<Range, BTreeSet<Source>>) -> Vec<Range> {
    let protocols: BTreeSet<&String> = by_range.keys().map(|(protocol, ..)| protocol).collect();
    let mut all = Vec::new();
    for protocol in protocols {
        let mut cuts: BTreeSet<i64> = BTreeSet::new();
        for (_, from, to) in by_range.keys().filter(|(p, ..)| p == protocol || p == "-1") {
            cuts.extend([*from, *to + 1]);
        }
        let cuts: Vec<i64> = cuts.into_iter().collect();
        all.extend(cuts.windows(2).filter_map(|pair| match pair {
            [from, next] => Some((protocol.clone(), *from, next - 1)),
            _ => None,
        }));
    }
    all
}

/// What one group lets in, wholly known or not.
fn list_for(kind: &str, group: &Resource, evidence: BTreeSet<String>, doubts: BTreeSet<Gap>) -> Listing {
    Listing {
        kind: kind.to_owned(),
        account: group.key.account.clone(),
        region: group.key.region.clone(),
        parent: Some(group.key.id.clone()),
        state: if doubts.is_empty() { ListState::Complete(evidence) } else { ListState::Cut(doubts) },
    }
}

fn doubt(group: &Resource, what: &str) -> Gap {
    Gap {
        read: "ec2:DescribeSecurityGroups".to_owned(),
        action: "ec2:DescribeSecurityGroups".to_owned(),
        account: group.key.account.clone(),
        region: group.key.region.clone(),
        parent: Some(group.key.id.clone()),
        outcome: crate::model::plan::Outcome::Failed,
        code: None,
        detail: Some(what.to_owned()),
        evidence: group.evidence([]).into_iter().next(),
    }
}

fn texts<'a>(rule: &'a Value, field: &str) -> Vec<&'a str> {
    let list = rule.get(field).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|item| item.get("cidr").or(item.get("id")).and_then(Value::as_str)).collect()
}

/// Protocol and ports of a rule. EC2 API, `IpPermission`: protocol `-1` means all protocols and all ports; a port of -1
/// means all; ports of ICMP are types and codes, not ports.
fn range(rule: &Value) -> Option<(String, i64, i64)> {
    let protocol = match rule.get("protocol")?.as_str()? {
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        "58" => "icmpv6",
        name => name,
    };
    let port = |name: &str| rule.get(name).and_then(Value::as_i64);
    match protocol {
        "-1" => Some(("-1".to_owned(), 0, 65_535)),
        "tcp" | "udp" => match (port("from_port"), port("to_port")) {
            (Some(-1), Some(_)) | (Some(_), Some(-1)) => Some((protocol.to_owned(), 0, 65_535)),
            (Some(from), Some(to)) => Some((protocol.to_owned(), from, to)),
            _ => None,
        },
        // Other protocols have no ports; -1 keeps them out of every port range.
        other => Some((other.to_owned(), -1, -1)),
    }
}

/// Are the public addresses of these sources, added up, beyond the bound?
pub(super) fn internet_wide(sources: &BTreeSet<&Source>) -> bool {
    let v4: Vec<Ipv4Net> = sources
        .iter()
        .filter_map(|source| match source.net {
            IpNet::V4(net) => Some(net),
            IpNet::V6(_) => None,
        })
        .collect();
    let v6: Vec<Ipv6Net> = sources
        .iter()
        .filter_map(|source| match source.net {
            IpNet::V6(net) => Some(net),
            IpNet::V4(_) => None,
        })
        .collect();
    let v4_size = |net: &Ipv4Net| 1u128 << (32 - u32::from(net.prefix_len()));
    // ::/0 itself has 2^128 addresses, which does not fit; the bound is far below.
    let v6_size = |net: &Ipv6Net| 1u128.checked_shl(128 - u32::from(net.prefix_len())).unwrap_or(u128::MAX);
    let public_v4: u128 = Ipv4Net::aggregate(&v4)
        .iter()
        .map(|net| v4_size(net).saturating_sub(special(net, &NOT_PUBLIC_V4, |a, b| a.contains(b), v4_size)))
        .sum();
    let public_v6 = Ipv6Net::aggregate(&v6)
        .iter()
        .map(|net| v6_size(net).saturating_sub(special(net, &NOT_PUBLIC_V6, |a, b| a.contains(b), v6_size)))
        .fold(0u128, u128::saturating_add);
    public_v4 > V4_BOUND || public_v6 > V6_BOUND
}

/// How much of a range is special-purpose: all of it, or the special ranges inside it.
fn special<N: std::str::FromStr>(
    net: &N,
    ranges: &[&str],
    contains: impl Fn(&N, &N) -> bool,
    size: impl Fn(&N) -> u128,
) -> u128 {
    ranges
        .iter()
        .filter_map(|text| text.parse::<N>().ok())
        .map(|range| {
            if contains(&range, net) {
                size(net)
            } else if contains(net, &range) {
                size(&range)
            } else {
                0
            }
        })
        .fold(0, u128::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(ranges: &[&str]) -> bool {
        let sources: Vec<Source> =
            ranges.iter().map(|text| Source { net: text.parse().unwrap(), written: (*text).to_owned() }).collect();
        internet_wide(&sources.iter().collect())
    }

    #[test]
    fn the_internet_by_any_spelling() {
        assert!(wide(&["0.0.0.0/0"]));
        assert!(wide(&["0.0.0.0/1", "128.0.0.0/1"]));
        assert!(wide(&["0.0.0.0/1"]));
        assert!(wide(&["::/0"]));
        assert!(wide(&["2000::/3"]));
        let all: Vec<String> = (1..=223).map(|n| format!("{n}.0.0.0/9")).collect();
        assert!(wide(&all.iter().map(String::as_str).collect::<Vec<_>>()));
    }

    #[test]
    fn private_and_ordinary_ranges_are_not() {
        assert!(!wide(&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]));
        assert!(!wide(&["203.0.113.0/24", "198.51.100.7/32"]));
        assert!(!wide(&["fc00::/7", "2001:db8::/32"]));
        assert!(!wide(&["52.0.0.0/8"]));
        assert!(!wide(&[]));
    }

    #[test]
    fn ranges_are_cut_where_rules_begin_and_end() {
        let tcp = |from, to| ("tcp".to_owned(), from, to);
        let ranges = BTreeMap::from([(tcp(20, 22), BTreeSet::new()), (tcp(22, 25), BTreeSet::new())]);
        assert_eq!(pieces(&ranges), [tcp(20, 21), tcp(22, 22), tcp(23, 25)]);
    }

    #[test]
    fn whole_private_ranges() {
        let wide = |texts: &[&str]| {
            let sources: Vec<Source> =
                texts.iter().map(|text| Source { net: text.parse().unwrap(), written: (*text).to_owned() }).collect();
            private_wide(&sources.iter().collect(), Some(&"10.20.0.0/16".parse().unwrap()))
        };
        for all in ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "192.0.0.0/8", "0.0.0.0/0", "fc00::/7"] {
            assert!(wide(&[all]), "{all}");
        }
        assert!(wide(&["10.0.0.0/9", "10.128.0.0/9"]));
        assert!(wide(&["10.20.0.0/17", "10.20.128.0/17"]), "all of the VPC");
        assert!(!wide(&["10.20.0.0/17"]), "a part of the VPC");
        assert!(!wide(&["10.20.1.0/24", "203.0.113.0/24", "fd00::/8"]));
        assert!(!wide(&[]));
    }

    #[test]
    fn everything_is_all_protocols_or_nearly_all_ports() {
        let lets_in = |rules: &[(&str, i64, i64, &str)]| {
            let mut by_range: BTreeMap<Range, BTreeSet<Source>> = BTreeMap::new();
            for (protocol, from, to, cidr) in rules {
                let source = Source { net: cidr.parse().unwrap(), written: (*cidr).to_owned() };
                by_range.entry(((*protocol).to_owned(), *from, *to)).or_default().insert(source);
            }
            everything(&by_range, &internet_wide).map(|(protocol, _)| protocol)
        };
        let world = "0.0.0.0/0";
        assert_eq!(lets_in(&[("-1", 0, 65_535, world)]), Some("-1".to_owned()));
        assert_eq!(lets_in(&[("tcp", 1, 65_535, world)]), Some("tcp".to_owned()));
        assert_eq!(lets_in(&[("tcp", 0, 442, world), ("tcp", 444, 65_535, world)]), Some("tcp".to_owned()));
        assert_eq!(lets_in(&[("-1", 0, 65_535, "8.0.0.0/8"), ("tcp", 0, 65_535, "9.0.0.0/8")]), Some("tcp".to_owned()));
        assert_eq!(lets_in(&[("tcp", 443, 443, world), ("udp", 0, 65_535, world)]), None);
        assert_eq!(lets_in(&[("-1", 0, 65_535, "203.0.113.0/24"), ("tcp", 443, 443, world)]), None);
        assert_eq!(lets_in(&[("icmp", -1, -1, world)]), None);
    }

    #[test]
    fn ports_of_a_rule() {
        let of = |rule: Value| range(&rule);
        assert_eq!(of(serde_json::json!({"protocol": "-1"})), Some(("-1".to_owned(), 0, 65_535)));
        let tcp = serde_json::json!({"protocol": "6", "from_port": 20, "to_port": 30});
        assert_eq!(of(tcp), Some(("tcp".to_owned(), 20, 30)));
        assert_eq!(of(serde_json::json!({"protocol": "tcp"})), None);
        let ping = serde_json::json!({"protocol": "icmp", "from_port": 8, "to_port": 0});
        assert_eq!(of(ping), Some(("icmp".to_owned(), -1, -1)));
    }
}
