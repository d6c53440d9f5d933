"""An emulated AWS account for `tests/aws`: its limits, the hosts of its stacks, and a machine from which the command runs."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import jsonschema

from account import options
from account.report import SCHEMA
from cloud import Cloud, forwarded, named
from deployed import Deployed
from front_server import FrontServer
from http_server import Handler, Server
from service import create_table
from stack import FUNCTIONS, REGION, Moto
from workplace import Workplace

LIMIT = 300
QUOTAS = {"L-2AC98190": 1000, "L-DC14942D": 300, "L-8A5B8E43": 10_000, "L-CDF5615A": 5000}
QUOTA = 40_000.0
HOSTS = (f".execute-api.{REGION}.amazonaws.com", f".lambda-url.{REGION}.on.aws", f".lambda-url.{REGION}.amazonaws.com")


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
