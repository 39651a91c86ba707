//! One page of one answer, as it was kept.

use super::plan::{CallId, Outcome, Planned};
use super::provider::Cloud;
use super::read::{ACCOUNT, TENANT, place_key};
use super::resource::ResourceKey;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One line of the index of exchanges: everything about an answer but its body.
///
/// It never holds a request header, a signature or a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Evidence id of this page: the call's id, a dot, the page number.
    pub id: String,
    /// Evidence id of the call.
    pub of: String,
    /// The call: operation, parameters, account, region.
    pub call: CallId,
    /// Page number, from 1.
    pub page: u32,
    /// Is the list complete with this page?
    pub last: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// The provider's error code, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What went wrong, in the provider's words or ours, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The right that was missing, where it was denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// ARN of the identity that asked.
    pub caller: String,
    /// HTTP status; 0 where nothing answered.
    pub http_status: u16,
    /// The provider's own id of the request.
    pub request_id: String,
    /// When the first attempt began, UTC.
    pub started: jiff::Timestamp,
    /// When the answer was complete, UTC.
    pub finished: jiff::Timestamp,
    /// Attempts made, retries included.
    pub attempts: u32,
    /// SHA-256 of the stored bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Name of the body in `bodies/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Length of the stored bytes.
    #[serde(default)]
    pub bytes: u64,
    /// Places that were removed before storing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redacted: Vec<String>,
}

/// What a run as a whole is: `collection/collection.json`, written last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionSeal {
    /// `farwatch/collection/1`.
    pub schema: String,
    /// Version of farwatch that collected.
    pub farwatch: String,
    /// Digest of the reads it worked by.
    pub reads: String,
    /// When it began, UTC.
    pub started: jiff::Timestamp,
    /// When it ended, UTC.
    pub finished: jiff::Timestamp,
    /// The identities that were asked for, and what became of each.
    pub sessions: Vec<SessionSeal>,
    /// SHA-256 of `plan.jsonl`.
    pub plan: String,
    /// SHA-256 of `exchanges.jsonl`.
    pub exchanges: String,
    /// Number of HTTP requests made, retries included.
    pub requests: u64,
    /// The same by service, beside the least there could have been.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, Requests>,
    /// How the provider was reached, where it was not at its own ordinary addresses: a custom endpoint, FIPS or
    /// dual-stack endpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Were the accounts of the organization listed to the end? Nothing where they were not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts_listed: Option<bool>,
    /// The inventory of many accounts that was asked for in place of lists of each: `resource-graph`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<String>,
    /// True for the recorded clouds of `farwatch demo`.
    #[serde(default)]
    pub demo: bool,
}

impl CollectionSeal {
    /// Counts what one call took.
    pub fn count(&mut self, service: &str, requests: Requests) {
        self.requests += requests.made;
        let of = self.services.entry(service.to_owned()).or_default();
        of.made += requests.made;
        of.least += requests.least;
    }

    /// The requests of all services, and where more were made than were needed: `440 requests: ec2 66, s3 31 (30 would
    /// have done)`.
    #[must_use]
    pub fn told(&self) -> String {
        let services =
            self.services.iter().map(|(service, requests)| match requests.made.checked_sub(requests.least) {
                None | Some(0) => format!("{service} {}", requests.made),
                Some(_) => format!("{service} {} ({} would have done)", requests.made, requests.least),
            });
        let services: Vec<String> = services.collect();
        let of = if services.is_empty() { String::new() } else { format!(": {}", services.join(", ")) };
        format!("{} requests{of}", self.requests)
    }
}

/// HTTP requests to one service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Made, with retries, and with every look at whether something generated is ready.
    pub made: u64,
    /// One for each page of each call that was made, and one to generate what must be.
    pub least: u64,
}

/// One identity of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSeal {
    /// The role that was to be assumed, or nothing for the ambient credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The account or tenant it turned out to be; where it could not be identified, the account in the role's ARN.
    pub account: String,
    /// Who asked: an ARN, or what a token says of its holder; empty where it could not be identified.
    pub caller: String,
    /// The partition: `aws`, `aws-us-gov`, `aws-cn`, `azure-public`, `azure-government`, `azure-dod`.
    pub partition: String,
    /// Why it could not be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl SessionSeal {
    /// The place that the identity belongs to: an account, or a tenant.
    #[must_use]
    pub fn place(&self) -> ResourceKey {
        let kind = match Cloud::of_partition(&self.partition) {
            Cloud::Aws => ACCOUNT,
            Cloud::Azure => TENANT,
        };
        place_key(kind, &self.account)
    }
}

/// Where a run writes down what it means to do and what it got. The plan comes first, always.
pub trait Sink {
    /// A call that is about to be made.
    ///
    /// # Errors
    /// When it could not be written.
    fn planned(&mut self, planned: &Planned) -> std::io::Result<()>;

    /// An answer, with its redacted body. The exchange comes back with digest, name and length of the body.
    ///
    /// # Errors
    /// When it could not be written.
    fn exchanged(&mut self, exchange: Exchange, body: Option<&[u8]>) -> std::io::Result<Exchange>;

    /// The lists, as read and account, for which the word of an inventory does not do: they are asked for themselves.
    /// Asked once, when everything else was; only where the run reads an inventory.
    ///
    /// # Errors
    /// When what was kept so far cannot be read.
    fn doubted(&mut self, _so_far: &CollectionSeal) -> std::io::Result<BTreeSet<(String, String)>> {
        Ok(BTreeSet::new())
    }
}
