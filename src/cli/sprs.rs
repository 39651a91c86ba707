//! `sprs`: what the rule asks to be entered in SPRS, once there is something to enter. It never affirms.

use super::arguments::{Global, SprsOptions};
use super::{audit, job, out};
use crate::model::assessment::Assessment;
use crate::model::organisation::{Information, Organisation, Role};
use crate::model::text::{json_pretty, visible};
use std::fmt::Write as _;

/// Prints the input sheet, or what is missing.
pub(super) fn run(options: &SprsOptions, global: &Global) -> anyhow::Result<u8> {
    let rules = job::load(global)?;
    let told = audit::again(&rules, &options.run)?;
    let assessment = &told.judged.assessment;
    let missing = missing(assessment, told.organisation.as_ref(), told.view.demo);
    let Some(organisation) = told.organisation.as_ref().filter(|_| missing.is_empty()) else {
        if options.json {
            out::print(&json_pretty(&serde_json::json!({ "ready": false, "missing": missing }))?);
        } else {
            let mut text =
                String::from("Nothing can be entered yet. Level 1 has no partial result; what is missing:\n");
            for line in &missing {
                let _ = writeln!(text, "  - {line}");
            }
            text += "`farwatch explain ID --run DIR` tells for each what would change it, and who can.\n";
            out::print(&text);
        }
        let code = assessment.exit_code();
        return Ok(if code == 0 { 11 } else { code });
    };
    let sheet = Sheet::new(assessment, organisation);
    if options.json {
        out::print(&json_pretty(&sheet.json())?);
    } else {
        out::print(&sheet.text());
    }
    Ok(0)
}

/// Everything that stands in the way.
fn missing(assessment: &Assessment, organisation: Option<&Organisation>, demo: bool) -> Vec<String> {
    let mut missing = Vec::new();
    match organisation {
        None => missing.push("the assessment was made without an organisation file (farwatch.yaml)".to_owned()),
        Some(one) => {
            if one.cage_codes.is_empty() {
                missing.push("no CAGE code is declared (organisation.cage_codes in farwatch.yaml)".to_owned());
            }
            if one.system.information == Information::Cui {
                missing.push("the system holds CUI: Level 1 is the wrong level".to_owned());
            }
            if one.with_role(Role::AffirmingOfficial).next().is_none() {
                missing.push("nobody has the role affirming_official (people in farwatch.yaml)".to_owned());
            }
        }
    }
    for problem in &assessment.problems {
        missing.push(format!("a file could not be used: {}", visible(&problem.sentence())));
    }
    for requirement in &assessment.requirements {
        for objective in &requirement.objectives {
            use crate::model::assessment::Status::{NotAssessed, NotMet};
            if matches!(objective.status, NotMet | NotAssessed) {
                let printed = crate::model::catalog::printed_objective(&objective.id);
                missing.push(format!("{printed} is {}", objective.status.word()));
            }
        }
    }
    if demo {
        missing.push("this is the demo: a fictitious contractor has nothing to enter".to_owned());
    }
    missing
}

/// What is entered.
struct Sheet {
    scope: String,
    cage_codes: Vec<String>,
    assessed: String,
    official: String,
    email: String,
    by_exception: Vec<String>,
    packet: String,
}

impl Sheet {
    fn new(assessment: &Assessment, organisation: &Organisation) -> Self {
        let places: Vec<String> = assessment.environments.iter().map(|one| one.label.clone()).collect();
        let official = organisation.with_role(Role::AffirmingOfficial).next();
        let by_exception = assessment
            .requirements
            .iter()
            .flat_map(|requirement| &requirement.objectives)
            .filter(|objective| objective.by_exception)
            .map(|objective| crate::model::catalog::printed_objective(&objective.id))
            .collect();
        Self {
            scope: visible(&format!("{}: {}", organisation.system.name, places.join("; "))),
            cage_codes: organisation.cage_codes.clone(),
            assessed: assessment.as_of.get(..10).unwrap_or_default().to_owned(),
            official: official.map_or_else(String::new, |person| {
                visible(&format!("{}, {}", person.name, person.title)).trim_end_matches(", ").to_owned()
            }),
            email: official.map(|person| visible(&person.email)).unwrap_or_default(),
            by_exception,
            packet: format!("FW-{}", assessment.id),
        }
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "ready": true,
            "rule": {
                "cmmc_level": "Level 1 (Self)",
                "cmmc_status_date": null,
                "cmmc_assessment_scope": self.scope,
                "cage_codes": self.cage_codes,
                "compliance_result": "all 15 security requirements are MET or NOT APPLICABLE",
            },
            "screen_secondary": {
                "assessment_date": self.assessed,
                "scope_choice": null,
                "affirming_official_email": self.email,
                "company_size": null,
            },
            "met_by_exception": self.by_exception,
            "packet": self.packet,
            "affirmed": false,
        })
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "What to enter in the Supplier Performance Risk System (SPRS) for a CMMC Level 1 self-assessment.\n\
             farwatch enters and affirms nothing; a person does, and answers for it.\n\n\
             What the rule asks for (32 CFR 170.15(a)(1)(i))\n",
        );
        let mut row = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name:<24} {value}");
        };
        row("CMMC Level", "Level 1 (Self)");
        row("CMMC Status Date", "the day on which you submit the result");
        row("CMMC Assessment Scope", &self.scope);
        row("CAGE codes", &self.cage_codes.join(", "));
        row("Compliance result", "all 15 security requirements are MET or NOT APPLICABLE");
        text += "\nWhat the SPRS screen also asks for (secondary: by accounts of its users, not by the rule)\n";
        let mut row = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name:<24} {value}");
        };
        row("Assessment date", &self.assessed);
        row("Scope choice", "Enterprise or Enclave: you know which of them the scope above is");
        row("Affirming official", &format!("{} {}", self.official, self.email));
        row("Company size", "may be asked for; the rule does not name it");
        if !self.by_exception.is_empty() {
            let _ = writeln!(
                text,
                "\nMET by exception, so the system security plan or the operational plan of action must be at hand: {}",
                self.by_exception.join(", ")
            );
        }
        let _ = writeln!(
            text,
            "\nThe affirming official affirms in SPRS (32 CFR 170.22), after reading the evidence packet {}. The result is good \
             for one year, as long as nothing changes.",
            self.packet
        );
        text
    }
}
