"""Each function may do what its code does, and nothing else."""

import pytest

import stack
from permissions import Permissions
from template import of_type, transformed

ROLES = ("TokenRole", "AuthorizeRole", "RevokeRole", "DiscoveryRole")
ACTIONS = (
    "BatchGetItem",
    "BatchWriteItem",
    "ConditionCheckItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "UpdateItem",
)
PARTITIONS = (
    "TENANT",
    "USER#auth0|1",
    "LOGIN#Users#ada@example.com",
    "FAILURES#USER#auth0|1",
    "FAILURES#ADDRESS#203.0.113.9",
    "ASSERTION#app#1",
    "DEVICE#1",
    "USERCODE#1.x",
    "LEASE#SIGNING_KEYS",
    "NOTHING#1",
)
SIGNING_KEYS = {"RS256Key", "PS256Key", "ES256Key"}
KEYRING = ("PK", "SK", "keys", "version")
COUNTER = ("PK", "SK", "failures", "full_at", "last_failed_at", "ttl")

# The actions of the code; a transaction needs the actions of its parts.
NEEDED = {
    "TokenRole": {
        "TENANT": {"GetItem", "Query"},
        "USER#auth0|1": {
            "BatchGetItem",
            "BatchWriteItem",
            "ConditionCheckItem",
            "DeleteItem",
            "GetItem",
            "PutItem",
            "Query",
            "UpdateItem",
        },
        "LOGIN#Users#ada@example.com": {"GetItem"},
        "FAILURES#USER#auth0|1": {"DeleteItem", "GetItem"},
        "FAILURES#ADDRESS#203.0.113.9": {"GetItem"},
        "ASSERTION#app#1": {"PutItem"},
        "DEVICE#1": {"ConditionCheckItem", "GetItem", "PutItem", "UpdateItem"},
        "USERCODE#1.x": {"PutItem"},
        "LEASE#SIGNING_KEYS": {"PutItem"},
    },
    "AuthorizeRole": {
        "TENANT": {"GetItem", "Query"},
        "USER#auth0|1": {
            "BatchGetItem",
            "BatchWriteItem",
            "ConditionCheckItem",
            "DeleteItem",
            "GetItem",
            "PutItem",
            "Query",
            "UpdateItem",
        },
        "LOGIN#Users#ada@example.com": {"GetItem"},
        "FAILURES#USER#auth0|1": {"DeleteItem", "GetItem"},
        "FAILURES#ADDRESS#203.0.113.9": {"GetItem"},
        "DEVICE#1": {"GetItem", "UpdateItem"},
        "USERCODE#1.x": {"GetItem"},
    },
    "RevokeRole": {
        "TENANT": {"GetItem"},
        "USER#auth0|1": {"BatchWriteItem", "DeleteItem", "GetItem", "Query", "UpdateItem"},
        "ASSERTION#app#1": {"PutItem"},
    },
    "DiscoveryRole": {"TENANT": {"GetItem"}},
}


@pytest.fixture
def permissions(made):
    return Permissions(made.aws, made.stack)


@pytest.mark.parametrize("role", ROLES)
def test_a_function_may_do_in_the_table_what_it_does_and_no_more(permissions, role):
    for partition in PARTITIONS:
        allowed = {
            action
            for action in ACTIONS
            if permissions.table(role, action, partition, attributes=("PK", "SK", "client_id"))
        }
        assert allowed == NEEDED[role].get(partition, set()), partition


# The transactions of the code, by the role that sends them: the action and the partition of each part.
TRANSACTIONS = {
    "a code is exchanged": (
        "TokenRole",
        [
            ("UpdateItem", "USER#auth0|1"),
            ("PutItem", "USER#auth0|1"),
            ("ConditionCheckItem", "USER#auth0|1"),
        ],
    ),
    "a device begins": ("TokenRole", [("PutItem", "DEVICE#1"), ("PutItem", "USERCODE#1.x")]),
    "a device code is exchanged": (
        "TokenRole",
        [
            ("UpdateItem", "DEVICE#1"),
            ("PutItem", "USER#auth0|1"),
            ("ConditionCheckItem", "USER#auth0|1"),
        ],
    ),
    "a session is used for a consent": (
        "AuthorizeRole",
        [("UpdateItem", "USER#auth0|1"), ("ConditionCheckItem", "USER#auth0|1")],
    ),
}


@pytest.mark.parametrize("transaction", TRANSACTIONS)
def test_a_transaction_is_allowed_whichever_keys_a_condition_sees(permissions, transaction):
    """AWS does not document whether a condition on a part of a transaction sees its own key or those of all parts."""
    role, parts = TRANSACTIONS[transaction]
    every = [partition for _, partition in parts]
    for action, partition in parts:
        assert permissions.table(role, action, partition), (action, partition)
        assert permissions.table(role, action, *every), (action, every)


@pytest.mark.parametrize("role", ROLES)
def test_a_request_without_a_key_is_allowed_nothing(permissions, role):
    for action in ACTIONS:
        assert not permissions.table(role, action), action


@pytest.mark.parametrize(
    "counted",
    [
        "LOGIN#Users#ada@example.com",
        "FAILURES#USER#auth0|1",
        "FAILURES#ADDRESS#203.0.113.9",
    ],
)
def test_the_password_functions_may_count_failures_and_write_no_names(permissions, counted):
    def writers(action: str, *attributes: str) -> set[str]:
        return {role for role in ROLES if permissions.table(role, action, counted, attributes=attributes)}

    both = {"TokenRole", "AuthorizeRole"}
    assert writers("UpdateItem", *COUNTER) == both
    assert writers("UpdateItem", *COUNTER, "user_id") == set()
    assert writers("DeleteItem", "PK", "SK") == (both if counted.startswith("FAILURES#USER#") else set())


def test_only_token_writes_keyrings_and_nothing_else_of_the_tenant(permissions):
    writers = {
        role
        for role in ROLES
        if permissions.table(role, "PutItem", "TENANT", attributes=KEYRING)
    }
    assert writers == {"TokenRole"}
    assert not permissions.table(
        "TokenRole", "PutItem", "TENANT", attributes=(*KEYRING, "client_id")
    )


def test_a_keyring_has_the_attributes_that_token_may_write(local):
    """The local server's table holds the keyrings as the code writes them."""
    dynamodb = local.dynamodb.client()
    for sort_key in ("KEYRING#SEALING", "KEYRING#SIGNING"):
        key = {"PK": {"S": "TENANT"}, "SK": {"S": sort_key}}
        item = dynamodb.get_item(TableName="ratchet", Key=key)["Item"]
        assert sorted(item) == sorted(KEYRING), sort_key


def test_only_those_who_send_tokens_sign_and_only_digests(made, permissions):
    if made.mode == "wrapped":
        assert not SIGNING_KEYS & made.stack.resources.keys()
        return
    for key, algorithm in (
        ("RS256Key", "RSASSA_PKCS1_V1_5_SHA_256"),
        ("ES256Key", "ECDSA_SHA_256"),
    ):
        digest = {"algorithm": algorithm, "message_type": "DIGEST"}
        signers = {
            role
            for role in (*ROLES, "OperatorRole")
            if permissions.key(role, key, "Sign", **digest)
        }
        # The applications of a session that an operator ends receive a logout token.
        assert signers == {"TokenRole", "AuthorizeRole", "RevokeRole", "OperatorRole"}
        assert not permissions.key("TokenRole", key, "Sign", **digest | {"message_type": "RAW"})
        assert not permissions.key(
            "TokenRole", key, "Sign", **digest | {"algorithm": "RSASSA_PSS_SHA_512"}
        )


def test_every_function_reads_public_keys(made, permissions):
    for key in SIGNING_KEYS & made.stack.resources.keys():
        for role in ROLES:
            assert permissions.key(role, key, "GetPublicKey"), role


@pytest.mark.parametrize(
    ("action", "purpose", "roles"),
    [
        ("Decrypt", "sealing", {"TokenRole", "AuthorizeRole", "RevokeRole", "OperatorRole"}),
        ("Encrypt", "sealing", {"TokenRole", "OperatorRole"}),
        ("Decrypt", "signing", {"TokenRole", "AuthorizeRole", "RevokeRole", "OperatorRole"}),
        ("Encrypt", "signing", {"TokenRole", "OperatorRole"}),
        ("Decrypt", "another", set()),
        ("Decrypt", None, set()),
    ],
)
def test_the_wrapping_key_is_used_for_one_purpose_at_a_time(permissions, action, purpose, roles):
    allowed = {
        role
        for role in (*ROLES, "OperatorRole")
        if permissions.key(role, "WrappingKey", action, purpose=purpose)
    }
    assert allowed == roles


def test_administrators_manage_keys_and_cannot_use_them(made, permissions):
    account_root = f"arn:aws:iam::{stack.ACCOUNT}:root"
    for key in ("WrappingKey", "RS256Key") if made.mode == "kms" else ("WrappingKey",):
        for action in ("DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"):
            assert permissions.principal_may(account_root, key, action), action
        for action in (
            "CreateGrant",
            "Decrypt",
            "Encrypt",
            "GenerateDataKey",
            "ReEncryptFrom",
            "Sign",
        ):
            assert not permissions.principal_may(account_root, key, action, purpose="sealing"), action


USES = (
    "CreateGrant",
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GetPublicKey",
    "ReEncryptFrom",
    "Sign",
)


def test_no_iam_policy_grants_the_use_of_a_key(made, permissions):
    """A key names the roles that use it. Its policy leaves no use to the account's IAM policies."""
    role = permissions.role_arn("TokenRole")
    others = (
        f"arn:aws:iam::{stack.ACCOUNT}:role/admin",
        f"arn:aws:iam::{stack.ACCOUNT}:user/admin",
        f"{role}x",
        role.replace(stack.ACCOUNT, "210987654321"),
    )
    asked = {"purpose": "sealing", "message_type": "DIGEST"}
    for key in ("WrappingKey", "RS256Key") if made.mode == "kms" else ("WrappingKey",):
        algorithm = "RSASSA_PKCS1_V1_5_SHA_256"
        assert any(
            permissions.principal_may(role, key, action, algorithm=algorithm, **asked)
            for action in USES
        )
        for action in USES:
            assert not permissions.iam_decides(stack.ACCOUNT, key, action), action
            for other in others:
                assert not permissions.principal_may(
                    other, key, action, algorithm=algorithm, **asked
                ), (other, action)


def test_a_key_requires_no_principal_that_the_stack_creates():
    """KMS refuses a policy whose principal it does not know yet, as a role may be that was created a second before."""
    for key in of_type(transformed(), "AWS::KMS::Key").values():
        for statement in key["Properties"]["KeyPolicy"]["Statement"]:
            if statement["Sid"] != "Manage":
                assert statement["Principal"] == {"AWS": "*"}, statement["Sid"]
                assert statement["Condition"]["StringEquals"]["kms:CallerAccount"] == {
                    "Ref": "AWS::AccountId"
                }
                assert statement["Condition"]["ArnEquals"]["aws:PrincipalArn"]


def test_administrators_and_operators_can_be_named(aws):
    admins = [f"arn:aws:iam::{stack.ACCOUNT}:role/{name}" for name in ("keys", "deploy")]
    operator = f"arn:aws:iam::{stack.ACCOUNT}:role/on-call"
    named = aws.create_stack(
        "ratchet-named", KeyAdministratorArns=",".join(admins), OperatorArns=operator
    )
    permissions = Permissions(aws, named)
    for admin in admins:
        assert permissions.principal_may(admin, "WrappingKey", "PutKeyPolicy")
    assert not permissions.principal_may(
        f"arn:aws:iam::{stack.ACCOUNT}:root", "WrappingKey", "PutKeyPolicy"
    )
    role = aws.client("iam").get_role(RoleName=named.resources["OperatorRole"])["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": [operator]}
