"""The evaluation of policies and requests, by the examples of AWS's documentation."""

import base64
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from aws_requests import questions
from policies import Part, Question, Statement, Unsupported, alternatives, unneeded

CALLER = "arn:aws:iam::123456789012:role/Caller"
TABLE = "arn:aws:dynamodb:us-west-2:123456789012:table/GameScores"
KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ALICE = {"PK": {"S": "alice"}, "SK": {"S": "chess"}}
BOB = {"PK": {"S": "bob"}, "SK": {"S": "chess"}}


def policy(action, resource=TABLE, **condition) -> list[Statement]:
    document = {"Effect": "Allow", "Action": action, "Resource": resource}
    return [Statement(document | ({"Condition": condition} if condition else {}), "Test")]


def asked(operation: str, **body) -> list[Question]:
    return questions(
        operation if "." in operation else f"DynamoDB_20120810.{operation}",
        body,
        region="us-west-2",
        account="123456789012",
        caller=CALLER,
    )


def allowed(statements: list[Statement], operation: str, **body) -> bool:
    return all(alternatives(statements, question) for question in asked(operation, **body))


# Developer Guide of DynamoDB, "Using IAM policy conditions for fine-grained access control", examples 1 and 2.
OWN_ITEMS = policy(
    [
        "dynamodb:GetItem",
        "dynamodb:BatchGetItem",
        "dynamodb:Query",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem",
    ],
    **{"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["alice"]}},
)
TWO_ATTRIBUTES = policy(
    ["dynamodb:UpdateItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"],
    **{
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["PK", "SK", "TopScore"]},
        "StringEqualsIfExists": {
            "dynamodb:Select": "SPECIFIC_ATTRIBUTES",
            "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"],
        },
    },
)


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("GetItem", lambda key: {"TableName": "GameScores", "Key": key}),
        ("PutItem", lambda key: {"TableName": "GameScores", "Item": key}),
        ("DeleteItem", lambda key: {"TableName": "GameScores", "Key": key}),
        ("BatchGetItem", lambda key: {"RequestItems": {"GameScores": {"Keys": [ALICE, key]}}}),
        (
            "BatchWriteItem",
            lambda key: {
                "RequestItems": {
                    "GameScores": [{"PutRequest": {"Item": ALICE}}, {"DeleteRequest": {"Key": key}}]
                }
            },
        ),
        (
            "Query",
            lambda key: {
                "TableName": "GameScores",
                "KeyConditionExpression": "#p = :p AND begins_with(SK, :s)",
                "ExpressionAttributeNames": {"#p": "PK"},
                "ExpressionAttributeValues": {":p": key["PK"], ":s": {"S": "c"}},
            },
        ),
    ],
)
def test_a_user_has_access_to_the_items_of_one_partition(operation, body):
    assert allowed(OWN_ITEMS, operation, **body(ALICE))
    assert not allowed(OWN_ITEMS, operation, **body(BOB))


def test_a_policy_is_of_its_actions_and_tables():
    assert not allowed(OWN_ITEMS, "Scan", TableName="GameScores")
    assert not allowed(OWN_ITEMS, "GetItem", TableName="Others", Key=ALICE)
    assert not allowed(
        OWN_ITEMS,
        "Query",
        TableName="GameScores",
        IndexName="ByScore",
        KeyConditionExpression="PK = :p",
        ExpressionAttributeValues={":p": {"S": "alice"}},
    )


def test_an_explicit_deny_overrides_what_other_statements_allow():
    """IAM User Guide, "Policy evaluation logic"."""
    document = {"Effect": "Deny", "Action": "dynamodb:DeleteItem", "Resource": "*"}
    denying = Statement(document, "Test")
    deletion = {"TableName": "GameScores", "Key": ALICE}
    assert allowed(OWN_ITEMS, "DeleteItem", **deletion)
    assert not allowed([*OWN_ITEMS, denying], "DeleteItem", **deletion)
    assert allowed([*OWN_ITEMS, denying], "GetItem", **deletion)
    assert not allowed([denying], "GetItem", **deletion)
    assert denying.parts() == set()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"UpdateExpression": "SET TopScore = :n"}, True),
        ({"UpdateExpression": "SET #t = if_not_exists(TopScore, :n)"}, True),
        ({"UpdateExpression": "SET TopScore = :n REMOVE Wins"}, False),
        ({"UpdateExpression": "ADD #w :n"}, False),
        ({"UpdateExpression": "SET Wins[0].TopScore = :n"}, False),
        ({"UpdateExpression": "SET TopScore = :n", "ConditionExpression": "attribute_exists(Wins)"}, False),
        ({"UpdateExpression": "SET TopScore = :n", "ReturnValues": "UPDATED_NEW"}, True),
        ({"UpdateExpression": "SET TopScore = :n", "ReturnValues": "ALL_NEW"}, False),
        (
            {
                "UpdateExpression": "SET TopScore = :n",
                "ConditionExpression": "TopScore < :n OR NOT (TopScore IN (:n)) AND size(#t) <> :n",
            },
            True,
        ),
    ],
)
def test_a_user_has_access_to_some_attributes(body, expected):
    names = {"#t": "TopScore", "#w": "Wins"}
    update = {"TableName": "GameScores", "Key": ALICE, "ExpressionAttributeNames": names}
    assert allowed(TWO_ATTRIBUTES, "UpdateItem", **update | body) == expected


def test_a_read_has_to_say_which_attributes_it_wants():
    read = {"TableName": "GameScores", "Key": ALICE}
    assert allowed(TWO_ATTRIBUTES, "GetItem", **read, ProjectionExpression="TopScore, SK")
    assert not allowed(TWO_ATTRIBUTES, "GetItem", **read, ProjectionExpression="TopScore, Wins")
    assert not allowed(TWO_ATTRIBUTES, "GetItem", **read)
    assert not allowed(TWO_ATTRIBUTES, "Scan", TableName="GameScores", Select="ALL_ATTRIBUTES")


def transact(*items: dict) -> dict:
    return {
        "TransactItems": [
            {kind: {"TableName": "GameScores"} | part} for item in items for kind, part in item.items()
        ]
    }


def test_each_part_of_a_transaction_needs_its_action():
    """Developer Guide of DynamoDB, "Using IAM with DynamoDB transactions", example 1."""
    parts = {
        "Put": {"Item": ALICE},
        "Update": {"Key": BOB, "UpdateExpression": "SET a = :a"},
        "Delete": {"Key": ALICE},
        "ConditionCheck": {"Key": BOB, "ConditionExpression": "attribute_exists(PK)"},
    }
    actions = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}
    actions["ConditionCheck"] = "ConditionCheckItem"
    every = {kind: f"dynamodb:{action}" for kind, action in actions.items()}
    request = transact(*({kind: part} for kind, part in parts.items()))
    assert allowed(policy(list(every.values())), "TransactWriteItems", **request)
    for kind in parts:
        fewer = policy([action for other, action in every.items() if other != kind])
        assert not allowed(fewer, "TransactWriteItems", **request), kind


def test_the_keys_of_a_transaction_are_compared_by_part_and_together():
    """AWS documents neither, so that a policy has to allow both."""
    items = {"Put": {"Item": ALICE}}, {"Update": {"Key": BOB, "UpdateExpression": "SET a = :a"}}

    def of(action: str, *partitions: str) -> list[Statement]:
        condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": list(partitions)}}
        return policy(f"dynamodb:{action}", **condition)

    by_part = of("PutItem", "alice") + of("UpdateItem", "bob")
    together = of("PutItem", "alice", "bob") + of("UpdateItem", "alice", "bob")
    assert allowed(by_part, "TransactWriteItems", **transact(items[0]))
    assert not allowed(by_part, "TransactWriteItems", **transact(*items))
    assert allowed(together, "TransactWriteItems", **transact(*items))


def test_a_failed_condition_returns_an_item_only_if_that_is_allowed():
    """The same page, example 4."""
    nothing = policy(
        "dynamodb:ConditionCheckItem", StringEqualsIfExists={"dynamodb:ReturnValues": "NONE"}
    )
    check = {"Key": ALICE, "ConditionExpression": "attribute_exists(PK)"}
    returned = check | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    assert allowed(nothing, "TransactWriteItems", **transact({"ConditionCheck": check}))
    assert not allowed(nothing, "TransactWriteItems", **transact({"ConditionCheck": returned}))


def holds(operator: str, wanted, *values: str) -> bool:
    statements = policy("a:b", "*", **{operator: {"dynamodb:LeadingKeys": wanted}})
    return bool(alternatives(statements, Question("a:b", "r", {"dynamodb:LeadingKeys": values})))


@pytest.mark.parametrize(
    ("operator", "wanted", "values", "expected"),
    [
        # IAM User Guide, "Multivalued context keys".
        ("ForAllValues:StringLike", ["key1*"], ("key1:legal",), True),
        ("ForAllValues:StringLike", ["key1*"], ("key1:hr", "key1:personnel"), True),
        ("ForAllValues:StringLike", ["key1*"], ("key1:hr", "key2:audit"), False),
        ("ForAllValues:StringLike", ["key1*"], (), True),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "b"), True),
        ("ForAllValues:StringEquals", ["a*"], ("ab",), False),
        # "Condition operator to check existence of condition keys".
        ("Null", "false", ("a",), True),
        ("Null", "false", (), False),
        ("Null", "true", (), True),
        ("Null", "true", ("a",), False),
        # "String condition operators", "Amazon Resource Name (ARN) condition operators", "IfExists".
        ("StringEquals", "a", (), False),
        ("StringEquals", "a", ("A",), False),
        ("StringLike", "a?c", ("abc",), True),
        ("StringLike", "a?c", ("ac",), False),
        ("StringLike", "[a]*", ("a",), False),
        ("StringEqualsIfExists", "a", (), True),
        ("StringEqualsIfExists", "a", ("b",), False),
        ("ArnEquals", "arn:aws:iam::1:role/a*", ("arn:aws:iam::1:role/ab",), True),
        ("ArnEquals", "arn:aws:iam::*:role/a", ("arn:aws:iam::1:role/a",), True),
        ("ArnEquals", "arn:*:role/a", ("arn:aws:iam::1:role/a",), False),
    ],
)
def test_an_operator_holds_as_documented(operator, wanted, values, expected):
    assert holds(operator, wanted, *values) == expected


def of_key(**condition) -> list[Statement]:
    document = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": "*"}
    return [Statement(document | {"Action": "kms:Decrypt", "Condition": condition}, "Key")]


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"AppName": "ExampleApp"}, True),
        ({"AppName": "ExampleApp", "FilePath": "/var/opt/secrets/"}, True),
        ({"AppName": "exampleapp"}, False),
        ({"FilePath": "ExampleApp"}, False),
        ({}, False),
    ],
)
def test_an_encryption_context_is_compared(context, expected):
    """Developer Guide of KMS, "kms:EncryptionContext:context-key"."""
    statements = of_key(StringEquals={"kms:EncryptionContext:AppName": "ExampleApp"})
    request = {"KeyId": KEY, "CiphertextBlob": "", "EncryptionContext": context}
    assert allowed(statements, "TrentService.Decrypt", **request) == expected


def test_a_ciphertext_names_the_key_of_a_request_that_names_none():
    ciphertext = base64.b64encode(b"1234abcd-12ab-34cd-56ef-1234567890abrest").decode()
    (question,) = asked("TrentService.Decrypt", CiphertextBlob=ciphertext)
    assert question.resource == KEY.replace("111122223333", "123456789012")


def test_a_signature_is_of_a_message_unless_it_says_otherwise():
    """Developer Guide of KMS, "kms:MessageType" and "kms:SigningAlgorithm"."""
    request = {"KeyId": KEY, "SigningAlgorithm": "ECDSA_SHA_256", "Message": ""}
    (question,) = asked("TrentService.Sign", **request)
    assert question.context["kms:MessageType"] == ("RAW",)
    assert question.context["kms:SigningAlgorithm"] == ("ECDSA_SHA_256",)


REQUESTS = {
    "GetItem": {"TableName": "T", "Key": ALICE},
    "PutItem": {"TableName": "T", "Item": ALICE},
    "UpdateItem": {"TableName": "T", "Key": ALICE},
    "DeleteItem": {"TableName": "T", "Key": ALICE},
    "BatchGetItem": {"RequestItems": {"T": {"Keys": [ALICE]}}},
    "BatchWriteItem": {"RequestItems": {"T": [{"DeleteRequest": {"Key": ALICE}}]}},
    "Query": {
        "TableName": "T",
        "KeyConditionExpression": "PK = :p",
        "ExpressionAttributeValues": {":p": {"S": "alice"}},
    },
    "Scan": {"TableName": "T"},
    "TransactWriteItems": transact({"Put": {"Item": ALICE}}, {"ConditionCheck": {"Key": BOB}}),
    "TransactGetItems": transact({"Get": {"Key": ALICE}}),
    "TrentService.Encrypt": {"KeyId": KEY, "EncryptionContext": {"purpose": "sealing"}},
    "TrentService.Decrypt": {"KeyId": KEY, "EncryptionContext": {"purpose": "sealing"}},
    "TrentService.Sign": {"KeyId": KEY, "SigningAlgorithm": "ECDSA_SHA_256"},
    "TrentService.GetPublicKey": {"KeyId": KEY},
}


@cache
def reference() -> list[dict]:
    """The Service Authorization Reference, of which parliament has a copy."""
    # An import of parliament would leave the file open.
    (folder,) = find_spec("parliament").submodule_search_locations
    return json.loads(Path(folder, "iam_definition.json").read_text(encoding="utf-8"))


def documented(action: str) -> set[str]:
    """The condition keys of an action."""
    prefix, _, name = action.partition(":")
    return {
        key
        for service in reference()
        if service["prefix"] == prefix
        for privilege in service["privileges"]
        if privilege["privilege"] == name
        for kind in privilege["resource_types"]
        for key in kind["condition_keys"]
    }


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_request_has_the_condition_keys_that_aws_lists_for_its_action(operation):
    for question in asked(operation, **REQUESTS[operation]):
        given = {
            key.replace("Context:purpose", "Context:${EncryptionContextKey}")
            for key, values in question.context.items()
            if values
        }
        assert given - {"aws:PrincipalArn"} <= documented(question.action)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "deny"},
        {"NotAction": "dynamodb:Scan"},
        {"Action": "dynamodb:*"},
        {"Resource": "arn:aws:dynamodb:::table/${aws:username}"},
        {"Condition": {"StringNotEquals": {"dynamodb:Select": "COUNT"}}},
        {"Condition": {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": "a"}}},
        {"Condition": {"StringEquals": {"aws:SourceIp": "203.0.113.9"}}},
        {"Condition": {"StringEquals": {"dynamodb:LeadingKeys": "${www.amazon.com:user_id}"}}},
        {"Condition": {"Null": {"dynamodb:LeadingKeys": "maybe"}}},
    ],
)
def test_an_element_that_is_not_evaluated_is_an_error(change):
    document = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"} | change
    with pytest.raises(Unsupported):
        Statement(document, "Test")


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("ExecuteStatement", {"Statement": "SELECT * FROM T"}),
        ("GetItem", {"TableName": "T", "Key": ALICE, "AttributesToGet": ["a"]}),
        ("UpdateItem", {"TableName": "T", "Key": ALICE, "Expected": {}}),
        ("Query", {"TableName": "T", "KeyConditionExpression": "SK = :p"}),
        ("TrentService.ReEncrypt", {"KeyId": KEY}),
        ("TrentService.GetPublicKey", {"KeyId": "alias/signing"}),
        ("AWSSecurityTokenService.GetCallerIdentity", {}),
    ],
)
def test_a_request_that_is_not_understood_is_an_error(operation, body):
    with pytest.raises(Unsupported):
        asked(operation, **body)


def test_a_part_is_needed_if_an_answer_changes_without_it():
    def part(name: str) -> Part:
        return Part(name, "a:b", ())

    one, two, three = frozenset({part("1")}), frozenset({part("2")}), frozenset({part("1"), part("3")})
    parts = {part(name) for name in "1234"}
    assert unneeded(parts, []) == parts
    assert unneeded(parts, [frozenset({one})]) == {part("2"), part("3"), part("4")}
    assert unneeded(parts, [frozenset({one, two})]) == parts
    assert unneeded(parts, [frozenset({one, two}), frozenset({three})]) == {part("2"), part("4")}


def test_a_statement_has_a_part_for_each_action_and_value():
    statements = policy(
        ["a:b", "a:c"], **{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["X#*", "Y#*"]}}
    )
    parts = {(part.action, part.values) for statement in statements for part in statement.parts()}
    assert parts == {(action, (key,)) for action in ("a:b", "a:c") for key in ("X#*", "Y#*")}
    question = Question("a:b", TABLE, {"dynamodb:LeadingKeys": ("X#1", "X#2")})
    assert alternatives(statements, question) == {frozenset({Part("Test", "a:b", ("X#*",))})}
