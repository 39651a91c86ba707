//! What is true of a whole cloud: partitions, services, what its error codes mean. Data of
//! `controls/aws/services.yaml` and `controls/azure/services.yaml`.

use serde::Deserialize;
use std::collections::BTreeMap;

/// A cloud that an identity belongs to. Entra answers to the identities of Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon Web Services.
    Aws,
    /// Azure and Entra.
    Azure,
}

impl Cloud {
    /// The cloud of a partition: `aws-us-gov`, `azure-government`.
    #[must_use]
    pub fn of_partition(partition: &str) -> Self {
        if partition.starts_with("azure") { Self::Azure } else { Self::Aws }
    }
}

/// `controls/azure/services.yaml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AzureProvider {
    /// The read that says who we are: the claims of our own token.
    pub identity: String,
    /// The read that lists the subscriptions of a tenant.
    pub subscriptions: String,
    /// `azure-public`, `azure-government`, `azure-dod`.
    pub clouds: BTreeMap<String, AzureCloud>,
    /// Calls per second that we allow ourselves, by address, identity and account. Source beside the values.
    pub per_second: BTreeMap<AzureHost, f64>,
    /// By the name before the colon of a read.
    pub services: BTreeMap<String, AzureService>,
    /// What error codes mean.
    pub codes: Codes,
}

/// The addresses of one Azure cloud.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AzureCloud {
    /// Where tokens come from.
    pub authority: String,
    /// Azure Resource Manager.
    pub arm: String,
    /// Microsoft Graph.
    pub graph: String,
    /// The page that says so.
    pub source: String,
}

/// How one resource provider is called.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AzureService {
    /// Which of the addresses it has.
    pub at: AzureHost,
    /// Calls per second, where it allows less than its address. Source beside each value.
    #[serde(default)]
    pub per_second: Option<f64>,
}

/// See [`AzureService::at`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AzureHost {
    /// Azure Resource Manager.
    Arm,
    /// Microsoft Graph.
    Graph,
    /// Nowhere: our own token, which is at hand.
    Token,
}

/// `controls/aws/services.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The read that says who we are.
    pub identity: String,
    /// The read that lists the regions.
    pub regions: String,
    /// The read that lists the accounts of an organization: `per: organization`. It gives the id of each account, and
    /// its `status`.
    pub accounts: String,
    /// `aws`, `aws-us-gov`, `aws-cn`.
    pub partitions: BTreeMap<String, Partition>,
    /// By the name before the colon of a read.
    pub services: BTreeMap<String, Service>,
    /// What error codes mean.
    pub codes: Codes,
}

impl Provider {
    /// Where calls of a service that concern a whole account are signed and sent.
    #[must_use]
    pub fn global_region(&self, partition: &str, service: &str) -> String {
        let own = self.services.get(service).and_then(|service| service.global_region.get(partition)).cloned();
        own.or_else(|| self.partitions.get(partition).map(|partition| partition.global_region.clone()))
            .unwrap_or_else(|| "us-east-1".to_owned())
    }

    /// The limit that an operation counts toward: its name, and how many calls per second it allows.
    #[must_use]
    pub fn limit(&self, service: &str, operation: &str) -> (String, f64) {
        let declared = self.services.get(service);
        match declared.and_then(|declared| declared.per_second_of.get(operation)) {
            Some(own) => (format!("{service}:{operation}"), *own),
            None => (service.to_owned(), declared.map_or(1.0, |declared| declared.per_second)),
        }
    }
}

/// The word for an account that is in use (Organizations API, Account: `State` and, before it, `Status`).
pub const ACTIVE: &str = "ACTIVE";

/// A partition: its names and its regions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// The end of its host names.
    pub suffix: String,
    /// The end of its dual-stack host names.
    pub dualstack_suffix: String,
    /// Where calls that concern the whole account are signed and sent.
    pub global_region: String,
    /// The regions that every account of the partition has without opting in; planned, marked unconfirmed, when the
    /// regions cannot be listed.
    pub default_regions: Vec<String>,
}

/// How one service is called.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its wire protocol.
    pub protocol: Protocol,
    /// The name in the credential scope; the service's own name unless said otherwise.
    #[serde(default)]
    pub signing_name: Option<String>,
    /// The first part of its host name; the service's own name unless said otherwise.
    #[serde(default)]
    pub host: Option<String>,
    /// Query protocols: the API version.
    #[serde(default)]
    pub version: Option<String>,
    /// JSON protocols: the prefix of `X-Amz-Target`.
    #[serde(default)]
    pub target: Option<String>,
    /// JSON protocols: `1.0` or `1.1`.
    #[serde(default)]
    pub json_version: Option<String>,
    /// Further headers of every call.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// By partition: where its calls that concern the whole account are signed, where that is not the partition's
    /// `global_region`.
    #[serde(default)]
    pub global_region: BTreeMap<String, String>,
    /// Host names that do not follow the pattern of the cloud.
    #[serde(default)]
    pub hosts: Hosts,
    /// The account id stands in front of the host name.
    #[serde(default)]
    pub account_in_host: bool,
    /// The bucket stands in front of the host name (S3).
    #[serde(default)]
    pub bucket_in_host: bool,
    /// Calls per second and account and region that we allow ourselves. Source beside each value.
    pub per_second: f64,
    /// The same for operations that have a limit of their own; they do not count toward the service's.
    #[serde(default)]
    pub per_second_of: BTreeMap<String, f64>,
}

/// Host names other than `host.region.suffix`, `host-fips.region.suffix` and `host.region.dualstack-suffix`: by
/// partition, or `"*"` for all. `{region}` and `{suffix}` are filled in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    /// Ordinary endpoints.
    #[serde(default)]
    pub standard: BTreeMap<String, String>,
    /// FIPS 140 endpoints.
    #[serde(default)]
    pub fips: BTreeMap<String, String>,
    /// IPv4 and IPv6 endpoints.
    #[serde(default)]
    pub dualstack: BTreeMap<String, String>,
}

impl Service {
    /// The host name of the service in a region, without account or bucket in front.
    #[must_use]
    pub fn host_name(
        &self,
        name: &str,
        partition: (&str, &Partition),
        region: &str,
        fips: bool,
        dualstack: bool,
    ) -> String {
        let (partition_name, partition) = partition;
        let host = self.host.as_deref().unwrap_or(name);
        let special = |hosts: &BTreeMap<String, String>| hosts.get(partition_name).or_else(|| hosts.get("*")).cloned();
        let pattern = match (fips, dualstack) {
            (false, false) => special(&self.hosts.standard).unwrap_or_else(|| "{host}.{region}.{suffix}".to_owned()),
            (true, false) => special(&self.hosts.fips).unwrap_or_else(|| "{host}-fips.{region}.{suffix}".to_owned()),
            (false, true) => special(&self.hosts.dualstack).unwrap_or_else(|| "{host}.{region}.{dualstack}".to_owned()),
            (true, true) => "{host}-fips.{region}.{dualstack}".to_owned(),
        };
        pattern
            .replace("{host}", host)
            .replace("{region}", region)
            .replace("{suffix}", &partition.suffix)
            .replace("{dualstack}", &partition.dualstack_suffix)
    }
}

/// The wire protocols of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// EC2 Query: form in, XML out, lists in `item`.
    Ec2,
    /// Query: form in, XML out, result element, lists in `member`.
    Query,
    /// JSON with `X-Amz-Target`.
    Json,
    /// REST with JSON bodies.
    RestJson,
    /// REST with XML bodies (S3).
    RestXml,
}

/// What error codes mean, the same for every service of the cloud.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Codes {
    /// The caller may not.
    pub denied: Vec<String>,
    /// Too many calls.
    pub throttled: Vec<String>,
    /// The region is not switched on for the account (or the credentials are bad: the same codes).
    #[serde(default)]
    pub region_off: Vec<String>,
    /// The credentials themselves are refused.
    pub credentials: Vec<String>,
}
