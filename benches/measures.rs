//! `cargo bench`: what the rule engine and the whole job cost, in CPU seconds and megabytes, never in wall time.
//!
//! CPU seconds come from `/proc` (Linux); elsewhere nothing is measured.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement may stop at the first surprise, and prints"
)]

use farwatch::check::{Types, bench, compile};
use farwatch::controls::Controls;
use farwatch::derive::derived_types;
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

/// User and system CPU seconds: our own, and of children that have ended. `/proc/self/stat`, fields 14 to 17 (proc(5)),
/// in ticks of 1/100 s.
fn cpu() -> (f64, f64) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap().split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect();
    ((fields[11] + fields[12]) / 100.0, (fields[13] + fields[14]) / 100.0)
}

/// A line of `/proc/<pid>/status`, in megabytes.
fn megabytes(pid: &str, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// One `that` over 1.4 kB resources, resources ready, findings apart.
fn engine() {
    let controls = Controls::load(None).expect("the embedded controls");
    let types = Types::new(&controls.reads, &derived_types());
    let check = controls.checks.iter().find(|check| check.id == "aws-root-mfa").unwrap().clone();
    let check = compile(check, &types, &controls.parameters, &|_, _| true).expect("it compiles");
    let padding = "x".repeat(1_150);
    let resources: Vec<Value> = (0..1_000)
        .map(|n| {
            json!({
                "id": format!("arn:aws:cloudtrail:us-east-1:111122223333:trail/t{n}"), "account": "111122223333",
                "region": "global", "root_mfa": 0, "root_password": 0, "root_access_keys": i32::from(n % 10 == 0),
                "padding": padding,
            })
        })
        .collect();
    let params = json!({});
    let size = resources[0].to_string().len();
    let before = megabytes("self", "VmRSS");
    let (start, _) = cpu();
    let times = 1_000;
    let held = bench::one_assert(&check, &resources, &params, times);
    let (end, _) = cpu();
    let executions = resources.len() * times;
    assert_eq!(held, executions * 9 / 10);
    println!(
        "rule engine: {:.0} executions of one condition per CPU second over {size}-byte resources; memory added {:.1} MB",
        executions as f64 / (end - start),
        megabytes("self", "VmRSS") - before
    );
}

/// One run of the binary: CPU seconds and highest resident memory.
fn binary(arguments: &[&str]) -> (f64, f64) {
    let (_, before) = cpu();
    let mut child = Command::new(env!("CARGO_BIN_EXE_farwatch"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("farwatch starts");
    let pid = child.id().to_string();
    let mut peak: f64 = 0.0;
    while child.try_wait().expect("a child of ours").is_none() {
        peak = peak.max(megabytes(&pid, "VmHWM"));
        std::thread::sleep(Duration::from_millis(2));
    }
    let (_, after) = cpu();
    (after - before, peak)
}

fn main() {
    if !fs::exists("/proc/self/stat").unwrap_or(false) {
        println!("skipped: CPU seconds are read from /proc, which is not here");
        return;
    }
    engine();
    let place = tempfile::tempdir().expect("a folder");
    let times = 50;
    let start: f64 = (0..times).map(|_| binary(&["--version"]).0).sum();
    println!("--version: {:.1} ms of CPU", start * 1000.0 / f64::from(times));
    let out = place.path().join("demo");
    let (seconds, peak) = binary(&["demo", "--out", out.to_str().unwrap()]);
    println!("demo, PDF included: {seconds:.2} CPU s, {peak:.0} MB");
    let out = place.path().join("demo-no-pdf");
    let (seconds, peak) = binary(&["demo", "--no-pdf", "--out", out.to_str().unwrap()]);
    println!("demo without the PDF: {seconds:.2} CPU s, {peak:.0} MB");
    match std::env::var("AWS_ENDPOINT_URL") {
        Ok(endpoint) => {
            let out = place.path().join("run");
            let (seconds, peak) = binary(&["audit", "aws", "--no-pdf", "--out", out.to_str().unwrap()]);
            println!("audit of the account at {endpoint}: {seconds:.2} CPU s, {peak:.0} MB");
        }
        Err(_) => println!("audit: set AWS_ENDPOINT_URL and credentials to measure one as well"),
    }
}
