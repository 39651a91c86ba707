#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use super::*;

pub(super) fn point(kind: &str, crosses: &str, id: &str, network: &str) -> BoundaryPointView {
    BoundaryPointView {
        kind: kind.to_owned(),
        crosses: crosses.to_owned(),
        id: id.to_owned(),
        name: String::new(),
        account: "111122223333".to_owned(),
        region: "us-gov-west-1".to_owned(),
        network: network.to_owned(),
        leads_to: if crosses == "external" { "internet".to_owned() } else { String::new() },
        public: crosses == "external",
        in_use: true,
        declared: "declared as front door".to_owned(),
        class: "pass".to_owned(),
    }
}

/// Ids as AWS makes them.
fn id(prefix: &str, number: usize) -> String {
    format!("{prefix}-0{:016x}", number * 0x9e37_79b9_7f4a + 7)
}

fn vpcs(number: usize) -> (Vec<BoundaryPointView>, Vec<BoundaryNetworkView>) {
    let (mut points, mut networks) = (Vec::new(), Vec::new());
    for n in 0..number {
        let vpc = id("vpc", n);
        networks.push(BoundaryNetworkView {
            account: "111122223333".to_owned(),
            region: "us-gov-west-1".to_owned(),
            id: vpc.clone(),
            name: if n % 4 == 3 { String::new() } else { format!("prod-{n:02}-workload") },
            about: format!("10.{n}.0.0/16"),
        });
        points.push(point("internet gateway", "external", &id("igw", n), &vpc));
        if n % 3 == 0 {
            let mut nat = point("NAT gateway", "external", &id("nat", n), &vpc);
            nat.name = "egress".to_owned();
            nat.public = false;
            if n % 6 == 3 {
                nat.declared = "not declared".to_owned();
            }
            points.push(nat);
        }
        if n % 7 == 2 {
            let mut vpn = point("VPN connection", "external", &id("vpn", n), &vpc);
            vpn.leads_to = "customer gateway 198.51.100.7".to_owned();
            vpn.in_use = false;
            vpn.public = false;
            vpn.declared = "not in use".to_owned();
            points.push(vpn);
        }
        if n % 5 == 0 {
            for at in 0..(2 + n) {
                let mut address = point("public address", "external", &id("eipalloc", n * 100 + at), &vpc);
                address.name = format!("203.0.113.{}", n + at);
                if at == 1 {
                    address.declared = "not declared".to_owned();
                }
                points.push(address);
            }
        }
        for at in 0..(3 + n % 4 * 3) {
            let mut subnet = point("subnet", "internal", &id("subnet", n * 100 + at), &vpc);
            subnet.name = format!("app-{at}");
            subnet.public = at % 3 == 0;
            subnet.declared =
                if n == 7 && at == 2 { "not declared" } else { "declared as workload subnets" }.to_owned();
            points.push(subnet);
        }
        if n > 0 && n % 2 == 0 {
            let mut peering = point("VPC peering connection", "internal", &id("pcx", n), &vpc);
            peering.leads_to = id("vpc", 0);
            points.push(peering);
        }
    }
    if number > 1 {
        let mut direct = point("Direct Connect gateway", "external", "5f294f92-bafb-4011-916d-9b0bdexample", "");
        direct.name = "hq-uplink".to_owned();
        direct.leads_to = "headquarters, AS 65001".to_owned();
        direct.public = false;
        points.push(direct);
        let mut address = point("public address", "external", &id("eipalloc", 9999), "");
        address.in_use = false;
        address.declared = "not in use".to_owned();
        points.push(address);
    }
    (points, networks)
}

/// What the pictures are looked at for; `DIAGRAMS=folder` writes them.
fn cases() -> Vec<(&'static str, Vec<BoundaryPointView>, Vec<BoundaryNetworkView>)> {
    let mut out = Vec::new();
    for (name, number) in [("one", 1), ("five", 5), ("thirty", 30)] {
        let (points, networks) = vpcs(number);
        out.push((name, points, networks));
    }
    let mut hostile = Vec::new();
    for (n, name) in HOSTILE.iter().enumerate() {
        let mut p = point("internet gateway", if n % 2 == 0 { "external" } else { "internal" }, name, HOSTILE[n % 3]);
        p.name = (*name).to_owned();
        p.leads_to = (*name).to_owned();
        p.declared = if n % 3 == 0 { "not declared".to_owned() } else { format!("declared as {name}") };
        hostile.push(p);
    }
    out.push(("hostile", hostile, Vec::new()));
    let (mut points, mut networks) = vpcs(6);
    for p in &mut points {
        p.name = format!("a-very-long-name-that-goes-on-and-on-and-on-until-nobody-reads-it-any-more-{}", p.id);
        p.leads_to = if p.leads_to.is_empty() { String::new() } else { "W".repeat(120) };
    }
    for network in &mut networks {
        network.name = "M".repeat(300);
    }
    out.push(("long", points, networks));
    let mut many = Vec::new();
    for n in 0..60 {
        let mut address = point("public address", "external", &id("eipalloc", n), &id("vpc", 0));
        address.name = format!("203.0.113.{n}");
        address.declared = match n {
            5 | 17 | 40 => "not declared",
            8 | 9 => "not in use",
            _ => "declared as addresses of the web tier",
        }
        .to_owned();
        address.in_use = !matches!(n, 8 | 9);
        many.push(address);
    }
    many.push(point("internet gateway", "external", &id("igw", 1), &id("vpc", 0)));
    out.push(("addresses", many, Vec::new()));
    out
}

const HOSTILE: [&str; 12] = [
    "#place(top+left)[MET]",
    "</text><script>alert(1)</script><text>",
    "\" onload=\"alert(1)\" x=\"",
    "<![CDATA[x]]><!-- --><?php ?><!DOCTYPE x>",
    "&lt;script&gt;&#x41;&nbsp;",
    "url(http://evil.example/x)",
    "\u{202e}TEM\u{2066}",
    "\u{1b}[2J\u{7}\u{9b}\u{fffe}\u{e000}",
    "東京 😀 生产-網路-プロダクション",
    "Z\u{300}\u{301}\u{302} M\u{336} שלום 3",
    "ARN\nline\ttab",
    "../../x'\"\\",
];

#[test]
fn pictures() {
    let Ok(folder) = std::env::var("DIAGRAMS") else { return };
    for (name, points, networks) in cases() {
        for (n, d) in diagrams(&points, &networks).iter().enumerate() {
            std::fs::write(format!("{folder}/{name}-{}.svg", n + 1), &d.svg).unwrap();
            std::fs::write(format!("{folder}/{name}-{}.txt", n + 1), &d.alt).unwrap();
        }
    }
}
