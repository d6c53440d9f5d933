"""The black-box suite against the built functions in containers, behind `sam local start-api`."""

import http.client
from contextlib import closing
from urllib.parse import urlsplit

import pytest

import suite
from containers import architecture, front
from engine import engine, host
from service import local_server
from stack import FUNCTIONS

pytestmark = pytest.mark.release

# SAM often waits a second after an answer for the end of the function's log, so that many tests run at once.
THREADS = 32
# SAM's reactions to requests and responses. API Gateway answers 404 to the first and supports the others as they are,
# the form in base64.
LIMITS = {
    "asks for unknown paths": "answers 403 to a path without a route",
    "sends a form that is not UTF-8": "answers 502 to a body that is not UTF-8",
    "sends several cookies of one name": "passes on the first of them alone",
    "redirects to a query with brackets": "percent-encodes them",
}


@pytest.fixture(scope="module")
def docker():
    with engine(architecture()) as client:
        yield client


@pytest.fixture(scope="module")
def local(docker):
    """A local server that containers can reach."""
    with local_server(host(docker)) as local:
        yield local


@pytest.fixture(scope="module", params=["kms", "wrapped"])
def served(docker, aws, local, request):
    with front(docker, aws, local.dynamodb, SigningMode=request.param) as served:
        yield served


def test_a_container_has_the_environment_of_its_function(served):
    for function in FUNCTIONS:
        wanted = dict(served.service.environments[function])
        # Instead, each service has its own variable.
        del wanted["AWS_ENDPOINT_URL"]
        assert wanted.items() <= served.environment_of(function).items()


def test_the_suite_passes(served, capsys):
    outcome = suite.run(served.issuer, threads=THREADS, limits=LIMITS)
    with capsys.disabled():
        print(f"\nsam local start-api, {served.mode}: {outcome.summary()}")
    suite.assert_whole(outcome)
    reasons = set(outcome.ignored.values())
    for action, fault in LIMITS.items():
        assert f"{action}, and its front {fault}" in reasons


def test_the_limits_are_still_there(served):
    """A failure after an update of SAM means that it supports more."""
    assert post(served, "/nowhere", b"grant_type=refresh_token").status == 403
    assert post(served, "/oauth/token", b"grant_type=refresh_token&scope=\xff\xfe").status == 502
    own, name = new_cookie(served, "")
    assert new_cookie(served, f"{name}={'A' * 22}; {own}") is not None
    assert new_cookie(served, own) is None
    back = "https://app.example.com/second?a%5B%5D=1"
    answer = get(served, f"/v2/logout?client_id=spa-strict&returnTo={back}")
    assert answer.getheader("location") == back


def new_cookie(served, cookies: str) -> tuple[str, str] | None:
    """The cookie that a page sets in a browser with these, and its name; `None` if the page recognises one of them."""
    cookie = get(served, "/activate", {"cookie": cookies}).getheader("set-cookie")
    return cookie and (cookie.partition(";")[0], cookie.partition("=")[0])


def post(served, path: str, form: bytes) -> http.client.HTTPResponse:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return send(served, "POST", path, form, headers)


def get(served, path: str, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
    return send(served, "GET", path, None, headers or {})


def send(served, method: str, path: str, body, headers) -> http.client.HTTPResponse:
    address = urlsplit(served.issuer)
    with closing(http.client.HTTPConnection(address.hostname, address.port, timeout=60)) as sam:
        sam.request(method, path, body, headers)
        answer = sam.getresponse()
        answer.read()
        return answer
