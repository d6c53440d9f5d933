"""IAM before the emulated DynamoDB and KMS: a proxy that denies, as AWS does, the calls that the policies do not allow,
and forwards the others.

    with guarding(permissions, {"token": "TokenRole"}, dynamodb=endpoint, kms=endpoint) as guard:
        guard.address("token")

A caller is known by the path of its address and not by its access key, because `sam local` gives the containers of all
functions the same credentials.
"""

import http.client
import json
import select
import threading
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

from aws_requests import questions
from http_server import Handler, Server, ask, serving
from permissions import NoSuchKey, Permissions
from policies import Part, Question, Unsupported, unneeded
from stack import ACCOUNT, REGION

JSON = [("content-type", "application/x-amz-json-1.1")]


class Denial(Exception):
    """IAM's answer to a request that a policy denies, or none allows."""

    def __init__(self, role: str, function: str, question: Question, explicit: bool):
        session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{function}"
        kind = "resource" if question.action.startswith("kms:") else "identity"
        reason = (
            "with an explicit deny in an identity-based policy"
            if explicit
            else f"because no {kind}-based policy allows the {question.action} action"
        )
        super().__init__(
            f"User: {session} is not authorized to perform: {question.action} on resource: "
            f"{question.resource} {reason}"
        )


class Decisions:
    """IAM's decisions on the requests of callers, each of whom has a role, by its logical id."""

    def __init__(self, permissions: Permissions, callers: dict[str, str]):
        self._permissions = permissions
        self._callers = callers
        self._arns = {name: permissions.role_arn(role) for name, role in callers.items()}
        self._lock = threading.Lock()
        self._answers: set[frozenset[frozenset[Part]]] = set()
        self._refused: list[str] = []
        self._allowed = 0

    @property
    def refused(self) -> list[str]:
        """The reasons why requests were not allowed."""
        with self._lock:
            return list(self._refused)

    @property
    def allowed(self) -> int:
        """The number of requests that were allowed since the last `forget`."""
        return self._allowed

    def check(self, caller: str, target: str, body: bytes):
        """Raises a denial, or `Unsupported`."""
        role, arn = self._callers[caller], self._arns[caller]
        try:
            asked = questions(target, json.loads(body), region=REGION, account=ACCOUNT, caller=arn)
            answers = [(question, self._permissions.answers(role, question)) for question in asked]
            for question, answer in answers:
                if not answer:
                    explicit = self._permissions.denies(role, question)
                    raise Denial(arn.rpartition("/")[2], caller, question, explicit)
        except NoSuchKey:
            # KMS says so itself, to every caller.
            return
        except (Denial, Unsupported) as refusal:
            with self._lock:
                self._refused.append(str(refusal))
            raise
        with self._lock:
            self._allowed += 1
            self._answers.update(answer for _, answer in answers)

    def forget(self):
        """Begins a new record of what was asked."""
        with self._lock:
            self._allowed = 0
            self._answers.clear()

    def unneeded(self, *callers: str) -> set[str]:
        """The parts of policies that these callers have not needed: without any one of them, each answer is the same."""
        roles = {self._arns[name]: self._callers[name] for name in callers}
        with self._lock:
            parts = unneeded(self._permissions.parts(roles), self._answers)
        # Without the random text in the name of a role.
        return {" ".join(roles.get(word, word) for word in str(part).split()) for part in parts}


def rejection(reason: Exception) -> tuple[int, list[tuple[str, str]], bytes]:
    """AWS's answer to a request that is not allowed."""
    kind = "AccessDeniedException" if isinstance(reason, Denial) else "UnsupportedOperationException"
    error = {"__type": f"com.amazon.coral.service#{kind}", "message": str(reason)}
    return 400, JSON, json.dumps(error).encode()


class Guard(Server):
    """The proxy."""

    def __init__(self, decisions: Decisions, upstreams: dict[str, str]):
        super().__init__(_Handler)
        self.decisions = decisions
        self._upstreams = {service: urlsplit(address) for service, address in upstreams.items()}

    def address(self, caller: str) -> str:
        """The endpoint of DynamoDB and KMS for a caller."""
        return f"{self.endpoint}/{caller}"

    def upstream(self, service: str) -> http.client.HTTPConnection:
        """A connection behind the proxy, which its first request opens."""
        address = self._upstreams[service]
        return http.client.HTTPConnection(address.hostname, address.port, timeout=60)


class _Handler(Handler):
    def setup(self):
        super().setup()
        self._dynamodb = self.server.upstream("dynamodb")

    def finish(self):
        self._dynamodb.close()
        super().finish()

    def respond(self, body: bytes):
        target = self.headers["x-amz-target"]
        try:
            self.server.decisions.check(self.path.strip("/"), target, body)
            answer = self._forward(target, body)
        except (Denial, Unsupported) as refusal:
            answer = rejection(refusal)
        except (OSError, http.client.HTTPException):
            # A connection that breaks behind the proxy breaks before it, too.
            return self.reset()
        self.send(*answer)

    def _forward(self, target: str, body: bytes):
        headers = self.headers.items()
        if not target.startswith("TrentService."):
            if has_ended(self._dynamodb):
                self._dynamodb.close()
            return ask(self._dynamodb, "POST", "/", headers, body)
        # Tests stop KMS and start it again, which no idle connection survives.
        with closing(self.server.upstream("kms")) as kms:
            return ask(kms, "POST", "/", headers, body)


def has_ended(idle: http.client.HTTPConnection) -> bool:
    """True if the other side has closed a connection, as the embedded DynamoDB does after thirty idle seconds."""
    if idle.sock is None:
        return False
    events = select.poll()
    events.register(idle.sock, select.POLLIN)
    return bool(events.poll(0))


@contextmanager
def guarding(permissions: Permissions, callers: dict[str, str], *, dynamodb: str, kms: str):
    """A guard for the duration of a context."""
    decisions = Decisions(permissions, callers)
    with serving(Guard(decisions, {"dynamodb": dynamodb, "kms": kms})) as guard:
        yield guard
