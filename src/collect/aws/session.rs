//! Credentials: the ambient chain of `aws-config`, and roles assumed from it.

use super::call::call;
use crate::collect::{Reply, Request, SessionInfo, Source};
use crate::model::provider::Provider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::tls::{Provider as Tls, rustls_provider::CryptoMode};
use futures::future::BoxFuture;
use std::time::Duration;

/// How to come into the accounts.
#[derive(Debug, Clone)]
pub struct AwsOptions {
    /// A named profile.
    pub profile: Option<String>,
    /// Roles to assume from the ambient credentials, each an account of its own.
    pub roles: Vec<String>,
    /// Read only the accounts of the roles, not the account of the ambient credentials.
    pub roles_only: bool,
    /// The external id that the roles ask for.
    pub external_id: Option<String>,
    /// Name of the role sessions: it stands in the account's own CloudTrail.
    pub session_name: String,
    /// Longest time for one call, retries included.
    pub call_timeout: Duration,
    /// Attempts per call.
    pub attempts: u32,
}

/// The one HTTP client: rustls with aws-lc-rs for both clouds.
#[must_use]
pub fn http_client() -> aws_smithy_runtime_api::client::http::SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Tls::Rustls(CryptoMode::AwsLc)).build_https()
}

/// The live cloud.
#[derive(Debug)]
pub struct Aws {
    sessions: Vec<(SessionInfo, SdkConfig)>,
    provider: Provider,
}

impl Aws {
    /// Loads the credentials chain and prepares the roles. Nothing is asked yet.
    pub async fn new(options: &AwsOptions, provider: &Provider) -> Self {
        let http = http_client();
        let timeouts = aws_config::timeout::TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5).min(options.call_timeout))
            .operation_attempt_timeout(Duration::from_secs(30).min(options.call_timeout))
            .operation_timeout(options.call_timeout)
            .build();
        let retries = aws_config::retry::RetryConfig::standard()
            .with_max_attempts(options.attempts)
            .with_initial_backoff(Duration::from_millis(500))
            .with_max_backoff(Duration::from_secs(20));
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .timeout_config(timeouts)
            .retry_config(retries);
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        let base = loader.load().await;
        // A region is needed to ask who we are; accounts of other partitions name theirs (AWS_REGION, profile).
        let region = base.region().map_or_else(|| "us-east-1".to_owned(), ToString::to_string);
        let base = base.into_builder().region(Region::new(region.clone())).build();
        let mut sessions = Vec::new();
        if !options.roles_only || options.roles.is_empty() {
            sessions.push((SessionInfo { role: None, region: region.clone() }, base.clone()));
        }
        for role in &options.roles {
            let mut assume = aws_config::sts::AssumeRoleProvider::builder(role)
                .configure(&base)
                .session_name(&options.session_name)
                .session_length(Duration::from_hours(1));
            if let Some(id) = &options.external_id {
                assume = assume.external_id(id);
            }
            let credentials = assume.build().await;
            let config = base
                .to_builder()
                .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
                .identity_cache(aws_config::identity::IdentityCache::lazy().build())
                .build();
            sessions.push((SessionInfo { role: Some(role.clone()), region: region.clone() }, config));
        }
        Self { sessions, provider: provider.clone() }
    }
}

impl Source for Aws {
    fn sessions(&self) -> Vec<SessionInfo> {
        self.sessions.iter().map(|(info, _)| info.clone()).collect()
    }

    fn endpoint(&self) -> Option<String> {
        let (_, config) = self.sessions.first()?;
        let fips = config.use_fips().unwrap_or(false).then(|| "FIPS endpoints".to_owned());
        let dual = config.use_dual_stack().unwrap_or(false).then(|| "dual-stack endpoints".to_owned());
        let custom =
            config.endpoint_url().map(|url| format!("custom endpoint {}", crate::collect::redact::patterns(url)));
        let parts: Vec<String> = [custom, fips, dual].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    fn send<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            match self.sessions.get(request.session) {
                Some((_, config)) => call(config, &self.provider, &request).await,
                None => Reply {
                    http_status: 0,
                    body: Vec::new(),
                    request_id: String::new(),
                    header_code: None,
                    broken: Some("there is no such session".to_owned()),
                    started: jiff::Timestamp::now(),
                    finished: jiff::Timestamp::now(),
                    attempts: 0,
                },
            }
        })
    }
}
