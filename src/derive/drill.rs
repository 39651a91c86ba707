//! Derivation: drills that the organisation states, held against the event history of the accounts.
//!
//! A drill in which a machine is cut off leaves calls behind. Those of its day, a day more or less (people write down
//! their own day, the history has UTC), are counted. That there are none is said only where the history was read to its
//! end in every region and still went back that far; else it is not known.

use super::known::{Known, listed};
use crate::model::drill::DRILL;
use crate::model::finding::Reason;
use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::organisation::file_evidence;
use crate::model::read::FieldKind;
use crate::model::resource::{Resource, ResourceKey};
use crate::model::statement::{Method, Standing, Statement, StatementKind, names_environment};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The account under which drills stand, and their region.
const PLACE: (&str, &str) = ("organisation", "global");
/// Where clouds keep what was called: kind of environment, type of event, days it goes back (AWS: CloudTrail User Guide,
/// "Working with CloudTrail event history").
const HISTORIES: [(&str, &str, i64); 1] = [("aws", "aws.cloudtrail.event", 90)];
/// How many calls are named in words.
const NAMED: usize = 3;

/// The derived type, with its fields.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    let fields = BTreeMap::from([
        ("title", FieldKind::Text),
        ("held", FieldKind::Text),
        ("age_days", FieldKind::Integer),
        ("tested", FieldKind::Boolean),
        ("about", FieldKind::TextList),
        ("events", FieldKind::Integer),
        ("calls", FieldKind::Text),
    ]);
    BTreeMap::from([(DRILL, fields)])
}

/// Adds the drills that count on the day and concern an account with an event history. `read` is when the collection was
/// finished.
pub fn drills(inventory: &mut Inventory, statements: &[Statement], day: Date, read: Timestamp) {
    let counts =
        |one: &&Statement| one.kind == StatementKind::Drill && one.holds && one.standing(day) == Standing::Counts;
    let found: Vec<Resource> =
        statements.iter().filter(counts).filter_map(|one| drill(inventory, one, day, read)).collect();
    if found.is_empty() {
        inventory.listings.insert(DRILL.to_owned(), Vec::new());
        inventory.resources.insert(DRILL.to_owned(), vec![none_stated()]);
        return;
    }
    let files: BTreeSet<String> = found.iter().flat_map(|one| one.evidence([])).collect();
    let listing = Listing {
        kind: DRILL.to_owned(),
        account: PLACE.0.to_owned(),
        region: PLACE.1.to_owned(),
        parent: None,
        state: ListState::Complete(files),
    };
    inventory.listings.insert(DRILL.to_owned(), vec![listing]);
    inventory.resources.insert(DRILL.to_owned(), found);
}

/// What stands for the drill that nobody has stated: nothing is known of it.
fn none_stated() -> Resource {
    let key = ResourceKey {
        kind: DRILL.to_owned(),
        account: PLACE.0.to_owned(),
        region: PLACE.1.to_owned(),
        id: "drill".to_owned(),
    };
    let mut drill = Resource::new(key);
    for field in types().values().flat_map(BTreeMap::keys) {
        let what = "the organisation has stated no drill in a cloud account that counts on this day".to_owned();
        drill.unknown.insert((*field).to_owned(), Reason::NotDeclared { what });
    }
    drill
}

fn drill(inventory: &Inventory, statement: &Statement, day: Date, read: Timestamp) -> Option<Resource> {
    let (named, days) = histories(inventory, statement);
    let days = days?;
    let key = ResourceKey {
        kind: DRILL.to_owned(),
        account: PLACE.0.to_owned(),
        region: PLACE.1.to_owned(),
        id: statement.id.clone(),
    };
    let mut drill = Resource::new(key);
    drill.from.insert(String::new(), BTreeSet::from([file_evidence(&statement.file)]));
    let about: Vec<Value> =
        statement.answers.iter().map(|answer| format!("{}/{}", answer.objective, answer.aspect).into()).collect();
    for (name, value) in [
        ("title", statement.title.clone().into()),
        ("held", statement.date.to_string().into()),
        ("age_days", statement.date.until(day).map_or(0, |span| span.get_days()).into()),
        ("tested", statement.methods.contains(&Method::Test).into()),
        ("about", Value::Array(about)),
    ] {
        drill.set(name, value, []);
    }
    match window(statement.date) {
        Some(window) => look(&mut drill, inventory, &named, (window, days, read)),
        None => Known::untold(format!("{} is no day that can be looked for", statement.date))
            .leave_out(&mut drill, "events"),
    }
    Some(drill)
}

/// The type of event and account of every history in which a drill may have left something, and how many days all of them
/// go back; no days where it concerns no cloud that has one.
fn histories(inventory: &Inventory, statement: &Statement) -> (Vec<(&'static str, String)>, Option<i64>) {
    let (mut named, mut days) = (Vec::new(), None);
    for (environment, kind, back) in HISTORIES {
        let own = statement.environments.iter().filter_map(|one| one.strip_prefix(environment)?.strip_prefix(':'));
        let mut accounts: BTreeSet<String> = own.map(str::to_owned).collect();
        if names_environment(&statement.environments, environment, environment) {
            accounts.extend(inventory.listings_of(kind).iter().map(|list| list.account.clone()));
        } else if accounts.is_empty() {
            continue;
        }
        days = Some(days.map_or(back, |other: i64| other.min(back)));
        named.extend(accounts.into_iter().map(|account| (kind, account)));
    }
    (named, days)
}

/// From the beginning of the day before to the end of the day after, in UTC.
fn window(day: Date) -> Option<(Timestamp, Timestamp)> {
    let start = |day: Date| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp());
    Some((start(day.yesterday().ok()?)?, start(day.tomorrow().ok()?.tomorrow().ok()?)?))
}

fn look(
    drill: &mut Resource,
    inventory: &Inventory,
    named: &[(&str, String)],
    ((from, to), days, read): ((Timestamp, Timestamp), i64, Timestamp),
) {
    let then = |event: &Resource| -> Option<Timestamp> { event.get("time")?.get("at")?.as_str()?.parse().ok() };
    let fits = |event: &Resource| match then(event) {
        Some(at) => Known::of(from <= at && at < to, event.evidence(["time"])),
        None => Known::missing(event, "time"),
    };
    let mut seen: Vec<(Timestamp, &Resource)> = Vec::new();
    let mut any = Known::of(false, BTreeSet::new());
    for (kind, account) in named {
        let events = listed(inventory, kind, account, "*");
        seen.extend(events.items.iter().filter_map(|event| Some((then(event)?, *event))));
        any = any.or(events.exists(fits));
    }
    seen.retain(|(at, _)| from <= *at && *at < to);
    seen.sort_by(|(a, one), (b, other)| (a, &one.key).cmp(&(b, &other.key)));
    if !seen.is_empty() {
        let evidence: BTreeSet<String> =
            seen.iter().flat_map(|(_, event)| event.evidence(["name", "time", "user"])).collect();
        drill.set("events", seen.len().into(), evidence);
        drill.set("calls", words(&seen).into(), []);
        return;
    }
    let (held, id) = (drill.text("held").unwrap_or_default(), &drill.key.id);
    if from < read - SignedDuration::from_hours(24 * days) {
        let what = format!("the event history goes back {days} days, and the drill {id} of {held} is older");
        drill.unknown.insert("events".to_owned(), Reason::NotTold { what });
    } else if read < to {
        let what = format!("the event history was read before the day after {held} was over");
        drill.unknown.insert("events".to_owned(), Reason::NotTold { what });
    } else if any.truth == Some(false) && !named.is_empty() {
        drill.set("events", 0.into(), any.evidence);
    } else {
        let nothing = Known::untold("no event history was read");
        if named.is_empty() { nothing } else { any }.leave_out(drill, "events");
    }
    drill.set("calls", "none".into(), []);
}

/// `ModifyNetworkInterfaceAttribute by isolate at 2026-10-14T14:35:02Z, and 2 more`.
fn words(seen: &[(Timestamp, &Resource)]) -> String {
    let one = |(at, event): &(Timestamp, &Resource)| {
        let by = event.text("user").map(|user| format!(" by {user}")).unwrap_or_default();
        format!("{}{by} at {}", event.text("name").unwrap_or("a call"), at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    };
    let mut text = seen.iter().take(NAMED).map(one).collect::<Vec<_>>().join(", ");
    if seen.len() > NAMED {
        text += &format!(", and {} more", seen.len() - NAMED);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gap::Gap;
    use crate::model::plan::Outcome;
    use crate::model::statement::{Answer, DocumentStatus, Lines};
    use serde_json::json;

    fn held(date: &str) -> Statement {
        Statement {
            id: "cut-off".to_owned(),
            file: "statements/cut-off.md".to_owned(),
            kind: StatementKind::Drill,
            title: "We cut a machine off".to_owned(),
            answers: vec![Answer { objective: "O".to_owned(), aspect: "alerts".to_owned() }],
            environments: vec!["aws:1".to_owned()],
            holds: true,
            owner: "a".to_owned(),
            approver: "b".to_owned(),
            date: date.parse().unwrap(),
            expires: "2027-12-31".parse().unwrap(),
            status: DocumentStatus::Final,
            methods: vec![Method::Test],
            evidence: Vec::new(),
            replaces: Vec::new(),
            provider: None,
            document: None,
            text: String::new(),
            sha256: String::new(),
            lines: Lines::default(),
            problems: Vec::new(),
        }
    }

    fn gap() -> Gap {
        Gap {
            read: "cloudtrail:LookupEvents#X".to_owned(),
            action: "cloudtrail:LookupEvents".to_owned(),
            account: "1".to_owned(),
            region: "west".to_owned(),
            parent: None,
            outcome: Outcome::Denied,
            code: None,
            detail: None,
            evidence: None,
        }
    }

    /// Events of these times in the east, and the list of the west, whole or cut.
    fn history(times: &[&str], whole: bool) -> Inventory {
        let mut inventory = Inventory::default();
        let kind = HISTORIES[0].1;
        for (at, time) in times.iter().enumerate() {
            let key = ResourceKey {
                kind: kind.to_owned(),
                account: "1".to_owned(),
                region: "east".to_owned(),
                id: at.to_string(),
            };
            let mut event = Resource::new(key);
            event.from.insert(String::new(), BTreeSet::from(["E-east".to_owned()]));
            event.set("name", "Modify".into(), []);
            if !time.is_empty() {
                event.set("time", json!({ "at": time, "age_seconds": 1 }), []);
            }
            inventory.resources.entry(kind.to_owned()).or_default().push(event);
        }
        let list = |region: &str, state| Listing {
            kind: kind.to_owned(),
            account: "1".to_owned(),
            region: region.to_owned(),
            parent: None,
            state,
        };
        let read = |page: &str| ListState::Complete(BTreeSet::from([page.to_owned()]));
        let west = if whole { read("E-west") } else { ListState::Cut(BTreeSet::from([gap()])) };
        inventory.listings.insert(kind.to_owned(), vec![list("east", read("E-east")), list("west", west)]);
        inventory
    }

    const READ: &str = "2026-11-24T12:00:00Z";

    fn found(mut inventory: Inventory, statement: &Statement) -> Option<Resource> {
        let read: Timestamp = READ.parse().unwrap();
        drills(&mut inventory, std::slice::from_ref(statement), read.to_zoned(TimeZone::UTC).date(), read);
        let stated = inventory.of(DRILL).first().cloned().filter(|one| one.key.id == statement.id);
        let none = inventory.of(DRILL).first().and_then(|one| one.unknown.get("events")).cloned();
        assert!(stated.is_some() || matches!(none, Some(Reason::NotDeclared { .. })), "{none:?}");
        stated
    }

    fn why(drill: &Resource) -> String {
        match drill.unknown.get("events") {
            Some(Reason::NotTold { what }) => what.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn calls_of_the_day_a_day_more_or_less_are_counted() {
        let times = [
            "2026-10-12T23:59:59Z",
            "2026-10-13T00:00:00Z",
            "2026-10-14T14:35:00Z",
            "2026-10-15T23:59:59Z",
            "2026-10-16T00:00:00Z",
        ];
        // What was seen counts, also where not all was.
        for whole in [true, false] {
            let drill = found(history(&times, whole), &held("2026-10-14")).unwrap();
            assert_eq!(drill.get("events"), Some(&json!(3)));
            let calls = drill.text("calls").unwrap();
            assert!(calls.starts_with("Modify at 2026-10-13T00:00:00Z, Modify at 2026-10-14T14:35:00Z,"), "{calls}");
            assert!(drill.evidence(["events"]).contains("E-east"));
            assert!(drill.evidence([]).contains(&file_evidence("statements/cut-off.md")));
            assert_eq!(drill.get("age_days"), Some(&json!(41)));
            assert_eq!(drill.get("about"), Some(&json!(["O/alerts"])));
        }
    }

    #[test]
    fn none_is_said_only_of_a_history_that_was_read_whole() {
        let drill = found(history(&["2026-10-20T00:00:00Z"], true), &held("2026-10-14")).unwrap();
        assert_eq!(drill.get("events"), Some(&json!(0)));
        let evidence = drill.evidence(["events"]);
        assert!(evidence.contains("E-east") && evidence.contains("E-west"), "{evidence:?}");
        let drill = found(history(&[], false), &held("2026-10-14")).unwrap();
        assert_eq!((drill.get("events"), &drill.missing["events"]), (None, &BTreeSet::from([gap()])));
        // An event without a time may be of that day.
        let drill = found(history(&[""], true), &held("2026-10-14")).unwrap();
        assert_eq!(drill.get("events"), None);
        assert!(why(&drill).contains("time"));
        // Nothing was read of the account that it names.
        let mut elsewhere = held("2026-10-14");
        elsewhere.environments = vec!["aws:2".to_owned()];
        assert!(why(&found(history(&[], true), &elsewhere).unwrap()).contains("account 2"));
        elsewhere.environments = vec!["aws".to_owned()];
        assert_eq!(found(history(&[], true), &elsewhere).unwrap().get("events"), Some(&json!(0)));
        assert!(why(&found(Inventory::default(), &elsewhere).unwrap()).contains("no event history was read"));
    }

    #[test]
    fn what_lies_before_the_history_or_is_not_over_is_not_known() {
        for (date, words) in [("2026-08-26", "goes back 90 days"), ("2026-01-02", "of 2026-01-02 is older")] {
            let drill = found(history(&[], true), &held(date)).unwrap();
            assert_eq!(drill.get("events"), None);
            assert!(why(&drill).contains(words), "{date}: {}", why(&drill));
        }
        // The last day of which the history is whole.
        assert_eq!(found(history(&[], true), &held("2026-08-28")).unwrap().get("events"), Some(&json!(0)));
        // An event that is still there counts.
        let drill = found(history(&["2026-08-27T00:00:00Z"], true), &held("2026-08-26")).unwrap();
        assert_eq!(drill.get("events"), Some(&json!(1)));
        for date in ["2026-11-23", "2026-11-24"] {
            assert!(why(&found(history(&[], true), &held(date)).unwrap()).contains("before"), "{date}");
        }
    }

    #[test]
    fn what_is_no_drill_of_an_account_is_not_looked_for() {
        let change = |change: &dyn Fn(&mut Statement)| {
            let mut statement = held("2026-10-14");
            change(&mut statement);
            found(history(&[], true), &statement)
        };
        assert!(change(&|_| {}).is_some());
        assert!(change(&|one| one.kind = StatementKind::Attestation).is_none());
        assert!(change(&|one| one.holds = false).is_none());
        assert!(change(&|one| one.status = DocumentStatus::Draft).is_none());
        assert!(change(&|one| one.expires = "2026-11-23".parse().unwrap()).is_none());
        assert!(change(&|one| one.environments = vec!["office:hq".to_owned()]).is_none());
        let tabletop = change(&|one| one.methods = vec![Method::Interview]).unwrap();
        assert_eq!(tabletop.get("tested"), Some(&json!(false)));
    }

    /// Losing what was read never makes or unmakes an answer.
    #[test]
    fn losing_lists_moves_only_toward_unknown() {
        for times in [&[][..], &["2026-10-14T14:35:00Z"]] {
            let whole = found(history(times, true), &held("2026-10-14")).unwrap().get("events").cloned();
            let cut = found(history(times, false), &held("2026-10-14")).unwrap().get("events").cloned();
            assert!(cut.is_none() || cut == whole);
        }
    }
}
