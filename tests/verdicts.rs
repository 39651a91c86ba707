//! The verdict table, held over every combination of outcome, relation, statement, exception, expiry, scope and
//! environment; and the 59 objectives, each under conditions in which none may be MET.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use farwatch::assess::{Input, assess};
use farwatch::model::assessment::{CellState, Environment, Status};
use farwatch::model::catalog::{Catalog, EnvironmentKind};
use farwatch::model::check::{Mapping, Relation, Severity};
use farwatch::model::exception::{Exception, ExceptionKind};
use farwatch::model::finding::{About, Evidence, Finding, Judged, Outcome, Reason, Subject, Undecided};
use farwatch::model::inventory::Inventory;
use farwatch::model::organisation::{Citation, Information, Organisation, System};
use farwatch::model::pattern::Pattern;
use farwatch::model::scope::Scope;
use farwatch::model::statement::{Answer, DocumentStatus, Statement, StatementKind};
use jiff::civil::{Date, date};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const TODAY: Date = date(2026, 11, 24);
const ACCOUNT: &str = "111122223333";

/// One row of `verdicts.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(default)]
    how: Vec<String>,
    #[serde(default)]
    findings: Vec<String>,
    #[serde(default)]
    statement: Vec<String>,
    #[serde(default)]
    place: Vec<String>,
    state: CellState,
}

#[derive(Debug, Deserialize)]
struct Table {
    rows: Vec<Row>,
}

/// A combination.
#[derive(Debug, Clone, Copy)]
struct Case<'a> {
    how: &'a str,
    findings: &'a [(Outcome, Relation)],
    statement: &'a str,
    exception: Option<Cover>,
    open: bool,
    /// Another account's findings say nothing about this one.
    elsewhere: bool,
}

/// What an exception over all findings is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover {
    Counts,
    Draft,
    Expired,
    NotYet,
    Overdue,
    Broken,
    OtherResource,
}

const HOWS: [&str; 5] = ["check", "statement", "check_and_statement", "check_or_statement", "inheritance_or_statement"];
const STATEMENTS: [&str; 12] = [
    "none",
    "yes",
    "no",
    "no_excepted",
    "inheritance",
    "instead",
    "siem",
    "drill",
    "draft",
    "expired",
    "future",
    "broken",
];

fn catalog(how: &str) -> &'static Catalog {
    static ALL: LazyLock<BTreeMap<&'static str, Catalog>> =
        LazyLock::new(|| HOWS.into_iter().map(|how| (how, small_catalog(how))).collect());
    &ALL[how]
}

/// One requirement with one objective with one aspect.
fn small_catalog(how: &str) -> Catalog {
    let text = format!(
        "clause: {{ number: FAR, title: t, date: d, intro: i, also_cited_as: {{ number: n, note: n }} }}\nsources: {{}}\n\
         requirements:\n  - id: R\n    far: 52.204-21(b)(1)(x)\n    title: t\n    nist: []\n    legacy_ids: []\n    \
         cmmc_1_0_ids: []\n    text: t\n    methods: {{ examine: [], interview: [], test: [] }}\n    considerations: []\n    \
         applies: {{ because: b, environments: [aws] }}\n    objectives:\n      - id: R.a\n        nist: n\n        \
         text: t\n        aspects:\n          - {{ id: a, asks: a, basis: b, shown_by: {{ aws: {how} }} }}\n"
    );
    serde_saphyr::from_str(&text).unwrap()
}

fn finding(at: usize, outcome: Outcome, relation: Relation, account: &str) -> Finding {
    let maps_to =
        [Mapping { objectives: vec!["R.a".to_owned()], aspect: "a".to_owned(), relation, one_of_several_means: false }];
    let subject = Subject {
        kind: "t".to_owned(),
        id: Some(format!("thing-{at}")),
        account: account.to_owned(),
        region: "r".to_owned(),
    };
    let about = About { check: "c", severity: Severity::High, maps_to: &maps_to, subject };
    let judged = match outcome {
        Outcome::Pass => Judged::Pass,
        Outcome::Fail => Judged::Fail,
        Outcome::NotApplicable => Judged::NotApplicable,
        Outcome::Unknown | Outcome::Error => {
            let kind = if outcome == Outcome::Unknown { Undecided::Unknown } else { Undecided::Error };
            let reason = Reason::Mistake { what: "x".to_owned() };
            return Finding::undecided(about, kind, "s".to_owned(), reason, [], [].into());
        }
    };
    Finding::judged(about, judged, "s".to_owned(), Evidence::new(["E-1".to_owned()].into()).unwrap(), None)
}

fn answer() -> Answer {
    Answer { objective: "R.a".to_owned(), aspect: "a".to_owned() }
}

fn statement(id: &str, kind: StatementKind) -> Statement {
    Statement {
        id: id.to_owned(),
        file: format!("statements/{id}.md"),
        kind,
        title: id.to_owned(),
        answers: vec![answer()],
        environments: vec!["aws".to_owned()],
        holds: true,
        owner: "o".to_owned(),
        approver: "a".to_owned(),
        date: date(2026, 1, 1),
        expires: date(2026, 12, 31),
        status: DocumentStatus::Final,
        methods: vec![],
        evidence: vec![],
        replaces: vec![],
        provider: None,
        document: None,
        text: "t".to_owned(),
        sha256: String::new(),
        lines: farwatch::model::statement::Lines::default(),
        problems: vec![],
    }
}

fn exception(id: &str) -> Exception {
    Exception {
        id: id.to_owned(),
        file: format!("exceptions/{id}.yaml"),
        kind: ExceptionKind::EnduringException,
        title: id.to_owned(),
        checks: vec![],
        resources: vec![],
        accounts: vec![],
        answers: vec![],
        environments: vec![],
        owner: "o".to_owned(),
        approver: "a".to_owned(),
        start: date(2026, 1, 1),
        expires: date(2026, 12, 31),
        status: DocumentStatus::Final,
        reason: "r".to_owned(),
        reopens_when: "w".to_owned(),
        mitigations: vec!["m".to_owned()],
        worked: vec![],
        milestones: vec![],
        review: None,
        progress: None,
        sha256: String::new(),
        lines: farwatch::model::statement::Lines::default(),
        problems: vec![],
    }
}

fn organisation(
    statements: Vec<Statement>,
    exceptions: Vec<Exception>,
    environments: Vec<Environment>,
) -> Organisation {
    Organisation {
        schema: "farwatch/organisation/1".to_owned(),
        name: "n".to_owned(),
        cage_codes: vec![],
        system: System { name: "s".to_owned(), description: "d".to_owned(), information: Information::Fci },
        citation: Citation::Codified,
        people: vec![],
        environments,
        absent: vec![],
        lists_accounts: false,
        scope: Scope::default(),
        parameters: BTreeMap::new(),
        boundary: None,
        statements,
        exceptions,
        files: vec![],
        problems: vec![],
        warnings: vec![],
    }
}

fn environment(open: bool) -> Environment {
    Environment {
        id: format!("aws:{ACCOUNT}"),
        kind: EnvironmentKind::Aws,
        label: "AWS account".to_owned(),
        open: open.then(|| "nobody declared it".to_owned()),
    }
}

/// What farwatch makes of a case.
fn judged(case: Case<'_>) -> CellState {
    let account = if case.elsewhere { "999988887777" } else { ACCOUNT };
    let findings: Vec<Finding> = case
        .findings
        .iter()
        .enumerate()
        .map(|(at, (outcome, relation))| finding(at, *outcome, *relation, account))
        .collect();
    let mut statements = Vec::new();
    let mut exceptions = Vec::new();
    let mut add = |kind: StatementKind, change: &dyn Fn(&mut Statement)| {
        let mut one = statement("s", kind);
        change(&mut one);
        statements.push(one);
    };
    match case.statement {
        "none" => {}
        "yes" => add(StatementKind::Attestation, &|_| {}),
        "no" | "no_excepted" => add(StatementKind::Attestation, &|one| one.holds = false),
        "inheritance" => add(StatementKind::Inheritance, &|_| {}),
        "instead" => add(StatementKind::AlternativeImplementation, &|one| one.replaces = vec!["other".to_owned()]),
        "siem" => add(StatementKind::Siem, &|_| {}),
        "drill" => add(StatementKind::Drill, &|_| {}),
        "draft" => add(StatementKind::Attestation, &|one| one.status = DocumentStatus::Draft),
        "expired" => add(StatementKind::Attestation, &|one| one.expires = date(2026, 11, 23)),
        "future" => add(StatementKind::Attestation, &|one| one.date = date(2026, 11, 25)),
        "broken" => add(StatementKind::Attestation, &|one| one.problems = vec!["p".to_owned()]),
        other => panic!("{other}"),
    }
    if case.statement == "no_excepted" {
        let mut one = exception("by-statement");
        one.answers = vec![answer()];
        one.environments = vec!["aws".to_owned()];
        exceptions.push(one);
    }
    if let Some(cover) = case.exception {
        let mut one = exception("by-findings");
        one.checks = vec![Pattern("c".to_owned())];
        one.resources = (0..9).map(|n| Pattern(format!("thing-{n}"))).collect();
        match cover {
            Cover::Counts => {}
            Cover::Draft => one.status = DocumentStatus::Draft,
            Cover::Expired => one.expires = date(2026, 11, 23),
            Cover::NotYet => one.start = date(2026, 11, 25),
            Cover::Overdue => one.review = Some(date(2026, 11, 23)),
            Cover::Broken => one.problems = vec!["p".to_owned()],
            Cover::OtherResource => one.resources = vec![Pattern("another".to_owned())],
        }
        exceptions.push(one);
    }
    let environments = vec![environment(case.open)];
    let organisation = organisation(statements, exceptions, environments.clone());
    let catalog = catalog(case.how);
    let assessed = assess(&Input {
        catalog,
        environments: &environments,
        findings: &findings,
        organisation: Some(&organisation),
        inventory: &Inventory::default(),
        scenarios: &[],
        day: TODAY,
    });
    let objective = &assessed.requirements[0].objectives[0];
    let cell = &objective.aspects[0].cells[0];
    let expected = match cell.state {
        CellState::Failed => Status::NotMet,
        CellState::Open => Status::NotAssessed,
        CellState::Shown | CellState::ShownByException => Status::Met,
    };
    assert_eq!(objective.status, expected);
    assert_eq!(objective.by_exception, cell.state == CellState::ShownByException);
    // Nothing that decided is hidden, whatever covers it.
    if !case.elsewhere {
        for one in
            findings.iter().filter(|f| f.outcome() == Outcome::Fail && f.maps_to()[0].relation != Relation::Supports)
        {
            assert!(cell.decided_by.iter().any(|id| id == one.id()), "a failing finding is hidden: {case:?}");
        }
    }
    // Whoever reads an open or failed cell is told what would change it, and who can.
    if matches!(cell.state, CellState::Open | CellState::Failed) {
        assert!(!cell.next.is_empty(), "no way out of {case:?}: {}", cell.why);
    }
    cell.state
}

/// What the deciding findings come to, in the words of the table.
fn class(case: Case<'_>) -> &'static str {
    use Outcome::{Error, Fail, Pass, Unknown};
    use Relation::{Determines, Refutes};
    if case.elsewhere {
        return "silent";
    }
    let covers = case.exception == Some(Cover::Counts);
    let has = |outcomes: &[Outcome], relations: &[Relation]| {
        case.findings.iter().any(|(outcome, relation)| outcomes.contains(outcome) && relations.contains(relation))
    };
    if has(&[Fail], &[Determines, Refutes]) && !covers {
        "fails"
    } else if has(&[Unknown, Error], &[Determines, Refutes]) {
        "unclear"
    } else if has(&[Fail], &[Determines]) {
        "covered"
    } else if has(&[Fail], &[Refutes]) {
        if has(&[Pass], &[Determines]) { "covered" } else { "excused" }
    } else if has(&[Pass], &[Determines]) {
        "passes"
    } else {
        "silent"
    }
}

/// The row that decides.
fn by_table(table: &Table, case: Case<'_>) -> usize {
    let fits = |list: &[String], word: &str| list.is_empty() || list.iter().any(|one| one == word);
    let place = if case.open { "open" } else { "declared" };
    let row = table.rows.iter().position(|row| {
        fits(&row.how, case.how)
            && fits(&row.findings, class(case))
            && fits(&row.statement, case.statement)
            && fits(&row.place, place)
    });
    row.unwrap_or_else(|| panic!("no row for {case:?}"))
}

#[test]
fn the_verdict_table_over_every_combination() {
    let table: Table = serde_saphyr::from_str(include_str!("verdicts.yaml")).unwrap();
    let outcomes = [Outcome::Pass, Outcome::Fail, Outcome::Unknown, Outcome::Error, Outcome::NotApplicable];
    let relations = [Relation::Determines, Relation::Refutes, Relation::Supports];
    let one: Vec<(Outcome, Relation)> =
        outcomes.iter().flat_map(|outcome| relations.iter().map(move |relation| (*outcome, *relation))).collect();
    let mut sets: Vec<Vec<(Outcome, Relation)>> = vec![vec![]];
    sets.extend(one.iter().map(|a| vec![*a]));
    for (at, a) in one.iter().enumerate() {
        sets.extend(one[at..].iter().map(|b| vec![*a, *b]));
    }
    let covers = [
        None,
        Some(Cover::Counts),
        Some(Cover::Draft),
        Some(Cover::Expired),
        Some(Cover::NotYet),
        Some(Cover::Overdue),
        Some(Cover::Broken),
        Some(Cover::OtherResource),
    ];
    let mut wrong = Vec::new();
    let mut cases = 0;
    let mut used = BTreeSet::new();
    for how in HOWS {
        for findings in &sets {
            for statement in STATEMENTS {
                for exception in covers {
                    for (open, elsewhere) in [(false, false), (true, false), (false, true)] {
                        let case = Case { how, findings, statement, exception, open, elsewhere };
                        cases += 1;
                        let row = by_table(&table, case);
                        used.insert(row);
                        let (found, expected) = (judged(case), table.rows[row].state);
                        if found != expected {
                            wrong.push(format!("{case:?}: {found:?}, the table says {expected:?}"));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(cases > 100_000, "{cases}");
    for (at, row) in table.rows.iter().enumerate() {
        assert!(used.contains(&at), "the row {row:?} decides nothing");
    }
}

#[test]
fn an_alternative_implementation_takes_out_the_checks_it_names_and_no_others() {
    let environments = vec![environment(false)];
    let judge = |replaces: &str, outcome: Outcome| {
        let findings = [finding(0, outcome, Relation::Determines, ACCOUNT)];
        let mut one = statement("s", StatementKind::AlternativeImplementation);
        one.replaces = vec![replaces.to_owned()];
        let organisation = organisation(vec![one], vec![], environments.clone());
        let catalog = catalog("check");
        let assessed = assess(&Input {
            catalog,
            environments: &environments,
            findings: &findings,
            organisation: Some(&organisation),
            inventory: &Inventory::default(),
            scenarios: &[],
            day: TODAY,
        });
        let cell = assessed.requirements[0].objectives[0].aspects[0].cells[0].clone();
        assert!([&cell.replaced, &cell.decided_by].iter().any(|ids| ids.iter().any(|id| id == findings[0].id())));
        (cell.state, cell.replaced.len())
    };
    assert_eq!(judge("c", Outcome::Fail), (CellState::Shown, 1));
    assert_eq!(judge("c", Outcome::Unknown), (CellState::Shown, 1));
    assert_eq!(judge("other", Outcome::Fail), (CellState::Failed, 0));
    assert_eq!(judge("other", Outcome::Unknown), (CellState::Open, 0));
}

#[test]
fn adding_an_unknown_never_improves_a_cell() {
    let outcomes = [Outcome::Pass, Outcome::Fail, Outcome::Unknown, Outcome::Error, Outcome::NotApplicable];
    let relations = [Relation::Determines, Relation::Refutes, Relation::Supports];
    for how in HOWS {
        for statement in STATEMENTS {
            for exception in [None, Some(Cover::Counts), Some(Cover::Expired)] {
                for outcome in outcomes {
                    for relation in relations {
                        for added in relations {
                            let one = [(outcome, relation)];
                            let two = [(outcome, relation), (Outcome::Unknown, added)];
                            let case =
                                Case { how, findings: &one, statement, exception, open: false, elsewhere: false };
                            let (before, after) = (judged(case), judged(Case { findings: &two, ..case }));
                            assert!(after >= before, "{case:?}: {before:?} became {after:?} by an unknown");
                        }
                    }
                }
            }
        }
    }
}

/// What an exception comes to that covers nothing, or does not count: an error with a hint, never silence.
#[test]
fn an_exception_says_what_it_covers_and_what_it_may_have_meant() {
    let environments = vec![environment(false)];
    let judge = |outcome: Outcome, change: &dyn Fn(&mut Exception)| {
        let findings = [finding(0, outcome, Relation::Determines, ACCOUNT)];
        let mut one = exception("e");
        one.checks = vec![Pattern("c".to_owned())];
        one.resources = vec![Pattern("thing-0".to_owned())];
        one.lines.about = Some(3);
        change(&mut one);
        let organisation = organisation(vec![], vec![one], environments.clone());
        let assessed = assess(&Input {
            catalog: catalog("check"),
            environments: &environments,
            findings: &findings,
            organisation: Some(&organisation),
            inventory: &Inventory::default(),
            scenarios: &[],
            day: TODAY,
        });
        let told: Vec<String> =
            assessed.problems.iter().map(farwatch::model::organisation::FileProblem::sentence).collect();
        (assessed.exceptions[0].clone(), told)
    };
    let (result, told) = judge(Outcome::Fail, &|_| {});
    assert_eq!((result.not_counted, result.findings.len(), told.len()), (None, 1, 0));
    // A resource with a slip of the pen, another account, another check.
    let (result, told) = judge(Outcome::Fail, &|one| one.resources = vec![Pattern("thing-O".to_owned())]);
    assert!(result.findings.is_empty());
    assert_eq!(
        told,
        [
            "exceptions/e.yaml:3: it covers nothing: no finding fails that it names; did you mean the resource `thing-0`?"
        ]
    );
    let (_, told) = judge(Outcome::Fail, &|one| one.accounts = vec![Pattern("999988887777".to_owned())]);
    assert!(told[0].contains(&format!("in account {ACCOUNT}")), "{told:?}");
    let (_, told) = judge(Outcome::Fail, &|one| one.checks = vec![Pattern("other".to_owned())]);
    assert!(told[0].contains("c fails on thing-0: did you mean that check?"), "{told:?}");
    // It passes by now.
    let (_, told) = judge(Outcome::Pass, &|_| {});
    assert!(told[0].contains("c passes on thing-0 now: the exception can go"), "{told:?}");
    // Over, or not begun: it stops at once, says so, and says what it would cover.
    let (result, told) = judge(Outcome::Fail, &|one| one.expires = date(2026, 11, 23));
    assert_eq!(result.not_counted.as_deref(), Some("expired on 2026-11-23"));
    assert_eq!(told.len(), 0);
    assert!(result.hints[0].starts_with("if it counted, it would cover F-"), "{:?}", result.hints);
    // The last day counts.
    let (result, _) = judge(Outcome::Fail, &|one| one.expires = TODAY);
    assert_eq!(result.not_counted, None);
    // A milestone that was missed stops it.
    let (result, _) = judge(Outcome::Fail, &|one| {
        one.milestones = vec![farwatch::model::exception::Milestone {
            what: "mend it".to_owned(),
            due: date(2026, 11, 1),
            done: None,
        }];
    });
    assert_eq!(result.not_counted.as_deref(), Some("stopped, because its milestone \"mend it\" was due on 2026-11-01"));
}
