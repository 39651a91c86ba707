//! The oracle: botocore, our stand-in for the real cloud. For every declared read it says what it would send for the
//! same call, and its models say what the answer holds. Nothing is registered here: the reads are those that load.
//!
//! Where we differ on purpose, `EXEMPT` says why. The tests below break reads on purpose, to see that the oracle sees.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[path = "oracle/answers.rs"]
mod answers;
#[path = "oracle/conditions.rs"]
mod conditions;
#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;
#[path = "oracle/requests.rs"]
mod requests;

use farwatch::controls::{Controls, Problems};
use farwatch::model::provider::Cloud;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// Differences that are meant: the read or check, the place (`*` at its end stands for anything), and why. One that is
/// no longer needed fails.
const EXEMPT: &[(&str, &str, &str)] = &[
    // The report is a CSV: IAM User Guide, "Get credential reports for your AWS account", has its columns.
    ("iam:GetCredentialReport", "column arn", "IAM User Guide, credential reports: the column `arn`"),
    ("iam:GetCredentialReport", "column user", "IAM User Guide, credential reports: the column `user`"),
    ("iam:GetCredentialReport", "column password_enabled", "IAM User Guide, credential reports: `password_enabled`"),
    ("iam:GetCredentialReport", "column mfa_active", "IAM User Guide, credential reports: the column `mfa_active`"),
    // The model of S3 has few errors; "Error responses" of the S3 API reference has them all.
    ("s3:GetBucketPolicyStatus", "settles NoSuchBucketPolicy", "S3 API, list of error codes: NoSuchBucketPolicy"),
    (
        "s3:GetPublicAccessBlock",
        "settles NoSuchPublicAccessBlockConfiguration",
        "S3 User Guide, blocking public access; the model of S3 Control has the same code for the account's block",
    ),
    (
        "s3:GetBucketLifecycleConfiguration",
        "settles NoSuchLifecycleConfiguration",
        "S3 API, GetBucketLifecycleConfiguration, special errors: NoSuchLifecycleConfiguration",
    ),
    (
        "s3:GetBucketEncryption",
        "settles ServerSideEncryptionConfigurationNotFoundError",
        "S3 API, list of error codes: ServerSideEncryptionConfigurationNotFoundError",
    ),
    (
        "s3:GetBucketPolicy",
        "settles NoSuchBucketPolicy",
        "S3 API, list of error codes: NoSuchBucketPolicy, the specified bucket does not have a bucket policy",
    ),
    (
        "s3:GetObjectLockConfiguration",
        "settles ObjectLockConfigurationNotFoundError",
        "S3 API, list of error codes: ObjectLockConfigurationNotFoundError",
    ),
    // Texts that hold something else.
    ("s3:GetBucketPolicy", "field policy", "the body is the policy: JSON, which the model calls a payload of text"),
    (
        "guardduty:GetFindings",
        "field created",
        "GuardDuty API, Finding: createdAt is a text in ISO 8601 (2026-11-01T00:00:00.000Z)",
    ),
    (
        "sns:GetTopicAttributes",
        "field confirmed",
        "SNS API, GetTopicAttributes: SubscriptionsConfirmed is a number, in a map of texts",
    ),
    (
        "sns:GetTopicAttributes",
        "field pending",
        "SNS API, GetTopicAttributes: SubscriptionsPending is a number, in a map of texts",
    ),
    // One page is meant: the comment at the read says why it is enough.
    (
        "athena:ListQueryExecutions",
        "pages",
        "the newest of up to 45 days of queries are looked at, and the check says so",
    ),
    ("guardduty:ListFindings", "pages", "the oldest 50 open findings decide; with 50 or more the check fails"),
    (
        "logs:DescribeLogStreams",
        "pages",
        "the stream with the newest record comes first and is the only one that is wanted",
    ),
    // Values that answers have and the model has not. The rules name the model's spelling as well.
    (
        "ec2:DescribeVpcEndpoints",
        "boundary state *",
        "the model writes states with a capital letter; answers have them without (AWS CLI reference, describe-vpc-endpoints)",
    ),
    (
        "ec2:DescribeNetworkInterfaces",
        "boundary interface_type \"nat_gateway\"",
        "the model has natGateway; answers have nat_gateway (EC2 API, DescribeNetworkInterfaces, filter interface-type)",
    ),
    // Whom a policy lets write: names of services, which no model has (Service Authorization Reference).
    ("aws-log-bucket-dedicated", "w \"service:*", "names of service principals, from the services' own guides"),
    // Derived, and taken over as AWS says it: Lambda API, GetFunctionConfiguration, State and LastUpdateStatus.
    ("aws-containment-function", "resource.last_update \"Failed\"", DERIVED_FUNCTION),
    ("aws-containment-function", "resource.state *", DERIVED_FUNCTION),
];
const DERIVED_FUNCTION: &str = "derived from State and LastUpdateStatus, whose values the model of Lambda has";

/// Reads that are wrong on purpose: file, what stands there, what takes its place, and the words of the complaint.
const BROKEN: &[(&str, &str, &str, &str)] = &[
    // The request.
    ("aws/services.yaml", "host: elasticloadbalancing", "host: elb", "scheme and host: https://elb.us-east-1"),
    ("aws/services.yaml", "target: Logs_20140328", "target: Logs_2014", "Logs_2014.DescribeLogGroups"),
    ("aws/services.yaml", "version: \"2016-11-15\"", "version: \"2016-11-16\"", "body: "),
    ("aws/services.yaml", "signing_name: elasticloadbalancing", "signing_name: elb", "signing name: elb, "),
    (
        "aws/services.yaml",
        "global_region: { aws-cn: cn-northwest-1 }",
        "global_region: {}",
        "signing region: cn-north-1",
    ),
    ("aws/services.yaml", "account_in_host: true", "account_in_host: false", "https://111122223333.s3-control."),
    ("aws/reads/guardduty.yaml", "GET /detector/{DetectorId}", "GET /detectors/{DetectorId}", "path: /detectors/"),
    (
        "aws/reads/guardduty.yaml",
        "request: nextToken",
        "request: NextToken",
        "pages.request: the request has no `NextToken`",
    ),
    ("aws/reads/s3.yaml", "?policyStatus", "?policy", "query: "),
    (
        "aws/reads/s3.yaml",
        "    bucket_in_path: true\n",
        "",
        "GetBucketLocation in us-east-1: path: /, and botocore has /123",
    ),
    ("aws/reads/s3control.yaml", "x-amz-account-id", "x-amz-account", "travels in the header x-amz-account-id"),
    ("aws/reads/kms.yaml", "request: { KeyId: ", "request: { KeyID: ", "the request has no `KeyID`"),
    (
        "aws/reads/guardduty.yaml",
        "POST /detector/{DetectorId}/findings/get",
        "POST /detector/{DetectorId}/finding",
        "path: ",
    ),
    (
        "aws/reads/guardduty.yaml",
        "findingIds: \"{resource",
        "findingIDs: \"{resource",
        "the request has no `findingIDs`",
    ),
    ("aws/services.yaml", "headers: { x-amzn-query-mode: \"true\" }", "headers: {}", "x-amzn-query-mode"),
    // The answer.
    ("aws/reads/iam.yaml", "items: RoleDetailList", "items: RoleDetails", "has no `RoleDetails`"),
    ("aws/reads/events.yaml", "Targets[].HttpParameters", "Targets[].HTTPParameters", "redact: "),
    (
        "aws/reads/cloudwatch.yaml",
        "at: StateTransitionedTimestamp",
        "at: StateTransitionTime",
        "has no `StateTransitionTime`",
    ),
    ("aws/reads/ec2.yaml", "at: flowLogStatus", "at: flowLogState", "has no `flowLogState`"),
    ("aws/reads/ec2.yaml", "items: vpcSet", "items: Vpcs", "has no `Vpcs`"),
    ("aws/reads/ec2.yaml", "id_from: vpcId", "id_from: VpcId", "id_from: Vpc has no `VpcId`"),
    ("aws/reads/ec2.yaml", "{item.cidr}", "{item.Cidr}", "id_from: PrefixListEntry has no `Cidr`"),
    ("aws/reads/ec2.yaml", "at: isDefault, type: boolean", "at: isDefault", "`isDefault` is a boolean"),
    ("aws/reads/ec2-gateways.yaml", "attachmentSet[0].vpcId", "attachmentSet.vpcId", "`vpcId` cannot be in it"),
    (
        "aws/reads/ec2-gateways.yaml",
        "state: [failed, deleting, deleted]",
        "state: [failed, gone]",
        "\"gone\" is not among",
    ),
    ("aws/reads/iam.yaml", "SummaryMap.AccountMFAEnabled", "SummaryMap.RootMFAEnabled", "no key `RootMFAEnabled`"),
    ("aws/reads/iam.yaml", "done: COMPLETE", "done: COMPLETED", "`COMPLETED` is not among"),
    ("aws/reads/kms.yaml", "more: Truncated", "more: IsTruncated", "pages.more: ListKeysResponse has no `IsTruncated`"),
    ("aws/reads/kms.yaml", "Limit: 1000", "Limit: 2000", "Limit: 2000 is not a number within"),
    (
        "aws/reads/kms.yaml",
        "code: UnsupportedOperationException",
        "code: Unsupported",
        "settles Unsupported: the model has no",
    ),
    (
        "aws/reads/cloudtrail.yaml",
        "home_region: HomeRegion",
        "home_region: Region",
        "home_region: Trail has no `Region`",
    ),
    ("aws/reads/cloudtrail.yaml", "[].CloudTrailEvent", "[].CloudtrailEvent", "redact: "),
    ("aws/reads/cloudtrail.yaml", "at: ReadWriteType", "at: readWriteType", "field selectors.read_write"),
    ("aws/reads/firehose.yaml", "answer: last_item", "answer: Last", "pages.answer: "),
    ("aws/reads/firehose.yaml", ".HECToken", ".HecToken", "redact: "),
    ("aws/reads/s3.yaml", "items: Buckets.Bucket", "items: Buckets", "is what is around the list"),
    ("aws/reads/s3.yaml", "\"Filter.And.Tag[0].Key\"", "Filter.And.Tag.Key", "`Key` is looked for in a list"),
    // What a condition compares with.
    ("aws/checks/macie-enabled.yaml", "== \"ENABLED\"", "== \"Enabled\"", "\"Enabled\" is not among"),
    ("aws/reads/events.yaml", "ENABLED_WITH_ALL_CLOUDTRAIL", "ENABLED_WITH_CLOUDTRAIL", "is not among"),
    (
        "aws/checks/vpc-flow-log-all-traffic.yaml",
        "f.traffic_type == \"ALL\"",
        "f.traffic_type == \"All\"",
        "\"All\" is not among",
    ),
    (
        "aws/checks/cloudtrail-kms-encrypted.yaml",
        "key.state == \"Enabled\"",
        "key.state == \"ENABLED\"",
        "\"ENABLED\" is not among",
    ),
    (
        "aws/checks/log-bucket-sse-kms.yaml",
        "r.algorithm == \"aws:kms\"",
        "r.algorithm == \"KMS\"",
        "\"KMS\" is not among",
    ),
];

/// Something that botocore says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Wrong {
    /// The read or the check.
    of: String,
    /// Where in it.
    place: String,
    /// What is wrong.
    what: String,
}

impl Wrong {
    fn exempt_by(&self, (of, place, _): &(&str, &str, &str)) -> bool {
        self.of == *of
            && match place.strip_suffix('*') {
                Some(start) => self.place.starts_with(start),
                None => self.place == *place,
            }
    }
}

/// Questions and their answers. All are asked at once, of one process: a first pass only notes them.
#[derive(Default)]
struct Oracle {
    asked: RefCell<BTreeSet<String>>,
    answers: BTreeMap<String, Value>,
}

impl Oracle {
    fn ask(&self, question: &Value) -> Option<&Value> {
        let text = question.to_string();
        let answer = self.answers.get(&text);
        if answer.is_none() {
            self.asked.borrow_mut().insert(text);
        }
        answer
    }

    fn answer(&mut self) {
        let asked: Vec<String> = self.asked.take().into_iter().collect();
        let said = emulators::ask("oracle.py", asked.join("\n") + "\n");
        let answers: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("a JSON answer")).collect();
        assert_eq!(asked.len(), answers.len(), "one answer to each question");
        self.answers.extend(asked.into_iter().zip(answers));
    }
}

/// Everything that is wrong with some controls.
fn wrongs(controls: &Controls, oracle: &Oracle) -> BTreeSet<Wrong> {
    let mut wrong = BTreeSet::new();
    requests::compare(controls, oracle, &mut wrong);
    let types = answers::compare(controls, oracle, &mut wrong);
    conditions::compare(controls, &types, &mut wrong);
    wrong
}

fn ours() -> Controls {
    of_aws(Controls::load(None).unwrap_or_else(|problems| panic!("{problems}")))
}

/// What botocore can know of: Azure has a specification of its own (`tests/azure_specification.rs`).
fn of_aws(mut controls: Controls) -> Controls {
    controls.reads.reads.retain(|read| read.cloud() == Cloud::Aws);
    controls.checks.retain(|check| !["azure", "entra"].contains(&check.provider.as_str()));
    controls
}

/// Ours with the mistakes of one round: one of each file, so that they stay apart and loading them takes little time.
fn broken(round: usize) -> Controls {
    let mut files = ours().files;
    for (_, (file, from, to, _)) in BROKEN.iter().enumerate().filter(|(at, _)| round_of(*at) == round) {
        let text = files.get_mut(*file).unwrap_or_else(|| panic!("there is no {file}"));
        assert!(text.contains(from), "{file} has no {from:?}");
        *text = text.replace(from, to);
    }
    of_aws(Controls::from_files(files, Problems::default()).unwrap_or_else(|problems| panic!("{problems}")))
}

fn round_of(at: usize) -> usize {
    BROKEN.iter().take(at).filter(|earlier| earlier.0 == BROKEN[at].0).count()
}

/// What is wrong with ours, and with each round of broken ones.
fn judged() -> &'static (BTreeSet<Wrong>, Vec<BTreeSet<Wrong>>) {
    static JUDGED: OnceLock<(BTreeSet<Wrong>, Vec<BTreeSet<Wrong>>)> = OnceLock::new();
    JUDGED.get_or_init(|| {
        let own = ours();
        let rounds = (0..BROKEN.len()).map(round_of).max().map_or(0, |last| last + 1);
        let others: Vec<Controls> = (0..rounds).map(broken).collect();
        let mut oracle = Oracle::default();
        for controls in std::iter::once(&own).chain(&others) {
            wrongs(controls, &oracle);
        }
        oracle.answer();
        let judged = (wrongs(&own, &oracle), others.iter().map(|controls| wrongs(controls, &oracle)).collect());
        assert!(oracle.asked.borrow().is_empty(), "everything was asked in the first pass");
        judged
    })
}

#[test]
fn every_read_is_what_botocore_sends_and_understands() {
    let wrong: Vec<String> = judged()
        .0
        .iter()
        .filter(|wrong| !EXEMPT.iter().any(|exempt| wrong.exempt_by(exempt)))
        .map(|wrong| format!("{}, {}: {}", wrong.of, wrong.place, wrong.what))
        .collect();
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_exemption_outlives_its_need() {
    for exempt in EXEMPT {
        assert!(exempt.2.len() > 20, "{exempt:?}: say why");
        assert!(judged().0.iter().any(|wrong| wrong.exempt_by(exempt)), "no longer needed: {exempt:?}");
    }
}

#[test]
fn what_is_broken_on_purpose_is_found() {
    let (own, others) = judged();
    let missed: Vec<String> = BROKEN
        .iter()
        .enumerate()
        .filter(|(at, (_, _, _, words))| {
            !others[round_of(*at)]
                .difference(own)
                .any(|wrong| format!("{}, {}: {}", wrong.of, wrong.place, wrong.what).contains(words))
        })
        .map(|(at, (file, from, to, words))| {
            let found: Vec<&Wrong> = others[round_of(at)].difference(own).collect();
            format!("{file}: {from:?} became {to:?}; expected {words:?} among {found:#?}")
        })
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
