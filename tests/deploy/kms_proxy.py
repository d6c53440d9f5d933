"""A proxy between the functions and KMS: records every call, and injects a test's faults."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from http_server import Handler, Server, ask, serving
from runtime_api import free_port


@dataclass
class Call:
    """A call of KMS."""

    action: str
    key: str
    # From the encryption context, if a key is wrapped or unwrapped.
    purpose: str | None
    began: float
    ended: float | None = None

    def overlaps(self, other: "Call") -> bool:
        return self.began < other.ended and other.began < self.ended


class Refusal(Exception):
    """An error response of KMS."""

    def __init__(self, code: str, status: int = 400):
        super().__init__(code)
        self.status = status
        self.body = json.dumps({"__type": code, "message": "injected"}).encode()


class Reset(Exception):
    """The connection breaks before an answer."""


class Silence:
    """No answer until the end of the test."""

    def __init__(self):
        self._over = threading.Event()

    def __call__(self):
        self._over.wait()

    def release(self):
        self._over.set()


class Meeting:
    """Holds calls until this number has arrived, for at most these seconds."""

    def __init__(self, number: int, seconds: float):
        self.complete = False
        self._missing = number
        self._seconds = seconds
        self._come = threading.Condition()

    def __call__(self):
        with self._come:
            self._missing -= 1
            self.complete = self.complete or self._missing == 0
            self._come.notify_all()
            if not self._come.wait_for(lambda: self.complete, self._seconds):
                # The call goes on alone and no longer counts for later ones.
                self._missing += 1

    def release(self):
        """Nothing to do: a call waits for some seconds only."""


def failing(error: Exception, times: int | None = None):
    """A fault that raises, always or this many times."""
    left = [times]

    def fault():
        if left[0] != 0:
            left[0] = None if left[0] is None else left[0] - 1
            raise error

    return fault


class KmsProxy:
    """Forwards calls to KMS and returns its answers."""

    def __init__(self, target: str):
        self._target = urlsplit(target)
        self._port = free_port()
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._fault: Callable[[], None] | None = None
        self._present = ExitStack()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def calls(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def counted(self) -> Counter:
        """The calls by action and, if there is one, purpose."""
        return Counter(" ".join(filter(None, (call.action, call.purpose))) for call in self.calls)

    def forget(self):
        with self._lock:
            self._calls.clear()

    @contextmanager
    def fault(self, fault):
        """Every call passes this fault first, which may wait or raise."""
        self.forget()
        self._fault = fault
        try:
            yield fault
        finally:
            self._fault = None
            if release := getattr(fault, "release", None):
                release()
        assert self.calls, "the fault hit nothing"

    @contextmanager
    def away(self):
        """No server listens at the address."""
        self.leave()
        try:
            yield
        finally:
            self.come()

    def come(self):
        server = Server(_Handler, port=self._port)
        server.proxy = self
        self._present.enter_context(serving(server))

    def leave(self):
        self._present.close()

    def answer(self, action: str, headers, body: bytes):
        asked = json.loads(body)
        purpose = asked.get("EncryptionContext", {}).get("purpose")
        call = Call(action, asked.get("KeyId", ""), purpose, began=time.monotonic())
        with self._lock:
            self._calls.append(call)
            fault = self._fault
        try:
            if fault is not None:
                fault()
            return self._pass_on(headers, body)
        except Refusal as refusal:
            return refusal.status, [("content-type", "application/x-amz-json-1.1")], refusal.body
        finally:
            call.ended = time.monotonic()

    def _pass_on(self, headers, body: bytes):
        target = self._target
        connection = http.client.HTTPConnection(target.hostname, target.port, timeout=60)
        try:
            return ask(connection, "POST", "/", headers, body)
        finally:
            connection.close()


class _Handler(Handler):
    def respond(self, body: bytes):
        action = self.headers["x-amz-target"].rpartition(".")[2]
        try:
            answer = self.server.proxy.answer(action, self.headers.items(), body)
        except Reset:
            return self.reset()
        self.send(*answer)


@contextmanager
def kms_proxy(target: str):
    """A proxy for the duration of a context."""
    proxy = KmsProxy(target)
    proxy.come()
    try:
        yield proxy
    finally:
        proxy.leave()
