"""The black-box suite, unchanged, against the Lambda binaries behind `cargo lambda watch`."""

import json
import re

import suite

# The least number of tests that must have run here, and not been left out, by module of the suite.
LEAST = {
    "authorize": 16,
    "concurrency": 6,
    "consent": 12,
    "discovery": 7,
    "login": 16,
    "revoke": 12,
    "session": 6,
    "token::authorization_code": 24,
    "token::client_authentication": 9,
    "token::refresh_reuse": 8,
    "token::refresh_token": 17,
    "tokens": 16,
    "userinfo": 10,
}
# One test for each step of a refresh token's life.
LIFE = {
    "discovery::endpoints_lie_below_the_issuer",
    "login::name_and_password_lead_on_through_resume",
    "token::authorization_code::a_code_with_its_verifier_becomes_tokens",
    "token::refresh_token::a_rotating_token_becomes_new_tokens",
    "token::refresh_reuse::a_retry_within_the_leeway_gets_the_same_successor",
    "token::refresh_reuse::a_reused_token_ends_the_family",
    "revoke::a_revoked_token_is_refused",
}


# What we seal or sign, long enough to be one and not the beginning of one in a test.
SECRET = re.compile(r"(rt1|ac1|at1|se1|tx1|cf1)_[\w-]{40}|eyJ[\w-]{20,}\.eyJ|correct horse battery")


def test_the_suite_passes(front, capsys):
    with front.functions() as programs:
        outcome = suite.run(front.issuer)
        logs = {name: [line for one in some for line in one.log] for name, some in programs.items()}
    with capsys.disabled():
        print(f"\ncargo lambda watch, {front.mode}: {outcome.summary()}")
    assert outcome.exit_code == 0, outcome.output
    assert LIFE <= outcome.ran
    ran = outcome.by_module()
    assert {name: ran[name] for name, least in LEAST.items() if ran[name] < least} == {}
    for function, log in logs.items():
        events = [json.loads(line) for line in log]
        assert any(event.get("message") == "answered" for event in events), function
        assert [line for line in log if SECRET.search(line)] == [], function


def test_an_environment_may_take_several_requests_at_once(front):
    """Lambda Managed Instances."""
    with front.functions(concurrency=8, token=1, authorize=1, revoke=1, discovery=1):
        outcome = suite.run(front.issuer, "concurrency::", "token::refresh_reuse::")
    assert outcome.exit_code == 0, outcome.output
    ran = outcome.by_module()
    for name in ("concurrency", "token::refresh_reuse"):
        assert ran[name] >= LEAST[name]
