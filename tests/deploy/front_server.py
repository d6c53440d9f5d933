"""An HTTP server in the place of one of AWS's fronts: an HTTP API, function URLs or a load balancer.

A request becomes the front's event, and the function's answer the front's response. A front's module (`http_api`,
`function_url`, `load_balancer`) has its limits and its changes of requests and responses, with the pages of AWS that
document them. The functions' routes are the template's, also for the other two: CloudFront before function URLs and the
rules of a load balancer route by path, too.
"""

import base64
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any, ClassVar

from http_server import HOP_BY_HOP, Handler, Server
from messages import Head, Malformed, Reply, read_body, read_head, text
from runtime_api import FunctionError, Impatient, Lambda, TooLarge
from template import TIMEOUT, routes

# Parts of every event.
ACCOUNT = "123456789012"
PEER = "127.0.0.1"


@dataclass(frozen=True)
class Call:
    """A request and the ids that the front gives it."""

    head: Head
    body: bytes
    route: str | None
    # The `Host` by which the client called.
    host: str
    request_id: str
    trace: str
    time: float
    # The address from which the front is called.
    peer: str = PEER


class Front:
    """One of AWS's fronts: its limits, and its changes of requests and responses."""

    name: ClassVar[str]
    # The function of a path without a route; without one the front answers by itself.
    default: ClassVar[str | None] = None
    # Seconds that the front waits for a function; `None` for one that waits as long as Lambda.
    patience: float | None = None
    # True if a header whose name is no token reaches the function.
    takes_any_name: ClassVar[bool] = False

    def malformed(self) -> Reply:
        raise NotImplementedError

    def not_found(self) -> Reply:
        raise NotImplementedError

    def refusal(self, head: Head, body: bytes) -> Reply | None:
        """The front's own answer to a request above its limits."""
        raise NotImplementedError

    def event(self, call: Call) -> dict:
        raise NotImplementedError

    def reply(self, answer: Any) -> Reply:
        """The response for a function's answer; `ValueError` for an answer that the front does not understand."""
        raise NotImplementedError

    def failure(self, error: Exception) -> Reply:
        """The response for `FunctionError`, `Impatient`, `TooLarge`, or the error of `reply`."""
        raise NotImplementedError


class FrontServer(Server):
    """Answers 503 while there are no functions."""

    def __init__(self, front: Front):
        super().__init__(_Handler)
        self.front = front
        self.functions: Lambda | None = None
        # Seconds that a function has for a request.
        self.time_limit: float = TIMEOUT
        self._routes = Routes()

    @property
    def issuer(self) -> str:
        return f"{self.endpoint}/"

    def route(self, path: str) -> tuple[str | None, str | None]:
        """The route of a path, and its function."""
        return self._routes.find(path) or (None, self.front.default)


class Routes:
    """The template's routes."""

    def __init__(self):
        # As at API Gateway, greedy routes come last.
        ordered = sorted(routes().items(), key=lambda item: "+}" in item[0])
        self._routes = [(route, pattern(route), function) for route, function in ordered]

    def find(self, path: str) -> tuple[str, str] | None:
        """The route of a path, and its function."""
        for route, matching, function in self._routes:
            if matching.fullmatch(path):
                return route, function
        return None


def pattern(route: str) -> re.Pattern:
    """A parameter of a route matches one segment, a greedy one the rest."""
    segment = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route))
    return re.compile(re.sub(r"\\\{\w+\\\+\\\}", ".+", segment), re.DOTALL)


class _Handler(Handler):
    server: FrontServer

    def handle_one_request(self):
        self.command, self.request_version, self.close_connection = "GET", "HTTP/1.1", True
        front = self.server.front
        try:
            head = read_head(self.rfile, front.takes_any_name)
            if head is None:
                return
            self.command = head.method
            body = read_body(self.rfile, head)
        except Malformed:
            self._reply(front.malformed())
            return
        wanted = (head.header("connection") or "").lower()
        self.close_connection = wanted == "close" or head.line.endswith(b"1.0")
        self._reply(self._answer(front, head, body))

    def _answer(self, front: Front, head: Head, body: bytes) -> Reply:
        if (reply := front.refusal(head, body)) is not None:
            return reply
        route, function = self.server.route(text(head.path))
        if function is None:
            return front.not_found()
        functions = self.server.functions
        if functions is None or not functions.has(function):
            return Reply(503, [], b"")
        call = new_call(head, body, route)
        try:
            return front.reply(functions.invoke(function, front.event(call), call.trace, front.patience))
        except (FunctionError, Impatient, TooLarge, KeyError, TypeError, ValueError) as error:
            return front.failure(error)

    def _reply(self, reply: Reply):
        # The front counts the bytes of the body by itself. Python would write Latin-1.
        headers = [
            (name, value.encode().decode("latin-1"))
            for name, value in reply.headers
            if name.lower() != "content-length"
        ]
        self.send(reply.status, [*headers, ("date", self.date_time_string())], reply.body)


def new_call(head: Head, body: bytes, route: str | None) -> Call:
    now = time.time()
    trace = f"Root=1-{int(now):08x}-{secrets.token_hex(12)}"
    return Call(head, body, route, head.header("host") or "", secrets.token_urlsafe(11), trace, now)


def forwarded(call: Call) -> list[tuple[str, str]]:
    """The request's headers and a front's: names in lower case, the peer after the addresses that others added."""
    added = {
        "x-amzn-trace-id": call.trace,
        "x-forwarded-for": ", ".join([*map(text, call.head.values("x-forwarded-for")), call.peer]),
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    sent = [(text(name).lower(), text(value)) for name, value in call.head.headers]
    return [field for field in sent if field[0] not in HOP_BY_HOP | added.keys()] + list(added.items())


def joined(fields: list[tuple[str, str]], separator: str = ",") -> dict[str, str]:
    """Several values of one name as one text."""
    found: dict[str, str] = {}
    for name, value in fields:
        found[name] = f"{found[name]}{separator}{value}" if name in found else value
    return found


def body_of(answer: dict) -> bytes:
    body = (answer.get("body") or "").encode()
    return base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body


def in_event(body: bytes, is_text: bool) -> dict:
    """The body's part of an event: text, or base64 of anything else."""
    if is_text:
        return {"body": text(body), "isBase64Encoded": False}
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
