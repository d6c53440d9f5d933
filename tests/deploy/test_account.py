"""`tests/aws` against an emulated account: it deploys, measures and reports, and deletes also after every failure."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import jsonschema
import pytest
import yaml

import costs
from account import options, price
from account.disposable import POLICIES, disposable, version_of
from account.measure import percentiles
from account.report import SCHEMA
from cloud import Cloud, forwarded, named
from deployed import Deployed
from front_server import FrontServer
from http_api import HttpApi
from http_server import Handler, Server, serving
from internet import internet
from programs import TARGET
from service import create_table
from stack import ACCOUNT, FUNCTIONS, REGION, Moto, moto
from template import TEMPLATE, Loader
from test_releases import packed, release
from workplace import Workplace

LIMIT = 300
QUOTAS = {"L-2AC98190": 1000, "L-DC14942D": 300, "L-8A5B8E43": 10_000, "L-CDF5615A": 5000}
QUOTA = 40_000.0
HOSTS = (f".execute-api.{REGION}.amazonaws.com", f".lambda-url.{REGION}.on.aws", f".lambda-url.{REGION}.amazonaws.com")
# One module of the suite, and what it needs of a stack: logins, refreshes and revocations.
MODULE = "revoke::"
SMALL = ("--refreshes", "12", "--cold-starts", "6", "--threads", "2", "--only", MODULE)


class Account(Cloud):
    """An account whose limits are known, and whose tables follow the stacks."""

    def __init__(self, aws: Moto, dynamodb):
        super().__init__(aws, dynamodb, None)
        # By action: it fails.
        self.faults: set[str] = set()
        # Number of times that functions or their versions have changed.
        self.versions = 0
        self.concurrency = 1000
        self._noticed: dict[str, Callable[[], None]] = {}

    def notice(self, action: str, happens: Callable[[], None]):
        """The first call of this action causes something."""
        self._noticed[action] = happens

    def answer(self, method: str, path: str, headers, body: bytes):
        action = named(method, path, headers, body)
        if happens := self._noticed.pop(action, None):
            happens()
        if action in self.faults:
            return 400, [("content-type", "text/xml")], FAULT.encode()
        if action in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
            asked = json.loads(body)
            quota = {"Value": float(QUOTAS.get(asked["QuotaCode"], QUOTA)), "QuotaCode": asked["QuotaCode"]}
            return 200, [("content-type", "application/x-amz-json-1.1")], json.dumps({"Quota": quota}).encode()
        if action == "GET /2016-08-19/account-settings":
            names = ("ConcurrentExecutions", "UnreservedConcurrentExecutions")
            limits = {"AccountLimit": dict.fromkeys(names, self.concurrency)}
            return 200, [("content-type", "application/json")], json.dumps(limits).encode()
        answer = super().answer(method, path, headers, body)
        if action in ("ExecuteChangeSet", "DeleteStack"):
            self._follow()
        if action == "ExecuteChangeSet" or action.startswith("PUT ") and action.endswith("/aliases/live"):
            self.versions += 1
        return answer

    def _follow(self):
        """Creates and deletes tables as moto has."""
        client = self._dynamodb.client()
        wanted = set(self._aws.client("dynamodb").list_tables()["TableNames"])
        there = {name for name in client.list_tables()["TableNames"] if name.startswith(options.PREFIX)}
        for name in wanted - there:
            create_table(client, name)
        for name in there - wanted:
            client.delete_table(TableName=name)


FAULT = """\
<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<Error><Type>Sender</Type><Code>LimitExceededException</Code><Message>too many stacks</Message></Error>
<RequestId>1</RequestId></ErrorResponse>"""


class Lambda(Server):
    """The hosts of a stack: they start its functions with the first request, and log as Lambda does."""

    def __init__(self, aws: Moto, account: Account, server: FrontServer, folder: Path):
        super().__init__(_Handler)
        self._aws = aws
        self._logs = aws.client("logs")
        self._account = account
        self._server = server
        self._folder = folder
        self._lock = threading.Lock()
        self._running = ExitStack()
        self._programs = {}
        self._versions = 0
        self._read: dict[str, int] = {}
        self._warm: set[str] = set()
        # Paths that answer 500.
        self.broken: set[str] = set()
        # By path: what the first request for it causes.
        self.notice: dict[str, Callable[[], None]] = {}

    def __contains__(self, host: str) -> bool:
        return host.endswith(HOSTS)

    def get(self, host: str, default: str) -> str:
        return self.endpoint if host in self else default

    def answer(self, method: str, path: str, headers, body: bytes):
        if happens := self.notice.pop(path, None):
            happens()
        if path in self.broken:
            return 500, [], b""
        with self._lock:
            self._start()
            began = time.monotonic()
            answer = forwarded(self._server.endpoint, method, path, headers, body)
            # The front answers some requests itself.
            if request_id := dict(answer[1]).get("x-auth0-requestid"):
                _, function = self._server.route(path.partition("?")[0])
                self._log(function, request_id, (time.monotonic() - began) * 1000)
        return answer

    def stop(self):
        self._running.close()

    def _start(self):
        """The functions of the aliases, again after a change."""
        if self._versions == self._account.versions:
            return
        (stack,) = self._aws.client("cloudformation").describe_stacks()["Stacks"]
        self._stack = stack["StackName"]
        self._running.close()
        deployed = Deployed(self._aws, self._account.endpoint, self._server, self._stack, self._folder)
        self._programs = self._running.enter_context(deployed.serving())
        self._versions = self._account.versions
        self._read, self._warm = dict.fromkeys(FUNCTIONS, 0), set()

    def _log(self, function: str, request_id: str, milliseconds: float):
        (program,) = self._programs[function]
        program.expect(request_id)
        lines = program.log[self._read[function] :]
        self._read[function] += len(lines)
        metrics = {"durationMs": milliseconds, "billedDurationMs": int(milliseconds) + 1}
        metrics |= {"memorySizeMB": 512, "maxMemoryUsedMB": 48}
        if function not in self._warm:
            self._warm.add(function)
            metrics["initDurationMs"] = 120.5
        record = {"requestId": str(uuid4()), "status": "success", "metrics": metrics}
        lines.append(json.dumps({"type": "platform.report", "record": record}))
        name = {"logGroupName": f"/aws/lambda/{self._stack}-{function}", "logStreamName": str(uuid4())}
        self._logs.create_log_stream(**name)
        now = int(time.time() * 1000)
        self._logs.put_log_events(**name, logEvents=[{"timestamp": now, "message": line} for line in lines])


class _Handler(Handler):
    def respond(self, body: bytes):
        self.send(*self.server.answer(self.command, self.path, self.headers, body))


class World:
    """An account, the hosts of its stacks, and a machine from which the command runs."""

    def __init__(self, aws: Moto, account: Account, hosts: Lambda, place: Workplace, variables: dict[str, str]):
        self.aws = aws
        self.account = account
        self.hosts = hosts
        self.place = place
        self.folder = place.tree
        self._variables = place.environment(account.endpoint) | variables

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "account", "--region", REGION, "--report", "report.json", *arguments],
            cwd=self.folder,
            env=self._variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        with self.start(*arguments) as process:
            output, _ = process.communicate(timeout=LIMIT)
        return process.returncode, output

    @property
    def report(self) -> dict:
        """The report, which has the documented form."""
        report = json.loads((self.folder / "report.json").read_text())
        jsonschema.validate(report, json.loads(SCHEMA.read_text()))
        return report

    def buckets(self) -> list[str]:
        """Those of runs: the emulator keeps code in one of its own."""
        names = [bucket["Name"] for bucket in self.aws.client("s3").list_buckets()["Buckets"]]
        return [name for name in names if name.startswith(options.PREFIX)]

    def assert_nothing_is_left(self):
        """Nothing but keys that KMS deletes later."""
        kms = self.aws.client("kms")
        keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
        states = {key["KeyState"] for key in keys if key["Description"].startswith(options.PREFIX)}
        found = {
            "stacks": self.aws.client("cloudformation").describe_stacks()["Stacks"],
            "buckets": self.buckets(),
            "functions": self.aws.client("lambda").list_functions()["Functions"],
            "logs": self.aws.client("logs").describe_log_groups()["logGroups"],
            "tables": self.aws.client("dynamodb").list_tables()["TableNames"],
            "keys": states - {"PendingDeletion"},
        }
        assert not any(found.values()), found


@pytest.fixture
def world(local, tmp_path):
    with ExitStack() as made:
        aws = made.enter_context(moto())
        account = made.enter_context(serving(Account(aws, local.dynamodb)))
        server = made.enter_context(serving(FrontServer(HttpApi())))
        hosts = made.enter_context(serving(Lambda(aws, account, server, tmp_path)))
        made.callback(hosts.stop)
        web = made.enter_context(internet(hosts, aws.endpoint, tmp_path))
        place = Workplace(tmp_path)
        place.make_home(web.endpoint, web.authority)
        # Of the binaries that the command starts itself.
        (place.tree / "target").mkdir()
        (place.tree / "target/debug").symlink_to(TARGET / "debug")
        variables = {
            "HTTPS_PROXY": web.endpoint,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(place.tree / "tests/deploy"),
            "REQUESTS_CA_BUNDLE": str(web.authority),
            "SSL_CERT_FILE": str(web.authority),
        }
        yield World(aws, account, hosts, place, variables)


# --- Runs ---


def test_a_stack_is_deployed_measured_and_deleted(world):
    status, output = world.run("--yes", *SMALL)
    report = world.report
    assert (status, report["failure"]) == (0, None), output
    assert report["suite"]["passed"] and report["suite"]["ran"] >= 10
    warm, cold = report["figures"]["warm_refresh"], report["figures"]["cold_refresh"]
    assert warm["latency_ms"]["count"] == warm["billed_ms"]["count"] == 12
    assert (warm["read_units"]["p50"], warm["write_units"]["p50"]) == (2, 1)
    assert warm["sign_calls"]["max"] == 0
    # One environment for each version of the function: six cold starts are two rounds.
    assert (cold["latency_ms"]["count"], cold["init_ms"]["count"]) == (6, 2)
    answers = {probe["name"]: probe["answer"] for probe in report["probes"]}
    assert answers["blank"] == answers["blank_of_function_url"] == "a b+c"
    assert answers["leading_keys"] == "policies are not enforced"
    assert (answers["denials"], answers["failures"]) == ("0", "0")
    (key,) = report["removal"]["pending"]
    assert f"pending deletion by KMS, without costs: {key}" in output
    assert ACCOUNT not in (world.folder / "report.json").read_text()
    world.assert_nothing_is_left()


@pytest.mark.release
def test_a_failing_suite_is_reported_and_everything_is_deleted(world):
    packed(world.place, "v1.2.3")
    world.hosts.broken = {"/oauth/revoke"}
    status, output = world.run("--yes", "--release", "ratchet-v1.2.3", *SMALL)
    report = world.report
    assert (status, report["failure"]) == (1, None), output
    assert not report["suite"]["passed"]
    assert "revoke::a_revoked_token_is_refused" in report["suite"]["failed"]
    assert report["run"]["source"] == "release"
    world.assert_nothing_is_left()


def test_a_failing_deployment_leaves_nothing(world):
    world.account.faults = {"ExecuteChangeSet"}
    status, output = world.run("--yes", *SMALL)
    assert status == 1
    assert world.report["failure"] == "Failed: sam deploy ended with status 1", output
    assert world.report["suite"] is None
    world.assert_nothing_is_left()


def test_an_interrupted_deployment_leaves_nothing(world):
    with world.start("--yes", *SMALL) as process:
        world.account.notice("CreateChangeSet", lambda: process.send_signal(signal.SIGINT))
        output, _ = process.communicate(timeout=LIMIT)
    assert (process.returncode, world.report["failure"]) == (1, "interrupted"), output
    world.assert_nothing_is_left()


@pytest.mark.release
def test_what_cannot_be_deleted_is_named_with_the_command_that_deletes_it(world):
    world.account.faults = {"DeleteStack"}
    with world.start("--yes", *SMALL) as process:
        # A refresh, in the middle of the measurements.
        world.hosts.notice["/oauth/token"] = lambda: process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=LIMIT)
    assert (process.returncode, world.report["failure"]) == (3, "interrupted"), output
    (stack,) = world.aws.client("cloudformation").describe_stacks()["Stacks"]
    commands = [left["command"] for left in world.report["removal"]["left"]]
    assert commands[0] == f"aws cloudformation delete-stack --stack-name {stack['StackName']}"
    kinds = {command.split()[2] for command in commands}
    assert kinds == {"delete-stack", "delete-log-group", "delete-table"}
    assert all(f"  {command} --region {REGION}" in output for command in commands)
    assert world.buckets() == []


# --- Before a run ---


def test_the_price_needs_no_account(world):
    status, output = world.run("--price-only", "--mode", "kms")
    assert status == 0
    assert "KMS signatures" in output
    assert world.account.calls == []


def test_a_run_without_an_answer_to_its_question_makes_nothing(world):
    status, output = world.run()
    assert status == 1
    assert "--yes is needed" in output
    assert {call.action for call in world.account.calls} == {"GetCallerIdentity"}


def test_an_account_that_does_not_carry_the_run_gets_no_stack(world):
    world.account.concurrency = 1
    status, output = world.run("--yes", *SMALL)
    assert status == 1
    assert "the account's limits do not carry the run" in output
    assert not {call.action for call in world.account.calls} & {"CreateChangeSet", "CreateStack"}
    world.assert_nothing_is_left()


@pytest.mark.parametrize(("mode", "dollars"), [("wrapped", 1), ("kms", 2.5)])
def test_a_run_costs_little(mode, dollars):
    given = options.parsed(["--mode", mode, "--price-only"])
    assert 0.2 < price.estimate(given).dollars < dollars


def test_more_refreshes_cost_more():
    few, many = (price.estimate(options.parsed(["--refreshes", number])).dollars for number in ("1000", "1000000"))
    # A million refreshes cost at least what the page on costs says.
    assert many - few > costs.million(costs.SIGNINGS[0], "HTTP API")


# --- The template ---


def test_nothing_of_the_disposable_template_outlives_its_stack():
    text = TEMPLATE.read_text(encoding="utf-8")
    made = yaml.load(disposable(text), Loader)
    source = yaml.load(text, Loader)
    changed = 0
    for name, resource in source["Resources"].items():
        for policy in POLICIES:
            if policy in resource:
                changed += 1
                assert made["Resources"][name][policy] == "Delete"
                resource[policy] = "Delete"
        if "PendingWindowInDays" in resource.get("Properties", {}):
            resource["Properties"]["PendingWindowInDays"] = 7
    assert changed > 20
    # Nothing else differs.
    assert made == source


def test_a_policy_that_the_command_does_not_know_is_an_error():
    text = TEMPLATE.read_text(encoding="utf-8").replace("DeletionPolicy: RetainExceptOnCreate", "DeletionPolicy: Snapshot", 1)
    with pytest.raises(ValueError, match=r"would outlive the stack: ApiLogGroup: DeletionPolicy$"):
        disposable(text)


def test_the_template_of_a_release_names_its_version(tmp_path):
    release("template", "v1.2.3", tmp_path)
    text = (tmp_path / "ratchet-template.yaml").read_text()
    assert version_of(disposable(text)) == "v1.2.3"


def test_percentiles_are_those_of_the_nearest_rank():
    assert percentiles([]) is None
    found = percentiles(range(1, 201))
    assert found == {"count": 200, "mean": 100.5, "p50": 100, "p90": 180, "p99": 198, "max": 200}
