"""A passive stack: it publishes its documents, and a Region that does not write cannot fork a family."""

import json

import pytest

from stack import ACCOUNT, FUNCTIONS, REGION
from template import of_type, transformed, written
from single_function import event, function

UNREACHABLE = "http://127.0.0.1:9"
WRITERS = ("token", "authorize", "revoke")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-wrapping"
PASSIVE = {
    "RegionRole": "passive",
    "SigningMode": "wrapped",
    "ExistingTable": "ratchet-prod-Table-1",
    "ExistingWrappingKeyArn": KEY,
}
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}


@pytest.mark.parametrize("name", WRITERS)
def test_a_function_that_writes_needs_neither_table_nor_key_and_answers_503(wrapped_front, name):
    changes = {
        "REGION_ROLE": "passive",
        "AWS_ENDPOINT_URL_DYNAMODB": UNREACHABLE,
        "AWS_ENDPOINT_URL_KMS": UNREACHABLE,
    }
    with function(wrapped_front, name, **changes) as (invoke, program):
        for method, path in (("POST", "/oauth/token"), ("GET", "/authorize"), ("GET", "/api/v2/grants")):
            answer = invoke(event(method, path))
            assert answer["statusCode"] == 503
            assert int(answer["headers"]["retry-after"]) > 0
            assert json.loads(answer["body"])["error"]
        assert "passive" in program.expect('"status":503')


def items(front) -> list[dict]:
    client = front.service.dynamodb_client()
    pages = client.get_paginator("scan").paginate(TableName=front.service.table)
    return [item for page in pages for item in page["Items"]]


def test_discovery_answers_and_writes_nothing(wrapped_front):
    before = items(wrapped_front)
    with function(wrapped_front, REGION_ROLE="passive") as (invoke, _):
        for path in ("/.well-known/jwks.json", "/.well-known/openid-configuration"):
            assert invoke(event("GET", path))["statusCode"] == 200
    assert items(wrapped_front) == before


@pytest.fixture(scope="module")
def passive(aws):
    return aws.create_stack("ratchet-passive", **PASSIVE)


def test_a_passive_stack_uses_the_replicas(passive):
    assert not {"Table", "WrappingKey"} & passive.resources.keys()
    for name in FUNCTIONS:
        environment = passive.environments[name]
        assert environment["REGION_ROLE"] == "passive"
        assert environment["TABLE_NAME"] == PASSIVE["ExistingTable"]
        assert environment["WRAPPING_KEY"] == KEY


def statements(aws, made) -> list[dict]:
    role = made.resources["OperatorRole"]
    policy = aws.client("iam").get_role_policy(RoleName=role, PolicyName="table")
    return policy["PolicyDocument"]["Statement"]


def test_an_operator_of_a_passive_stack_writes_nothing(aws, passive):
    allowed, denied = statements(aws, passive)
    writes = {f"dynamodb:{name}" for name in WRITES}
    assert denied["Effect"] == "Deny"
    assert set(denied["Action"]) == writes < set(allowed["Action"])
    assert denied["Resource"] == allowed["Resource"]


def test_an_active_stack_lets_its_operators_write(made):
    assert [item["Effect"] for item in statements(made.aws, made.stack)] == ["Allow"]


def test_a_passive_stack_needs_the_table_and_the_keys_of_the_active_one():
    rule = written()["Rules"]["PassiveStackHasTheKeys"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "RegionRole"}, "passive"]}
    needed = [item["Assert"] for item in rule["Assertions"]]
    assert needed == [
        {"Fn::Not": [{"Fn::Equals": [{"Ref": "ExistingTable"}, ""]}]},
        {"Fn::Not": [{"Fn::Equals": [{"Ref": "ExistingWrappingKeyArn"}, ""]}]},
        {"Fn::Equals": [{"Ref": "SigningMode"}, "wrapped"]},
    ]


def stream_of(aws, made) -> dict | None:
    table = aws.client("dynamodb").describe_table(TableName=made.outputs["TableName"])["Table"]
    return table.get("StreamSpecification")


def test_a_table_with_replicas_has_a_stream(aws):
    replicated = aws.create_stack("ratchet-replicated", ReplicatedTable="enabled")
    assert stream_of(aws, replicated) == {
        "StreamEnabled": True,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }


def test_a_table_without_replicas_has_none(made):
    assert stream_of(made.aws, made.stack) is None


def test_a_replica_opens_what_the_first_region_sealed():
    """Keys that are not multi-Region keys could have no replica."""
    for name, key in of_type(transformed(), "AWS::KMS::Key").items():
        assert key["Properties"]["MultiRegion"] is True, name
