"""infra/docs/COSTS.md has the figures of a real refresh and of the list prices, and nothing else."""

import json

import pytest

import costs
from client import Client, tokens
from costs_page import page

# Digits of durations and times.
TOLERANCE = 10
STATUS = "HTTP/1.1 200 OK\r\n"
REQUEST = "POST /oauth/token HTTP/1.1\r\nHost: ratchet.example.com\r\n"


def size(start: str, headers, body: bytes) -> int:
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return len(f"{start}{fields}\r\n".encode()) + len(body)


@pytest.fixture
def refresh(front):
    """The answer to a refresh in a warm environment, and the lines that the function logged for it."""
    with front.functions(token=1, authorize=1) as programs:
        client = Client(front.issuer)
        token = client.refresh_token()
        token = tokens(client.refresh(token))["refresh_token"]
        (program,) = programs["token"]
        before = len(program.log)
        answer = client.refresh(token)
        tokens(answer)
    # The functions have ended, so that the log is complete.
    return answer, program.log[before:]


def test_a_refresh_uses_what_the_page_counts(front, refresh):
    answer, log = refresh
    measured = costs.inputs()["measured"]
    (counted,) = [line for line in map(json.loads, log) if "read_units" in line]
    assert counted["read_units"] == measured["read_units"]
    assert counted["write_units"] == measured["write_units"]
    assert counted["sign_calls"] == measured["signatures"][front.mode]
    assert len(log) == measured["log_events"]
    found = {
        "log_bytes": sum(len(line.encode()) for line in log),
        "answer_bytes": size(STATUS, answer.headers, answer.content),
        "request_bytes": size(REQUEST, answer.request.headers, answer.request.body.encode()),
    }
    for name, number in found.items():
        assert number == pytest.approx(measured[name], abs=TOLERANCE), f"costs.json has another {name}"


def test_the_page_is_what_the_figures_give():
    text = page()
    if text != costs.PAGE.read_text(encoding="utf-8"):
        costs.PAGE.write_text(text, encoding="utf-8")
        pytest.fail("infra/docs/COSTS.md did not say what costs.json gives. It does now: commit it")


@pytest.mark.parametrize(("bar", "cost"), costs.bars(), ids=lambda value: str(value))
def test_a_million_refreshes_cost_no_more_than_their_bar(bar, cost):
    assert cost <= bar["dollars"]


def test_tiers_apply_to_what_is_above_them():
    assert costs.price("http_api_request", 300e6) == pytest.approx(300)
    assert costs.price("http_api_request", 600e6) == pytest.approx(300 + 270)
    assert costs.price("lambda_log_gb", 10_240 + 100) == pytest.approx(5_120 + 25)


def test_lines_of_the_platform_count_at_their_level_alone():
    quiet, verbose = costs.log_bytes("WARN"), costs.log_bytes("INFO")
    platform = costs.inputs()["platform_lines"]
    assert [json.loads(line)["type"] for line in platform] == ["platform.start", "platform.report"]
    assert verbose - quiet == sum(map(len, platform)) + 2 * costs.inputs()["assumed"]["log_event_overhead"]


def test_every_price_names_its_page():
    prices = costs.inputs()["prices"]
    for name, item in prices["tiers"].items():
        assert item["page"] in prices["pages"], name
        ends = [end for end, _ in item["tiers"]]
        assert ends[-1] is None and ends[:-1] == sorted(ends[:-1]), name
