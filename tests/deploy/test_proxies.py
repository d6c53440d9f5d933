"""The caller's address: one that a proxy appended counts only if the proxy authenticates itself."""

import hashlib
import json
from contextlib import contextmanager

import pytest

from http_server import serving
from programs import built
from runtime_api import Command, Lambda
from template import TIMEOUT

NEW, OLD = "new-secret-0123456789", "old-secret-0123456789"
DIGESTS = ",".join(hashlib.sha256(secret.encode()).hexdigest() for secret in (NEW, OLD))
FRONT, CALLER = "192.0.2.1", "203.0.113.9"
TRACE = "Root=1-67891233-abcdef012345678912345678"


def event(secret: str | None) -> dict:
    headers = {"x-forwarded-for": f"{CALLER}, {FRONT}"}
    if secret is not None:
        headers["x-ratchet-proxy-secret"] = secret
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/.well-known/jwks.json",
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "1",
            "apiId": "a",
            "domainName": "a.execute-api.eu-west-1.amazonaws.com",
            "domainPrefix": "a",
            "http": {
                "method": "GET",
                "path": "/.well-known/jwks.json",
                "protocol": "HTTP/1.1",
                "sourceIp": FRONT,
                "userAgent": "test",
            },
            "requestId": "r",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": 1773342238000,
        },
        "isBase64Encoded": False,
    }


@contextmanager
def function(front, name: str = "discovery", **changes: str):
    """An environment of a function: what invokes it, and its program."""

    def variables(api: str) -> dict[str, str]:
        return front.environment(name, api) | changes

    with serving(Lambda(lambda: TIMEOUT)) as service:
        with service.environments({name: Command(built(name), variables)}) as programs:
            yield lambda event: service.invoke(name, event, TRACE), programs[name][0]


@pytest.mark.parametrize(
    ("secret", "expected"), [(NEW, 200), (OLD, 200), ("guess", 403), (None, 403)]
)
def test_a_request_that_bypasses_required_proxies_is_rejected(wrapped_front, secret, expected):
    proof = {"PROXY_SECRET_DIGESTS": DIGESTS, "REQUIRE_PROXIES": "enabled"}
    with function(wrapped_front, TRUSTED_PROXIES="1", **proof) as (invoke, program):
        answer = invoke(event(secret))
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
        assert invoke(event(secret))["statusCode"] == 200
        assert caller(program) == expected
