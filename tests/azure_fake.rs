//! The fake Azure itself: what it answers, refuses and breaks, asked by a plain client.
//!
//! What the tests of the Azure transport rest on is tested here, so that a failure there means something.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
#[path = "emulators/azure.rs"]
mod azure;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use azure::{CLIENT, FakeAzure, Fault, Options, PRINCIPAL, Role, SECRET, SIGNATURE, TENANT, claims};
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Transport};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use serde_json::{Value, json};

/// `production` and `legacy` of the contractor's tenant.
const SUBSCRIPTIONS: [&str; 2] = ["0fb1a2c3-0001-4c1d-9a01-000000000001", "0fb1a2c3-0002-4c1d-9a01-000000000002"];
const VERSION: &str = "api-version=2024-01-01";

/// A client that trusts what the fake says to trust, and follows nothing.
fn client(fake: &FakeAzure) -> reqwest::Client {
    let pem = fs::read(fake.ca_file()).unwrap();
    let authority = reqwest::Certificate::from_pem(&pem).unwrap();
    reqwest::Client::builder().tls_certs_only([authority]).redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// A signed-in client.
struct Caller<'a> {
    fake: &'a FakeAzure,
    http: reqwest::Client,
    arm: String,
    graph: String,
}

struct Said {
    status: u16,
    retry_after: Option<u64>,
    text: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

async fn said(answer: reqwest::Response) -> Said {
    let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    Said { status: answer.status().as_u16(), retry_after, text: answer.text().await.unwrap() }
}

async fn ask_token(fake: &FakeAzure, http: &reqwest::Client, tenant: &str, secret: &str, resource: &str) -> Said {
    let body = format!(
        "client_id={CLIENT}&client_secret={secret}&grant_type=client_credentials&scope={}%2F.default",
        resource.replace(':', "%3A").replace('/', "%2F")
    );
    let request = http.post(format!("{}/{tenant}/oauth2/v2.0/token", fake.authority()));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
    said(request.send().await.unwrap()).await
}

impl<'a> Caller<'a> {
    async fn new(fake: &'a FakeAzure) -> Self {
        let http = client(fake);
        let mut tokens = Vec::new();
        for resource in [fake.arm(), fake.graph()] {
            let answer = ask_token(fake, &http, TENANT, SECRET, resource).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            tokens.push(answer.json()["access_token"].as_str().unwrap().to_owned());
        }
        let graph = tokens.pop().unwrap();
        Self { fake, http, arm: tokens.pop().unwrap(), graph }
    }

    async fn get(&self, url: &str) -> Result<Said, reqwest::Error> {
        let token = if url.starts_with(self.fake.graph()) { &self.graph } else { &self.arm };
        Ok(said(self.http.get(url).bearer_auth(token).send().await?).await)
    }

    async fn arm(&self, path: &str) -> Said {
        let mark = if path.contains('?') { '&' } else { '?' };
        self.get(&format!("{}{path}{mark}{VERSION}", self.fake.arm())).await.unwrap()
    }

    async fn graph(&self, path: &str) -> Said {
        self.get(&format!("{}{path}", self.fake.graph())).await.unwrap()
    }

    async fn query(&self, body: &Value) -> Said {
        let url = format!("{}/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01", self.fake.arm());
        let request = self.http.post(url).bearer_auth(&self.arm).header("content-type", "application/json");
        said(request.body(body.to_string()).send().await.unwrap()).await
    }

    /// Every page of a list, as it is: not more than ten.
    async fn pages(&self, first: String) -> Vec<Value> {
        let mut pages = Vec::new();
        let mut next = Some(first);
        while let Some(url) = next.filter(|_| pages.len() < 10) {
            let body = self.get(&url).await.unwrap().json();
            next = ["nextLink", "@odata.nextLink"].iter().find_map(|name| body[*name].as_str().map(ToOwned::to_owned));
            pages.push(body);
        }
        pages
    }
}

fn items(pages: &[Value]) -> Vec<usize> {
    pages.iter().map(|page| page["value"].as_array().unwrap().len()).collect()
}

const LIST: &str = "/subscriptions/S/providers/Microsoft.Network/virtualNetworks";

fn with_list() -> FakeAzure {
    let fake = FakeAzure::start();
    fake.answer("GET", LIST, 200, json!({ "value": [{ "id": "a" }, { "id": "b" }, { "id": "c" }] }));
    fake
}

// --- who may ask -----------------------------------------------------------------------------------

#[tokio::test]
async fn the_authority_gives_a_token_that_says_whose_it_is() {
    let fake = FakeAzure::start();
    let caller = Caller::new(&fake).await;
    let said = claims(&caller.arm);
    assert_eq!(said["aud"], fake.arm());
    assert_eq!((&said["tid"], &said["oid"], &said["appid"]), (&json!(TENANT), &json!(PRINCIPAL), &json!(CLIENT)));
    assert_eq!(said["idtyp"], "app");
    assert!(said["exp"].as_i64().unwrap() > said["iat"].as_i64().unwrap());
    assert_eq!(claims(&caller.graph)["aud"], fake.graph());
    assert!(caller.arm.ends_with(SIGNATURE), "the canary is in every token");

    let http = client(&fake);
    let wrong = ask_token(&fake, &http, TENANT, "guessed", fake.arm()).await;
    assert_eq!((wrong.status, wrong.json()["error"].clone()), (401, json!("invalid_client")));
    assert_eq!(ask_token(&fake, &http, "somebody-else", SECRET, fake.arm()).await.status, 400);
    let elsewhere = ask_token(&fake, &http, TENANT, SECRET, "https://example.com").await;
    assert_eq!(elsewhere.json()["error"], "invalid_resource");
}

#[tokio::test]
async fn the_official_credential_signs_in() {
    let fake = FakeAzure::start();
    let mut custom = CustomConfiguration::default();
    custom.authority_host = fake.authority().to_owned();
    let client_options = ClientOptions {
        cloud: Some(Arc::new(CloudConfiguration::from(custom))),
        transport: Some(Transport::new(Arc::new(client(&fake)))),
        ..ClientOptions::default()
    };
    let options = ClientSecretCredentialOptions { client_options };
    let credential = ClientSecretCredential::new(TENANT, CLIENT.to_owned(), SECRET.into(), Some(options)).unwrap();
    let scope = format!("{}/.default", fake.graph());
    let token = credential.get_token(&[scope.as_str()], None).await.unwrap();
    assert_eq!(claims(token.token.secret())["aud"], fake.graph());
    let asked: Vec<String> = fake.counts().into_keys().map(|(_, path)| path).collect();
    assert_eq!(asked, [format!("/{TENANT}/oauth2/v2.0/token")], "it asks for the token and nothing else");
}

#[tokio::test]
async fn nobody_is_answered_without_a_token_for_that_address() {
    let fake = with_list();
    let caller = Caller::new(&fake).await;
    let url = format!("{}{LIST}?{VERSION}", fake.arm());
    let without = said(caller.http.get(&url).send().await.unwrap()).await;
    assert_eq!((without.status, without.code().as_str()), (401, "AuthenticationFailed"));
    let of_graph = said(caller.http.get(&url).bearer_auth(&caller.graph).send().await.unwrap()).await;
    assert_eq!((of_graph.status, of_graph.code().as_str()), (401, "InvalidAuthenticationToken"));
    let at_graph = caller.http.get(format!("{}/v1.0/organization", fake.graph())).bearer_auth(&caller.arm);
    let at_graph = said(at_graph.send().await.unwrap()).await;
    assert_eq!((at_graph.status, at_graph.code().as_str()), (401, "InvalidAuthenticationToken"));
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_not_trusted() {
    let fake = FakeAzure::with(Options { untrusted: true, ..Options::default() });
    let error = client(&fake).get(fake.arm()).send().await.unwrap_err();
    assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
    assert_eq!(fake.seen().len(), 0, "nothing is said before there is trust");

    // The name counts too, and localhost is one of ours.
    let fake = FakeAzure::start();
    let url = fake.arm().replace("127.0.0.1", "localhost");
    assert_eq!(client(&fake).get(url).send().await.unwrap().status(), 401);
}

/// In a process of its own, which is this test again: the environment is of a process.
#[tokio::test]
async fn the_environment_makes_a_plain_client_trust_it() {
    if let Ok(url) = std::env::var("URL_OF_THE_FAKE") {
        assert_eq!(reqwest::get(url).await.unwrap().status(), 401);
        return;
    }
    let fake = FakeAzure::start();
    let again = |fake: &FakeAzure| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "the_environment_makes_a_plain_client_trust_it"]);
        command.envs(fake.env()).env("URL_OF_THE_FAKE", fake.arm());
        command.output().unwrap().status.success()
    };
    assert!(again(&fake));
    assert_eq!(fake.seen_at(Role::Arm).len(), 1);
    assert!(!again(&FakeAzure::with(Options { untrusted: true, ..Options::default() })));
}

// --- what is answered --------------------------------------------------------------------------------

#[tokio::test]
async fn paths_are_compared_without_case_and_versions_are_asked_for() {
    let fake = FakeAzure::serving(&examples());
    let caller = Caller::new(&fake).await;
    let same = caller.arm("/SUBSCRIPTIONS/subid/Providers/microsoft.network/NetworkSecurityGroups").await;
    assert_eq!(same.status, 200, "{}", same.text);

    let url = format!("{}{LIST}", fake.arm());
    let none = caller.get(&url).await.unwrap();
    assert_eq!((none.status, none.code().as_str()), (400, "MissingApiVersionParameter"));
    let other = caller.get(&format!("{url}?api-version=1999-01-01")).await.unwrap();
    assert_eq!((other.status, other.code().as_str()), (400, "NoRegisteredProviderFound"));
    assert!(other.text.contains("'2024-01-01'"), "it names the version there is: {}", other.text);

    let unknown = caller.arm("/subscriptions/S/providers/Microsoft.Nothing/things").await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "ResourceNotFound"));
    let unknown = caller.graph("/v1.0/things").await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "Request_ResourceNotFound"));
    assert_eq!(caller.graph("/subscriptions").await.status, 400);
}

/// The folder of published examples that a route table says where to find.
fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/azure/examples")
}

#[tokio::test]
async fn the_published_examples_are_answered_as_published() {
    let fake = FakeAzure::serving(&examples());
    let caller = Caller::new(&fake).await;
    let published = |name: &str| -> Value {
        let file: Value = serde_json::from_str(&fs::read_to_string(examples().join(name)).unwrap()).unwrap();
        file["responses"]["200"]["body"].clone()
    };
    let watcher = "/subscriptions/subid/resourceGroups/rg1/providers/Microsoft.Network/networkWatchers/nw1";
    assert_eq!(caller.arm(&format!("{watcher}/flowLogs")).await.json(), published("FlowLogs_List.json"));

    // The placeholder in the published example is no address, and stays what it is.
    let url = format!("{}/subscriptions?api-version=2022-12-01", fake.arm());
    let subscriptions = caller.get(&url).await.unwrap().json();
    assert_eq!(subscriptions, published("Subscriptions_List.json"));
    assert_eq!(subscriptions["nextLink"], "...");

    // Two calls that differ in their body only.
    for name in ["ResourceGraph_Resources_FirstPageQuery.json", "ResourceGraph_Resources_BasicQuery.json"] {
        let file: Value = serde_json::from_str(&fs::read_to_string(examples().join(name)).unwrap()).unwrap();
        let answer = caller.query(&file["parameters"]["query"]).await;
        assert_eq!(answer.json(), file["responses"]["200"]["body"], "{name}");
    }
}

/// Every example that the folder holds has its source and is reached by a route.
#[test]
fn every_example_has_its_source_and_a_route() {
    let text = |name: &str| fs::read_to_string(examples().join(name)).unwrap();
    let (sources, routes) = (text("SOURCES.txt"), text("routes.yaml"));
    let mut count = 0;
    for entry in fs::read_dir(examples()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if Path::new(&name).extension().is_some_and(|end| end == "json") {
            count += 1;
            assert!(sources.contains(&format!("{name} | ")), "{name} has no source");
            assert!(routes.contains(&name), "{name} has no route");
        }
    }
    assert!(count >= 5);
}

/// Every file of the contractor's tenant is reached, and belongs to the subscription in whose folder it lies.
#[tokio::test]
async fn the_tenant_answers_every_route() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/azure/tenant");
    let fake = FakeAzure::serving(&folder);
    let caller = Caller::new(&fake).await;
    let routes = fs::read_to_string(folder.join("routes.yaml")).unwrap();
    let routes: Value = serde_saphyr::from_str(&routes).unwrap();
    let mut reached = BTreeSet::new();
    for route in routes["routes"].as_array().unwrap() {
        let path = route["path"].as_str().unwrap();
        if path.contains('{') {
            continue;
        }
        let graph = path.starts_with("/v1.0/");
        let answer = if graph { caller.graph(path).await } else { caller.arm(path).await };
        assert_eq!(u64::from(answer.status), route["status"].as_u64().unwrap_or(200), "{path}");
        let Some(name) = route["answer"].as_str() else { continue };
        let file: Value = serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap();
        assert_eq!(answer.json(), file["responses"]["200"]["body"], "{name}");
        if !graph {
            assert!(file["parameters"]["api-version"].is_string(), "{name} says of which version it is");
            let of = [("production/", SUBSCRIPTIONS[0]), ("legacy/", SUBSCRIPTIONS[1])];
            let of = of.iter().find(|(folder, _)| name.starts_with(folder)).map_or("", |(_, id)| *id);
            assert!(path.contains(of), "{name} lies in the wrong folder");
        }
        reached.insert(name.to_owned());
    }
    let mut files = BTreeSet::new();
    for inner in ["", "production", "legacy", "entra"] {
        let names = fs::read_dir(folder.join(inner)).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names
            .map(|name| Path::new(inner).join(name))
            .filter(|name| name.extension().is_some_and(|end| end == "json"));
        files.extend(names.map(|name| name.to_str().unwrap().to_owned()));
    }
    assert_eq!(reached, files);

    // What has no settings says so for any resource, and the narrower routes go before.
    let none = caller
        .arm("/subscriptions/S/resourceGroups/G/providers/A.B/c/d/providers/microsoft.insights/diagnosticSettings")
        .await;
    assert_eq!(none.json(), json!({ "value": [] }));
}

#[tokio::test]
async fn addresses_of_next_pages_lead_home() {
    let fake = FakeAzure::start();
    let path = "/v1.0/users";
    fake.answer(
        "GET",
        path,
        200,
        json!({ "value": [], "@odata.nextLink": "https://graph.microsoft.com/v1.0/users?$skiptoken=x" }),
    );
    fake.answer("GET", LIST, 200, json!({ "value": [], "nextLink": "{arm}/subscriptions/S/more?api-version=1" }));
    let caller = Caller::new(&fake).await;
    assert_eq!(caller.arm(LIST).await.json()["nextLink"], format!("{}/subscriptions/S/more?api-version=1", fake.arm()));
    let link = caller.graph(path).await.json()["@odata.nextLink"].clone();
    assert_eq!(link, format!("{}/v1.0/users?$skiptoken=x", fake.graph()));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let fake = FakeAzure::start();
    let pages = || vec![json!([{ "id": "a" }, { "id": "b" }]), json!([]), json!([{ "id": "c" }])];
    fake.paged(LIST, pages());
    fake.paged("/v1.0/users", pages());
    let caller = Caller::new(&fake).await;
    let arm = caller.pages(format!("{}{LIST}?{VERSION}", fake.arm())).await;
    assert_eq!(items(&arm), [2, 0, 1]);
    assert!(arm[2].get("nextLink").is_none(), "the last page has no link");
    let graph = caller.pages(format!("{}/v1.0/users?$top=2", fake.graph())).await;
    assert_eq!(items(&graph), [2, 0, 1]);
    assert!(graph[0]["nextLink"].is_null(), "Graph has its own word for it");
    assert!(fake.seen_at(Role::Graph).iter().all(|seen| seen.query["$top"] == "2"), "the link keeps the query");
    assert_eq!(caller.arm(&format!("{LIST}?$skiptoken=forged")).await.status, 400);
}

#[tokio::test]
async fn resource_graph_pages_by_its_own_token() {
    let fake = FakeAzure::start();
    let rows: Vec<Value> = (0..7)
        .map(|number| json!({ "id": format!("/r/{number}"), "subscriptionId": if number < 5 { "one" } else { "two" } }))
        .collect();
    fake.query("virtualnetworks", rows);
    fake.query("noids", vec![json!({ "n": 1 }), json!({ "n": 2 })]);
    let caller = Caller::new(&fake).await;
    let query = "resources | where type =~ 'Microsoft.Network/virtualNetworks' | order by id asc";
    let mut options = json!({ "$top": 2 });
    let (mut sizes, mut ids) = (Vec::new(), BTreeSet::new());
    loop {
        let page = caller.query(&json!({ "subscriptions": ["one"], "query": query, "options": options })).await.json();
        assert_eq!((page["totalRecords"].clone(), page["resultTruncated"].clone()), (json!(5), json!("false")));
        sizes.push(page["count"].as_u64().unwrap());
        ids.extend(page["data"].as_array().unwrap().iter().map(|row| row["id"].to_string()));
        match page["$skipToken"].as_str() {
            Some(token) => options["$skipToken"] = json!(token),
            None => break,
        }
    }
    assert_eq!((sizes, ids.len()), (vec![2, 2, 1], 5));
    let other = caller.query(&json!({ "query": "virtualNetworks", "options": options })).await;
    assert_eq!(other.status, 400, "a token belongs to its query");
    let whole = caller.query(&json!({ "query": query })).await.json();
    assert_eq!(whole["count"], 7, "no subscriptions named is all of them");
    let cut = caller.query(&json!({ "query": "noIds", "options": { "$top": 1 } })).await.json();
    assert_eq!((cut["resultTruncated"].clone(), cut.get("$skipToken")), (json!("true"), None));
    assert_eq!(caller.query(&json!({ "query": query, "options": { "$top": 0 } })).await.status, 400);
    assert_eq!(caller.query(&json!({ "query": "nothing we know" })).await.status, 404);
}

// --- what breaks ---------------------------------------------------------------------------------------

#[tokio::test]
async fn a_denial_names_the_action_and_the_scope() {
    let fake = with_list();
    fake.fault("/subscriptions*", Fault::Denied);
    fake.fault("/v1.0/*", Fault::Denied);
    fake.fault("/v1.0/reports/*", Fault::NotLicensed);
    let caller = Caller::new(&fake).await;
    let workspace = "/subscriptions/S/resourceGroups/G/providers/Microsoft.OperationalInsights/workspaces/W";
    for (path, action, scope) in [
        (LIST.to_owned(), "Microsoft.Network/virtualNetworks/read", "/subscriptions/S"),
        (format!("{workspace}/tables"), "Microsoft.OperationalInsights/workspaces/tables/read", workspace),
        (workspace.to_owned(), "Microsoft.OperationalInsights/workspaces/read", workspace),
        (
            format!("{workspace}/providers/Microsoft.Insights/diagnosticSettings"),
            "Microsoft.Insights/diagnosticSettings/read",
            workspace,
        ),
        ("/subscriptions".to_owned(), "Microsoft.Resources/subscriptions/read", "/"),
    ] {
        let denied = caller.arm(&path).await;
        assert_eq!((denied.status, denied.code().as_str()), (403, "AuthorizationFailed"));
        let wanted = format!("perform action '{action}' over scope '{scope}' or the scope is invalid");
        assert!(denied.text.contains(&wanted), "{} is not: {wanted}", denied.text);
        assert!(denied.text.contains(&format!("with object id '{PRINCIPAL}'")));
    }
    let denied = caller.graph("/v1.0/policies/identitySecurityDefaultsEnforcementPolicy").await;
    assert_eq!((denied.status, denied.code().as_str()), (403, "Authorization_RequestDenied"));
    let denied = caller.graph("/v1.0/reports/authenticationMethods/userRegistrationDetails").await;
    assert_eq!(denied.code(), "Authentication_RequestFromNonPremiumTenantOrB2CTenant");
}

#[tokio::test]
async fn throttling_ends_after_so_many_times() {
    let fake = with_list();
    fake.answer("GET", "/subscriptions/T/providers/Microsoft.Network/virtualNetworks", 200, json!({ "value": [] }));
    fake.fault_first(2, "*/virtualnetworks", Fault::Throttled(7));
    let caller = Caller::new(&fake).await;
    let first = caller.arm(LIST).await;
    assert_eq!((first.status, first.retry_after), (429, Some(7)));
    assert_eq!(first.code(), "SubscriptionRequestsThrottled");
    assert_eq!(caller.arm(LIST).await.status, 429);
    assert_eq!(caller.arm(LIST).await.status, 200);
    assert_eq!(caller.arm(&LIST.replace("/S/", "/T/")).await.status, 429, "each address is counted for itself");
    assert_eq!(fake.count("*/virtualNetworks"), 4);
}

#[tokio::test]
async fn refusals_of_providers_have_their_codes() {
    let fake = with_list();
    let caller = Caller::new(&fake).await;
    fake.fault("*", Fault::NotRegistered);
    let answer = caller.arm(LIST).await;
    assert_eq!((answer.status, answer.code().as_str()), (409, "MissingSubscriptionRegistration"));
    assert!(answer.text.contains("namespace 'Microsoft.Network'"));

    let settings = format!("{LIST}/V/providers/Microsoft.Insights/diagnosticSettings");
    fake.fault("*/diagnosticSettings", Fault::NotSupported);
    let answer = caller.arm(&settings).await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "ResourceTypeNotSupported"));
    assert!(answer.text.contains("'microsoft.network/virtualnetworks' does not support"), "{}", answer.text);
    fake.fault("*/diagnosticSettings", Fault::NotSupportedBare);
    let answer = caller.arm(&settings).await;
    assert_eq!((answer.status, answer.json()["code"].clone()), (400, json!("ResourceTypeNotSupported")));
    assert!(answer.json().get("error").is_none());

    fake.fault("*", Fault::Answer(503, json!({ "error": { "code": "ServerTimeout" } })));
    assert_eq!(caller.arm(LIST).await.status, 503);
    fake.fault("*", Fault::ErrorInside);
    let answer = caller.arm(LIST).await;
    assert_eq!((answer.status, answer.code().as_str()), (200, "InternalServerError"));
    fake.mend();
    assert_eq!(caller.arm(LIST).await.status, 200);
}

#[tokio::test]
async fn transport_breaks_in_every_way() {
    let fake = with_list();
    let caller = Caller::new(&fake).await;
    let url = format!("{}{LIST}?{VERSION}", fake.arm());
    fake.fault("*", Fault::Truncated);
    let answer = caller.arm(LIST).await;
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_str::<Value>(&answer.text).is_err(), "{}", answer.text);
    fake.fault("*", Fault::Html);
    assert!(caller.arm(LIST).await.text.starts_with("<html>"));
    fake.fault("*", Fault::Closed);
    assert!(caller.get(&url).await.is_err());
    fake.fault("*", Fault::Slow(Duration::from_millis(150)));
    let started = Instant::now();
    assert_eq!(caller.arm(LIST).await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(150));
    fake.fault("*", Fault::Hangs);
    let waited = tokio::time::timeout(Duration::from_millis(200), caller.get(&url)).await;
    assert!(waited.is_err(), "nothing ever comes");
}

#[tokio::test]
async fn links_break_in_every_way() {
    let fake = with_list();
    let caller = Caller::new(&fake).await;
    let first = || format!("{}{LIST}?{VERSION}", fake.arm());
    fake.fault("*", Fault::Pages(2));
    assert_eq!(items(&caller.pages(first()).await), [2, 1]);
    fake.fault("*", Fault::EmptyMiddlePage);
    assert_eq!(items(&caller.pages(first()).await), [1, 0, 2]);
    fake.fault("*", Fault::Loop);
    assert_eq!(caller.pages(first()).await.len(), 10, "there is always a next page");
    assert_eq!(caller.get(&first()).await.unwrap().json()["value"].as_array().unwrap().len(), 3);

    // The client of this test follows where it should not; the fake tells on it.
    fake.fault("*", Fault::ForeignLink);
    let link = caller.get(&first()).await.unwrap().json()["nextLink"].as_str().unwrap().to_owned();
    assert!(!link.starts_with(fake.arm()), "{link}");
    assert!(fake.seen_at(Role::Elsewhere).is_empty());
    caller.get(&link).await.unwrap();
    let there = fake.seen_at(Role::Elsewhere);
    assert_eq!((there.len(), there[0].token.as_deref()), (1, Some(caller.arm.as_str())));
}

// --- what is kept ----------------------------------------------------------------------------------------

#[tokio::test]
async fn every_request_is_kept() {
    let fake = with_list();
    let caller = Caller::new(&fake).await;
    caller.arm(&LIST.to_uppercase()).await;
    caller.query(&json!({ "query": "resources" })).await;
    let seen = fake.seen();
    let kept: Vec<(Role, &str)> = seen.iter().map(|seen| (seen.role, seen.method.as_str())).collect();
    let (post, get) = ("POST", "GET");
    assert_eq!(kept, [(Role::Authority, post), (Role::Authority, post), (Role::Arm, get), (Role::Arm, post)]);
    assert_eq!(seen[2].path, LIST.to_uppercase());
    assert_eq!(seen[2].query["api-version"], "2024-01-01");
    assert_eq!(seen[2].token.as_deref(), Some(caller.arm.as_str()));
    assert_eq!(seen[0].token, None);
    assert_eq!(seen[3].body["query"], "resources");
    assert!(seen.windows(2).all(|two| two[0].at <= two[1].at));
    assert_eq!(fake.counts()[&(Role::Arm, LIST.to_lowercase())], 1);
    assert_eq!(fake.count("*/oauth2/*"), 2);
}

#[tokio::test]
async fn answers_take_the_time_they_are_told_to() {
    let fake = FakeAzure::with(Options { latency: Duration::from_millis(120), ..Options::default() });
    fake.answer("GET", LIST, 200, json!({ "value": [] }));
    let caller = Caller::new(&fake).await;
    let started = Instant::now();
    assert_eq!(caller.arm(LIST).await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(120));
}

#[test]
fn the_environment_leads_the_binary_here() {
    let fake = FakeAzure::start();
    let env: std::collections::BTreeMap<_, _> = fake.env().into_iter().collect();
    assert_eq!(env["FARWATCH_ARM_ENDPOINT"], fake.arm());
    assert_eq!(env["FARWATCH_GRAPH_ENDPOINT"], fake.graph());
    assert_eq!(env["FARWATCH_AZURE_AUTHORITY"], fake.authority());
    assert!(fs::read_to_string(&env["SSL_CERT_FILE"]).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    let origins = BTreeSet::from([fake.authority(), fake.arm(), fake.graph()]);
    assert_eq!(origins.len(), 3, "the origins differ, as the real ones do");
}
