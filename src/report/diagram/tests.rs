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

/// From the plain to the absurd.
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

/// Elements of a drawing as a parser sees them: name, attributes, text.
fn parse(svg: &str) -> Vec<(String, BTreeMap<String, String>, String)> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    let mut out: Vec<(String, BTreeMap<String, String>, String)> = Vec::new();
    loop {
        let event = reader.read_event().unwrap();
        let entity = |name: &str| {
            ['&', '<', '>', '"', '\'']
                .into_iter()
                .zip(["amp", "lt", "gt", "quot", "apos"])
                .find(|(_, known)| *known == name)
                .map(|(c, _)| c)
                .unwrap()
        };
        match event {
            Event::Start(element) | Event::Empty(element) => {
                let attributes = element
                    .attributes()
                    .map(|attribute| {
                        let attribute = attribute.unwrap();
                        let key = attribute.key.as_ref().to_owned();
                        (key, attribute.value.to_string())
                    })
                    .collect();
                let name = element.name().as_ref().to_owned();
                out.push((name, attributes, String::new()));
            }
            Event::Text(text) => {
                let text: &str = &text;
                if let Some(last) = out.last_mut().filter(|_| !text.trim().is_empty()) {
                    last.2 += text;
                }
            }
            Event::GeneralRef(name) => out.last_mut().unwrap().2.push(entity(&name)),
            Event::End(_) => {}
            Event::Eof => return out,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn names_never_become_markup() {
    for (case, points, networks) in cases() {
        for diagram in diagrams(&points, &networks, &[]) {
            for (name, attributes, text) in parse(&diagram.svg) {
                let known = ["svg", "title", "desc", "rect", "line", "path", "circle", "text"];
                assert!(known.contains(&name.as_str()), "{case}: {name}");
                for (key, value) in attributes {
                    let known = [
                        "xmlns",
                        "version",
                        "width",
                        "height",
                        "viewBox",
                        "font-family",
                        "font-size",
                        "font-weight",
                        "x",
                        "y",
                        "x1",
                        "y1",
                        "x2",
                        "y2",
                        "cx",
                        "cy",
                        "r",
                        "rx",
                        "d",
                        "fill",
                        "stroke",
                        "stroke-width",
                        "stroke-dasharray",
                        "text-anchor",
                    ];
                    assert!(known.contains(&key.as_str()), "{case}: {key}");
                    let fixed = ["Inter, sans-serif", "http://www.w3.org/2000/svg", "none", "end"];
                    let number = |c: char| c.is_ascii_hexdigit() || " .-#Mlhvmz".contains(c);
                    assert!(fixed.contains(&value.as_str()) || value.chars().all(number), "{case}: {key}={value}");
                }
                assert!(!text.chars().any(crate::model::text::is_deceptive), "{case}: {text:?}");
                assert!(matches!(name.as_str(), "title" | "desc" | "text") || text.is_empty(), "{case}: {text}");
            }
        }
    }
}

#[test]
fn what_is_not_declared_is_named() {
    for (case, points, networks) in cases() {
        let all = diagrams(&points, &networks, &[]);
        for point in points.iter().filter(|point| State::of(point) == State::Undeclared) {
            assert!(all.iter().any(|diagram| diagram.alt.contains(&drawn(&point.id))), "{case}: {:?}", point.id);
        }
        let counted: usize = points.iter().filter(|point| State::of(point) == State::Undeclared).count();
        let drawn: usize = all
            .iter()
            .flat_map(|diagram| parse(&diagram.svg))
            .filter(|(name, _, text)| {
                name == "text" && text.ends_with("NOT DECLARED") && !text.starts_with("cut corners")
            })
            .map(|(_, _, text)| text.split(' ').next().unwrap().parse().unwrap_or(1))
            .sum();
        assert_eq!(drawn, counted, "{case}: every one is drawn or counted");
    }
}

/// A thousand points of thirty kinds in one network, none of them declared.
#[test]
fn however_much_there_is_a_drawing_fits_a_page_and_a_text_its_place() {
    let mut all = cases();
    let mut crowd = Vec::new();
    for n in 0..1000 {
        let crosses = if n % 2 == 0 { "external" } else { "internal" };
        let mut point = point(&format!("kind {}", n % 30), crosses, &id("x", n), if n % 3 == 0 { "" } else { "vpc-1" });
        point.declared = if n % 5 == 0 { "nothing is declared" } else { "not declared" }.to_owned();
        if n % 4 == 1 {
            point.leads_to = format!("vpc-{}", n % 40);
        }
        crowd.push(point);
    }
    all.push(("crowd", crowd, Vec::new()));
    for (case, points, networks) in all {
        for diagram in diagrams(&points, &networks, &["ec2:DescribeAddresses was denied".to_owned()]) {
            assert!(diagram.svg.contains(&format!(">{NOT_COMPLETE}</text>")) && diagram.alt.contains(NOT_COMPLETE));
            let elements = parse(&diagram.svg);
            let number = |attributes: &BTreeMap<String, String>, key: &str| -> i32 {
                attributes.get(key).map_or(0, |value| value.parse().unwrap())
            };
            assert!(number(&elements[0].1, "height") <= HEIGHT, "{case}: {}", diagram.title);
            // Boxes: left, top, right, bottom.
            let mut boxes = Vec::new();
            for (name, attributes, text) in &elements {
                let (x, y) = (number(attributes, "x"), number(attributes, "y"));
                match name.as_str() {
                    "rect" => boxes.push((x, y, x + number(attributes, "width"), y + number(attributes, "height"))),
                    "path" if attributes["fill"] == ALARM_GROUND => {
                        let numbers: Vec<i32> = attributes["d"]
                            .split(|c: char| !c.is_ascii_digit())
                            .filter_map(|number| number.parse().ok())
                            .collect();
                        let (cut, wide, high) = (numbers[3], numbers[2], numbers[5]);
                        let (x, y) = (numbers[0] - cut, numbers[1]);
                        boxes.push((x, y, x + wide + 2 * cut, y + high + 2 * cut));
                    }
                    "text" => {
                        let font = Font {
                            size: attributes.get("font-size").map_or(SMALL, |size| size.parse().unwrap()),
                            strong: attributes.contains_key("font-weight"),
                            ink: INK,
                        };
                        let wide = width(text, &font);
                        let x = if attributes.contains_key("text-anchor") { x - wide } else { x };
                        // The last box drawn around its start is the one it stands in.
                        let around = boxes.iter().rev().find(|b| b.0 <= x && x < b.2 && b.1 <= y && y <= b.3).unwrap();
                        assert!(x + wide <= around.2, "{case}: {text:?} of {wide} at {x} leaves {around:?}");
                        assert!(y - font.size >= around.1 - 2, "{case}: {text:?}");
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn thirty_networks_are_several_pages() {
    let (points, networks) = vpcs(30);
    let all = diagrams(&points, &networks, &[]);
    assert!((4..=8).contains(&all.len()), "{} drawings", all.len());
    for network in &networks {
        assert!(all.iter().any(|diagram| diagram.svg.contains(&format!(">{}</text>", network.id))));
    }
    assert!(all[0].title.ends_with("of 30") && all.iter().all(|diagram| diagram.title.contains("us-gov-west-1")));
}

#[test]
fn the_order_of_the_answers_is_nothing() {
    for (case, mut points, mut networks) in cases() {
        let before = diagrams(&points, &networks, &[]);
        points.reverse();
        networks.reverse();
        let after = diagrams(&points, &networks, &[]);
        assert_eq!(before.len(), after.len());
        for (a, b) in before.iter().zip(&after) {
            assert!(a.svg == b.svg && a.alt == b.alt && a.title == b.title, "{case}");
        }
    }
    assert!(diagrams(&[], &[], &[]).is_empty());
}

#[test]
fn one_small_drawing() {
    let mut gateway = point("internet gateway", "external", "igw-0123456789abcdef0", "vpc-0123456789abcdef0");
    gateway.declared = "not declared".to_owned();
    let mut peering = point("VPC peering connection", "internal", "pcx-0123456789abcdef0", "vpc-0123456789abcdef0");
    peering.leads_to = "vpc-0fedcba9876543210".to_owned();
    let name = BoundaryNetworkView {
        account: gateway.account.clone(),
        region: gateway.region.clone(),
        id: gateway.network.clone(),
        name: "R&D <lab>".to_owned(),
        about: "10.0.0.0/16".to_owned(),
    };
    let all = diagrams(&[gateway, peering], &[name], &[]);
    assert_eq!(all.len(), 1);
    insta::assert_snapshot!("small", format!("{}\n{}", all[0].svg, all[0].alt));
}

#[test]
fn what_is_too_long_is_cut_in_the_middle() {
    let font = Font { size: SMALL, strong: false, ink: INK };
    assert_eq!(fit("vpc-0123456789abcdef0", 200, &font), "vpc-0123456789abcdef0");
    let cut = fit("/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub", 120, &font);
    assert!(cut.starts_with("/subs") && cut.ends_with("s/hub") && cut.contains('…'), "{cut}");
    assert!(width(&cut, &font) <= 120);
    assert_eq!(kind_count(2, "public address"), "2 public addresses");
    assert_eq!(kind_count(1, "NAT gateway"), "1 NAT gateway");
    assert_eq!(kind_count(3, "VPN (site to site)"), "3 × VPN (site to site)");
    assert_eq!(kind_count(3, "policy"), "3 policies");
}
