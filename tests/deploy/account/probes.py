"""Questions that only AWS can answer. A probe changes nothing and fails for nothing but a broken connection."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from urllib.parse import parse_qs, urljoin, urlsplit

import boto3
import requests
from botocore.exceptions import ClientError

from account import wire
from account.deployment import Deployed, assumed
from account.machine import Machine
from account.measure import FUNCTIONS, Logs, as_event
from account.options import Options
from client import CALLBACK, CLIENT_ID, PATIENCE

CHALLENGE = "www-authenticate"
RENAMED = "x-amzn-remapped-www-authenticate"
# Of request line and headers together; the documented limit of an HTTP API is 10,240.
HEADS = (8_192, 10_000, 10_240, 10_241, 12_288)
RAW = b'/authorize?client_id=%s&state="<>|{}^`\\'
STATE = "a+b%2Bc"
# Of the lines that a probe finds.
SHOWN = 5
LEADING_KEYS = ("tests-aws-alpha", "tests-aws-beta")


@dataclass(frozen=True)
class Answer:
    """The answer to a question. `expected` is false if the code or a test relies on another one."""

    name: str
    question: str
    answer: str
    expected: bool


class Probes:
    def __init__(self, machine: Machine, options: Options, deployed: Deployed, since: float):
        self._machine = machine
        self._options = options
        self._deployed = deployed
        self._issuer = deployed.issuer
        self._host = urlsplit(deployed.issuer).hostname
        # The beginning of the run, in seconds since the epoch.
        self._since = since

    def of_requests(self) -> list[dict]:
        """What requests show."""
        probes = (self.challenge, self.raw_query, self.blank, self.blank_of_function_url, self.head, self.leading_keys)
        return [asdict(probe()) for probe in probes]

    def of_logs(self) -> list[dict]:
        """What the logs of the whole run show."""
        return [asdict(probe()) for probe in (self.denials, self.failures)]

    def challenge(self) -> Answer:
        answer = requests.get(f"{self._issuer}userinfo", headers={"authorization": "Bearer none"}, timeout=PATIENCE)
        found = [name for name in (CHALLENGE, RENAMED) if name in answer.headers]
        return Answer(
            "challenge",
            "Under which name does a client get the header WWW-Authenticate?",
            found[0] if found else "none",
            found == [CHALLENGE],
        )

    def raw_query(self) -> Answer:
        line = b"GET " + RAW % CLIENT_ID.encode() + b" HTTP/1.1\r\n"
        status = wire.status(self._host, line + f"host: {self._host}\r\nconnection: close\r\n\r\n".encode())
        question = "What is the status of a query with raw quotes, brackets, braces, a backslash and a backtick?"
        return Answer("raw_query", question, str(status), 400 <= status < 500)

    def blank(self) -> Answer:
        return self._plus("blank", "the HTTP API", self._issuer)

    def blank_of_function_url(self) -> Answer:
        return self._plus("blank_of_function_url", "a function URL", self._function_url())

    def _plus(self, name: str, front: str, base: str) -> Answer:
        """`state` comes back from a request that is rejected at its callback."""
        query = f"client_id={CLIENT_ID}&redirect_uri={CALLBACK}&response_type=none&state={STATE}"
        answer = requests.get(f"{urljoin(base, '/authorize')}?{query}", allow_redirects=False, timeout=PATIENCE)
        location = answer.headers.get("location", "")
        found = parse_qs(urlsplit(location).query).get("state", [f"status {answer.status_code}"])[0]
        return Answer(name, f"What does a function get for a+b%2Bc in a query of {front}?", found, found == "a b+c")

    def _function_url(self) -> str:
        """A function URL of `authorize`, which ends with its function."""
        client = self._machine.client("lambda")
        name = {"FunctionName": f"{self._options.stack}-authorize", "Qualifier": "live"}
        made = client.create_function_url_config(**name, AuthType="NONE")
        for action in ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"):
            of_urls = {"FunctionUrlAuthType": "NONE"} if action.endswith("Url") else {}
            statement = action.rpartition(":")[2]
            client.add_permission(**name, StatementId=statement, Action=action, Principal="*", **of_urls)
        return made["FunctionUrl"]

    def head(self) -> Answer:
        statuses = {size: wire.status(self._host, self._padded(size)) for size in HEADS}
        accepted = max((size for size, status in statuses.items() if status == 200), default=0)
        return Answer(
            "head",
            "Which bytes of request line and headers together are accepted?",
            ", ".join(f"{size}: {status}" for size, status in statuses.items()),
            accepted == 10_240,
        )

    def _padded(self, size: int) -> bytes:
        line = "GET /.well-known/openid-configuration HTTP/1.1\r\n"
        start = f"{line}host: {self._host}\r\nconnection: close\r\nx-padding: "
        return (start + "a" * (size - len(start) - 4) + "\r\n\r\n").encode()

    def leading_keys(self) -> Answer:
        """Deletes items that do not exist, in a session that may delete one key and check another."""
        checks = {"ConditionCheck": {"Key": key(LEADING_KEYS[1]), "ConditionExpression": "attribute_not_exists(PK)"}}
        if self._may_write({"Delete": {"Key": key(LEADING_KEYS[1])}}):
            answer = "policies are not enforced"
        elif self._may_write({"Delete": {"Key": key(LEADING_KEYS[0])}}, checks):
            answer = "the part's own key"
        else:
            answer = "the keys of all parts"
        question = "With which keys does IAM compare dynamodb:LeadingKeys for one part of a transaction?"
        return Answer("leading_keys", question, answer, answer != "policies are not enforced")

    def _may_write(self, *parts: dict) -> bool:
        client = self._session_of_keys.client("dynamodb")
        table = self._deployed.outputs["TableName"]
        items = [{kind: part | {"TableName": table} for kind, part in item.items()} for item in parts]
        try:
            client.transact_write_items(TransactItems=items)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
            return False
        return True

    @cached_property
    def _session_of_keys(self) -> boto3.Session:
        """The operator's role, with one key for each of two actions."""
        allowed = zip(("dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"), LEADING_KEYS, strict=True)
        statements = [
            {
                "Effect": "Allow",
                "Action": action,
                "Resource": "*",
                "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [name]}},
            }
            for action, name in allowed
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        credentials = assumed(self._machine, self._deployed.outputs["OperatorRoleArn"], Policy=policy)
        return boto3.Session(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            region_name=self._machine.region,
        )

    def denials(self) -> Answer:
        found = self._lines(lambda text: "AccessDenied" in text or "is not authorized" in text)
        return Answer("denials", "Which lines of the log say that AWS denied a permission?", listed(found), not found)

    def failures(self) -> Answer:
        found = self._lines(failed)
        question = "Which lines of the log say that an environment failed, panicked or took too long?"
        return Answer("failures", question, listed(found), not found)

    def _lines(self, wanted: Callable[[str], bool]) -> list[str]:
        logs = Logs(self._machine, self._options.stack)
        return [
            f"{function}: {text}" for function in FUNCTIONS for text in logs.texts(function, self._since) if wanted(text)
        ]


def key(partition: str) -> dict:
    return {"PK": {"S": partition}, "SK": {"S": "NONE"}}


def failed(text: str) -> bool:
    """True for a panic, and for a start or a request that Lambda calls unsuccessful."""
    event = as_event(text) or {}
    status = event.get("record", {}).get("status", "success")
    return "panicked at" in text or (str(event.get("type")).startswith("platform.") and status != "success")


def listed(lines: list[str]) -> str:
    """The number of lines, and the first of them."""
    return "\n".join([str(len(lines)), *(line[:500] for line in lines[:SHOWN])])
