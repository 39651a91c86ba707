//! The points of Azure where communication crosses a boundary: peerings, gateways and their connections, Front Door, endpoints of
//! the content delivery network, public addresses. Each is there once, and no key of theirs is kept.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;

use emulators::azure::{FakeAzure, Fault, TENANT};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

const SUB: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
const OTHER: &str = "11111111-aaaa-4bbb-8ccc-000000000002";
const SECRET: &str = "canary-of-a-key";

fn of(provider: &str) -> String {
    format!("/subscriptions/{SUB}/providers/{provider}")
}

fn id(kind: &str, name: &str) -> String {
    format!("/subscriptions/{SUB}/resourceGroups/Net/providers/{kind}/{name}")
}

fn gateway(name: &str) -> String {
    id("Microsoft.Network/virtualNetworkGateways", name)
}

fn answer(fake: &FakeAzure, path: &str, items: &Value) {
    fake.answer("GET", path, 200, json!({ "value": items }));
}

/// A network with a subnet for gateways that these use.
fn network(parts: &[String]) -> Value {
    let parts: Vec<Value> = parts.iter().map(|part| json!({ "id": part })).collect();
    json!([{ "id": id("Microsoft.Network/virtualNetworks", "Hub"), "name": "Hub", "location": "eastus", "properties": {
        "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
        "subnets": [{ "id": id("Microsoft.Network/virtualNetworks", "Hub/subnets/GatewaySubnet"), "name": "GatewaySubnet",
            "properties": { "ipConfigurations": parts } }] } }])
}

fn address(name: &str, attached: &str) -> Value {
    json!({ "id": id("Microsoft.Network/publicIPAddresses", name), "name": name, "location": "eastus",
            "properties": { "ipAddress": "198.51.100.7", "ipConfiguration": { "id": attached } } })
}

fn of_kind(name: &str, kind: &str) -> Value {
    json!({ "id": gateway(name), "name": name, "location": "eastus", "properties": { "gatewayType": kind,
        "vpnClientConfiguration": { "radiusServerSecret": SECRET,
            "radiusServers": [{ "radiusServerAddress": "10.2.0.4", "radiusServerSecret": SECRET }] } } })
}

fn connection(name: &str, kind: &str, more: &Value) -> Value {
    let mut properties = json!({ "connectionType": kind, "virtualNetworkGateway1": { "id": gateway("Office") },
                                 "sharedKey": SECRET, "authorizationKey": SECRET });
    for (name, value) in more.as_object().unwrap() {
        properties[name] = value.clone();
    }
    json!({ "id": id("Microsoft.Network/connections", name), "name": name, "location": "eastus", "properties": properties })
}

fn profile(name: &str, sku: &str) -> Value {
    json!({ "id": id("Microsoft.Cdn/profiles", name), "name": name, "location": "Global", "sku": { "name": sku } })
}

fn endpoint(kind: &str, profile: &str, name: &str, properties: &Value) -> Value {
    json!({ "id": id("Microsoft.Cdn/profiles", &format!("{profile}/{kind}/{name}")), "name": name, "location": "Global",
            "properties": properties })
}

/// One subscription with all of it.
fn edge() -> FakeAzure {
    let fake = FakeAzure::start();
    answer(&fake, "/{+any}", &json!([]));
    answer(&fake, "/v1.0/{+any}", &json!([]));
    answer(
        &fake,
        "/subscriptions",
        &json!([{ "id": format!("/subscriptions/{SUB}"), "subscriptionId": SUB, "displayName": "Works", "state": "Enabled",
                  "tenantId": TENANT }]),
    );
    let part = |name: &str, of: &str| format!("{}/ipConfigurations/{of}", gateway(name));
    let peering = |name: &str, remote: &str, state: &str| {
        json!({ "id": id("Microsoft.Network/virtualNetworks", &format!("Hub/virtualNetworkPeerings/{name}")), "name": name,
                "properties": { "peeringState": state, "remoteVirtualNetwork": { "id": remote } } })
    };
    let theirs =
        format!("/subscriptions/{OTHER}/resourceGroups/Net/providers/Microsoft.Network/virtualNetworks/Theirs");
    answer(
        &fake,
        &format!("{}/virtualNetworkPeerings", id("Microsoft.Network/virtualNetworks", "Hub").to_lowercase()),
        &json!([
            peering("to-spoke", &id("Microsoft.Network/virtualNetworks", "Spoke"), "Connected"),
            peering("to-them", &theirs, "Connected"),
            peering("half", &theirs, "Initiated"),
        ]),
    );
    // The gateway of the office has two addresses; that of the line has none that is seen here.
    answer(
        &fake,
        &of("Microsoft.Network/virtualNetworks"),
        &network(&[part("Office", "a"), part("Office", "b"), part("Line", "default")]),
    );
    answer(
        &fake,
        &of("Microsoft.Network/publicIPAddresses"),
        &json!([
            address("office-a", &part("Office", "a")),
            address("office-b", &part("Office", "b")),
            address("bastion", &format!("{}/bastionHostIpConfigurations/c", id("Microsoft.Network/bastionHosts", "b"))),
        ]),
    );
    for (name, kind) in [("Office", "Vpn"), ("Line", "ExpressRoute")] {
        let path = gateway(name).to_lowercase();
        fake.answer("GET", &path, 200, of_kind(name, kind));
        answer(&fake, &format!("{path}/connections"), &json!([]));
    }
    let elsewhere =
        format!("/subscriptions/{OTHER}/resourceGroups/Net/providers/Microsoft.Network/virtualNetworkGateways/Far");
    answer(
        &fake,
        &format!("{}/connections", gateway("Office").to_lowercase()),
        &json!([
            connection(
                "dayton",
                "IPsec",
                &json!({ "localNetworkGateway2": { "id": id("Microsoft.Network/localNetworkGateways", "Dayton") } })
            ),
            connection("branch", "Vnet2Vnet", &json!({ "virtualNetworkGateway2": { "id": gateway("Branch") } })),
            connection("partner", "Vnet2Vnet", &json!({ "virtualNetworkGateway2": { "id": elsewhere } })),
        ]),
    );
    let circuit = json!({ "peer": { "id": id("Microsoft.Network/expressRouteCircuits", "Circuit") } });
    answer(
        &fake,
        &format!("{}/connections", gateway("Line").to_lowercase()),
        &json!([
            connection("line", "ExpressRoute", &circuit),
            // The same connection in the lists of both of its gateways is one.
            connection("branch", "Vnet2Vnet", &json!({ "virtualNetworkGateway2": { "id": gateway("Branch") } })),
        ]),
    );
    answer(
        &fake,
        &of("Microsoft.Network/frontDoors"),
        &json!([
            { "id": id("Microsoft.Network/frontDoors", "old"), "name": "old", "location": "Global", "properties": { "enabledState": "Enabled" } },
            { "id": id("Microsoft.Network/frontDoors", "off"), "name": "off", "location": "Global", "properties": { "enabledState": "Disabled" } },
        ]),
    );
    answer(
        &fake,
        &of("Microsoft.Cdn/profiles"),
        &json!([profile("door", "Premium_AzureFrontDoor"), profile("files", "Standard_Microsoft")]),
    );
    answer(
        &fake,
        &format!("{}/afdEndpoints", id("Microsoft.Cdn/profiles", "door").to_lowercase()),
        &json!([
            endpoint(
                "afdEndpoints",
                "door",
                "quotes",
                &json!({ "hostName": "quotes-x.z01.azurefd.net", "enabledState": "Enabled" })
            ),
            endpoint(
                "afdEndpoints",
                "door",
                "idle",
                &json!({ "hostName": "idle-x.z01.azurefd.net", "enabledState": "Disabled" })
            ),
        ]),
    );
    answer(
        &fake,
        &format!("{}/endpoints", id("Microsoft.Cdn/profiles", "files").to_lowercase()),
        &json!([
            endpoint(
                "endpoints",
                "files",
                "manuals",
                &json!({ "hostName": "manuals.azureedge.net", "resourceState": "Running" })
            ),
            endpoint(
                "endpoints",
                "files",
                "gone",
                &json!({ "hostName": "gone.azureedge.net", "resourceState": "Stopped" })
            ),
        ]),
    );
    fake
}

fn farwatch(fake: &FakeAzure, home: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_farwatch"))
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(fake.env())
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(0 | 10 | 11)), "{err}");
    String::from_utf8(output.stdout).unwrap()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(fs::read(&path).unwrap()) }
    }
    all
}

/// What a run finds: the boundary, and all its files.
fn boundary(fake: &FakeAzure) -> (Value, Vec<Vec<u8>>) {
    let home = tempfile::tempdir().unwrap();
    farwatch(fake, home.path(), &["audit", "azure", "--azure-credential", "secret", "--no-pdf", "--out", "run"]);
    let told = farwatch(fake, home.path(), &["boundary", "run", "--json"]);
    (serde_json::from_str(&told).unwrap(), files(&home.path().join("run")))
}

/// Boundary, kind, name, whether the public reaches something through it, and what lies behind it.
fn points(boundary: &Value) -> Vec<(String, String, String, bool, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut all: Vec<_> = boundary["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let behind = text(&one["leads_to"]).rsplit('/').next().unwrap().to_owned();
            (text(&one["crosses"]), text(&one["kind"]), text(&one["name"]), one["public"].as_bool().unwrap(), behind)
        })
        .collect();
    all.sort();
    all
}

fn named<'a>(
    crosses: &'a str,
    kind: &'a str,
    name: &'a str,
    public: bool,
    behind: &'a str,
) -> (String, String, String, bool, String) {
    (crosses.to_owned(), kind.to_owned(), name.to_owned(), public, behind.to_owned())
}

#[test]
fn every_point_is_there_once_and_no_key_is_kept() {
    let fake = edge();
    let (boundary, files) = boundary(&fake);
    assert_eq!(boundary["cut"], json!([]), "{boundary:#}");
    assert_eq!(
        points(&boundary),
        [
            named("external", "CDN endpoint", "manuals", true, "the internet, as manuals.azureedge.net"),
            named("external", "ExpressRoute connection", "line", false, "circuit"),
            named("external", "ExpressRoute gateway", "Line", false, "networks behind ExpressRoute"),
            named("external", "Front Door (classic)", "old", true, "the internet"),
            named("external", "Front Door endpoint", "quotes", true, "the internet, as quotes-x.z01.azurefd.net"),
            named("external", "VPN connection", "dayton", false, "dayton"),
            named("external", "VPN gateway", "Office", true, "networks and machines behind VPN"),
            named("external", "bastion", "bastion", true, "the internet"),
            named("external", "connection of virtual networks", "partner", false, "far"),
            named("external", "peering", "to-them", false, "theirs"),
            named("internal", "connection of virtual networks", "branch", false, "branch"),
            named("internal", "peering", "to-spoke", false, "spoke"),
            named("internal", "virtual network", "Hub", false, ""),
        ]
    );
    // In the drawing, too.
    let drawn: String = boundary["diagrams"].as_array().unwrap().iter().map(|one| one["svg"].to_string()).collect();
    for name in ["Office", "Line", "quotes", "dayton"] {
        assert!(drawn.contains(name), "{name} is not drawn");
    }
    assert!(files.len() > 20);
    for file in files {
        assert!(!String::from_utf8_lossy(&file).contains(SECRET), "a key was kept");
    }
    // Each kind of profile is asked for its own endpoints, and a gateway once, however many parts it has.
    let asked = |path: &str| fake.count(&path.to_lowercase());
    for (profile, own, other) in [("door", "afdEndpoints", "endpoints"), ("files", "endpoints", "afdEndpoints")] {
        let path = id("Microsoft.Cdn/profiles", profile);
        assert_eq!((asked(&format!("{path}/{own}")), asked(&format!("{path}/{other}"))), (1, 0), "{profile}");
    }
    assert_eq!((asked(&gateway("Office")), asked(&gateway("Line"))), (1, 1));
}

#[test]
fn a_gateway_is_found_by_its_subnet_or_by_its_address() {
    let gateways = |boundary: &Value| -> Vec<String> {
        points(boundary).into_iter().filter(|point| point.1.ends_with("gateway")).map(|point| point.2).collect()
    };
    let fake = edge();
    answer(&fake, &of("Microsoft.Network/publicIPAddresses"), &json!([]));
    assert_eq!(gateways(&boundary(&fake).0), ["Line", "Office"]);
    let fake = edge();
    answer(&fake, &of("Microsoft.Network/virtualNetworks"), &network(&[]));
    assert_eq!(gateways(&boundary(&fake).0), ["Office"]);
}

#[test]
fn what_was_not_read_is_told() {
    let office = gateway("Office").to_lowercase();
    let door = id("Microsoft.Cdn/profiles", "door").to_lowercase();
    for (path, read, kind) in [
        (office.clone(), "Microsoft.Network:VirtualNetworkGateways_Get", "VPN gateway"),
        (format!("{office}/connections"), "Microsoft.Network:VirtualNetworkGateways_ListConnections", "VPN connection"),
        (
            format!("{}/virtualNetworkPeerings", id("Microsoft.Network/virtualNetworks", "Hub").to_lowercase()),
            "Microsoft.Network:VirtualNetworkPeerings_List",
            "peering",
        ),
        (of("Microsoft.Network/frontDoors"), "Microsoft.Network:FrontDoors_List", "Front Door (classic)"),
        (of("Microsoft.Cdn/profiles"), "Microsoft.Cdn:Profiles_List", "Front Door endpoint"),
        (format!("{door}/afdEndpoints"), "Microsoft.Cdn:AFDEndpoints_ListByProfile", "Front Door endpoint"),
    ] {
        let fake = edge();
        fake.fault(&path, Fault::Denied);
        let (boundary, _) = boundary(&fake);
        let told = format!("{read} was denied (AuthorizationFailed); there may be more points");
        assert!(boundary["cut"].to_string().contains(&told), "{path}: {}", boundary["cut"]);
        assert!(!points(&boundary).iter().any(|point| point.1 == kind), "{path}");
    }
    // Where the networks cannot be listed, nobody knows which gateways there are.
    let fake = edge();
    fake.fault(&of("Microsoft.Network/virtualNetworks"), Fault::Denied);
    let (boundary, _) = boundary(&fake);
    assert!(
        boundary["cut"].to_string().contains("Microsoft.Network:VirtualNetworks_ListAll was denied"),
        "{}",
        boundary["cut"]
    );
}
