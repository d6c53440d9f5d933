"""The black-box suite, unchanged, against the Lambda binaries behind each of AWS's fronts."""

import json
import re

import pytest

import needed
import suite
from front_server import Front
from function_url import FunctionUrl
from http_api import HttpApi
from load_balancer import LoadBalancer

# Sealed or signed texts, long enough to be whole ones and not the abbreviations in a test.
SECRET = re.compile(r"(rt1|ac1|dc1|at1|se1|tx1|lt1|cf1)_[\w-]{40}|eyJ[\w-]{20,}\.eyJ|correct horse battery")

# The whole suite takes fewer of the pool's users, and some of them are blocked afterwards.
USERS_TAKEN = 210

# A change that a front makes, by the action of the tests that notice it.
RENAMED = {"reads WWW-Authenticate": "renames it x-amzn-remapped-www-authenticate"}


def test_the_suite_passes_behind_an_http_api(kms_front, capsys):
    assert_the_suite_passes(kms_front, HttpApi(), RENAMED, capsys)


@pytest.mark.release
def test_the_suite_passes_behind_function_urls(wrapped_front, capsys):
    assert_the_suite_passes(wrapped_front, FunctionUrl(), RENAMED, capsys)


@pytest.mark.release
def test_the_suite_passes_behind_a_load_balancer(kms_front, capsys):
    assert_the_suite_passes(kms_front, LoadBalancer(), {}, capsys)


def assert_the_suite_passes(front, kind: Front, limits: dict[str, str], capsys):
    front.service.decisions.forget()
    with front.served_as(kind), front.functions() as programs:
        outcome = suite.run(front.issuer, limits=limits)
        logs = {name: [line for one in some for line in one.log] for name, some in programs.items()}
    with capsys.disabled():
        print(f"\n{kind.name}, {front.mode}: {outcome.summary()}")
    suite.assert_whole(outcome)
    reasons = set(outcome.ignored.values())
    for action, fault in limits.items():
        assert f"{action}, and its front {fault}" in reasons
    needed.assert_needed(front.service)
    for function, log in logs.items():
        events = [json.loads(line) for line in log]
        assert any("ms" in event for event in events), function
        assert [line for line in log if SECRET.search(line)] == [], function


def test_an_environment_may_take_several_requests_at_once(front):
    """Lambda Managed Instances."""
    with front.functions(concurrency=8, token=1, authorize=1, revoke=1, discovery=1):
        outcome = suite.run(
            front.issuer, "concurrency::", "token::refresh_reuse::", users_taken=USERS_TAKEN
        )
    assert outcome.exit_code == 0, outcome.output
    ran = outcome.by_module()
    for name in ("concurrency", "token::refresh_reuse"):
        assert ran[name] >= suite.LEAST[name]
