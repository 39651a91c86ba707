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
import time
from urllib.parse import urlsplit, urlunsplit

import boto3
from botocore.config import Config

import seed_watch
from places import BOUNDARIES, CANARY, EAST, EAST2, FIRST, NAMES, OFF, REGIONS, SECOND, STRANGER, WEST

ROLE = "farwatch-audit"
EXTERNAL_ID = "fw-ext-1"

WORLD = "0.0.0.0/0"


# What an emulator does not have: it is neither seeded nor expected.
RULES_BY_PREFIX_LIST = "prefix lists in the rules of security groups"
DELIVERY_STATUS = "the delivery status of flow logs"
POINTS = "what crosses a boundary, in the shape of AWS"
LACKS = {
    "moto": (),
    "ministack": ("guardduty", "macie", "s3control", RULES_BY_PREFIX_LIST, DELIVERY_STATUS, POINTS, NAMES, BOUNDARIES),
}

# The checks whose reads an emulator answers rightly. ministack has no GuardDuty, answers
# GetBucketPolicyStatus with a list of objects, counts every MFA device as the root user's, and does not
# say to which log group a trail or a flow log delivers, nor by which role. So no metric filter of its sees
# records, and most alerts are not what they are in moto.
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
        "aws-firehose-stream-active",
        "aws-cloudtrail-delivers-to-log-group",
        "aws-cloudtrail-digest-delivered",
        "aws-cloudtrail-s3-data-events",
        "aws-cloudtrail-dynamodb-data-events",
        "aws-log-bucket-dedicated",
        "aws-log-bucket-tamper-resistant",
        "aws-s3-access-logging",
        "aws-isolation-group-present",
        "aws-monitoring-admins-mfa",
        "aws-monitoring-admins-few",
        "aws-athena-log-table",
        "aws-athena-queries-run",
        "aws-athena-workgroup-results-encrypted",
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

    def judged(self, subject, **expected):
        """What checks say of one subject: each by its name without `aws-`, as (outcome, why) or with `alone` behind."""
        for check, (outcome, note, *alone) in expected.items():
            self.truth.add(
                f"aws-{check.replace('_', '-')}", outcome, note=note, alone=alone[0] if alone else None, **subject
            )

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

    def bucket(
        self,
        account,
        region,
        name,
        *,
        events=None,
        access_logs=None,
        policy=None,
        acl=None,
        block=None,
        lifecycle=None,
        sse=None,
        versioning=None,
    ):
        """A bucket. `events` and `access_logs` are (outcome, why), none for a bucket that nobody audits."""
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
        if versioning:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": versioning})
        subject = dict(account=account, region=None, type="aws.s3.bucket", id=name, handle=name)
        if events:
            self.judged(subject, cloudtrail_s3_data_events=events, s3_access_logging=access_logs)

    def log_bucket(self, account, region, name, *, store, **made_of):
        """A bucket of this account that receives this account's logs, and no others."""
        self.bucket(account, region, name, **made_of)
        self.expect_bucket(account, name, **store)

    def expect_bucket(
        self,
        writer,
        name,
        *,
        public,
        retention,
        sse_kms,
        dedicated,
        tamper,
        exists=("pass", "the bucket was listed"),
        table=("fail", "no table lies on the records"),
        queries=("not_applicable", "no table lies on the records"),
        alone=None,
    ):
        """A bucket as the store of the logs of one account. All are (outcome, why). Queries and tables are seen from the
        account of whoever has them, whoever owns the bucket."""
        subject = dict(account=writer, region=None, type="aws.log_store", id=f"arn:aws:s3:::{name}", handle=name)
        of_bucket = dict(
            log_bucket_not_public=public,
            log_bucket_retention=retention,
            log_bucket_sse_kms=sse_kms,
            log_bucket_dedicated=dedicated,
            log_bucket_tamper_resistant=tamper,
            log_destination_exists=exists,
        )
        self.judged(subject, **{check: (*expected, alone) for check, expected in of_bucket.items()})
        self.judged(subject, athena_log_table=table, athena_queries_run=queries)
        self.not_judged(subject, "a bucket, not a log group", OF_GROUPS)

    def not_judged(self, subject, note, checks):
        for check in checks:
            self.truth.add(check, "not_applicable", note=note, optional=True, **subject)

    def group(self, account, region, name, days):
        logs = self.aws("logs", account, region)
        logs.create_log_group(logGroupName=name)
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        return f"arn:aws:logs:{region}:{account}:log-group:{name}"

    def log_group(self, account, region, name, days, outcome, note, *, newest, record=None, siem=None, handle=None):
        """A log group that receives logs. `record` is the age of its only record in seconds; `newest` and `siem` are
        (outcome, why)."""
        arn = self.group(account, region, name, days)
        if record is not None:
            logs = self.aws("logs", account, region)
            logs.create_log_stream(logGroupName=name, logStreamName="records")
            event = {"timestamp": int((time.time() - record) * 1000), "message": "a record"}
            logs.put_log_events(logGroupName=name, logStreamName="records", logEvents=[event])
        self.expect_group_store(
            account, region, name, retention=(outcome, note), newest=newest, siem=siem or NO_SIEM, handle=handle
        )

    def expect_group_store(
        self, account, region, name, *, retention, newest, siem, exists=("pass", "the group was listed"), handle=None
    ):
        """A log group as a store of logs. All are (outcome, why)."""
        arn = f"arn:aws:logs:{region}:{account}:log-group:{name}"
        subject = dict(
            account=account, region=region, type="aws.log_store", id=arn, handle=handle or name, also=[f"{arn}:*"]
        )
        self.judged(
            subject,
            log_group_retention=retention,
            log_destination_exists=exists,
            flow_log_newest_record=newest,
            logs_reach_siem=siem,
        )
        self.not_judged(subject, "a log group, not a bucket", OF_BUCKETS)

    # --- trails ------------------------------------------------------------------------------

    def trail(
        self,
        account,
        region,
        name,
        *,
        bucket,
        validation,
        encrypted,
        rotates,
        digests,
        to_group,
        logging=True,
        selectors,
        **more,
    ):
        """A trail. `validation`, `encrypted`, `rotates`, `digests`, `to_group` are (outcome, why)."""
        cloudtrail = self.aws("cloudtrail", account, region)
        arn = cloudtrail.create_trail(Name=name, S3BucketName=bucket, **more)["TrailARN"]
        cloudtrail.put_event_selectors(TrailName=name, **selectors)
        if logging:
            cloudtrail.start_logging(Name=name)
        subject = dict(
            account=account, region=region, type="aws.cloudtrail.trail", id=arn, also=[name], handle=name
        )
        self.judged(
            subject,
            cloudtrail_log_file_validation=validation,
            cloudtrail_kms_encrypted=encrypted,
            cloudtrail_kms_key_rotates=rotates,
            cloudtrail_digest_delivered=digests,
            cloudtrail_delivers_to_log_group=to_group,
        )

    def region(self, account, region, **expected):
        """What the region as a place is expected to show."""
        subject = dict(
            account=account, region=region, type="aws.region", id=region, handle=f"{account}/{region}"
        )
        self.judged(subject, **expected)

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

    def default_vpc(self, account, region, flow_logs, handle, *, isolation, names):
        """The VPC that AWS made, with the security group that AWS made."""
        ec2 = self.aws("ec2", account, region)
        (vpc,) = ec2.describe_vpcs()["Vpcs"]
        self.expect_vpc(account, region, vpc["VpcId"], handle, flow_logs, isolation, names)
        self.default_group(account, region, vpc["VpcId"], handle, closed=False)
        subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
        return vpc["VpcId"], [subnet["SubnetId"] for subnet in subnets]

    def vpc(
        self,
        account,
        region,
        handle,
        flow_logs,
        *,
        closed,
        isolation=("pass", "its closed default group has no rule at all"),
        names=("fail", "no query log configuration is associated with it"),
        subnets=1,
        used=True,
    ):
        """A VPC with its own default security group; in use means: with a network interface in each subnet."""
        ec2 = self.aws("ec2", account, region)
        vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        made = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{n}.0/24")["Subnet"]["SubnetId"] for n in range(subnets)
        ]
        if used:
            for subnet in made:
                ec2.create_network_interface(SubnetId=subnet)
        self.expect_vpc(account, region, vpc, handle, flow_logs, isolation, names)
        self.default_group(account, region, vpc, handle, closed=closed)
        return vpc, made

    def expect_vpc(self, account, region, vpc, handle, flow_logs, isolation, names):
        subject = dict(account=account, region=region, type="aws.ec2.vpc", id=vpc, handle=handle)
        self.judged(
            subject,
            vpc_flow_log_all_traffic=flow_logs,
            isolation_group_present=isolation,
            resolver_query_logging=names,
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

    def flow_log(
        self,
        account,
        region,
        resources,
        traffic,
        handle,
        *,
        kind="VPC",
        bucket=None,
        group=None,
        role=None,
        delivers=("pass", "the emulator says SUCCESS"),
        serves=("not_applicable", "delivers to S3, without a role"),
    ):
        """Flow logs, one for each resource. `delivers` and `serves` (what its role may do) are (outcome, why)."""
        where = (
            {"LogDestinationType": "s3", "LogDestination": f"arn:aws:s3:::{bucket}"}
            if bucket
            else {
                "LogDestinationType": "cloud-watch-logs",
                "LogGroupName": group,
                "DeliverLogsPermissionArn": f"arn:aws:iam::{account}:role/{role}",
            }
        )
        if traffic:
            where["TrafficType"] = traffic
        answer = self.aws("ec2", account, region).create_flow_logs(ResourceIds=resources, ResourceType=kind, **where)
        refused = answer.get("Unsuccessful")
        if refused:
            raise SystemExit(f"the emulator refused a flow log: {refused}")
        for made in answer["FlowLogIds"]:
            subject = dict(account=account, region=region, type="aws.ec2.flow_log", id=made, handle=handle)
            self.judged(subject, flow_log_delivers=delivers, flow_log_role_least_privilege=serves)

    # --- people and streams ------------------------------------------------------------------

    def role(self, account, name, statements, *, trusts=None, **more):
        """A role with one inline policy."""
        iam = self.aws("iam", account)
        trust = trusts or {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust), **more)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        return made

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
        self.expect_delivery_stream(account, region, name, (outcome, note))

    def expect_delivery_stream(self, account, region, name, encrypted):
        arn = f"arn:aws:firehose:{region}:{account}:deliverystream/{name}"
        subject = dict(account=account, region=region, type="aws.firehose.stream", id=arn, also=[name], handle=name)
        active = ("pass", "the emulators make a stream at once")
        self.judged(subject, firehose_stream_encrypted=encrypted, firehose_stream_active=active)


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


# --- the pieces the contractors are made of --------------------------------------------------


def basic(read_write="All", *, management=True, excluded=(), data=()):
    """Basic event selectors, each field written out as AWS answers them. `data` is (type, beginning of ARNs)."""
    return {
        "EventSelectors": [
            {
                "ReadWriteType": read_write,
                "IncludeManagementEvents": management,
                "DataResources": [{"Type": kind, "Values": [arn]} for kind, arn in data],
                "ExcludeManagementEventSources": list(excluded),
            }
        ]
    }


def advanced(*fields, data=()):
    """Advanced event selectors. `data` are the field selectors of each further one, beside its category."""
    selectors = [{"Field": "eventCategory", "Equals": ["Management"]}, *fields]
    every = [{"Name": "management", "FieldSelectors": selectors}]
    for number, more in enumerate(data):
        selectors = [{"Field": "eventCategory", "Equals": ["Data"]}, *more]
        every.append({"Name": f"data {number}", "FieldSelectors": selectors})
    return {"AdvancedEventSelectors": every}


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


def shared_policy(bucket):
    """The delivery service may write, and so may another account."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "delivery.logs.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/*",
            },
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"},
                "Action": "s3:Put*",
                "Resource": f"arn:aws:s3:::{bucket}/*",
            },
        ],
    }


def not_principal_policy(bucket):
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "NotPrincipal": {"AWS": f"arn:aws:iam::{STRANGER}:root"},
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/*",
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


NOBODY_WRITES = ("not_applicable", "its policy lets nobody write, or there is none")
DELETABLE = ("fail", "no versioning, no Object Lock, no policy that denies deletion")
# Data events and access logs of buckets.
TRAIL_BUCKET = ("not_applicable", "a trail delivers into it")
UNRECORDED = ("fail", "no trail names it")
UNLOGGED = ("fail", "no server access logging")
NO_SIEM = ("not_applicable", "no subscription filter leads to a SIEM")
# A store is a bucket or a log group: what is asked of the one is not asked of the other.
OF_GROUPS = ("aws-log-group-retention", "aws-flow-log-newest-record", "aws-logs-reach-siem")
OF_BUCKETS = (
    "aws-log-bucket-not-public",
    "aws-log-bucket-retention",
    "aws-log-bucket-sse-kms",
    "aws-log-bucket-dedicated",
    "aws-log-bucket-tamper-resistant",
    "aws-athena-log-table",
    "aws-athena-queries-run",
)
HOUR, DAY = 3600, 24 * 3600


def log_archives(seed):
    """The buckets and log groups that trails and flow logs of both accounts write to."""
    asked = ("pass", "a query succeeded in the database of the table")
    unasked = ("fail", "no query in the database of the table; one in another region has its name")
    seed.log_bucket(
        FIRST,
        EAST,
        "fw-a-good",
        policy=delivery_policy("fw-a-good"),
        block=block("all"),
        sse="aws:kms",
        versioning="Enabled",
        events=TRAIL_BUCKET,
        access_logs=UNLOGGED,
        store=dict(
            public=PRIVATE,
            retention=KEPT,
            sse_kms=SSE_KMS,
            dedicated=("pass", "only CloudTrail may write"),
            tamper=("pass", "old versions are kept"),
            table=("pass", "security/trail lies on it"),
            queries=asked,
        ),
    )
    seed.log_bucket(
        FIRST,
        EAST2,
        "fw-a-public-policy",
        policy=public_policy("fw-a-public-policy"),
        lifecycle=[expires(400)],
        sse="AES256",
        events=TRAIL_BUCKET,
        access_logs=UNLOGGED,
        store=dict(
            public=("fail", "public by policy and nothing blocks it"),
            retention=("pass", "expires after 400 days"),
            sse_kms=SSE_S3,
            dedicated=NOBODY_WRITES,
            tamper=DELETABLE,
        ),
    )
    seed.log_bucket(
        FIRST,
        WEST,
        "fw-a-public-acl",
        acl="public-read",
        lifecycle=[expires(30)],
        events=TRAIL_BUCKET,
        access_logs=("pass", "its requests are logged to fw-a-access-logs"),
        store=dict(
            public=("fail", "public by ACL and nothing blocks it"),
            retention=("fail", "everything expires after 30 days"),
            sse_kms=("fail", "moto knows no default encryption; AWS would answer AES256: the same outcome"),
            dedicated=NOBODY_WRITES,
            tamper=DELETABLE,
        ),
    )
    undeletable = public_policy("fw-a-restricted")
    undeletable["Statement"].append(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
            "Resource": "arn:aws:s3:::fw-a-restricted/*",
        }
    )
    seed.log_bucket(
        FIRST,
        EAST2,
        "fw-a-restricted",
        policy=undeletable,
        block=block("RestrictPublicBuckets"),
        lifecycle=[expires(30, "tmp/"), expires(30, enabled=False)],
        sse="aws:kms:dsse",
        events=TRAIL_BUCKET,
        access_logs=UNLOGGED,
        store=dict(
            public=("pass", "a public policy, restricted by the bucket's own block"),
            retention=("pass", "one short rule cannot reach the logs, the other is disabled"),
            sse_kms=("pass", "default encryption with KMS, twice over"),
            dedicated=NOBODY_WRITES,
            tamper=("pass", "the policy denies everybody to delete"),
            table=("fail", "a table lies in the bucket, beside the records"),
        ),
    )
    seed.log_bucket(
        FIRST,
        WEST,
        "fw-a-access-logs",
        acl="public-read",
        block=block("IgnorePublicAcls"),
        lifecycle=[expires(30, "AWSLogs/")],
        sse="AES256",
        events=TRAIL_BUCKET,
        access_logs=("not_applicable", "it receives access logs itself"),
        store=dict(
            public=("pass", "a public ACL, ignored by the bucket's own block"),
            retention=("pass", "the short rule is for AWSLogs/, the trail writes below trails/"),
            sse_kms=("not_applicable", "receives S3 server access logs, which cannot be encrypted with KMS"),
            dedicated=NOBODY_WRITES,
            tamper=DELETABLE,
        ),
    )
    seed.log_bucket(
        FIRST,
        EAST,
        "fw-a-flow",
        policy=shared_policy("fw-a-flow"),
        lifecycle=[expires(60, "AWSLogs/")],
        sse="aws:kms",
        versioning="Suspended",
        events=("pass", "fw-main records every read and write of its objects"),
        access_logs=UNLOGGED,
        store=dict(
            public=PRIVATE,
            retention=("fail", "flow logs below AWSLogs/ expire after 60 days"),
            sse_kms=SSE_KMS,
            dedicated=("fail", "another account may write beside the delivery service"),
            tamper=("fail", "versioning is suspended"),
            table=("pass", "security/flows, in another region, lies on it"),
            queries=unasked,
        ),
    )
    # Public, short-lived and without KMS, and no finding speaks of that: nothing logs to it.
    seed.bucket(
        FIRST, EAST, "fw-a-website", acl="public-read", lifecycle=[expires(1)], events=UNRECORDED, access_logs=UNLOGGED
    )
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
        events=TRAIL_BUCKET,
        access_logs=UNLOGGED,
    )
    shut = ("pass", "public by policy and ACL, restricted and ignored by the account's block")
    seed.expect_bucket(
        SECOND,
        "fw-b-archive",
        public=shut,
        retention=("fail", "the trail writes below trails/AWSLogs/, a part of which expires after 90 days"),
        sse_kms=SSE_KMS,
        dedicated=NOBODY_WRITES,
        tamper=DELETABLE,
        table=("pass", "records/trail lies below trails/AWSLogs/"),
        queries=("fail", "no query in the database of the table"),
    )
    # The first account's trail writes here too; without the second account nobody can say what becomes of it.
    seed.expect_bucket(
        FIRST,
        "fw-b-archive",
        public=shut,
        retention=("pass", "the short rule is for trails/, this trail writes below AWSLogs/"),
        sse_kms=SSE_KMS,
        dedicated=NOBODY_WRITES,
        tamper=DELETABLE,
        table=("fail", "the table lies below trails/AWSLogs/, not where this account's trail writes"),
        alone="unknown",
    )
    seed.log_bucket(
        SECOND,
        WEST,
        "fw-b-plain",
        policy=not_principal_policy("fw-b-plain"),
        sse="AES256",
        events=TRAIL_BUCKET,
        access_logs=UNLOGGED,
        store=dict(
            public=("pass", "whatever its policy says, the account's block restricts it"),
            retention=KEPT,
            sse_kms=SSE_S3,
            dedicated=("unknown", "the policy lets all but one write, without naming whom"),
            tamper=DELETABLE,
        ),
    )
    recorded = ("pass", "fw-b-advanced records every read and write of its objects")
    elsewhere = ("fail", "fw-b-advanced names it, but covers another region only")
    seed.bucket(SECOND, EAST, "fw-b-data", events=recorded, access_logs=UNLOGGED)
    seed.bucket(SECOND, WEST, "fw-b-data-west", events=elsewhere, access_logs=UNLOGGED)
    not_read = ("unknown", "the bucket belongs to an account that is not audited")
    seed.bucket(STRANGER, EAST, "fw-c-archive")
    seed.expect_bucket(
        FIRST,
        "fw-c-archive",
        public=not_read,
        retention=not_read,
        sse_kms=not_read,
        dedicated=not_read,
        tamper=not_read,
        exists=not_read,
    )

    calls = ("not_applicable", "it receives calls, not traffic")
    fresh = ("pass", "a record of an hour ago")
    old = ("fail", "the newest record is two days old, and something is in use")
    seed.log_group(
        FIRST,
        EAST,
        "/farwatch/trail",
        365,
        "pass",
        "kept for 365 days",
        newest=calls,
        siem=("pass", "a subscription filter leads to an active stream to an HTTP endpoint"),
    )
    if seed.has(NAMES):
        names = ("not_applicable", "it receives names, not traffic")
        seed.log_group(FIRST, EAST, "/farwatch/names", 365, "pass", "kept for 365 days", newest=names)
    seed.log_group(FIRST, EAST2, "/farwatch/flow-short", 30, "fail", "kept for 30 days", newest=fresh, record=HOUR)
    # The group of the same name in another region: its networks are not in use.
    seed.log_group(
        FIRST,
        WEST,
        "/farwatch/flow-short",
        365,
        "pass",
        "kept for 365 days",
        newest=("not_applicable", "nothing is in use in the VPC whose flow log it receives"),
        handle="/farwatch/flow-short in the west",
    )
    seed.log_group(
        FIRST, WEST, "/farwatch/flow-forever", None, "pass", "never expires", newest=old, record=2 * DAY
    )
    seed.group(FIRST, EAST, "/farwatch/unrelated", 1)
    seed.log_group(
        SECOND, EAST, "/farwatch/flow", 180, "pass", "kept for exactly the 180 days asked for", newest=fresh, record=HOUR
    )
    seed.log_group(
        SECOND, EAST2, "/farwatch/flow", 90, "fail", "kept for 90 days", newest=old, record=2 * DAY
    )


def to_siem(seed):
    """A stream that passes records on to a SIEM, and the filter that leads a log group to it."""
    seed.aws("firehose", FIRST, EAST).create_delivery_stream(
        DeliveryStreamName="fw-siem",
        DeliveryStreamType="DirectPut",
        HttpEndpointDestinationConfiguration={
            "EndpointConfiguration": {"Name": "siem", "Url": f"https://siem.example.com/{CANARY}", "AccessKey": CANARY},
            "S3Configuration": {
                "RoleARN": f"arn:aws:iam::{FIRST}:role/firehose",
                "BucketARN": "arn:aws:s3:::fw-a-website",
            },
        },
    )
    seed.expect_delivery_stream(FIRST, EAST, "fw-siem", ("fail", "not encrypted"))
    seed.aws("logs", FIRST, EAST).put_subscription_filter(
        logGroupName="/farwatch/trail",
        filterName="to-siem",
        filterPattern="",
        destinationArn=f"arn:aws:firehose:{EAST}:{FIRST}:deliverystream/fw-siem",
        roleArn=f"arn:aws:iam::{FIRST}:role/to-siem",
    )


def tables(seed):
    """Tables of DynamoDB. Two have one name; the trail names one of them."""

    def table(account, region, name, outcome, note, handle):
        seed.aws("dynamodb", account, region).create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        subject = dict(account=account, region=region, type="aws.dynamodb.table", id=name, handle=handle)
        seed.judged(subject, cloudtrail_dynamodb_data_events=(outcome, note))

    table(FIRST, EAST, "fw-orders", "pass", "fw-main records every read and write of its items", "orders")
    table(FIRST, WEST, "fw-orders", "fail", "fw-main names the table of this name in another region", "orders west")
    table(FIRST, EAST, "fw-orders-old", "fail", "fw-main names a table whose name is the beginning of this", "old orders")
    table(SECOND, EAST, "fw-orders", "fail", "fw-b-advanced records reads only", "second orders")


NO_DIGEST = ("fail", "validation is on, and the emulators never deliver a digest")
UNVALIDATED = ("not_applicable", "validation is off")
STOPPED = ("not_applicable", "the trail is stopped")
NO_GROUP = ("fail", "no log group")


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
        selectors=basic(
            data=[
                ("AWS::S3::Object", "arn:aws:s3:::fw-a-flow/"),
                ("AWS::DynamoDB::Table", f"arn:aws:dynamodb:{EAST}:{FIRST}:table/fw-orders"),
            ]
        ),
        validation=VALIDATED,
        encrypted=GOOD_KEY,
        rotates=ROTATES,
        digests=NO_DIGEST,
        to_group=("fail", "it has a log group, and the emulator never delivered to it"),
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
        digests=NO_DIGEST,
        to_group=NO_GROUP,
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
        digests=UNVALIDATED,
        to_group=NO_GROUP,
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
        digests=UNVALIDATED,
        to_group=NO_GROUP,
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
        digests=NO_DIGEST,
        to_group=NO_GROUP,
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
        digests=STOPPED,
        to_group=STOPPED,
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
        digests=NO_DIGEST,
        to_group=NO_GROUP,
    )
    for region in REGIONS:
        seed.region(
            FIRST,
            region,
            cloudtrail_covers_every_region=("pass", "fw-main, a multi-region trail, is logging"),
            cloudtrail_management_events_complete=("pass", "fw-main records every management event"),
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
        selectors=advanced(
            data=[
                [
                    {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                    {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::fw-b-data/", "arn:aws:s3:::fw-b-data-west/"]},
                ],
                [
                    {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]},
                    {"Field": "readOnly", "Equals": ["true"]},
                ],
            ]
        ),
        validation=VALIDATED,
        encrypted=GOOD_KEY,
        rotates=ROTATES,
        digests=NO_DIGEST,
        to_group=NO_GROUP,
    )
    seed.region(
        SECOND,
        EAST,
        cloudtrail_covers_every_region=("pass", "fw-b-advanced, with its home here, is logging"),
        cloudtrail_management_events_complete=("pass", "one advanced selector for management events and nothing narrower"),
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
        digests=NO_DIGEST,
        to_group=NO_GROUP,
    )
    seed.region(
        SECOND,
        EAST2,
        cloudtrail_covers_every_region=("pass", "fw-b-excluding, with its home here, is logging"),
        cloudtrail_management_events_complete=("fail", "its selectors leave out the events of KMS"),
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
        digests=STOPPED,
        to_group=STOPPED,
    )
    seed.region(
        SECOND,
        WEST,
        cloudtrail_covers_every_region=("fail", "the only trail here is stopped"),
        cloudtrail_management_events_complete=("fail", "the only trail here is stopped and would record writes only"),
    )
    for account in (FIRST, SECOND):
        off = ("not_applicable", "the region is not opted in")
        seed.region(account, OFF, cloudtrail_covers_every_region=off, cloudtrail_management_events_complete=off, guardduty_enabled=off)


NARROW_ROLE = ("pass", "its role serves flow logs of this account, and may only deliver")
UNNAMED = ("fail", "no query log configuration is associated with it")


def flow_log_roles(seed):
    """The roles that deliver flow logs to log groups. `flow-logs-gone` is not among them."""
    deliver = ["CreateLogGroup", "CreateLogStream", "PutLogEvents", "DescribeLogGroups", "DescribeLogStreams"]
    service = "vpc-flow-logs.amazonaws.com"

    def role(account, name, services, condition, more=()):
        trusts = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole", **condition}
        actions = [f"logs:{action}" for action in deliver] + list(more)
        seed.role(account, name, [{"Effect": "Allow", "Action": actions, "Resource": "*"}], trusts=trusts)

    own = {"Condition": {"StringEquals": {"aws:SourceAccount": FIRST}}}
    role(FIRST, "flow-logs", service, own)
    role(FIRST, "flow-logs-broad", [service, "ec2.amazonaws.com"], own, ["s3:GetObject"])
    role(SECOND, "flow-logs", service, {})


def networks(seed):
    for account, region in (
        (FIRST, EAST2),
        (FIRST, WEST),
        (SECOND, EAST),
        (SECOND, EAST2),
    ):
        seed.drop_default_vpc(account, region)

    flow_log_roles(seed)
    unused = ("not_applicable", "no network interface")
    no_isolation = ("fail", "no group without any rule")
    seed.default_vpc(FIRST, EAST, unused, "unused default", isolation=unused, names=unused)
    named = ("pass", "a query log configuration is associated with it") if seed.has(NAMES) else None
    good, _ = seed.vpc(
        FIRST, EAST, "good", ("pass", "a flow log of all traffic to S3"), closed=True, names=named or UNNAMED
    )
    seed.flow_log(FIRST, EAST, [good], "ALL", "flow log of good", bucket="fw-a-flow")
    reject, _ = seed.vpc(
        FIRST,
        EAST,
        "reject only",
        ("fail", "only rejected traffic is recorded"),
        closed=False,
        # The default group of another VPC cuts nobody off here.
        isolation=no_isolation,
    )
    seed.flow_log(FIRST, EAST, [reject], "REJECT", "flow log of reject only", bucket="fw-a-flow")
    _, all_of_them = seed.vpc(
        FIRST, EAST, "every subnet", ("pass", "each of the two subnets has a flow log"), closed=True, subnets=2
    )
    seed.flow_log(FIRST, EAST, all_of_them, "ALL", "flow logs of every subnet", kind="Subnet", bucket="fw-a-flow")

    _, some_of_them = seed.vpc(
        FIRST, EAST2, "half the subnets", ("fail", "one of two subnets has no flow log"), closed=True, subnets=2
    )
    seed.flow_log(
        FIRST,
        EAST2,
        some_of_them[:1],
        "ALL",
        "flow log of half the subnets",
        kind="Subnet",
        group="/farwatch/flow-short",
        role="flow-logs",
        serves=NARROW_ROLE,
    )
    grouped, _ = seed.vpc(FIRST, EAST2, "to a log group", ("pass", "a flow log of all traffic"), closed=True)
    seed.flow_log(
        FIRST,
        EAST2,
        [grouped],
        "ALL",
        "flow log to a log group",
        group="/farwatch/flow-short",
        role="flow-logs-gone",
        serves=("unknown", "no list has its role"),
    )

    forever, _ = seed.vpc(FIRST, WEST, "to a lasting log group", ("pass", "a flow log of all traffic"), closed=True)
    seed.flow_log(
        FIRST,
        WEST,
        [forever],
        "ALL",
        "flow log to a lasting log group",
        group="/farwatch/flow-forever",
        role="flow-logs-broad",
        serves=("fail", "machines may assume its role as well, and it may read objects"),
    )
    if seed.has(DELIVERY_STATUS):
        undelivered, _ = seed.vpc(
            FIRST,
            WEST,
            "undelivered",
            ("fail", "the flow log is active, but nothing could be delivered"),
            closed=True,
        )
        # The log group does not exist yet, which is what makes the delivery fail.
        failing = ("fail", "the log group was not there")
        seed.flow_log(
            FIRST,
            WEST,
            [undelivered],
            "ALL",
            "flow log of undelivered",
            group="/farwatch/late",
            role="flow-logs",
            delivers=failing,
            serves=NARROW_ROLE,
        )
        nothing = ("fail", "it never received a record, and something is in use")
        seed.log_group(
            FIRST,
            WEST,
            "/farwatch/late",
            365,
            "pass",
            "made too late for the flow log, kept long enough",
            newest=nothing,
        )
        seed.flow_log(
            FIRST,
            WEST,
            [undelivered],
            "ALL",
            "flow log to a group that never was",
            group="/farwatch/never",
            role="flow-logs",
            delivers=failing,
            serves=NARROW_ROLE,
        )
        seed.expect_group_store(
            FIRST,
            WEST,
            "/farwatch/never",
            retention=("unknown", "no list has the group"),
            exists=("fail", "the groups of the region were listed, and it is not among them"),
            newest=nothing,
            siem=NO_SIEM,
        )
    empty, _ = seed.vpc(
        FIRST, WEST, "empty", unused, closed=True, used=False, isolation=unused, names=unused
    )
    seed.flow_log(
        FIRST,
        WEST,
        [empty],
        "ALL",
        "flow log of empty",
        group="/farwatch/flow-short",
        role="flow-logs",
        serves=NARROW_ROLE,
    )

    second, _ = seed.vpc(SECOND, EAST, "second good", ("pass", "a flow log of all traffic"), closed=True)
    anyone = ("fail", "its role does not ask for which account the service acts")
    seed.flow_log(
        SECOND,
        EAST,
        [second],
        "ALL",
        "flow log of second good",
        group="/farwatch/flow",
        role="flow-logs",
        serves=anyone,
    )
    _, subnets = seed.vpc(
        SECOND,
        EAST2,
        "one interface",
        ("fail", "one network interface is recorded, not the VPC"),
        closed=False,
        isolation=no_isolation,
    )
    ec2 = seed.aws("ec2", SECOND, EAST2)
    interface = ec2.create_network_interface(SubnetId=subnets[0])["NetworkInterface"]["NetworkInterfaceId"]
    seed.flow_log(
        SECOND,
        EAST2,
        [interface],
        "ALL",
        "flow log of one interface",
        kind="NetworkInterface",
        group="/farwatch/flow",
        role="flow-logs",
        serves=anyone,
    )
    used, subnets = seed.default_vpc(
        SECOND,
        WEST,
        ("fail", "in use without any flow log"),
        "used default",
        isolation=("pass", "a group of its own has no rule at all"),
        names=UNNAMED,
    )
    seed.aws("ec2", SECOND, WEST).create_network_interface(SubnetId=subnets[0])
    isolation = seed.security_group(
        SECOND,
        WEST,
        used,
        "isolation",
        [],
        admin=("pass", "no rule at all"),
        ports=NOTHING_OPEN,
        internet=NARROW,
        internal=NARROW,
    )
    (group,) = seed.aws("ec2", SECOND, WEST).describe_security_groups(GroupIds=[isolation])["SecurityGroups"]
    seed.aws("ec2", SECOND, WEST).revoke_security_group_egress(
        GroupId=isolation, IpPermissions=group["IpPermissionsEgress"]
    )
    if seed.has(NAMES):
        resolver = seed.aws("route53resolver", FIRST, EAST)
        config = resolver.create_resolver_query_log_config(
            Name="names",
            DestinationArn=f"arn:aws:logs:{EAST}:{FIRST}:log-group:/farwatch/names",
            CreatorRequestId="names",
        )["ResolverQueryLogConfig"]["Id"]
        resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=config, ResourceId=good)

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
    bare = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    lonely = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    theirs = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [other]}])["Subnets"][0]["SubnetId"]
    attachment = ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=bare, VpcId=other, SubnetIds=[theirs])
    attachment = attachment["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    point(attachment, "transit gateway attachment", other, crosses="internal")
    seed.flow_log(FIRST, EAST, [transit], None, "flow log of a transit gateway", kind="TransitGateway", bucket="fw-a-flow")
    for id, handle, outcome, note in (
        (transit, "transit", "pass", "a flow log of the gateway"),
        (bare, "bare transit", "fail", "a VPC is attached, and nothing is recorded"),
        (lonely, "lonely transit", "not_applicable", "nothing is attached"),
    ):
        subject = dict(account=FIRST, region=EAST, type="aws.ec2.transit_gateway", id=id, handle=handle)
        seed.judged(subject, transit_gateway_flow_log=(outcome, note))

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
    seed.truth.add(
        "organisation-drill-in-event-history",
        "unknown",
        account="organisation",
        region=None,
        type="organisation.drill",
        id="drill",
        handle="the drill",
        note="no drill is stated",
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
    on, off = ("pass", "a detector is enabled"), ("fail", "no detector")
    seed_watch.detectors(seed)
    seed.region(FIRST, EAST, guardduty_enabled=on)
    seed.region(FIRST, EAST2, guardduty_enabled=("fail", "the detector is suspended"))
    seed.region(FIRST, WEST, guardduty_enabled=off)
    seed.region(SECOND, EAST, guardduty_enabled=on)
    seed.region(SECOND, EAST2, guardduty_enabled=off)
    seed.region(SECOND, WEST, guardduty_enabled=on)


def people(seed):
    seed.user(FIRST, "alice", "pass", "console password and MFA", password=True, mfa=True)
    seed.user(FIRST, "bob", "fail", "console password, no MFA", password=True)
    seed.user(FIRST, "deploy", "not_applicable", "no console password")
    seed.user(SECOND, "carol", "pass", "console password and MFA", password=True, mfa=True)
    seed.user(SECOND, "dave", "fail", "console password, no MFA", password=True)
    for account in (FIRST, SECOND):
        # The first row of AWS's credential report (IAM User Guide, "Getting credential reports"): its password is
        # `not_supported`, and its MFA may be false. moto has none, the fault proxy puts it in.
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
    to_siem(seed)
    tables(seed)
    seed_watch.watch(seed)
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
