//! The packet as a PDF: hostile data, determinism, declared standards, attachment, text as a reader copies it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise, and says what it skips"
)]

use farwatch::report::diagram::diagrams;
use farwatch::report::pdf::{Rendered, Renderer, Typst};
use farwatch::report::svg_files;
use farwatch::report::view::{
    AbsentView, AccountView, AspectView, BoundaryPlaceView, BoundaryPointView, BoundaryView, CellView, CheckView,
    ClauseView, CountView, DeclarationView, EnvironmentView, EvidenceView, ExceptionView, FactView, FileView,
    FindingView, LinkView, ObjectiveView, OrganisationView, OutOfScopeView, ParagraphView, ParameterView, PersonView,
    RequirementView, ScenarioView, StatementView, UnseenView, UntoldView, View,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

static TYPST: LazyLock<Typst> = LazyLock::new(|| Typst::new(template()).expect("the bundled template loads"));

/// The folder as it ships.
fn template() -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, root: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).expect("the template folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, root, files);
            } else {
                let name = path.strip_prefix(root).expect("inside").to_str().expect("UTF-8").replace('\\', "/");
                files.insert(name, std::fs::read(&path).expect("readable"));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("report-templates/packet");
    let mut files = BTreeMap::new();
    walk(&root, &root, &mut files);
    files
}

const NAMES: [&str; 14] = [
    "#place(top+left)[MET]",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "../../x",
    "$(id)",
    "`id`; rm -rf /",
    "sg \u{202e}TEM TON\u{202c} end",
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "生产-網路-プロダクション",
    "😀 👩‍💻 🇺🇸",
    "@ref <label> *b* _i_ \\ // /* ~ -- --- ... $x^2$",
    "zero\u{200b}width\u{feff}\u{00ad}\u{e000}\u{fffe}",
    "M\u{336}E\u{336}T\u{336} Z\u{300}\u{301}\u{302}\u{303}\u{304}",
    "line one\nline two\tand a tab\u{2028}and more",
];

fn digest(number: usize) -> String {
    format!("{number:08x}").repeat(8)
}

fn evidence_id(number: usize) -> String {
    format!("E-{number:012x}.1")
}

fn finding(number: usize, class: &str, resource: &str) -> FindingView {
    FindingView {
        id: format!("F-{number:012x}"),
        check: "aws-vpc-flow-log-all-traffic".to_owned(),
        title: format!("Title of {resource}"),
        severity: "high".to_owned(),
        outcome: class.replace('_', " "),
        class: class.to_owned(),
        kind: "aws.ec2.vpc".to_owned(),
        resource: resource.to_owned(),
        account: "111122223333".to_owned(),
        region: "us-gov-west-1".to_owned(),
        sentence: format!("{resource}: no active flow log for ALL traffic"),
        exceptions: if number == 0 { vec![NAMES[0].to_owned(), "gone".to_owned()] } else { Vec::new() },
        replaced_by: if number == 0 { vec![NAMES[0].to_owned(), "gone".to_owned()] } else { Vec::new() },
        reasons: if class == "unknown" { vec![format!("{resource} was denied")] } else { Vec::new() },
        evidence: vec![evidence_id(number), "E-not-in-the-index.1".to_owned()],
        remedy: if class == "fail" { format!("Mend {resource}.\nThen look again.") } else { String::new() },
        command: if class == "fail" { format!("aws ec2 fix --id '{resource}'") } else { String::new() },
        maps: vec!["determines SC.L1-b.1.x[c] traffic-recorded".to_owned()],
    }
}

fn evidence(number: usize, parent: &str) -> EvidenceView {
    EvidenceView {
        id: evidence_id(number),
        read: "ec2:DescribeFlowLogs".to_owned(),
        account: "111122223333".to_owned(),
        region: "us-gov-west-1".to_owned(),
        parent: parent.to_owned(),
        at: "2026-11-24T03:00:12Z".to_owned(),
        http_status: if number == 3 { 0 } else { 200 },
        outcome: "answered".to_owned(),
        digest: if number == 3 { String::new() } else { digest(number) },
        bytes: 1234,
        request_id: "7d1a".to_owned(),
    }
}

fn requirement(number: usize, touched: bool, name: &str, findings: &[FindingView]) -> RequirementView {
    let facts = findings
        .iter()
        .map(|finding| FactView {
            sentence: finding.sentence.clone(),
            class: finding.class.clone(),
            role: "decides".to_owned(),
            finding: finding.id.clone(),
            evidence: format!("{} and 3 more", finding.evidence.join(", ")),
        })
        .collect();
    let cell = CellView {
        environment: name.to_owned(),
        state: "shown by exception".to_owned(),
        class: "shown_by_exception".to_owned(),
        why: name.to_owned(),
        statements: vec![NAMES[0].to_owned(), name.to_owned()],
        exceptions: vec![NAMES[0].to_owned(), name.to_owned()],
        next: vec![name.to_owned()],
    };
    let open = CellView { state: "open".to_owned(), class: "open".to_owned(), ..cell.clone() };
    let aspect = AspectView {
        id: "traffic-recorded".to_owned(),
        asks: "Traffic is recorded.".to_owned(),
        basis: "communications are monitored".to_owned(),
        provisional: !touched,
        cells: vec![cell, open],
        findings: findings.iter().map(|finding| finding.id.clone()).chain(["F-gone".to_owned()]).collect(),
        facts,
    };
    RequirementView {
        id: format!("SC.L1-b.1.{number}"),
        far: format!("FAR 52.204-21(b)(1)({number})"),
        far_deviation: format!("FAR 52.240-93(b)(1)({number})"),
        nist: "3.13.1".to_owned(),
        other_ids: "SC.L1-3.13.1, SC.1.175".to_owned(),
        title: "Boundary Protection".to_owned(),
        text: "Monitor, control, and protect organizational communications.".to_owned(),
        status: "NOT MET".to_owned(),
        class: "not_met".to_owned(),
        why: format!("1 objective NOT MET: {name}"),
        touched,
        objectives: vec![ObjectiveView {
            id: format!("SC.L1-b.1.{number}.c"),
            printed: format!("SC.L1-b.1.{number}[c]"),
            letter: "c".to_owned(),
            text: "communications are monitored at the external system boundary".to_owned(),
            status: "NOT ASSESSED".to_owned(),
            class: "not_assessed".to_owned(),
            why: name.to_owned(),
            refused: vec![name.to_owned()],
            aspects: vec![aspect],
        }],
    }
}

fn count(word: &str, class: &str, number: usize) -> CountView {
    CountView { word: word.to_owned(), class: class.to_owned(), number }
}

fn organisation(names: &[String]) -> OrganisationView {
    OrganisationView {
        name: names.join(" "),
        cage_codes: names.to_vec(),
        system: names.join(" "),
        description: names.join(" "),
        information: "Federal Contract Information (FCI)".to_owned(),
        people: names
            .iter()
            .map(|name| PersonView { name: name.clone(), title: name.clone(), roles: "engineer".to_owned() })
            .collect(),
        absent: names.iter().map(|name| AbsentView { kind: "Offices".to_owned(), reason: name.clone() }).collect(),
    }
}

fn statement(name: &str, all: &[String]) -> StatementView {
    StatementView {
        id: name.to_owned(),
        title: name.to_owned(),
        kind: "attestation".to_owned(),
        counts: name.len().is_multiple_of(2),
        state: name.to_owned(),
        answers: all.to_vec(),
        environments: all.to_vec(),
        owner: name.to_owned(),
        approver: name.to_owned(),
        date: "2026-11-24".to_owned(),
        expires: "2027-11-24".to_owned(),
        methods: "examine".to_owned(),
        evidence: all.to_vec(),
        replaces: all.to_vec(),
        provider: name.to_owned(),
        paragraphs: all.iter().map(|text| ParagraphView { item: text.len() > 9, text: text.clone() }).collect(),
        file: name.to_owned(),
        sha256: digest(8),
    }
}

fn exception(name: &str, all: &[String]) -> ExceptionView {
    ExceptionView {
        id: name.to_owned(),
        title: name.to_owned(),
        kind: "enduring exception".to_owned(),
        counts: name.len().is_multiple_of(2),
        state: name.to_owned(),
        about: all.to_vec(),
        on: all.to_vec(),
        findings: vec![format!("F-{:012x}", 0), name.to_owned()],
        hints: all.to_vec(),
        owner: name.to_owned(),
        approver: name.to_owned(),
        start: "2026-11-24".to_owned(),
        expires: "2027-11-24".to_owned(),
        reason: name.to_owned(),
        reopens_when: name.to_owned(),
        mitigations: all.to_vec(),
        worked: all.to_vec(),
        milestones: all.to_vec(),
        review: "2026-12-24".to_owned(),
        progress: name.to_owned(),
        file: name.to_owned(),
        sha256: digest(9),
    }
}

fn boundary(names: Vec<String>) -> BoundaryView {
    let states = ["not declared", "declared as ", "nothing is declared", "not in use"];
    let points: Vec<_> = (0..6 * names.len())
        .map(|n| {
            let name = &names[n % names.len()];
            let declared = states[n % states.len()];
            BoundaryPointView {
                kind: if n % 6 == 0 { name.clone() } else { "internet gateway".to_owned() },
                crosses: if n % 3 == 0 { "internal" } else { "external" }.to_owned(),
                id: if n % 5 == 0 { name.clone() } else { format!("igw-{n:017x}") },
                name: name.clone(),
                account: "111122223333".to_owned(),
                region: "us-gov-west-1".to_owned(),
                network: if n % 7 == 0 { name.clone() } else { format!("vpc-{:017x}", n % 9) },
                leads_to: if n % 4 == 0 { name.clone() } else { "internet".to_owned() },
                public: n % 2 == 0,
                in_use: declared != "not in use",
                declared: if declared.ends_with(' ') { format!("{declared}{name}") } else { declared.to_owned() },
                class: "unknown".to_owned(),
            }
        })
        .collect();
    BoundaryView {
        description: names.join(" "),
        declared: true,
        places: vec![BoundaryPlaceView {
            account: "111122223333".to_owned(),
            region: "us-gov-west-1".to_owned(),
            external: 4,
            internal: 2,
            undeclared: 1,
        }],
        networks: Vec::new(),
        diagrams: diagrams(&points, &[], &names),
        points,
        declarations: names
            .iter()
            .map(|name| DeclarationView {
                name: name.clone(),
                crosses: "external".to_owned(),
                fits: name.clone(),
                purpose: name.clone(),
                found: if name.len().is_multiple_of(2) { String::new() } else { "1".to_owned() },
            })
            .collect(),
        missing: names.clone(),
        cut: names,
    }
}

/// Every text that an account, an organisation or a user chooses is hostile.
fn hostile() -> View {
    let huge = "x".repeat(3000);
    let long = "W".repeat(200);
    let names = || NAMES.iter().copied().chain([long.as_str()]);
    let classes = ["fail", "error", "unknown", "pass", "not_applicable"];
    let mut findings: Vec<_> =
        names().enumerate().map(|(n, name)| finding(n, classes.get(n % 5).unwrap_or(&"fail"), name)).collect();
    let mut endless = finding(900, "fail", &format!("arn:aws:iam::111122223333:role/{}", "very-long/".repeat(12)));
    endless.id = format!("F-{huge}");
    findings.push(endless);
    findings.push(finding(902, "unknown", &huge));
    // Ids that are there twice, ids that look like ours or like markup.
    findings.push(finding(0, "fail", "the same id again"));
    findings.push(FindingView { id: "evidence".to_owned(), ..finding(901, "fail", "#label(\"x\")") });
    let mut evidence: Vec<_> = names().enumerate().map(|(n, name)| evidence(n, name)).collect();
    evidence.push(EvidenceView {
        id: format!("E-{huge}"),
        at: huge.clone(),
        digest: huge.clone(),
        ..evidence[1].clone()
    });
    evidence.push(evidence[0].clone());
    let all = NAMES.join(" ");
    let few: Vec<String> = names().map(ToOwned::to_owned).collect();
    View {
        tool: "farwatch 0.1.0".to_owned(),
        packet_id: "FW-0123456789ab".to_owned(),
        assessment_id: "0123456789ab".to_owned(),
        demo: true,
        date: "2026-11-24".to_owned(),
        read_at: "2026-11-24 03:00:12 to 03:00:44 UTC".to_owned(),
        as_of: "2026-11-24T03:00:44Z".to_owned(),
        clause: ClauseView {
            number: "FAR 52.204-21".to_owned(),
            title: "Basic Safeguarding of Covered Contractor Information Systems".to_owned(),
            date: "NOV 2021".to_owned(),
            intro: "The Contractor shall apply …".to_owned(),
            also_number: "FAR 52.240-93".to_owned(),
            also_note: "used under agency deviations".to_owned(),
        },
        accounts: names()
            .map(|name| AccountView {
                kind: "account".to_owned(),
                id: name.to_owned(),
                partition: "aws".to_owned(),
                caller: name.to_owned(),
                failed: String::new(),
            })
            .collect(),
        environments: names()
            .map(|name| EnvironmentView {
                id: name.to_owned(),
                label: name.to_owned(),
                kind: "AWS account".to_owned(),
                note: name.to_owned(),
            })
            .collect(),
        organisation: Some(organisation(&few)),
        problems: few.clone(),
        warnings: few.clone(),
        reconciliation: few.clone(),
        out_of_scope: names()
            .map(|name| OutOfScopeView {
                kind: "aws.ec2.vpc".to_owned(),
                id: name.to_owned(),
                account: name.to_owned(),
                region: name.to_owned(),
                reason: name.to_owned(),
            })
            .collect(),
        statements: names().map(|name| statement(name, &few)).collect(),
        exceptions: names().map(|name| exception(name, &few)).collect(),
        files: names()
            .map(|name| FileView {
                evidence: format!("O-{name}"),
                path: name.to_owned(),
                sha256: name.to_owned(),
                bytes: 12,
            })
            .collect(),
        counts: vec![count("MET", "met", 1), count("NOT MET", "not_met", 14), count("?", "no such class", 0)],
        summary: all.clone(),
        unseen: names()
            .map(|name| UnseenView {
                what: name.to_owned(),
                permission: name.to_owned(),
                places: name.to_owned(),
                calls: 2,
                checks: vec![name.to_owned()],
            })
            .collect(),
        requirements: vec![
            requirement(10, true, &all, &findings),
            requirement(11, false, &all, &[]),
            requirement(10, false, "the same id again", &[]),
        ],
        finding_counts: vec![count("fail", "fail", 5), count("pass", "pass", 3)],
        checks: vec![CheckView {
            id: "aws-vpc-flow-log-all-traffic".to_owned(),
            title: all.clone(),
            why: long.clone(),
            severity: "high".to_owned(),
            result: "nothing found to judge".to_owned(),
            maps: Vec::new(),
        }],
        findings,
        evidence,
        parameters: vec![ParameterView {
            name: "admin_ports".to_owned(),
            value: huge,
            origin: "default".to_owned(),
            about: all,
        }],
        digests: vec![("catalog".to_owned(), digest(7))],
        limits: vec!["It is a draft.".to_owned()],
        requests: 17,
        boundary: boundary(names().map(ToOwned::to_owned).collect()),
        scenarios: names()
            .map(|name| ScenarioView {
                title: name.to_owned(),
                story: name.to_owned(),
                detected: name.to_owned(),
                answered: name.to_owned(),
                links: vec![LinkView {
                    asks: name.to_owned(),
                    step: "notice".to_owned(),
                    word: "does not hold".to_owned(),
                    class: "fail".to_owned(),
                    because: name.to_owned(),
                    findings: few.clone(),
                }],
            })
            .collect(),
        untold_scenarios: names().map(|name| UntoldView { title: name.to_owned(), why: name.to_owned() }).collect(),
    }
}

/// Nothing was read and nothing was found.
fn empty() -> View {
    View {
        demo: false,
        accounts: Vec::new(),
        environments: Vec::new(),
        organisation: None,
        problems: Vec::new(),
        warnings: Vec::new(),
        reconciliation: Vec::new(),
        out_of_scope: Vec::new(),
        statements: Vec::new(),
        exceptions: Vec::new(),
        files: Vec::new(),
        counts: Vec::new(),
        summary: String::new(),
        unseen: Vec::new(),
        requirements: Vec::new(),
        findings: Vec::new(),
        finding_counts: Vec::new(),
        checks: Vec::new(),
        evidence: Vec::new(),
        parameters: Vec::new(),
        digests: Vec::new(),
        limits: Vec::new(),
        boundary: BoundaryView::default(),
        scenarios: vec![],
        untold_scenarios: vec![],
        ..hostile()
    }
}

const ATTACHED: &[u8] = br#"{"schema":"farwatch/packet/1"}"#;

fn render(view: &View) -> Rendered {
    let view = serde_json::to_value(view).expect("a view is JSON");
    TYPST.layout(&view, ATTACHED).unwrap_or_else(|e| panic!("{e}"))
}

static HOSTILE: LazyLock<Rendered> = LazyLock::new(|| render(&hostile()));

fn holds(pdf: &[u8], what: &str) -> bool {
    pdf.windows(what.len()).any(|window| window == what.as_bytes())
}

/// What `pdftotext` makes of it, or nothing where that tool is not installed.
fn pdftotext(pdf: &[u8], options: &[&str]) -> Option<String> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), pdf).expect("written");
    let Ok(output) = Command::new("pdftotext").args(options).arg(file.path()).arg("-").output() else {
        println!("skipped: pdftotext is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

/// The text as a reader copies it.
fn copied(pdf: &[u8]) -> Option<String> {
    pdftotext(pdf, &[])
}

/// Without white space: where a line breaks is not what these tests are about.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn a_hostile_view_renders_without_warnings() {
    assert_eq!(HOSTILE.warnings, []);
    assert!(HOSTILE.pages > 20, "{} pages", HOSTILE.pages);
    assert!(HOSTILE.pdf.starts_with(b"%PDF-1.7"));
}

#[test]
fn an_empty_view_reads_well() {
    let rendered = render(&empty());
    assert_eq!(rendered.warnings, []);
    let Some(text) = copied(&rendered.pdf) else { return };
    for sentence in [
        "Every planned read was answered.",
        "No check found anything to judge.",
        "No answer was kept.",
        "none",
        "How to check this packet",
    ] {
        assert!(text.contains(sentence), "{sentence}");
    }
    assert!(!text.contains("DEMO"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let view = serde_json::to_value(hostile()).expect("a view is JSON");
    let again = Typst::new(template()).expect("loads").render(&view, ATTACHED).expect("renders");
    assert!(again == HOSTILE.pdf);
}

#[test]
fn standards_tags_and_date_are_declared() {
    for what in [
        "<pdfaid:part>3</pdfaid:part>",
        "<pdfaid:conformance>A</pdfaid:conformance>",
        "<pdfuaid:part>1</pdfuaid:part>",
        "/StructTreeRoot",
        "/MarkInfo",
        "/Lang(en-US)",
        "/DisplayDocTitle true",
        "/Outlines",
        "2026-11-24T00:00:00",
    ] {
        assert!(holds(&HOSTILE.pdf, what), "{what}");
    }
}

#[test]
fn the_data_is_attached() {
    for what in ["/AFRelationship/Data", "/EmbeddedFiles", "(packet.json)", "/AF["] {
        assert!(holds(&HOSTILE.pdf, what), "{what}");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("packet.pdf");
    std::fs::write(&file, &HOSTILE.pdf).expect("written");
    let target = folder.path().join("out.json");
    match Command::new("pdfdetach").args(["-save", "1", "-o"]).arg(&target).arg(&file).status() {
        Ok(status) => {
            assert!(status.success());
            assert_eq!(std::fs::read(&target).expect("saved"), ATTACHED);
        }
        Err(_) => println!("skipped: pdfdetach is not installed"),
    }
}

#[test]
fn the_structure_is_sound() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("packet.pdf");
    std::fs::write(&file, &HOSTILE.pdf).expect("written");
    match Command::new("qpdf").arg("--check").arg(&file).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => println!("skipped: qpdf is not installed"),
    }
}

#[test]
fn text_can_be_copied_and_nothing_is_disguised() {
    let Some(text) = copied(&HOSTILE.pdf) else { return };
    for word in ["NOT MET", "NOT ASSESSED", "shown by exception", "not applicable", "unknown", "decides", "DEMO"] {
        assert!(text.contains(word), "{word}");
    }
    for number in [0, 1, 2, 4, 9] {
        assert!(text.contains(&evidence_id(number)), "{}", evidence_id(number));
        assert!(text.contains(&digest(number)), "digest {number} is broken or missing");
    }
    assert!(text.contains(&digest(7)));
    assert!(text.contains("Page 2 of "));
    // What an attacker wrote is there as he wrote it, or written out.
    let squeezed = squeezed(&text);
    for name in [
        "#place(top+left)[MET]",
        "<script>alert(1)</script>",
        "=cmd|'/Ccalc'!A0",
        "../../x",
        "$(id)",
        "`id`;rm-rf/",
        "sg\\u{202e}TEMTON\\u{202c}end",
        "\\u{1b}[2J\\u{1b}]0;owned\\u{7}",
        "\\u{751f}\\u{4ea7}-",
        "\\u{1f600}",
        "@ref<label>*b*_i_\\///*~-----...$x^2$",
        "zero\\u{200b}width\\u{feff}\\u{ad}\\u{e000}\\u{fffe}",
        "M\\u{336}E\\u{336}T\\u{336}",
        "lineone\\u{a}linetwo\\u{9}andatab\\u{2028}andmore",
    ] {
        assert!(squeezed.contains(name), "{name}");
    }
    assert!(!text.contains('\u{200b}') && !text.contains('\u{202e}') && !text.contains('\u{ad}'));
    // A word about the result that no tool may say.
    let lower = text.to_lowercase();
    for word in ["certified", "compliant", "score", "%"] {
        assert!(!lower.contains(word), "{word}");
    }
}

/// Drawings are set in the packet's own fonts, their words can be found, and each says the same to who cannot see it.
#[test]
fn drawings_are_text_in_our_fonts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("packet.pdf");
    let mut view = empty();
    view.boundary = boundary(vec!["web".to_owned(), "R&D <lab>".to_owned()]);
    // Without the table, what is found is found in the drawings.
    view.boundary.points.clear();
    let rendered = render(&view);
    assert_eq!(rendered.warnings, []);
    std::fs::write(&file, &rendered.pdf).expect("written");
    let files = svg_files(&view);
    assert_eq!(files.len(), view.boundary.diagrams.len());
    assert!(files["boundary-1.svg"].starts_with("<svg xmlns=") && files["boundary-1.svg"].ends_with("</svg>\n"));
    // To look at them: DIAGRAMS=folder.
    if let Ok(folder) = std::env::var("DIAGRAMS") {
        std::fs::write(format!("{folder}/boundary.pdf"), &rendered.pdf).expect("written");
        std::fs::write(format!("{folder}/hostile.pdf"), &HOSTILE.pdf).expect("written");
        for (name, svg) in &files {
            std::fs::write(format!("{folder}/{name}"), svg).expect("written");
        }
    }
    if let Ok(output) = Command::new("pdffonts").arg(&file).output() {
        let fonts = String::from_utf8(output.stdout).expect("UTF-8");
        for font in fonts.lines().skip(2) {
            assert!(font.contains("+Inter-") || font.contains("+JetBrainsMono-"), "{font}");
        }
    }
    if let Some(text) = copied(&rendered.pdf) {
        for words in
            ["NOT DECLARED", "EXTERNAL BOUNDARY", "igw-00000000000000001", "vpc-00000000000000001", "R&D <lab>"]
        {
            assert!(text.contains(words), "{words}");
        }
    }
    if let Ok(output) = Command::new("pdfinfo").arg("-struct").arg(&file).output() {
        let tags = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(tags.matches("Figure").count(), view.boundary.diagrams.len());
    }
}

#[test]
fn the_ssp_section_names_every_point() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("report-templates/ssp/section.md.hbs");
    let source = std::fs::read_to_string(root).expect("the template");
    let section = |view: &View| farwatch::report::ssp::markdown_sections(view, &source).expect("it renders");
    let view = hostile();
    let text = section(&view);
    for point in view.boundary.points.iter().filter(|point| point.id.starts_with("igw-")) {
        assert!(text.contains(&format!("| {} |", point.id)), "{}", point.id);
    }
    assert!(text.contains("\n## Boundary\n") && text.contains("External boundary: ") && text.contains("NOT DECLARED"));
    assert!(!text.contains("<script>") && !text.contains('\u{202e}'));
    assert!(!section(&empty()).contains("## Boundary"));
    let mut blind = empty();
    blind.boundary.cut = vec!["ec2:DescribeAddresses was denied".to_owned()];
    assert!(section(&blind).contains("## Boundary: what could not be listed\n\n- ec2:DescribeAddresses was denied\n"));
}

#[test]
fn a_long_command_is_copied_without_inserted_characters() {
    let Some(text) = copied(&HOSTILE.pdf) else { return };
    let resource = format!("arn:aws:iam::111122223333:role/{}", "very-long/".repeat(12));
    assert!(squeezed(&text).contains(&squeezed(&format!("aws ec2 fix --id '{resource}'"))));
    assert!(squeezed(&text).contains(&"x".repeat(3000)));
}

#[test]
fn nothing_leaves_the_page() {
    let Some(boxes) = pdftotext(&HOSTILE.pdf, &["-bbox"]) else { return };
    let mut words = 0;
    for line in boxes.lines().filter(|line| line.contains("<word ")) {
        let edge = |name: &str| {
            let value = line.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
            value.and_then(|value| value.parse::<f64>().ok()).expect("a number")
        };
        words += 1;
        // US letter is 612 by 792 points; the margins are 50.4 at the sides.
        assert!(edge("xMin") > 49.0 && edge("xMax") < 564.0 && edge("yMax") < 770.0, "{line}");
    }
    assert!(words > 1000);
}

#[test]
fn every_table_has_a_header_and_no_data_is_evaluated() {
    let source = String::from_utf8(template().remove("packet.typ").expect("packet.typ")).expect("UTF-8");
    assert_eq!(source.matches("table(columns:").count(), source.matches("head[").count());
    assert!(!source.contains("eval("));
    assert_eq!(source.matches("json(").count(), 1);
    assert_eq!(source.matches("image(").count(), source.matches(", alt: ").count());
}

/// Contrast of text on its ground, after WCAG 2.0: at least 4.5 to 1.
#[test]
fn colours_can_be_read() {
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour")) / 255.0;
            if value <= 0.039_28 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
    }
    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }
    let theme = String::from_utf8(template().remove("theme.typ").expect("theme.typ")).expect("UTF-8");
    let mut named = BTreeMap::new();
    let mut pairs = 0;
    for line in theme.lines().filter_map(|line| line.strip_prefix("#let ")) {
        let colours: Vec<_> =
            line.split("rgb(\"#").skip(1).filter_map(|rest| rest.get(..6)).map(ToOwned::to_owned).collect();
        match colours.as_slice() {
            [ground, ink] => {
                pairs += 1;
                assert!(contrast(ground, ink) >= 4.5, "{line}");
            }
            [one] => drop(named.insert(line.split(' ').next().expect("a name").to_owned(), one.clone())),
            _ => {}
        }
    }
    assert_eq!(pairs, 5);
    for name in ["ink", "accent", "quiet"] {
        for ground in ["ffffff", named["wash"].as_str()] {
            assert!(contrast(&named[name], ground) >= 4.5, "{name} on {ground}");
        }
    }
}

#[test]
fn the_fonts_are_licensed_and_small() {
    let files = template();
    let size: usize = files.iter().filter(|(path, _)| path.starts_with("fonts/")).map(|(_, bytes)| bytes.len()).sum();
    assert!(size <= 2_500_000, "{size} bytes");
    let licences: String = files
        .iter()
        .filter(|(path, _)| path.starts_with("fonts/LICENSE-"))
        .map(|(_, text)| String::from_utf8_lossy(text))
        .collect();
    for font in files.keys().filter(|path| path.starts_with("fonts/") && !path.starts_with("fonts/LICENSE-")) {
        assert!(licences.contains(font.trim_start_matches("fonts/")), "{font}");
    }
    assert!(licences.contains("SIL OPEN FONT LICENSE Version 1.1"));
}

/// The renderer is asked for through its trait, so that another can take its place.
#[test]
fn any_renderer_will_do() {
    let renderer: &dyn Renderer = &*TYPST;
    assert!(renderer.render(&Value::Null, b"").is_err());
}
