"""The black-box suite of `tests/e2e` against any server at an address, and the outcome of each test."""

import json
import os
import re
import subprocess
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from template import ROOT

PASSED = re.compile(r"^test (\S+) +\.\.\. ok$", re.MULTILINE)
# A test that needs more than the server at hand, with its reason.
IGNORED = re.compile(r"^test (\S+) +\.\.\. ignored \((.+)\)$", re.MULTILINE)
LIMIT = 1500

# The minimum number of tests that must have run behind any front, by module of the suite.
LEAST = {
    "authorize": 16,
    "brute_force": 7,
    "concurrency": 6,
    "confirmation": 10,
    "consent": 14,
    "cross_origin": 6,
    "cross_origin_refusals": 4,
    "device::activation": 12,
    "device::settling": 6,
    "discovery": 8,
    "front_channel": 11,
    "legacy::code": 12,
    "legacy::delegation": 10,
    "legacy::delegation_tokens": 6,
    "login": 16,
    "logout": 12,
    "management_access": 4,
    "management_grants": 12,
    "multi_resource": 8,
    "oidc::basic": 8,
    "oidc::repeated": 14,
    "oidc_logout": 12,
    "rbac": 9,
    "revoke": 12,
    "seeds": 8,
    "session": 6,
    "token::authorization_code": 23,
    "token::client_authentication": 9,
    "token::password": 14,
    "token::refresh_reuse": 8,
    "token::refresh_token": 17,
    "tokens": 16,
    "userinfo": 10,
    "web_message": 7,
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


@dataclass
class Outcome:
    """The outcome of the suite."""

    exit_code: int
    output: str

    @property
    def ignored(self) -> dict[str, str]:
        """Reasons by test."""
        return dict(IGNORED.findall(self.output))

    @property
    def ran(self) -> set[str]:
        return set(PASSED.findall(self.output))

    def by_module(self) -> Counter:
        return Counter(map(module, self.ran))

    def summary(self) -> str:
        """The number of tests that ran, and of those that were ignored, by module and reason."""
        reasons = defaultdict(Counter)
        for test, reason in self.ignored.items():
            reasons[reason][module(test)] += 1
        lines = [f"{len(self.ran)} tests ran, {len(self.ignored)} were ignored:"]
        for reason, tests in sorted(reasons.items()):
            where = ", ".join(f"{name} ({number})" for name, number in sorted(tests.items()))
            lines.append(f"  a test {reason}: {tests.total()}, in {where}")
        return "\n".join(lines)


def assert_whole(outcome: Outcome):
    """Asserts that all tests passed, and that enough of them ran."""
    assert outcome.exit_code == 0, outcome.output
    assert not LIFE - outcome.ran, LIFE - outcome.ran
    ran = outcome.by_module()
    short = {name: ran[name] for name, least in LEAST.items() if ran[name] < least}
    assert not short, short


def module(test: str) -> str:
    return test.rpartition("::")[0]


@cache
def binary() -> Path:
    """The built suite, as `cargo test --workspace` builds it."""
    command = ["cargo", "test", "--workspace", "--no-run", "--locked", "--message-format=json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "e2e":
            if message["target"]["kind"] == ["test"]:
                return Path(message["executable"])
    raise RuntimeError("cargo names no e2e among its tests")


def run(
    issuer: str,
    *names: str,
    threads: int | None = None,
    limits: dict[str, str] | None = None,
    users_taken: int = 0,
) -> Outcome:
    """Runs the suite, or the tests whose names contain one of these texts, with this many threads.

    The limits are the front's reactions to the actions that it does not support, by action. Earlier runs have used up this
    many users of the pool.
    """
    command = [binary(), *names]
    if threads:
        command += ["--test-threads", str(threads)]
    environment = os.environ | {"BASE_URL": issuer, "USERS_TAKEN": str(users_taken)}
    environment["FRONT_LIMITS"] = ";".join(
        f"{action}={fault}" for action, fault in (limits or {}).items()
    )
    done = subprocess.run(
        command,
        cwd=ROOT / "tests",
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    return Outcome(done.returncode, done.stdout)
