//! The generic signed call.

use super::wire::{Call, Wire, wire};
use crate::collect::classify::error_of;
use crate::collect::{Lane, Reply, Request, Turn};
use crate::model::provider::{Provider, Service};
use aws_config::{Region, SdkConfig};
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{FinalizerInterceptorContextRef, InterceptorContext};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use std::sync::{Arc, Mutex, PoisonError};

/// An answer that is not a success.
#[derive(Debug)]
struct Refused {
    status: u16,
    code: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HTTP {} {}", self.status, self.code)
    }
}

impl std::error::Error for Refused {}

/// Retries by error code, whatever the protocol; the SDK's own lists of codes.
#[derive(Debug)]
struct ByCode;

impl ClassifyRetry for ByCode {
    fn name(&self) -> &'static str {
        "error code"
    }
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        let refused = error.as_operation_error().and_then(|error| error.downcast_ref::<Refused>());
        match refused {
            Some(refused) if THROTTLING_ERRORS.contains(&refused.code.as_str()) || refused.status == 429 => {
                RetryAction::throttling_error()
            }
            Some(refused)
                if TRANSIENT_ERRORS.contains(&refused.code.as_str())
                    || matches!(refused.status, 500 | 502 | 503 | 504) =>
            {
                RetryAction::transient_error()
            }
            _ => RetryAction::NoActionIndicated,
        }
    }
}

/// The last attempt's answer, kept also when a later attempt meets the time-out.
#[derive(Debug, Default, Clone)]
struct Last {
    attempts: u32,
    status: u16,
    body: Vec<u8>,
    request_id: String,
    header_code: Option<String>,
}

/// Sees every attempt: success, refusal, and no answer at all. It reads no request headers.
#[derive(Debug, Clone)]
struct Capture(Arc<Mutex<Last>>);

impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "evidence"
    }
    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.attempts += 1;
        if let Some(response) = context.response() {
            let header = |name: &str| response.headers().get(name).map(str::to_owned);
            last.status = response.status().as_u16();
            last.body = response.body().bytes().map(<[u8]>::to_vec).unwrap_or_default();
            last.request_id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id")).unwrap_or_default();
            last.header_code = header("x-amzn-errortype");
        }
        Ok(())
    }
}

/// Sends when the lane lets it: the first attempt by a turn that it got before the clock of the call began to run, every
/// retry by a turn of its own.
#[derive(Debug)]
struct Paced {
    inner: SharedHttpConnector,
    lane: Arc<Lane>,
    first: Arc<Mutex<Option<Turn>>>,
}

impl HttpConnector for Paced {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, lane) = (self.inner.clone(), Arc::clone(&self.lane));
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        HttpConnectorFuture::new(async move {
            let turn = match first {
                Some(turn) => turn,
                None => lane.turn().await,
            };
            let answer = inner.call(request).await;
            drop(turn);
            answer
        })
    }
}

/// Makes one call, retries included. What went wrong is in the reply.
pub(super) async fn call(config: &SdkConfig, provider: &Provider, request: &Request<'_>, lane: &Arc<Lane>) -> Reply {
    let turn = lane.turn().await;
    let started = jiff::Timestamp::now();
    let last = Arc::new(Mutex::new(Last::default()));
    let outcome = send(config, provider, request, &last, (lane, turn)).await;
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let broken = match outcome {
        Ok(()) => None,
        Err(what) => {
            // A time-out after a throttled attempt is throttling; after anything else it is no answer.
            let code = error_of(&reply(&last, started, None)).0;
            if last.status >= 400 && THROTTLING_ERRORS.contains(&code.as_str()) {
                None
            } else {
                last.status = 0;
                Some(what)
            }
        }
    };
    reply(&last, started, broken)
}

fn reply(last: &Last, started: jiff::Timestamp, broken: Option<String>) -> Reply {
    Reply {
        http_status: last.status,
        body: if broken.is_some() { Vec::new() } else { last.body.clone() },
        request_id: last.request_id.clone(),
        header_code: last.header_code.clone(),
        broken,
        started,
        finished: jiff::Timestamp::now(),
        attempts: last.attempts.max(1),
    }
}

async fn send(
    config: &SdkConfig,
    provider: &Provider,
    request: &Request<'_>,
    last: &Arc<Mutex<Last>>,
    (lane, turn): (&Arc<Lane>, Turn),
) -> Result<(), String> {
    let (fips, dual) = (config.use_fips().unwrap_or(false), config.use_dual_stack().unwrap_or(false));
    let made = make(provider, request, config.endpoint_url(), fips, dual)?;
    let service = made.service;
    let mut layer = Layer::new("farwatch");
    let mut signing = SigningOptions::default();
    if service.bucket_in_host || service.signing_name.as_deref() == Some("s3") {
        // S3 signs the path as it stands and wants the digest of the body in a header (S3 API, "Signature
        // calculations for the Authorization header").
        signing.double_uri_encode = false;
        signing.normalize_uri_path = false;
        signing.content_sha256_header = true;
    }
    layer.store_put(SigV4OperationSigningConfig {
        region: Some(SigningRegion::from(Region::new(request.region.clone()))),
        name: Some(SigningName::from(made.signing_name.to_owned())),
        signing_options: signing,
        ..Default::default()
    });
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    let credentials = config.credentials_provider().ok_or("no credentials")?;
    let components = RuntimeComponentsBuilder::new("farwatch")
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
        .with_identity_cache(config.identity_cache())
        .with_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(credentials));
    let (client, lane) = (config.http_client().ok_or("no HTTP client")?, Arc::clone(lane));
    let first = Arc::new(Mutex::new(Some(turn)));
    let paced = http_client_fn(move |settings, components| {
        let inner = client.http_connector(settings, components);
        SharedHttpConnector::new(Paced { inner, lane: Arc::clone(&lane), first: Arc::clone(&first) })
    });
    let mut builder = Operation::builder()
        .service_name(request.read.service.clone())
        .operation_name(request.operation.to_owned())
        .endpoint_url(&made.endpoint)
        .behavior_version(aws_config::BehaviorVersion::latest())
        .http_client(paced)
        .time_source(config.time_source().ok_or("no clock")?)
        .sleep_impl(config.sleep_impl().ok_or("no timer")?)
        .retry_classifier(ByCode)
        .interceptor(Capture(Arc::clone(last)))
        .runtime_plugin(StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components));
    if let Some(retries) = config.retry_config() {
        builder = builder.standard_retry(retries);
    }
    if let Some(timeouts) = config.timeout_config() {
        builder = builder.timeout_config(timeouts.clone());
    }
    let wire = made.wire;
    let operation = builder
        .serializer(move |(): ()| {
            let mut http = HttpRequest::new(SdkBody::from(wire.body.clone()));
            http.set_method(&wire.method)?;
            http.set_uri(wire.target.clone())?;
            for (name, value) in &wire.headers {
                http.headers_mut().try_insert(name.clone(), value.clone())?;
            }
            if wire.method != "GET" {
                http.headers_mut().try_insert("content-length", wire.body.len().to_string())?;
            }
            Ok(http)
        })
        .deserializer::<_, Refused>(|response| {
            if response.status().is_success() {
                return Ok(());
            }
            let now = jiff::Timestamp::UNIX_EPOCH;
            let seen = Last {
                status: response.status().as_u16(),
                body: response.body().bytes().map(<[u8]>::to_vec).unwrap_or_default(),
                header_code: response.headers().get("x-amzn-errortype").map(str::to_owned),
                ..Last::default()
            };
            let code = error_of(&reply(&seen, now, None)).0;
            Err(OrchestratorError::operation(Refused { status: seen.status, code }))
        })
        .build();
    match operation.invoke(()).await {
        Ok(()) | Err(SdkError::ServiceError(_)) => Ok(()),
        Err(error) => Err(no_answer(&error)),
    }
}

/// A call as it goes out, but for its signature.
struct Made<'a> {
    service: &'a Service,
    endpoint: String,
    signing_name: &'a str,
    wire: Wire,
}

fn make<'a>(
    provider: &'a Provider,
    request: &Request<'a>,
    custom: Option<&str>,
    fips: bool,
    dual: bool,
) -> Result<Made<'a>, String> {
    let name = request.read.service.as_str();
    let service = provider.services.get(name).ok_or_else(|| format!("the service {name} is not declared"))?;
    let partition = provider
        .partitions
        .iter()
        .find(|(_, partition)| partition.default_regions.contains(&request.region))
        .or_else(|| provider.partitions.iter().find(|(name, _)| request.region.starts_with(prefix_of(name))))
        .or_else(|| provider.partitions.iter().find(|(name, _)| name.as_str() == "aws"))
        .ok_or_else(|| format!("no partition has the region {}", request.region))?;
    let wire = wire(
        &Call {
            read: request.read,
            operation: request.operation,
            account: &request.call.account,
            params: &request.call.params,
            token: request.token.as_ref(),
            custom_endpoint: custom.is_some(),
        },
        service,
    );
    let endpoint = if let Some(url) = custom {
        url.trim_end_matches('/').to_owned()
    } else {
        let place = (partition.0.as_str(), partition.1);
        format!("https://{}{}", wire.host_prefix, service.host_name(name, place, &request.region, fips, dual))
    };
    Ok(Made { service, endpoint, signing_name: service.signing_name.as_deref().unwrap_or(name), wire })
}

/// A call as it would be sent to the provider's own ordinary address; see [`request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// `GET` or `POST`.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// The headers that say what is asked; those of the signature and of the client are put on later.
    pub headers: Vec<(String, String)>,
    /// The body; empty where there is none.
    pub body: String,
    /// The service in the scope of the signature.
    pub signing_name: String,
    /// The region in the scope of the signature.
    pub signing_region: String,
}

/// What a call would send, without sending it: what a live run sends is put together by the same code.
///
/// # Errors
/// Names a service or a region that is not declared.
pub fn request(provider: &Provider, request: &Request<'_>) -> Result<Outgoing, String> {
    let made = make(provider, request, None, false, false)?;
    Ok(Outgoing {
        method: made.wire.method,
        url: format!("{}{}", made.endpoint, made.wire.target),
        headers: made.wire.headers,
        body: made.wire.body,
        signing_name: made.signing_name.to_owned(),
        signing_region: request.region.clone(),
    })
}

/// `us-gov-`, `cn-`: how regions of other partitions begin.
fn prefix_of(partition: &str) -> &str {
    match partition {
        "aws-us-gov" => "us-gov-",
        "aws-cn" => "cn-",
        _ => "\u{0}",
    }
}

/// Why nothing answered, in words without type names.
fn no_answer(error: &SdkError<Refused, aws_smithy_runtime_api::client::orchestrator::HttpResponse>) -> String {
    let kind = match error {
        SdkError::TimeoutError(_) => return "no answer within the time for one call (--call-timeout)".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            return "no answer within the time for one attempt".to_owned();
        }
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_user() => "the connection failed",
        SdkError::DispatchFailure(_) => "the request could not be sent",
        SdkError::ConstructionFailure(_) => "the request could not be put together",
        _ => "the answer broke off",
    };
    // The last cause says it best: "connection refused", "no credentials in …".
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    format!("{kind}: {cause}")
}
