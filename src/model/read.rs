//! A read: one API call, declared. See `docs/reads.md` for the format with examples.

use super::boundary::BoundaryRule;
use super::path::WirePath;
use super::plan::{CallId, ParamValue};
use super::provider::{AzureProvider, Cloud, Codes, Provider};
use super::resource::{Resource, ResourceKey};
use super::template::{Part, Template, scalar_text, walk};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One file of `controls/<cloud>/reads/`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadFile {
    /// The service all its reads belong to; a key of `services.yaml`.
    pub service: String,
    /// The reads.
    pub reads: Vec<Read>,
}

/// One declared API call and what it shows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// `service:Operation`, as the provider names it. Where one operation is asked for several things, each is a read
    /// of its own: `service:Operation#thing`.
    #[serde(rename = "read")]
    pub id: String,
    /// The service that sends it; filled from the file.
    #[serde(skip)]
    pub service: String,
    /// The folder it is declared in: `aws`, `azure`, `entra`; filled from the file.
    #[serde(skip)]
    pub provider: String,
    /// The rights it needs, where they are not simply [`Read::id`].
    #[serde(default)]
    pub actions: Vec<String>,
    /// Where the call is made once: a session, an organization, an account, a region (every region that is on), a
    /// tenant, a subscription.
    #[serde(default)]
    pub per: Option<Per>,
    /// Or: made once for every resource of this type.
    #[serde(default, rename = "for")]
    pub for_each: Option<String>,
    /// Fan-outs only: made for those resources alone whose fields have these values. For the others nothing is asked,
    /// and nothing is missing.
    #[serde(default)]
    pub when: IndexMap<String, Vec<Template>>,
    /// Fan-outs only: the region the call is sent to; the resource's own unless said otherwise.
    #[serde(default)]
    pub region: Option<Template>,
    /// Parameters; text in them may hold places such as `{resource.id}`.
    #[serde(default)]
    pub request: BTreeMap<String, Value>,
    /// REST protocols, and everything in Azure: `GET /{Bucket}?policyStatus`. Braces name members of `request`; members
    /// not named become query parameters.
    #[serde(default)]
    pub http: Option<String>,
    /// Headers that carry members of `request`: header name → member.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// S3: the bucket stays in the path. In front of the host it would lead to the bucket's own region, whatever region
    /// was asked.
    #[serde(default)]
    pub bucket_in_path: bool,
    /// How further pages are asked for.
    #[serde(default)]
    pub pages: Option<Pages>,
    /// A call that must run, and finish, before the answer can be read (credential report).
    #[serde(default)]
    pub generate: Option<Generate>,
    /// Turns the answer into data before anything else looks at it.
    #[serde(default)]
    pub decode: Option<Decoder>,
    /// A success without a body says something: that nothing is there.
    #[serde(default)]
    pub no_content: bool,
    /// The list of items in the answer; without it the answer is one item.
    #[serde(default)]
    pub items: Option<WirePath>,
    /// The type of resource each item is. Without it, the fields go to the resource in `for`.
    #[serde(default)]
    pub resource: Option<String>,
    /// The resource's id: a path in the item, or a template over `item`, `parent`, `account`, `region`.
    #[serde(default)]
    pub id_from: Option<String>,
    /// Equal ids from several places are one resource (a trail seen from several regions).
    #[serde(default)]
    pub once_per: Option<OncePer>,
    /// The item's own region, where it is not the place of the call.
    #[serde(default)]
    pub home_region: Option<WirePath>,
    /// The fields; only these enter a resource.
    #[serde(default)]
    pub fields: IndexMap<String, Field>,
    /// Several lists in one answer, each of its own type: in place of `items`, `resource`, `id_from` and `fields`.
    #[serde(default)]
    pub gives: Vec<Given>,
    /// Answers other than success that say something definite.
    #[serde(default)]
    pub settles: Vec<Settle>,
    /// Places removed from the body before it is stored.
    #[serde(default)]
    pub redact: Vec<Redaction>,
    /// The resource that each of its resources lies in: what is out of scope takes along what lies in it.
    #[serde(default)]
    pub inside: Option<Inside>,
    /// Which of its resources are points where communication crosses a boundary.
    #[serde(default)]
    pub boundary: Vec<BoundaryRule>,
    /// The field that names a network: a resource of this type shows that the network is in use.
    #[serde(default)]
    pub occupies: Option<String>,
    /// `per: inventory` only: the read whose items its rows are as, and in whose place it is asked. The fields are declared
    /// there, once.
    #[serde(default)]
    pub stands_for: Option<String>,
    /// `per: inventory` only: where a row says the account that it belongs to.
    #[serde(default)]
    pub account_from: Option<WirePath>,
}

/// One of several lists in an answer. See [`Read::gives`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// See [`Read::items`].
    pub items: WirePath,
    /// See [`Read::resource`].
    pub resource: String,
    /// See [`Read::id_from`].
    pub id_from: String,
    /// See [`Read::once_per`].
    #[serde(default)]
    pub once_per: Option<OncePer>,
    /// See [`Read::fields`].
    #[serde(default)]
    pub fields: IndexMap<String, Field>,
}

/// See [`Read::redact`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    /// What goes.
    pub at: WirePath,
    /// Paths from there to texts that stay: everything else in it goes. Without any, all of it does.
    pub but: Vec<WirePath>,
}

impl<'de> Deserialize<'de> for Redaction {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct But {
            at: WirePath,
            but: Vec<WirePath>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum AllOrBut {
            All(WirePath),
            But(But),
        }
        Ok(match AllOrBut::deserialize(deserializer)? {
            AllOrBut::All(at) => Self { at, but: Vec::new() },
            AllOrBut::But(But { at, but }) => Self { at, but },
        })
    }
}

/// See [`Read::inside`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inside {
    /// Type of what is around.
    #[serde(rename = "type")]
    pub kind: String,
    /// The field that holds its id.
    pub is: String,
}

/// Where a read that does not fan out from resources is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Once per set of credentials, before the account is known: the identity.
    Session,
    /// Once per run, only when its organization's accounts are asked for: by the first session, about its account.
    Organization,
    /// Once per account.
    Account,
    /// Once in every region that is on.
    Region,
    /// Once per Entra tenant.
    Tenant,
    /// Once per Azure subscription.
    Subscription,
    /// Once per Entra tenant, only when an inventory of all its subscriptions is asked for in place of lists of each.
    Inventory,
}

/// See [`Read::once_per`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OncePer {
    /// Equal ids from several calls are the same thing, seen from several places.
    Id,
    /// So are equal ids in one answer: what would tell them apart is redacted.
    Repeat,
}

/// How a list continues.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// The parameter that carries the token; `options.$skipToken` for a member deeper in a body.
    #[serde(default)]
    pub request: String,
    /// Where the answer has the token; or `last_item` where the id of the last item is the token. Written `link` where
    /// it is the whole address of the next page, which needs no parameter (Azure, Graph).
    #[serde(alias = "link")]
    pub answer: WirePath,
    /// Where the answer says that there is more; without it, a token says so.
    #[serde(default)]
    pub more: Option<WirePath>,
    /// Parameters that set the size of a page.
    #[serde(default)]
    pub size: BTreeMap<String, Value>,
    /// Where the answer says that it is not whole. With no token to go on, it stays so: a gap.
    #[serde(default)]
    pub cut: Option<WirePath>,
    /// No more pages than this are asked for. A list that goes on behind them is cut: a gap.
    #[serde(default)]
    pub at_most: Option<u32>,
}

/// See [`Read::generate`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generate {
    /// The call that starts it: `service:Operation` of the same service.
    pub call: String,
    /// Where its answer says how far it is.
    pub state: WirePath,
    /// The state in which the answer can be read.
    pub done: String,
    /// Seconds between two looks.
    pub every_seconds: u64,
    /// Seconds after which it counts as failed.
    pub for_seconds: u64,
}

/// The only code that a read may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decoder {
    /// Percent-encoded JSON text, as in IAM policies.
    PercentJson,
    /// JSON inside a JSON string.
    Json,
    /// Base64 of a CSV with a head line, under `Content`: a list of objects.
    Base64Csv,
    /// The region code of `GetBucketLocation`: nothing means us-east-1, `EU` means eu-west-1.
    BucketLocation,
    /// The parts of an ARN: partition, service, region, account, resource.
    Arn,
}

/// One declared field.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Where the item has it: a path, a list of alternatives of which the first present counts, or a template
    /// such as `{parent.id}`.
    pub at: At,
    /// Its type; text unless said otherwise.
    #[serde(default, rename = "type")]
    pub kind: FieldKind,
    /// Lists of records: the fields of each record.
    #[serde(default)]
    pub of: IndexMap<String, Field>,
    /// What silence means in an answered exchange; needs `source`.
    #[serde(default)]
    pub when_absent: Option<Value>,
    /// The provider's document that says so.
    #[serde(default)]
    pub source: Option<String>,
    /// Applied to the value before typing.
    #[serde(default)]
    pub decode: Option<Decoder>,
}

/// See [`Field::at`].
#[derive(Debug, Clone)]
pub enum At {
    /// The first of these that is present.
    Paths(Vec<WirePath>),
    /// Put together from parent and place.
    Template(Template),
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMany {
            One(String),
            Many(Vec<String>),
        }
        match OneOrMany::deserialize(deserializer)? {
            OneOrMany::One(text) if text.contains('{') => {
                Template::parse(&text).map(At::Template).map_err(serde::de::Error::custom)
            }
            OneOrMany::One(text) => Ok(At::Paths(vec![WirePath::parse(&text)])),
            OneOrMany::Many(texts) => Ok(At::Paths(texts.iter().map(|text| WirePath::parse(text)).collect())),
        }
    }
}

/// The type of a field. XML has none, so it must be declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Text.
    #[default]
    Text,
    /// A whole number.
    Integer,
    /// A number that may have a fraction.
    Decimal,
    /// True or false.
    Boolean,
    /// A point in time: becomes `{at, age_seconds}`; the age is counted to the answer of the same exchange.
    Time,
    /// The same, where the answer has milliseconds since 1970.
    TimeMillis,
    /// A list of texts.
    TextList,
    /// An id of Azure, which Azure compares without case: lower-cased, with the leading slash that some answers leave
    /// out. `""` and `"-"`, which mean that nothing is configured, count as silence.
    ArmId,
    /// A list of such ids, or of objects with such an `id`.
    ArmIds,
    /// A list of records with the fields in `of`.
    Records,
    /// A record with the fields in `of`.
    Record,
    /// A free map: tags, condition keys. Kept as it is.
    Map,
}

/// An answer other than success that says something definite.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// The provider's error code.
    pub code: String,
    /// Text that the message must contain, where the code alone is ambiguous (Macie off and Macie denied).
    #[serde(default)]
    pub message: Option<String>,
    /// Which settled outcome it is.
    #[serde(rename = "as")]
    pub outcome: SettledAs,
    /// The field values that it means.
    #[serde(default)]
    pub fields: BTreeMap<String, Value>,
    /// The provider's document that says so.
    pub source: String,
}

/// See [`Settle::outcome`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettledAs {
    /// The thing asked for does not exist.
    Absent,
    /// The service is not switched on.
    NotEnabled,
    /// The thing asked of does not support it.
    Unsupported,
}

/// The type of an account as a place.
pub const ACCOUNT: &str = "aws.account";
/// The type of a region as a place.
pub const REGION: &str = "aws.region";
/// The type of an Azure subscription as a place.
pub const SUBSCRIPTION: &str = "azure.subscription";
/// The type of an Entra tenant as a place.
pub const TENANT: &str = "entra.tenant";
/// The types of places that a resource key calls its account.
pub const ACCOUNTS: [&str; 3] = [ACCOUNT, SUBSCRIPTION, TENANT];

/// The key of an account as a place.
#[must_use]
pub fn account_key(account: &str) -> ResourceKey {
    place_key(ACCOUNT, account)
}

/// The key of a place that is an account of its provider: an account, a subscription, a tenant.
#[must_use]
pub fn place_key(kind: &str, account: &str) -> ResourceKey {
    ResourceKey {
        kind: kind.to_owned(),
        account: account.to_owned(),
        region: "global".to_owned(),
        id: account.to_owned(),
    }
}

impl Read {
    /// The cloud whose identities make it.
    #[must_use]
    pub fn cloud(&self) -> Cloud {
        if ["azure", "entra"].contains(&self.provider.as_str()) { Cloud::Azure } else { Cloud::Aws }
    }

    /// The rights this read needs.
    #[must_use]
    pub fn needs(&self) -> Vec<String> {
        let own = || self.id.split('#').next().unwrap_or_default().to_owned();
        let mut needs = if self.actions.is_empty() { vec![own()] } else { self.actions.clone() };
        if let Some(generate) = &self.generate {
            needs.insert(0, generate.call.clone());
        }
        needs
    }

    /// The call that a read means for a resource, or the place in its parameters that is not known.
    ///
    /// # Errors
    /// The dotted name of the missing place, `resource.location`.
    pub fn call_for(&self, resource: &Resource) -> Result<CallId, String> {
        if let Some((field, _)) = self.when.iter().find(|(field, values)| resource.holds(field, values).is_none()) {
            return Err(format!("resource.{field}"));
        }
        let lookup = |path: &[String]| match path.first().map(String::as_str) {
            Some("account") if path.len() == 1 => Some(resource.key.account.clone()),
            Some("region") if path.len() == 1 => Some(resource.key.region.clone()),
            Some("resource") => walk(&resource.data, path.get(1..)?).and_then(scalar_text),
            _ => None,
        };
        let region = match &self.region {
            Some(template) => template.render(lookup)?,
            None => resource.key.region.clone(),
        };
        let mut params = BTreeMap::new();
        for (name, value) in &self.request {
            let list = whole_list(value, resource);
            params.insert(name.clone(), ParamValue(list.map_or_else(|| fill(value, &lookup), Ok)?));
        }
        let parent = self.for_each.as_ref().map(|_| resource.key.id.clone());
        Ok(CallId { account: resource.key.account.clone(), region, read: self.id.clone(), parent, params })
    }

    /// Takes over what the rows of an inventory have from the list that it stands for.
    #[must_use]
    pub fn standing_for(self, list: &Read) -> Read {
        let items = self.items.as_ref().map_or("", WirePath::source);
        let from = format!("{}[]", list.items.as_ref().map_or("", WirePath::source));
        // What is removed from an item is removed from the row.
        let redact = list.redact.iter().map(|one| match one.at.source().strip_prefix(&from) {
            Some(rest) => Redaction { at: WirePath::parse(&format!("{items}[]{rest}")), but: one.but.clone() },
            None => one.clone(),
        });
        Read {
            resource: list.resource.clone(),
            id_from: list.id_from.clone(),
            once_per: list.once_per,
            fields: list.fields.clone(),
            redact: self.redact.iter().cloned().chain(redact).collect(),
            ..self
        }
    }

    /// Is it made for a resource of its type? Not where `when` says no for sure.
    #[must_use]
    pub fn asks(&self, resource: &Resource) -> bool {
        !self.when.iter().any(|(field, values)| resource.holds(field, values) == Some(false))
    }

    /// The lists of one answer as reads of their own, which share the call.
    #[must_use]
    pub fn parts(mut self) -> Vec<Read> {
        let gives = std::mem::take(&mut self.gives);
        if gives.is_empty() {
            return vec![self];
        }
        let part = |given: Given| Read {
            items: Some(given.items),
            resource: Some(given.resource),
            id_from: Some(given.id_from),
            once_per: given.once_per,
            fields: given.fields,
            ..self.clone()
        };
        gives.into_iter().map(part).collect()
    }

    /// The operation: the part of the id behind the colon, without what it is asked for.
    #[must_use]
    pub fn operation(&self) -> &str {
        let operation = self.id.split_once(':').map_or(self.id.as_str(), |(_, operation)| operation);
        operation.split('#').next().unwrap_or_default()
    }

    /// The type of resource this read is made for, once each: a place or a resource.
    #[must_use]
    pub fn made_for(&self) -> Option<&str> {
        match (self.per, self.for_each.as_deref()) {
            (Some(Per::Session | Per::Organization | Per::Inventory), _) | (None, None) => None,
            (Some(Per::Account), _) => Some(ACCOUNT),
            (Some(Per::Region), _) => Some(REGION),
            (Some(Per::Tenant), _) => Some(TENANT),
            (Some(Per::Subscription), _) => Some(SUBSCRIPTION),
            (None, Some(kind)) => Some(kind),
        }
    }

    /// The type whose resources get the fields.
    #[must_use]
    pub fn gives(&self) -> Option<&str> {
        self.resource.as_deref().or_else(|| self.made_for())
    }

    /// Does it add fields to the resource it is made for, rather than giving new resources?
    #[must_use]
    pub fn adds(&self) -> bool {
        self.resource.is_none()
    }
}

/// The declared reads of a provider, and what is true of it as a whole.
#[derive(Debug, Clone)]
pub struct Reads {
    /// In the order of the files; one for each list where an answer gives several, with the same id.
    pub reads: Vec<Read>,
    /// AWS: partitions, services, codes.
    pub provider: Provider,
    /// Azure and Entra: clouds, services, codes.
    pub azure: AzureProvider,
}

impl Reads {
    /// What error codes mean to a read.
    #[must_use]
    pub fn codes(&self, read: &Read) -> &Codes {
        match read.cloud() {
            Cloud::Aws => &self.provider.codes,
            Cloud::Azure => &self.azure.codes,
        }
    }

    /// The read by which an identity of this cloud says who it is.
    #[must_use]
    pub fn identity(&self, cloud: Cloud) -> &str {
        match cloud {
            Cloud::Aws => &self.provider.identity,
            Cloud::Azure => &self.azure.identity,
        }
    }

    /// Where a call of a service that concerns a whole account is sent; nothing for Azure, which has one address.
    #[must_use]
    pub fn global_region(&self, partition: &str, read: &Read) -> String {
        match Cloud::of_partition(partition) {
            Cloud::Aws => self.provider.global_region(partition, &read.service),
            Cloud::Azure => "global".to_owned(),
        }
    }

    /// The lists that the answers of this read give; one, unless it says otherwise.
    pub fn parts(&self, id: &str) -> impl Iterator<Item = &Read> {
        self.reads.iter().filter(move |read| read.id == id)
    }

    /// How many calls are declared.
    #[must_use]
    pub fn declared(&self) -> usize {
        self.reads.iter().map(|read| &read.id).collect::<BTreeSet<_>>().len()
    }

    /// The read of this id; where its answers give several lists, the first of them.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Read> {
        self.reads.iter().find(|read| read.id == id)
    }

    /// The reads about the organization, made only when its accounts are asked for.
    pub fn of_organization(&self) -> impl Iterator<Item = &Read> {
        self.reads.iter().filter(|read| read.per == Some(Per::Organization))
    }

    /// The inventories that stand in for lists of single accounts.
    pub fn inventories(&self) -> impl Iterator<Item = &Read> {
        self.reads.iter().filter(|read| read.per == Some(Per::Inventory))
    }

    /// Is there an inventory that stands in for this list?
    #[must_use]
    pub fn stood_in(&self, read: &Read) -> bool {
        self.inventories().any(|inventory| inventory.stands_for.as_ref() == Some(&read.id))
    }

    /// Does any read give this type this field?
    #[must_use]
    pub fn has_field(&self, kind: &str, field: &str) -> bool {
        self.reads.iter().any(|read| read.gives() == Some(kind) && read.fields.contains_key(field))
    }

    /// Is this read about this resource? A region that is off is asked nothing.
    #[must_use]
    pub fn is_about(&self, read: &Read, resource: &Resource) -> bool {
        read.made_for() == Some(resource.key.kind.as_str()) && (resource.key.kind != REGION || is_on(resource))
    }

    /// The reads made for a resource, as far as is known of it.
    pub fn made_for<'a>(&'a self, resource: &'a Resource) -> impl Iterator<Item = &'a Read> {
        self.reads.iter().filter(move |read| self.is_about(read, resource) && read.asks(resource))
    }
}

/// EC2 API, Region: `OptInStatus` is `opt-in-not-required | opted-in | not-opted-in`. Only the last is off; a region
/// whose status could not be read is asked.
fn is_on(region: &Resource) -> bool {
    region.text("opt_in_status") != Some("not-opted-in")
}

/// A parameter that is a place alone, where a list stands there: the list.
fn whole_list(value: &Value, resource: &Resource) -> Option<Value> {
    let template = Template::parse(value.as_str()?).ok()?;
    let [Part::Place(path)] = template.parts() else { return None };
    let (first, rest) = path.split_first()?;
    walk(&resource.data, rest).filter(|found| first == "resource" && found.is_array()).cloned()
}

/// Fills the places of every text in a parameter.
fn fill(value: &Value, lookup: &impl Fn(&[String]) -> Option<String>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) if text.contains('{') => {
            let template = Template::parse(text).map_err(|error| error.to_string())?;
            Value::String(template.render(lookup)?)
        }
        Value::Array(items) => items.iter().map(|item| fill(item, lookup)).collect::<Result<_, _>>()?,
        Value::Object(members) => {
            let filled = members.iter().map(|(name, value)| Ok((name.clone(), fill(value, lookup)?)));
            Value::Object(filled.collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}
