"""One address for all of AWS, which records who called what in which Region, and an internet that leads to the stack.

    with cloud(aws, local.dynamodb, "ratchet-prod") as made:
        made.endpoint  # for AWS_ENDPOINT_URL
        made.calls

A call goes to moto, except that items of tables are in the embedded DynamoDB of the local server, because moto supports
too few conditions. Protection, recovery and expiry of a table are moto's, which the embedded DynamoDB lacks.

The calls of a stack's functions and of its operators to DynamoDB and KMS are denied unless the policies of the stack allow
them to the caller's role.
"""

import http.client
import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from guard import Decisions, Denial, rejection
from http_server import Handler, Server, ask, serving
from permissions import Permissions
from policies import Unsupported
from service import ROLES, Database
from stack import FUNCTIONS, Moto

# Signature Version 4: the access key, and the Region and service of the signed scope.
CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
PROPERTIES_OF_TABLES = {"UpdateTable", "UpdateTimeToLive", "UpdateContinuousBackups", "RestoreTableToPointInTime"}
PATIENCE = 60


@dataclass(frozen=True)
class Call:
    """A call of AWS and its answer."""

    service: str
    region: str
    action: str
    # The role that the caller had assumed, or else the caller's access key.
    principal: str
    user_agent: str
    status: int
    error: str


class Cloud(Server):
    def __init__(self, aws: Moto, dynamodb: Database, stack: str | None):
        super().__init__(_Handler)
        self._aws = aws
        self._moto = aws.endpoint
        # Without a name, the one stack that there is.
        self._stack = stack
        # By the policies of the stack since its last change.
        self._decisions: Decisions | None = None
        # The callers whose calls were decided.
        self.decided: set[str] = set()
        self._dynamodb = dynamodb
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        # By access key: the ARN of the assumed role.
        self._roles: dict[str, str] = {}
        # Items of a table at the time to which it will be restored, by table.
        self._past: dict[str, list[dict]] = {}

    @property
    def calls(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def remember(self, table: str):
        """The table as it is now is what a restoration returns to."""
        self._past[table] = self.items(table)

    def items(self, table: str) -> list[dict]:
        pages = self._dynamodb.client().get_paginator("scan").paginate(TableName=table)
        return [item for page in pages for item in page["Items"]]

    def answer(self, method: str, path: str, headers, body: bytes):
        authorization = headers.get("authorization", "")
        scope = CREDENTIAL.search(authorization)
        if scope is None:
            raise ValueError(f"a request without a signature: {method} {path}")
        key, region, service = scope.group("key", "region", "service")
        action = named(method, path, headers, body)
        on_items = service == "dynamodb" and action not in PROPERTIES_OF_TABLES
        if on_items:
            headers.replace_header("authorization", authorization.replace(key, self._dynamodb.key))
        try:
            self._check(key, service, headers["x-amz-target"], body)
            answer = forwarded(self._dynamodb.endpoint if on_items else self._moto, method, path, headers, body)
        except (Denial, Unsupported) as refusal:
            answer = rejection(refusal)
        if action == "AssumeRole" and answer[0] == 200:
            self._note_role(body, answer[2])
        if action == "RestoreTableToPointInTime" and answer[0] == 200:
            self._restore(json.loads(body))
        with self._lock:
            principal = self._roles.get(key, key)
            error = answer[2].decode(errors="replace")[:500] if answer[0] >= 400 else ""
            agent = headers.get("user-agent", "")
            self._calls.append(Call(service, region, action, principal, agent, answer[0], error))
        return answer

    def _check(self, key: str, service: str, target: str | None, body: bytes):
        """Raises a denial of what a role of the stack does."""
        # A function has its name as its access key.
        caller = key if key in FUNCTIONS else "operator" if key in self._roles else None
        with self._lock:
            if service == "cloudformation":
                self._decisions = None
            if caller is None or service not in ("dynamodb", "kms"):
                return
            if self._decisions is None:
                permissions = Permissions(self._aws, self._aws.stack(self._stack or self._only_stack()))
                self._decisions = Decisions(permissions, ROLES)
            decisions = self._decisions
            self.decided.add(caller)
        decisions.check(caller, target, body)

    def _only_stack(self) -> str:
        (found,) = self._aws.client("cloudformation").describe_stacks()["Stacks"]
        return found["StackName"]

    def _note_role(self, body: bytes, answer: bytes):
        role = parse_qs(body.decode())["RoleArn"][0]
        key = re.search(r"<AccessKeyId>([^<]+)<", answer.decode()).group(1)
        with self._lock:
            self._roles[key] = role

    def _restore(self, asked: dict):
        client = self._dynamodb.client()
        source, target = asked["SourceTableName"], asked["TargetTableName"]
        described = client.describe_table(TableName=source)["Table"]
        client.create_table(
            TableName=target,
            BillingMode="PAY_PER_REQUEST",
            **{part: described[part] for part in ("AttributeDefinitions", "KeySchema")},
        )
        for item in self._past[source]:
            client.put_item(TableName=target, Item=item)


def named(method: str, path: str, headers, body: bytes) -> str:
    """The action of a call; of a service without actions, method and path."""
    if target := headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode())["Action"][0]
    return f"{method} {path}"


def forwarded(endpoint: str, method: str, path: str, headers, body: bytes):
    target = urlsplit(endpoint)
    connection = http.client.HTTPConnection(target.hostname, target.port, timeout=PATIENCE)
    try:
        return ask(connection, method, path, headers.items(), body)
    finally:
        connection.close()


class _Handler(Handler):
    def respond(self, body: bytes):
        self.send(*self.server.answer(self.command, self.path, self.headers, body))


@contextmanager
def cloud(aws: Moto, dynamodb: Database, stack: str):
    """The address for the duration of a context."""
    with serving(Cloud(aws, dynamodb, stack)) as made:
        yield made
