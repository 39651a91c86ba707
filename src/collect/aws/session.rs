//! Credentials: the ambient chain of `aws-config`, and roles assumed from it.

use super::call::call;
use crate::collect::{Further, Pace, Reply, Request, SessionInfo, Source};
use crate::model::provider::Provider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::tls::{Provider as Tls, rustls_provider::CryptoMode};
use futures::future::BoxFuture;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// How to come into the accounts. Plain data: the command line and files fill it, [`AwsOptions::check`] judges it.
#[derive(Debug, Clone)]
pub struct AwsOptions {
    /// A named profile.
    pub profile: Option<String>,
    /// Roles to assume from the ambient credentials, each an account of its own.
    pub roles: Vec<String>,
    /// Read only the accounts of the roles, not the account of the ambient credentials.
    pub roles_only: bool,
    /// The name (with its path) of one role that is there in each of `accounts`, and in those of the organization.
    pub role_name: Option<String>,
    /// Ids of accounts to read by that role.
    pub accounts: Vec<String>,
    /// Read every active account of the organization by that role.
    pub organization: bool,
    /// The external id that the roles ask for.
    pub external_id: Option<String>,
    /// Name of the role sessions: it stands in the account's own CloudTrail.
    pub session_name: String,
    /// Longest time for one call, retries included.
    pub call_timeout: Duration,
    /// Attempts per call.
    pub attempts: u32,
    /// Requests under way at once.
    pub connections: usize,
}

impl AwsOptions {
    /// Do they fit together?
    ///
    /// # Errors
    /// What does not, and what to do, in the words of the command line.
    pub fn check(&self) -> Result<(), String> {
        let reaches = self.organization || !self.accounts.is_empty();
        if let Some(account) = self.accounts.iter().find(|id| id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(format!("--account {account}: an account id is 12 digits, such as 444455556666"));
        }
        match &self.role_name {
            None if self.organization => {
                return Err("--organization needs --role-name NAME: the role to assume in each account".to_owned());
            }
            None if reaches => {
                return Err("--account needs --role-name NAME: the role to assume in each account".to_owned());
            }
            Some(_) if !reaches => {
                return Err(
                    "--role-name needs --account ID (may be repeated) or --organization: the accounts that have \
                            the role"
                        .to_owned(),
                );
            }
            Some(_) if self.roles_only => {
                return Err("--roles-only and --role-name exclude each other: the role is reached from the ambient \
                            account, which is read as well"
                    .to_owned());
            }
            // IAM API, CreateRole: RoleName [\w+=,.@-]{1,64}; a path may stand before it.
            Some(name)
                if name.is_empty()
                    || name.starts_with('/')
                    || name.ends_with('/')
                    || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c)) =>
            {
                return Err(format!(
                    "--role-name {name:?}: give the name of the role, such as farwatch-audit, with its path if it has \
                     one (audit/farwatch-audit); the ARN is put together from it"
                ));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The one HTTP client: rustls with aws-lc-rs for both clouds.
#[must_use]
pub fn http_client() -> aws_smithy_runtime_api::client::http::SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Tls::Rustls(CryptoMode::AwsLc)).build_https()
}

/// The live cloud.
#[derive(Debug)]
pub struct Aws {
    /// Further ones are opened while it runs.
    sessions: RwLock<Vec<(SessionInfo, SdkConfig)>>,
    /// How many there were at the start.
    starts_with: usize,
    base: SdkConfig,
    region: String,
    options: AwsOptions,
    provider: Provider,
    pace: Pace,
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
            sessions.push((
                SessionInfo { role: None, region: region.clone(), partition: None, refused: None },
                base.clone(),
            ));
        }
        let mut this = Self {
            sessions: RwLock::new(sessions),
            starts_with: 0,
            base,
            region,
            options: options.clone(),
            provider: provider.clone(),
            pace: Pace::new(options.connections),
        };
        for role in &options.roles {
            this.assume(role).await;
        }
        this.starts_with = this.sessions().len();
        this
    }

    /// Prepares a session that assumes a role. Nothing is asked before its first call.
    async fn assume(&self, role: &str) -> (usize, SessionInfo) {
        let mut assume = aws_config::sts::AssumeRoleProvider::builder(role)
            .configure(&self.base)
            .session_name(&self.options.session_name)
            .session_length(Duration::from_hours(1));
        if let Some(id) = &self.options.external_id {
            assume = assume.external_id(id);
        }
        let credentials = assume.build().await;
        let config = self
            .base
            .to_builder()
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
            .identity_cache(aws_config::identity::IdentityCache::lazy().build())
            .build();
        let info =
            SessionInfo { role: Some(role.to_owned()), region: self.region.clone(), partition: None, refused: None };
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        sessions.push((info.clone(), config));
        (sessions.len() - 1, info)
    }
}

impl Source for Aws {
    fn sessions(&self) -> Vec<SessionInfo> {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        sessions.iter().map(|(info, _)| info.clone()).collect()
    }

    fn starts_with(&self) -> usize {
        self.starts_with
    }

    fn further(&self) -> Further {
        Further { accounts: self.options.accounts.clone(), organization: self.options.organization }
    }

    fn open<'a>(&'a self, partition: &'a str, account: &'a str) -> BoxFuture<'a, Option<(usize, SessionInfo)>> {
        Box::pin(async move {
            let name = self.options.role_name.as_deref()?;
            Some(self.assume(&format!("arn:{partition}:iam::{account}:role/{name}")).await)
        })
    }

    fn endpoint(&self) -> Option<String> {
        let config = &self.base;
        let fips = config.use_fips().unwrap_or(false).then(|| "FIPS endpoints".to_owned());
        let dual = config.use_dual_stack().unwrap_or(false).then(|| "dual-stack endpoints".to_owned());
        let custom =
            config.endpoint_url().map(|url| format!("custom endpoint {}", crate::collect::redact::patterns(url)));
        let parts: Vec<String> = [custom, fips, dual].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    fn send<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            let config = {
                let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
                sessions.get(request.session).map(|(_, config)| config.clone())
            };
            match config {
                Some(config) => {
                    let (limit, per_second) = self.provider.limit(&request.read.service, request.operation);
                    let lane = self.pace.lane(request.session, &limit, &request.region, per_second);
                    call(&config, &self.provider, &request, &lane).await
                }
                None => Reply::none("there is no such session"),
            }
        })
    }
}
