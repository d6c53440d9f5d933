"""What outlives a stack: the table, the keys and the logs. They are not replaced, and a later stack can adopt them."""

import json
from pathlib import Path

import pytest

from stack import ACCOUNT, FUNCTIONS, REGION
from template import of_type, transformed

# A change of one of these properties replaces the resource, or fails (of keys). `retained.json` has their values in the
# last release; a resource's logical id and type count as well.
FIXED = {
    "AWS::Backup::BackupVault": ("BackupVaultName", "EncryptionKeyArn"),
    "AWS::DynamoDB::Table": (
        "AttributeDefinitions",
        "ImportSourceSpecification",
        "KeySchema",
        "TableName",
    ),
    "AWS::KMS::Key": ("KeySpec", "KeyUsage", "MultiRegion", "Origin"),
    "AWS::Logs::LogGroup": ("LogGroupName",),
}
LAST_RELEASE = Path(__file__).with_name("retained.json")
KEYS = {
    f"Existing{name}KeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-{name.lower()}"
    for name in ("Wrapping", "RS256", "PS256", "ES256")
}


def retained() -> dict:
    return {
        name: resource
        for name, resource in transformed()["Resources"].items()
        if resource["Type"] in FIXED
    }


def test_only_a_failed_creation_deletes_table_keys_and_logs():
    for name, resource in retained().items():
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate", name
        assert resource["UpdateReplacePolicy"] == "Retain", name


def test_no_update_replaces_a_table_a_key_or_a_log():
    fixed = {
        name: {"Type": resource["Type"]}
        | {
            part: resource["Properties"][part]
            for part in FIXED[resource["Type"]]
            if part in resource["Properties"]
        }
        for name, resource in retained().items()
    }
    released = json.loads(LAST_RELEASE.read_text(encoding="utf-8"))
    for name, resource in released.items():
        assert fixed.get(name) == resource, name


def test_a_stack_adopts_an_existing_table(aws):
    made = aws.create_stack("ratchet-adopts-a-table", ExistingTable="from-yesterday")
    assert "Table" not in made.resources
    assert made.outputs["TableName"] == "from-yesterday"
    assert {made.environments[name]["TABLE_NAME"] for name in FUNCTIONS} == {"from-yesterday"}
    iam = aws.client("iam")
    for role in ("TokenRole", "AuthorizeRole", "RevokeRole", "DiscoveryRole", "OperatorRole"):
        policy = iam.get_role_policy(RoleName=made.resources[role], PolicyName="table")
        tables = {item["Resource"].split("/")[-1] for item in policy["PolicyDocument"]["Statement"]}
        assert tables == {"from-yesterday"}, role


@pytest.mark.parametrize("mode", ["kms", "wrapped"])
def test_a_stack_adopts_existing_keys(aws, mode):
    made = aws.create_stack(
        f"ratchet-adopts-keys-{mode}",
        SigningMode=mode,
        SignWithPS256="true",
        SignWithES256="true",
        **KEYS,
    )
    assert not {name for name in made.resources if name.endswith("Key")}
    assert made.outputs["WrappingKeyArn"] == KEYS["ExistingWrappingKeyArn"]
    algorithms = ("RS256", "PS256", "ES256")
    given = [f"{name}={KEYS[f'Existing{name}KeyArn']}" for name in algorithms]
    for name in FUNCTIONS:
        environment = made.environments[name]
        assert environment["WRAPPING_KEY"] == KEYS["ExistingWrappingKeyArn"]
        wanted = given if mode == "kms" else algorithms
        assert environment["SIGNING_KEYS"].split(",") == list(wanted)


@pytest.mark.parametrize("adopted", [True, False])
def test_a_stack_keeps_former_wrapping_keys_that_only_unwrap(aws, adopted):
    former = [f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-{name}" for name in ("one", "two")]
    keys = {"ExistingWrappingKeyArn": KEYS["ExistingWrappingKeyArn"]} if adopted else {}
    made = aws.create_stack(
        f"ratchet-former-keys-{str(adopted).lower()}", FormerWrappingKeyArns=",".join(former), **keys
    )
    for name in FUNCTIONS:
        keys = made.environments[name]["WRAPPING_KEY"].split(",")
        assert keys == [made.outputs["WrappingKeyArn"], *former]


def test_a_stack_of_a_deleted_ones_name_adopts_its_log_groups(aws):
    logs = aws.client("logs")
    name = "ratchet-again"
    for function in FUNCTIONS:
        logs.create_log_group(logGroupName=f"/aws/lambda/{name}-{function}")
    made = aws.create_stack(name, ExistingLogGroups="enabled")
    assert not {logical_id for logical_id in made.resources if logical_id.endswith("LogGroup")}
    lambda_ = of_type(transformed(), "AWS::Lambda::Function")["TokenFunction"]
    left = lambda_["Properties"]["LoggingConfig"]["LogGroup"]["Fn::If"][2]
    assert left == {"Fn::Sub": "/aws/lambda/${AWS::StackName}-token"}


@pytest.mark.parametrize(("parameter", "protected"), [("enabled", True), ("disabled", False)])
def test_a_parameter_protects_the_table_from_deletion(aws, parameter, protected):
    made = aws.create_stack(f"ratchet-protection-{parameter}", DeletionProtection=parameter)
    table = aws.client("dynamodb").describe_table(TableName=made.outputs["TableName"])["Table"]
    assert table["DeletionProtectionEnabled"] is protected
