//! Where calls go: the same hosts that botocore's endpoint rules give. There are no FIPS endpoints in China.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use farwatch::controls::Controls;

/// Service, region, variant, host.
const HOSTS: &str = "\
athena us-west-2 standard athena.us-west-2.amazonaws.com
athena us-west-2 fips athena-fips.us-west-2.amazonaws.com
athena us-west-2 dualstack athena.us-west-2.api.aws
athena us-gov-west-1 standard athena.us-gov-west-1.amazonaws.com
athena us-gov-west-1 fips athena-fips.us-gov-west-1.amazonaws.com
athena us-gov-west-1 dualstack athena.us-gov-west-1.api.aws
athena cn-north-1 standard athena.cn-north-1.amazonaws.com.cn
athena cn-north-1 dualstack athena.cn-north-1.api.amazonwebservices.com.cn
cloudtrail us-west-2 standard cloudtrail.us-west-2.amazonaws.com
cloudtrail us-west-2 fips cloudtrail-fips.us-west-2.amazonaws.com
cloudtrail us-west-2 dualstack cloudtrail.us-west-2.api.aws
cloudtrail us-gov-west-1 standard cloudtrail.us-gov-west-1.amazonaws.com
cloudtrail us-gov-west-1 fips cloudtrail.us-gov-west-1.amazonaws.com
cloudtrail us-gov-west-1 dualstack cloudtrail.us-gov-west-1.api.aws
cloudtrail cn-north-1 standard cloudtrail.cn-north-1.amazonaws.com.cn
cloudtrail cn-north-1 dualstack cloudtrail.cn-north-1.api.amazonwebservices.com.cn
cloudwatch us-west-2 standard monitoring.us-west-2.amazonaws.com
cloudwatch us-west-2 fips monitoring-fips.us-west-2.amazonaws.com
cloudwatch us-west-2 dualstack monitoring.us-west-2.api.aws
cloudwatch us-gov-west-1 standard monitoring.us-gov-west-1.amazonaws.com
cloudwatch us-gov-west-1 fips monitoring.us-gov-west-1.amazonaws.com
cloudwatch us-gov-west-1 dualstack monitoring.us-gov-west-1.api.aws
cloudwatch cn-north-1 standard monitoring.cn-north-1.amazonaws.com.cn
cloudwatch cn-north-1 dualstack monitoring.cn-north-1.api.amazonwebservices.com.cn
directconnect us-west-2 standard directconnect.us-west-2.amazonaws.com
directconnect us-west-2 fips directconnect-fips.us-west-2.amazonaws.com
directconnect us-west-2 dualstack directconnect.us-west-2.api.aws
directconnect us-gov-west-1 standard directconnect.us-gov-west-1.amazonaws.com
directconnect us-gov-west-1 fips directconnect-fips.us-gov-west-1.amazonaws.com
directconnect us-gov-west-1 dualstack directconnect.us-gov-west-1.api.aws
directconnect cn-north-1 standard directconnect.cn-north-1.amazonaws.com.cn
directconnect cn-north-1 dualstack directconnect.cn-north-1.api.amazonwebservices.com.cn
dynamodb us-west-2 standard dynamodb.us-west-2.amazonaws.com
dynamodb us-west-2 fips dynamodb-fips.us-west-2.amazonaws.com
dynamodb us-west-2 dualstack dynamodb.us-west-2.api.aws
dynamodb us-gov-west-1 standard dynamodb.us-gov-west-1.amazonaws.com
dynamodb us-gov-west-1 fips dynamodb.us-gov-west-1.amazonaws.com
dynamodb us-gov-west-1 dualstack dynamodb.us-gov-west-1.api.aws
dynamodb cn-north-1 standard dynamodb.cn-north-1.amazonaws.com.cn
dynamodb cn-north-1 dualstack dynamodb.cn-north-1.api.amazonwebservices.com.cn
ec2 us-west-2 standard ec2.us-west-2.amazonaws.com
ec2 us-west-2 fips ec2-fips.us-west-2.amazonaws.com
ec2 us-west-2 dualstack ec2.us-west-2.api.aws
ec2 us-gov-west-1 standard ec2.us-gov-west-1.amazonaws.com
ec2 us-gov-west-1 fips ec2.us-gov-west-1.amazonaws.com
ec2 us-gov-west-1 dualstack ec2.us-gov-west-1.api.aws
ec2 cn-north-1 standard ec2.cn-north-1.amazonaws.com.cn
ec2 cn-north-1 dualstack ec2.cn-north-1.api.amazonwebservices.com.cn
elb us-west-2 standard elasticloadbalancing.us-west-2.amazonaws.com
elb us-west-2 fips elasticloadbalancing-fips.us-west-2.amazonaws.com
elb us-west-2 dualstack elasticloadbalancing.us-west-2.api.aws
elb us-gov-west-1 standard elasticloadbalancing.us-gov-west-1.amazonaws.com
elb us-gov-west-1 fips elasticloadbalancing.us-gov-west-1.amazonaws.com
elb us-gov-west-1 dualstack elasticloadbalancing.us-gov-west-1.api.aws
elb cn-north-1 standard elasticloadbalancing.cn-north-1.amazonaws.com.cn
elb cn-north-1 dualstack elasticloadbalancing.cn-north-1.api.amazonwebservices.com.cn
elbv2 us-west-2 standard elasticloadbalancing.us-west-2.amazonaws.com
elbv2 us-west-2 fips elasticloadbalancing-fips.us-west-2.amazonaws.com
elbv2 us-west-2 dualstack elasticloadbalancing.us-west-2.api.aws
elbv2 us-gov-west-1 standard elasticloadbalancing.us-gov-west-1.amazonaws.com
elbv2 us-gov-west-1 fips elasticloadbalancing.us-gov-west-1.amazonaws.com
elbv2 us-gov-west-1 dualstack elasticloadbalancing.us-gov-west-1.api.aws
elbv2 cn-north-1 standard elasticloadbalancing.cn-north-1.amazonaws.com.cn
elbv2 cn-north-1 dualstack elasticloadbalancing.cn-north-1.api.amazonwebservices.com.cn
events us-west-2 standard events.us-west-2.amazonaws.com
events us-west-2 fips events-fips.us-west-2.amazonaws.com
events us-west-2 dualstack events.us-west-2.api.aws
events us-gov-west-1 standard events.us-gov-west-1.amazonaws.com
events us-gov-west-1 fips events.us-gov-west-1.amazonaws.com
events us-gov-west-1 dualstack events.us-gov-west-1.api.aws
events cn-north-1 standard events.cn-north-1.amazonaws.com.cn
events cn-north-1 dualstack events.cn-north-1.api.amazonwebservices.com.cn
firehose us-west-2 standard firehose.us-west-2.amazonaws.com
firehose us-west-2 fips firehose-fips.us-west-2.amazonaws.com
firehose us-west-2 dualstack firehose.us-west-2.api.aws
firehose us-gov-west-1 standard firehose.us-gov-west-1.amazonaws.com
firehose us-gov-west-1 fips firehose-fips.us-gov-west-1.amazonaws.com
firehose us-gov-west-1 dualstack firehose.us-gov-west-1.api.aws
firehose cn-north-1 standard firehose.cn-north-1.amazonaws.com.cn
firehose cn-north-1 dualstack firehose.cn-north-1.api.amazonwebservices.com.cn
glue us-west-2 standard glue.us-west-2.amazonaws.com
glue us-west-2 fips glue-fips.us-west-2.amazonaws.com
glue us-west-2 dualstack glue.us-west-2.api.aws
glue us-gov-west-1 standard glue.us-gov-west-1.amazonaws.com
glue us-gov-west-1 fips glue-fips.us-gov-west-1.amazonaws.com
glue us-gov-west-1 dualstack glue.us-gov-west-1.api.aws
glue cn-north-1 standard glue.cn-north-1.amazonaws.com.cn
glue cn-north-1 dualstack glue.cn-north-1.api.amazonwebservices.com.cn
guardduty us-west-2 standard guardduty.us-west-2.amazonaws.com
guardduty us-west-2 fips guardduty-fips.us-west-2.amazonaws.com
guardduty us-west-2 dualstack guardduty.us-west-2.api.aws
guardduty us-gov-west-1 standard guardduty.us-gov-west-1.amazonaws.com
guardduty us-gov-west-1 fips guardduty.us-gov-west-1.amazonaws.com
guardduty us-gov-west-1 dualstack guardduty.us-gov-west-1.api.aws
guardduty cn-north-1 standard guardduty.cn-north-1.amazonaws.com.cn
guardduty cn-north-1 dualstack guardduty.cn-north-1.api.amazonwebservices.com.cn
iam us-west-2 standard iam.amazonaws.com
iam us-west-2 fips iam-fips.amazonaws.com
iam us-west-2 dualstack iam.global.api.aws
iam us-gov-west-1 standard iam.us-gov.amazonaws.com
iam us-gov-west-1 fips iam.us-gov.amazonaws.com
iam us-gov-west-1 dualstack iam.aws-us-gov-global.api.aws
iam cn-north-1 standard iam.cn-north-1.amazonaws.com.cn
iam cn-north-1 dualstack iam.aws-cn-global.api.amazonwebservices.com.cn
kinesis us-west-2 standard kinesis.us-west-2.amazonaws.com
kinesis us-west-2 fips kinesis-fips.us-west-2.amazonaws.com
kinesis us-west-2 dualstack kinesis.us-west-2.api.aws
kinesis us-gov-west-1 standard kinesis.us-gov-west-1.amazonaws.com
kinesis us-gov-west-1 fips kinesis.us-gov-west-1.amazonaws.com
kinesis us-gov-west-1 dualstack kinesis.us-gov-west-1.api.aws
kinesis cn-north-1 standard kinesis.cn-north-1.amazonaws.com.cn
kinesis cn-north-1 dualstack kinesis.cn-north-1.api.amazonwebservices.com.cn
kms us-west-2 standard kms.us-west-2.amazonaws.com
kms us-west-2 fips kms-fips.us-west-2.amazonaws.com
kms us-west-2 dualstack kms.us-west-2.api.aws
kms us-gov-west-1 standard kms.us-gov-west-1.amazonaws.com
kms us-gov-west-1 fips kms-fips.us-gov-west-1.amazonaws.com
kms us-gov-west-1 dualstack kms.us-gov-west-1.api.aws
kms cn-north-1 standard kms.cn-north-1.amazonaws.com.cn
kms cn-north-1 dualstack kms.cn-north-1.api.amazonwebservices.com.cn
lambda us-west-2 standard lambda.us-west-2.amazonaws.com
lambda us-west-2 fips lambda-fips.us-west-2.amazonaws.com
lambda us-west-2 dualstack lambda.us-west-2.api.aws
lambda us-gov-west-1 standard lambda.us-gov-west-1.amazonaws.com
lambda us-gov-west-1 fips lambda-fips.us-gov-west-1.amazonaws.com
lambda us-gov-west-1 dualstack lambda.us-gov-west-1.api.aws
lambda cn-north-1 standard lambda.cn-north-1.amazonaws.com.cn
lambda cn-north-1 dualstack lambda.cn-north-1.api.amazonwebservices.com.cn
logs us-west-2 standard logs.us-west-2.amazonaws.com
logs us-west-2 fips logs-fips.us-west-2.amazonaws.com
logs us-west-2 dualstack logs.us-west-2.api.aws
logs us-gov-west-1 standard logs.us-gov-west-1.amazonaws.com
logs us-gov-west-1 fips logs.us-gov-west-1.amazonaws.com
logs us-gov-west-1 dualstack logs.us-gov-west-1.api.aws
logs cn-north-1 standard logs.cn-north-1.amazonaws.com.cn
logs cn-north-1 dualstack logs.cn-north-1.api.amazonwebservices.com.cn
macie2 us-west-2 standard macie2.us-west-2.amazonaws.com
macie2 us-west-2 fips macie2-fips.us-west-2.amazonaws.com
macie2 us-west-2 dualstack macie2.us-west-2.api.aws
macie2 us-gov-west-1 standard macie2.us-gov-west-1.amazonaws.com
macie2 us-gov-west-1 fips macie2-fips.us-gov-west-1.amazonaws.com
macie2 us-gov-west-1 dualstack macie2.us-gov-west-1.api.aws
macie2 cn-north-1 standard macie2.cn-north-1.amazonaws.com.cn
macie2 cn-north-1 dualstack macie2.cn-north-1.api.amazonwebservices.com.cn
organizations us-west-2 standard organizations.us-east-1.amazonaws.com
organizations us-west-2 fips organizations-fips.us-east-1.amazonaws.com
organizations us-west-2 dualstack organizations.us-west-2.api.aws
organizations us-gov-west-1 standard organizations.us-gov-west-1.amazonaws.com
organizations us-gov-west-1 fips organizations.us-gov-west-1.amazonaws.com
organizations us-gov-west-1 dualstack organizations.us-gov-west-1.api.aws
organizations cn-north-1 standard organizations.cn-northwest-1.amazonaws.com.cn
organizations cn-north-1 dualstack organizations.cn-north-1.api.amazonwebservices.com.cn
route53resolver us-west-2 standard route53resolver.us-west-2.amazonaws.com
route53resolver us-west-2 fips route53resolver-fips.us-west-2.amazonaws.com
route53resolver us-west-2 dualstack route53resolver.us-west-2.api.aws
route53resolver us-gov-west-1 standard route53resolver.us-gov-west-1.amazonaws.com
route53resolver us-gov-west-1 fips route53resolver.us-gov-west-1.amazonaws.com
route53resolver us-gov-west-1 dualstack route53resolver.us-gov-west-1.api.aws
route53resolver cn-north-1 standard route53resolver.cn-north-1.amazonaws.com.cn
route53resolver cn-north-1 dualstack route53resolver.cn-north-1.api.amazonwebservices.com.cn
s3 us-west-2 standard s3.us-west-2.amazonaws.com
s3 us-west-2 fips s3-fips.us-west-2.amazonaws.com
s3 us-west-2 dualstack s3.dualstack.us-west-2.amazonaws.com
s3 us-gov-west-1 standard s3.us-gov-west-1.amazonaws.com
s3 us-gov-west-1 fips s3-fips.us-gov-west-1.amazonaws.com
s3 us-gov-west-1 dualstack s3.dualstack.us-gov-west-1.amazonaws.com
s3 cn-north-1 standard s3.cn-north-1.amazonaws.com.cn
s3 cn-north-1 dualstack s3.dualstack.cn-north-1.amazonaws.com.cn
s3control us-west-2 standard s3-control.us-west-2.amazonaws.com
s3control us-west-2 fips s3-control-fips.us-west-2.amazonaws.com
s3control us-west-2 dualstack s3-control.dualstack.us-west-2.amazonaws.com
s3control us-gov-west-1 standard s3-control.us-gov-west-1.amazonaws.com
s3control us-gov-west-1 fips s3-control-fips.us-gov-west-1.amazonaws.com
s3control us-gov-west-1 dualstack s3-control.dualstack.us-gov-west-1.amazonaws.com
s3control cn-north-1 standard s3-control.cn-north-1.amazonaws.com.cn
s3control cn-north-1 dualstack s3-control.dualstack.cn-north-1.amazonaws.com.cn
sns us-west-2 standard sns.us-west-2.amazonaws.com
sns us-west-2 fips sns-fips.us-west-2.amazonaws.com
sns us-west-2 dualstack sns.us-west-2.api.aws
sns us-gov-west-1 standard sns.us-gov-west-1.amazonaws.com
sns us-gov-west-1 fips sns.us-gov-west-1.amazonaws.com
sns us-gov-west-1 dualstack sns.us-gov-west-1.api.aws
sns cn-north-1 standard sns.cn-north-1.amazonaws.com.cn
sns cn-north-1 dualstack sns.cn-north-1.api.amazonwebservices.com.cn
sts us-west-2 standard sts.us-west-2.amazonaws.com
sts us-west-2 fips sts-fips.us-west-2.amazonaws.com
sts us-west-2 dualstack sts.us-west-2.api.aws
sts us-gov-west-1 standard sts.us-gov-west-1.amazonaws.com
sts us-gov-west-1 fips sts.us-gov-west-1.amazonaws.com
sts us-gov-west-1 dualstack sts.us-gov-west-1.api.aws
sts cn-north-1 standard sts.cn-north-1.amazonaws.com.cn
sts cn-north-1 dualstack sts.cn-north-1.api.amazonwebservices.com.cn
";

#[test]
fn hosts_are_the_providers_own() {
    let provider = Controls::load(None).unwrap_or_else(|problems| panic!("{problems}")).reads.provider;
    let mut wrong = Vec::new();
    for line in HOSTS.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let (name, region, variant, expected) = (words[0], words[1], words[2], words[3]);
        let partition = match region {
            "us-gov-west-1" => "aws-us-gov",
            "cn-north-1" => "aws-cn",
            _ => "aws",
        };
        let place = (partition, &provider.partitions[partition]);
        let host = provider.services[name].host_name(name, place, region, variant == "fips", variant == "dualstack");
        if host != expected {
            wrong.push(format!("{name} {region} {variant}: {host}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // In China the organization's calls are signed for another region than IAM's.
    let signed = |name: &str| provider.services[name].global_region.get("aws-cn").map(String::as_str);
    assert_eq!((signed("organizations"), signed("iam")), (Some("cn-northwest-1"), None));
    // Every declared service is in the table.
    for name in provider.services.keys() {
        assert!(HOSTS.lines().any(|line| line.starts_with(&format!("{name} "))), "{name}");
    }
}
