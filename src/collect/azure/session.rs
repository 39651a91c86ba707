//! One identity of one tenant, and the two pipelines it asks through.

use super::call::{self, Paced};
use super::credential::{self, Credential};
use crate::collect::{Pace, Reply, Request, SessionInfo, Source};
use crate::model::provider::{AzureCloud, AzureHost, AzureProvider};
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::TokenCredential;
use azure_core::http::policies::Policy;
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, Pipeline, RetryOptions, Transport, Url};
use azure_core::time::Duration as AzureDuration;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// How to come into a tenant. Plain data: the command line fills it.
#[derive(Clone)]
pub struct AzureOptions {
    /// `azure-public`, `azure-government`, `azure-dod`.
    pub cloud: String,
    /// How to sign in.
    pub credential: Credential,
    /// The tenant's id.
    pub tenant: Option<String>,
    /// The application (client) id.
    pub client_id: Option<String>,
    /// A certificate and its key.
    pub certificate: Option<Pem>,
    /// The application's secret. It is never printed or kept.
    pub secret: Option<String>,
    /// Certificate authorities to trust besides those of the machine.
    pub ca_bundle: Option<Pem>,
    /// Addresses in place of the cloud's own.
    pub endpoints: Endpoints,
    /// Longest time for one call, retries included.
    pub call_timeout: Duration,
    /// Requests under way at once.
    pub connections: usize,
}

impl std::fmt::Debug for AzureOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} by {}", self.cloud, self.credential.word())
    }
}

/// A PEM file that was read.
#[derive(Clone)]
pub struct Pem {
    /// Its path, for messages.
    pub path: String,
    /// What it holds. It is never printed.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Pem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.path)
    }
}

/// See [`AzureOptions::endpoints`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Where tokens come from.
    pub authority: Option<String>,
    /// Azure Resource Manager.
    pub arm: Option<String>,
    /// Microsoft Graph.
    pub graph: Option<String>,
}

/// Retries of one call: three.
const RETRIES: u32 = 3;

/// A tenant, live.
#[derive(Debug)]
pub struct Azure {
    options: AzureOptions,
    provider: AzureProvider,
    credential: Arc<dyn TokenCredential>,
    arm: (Url, Pipeline),
    graph: (Url, Pipeline),
    pace: Pace,
}

impl Azure {
    /// Prepares the identity and its connections. Nothing is asked yet.
    ///
    /// # Errors
    /// What does not fit, and what to do, in the words of the command line.
    pub fn new(options: &AzureOptions, provider: &AzureProvider) -> Result<Self, String> {
        let cloud = provider.clouds.get(&options.cloud).ok_or_else(|| {
            let known: Vec<&str> = provider.clouds.keys().map(String::as_str).collect();
            format!("--azure-cloud {}: there is no such cloud; there are {}", options.cloud, known.join(", "))
        })?;
        let own = &options.endpoints;
        let cloud = AzureCloud {
            authority: own.authority.clone().unwrap_or_else(|| cloud.authority.clone()),
            arm: own.arm.clone().unwrap_or_else(|| cloud.arm.clone()),
            graph: own.graph.clone().unwrap_or_else(|| cloud.graph.clone()),
            source: String::new(),
        };
        let authority = base(&cloud.authority, "--azure-authority")?;
        let (arm, graph) = (base(&cloud.arm, "--arm-endpoint")?, base(&cloud.graph, "--graph-endpoint")?);
        let transport = Transport::new(Arc::new(client(options)?));
        let mut custom = CustomConfiguration::default();
        custom.authority_host = authority.to_string();
        let client_options = ClientOptions {
            cloud: Some(Arc::new(CloudConfiguration::from(custom))),
            transport: Some(transport),
            retry: RetryOptions::exponential(ExponentialRetryOptions {
                initial_delay: AzureDuration::milliseconds(500),
                max_retries: RETRIES,
                max_total_elapsed: AzureDuration::seconds(60),
                max_delay: AzureDuration::seconds(20),
            }),
            ..ClientOptions::default()
        };
        let credential = credential::make(options, authority.as_str(), client_options.clone())?;
        let pipeline = |at: &Url| {
            let scope = format!("{}.default", at.as_str());
            let bearer = BearerTokenAuthorizationPolicy::new(Arc::clone(&credential), [scope]);
            let policies: Vec<Arc<dyn Policy>> = vec![Arc::new(Paced), Arc::new(bearer)];
            let (name, version) = (Some("farwatch"), option_env!("CARGO_PKG_VERSION"));
            Pipeline::new(name, version, client_options.clone(), vec![], policies, None)
        };
        let (arm, graph) = ((arm.clone(), pipeline(&arm)), (graph.clone(), pipeline(&graph)));
        Ok(Self {
            options: options.clone(),
            provider: provider.clone(),
            credential,
            arm,
            graph,
            pace: Pace::new(options.connections),
        })
    }
}

/// The address of a service. Tokens travel over TLS or not at all.
fn base(text: &str, option: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{option} {text}: {error}"))?;
    if url.scheme() != "https" {
        return Err(format!("{option} {text}: only https is used, since tokens would travel in the open"));
    }
    Ok(url)
}

/// The HTTP client: no redirects, the certificate authorities of the machine (or `SSL_CERT_FILE`) and those of a bundle.
fn client(options: &AzureOptions) -> Result<reqwest::Client, String> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5).min(options.call_timeout))
        .timeout(Duration::from_secs(30).min(options.call_timeout));
    if let Some(pem) = &options.ca_bundle {
        let wrong = |what: String| format!("--ca-bundle {}: {what}", pem.path);
        let more = reqwest::Certificate::from_pem_bundle(&pem.bytes).map_err(|error| wrong(error.to_string()))?;
        if more.is_empty() {
            return Err(wrong("there is no certificate in it".to_owned()));
        }
        builder = builder.tls_certs_merge(more);
    }
    builder.build().map_err(|error| format!("the HTTP client cannot be made: {error}"))
}

impl Source for Azure {
    fn sessions(&self) -> Vec<SessionInfo> {
        let partition = Some(self.options.cloud.clone());
        vec![SessionInfo { role: None, region: "global".to_owned(), partition, refused: None }]
    }

    fn endpoint(&self) -> Option<String> {
        let own = &self.options.endpoints;
        let named =
            [&own.authority, &own.arm, &own.graph].into_iter().flatten().map(|url| format!("custom endpoint {url}"));
        let parts: Vec<String> = named.collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    fn send<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            let name = request.read.service.as_str();
            let Some(service) = self.provider.services.get(name) else {
                return Reply::none(&format!("the service {name} is not declared"));
            };
            let (base, pipeline) = match service.at {
                AzureHost::Token => {
                    return call::claims(self.credential.as_ref(), &self.arm.0, self.options.credential).await;
                }
                AzureHost::Arm => &self.arm,
                AzureHost::Graph => &self.graph,
            };
            let of_host = self.provider.per_second.get(&service.at).copied().unwrap_or(1.0);
            let lane_name = if service.per_second.is_some() { name } else { base.as_str() };
            let per_second = service.per_second.unwrap_or(of_host);
            let lane = self.pace.lane(request.session, lane_name, &request.call.account, per_second);
            call::call(pipeline, base, &request, &lane, self.options.call_timeout).await
        })
    }
}
