"""Seeds an emulator with a contractor's two accounts and prints the findings that are true of them.

    python seed.py ENDPOINT [--emulator moto|ministack]

Each seeded thing carries its expectation, written out by hand beside the calls that make it. Nothing
here derives an outcome: a copy of the rules would share the mistakes of the rules.

The answer is one JSON object on standard output:

    {"emulator", "accounts", "regions", "served": null | [check, ...],
     "points": [{"account", "region", "id", "kind", "crosses", "public", "network", "in_use"}],
     "findings": [{"check", "account", "region", "type", "id", "handle", "outcome", "note",
                   "also": [other spelling of id, ...], "alone"?: outcome, "optional"?: true}]}

`region` is null where the subject belongs to no region, and is then not compared. A bucket is judged
once for each account that writes its logs there, under that account. `alone` is the outcome when only
the first account is audited. `optional` marks findings that say "not applicable" of a subject that a
check may as well leave out. `handle` is a name that tests use to speak of one subject. `served` lists
the checks whose reads the emulator can answer; null means all of them. `points` are all points of a boundary but
subnets.
"""

import argparse
import json
import sys
from urllib.parse import urlsplit, urlunsplit

import boto3
from botocore.config import Config

FIRST = "111122223333"
SECOND = "444455556666"
# An account that nobody audits: it owns one bucket and one key that the first account uses.
STRANGER = "777788889999"

EAST, EAST2, WEST = REGIONS = ("us-east-1", "us-east-2", "us-west-2")
# Listed as not opted in by the fault proxy.
OFF = "ap-south-2"

ROLE = "farwatch-audit"
EXTERNAL_ID = "fw-ext-1"

WORLD = "0.0.0.0/0"


# What an emulator does not have: it is neither seeded nor expected.
RULES_BY_PREFIX_LIST = "prefix lists in the rules of security groups"
DELIVERY_STATUS = "the delivery status of flow logs"
POINTS = "what crosses a boundary, in the shape of AWS"
LACKS = {"moto": (), "ministack": ("guardduty", "s3control", RULES_BY_PREFIX_LIST, DELIVERY_STATUS, POINTS)}

# The checks whose reads an emulator answers rightly. ministack has no GuardDuty, answers
# GetBucketPolicyStatus with a list of objects, counts every MFA device as the root user's, and does not
# say to which log group a trail or a flow log delivers.
SERVED = {
    "moto": None,
    "ministack": [
        "aws-cloudtrail-covers-every-region",
        "aws-cloudtrail-management-events-complete",
        "aws-cloudtrail-log-file-validation",
        "aws-cloudtrail-kms-encrypted",
        "aws-cloudtrail-kms-key-rotates",
        "aws-log-bucket-retention",
        "aws-log-bucket-sse-kms",
        "aws-vpc-flow-log-all-traffic",
        "aws-console-user-mfa",
        "aws-default-security-group-closed",
        "aws-no-internet-admin-ports",
        "aws-internet-ports-authorized",
        "aws-security-group-not-wide-open",
        "aws-internal-security-group-not-wide-open",
        "aws-kinesis-stream-sse-kms",
        "aws-firehose-stream-encrypted",
    ],
}


class Truth:
    """The expected findings, in the order in which their subjects were made."""

    def __init__(self):
        self.findings = []
        self.points = []

    def point(self, account, region, id, kind, network, *, crosses="external", public=False, in_use=True):
        self.points.append(
            {
                "account": account,
                "region": region,
                "id": id,
                "kind": kind,
                "crosses": crosses,
                "public": public,
                "network": network,
                "in_use": in_use,
            }
        )

    def add(self, check, outcome, *, account, region, type, id, handle, note, also=(), alone=None, optional=False):
        row = {
            "check": check,
            "account": account,
            "region": region,
            "type": type,
            "id": id,
            "also": list(also),
            "handle": handle,
            "outcome": outcome,
            "note": note,
        }
        if alone:
            row["alone"] = alone
        if optional:
            row["optional"] = True
        self.findings.append(row)


class Clients:
    """One client per service, account and region, made when first asked for."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.made = {}

    def __call__(self, service, account, region=EAST):
        key = (service, account, region)
        if key not in self.made:
            self.made[key] = self.make(service, account, region)
        return self.made[key]

    def make(self, service, account, region):
        client = boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=account,
            aws_secret_access_key="seed",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )

        def own_account(request, **_):
            # moto takes the account from the access key only if it has issued that key itself.
            request.headers["x-moto-account-id"] = account

        def no_host_prefix(request, **_):
            # botocore puts the account id in front of the host name, even if that is an address.
            parts = urlsplit(request.url)
            request.url = urlunsplit(parts._replace(netloc=urlsplit(self.endpoint).netloc))

        client.meta.events.register("before-sign", own_account)
        if service == "s3control":
            client.meta.events.register("before-sign", no_host_prefix)
        return client


class Seed:
    """Makes things and notes what is true of them."""

    def __init__(self, endpoint, emulator):
        self.aws = Clients(endpoint)
        self.emulator = emulator
        self.truth = Truth()

    def has(self, feature):
        return feature not in LACKS[self.emulator]

    # --- keys and log stores -----------------------------------------------------------------

    def key(self, account, region, *, enabled=True, rotates=True):
        """A KMS key; trails that use it carry the expectations."""
        kms = self.aws("kms", account, region)
        meta = kms.create_key(Description="farwatch seed")["KeyMetadata"]
        if rotates:
            kms.enable_key_rotation(KeyId=meta["KeyId"])
        if not enabled:
            kms.disable_key(KeyId=meta["KeyId"])
        return meta["Arn"]

    def bucket(self, account, region, name, *, policy=None, acl=None, block=None, lifecycle=None, sse=None):
        s3 = self.aws("s3", account, region)
        where = {} if region == EAST else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter" if acl else "BucketOwnerEnforced", **where)
        # A new bucket blocks everything public; the one that should not has to say so.
        s3.delete_public_access_block(Bucket=name)
        if acl:
            s3.put_bucket_acl(Bucket=name, ACL=acl)
        if policy:
            s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
        if block:
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
        if lifecycle:
            s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": lifecycle})
        if sse:
            rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": sse}}
            s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        return name

    def log_bucket(self, account, region, name, *, public, retention, sse_kms, **made_of):
        """A bucket of this account that receives this account's logs, and no others."""
        self.bucket(account, region, name, **made_of)
        self.expect_bucket(account, name, public=public, retention=retention, sse_kms=sse_kms)

    def expect_bucket(self, writer, name, *, public, retention, sse_kms, alone=None):
        """A bucket as the store of the logs of one account. The three are (outcome, why)."""
        subject = dict(account=writer, region=None, type="aws.log_store", id=f"arn:aws:s3:::{name}", handle=name)
        for check, (outcome, note) in (
            ("aws-log-bucket-not-public", public),
            ("aws-log-bucket-retention", retention),
            ("aws-log-bucket-sse-kms", sse_kms),
        ):
            self.truth.add(check, outcome, note=note, alone=alone, **subject)
        self.truth.add(
            "aws-log-group-retention", "not_applicable", note="a bucket, not a log group", optional=True, **subject
        )

    def group(self, account, region, name, days):
        logs = self.aws("logs", account, region)
        logs.create_log_group(logGroupName=name)
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        return f"arn:aws:logs:{region}:{account}:log-group:{name}"

    def log_group(self, account, region, name, days, outcome, note):
        """A log group that receives logs."""
        arn = self.group(account, region, name, days)
        subject = dict(account=account, region=region, type="aws.log_store", id=arn, handle=name, also=[f"{arn}:*"])
        self.truth.add("aws-log-group-retention", outcome, note=note, **subject)
        for check in ("aws-log-bucket-not-public", "aws-log-bucket-retention", "aws-log-bucket-sse-kms"):
            self.truth.add(check, "not_applicable", note="a log group, not a bucket", optional=True, **subject)
        return arn

    # --- trails ------------------------------------------------------------------------------

    def trail(self, account, region, name, *, bucket, validation, encrypted, rotates, logging=True, selectors, **more):
        """A trail. `validation`, `encrypted`, `rotates` are (outcome, why)."""
        cloudtrail = self.aws("cloudtrail", account, region)
        arn = cloudtrail.create_trail(Name=name, S3BucketName=bucket, **more)["TrailARN"]
        cloudtrail.put_event_selectors(TrailName=name, **selectors)
        if logging:
            cloudtrail.start_logging(Name=name)
        for check, (outcome, note) in (
            ("aws-cloudtrail-log-file-validation", validation),
            ("aws-cloudtrail-kms-encrypted", encrypted),
            ("aws-cloudtrail-kms-key-rotates", rotates),
        ):
            self.truth.add(
                check,
                outcome,
                account=account,
                region=region,
                type="aws.cloudtrail.trail",
                id=arn,
                also=[name],
                handle=name,
                note=note,
            )

    def region(self, account, region, *, covered=None, complete=None, guardduty=None):
        """What the region as a place is expected to show."""
        for check, expected in (
            ("aws-cloudtrail-covers-every-region", covered),
            ("aws-cloudtrail-management-events-complete", complete),
            ("aws-guardduty-enabled", guardduty),
        ):
            if expected:
                outcome, note = expected
                self.truth.add(
                    check,
                    outcome,
                    account=account,
                    region=region,
                    type="aws.region",
                    id=region,
                    handle=f"{account}/{region}",
                    note=note,
                )

    # --- networks ----------------------------------------------------------------------------

    def drop_default_vpc(self, account, region):
        """Keeps the truth small: an unused default VPC is worth one example, not six."""
        ec2 = self.aws("ec2", account, region)
        for vpc in ec2.describe_vpcs()["Vpcs"]:
            for subnet in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]:
                ec2.delete_subnet(SubnetId=subnet["SubnetId"])
            for gateway in ec2.describe_internet_gateways(
                Filters=[{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}]
            )["InternetGateways"]:
                ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc["VpcId"])
                ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
            ec2.delete_vpc(VpcId=vpc["VpcId"])

    def default_vpc(self, account, region, flow_logs, handle):
        """The VPC that AWS made, with the security group that AWS made."""
        ec2 = self.aws("ec2", account, region)
        (vpc,) = ec2.describe_vpcs()["Vpcs"]
        self.expect_vpc(account, region, vpc["VpcId"], handle, flow_logs)
        self.default_group(account, region, vpc["VpcId"], handle, closed=False)
        subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
        return vpc["VpcId"], [subnet["SubnetId"] for subnet in subnets]

    def vpc(self, account, region, handle, flow_logs, *, closed, subnets=1, used=True):
        """A VPC with its own default security group; in use means: with a network interface in each subnet."""
        ec2 = self.aws("ec2", account, region)
        vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        made = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{n}.0/24")["Subnet"]["SubnetId"] for n in range(subnets)
        ]
        if used:
            for subnet in made:
                ec2.create_network_interface(SubnetId=subnet)
        self.expect_vpc(account, region, vpc, handle, flow_logs)
        self.default_group(account, region, vpc, handle, closed=closed)
        return vpc, made

    def expect_vpc(self, account, region, vpc, handle, expected):
        outcome, note = expected
        self.truth.add(
            "aws-vpc-flow-log-all-traffic",
            outcome,
            account=account,
            region=region,
            type="aws.ec2.vpc",
            id=vpc,
            handle=handle,
            note=note,
        )

    def default_group(self, account, region, vpc, handle, *, closed):
        ec2 = self.aws("ec2", account, region)
        (group,) = ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
        )["SecurityGroups"]
        if closed:
            if group["IpPermissionsEgress"]:
                ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
            if group["IpPermissions"]:
                ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
        self.expect_group(
            account,
            region,
            group["GroupId"],
            f"default of {handle}",
            default=("pass", "every rule removed") if closed else ("fail", "still lets everything out"),
            admin=("pass", "a default group has no rule from outside"),
            ports=NOTHING_OPEN,
            internet=NARROW,
            internal=NARROW,
        )

    def expect_group(self, account, region, group, handle, *, default, admin, ports, internet, internal):
        for check, (outcome, note) in (
            ("aws-default-security-group-closed", default),
            ("aws-no-internet-admin-ports", admin),
            ("aws-internet-ports-authorized", ports),
            ("aws-security-group-not-wide-open", internet),
            ("aws-internal-security-group-not-wide-open", internal),
        ):
            self.truth.add(
                check,
                outcome,
                account=account,
                region=region,
                type="aws.ec2.security_group",
                id=group,
                handle=handle,
                note=note,
            )

    def security_group(self, account, region, vpc, handle, permissions, admin, ports, internet, internal):
        ec2 = self.aws("ec2", account, region)
        group = ec2.create_security_group(GroupName=handle, Description=handle, VpcId=vpc)["GroupId"]
        if permissions:
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions)
        self.expect_group(
            account,
            region,
            group,
            handle,
            default=("not_applicable", "not a default group"),
            admin=admin,
            ports=ports,
            internet=internet,
            internal=internal,
        )
        return group

    def flow_log(self, account, region, resources, traffic, *, kind="VPC", bucket=None, group=None):
        where = (
            {"LogDestinationType": "s3", "LogDestination": f"arn:aws:s3:::{bucket}"}
            if bucket
            else {
                "LogDestinationType": "cloud-watch-logs",
                "LogGroupName": group,
                "DeliverLogsPermissionArn": f"arn:aws:iam::{account}:role/flow-logs",
            }
        )
        answer = self.aws("ec2", account, region).create_flow_logs(
            ResourceIds=resources, ResourceType=kind, TrafficType=traffic, **where
        )
        refused = answer.get("Unsuccessful")
        if refused:
            raise SystemExit(f"the emulator refused a flow log: {refused}")

    # --- people and streams ------------------------------------------------------------------

    def user(self, account, name, outcome, note, *, password=False, mfa=False):
        iam = self.aws("iam", account)
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        if password:
            iam.create_login_profile(UserName=name, Password="Correct-Horse-9")
        if mfa:
            serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
            iam.enable_mfa_device(
                UserName=name, SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
            )
        self.expect_user(account, arn, name, outcome, note)

    def expect_user(self, account, arn, name, outcome, note):
        self.truth.add(
            "aws-console-user-mfa",
            outcome,
            account=account,
            region=None,
            type="aws.iam.credential_report_entry",
            id=arn,
            handle=name,
            note=note,
        )

    def account(self, account, outcome, note):
        self.truth.add(
            "aws-root-mfa",
            outcome,
            account=account,
            region=None,
            type="aws.account",
            id=account,
            handle=f"account {account}",
            note=note,
        )

    def stream(self, account, region, name, outcome, note, *, key=None):
        kinesis = self.aws("kinesis", account, region)
        kinesis.create_stream(StreamName=name, ShardCount=1)
        if key:
            kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=key)
        self.truth.add(
            "aws-kinesis-stream-sse-kms",
            outcome,
            account=account,
            region=region,
            type="aws.kinesis.stream",
            id=f"arn:aws:kinesis:{region}:{account}:stream/{name}",
            also=[name],
            handle=name,
            note=note,
        )

    def delivery_stream(self, account, region, name, bucket, outcome, note, *, key=None):
        more = (
            {"DeliveryStreamEncryptionConfigurationInput": {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key}}
            if key
            else {}
        )
        self.aws("firehose", account, region).create_delivery_stream(
            DeliveryStreamName=name,
            DeliveryStreamType="DirectPut",
            ExtendedS3DestinationConfiguration={
                "RoleARN": f"arn:aws:iam::{account}:role/firehose",
                "BucketARN": f"arn:aws:s3:::{bucket}",
            },
            **more,
        )
        self.truth.add(
            "aws-firehose-stream-encrypted",
            outcome,
            account=account,
            region=region,
            type="aws.firehose.stream",
            id=f"arn:aws:firehose:{region}:{account}:deliverystream/{name}",
            also=[name],
            handle=name,
            note=note,
        )


# --- the pieces the contractors are made of --------------------------------------------------


def basic(read_write="All", *, management=True, excluded=()):
    """Basic event selectors, each field written out as AWS answers them."""
    return {
        "EventSelectors": [
            {
                "ReadWriteType": read_write,
                "IncludeManagementEvents": management,
                "DataResources": [],
                "ExcludeManagementEventSources": list(excluded),
            }
        ]
    }


def advanced(*fields):
    selectors = [{"Field": "eventCategory", "Equals": ["Management"]}, *fields]
    return {"AdvancedEventSelectors": [{"Name": "management", "FieldSelectors": selectors}]}


def public_policy(bucket):
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
        ],
    }


def delivery_policy(bucket):
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/*",
            }
        ],
    }


def block(*names):
    every = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return {name: name in names or names == ("all",) for name in every}


def expires(days, prefix="", *, enabled=True):
    return {
        "ID": f"expire {prefix or 'everything'} after {days}",
        "Status": "Enabled" if enabled else "Disabled",
        "Filter": {"Prefix": prefix},
        "Expiration": {"Days": days},
    }


def rule(protocol, low=None, high=None, *, v4=(), v6=(), lists=(), groups=()):
    permission = {"IpProtocol": protocol}
    if low is not None:
        permission |= {"FromPort": low, "ToPort": high if high is not None else low}
    if v4:
        permission["IpRanges"] = [{"CidrIp": cidr} for cidr in v4]
    if v6:
        permission["Ipv6Ranges"] = [{"CidrIpv6": cidr} for cidr in v6]
    if lists:
        permission["PrefixListIds"] = [{"PrefixListId": id} for id in lists]
    if groups:
        permission["UserIdGroupPairs"] = [{"GroupId": id} for id in groups]
    return permission


NOTHING_OPEN = ("pass", "no port is open to the internet, so none needs authorization")
UNDECIDED = ("unknown", "ports are open to the internet, and the organisation has not said which may be")
NARROW = ("pass", "not everything is let in")
GOOD_KEY = ("pass", "an enabled key of this account")
ROTATES = ("pass", "rotation is on")
NO_KEY = ("fail", "no KMS key")
NO_KEY_ROTATION = ("not_applicable", "no KMS key, so nothing to rotate")
VALIDATED = ("pass", "validation is on")
NOT_VALIDATED = ("fail", "validation is off")
KEPT = ("pass", "no rule expires anything")
PRIVATE = ("pass", "no public policy, no public ACL")
SSE_KMS = ("pass", "default encryption with KMS")
SSE_S3 = ("fail", "default encryption with S3's own keys")


def log_archives(seed):
    """The buckets and log groups that trails and flow logs of both accounts write to."""
    seed.log_bucket(
        FIRST,
        EAST,
        "fw-a-good",
        policy=delivery_policy("fw-a-good"),
        block=block("all"),
        sse="aws:kms",
        public=PRIVATE,
        retention=KEPT,
        sse_kms=SSE_KMS,
    )
    seed.log_bucket(
        FIRST,
        EAST2,
        "fw-a-public-policy",
        policy=public_policy("fw-a-public-policy"),
        lifecycle=[expires(400)],
        sse="AES256",
        public=("fail", "public by policy and nothing blocks it"),
        retention=("pass", "expires after 400 days"),
        sse_kms=SSE_S3,
    )
    seed.log_bucket(
        FIRST,
        WEST,
        "fw-a-public-acl",
        acl="public-read",
        lifecycle=[expires(30)],
        public=("fail", "public by ACL and nothing blocks it"),
        retention=("fail", "everything expires after 30 days"),
        sse_kms=("fail", "moto knows no default encryption; AWS would answer AES256: the same outcome"),
    )
    seed.log_bucket(
        FIRST,
        EAST2,
        "fw-a-restricted",
        policy=public_policy("fw-a-restricted"),
        block=block("RestrictPublicBuckets"),
        lifecycle=[expires(30, "tmp/"), expires(30, enabled=False)],
        sse="aws:kms:dsse",
        public=("pass", "a public policy, restricted by the bucket's own block"),
        retention=("pass", "one short rule cannot reach the logs, the other is disabled"),
        sse_kms=("pass", "default encryption with KMS, twice over"),
    )
    seed.log_bucket(
        FIRST,
        WEST,
        "fw-a-access-logs",
        acl="public-read",
        block=block("IgnorePublicAcls"),
        lifecycle=[expires(30, "AWSLogs/")],
        sse="AES256",
        public=("pass", "a public ACL, ignored by the bucket's own block"),
        retention=("pass", "the short rule is for AWSLogs/, the trail writes below trails/"),
        sse_kms=("not_applicable", "receives S3 server access logs, which cannot be encrypted with KMS"),
    )
    seed.log_bucket(
        FIRST,
        EAST,
        "fw-a-flow",
        lifecycle=[expires(60, "AWSLogs/")],
        sse="aws:kms",
        public=PRIVATE,
        retention=("fail", "flow logs below AWSLogs/ expire after 60 days"),
        sse_kms=SSE_KMS,
    )
    # Public, short-lived and without KMS, and no finding speaks of it: nothing logs to it.
    seed.bucket(FIRST, EAST, "fw-a-website", acl="public-read", lifecycle=[expires(1)])
    owner_acl = seed.aws("s3", FIRST, WEST).get_bucket_acl(Bucket="fw-a-access-logs")
    delivery = "http://acs.amazonaws.com/groups/s3/LogDelivery"
    seed.aws("s3", FIRST, WEST).put_bucket_acl(
        Bucket="fw-a-access-logs",
        AccessControlPolicy={
            "Owner": owner_acl["Owner"],
            "Grants": owner_acl["Grants"]
            + [
                {"Grantee": {"Type": "Group", "URI": delivery}, "Permission": "WRITE"},
                {"Grantee": {"Type": "Group", "URI": delivery}, "Permission": "READ_ACP"},
            ],
        },
    )
    seed.aws("s3", FIRST, WEST).put_bucket_logging(
        Bucket="fw-a-public-acl",
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "fw-a-access-logs", "TargetPrefix": "s3/"}},
    )

    # The second account has the account-wide block; the first has none.
    if seed.has("s3control"):
        seed.aws("s3control", SECOND).put_public_access_block(
            AccountId=SECOND,
            PublicAccessBlockConfiguration=block("IgnorePublicAcls", "RestrictPublicBuckets"),
        )
    seed.bucket(
        SECOND,
        EAST,
        "fw-b-archive",
        policy=public_policy("fw-b-archive"),
        acl="public-read",
        lifecycle=[expires(90, f"trails/AWSLogs/{SECOND}/")],
        sse="aws:kms",
    )
    shut = ("pass", "public by policy and ACL, restricted and ignored by the account's block")
    seed.expect_bucket(
        SECOND,
        "fw-b-archive",
        public=shut,
        retention=("fail", "the trail writes below trails/AWSLogs/, a part of which expires after 90 days"),
        sse_kms=SSE_KMS,
    )
    # The first account's trail writes here too; without the second account nobody can say what becomes of it.
    seed.expect_bucket(
        FIRST,
        "fw-b-archive",
        public=shut,
        retention=("pass", "the short rule is for trails/, this trail writes below AWSLogs/"),
        sse_kms=SSE_KMS,
        alone="unknown",
    )
    seed.log_bucket(
        SECOND,
        WEST,
        "fw-b-plain",
        sse="AES256",
        public=PRIVATE,
        retention=KEPT,
        sse_kms=SSE_S3,
    )
    not_read = ("unknown", "the bucket belongs to an account that is not audited")
    seed.bucket(STRANGER, EAST, "fw-c-archive")
    seed.expect_bucket(FIRST, "fw-c-archive", public=not_read, retention=not_read, sse_kms=not_read)

    seed.log_group(FIRST, EAST, "/farwatch/trail", 365, "pass", "kept for 365 days")
    seed.log_group(FIRST, EAST2, "/farwatch/flow-short", 30, "fail", "kept for 30 days")
    seed.log_group(FIRST, WEST, "/farwatch/flow-forever", None, "pass", "never expires")
    seed.group(FIRST, EAST, "/farwatch/unrelated", 1)
    seed.log_group(SECOND, EAST, "/farwatch/flow", 180, "pass", "kept for exactly the 180 days asked for")
    seed.log_group(SECOND, EAST2, "/farwatch/flow", 90, "fail", "kept for 90 days")


def trails(seed):
    good = seed.key(FIRST, EAST)
    disabled = seed.key(FIRST, WEST, enabled=False, rotates=False)
    still = seed.key(FIRST, EAST2, rotates=False)
    ghost = f"arn:aws:kms:{WEST}:{FIRST}:key/00000000-0000-4000-8000-000000000000"
    foreign = f"arn:aws:kms:{EAST}:{STRANGER}:key/11111111-1111-4111-8111-111111111111"

    seed.trail(
        FIRST,
        EAST,
        "fw-main",
        bucket="fw-a-good",
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        KmsKeyId=good,
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:{EAST}:{FIRST}:log-group:/farwatch/trail:*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{FIRST}:role/trail",
        selectors=basic(),
        validation=VALIDATED,
        encrypted=GOOD_KEY,
        rotates=ROTATES,
    )
    seed.trail(
        FIRST,
        EAST,
        "fw-foreign-key",
        bucket="fw-c-archive",
        EnableLogFileValidation=True,
        KmsKeyId=foreign,
        selectors=basic("ReadOnly"),
        validation=VALIDATED,
        encrypted=("unknown", "the key belongs to an account that is not audited"),
        rotates=("unknown", "the key belongs to an account that is not audited"),
    )
    seed.trail(
        FIRST,
        EAST2,
        "fw-plain",
        bucket="fw-a-public-policy",
        selectors=basic("WriteOnly"),
        validation=NOT_VALIDATED,
        encrypted=NO_KEY,
        rotates=NO_KEY_ROTATION,
    )
    seed.trail(
        FIRST,
        EAST2,
        "fw-still-key",
        bucket="fw-b-archive",
        KmsKeyId=still,
        selectors=basic(management=False),
        validation=NOT_VALIDATED,
        encrypted=GOOD_KEY,
        rotates=("fail", "rotation is off"),
    )
    seed.trail(
        FIRST,
        WEST,
        "fw-disabled-key",
        bucket="fw-a-public-acl",
        KmsKeyId=disabled,
        EnableLogFileValidation=True,
        selectors=advanced({"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}),
        validation=VALIDATED,
        encrypted=("fail", "the key is disabled"),
        rotates=("fail", "rotation is off, and the key is disabled"),
    )
    seed.trail(
        FIRST,
        WEST,
        "fw-ghost-key",
        bucket="fw-a-access-logs",
        S3KeyPrefix="trails",
        KmsKeyId=ghost,
        EnableLogFileValidation=True,
        selectors=basic(excluded=["kms.amazonaws.com"]),
        logging=False,
        validation=VALIDATED,
        encrypted=("fail", "the account's keys were listed, and this is not one of them"),
        rotates=("unknown", "there is no such key that could rotate or not"),
    )
    seed.trail(
        FIRST,
        EAST2,
        "fw-restricted",
        bucket="fw-a-restricted",
        EnableLogFileValidation=True,
        selectors=basic("ReadOnly"),
        validation=VALIDATED,
        encrypted=NO_KEY,
        rotates=NO_KEY_ROTATION,
    )
    for region in REGIONS:
        seed.region(
            FIRST,
            region,
            covered=("pass", "fw-main, a multi-region trail, is logging"),
            complete=("pass", "fw-main records every management event"),
        )

    second = seed.key(SECOND, EAST)
    seed.trail(
        SECOND,
        EAST,
        "fw-b-advanced",
        bucket="fw-b-archive",
        S3KeyPrefix="trails",
        KmsKeyId=second,
        EnableLogFileValidation=True,
        selectors=advanced(),
        validation=VALIDATED,
        encrypted=GOOD_KEY,
        rotates=ROTATES,
    )
    seed.region(
        SECOND,
        EAST,
        covered=("pass", "fw-b-advanced, with its home here, is logging"),
        complete=("pass", "one advanced selector for management events and nothing narrower"),
    )
    seed.trail(
        SECOND,
        EAST2,
        "fw-b-excluding",
        bucket="fw-b-plain",
        EnableLogFileValidation=True,
        selectors=basic(excluded=["kms.amazonaws.com"]),
        validation=VALIDATED,
        encrypted=NO_KEY,
        rotates=NO_KEY_ROTATION,
    )
    seed.region(
        SECOND,
        EAST2,
        covered=("pass", "fw-b-excluding, with its home here, is logging"),
        complete=("fail", "its selectors leave out the events of KMS"),
    )
    seed.trail(
        SECOND,
        WEST,
        "fw-b-stopped",
        bucket="fw-b-plain",
        EnableLogFileValidation=True,
        selectors=basic("WriteOnly"),
        logging=False,
        validation=VALIDATED,
        encrypted=NO_KEY,
        rotates=NO_KEY_ROTATION,
    )
    seed.region(
        SECOND,
        WEST,
        covered=("fail", "the only trail here is stopped"),
        complete=("fail", "the only trail here is stopped and would record writes only"),
    )
    for account in (FIRST, SECOND):
        off = ("not_applicable", "the region is not opted in")
        seed.region(account, OFF, covered=off, complete=off, guardduty=off)


def networks(seed):
    for account, region in (
        (FIRST, EAST2),
        (FIRST, WEST),
        (SECOND, EAST),
        (SECOND, EAST2),
    ):
        seed.drop_default_vpc(account, region)

    seed.default_vpc(FIRST, EAST, ("not_applicable", "no network interface"), "unused default")
    good, _ = seed.vpc(FIRST, EAST, "good", ("pass", "a flow log of all traffic to S3"), closed=True)
    seed.flow_log(FIRST, EAST, [good], "ALL", bucket="fw-a-flow")
    reject, _ = seed.vpc(FIRST, EAST, "reject only", ("fail", "only rejected traffic is recorded"), closed=False)
    seed.flow_log(FIRST, EAST, [reject], "REJECT", bucket="fw-a-flow")
    _, all_of_them = seed.vpc(
        FIRST, EAST, "every subnet", ("pass", "each of the two subnets has a flow log"), closed=True, subnets=2
    )
    seed.flow_log(FIRST, EAST, all_of_them, "ALL", kind="Subnet", bucket="fw-a-flow")

    _, some_of_them = seed.vpc(
        FIRST, EAST2, "half the subnets", ("fail", "one of two subnets has no flow log"), closed=True, subnets=2
    )
    seed.flow_log(FIRST, EAST2, some_of_them[:1], "ALL", kind="Subnet", group="/farwatch/flow-short")
    grouped, _ = seed.vpc(FIRST, EAST2, "to a log group", ("pass", "a flow log of all traffic"), closed=True)
    seed.flow_log(FIRST, EAST2, [grouped], "ALL", group="/farwatch/flow-short")

    forever, _ = seed.vpc(FIRST, WEST, "to a lasting log group", ("pass", "a flow log of all traffic"), closed=True)
    seed.flow_log(FIRST, WEST, [forever], "ALL", group="/farwatch/flow-forever")
    if seed.has(DELIVERY_STATUS):
        undelivered, _ = seed.vpc(
            FIRST,
            WEST,
            "undelivered",
            ("fail", "the flow log is active, but nothing could be delivered"),
            closed=True,
        )
        # The log group does not exist yet, which is what makes the delivery fail.
        seed.flow_log(FIRST, WEST, [undelivered], "ALL", group="/farwatch/late")
        seed.log_group(FIRST, WEST, "/farwatch/late", 365, "pass", "made too late for the flow log, kept long enough")
    seed.vpc(FIRST, WEST, "empty", ("not_applicable", "no network interface"), closed=True, used=False)

    second, _ = seed.vpc(SECOND, EAST, "second good", ("pass", "a flow log of all traffic"), closed=True)
    seed.flow_log(SECOND, EAST, [second], "ALL", group="/farwatch/flow")
    _, subnets = seed.vpc(
        SECOND, EAST2, "one interface", ("fail", "one network interface is recorded, not the VPC"), closed=False
    )
    ec2 = seed.aws("ec2", SECOND, EAST2)
    interface = ec2.create_network_interface(SubnetId=subnets[0])["NetworkInterface"]["NetworkInterfaceId"]
    seed.flow_log(SECOND, EAST2, [interface], "ALL", kind="NetworkInterface", group="/farwatch/flow")
    _, subnets = seed.default_vpc(SECOND, WEST, ("fail", "in use without any flow log"), "used default")
    seed.aws("ec2", SECOND, WEST).create_network_interface(SubnetId=subnets[0])

    security_groups(seed, good)
    seed.security_group(
        SECOND,
        EAST,
        second,
        "b-ssh-world",
        [rule("tcp", 22, v4=[WORLD])],
        admin=("fail", "SSH from everywhere"),
        ports=UNDECIDED,
        internet=NARROW,
        internal=NARROW,
    )
    seed.security_group(
        SECOND,
        EAST,
        second,
        "b-https",
        [rule("tcp", 443, v4=[WORLD])],
        admin=("pass", "only HTTPS"),
        ports=UNDECIDED,
        internet=NARROW,
        internal=NARROW,
    )
    if seed.has(POINTS):
        points(seed, good, reject, second)
    undeclared(seed)


def points(seed, good, other, foreign):
    """What crosses the boundaries of VPCs, most of it in one that is in use."""
    ec2 = seed.aws("ec2", FIRST, EAST)
    point = lambda *words, **more: seed.truth.point(FIRST, EAST, *words, **more)

    def gateway(vpc=None):
        made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        if vpc:
            ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
        return made

    # AWS makes default VPCs with a gateway each, moto without. One of the VPCs is not in use, the other is.
    for account, region, used in ((FIRST, EAST, False), (SECOND, WEST, True)):
        theirs = seed.aws("ec2", account, region)
        (vpc,) = theirs.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        made = theirs.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        theirs.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc["VpcId"])
        seed.truth.point(account, region, made, "internet gateway", vpc["VpcId"], in_use=used)
    point(gateway(good), "internet gateway", good)
    gateway()  # attached to nothing, so nothing crosses it
    outward = ec2.create_egress_only_internet_gateway(VpcId=good)["EgressOnlyInternetGateway"]
    point(outward["EgressOnlyInternetGatewayId"], "egress-only internet gateway", good)
    vpn = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpcId=good, VpnGatewayId=vpn)
    point(vpn, "VPN gateway", good)

    subnets = [
        ec2.create_subnet(VpcId=good, CidrBlock=f"10.20.{n}.0/24", AvailabilityZone=f"{EAST}{zone}")["Subnet"]["SubnetId"]
        for n, zone in ((10, "a"), (11, "b"))
    ]
    for handle, kind, deleted in (("public", "NAT gateway", False), ("public", "", True)):
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address, ConnectivityType=handle)["NatGateway"]
        if deleted:
            ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
        else:
            point(nat["NatGatewayId"], kind, good)
    private = ec2.create_nat_gateway(SubnetId=subnets[0], ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    point(private, "private NAT gateway", good, crosses="internal")

    transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    attachment = ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=transit, VpcId=good, SubnetIds=subnets[:1])
    attachment = attachment["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    point(attachment, "transit gateway attachment", good, crosses="internal")

    within = ec2.create_vpc_peering_connection(VpcId=good, PeerVpcId=other)["VpcPeeringConnection"]
    within = within["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=within)
    point(within, "VPC peering", good, crosses="internal")
    across = ec2.create_vpc_peering_connection(VpcId=good, PeerVpcId=foreign, PeerOwnerId=SECOND)
    across = across["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    seed.aws("ec2", SECOND, EAST).accept_vpc_peering_connection(VpcPeeringConnectionId=across)
    point(across, "VPC peering", good)
    seed.truth.point(SECOND, EAST, across, "VPC peering", foreign)

    gate = ec2.create_vpc_endpoint(VpcId=good, ServiceName=f"com.amazonaws.{EAST}.s3", VpcEndpointType="Gateway")
    point(gate["VpcEndpoint"]["VpcEndpointId"], "gateway endpoint", good)
    door = ec2.create_vpc_endpoint(
        VpcId=good, ServiceName=f"com.amazonaws.{EAST}.logs", VpcEndpointType="Interface", SubnetIds=subnets[:1]
    )
    point(door["VpcEndpoint"]["VpcEndpointId"], "interface endpoint", good)

    def machine(*, public):
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        interface = {"DeviceIndex": 0, "SubnetId": subnets[1], "AssociatePublicIpAddress": public}
        return ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, NetworkInterfaces=[interface])["Instances"][0]

    reachable = machine(public=True)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    point(reachable, "public address", good, public=True)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, InstanceId=machine(public=False)["InstanceId"])
    point(address, "Elastic IP address", "", public=True)
    ec2.allocate_address(Domain="vpc")  # of nothing, so nothing crosses it

    balancers(seed, subnets, good)


def balancers(seed, subnets, vpc):
    elb = seed.aws("elbv2", FIRST, EAST)

    def balancer(name, scheme, outcome, note, *listeners):
        made = elb.create_load_balancer(Name=name, Subnets=subnets, Scheme=scheme)["LoadBalancers"][0]
        arn = made["LoadBalancerArn"]
        for port, action in listeners:
            elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=port, DefaultActions=[action])
        facing = scheme == "internet-facing"
        kind = "internet-facing load balancer" if facing else "internal load balancer"
        seed.truth.point(FIRST, EAST, arn, kind, vpc, crosses="external" if facing else "internal", public=facing)
        seed.truth.add(
            "aws-load-balancer-listeners-encrypted",
            outcome,
            account=FIRST,
            region=EAST,
            type="aws.elbv2.load_balancer",
            id=arn,
            handle=name,
            note=note,
        )

    plain = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/plain"}}
    redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    balancer("plain", "internet-facing", "fail", "plain HTTP beside a redirect", (80, redirect), (8080, plain))
    balancer("redirecting", "internet-facing", "pass", "HTTP is redirected to HTTPS", (80, redirect))
    balancer("inside", "internal", "not_applicable", "the internet does not reach it", (80, plain))
    # Without a group, the load balancer would bring one along.
    (group,) = seed.aws("ec2", FIRST, EAST).describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    seed.aws("elb", FIRST, EAST).create_load_balancer(
        SecurityGroups=[group["GroupId"]],
        LoadBalancerName="classic",
        Listeners=[{"Protocol": "TCP", "LoadBalancerPort": 443, "InstanceProtocol": "TCP", "InstancePort": 443}],
        Subnets=subnets,
        Scheme="internal",
    )
    seed.truth.point(FIRST, EAST, "classic", "internal load balancer", vpc, crosses="internal")


def undeclared(seed):
    """Without a file of the organisation, nobody has declared a boundary."""
    for account in (FIRST, SECOND):
        for region in REGIONS:
            for check in ("external-boundary-declared", "internal-boundary-declared", "public-components-declared"):
                seed.truth.add(
                    f"organisation-{check}",
                    "unknown",
                    account=account,
                    region=region,
                    type="boundary.place",
                    id=region,
                    handle=f"{account}/{region}",
                    note="nothing is declared",
                )
    seed.truth.add(
        "organisation-declared-points-exist",
        "unknown",
        account="organisation",
        region=None,
        type="boundary.declaration",
        id="boundary",
        handle="the boundary",
        note="nothing is declared",
    )


def security_groups(seed, vpc):
    ec2 = seed.aws("ec2", FIRST, EAST)

    def prefix_list(name, cidr):
        made = ec2.create_managed_prefix_list(
            PrefixListName=name, MaxEntries=5, AddressFamily="IPv4", Entries=[{"Cidr": cidr}]
        )
        return made["PrefixList"]["PrefixListId"]

    def bad(name, note, *rules, internet=NARROW, internal=NARROW):
        admin = ("fail", note)
        seed.security_group(FIRST, EAST, vpc, name, list(rules), admin, UNDECIDED, internet, internal)

    def fine(name, note, *rules, ports=NOTHING_OPEN, internal=NARROW):
        return seed.security_group(FIRST, EAST, vpc, name, list(rules), ("pass", note), ports, NARROW, internal)

    everything = ("fail", "everything is let in from everywhere")
    bad("ssh-world", "SSH from everywhere", rule("tcp", 22, v4=[WORLD]))
    bad("rdp-world-6", "RDP from every IPv6 address", rule("tcp", 3389, v6=["::/0"]))
    bad("range", "ports 0 to 1024 hold SSH", rule("tcp", 0, 1024, v4=[WORLD]))
    bad(
        "all-protocols",
        "every protocol, so every port",
        rule("-1", v4=[WORLD]),
        internet=everything,
        internal=everything,
    )
    bad(
        "all-ports",
        "every port of TCP, in two parts",
        rule("tcp", 1, 1000, v4=[WORLD]),
        rule("tcp", 1001, 65535, v4=[WORLD]),
        internet=everything,
        internal=everything,
    )
    bad("two-halves", "two halves are everywhere", rule("tcp", 22, v4=["0.0.0.0/1", "128.0.0.0/1"]))
    bad("two-eighths", "two networks of /8 are more than one", rule("tcp", 22, v4=["8.0.0.0/8", "9.0.0.0/8"]))
    bad(
        "over-two-rules",
        "each rule admits one network of /8",
        rule("tcp", 22, v4=["8.0.0.0/8"]),
        rule("tcp", 20, 25, v4=["9.0.0.0/8"]),
    )
    bad(
        "overlapping-ranges",
        "SSH is where the two ranges of ports meet, and both networks reach it",
        rule("tcp", 20, 22, v4=["8.0.0.0/8"]),
        rule("tcp", 22, 25, v4=["9.0.0.0/8"]),
    )
    bad("global-6", "all addresses that IPv6 has given out", rule("tcp", 22, v6=["2000::/3"]))
    fine("office", "SSH from an office", rule("tcp", 22, v4=["203.0.113.0/24"]))
    fine("one-eighth", "one network of /8 is the limit", rule("tcp", 22, v4=["8.0.0.0/8"]))
    fine("https", "HTTPS is no administrative port", rule("tcp", 443, v4=[WORLD], v6=["::/0"]), ports=UNDECIDED)
    fine("private", "private addresses, however many", rule("tcp", 22, v4=["10.0.0.0/8", "172.16.0.0/12"]))
    fine("private-6", "private addresses of IPv6", rule("tcp", 22, v6=["fd00::/8"]))
    fine(
        "private-everything",
        "private addresses",
        rule("-1", v4=["10.0.0.0/9", "10.128.0.0/9"]),
        internal=("fail", "everything from 10.0.0.0/8"),
    )
    fine(
        "vpc-everything",
        "private addresses",
        rule("tcp", 0, 65535, v4=["10.20.0.0/16"]),
        internal=("fail", "every port from the whole range of the VPC"),
    )
    fine("half-the-vpc", "private addresses", rule("-1", v4=["10.20.0.0/17"]))
    fine("ping", "a protocol without ports", rule("icmp", 8, 0, v4=[WORLD]))
    inside = fine("nothing", "no rule at all")
    fine("from-group", "SSH from another group", rule("tcp", 22, groups=[inside]))
    if seed.has(RULES_BY_PREFIX_LIST):
        anywhere, office = prefix_list("anywhere", WORLD), prefix_list("office", "203.0.113.0/24")
        bad("list-anywhere", "the prefix list holds everywhere", rule("tcp", 3389, lists=[anywhere]))
        fine("list-office", "the prefix list holds an office", rule("tcp", 22, lists=[office]))


def detectors(seed):
    def detector(account, region, enable):
        seed.aws("guardduty", account, region).create_detector(Enable=enable)

    on, off = ("pass", "a detector is enabled"), ("fail", "no detector")
    detector(FIRST, EAST, True)
    detector(FIRST, EAST2, False)
    seed.region(FIRST, EAST, guardduty=on)
    seed.region(FIRST, EAST2, guardduty=("fail", "the detector is suspended"))
    seed.region(FIRST, WEST, guardduty=off)
    detector(SECOND, EAST, True)
    detector(SECOND, WEST, True)
    seed.region(SECOND, EAST, guardduty=on)
    seed.region(SECOND, EAST2, guardduty=off)
    seed.region(SECOND, WEST, guardduty=on)


def people(seed):
    seed.user(FIRST, "alice", "pass", "console password and MFA", password=True, mfa=True)
    seed.user(FIRST, "bob", "fail", "console password, no MFA", password=True)
    seed.user(FIRST, "deploy", "not_applicable", "no console password")
    seed.user(SECOND, "carol", "pass", "console password and MFA", password=True, mfa=True)
    seed.user(SECOND, "dave", "fail", "console password, no MFA", password=True)
    for account in (FIRST, SECOND):
        # The first row of AWS's credential report; moto has none, the fault proxy puts it in.
        seed.expect_user(
            account, f"arn:aws:iam::{account}:root", "root", "not_applicable", "root is judged by another check"
        )
        # The emulators answer AccountMFAEnabled 0 and leave AccountPasswordPresent out.
        seed.account(account, "unknown", "no word on whether root has a password")

    seed.aws("iam", SECOND).create_role(
        RoleName=ROLE,
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": f"arn:aws:iam::{FIRST}:root"},
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
                    }
                ],
            }
        ),
    )


def streams(seed):
    key = seed.key(FIRST, EAST)
    seed.stream(FIRST, EAST, "fw-encrypted", "pass", "encrypted with KMS", key=key)
    seed.stream(FIRST, EAST, "fw-plain-stream", "fail", "not encrypted")
    seed.stream(FIRST, WEST, "fw-west", "fail", "not encrypted")
    seed.stream(SECOND, EAST, "fw-b-stream", "pass", "encrypted with KMS", key="alias/aws/kinesis")
    seed.delivery_stream(FIRST, EAST, "fw-sealed", "fw-a-website", "pass", "encrypted with a key of its own", key=key)
    seed.delivery_stream(FIRST, EAST, "fw-open", "fw-a-website", "fail", "not encrypted")
    seed.delivery_stream(SECOND, WEST, "fw-b-open", "fw-b-plain", "fail", "not encrypted")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("endpoint")
    parser.add_argument("--emulator", choices=["moto", "ministack"], default="moto")
    arguments = parser.parse_args()
    seed = Seed(arguments.endpoint, arguments.emulator)
    log_archives(seed)
    trails(seed)
    networks(seed)
    if seed.has("guardduty"):
        detectors(seed)
    people(seed)
    streams(seed)
    json.dump(
        {
            "emulator": arguments.emulator,
            "accounts": [FIRST, SECOND],
            "regions": list(REGIONS),
            "served": SERVED[arguments.emulator],
            "findings": seed.truth.findings,
            "points": seed.truth.points,
        },
        sys.stdout,
        indent=1,
    )


if __name__ == "__main__":
    main()
