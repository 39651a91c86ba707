"""Makes a KMS key that signs, and prints its ARN.

    python sign_key.py ENDPOINT
"""

import sys

import boto3

kms = boto3.client(
    "kms",
    region_name="us-east-1",
    endpoint_url=sys.argv[1],
    aws_access_key_id="AKIASIGNER",
    aws_secret_access_key="x",
)
print(kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["Arn"])
