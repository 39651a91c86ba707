"""Makes the first account the management account of an organization and prints the ids of its members.

    python organization.py ENDPOINT

The answer is one JSON object: {"member", "without_role", "closed"}. moto gives the ids by chance.
"""

import json
import sys

import boto3

FIRST = "111122223333"


def main():
    aws = boto3.client(
        "organizations",
        endpoint_url=sys.argv[1],
        region_name="us-east-1",
        aws_access_key_id=FIRST,
        aws_secret_access_key="seed",
    )
    aws.meta.events.register(
        "before-sign", lambda request, **_: request.headers.add_header("x-moto-account-id", FIRST)
    )
    aws.create_organization(FeatureSet="ALL")
    members = {}
    for name in ("member", "without_role", "closed"):
        made = aws.create_account(AccountName=name, Email=f"{name}-root@contractor.example")
        members[name] = made["CreateAccountStatus"]["AccountId"]
    aws.close_account(AccountId=members["closed"])
    json.dump(members, sys.stdout)


if __name__ == "__main__":
    main()
