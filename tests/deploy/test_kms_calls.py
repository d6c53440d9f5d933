"""The number of calls to KMS: when the functions start, and for a refresh."""

from collections import Counter

import pytest

from client import Client, tokens
from kms_proxy import Meeting
from stack import FUNCTIONS

# The stack signs with RS256, PS256 and ES256, and has one sealing key.
ALGORITHMS = 3
SEALING = {"Decrypt sealing": 1}
PUBLIC = {"GetPublicKey": ALGORITHMS}
# A start unwraps each sealing key once, and in `wrapped` mode a function that signs also unwraps each signing key. In
# `kms` mode it fetches each public key once; in `wrapped` mode these are in the table.
START = {
    "kms": {
        "token": SEALING | PUBLIC,
        "authorize": SEALING | PUBLIC,
        "revoke": SEALING | PUBLIC,
        "discovery": PUBLIC,
    },
    "wrapped": {
        "token": SEALING | {"Decrypt signing": ALGORITHMS},
        "authorize": SEALING | {"Decrypt signing": ALGORITHMS},
        "revoke": SEALING | {"Decrypt signing": ALGORITHMS},
        "discovery": {},
    },
}
SIGNATURES = {"kms": 2, "wrapped": 0}
# Shorter than the SDK's delay before it repeats a call.
TOGETHER = 1.0


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_start_asks_for_each_key_once(front, function):
    front.kms.forget()
    with front.functions(**{function: 1}):
        assert front.kms.counted() == START[front.mode][function]
    asked = [call.key for call in front.kms.calls if call.action == "GetPublicKey"]
    assert len(asked) == len(set(asked))


def test_a_refresh_costs_its_signatures_and_nothing_else(front):
    with front.functions(token=1, authorize=1):
        client = Client(front.issuer)
        token = client.refresh_token()
        front.kms.forget()
        for _ in range(10):
            answer = tokens(client.refresh(token))
            assert answer["id_token"] and answer["access_token"]
            token = answer["refresh_token"]
        assert front.kms.counted() == Counter(Sign=10 * SIGNATURES[front.mode])


def test_without_an_id_token_there_is_one_signature(kms_front):
    with kms_front.functions(token=1, authorize=1):
        client = Client(kms_front.issuer)
        token = client.refresh_token("offline_access read:orders")
        kms_front.kms.forget()
        assert "id_token" not in tokens(client.refresh(token))
        assert kms_front.kms.counted() == {"Sign": 1}


def test_both_signatures_of_a_refresh_are_under_way_at_once(kms_front):
    with kms_front.functions(token=1, authorize=1):
        client = Client(kms_front.issuer)
        token = client.refresh_token()
        with kms_front.kms.fault(Meeting(2, TOGETHER)) as meeting:
            tokens(client.refresh(token))
        assert meeting.complete
        first, second = kms_front.kms.calls
        assert (first.action, second.action) == ("Sign", "Sign")
        assert first.overlaps(second)
