"""The caller's address: one that a proxy appended counts only if the proxy authenticates itself."""

import hashlib
import json

import pytest

from single_function import event, function

NEW, OLD = "new-secret-0123456789", "old-secret-0123456789"
DIGESTS = ",".join(hashlib.sha256(secret.encode()).hexdigest() for secret in (NEW, OLD))
FRONT, CALLER = "192.0.2.1", "203.0.113.9"


def request(secret: str | None) -> dict:
    """A request that a proxy has passed on."""
    proof = {} if secret is None else {"x-ratchet-proxy-secret": secret}
    return event("GET", "/.well-known/jwks.json", {"x-forwarded-for": CALLER} | proof, peer=FRONT)


@pytest.mark.parametrize(
    ("secret", "expected"), [(NEW, 200), (OLD, 200), ("guess", 403), (None, 403)]
)
def test_a_request_that_bypasses_required_proxies_is_rejected(wrapped_front, secret, expected):
    proof = {"PROXY_SECRET_DIGESTS": DIGESTS, "REQUIRE_PROXIES": "enabled"}
    with function(wrapped_front, TRUSTED_PROXIES="1", **proof) as (invoke, program):
        answer = invoke(request(secret))
        assert answer["statusCode"] == expected
        line = program.expect('"ms":')
        assert json.loads(line)["client_ip"] == (CALLER if expected == 200 else FRONT)
        assert NEW not in line and OLD not in line
        if expected == 403:
            assert json.loads(answer["body"])["error"] == "access_denied"


def caller(program) -> str:
    return json.loads(program.expect('"ms":'))["client_ip"]


@pytest.mark.parametrize(
    ("proof", "secret", "expected"),
    [
        ({"PROXY_SECRET_DIGESTS": DIGESTS}, NEW, CALLER),
        ({"PROXY_SECRET_DIGESTS": DIGESTS}, OLD, CALLER),
        ({"PROXY_SECRET_DIGESTS": DIGESTS}, "guess", FRONT),
        ({"PROXY_SECRET_DIGESTS": DIGESTS}, DIGESTS.split(",")[0], FRONT),
        ({"PROXY_SECRET_DIGESTS": DIGESTS}, None, FRONT),
        ({"PROXY_ADDRESSES": "192.0.2.0/24"}, None, CALLER),
        ({"PROXY_ADDRESSES": "198.51.100.0/24"}, None, FRONT),
    ],
    ids=["new", "old", "guess", "digest", "round", "inside", "outside"],
)
def test_an_added_address_counts_if_the_proxy_proves_itself(wrapped_front, proof, secret, expected):
    with function(wrapped_front, TRUSTED_PROXIES="1", **proof) as (invoke, program):
        assert invoke(request(secret))["statusCode"] == 200
        assert caller(program) == expected
