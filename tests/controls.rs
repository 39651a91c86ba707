//! Everything in `controls/` is right: it loads, every condition compiles, and every check proves itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use farwatch::check::selftest;
use farwatch::controls::{Controls, Problems};
use farwatch::packet::judge::Rules;
use std::collections::BTreeSet;

fn rules() -> Rules {
    Rules::load(None).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_check_proves_itself() {
    let rules = rules();
    let mut wrong = Vec::new();
    let mut ran = 0;
    for check in &rules.checks {
        for result in selftest(check, &rules.controls.parameters) {
            ran += 1;
            wrong.extend(result.wrong.into_iter().map(|w| format!("{}: {}: {w}", check.check.id, result.name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran > 100, "only {ran} tests ran");
}

#[test]
fn the_catalog_counts_as_the_rule_counts() {
    let catalog = rules().controls.catalog;
    assert_eq!(catalog.requirements.len(), 15);
    assert_eq!(catalog.objectives().count(), 59);
    let nist: BTreeSet<&str> = catalog.requirements.iter().flat_map(|r| r.nist.iter().map(String::as_str)).collect();
    assert_eq!(nist.len(), 17);
}

/// What a scenario names must be there: a misspelt check would else never have anything to say.
#[test]
fn a_scenario_names_what_there_is() {
    let wrong = |from: &str, to: &str| {
        let mut files = Controls::load(None).unwrap_or_else(|problems| panic!("{problems}")).files;
        let text = files.get_mut("scenarios/odd-port-to-another-country.yaml").unwrap();
        assert!(text.contains(from), "{from}");
        *text = text.replacen(from, to, 1);
        match Controls::from_files(files, Problems::default()) {
            Ok(_) => String::new(),
            Err(problems) => problems.to_string(),
        }
    };
    for (from, to, what) in [
        ("azure-forensics-allowed", "azure-forensics", "there is no check `azure-forensics`"),
        ("azure-workflow-connections-healthy", "azure-connections", "there is no check `azure-connections`"),
        (
            "azure.network.network_interface",
            "azure.network.interface",
            "no read gives the type `azure.network.interface`",
        ),
        ("environment: azure\n", "", "missing field `environment`"),
        ("drill: SC.L1-b.1.x.c/suspicious-traffic-alerts", "drill: SC.L1-b.1.x.c/alerts", "the catalog has no aspect"),
        ("    checks: [azure-forensics-allowed]\n", "", "a link needs either `checks` or `drill`"),
    ] {
        let said = wrong(from, to);
        assert!(said.contains(what), "{what}: {said}");
    }
}
