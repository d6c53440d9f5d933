"""The black-box suite, unchanged, against the Lambda binaries behind `cargo lambda watch`."""

import json
import re

import suite

# Sealed or signed texts, long enough to be whole ones and not the abbreviations in a test.
SECRET = re.compile(r"(rt1|ac1|dc1|at1|se1|tx1|lt1|cf1)_[\w-]{40}|eyJ[\w-]{20,}\.eyJ|correct horse battery")

# The whole suite takes fewer of the pool's users, and some of them are blocked afterwards.
USERS_TAKEN = 210


def test_the_suite_passes(front, capsys):
    with front.functions() as programs:
        outcome = suite.run(front.issuer)
        logs = {name: [line for one in some for line in one.log] for name, some in programs.items()}
    with capsys.disabled():
        print(f"\ncargo lambda watch, {front.mode}: {outcome.summary()}")
    suite.assert_whole(outcome)
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
