//! Derivation: what a security group lets in from the internet.
//!
//! CEL should not do address arithmetic. One `aws.ec2.internet_ingress` is given for every port range that a group
//! opens to internet-wide sources, so that a check can ask about any port.
//!
//! *Internet-wide* is farwatch's own bound: the public addresses that one group's rules admit to one port range,
//! added up, are more than an IPv4 /8 (16,777,216 addresses: no organisation but the largest carriers holds more) or
//! more than an IPv6 /16. So `0.0.0.0/0`, its halves, and a list of many wide ranges all count, by whatever way they
//! are written: rules, ranges, prefix lists, protocol `-1`.

use crate::model::gap::Gap;
use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::read::FieldKind;
use crate::model::resource::{Resource, ResourceKey};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The derived type.
pub(super) const KIND: &str = "aws.ec2.internet_ingress";
const GROUP: &str = "aws.ec2.security_group";
const ENTRY: &str = "aws.ec2.prefix_list_entry";

/// Its fields.
pub(super) fn fields() -> BTreeMap<&'static str, FieldKind> {
    BTreeMap::from([
        ("group", FieldKind::Text),
        ("protocol", FieldKind::Text),
        ("from_port", FieldKind::Integer),
        ("to_port", FieldKind::Integer),
        ("sources", FieldKind::Text),
    ])
}

/// Addresses beyond which sources are internet-wide.
const V4_BOUND: u128 = 1 << 24;
const V6_BOUND: u128 = 1 << 112;

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
struct Source {
    net: IpNet,
    written: String,
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
    let mut derived: Vec<Resource> = Vec::new();
    let mut listings: Vec<Listing> = inventory
        .listings_of(GROUP)
        .iter()
        .map(|listing| Listing { kind: KIND.to_owned(), ..listing.clone() })
        .collect();
    for group in inventory.of(GROUP) {
        let mut doubts: BTreeSet<Gap> = BTreeSet::new();
        let mut evidence = group.evidence(["ingress"]);
        let Some(Value::Array(rules)) = group.get("ingress") else {
            // The rules themselves were not read: whatever the group lets in is not known.
            doubts.insert(doubt(group, "its rules are not in the answer"));
            listings.push(cut_for(group, doubts));
            continue;
        };
        let mut by_range: BTreeMap<(String, i64, i64), BTreeSet<Source>> = BTreeMap::new();
        for rule in rules {
            let Some(range) = range(rule) else {
                doubts.insert(doubt(group, "a rule has no readable protocol and ports"));
                continue;
            };
            let sources = by_range.entry(range).or_default();
            for field in ["ipv4", "ipv6"] {
                for cidr in texts(rule, field) {
                    match cidr.parse::<IpNet>() {
                        Ok(net) => drop(sources.insert(Source { net, written: cidr.to_owned() })),
                        Err(_) => drop(doubts.insert(doubt(group, &format!("{cidr:?} is not an address range")))),
                    }
                }
            }
            for list in texts(rule, "prefix_lists") {
                let place = (group.key.region.as_str(), list);
                if let Some(pages) = complete.get(&place) {
                    evidence.extend(pages.iter().cloned());
                } else if let Some(gaps) = cut.get(&place).or_else(|| cut.get(&(place.0, ""))) {
                    doubts.extend(gaps.iter().cloned());
                } else {
                    doubts.insert(doubt(group, &format!("prefix list {list:?} was not listed")));
                }
                sources.extend(entries.get(&place).into_iter().flatten().cloned());
                evidence.extend(entry_evidence.get(&place).into_iter().flatten().cloned());
            }
        }
        for (protocol, from, to) in pieces(&by_range) {
            // Rules that together cover a port add up, so each piece counts every rule that contains it.
            let all: BTreeSet<&Source> = by_range
                .iter()
                .filter(|((p, f, t), _)| (*p == protocol || p == "-1") && *f <= from && *t >= to)
                .flat_map(|(_, sources)| sources)
                .collect();
            if !internet_wide(&all) {
                continue;
            }
            let id = format!("{}/{protocol}/{from}-{to}", group.key.id);
            let key = ResourceKey { kind: KIND.to_owned(), id, ..group.key.clone() };
            let mut resource = Resource::new(key);
            resource.from.entry(String::new()).or_default().extend(evidence.iter().cloned());
            let written: Vec<&str> = all.iter().map(|source| source.written.as_str()).take(6).collect();
            for (name, value) in [
                ("group", Value::from(group.key.id.clone())),
                ("protocol", protocol.into()),
                ("from_port", from.into()),
                ("to_port", to.into()),
                ("sources", written.join(", ").into()),
            ] {
                resource.set(name, value, []);
            }
            derived.push(resource);
        }
        listings.push(if doubts.is_empty() {
            Listing {
                kind: KIND.to_owned(),
                account: group.key.account.clone(),
                region: group.key.region.clone(),
                parent: Some(group.key.id.clone()),
                state: ListState::Complete(evidence),
            }
        } else {
            cut_for(group, doubts)
        });
    }
    inventory.resources.insert(KIND.to_owned(), derived);
    inventory.listings.insert(KIND.to_owned(), listings);
    inventory.parent_field.insert(KIND.to_owned(), "group".to_owned());
}

/// The port ranges of each protocol, cut where any rule begins or ends: within a piece, the same rules apply to every
/// port.
fn pieces(by_range: &BTreeMap<(String, i64, i64), BTreeSet<Source>>) -> Vec<(String, i64, i64)> {
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

/// What one group lets in is not wholly known.
fn cut_for(group: &Resource, gaps: BTreeSet<Gap>) -> Listing {
    Listing {
        kind: KIND.to_owned(),
        account: group.key.account.clone(),
        region: group.key.region.clone(),
        parent: Some(group.key.id.clone()),
        state: ListState::Cut(gaps),
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

fn internet_wide(sources: &BTreeSet<&Source>) -> bool {
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
