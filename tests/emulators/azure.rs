//! A fake Azure: the authority that gives tokens, Azure Resource Manager and Microsoft Graph, each at an address of its
//! own, over TLS with certificates that are made at its start.
//!
//! What it answers is data: a folder of answers in the style of the published examples (`{"parameters": …,
//! "responses": {"200": {"body": …}}}`) with a `routes.yaml`, and whatever a test adds. What it refuses is what Azure
//! refuses: a missing token or one for another audience, a missing or unknown api-version, an unknown path. A [`Fault`]
//! breaks what it is told to break. Every request is kept.
//!
//! It knows nothing of the other emulators, so that a benchmark can include this file alone.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use regex::Regex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use wildmatch::WildMatch;

/// The contractor's tenant.
pub const TENANT: &str = "5f1d7a60-3c1b-4a4e-9d0a-7b0c0de00001";
/// The application that the tests sign in as.
pub const CLIENT: &str = "5f1d7a60-3c1b-4a4e-9d0a-7b0c0de00002";
/// Its service principal in the tenant.
pub const PRINCIPAL: &str = "5f1d7a60-3c1b-4a4e-9d0a-7b0c0de00003";
/// Its secret; it must stay out of everything that is written.
pub const SECRET: &str = "farwatch-canary-of-a-client-secret";
/// In the place of the signature in every token; it must stay out of everything that is written.
pub const SIGNATURE: &str = "farwatch-canary-of-an-access-token";

const RESOURCE_GRAPH: &str = "/providers/microsoft.resourcegraph/resources";
const TOKEN: &str = "$skiptoken";
/// What needs no encoding in a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Which of the fake's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Gives tokens.
    Authority,
    /// Azure Resource Manager.
    Arm,
    /// Microsoft Graph.
    Graph,
    /// Somebody else's server: nothing may be asked there, least of all with a token.
    Elsewhere,
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When.
    pub at: Instant,
    /// Where.
    pub role: Role,
    /// The address there: `https://127.0.0.1:port`.
    pub origin: String,
    /// `GET`, `POST`.
    pub method: String,
    /// The path, decoded, as it was written.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// The bearer token that came with it.
    pub token: Option<String>,
    /// Its body: JSON, or the members of a form.
    pub body: Value,
}

impl Seen {
    /// The address of this request with another page token, or with none.
    fn link(&self, origin: &str, token: Option<&str>) -> String {
        let mut query: Vec<(&str, &str)> = self.query.iter().map(|(name, value)| (&**name, &**value)).collect();
        query.retain(|(name, _)| !name.eq_ignore_ascii_case(TOKEN));
        query.extend(token.map(|token| (TOKEN, token)));
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        format!("{origin}{}?{}", utf8_percent_encode(&self.path, PATH), query.join("&"))
    }

    fn page_token(&self) -> Option<&str> {
        self.query.iter().find(|(name, _)| name.eq_ignore_ascii_case(TOKEN)).map(|(_, value)| &**value)
    }

    /// What the answers here call the address of the next page.
    fn link_name(&self) -> &'static str {
        if self.role == Role::Graph { "@odata.nextLink" } else { "nextLink" }
    }

    /// Azure compares paths without case.
    fn place(&self) -> String {
        format!("/{}", self.path.trim_matches('/').to_lowercase())
    }
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// 403: the identity lacks the right.
    Denied,
    /// 403 of Graph: the tenant has no Entra ID P1 or P2.
    NotLicensed,
    /// 429, and how many seconds to wait.
    Throttled(u64),
    /// 409 of ARM: the resource provider is not registered in the subscription.
    NotRegistered,
    /// 404 of ARM, as its reference has it: this type of resource has no diagnostic settings.
    NotSupported,
    /// The same as Azure Monitor was seen to say it: 400, the error not inside `error`.
    NotSupportedBare,
    /// This answer and no other.
    Answer(u16, Value),
    /// 200, with an error in the place of the items.
    ErrorInside,
    /// 502, an HTML page as gateways send it.
    Html,
    /// Half of the answer.
    Truncated,
    /// The answer, later.
    Slow(Duration),
    /// No answer, ever.
    Hangs,
    /// The connection ends without an answer.
    Closed,
    /// The answer in pages of this many items.
    Pages(usize),
    /// The answer in three pages; the second is empty and names the third.
    EmptyMiddlePage,
    /// The answer, and a next page that is said to be at somebody else's address.
    ForeignLink,
    /// The answer, a second page, and a third that is the first again, for ever.
    Loop,
}

/// What the fake does without being asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Shows certificates of another authority than the one that it says to trust.
    pub untrusted: bool,
    /// How long ARM and Graph take for every answer.
    pub latency: Duration,
}

/// Status and body of what a route answers.
pub type Reply = Arc<dyn Fn(&Seen) -> (u16, Value) + Send + Sync>;

/// A running fake; ends when dropped.
pub struct FakeAzure {
    shared: Arc<Shared>,
    folder: tempfile::TempDir,
    runtime: Option<Runtime>,
}

impl FakeAzure {
    /// Starts a fake with nothing in it.
    pub fn start() -> Self {
        Self::with(Options::default())
    }

    /// Starts a fake and reads what it answers; see [`FakeAzure::serve`].
    pub fn serving(folder: &Path) -> Self {
        let fake = Self::start();
        fake.serve(folder);
        fake
    }

    /// Starts a fake that does what `options` says.
    pub fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the certificate");
        let trusted = authority("authority of the fake Azure");
        fs::write(folder.path().join("ca.pem"), trusted.pem()).expect("a file in a new folder");
        let issuer = if options.untrusted { authority("somebody else") } else { trusted };
        let acceptor = TlsAcceptor::from(Arc::new(server_config(&issuer)));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime for the fake Azure");
        let mut origins = BTreeMap::new();
        let mut listeners = Vec::new();
        for role in [Role::Authority, Role::Arm, Role::Graph, Role::Elsewhere] {
            // Not by the runtime: a test may be inside another one.
            let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
            listener.set_nonblocking(true).expect("a listener that can be waited for");
            let address = listener.local_addr().expect("the address just bound");
            origins.insert(role, format!("https://{address}"));
            listeners.push((role, listener));
        }
        let shared = Arc::new(Shared { options, origins, ..Shared::default() });
        let inside = runtime.enter();
        for (role, listener) in listeners {
            let listener = TcpListener::from_std(listener).expect("the listener just made");
            runtime.spawn(accept(listener, acceptor.clone(), role, Arc::clone(&shared)));
        }
        drop(inside);
        Self { shared, folder, runtime: Some(runtime) }
    }

    /// `https://127.0.0.1:port`: where tokens come from.
    pub fn authority(&self) -> &str {
        &self.shared.origins[&Role::Authority]
    }

    /// Where Azure Resource Manager is.
    pub fn arm(&self) -> &str {
        &self.shared.origins[&Role::Arm]
    }

    /// Where Microsoft Graph is.
    pub fn graph(&self) -> &str {
        &self.shared.origins[&Role::Graph]
    }

    /// The certificate of the authority to trust, as PEM.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The environment in which the shipped binary takes the fake for Azure.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("SSL_CERT_FILE", self.ca_file().display().to_string()),
            ("FARWATCH_AZURE_AUTHORITY", self.authority().to_owned()),
            ("FARWATCH_ARM_ENDPOINT", self.arm().to_owned()),
            ("FARWATCH_GRAPH_ENDPOINT", self.graph().to_owned()),
            ("AZURE_TENANT_ID", TENANT.to_owned()),
            ("AZURE_CLIENT_ID", CLIENT.to_owned()),
            ("AZURE_CLIENT_SECRET", SECRET.to_owned()),
        ]
    }

    /// Answers what the `routes.yaml` of a folder names:
    ///
    /// ```yaml
    /// routes:
    ///   - { path: "/subscriptions/{subscriptionId}/providers/…", api-version: "2024-01-01", answer: Name.json }
    ///   - { path: "/{+resource}/providers/Microsoft.Insights/diagnosticSettings", body: { value: [] } }
    ///   - { method: POST, path: /providers/Microsoft.ResourceGraph/resources, query: securityrules, answer: Rules.json }
    /// ```
    ///
    /// `{name}` is one part of a path and `{+name}` any number of them. `query` is text that the query of a POST must
    /// contain. Paths that begin with `/v1.0/` or `/beta/` are those of Graph. Later routes go before earlier ones.
    pub fn serve(&self, folder: &Path) {
        self.serve_with(folder, str::to_owned);
    }

    /// The same, with another wording: `change` is given the text of every file before it is understood.
    pub fn serve_with(&self, folder: &Path, change: impl Fn(&str) -> String) {
        let read = |name: &str| {
            let path = folder.join(name);
            dated(&change(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))))
        };
        let table: Table = serde_saphyr::from_str(&read("routes.yaml")).expect("routes.yaml is a table of routes");
        for line in table.routes {
            let (status, body) = match (line.answer, line.body) {
                (Some(name), None) => {
                    let example = serde_json::from_str(&read(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
                    answer_of(&example, line.status).unwrap_or_else(|| panic!("{name} holds no such answer"))
                }
                (None, Some(body)) => (line.status.unwrap_or(200), body),
                _ => panic!("the route of {} needs an answer or a body, and not both", line.path),
            };
            let mut route = Route::new(&line.method, &line.path, Arc::new(move |_| (status, body.clone())));
            route.version = line.api_version;
            route.text = line.query.map(|text| text.to_lowercase());
            self.add(route);
        }
    }

    /// Answers one path with one body.
    pub fn answer(&self, method: &str, path: &str, status: u16, body: Value) {
        self.answer_with(method, path, move |_| (status, body.clone()));
    }

    /// Answers one path with what depends on the request.
    pub fn answer_with(&self, method: &str, path: &str, reply: impl Fn(&Seen) -> (u16, Value) + Send + Sync + 'static) {
        self.add(Route::new(method, path, Arc::new(reply)));
    }

    /// Answers a list in these pages, each an array of items; the token of the next is in its address.
    pub fn paged(&self, path: &str, pages: Vec<Value>) {
        self.answer_with("GET", path, move |seen| {
            let number = seen.page_token().map_or(Some(0), |token| token.strip_prefix("page-")?.parse::<usize>().ok());
            let Some((number, page)) = number.and_then(|number| Some((number, pages.get(number)?))) else {
                return (400, error("InvalidSkipToken", "The skip token is not one that was given."));
            };
            let mut body = json!({ "value": page });
            if number + 1 < pages.len() {
                body[seen.link_name()] = json!(seen.link(&seen.origin, Some(&format!("page-{}", number + 1))));
            }
            (200, body)
        });
    }

    /// Answers the Resource Graph queries that contain this text, with those rows whose `subscriptionId` the request
    /// asks for, in pages as it asks for them.
    pub fn query(&self, text: &str, rows: Vec<Value>) {
        let mut route = Route::new("POST", RESOURCE_GRAPH, Arc::new(move |seen| query_page(&rows, &seen.body)));
        route.text = Some(text.to_lowercase());
        self.add(route);
    }

    /// Breaks every path that fits: `*` is any text and `?` any character, case does not count, a query does not either.
    /// Later faults go before earlier ones.
    pub fn fault(&self, path: &str, fault: Fault) {
        self.fault_first(usize::MAX, path, fault);
    }

    /// Breaks the first times that one and the same address is asked.
    pub fn fault_first(&self, times: usize, path: &str, fault: Fault) {
        let path = WildMatch::new(&path.to_lowercase());
        lock(&self.shared.faults).push(Planned { path, times, met: HashMap::new(), fault });
    }

    /// Nothing is broken any more.
    pub fn mend(&self) {
        lock(&self.shared.faults).clear();
    }

    /// Every request so far, in the order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// The requests at one address.
    pub fn seen_at(&self, role: Role) -> Vec<Seen> {
        lock(&self.shared.seen).iter().filter(|seen| seen.role == role).cloned().collect()
    }

    /// How often each path was asked, in lower case, whatever the method and the query.
    pub fn counts(&self) -> BTreeMap<(Role, String), usize> {
        let mut counts = BTreeMap::new();
        for seen in lock(&self.shared.seen).iter() {
            *counts.entry((seen.role, seen.place())).or_default() += 1;
        }
        counts
    }

    /// How often the paths that fit were asked; the pattern is as in [`FakeAzure::fault`].
    pub fn count(&self, path: &str) -> usize {
        let path = WildMatch::new(&path.to_lowercase());
        lock(&self.shared.seen).iter().filter(|seen| path.matches(&seen.place())).count()
    }

    fn add(&self, route: Route) {
        lock(&self.shared.routes).push(Arc::new(route));
    }
}

impl Drop for FakeAzure {
    fn drop(&mut self) {
        // Hanging calls never end by themselves.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

// --- what is answered ----------------------------------------------------------------------------

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    routes: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Line {
    #[serde(default = "get")]
    method: String,
    path: String,
    api_version: Option<String>,
    query: Option<String>,
    status: Option<u16>,
    answer: Option<String>,
    body: Option<Value>,
}

fn get() -> String {
    "GET".to_owned()
}

/// `{DAYS AGO: 12}` becomes that time: what an answer says must stay as old as it is.
fn dated(text: &str) -> String {
    let mut parts = text.split("{DAYS AGO: ");
    let mut dated = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (days, rest) = part.split_once('}').expect("a number of days");
        let hours = 24 * days.parse::<i64>().expect("a number of days");
        let then = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours);
        dated.push_str(&format!("{then:.7}"));
        dated.push_str(rest);
    }
    dated
}

/// One of the answers in a published example: the one asked for, or 200, or the only one.
fn answer_of(example: &Value, status: Option<u16>) -> Option<(u16, Value)> {
    let answers = example["responses"].as_object()?;
    let wanted = status.map(|status| status.to_string());
    let wanted =
        wanted.as_deref().unwrap_or(if answers.contains_key("200") { "200" } else { answers.keys().next()? });
    Some((wanted.parse().ok()?, answers.get(wanted)?.get("body").cloned().unwrap_or_else(|| json!({}))))
}

struct Route {
    method: String,
    role: Role,
    path: Regex,
    version: Option<String>,
    /// In lower case.
    text: Option<String>,
    reply: Reply,
}

impl Route {
    fn new(method: &str, path: &str, reply: Reply) -> Self {
        let role = if of_graph(path) { Role::Graph } else { Role::Arm };
        let braces = Regex::new(r"\\\{(\\\+)?[^}]*\\\}").expect("a pattern we wrote down");
        let pattern = regex::escape(path.trim_matches('/'));
        let pattern = braces.replace_all(&pattern, |found: &regex::Captures<'_>| {
            if found.get(1).is_some() { ".+" } else { "[^/]+" }.to_owned()
        });
        let path = Regex::new(&format!("(?i)^/{pattern}$")).expect("an escaped path is a pattern");
        Self { method: method.to_owned(), role, path, version: None, text: None, reply }
    }

    /// Whether it answers this, apart from the version.
    fn answers(&self, seen: &Seen) -> bool {
        let asked_for = || seen.body["query"].as_str().unwrap_or_default().to_lowercase();
        self.role == seen.role
            && self.method == seen.method
            && self.path.is_match(&seen.place())
            && self.text.as_deref().is_none_or(|text| asked_for().contains(text))
    }
}

fn of_graph(path: &str) -> bool {
    path.starts_with("/v1.0/") || path.starts_with("/beta/")
}

/// One page of the rows that a Resource Graph query asks for. Without ids there is no order, and so no next page.
fn query_page(rows: &[Value], asked: &Value) -> (u16, Value) {
    let subscriptions = asked["subscriptions"].as_array();
    let in_scope = |row: &&Value| {
        subscriptions.is_none_or(|wanted| row["subscriptionId"].is_null() || wanted.contains(&row["subscriptionId"]))
    };
    let rows: Vec<&Value> = rows.iter().filter(in_scope).collect();
    let (options, query) = (&asked["options"], asked["query"].as_str().unwrap_or_default());
    // A token belongs to its query.
    let start = match options["$skipToken"].as_str() {
        None => Some(options["$skip"].as_u64().unwrap_or(0)),
        Some(token) => BASE64.decode(token).ok().and_then(|bytes| {
            let text = String::from_utf8(bytes).ok()?;
            text.strip_suffix(query)?.strip_suffix(':')?.parse().ok()
        }),
    };
    let (Some(start), size @ 1..=1000) = (start, options["$top"].as_u64().unwrap_or(1000)) else {
        return (400, error("BadRequest", "The skip token or the page size of the query is not valid."));
    };
    let (start, size) = (usize::try_from(start).unwrap_or(usize::MAX), usize::try_from(size).unwrap_or(usize::MAX));
    let page: Vec<&Value> = rows.iter().skip(start).take(size).copied().collect();
    let end = start.saturating_add(page.len());
    let (left, ordered) = (end < rows.len(), page.iter().all(|row| !row["id"].is_null()));
    let mut body = json!({
        "totalRecords": rows.len(),
        "count": page.len(),
        "resultTruncated": if left && !ordered { "true" } else { "false" },
        "facets": [],
        "data": page,
    });
    if left && ordered {
        body["$skipToken"] = json!(BASE64.encode(format!("{end}:{query}")));
    }
    (200, body)
}

/// `{arm}` and `{graph}` in the address of a next page, and the addresses of the real ones, are ours.
fn at_home(body: &mut Value, origins: &BTreeMap<Role, String>) {
    for name in ["nextLink", "@odata.nextLink"] {
        if let Some(Value::String(link)) = body.get_mut(name) {
            for (stands, role) in [
                ("{arm}", Role::Arm),
                ("https://management.azure.com", Role::Arm),
                ("{graph}", Role::Graph),
                ("https://graph.microsoft.com", Role::Graph),
            ] {
                if let Some(rest) = link.strip_prefix(stands) {
                    *link = format!("{}{rest}", origins[&role]);
                }
            }
        }
    }
}

/// The shape of errors of ARM and Graph both.
fn error(code: &str, message: &str) -> Value {
    json!({ "error": { "code": code, "message": message } })
}

/// The namespace, the type, and the RBAC action and scope of a read.
struct Target {
    namespace: String,
    kind: String,
    scope: String,
}

impl Target {
    /// `…/providers/NAMESPACE/type/name/type/name`: names are every other part.
    fn of(path: &str) -> Self {
        let lower = path.to_lowercase();
        let (before, namespace, rest) = match lower.rfind("/providers/") {
            Some(at) => {
                let after = &path[at + "/providers/".len()..];
                let (namespace, rest) = after.split_once('/').unwrap_or((after, ""));
                (&path[..at], namespace, rest)
            }
            None => ("", "Microsoft.Resources", path.trim_start_matches('/')),
        };
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        let types: Vec<&str> = parts.iter().step_by(2).copied().collect();
        // A list belongs to what it is in.
        let scope = match (parts.len() % 2, path.rsplit_once('/')) {
            (1, Some((parent, _))) if parts.len() > 1 => parent,
            (1, _) => before,
            _ => path,
        };
        let scope = if scope.is_empty() { "/" } else { scope }.to_owned();
        Self { namespace: namespace.to_owned(), kind: types.join("/"), scope }
    }

    fn action(&self) -> String {
        format!("{}/{}/read", self.namespace, self.kind)
    }
}

// --- the server ----------------------------------------------------------------------------------

struct Planned {
    path: WildMatch,
    times: usize,
    /// How often each address met it.
    met: HashMap<String, usize>,
    fault: Fault,
}

#[derive(Default)]
struct Shared {
    options: Options,
    origins: BTreeMap<Role, String>,
    routes: Mutex<Vec<Arc<Route>>>,
    faults: Mutex<Vec<Planned>>,
    seen: Mutex<Vec<Seen>>,
}

/// A test that panics while it holds a lock has failed already; the others may go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An authority of certificates that nobody has heard of.
fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a new key")).expect("a certificate of our own")
}

fn server_config(issuer: &CertifiedIssuer<'static, KeyPair>) -> ServerConfig {
    let key = KeyPair::generate().expect("a new key");
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let params = CertificateParams::new(names).expect("names for a certificate");
    let certificate = params.signed_by(&key, issuer).expect("a certificate for this address");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("the key just made");
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the versions of TLS that the library has")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate and its key")
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, role: Role, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            // Without this, each answer waits 40 ms for the client's delayed acknowledgement.
            let _ = stream.set_nodelay(true);
            // A client that does not trust us leaves an error here, and one that was killed another further down.
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| {
                let shared = Arc::clone(&shared);
                async move { shared.answer(role, request).await }
            });
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// The connection is to end without an answer.
fn closed() -> io::Error {
    io::Error::other("closed without an answer")
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string().into_bytes() }
    }

    fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &error(code, message))
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn send(self, role: Role, number: usize) -> Response<Full<Bytes>> {
        let kind = if self.body.starts_with(b"<") { "text/html" } else { "application/json; charset=utf-8" };
        let request_id = if role == Role::Graph { "request-id" } else { "x-ms-request-id" };
        let mut response = Response::builder()
            .status(self.status)
            .header(header::CONTENT_TYPE, kind)
            .header(request_id, format!("00000000-0000-4000-8000-{number:012}"));
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(Full::new(Bytes::from(self.body))).expect("plain header values")
    }
}

impl Shared {
    async fn answer(&self, role: Role, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let seen = self.read(role, request).await?;
        let number = {
            let mut all = lock(&self.seen);
            all.push(seen.clone());
            all.len()
        };
        if matches!(role, Role::Arm | Role::Graph) {
            tokio::time::sleep(self.options.latency).await;
        }
        let answer = match refusal(&seen) {
            Some(refusal) => refusal,
            None => self.act(&seen).await?,
        };
        Ok(answer.send(role, number))
    }

    async fn read(&self, role: Role, request: Request<Incoming>) -> io::Result<Seen> {
        let at = Instant::now();
        let origin = self.origins[&role].clone();
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let text = String::from_utf8_lossy(&body);
        let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        Ok(Seen {
            at,
            role,
            origin,
            method: parts.method.to_string(),
            path: percent_decode_str(parts.uri.path()).decode_utf8_lossy().into_owned(),
            query: form(parts.uri.query().unwrap_or_default()),
            token: token.and_then(|value| value.strip_prefix("Bearer ")).map(ToOwned::to_owned),
            body: serde_json::from_str(&text).unwrap_or_else(|_| json!(form(&text))),
        })
    }

    async fn act(&self, seen: &Seen) -> io::Result<Answer> {
        let Some(fault) = self.planned(seen) else { return Ok(self.regular(seen)) };
        let target = Target::of(&seen.path);
        Ok(match fault {
            Fault::Denied if seen.role == Role::Graph => {
                Answer::error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
            }
            Fault::Denied => Answer::error(
                403,
                "AuthorizationFailed",
                &format!(
                    "The client '{CLIENT}' with object id '{PRINCIPAL}' does not have authorization to perform action \
                     '{}' over scope '{}' or the scope is invalid. If access was recently granted, please refresh your \
                     credentials.",
                    target.action(),
                    target.scope
                ),
            )
            .with("x-ms-failure-cause", "gateway"),
            Fault::NotLicensed => Answer::error(
                403,
                "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
                "Neither tenant is B2C or tenant doesn't have premium license",
            ),
            Fault::Throttled(seconds) => {
                let arm = seen.role != Role::Graph;
                let code = if arm { "SubscriptionRequestsThrottled" } else { "TooManyRequests" };
                Answer::error(429, code, "Number of requests exceeded the limit. Please try again later.")
                    .with("retry-after", &seconds.to_string())
            }
            Fault::NotRegistered => Answer::error(
                409,
                "MissingSubscriptionRegistration",
                &format!(
                    "The subscription is not registered to use namespace '{}'. See https://aka.ms/rps-not-found for \
                     how to register subscriptions.",
                    target.namespace
                ),
            ),
            Fault::NotSupported => Answer::json(404, &json!({ "error": not_supported(seen) })),
            Fault::NotSupportedBare => Answer::json(400, &not_supported(seen)),
            Fault::Answer(status, body) => Answer::json(status, &body),
            Fault::ErrorInside => Answer::error(200, "InternalServerError", "An internal error has occurred."),
            Fault::Html => {
                let body = b"<html><body><h1>502 Bad Gateway</h1></body></html>".to_vec();
                Answer { status: 502, headers: Vec::new(), body }
            }
            Fault::Truncated => {
                let mut answer = self.regular(seen);
                answer.body.truncate(answer.body.len() / 2);
                answer
            }
            Fault::Slow(time) => {
                tokio::time::sleep(time).await;
                self.regular(seen)
            }
            Fault::Hangs => std::future::pending().await,
            Fault::Closed => return Err(closed()),
            Fault::Pages(_) | Fault::EmptyMiddlePage | Fault::ForeignLink | Fault::Loop => self.linked(seen, &fault),
        })
    }

    /// The last fault that speaks of the request and has not had all its times.
    fn planned(&self, seen: &Seen) -> Option<Fault> {
        let (place, address) = (seen.place(), seen.link("", seen.page_token()).to_lowercase());
        lock(&self.faults).iter_mut().rev().find_map(|planned| {
            if !planned.path.matches(&place) {
                return None;
            }
            let met = planned.met.entry(address.clone()).or_default();
            *met = met.saturating_add(1);
            (*met <= planned.times).then(|| planned.fault.clone())
        })
    }

    /// What is answered where nothing is broken.
    fn regular(&self, seen: &Seen) -> Answer {
        match seen.role {
            Role::Authority => self.token(seen),
            Role::Elsewhere => Answer::json(200, &json!({ "value": [] })),
            Role::Arm | Role::Graph => self.route(seen),
        }
    }

    fn route(&self, seen: &Seen) -> Answer {
        let routes = lock(&self.routes).clone();
        let version = seen.query.get("api-version");
        let mut others = Vec::new();
        for route in routes.iter().rev().filter(|route| route.answers(seen)) {
            match &route.version {
                Some(known) if Some(known) != version => others.push(known.as_str()),
                _ => {
                    let (status, mut body) = (route.reply)(seen);
                    at_home(&mut body, &self.origins);
                    return Answer::json(status, &body);
                }
            }
        }
        let asked = version.map_or("", String::as_str);
        let target = Target::of(&seen.path);
        if others.is_empty() && seen.role == Role::Graph {
            let message = format!(
                "Resource '{}' does not exist or one of its queried reference-property objects are not present.",
                seen.path
            );
            return Answer::error(404, "Request_ResourceNotFound", &message);
        }
        if others.is_empty() {
            return Answer::error(404, "ResourceNotFound", &format!("The Resource '{}' was not found.", seen.path));
        }
        let message = format!(
            "No registered resource provider found for location '' and API version '{asked}' for type '{}'. The \
             supported api-versions are '{}'.",
            target.kind,
            others.join(", ")
        );
        Answer::error(400, "NoRegisteredProviderFound", &message)
    }

    /// The regular answer with other links.
    fn linked(&self, seen: &Seen, fault: &Fault) -> Answer {
        let mut plain = seen.clone();
        let number = seen.page_token().and_then(|token| token.strip_prefix("fault-")?.parse::<usize>().ok());
        if number.is_some() {
            plain.query.retain(|name, _| !name.eq_ignore_ascii_case(TOKEN));
        }
        let number = number.unwrap_or(0);
        let answer = self.regular(&plain);
        let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return answer };
        let items = body["value"].as_array().cloned().unwrap_or_default();
        let page = |start: usize, count: usize| items.iter().skip(start).take(count).cloned().collect::<Vec<Value>>();
        let link = |number: usize| Some(seen.link(&seen.origin, Some(&format!("fault-{number}"))));
        let half = items.len() / 2;
        let (value, next) = match (fault, number) {
            (Fault::Pages(size), start) => {
                (page(start, *size), if start + size < items.len() { link(start + size) } else { None })
            }
            (Fault::EmptyMiddlePage, 0) => (page(0, half), link(1)),
            (Fault::EmptyMiddlePage, 1) => (Vec::new(), link(2)),
            (Fault::EmptyMiddlePage, _) => (page(half, items.len()), None),
            (Fault::Loop, 0) => (items, link(1)),
            (Fault::Loop, _) => (Vec::new(), Some(seen.link(&seen.origin, None))),
            _ => (items, Some(seen.link(&self.origins[&Role::Elsewhere], None))),
        };
        body["value"] = json!(value);
        if let Some(next) = next {
            body[seen.link_name()] = json!(next);
        }
        Answer::json(answer.status, &body)
    }

    /// Client credentials for a token.
    fn token(&self, seen: &Seen) -> Answer {
        let said = |name: &str| seen.body[name].as_str().unwrap_or_default();
        let audience = said("scope").trim_end_matches(".default").trim_end_matches('/');
        let refused = if !seen.place().eq_ignore_ascii_case(&format!("/{TENANT}/oauth2/v2.0/token")) {
            Some((400, "invalid_request", 90_002, "Tenant not found."))
        } else if said("client_id") != CLIENT {
            Some((400, "unauthorized_client", 700_016, "Application was not found in the directory."))
        } else if said("client_secret") != SECRET && said("client_assertion").is_empty() {
            Some((401, "invalid_client", 7_000_215, "Invalid client secret provided."))
        } else if ![Role::Arm, Role::Graph].iter().any(|role| self.origins[role] == audience) {
            Some((400, "invalid_resource", 500_011, "The resource principal was not found in the tenant."))
        } else {
            None
        };
        if let Some((status, error, code, text)) = refused {
            let text = format!("AADSTS{code}: {text}");
            return Answer::json(status, &json!({ "error": error, "error_description": text, "error_codes": [code] }));
        }
        let now = jiff::Timestamp::now().as_second();
        let claims = json!({
            "aud": audience,
            "iss": format!("https://sts.windows.net/{TENANT}/"),
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "appid": CLIENT,
            "app_displayname": "compliance-auditor",
            "idtyp": "app",
            "oid": PRINCIPAL,
            "sub": PRINCIPAL,
            "tid": TENANT,
            "ver": "1.0",
        });
        let part = |value: Value| BASE64.encode(value.to_string());
        let token = format!("{}.{}.{SIGNATURE}", part(json!({ "typ": "JWT", "alg": "none" })), part(claims));
        let body = json!({ "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token });
        Answer::json(200, &body)
    }
}

/// What ARM and Graph say before they look at what is asked.
fn refusal(seen: &Seen) -> Option<Answer> {
    if !matches!(seen.role, Role::Arm | Role::Graph) {
        return None;
    }
    let audience = seen.token.as_deref().map(|token| claims(token)["aud"].as_str().unwrap_or_default().to_owned());
    if audience.as_deref() != Some(seen.origin.as_str()) {
        let (code, message) = match (seen.role, audience) {
            (Role::Arm, None) => {
                ("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
            }
            (Role::Arm, Some(_)) => ("InvalidAuthenticationToken", "The access token is for another audience."),
            (_, None) => ("InvalidAuthenticationToken", "Access token is empty."),
            (_, Some(_)) => ("InvalidAuthenticationToken", "Access token validation failure. Invalid audience."),
        };
        return Some(Answer::error(401, code, message).with("www-authenticate", "Bearer"));
    }
    if seen.role == Role::Graph && !of_graph(&seen.path) {
        return Some(Answer::error(400, "BadRequest", "Invalid version."));
    }
    if seen.role == Role::Arm && !seen.query.contains_key("api-version") {
        let message = "The api-version query parameter (?api-version=) is required for all requests.";
        return Some(Answer::error(400, "MissingApiVersionParameter", message));
    }
    None
}

/// What a token says. Nobody checks its signature: there is none.
pub fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap_or_default();
    BASE64.decode(part).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

fn not_supported(seen: &Seen) -> Value {
    // …/TYPE/NAME/providers/Microsoft.Insights/diagnosticSettings
    let of = seen.place();
    let of = of.rfind("/providers/").map_or(of.as_str(), |at| &of[..at]);
    let of = Target::of(of);
    let kind = format!("{}/{}", of.namespace, of.kind);
    let message = format!("The resource type '{kind}' does not support diagnostic settings.");
    json!({ "code": "ResourceTypeNotSupported", "message": message })
}

/// `name=value&…`, decoded.
fn form(text: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}
