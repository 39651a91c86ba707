//! Secrets leave the bytes before they touch the disk: declared places by the read, and patterns everywhere.

use crate::model::answer::names_once;
use crate::model::path::{Of, WirePath};
use crate::model::read::Redaction;
use regex::bytes::Regex;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::LazyLock;

/// What stands in a secret's place.
const MARK: &str = "[redacted]";

/// The body has declared redactions and could not be read: it must be dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer may hold a secret and could not be read, so it was not kept")]
pub struct RedactError;

/// Values that are secret wherever they stand: signatures and tokens in URLs, session tokens, secret keys next to
/// their names, private keys.
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"(?i)(?P<keep>[?&;](?:amp;)?(?:x-amz-signature|x-amz-security-token|x-amz-credential|signature|sig|token|access_token|code)=)[^&\s\x22'<>\\]+",
        r#"(?i)(?P<keep>"?(?:secret_?access_?key|session_?token|client_?secret|account_?key|password|api_?key)"?\s*[:=]\s*"?)[A-Za-z0-9+/=_.~%-]{12,}"#,
        r"(?P<keep><(?:SecretAccessKey|SessionToken|ClientSecret)>)[^<]+",
        r"(?P<keep>-----BEGIN [A-Z ]*PRIVATE KEY-----)[^-]+",
        r"(?P<keep>hooks\.slack\.com/services/)[A-Za-z0-9/_-]+",
        // Subscriptions of a topic: the path of the URL often is the key to what listens there.
        r"(?P<keep><Endpoint>\s*https?://[^/<\s]+/)[^<]+",
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok())
    .collect()
});

/// Removes by pattern from a text.
#[must_use]
pub(crate) fn patterns(text: &str) -> String {
    String::from_utf8_lossy(&by_pattern(text.as_bytes())).into_owned()
}

/// Removes by pattern. A body that is not UTF-8 may hold a secret like any other.
fn by_pattern(body: &[u8]) -> Cow<'_, [u8]> {
    let mut body = Cow::Borrowed(body);
    for pattern in PATTERNS.iter() {
        if let Cow::Owned(changed) = pattern.replace_all(&body, format!("${{keep}}{MARK}").as_bytes()) {
            body = Cow::Owned(changed);
        }
    }
    body
}

/// The body as it may be stored, and the places that were removed.
///
/// # Errors
/// [`RedactError`] when the read declares places and the body cannot be read.
pub fn redact(body: Vec<u8>, places: &[Redaction]) -> Result<(Vec<u8>, Vec<String>), RedactError> {
    let mut removed = Vec::new();
    let mut body = body;
    if !places.is_empty() {
        // Declared places are of JSON services; an XML one would need its own writer, and says so by being dropped.
        let mut value: Value = serde_json::from_slice(&body).map_err(|_| RedactError)?;
        // Of a name that stands twice, only the later one would be seen here.
        if !names_once(&body, &value) {
            return Err(RedactError);
        }
        for place in places {
            let but: Vec<&[Step]> = place.but.iter().map(WirePath::steps).collect();
            if blot(&mut value, place.at.steps(), &but) {
                removed.push(place.at.source().to_owned());
            }
        }
        if !removed.is_empty() {
            body = value.to_string().into_bytes();
        }
    }
    if let Cow::Owned(clean) = by_pattern(&body)
        && clean != body
    {
        removed.push("(by pattern)".to_owned());
        body = clean;
    }
    Ok((body, removed))
}

/// A name, and what is meant of the value there.
type Step = (String, Of);

/// Lists are gone through wherever they stand: what is declared as a list and comes as one thing, or the other way
/// round, is no less secret.
fn blot(value: &mut Value, steps: &[Step], but: &[&[Step]]) -> bool {
    match (steps.split_first(), value) {
        (_, Value::Null) => false,
        (None, value) if but.is_empty() => {
            *value = MARK.into();
            true
        }
        (None, value) => blot_but(value, but),
        (Some(_), Value::Array(items)) => items.iter_mut().fold(false, |any, item| blot(item, steps, but) | any),
        (Some(((_, Of::Members), rest)), Value::Object(map)) => {
            map.values_mut().fold(false, |any, inner| blot(inner, rest, but) | any)
        }
        (Some(((name, _), rest)), value) => value.get_mut(name).is_some_and(|inner| blot(inner, rest, but)),
    }
}

/// Everything goes but the texts at these paths. Names stay: they say where something was removed.
fn blot_but(value: &mut Value, but: &[&[Step]]) -> bool {
    match value {
        Value::Null => false,
        Value::String(_) if but.iter().any(|path| path.is_empty()) => false,
        Value::Array(items) if !but.is_empty() => {
            let inside: Vec<&[Step]> = but.iter().copied().filter(|path| !path.is_empty()).collect();
            items.iter_mut().fold(false, |any, item| blot_but(item, &inside) | any)
        }
        Value::Object(map) if !but.is_empty() => map.iter_mut().fold(false, |any, (name, inner)| {
            let leads = but.iter().filter_map(|path| path.split_first());
            let inside: Vec<&[Step]> =
                leads.filter(|((step, of), _)| *of == Of::Members || step == name).map(|(_, rest)| rest).collect();
            blot_but(inner, &inside) | any
        }),
        value => {
            *value = MARK.into();
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(path: &str) -> Redaction {
        Redaction { at: WirePath::parse(path), but: Vec::new() }
    }

    #[test]
    fn what_stays_is_named_and_is_text() {
        let place = [Redaction {
            at: WirePath::parse("value[].parameters"),
            but: ["$connections.value.*.connectionId", "states[].state"].map(WirePath::parse).to_vec(),
        }];
        let kept = |parameters: Value| {
            let body = serde_json::json!({ "value": [{ "name": "n", "parameters": parameters }] }).to_string();
            let (kept, removed) = redact(body.into_bytes(), &place).unwrap();
            assert!(!String::from_utf8_lossy(&kept).contains("canary"), "{}", String::from_utf8_lossy(&kept));
            let kept: Value = serde_json::from_slice(&kept).unwrap();
            assert_eq!(kept["value"][0]["name"], "n");
            (kept["value"][0]["parameters"].clone(), removed)
        };
        let (parameters, removed) = kept(serde_json::json!({
            "$connections": { "value": { "a": { "connectionId": "/a", "properties": { "key": "canary" } } }, "type": "canary" },
            "password": { "value": "canary" },
            "connectionId": "canary",
            "states": [{ "state": "Connected", "error": { "message": "canary" } }, null],
        }));
        assert_eq!(
            parameters,
            serde_json::json!({
                "$connections": { "value": { "a": { "connectionId": "/a", "properties": MARK } }, "type": MARK },
                "password": MARK, "connectionId": MARK, "states": [{ "state": "Connected", "error": MARK }, null],
            })
        );
        assert_eq!(removed, ["value[].parameters"]);
        // What stands there and is no text goes: it may hold anything.
        for odd in [
            serde_json::json!("canary"),
            serde_json::json!(["canary"]),
            serde_json::json!({ "$connections": "canary" }),
            serde_json::json!({ "$connections": { "value": { "a": { "connectionId": { "x": "canary" } } } } }),
            serde_json::json!({ "$connections": { "value": { "a": { "connectionId": { "connectionId": "canary" } } } } }),
            serde_json::json!({ "$connections": { "value": { "a": { "connectionId": ["canary"] } } } }),
            serde_json::json!({ "states": { "state": { "state": "canary" } } }),
        ] {
            assert_eq!(kept(odd).1, ["value[].parameters"]);
        }
    }

    #[test]
    fn declared_places_go() {
        let body = br#"{"D":{"Destinations":[{"S":{"HECToken":"canary-1"}},{"X":{}}]}}"#.to_vec();
        let (kept, removed) = redact(body, &[all("D.Destinations[].S.HECToken")]).unwrap();
        assert_eq!(
            String::from_utf8(kept).unwrap(),
            r#"{"D":{"Destinations":[{"S":{"HECToken":"[redacted]"}},{"X":{}}]}}"#
        );
        assert_eq!(removed, ["D.Destinations[].S.HECToken"]);
    }

    #[test]
    fn declared_places_go_whatever_their_shape() {
        let place = [all("Destinations[].HECToken")];
        for body in [
            r#"{"Destinations":{"HECToken":"canary"}}"#,
            r#"{"Destinations":[[{"HECToken":"canary"}]]}"#,
            r#"{"Destinations":[{"HECToken":["canary"]}]}"#,
            r#"[{"Destinations":[{"HECToken":{"a":"canary"}}]}]"#,
        ] {
            let (kept, removed) = redact(body.as_bytes().to_vec(), &place).unwrap();
            assert!(!String::from_utf8_lossy(&kept).contains("canary"), "{body}");
            assert_eq!(removed, ["Destinations[].HECToken"]);
        }
        let twice = r#"{"Destinations":[{"HECToken":"canary"}],"Destinations":[]}"#;
        assert_eq!(redact(twice.as_bytes().to_vec(), &place), Err(RedactError));
    }

    #[test]
    fn bytes_that_are_no_text_are_cleaned_too() {
        let (kept, removed) = redact(b"\xff<SessionToken>canary</SessionToken>\xff".to_vec(), &[]).unwrap();
        assert_eq!(kept, b"\xff<SessionToken>[redacted]</SessionToken>\xff");
        assert_eq!(removed, ["(by pattern)"]);
    }

    #[test]
    fn a_body_that_cannot_be_read_is_not_kept() {
        assert_eq!(redact(b"{\"HECToken\": \"canary".to_vec(), &[all("HECToken")]), Err(RedactError));
    }

    #[test]
    fn patterns_go_everywhere() {
        for (text, canary) in [
            ("https://x.blob/y?sv=1&sig=canary%2Babc&se=2", "canary"),
            ("https://b.s3.amazonaws.com/k?X-Amz-Signature=canary0123&X-Amz-Expires=3", "canary"),
            ("<SessionToken>canaryABC/123</SessionToken>", "canary"),
            ("<ClientSecret>canaryABC/123</ClientSecret>", "canary"),
            ("{\"SecretAccessKey\":\"canary/abcdefghijkl\"}", "canary"),
            ("https://hooks.slack.com/services/T0/B0/canary", "canary"),
        ] {
            let (kept, removed) = redact(text.as_bytes().to_vec(), &[]).unwrap();
            assert!(!String::from_utf8_lossy(&kept).contains(canary), "{text}");
            assert_eq!(removed, ["(by pattern)"], "{text}");
        }
        let plain = "arn:aws:kms:us-east-1:111122223333:key/1 status=ACTIVE&x=1".to_owned();
        assert_eq!(redact(plain.clone().into_bytes(), &[]).unwrap(), (plain.into_bytes(), vec![]));
    }
}
