//! Derivation: which virtual network gateways there are in a subscription of Azure.
//!
//! They are listed by resource group only, and a list of resource groups leaves out, without a word, those that we may
//! not see. What a gateway uses names it, and those lists are either whole or denied: the subnet that it lies in, and its
//! public addresses. One `azure.network.gateway_reference` for each gateway that is named; reads fan out from it.

use crate::derive::known::all_of;
use crate::model::inventory::Listing;
use crate::model::read::FieldKind;
use crate::model::resource::{Resource, ResourceKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The derived type.
const KIND: &str = "azure.network.gateway_reference";
const NETWORK: &str = "azure.network.virtual_network";
const ADDRESS: &str = "azure.network.public_ip_address";
/// What comes before the name of a gateway in its id, and what after it in that of its part in a subnet.
const GATEWAYS: &str = "/providers/microsoft.network/virtualnetworkgateways/";
const PART: &str = "/ipconfigurations/";

/// The type; its id is all there is to say.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    BTreeMap::from([(KIND, BTreeMap::new())])
}

/// The gateways that these resources name.
pub(super) fn references<'a>(resources: impl Iterator<Item = &'a Resource>) -> Vec<Resource> {
    let mut found: BTreeMap<ResourceKey, BTreeSet<String>> = BTreeMap::new();
    for one in resources {
        let (field, named) = match one.key.kind.as_str() {
            NETWORK => ("subnets", in_subnets(one)),
            ADDRESS => ("attached_to", one.text("attached_to").into_iter().collect()),
            _ => continue,
        };
        for gateway in named.into_iter().filter_map(gateway) {
            let key = ResourceKey { kind: KIND.to_owned(), id: gateway.to_owned(), ..one.key.clone() };
            found.entry(key).or_default().extend(one.evidence([field]));
        }
    }
    let reference = |(key, evidence)| {
        let mut reference = Resource::new(key);
        reference.from.insert(String::new(), evidence);
        reference
    };
    found.into_iter().map(reference).collect()
}

/// The references of a subscription are known when its networks and addresses are.
pub(super) fn listings(all: &[Listing]) -> Vec<Listing> {
    all_of(KIND, all, |kind| [NETWORK, ADDRESS].contains(&kind))
}

/// The ids of what is in the subnets of a network.
fn in_subnets(network: &Resource) -> Vec<&str> {
    fn records(of: Option<&Value>) -> impl Iterator<Item = &Value> {
        of.and_then(Value::as_array).into_iter().flatten()
    }
    records(network.get("subnets"))
        .flat_map(|subnet| records(subnet.get("ip_configurations")))
        .filter_map(|part| part.get("id").and_then(Value::as_str))
        .collect()
}

/// The id of the gateway that has this part.
fn gateway(part: &str) -> Option<&str> {
    let name = part.find(GATEWAYS)? + GATEWAYS.len();
    let end = name + part.get(name..)?.find(PART)?;
    part.get(..end).filter(|id| id.len() > name && !id.get(name..).is_some_and(|name| name.contains('/')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::ListState;
    use serde_json::json;

    const HUB: &str = "/subscriptions/s/resourcegroups/rg/providers/microsoft.network/virtualnetworkgateways/hub";

    fn resource(kind: &str, id: &str, field: &str, value: Value) -> Resource {
        let mut resource = Resource::new(ResourceKey {
            kind: kind.to_owned(),
            account: "s".to_owned(),
            region: "global".to_owned(),
            id: id.to_owned(),
        });
        resource.set(field, value, [format!("e:{id}")]);
        resource
    }

    fn named(resources: &[Resource]) -> Vec<(String, Vec<String>)> {
        references(resources.iter())
            .into_iter()
            .map(|one| {
                assert_eq!((one.key.kind.as_str(), one.key.account.as_str()), (KIND, "s"));
                (one.key.id.clone(), one.evidence([]).into_iter().collect())
            })
            .collect()
    }

    #[test]
    fn a_gateway_is_named_by_its_subnet_and_its_addresses_and_is_one() {
        let part = |name: &str| json!({ "id": format!("{HUB}/ipconfigurations/{name}") });
        let interface = json!({ "id": "/subscriptions/s/resourcegroups/rg/providers/microsoft.network/networkinterfaces/n/ipconfigurations/a" });
        let subnets = json!([
            { "name": "web", "ip_configurations": [interface] },
            { "name": "GatewaySubnet", "ip_configurations": [part("default"), part("active")] },
        ]);
        let network = resource(NETWORK, "v", "subnets", subnets);
        let address = resource(ADDRESS, "p", "attached_to", json!(format!("{HUB}/ipconfigurations/default")));
        let free = resource(ADDRESS, "q", "attached_to", json!("none"));
        assert_eq!(
            named(&[network.clone(), address.clone(), free]),
            [(HUB.to_owned(), vec!["e:p".to_owned(), "e:v".to_owned()])]
        );
        // Either of them is enough.
        assert_eq!(named(&[network]), [(HUB.to_owned(), vec!["e:v".to_owned()])]);
        assert_eq!(named(&[address]), [(HUB.to_owned(), vec!["e:p".to_owned()])]);
    }

    #[test]
    fn what_is_no_part_of_a_gateway_names_none() {
        assert_eq!(gateway(&format!("{HUB}/ipconfigurations/x")), Some(HUB));
        for other in [
            HUB.to_owned(),
            format!("{HUB}/natrules/x/ipconfigurations/y"),
            format!("{HUB}2"),
            "/subscriptions/s/resourcegroups/rg/providers/microsoft.network/virtualnetworkgateways//ipconfigurations/x"
                .to_owned(),
            "/subscriptions/s/resourcegroups/rg/providers/microsoft.network/vpngateways/x/ipconfigurations/y"
                .to_owned(),
            "none".to_owned(),
            String::new(),
        ] {
            assert_eq!(gateway(&other), None, "{other}");
        }
        let untold = Resource::new(resource(NETWORK, "v", "name", json!("v")).key);
        assert_eq!(named(&[untold]), []);
    }

    #[test]
    fn the_gateways_are_known_when_both_lists_are() {
        let list = |kind: &str, state: ListState| Listing {
            kind: kind.to_owned(),
            account: "s".to_owned(),
            region: "global".to_owned(),
            parent: None,
            state,
        };
        let whole = || ListState::Complete(BTreeSet::from(["e".to_owned()]));
        let of = |networks, addresses| listings(&[list(NETWORK, networks), list(ADDRESS, addresses)]);
        let found = of(whole(), whole());
        assert!(matches!(found.as_slice(), [Listing { kind, state: ListState::Complete(_), .. }] if kind == KIND));
        let gap = crate::model::gap::Gap {
            read: "Microsoft.Network:PublicIPAddresses_ListAll".to_owned(),
            action: "a".to_owned(),
            account: "s".to_owned(),
            region: "global".to_owned(),
            parent: None,
            outcome: crate::model::plan::Outcome::Denied,
            code: None,
            detail: None,
            evidence: None,
        };
        let found = of(whole(), ListState::Cut(BTreeSet::from([gap])));
        assert!(matches!(found.as_slice(), [Listing { state: ListState::Cut(_), .. }]));
    }
}
