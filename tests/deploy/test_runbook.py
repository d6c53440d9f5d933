"""The runbook from its first line to its last: each block is run, and each section has the result that it promises."""

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

import runbook
from client import PATIENCE, PERSON, Client, claims, tokens
from cloud import Call, Cloud, cloud
from deployed import Deployed
from front_server import FrontServer
from http_api import HttpApi
from http_server import serving
from internet import internet
from programs import Program
from service import Database, create_table
from stack import ACCOUNT, FUNCTIONS, REGION, Moto, moto
from workplace import Workplace

STACK = "ratchet-prod"
ISSUER = "https://login.example.com/"
CALLBACK = "https://app.example.com/callback"
BUILD = 'sam build --config-file infra/sam/samconfig.toml --config-env "$STAGE"'
PLAN = "https://example.com/plan"

# Blocks that are not run, by their first line.
NOT_RUN = {
    'aws kms get-key-policy --key-id "$key" --policy-name default --query Policy --output text > key-policy.json': (
        "needs a stack that was deleted, and moto deletes what a stack leaves"
    ),
    "pip install aws-sam-cli cargo-lambda": "installs the tools, which tests/deploy/requirements.txt has",
    'cargo admin preflight --refreshes-per-second 2000 --signing-mode wrapped --stack "$STACK"': (
        "moto has no values of quotas; test_preflight.py runs the command on an account that has them"
    ),
}
# What is typed, by the section whose blocks ask. The template of prod asks before it changes anything.
TYPED = "y\n"
# Answers that are no failure: what SAM and the functions ask in order to find out.
EXPECTED_ERRORS = [
    ("cloudformation", "DescribeStacks", "does not exist"),
    ("s3", "HEAD ", ""),
    ("dynamodb", "PutItem", "ConditionalCheckFailedException"),
    ("dynamodb", "UpdateItem", "ConditionalCheckFailedException"),
]
# By service: what the operator's role may call.
OF_THE_ROLE = {"dynamodb", "kms", "sts"}


def test_every_block_is_of_shell_commands_and_every_exception_is_there():
    found = runbook.blocks(runbook.RUNBOOK.read_text(encoding="utf-8"))
    assert NOT_RUN.keys() <= {first_line(block) for block in found}
    assert CHECKS.keys() == {block.section for block in found}


def first_line(block: runbook.Block) -> str:
    return block.text.partition("\n")[0]


class World:
    """The machine of an operator, and AWS."""

    def __init__(self, aws: Moto, made: Cloud, database: Database, place: Workplace, deployed: Deployed):
        self.aws = aws
        self.cloud = made
        self.database = database
        self.place = place
        self.deployed = deployed
        # Runs blocks of other sections.
        self.run: Callable[[runbook.Block], str] | None = None
        # The output of each block of the current section.
        self.outputs: list[str] = []
        # What a check leaves to a later one.
        self.kept: dict[str, Any] = {}
        self.programs: dict[str, list[Program]] = {}
        self._running = ExitStack()
        self._checked = 0

    @property
    def output(self) -> str:
        return "\n".join(self.outputs)

    @property
    def table(self) -> str:
        return self.deployed.outputs["TableName"]

    def start(self, *functions: str):
        """New environments of these functions, or of all, until `stop`."""
        self.programs = self._running.enter_context(self.deployed.serving(*functions))

    def stop(self):
        self._running.close()

    def client(self, name: str = "ada") -> Client:
        person = PERSON | {"username": f"{name}@example.com"}
        return Client(ISSUER, "demo-native", CALLBACK, person)

    def item(self, kind: str) -> dict:
        key = {"PK": {"S": "TENANT"}, "SK": {"S": kind}}
        return self.database.client().get_item(TableName=self.table, Key=key)["Item"]

    def keys(self) -> set[str]:
        """The ids of the published keys."""
        answer = requests.get(f"{ISSUER}.well-known/jwks.json", timeout=PATIENCE)
        return {key["kid"] for key in answer.json()["keys"]}

    def log(self, function: str, *events: dict):
        """Puts lines into the log of a function."""
        logs = self.aws.client("logs")
        group = {"logGroupName": f"/aws/lambda/{STACK}-{function}", "logStreamName": "stream"}
        logs.create_log_stream(**group)
        now = int(time.time() * 1000)
        lines = [{"timestamp": now, "message": json.dumps(event)} for event in events]
        logs.put_log_events(**group, logEvents=lines)

    def new_calls(self) -> list[Call]:
        """The calls since the last time."""
        calls = self.cloud.calls[self._checked :]
        self._checked += len(calls)
        return calls


@pytest.fixture(scope="module")
def aws():
    """Another moto than that of the other tests: the runbook's stack stays, with a domain that they use."""
    with moto() as aws:
        yield aws


@pytest.fixture
def world(aws, local, tmp_path, monkeypatch):
    with ExitStack() as made:
        address = made.enter_context(cloud(aws, local.dynamodb, STACK))
        server = made.enter_context(serving(FrontServer(HttpApi())))
        hosts = {"login.example.com": server.endpoint}
        web = made.enter_context(internet(hosts, aws.endpoint, tmp_path))
        monkeypatch.setenv("HTTPS_PROXY", web.endpoint)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(web.authority))
        place = Workplace(tmp_path)
        place.make_home(web.endpoint, web.authority)
        deployed = Deployed(aws, address.endpoint, server, STACK, tmp_path)
        world = World(aws, address, local.dynamodb, place, deployed)
        made.callback(world.stop)
        yield world


def test_the_runbook_works(world, tmp_path, capsys):
    found = runbook.blocks(runbook.RUNBOOK.read_text(encoding="utf-8"))
    environment = world.place.environment(world.cloud.endpoint)
    with runbook.shell(environment, world.place.tree, tmp_path / "output") as shell:
        world.run = lambda block: shell.run(block, typed_for(block))
        for section, some in groupby(found, key=lambda block: block.section):
            began = time.monotonic()
            before, check = CHECKS[section]
            before(world)
            world.new_calls()
            world.outputs = [world.run(block) for block in some if first_line(block) not in NOT_RUN]
            world.calls = world.new_calls()
            assert_signed(world.calls)
            check(world)
            world.stop()
            assert_signed(world.new_calls())
            with capsys.disabled():
                print(f"\n{section or 'the beginning'}: {time.monotonic() - began:.0f} s", end="")
    assert world.cloud.decided == {*FUNCTIONS, "operator"}


def typed_for(block: runbook.Block) -> str:
    asks = "sam deploy" in block.text and "--no-confirm-changeset" not in block.text
    return TYPED if asks else ""


def assert_signed(calls: list[Call]):
    """Every call is for the Region of the runbook and by the right principal, and no answer is an unexpected error."""
    elsewhere = {(call.service, call.action, call.region) for call in calls if call.region != REGION}
    assert not elsewhere
    for call in calls:
        if call.status >= 400:
            assert any(
                call.service == service and call.action.startswith(action) and text in call.error
                for service, action, text in EXPECTED_ERRORS
            ), call
        if call.principal.startswith("arn:"):
            assert call.service in OF_THE_ROLE, call
        if call.user_agent.startswith("aws-sdk-rust") and "app/admin" in call.user_agent:
            assert call.principal.startswith("arn:") or call.service == "sts", call


def nothing(_: World):
    """To prepare."""


# --- What the reader has before a section, and what the section promises ---


def deployed_by_sam(world: World):
    outputs = world.deployed.outputs
    assert outputs["Issuer"] == ISSUER
    commit = world.place.git("rev-parse", "HEAD").encode()
    for function in FUNCTIONS:
        configuration = world.deployed.configuration(function)
        assert configuration["Environment"]["Variables"]["ISSUER"] == ISSUER
        assert commit in world.deployed.code(function), function
    # The same once more, without a question.
    assert "No changes to deploy" in world.output
    assert f"{urlsplit(ISSUER).hostname} is to be a CNAME of {outputs['DomainTarget']}" in world.output
    create_table(world.database.client(), outputs["TableName"])


def digest_is_that_of_the_secret(world: World):
    secret = (world.place.tree / "proxy-secret").read_bytes()
    assert re.fullmatch(b"[0-9a-f]{64}", secret)
    assert world.output.strip() == hashlib.sha256(secret).hexdigest()


def another_commit(world: World):
    world.kept["commit"] = world.place.commit("Another").encode()


def deployed_by_cargo_lambda(world: World):
    assert all(world.kept["commit"] in world.deployed.code(function) for function in FUNCTIONS)


def operator_is_known(world: World):
    """By the role that the profile assumes, under the user's name."""
    role = world.deployed.outputs["OperatorRoleArn"]
    assert {call.principal for call in world.calls if call.service == "dynamodb"} == {role}
    assert "role_session_name = grace" in (world.place.home / ".aws/config").read_text()


def files_of_the_tenant(world: World):
    folder = Path(__file__).parent
    world.place.write("tenant.yaml", (folder / "runbook-tenant.yaml").read_text(encoding="utf-8"))
    world.place.write("rules/Plan.js", (folder / "runbook-rule.js").read_text(encoding="utf-8"))
    world.place.write("web-secret", "0123456789abcdef" * 4)
    world.place.write("api-key", "key-of-an-api")


def tenant_is_there(world: World):
    assert world.item("CLIENT#demo-native")
    assert world.item("KEYRING#SEALING")


def discovery_runs(world: World):
    world.start("discovery")


def discovery_answers(world: World):
    metadata, _ = json.JSONDecoder().raw_decode(world.output)
    assert metadata["issuer"] == ISSUER
    assert world.keys()


def no_script_runs(world: World):
    """The digest of the rule was listed before it was removed."""
    script = (world.place.tree / "rules/Plan.js").read_bytes()
    assert hashlib.sha256(script).hexdigest()[:12] in world.outputs[0]
    assert f'{{"{PLAN}":"gold"}}' in world.outputs[0]
    world.start("authorize", "token")
    answer = tokens(world.client().exchange(*world.client().log_in()))
    assert PLAN not in claims(answer["id_token"])


def old_keys(world: World):
    world.start()
    world.kept["token"] = world.client().refresh_token()
    world.kept["keys"] = world.keys()
    world.stop()


def keys_are_rotated(world: World):
    world.start()
    new = world.keys() - world.kept["keys"]
    # Of wrapped mode the one that was rotated, and of kms mode the stack's and the one that was rotated.
    assert len(new) == 3
    assert world.keys() > world.kept["keys"]
    assert len(world.item("KEYRING#SEALING")["keys"]["L"]) == 2
    variables = world.deployed.configuration("token")["Environment"]["Variables"]
    assert variables["SIGNING_MODE"] == "kms"
    # No user is logged out.
    tokens(world.client().refresh(world.kept["token"]))
    wrapping_key = world.deployed.outputs["WrappingKeyArn"]
    assert world.aws.client("kms").list_key_rotations(KeyId=wrapping_key)["Rotations"]


def a_thief_has_a_token(world: World):
    world.start()
    world.kept["token"] = world.client().refresh_token()
    world.stop()


def thief_has_nothing(world: World):
    world.start()
    assert rejection(world.client().refresh(world.kept["token"])) == "invalid_grant"
    # The last command let the user in again.
    world.client().refresh_token()


def log_of_revoke(world: World):
    world.log("revoke", {"type": "sapi", "description": "a change"}, {"type": "mgmt_api_read"})
    bucket = {"LocationConstraint": REGION}
    world.aws.client("s3").create_bucket(Bucket="ratchet-audit", CreateBucketConfiguration=bucket)


def operators_are_recorded(world: World):
    assert "a change" in world.outputs[0]
    assert "mgmt_api_read" not in world.outputs[0]
    trail = world.aws.client("cloudtrail")
    assert trail.get_trail_status(Name=f"{STACK}-operators")["IsLogging"]
    (selector,) = trail.get_event_selectors(TrailName=f"{STACK}-operators")["AdvancedEventSelectors"]
    fields = {field["Field"]: field for field in selector["FieldSelectors"]}
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{world.table}"
    assert fields["resources.ARN"]["Equals"] == [table]
    role = world.deployed.outputs["OperatorRoleArn"].rpartition("/")[2]
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/"
    assert fields["userIdentity.arn"]["StartsWith"] == [session]


def two_users_have_tokens(world: World):
    world.start()
    world.kept["tokens"] = {name: world.client(name).refresh_token() for name in ("ada", "grace")}
    world.kept["keyring"] = world.item("KEYRING#SEALING")
    world.stop()


def everything_is_revoked(world: World):
    assert "1" in world.outputs[0].splitlines()[0]
    assert world.item("KEYRING#SEALING") != world.kept["keyring"]
    # No function ran between the first command and the new keyring.
    order = [call.action.partition(" ")[2] or call.action for call in world.calls]
    assert order.index(f"/2017-10-31/functions/{STACK}-token/concurrency") < order.index("DeleteItem")
    client = world.aws.client("lambda")
    for function in FUNCTIONS:
        assert "Everything was revoked on" in world.deployed.configuration(function)["Description"]
        concurrency = client.get_function_concurrency(FunctionName=f"{STACK}-{function}")
        assert "ReservedConcurrentExecutions" not in concurrency
    world.start()
    for name, token in world.kept["tokens"].items():
        assert rejection(world.client(name).refresh(token)) == "invalid_grant"
        world.client(name).refresh_token()


def serving_versions_are_noted(world: World):
    for function in FUNCTIONS:
        noted = (world.place.tree / f"target/before/{function}").read_text().strip()
        assert noted == world.deployed.configuration(function)["Version"]


def a_faulty_release(world: World):
    world.kept["code"] = {function: world.deployed.code(function) for function in FUNCTIONS}
    commit = world.place.commit("Faulty").encode()
    world.run(block_of("Deploy with SAM", BUILD))
    assert all(commit in world.deployed.code(function) for function in FUNCTIONS)


def noted_versions_serve(world: World):
    assert world.kept["code"] == {function: world.deployed.code(function) for function in FUNCTIONS}
    world.kept["variables"] = world.deployed.configuration("token")["Environment"]["Variables"]


def old_release_is_deployed(world: World):
    commit = world.place.git("rev-parse", "v0.1.0").encode()
    assert all(commit in world.deployed.code(function) for function in FUNCTIONS)
    assert world.deployed.configuration("token")["Environment"]["Variables"] == world.kept["variables"]
    world.place.git("switch", "--discard-changes", "main")


def the_past(world: World):
    """Ada logs in before the time that is restored. After it Ada refreshes, Grace logs in, and the keys are rotated."""
    world.start("authorize", "token")
    client = world.client()
    first = client.refresh_token()
    world.cloud.remember(world.table)
    world.kept["reused"] = first
    world.kept["ada"] = tokens(client.refresh(first))["refresh_token"]
    world.kept["grace"] = world.client("grace").refresh_token()
    world.run(block_of("Rotate keys", "AWS_PROFILE=$STACK cargo admin keys rotate"))
    world.kept["keyring"] = world.item("KEYRING#SEALING")
    world.kept["table"] = world.table
    world.stop()


def table_is_restored(world: World):
    restored = world.table
    assert restored.startswith(f"{STACK}-2")
    assert world.deployed.configuration("token")["Environment"]["Variables"]["TABLE_NAME"] == restored
    assert world.item("KEYRING#SEALING") == world.kept["keyring"]
    dynamodb = world.aws.client("dynamodb")
    assert dynamodb.describe_table(TableName=restored)["Table"]["DeletionProtectionEnabled"]
    ttl = dynamodb.describe_time_to_live(TableName=restored)["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "ttl")
    backups = dynamodb.describe_continuous_backups(TableName=restored)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    world.start()
    assert rejection(world.client("grace").refresh(world.kept["grace"])) == "invalid_grant"
    world.kept["ada"] = tokens(world.client().refresh(world.kept["ada"]))["refresh_token"]


def a_token_is_reused(world: World):
    world.start("token")
    assert rejection(world.client().refresh(world.kept["reused"])) == "invalid_grant"
    lines = [json.loads(line) for line in world.programs["token"][0].log]
    world.log("token", *lines)
    world.stop()


def reuse_is_in_the_log(world: World):
    assert "ferrt" in world.outputs[0]


def quotas_are_requested(world: World):
    actions = Counter(call.action for call in world.calls)
    assert actions["RequestServiceQuotaIncrease"] == 3
    assert actions["UpdateTable"] == 1


def rejection(answer: requests.Response) -> str:
    assert answer.status_code in (400, 403), answer.text
    return answer.json()["error"]


def block_of(section: str, first: str) -> runbook.Block:
    """The block of a section with this first line."""
    found = runbook.blocks(runbook.RUNBOOK.read_text(encoding="utf-8"))
    (block,) = (block for block in found if block.section == section and first_line(block) == first)
    return block


# By section of the runbook: what an operator has before it, and what it promises.
CHECKS = {
    "": (nothing, nothing),
    "Deploy with SAM": (nothing, deployed_by_sam),
    "Behind a proxy": (nothing, digest_is_that_of_the_secret),
    "Deploy with cargo-lambda": (another_commit, deployed_by_cargo_lambda),
    "The operator's role": (nothing, operator_is_known),
    "Import a tenant": (files_of_the_tenant, tenant_is_there),
    "Check a deployment": (discovery_runs, discovery_answers),
    "Rules and Actions": (nothing, no_script_runs),
    "Rotate keys": (old_keys, keys_are_rotated),
    "Stolen tokens and passwords": (a_thief_has_a_token, thief_has_nothing),
    "What operators did": (log_of_revoke, operators_are_recorded),
    "Revoke": (two_users_have_tokens, everything_is_revoked),
    "Roll back": (nothing, serving_versions_are_noted),
    "Return to the noted versions": (a_faulty_release, noted_versions_serve),
    "Deploy the old release": (nothing, old_release_is_deployed),
    "Restore the table": (the_past, table_is_restored),
    "The stack is gone": (nothing, nothing),
    "When an alarm rings": (a_token_is_reused, reuse_is_in_the_log),
    "Before many refreshes": (nothing, quotas_are_requested),
}
