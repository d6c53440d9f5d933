"""The canary logs in, refreshes and revokes, and says what is wrong without repeating an answer or a secret."""

import json
import os
import subprocess
import sys

import pytest
import yaml

from client import PERSON
from http_server import Handler, Server, serving
from kms_proxy import Refusal, failing
from template import ROOT, Loader, metrics_of

TEMPLATE = yaml.load((ROOT / "infra/canary.yaml").read_text(encoding="utf-8"), Loader)
# Most characters of a function's code in a template.
INLINE = 4096
# A client of tests/fixtures/tenant.yaml that may exchange passwords.
SECRET = PERSON | {
    "client_id": "pw-web",
    "client_secret": "pw-web-secret-0123456789abcdef0123456789abcdef0123456789abcdef01",
    "realm": "Username-Password-Authentication",
}
AWAY = "http://127.0.0.1:9/"


@pytest.fixture
def canary(aws, tmp_path):
    """Runs the code of the template with a secret: its exit status, and its output."""
    code = TEMPLATE["Resources"]["CanaryFunction"]["Properties"]["Code"]["ZipFile"]
    (tmp_path / "index.py").write_text(code, encoding="utf-8")
    secrets = aws.client("secretsmanager")

    def run(issuer: str, secret: dict[str, str] = SECRET) -> subprocess.CompletedProcess:
        arn = secrets.create_secret(Name=str(tmp_path), SecretString=json.dumps(secret))["ARN"]
        variables = {"ISSUER": issuer, "NAMESPACE": "Ratchet/tests", "SECRET_ARN": arn}
        return subprocess.run(
            [sys.executable, "-c", "import index; index.handler({}, None)"],
            cwd=tmp_path,
            env=os.environ | variables | {"AWS_ENDPOINT_URL": aws.endpoint},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def metrics(done: subprocess.CompletedProcess) -> dict[str, float]:
    (line,) = map(json.loads, done.stdout.splitlines())
    (directive,) = line.pop("_aws")["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Ratchet/tests", [[]])
    assert [metric["Name"] for metric in directive["Metrics"]] == list(line)
    return line


def test_a_canary_logs_in_refreshes_and_revokes(canary, wrapped_front):
    with wrapped_front.functions(token=1, revoke=1, discovery=1) as programs:
        done = canary(wrapped_front.issuer)
        assert done.returncode == 0, done.stderr
        events = [json.loads(line).get("type") for program in programs["token"] for line in program.log]
    found = metrics(done)
    assert found.pop("CanarySucceeded") == 1
    assert list(found) == ["CanaryLoginMilliseconds", "CanaryRefreshMilliseconds"]
    # Neither a reuse nor a failed login, which alarms of the stack count one by one.
    assert [event for event in events if event] == ["sepft", "sertft", "fertft"]


def test_the_code_is_as_short_as_inline_code_has_to_be():
    assert len(TEMPLATE["Resources"]["CanaryFunction"]["Properties"]["Code"]["ZipFile"]) <= INLINE


def test_the_alarm_reads_what_the_canary_writes(canary):
    properties = TEMPLATE["Resources"]["Alarm"]["Properties"]
    ((_, metric),) = metrics_of(properties).items()
    assert metrics(canary(AWAY)).keys() == {metric["MetricName"]}
    namespace = TEMPLATE["Resources"]["CanaryFunction"]["Properties"]["Environment"]["Variables"]["NAMESPACE"]
    assert metric["Namespace"] == namespace == {"Fn::Sub": "Ratchet/${FunctionsStack}"}
    assert properties["TreatMissingData"] == "breaching"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "wrong-0123456789"}, "login: status 403"),
        ({"client_secret": "wrong-0123456789"}, "login: status 401"),
        ({"client_id": "pw-kiosk", "client_secret": "pw-kiosk-secret-0123456789abcdef0123456789abcdef0123456789abcdef"}, "login: no refresh token"),
    ],
)
def test_a_login_that_fails_is_named(canary, wrapped_front, changes, said):
    secret = SECRET | changes
    if secret["client_id"] == "pw-kiosk":
        del secret["realm"]
    with wrapped_front.functions(token=1, discovery=1):
        assert_failed(canary(wrapped_front.issuer, secret), said, secret)


def test_a_stack_without_its_keys_is_named(canary, kms_front):
    with kms_front.functions(token=1, discovery=1):
        with kms_front.kms.fault(failing(Refusal("ThrottlingException"))):
            assert_failed(canary(kms_front.issuer), "login: status 503", SECRET)


def test_a_server_that_is_away_is_named(canary):
    assert_failed(canary(AWAY), "metadata: URLError", SECRET)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"token_endpoint": "http://127.0.0.1:9/oauth/token"}, "metadata: token_endpoint"),
        ([], "metadata: no JSON object"),
    ],
)
def test_a_password_goes_to_the_issuer_alone(canary, change, said):
    with serving(Fake()) as server:
        issuer = f"{server.endpoint}/"
        server.metadata = change if isinstance(change, list) else {"issuer": issuer} | change
        assert_failed(canary(issuer), said, SECRET)
        assert server.posts == []


def test_a_login_follows_no_redirect(canary):
    with serving(Fake()) as server:
        issuer = f"{server.endpoint}/"
        server.metadata = {"issuer": issuer, "token_endpoint": f"{issuer}moved"}
        assert_failed(canary(issuer), "login: status 302", SECRET)
        assert server.posts == ["/moved"]


class Fake(Server):
    """A server that is none of ours. It redirects what is posted."""

    def __init__(self):
        super().__init__(_Handler)
        self.metadata = {}
        self.posts = []


class _Handler(Handler):
    def respond(self, body: bytes):
        if self.command == "POST":
            self.server.posts.append(self.path)
            self.send(302, [("location", "/elsewhere")], b"")
        else:
            self.send(200, [("content-type", "application/json")], json.dumps(self.server.metadata).encode())


def test_another_issuer_is_named(canary, wrapped_front):
    with wrapped_front.functions(discovery=1):
        other = wrapped_front.issuer.replace("127.0.0.1", "localhost")
        assert_failed(canary(other), "metadata: another issuer", SECRET)


def assert_failed(done: subprocess.CompletedProcess, said: str, secret: dict[str, str]):
    assert done.returncode == 1
    assert metrics(done) == {"CanarySucceeded": 0}
    assert done.stderr.splitlines()[-1] == f"index.Unexpected: {said}"
    for name in ("password", "client_secret"):
        assert secret[name] not in done.stdout + done.stderr
