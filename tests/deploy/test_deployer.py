"""What the deployer may do is what CloudFormation needs for the types of resources in the template, and no more."""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

import cfnlint
import pytest
import yaml

from stack import ACCOUNT, REGION
from template import ROOT, Loader, transformed
from test_lint import findings
from test_wildcards import unargued

SCHEMAS = Path(cfnlint.__file__).parent / "data/schemas"
TEMPLATE = ROOT / "infra/deployer.yaml"
STACK = "ratchet-prod"
# IAM's limit of a managed policy, without white space.
LONGEST = 6144

# Permissions of the registry that this template does not need, by the reason.
UNUSED = {
    "the functions are in no VPC and mount no file system": (
        "ec2:*",
        "elasticfilesystem:*",
        "s3files:*",
    ),
    "the functions have no signed code, capacity provider or setting of recursion, scaling or runtime": (
        "lambda:*CodeSigningConfig",
        "lambda:AssociateRuntimeAlias",
        "lambda:PassCapacityProvider",
        "lambda:PutFunctionRecursionConfig",
        "lambda:PutFunctionScalingConfig",
        "lambda:PutRuntimeManagementConfig",
    ),
    "the table is neither imported nor sent to Kinesis, and has no policy of its own": (
        "kinesis:*",
        "dynamodb:*Import*",
        "dynamodb:*ableKinesisStreamingDestination",
        "dynamodb:UpdateKinesisStreamingDestination",
        "dynamodb:UpdateContributorInsights",
        "dynamodb:PutResourcePolicy",
        "dynamodb:DeleteResourcePolicy",
        "kms:ListAliases",
        "s3:GetObjectMetadata",
        "s3:ListBucket",
    ),
    "replicas are added outside the template": (
        "dynamodb:*TableReplica",
        "dynamodb:*Item",
        "dynamodb:Query",
        "dynamodb:Scan",
    ),
    "vaults have neither a policy nor notifications": (
        "backup:DeleteBackupVaultAccessPolicy",
        "backup:DeleteBackupVaultNotifications",
        "backup:PutBackupVaultAccessPolicy",
        "backup:PutBackupVaultNotifications",
    ),
    "log groups have neither a key nor policies, and CloudFormation writes no lines": (
        "firehose:*",
        "logs:*KmsKey",
        "logs:CreateLogStream",
        "logs:DeleteDataProtectionPolicy",
        "logs:DeleteIndexPolicy",
        "logs:DeleteResourcePolicy",
        "logs:DescribeLogStreams",
        "logs:PutBearerTokenAuthentication",
        "logs:PutDataProtectionPolicy",
        "logs:PutIndexPolicy",
        "logs:PutLogEvents",
        "logs:PutLogGroupDeletionProtection",
        "logs:PutResourcePolicy",
        "s3:REST.PUT.OBJECT",
    ),
    "IAM has no such action": (
        "apigateway:*agResource",
        "backup-storage:Mount",
    ),
    "roles have no boundary": ("iam:*RolePermissionsBoundary",),
    "no instance is deployed to": ("codedeploy:RegisterOnPremisesInstance",),
}
# What API Gateway needs to deliver an access log (developer guide, "Customize HTTP API access logs").
BESIDES = {
    "logs:DeleteLogDelivery",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:UpdateLogDelivery",
}
# CloudFormation reads it with the function, although a pattern above matches it.
READ = {"lambda:GetFunctionCodeSigningConfig"}


def stated() -> set[str]:
    """The permissions that the registry states for the types of the template."""
    provider = json.loads((SCHEMAS / f"providers/{REGION}.json").read_text(encoding="utf-8"))
    found = set()
    for kind in {resource["Type"] for resource in transformed()["Resources"].values()}:
        schema = json.loads((SCHEMAS / f"resources/{provider[kind]}.json").read_text(encoding="utf-8"))
        for operation in ("create", "read", "update", "delete"):
            found.update(schema["handlers"].get(operation, {}).get("permissions", []))
    return {"s3:GetObject" if action == "s3:getObject" else action for action in found}


def is_unused(action: str) -> bool:
    patterns = [pattern for some in UNUSED.values() for pattern in some]
    return action not in READ and any(fnmatchcase(action, pattern) for pattern in patterns)


@pytest.fixture(scope="module")
def policies(aws):
    """The policies of the template as IAM has them."""
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName="deployer",
        TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": "StackName", "ParameterValue": STACK}],
        Capabilities=["CAPABILITY_IAM"],
    )
    iam = aws.client("iam")
    found = {}
    for item in cloudformation.list_stack_resources(StackName="deployer")["StackResourceSummaries"]:
        if item["ResourceType"] == "AWS::IAM::ManagedPolicy":
            version = iam.get_policy_version(PolicyArn=item["PhysicalResourceId"], VersionId="v1")
            found[item["LogicalResourceId"]] = version["PolicyVersion"]["Document"]
    assert len(found) == 4
    return found


def actions(document: dict) -> set[str]:
    found = set()
    for statement in document["Statement"]:
        some = statement["Action"]
        found.update([some] if isinstance(some, str) else some)
    return found


def test_cloudformation_may_do_what_the_resources_need_and_no_more(policies):
    granted = set().union(*(actions(document) for name, document in policies.items() if name != "DeployerPolicy"))
    needed = {action for action in stated() if not is_unused(action)} | BESIDES
    assert granted == needed


def test_each_exception_is_of_something_that_the_registry_states():
    known = stated()
    for reason, patterns in UNUSED.items():
        for pattern in patterns:
            assert any(fnmatchcase(action, pattern) for action in known), (reason, pattern)
    assert not BESIDES & known


def test_the_deployer_may_pass_one_role_and_run_preflight(policies):
    document = policies["DeployerPolicy"]
    (passing,) = [item for item in document["Statement"] if item["Action"] == "iam:PassRole"]
    assert passing["Resource"].startswith(f"arn:aws:iam::{ACCOUNT}:role/deployer-CloudFormationRole")
    text = (ROOT / "infra/README.md").read_text(encoding="utf-8")
    listed = re.search(r"The permissions are\n(.+?)\. `--json`", text, re.DOTALL).group(1)
    permissions = set(re.findall(r"`(\w+:\w+)`", listed))
    assert permissions and permissions <= actions(document)


def test_resources_of_other_stacks_are_out_of_reach(policies):
    """A resource whose name the stack chooses begins with the stack's name."""
    named = ("dynamodb", "lambda", "iam", "events", "codedeploy", "logs")
    for name, document in policies.items():
        for statement in document["Statement"]:
            resources = statement["Resource"]
            for resource in [resources] if isinstance(resources, str) else resources:
                if resource == "*" or resource.split(":")[2] not in named:
                    continue
                shared = {"Layers", "WaysOfDeployment", "RolesOfServices"}
                assert statement["Sid"] in shared or STACK in resource or "deployer" in resource, name


def test_every_wildcard_is_argued_for():
    source = TEMPLATE.read_text(encoding="utf-8")
    assert unargued(source, yaml.load(source, Loader)) == []


# cfn-lint knows this action, and parliament is older than it.
NEW = "lambda:GetFunctionScalingConfig"


def known_to_parliament(document: dict) -> dict:
    """It also takes `aws`, the account of CloudFormation's transforms, for a mistake."""
    text = json.dumps(document).replace(":aws:transform/", f":{ACCOUNT}:transform/")
    return json.loads(text.replace(f'"{NEW}", ', ""))


@pytest.mark.parametrize("name", ["FunctionsPolicy", "DataPolicy", "MonitoringPolicy", "DeployerPolicy"])
def test_parliament_finds_nothing_to_say_about_a_policy(policies, name):
    assert findings(known_to_parliament(policies[name])) == []
    assert len(re.sub(r"\s", "", json.dumps(policies[name], separators=(",", ":")))) <= LONGEST
