"""Seeds moto with the fictitious contractor of `farwatch demo`: one account, three regions, good and bad.

    python demo_seed.py ENDPOINT
"""

import json
import sys

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


def group(region, vpc_id, name, port, cidr):
    ec2 = client("ec2", region)
    made = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_id)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=made,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}],
    )


def gateway(region, vpc_id):
    ec2 = client("ec2", region)
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc_id)
    ec2.create_tags(Resources=[made], Tags=[{"Key": "Name", "Value": "to-the-internet"}])


def crossings(production, subnets, development):
    """What crosses the boundaries: the shop in front, machines that fetch updates, a way to development."""
    ec2 = client("ec2")
    gateway(EAST, production)
    gateway(EAST, development)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)
    ec2.create_vpc_endpoint(VpcId=production, ServiceName=f"com.amazonaws.{EAST}.s3", VpcEndpointType="Gateway")
    peering = ec2.create_vpc_peering_connection(VpcId=production, PeerVpcId=development)["VpcPeeringConnection"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
    elb = client("elbv2")
    shop = elb.create_load_balancer(Name="shop", Subnets=subnets, Scheme="internet-facing")["LoadBalancers"][0]
    redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    elb.create_listener(
        LoadBalancerArn=shop["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[redirect]
    )


def main():
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

    production, subnets = vpc(EAST, "production", "10.20", subnets=2)
    flow_log(EAST, "VPC", [production], "ALL", to_bucket="hallmark-machining-monitoring")
    close_default_group(EAST, production)
    group(EAST, production, "web", 443, "0.0.0.0/0")

    development, _ = vpc(EAST, "development", "10.30")
    flow_log(EAST, "VPC", [development], "REJECT", to_group="/hallmark/development-flow")
    group(EAST, development, "legacy-remote-desktop", 3389, "0.0.0.0/0")
    crossings(production, subnets, development)

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
    print(json.dumps({"account": ACCOUNT}))


main()
