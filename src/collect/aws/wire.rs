//! A declared read → an HTTP request, by protocol. No network here.

use crate::model::plan::ParamValue;
use crate::model::provider::{Protocol, Service};
use crate::model::read::Read;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// RFC 3986 unreserved characters stay; everything else is encoded, as `SigV4` wants it.
const ENCODE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A request without host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wire {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    /// What stands in front of the host name.
    pub(super) host_prefix: String,
}

/// What is to be sent.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) read: &'a Read,
    pub(super) operation: &'a str,
    pub(super) account: &'a str,
    pub(super) params: &'a BTreeMap<String, ParamValue>,
    pub(super) token: Option<&'a Value>,
    /// A custom endpoint takes no host prefix and has buckets in the path.
    pub(super) custom_endpoint: bool,
}

pub(super) fn wire(call: &Call<'_>, service: &Service) -> Wire {
    let own = call.operation == call.read.operation();
    let mut params: Map<String, Value> = Map::new();
    if own {
        params.extend(call.params.iter().map(|(name, value)| (name.clone(), value.0.clone())));
        if let Some(pages) = &call.read.pages {
            params.extend(pages.size.clone());
            if let Some(token) = call.token {
                params.insert(pages.request.clone(), token.clone());
            }
        }
    }
    match service.protocol {
        Protocol::Ec2 | Protocol::Query => form(call, service, &params),
        Protocol::Json => json(call, service, params),
        Protocol::RestJson | Protocol::RestXml => rest(call, service, params),
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODE).to_string()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn form(call: &Call<'_>, service: &Service, params: &Map<String, Value>) -> Wire {
    let mut body = format!("Action={}&Version={}", call.operation, service.version.as_deref().unwrap_or_default());
    let member = if service.protocol == Protocol::Query { ".member" } else { "" };
    for (name, value) in params {
        match value {
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    body += &format!("&{name}{member}.{}={}", at + 1, encode(&text(item)));
                }
            }
            one => body += &format!("&{name}={}", encode(&text(one))),
        }
    }
    Wire {
        method: "POST".to_owned(),
        target: "/".to_owned(),
        headers: vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
        body,
        host_prefix: String::new(),
    }
}

fn json(call: &Call<'_>, service: &Service, params: Map<String, Value>) -> Wire {
    let version = service.json_version.as_deref().unwrap_or("1.1");
    let target = format!("{}.{}", service.target.as_deref().unwrap_or_default(), call.operation);
    let mut headers = vec![
        ("content-type".to_owned(), format!("application/x-amz-json-{version}")),
        ("x-amz-target".to_owned(), target),
    ];
    headers.extend(service.headers.clone());
    Wire {
        method: "POST".to_owned(),
        target: "/".to_owned(),
        headers,
        body: Value::Object(params).to_string(),
        host_prefix: String::new(),
    }
}

fn rest(call: &Call<'_>, service: &Service, mut params: Map<String, Value>) -> Wire {
    let pattern = call.read.http.as_deref().unwrap_or("GET /");
    let (method, target) = pattern.split_once(' ').unwrap_or(("GET", pattern));
    let (path, query) = target.split_once('?').map_or((target, ""), |(path, query)| (path, query));
    let mut host_prefix = String::new();
    if service.account_in_host && !call.custom_endpoint {
        host_prefix = format!("{}.", call.account);
    }
    let mut headers = Vec::new();
    for (header, member) in &call.read.headers {
        if let Some(value) = params.remove(member) {
            headers.push((header.clone(), text(&value)));
        }
    }
    let mut path = path.to_owned();
    // As botocore does: the bucket becomes the host, unless its name has dots (no certificate fits), the endpoint is
    // our own, or the call asks where the bucket is.
    let in_path = call.custom_endpoint || call.read.bucket_in_path;
    if service.bucket_in_host && path.starts_with("/{Bucket}") && !in_path {
        let bucket = params.get("Bucket").map(text).unwrap_or_default();
        if !bucket.contains('.') {
            host_prefix = format!("{bucket}.");
            path = path.replacen("/{Bucket}", "", 1);
            params.remove("Bucket");
            if path.is_empty() {
                path.push('/');
            }
        }
    }
    let names: Vec<String> = params.keys().cloned().collect();
    for name in names {
        let place = format!("{{{name}}}");
        if path.contains(&place) {
            let value = params.remove(&name).map(|value| text(&value)).unwrap_or_default();
            path = path.replace(&place, &encode(&value));
        }
    }
    let mut pairs: Vec<String> = if query.is_empty() { vec![] } else { vec![query.to_owned()] };
    let mut body = String::new();
    if method == "GET" {
        pairs.extend(params.iter().map(|(name, value)| format!("{}={}", encode(name), encode(&text(value)))));
    } else {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        body = Value::Object(params).to_string();
    }
    let target = if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) };
    Wire { method: method.to_owned(), target, headers, body, host_prefix }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(yaml: &str) -> Read {
        serde_saphyr::from_str(yaml).unwrap()
    }
    fn service(yaml: &str) -> Service {
        serde_saphyr::from_str(yaml).unwrap()
    }
    fn made(read: &Read, service: &Service, params: &Value, token: Option<&Value>, custom: bool) -> Wire {
        let params = params.as_object().unwrap().iter().map(|(k, v)| (k.clone(), ParamValue(v.clone()))).collect();
        let call = Call {
            read,
            operation: read.operation(),
            account: "111122223333",
            params: &params,
            token,
            custom_endpoint: custom,
        };
        wire(&call, service)
    }

    #[test]
    fn forms() {
        let read = read(
            "{ read: 'ec2:DescribeVpcs', per: region, pages: { request: NextToken, answer: t, size: { MaxResults: 5 } } }",
        );
        let service = service("{ protocol: ec2, version: '2016-11-15', per_second: 1 }");
        let wire = made(&read, &service, &json!({"VpcId": ["a", "b&c"]}), Some(&json!("t/1")), false);
        assert_eq!(
            wire.body,
            "Action=DescribeVpcs&Version=2016-11-15&MaxResults=5&NextToken=t%2F1&VpcId.1=a&VpcId.2=b%26c"
        );
    }

    #[test]
    fn buckets_are_hosts_unless_they_cannot_be() {
        let read = read("{ read: 's3:GetBucketAcl', for: b, http: 'GET /{Bucket}?acl' }");
        let service = service("{ protocol: rest-xml, bucket_in_host: true, per_second: 1 }");
        let target = |bucket: &str, custom| {
            let wire = made(&read, &service, &json!({ "Bucket": bucket }), None, custom);
            (wire.host_prefix, wire.target)
        };
        assert_eq!(target("logs", false), ("logs.".to_owned(), "/?acl".to_owned()));
        assert_eq!(target("a.b", false), (String::new(), "/a.b?acl".to_owned()));
        assert_eq!(target("logs", true), (String::new(), "/logs?acl".to_owned()));
        assert_eq!(target("a/../b", true), (String::new(), "/a%2F..%2Fb?acl".to_owned()));
    }

    #[test]
    fn accounts_are_hosts_and_headers() {
        let read = read(
            "{ read: 's3control:GetPublicAccessBlock', per: account, http: GET /v20180820/configuration/publicAccessBlock, headers: { x-amz-account-id: AccountId } }",
        );
        let service = service("{ protocol: rest-xml, account_in_host: true, per_second: 1 }");
        let wire = made(&read, &service, &json!({"AccountId": "111122223333"}), None, false);
        assert_eq!(wire.host_prefix, "111122223333.");
        assert_eq!(wire.target, "/v20180820/configuration/publicAccessBlock");
        assert_eq!(wire.headers, [("x-amz-account-id".to_owned(), "111122223333".to_owned())]);
    }

    #[test]
    fn json_targets_and_queries() {
        let json_service = service("{ protocol: json, target: T_1, json_version: '1.0', per_second: 1 }");
        let wire = made(&read("{ read: 'x:Do', per: region }"), &json_service, &json!({"A": true}), None, false);
        assert_eq!((wire.body.as_str(), wire.headers[1].1.as_str()), ("{\"A\":true}", "T_1.Do"));
        let list = read(
            "{ read: 'guardduty:ListDetectors', per: region, http: GET /detector, pages: { request: nextToken, answer: nextToken, size: { maxResults: 50 } } }",
        );
        let rest = service("{ protocol: rest-json, per_second: 1 }");
        assert_eq!(
            made(&list, &rest, &json!({}), Some(&json!("a=")), false).target,
            "/detector?maxResults=50&nextToken=a%3D"
        );
    }
}
