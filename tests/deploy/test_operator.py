"""The operator's tasks in the runbook, executed on a stack with the environment of its functions."""

import json
from functools import partial

import pytest

import programs
from template import ROOT

SEALING_KEYS = {"PK": {"S": "TENANT"}, "SK": {"S": "KEYRING#SEALING"}}


@pytest.fixture
def admin(made):
    return partial(programs.admin, made.stack.environments["token"])


def test_a_tenant_is_imported_and_keys_are_rotated(made, admin):
    assert "4 clients" in admin("tenant", "import", ROOT / "infra/local/tenant.yaml")
    assert "seals from" in admin("keys", "rotate")
    new = []
    if made.mode == "kms":
        kms = made.aws.client("kms")
        policy = kms.get_key_policy(KeyId=made.stack.outputs["RS256KeyArn"], PolicyName="default")[
            "Policy"
        ]
        key = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY", Policy=policy)[
            "KeyMetadata"
        ]
        new = [f"RS256={key['Arn']}"]
    assert "RS256" in admin("keys", "rotate-signing", *new)


def test_everything_is_revoked_by_a_new_keyring(made, admin):
    admin("tenant", "import", ROOT / "infra/local/tenant.yaml")
    dynamodb = made.aws.client("dynamodb")
    table = made.stack.outputs["TableName"]
    before = dynamodb.get_item(TableName=table, Key=SEALING_KEYS)["Item"]
    dynamodb.delete_item(TableName=table, Key=SEALING_KEYS)
    admin("tenant", "import", ROOT / "infra/local/tenant.yaml")
    after = dynamodb.get_item(TableName=table, Key=SEALING_KEYS)["Item"]
    wrapped = [{key["M"]["wrapped"]["S"] for key in item["keys"]["L"]} for item in (before, after)]
    assert not wrapped[0] & wrapped[1]


def test_a_user_is_logged_out_by_a_principal_that_the_audit_event_names(made, tmp_path):
    log = tmp_path / "audit.log"
    environment = made.stack.environments["token"] | {"AUDIT_LOG": str(log)}
    admin = partial(programs.admin, environment)
    admin("tenant", "import", ROOT / "infra/local/tenant.yaml")
    assert "logged" in admin("users", "log-out", "ada@example.com")
    event = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
    assert event["description"] == "users log-out"
    assert event["on"]["user"] == "ada@example.com"
    assert event["outcome"] == "done"
    caller = made.aws.client("sts").get_caller_identity()["Arn"]
    assert event["caller"] == caller


def test_a_new_key_is_wrapped_by_the_first_wrapping_key_and_the_old_ones_still_open(made, admin):
    admin("tenant", "import", ROOT / "infra/local/tenant.yaml")
    old = made.stack.environments["token"]["WRAPPING_KEY"]
    new = made.aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    dynamodb = made.aws.client("dynamodb")
    table = made.stack.outputs["TableName"]
    before = dynamodb.get_item(TableName=table, Key=SEALING_KEYS)["Item"]
    environment = made.stack.environments["token"] | {"WRAPPING_KEY": f"{new},{old}"}
    try:
        assert "seals from" in programs.admin(environment, "keys", "rotate")
        after = dynamodb.get_item(TableName=table, Key=SEALING_KEYS)["Item"]
        with pytest.raises(RuntimeError, match=f"{new} wrapped it, and the wrapping keys"):
            admin("keys", "rotate")
    finally:
        dynamodb.put_item(TableName=table, Item=before)
    wrapped_by = [key["M"]["wrapped_by"]["S"] for key in after["keys"]["L"]]
    assert (wrapped_by[0], wrapped_by[-1]) == (old, new)
