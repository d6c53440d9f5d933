"""The operator's tasks in the runbook, executed on a stack in its operator's role, with the environment of its functions."""

import json
from functools import partial

import pytest

import programs
from guard import guarding
from permissions import Permissions
from template import ROOT

SEALING_KEYS = {"PK": {"S": "TENANT"}, "SK": {"S": "KEYRING#SEALING"}}


@pytest.fixture
def environment(made):
    """In the end, the policies of the stack must have allowed everything."""
    upstreams = {"dynamodb": made.aws.endpoint, "kms": made.aws.endpoint}
    callers = {"operator": "OperatorRole"}
    with guarding(Permissions(made.aws, made.stack), callers, **upstreams) as guard:
        address = guard.address("operator")
        yield made.stack.environments["token"] | {
            "AWS_ENDPOINT_URL_DYNAMODB": address,
            "AWS_ENDPOINT_URL_KMS": address,
        }
        assert guard.decisions.allowed > 0
        assert not guard.decisions.refused, guard.decisions.refused


@pytest.fixture
def admin(environment):
    return partial(programs.admin, environment)


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


def test_a_user_is_logged_out_by_a_principal_that_the_audit_event_names(made, environment, tmp_path):
    log = tmp_path / "audit.log"
    admin = partial(programs.admin, environment | {"AUDIT_LOG": str(log)})
    admin("tenant", "import", ROOT / "infra/local/tenant.yaml")
    assert "logged" in admin("users", "log-out", "ada@example.com")
    event = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
    assert event["description"] == "users log-out"
    assert event["on"]["user"] == "ada@example.com"
    assert event["outcome"] == "done"
    caller = made.aws.client("sts").get_caller_identity()["Arn"]
    assert event["caller"] == caller


def test_a_new_key_is_wrapped_by_the_first_wrapping_key_and_the_old_ones_still_open(
    made, admin, environment
):
    admin("tenant", "import", ROOT / "infra/local/tenant.yaml")
    old = environment["WRAPPING_KEY"]
    kms = made.aws.client("kms")
    policy = kms.get_key_policy(KeyId=old, PolicyName="default")["Policy"]
    new = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    dynamodb = made.aws.client("dynamodb")
    table = made.stack.outputs["TableName"]
    before = dynamodb.get_item(TableName=table, Key=SEALING_KEYS)["Item"]
    both = environment | {"WRAPPING_KEY": f"{new},{old}"}
    try:
        assert "seals from" in programs.admin(both, "keys", "rotate")
        after = dynamodb.get_item(TableName=table, Key=SEALING_KEYS)["Item"]
        with pytest.raises(RuntimeError, match=f"{new} wrapped it, and the wrapping keys"):
            admin("keys", "rotate")
    finally:
        dynamodb.put_item(TableName=table, Item=before)
    wrapped_by = [key["M"]["wrapped_by"]["S"] for key in after["keys"]["L"]]
    assert (wrapped_by[0], wrapped_by[-1]) == (old, new)
