"""The Runtime API that `cargo lambda watch` emulates, with three additions.

It reports the start of an environment, which is its first request for an event. And it lets a function close a
connection. The emulator answers before it has read the request; a client gets a 500 for a page longer than 8 KB if the
function has closed the connection by then, as its pool does now and then. Lambda's own Runtime API reads first.
Functions therefore connect here, and the connections to the emulator stay open. And it can give a function the time
by which it has to answer; the emulator names a time that has long passed.
"""

import http.client
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from http_server import Handler, Server, ask, serving
from programs import Program, running

CARGO_LAMBDA = Path(sys.executable).with_name("cargo-lambda")
START_LIMIT = 30
# When Lambda stops the function, in milliseconds since 1970.
DEADLINE = "lambda-runtime-deadline-ms"


class RuntimeApi(Server):
    def __init__(self, time_limit: Callable[[], float | None]):
        super().__init__(_Handler)
        # Seconds that a function has for its next request.
        self.time_limit = time_limit
        # The port of the emulator, which also takes requests for functions.
        self.port: int | None = None
        self._idle: list[http.client.HTTPConnection] = []
        self._asked = Counter()
        self._heard = threading.Condition()

    def address(self, function: str) -> str:
        """A function's `AWS_LAMBDA_RUNTIME_API`."""
        return f"{self.endpoint}/.rt/{function}"

    def wait_for(self, function: str, number: int, programs: list[Program]):
        """Waits until a function has asked for this many events, while its programs run."""
        deadline = time.monotonic() + START_LIMIT
        with self._heard:
            while self._asked[function] < number:
                for program in programs:
                    program.raise_if_ended()
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{function} has not started in {START_LIMIT} seconds")
                self._heard.wait(0.05)

    def forward(self, method: str, path: str, headers, body: bytes):
        if path.endswith("/invocation/next"):
            with self._heard:
                self._asked[path.split("/")[2]] += 1
                self._heard.notify_all()
        with self._heard:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
        answer = ask(connection, method, path, headers, body)
        with self._heard:
            self._idle.append(connection)
        return self._with_deadline(*answer)

    def _with_deadline(self, status: int, headers: list[tuple[str, str]], body: bytes):
        limit = self.time_limit()
        if limit is None:
            return status, headers, body
        end = str(round((time.time() + limit) * 1000))
        changed = [(name, end if name.lower() == DEADLINE else value) for name, value in headers]
        return status, changed, body

    def server_close(self):
        super().server_close()
        for connection in self._idle:
            connection.close()


class _Handler(Handler):
    def respond(self, body: bytes):
        self.send(*self.server.forward(self.command, self.path, self.headers.items(), body))


@contextmanager
def runtime_api(time_limit: Callable[[], float | None] = lambda: None):
    """A Runtime API for the duration of a context."""
    with serving(RuntimeApi(time_limit)) as server:
        server.port = free_port()
        with running(
            CARGO_LAMBDA,
            "lambda",
            "watch",
            "--only-lambda-apis",
            "--disable-cors",
            *("--invoke-address", "127.0.0.1"),
            *("--invoke-port", str(server.port)),
        ) as program:
            deadline = time.monotonic() + START_LIMIT
            while not accepts(server.port):
                program.raise_if_ended()
                if time.monotonic() > deadline:
                    raise RuntimeError(f"cargo lambda watch does not listen on {server.port}")
                time.sleep(0.02)
            yield server


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port that stays free until it is used: it is below the range from which the system assigns ports."""
    for port in range(12_000, 20_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")
