//! Names in an account are somebody else's text. They pass through every output as text: no markup, no path, no
//! formula, no link, no terminal escape, no forged verdict.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use base64::Engine as _;
use farwatch::model::text::sha256_hex;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What an attacker might call a thing.
const NAMES: [&str; 9] = [
    "#place(top + left)[MET] #text(fill: white)[x]",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "../../x",
    "$(id)`id`;id",
    "\u{202e}TEM\u{2066}",
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m",
    "[MET](http://evil.example) ![i](x) **MET** | cell | {{this}} <!-- -->",
    "東京 😀 \u{e000} '\"\\",
];

/// The demo's run with these names in it: in a security group's name (XML), a user's name (CSV in base64 in XML), and
/// the messages of the two errors.
fn run_folder(place: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo/collection");
    let to = place.join("collection");
    fs::create_dir_all(to.join("bodies")).unwrap();
    let all = NAMES.join(" ");
    let mut xml = String::new();
    for c in all.chars() {
        xml += &format!("&#x{:x};", u32::from(c));
    }
    let mut lines = String::new();
    let mut changed = 0;
    for line in fs::read_to_string(from.join("exchanges.jsonl")).unwrap().lines() {
        let mut exchange: Value = serde_json::from_str(line).unwrap();
        if let Some(name) = exchange["body"].as_str().map(str::to_owned) {
            let mut body = fs::read_to_string(from.join("bodies").join(&name)).unwrap();
            let read = exchange["call"]["read"].as_str().unwrap();
            if read == "ec2:DescribeSecurityGroups" && body.contains("legacy-remote-desktop") {
                body = body.replace("legacy-remote-desktop", &xml);
                changed += 1;
            }
            if read == "iam:GetCredentialReport" {
                let start = body.find("<Content>").unwrap() + 9;
                let end = body.find("</Content>").unwrap();
                let packed: String = body[start..end].chars().filter(|c| !c.is_whitespace()).collect();
                let csv = base64::engine::general_purpose::STANDARD.decode(packed).unwrap();
                let csv =
                    String::from_utf8(csv).unwrap().replace("j.reyes,", &format!("\"{}\",", all.replace('"', "\"\"")));
                body.replace_range(start..end, &base64::engine::general_purpose::STANDARD.encode(csv));
                changed += 1;
            }
            if exchange["outcome"] == "denied" {
                exchange["code"] = Value::from(format!("Denied{all}"));
                exchange["detail"] = Value::from(all.clone());
                changed += 1;
            }
            exchange["digest"] = sha256_hex(body.as_bytes()).into();
            exchange["bytes"] = body.len().into();
            fs::write(to.join("bodies").join(&name), body).unwrap();
        }
        lines += &format!("{exchange}\n");
    }
    assert_eq!(changed, 4, "the recording has changed");
    let mut seal: Value = serde_json::from_str(&fs::read_to_string(from.join("collection.json")).unwrap()).unwrap();
    seal["exchanges"] = sha256_hex(lines.as_bytes()).into();
    fs::write(to.join("exchanges.jsonl"), lines).unwrap();
    fs::copy(from.join("plan.jsonl"), to.join("plan.jsonl")).unwrap();
    fs::write(to.join("collection.json"), seal.to_string()).unwrap();
}

fn farwatch(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_farwatch")).args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Nothing in it can drive a terminal or reorder text.
fn assert_tame(what: &str, text: &str) {
    for c in text.chars().filter(|c| *c != '\n') {
        assert!(!farwatch::model::text::is_deceptive(c), "{what} holds {c:?}");
    }
}

#[test]
fn hostile_names_stay_text_in_every_output() {
    let place = tempfile::tempdir().unwrap();
    run_folder(place.path());
    let run = place.path().to_str().unwrap();
    let (code, terminal, _) = farwatch(&["assess", run]);
    assert_eq!(code, Some(10), "{terminal}");
    assert_tame("the terminal", &terminal);
    assert!(terminal.contains("#place(top + left)[MET]") && terminal.contains("\\u{202e}TEM"));

    let ssp = fs::read_to_string(place.path().join("documents/ssp.md")).unwrap();
    assert_tame("ssp.md", &ssp);
    for markup in ["<script>", "[MET](http", "**MET**", "<!--", "![i]", "http://evil"] {
        assert!(!ssp.contains(markup), "ssp.md holds {markup}");
    }
    assert!(ssp.contains("\\<script\\>"));

    let all = place.path().join("assessments");
    let folder = all.join(fs::read_to_string(all.join("NEWEST")).unwrap().trim());
    let json = fs::read_to_string(folder.join("findings.json")).unwrap();
    assert_tame("findings.json", &json);
    // For machines the name is exact.
    let findings: Value = serde_json::from_str(&json).unwrap();
    let all = NAMES.join(" ");
    let mfa = findings["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["check"] == "aws-console-user-mfa" && finding["outcome"] == "fail")
        .unwrap();
    assert!(mfa["sentence"].as_str().unwrap().starts_with(&all));

    // The copyable command is one word for the shell, and the shell reads back exactly the name.
    let remedy = mfa["remedy"].as_str().unwrap();
    let (_, json_out, _) = farwatch(&["explain", mfa["id"].as_str().unwrap(), "--run", run, "--json"]);
    let command = serde_json::from_str::<Value>(&json_out).unwrap()["command"].as_str().unwrap().to_owned();
    assert_eq!(command, remedy);
    assert_tame("the command", &command);
    if Path::new("/bin/bash").exists() {
        let start = "aws iam create-virtual-mfa-device --virtual-mfa-device-name=";
        let end = " --bootstrap-method=QRCodePNG --outfile=QR_CODE.png";
        let echo = command.replacen(start, "printf %s ", 1).replacen(end, "", 1);
        let output = Command::new("/bin/bash").env("LC_ALL", "C.UTF-8").args(["-c", &echo]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), all, "{echo}");
    }
    // Nothing was written outside.
    assert!(!place.path().join("../../x").exists());
}

#[test]
fn hostile_names_forge_nothing_in_the_pdf() {
    let place = tempfile::tempdir().unwrap();
    run_folder(place.path());
    assert_eq!(farwatch(&["assess", place.path().to_str().unwrap()]).0, Some(10));
    let pdf = place.path().join("documents/packet.pdf");
    assert!(fs::read(&pdf).unwrap().starts_with(b"%PDF-1.7"));
    let Ok(output) = Command::new("pdftotext").args(["-layout"]).arg(&pdf).arg("-").output() else {
        println!("skipped: pdftotext is not installed");
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let flat: String = text.split_whitespace().collect();
    assert!(flat.contains("#place(top+left)[MET]"), "the name stands there as text");
    assert!(flat.contains("\\u{202e}TEM"), "reordering is written out");
    // The table of contents keeps its page numbers in place with word joiners of its own.
    for c in text.chars().filter(|c| !matches!(c, '\n' | '\u{c}' | '\u{2060}')) {
        assert!(!farwatch::model::text::is_deceptive(c), "the PDF's text holds {c:?}");
    }
}
