//! What a metric filter notices, found out by showing it records: one that it should notice, one that it should not.
//!
//! The records are in the formats that AWS documents: flow log records in the default format (Amazon VPC User Guide,
//! "Flow log records"), resolver query logs (Amazon Route 53 Developer Guide, "Values that appear in VPC Resolver query
//! logs"), CloudTrail events ("CloudTrail record contents").

use super::filter_pattern::Pattern;
use std::collections::BTreeSet;

/// What a filter is for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Signal {
    /// The pattern cannot be read, or not to the end.
    Unreadable(String),
    /// It can.
    Read {
        /// Classes of what it notices; empty where it tells nothing apart.
        classes: BTreeSet<&'static str>,
        /// One: the metric counts bytes. More: every match is a record of at least so many bytes.
        bytes_each: Option<f64>,
    },
}

/// The classes that are about traffic.
pub(super) const TRAFFIC: [&str; 4] = ["large_outbound", "unusual_protocol", "rejected_traffic", "consumer_storage"];

/// A transfer that nobody would call ordinary, in bytes; more than any single record of a flow log holds in practice.
const HUGE: u64 = 10_000_000_000_000;

/// Services to which people upload files privately.
const CONSUMER_STORAGE: [&str; 6] = [
    "www.dropbox.com.",
    "content.dropboxapi.com.",
    "drive.google.com.",
    "onedrive.live.com.",
    "mega.nz.",
    "wetransfer.com.",
];

/// Protocol and port that an ordinary office does not use across its boundary: GRE, Telnet, SMTP, IRC, a common
/// back-door port (IANA numbers).
const UNUSUAL: [(u8, u16); 5] = [(47, 0), (6, 23), (6, 25), (6, 6667), (6, 4444)];

/// Shows a filter the records that its group receives.
pub(super) fn of(pattern: &str, value: &str, records: &BTreeSet<&str>) -> Signal {
    let pattern = match Pattern::parse(pattern) {
        Ok(pattern) => pattern,
        Err(why) => return Signal::Unreadable(why.to_string()),
    };
    let mut classes = BTreeSet::new();
    let mut bytes_each = None;
    let shown = (|| {
        if records.contains("traffic") {
            traffic(&pattern, value, &mut classes, &mut bytes_each)?;
        }
        if records.contains("names") {
            let ordinary = pattern.matches(&query("www.example.com."))?;
            let mut any = false;
            for name in CONSUMER_STORAGE {
                any |= pattern.matches(&query(name))?;
            }
            if any && !ordinary {
                classes.insert("consumer_storage");
            }
        }
        if records.contains("calls") {
            let ordinary = pattern.matches(&event("ec2", "DescribeInstances"))?;
            for (service, call, class) in
                [("s3", "PutObject", "object_upload"), ("cloudtrail", "StopLogging", "monitoring_changes")]
            {
                if pattern.matches(&event(service, call))? && !ordinary {
                    classes.insert(class);
                }
            }
        }
        Some(())
    })();
    match shown {
        Some(()) => Signal::Read { classes, bytes_each },
        None => Signal::Unreadable("it holds a regular expression or another form that is not evaluated".to_owned()),
    }
}

/// What a filter over flow logs notices; nothing where the pattern cannot be evaluated.
fn traffic(
    pattern: &Pattern,
    value: &str,
    classes: &mut BTreeSet<&'static str>,
    bytes_each: &mut Option<f64>,
) -> Option<()> {
    let ordinary = pattern.matches(&flow(443, 6, 4_249, "ACCEPT"))?;
    let large = pattern.matches(&flow(443, 6, HUGE, "ACCEPT"))?;
    let mut unusual = false;
    for (protocol, port) in UNUSUAL {
        unusual |= pattern.matches(&flow(port, protocol, 4_249, "ACCEPT"))?;
    }
    if unusual && !ordinary {
        classes.insert("unusual_protocol");
    }
    if pattern.matches(&flow(443, 6, 4_249, "REJECT"))? && !ordinary {
        classes.insert("rejected_traffic");
    }
    #[allow(clippy::cast_precision_loss)] // the numbers of the samples are exact
    let counts = |bytes: u64| pattern.value(value, &flow(443, 6, bytes, "ACCEPT")) == Some(bytes as f64);
    if ordinary && counts(4_249) && counts(HUGE) {
        classes.insert("large_outbound");
        *bytes_each = Some(1.0);
        return Some(());
    }
    if !large || ordinary {
        return Some(());
    }
    // From which size on does it match?
    let (mut below, mut from) = (4_249, HUGE);
    while from - below > 1 {
        let middle = below + (from - below) / 2;
        if pattern.matches(&flow(443, 6, middle, "ACCEPT"))? {
            from = middle;
        } else {
            below = middle;
        }
    }
    classes.insert("large_outbound");
    #[allow(clippy::cast_precision_loss)] // at most 10^13
    let from = from as f64;
    *bytes_each = Some(from);
    Some(())
}

/// A record of a flow log in the default format (version 2), out of the VPC.
fn flow(port: u16, protocol: u8, bytes: u64, action: &str) -> String {
    format!(
        "2 111122223333 eni-0a1b2c3d4e5f60718 10.0.1.10 198.51.100.20 49152 {port} {protocol} 20 {bytes} 1790000000 1790000060 {action} OK"
    )
}

/// A record of a resolver query log.
fn query(name: &str) -> String {
    serde_json::json!({
        "version": "1.100000", "account_id": "111122223333", "region": "us-east-1", "vpc_id": "vpc-0a1b2c3d4e5f60718",
        "query_timestamp": "2026-11-24T00:00:00Z", "query_name": name, "query_type": "A", "query_class": "IN",
        "rcode": "NOERROR", "answers": [{"Rdata": "198.51.100.20", "Type": "A", "Class": "IN"}],
        "srcaddr": "10.0.1.10", "srcport": "49152", "transport": "UDP", "srcids": {"instance": "i-0a1b2c3d4e5f60718"}
    })
    .to_string()
}

/// An event of CloudTrail.
fn event(service: &str, call: &str) -> String {
    serde_json::json!({
        "eventVersion": "1.11", "eventTime": "2026-11-24T00:00:00Z", "eventSource": format!("{service}.amazonaws.com"),
        "eventName": call, "awsRegion": "us-east-1", "sourceIPAddress": "198.51.100.20", "eventType": "AwsApiCall",
        "userIdentity": {"type": "IAMUser", "userName": "somebody", "accountId": "111122223333"},
        "requestParameters": {"bucketName": "a-bucket", "name": "a-trail"}, "recipientAccountId": "111122223333"
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &str = "version, account, eni, source, destination, srcport, destport";

    fn read(pattern: &str, value: &str, records: &[&str]) -> (Vec<&'static str>, Option<f64>) {
        match of(pattern, value, &records.iter().copied().collect()) {
            Signal::Read { classes, bytes_each } => (classes.into_iter().collect(), bytes_each),
            Signal::Unreadable(why) => panic!("{why}"),
        }
    }

    #[test]
    fn large_transfers() {
        let each = format!("[{FIELDS}, protocol, packets, bytes >= 10000000, start, end, action, status]");
        assert_eq!(read(&each, "1", &["traffic"]), (vec!["large_outbound"], Some(10_000_000.0)));
        let sum = format!("[{FIELDS}, protocol, packets, bytes, start, end, action, status]");
        assert_eq!(read(&sum, "$bytes", &["traffic"]), (vec!["large_outbound"], Some(1.0)));
        // Counting records is not counting bytes.
        assert_eq!(read(&sum, "1", &["traffic"]), (vec![], None));
    }

    #[test]
    fn other_classes() {
        let rejected = format!("[{FIELDS}, protocol, packets, bytes, start, end, action=\"REJECT\", status]");
        assert_eq!(read(&rejected, "1", &["traffic"]).0, ["rejected_traffic"]);
        let gre = format!("[{FIELDS}, protocol=47, packets, bytes, start, end, action, status]");
        assert_eq!(read(&gre, "1", &["traffic"]).0, ["unusual_protocol"]);
        assert_eq!(read("{ $.query_name = \"*dropbox*\" }", "1", &["names"]).0, ["consumer_storage"]);
        assert_eq!(read("{ $.eventName = \"PutObject\" }", "1", &["calls"]).0, ["object_upload"]);
        assert_eq!(read("{ $.eventName = \"StopLogging\" }", "1", &["calls"]).0, ["monitoring_changes"]);
        // A filter that lets everything through notices nothing.
        assert_eq!(read("", "1", &["traffic", "names", "calls"]), (vec![], None));
    }

    #[test]
    fn what_is_not_evaluated_is_said() {
        let regex = of("%bytes%", "1", &BTreeSet::from(["traffic"]));
        assert!(matches!(regex, Signal::Unreadable(_)), "{regex:?}");
    }
}
