"""The log of the functions: a line for each request, and the metrics that the alarms and the dashboard read."""

import json
import re
from urllib.parse import urlencode

import pytest

from client import CLIENT_ID, PERSON, Client
from kms_proxy import Refusal, failing
from template import ROOT, own_metrics, routes
from single_function import REQUEST_ID, event, function

# Most bytes of the line of a request.
LONGEST = 700
HOME, AWAY = "203.0.113.9", "198.51.100.7"
WRONG = {"grant_type": "password", "client_id": "pw-native"} | PERSON | {"password": "wrong"}


def post(path: str, form: dict[str, str], address: str = HOME, agent: str = "phone/1") -> dict:
    headers = {"content-type": "application/x-www-form-urlencoded", "user-agent": agent}
    return event("POST", path, headers, urlencode({"client_id": CLIENT_ID} | form), peer=address)


def refresh(token: str, **sender: str) -> dict:
    return post("/oauth/token", {"grant_type": "refresh_token", "refresh_token": token}, **sender)


def log_in(front) -> str:
    """A refresh token, from functions whose log is not looked at."""
    with front.functions(token=1, authorize=1):
        return Client(front.issuer).refresh_token()


def exchanged(invoke, token: str, **sender: str) -> str:
    answer = invoke(refresh(token, **sender))
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])["refresh_token"]


def lines(program) -> list[dict]:
    return [json.loads(line) for line in program.log]


def requests(program) -> list[dict]:
    return [line for line in lines(program) if "ms" in line]


def written(program) -> dict[str, int]:
    """The metrics that a function has logged, and their sums."""
    sums = {}
    for line in lines(program):
        if "_aws" not in line:
            continue
        assert set(line["_aws"]) == {"Timestamp", "CloudWatchMetrics"}
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Dimensions"] == [[]]
        for metric in directive["Metrics"]:
            assert metric["Unit"] == "Count"
            name = metric["Name"]
            sums[name] = sums.get(name, 0) + line[name]
        assert line["level"] == "INFO" and "timestamp" in line
        assert directive["Namespace"] == "Ratchet/tests"
    return sums


def test_each_request_is_one_short_line(wrapped_front):
    token = log_in(wrapped_front)
    sent = (refresh(token), refresh("rt1_unknown"), post("/oauth/nowhere?ada@example.com", {}))
    with function(wrapped_front, "token", METRICS_NAMESPACE="") as (invoke, program):
        answers = [invoke(request) for request in sent]
    assert len(program.log) == len(sent), program.log
    success, refusal, unknown = requests(program)
    assert (success["cold"], refusal["cold"]) == (True, False)
    assert (success["type"], success["status"], success["route"]) == ("sertft", 200, "POST /oauth/token")
    assert (success["client_id"], success["user_id"]) == (CLIENT_ID, "auth0|ada")
    assert (success["apigw_request_id"], success["client_ip"]) == (REQUEST_ID, HOME)
    assert isinstance(success["ms"], int)
    assert (refusal["type"], refusal["status"]) == ("fertft", 403)
    assert refusal["reason"]
    assert (unknown["route"], unknown["status"]) == ("POST other", 404)
    for line, answer in zip((success, refusal, unknown), answers, strict=True):
        assert line["request_id"] == answer["headers"]["x-auth0-requestid"]
    assert max(len(line.encode()) for line in program.log) < LONGEST


def test_a_line_is_short_if_the_client_sends_long_values(wrapped_front):
    long = "x" * 3000
    token = log_in(wrapped_front)
    with function(wrapped_front, "token") as (invoke, program):
        for more in ({"scope": long}, {"audience": long}, {"client_id": long}):
            invoke(post("/oauth/token", {"grant_type": "refresh_token", "refresh_token": token} | more))
        exchanged(invoke, token, agent=long)
    assert max(len(line.encode()) for line in program.log) < LONGEST


def test_alarms_and_the_dashboard_read_the_metrics_that_the_functions_log(kms_front):
    first = log_in(kms_front)
    with function(kms_front, "token", METRICS_NAMESPACE="Ratchet/tests") as (invoke, program):
        second = exchanged(invoke, first)
        for sender in ({"address": AWAY}, {"agent": "thief/1"}):
            assert exchanged(invoke, first, **sender) == second
        with kms_front.kms.fault(failing(Refusal("ThrottlingException"))):
            assert invoke(refresh(second))["statusCode"] == 503
        assert invoke(post("/oauth/token", WRONG))["statusCode"] == 403
        last = exchanged(invoke, exchanged(invoke, second))
        # A token whose successor has been exchanged has no leeway. Its reuse ends the family.
        for token in (first, last):
            assert invoke(refresh(token))["statusCode"] == 403
    sums = written(program)
    assert sums.keys() == own_metrics()
    for name in ("ReusesDetected", "ReplaysByAnotherProgram", "ReplaysFromAnotherAddress"):
        assert sums[name] == 1, name
    assert sums["LoginsFailed"] == sums["KeyServiceFailures"] == 1
    assert sums["RefreshesExchanged"] == 5


@pytest.mark.parametrize(("percent", "logged"), [("0", 0), ("100", 6)])
def test_a_sample_of_the_successes_is_logged_and_every_refusal(wrapped_front, percent, logged):
    token = log_in(wrapped_front)
    changes = {"SUCCESS_LOG_PERCENT": percent, "METRICS_NAMESPACE": "Ratchet/tests"}
    with function(wrapped_front, "token", **changes) as (invoke, program):
        for _ in range(6):
            token = exchanged(invoke, token)
        for _ in range(6):
            invoke(refresh("rt1_unknown"))
    found = [line.get("type") for line in requests(program)]
    assert (found.count("sertft"), found.count("fertft")) == (logged, 6)
    assert written(program) == {"RefreshesExchanged": 6, "RefreshesRefused": 6}


def test_the_log_knows_the_routes_of_the_template():
    source = (ROOT / "shared/lambda/src/route.rs").read_text()
    (paths,) = re.findall(r"const PATHS[^=]*= \[(.*?)\];", source, re.DOTALL)
    assert re.findall(r'"([^"]+)"', paths) == sorted(routes())
