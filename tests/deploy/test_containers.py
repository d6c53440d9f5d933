"""The black-box suite against the built functions in containers, behind `sam local start-api`."""

import http.client
from contextlib import closing
from urllib.parse import urlsplit

import pytest

import suite
from containers import architecture, front
from engine import engine
from stack import FUNCTIONS

pytestmark = pytest.mark.release

# Behind an answer SAM often waits a second for the end of the function's log. So many tests wait at once.
THREADS = 32
# What SAM answers by itself. API Gateway answers 404 to the one and carries the other, in base64.
LIMITS = {
    "asks for unknown paths": "answers 403 to a path without a route",
    "sends a form that is not UTF-8": "answers 502 to a body that is not UTF-8",
}


@pytest.fixture(scope="module")
def docker():
    with engine(architecture()) as client:
        yield client


@pytest.fixture(scope="module", params=["kms", "wrapped"])
def served(docker, aws, local, request):
    with front(docker, aws, local.dynamodb, SigningMode=request.param) as served:
        yield served


def test_a_container_is_told_what_the_stack_tells_its_function(served):
    for function in FUNCTIONS:
        wanted = dict(served.service.environments[function])
        # Instead of it there is one for each service.
        del wanted["AWS_ENDPOINT_URL"]
        assert wanted.items() <= served.told(function).items()


def test_the_suite_passes(served, capsys):
    outcome = suite.run(served.issuer, threads=THREADS, limits=LIMITS)
    with capsys.disabled():
        print(f"\nsam local start-api, {served.mode}: {outcome.summary()}")
    suite.assert_whole(outcome)
    reasons = set(outcome.left_out.values())
    for deed, fault in LIMITS.items():
        assert f"{deed}, and its front {fault}" in reasons


def test_the_limits_are_still_there(served):
    """Whoever updates SAM may find that it carries more."""
    assert status(served, "/nowhere", b"grant_type=refresh_token") == 403
    assert status(served, "/oauth/token", b"grant_type=refresh_token&scope=\xff\xfe") == 502


def status(served, path: str, form: bytes) -> int:
    address = urlsplit(served.issuer)
    with closing(http.client.HTTPConnection(address.hostname, address.port, timeout=60)) as sam:
        sam.request("POST", path, form, {"content-type": "application/x-www-form-urlencoded"})
        return sam.getresponse().status
