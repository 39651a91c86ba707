//! The organisation's files: what is right is read, and what is wrong is named with file and line, loses nothing, and
//! takes out no more than it must.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod worlds;

use farwatch::controls::Problems;
use farwatch::model::organisation::Organisation;
use farwatch::model::statement::Standing;
use jiff::civil::date;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const CONFIG: &str = "\
organisation:
  name: Hallmark Machining LLC
  cage_codes: [8HMX4]
system:
  name: Shop system
  description: Machines metal parts.
people:
  - { id: ada, name: Ada Okafor, roles: [compliance_officer] }
  - { id: max, name: Max Hall, roles: [affirming_official] }
environments:
  aws:
    accounts:
      - { id: \"210987654321\" }
  azure: { none: we have none }
  entra: { none: we have none }
  office:
    places:
      - { id: dayton, name: Dayton office }
  endpoints: { none: we have none }
  saas: { none: we have none }
";

const STATEMENT: &str = "\
---
kind: attestation
answers: [AC.L1-b.1.i.a]
environments: [office:dayton]
owner: ada
approver: max
date: 2026-09-01
expires: 2027-09-01
status: final
evidence: [evidence/list.txt]
---
# Users

The list is kept.
";

const EXCEPTION: &str = "\
kind: enduring_exception
title: An old machine
checks: [aws-vpc-flow-log-all-traffic]
resources: [vpc-1]
owner: ada
approver: max
start: 2026-09-01
expires: 2027-09-01
status: final
reason: It cannot.
reopens_when: It is replaced.
mitigations: [It stands alone.]
";

/// A folder with an organisation that is right, for changes.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("farwatch.yaml", CONFIG);
        folder.write("statements/users.md", STATEMENT);
        folder.write("evidence/list.txt", "ada\n");
        folder.write("exceptions/machine.yaml", EXCEPTION);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// With a text of a file replaced.
    fn with(self, name: &str, old: &str, new: &str) -> Self {
        let text = fs::read_to_string(self.path().join(name)).unwrap();
        assert!(text.contains(old), "{name} has no {old:?}");
        self.write(name, &text.replacen(old, new, 1));
        self
    }

    fn load(&self) -> Organisation {
        worlds::load(self.path()).unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn refused(&self) -> Problems {
        worlds::load(self.path()).expect_err("it must not load")
    }

    /// The problems that take out single files, as they are printed.
    fn soft(&self) -> Vec<String> {
        self.load().problems.iter().map(farwatch::model::organisation::FileProblem::sentence).collect()
    }

    fn warnings(&self) -> Vec<String> {
        self.load().warnings.iter().map(farwatch::model::organisation::FileProblem::sentence).collect()
    }
}

/// One problem with these words, and no other.
fn only(found: &[String], expected: &[&str]) {
    assert_eq!(found.len(), 1, "{found:#?}");
    for words in expected {
        assert!(found[0].contains(words), "{words:?} in {:?}", found[0]);
    }
}

#[test]
fn what_is_right_is_read() {
    let folder = Folder::new();
    let one = folder.load();
    assert_eq!((one.problems.len(), one.warnings.len()), (0, 0), "{:?} {:?}", one.problems, one.warnings);
    let ids: Vec<&str> = one.environments.iter().map(|environment| environment.id.as_str()).collect();
    assert_eq!(ids, ["aws:210987654321", "office:dayton"]);
    assert_eq!(one.absent.len(), 4);
    let statement = &one.statements[0];
    assert_eq!(statement.answers.len(), 1);
    assert_eq!(statement.answers[0].aspect, "users-listed");
    assert_eq!(statement.evidence[0].sha256, "8691647640d53190e4668a2da4477c909b8c81f8bfca09826f395b46d01f46a0");
    assert_eq!(statement.standing(date(2026, 11, 24)), Standing::Counts);
    assert_eq!(statement.standing(date(2027, 9, 1)), Standing::Counts);
    assert!(matches!(statement.standing(date(2027, 9, 2)), Standing::Not(_)));
    assert!(matches!(statement.standing(date(2026, 8, 31)), Standing::Not(_)));
    let files: Vec<&str> = one.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(files, ["evidence/list.txt", "exceptions/machine.yaml", "farwatch.yaml", "statements/users.md"]);
    // It comes back from the run as it went in.
    let text = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Organisation>(&text).unwrap(), one);
}

#[test]
fn everything_wrong_in_the_file_is_told_at_once_with_its_place() {
    let folder = Folder::new()
        .with("farwatch.yaml", "8HMX4", "NOPE1O")
        .with("farwatch.yaml", "id: max", "id: ada")
        .with("farwatch.yaml", "210987654321", "12")
        .with("farwatch.yaml", "saas: { none: we have none }", "saas: { none: \"\" }");
    folder.write(
        "farwatch.yaml",
        &(fs::read_to_string(folder.path().join("farwatch.yaml")).unwrap()
            + "parameters:\n  min_retention_day: 1\n  min_retention_days: soon\n"),
    );
    let problems = folder.refused();
    let told: Vec<(usize, &str)> =
        problems.0.iter().map(|problem| (problem.at.map_or(0, |(line, _)| line), problem.what.as_str())).collect();
    let expected = [
        (3, "is not a CAGE code"),
        (9, "two people have the id `ada`"),
        (13, "is not an id of this kind"),
        (20, "`none` without a reason"),
        (22, "did you mean `min_retention_days`?"),
        (23, "is not a whole number"),
    ];
    for (line, words) in expected {
        assert!(told.iter().any(|(at, what)| *at == line && what.contains(words)), "{line} {words}: {told:#?}");
    }
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    // As it is printed: file, line, column, the line itself, and what to do.
    let printed = problems.to_string();
    assert!(printed.contains("--> farwatch.yaml:3:16\n   |   cage_codes: [NOPE1O]\n"), "{printed}");
    assert!(printed.contains("help: five characters"), "{printed}");
}

#[test]
fn mistakes_of_form_are_told_part_by_part() {
    let folder = Folder::new()
        .with("farwatch.yaml", "  name: Shop system", "  nam: Shop system")
        .with("farwatch.yaml", "places:", "plaices:")
        .with("farwatch.yaml", "people:", "peoples:");
    let problems = folder.refused();
    let lines: Vec<usize> = problems.0.iter().filter_map(|problem| problem.at.map(|(line, _)| line)).collect();
    assert_eq!(lines.len(), 3, "{problems}");
    for line in [5, 7, 17] {
        assert!(lines.contains(&line), "{line}: {problems}");
    }
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let folder = Folder::new().with(
        "farwatch.yaml",
        "    accounts:\n",
        "    role_name: farwatch\n    external_id: canary-of-a-secret\n    accounts:\n",
    );
    let printed = folder.refused().to_string();
    assert!(printed.contains("farwatch.yaml:13") && printed.contains("env:NAME"), "{printed}");
    assert!(!printed.contains("canary"), "{printed}");
    let folder = folder.with("farwatch.yaml", "canary-of-a-secret", "env:FARWATCH_EXTERNAL_ID");
    assert!(folder.load().problems.is_empty());
}

/// A line with a mistake of form is quoted; one that may hold the secret is not, however its key is spelt.
#[test]
fn a_secret_under_a_misspelt_key_is_not_repeated() {
    for key in ["externalid", "external-id", "External_ID"] {
        let folder =
            Folder::new().with("farwatch.yaml", "    accounts:\n", &format!("    {key}: canary\n    accounts:\n"));
        let printed = folder.refused().to_string();
        assert!(printed.contains("farwatch.yaml:12"), "{printed}");
        assert!(!printed.contains("canary"), "{printed}");
    }
}

#[test]
fn controlled_unclassified_information_is_warned_about() {
    let folder = Folder::new().with("farwatch.yaml", "Machines metal parts.", "Machines metal parts and holds CUI.");
    only(&folder.warnings(), &["farwatch.yaml:6", "Level 2"]);
    let folder =
        Folder::new().with("farwatch.yaml", "  name: Shop system\n", "  name: Shop system\n  information: CUI\n");
    only(&folder.warnings(), &["Level 2"]);
}

#[test]
fn contradicting_statements_count_for_nothing() {
    let folder = Folder::new();
    folder.write("statements/other.md", &STATEMENT.replace("status: final", "status: final\nholds: false"));
    let one = folder.load();
    let told: Vec<String> = one.problems.iter().map(farwatch::model::organisation::FileProblem::sentence).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].starts_with("statements/other.md:3:") && told[0].contains("statements/users.md"), "{told:#?}");
    assert!(told[1].starts_with("statements/users.md:3:") && told[1].contains("neither counts"), "{told:#?}");
    for statement in &one.statements {
        assert!(matches!(statement.standing(date(2026, 11, 24)), Standing::Not(_)));
    }
    // In an account that only the cloud lists, too.
    let lists = "    organization: true\n    role_name: farwatch\n    accounts:\n";
    let folder = Folder::new().with(
        "farwatch.yaml",
        "    accounts:\n      - { id: \"210987654321\" }\n",
        lists.trim_end_matches("    accounts:\n"),
    );
    folder.write("exceptions/machine.yaml", &(EXCEPTION.to_owned() + "accounts: [\"111122223333\"]\n"));
    let about = |text: &str| text.replace("AC.L1-b.1.i.a", "SC.L1-b.1.xi.a");
    folder.write("statements/users.md", &about(STATEMENT).replace("office:dayton", "aws:111122223333"));
    let none = about(STATEMENT).replace("attestation", "not_applicable").replace("environments: [office:dayton]\n", "");
    folder.write("statements/none.md", &none);
    assert_eq!(folder.soft().len(), 2, "{:#?}", folder.soft());
    folder.write(
        "statements/none.md",
        &about(STATEMENT).replace("office:dayton", "aws").replace("owner", "holds: false\nowner"),
    );
    assert_eq!(folder.soft().len(), 2, "{:#?}", folder.soft());
    // Another time, another aspect, or a draft: no contradiction.
    let denial = STATEMENT.replace("owner: ada", "holds: false\nowner: ada");
    for (old, new) in [
        ("date: 2026-09-01\nexpires: 2027-09-01", "date: 2027-09-02\nexpires: 2028-09-01"),
        ("AC.L1-b.1.i.a", "AC.L1-b.1.i.b"),
        ("status: final", "status: draft"),
    ] {
        let folder = Folder::new();
        assert!(denial.contains(old));
        folder.write("statements/other.md", &denial.replace(old, new));
        assert_eq!(folder.soft(), Vec::<String>::new(), "{new}");
    }
}

#[test]
fn evidence_must_be_there_inside_the_folder_and_of_a_sane_size() {
    let folder = Folder::new().with("statements/users.md", "evidence/list.txt", "evidence/lost.txt");
    only(&folder.soft(), &["statements/users.md:10", "there is no file `evidence/lost.txt`"]);
    for outside in ["../list.txt", "/etc/hostname", "evidence/../../x", "C:list.txt"] {
        let folder = Folder::new().with("statements/users.md", "evidence/list.txt", outside);
        only(&folder.soft(), &["statements/users.md:10", "is not a path below the organisation's folder"]);
    }
    // 2 GB, of which the disk has nothing.
    let folder = Folder::new();
    fs::File::create(folder.path().join("evidence/list.txt")).unwrap().set_len(2 << 30).unwrap();
    only(&folder.soft(), &["statements/users.md:10", "has 2147483648 bytes"]);
    let folder = Folder::new().with("statements/users.md", "evidence/list.txt", "evidence");
    only(&folder.soft(), &["statements/users.md:10", "is not a file"]);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.txt"), "canary").unwrap();
    fs::write(outside.path().join("users.md"), STATEMENT).unwrap();
    let folder = Folder::new();
    fs::remove_file(folder.path().join("evidence/list.txt")).unwrap();
    symlink(outside.path().join("secret.txt"), folder.path().join("evidence/list.txt")).unwrap();
    only(&folder.soft(), &["statements/users.md:10", "a link, which is not followed"]);
    // A folder on the way.
    let folder = Folder::new().with("statements/users.md", "evidence/list.txt", "papers/secret.txt");
    symlink(outside.path(), folder.path().join("papers")).unwrap();
    only(&folder.soft(), &["statements/users.md:10", "a link, which is not followed"]);
    // A statement, and the folder of statements.
    let folder = Folder::new();
    symlink(outside.path().join("users.md"), folder.path().join("statements/more.md")).unwrap();
    only(&folder.soft(), &["statements/more.md", "a link is not followed"]);
    assert_eq!(folder.load().statements.len(), 1, "the rest goes on");
    let folder = Folder::new();
    fs::remove_dir_all(folder.path().join("statements")).unwrap();
    symlink(outside.path(), folder.path().join("statements")).unwrap();
    only(&folder.soft(), &["statements", "no link is followed"]);
    assert!(folder.load().statements.is_empty());
}

#[test]
fn text_that_is_no_text_is_named_with_its_line() {
    let folder = Folder::new();
    fs::write(folder.path().join("statements/users.md"), b"---\nkind: attestation\nowner: \xff\n---\n").unwrap();
    only(&folder.soft(), &["statements/users.md:3", "not UTF-8"]);
    fs::write(folder.path().join("farwatch.yaml"), b"organisation:\n  name: \xe9\n").unwrap();
    let printed = folder.refused().to_string();
    assert!(printed.contains("farwatch.yaml:2:1") && printed.contains("UTF-8"), "{printed}");
}

#[test]
fn a_statement_says_what_is_wrong_with_it() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("office:dayton", "office:daytona", &["users.md:4", "did you mean `office:dayton`?"]),
        ("office:dayton", "\"aws:111122223333\"", &["users.md:4", "there is no environment `aws:111122223333`"]),
        ("office:dayton", "saas", &["users.md:4", "no environment of the kind `saas`"]),
        ("AC.L1-b.1.i.a", "AC.L1-b.1.i.z", &["users.md:3", "is no requirement, objective or aspect"]),
        ("owner: ada", "owner: adda", &["users.md:5", "nobody has the id `adda`; did you mean `ada`?"]),
        ("2027-09-01", "2025-09-01", &["users.md:8", "before its date"]),
        ("The list is kept.", "<!-- not yet -->", &["users.md", "it has no text"]),
        ("kind: attestation", "kind: siem\nmethod: []\n#", &[]),
        (
            "evidence: [evidence/list.txt]\n",
            "evidence: []\nmethd: [examine]\n",
            &["users.md:11", "unknown field `methd`"],
        ),
        ("expires: 2027-09-01\n", "", &["users.md", "missing field `expires`"]),
        (
            "kind: attestation",
            "kind: drill\nreplaces: [aws-root-mfa]",
            &["users.md:3", "only an alternative implementation"],
        ),
        (
            "kind: attestation",
            "kind: alternative_implementation\nreplaces: [aws-root-mfaa]",
            &["users.md:3", "did you mean `aws-root-mfa`?"],
        ),
        (
            "kind: attestation",
            "kind: alternative_implementation\nreplaces: [aws-root-mfa]",
            &["users.md:3", "says nothing about what this statement answers"],
        ),
        (
            "kind: attestation",
            "kind: inheritance\nprovider: Somebody\ndocument: A paper",
            &["users.md", "inheritance covers the provider's facilities and media only"],
        ),
        (
            "[AC.L1-b.1.i.a]",
            "[SC.L1-b.1.x.d/traffic-recorded, SC.L1-b.1.x.d/records-reviewed]\nreplaces: [aws-vpc-flow-log-all-traffic]",
            &["users.md:4", "only an alternative implementation"],
        ),
        ("AC.L1-b.1.i.a", "PE.L1-3.10.3", &["users.md:3", "a part of PE.L1-b.1.ix, and names none of its objectives"]),
        ("AC.L1-b.1.i.a", "3.10.5", &["users.md:3", "a part of PE.L1-b.1.ix"]),
        ("kind: attestation", "kind: drill\nholds: false", &["users.md", "`holds: false` and a drill exclude"]),
        ("2027-09-01", "2027-09-02", &["users.md:8", "longer than a year"]),
        ("The list is kept.", "---\n.", &["users.md", "it has no text"]),
        ("evidence/list.txt", "exceptions/machine.yaml", &["users.md:10", "shows nothing itself"]),
        ("---\nkind", "--\nkind", &["users.md:1", "does not begin with a head"]),
    ];
    for (old, new, expected) in cases {
        let folder = Folder::new().with("statements/users.md", old, new);
        if expected.is_empty() {
            assert_eq!(folder.soft(), Vec::<String>::new());
        } else {
            only(&folder.soft(), expected);
        }
        // Nothing is lost: the exception is read, whatever is wrong with the statement.
        assert_eq!(folder.load().exceptions.len(), 1);
    }
    // A draft may be unfinished.
    let folder = Folder::new().with("statements/users.md", "status: final", "status: draft");
    let folder = folder.with("statements/users.md", "The list is kept.", "");
    assert_eq!(folder.soft(), Vec::<String>::new());
}

#[test]
fn what_deserves_a_second_look_is_a_warning() {
    let folder = Folder::new().with("statements/users.md", "approver: max", "approver: ada");
    only(&folder.warnings(), &["statements/users.md:6", "approves a statement of their own"]);
    let folder = Folder::new().with("statements/users.md", "The list is kept.", "The list of CUI is kept.");
    only(&folder.warnings(), &["statements/users.md:14", "Federal Contract Information"]);
    let folder = Folder::new().with("statements/users.md", "AC.L1-b.1.i.a", "SC.L1-b.1.x.c/traffic-recorded").with(
        "statements/users.md",
        "office:dayton",
        "aws",
    );
    only(&folder.warnings(), &["statements/users.md", "shown by machine checks alone"]);
    let folder = Folder::new().with("exceptions/machine.yaml", "approver: max", "approver: ada");
    only(&folder.warnings(), &["exceptions/machine.yaml:6", "approves an exception of their own"]);
}

#[test]
fn an_exception_says_what_is_wrong_with_it() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("expires: 2027-09-01\n", "", &["machine.yaml", "missing field `expires`"]),
        ("aws-vpc-flow-log-all-traffic", "aws-vpc-flow-log-all-trafic", &["machine.yaml:3", "did you mean"]),
        ("[aws-vpc-flow-log-all-traffic]", "[\"aws-*\"]", &["machine.yaml:3", "`aws-*` fits", "name the checks"]),
        (
            "aws-vpc-flow-log-all-traffic",
            "organisation-external-boundary-declared",
            &["machine.yaml:3", "allows no exception", "opened there tomorrow"],
        ),
        ("[vpc-1]", "[\"*\"]", &["machine.yaml:4", "would hide the next mistake"]),
        ("[vpc-1]", "[\"*-*\"]", &["machine.yaml:4", "would hide the next mistake"]),
        ("[vpc-1]", "[vpc-1]\naccounts: [\"*\"]", &["machine.yaml", "would fit any account"]),
        ("2027-09-01", "2027-09-02", &["machine.yaml:8", "longer than a year"]),
        (
            "checks: [aws-vpc-flow-log-all-traffic]\nresources: [vpc-1]",
            "answers: [SI.L1-b.1.xiii.b]\nenvironments: [ofice:dayton]",
            &["machine.yaml:4", "did you mean `office:dayton`?"],
        ),
        (
            "checks: [aws-vpc-flow-log-all-traffic]\nresources: [vpc-1]",
            "answers: [SI.L1-b.1.xiii.b]",
            &["machine.yaml", "go together"],
        ),
        ("resources: [vpc-1]\n", "", &["machine.yaml", "go together"]),
        ("mitigations: [It stands alone.]\n", "", &["machine.yaml:1", "needs `mitigations`"]),
        ("approver: max", "approver: nobody", &["machine.yaml:6", "nobody has the id `nobody`"]),
        ("expires: 2027-09-01", "expires: 2026-08-01", &["machine.yaml:8", "before it starts"]),
        ("reason: It cannot.", "reason: \"\"", &["machine.yaml", "`reason` is empty"]),
        ("checks: [aws-vpc-flow-log-all-traffic]", "chekcs: []", &["machine.yaml:3", "unknown field"]),
    ];
    for (old, new, expected) in cases {
        let folder = Folder::new().with("exceptions/machine.yaml", old, new);
        only(&folder.soft(), expected);
        assert_eq!(folder.load().statements.len(), 1, "nothing else is lost");
    }
    // A temporary deficiency needs proof that it once worked, and a plan.
    let folder = Folder::new().with("exceptions/machine.yaml", "enduring_exception", "temporary_deficiency");
    let told = folder.soft();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told.iter().any(|text| text.contains("proof that it once worked")), "{told:#?}");
    assert!(told.iter().any(|text| text.contains("`milestones`, `review` and `progress`")), "{told:#?}");
    let plan = "worked: [evidence/list.txt]\nmilestones: [{ what: mend it, due: 2026-12-01 }]\nreview: 2026-12-01\nprogress: begun\n";
    let folder = Folder::new().with("exceptions/machine.yaml", "enduring_exception", "temporary_deficiency").with(
        "exceptions/machine.yaml",
        "mitigations: [It stands alone.]\n",
        plan,
    );
    assert_eq!(folder.soft(), Vec::<String>::new());
    // A review or a milestone that is overdue stops it, as its last day does.
    let one = &folder.load().exceptions[0];
    assert_eq!(one.standing(date(2026, 12, 1)), Standing::Counts);
    assert_eq!(one.counts_until(), date(2026, 12, 1));
    assert!(matches!(one.standing(date(2026, 12, 2)), Standing::Not(why) if why.contains("review")));
    let one = &folder.with("exceptions/machine.yaml", "due: 2026-12-01", "due: 2026-11-20").load().exceptions[0];
    assert_eq!(one.counts_until(), date(2026, 11, 20));
    assert_eq!(one.standing(date(2026, 11, 20)), Standing::Counts);
    assert!(matches!(one.standing(date(2026, 11, 21)), Standing::Not(why) if why.contains("milestone \"mend it\"")));
    // An empty file proves nothing, and neither does progress of which nothing is said.
    let folder = Folder::new().with("exceptions/machine.yaml", "enduring_exception", "temporary_deficiency").with(
        "exceptions/machine.yaml",
        "mitigations: [It stands alone.]\n",
        &plan.replace("begun", "\" \"").replace("list.txt", "empty.txt"),
    );
    folder.write("evidence/empty.txt", "");
    let told = folder.soft();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told.iter().any(|text| text.contains("evidence/empty.txt is empty")), "{told:#?}");
    // Where there are several accounts, it says in which.
    let folder = Folder::new().with(
        "farwatch.yaml",
        "      - { id: \"210987654321\" }\n",
        "      - { id: \"210987654321\" }\n      - { id: \"111122223333\" }\n",
    );
    only(&folder.soft(), &["machine.yaml", "it names no account, and there are several"]);
}

#[test]
fn a_boundary_that_says_nothing_is_refused_and_the_rest_goes_on() {
    let right = "description: d\nexternal:\n  - { name: door, id: igw-1, purpose: customers }\ninternal: []\n";
    let folder = Folder::new();
    folder.write("boundary.yaml", right);
    assert_eq!(folder.soft(), Vec::<String>::new());
    assert!(folder.load().boundary.is_some());
    for (old, new, expected) in [
        ("purpose: customers", "purpose: \"\"", "needs a name and a purpose"),
        ("id: igw-1", "id: \"*\"", "would fit everything"),
        ("id: igw-1", "id: \"*-*\"", "would fit everything"),
        ("id: igw-1", "id: \"igw-*\"", "would fit everything"),
        ("id: igw-1, ", "", "would fit everything"),
        ("description: d", "description: \"\"", "the description is empty"),
        ("description: d", "description: Describe in a few sentences what", "still that of the template"),
        ("external:", "extrenal:", "unknown field"),
    ] {
        folder.write("boundary.yaml", &right.replace(old, new));
        only(&folder.soft(), &["boundary.yaml:", expected]);
        let one = folder.load();
        assert!(one.boundary.is_none(), "half a boundary would be none");
        assert_eq!(one.statements.len(), 1);
    }
}

#[test]
fn files_that_are_not_meant_to_be_read_are_named() {
    let folder = Folder::new();
    folder.write("statements/notes.txt", "x");
    folder.write("statements/README.md", "x");
    folder.write("statements/.hidden.md", "x");
    folder.write("statements/draft.md~", "x");
    only(&folder.soft(), &["statements/notes.txt", "does not end in .md"]);
}

/// What `init` writes and what `statement new` drafts is right.
#[test]
fn the_golden_fresh_start_is_what_init_writes() {
    let place = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_farwatch"))
        .args(["init", "--yes", "--name", "Hallmark Machining LLC"])
        .arg(place.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let golden = worlds::here("tests/fixtures/organisations/fresh");
    for name in ["farwatch.yaml", "statements/README.md", "exceptions/README.md"] {
        let (written, kept) =
            (fs::read_to_string(place.path().join(name)).unwrap(), fs::read_to_string(golden.join(name)).unwrap());
        assert_eq!(written, kept, "{name}");
    }
    let one = worlds::load(place.path()).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(one.environments.is_empty() && one.statements.is_empty() && one.problems.is_empty());
    // Nothing that is there is written over.
    let again =
        std::process::Command::new(env!("CARGO_BIN_EXE_farwatch")).args(["init", "--yes"]).arg(place.path()).output();
    let again = again.unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is left as it is"));
}
