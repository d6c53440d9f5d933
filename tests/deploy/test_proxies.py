"""The caller's address: one that a proxy appended counts only if the proxy authenticates itself."""

import hashlib
import json
import queue
from contextlib import contextmanager

import pytest

from http_server import Handler, Server, serving
from programs import built, running

NEW, OLD = "new-secret-0123456789", "old-secret-0123456789"
DIGESTS = ",".join(hashlib.sha256(secret.encode()).hexdigest() for secret in (NEW, OLD))
FRONT, CALLER = "192.0.2.1", "203.0.113.9"
NEXT = "/2018-06-01/runtime/invocation/next"


class Lambda(Server):
    """Lambda's Runtime API, as far as one function needs it."""

    def __init__(self):
        super().__init__(_Handler)
        self.events = queue.Queue()
        self.answers = queue.Queue()

    def invoke(self, event):
        self.events.put(event)
        return self.answers.get(timeout=30)


class _Handler(Handler):
    def respond(self, body: bytes):
        if self.path == NEXT:
            event = self.server.events.get()
            headers = {
                "Lambda-Runtime-Aws-Request-Id": "00000000-0000-0000-0000-000000000001",
                "Lambda-Runtime-Deadline-Ms": "9999999999999",
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:1:function:f",
                "Content-Type": "application/json",
            }
            self.send(200, list(headers.items()), json.dumps(event).encode())
            return
        self.server.answers.put(json.loads(body))
        self.send(202, [], b"")


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
    with serving(Lambda()) as api:
        address = api.endpoint.removeprefix("http://")
        environment = front.environment(name, address) | changes
        try:
            with running(built(name), environment=environment) as program:
                yield api, program
        finally:
            # Releases the thread that waits for an event.
            api.events.put({})


@pytest.mark.parametrize(
    ("secret", "expected"), [(NEW, 200), (OLD, 200), ("guess", 403), (None, 403)]
)
def test_a_request_that_bypasses_required_proxies_is_rejected(wrapped_front, secret, expected):
    proof = {"PROXY_SECRET_DIGESTS": DIGESTS, "REQUIRE_PROXIES": "enabled"}
    with function(wrapped_front, TRUSTED_PROXIES="1", **proof) as (api, program):
        answer = api.invoke(event(secret))
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
    with function(wrapped_front, TRUSTED_PROXIES="1", **proof) as (api, program):
        assert api.invoke(event(secret))["statusCode"] == 200
        assert caller(program) == expected
