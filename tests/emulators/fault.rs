//! A proxy between farwatch and an emulator that counts every call and breaks the ones it is told to.
//!
//! It knows each request as AWS would: the service, the region and the access key from the signature's
//! credential scope, the operation from the wire protocol. Rules say what happens to a call; everything
//! no rule speaks of goes to the emulator and comes back as it is, except for what [`Options`] puts right.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use regex::Regex;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use super::{EXTERNAL_ID, FIRST, OFF_REGION, REGIONS, ROLE};

/// The virtual interface of the first account.
pub const VIRTUAL_INTERFACE: &str = "dxvif-fw000001";
/// The key of its BGP session; it must stay out of everything.
pub const BGP_KEY: &str = "farwatch-canary-of-a-bgp-key";

/// One kind of call: what the counts are kept by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// The account whose credentials signed the call.
    pub account: String,
    /// The service, by its IAM prefix (`s3control` for S3 Control, `elb` and `elbv2` for the two APIs of Elastic Load
    /// Balancing).
    pub service: String,
    /// The operation, as the API reference spells it.
    pub operation: String,
    /// The region in the signature.
    pub region: String,
}

impl Call {
    /// `service:Operation`, as rules and reads name it.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }
}

/// One request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen {
    /// What kind of call it is.
    pub call: Call,
    /// Its parameters without the page token and size: of what it asks.
    pub subject: String,
    /// The page token it carries.
    pub page: Option<String>,
}

/// Changes the body of an answer.
pub type Change = Arc<dyn Fn(Vec<u8>) -> Vec<u8> + Send + Sync>;

/// What happens to a call.
#[derive(Clone)]
pub enum Action {
    /// Goes to the emulator: an exception in front of a wider rule.
    Forward,
    /// The identity lacks the right.
    Deny,
    /// The service asks for patience.
    Throttle,
    /// No answer, ever.
    Hang,
    /// An HTML error page, as load balancers send.
    Html500,
    /// The emulator's answer, of which the second half is missing.
    Truncate,
    /// The emulator's answer, split into pages of this size.
    Paginate {
        /// Items on a page.
        size: usize,
    },
    /// The first page, with a token, and an error for everything after it.
    BreakPageChain {
        /// Items on the first page.
        size: usize,
    },
    /// What AWS says in a region the account has not opted in to, which is what it says of credentials
    /// it does not know at all.
    RegionOff,
    /// This answer and no other.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The media type.
        content_type: &'static str,
        /// The body.
        body: String,
    },
    /// An error of the service, as its protocol writes it.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// The error code.
        code: &'static str,
        /// What it says.
        message: &'static str,
    },
    /// The emulator's answer, changed. Several of these add up, and another action may follow.
    Patch(Change),
}

/// When an [`Action`] happens.
#[derive(Clone)]
pub struct Rule {
    service: Option<String>,
    operation: Option<String>,
    region: Option<String>,
    account: Option<String>,
    subject: Option<String>,
    nth: RangeInclusive<usize>,
    action: Action,
}

impl Rule {
    /// A rule for one operation, written `service:Operation`, or for a whole service (`service:*`).
    pub fn on(name: &str, action: Action) -> Self {
        let (service, operation) = name.split_once(':').expect("a rule names service:Operation");
        Self {
            service: Some(service.to_owned()),
            operation: (operation != "*").then(|| operation.to_owned()),
            ..Self::any(action)
        }
    }

    /// A rule for every call.
    pub fn any(action: Action) -> Self {
        Self { service: None, operation: None, region: None, account: None, subject: None, nth: 1..=usize::MAX, action }
    }

    /// A rule that changes the text of the emulator's answer.
    pub fn patch(name: &str, change: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let on_bytes = move |body: Vec<u8>| change(&String::from_utf8_lossy(&body)).into_bytes();
        Self::on(name, Action::Patch(Arc::new(on_bytes)))
    }

    /// Only in this region.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// Only with credentials of this account.
    #[must_use]
    pub fn account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// Only where the parameters of the call contain this text.
    #[must_use]
    pub fn about(mut self, text: &str) -> Self {
        self.subject = Some(text.to_owned());
        self
    }

    /// Only the first `count` times that one and the same thing is asked; pages of one list are one thing.
    #[must_use]
    pub fn first(mut self, count: usize) -> Self {
        self.nth = 1..=count;
        self
    }

    /// Only the `n`th time, counted in the same way.
    #[must_use]
    pub fn nth(mut self, n: usize) -> Self {
        self.nth = n..=n;
        self
    }

    fn speaks_of(&self, seen: &Seen) -> bool {
        let same = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        same(&self.service, &seen.call.service)
            && same(&self.operation, &seen.call.operation)
            && same(&self.region, &seen.call.region)
            && same(&self.account, &seen.call.account)
            && self.subject.as_deref().is_none_or(|text| seen.subject.contains(text))
    }
}

/// What the proxy does without being asked.
#[derive(Clone, Copy)]
pub struct Options {
    /// Cuts ec2:DescribeRegions down to three regions that are on and one that is off. An audit of the
    /// emulators' thirty-eight regions would take most of a minute.
    pub few_regions: bool,
    /// Gives answers the shape that AWS gives them where the emulator's differs; see [`repair`].
    pub real_shapes: bool,
    /// Refuses the audit role to those who do not know its external id; the emulators never ask.
    pub trust_policy: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { few_regions: true, real_shapes: true, trust_policy: true }
    }
}

/// A running proxy; ends when dropped.
pub struct Fault {
    endpoint: String,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

impl Fault {
    /// Starts a proxy in front of `upstream` (`http://host:port`).
    pub fn start(upstream: &str, rules: Vec<Rule>) -> Self {
        Self::with(upstream, rules, Options::default())
    }

    /// Starts a proxy that leaves out what `options` switches off.
    pub fn with(upstream: &str, rules: Vec<Rule>, options: Options) -> Self {
        let upstream =
            upstream.trim_start_matches("http://").parse().expect("the emulator's endpoint is http://address:port");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime for the fault proxy");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free loopback port");
        let address = listener.local_addr().expect("the address just bound");
        let shared = Arc::new(Shared {
            upstream,
            rules,
            options,
            requests: AtomicUsize::new(0),
            seen: Mutex::default(),
            asked: Mutex::default(),
            sessions: Mutex::default(),
            secrets: Mutex::default(),
            first_pages: Mutex::default(),
        });
        runtime.spawn(accept(listener, shared.clone()));
        Self { endpoint: format!("http://{address}"), shared, runtime: Some(runtime) }
    }

    /// Where farwatch is to send its calls.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// How often each kind of call came.
    pub fn counts(&self) -> BTreeMap<Call, usize> {
        let mut counts = BTreeMap::new();
        for seen in self.seen() {
            *counts.entry(seen.call).or_default() += 1;
        }
        counts
    }

    /// Every request so far, in the order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).iter().map(|(_, seen)| seen.clone()).collect()
    }

    /// The same, with the times at which they arrived.
    pub fn arrivals(&self) -> Vec<(Instant, Seen)> {
        lock(&self.shared.seen).clone()
    }

    /// How many requests named `service:Operation` came.
    pub fn count(&self, name: &str) -> usize {
        lock(&self.shared.seen).iter().filter(|(_, seen)| seen.call.name() == name).count()
    }

    /// The first page that was cut off the list of `service:Operation`.
    pub fn first_page(&self, name: &str) -> Option<String> {
        lock(&self.shared.first_pages).get(name).cloned()
    }

    /// The secret keys and session tokens that went through: none of them may ever reach a disk.
    pub fn secrets(&self) -> Vec<String> {
        lock(&self.shared.secrets).clone()
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        // Hanging calls never end by themselves.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The IAM action that a call needs, where it is not the operation's own name.
pub fn action(name: &str) -> &str {
    match name {
        "s3:ListBuckets" => "s3:ListAllMyBuckets",
        "s3:GetPublicAccessBlock" => "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketEncryption" => "s3:GetEncryptionConfiguration",
        "s3:GetBucketLifecycleConfiguration" => "s3:GetLifecycleConfiguration",
        "s3:GetObjectLockConfiguration" => "s3:GetBucketObjectLockConfiguration",
        "s3control:GetPublicAccessBlock" => "s3:GetAccountPublicAccessBlock",
        "elb:DescribeLoadBalancers" | "elbv2:DescribeLoadBalancers" => "elasticloadbalancing:DescribeLoadBalancers",
        "elbv2:DescribeListeners" => "elasticloadbalancing:DescribeListeners",
        other => other,
    }
}

struct Shared {
    upstream: SocketAddr,
    rules: Vec<Rule>,
    options: Options,
    requests: AtomicUsize,
    seen: Mutex<Vec<(Instant, Seen)>>,
    /// How often each rule met each thing that was asked.
    asked: Mutex<HashMap<(usize, Call, String), usize>>,
    /// Temporary access keys and the account they were given for.
    sessions: Mutex<HashMap<String, String>>,
    secrets: Mutex<Vec<String>>,
    first_pages: Mutex<HashMap<String, String>>,
}

/// A test that panics while it holds a lock has failed already; the others may go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            // Without this, each answer waits 40 ms for the client's delayed acknowledgement.
            let _ = stream.set_nodelay(true);
            let service = service_fn(move |request| {
                let shared = shared.clone();
                async move { Ok::<_, Infallible>(shared.answer(request).await) }
            });
            // A client that was killed leaves an error here; that is part of the tests.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let arrived = Instant::now();
        let asked = match Asked::read(request, self).await {
            Ok(asked) => asked,
            Err(why) => return wire(400, "text/plain", &format!("the fault proxy cannot read this request: {why}")),
        };
        lock(&self.seen).push((arrived, asked.seen.clone()));
        let request_id = format!("fault-{:08}", self.requests.fetch_add(1, Ordering::Relaxed));
        let mut answer = self.act(&asked).await;
        // Ours only where the emulator gave none.
        let name = if asked.protocol.is_s3() { "x-amz-request-id" } else { "x-amzn-requestid" };
        if !answer.headers().contains_key(name) {
            answer.headers_mut().insert(name, HeaderValue::from_str(&request_id).expect("a plain header value"));
        }
        answer
    }

    async fn act(&self, asked: &Asked) -> Response<Full<Bytes>> {
        let (action, changes) = self.decide(&asked.seen);
        match action {
            Action::Deny => asked.protocol.denied(&asked.seen.call),
            Action::Throttle => asked.protocol.throttled(),
            Action::RegionOff => asked.protocol.unknown_credentials(),
            Action::Hang => std::future::pending().await,
            Action::Html500 => wire(500, "text/html", "<html><body><h1>500 Internal Server Error</h1></body></html>"),
            Action::Answer { status, content_type, body } => wire(status, content_type, &body),
            Action::Refuse { status, code, message } => asked.protocol.error(status, code, message),
            Action::Forward | Action::Patch(_) => self.forward(asked, &changes).await.send(),
            Action::Truncate => {
                let mut answer = self.forward(asked, &changes).await;
                answer.body.truncate(answer.body.len() / 2);
                answer.send()
            }
            Action::Paginate { size } => self.page(asked, &changes, size, false).await,
            Action::BreakPageChain { size } => self.page(asked, &changes, size, true).await,
        }
    }

    /// The first rule that speaks of the call, and every patch on the way to it.
    fn decide(&self, seen: &Seen) -> (Action, Vec<Change>) {
        let mut changes = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            if !rule.speaks_of(seen) {
                continue;
            }
            let time = {
                let mut asked = lock(&self.asked);
                let time = asked.entry((index, seen.call.clone(), seen.subject.clone())).or_default();
                *time += 1;
                *time
            };
            if !rule.nth.contains(&time) {
                continue;
            }
            match &rule.action {
                Action::Patch(change) => changes.push(change.clone()),
                action => return (action.clone(), changes),
            }
        }
        if self.options.trust_policy
            && seen.call.name() == "sts:AssumeRole"
            && seen.subject.contains(&format!(":role/{ROLE}"))
            && !seen.subject.contains(&format!("ExternalId={EXTERNAL_ID}"))
        {
            return (Action::Deny, changes);
        }
        (Action::Forward, changes)
    }

    async fn forward(&self, asked: &Asked, changes: &[Change]) -> Upstream {
        let call = &asked.seen.call;
        let mut answer = match self.send(asked).await {
            Ok(answer) => answer,
            Err(why) => return Upstream::ours(502, &format!("the emulator did not answer: {why}")),
        };
        if self.options.real_shapes && call.name() == "directconnect:DescribeVirtualInterfaces" {
            answer = virtual_interfaces(call);
        }
        // moto has no event history. An account in which nothing was done by which a machine is cut off answers so.
        if self.options.real_shapes && call.name() == "cloudtrail:LookupEvents" {
            answer = json_answer(&json!({ "Events": [] }));
        }
        if self.options.real_shapes && call.name() == "athena:BatchGetQueryExecution" && !answer.status.is_success() {
            answer = self.queries(asked).await.unwrap_or(answer);
        }
        if answer.status.is_success() {
            if call.name() == "sts:AssumeRole" {
                self.learn(&String::from_utf8_lossy(&answer.body));
            }
            if self.options.real_shapes {
                answer.body = repair(call, answer.body);
            }
            if self.options.few_regions && call.name() == "ec2:DescribeRegions" {
                answer.body = few_regions(&String::from_utf8_lossy(&answer.body)).into_bytes();
            }
        }
        for change in changes {
            answer.body = change(answer.body);
        }
        answer
    }

    async fn send(&self, asked: &Asked) -> Result<Upstream, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(self.upstream).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request =
            Request::builder().method(asked.method.clone()).uri(&asked.uri).body(Full::new(asked.body.clone()))?;
        *request.headers_mut() = asked.headers.clone();
        let (head, body) = sender.send_request(request).await?.into_parts();
        Ok(Upstream { status: head.status, headers: head.headers, body: body.collect().await?.to_bytes().to_vec() })
    }

    /// moto knows one query at a time only.
    async fn queries(&self, asked: &Asked) -> Option<Upstream> {
        let wanted: Value = serde_json::from_slice(&asked.body).ok()?;
        let (mut found, mut head) = (Vec::new(), None);
        for id in wanted["QueryExecutionIds"].as_array()? {
            let mut one = asked.whole_list();
            one.body = Bytes::from(json!({ "QueryExecutionId": id }).to_string());
            one.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(one.body.len()));
            one.headers.insert("x-amz-target", HeaderValue::from_static("AmazonAthena.GetQueryExecution"));
            let answer = self.send(&one).await.ok()?;
            let mut query: Value = serde_json::from_slice(&answer.body).ok()?;
            found.push(query["QueryExecution"].take());
            head = Some(answer);
        }
        let body = json!({ "QueryExecutions": found, "UnprocessedQueryExecutionIds": [] });
        Some(Upstream { body: body.to_string().into_bytes(), ..head? })
    }

    /// Serves one page of the emulator's whole list.
    async fn page(&self, asked: &Asked, changes: &[Change], size: usize, broken: bool) -> Response<Full<Bytes>> {
        let Some(pager) = Pager::of(&asked.seen.call) else {
            return wire(501, "text/plain", &format!("the fault proxy cannot page {}", asked.seen.call.name()));
        };
        if broken && asked.seen.page.is_some() {
            return asked.protocol.broken();
        }
        let mut answer = self.forward(&asked.whole_list(), changes).await;
        if answer.status.is_success() {
            let body = String::from_utf8_lossy(&answer.body);
            let page = pager.cut(&body, asked.seen.page.as_deref(), size);
            if asked.seen.page.is_none() {
                lock(&self.first_pages).insert(asked.seen.call.name(), page.clone());
            }
            answer.body = page.into_bytes();
        }
        answer.send()
    }

    /// Notes whose a temporary key is, and what must stay secret.
    fn learn(&self, body: &str) {
        if let (Some(key), Some(arn)) = (element(body, "AccessKeyId"), element(body, "Arn"))
            && let Some(account) = arn.split(':').nth(4)
        {
            lock(&self.sessions).insert(key.to_owned(), account.to_owned());
        }
        for name in ["SecretAccessKey", "SessionToken"] {
            if let Some(secret) = element(body, name) {
                lock(&self.secrets).push(secret.to_owned());
            }
        }
    }
}

/// An answer of the emulator.
struct Upstream {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Upstream {
    fn ours(status: u16, why: &str) -> Self {
        let status = StatusCode::from_u16(status).expect("a status we wrote down");
        Self { status, headers: HeaderMap::new(), body: why.as_bytes().to_vec() }
    }

    /// The body went through our hands: its length is ours to state.
    fn send(self) -> Response<Full<Bytes>> {
        let mut answer = Response::new(Full::new(Bytes::from(self.body)));
        *answer.status_mut() = self.status;
        *answer.headers_mut() = self.headers;
        for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION] {
            answer.headers_mut().remove(name);
        }
        answer
    }
}

/// The wire protocols of AWS, each with its own way to say no.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Ec2,
    Query,
    Json,
    RestJson,
    S3,
    S3Control,
}

impl Protocol {
    fn is_s3(self) -> bool {
        matches!(self, Self::S3 | Self::S3Control)
    }

    fn denied(self, call: &Call) -> Response<Full<Bytes>> {
        let name = call.name();
        let action = action(&name);
        let message = format!(
            "User: arn:aws:sts::{}:assumed-role/audit/farwatch is not authorized to perform: {action} \
             because no identity-based policy allows the {action} action",
            call.account
        );
        match self {
            Self::Ec2 => self.error(
                403,
                "UnauthorizedOperation",
                &format!("You are not authorized to perform this operation. {message}"),
            ),
            Self::Json => self.error(400, "AccessDeniedException", &message),
            Self::RestJson => self.error(403, "AccessDeniedException", &message),
            Self::Query | Self::S3 | Self::S3Control => self.error(403, "AccessDenied", &message),
        }
    }

    fn throttled(self) -> Response<Full<Bytes>> {
        match self {
            Self::Ec2 => self.error(503, "RequestLimitExceeded", "Request limit exceeded."),
            Self::Query => self.error(400, "Throttling", "Rate exceeded"),
            Self::Json => self.error(400, "ThrottlingException", "Rate exceeded"),
            Self::RestJson => self.error(429, "ThrottlingException", "Rate exceeded"),
            Self::S3 | Self::S3Control => self.error(503, "SlowDown", "Please reduce your request rate."),
        }
    }

    fn unknown_credentials(self) -> Response<Full<Bytes>> {
        let message = "The security token included in the request is invalid.";
        match self {
            Self::Ec2 => self.error(401, "AuthFailure", "AWS was not able to validate the provided access credentials"),
            Self::Query => self.error(403, "InvalidClientTokenId", message),
            Self::Json => self.error(400, "UnrecognizedClientException", message),
            Self::RestJson => self.error(403, "UnrecognizedClientException", message),
            Self::S3 | Self::S3Control => self.error(
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
        }
    }

    fn broken(self) -> Response<Full<Bytes>> {
        match self {
            Self::Ec2 | Self::S3 | Self::S3Control => {
                self.error(500, "InternalError", "An internal error has occurred")
            }
            Self::Query | Self::Json | Self::RestJson => {
                self.error(500, "InternalFailure", "The request processing has failed")
            }
        }
    }

    fn error(self, status: u16, code: &str, message: &str) -> Response<Full<Bytes>> {
        match self {
            Self::Ec2 => wire(
                status,
                "text/xml;charset=UTF-8",
                &format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
                     <Message>{message}</Message></Error></Errors><RequestID>fault</RequestID></Response>"
                ),
            ),
            Self::Query => wire(
                status,
                "text/xml",
                &format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                     <RequestId>fault</RequestId></ErrorResponse>"
                ),
            ),
            Self::S3 => wire(
                status,
                "application/xml",
                &format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
                     <RequestId>fault</RequestId><HostId>fault</HostId></Error>"
                ),
            ),
            Self::S3Control => wire(
                status,
                "application/xml",
                &format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ErrorResponse><Error><Code>{code}</Code>\
                     <Message>{message}</Message></Error><RequestId>fault</RequestId></ErrorResponse>"
                ),
            ),
            Self::Json | Self::RestJson => {
                let body = match self {
                    Self::Json => json!({ "__type": code, "message": message }),
                    _ => json!({ "__type": code, "Message": message }),
                };
                let mut answer = wire(status, "application/x-amz-json-1.1", &body.to_string());
                answer
                    .headers_mut()
                    .insert("x-amzn-errortype", HeaderValue::from_str(code).expect("a plain header value"));
                answer
            }
        }
    }
}

fn wire(status: u16, content_type: &'static str, body: &str) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, content_type)
        .body(Full::new(Bytes::from(body.to_owned())))
        .expect("a status and a header that we wrote down")
}

/// A request, read and understood.
struct Asked {
    seen: Seen,
    protocol: Protocol,
    method: hyper::Method,
    uri: String,
    headers: HeaderMap,
    body: Bytes,
}

/// Page tokens and page sizes of every operation that farwatch reads: they are not what is asked of.
const TOKENS: [&str; 8] = [
    "NextToken",
    "nextToken",
    "Marker",
    "NextMarker",
    "ExclusiveStartStreamName",
    "ExclusiveStartDeliveryStreamName",
    "ExclusiveStartTableName",
    "continuation-token",
];
const SIZES: [&str; 8] =
    ["MaxResults", "maxResults", "MaxItems", "MaxRecords", "PageSize", "Limit", "limit", "max-buckets"];

impl Asked {
    async fn read(request: Request<Incoming>, shared: &Shared) -> Result<Self, String> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let mut headers = head.headers;
        let (key, region, service) = scope(&headers)?;
        // What CloudWatch is called where it signs.
        let service = if service == "monitoring" { "cloudwatch".to_owned() } else { service };
        let account = if is_account(&key) {
            // moto takes the account from the key only if it has issued that key itself.
            headers.insert("x-moto-account-id", HeaderValue::from_str(&key).map_err(|error| error.to_string())?);
            key
        } else {
            lock(&shared.sessions).get(&key).cloned().unwrap_or_else(|| "unknown".to_owned())
        };
        let path = head.uri.path().to_owned();
        let mut parameters = form(head.uri.query().unwrap_or_default());

        let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (service, operation, protocol) = if let Some(target) = target {
            let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
            parameters = fields(&body);
            (service, operation, Protocol::Json)
        } else if let Some((_, operation)) =
            form(&String::from_utf8_lossy(&body)).into_iter().find(|(name, _)| name == "Action")
        {
            parameters = form(&String::from_utf8_lossy(&body));
            let version = parameters.iter().find(|(name, _)| name == "Version").map(|(_, version)| version.as_str());
            let service = match (service.as_str(), version) {
                ("elasticloadbalancing", Some("2012-06-01")) => "elb".to_owned(),
                ("elasticloadbalancing", _) => "elbv2".to_owned(),
                _ => service,
            };
            parameters.retain(|(name, _)| name != "Action" && name != "Version");
            let protocol = if service == "ec2" { Protocol::Ec2 } else { Protocol::Query };
            (service, operation, protocol)
        } else {
            let service = if path.starts_with("/v20180820/") { "s3control".to_owned() } else { service };
            let protocol = match service.as_str() {
                "s3" => Protocol::S3,
                "s3control" => Protocol::S3Control,
                _ => Protocol::RestJson,
            };
            let operation = rest(head.method.as_str(), &service, &path, &parameters);
            parameters.insert(0, ("path".to_owned(), path));
            (service, operation, protocol)
        };

        let page = parameters
            .iter()
            .find(|(name, value)| TOKENS.contains(&name.as_str()) && !value.is_empty())
            .map(|(_, value)| value.clone());
        parameters.retain(|(name, _)| !TOKENS.contains(&name.as_str()) && !SIZES.contains(&name.as_str()));
        parameters.sort();
        let subject = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");

        headers.remove(header::CONNECTION);
        Ok(Self {
            seen: Seen { call: Call { account, service, operation, region }, subject, page },
            protocol,
            method: head.method,
            uri: head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            headers,
            body,
        })
    }

    /// The same request for the whole list: the emulator is not to page by itself, or to stumble over
    /// a token that is ours.
    fn whole_list(&self) -> Self {
        let body = match self.protocol {
            Protocol::Json => {
                let mut value: Value = serde_json::from_slice(&self.body).unwrap_or_else(|_| json!({}));
                if let Some(object) = value.as_object_mut() {
                    object.retain(|name, _| !TOKENS.contains(&name.as_str()) && !SIZES.contains(&name.as_str()));
                    match self.seen.call.service.as_str() {
                        // moto pages these two by itself, ten and fifty at a time, unless told otherwise.
                        "kinesis" | "firehose" => drop(object.insert("Limit".to_owned(), json!(1000))),
                        _ => {}
                    }
                }
                Bytes::from(value.to_string())
            }
            Protocol::Ec2 | Protocol::Query => {
                let text = String::from_utf8_lossy(&self.body);
                let kept = text.split('&').filter(|pair| {
                    let name = pair.split('=').next().unwrap_or_default();
                    !TOKENS.contains(&name) && !SIZES.contains(&name)
                });
                Bytes::from(kept.collect::<Vec<_>>().join("&"))
            }
            Protocol::RestJson | Protocol::S3 | Protocol::S3Control => self.body.clone(),
        };
        let mut headers = self.headers.clone();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        Self {
            seen: self.seen.clone(),
            protocol: self.protocol,
            method: self.method.clone(),
            uri: self.uri.clone(),
            headers,
            body,
        }
    }
}

fn is_account(key: &str) -> bool {
    key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit())
}

/// Access key, region and service out of a signature's credential scope.
fn scope(headers: &HeaderMap) -> Result<(String, String, String), String> {
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .ok_or("it is not signed in the header")?;
    let credential = authorization
        .split_once("Credential=")
        .and_then(|(_, rest)| rest.split(',').next())
        .ok_or("its signature names no credential")?;
    match credential.trim().split('/').collect::<Vec<_>>()[..] {
        [key, _, region, service, "aws4_request"] => Ok((key.to_owned(), region.to_owned(), service.to_owned())),
        _ => Err("its credential scope is not that of a Signature Version 4".to_owned()),
    }
}

/// The names of the REST calls that farwatch makes.
fn rest(method: &str, service: &str, path: &str, query: &[(String, String)]) -> String {
    let asks = |name: &str| query.iter().any(|(found, _)| found == name);
    let known = match (method, service) {
        ("GET", "s3control") if path == "/v20180820/configuration/publicAccessBlock" => Some("GetPublicAccessBlock"),
        ("GET", "s3") if path == "/" => Some("ListBuckets"),
        ("GET", "s3") => [
            ("location", "GetBucketLocation"),
            ("policyStatus", "GetBucketPolicyStatus"),
            ("acl", "GetBucketAcl"),
            ("publicAccessBlock", "GetPublicAccessBlock"),
            ("lifecycle", "GetBucketLifecycleConfiguration"),
            ("encryption", "GetBucketEncryption"),
            ("logging", "GetBucketLogging"),
            ("versioning", "GetBucketVersioning"),
            ("object-lock", "GetObjectLockConfiguration"),
            ("policy", "GetBucketPolicy"),
        ]
        .into_iter()
        .find_map(|(parameter, operation)| asks(parameter).then_some(operation)),
        ("GET", "guardduty") if path.trim_end_matches('/') == "/detector" => Some("ListDetectors"),
        (_, "guardduty") if path.starts_with("/detector/") => {
            match (method, path.split('/').skip(3).collect::<Vec<_>>().as_slice()) {
                ("GET", []) => Some("GetDetector"),
                ("GET", ["administrator"]) => Some("GetAdministratorAccount"),
                ("GET", ["publishingDestination"]) => Some("ListPublishingDestinations"),
                ("POST", ["findings"]) => Some("ListFindings"),
                ("POST", ["findings", "get"]) => Some("GetFindings"),
                _ => None,
            }
        }
        ("GET", "lambda") if path.ends_with("/configuration") => Some("GetFunctionConfiguration"),
        ("GET", "lambda") if path.ends_with("/policy") => Some("GetPolicy"),
        ("GET", "macie2") if path == "/macie" => Some("GetMacieSession"),
        _ => None,
    };
    // Anything else shows up in the counts under its own method and path.
    known.map_or_else(|| format!("{method} {path}"), str::to_owned)
}

fn form(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn fields(body: &[u8]) -> Vec<(String, String)> {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), plain(value))).collect()
}

/// The text of the first element of that name.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

/// How an operation pages.
enum Pager {
    /// EC2: the set's element; `NextToken` asks, `nextToken` answers.
    Items { set: &'static str },
    /// Query: lists of `member`s one after the other; the token's element, and that of a flag if there is one.
    Members { lists: &'static [&'static str], token: &'static str, more: Option<&'static str> },
    /// JSON with an opaque token in `answer`, and in `more` a flag if the operation has one.
    Token { lists: &'static [&'static str], answer: &'static str, more: Option<&'static str> },
    /// JSON that goes on after the name of the last item.
    LastName { lists: &'static [&'static str], more: &'static str },
}

/// Our tokens say where the next page starts.
const TOKEN: &str = "farwatch-page-";

impl Pager {
    fn of(call: &Call) -> Option<Self> {
        Some(match call.name().as_str() {
            "ec2:DescribeVpcs" => Self::Items { set: "vpcSet" },
            "ec2:DescribeSubnets" => Self::Items { set: "subnetSet" },
            "ec2:DescribeNetworkInterfaces" => Self::Items { set: "networkInterfaceSet" },
            "ec2:DescribeFlowLogs" => Self::Items { set: "flowLogSet" },
            "ec2:DescribeSecurityGroups" => Self::Items { set: "securityGroupInfo" },
            "ec2:DescribeInternetGateways" => Self::Items { set: "internetGatewaySet" },
            "ec2:DescribeVpcPeeringConnections" => Self::Items { set: "vpcPeeringConnectionSet" },
            "ec2:DescribeManagedPrefixLists" => Self::Items { set: "prefixListSet" },
            "ec2:GetManagedPrefixListEntries" => Self::Items { set: "entrySet" },
            "sns:ListTopics" => Self::Members { lists: &["Topics"], token: "NextToken", more: None },
            "sns:ListSubscriptions" => Self::Members { lists: &["Subscriptions"], token: "NextToken", more: None },
            "iam:GetAccountAuthorizationDetails" => Self::Members {
                lists: &["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"],
                token: "Marker",
                more: Some("IsTruncated"),
            },
            "cloudwatch:DescribeAlarms" => {
                Self::Token { lists: &["MetricAlarms", "CompositeAlarms"], answer: "NextToken", more: None }
            }
            "events:ListRules" => Self::Token { lists: &["Rules"], answer: "NextToken", more: None },
            "events:ListTargetsByRule" => Self::Token { lists: &["Targets"], answer: "NextToken", more: None },
            "glue:GetTables" => Self::Token { lists: &["TableList"], answer: "NextToken", more: None },
            "athena:ListWorkGroups" => Self::Token { lists: &["WorkGroups"], answer: "NextToken", more: None },
            "route53resolver:ListResolverQueryLogConfigs" => {
                Self::Token { lists: &["ResolverQueryLogConfigs"], answer: "NextToken", more: None }
            }
            "logs:DescribeMetricFilters" => Self::Token { lists: &["metricFilters"], answer: "nextToken", more: None },
            "dynamodb:ListTables" => Self::LastName { lists: &["TableNames"], more: "LastEvaluatedTableName" },
            "logs:DescribeLogGroups" => Self::Token { lists: &["logGroups"], answer: "nextToken", more: None },
            "cloudtrail:LookupEvents" => Self::Token { lists: &["Events"], answer: "NextToken", more: None },
            "organizations:ListAccounts" => Self::Token { lists: &["Accounts"], answer: "NextToken", more: None },
            "kms:ListKeys" => Self::Token { lists: &["Keys"], answer: "NextMarker", more: Some("Truncated") },
            "firehose:ListDeliveryStreams" => {
                Self::LastName { lists: &["DeliveryStreamNames"], more: "HasMoreDeliveryStreams" }
            }
            "kinesis:ListStreams" => {
                Self::LastName { lists: &["StreamNames", "StreamSummaries"], more: "HasMoreStreams" }
            }
            _ => return None,
        })
    }

    /// One page of a whole answer.
    fn cut(&self, body: &str, page: Option<&str>, size: usize) -> String {
        match self {
            Self::Items { set } => cut_items(body, set, offset(page), size),
            Self::Members { lists, token, more } => cut_members(body, lists, (token, *more), offset(page), size),
            Self::Token { lists, answer, more } => {
                let mut value: Value = serde_json::from_str(body).unwrap_or_default();
                let start = offset(page);
                let left = cut_lists(&mut value, lists, start, size);
                value[answer] = if left { json!(format!("{TOKEN}{}", start + size)) } else { Value::Null };
                if let Some(more) = more {
                    value[more] = json!(left);
                }
                if !left && let Some(object) = value.as_object_mut() {
                    object.remove(*answer);
                }
                value.to_string()
            }
            Self::LastName { lists, more } => {
                let mut value: Value = serde_json::from_str(body).unwrap_or_default();
                let names = value[lists[0]].as_array().cloned().unwrap_or_default();
                // Kinesis accepts its token as well as the name; ours is the name.
                let after = |name| names.iter().position(|found| found == name).map_or(names.len(), |at| at + 1);
                let left = cut_lists(&mut value, lists, page.map_or(0, after), size);
                let last = value[lists[0]].as_array().and_then(|page| page.last()).cloned();
                // DynamoDB's flag is the name itself, where there is more.
                if *more != "LastEvaluatedTableName" {
                    value[more] = json!(left);
                } else if left {
                    value[more] = last.into();
                }
                if left && *more == "HasMoreStreams" {
                    value["NextToken"] = value[lists[0]].as_array().and_then(|page| page.last()).cloned().into();
                }
                value.to_string()
            }
        }
    }
}

fn offset(page: Option<&str>) -> usize {
    page.and_then(|token| token.strip_prefix(TOKEN)).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Keeps one page of each list; says whether the first has more.
fn cut_lists(value: &mut Value, lists: &[&str], start: usize, size: usize) -> bool {
    let mut left = false;
    for (index, list) in lists.iter().enumerate() {
        if let Some(items) = value[list].as_array_mut() {
            if index == 0 {
                left = items.len() > start + size;
            }
            *items = items.iter().skip(start).take(size).cloned().collect();
        }
    }
    left
}

/// Keeps one page of the items in an EC2 set, and puts the token of the next beside it.
fn cut_items(body: &str, set: &str, start: usize, size: usize) -> String {
    let (open, close) = (format!("<{set}>"), format!("</{set}>"));
    let Some((before, rest)) = body.split_once(&open) else { return body.to_owned() };
    let Some((inside, after)) = rest.rsplit_once(&close) else { return body.to_owned() };
    let items = items(inside);
    let page: String = items.iter().skip(start).take(size).copied().collect();
    let token = if items.len() > start + size {
        format!("<nextToken>{TOKEN}{}</nextToken>", start + size)
    } else {
        String::new()
    };
    let own_token = Regex::new(r"<nextToken>[^<]*</nextToken>|<nextToken\s*/>").expect("a pattern we wrote down");
    let after = own_token.replace_all(after, "");
    format!("{before}{open}{page}{close}{token}{after}")
}

/// Keeps one page of all the members in these lists, and says how to go on.
fn cut_members(body: &str, lists: &[&str], (token, more): (&str, Option<&str>), start: usize, size: usize) -> String {
    let mut answer = String::new();
    let (mut rest, mut count) = (body, 0_usize);
    for list in lists {
        let (open, close) = (format!("<{list}>"), format!("</{list}>"));
        let Some((before, after)) = rest.split_once(&open) else { continue };
        let Some((inside, after)) = after.split_once(&close) else { continue };
        answer += before;
        answer += &open;
        for member in elements(inside, "member") {
            if (start..start + size).contains(&count) {
                answer += member;
            }
            count += 1;
        }
        answer += &close;
        rest = after;
    }
    let own = format!("<{token}>[^<]*</{token}>|<{token}\\s*/>|<IsTruncated>[^<]*</IsTruncated>");
    let rest = Regex::new(&own).expect("a pattern we wrote down").replace_all(rest, "").into_owned();
    let left = count > start + size;
    let mut words = if left { format!("<{token}>{TOKEN}{}</{token}>", start + size) } else { String::new() };
    words += &more.map(|more| format!("<{more}>{left}</{more}>")).unwrap_or_default();
    answer += &words;
    answer + &rest
}

/// The outermost `<item>`s of a set.
fn items(inside: &str) -> Vec<&str> {
    elements(inside, "item")
}

/// The outermost elements of that name.
fn elements<'a>(inside: &'a str, name: &str) -> Vec<&'a str> {
    let tag = Regex::new(&format!("<(/?){name}(/?)>")).expect("a pattern we wrote down");
    let mut items = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for found in tag.captures_iter(inside) {
        let whole = found.get(0).expect("the match itself");
        let (closes, empty) = (!found[1].is_empty(), !found[2].is_empty());
        if closes {
            depth = depth.saturating_sub(1);
        } else if depth == 0 {
            start = whole.start();
        }
        if !closes && !empty {
            depth += 1;
        }
        if depth == 0 {
            items.push(&inside[start..whole.end()]);
        }
    }
    items
}

/// Three regions that are on and one that is off.
fn few_regions(body: &str) -> String {
    let (open, close) = ("<regionInfo>", "</regionInfo>");
    let Some((before, rest)) = body.split_once(open) else { return body.to_owned() };
    let Some((inside, after)) = rest.rsplit_once(close) else { return body.to_owned() };
    let status = Regex::new(r"<optInStatus>[^<]*</optInStatus>").expect("a pattern we wrote down");
    let kept: String = items(inside)
        .into_iter()
        .filter_map(|item| match element(item, "regionName") {
            Some(name) if REGIONS.contains(&name) => Some(item.to_owned()),
            Some(OFF_REGION) => Some(status.replace(item, "<optInStatus>not-opted-in</optInStatus>").into_owned()),
            _ => None,
        })
        .collect();
    format!("{before}{open}{kept}{close}{after}")
}

/// What the emulators answer in another shape than AWS does, put right.
///
/// Only answers to farwatch's own reads, and only where the difference would change a finding.
fn repair(call: &Call, body: Vec<u8>) -> Vec<u8> {
    match call.name().as_str() {
        "firehose:DescribeDeliveryStream" => delivery_stream(&body),
        "cloudtrail:GetTrailStatus" => trail_status(&body),
        "ec2:DescribeNetworkInterfaces" => interfaces(&String::from_utf8_lossy(&body)).into_bytes(),
        "iam:GetCredentialReport" => credential_report(&String::from_utf8_lossy(&body), &call.account).into_bytes(),
        _ => body,
    }
}

/// Neither emulator has virtual interfaces of Direct Connect. The first account has one, with the secrets that AWS puts
/// into the answer.
fn virtual_interfaces(call: &Call) -> Upstream {
    let mut list = Vec::new();
    if call.account == FIRST && call.region == REGIONS[0] {
        list.push(json!({
            "virtualInterfaceId": VIRTUAL_INTERFACE,
            "virtualInterfaceName": "to the office",
            "virtualInterfaceType": "private",
            "virtualInterfaceState": "available",
            "ownerAccount": FIRST,
            "authKey": BGP_KEY,
            "customerRouterConfig": format!("<auth_key>{BGP_KEY}</auth_key>"),
            "bgpPeers": [{ "bgpPeerId": "dxpeer-1", "authKey": BGP_KEY }],
            "tags": [],
        }));
    }
    json_answer(&json!({ "virtualInterfaces": list }))
}

fn json_answer(body: &Value) -> Upstream {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    Upstream { status: StatusCode::OK, headers, body: body.to_string().into_bytes() }
}

/// moto repeats the encryption it was asked for, which has no status, and leaves it out where none was
/// asked for. AWS answers a status in both cases.
fn delivery_stream(body: &[u8]) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    let encryption = &mut value["DeliveryStreamDescription"]["DeliveryStreamEncryptionConfiguration"];
    if encryption["Status"].is_null() {
        let asked_for = !encryption["KeyType"].is_null();
        encryption["Status"] = json!(if asked_for { "ENABLED" } else { "DISABLED" });
    }
    value.to_string().into_bytes()
}

/// The only interfaces of the seed that have an Elastic IP address and no instance are those of NAT gateways. AWS says
/// so in their type, moto calls every interface an interface.
fn interfaces(body: &str) -> String {
    let (open, close) = ("<networkInterfaceSet>", "</networkInterfaceSet>");
    let Some((before, rest)) = body.split_once(open) else { return body.to_owned() };
    let Some((inside, after)) = rest.rsplit_once(close) else { return body.to_owned() };
    let plain = "<interfaceType>interface</interfaceType>";
    let items: String = items(inside)
        .into_iter()
        .map(|item| match element(item, "allocationId") {
            Some(id) if id.starts_with("eipalloc-") && !item.contains("<instanceId>i-") => {
                item.replace(plain, "<interfaceType>nat_gateway</interfaceType>")
            }
            _ => item.to_owned(),
        })
        .collect();
    format!("{before}{open}{items}{close}{after}")
}

/// ministack's trails log and never deliver; moto's have always just delivered.
fn trail_status(body: &[u8]) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    if value["IsLogging"] == true && value["LatestDeliveryTime"].is_null() {
        value["LatestDeliveryTime"] = jiff::Timestamp::now().as_second().into();
    }
    value.to_string().into_bytes()
}

/// moto made its report in 2015 and knows no root user; AWS makes a new one every four hours at most,
/// and root is in its first row.
fn credential_report(body: &str, account: &str) -> String {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD;
    let Some(content) = element(body, "Content") else { return body.to_owned() };
    let Some(report) = base64.decode(content.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return body.to_owned();
    };
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut answer = body.to_owned();
    if let Some(made) = element(body, "GeneratedTime") {
        answer = answer.replace(made, &now);
    }
    if !report.contains("<root_account>")
        && let Some((head, rows)) = report.split_once('\n')
    {
        let cell = |column: &str| match column {
            "user" => "<root_account>".to_owned(),
            "arn" => format!("arn:aws:iam::{account}:root"),
            "user_creation_time" => "2020-01-01T00:00:00+00:00".to_owned(),
            "password_enabled" | "password_last_changed" | "password_next_rotation" => "not_supported".to_owned(),
            column if column.ends_with("_active") => "false".to_owned(),
            _ => "N/A".to_owned(),
        };
        let root = head.trim().split(',').map(cell).collect::<Vec<_>>().join(",");
        answer = answer.replace(content, &base64.encode(format!("{head}\n{root}\n{rows}")));
    }
    answer
}
