//! The generic call: a declared read becomes a request, and whatever comes back a reply.

use super::credential::Credential;
use crate::collect::{Lane, Reply, Request, Turn};
use crate::model::plan::ParamValue;
use crate::model::template::scalar_text;
use azure_core::credentials::TokenCredential;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Method, Pipeline, PipelineSendOptions, Request as HttpRequest, Url};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Unreserved characters of RFC 3986 stay; everything else is encoded.
const ENCODE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What happens in one call, seen from inside its attempts.
#[derive(Debug)]
struct Attempts {
    lane: Arc<Lane>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    first: Option<Turn>,
    made: u32,
    /// The status of the last answer.
    status: u16,
}

/// Sends when the lane lets it: the first attempt by a turn that it got before the clock of the call began to run, every
/// retry by a turn of its own.
#[derive(Debug)]
pub(super) struct Paced;

#[async_trait::async_trait]
impl Policy for Paced {
    async fn send(&self, context: &Context, request: &mut HttpRequest, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let attempts = context.value::<Arc<Attempts>>().cloned();
        let turn = match &attempts {
            Some(attempts) => {
                let first = {
                    let mut state = attempts.state.lock().unwrap_or_else(PoisonError::into_inner);
                    state.made += 1;
                    state.first.take()
                };
                Some(match first {
                    Some(turn) => turn,
                    None => attempts.lane.turn().await,
                })
            }
            None => None,
        };
        let (policy, rest) = next.split_first().ok_or_else(|| {
            azure_core::Error::with_message(azure_core::error::ErrorKind::Other, "no transport".to_owned())
        })?;
        let answer = policy.send(context, request, rest).await;
        drop(turn);
        if let (Some(attempts), Ok(answer)) = (attempts, &answer) {
            attempts.state.lock().unwrap_or_else(PoisonError::into_inner).status = u16::from(answer.status());
        }
        answer
    }
}

/// Makes one call, retries included. What went wrong is in the reply.
pub(super) async fn call(
    pipeline: &Pipeline,
    base: &Url,
    request: &Request<'_>,
    lane: &Arc<Lane>,
    limit: Duration,
) -> Reply {
    let (method, url, body) = match address(base, request) {
        Ok(made) => made,
        Err(why) => return Reply::none(&why),
    };
    let first = Some(lane.turn().await);
    let started = jiff::Timestamp::now();
    let state = Mutex::new(State { first, ..State::default() });
    let attempts = Arc::new(Attempts { lane: Arc::clone(lane), state });
    let context = Context::new().with_value(Arc::clone(&attempts));
    let mut http = HttpRequest::new(url, method);
    http.insert_header("accept", "application/json");
    if let Some(body) = body {
        http.insert_header("content-type", "application/json");
        http.set_body(body.to_string());
    }
    let options = PipelineSendOptions { skip_checks: true, ..PipelineSendOptions::default() };
    let answer = tokio::time::timeout(limit, pipeline.send(&context, &mut http, Some(options))).await;
    let (made, last) = {
        let state = attempts.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.made.max(1), state.status)
    };
    let mut reply = Reply { started, attempts: made, ..Reply::none("") };
    match answer {
        Ok(Ok(answer)) => {
            let header = |name: &'static str| answer.headers().get_optional_string(&name.into());
            reply.http_status = u16::from(answer.status());
            reply.request_id = header("x-ms-request-id").or_else(|| header("request-id")).unwrap_or_default();
            reply.body = answer.body().as_ref().to_vec();
            reply.broken = None;
        }
        Ok(Err(error)) => reply.broken = Some(no_answer(&error)),
        // A time-out after a throttled attempt is throttling; after anything else it is no answer.
        Err(_) if last == 429 => {
            reply.http_status = last;
            reply.broken = None;
        }
        Err(_) => reply.broken = Some("no answer within the time for one call (--call-timeout)".to_owned()),
    }
    reply
}

/// Method, address and body of a call.
fn address(base: &Url, request: &Request<'_>) -> Result<(Method, Url, Option<Value>), String> {
    let read = request.read;
    let pattern = read.http.as_deref().unwrap_or("GET /");
    let (method, target) = pattern.split_once(' ').unwrap_or(("GET", pattern));
    let posts = method == "POST";
    let pages = read.pages.as_ref();
    let link = pages.filter(|pages| pages.request.is_empty()).and(request.token.as_ref());
    if let Some(link) = link {
        let text = link.as_str().ok_or("the address of the next page is no text")?;
        let url = Url::parse(text).map_err(|_| "the address of the next page is no address".to_owned())?;
        // A token goes to the service it is for, and nowhere else.
        if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
            let host = url.host_str().unwrap_or_default();
            return Err(format!("the next page is said to be at another address ({host}): it was not asked"));
        }
        return Ok((Method::Get, url, None));
    }
    let mut params: Map<String, Value> =
        request.call.params.iter().map(|(name, ParamValue(value))| (name.clone(), value.clone())).collect();
    let mut path = target.to_owned();
    for name in params.keys().cloned().collect::<Vec<_>>() {
        let place = format!("{{{name}}}");
        if path.contains(&place) {
            let value = params.remove(&name).and_then(|value| scalar_text(&value)).unwrap_or_default();
            path = path.replace(&place, &segments(&value)?);
        }
    }
    let path = path.replace("//", "/");
    let mut url = base.join(path.trim_start_matches('/')).map_err(|error| format!("{path}: {error}"))?;
    let version = params.remove("api-version");
    if let Some(version) = version.as_ref().and_then(Value::as_str) {
        url.query_pairs_mut().append_pair("api-version", version);
    }
    if let (Some(pages), Some(token)) = (pages, &request.token) {
        put(&mut params, &pages.request, token.clone());
    }
    for (name, value) in pages.iter().flat_map(|pages| &pages.size) {
        put(&mut params, name, value.clone());
    }
    if posts {
        return Ok((Method::Post, url, Some(Value::Object(params))));
    }
    for (name, value) in &params {
        url.query_pairs_mut().append_pair(name, &scalar_text(value).unwrap_or_else(|| value.to_string()));
    }
    Ok((Method::Get, url, None))
}

/// An id or a name in a path: its slashes stay, everything else is encoded, and no part leads upwards.
fn segments(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('/').collect();
    if parts.iter().any(|part| matches!(*part, "." | "..")) {
        return Err(format!("{text:?} is no id that can be asked for"));
    }
    Ok(parts.iter().map(|part| utf8_percent_encode(part, ENCODE).to_string()).collect::<Vec<_>>().join("/"))
}

/// Sets `options.$top`: a member deeper in a body.
fn put(params: &mut Map<String, Value>, name: &str, value: Value) {
    match name.split_once('.') {
        None => drop(params.insert(name.to_owned(), value)),
        Some((outer, inner)) => {
            let entry = params.entry(outer.to_owned()).or_insert_with(|| json!({}));
            if let Value::Object(members) = entry {
                put(members, inner, value);
            }
        }
    }
}

/// Five claims of our own token. Nothing else of it is kept, and it is not checked: it is ours, and the service checks it.
pub(super) async fn claims(credential: &dyn TokenCredential, arm: &Url, how: Credential) -> Reply {
    let started = jiff::Timestamp::now();
    let scope = format!("{}.default", arm.as_str());
    let token = match credential.get_token(&[scope.as_str()], None).await {
        Ok(token) => token,
        Err(error) => return Reply { started, attempts: 1, ..Reply::none(&no_answer(&error)) },
    };
    let claims = token
        .token
        .secret()
        .split('.')
        .nth(1)
        .and_then(|part| BASE64.decode(part.trim_end_matches('=')).ok())
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let Some(claims) = claims else {
        return Reply {
            started,
            attempts: 1,
            ..Reply::none("the access token cannot be read, so nobody knows whose it is")
        };
    };
    let text =
        |names: &[&str]| names.iter().find_map(|name| claims.get(*name)?.as_str()).unwrap_or_default().to_owned();
    let user = !text(&["upn", "unique_name", "preferred_username"]).is_empty();
    let kept = json!({
        "tid": text(&["tid"]),
        "oid": text(&["oid"]),
        "kind": if user { "user" } else { "application" },
        "name": if user { text(&["upn", "unique_name", "preferred_username"]) } else { text(&["app_displayname", "appid", "azp"]) },
        "appid": text(&["appid", "azp"]),
        "credential": how.word(),
    });
    Reply {
        http_status: 200,
        body: kept.to_string().into_bytes(),
        broken: None,
        started,
        finished: jiff::Timestamp::now(),
        attempts: 1,
        ..Reply::none("")
    }
}

/// Why nothing answered, in words without type names or traces.
fn no_answer(error: &azure_core::Error) -> String {
    use azure_core::error::ErrorKind;
    use std::error::Error as _;
    let kind = match error.kind() {
        ErrorKind::Credential => "no token",
        ErrorKind::Connection => "the connection failed",
        _ => "no answer",
    };
    // The last cause says it best: "invalid peer certificate: UnknownIssuer".
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let (whole, last) = (error.to_string(), cause.to_string());
    let text = if error.source().is_some() && !whole.contains(&last) { format!("{whole}: {last}") } else { whole };
    let text = text.split("\nTo troubleshoot").next().unwrap_or_default();
    format!("{kind}: {text}")
}
