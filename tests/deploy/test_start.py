"""A function that cannot start logs one line that names the fault, and exits."""

import base64
import copy
import json
import subprocess
from contextlib import contextmanager

import pytest

from kms_proxy import Silence
from programs import built
from service import create_table
from stack import FUNCTIONS

# No function reaches its first request for an event.
UNREACHABLE = "127.0.0.1:9"
SECRET = "0123456789-secret-access-key"
NO_KEY = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
# Lambda's limit for a start is ten seconds.
LIMIT = 10
KEYRING = {"PK": {"S": "TENANT"}, "SK": {"S": "KEYRING#SEALING"}}
SIGNING_KEYS = {"PK": {"S": "TENANT"}, "SK": {"S": "KEYRING#SIGNING"}}


def starting(front, function: str, **changes: str | None) -> subprocess.CompletedProcess:
    environment = front.environment(function, UNREACHABLE) | {"AWS_SECRET_ACCESS_KEY": SECRET} | changes
    return subprocess.run(
        [built(function)],
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


def failure(front, function: str, **changes: str | None) -> str:
    """The reason why a function does not start, after these changes of its environment."""
    done = starting(front, function, **changes)
    assert done.returncode == 1
    assert done.stderr == ""
    # A failure of KMS has a line of metrics, too.
    (line,) = (line for line in done.stdout.splitlines() if "_aws" not in line)
    event = json.loads(line)
    assert (event["level"], event["message"]) == ("ERROR", "the function cannot run")
    assert SECRET not in line
    return event["reason"]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "name", ["AWS_REGION", "ISSUER", "SIGNING_KEYS", "TABLE_NAME", "WRAPPING_KEY"]
)
def test_a_missing_variable_is_named(kms_front, function, name):
    assert failure(kms_front, function, **{name: None}) == f"environment variable {name}: is not set"


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("ISSUER", "login.example.com", "must be a URL like `https://login.example.com/`"),
        ("SIGNING_KEYS", "RS256", "`RS256` names no key"),
        ("SIGNING_KEYS", "RS512=x", "`RS512=x` does not begin with RS256, PS256 or ES256"),
        ("SIGNING_MODE", "both", "must be kms or wrapped"),
        ("TRUSTED_PROXIES", "1", "needs PROXY_SECRET_DIGESTS or PROXY_ADDRESSES"),
        ("PROXY_SECRET_DIGESTS", "the secret itself", "must be one or two SHA-256 digests"),
        ("PROXY_ADDRESSES", "cloudfront", "must be an IP address or a range like"),
        ("REGION_ROLE", "standby", "must be active or passive"),
        ("REQUIRE_PROXIES", "enabled", "needs TRUSTED_PROXIES"),
        ("REQUIRE_PROXIES", "true", "must be enabled or disabled"),
    ],
)
def test_a_malformed_variable_is_named(kms_front, name, value, what):
    reason = failure(kms_front, "token", **{name: value})
    assert reason.startswith(f"environment variable {name}: {what}")


def another_table(front, name: str) -> dict[str, str]:
    """Variables of a table that the template does not give the function, and that its role does not allow."""
    return {"TABLE_NAME": name, "AWS_ENDPOINT_URL_DYNAMODB": front.service.dynamodb.endpoint}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_table_that_does_not_exist_is_named(kms_front, function):
    reason = failure(kms_front, function, **another_table(kms_front, "nowhere"))
    assert reason.startswith("table nowhere: store refused: ResourceNotFoundException: ")


@pytest.mark.parametrize("function", ["authorize", "revoke", "discovery"])
def test_a_table_without_keys_says_what_to_do(kms_front, function):
    client = kms_front.service.dynamodb_client()
    if "without-keys" not in client.list_tables()["TableNames"]:
        create_table(client, "without-keys")
    reason = failure(kms_front, function, **another_table(kms_front, "without-keys"))
    assert reason == (
        "there are no keys yet: import a tenant first, or start the function that signs"
    )


def test_a_store_that_is_away_is_named(kms_front):
    reason = failure(kms_front, "token", AWS_ENDPOINT_URL_DYNAMODB=f"http://{UNREACHABLE}")
    assert reason.startswith(f"table {kms_front.service.table}: store unavailable: ")
    assert "Connection refused" in reason


@pytest.mark.parametrize("function", FUNCTIONS)
def test_kms_that_is_away_is_named(kms_front, function):
    reason = failure(kms_front, function, AWS_ENDPOINT_URL_KMS=f"http://{UNREACHABLE}")
    assert "key service unavailable: arn:aws:kms:" in reason
    assert "Connection refused" in reason


def test_a_kms_request_without_an_answer_is_abandoned_in_time(kms_front):
    with kms_front.kms.fault(Silence()):
        reason = failure(kms_front, "token")
    assert "key service unavailable: arn:aws:kms:" in reason
    assert "timeout" in reason


def test_a_key_that_does_not_exist_is_named_and_not_written_down(kms_front):
    """A recorded key would stop every later start, with any configuration."""
    reason = failure(kms_front, "token", SIGNING_KEYS=f"RS256={NO_KEY}")
    assert reason.startswith(f"key service refused: {NO_KEY}: NotFoundException: ")
    assert_starts(kms_front)


def test_a_key_of_another_kind_is_named_and_not_written_down(kms_front):
    kms = kms_front.service.aws.client("kms")
    other = kms_front.service.stack.outputs["ES256KeyArn"]
    policy = kms.get_key_policy(KeyId=other, PolicyName="default")["Policy"]
    new = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", Policy=policy)
    for key in (new["KeyMetadata"]["Arn"], other):
        reason = failure(kms_front, "token", SIGNING_KEYS=f"RS256={key}")
        assert reason == f"key service refused: {key}: it does not sign with RS256"
    assert_starts(kms_front)


def assert_starts(front):
    with front.functions(**{function: 1 for function in FUNCTIONS}):
        """They have asked for requests."""


def test_a_keyring_that_another_key_wrapped_is_named(kms_front):
    other = new_key(kms_front)
    kms_front.kms.forget()
    reason = failure(kms_front, "token", WRAPPING_KEY=other)
    assert reason == (
        f"keyring: key 1 cannot be unwrapped: key service refused: {wrapping_key(kms_front)} wrapped it, and the "
        f"wrapping keys of this process are {other}: add that key to WRAPPING_KEY after a comma, and allow its use"
    )
    assert "Decrypt sealing" not in kms_front.kms.counted()


def new_key(front) -> str:
    return front.service.aws.client("kms").create_key()["KeyMetadata"]["Arn"]


def wrapping_key(front) -> str:
    return front.service.stack.outputs["WrappingKeyArn"]


def asked_to_unwrap(front, **changes: str) -> set[str]:
    """The keys that a function that starts names to KMS; an empty one if it names none."""
    front.kms.forget()
    with front.functions(changes=changes, token=1):
        return {call.key for call in front.kms.calls if call.action == "Decrypt"}


def test_a_table_is_opened_with_its_old_wrapping_key_beside_a_new_one(front):
    old = wrapping_key(front)
    assert asked_to_unwrap(front, WRAPPING_KEY=f"{new_key(front)},{old}") == {old}


@contextmanager
def as_an_earlier_version_stored(front):
    """The keyring without the names of wrapping keys."""
    client = front.service.dynamodb_client()
    item = client.get_item(TableName=front.service.table, Key=KEYRING)["Item"]
    earlier = copy.deepcopy(item)
    for key in earlier["keys"]["L"]:
        del key["M"]["wrapped_by"]
    client.put_item(TableName=front.service.table, Item=earlier)
    try:
        yield
    finally:
        client.put_item(TableName=front.service.table, Item=item)


def test_a_keyring_of_an_earlier_version_is_opened_with_the_configured_key(kms_front):
    with as_an_earlier_version_stored(kms_front):
        old = wrapping_key(kms_front)
        assert asked_to_unwrap(kms_front) == {old}
        assert asked_to_unwrap(kms_front, WRAPPING_KEY=f"{new_key(kms_front)},{old}") == {""}


def test_a_ciphertext_does_not_choose_a_key_that_is_not_configured(kms_front):
    """The keyring does not name the key that wrapped, so KMS finds it by itself, and the function rejects its answer."""
    others = f"{new_key(kms_front)},{new_key(kms_front)}"
    with as_an_earlier_version_stored(kms_front):
        reason = failure(kms_front, "token", WRAPPING_KEY=others)
    assert f"{wrapping_key(kms_front)} wrapped it, and the wrapping keys of this process are {others}" in reason


@pytest.mark.parametrize("key", ["alias/wrapping", ",", "arn:aws:iam::123456789012:role/token"])
def test_a_wrapping_key_is_an_id_or_an_arn(kms_front, key):
    reason = failure(kms_front, "token", WRAPPING_KEY=key)
    assert reason.startswith("environment variable WRAPPING_KEY: must be the id or ARN of a key")


def test_a_wrapping_key_that_is_disabled_is_named(kms_front):
    kms = kms_front.service.aws.client("kms")
    key = kms_front.service.stack.resources["WrappingKey"]
    kms.disable_key(KeyId=key)
    try:
        reason = failure(kms_front, "token")
    finally:
        kms.enable_key(KeyId=key)
    assert reason.startswith("keyring: key 1 cannot be unwrapped: key service refused: ")
    assert "DisabledException: " in reason
    assert kms_front.service.stack.outputs["WrappingKeyArn"] in reason


@contextmanager
def spoilt(front, key: dict, attribute: str, spoil):
    """Another text for a wrapped key in the table, for the duration of a context."""
    client = front.service.dynamodb_client()
    item = client.get_item(TableName=front.service.table, Key=key)["Item"]
    wrapped = item["keys"]["L"][0]["M"]
    text = find(wrapped, attribute)
    kept = text["S"]
    text["S"] = spoil(kept)
    client.put_item(TableName=front.service.table, Item=item)
    try:
        yield
    finally:
        text["S"] = kept
        client.put_item(TableName=front.service.table, Item=item)


def find(fields: dict, attribute: str) -> dict | None:
    if attribute in fields and "S" in fields[attribute]:
        return fields[attribute]
    inner = (find(field["M"], attribute) for field in fields.values() if "M" in field)
    return next(filter(None, inner), None)


def cut(text: str) -> str:
    return base64.b64encode(base64.b64decode(text)[:-5]).decode()


def test_a_sealing_key_that_is_cut_short_is_named(kms_front):
    with spoilt(kms_front, KEYRING, "wrapped", cut):
        reason = failure(kms_front, "revoke")
    assert reason.startswith("keyring: key 1 cannot be unwrapped: key service refused: arn:")
    assert "InvalidCiphertextException" in reason


def test_a_sealing_key_that_is_no_base64_is_named(kms_front):
    with spoilt(kms_front, KEYRING, "wrapped", lambda text: "%" + text):
        assert failure(kms_front, "revoke") == "keyring: key 1 is not base64"


def test_a_signing_key_that_is_cut_short_is_named(wrapped_front):
    with spoilt(wrapped_front, SIGNING_KEYS, "private", cut):
        reason = failure(wrapped_front, "token")
    assert reason.startswith("keyring: the signing key for RS256 cannot be unwrapped: ")
    assert "key service refused: arn:" in reason
    assert "InvalidCiphertextException" in reason
