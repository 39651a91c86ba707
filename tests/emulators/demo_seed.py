"""Seeds moto with the fictitious contractor of `farwatch demo`: one account, three regions, good and bad.

    python demo_seed.py ENDPOINT             as it is in the demo
    python demo_seed.py ENDPOINT mended      the same account after everything was mended

Ids are the same in both: the emulator's random numbers start at the same place, and the mending comes last.
"""

import io
import json
import sys
import urllib.request
import zipfile

import boto3
from botocore.config import Config

ACCOUNT = "210987654321"
EAST, EAST2, WEST = "us-east-1", "us-east-2", "us-west-2"


def client(service, region=EAST):
    made = boto3.client(
        service,
        region_name=region,
        endpoint_url=sys.argv[1],
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="seed",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )
    made.meta.events.register(
        "before-sign", lambda request, **_: request.headers.add_header("x-moto-account-id", ACCOUNT)
    )
    return made


def bucket(name, *, days=None, kms=None, logging_to=None):
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    default = {"SSEAlgorithm": "AES256"} if kms is None else {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms}
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )
    if days:
        s3.put_bucket_lifecycle_configuration(
            Bucket=name,
            LifecycleConfiguration={
                "Rules": [{"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": days}}]
            },
        )
    if logging_to:
        s3.put_bucket_logging(
            Bucket=name,
            BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": logging_to, "TargetPrefix": f"{name}/"}},
        )


def vpc(region, name, cidr, *, subnets=1, interfaces=True):
    ec2 = client("ec2", region)
    made = ec2.create_vpc(CidrBlock=f"{cidr}.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[made], Tags=[{"Key": "Name", "Value": name}])
    ids = [ec2.create_subnet(VpcId=made, CidrBlock=f"{cidr}.{n}.0/24")["Subnet"]["SubnetId"] for n in range(subnets)]
    if interfaces:
        for subnet in ids:
            ec2.create_network_interface(SubnetId=subnet)
    return made, ids


def flow_log(region, kind, ids, traffic, *, to_bucket=None, to_group=None):
    ec2 = client("ec2", region)
    if to_bucket:
        where = {"LogDestinationType": "s3", "LogDestination": f"arn:aws:s3:::{to_bucket}"}
    else:
        client("logs", region).create_log_group(logGroupName=to_group)
        where = {
            "LogGroupName": to_group,
            "DeliverLogsPermissionArn": f"arn:aws:iam::{ACCOUNT}:role/flow-logs",
        }
    answer = ec2.create_flow_logs(ResourceType=kind, ResourceIds=ids, TrafficType=traffic, **where)
    assert not answer["Unsuccessful"], answer


def close_default_group(region, vpc_id):
    ec2 = client("ec2", region)
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["SecurityGroups"]
    for group in groups:
        if group["GroupName"] == "default":
            if group["IpPermissions"]:
                ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
            ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])


def tcp(port, cidr):
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}]


def group(region, vpc_id, name, port, cidr):
    ec2 = client("ec2", region)
    made = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_id)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=tcp(port, cidr))
    return made


def named(region, resource, name):
    client("ec2", region).create_tags(Resources=[resource], Tags=[{"Key": "Name", "Value": name}])


def gateway(region, vpc_id, name):
    ec2 = client("ec2", region)
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc_id)
    named(region, made, name)


def points(production, subnets, development, backup, web):
    """What crosses the boundaries."""
    ec2 = client("ec2")
    gateway(EAST, production, "production-internet")
    gateway(EAST, development, "development-internet")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    named(EAST, address, "production-outbound")
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    named(EAST, nat, "production-outbound")
    peering = ec2.create_vpc_peering_connection(VpcId=production, PeerVpcId=development)
    peering = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    named(EAST, peering, "production-development")
    endpoint = ec2.create_vpc_endpoint(
        VpcId=production, ServiceName=f"com.amazonaws.{EAST}.s3", VpcEndpointType="Gateway"
    )["VpcEndpoint"]["VpcEndpointId"]
    named(EAST, endpoint, "production-s3")
    vpn = client("ec2", WEST).create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    client("ec2", WEST).attach_vpn_gateway(VpcId=backup, VpnGatewayId=vpn)
    named(WEST, vpn, "office-vpn")

    balancers = client("elbv2")
    portal = balancers.create_load_balancer(
        Name="quote-portal", Subnets=subnets, SecurityGroups=[web], Scheme="internet-facing", Type="application"
    )["LoadBalancers"][0]["LoadBalancerArn"]
    target = balancers.create_target_group(Name="portal", Protocol="HTTP", Port=8080, VpcId=production, TargetType="ip")
    return portal, target["TargetGroups"][0]["TargetGroupArn"]


def role(name, service, *statements):
    iam = client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if service == "vpc-flow-logs.amazonaws.com":
        trust["Condition"] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    policy = {"Version": "2012-10-17", "Statement": [trust]}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy))["Role"]["Arn"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **s} for s in statements]}
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
    return arn


def severities(*numeric):
    pattern = {
        "source": ["aws.guardduty"],
        "detail-type": ["GuardDuty Finding"],
        "detail": {"severity": [{"numeric": list(numeric)}]},
    }
    return json.dumps(pattern)


def rule(region, *numeric, arn):
    events = client("events", region)
    events.put_rule(Name="guardduty-high", EventPattern=severities(*numeric), State="ENABLED")
    events.put_targets(Rule="guardduty-high", Targets=[{"Id": "people", "Arn": arn}])


def alerts(production, queries):
    """Alerts as they are in the demo: in the east critical findings are left out, in the west nobody has confirmed."""
    topics = {}
    for region in (EAST, WEST):
        sns = client("sns", region)
        topics[region] = sns.create_topic(Name="security-alerts")["TopicArn"]
        services = ["events.amazonaws.com", "cloudwatch.amazonaws.com"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": services},
            "Action": "sns:Publish",
            "Resource": topics[region],
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sns.set_topic_attributes(TopicArn=topics[region], AttributeName="Policy", AttributeValue=policy)
        sns.subscribe(TopicArn=topics[region], Protocol="email", Endpoint="alerts@hallmark-machining.example")
    rule(EAST, ">=", 7, "<", 9, arn=topics[EAST])
    rule(WEST, ">=", 7, arn=topics[WEST])

    role("flow-logs", "vpc-flow-logs.amazonaws.com", {"Action": FLOW_LOGS})
    flow_log(EAST, "VPC", [production], "ALL", to_group="/hallmark/production-flow")
    logs = client("logs")
    logs.put_retention_policy(logGroupName="/hallmark/production-flow", retentionInDays=365)
    logs.put_metric_filter(
        logGroupName="/hallmark/production-flow",
        filterName="bytes-out",
        filterPattern="[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, start, end, "
        'action="ACCEPT", status]',
        metricTransformations=[
            {"metricName": "BytesOut", "metricNamespace": "Hallmark/Network", "metricValue": "$bytes", "defaultValue": 0}
        ],
    )
    alarm(topics[EAST], 5_000_000_000)

    resolver = client("route53resolver")
    config = resolver.create_resolver_query_log_config(
        Name="names", DestinationArn=f"arn:aws:s3:::{queries}", CreatorRequestId="names"
    )["ResolverQueryLogConfig"]["Id"]
    resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=config, ResourceId=production)
    isolation(EAST, production)
    client("s3").put_bucket_versioning(Bucket=queries, VersioningConfiguration={"Status": "Enabled"})
    iam = client("iam")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="a.okafor", PolicyName="administrator", PolicyDocument=json.dumps(everything))
    iam.put_user_policy(UserName="j.reyes", PolicyName="administrator", PolicyDocument=json.dumps(everything))
    return topics, config


FLOW_LOGS = [
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
]


def alarm(topic, size):
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="large-outbound",
        Namespace="Hallmark/Network",
        MetricName="BytesOut",
        Statistic="Sum",
        Period=3600,
        EvaluationPeriods=1,
        Threshold=size,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        ActionsEnabled=True,
        AlarmActions=[topic],
    )
    cloudwatch.set_alarm_state(AlarmName="large-outbound", StateValue="OK", StateReason="under the threshold")


def isolation(region, vpc_id):
    ec2 = client("ec2", region)
    made = ec2.create_security_group(GroupName="isolation", Description="cuts a machine off", VpcId=vpc_id)["GroupId"]
    for found in ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"]:
        ec2.revoke_security_group_egress(GroupId=made, IpPermissions=found["IpPermissionsEgress"])


def isolator(region):
    """A function that the rule for findings calls, and that may put a machine into another security group."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(zipfile.ZipInfo("main.py", (2026, 1, 1, 0, 0, 0)), "def handler(event, context):\n    return None\n")
    isolating = ["ec2:DescribeNetworkInterfaces", "ec2:ModifyNetworkInterfaceAttribute"]
    functions = client("lambda", region)
    arn = functions.create_function(
        FunctionName="isolate",
        Runtime="python3.12",
        Handler="main.handler",
        Role=role("isolate", "lambda.amazonaws.com", {"Action": isolating}),
        Code={"ZipFile": code.getvalue()},
    )["FunctionArn"]
    events = client("events", region)
    events.put_targets(Rule="guardduty-high", Targets=[{"Id": "isolate", "Arn": arn}])
    functions.add_permission(
        FunctionName="isolate",
        StatementId="guardduty-high",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=events.describe_rule(Name="guardduty-high")["Arn"],
    )


def mend_alerts(topics, config, production, development, backup):
    rule(EAST, ">=", 7, arn=topics[EAST])
    isolator(EAST)
    alarm(topics[EAST], 500_000_000)
    resolver = client("route53resolver")
    resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=config, ResourceId=development)
    west = client("route53resolver", WEST)
    in_west = west.create_resolver_query_log_config(
        Name="names", DestinationArn="arn:aws:s3:::hallmark-machining-monitoring", CreatorRequestId="names"
    )["ResolverQueryLogConfig"]["Id"]
    west.associate_resolver_query_log_config(ResolverQueryLogConfigId=in_west, ResourceId=backup)
    isolation(EAST, development)
    isolation(WEST, backup)
    client("s3").put_bucket_versioning(
        Bucket="hallmark-machining-flow-archive", VersioningConfiguration={"Status": "Enabled"}
    )
    client("iam").delete_user_policy(UserName="j.reyes", PolicyName="administrator")
    selectors = [
        {
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
        }
    ]
    client("cloudtrail").put_event_selectors(TrailName="hallmark-activity", EventSelectors=selectors)


def mend(portal, development, rdp, groups, key):
    """What `farwatch explain` tells to do about each failing finding."""
    balancers = client("elbv2")
    for listener in balancers.describe_listeners(LoadBalancerArn=portal)["Listeners"]:
        if listener["Protocol"] != "HTTP":
            continue
        balancers.modify_listener(
            ListenerArn=listener["ListenerArn"],
            DefaultActions=[
                {
                    "Type": "redirect",
                    "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
                }
            ],
        )
    flow_log(EAST, "VPC", [development], "ALL", to_bucket="hallmark-machining-monitoring")
    client("ec2").revoke_security_group_ingress(GroupId=rdp, IpPermissions=tcp(3389, "0.0.0.0/0"))
    close_default_group(EAST, development)
    client("guardduty", EAST2).create_detector(Enable=True)
    client("logs").put_retention_policy(logGroupName=groups, retentionInDays=365)
    s3 = client("s3")
    s3.delete_bucket_lifecycle(Bucket="hallmark-machining-flow-archive")
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}]}
    s3.put_bucket_encryption(
        Bucket="hallmark-machining-flow-archive", ServerSideEncryptionConfiguration=encryption
    )
    iam = client("iam")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="j.reyes")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="j.reyes", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )


def main():
    urllib.request.urlopen(urllib.request.Request(f"{sys.argv[1]}/moto-api/seed?a=42", method="POST"))
    kms = client("kms")
    key = kms.create_key(Description="monitoring records")["KeyMetadata"]
    kms.enable_key_rotation(KeyId=key["KeyId"])
    bucket("hallmark-machining-access-logs")
    # What S3 asks of a bucket before it delivers access logs to it.
    client("s3").put_bucket_acl(
        Bucket="hallmark-machining-access-logs",
        GrantWrite="uri=http://acs.amazonaws.com/groups/s3/LogDelivery",
        GrantReadACP="uri=http://acs.amazonaws.com/groups/s3/LogDelivery",
    )
    bucket(
        "hallmark-machining-monitoring", days=400, kms=key["Arn"], logging_to="hallmark-machining-access-logs"
    )
    bucket("hallmark-machining-flow-archive", days=30)

    trail = client("cloudtrail")
    trail.create_trail(
        Name="hallmark-activity",
        S3BucketName="hallmark-machining-monitoring",
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        KmsKeyId=key["Arn"],
    )
    trail.start_logging(Name="hallmark-activity")
    trail.put_event_selectors(
        TrailName="hallmark-activity",
        EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}],
    )

    for region in (EAST, EAST2, WEST):
        # The VPC that every region comes with; nothing lives in it.
        ec2 = client("ec2", region)
        for default in ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]:
            close_default_group(region, default["VpcId"])

    production, inner = vpc(EAST, "production", "10.20", subnets=2)
    flow_log(EAST, "VPC", [production], "ALL", to_bucket="hallmark-machining-monitoring")
    close_default_group(EAST, production)
    web = group(EAST, production, "web", 443, "0.0.0.0/0")

    development, developers = vpc(EAST, "development", "10.30")
    flow_log(EAST, "VPC", [development], "REJECT", to_group="/hallmark/development-flow")
    rdp = group(EAST, development, "legacy-remote-desktop", 3389, "0.0.0.0/0")

    backup, subnets = vpc(WEST, "backup", "10.40", subnets=2)
    flow_log(WEST, "Subnet", subnets, "ALL", to_bucket="hallmark-machining-flow-archive")
    close_default_group(WEST, backup)

    for region in (EAST, WEST):
        client("guardduty", region).create_detector(Enable=True)

    iam = client("iam")
    for name, console, mfa in (("a.okafor", True, True), ("j.reyes", True, False), ("build-server", False, False)):
        iam.create_user(UserName=name)
        if console:
            iam.create_login_profile(UserName=name, Password="Not-a-real-password-1!")
        if mfa:
            serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
            iam.enable_mfa_device(
                UserName=name, SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
            )

    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="monitoring-events", ShardCount=1)
    kinesis.start_stream_encryption(
        StreamName="monitoring-events", EncryptionType="KMS", KeyId="alias/aws/kinesis"
    )

    portal, target = points(production, inner, development, backup, web)
    client("elbv2").create_listener(
        LoadBalancerArn=portal,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target}],
    )
    certificate = client("acm").request_certificate(DomainName="portal.hallmark-machining.example")["CertificateArn"]
    client("elbv2").create_listener(
        LoadBalancerArn=portal,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target}],
    )
    topics, config = alerts(production, "hallmark-machining-monitoring")
    if sys.argv[2:] == ["mended"]:
        mend_alerts(topics, config, production, development, backup)
        mend(portal, development, rdp, "/hallmark/development-flow", key["Arn"])
        # Last, so that ids stay what they are.
        client("ec2", EAST).create_tags(Resources=developers, Tags=[{"Key": "environment", "Value": "development"}])
    print(json.dumps({"account": ACCOUNT}))


main()
