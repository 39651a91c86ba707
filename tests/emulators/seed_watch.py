"""What watches the two accounts, and what is true of it: alerts link by link, what answers them, who may switch
monitoring off, GuardDuty, Macie, and the tables and queries of Athena.

Things of one name stand in several regions wherever a join could go astray: the alarm `fw-large-outbound`, its filter,
its metric and the topic `fw-alerts`, the log group `/farwatch/flow`, the database `security`, the workgroup `review`.

The emulators confirm every subscription at once and never say since when an alarm is in its state. What AWS answers
there is put in by the fault proxy, in the tests that need it.
"""

import io
import json
import zipfile

from places import BOUNDARIES, CANARY, EAST, EAST2, FIRST, NAMES, OFF, REGIONS, SECOND, WEST

# --- alerts ----------------------------------------------------------------------------------

# A record of a flow log in the default format (VPC User Guide, "Flow log records"), with a condition on some fields.
RECORD = (
    "[version, account, eni, source, destination, srcport, destport, {protocol}, packets, {bytes}, windowstart, "
    "windowend, {action}, flowlogstatus]"
)


def record(protocol="protocol", bytes="bytes", action="action"):
    return RECORD.format(protocol=protocol, bytes=bytes, action=action)


STOPS = '{ ($.eventSource = "cloudtrail.amazonaws.com") && ($.eventName = "StopLogging") }'

# What EventBridge may say of a GuardDuty finding of high severity.
HIGH = [{"numeric": [">=", 7]}]
# AWS's older list of values ended at 8.9; critical findings reach 10.
OLDER = [value for tenths in range(70, 90) for value in ([tenths // 10] if tenths % 10 == 0 else []) + [tenths / 10]]

WHOLE = "from what is seen to somebody who is told"
NOT_LARGE = ("not_applicable", "not about large transfers")
UNDECIDED_SIZE = ("unknown", "the organisation has not said what a large transfer is")


def topic(seed, account, region, name, subscribers=(), *, policy=None):
    """A topic. Its own policy lets alarms publish, as AWS makes it; `events` adds EventBridge."""
    sns = seed.aws("sns", account, region)
    arn = sns.create_topic(Name=name)["TopicArn"]
    own = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe"],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    events = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": arn,
    }
    statements = {None: None, "events": [own, events], "events alone": [events]}[policy]
    if statements:
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=text)
    for protocol, endpoint in subscribers:
        sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
    return arn


SOMEBODY = ("email", "watch@example.com")


def metric_filter(seed, account, region, group, name, pattern, metric, value="1"):
    seed.aws("logs", account, region).put_metric_filter(
        logGroupName=group,
        filterName=name,
        filterPattern=pattern,
        metricTransformations=[{"metricNamespace": "farwatch", "metricName": metric, "metricValue": value}],
    )


def alarm(seed, account, region, name, metric, action, chain, size=NOT_LARGE, *, handle=None, **more):
    """An alarm on the sum of a metric, 1 GB in five minutes unless told otherwise. `chain` and `size` are (outcome, why);
    `chain` is none where the alarm is not about communications."""
    settings = dict(
        Namespace="farwatch",
        MetricName=metric,
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1e9,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[action] if action else [],
    )
    if "Metrics" in more:
        for name_of_one in ("Namespace", "MetricName", "Statistic", "Period"):
            del settings[name_of_one]
    seed.aws("cloudwatch", account, region).put_metric_alarm(AlarmName=name, **{**settings, **more})
    if chain:
        alert(seed, account, region, f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}", handle or name, chain, size)


def rule(seed, account, region, name, pattern, targets, chain, *, handle=None, **more):
    """A rule on the default bus. `chain` is none where it is not about findings of high severity."""
    events = seed.aws("events", account, region)
    arn = events.put_rule(Name=name, EventPattern=json.dumps(pattern), **more)["RuleArn"]
    if targets:
        events.put_targets(Rule=name, Targets=[{"Id": str(n), "Arn": target} for n, target in enumerate(targets)])
    if chain:
        alert(seed, account, region, arn, handle or name, chain, NOT_LARGE)
    return arn


def alert(seed, account, region, id, handle, chain, size):
    subject = dict(account=account, region=region, type="aws.alert", id=id, handle=handle)
    seed.judged(subject, alert_chain_whole=chain, large_outbound_alert_threshold=size)


def finding(severity, detail_type="GuardDuty Finding"):
    return {"source": ["aws.guardduty"], "detail-type": [detail_type], "detail": {"severity": severity}}


def alarms(seed):
    # The first account in the east: calls are filtered, no traffic.
    topic_east = topic(seed, FIRST, EAST, "fw-alerts", [SOMEBODY], policy="events")
    metric_filter(seed, FIRST, EAST, "/farwatch/trail", "stop-logging", STOPS, "Stops")
    metric_filter(seed, FIRST, EAST, "/farwatch/unrelated", "large-outbound", record(), "UnrelatedBytes", "$bytes")
    alarm(seed, FIRST, EAST, "fw-stops", "Stops", topic_east, ("pass", WHOLE), Threshold=1)
    blind = ("fail", "its filter reads a group that receives no records")
    alarm(seed, FIRST, EAST, "fw-blind", "UnrelatedBytes", topic_east, blind)
    # No filter gives this metric, so it is no alert on communications, whole as it looks.
    alarm(seed, FIRST, EAST, "fw-unfed", "Byte", topic_east, None)
    if seed.has(NAMES):
        metric_filter(seed, FIRST, EAST, "/farwatch/names", "storage", '{ $.query_name = "*dropbox*" }', "Storage")
        alarm(seed, FIRST, EAST, "fw-storage", "Storage", topic_east, ("pass", WHOLE), Threshold=1)
    # In this region no filter gives this metric; in two others one does, to alarms of this name.
    alarm(seed, FIRST, EAST, "fw-large-outbound", "Bytes", topic_east, None)
    alarm(
        seed,
        FIRST,
        EAST,
        "fw-network-out",
        "NetworkOut",
        topic_east,
        ("pass", WHOLE),
        UNDECIDED_SIZE,
        Namespace="AWS/EC2",
        Dimensions=[{"Name": "InstanceId", "Value": "i-0a1b2c3d4e5f60718"}],
    )
    alarm(seed, FIRST, EAST, "fw-silent", "Stops", None, ("fail", "it has no action"), Threshold=1)

    # The first account in the middle: one whole chain of each class, and one broken in each link.
    ours = topic(seed, FIRST, EAST2, "fw-alerts", [SOMEBODY])
    gone = topic(seed, FIRST, EAST2, "fw-gone", [SOMEBODY])
    closed = topic(seed, FIRST, EAST2, "fw-closed", [SOMEBODY], policy="events alone")
    lonely = topic(seed, FIRST, EAST2, "fw-lonely")
    queue = topic(seed, FIRST, EAST2, "fw-queue", [("sqs", f"arn:aws:sqs:{EAST2}:{FIRST}:alerts")])
    seed.aws("sns", FIRST, EAST2).delete_topic(TopicArn=gone)
    group = "/farwatch/flow-short"
    for name, pattern, metric, value in (
        ("large-outbound", record(), "Bytes", "$bytes"),
        ("large-records", record(bytes="bytes>=1000000000"), "LargeRecords", "1"),
        ("rejects", record(action='action="REJECT"'), "Rejects", "1"),
        ("tunnels", record(protocol='protocol="47"'), "Tunnels", "1"),
        ("regular-expression", "%REJECT|NODATA%", "Matches", "1"),
    ):
        metric_filter(seed, FIRST, EAST2, group, name, pattern, metric, value)

    def here(name, metric, action, chain, size=UNDECIDED_SIZE, **more):
        alarm(seed, FIRST, EAST2, name, metric, action, chain, size, handle=f"{name} in the middle", **more)

    whole = ("pass", WHOLE)
    here("fw-large-outbound", "Bytes", ours, whole)
    here("fw-large-in-an-hour", "Bytes", ours, whole, Period=3600)
    here("fw-large-records", "LargeRecords", ours, whole, Threshold=1)
    here("fw-rejects", "Rejects", ours, whole, NOT_LARGE, Threshold=100)
    here("fw-tunnels", "Tunnels", ours, whole, NOT_LARGE, Threshold=1)
    unread = ("unknown", "what its filter is about cannot be read")
    here("fw-expression", "Matches", ours, whole, unread, Threshold=1)
    here("fw-actions-off", "Bytes", ours, ("fail", "its actions are off"), ActionsEnabled=False)
    here("fw-no-action", "Bytes", None, ("fail", "it has no action"))
    fewer = ("fail", "it goes off when less leaves, not when much does")
    here("fw-less", "Bytes", ours, fewer, ComparisonOperator="LessThanThreshold")
    here("fw-topic-deleted", "Bytes", gone, ("fail", "its topic does not exist"))
    here("fw-topic-closed", "Bytes", closed, ("fail", "the policy of its topic lets in EventBridge alone"))
    here("fw-nobody", "Bytes", lonely, ("fail", "nobody is subscribed to its topic"))
    here("fw-queue", "Bytes", queue, ("unknown", "only a queue is subscribed, whose program may tell somebody"))
    here("fw-asleep", "Bytes", ours, ("unknown", "without data, and the emulators do not say since when"))
    seed.aws("cloudwatch", FIRST, EAST2).set_alarm_state(
        AlarmName="fw-asleep", StateValue="INSUFFICIENT_DATA", StateReason="no data"
    )
    metric = {"Metric": {"Namespace": "farwatch", "MetricName": "Bytes"}, "Period": 300, "Stat": "Sum"}
    here(
        "fw-expression-of-metrics",
        None,
        ours,
        whole,
        ("unknown", "what an expression counts cannot be read"),
        Metrics=[
            {"Id": "megabytes", "Expression": "bytes / 1000000", "ReturnData": True},
            {"Id": "bytes", "MetricStat": metric, "ReturnData": False},
        ],
    )

    # The first account in the west: the same names, and nobody is subscribed.
    west = topic(seed, FIRST, WEST, "fw-alerts")
    queue = topic(seed, FIRST, WEST, "fw-queue", [("sqs", f"arn:aws:sqs:{WEST}:{FIRST}:alerts")])
    metric_filter(seed, FIRST, WEST, "/farwatch/flow-forever", "large-outbound", record(), "Bytes", "$bytes")
    nobody = ("fail", "nobody is subscribed to the topic of this region")
    maybe = ("unknown", "only a queue is subscribed, whose program may tell somebody")
    for name, action, chain in (("fw-large-outbound", west, nobody), ("fw-queue", queue, maybe)):
        alarm(seed, FIRST, WEST, name, "Bytes", action, chain, UNDECIDED_SIZE, handle=f"{name} in the west")

    # The second account in the west: records go to groups of this name in other regions, not to this one.
    seed.group(SECOND, WEST, "/farwatch/flow", 90)
    metric_filter(seed, SECOND, WEST, "/farwatch/flow", "large-outbound", record(), "Bytes", "$bytes")
    action = topic(seed, SECOND, WEST, "fw-alerts", [SOMEBODY])
    blind = ("fail", "its filter reads a group that receives no records in this region")
    alarm(seed, SECOND, WEST, "fw-large-outbound", "Bytes", action, blind, handle="fw-large-outbound of the second")


def rules(seed):
    """Rules for the findings of GuardDuty, which is on in the east of both accounts."""
    alerts = f"arn:aws:sns:{EAST}:{FIRST}:fw-alerts"
    own = topic(seed, FIRST, EAST, "fw-own-policy", [SOMEBODY])
    gone = topic(seed, FIRST, EAST, "fw-gone", [SOMEBODY], policy="events")
    seed.aws("sns", FIRST, EAST).delete_topic(TopicArn=gone)
    theirs = topic(seed, SECOND, EAST, "fw-alerts", [SOMEBODY], policy="events")

    def here(name, severity, targets, chain, **more):
        rule(seed, FIRST, EAST, name, finding(severity), targets, chain, **more)

    here("guardduty-high", HIGH, [alerts], ("pass", WHOLE))
    here("guardduty-older-list", OLDER, [alerts], ("fail", "severities from 9.0 on are not let through"))
    here("guardduty-off", HIGH, [alerts], ("fail", "the rule is disabled"), State="DISABLED")
    here("guardduty-own-policy", HIGH, [own], ("fail", "the topic's policy does not let EventBridge publish"))
    here("guardduty-topic-deleted", HIGH, [gone], ("fail", "its topic does not exist"))
    here("guardduty-no-target", HIGH, [], ("fail", "it has no target"))
    group = f"arn:aws:logs:{EAST}:{FIRST}:log-group:/farwatch/unrelated"
    here("guardduty-to-log-group", HIGH, [group], ("fail", "a log group tells nobody"))
    here("guardduty-to-second", HIGH, [theirs], ("pass", "a topic of the second account, which tells", "unknown"))
    # Neither of these lets a finding of high severity through: they are no alerts.
    misspelt = finding(HIGH, "GuardDuty Findings")
    rule(seed, FIRST, EAST, "guardduty-misspelt", misspelt, [alerts], None)
    here("guardduty-low", [{"numeric": ["<", 4]}], [alerts], None)
    rule(seed, FIRST, EAST, "machines", {"source": ["aws.ec2"]}, [alerts], None)

    # Each lets a part through; between them they may let through everything, which is not added up.
    between = ("unknown", "two rules let a part of the findings through each")
    for name, severity in (("guardduty-critical", [{"numeric": [">=", 9]}]), ("guardduty-older-list", OLDER)):
        rule(seed, SECOND, EAST, name, finding(severity), [theirs], between, handle=f"{name} of the second")
    off = topic(seed, SECOND, EAST2, "fw-alerts", [SOMEBODY], policy="events")
    nothing = ("fail", "GuardDuty has no detector here, so there is nothing to tell of")
    rule(seed, SECOND, EAST2, "guardduty-high", finding(HIGH), [off], nothing, handle="guardduty-high of the second")


def containment(seed):
    """Functions that a rule calls."""

    def function(name, role, called_by=None):
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("isolate.py", "def handler(event, context): pass")
        seed.aws("lambda", FIRST, EAST).create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="isolate.handler",
            Code={"ZipFile": code.getvalue()},
            # What people put there.
            Environment={"Variables": {"TOKEN": CANARY}},
        )
        if called_by:
            seed.aws("lambda", FIRST, EAST).add_permission(
                FunctionName=name,
                StatementId="events",
                Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com",
                SourceArn=f"arn:aws:events:{EAST}:{FIRST}:rule/{called_by}",
            )

    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}

    def role(name, *statements):
        return seed.role(FIRST, name, statements, trusts=service)

    isolate = {"Effect": "Allow", "Action": "ec2:ModifyNetworkInterfaceAttribute", "Resource": "*"}
    narrow = role("fw-isolate", isolate)
    everything = role("fw-everything", {"Effect": "Allow", "Action": "*", "Resource": "*"})
    watches = role("fw-watches", {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"})
    one = {**isolate, "Condition": {"StringEquals": {"aws:ResourceTag/isolate": "yes"}}}
    some = role("fw-isolate-some", one)
    contain = "guardduty-contain"
    functions = [
        ("fw-isolate", narrow, contain, "pass", "called by the rule, and may isolate"),
        ("fw-not-called", narrow, "another-rule", "fail", "its policy lets in another rule"),
        ("fw-no-policy", narrow, None, "fail", "it has no policy"),
        ("fw-powerless", watches, contain, "fail", "its role has no right to isolate"),
        ("fw-everything", everything, contain, "fail", "its role may do everything"),
        ("fw-isolate-some", some, contain, "unknown", "its role may isolate under a condition"),
        ("fw-no-function", None, None, "fail", "the function does not exist"),
    ]
    for name, arn, called_by, _, _ in functions:
        if arn:
            function(name, arn, called_by)
    targets = [f"arn:aws:lambda:{EAST}:{FIRST}:function:{name}" for name, *_ in functions]
    calls = ("unknown", "functions are called, which may tell somebody")
    arn = rule(seed, FIRST, EAST, contain, finding(HIGH), targets, calls)
    for number, (name, _, _, outcome, note) in enumerate(functions):
        subject = dict(account=FIRST, region=EAST, type="aws.containment", id=f"{arn}/{number}", handle=name)
        seed.judged(subject, containment_function=(outcome, note))


def alerts(seed):
    alarms(seed)
    if seed.has("guardduty"):
        rules(seed)
        containment(seed)
    off = ("not_applicable", "the region is not opted in")
    for account in (FIRST, SECOND):
        seed.region(account, OFF, suspicious_traffic_alert=off, macie_enabled=off)
    seed.region(FIRST, EAST, suspicious_traffic_alert=("pass", "guardduty-high is whole"))
    one_of = ("unknown", "fw-large-outbound is whole, GuardDuty is off, and the filter looks at one of the networks in use")
    seed.region(FIRST, EAST2, suspicious_traffic_alert=one_of)
    seed.region(FIRST, WEST, suspicious_traffic_alert=("unknown", "the program behind fw-queue may tell somebody"))
    seed.region(SECOND, EAST, suspicious_traffic_alert=("unknown", "two rules may let everything through between them"))
    seed.region(SECOND, EAST2, suspicious_traffic_alert=("fail", "the only alert rests on GuardDuty, which is off"))
    seed.region(SECOND, WEST, suspicious_traffic_alert=("fail", "the only alert sees nothing"))
    seed.truth.add(
        "organisation-three-to-five-alerts",
        "unknown",
        account="organisation",
        region=None,
        type="alert.summary",
        id="alerts",
        handle="all alerts",
        note="some alerts may be whole or not, and one may be about anything",
    )


# --- who may switch monitoring off -----------------------------------------------------------


def administrators(seed):
    def admin(account, kind, name, outcome, note):
        arn = f"arn:aws:iam::{account}:{kind}/{name}"
        subject = dict(account=account, region=None, type="aws.iam.monitoring_admin", id=arn, handle=name)
        seed.judged(subject, monitoring_admins_mfa=(outcome, note))

    def allow(actions, **more):
        return {"Effect": "Allow", "Action": actions, "Resource": "*", **more}

    def policy(*statements):
        return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

    first, second = seed.aws("iam", FIRST), seed.aws("iam", SECOND)
    first.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=policy(allow("cloudtrail:StopLogging")))
    admin(FIRST, "user", "alice", "pass", "has a second factor")
    first.create_group(GroupName="operators")
    first.put_group_policy(GroupName="operators", PolicyName="own", PolicyDocument=policy(allow("cloudtrail:*")))
    first.add_user_to_group(GroupName="operators", UserName="bob")
    admin(FIRST, "user", "bob", "fail", "may do it by his group, without a second factor")
    managed = first.create_policy(PolicyName="networks", PolicyDocument=policy(allow("ec2:DeleteFlowLogs")))
    first.attach_user_policy(UserName="deploy", PolicyArn=managed["Policy"]["Arn"])
    admin(FIRST, "user", "deploy", "not_applicable", "has no console password")
    # Roles that may not: a Deny takes it back, a boundary holds it back, nobody can assume what is a service's own.
    everything = allow("*")
    seed.role(FIRST, "fw-taken-back", [everything, {"Effect": "Deny", "Action": "*", "Resource": "*"}])
    if seed.has(BOUNDARIES):
        reader = first.create_policy(PolicyName="reader", PolicyDocument=policy(allow("s3:Get*")))["Policy"]["Arn"]
        seed.role(FIRST, "fw-held-back", [everything], PermissionsBoundary=reader)
    seed.role(FIRST, "AWSServiceRoleForFarwatch", [everything], Path="/aws-service-role/farwatch.amazonaws.com/")
    # Eleven with the three above: more than ten.
    roles = [f"fw-operator-{number}" for number in range(8 if not seed.has("guardduty") else 7)]
    for name in roles:
        seed.role(FIRST, name, [allow("logs:DeleteLogGroup")])
    if seed.has("guardduty"):
        # The role of a function; see above.
        roles.append("fw-everything")
    for name in roles:
        admin(FIRST, "role", name, "not_applicable", "a role")

    office = {"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
    second.put_user_policy(
        UserName="carol", PolicyName="own", PolicyDocument=policy(allow("cloudtrail:StopLogging", **office))
    )
    admin(SECOND, "user", "carol", "pass", "may perhaps, and has a second factor")
    one = {"Effect": "Allow", "Action": "logs:DeleteLogGroup", "Resource": f"arn:aws:logs:{WEST}:{SECOND}:log-group:x:*"}
    second.put_user_policy(UserName="dave", PolicyName="own", PolicyDocument=policy(one))
    admin(SECOND, "user", "dave", "unknown", "may delete one group, has no second factor: it depends on the group")
    for account, outcome, note in (
        (FIRST, "fail", "eleven, more than ten"),
        (SECOND, "unknown", "it depends on conditions and on resources whether two of them may"),
    ):
        subject = dict(account=account, region=None, type="aws.account", id=account, handle=f"account {account}")
        seed.judged(subject, monitoring_admins_few=(outcome, note))


# --- GuardDuty and Macie ---------------------------------------------------------------------


def detectors(seed):
    base = ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS")
    # moto has neither ListFindings nor ListPublishingDestinations.
    unanswered = ("unknown", "the emulator does not answer")
    suspended = ("not_applicable", "the detector is suspended")
    for account, region, enable, features, frequency, sees, publishes in (
        (
            FIRST,
            EAST,
            True,
            [(name, "ENABLED") for name in (*base, "S3_DATA_EVENTS")],
            "FIFTEEN_MINUTES",
            ("pass", "all four are enabled"),
            ("pass", "every 15 minutes"),
        ),
        (FIRST, EAST2, False, [], "FIFTEEN_MINUTES", suspended, suspended),
        (
            SECOND,
            EAST,
            True,
            [*((name, "ENABLED") for name in base), ("S3_DATA_EVENTS", "DISABLED")],
            "SIX_HOURS",
            ("fail", "S3 protection is off"),
            ("fail", "every six hours"),
        ),
        (
            SECOND,
            WEST,
            True,
            [],
            "ONE_HOUR",
            ("fail", "moto repeats the features that were asked for, and none were"),
            ("pass", "every hour"),
        ),
    ):
        made = seed.aws("guardduty", account, region).create_detector(
            Enable=enable,
            FindingPublishingFrequency=frequency,
            Features=[{"Name": name, "Status": status} for name, status in features],
        )["DetectorId"]
        handle = f"detector of {account}/{region}"
        subject = dict(account=account, region=region, type="aws.guardduty.detector", id=made, handle=handle)
        seed.judged(
            subject,
            guardduty_features=sees,
            guardduty_publishes_within=publishes,
            guardduty_findings_handled=unanswered if enable else suspended,
            guardduty_findings_exported=unanswered if enable else suspended,
        )


def macie(seed):
    """moto says ENABLED everywhere, until it was disabled: then that there is no such resource, which says nothing."""
    seed.aws("macie2", FIRST, EAST2).disable_macie()
    for account in (FIRST, SECOND):
        for region in REGIONS:
            off = (account, region) == (FIRST, EAST2)
            unknown, on = ("unknown", "an error that is not AWS's"), ("pass", "the emulator says ENABLED")
            seed.region(account, region, macie_enabled=unknown if off else on)


# --- tables and queries ----------------------------------------------------------------------


def queries(seed):
    """What lies on the buckets' records stands beside the buckets, in seed.py."""

    def table(account, region, database, name, location):
        glue = seed.aws("glue", account, region)
        glue.create_table(
            DatabaseName=database, TableInput={"Name": name, "StorageDescriptor": {"Location": location}}
        )

    for account, region, database in (
        (FIRST, EAST, "security"),
        (FIRST, WEST, "security"),
        (SECOND, EAST, "records"),
    ):
        seed.aws("glue", account, region).create_database(DatabaseInput={"Name": database})
    table(FIRST, EAST, "security", "trail", f"s3://fw-a-good/AWSLogs/{FIRST}/CloudTrail/")
    table(FIRST, EAST, "security", "results", "s3://fw-a-restricted/results/")
    table(FIRST, WEST, "security", "flows", f"s3://fw-a-flow/AWSLogs/{FIRST}/vpcflowlogs")
    table(SECOND, EAST, "records", "trail", f"s3://fw-b-archive/trails/AWSLogs/{SECOND}/CloudTrail/")

    athena = seed.aws("athena", FIRST, EAST)
    sealed = {"OutputLocation": "s3://fw-a-website/", "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"}}
    for name, configuration in (
        ("review", {"EnforceWorkGroupConfiguration": True, "ResultConfiguration": sealed}),
        ("suggests", {"EnforceWorkGroupConfiguration": False, "ResultConfiguration": sealed}),
        ("plain", {"EnforceWorkGroupConfiguration": True, "ResultConfiguration": {"OutputLocation": "s3://fw-a-website/"}}),
        ("idle", {"EnforceWorkGroupConfiguration": False, "ResultConfiguration": {}}),
    ):
        athena.create_work_group(Name=name, Configuration=configuration)
    seed.aws("athena", SECOND, EAST).create_work_group(Name="review", Configuration={"ResultConfiguration": {}})
    for workgroup, database in (("review", "security"), ("suggests", "default"), ("plain", "default")):
        athena.start_query_execution(
            # The text of a query may quote data; it must stay out of everything.
            QueryString=f"SELECT '{CANARY}'", WorkGroup=workgroup, QueryExecutionContext={"Database": database}
        )
    idle = ("not_applicable", "no query was run in it")
    groups = {
        (FIRST, EAST, "review"): ("pass", "it encrypts, and overrides clients"),
        (FIRST, EAST, "suggests"): ("fail", "clients may choose otherwise"),
        (FIRST, EAST, "plain"): ("fail", "it encrypts nothing"),
        (FIRST, EAST, "idle"): idle,
        (SECOND, EAST, "review"): idle,
    }
    groups |= {(account, region, "primary"): idle for account in (FIRST, SECOND) for region in REGIONS}
    for (account, region, name), expected in groups.items():
        handle = f"{name} of {account}/{region}"
        subject = dict(account=account, region=region, type="aws.athena.workgroup", id=name, handle=handle)
        seed.judged(subject, athena_workgroup_results_encrypted=expected)


def watch(seed):
    alerts(seed)
    administrators(seed)
    if seed.has("macie"):
        macie(seed)
    queries(seed)
