"""Each function may do what its code does, and nothing else. test_fronts finds permissions that no test needs."""

import boto3
import pytest
from botocore.exceptions import ClientError

import stack
from guard import guarding
from permissions import Permissions
from policies import Question
from service import ROLES as CALLERS
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
SIGNING_KEYS = {"RS256Key", "PS256Key", "ES256Key"}
KEYRING = ("PK", "SK", "keys", "version")
COUNTER = ("PK", "SK", "failures", "full_at", "last_failed_at", "ttl")
LOGIN = "LOGIN#Users#ada@example.com"
COUNTERS = ("FAILURES#USER#auth0|1", "FAILURES#ADDRESS#203.0.113.9")
PKCS1 = "RSASSA_PKCS1_V1_5_SHA_256"


@pytest.fixture
def permissions(made):
    return Permissions(made.aws, made.stack)


@pytest.fixture
def guard(made, permissions):
    endpoint = made.aws.endpoint
    with guarding(permissions, CALLERS, dynamodb=endpoint, kms=endpoint) as guard:
        yield guard


def client(guard, service: str, caller: str):
    return boto3.client(service, endpoint_url=guard.address(caller), region_name=stack.REGION)


def key(partition: str, sort_key: str = "PROFILE") -> dict:
    return {"PK": {"S": partition}, "SK": {"S": sort_key}}


def assert_denied(call, action: str, **parameters) -> str:
    """Asserts that IAM denies a call, and returns its reason."""
    with pytest.raises(ClientError) as denied:
        call(**parameters)
    answer = denied.value.response
    assert answer["Error"]["Code"] == "AccessDeniedException"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    message = answer["Error"]["Message"]
    assert f" is not authorized to perform: {action} on resource: arn:aws:" in message
    return message


def test_a_function_has_the_role_by_which_its_calls_are_decided(made, permissions):
    client = made.aws.client("lambda")
    for function in stack.FUNCTIONS:
        made_as = client.get_function_configuration(FunctionName=f"{made.stack.name}-{function}")
        assert made_as["Role"] == permissions.role_arn(CALLERS[function])


@pytest.mark.parametrize(
    ("caller", "operation", "parameters"),
    [
        ("token", "delete_item", {"Key": key(LOGIN, "LOGIN")}),
        ("authorize", "put_item", {"Item": key("TENANT", "KEYRING#SEALING")}),
        ("revoke", "get_item", {"Key": key(LOGIN, "LOGIN")}),
        ("discovery", "get_item", {"Key": key("USER#auth0|1")}),
    ],
)
def test_a_function_is_denied_what_its_role_does_not_allow(made, guard, caller, operation, parameters):
    table = made.stack.outputs["TableName"]
    dynamodb = client(guard, "dynamodb", caller)
    action = "dynamodb:" + operation.title().replace("_", "")
    assert_denied(getattr(dynamodb, operation), action, TableName=table, **parameters)
    assert_denied(dynamodb.scan, "dynamodb:Scan", TableName=table)
    (message, _) = guard.decisions.refused
    role = made.stack.resources[CALLERS[caller]]
    assert message == (
        f"User: arn:aws:sts::{stack.ACCOUNT}:assumed-role/{role}/{caller} is not authorized to perform: {action} on "
        f"resource: arn:aws:dynamodb:{stack.REGION}:{stack.ACCOUNT}:table/{table} because no identity-based policy "
        f"allows the {action} action"
    )
    assert "Item" not in dynamodb.get_item(TableName=table, Key=key("TENANT", "NOTHING"))
    assert guard.decisions.allowed == 1


def test_a_role_is_of_one_table(made, guard):
    dynamodb = client(guard, "dynamodb", "operator")
    assert_denied(dynamodb.scan, "dynamodb:Scan", TableName="another")
    assert dynamodb.scan(TableName=made.stack.outputs["TableName"])["Count"] >= 0


def test_an_operator_of_a_passive_stack_is_denied_every_write(aws):
    key_arn = f"arn:aws:kms:{stack.REGION}:{stack.ACCOUNT}:key/mrk-wrapping"
    table = "ratchet-replica"
    passive = aws.create_stack(
        "ratchet-passive-operator",
        RegionRole="passive",
        SigningMode="wrapped",
        ExistingTable=table,
        ExistingWrappingKeyArn=key_arn,
    )
    upstreams = {"dynamodb": aws.endpoint, "kms": aws.endpoint}
    with guarding(Permissions(aws, passive), {"operator": "OperatorRole"}, **upstreams) as guard:
        dynamodb = client(guard, "dynamodb", "operator")
        item = {"TableName": table, "Item": key("TENANT")}
        for call, action, parameters in (
            (dynamodb.put_item, "PutItem", item),
            (dynamodb.delete_item, "DeleteItem", {"TableName": table, "Key": key("TENANT")}),
            (dynamodb.transact_write_items, "PutItem", {"TransactItems": [{"Put": item}]}),
        ):
            reason = assert_denied(call, f"dynamodb:{action}", **parameters)
            assert reason.endswith(" with an explicit deny in an identity-based policy")
        # The policies allow the scan of a table that moto does not have.
        with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
            dynamodb.scan(TableName=table)


def test_the_wrapping_key_opens_with_the_context_of_its_purpose_alone(made, guard):
    wrapping = {"KeyId": made.stack.outputs["WrappingKeyArn"]}
    context = {"stack": made.stack.name, "purpose": "sealing"}
    token, discovery = (client(guard, "kms", caller) for caller in ("token", "discovery"))
    wrapped = token.encrypt(**wrapping, Plaintext=b"key", EncryptionContext=context)["CiphertextBlob"]
    unwrap = {"CiphertextBlob": wrapped, "EncryptionContext": context}
    # Once as KMS finds the key by itself.
    assert token.decrypt(**unwrap)["Plaintext"] == token.decrypt(**wrapping, **unwrap)["Plaintext"] == b"key"
    for other in ({}, {"stack": made.stack.name}, context | {"purpose": "another"}):
        changed = unwrap | {"EncryptionContext": other}
        assert_denied(token.decrypt, "kms:Decrypt", **wrapping, **changed)
    assert_denied(discovery.decrypt, "kms:Decrypt", **wrapping, **unwrap)


def test_a_signing_key_signs_digests_with_its_own_algorithm_alone(made, guard):
    if made.mode == "wrapped":
        assert not SIGNING_KEYS & made.stack.resources.keys()
        return
    right = {"KeyId": made.stack.outputs["RS256KeyArn"], "Message": bytes(32)}
    right |= {"MessageType": "DIGEST", "SigningAlgorithm": PKCS1}
    token = client(guard, "kms", "token")
    assert token.sign(**right)["Signature"]
    for change in (
        {"SigningAlgorithm": "RSASSA_PSS_SHA_256"},
        {"SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_512"},
        {"MessageType": "RAW"},
        {"KeyId": made.stack.outputs["ES256KeyArn"]},
    ):
        assert_denied(token.sign, "kms:Sign", **right | change)
    assert_denied(client(guard, "kms", "discovery").sign, "kms:Sign", **right)


def may_in_table(permissions, role: str, action: str, *partitions: str, attributes: tuple = ()) -> bool:
    """True if a role may do this in a request for these partitions, naming these attributes."""
    table = f"arn:aws:dynamodb:{stack.REGION}:{stack.ACCOUNT}:table/{permissions.table}"
    context = {"dynamodb:LeadingKeys": partitions, "dynamodb:Attributes": attributes}
    return bool(permissions.answers(role, Question(f"dynamodb:{action}", table, context)))


@pytest.mark.parametrize("role", ROLES)
def test_a_request_without_a_key_is_allowed_nothing(permissions, role):
    for action in ACTIONS:
        assert not may_in_table(permissions, role, action), action


@pytest.mark.parametrize("counted", [LOGIN, *COUNTERS])
def test_the_password_functions_may_count_failures_and_write_no_names(permissions, counted):
    writers = {
        role for role in ROLES if may_in_table(permissions, role, "UpdateItem", counted, attributes=COUNTER)
    }
    assert writers == {"TokenRole", "AuthorizeRole"}
    for role in writers:
        other = (*COUNTER, "user_id")
        assert not may_in_table(permissions, role, "UpdateItem", counted, attributes=other)


def test_the_password_functions_may_delete_failures_of_users_and_nothing_else_that_they_count(permissions):
    user, address = COUNTERS
    deleters = {
        partition: {role for role in ROLES if may_in_table(permissions, role, "DeleteItem", partition)}
        for partition in (user, address, LOGIN)
    }
    assert deleters == {user: {"TokenRole", "AuthorizeRole"}, address: set(), LOGIN: set()}


def test_only_token_writes_keyrings_and_nothing_else_of_the_tenant(permissions):
    writers = {
        role
        for role in ROLES
        if may_in_table(permissions, role, "PutItem", "TENANT", attributes=KEYRING)
    }
    assert writers == {"TokenRole"}
    other = (*KEYRING, "client_id")
    assert not may_in_table(permissions, "TokenRole", "PutItem", "TENANT", attributes=other)


def test_a_keyring_has_the_attributes_that_token_may_write(local):
    """The local server's table holds the keyrings as the code writes them."""
    dynamodb = local.dynamodb.client()
    for sort_key in ("KEYRING#SEALING", "KEYRING#SIGNING"):
        key = {"PK": {"S": "TENANT"}, "SK": {"S": sort_key}}
        item = dynamodb.get_item(TableName="ratchet", Key=key)["Item"]
        assert sorted(item) == sorted(KEYRING), sort_key


def use_of_key(permissions, caller: str, name: str, action: str, **context: str) -> Question:
    """The use of a key, by its logical id, by the principal of an ARN."""
    keys = {
        "purpose": "kms:EncryptionContext:purpose",
        "algorithm": "kms:SigningAlgorithm",
        "message_type": "kms:MessageType",
    }
    given = {keys[key]: (value,) for key, value in context.items() if value is not None}
    principal = {"aws:PrincipalArn": (caller,), "kms:CallerAccount": (caller.split(":")[4],)}
    return Question(f"kms:{action}", permissions.key_arn(name), principal | given)


def may_use(permissions, role: str, name: str, action: str, **context: str) -> bool:
    arn = permissions.role_arn(role)
    return bool(permissions.answers(role, use_of_key(permissions, arn, name, action, **context)))


def key_allows(permissions, principal: str, name: str, action: str, **context: str) -> bool:
    """True if the policy of the key itself allows it."""
    return permissions.principal_may(use_of_key(permissions, principal, name, action, **context))


def test_only_those_who_send_tokens_sign_and_only_digests(made, permissions):
    if made.mode == "wrapped":
        assert not SIGNING_KEYS & made.stack.resources.keys()
        return
    for key, algorithm in (
        ("RS256Key", PKCS1),
        ("ES256Key", "ECDSA_SHA_256"),
    ):
        digest = {"algorithm": algorithm, "message_type": "DIGEST"}
        signers = {
            role
            for role in (*ROLES, "OperatorRole")
            if may_use(permissions, role, key, "Sign", **digest)
        }
        # The applications of a session that an operator ends receive a logout token.
        assert signers == {"TokenRole", "AuthorizeRole", "RevokeRole", "OperatorRole"}
        assert not may_use(permissions, "TokenRole", key, "Sign", **digest | {"message_type": "RAW"})
        assert not may_use(
            permissions, "TokenRole", key, "Sign", **digest | {"algorithm": "RSASSA_PSS_SHA_512"}
        )


def test_every_function_reads_public_keys(made, permissions):
    for key in SIGNING_KEYS & made.stack.resources.keys():
        for role in ROLES:
            assert may_use(permissions, role, key, "GetPublicKey"), role


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
        if may_use(permissions, role, "WrappingKey", action, purpose=purpose)
    }
    assert allowed == roles


def test_administrators_manage_keys_and_cannot_use_them(made, permissions):
    account_root = f"arn:aws:iam::{stack.ACCOUNT}:root"
    for key in ("WrappingKey", "RS256Key") if made.mode == "kms" else ("WrappingKey",):
        for action in ("DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"):
            assert key_allows(permissions, account_root, key, action), action
        for action in (
            "CreateGrant",
            "Decrypt",
            "Encrypt",
            "GenerateDataKey",
            "ReEncryptFrom",
            "Sign",
        ):
            assert not key_allows(permissions, account_root, key, action, purpose="sealing"), action


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
    asked = {"purpose": "sealing", "message_type": "DIGEST", "algorithm": PKCS1}
    for key in ("WrappingKey", "RS256Key") if made.mode == "kms" else ("WrappingKey",):
        assert any(
            key_allows(permissions, role, key, action, **asked) for action in USES
        )
        for action in USES:
            asked_of_key = use_of_key(permissions, role, key, action, **asked)
            assert not permissions.iam_decides(asked_of_key), action
            for other in others:
                assert not key_allows(permissions, other, key, action, **asked), (other, action)


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
        assert key_allows(permissions, admin, "WrappingKey", "PutKeyPolicy")
    account_root = f"arn:aws:iam::{stack.ACCOUNT}:root"
    assert not key_allows(permissions, account_root, "WrappingKey", "PutKeyPolicy")
    role = aws.client("iam").get_role(RoleName=named.resources["OperatorRole"])["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": [operator]}
