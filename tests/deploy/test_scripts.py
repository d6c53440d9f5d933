"""Rules and Actions in the Lambda binaries: at a login, at every refresh, changed, removed, and out of control."""

import json
from pathlib import Path

import pytest

import binaries
import programs
from client import Client, assert_untouched, claims, tokens
from service import TENANT

CLAIM = "https://example.com/"
RULE = """
function (user, context, callback) {
  const { body = {} } = context.request;
  if (body.loop) for (;;);
  if (body.fill) for (let all = [];;) all.push("x".repeat(1e6) + all.length);
  if (body.refuse) return callback(new UnauthorizedError("not today"));
  global.runs = (global.runs || 0) + 1;
  context.idToken["https://example.com/protocol"] = context.protocol;
  context.idToken["https://example.com/runs"] = global.runs;
  context.accessToken["https://example.com/version"] = configuration.VERSION;
  callback(null, user, context);
}
"""
ACTION = """
const { createHash } = require("crypto");
exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim("https://example.com/person", createHash("sha256").update(event.user.email).digest("hex"));
};
"""
SCRIPTS = """
rules: [{name: Facts, script: ./facts.js, order: 1, enabled: true}]
rulesConfigs: [{key: VERSION, value: "%s"}]
actions:
  - name: Person
    code: ./person.js
    deployed: true
    supported_triggers: [{id: post-login, version: v3}]
triggers: {post-login: [{action_name: Person, display_name: Person}]}
"""
NONE = "\nrules: []\nactions: []\ntriggers: {post-login: []}\n"


def tenant(folder: Path, scripts: str) -> Path:
    """The tests' tenant with these sections, and the scripts beside it."""
    (folder / "facts.js").write_text(RULE)
    (folder / "person.js").write_text(ACTION)
    file = folder / "tenant.yaml"
    file.write_text(TENANT.read_text() + scripts)
    return file


@pytest.fixture(scope="module", params=["kms", "wrapped"])
def scripted(aws, local, request, tmp_path_factory):
    file = tenant(tmp_path_factory.mktemp("tenant"), SCRIPTS % "first")
    with binaries.front(aws, local.dynamodb, tenant=file, SigningMode=request.param) as front:
        yield front


def script_claims(answer: dict) -> tuple:
    """The claims that the scripts have set in the tokens of an answer."""
    id_token, access_token = claims(answer["id_token"]), claims(answer["access_token"])
    return (
        id_token.get(CLAIM + "protocol"),
        access_token.get(CLAIM + "version"),
        CLAIM + "person" in id_token,
    )


def test_scripts_run_at_a_login_and_at_every_refresh_in_every_environment(scripted):
    with scripted.functions():
        client = Client(scripted.issuer)
        answer = tokens(client.exchange(*client.log_in()))
        assert script_claims(answer) == ("oidc-basic-profile", "first", True)
        for _ in range(2 * binaries.ENVIRONMENTS["token"]):
            answer = tokens(client.refresh(answer["refresh_token"]))
            assert script_claims(answer) == ("oauth2-refresh-token", "first", True)


def test_a_change_or_removal_of_scripts_applies_without_a_new_login(scripted, tmp_path):
    operator = scripted.service.operator
    with scripted.functions(token=1, authorize=1):
        token = Client(scripted.issuer).refresh_token()
    expected = {
        SCRIPTS % "second": ("oauth2-refresh-token", "second", True),
        NONE: (None, None, False),
        SCRIPTS % "first": ("oauth2-refresh-token", "first", True),
    }
    for scripts, said in expected.items():
        programs.admin(operator, "tenant", "import", tenant(tmp_path, scripts))
        with scripted.functions(token=1):
            answer = tokens(Client(scripted.issuer).refresh(token))
        assert script_claims(answer) == said
        token = answer["refresh_token"]


def test_what_a_rule_keeps_in_global_stays_in_a_warm_environment(scripted):
    with scripted.functions(token=1, authorize=1):
        client = Client(scripted.issuer)
        token = client.refresh_token()
        for runs in (1, 2, 3):
            answer = tokens(client.refresh(token))
            assert claims(answer["id_token"])[CLAIM + "runs"] == runs
            token = answer["refresh_token"]


def test_a_rule_out_of_hand_burns_no_token_and_the_environment_serves_on(scripted):
    with scripted.functions(token=1, authorize=1) as running:
        client = Client(scripted.issuer)
        token = client.refresh_token()
        for trouble in ("loop", "fill"):
            answer = client.refresh(token, **{trouble: "yes"})
            assert (answer.status_code, answer.json()["error"]) == (500, "server_error"), answer.text
        answer = client.refresh(token, refuse="yes")
        assert answer.status_code == 403
        assert answer.json() == {"error": "access_denied", "error_description": "not today"}
        assert_untouched(client, token)
        log = [json.loads(line) for line in running["token"][0].log]
    failed = [line for line in log if line.get("type") == "actions_execution_failed"]
    assert [line["reason"] for line in failed] == [
        "Facts: more CPU time than allowed",
        "Facts: more memory than allowed",
        "Facts: UnauthorizedError: not today",
    ]
