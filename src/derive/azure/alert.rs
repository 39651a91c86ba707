//! Derivation: alerts of Azure Monitor, as chains from what is seen to somebody who is told.
//!
//! One `azure.monitor.alert` is given for every log search rule, whole or broken, with the links that `aws.alert` has:
//!
//! | field | true when |
//! | --- | --- |
//! | `enabled` | the rule is enabled |
//! | `sees` | the table and the columns of its query are in the workspace, something sends records to the table, the rule goes off when there is more, and its window leaves no time out |
//! | `covers` | every virtual network in use whose logs it serves has a flow log that is analysed in the workspace |
//! | `awake` | always: a rule has no state of its own |
//! | `delivers` | an action group is enabled and has an enabled receiver who is a person |
//!
//! What a query is for is found out by showing it records: ordinary ones, and ones that it should notice. A query that
//! cannot be read, or not to the end, has no `classes`. Programs that are told may tell somebody and may not: then it is
//! not known. Rules that silence alerts for a time are not read.

use super::flow::{FLOW_LOG, WORKSPACE, exists, subscription};
use super::kql::{self, Out, Query, Row, V};
use crate::derive::known::{Known, listed};
use crate::derive::signal::TRAFFIC;
use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::read::FieldKind;
use crate::model::resource::{Resource, ResourceKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The derived type.
pub(in crate::derive) const KIND: &str = "azure.monitor.alert";
const RULE: &str = "azure.monitor.scheduled_query_rule";
const GROUP: &str = "azure.monitor.action_group";
const TABLE: &str = "azure.operational_insights.table";
const NETWORK: &str = "azure.network.virtual_network";
const SETTING: &str = "azure.monitor.diagnostic_setting";

/// Tables that Traffic Analytics fills: of virtual networks, of network security groups.
const FLOW_TABLES: [&str; 2] = ["NTANetAnalytics", "AzureNetworkAnalytics_CL"];
/// Columns that every table has.
const EVERYWHERE: [&str; 6] = ["TimeGenerated", "TenantId", "Type", "_ResourceId", "_SubscriptionId", "SourceSystem"];

/// The type and its fields.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    let links = ["traffic", "enabled", "sees", "covers", "awake", "delivers"].map(|link| (link, FieldKind::Boolean));
    let texts = ["name", "source", "missed", "broken"].map(|text| (text, FieldKind::Text));
    let lists = ["serves", "classes"].map(|list| (list, FieldKind::TextList));
    let numbers = ["recipients", "bytes", "seconds"].map(|number| (number, FieldKind::Integer));
    BTreeMap::from([(KIND, links.into_iter().chain(texts).chain(lists).chain(numbers).collect())])
}

/// Adds the derived resources and lists.
pub(super) fn derive(inventory: &mut Inventory) {
    let alerts: Vec<Resource> = inventory.of(RULE).iter().map(|rule| of_rule(inventory, rule)).collect();
    let lists = inventory.listings_of(RULE).iter().map(|list| Listing { kind: KIND.to_owned(), ..list.clone() });
    let lists = lists.collect();
    inventory.resources.insert(KIND.to_owned(), alerts);
    inventory.listings.insert(KIND.to_owned(), lists);
}

fn texts<'a>(of: &'a Resource, field: &str) -> Vec<&'a str> {
    of.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What a rule asks.
struct Asked {
    query: Result<Query, String>,
    conditions: usize,
    measure: String,
    operator: String,
    threshold: Option<f64>,
    aggregation: String,
}

fn asked(rule: &Resource) -> Option<Asked> {
    let conditions = rule.get("conditions")?.as_array()?;
    let condition = conditions.first()?;
    let text = |field: &str| condition.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Asked {
        query: kql::parse(&text("query")),
        conditions: conditions.len(),
        measure: text("measure"),
        operator: text("operator"),
        threshold: condition.get("threshold").and_then(Value::as_f64),
        aggregation: text("aggregation"),
    })
}

impl Asked {
    /// Does the rule go off when these records are all there is? Nothing where that cannot be told.
    fn fires(&self, row: &Row, times: f64) -> Option<bool> {
        let query = self.query.as_ref().ok()?;
        let (threshold, out) = (self.threshold?, query.show(row, times));
        let single = matches!(out, Out::Row(_)) && query.gives_one_row();
        let number = match (&out, self.measure.as_str()) {
            (Out::Unknown, _) => return None,
            (Out::Nothing, _) => return Some(false),
            (Out::Row(_), "none" | "") if single => 1.0,
            (Out::Row(_), "none" | "") => times,
            (Out::Row(row), column) => match row.get(column) {
                Some(V::Num(number)) => {
                    if self.aggregation == "Total" && !single {
                        number * times
                    } else {
                        *number
                    }
                }
                _ => return None,
            },
        };
        Some(match self.operator.as_str() {
            "GreaterThan" => number > threshold,
            "GreaterThanOrEqual" => number >= threshold,
            "Equals" => (number - threshold).abs() < f64::EPSILON,
            "LessThan" => number < threshold,
            "LessThanOrEqual" => number <= threshold,
            _ => return None,
        })
    }
}

fn of_rule(inventory: &Inventory, rule: &Resource) -> Resource {
    let mut alert = Resource::new(ResourceKey { kind: KIND.to_owned(), ..rule.key.clone() });
    alert.from.entry(String::new()).or_default().extend(rule.evidence([]));
    alert.set("name", rule.text("name").unwrap_or(&rule.key.id).into(), []);
    alert.set("source", "log_search".into(), []);
    alert.set("missed", "nothing".into(), []);
    alert.set("awake", true.into(), rule.evidence([]));
    Known::field(rule, "enabled", Value::as_bool).put(&mut alert, "enabled");
    deliver(inventory, &mut alert, rule);
    let scopes = texts(rule, "scopes");
    let workspaces: Vec<&str> =
        scopes.iter().copied().filter(|scope| scope.contains("/microsoft.operationalinsights/workspaces/")).collect();
    let workspace = match (workspaces.as_slice(), scopes.len()) {
        ([one], 1) => Some(*one),
        _ => None,
    };
    let mut serves: BTreeSet<String> = BTreeSet::from([rule.key.account.clone()]);
    if let Some(workspace) = workspace {
        serves.extend(fed_by(inventory, workspace).map(|log| log.key.account.clone()));
        // Those whose flow logs were not all read may be served too.
        serves.extend(unsure_accounts(inventory));
    }
    alert.set("serves", serves.iter().cloned().map(Value::from).collect(), rule.evidence(["scopes"]));
    let unread = |why: String| Known::untold(format!("the query of {} cannot be read: {why}", rule.key.id));
    let asked = match asked(rule) {
        Some(asked) if asked.conditions == 1 => asked,
        Some(_) => return without(alert, &unread("it has several conditions".to_owned())),
        None => return without(alert, &Known::missing(rule, "conditions")),
    };
    let query = match &asked.query {
        Ok(query) => query,
        Err(why) => return without(alert, &unread(why.clone())),
    };
    let evidence = rule.evidence(["conditions"]);
    if let Some((classes, bytes)) = classes(&asked, &query.table) {
        let traffic = classes.iter().any(|class| TRAFFIC.contains(class) || *class == "suspicious");
        alert.set("traffic", traffic.into(), evidence.clone());
        alert.set("classes", classes.into_iter().map(Value::from).collect(), evidence.clone());
        if let Some(bytes) = bytes {
            alert.set("bytes", bytes.into(), evidence);
        }
    } else {
        let why = unread("what it notices depends on what is not known".to_owned());
        for field in ["classes", "traffic"] {
            why.clone().leave_out(&mut alert, field);
        }
    }
    if let Some(seconds) = rule.text("window").and_then(seconds) {
        alert.set("seconds", seconds.into(), rule.evidence(["window"]));
    }
    let Some(workspace) = workspace else {
        let why = Known::untold(format!("it is not told which workspaces {} looks at", rule.key.id));
        for field in ["sees", "covers"] {
            why.clone().leave_out(&mut alert, field);
        }
        return alert;
    };
    let (sees, missed) = sees(inventory, rule, &asked, query, workspace);
    if sees.truth == Some(false) {
        alert.set("missed", missed.into(), sees.evidence.clone());
    }
    sees.put(&mut alert, "sees");
    covers(inventory, rule, query, workspace, &serves).put(&mut alert, "covers");
    alert
}

fn without(mut alert: Resource, why: &Known) -> Resource {
    for field in ["classes", "traffic", "sees", "covers"] {
        why.clone().leave_out(&mut alert, field);
    }
    alert
}

/// Flow logs that are analysed in this workspace.
fn fed_by<'a>(inventory: &'a Inventory, workspace: &'a str) -> impl Iterator<Item = &'a Resource> {
    inventory.of(FLOW_LOG).iter().filter(move |log| {
        log.get("enabled").and_then(Value::as_bool) == Some(true)
            && log.get("analytics").and_then(Value::as_bool) == Some(true)
            && log.text("workspace") == Some(workspace)
    })
}

/// Subscriptions of whose flow logs some were not read, or not to the end.
fn unsure_accounts(inventory: &Inventory) -> impl Iterator<Item = String> {
    let cut = inventory.listings_of(FLOW_LOG).iter().filter(|list| matches!(list.state, ListState::Cut(_)));
    let fields = ["enabled", "analytics", "workspace"];
    let unread = inventory.of(FLOW_LOG).iter().filter(move |log| fields.iter().any(|field| log.get(field).is_none()));
    cut.map(|list| list.account.clone()).chain(unread.map(|log| log.key.account.clone()))
}

// ---- what it sees ----

fn sees(inventory: &Inventory, rule: &Resource, asked: &Asked, query: &Query, workspace: &str) -> (Known, String) {
    let (table, columns) = table(inventory, query, workspace);
    let parts = [
        (exists(inventory, WORKSPACE, workspace), "everything, because its workspace is not there".to_owned()),
        (table, format!("everything, because the workspace has no table {}", query.table)),
        (columns, "everything, because its query names columns that the table does not have".to_owned()),
        (fed(inventory, query, workspace), format!("everything, because nothing sends records to {}", query.table)),
        (
            Known::of(!asked.operator.starts_with("Less"), rule.evidence(["conditions"])),
            "everything, because it goes off when there is less".to_owned(),
        ),
        (window(inventory, rule, query, workspace), "what happens between its windows".to_owned()),
    ];
    let missed = parts.iter().find(|(part, _)| part.truth == Some(false)).map(|(_, missed)| missed.clone());
    let all = parts.into_iter().map(|(part, _)| part).reduce(Known::and).unwrap_or_default();
    (all, missed.unwrap_or_default())
}

/// Is the table there, and are the columns in it?
fn table(inventory: &Inventory, query: &Query, workspace: &str) -> (Known, Known) {
    let of_workspace = |one: &&Resource| one.text("workspace") == Some(workspace);
    let found = inventory.of(TABLE).iter().filter(of_workspace).find(|one| one.text("name") == Some(&query.table));
    let Some(table) = found else {
        let lists = inventory.listings_of(TABLE).iter().filter(|list| list.parent.as_deref() == Some(workspace));
        let mut end = Known::untold(format!("the tables of {workspace} were not read"));
        for list in lists {
            end = match &list.state {
                ListState::Complete(pages) => Known::of(false, pages.clone()),
                ListState::Cut(gaps) => Known { gaps: gaps.clone(), ..Known::default() },
            };
        }
        return (end.clone(), end);
    };
    let mut known: BTreeSet<&str> = EVERYWHERE.into_iter().collect();
    for field in ["columns", "standard_columns"] {
        let Some(columns) = table.get(field).and_then(Value::as_array) else {
            return (Known::of(true, table.evidence(["name"])), Known::missing(table, field));
        };
        // Every table has standard columns, `TimeGenerated` among them: where none is listed, they are not told.
        if field == "standard_columns" && columns.is_empty() {
            let untold = Known::untold(format!("the standard columns of {} are not listed", table.key.id));
            return (Known::of(true, table.evidence(["name"])), untold);
        }
        known.extend(columns.iter().filter_map(|column| column.get("name").and_then(Value::as_str)));
    }
    let all = query.columns.iter().all(|column| known.contains(column.as_str()));
    (Known::of(true, table.evidence(["name"])), Known::of(all, table.evidence(["columns", "standard_columns"])))
}

/// Does something send records to the table?
fn fed(inventory: &Inventory, query: &Query, workspace: &str) -> Known {
    if FLOW_TABLES.contains(&query.table.as_str()) {
        if let Some(log) = fed_by(inventory, workspace).next() {
            return Known::of(true, log.evidence(["enabled", "analytics", "workspace"]));
        }
        // No log that was read feeds it. One of a subscription that nobody read may.
        let accounts: BTreeSet<&str> = inventory.listings_of(FLOW_LOG).iter().map(|one| one.account.as_str()).collect();
        let own = subscription(workspace).unwrap_or_default();
        return accounts.into_iter().chain([own]).fold(Known::of(false, BTreeSet::new()), |so_far, account| {
            so_far.or(listed(inventory, FLOW_LOG, account, "*").exists(|log| {
                Known::field(log, "enabled", Value::as_bool)
                    .and(Known::field(log, "analytics", Value::as_bool))
                    .and(Known::field(log, "workspace", |of| Some(of.as_str()? == workspace)))
            }))
        });
    }
    let firewall = query.table.starts_with("AZFW");
    let sends = |setting: &&Resource| {
        setting.text("workspace") == Some(workspace)
            && setting.text("target").is_some_and(|target| target.contains("/azurefirewalls/"))
            && setting.get("logs").and_then(Value::as_array).into_iter().flatten().any(|log| {
                log.get("enabled").and_then(Value::as_bool) == Some(true)
                    && (log.get("category").and_then(Value::as_str) == Some(&query.table)
                        || log.get("group").and_then(Value::as_str) == Some("allLogs"))
            })
    };
    match inventory.of(SETTING).iter().find(sends) {
        Some(setting) if firewall => Known::of(true, setting.evidence(["workspace", "logs"])),
        _ => Known::untold(format!("it is not told whether anything sends records to {}", query.table)),
    }
}

/// Does each window begin where the last one ended, or before? What arrives late is looked at where it is longer still.
fn window(inventory: &Inventory, rule: &Resource, query: &Query, workspace: &str) -> Known {
    let range = rule.text("query_range").filter(|range| *range != "none").or_else(|| rule.text("window"));
    let (Some(window), Some(every)) = (range.and_then(seconds), rule.text("frequency").and_then(seconds)) else {
        return Known::untold(format!("{} does not tell its window and how often it looks", rule.key.id));
    };
    let evidence = rule.evidence(["window", "frequency", "query_range"]);
    let interval = |log: &Resource| log.get("analytics_interval_minutes").and_then(Value::as_i64).unwrap_or(60) * 60;
    // Azure Network Watcher, "Traffic analytics": it looks at the logs every 10 or 60 minutes.
    let late = if FLOW_TABLES.contains(&query.table.as_str()) {
        let unsure = unsure_accounts(inventory).map(|_| 3600);
        fed_by(inventory, workspace).map(interval).chain(unsure).max().unwrap_or(3600)
    } else {
        0
    };
    if window < every {
        Known::of(false, evidence)
    } else if window < every.saturating_add(late) {
        Known::untold(format!(
            "it is not told whether {} sees records that arrive late: its window is {window} seconds, it looks every {every}, and records take {late} and more",
            rule.key.id
        ))
    } else {
        Known::of(true, evidence)
    }
}

/// Seconds in a duration of ISO 8601, without months and years.
fn seconds(text: &str) -> Option<i64> {
    let rest = text.strip_prefix('P')?;
    let (date, time) = rest.split_once('T').unwrap_or((rest, ""));
    let mut total: i64 = 0;
    for (part, units) in [(date, [('D', 86_400), ('W', 604_800), ('-', 0)]), (time, [('H', 3600), ('M', 60), ('S', 1)])]
    {
        let mut number = String::new();
        for sign in part.chars() {
            if sign.is_ascii_digit() {
                number.push(sign);
                continue;
            }
            let each = units.iter().find(|(unit, _)| *unit == sign)?.1;
            total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(each)?)?;
            number.clear();
        }
        if !number.is_empty() {
            return None;
        }
    }
    (total > 0).then_some(total)
}

/// Has every network in use that the alert serves a flow log that is analysed in the workspace?
fn covers(inventory: &Inventory, rule: &Resource, query: &Query, workspace: &str, serves: &BTreeSet<String>) -> Known {
    let elsewhere = || {
        Known::untold(format!("it is not told whether {} and other alerts together look at all networks", rule.key.id))
    };
    if !FLOW_TABLES.contains(&query.table.as_str()) {
        return elsewhere();
    }
    let analysed = |network: &Resource| {
        fed_by(inventory, workspace).find(|log| {
            log.text("target") == Some(&network.key.id) && log.get("records_all").and_then(Value::as_bool) == Some(true)
        })
    };
    let mut all = Known::of(true, rule.evidence(["scopes"]));
    for account in serves {
        let open = listed(inventory, NETWORK, account, "*").exists(|network| match analysed(network) {
            Some(log) => Known::of(false, log.evidence(["target", "workspace", "analytics"])),
            None => Known::field(network, "in_use", Value::as_bool),
        });
        all = all.and(match open {
            Known { truth: Some(false), evidence, .. } => Known::of(true, evidence),
            Known { truth: Some(true), .. } => elsewhere(),
            unknown => unknown,
        });
    }
    all
}

// ---- what it is for ----

/// A transfer that nobody would call ordinary, in bytes.
const HUGE: f64 = 1e13;
/// What an ordinary connection sends, in bytes.
const SMALL: f64 = 20_000.0;
/// How many records are shown where a query counts them.
const TIMES: [f64; 2] = [1.0, 1e6];

/// Ports and protocols that an ordinary office does not use across its boundary (IANA numbers).
const UNUSUAL: [(&str, f64, &str); 5] = [
    ("TCP", 23.0, "telnet"),
    ("TCP", 25.0, "smtp"),
    ("TCP", 6667.0, "irc"),
    ("TCP", 4444.0, "krb524"),
    ("UDP", 4444.0, "unknown"),
];

/// Services to which people upload files privately.
const CONSUMER_STORAGE: [&str; 6] =
    ["www.dropbox.com", "content.dropboxapi.com", "drive.google.com", "onedrive.live.com", "mega.nz", "wetransfer.com"];

/// What one record of a flow says.
#[derive(Clone, Copy)]
struct Flow {
    bytes: f64,
    protocol: &'static str,
    port: f64,
    service: &'static str,
    allowed: bool,
    country: &'static str,
    kind: &'static str,
}

const ORDINARY: Flow = Flow {
    bytes: SMALL,
    protocol: "TCP",
    port: 443.0,
    service: "https",
    allowed: true,
    country: "us",
    kind: "ExternalPublic",
};

impl Flow {
    /// The record in a table, in each way in which the documents write it (Azure Network Watcher, "Traffic analytics
    /// schema"; Azure Monitor, tables `NTANetAnalytics`, `AZFWNetworkRule`).
    fn rows(&self, table: &str) -> Vec<Row> {
        let text = |text: &str| V::Text(text.to_owned());
        let row = |pairs: Vec<(&str, V)>| -> Row {
            pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        let spelled = |long: bool| {
            let (out, status, protocol) = match (long, self.allowed) {
                (true, true) => ("Outbound", "Allowed", self.protocol),
                (true, false) => ("Outbound", "Denied", self.protocol),
                (false, true) => ("O", "A", self.protocol.get(..1).unwrap_or_default()),
                (false, false) => ("O", "D", self.protocol.get(..1).unwrap_or_default()),
            };
            (out, status, protocol)
        };
        match table {
            "NTANetAnalytics" => [true, false]
                .into_iter()
                .map(|long| {
                    let (out, status, protocol) = spelled(long);
                    row(vec![
                        ("TimeGenerated", V::Num(-60.0)),
                        ("SubType", text("FlowLog")),
                        ("FlowType", text(self.kind)),
                        ("FlowDirection", text(out)),
                        ("FlowStatus", text(status)),
                        ("SrcIp", text("10.0.0.4")),
                        ("DestIp", text("203.0.113.10")),
                        ("DestPort", V::Num(self.port)),
                        ("L4Protocol", text(protocol)),
                        ("L7Protocol", text(self.service)),
                        ("BytesSrcToDest", V::Num(self.bytes)),
                        ("BytesDestToSrc", V::Num(SMALL)),
                        ("Country", text(self.country)),
                    ])
                })
                .collect(),
            "AzureNetworkAnalytics_CL" => {
                let (out, status, protocol) = spelled(false);
                vec![row(vec![
                    ("TimeGenerated", V::Num(-60.0)),
                    ("SubType_s", text("FlowLog")),
                    ("FlowType_s", text(self.kind)),
                    ("FlowDirection_s", text(out)),
                    ("FlowStatus_s", text(status)),
                    ("SrcIP_s", text("10.0.0.4")),
                    ("DestIP_s", text("203.0.113.10")),
                    ("DestPort_d", V::Num(self.port)),
                    ("L4Protocol_s", text(protocol)),
                    ("L7Protocol_s", text(self.service)),
                    ("OutboundBytes_d", V::Num(self.bytes)),
                    ("InboundBytes_d", V::Num(SMALL)),
                    ("Country_s", text(self.country)),
                ])]
            }
            "AZFWNetworkRule" => vec![row(vec![
                ("TimeGenerated", V::Num(-60.0)),
                ("Protocol", text(self.protocol)),
                ("SourceIp", text("10.0.0.4")),
                ("DestinationIp", text("203.0.113.10")),
                ("DestinationPort", V::Num(self.port)),
                ("Action", text(if self.allowed { "Allow" } else { "Deny" })),
            ])],
            _ => Vec::new(),
        }
    }
}

/// A name that is looked up, or a host that is called.
fn name_rows(table: &str, name: &str) -> Vec<Row> {
    let row = |column: &str, name: &str| {
        BTreeMap::from([
            ("TimeGenerated".to_owned(), V::Num(-60.0)),
            (column.to_owned(), V::Text(name.to_owned())),
            ("Action".to_owned(), V::Text("Allow".to_owned())),
        ])
    };
    match table {
        "AZFWDnsQuery" => vec![row("QueryName", name), row("QueryName", &format!("{name}."))],
        "AZFWApplicationRule" => vec![row("Fqdn", name)],
        "DnsEvents" => vec![row("Name", name)],
        _ => Vec::new(),
    }
}

/// Does the rule go off for one of these records, and not for as many of the ordinary ones? Nothing where it depends on
/// what is not known.
fn tells(asked: &Asked, records: &[Row], ordinary: &[Row]) -> Option<bool> {
    let mut any = false;
    for times in TIMES {
        let mut usual = false;
        for row in ordinary {
            usual |= asked.fires(row, times)?;
        }
        for row in records {
            any |= asked.fires(row, times)? && !usual;
        }
    }
    Some(any)
}

/// The classes of what a rule notices, and from how many bytes on.
fn classes(asked: &Asked, table: &str) -> Option<(BTreeSet<&'static str>, Option<i64>)> {
    let mut found = BTreeSet::new();
    let ordinary = ORDINARY.rows(table);
    let mut bytes = None;
    if ordinary.is_empty() {
        let usual = name_rows(table, "www.example.com");
        if usual.is_empty() {
            return None;
        }
        for name in CONSUMER_STORAGE {
            if tells(asked, &name_rows(table, name), &usual)? {
                found.insert("consumer_storage");
            }
        }
        return Some((found, None));
    }
    let shown = |flow: Flow| tells(asked, &flow.rows(table), &ordinary);
    if table != "AZFWNetworkRule" && large(asked, table)? {
        found.insert("large_outbound");
        bytes = Some(smallest(asked, table));
    }
    for (protocol, port, service) in UNUSUAL {
        if shown(Flow { protocol, port, service, ..ORDINARY })? {
            found.insert("unusual_protocol");
        }
    }
    if shown(Flow { allowed: false, ..ORDINARY })? {
        found.insert("rejected_traffic");
    }
    if table != "AZFWNetworkRule" {
        for country in ["kp", "ir", "ru", "cn"] {
            if shown(Flow { country, ..ORDINARY })? {
                found.insert("unusual_geography");
            }
        }
        if shown(Flow { kind: "MaliciousFlow", ..ORDINARY })? {
            found.insert("suspicious");
        }
    }
    Some((found, bytes))
}

/// Does one huge transfer make it go off, and one small one not?
fn large(asked: &Asked, table: &str) -> Option<bool> {
    let any = |bytes: f64| {
        let mut any = false;
        for row in (Flow { bytes, ..ORDINARY }).rows(table) {
            any |= asked.fires(&row, 1.0)?;
        }
        Some(any)
    };
    Some(any(HUGE)? && !any(SMALL)?)
}

/// The size from which on it goes off: more bytes never make it go off less.
fn smallest(asked: &Asked, table: &str) -> i64 {
    let fires = |bytes: i64| {
        #[allow(clippy::cast_precision_loss, reason = "fewer bytes than a float holds exactly")]
        let flow = Flow { bytes: bytes as f64, ..ORDINARY };
        flow.rows(table).iter().any(|row| asked.fires(row, 1.0) == Some(true))
    };
    let (mut below, mut from) = (0_i64, 10_000_000_000_000_i64);
    while from - below > 1 {
        let middle = below + (from - below) / 2;
        if fires(middle) { from = middle } else { below = middle }
    }
    // `> 1000000` goes off at 1000001; what was written is the round number.
    if below % 1000 == 0 && below > 0 { below } else { from }
}

// ---- who is told ----

const PROGRAMS: [&str; 6] = ["webhooks", "functions", "event_hubs", "tickets", "runbooks", "logic_apps"];

fn deliver(inventory: &Inventory, alert: &mut Resource, rule: &Resource) {
    let evidence = rule.evidence(["action_groups"]);
    if rule.get("action_groups").is_none() {
        Known::missing(rule, "action_groups").leave_out(alert, "delivers");
        return;
    }
    let (mut delivers, mut people, mut broken) = (Known::of(false, evidence), 0, Vec::new());
    for id in texts(rule, "action_groups") {
        let Some(group) = inventory.of(GROUP).iter().find(|group| group.key.id == id) else {
            let gone = exists(inventory, GROUP, id);
            if gone.truth == Some(false) {
                broken.push(format!("the action group {id} is not there"));
            }
            delivers = delivers.or(gone);
            continue;
        };
        let name = group.text("name").unwrap_or(id);
        let enabled = Known::field(group, "enabled", Value::as_bool);
        let (told, count) = receivers(group);
        match (enabled.truth, told.truth) {
            (Some(false), _) => broken.push(format!("the action group {name} is switched off")),
            (_, Some(false)) => broken.push(format!("the action group {name} has no enabled receiver who is a person")),
            _ => people += count,
        }
        delivers = delivers.or(enabled.and(told));
    }
    if texts(rule, "action_groups").is_empty() {
        broken.push("it has no action group".to_owned());
    }
    let broken = if delivers.truth == Some(false) { broken.join("; ") } else { "nothing".to_owned() };
    alert.set("broken", broken.into(), delivers.evidence.clone());
    alert.set("recipients", people.into(), delivers.evidence.clone());
    delivers.put(alert, "delivers");
}

/// Does an action group tell somebody?
pub(super) fn reaches_somebody(inventory: &Inventory, id: &str) -> Known {
    match inventory.of(GROUP).iter().find(|group| group.key.id == id) {
        Some(group) => Known::field(group, "enabled", Value::as_bool).and(receivers(group).0),
        None => exists(inventory, GROUP, id),
    }
}

/// Is somebody told, and how many are?
fn receivers(group: &Resource) -> (Known, i64) {
    let mut told = Known::of(false, BTreeSet::new());
    let mut people = 0;
    let list = |field: &str| group.get(field).and_then(Value::as_array);
    for field in ["email", "sms"] {
        let Some(all) = list(field) else {
            told = told.or(Known::missing(group, field));
            continue;
        };
        told = told.or(Known::of(false, group.evidence([field])));
        for one in all {
            // Receivers that are not Enabled receive nothing (Azure Monitor specification, ReceiverStatus).
            told = told.or(match one.get("status").and_then(Value::as_str) {
                Some("Enabled") => {
                    people += 1;
                    Known::of(true, group.evidence([field]))
                }
                Some(_) => Known::of(false, group.evidence([field])),
                None => Known::untold(format!("{} does not tell the status of a receiver", group.key.id)),
            });
        }
    }
    for field in ["voice", "app_push"] {
        match list(field) {
            Some(all) if all.is_empty() => {}
            Some(all) => {
                people += i64::try_from(all.len()).unwrap_or(0);
                told = told.or(Known::of(true, group.evidence([field])));
            }
            None => told = told.or(Known::missing(group, field)),
        }
    }
    for field in PROGRAMS.into_iter().chain(["roles"]) {
        match list(field) {
            Some(all) if all.is_empty() => {}
            Some(_) => {
                told = told.or(Known::untold(format!(
                    "it is not told whether the {field} of {} reach a person",
                    group.key.id
                )));
            }
            None => told = told.or(Known::missing(group, field)),
        }
    }
    (told, people)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ACCOUNT: &str = "0b1f6471-1bf0-4dda-aec3-111122223333";

    fn id(rest: &str) -> String {
        format!("/subscriptions/{ACCOUNT}/resourcegroups/rg/providers/{rest}")
    }

    fn workspace() -> String {
        id("microsoft.operationalinsights/workspaces/soc")
    }

    fn group() -> String {
        id("microsoft.insights/actiongroups/soc")
    }

    fn add(inventory: &mut Inventory, kind: &str, id: &str, fields: Value) {
        let mut resource = Resource::new(ResourceKey {
            kind: kind.to_owned(),
            account: ACCOUNT.to_owned(),
            region: "global".to_owned(),
            id: id.to_owned(),
        });
        resource.from.entry(String::new()).or_default().insert(format!("e:{id}"));
        if let Value::Object(fields) = fields {
            for (name, value) in fields {
                resource.set(&name, value, [format!("e:{id}")]);
            }
        }
        inventory.resources.entry(kind.to_owned()).or_default().push(resource);
    }

    const LARGE: &str = "NTANetAnalytics | where FlowType == 'ExternalPublic' and FlowDirection == 'Outbound' \
        | summarize Total = sum(BytesSrcToDest) by SrcIp | where Total > 1000000000";

    /// Flow logs that are analysed, a rule over their table, an action group with one address.
    fn chain(query: &str) -> Inventory {
        let mut inventory = Inventory::default();
        for (kind, parent) in [
            (RULE, None),
            (GROUP, None),
            (FLOW_LOG, None),
            (WORKSPACE, None),
            (NETWORK, None),
            (SETTING, None),
            (TABLE, Some(workspace())),
        ] {
            inventory.listings.insert(
                kind.to_owned(),
                vec![Listing {
                    kind: kind.to_owned(),
                    account: ACCOUNT.to_owned(),
                    region: "global".to_owned(),
                    parent,
                    state: ListState::Complete(BTreeSet::from([kind.to_owned()])),
                }],
            );
        }
        let vnet = id("microsoft.network/virtualnetworks/hub");
        add(&mut inventory, NETWORK, &vnet, json!({ "in_use": true }));
        let log = json!({ "target": vnet, "enabled": true, "analytics": true, "workspace": workspace(),
                          "records_all": true, "analytics_interval_minutes": 10 });
        add(&mut inventory, FLOW_LOG, "log", log);
        add(&mut inventory, WORKSPACE, &workspace(), json!({}));
        let columns: Vec<Value> = [
            "FlowType",
            "FlowDirection",
            "FlowStatus",
            "SrcIp",
            "DestIp",
            "DestPort",
            "L4Protocol",
            "BytesSrcToDest",
            "Country",
        ]
        .map(|name| json!({ "name": name }))
        .to_vec();
        let table = json!({ "workspace": workspace(), "name": "NTANetAnalytics", "columns": [],
                            "standard_columns": columns });
        add(&mut inventory, TABLE, "table", table);
        let names = json!([{ "name": "QueryName" }]);
        let dns = json!({ "workspace": workspace(), "name": "AZFWDnsQuery", "columns": [], "standard_columns": names });
        add(&mut inventory, TABLE, "dns", dns);
        let email = json!([{ "name": "ann", "address": "ann@example.com", "status": "Enabled" }]);
        let mut receivers = json!({ "name": "soc", "enabled": true, "email": email, "sms": [], "voice": [],
                                    "app_push": [], "roles": [] });
        for field in PROGRAMS {
            receivers[field] = json!([]);
        }
        add(&mut inventory, GROUP, &group(), receivers);
        let condition = json!({ "query": query, "aggregation": "Count", "measure": "none",
                                "operator": "GreaterThan", "threshold": 0.0, "periods": 1 });
        let rule = json!({ "name": "large", "enabled": true, "scopes": [workspace()], "frequency": "PT15M",
                           "window": "PT1H", "query_range": "none", "conditions": [condition],
                           "action_groups": [group()] });
        add(&mut inventory, RULE, "rule", rule);
        inventory
    }

    fn set(inventory: &mut Inventory, kind: &str, field: &str, value: Value) {
        inventory.resources.get_mut(kind).unwrap().first_mut().unwrap().set(field, value, []);
    }

    fn alert(mut inventory: Inventory) -> Resource {
        derive(&mut inventory);
        inventory.of(KIND).first().unwrap().clone()
    }

    fn links(inventory: Inventory) -> [Option<bool>; 4] {
        let alert = alert(inventory);
        ["enabled", "sees", "covers", "delivers"].map(|field| alert.get(field).and_then(Value::as_bool))
    }

    fn with(kind: &str, field: &str, value: Value) -> [Option<bool>; 4] {
        let mut inventory = chain(LARGE);
        set(&mut inventory, kind, field, value);
        links(inventory)
    }

    const WHOLE: [Option<bool>; 4] = [Some(true); 4];

    #[test]
    fn every_link_can_break() {
        assert_eq!(links(chain(LARGE)), WHOLE);
        assert_eq!(with(RULE, "enabled", json!(false)), [Some(false), Some(true), Some(true), Some(true)]);
        let unseen = [Some(true), Some(false), Some(true), Some(true)];
        assert_eq!(with(RULE, "window", json!("PT5M")), unseen);
        assert_eq!(with(RULE, "window", json!("PT20M"))[1], None);
        assert_eq!(with(TABLE, "standard_columns", json!([{ "name": "TimeGenerated" }]))[1], Some(false));
        assert_eq!(with(TABLE, "standard_columns", json!([]))[1], None, "every table has some");
        assert_eq!(with(TABLE, "name", json!("Other"))[1], Some(false));
        assert_eq!(with(FLOW_LOG, "analytics", json!(false))[1..3], [Some(false), None]);
        assert_eq!(with(FLOW_LOG, "records_all", json!(false)), [Some(true), Some(true), None, Some(true)]);
        let untold = [Some(true), Some(true), Some(true), Some(false)];
        assert_eq!(with(RULE, "action_groups", json!([])), untold);
        assert_eq!(with(RULE, "action_groups", json!([id("microsoft.insights/actiongroups/gone")])), untold);
        assert_eq!(with(RULE, "action_groups", json!(["/subscriptions/other/group"]))[3], None);
        assert_eq!(with(GROUP, "enabled", json!(false)), untold);
        for status in ["Disabled", "NotSpecified"] {
            assert_eq!(with(GROUP, "email", json!([{ "status": status }])), untold);
        }
        let mut inventory = chain(LARGE);
        set(&mut inventory, GROUP, "email", json!([]));
        set(&mut inventory, GROUP, "logic_apps", json!([{ "name": "ticket" }]));
        assert_eq!(links(inventory)[3], None);
        // A scope other than a workspace.
        assert_eq!(with(RULE, "scopes", json!([format!("/subscriptions/{ACCOUNT}")]))[1..3], [None, None]);
    }

    fn classes_of(query: &str) -> Option<Value> {
        alert(chain(query)).get("classes").cloned()
    }

    #[test]
    fn what_queries_are_for() {
        assert_eq!(classes_of(LARGE), Some(json!(["large_outbound"])));
        let large = alert(chain(LARGE));
        assert_eq!((large.get("bytes"), large.get("seconds")), (Some(&json!(1_000_000_000)), Some(&json!(3600))));
        assert_eq!(
            classes_of("NTANetAnalytics | where FlowDirection == 'O' and DestPort !in (80, 443, 53)"),
            Some(json!(["unusual_protocol"]))
        );
        assert_eq!(classes_of("NTANetAnalytics | where Country !in~ ('US', 'CA')"), Some(json!(["unusual_geography"])));
        assert_eq!(classes_of("NTANetAnalytics | where FlowStatus == 'Denied'"), Some(json!(["rejected_traffic"])));
        assert_eq!(classes_of("NTANetAnalytics | where FlowType == 'MaliciousFlow'"), Some(json!(["suspicious"])));
        assert_eq!(
            classes_of("AZFWDnsQuery | where QueryName has_any ('dropbox.com', 'mega.nz')"),
            Some(json!(["consumer_storage"]))
        );
        // Everything, and nothing, tells nothing apart.
        assert_eq!(classes_of("NTANetAnalytics"), Some(json!([])));
        assert_eq!(classes_of("NTANetAnalytics | where DestPort == 1"), Some(json!([])));
        // Of these it is not known.
        assert_eq!(classes_of("NTANetAnalytics | join (T) on SrcIp"), None);
        assert_eq!(classes_of("NTANetAnalytics | where series_outliers(BytesSrcToDest) > 1"), None);
        assert_eq!(classes_of("Heartbeat | where Computer == 'a'"), None);
    }

    #[test]
    fn durations() {
        assert_eq!(["PT5M", "PT1H30M", "P1D", "P1DT1H"].map(seconds), [300, 5400, 86_400, 90_000].map(Some));
        assert_eq!(["", "P", "5M", "P1M", "PT5"].map(seconds), [None; 5]);
    }
}
