//! How a call ended, from status and error code. Codes are data: `services.yaml` and the read's own `settles`.

use super::Reply;
use crate::model::answer::parse;
use crate::model::plan::Outcome;
use crate::model::provider::{Cloud, Codes};
use crate::model::read::{Read, SettledAs};
use crate::model::text::visible;
use serde_json::Value;

/// Longest detail kept.
const DETAIL: usize = 300;

/// What a reply means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) outcome: Outcome,
    pub(super) code: Option<String>,
    pub(super) detail: Option<String>,
    /// The right that was missing.
    pub(super) action: Option<String>,
}

pub(super) fn classify(reply: &Reply, read: &Read, operation: &str, codes: &Codes) -> Ending {
    let ending = |outcome, code: &str, detail: &str| Ending {
        outcome,
        code: (!code.is_empty()).then(|| visible(code)),
        detail: (!detail.is_empty()).then(|| shorten(detail)),
        action: None,
    };
    if (200..300).contains(&reply.http_status) && reply.broken.is_none() && !has_error_inside(reply, read) {
        return ending(Outcome::Answered, "", "");
    }
    let (code, message) = error_of(reply);
    let is = |list: &[String]| list.contains(&code);
    if let Some(rule) = read.settles.iter().find(|rule| {
        rule.code == code
            && operation == read.operation()
            && rule.message.as_deref().is_none_or(|text| message.contains(text))
    }) {
        let outcome = match rule.outcome {
            SettledAs::Absent => Outcome::Absent,
            SettledAs::NotEnabled => Outcome::NotEnabled,
            SettledAs::Unsupported => Outcome::Unsupported,
        };
        return ending(outcome, &code, &message);
    }
    if is(&codes.throttled) || reply.http_status == 429 {
        return ending(Outcome::Throttled, &code, &message);
    }
    if is(&codes.denied) || (reply.http_status == 403 && (code.is_empty() || read.cloud() == Cloud::Azure)) {
        let action = named_action(&message).or_else(|| Some(needed(read, operation)));
        return Ending { action, ..ending(Outcome::Denied, &code, &message) };
    }
    if is(&codes.region_off) {
        return ending(Outcome::RegionOff, &code, &message);
    }
    if is(&codes.credentials) {
        return ending(Outcome::Failed, &code, &format!("the credentials were refused: {message}"));
    }
    let broken = reply.broken.as_deref().unwrap_or_default();
    let detail = match (broken.is_empty(), message.is_empty()) {
        (false, _) => broken.to_owned(),
        (true, false) => message,
        (true, true) => format!("HTTP {} without an error that can be read", reply.http_status),
    };
    ending(Outcome::Failed, &code, &detail)
}

/// Azure can say 200 with an error inside; its lists and objects have no member `error`.
fn has_error_inside(reply: &Reply, read: &Read) -> bool {
    const NAME: &[u8] = b"\"error\"";
    // Most answers need not be parsed for it.
    read.cloud() == Cloud::Azure
        && reply.body.windows(NAME.len()).any(|bytes| bytes == NAME)
        && parse(&reply.body, None).is_ok_and(|(body, _)| body.get("error").is_some_and(Value::is_object))
}

/// Error code and message of an answer, in every protocol. The retry policy reads them the same way.
pub(super) fn error_of(reply: &Reply) -> (String, String) {
    let body = parse(&reply.body, None).map_or(Value::Null, |(value, _)| value);
    let text = |path: &str| body.pointer(path).and_then(Value::as_str);
    let code = reply
        .header_code
        .as_deref()
        .or_else(|| {
            ["/__type", "/code", "/Code", "/Error/Code", "/Errors/Error/Code", "/Errors/Error/0/Code", "/error/code"]
                .iter()
                .find_map(|path| text(path))
        })
        .unwrap_or_default();
    // `com.amazonaws.kms#NotFoundException`, `ValidationException:http://…`.
    let code = code.rsplit('#').next().unwrap_or(code);
    let code = code.split(':').next().unwrap_or(code).trim();
    let message =
        ["/message", "/Message", "/errorMessage", "/Error/Message", "/Errors/Error/Message", "/error/message"]
            .iter()
            .find_map(|path| text(path))
            .unwrap_or_default();
    (code.to_owned(), message.to_owned())
}

/// "… is not authorized to perform: kms:ListKeys on resource …", "… authorization to perform action
/// 'Microsoft.Network/networkWatchers/read' over scope …"
fn named_action(message: &str) -> Option<String> {
    if let Some((_, rest)) = message.split_once("to perform action '") {
        let action = rest.split('\'').next().unwrap_or_default();
        let fine = |c: char| c.is_ascii_alphanumeric() || "./*".contains(c);
        return (action.contains('/') && action.chars().all(fine)).then(|| action.to_owned());
    }
    let (_, rest) = message.split_once("not authorized to perform: ")?;
    let action: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == ':' || *c == '-').collect();
    let (service, operation) = action.split_once(':')?;
    (!service.is_empty() && !operation.is_empty()).then_some(action.clone())
}

/// The right that an operation of a read needs.
fn needed(read: &Read, operation: &str) -> String {
    match &read.generate {
        Some(generate) if generate.call.ends_with(&format!(":{operation}")) => generate.call.clone(),
        generate => read
            .needs()
            .into_iter()
            .filter(|action| generate.as_ref().is_none_or(|generate| generate.call != *action))
            .collect::<Vec<_>>()
            .join(" and "),
    }
}

fn shorten(text: &str) -> String {
    let text = super::redact::patterns(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let text = visible(&text);
    let mut short: String = text.chars().take(DETAIL).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        let now = jiff::Timestamp::UNIX_EPOCH;
        Reply {
            http_status: status,
            body: body.as_bytes().to_vec(),
            request_id: String::new(),
            header_code: None,
            broken: None,
            started: now,
            finished: now,
            attempts: 1,
        }
    }
    fn codes() -> Codes {
        serde_saphyr::from_str(
            "{ denied: [AccessDenied, AccessDeniedException, UnauthorizedOperation], throttled: [SlowDown], region_off: [AuthFailure], credentials: [ExpiredToken] }",
        )
        .unwrap()
    }
    fn read(yaml: &str) -> Read {
        serde_saphyr::from_str(yaml).unwrap()
    }
    fn of(status: u16, body: &str) -> (Outcome, Option<String>) {
        let read = read(
            "{ read: 's3:GetBucketPolicyStatus', for: x, settles: [{ code: NoSuchBucketPolicy, as: absent, source: s }, { code: AccessDeniedException, message: 'Macie is not enabled', as: not_enabled, source: s }] }",
        );
        let ending = classify(&reply(status, body), &read, "GetBucketPolicyStatus", &codes());
        (ending.outcome, ending.action)
    }

    #[test]
    fn every_protocol_and_outcome() {
        assert_eq!(of(200, "{}").0, Outcome::Answered);
        assert_eq!(of(404, "<Error><Code>NoSuchBucketPolicy</Code></Error>").0, Outcome::Absent);
        assert_eq!(
            of(403, "{\"__type\":\"AccessDeniedException\",\"message\":\"Macie is not enabled.\"}").0,
            Outcome::NotEnabled
        );
        // The same code without the message is a denial: a denied caller must not be told that a service is off.
        assert_eq!(of(403, "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}").0, Outcome::Denied);
        let named = "{\"__type\":\"a.b#AccessDeniedException\",\"message\":\"User: x is not authorized to perform: kms:ListKeys on resource: *\"}";
        assert_eq!(of(400, named), (Outcome::Denied, Some("kms:ListKeys".to_owned())));
        let ec2 = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>m</Message></Error></Errors></Response>";
        assert_eq!(of(403, ec2), (Outcome::Denied, Some("s3:GetBucketPolicyStatus".to_owned())));
        assert_eq!(of(503, "<Error><Code>SlowDown</Code></Error>").0, Outcome::Throttled);
        assert_eq!(
            of(401, "<Response><Errors><Error><Code>AuthFailure</Code></Error></Errors></Response>").0,
            Outcome::RegionOff
        );
        assert_eq!(of(500, "<html><body>Internal").0, Outcome::Failed);
        assert_eq!(of(403, "<html><body>Forbidden</body></html>").0, Outcome::Denied);
        assert_eq!(of(0, "").0, Outcome::Failed);
    }
}
