"""The front of `cargo lambda watch`, with which a developer runs the functions.

`cargo lambda watch --only-lambda-apis` offers the Runtime API and turns HTTP requests into events. It would give all
functions the same environment and compile them again, so that the built binaries are started here.

Functions call the emulator through this server, which lets them close a connection: the emulator answers before it has read
the request, and a client gets a 500 for a page longer than 8 KB if the function has closed the connection by then, as its
pool does now and then. Lambda's own Runtime API reads first.
"""

import http.client
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from front_server import Routes
from http_server import Handler, Server, ask, serving
from programs import Program, built, running
from runtime_api import accepts, free_port
from service import Database, service
from stack import FUNCTIONS, Moto

CARGO_LAMBDA = Path(sys.executable).with_name("cargo-lambda")
START_LIMIT = 30
# Paths of the emulator's Runtime API.
RUNTIME = "/.rt/"


class CargoWatch(Server):
    """Passes requests for routes on to the emulator, and the functions' calls of its Runtime API."""

    def __init__(self):
        super().__init__(_Handler)
        # The port of the emulator, which also takes requests for functions.
        self.port: int | None = None
        self._routes = Routes()
        self._idle: list[http.client.HTTPConnection] = []
        self._asked = Counter()
        self._heard = threading.Condition()

    @property
    def issuer(self) -> str:
        return f"{self.endpoint}/"

    def wait_for(self, function: str, program: Program):
        """Waits until a function has asked for an event."""
        deadline = time.monotonic() + START_LIMIT
        with self._heard:
            while not self._asked[function]:
                program.raise_if_ended()
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{function} has not started in {START_LIMIT} seconds")
                self._heard.wait(0.05)

    def from_function(self, method: str, path: str, headers, body: bytes):
        """The answer to a call of the Runtime API. Connections to the emulator stay open."""
        with self._heard:
            if path.endswith("/invocation/next"):
                self._asked[path.split("/")[2]] += 1
                self._heard.notify_all()
            connection = self._idle.pop() if self._idle else self._connection()
        answer = ask(connection, method, path, headers, body)
        with self._heard:
            self._idle.append(connection)
        return answer

    def from_client(self, method: str, path: str, headers, body: bytes):
        """The answer to a request for a route."""
        found = self._routes.find(path.partition("?")[0])
        if found is None:
            return 404, [], b""
        with closing(self._connection()) as connection:
            return ask(connection, method, f"/lambda-url/{found[1]}{path}", headers, body)

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port)

    def server_close(self):
        super().server_close()
        for connection in self._idle:
            connection.close()


class _Handler(Handler):
    def respond(self, body: bytes):
        is_call = self.path.startswith(RUNTIME)
        forward = self.server.from_function if is_call else self.server.from_client
        self.send(*forward(self.command, self.path, self.headers.items(), body))


@contextmanager
def front(aws: Moto, dynamodb: Database, **parameters: str):
    """The issuer of functions behind `cargo lambda watch`, with an environment each."""
    with (
        serving(CargoWatch()) as server,
        service(aws, dynamodb, server.issuer, **parameters) as made,
        emulator(server),
        ExitStack() as started,
    ):
        for function in FUNCTIONS:
            environment = made.environments[function] | {
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                "AWS_LAMBDA_FUNCTION_NAME": function,
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_RUNTIME_API": f"{server.endpoint}{RUNTIME}{function}",
            }
            program = started.enter_context(running(built(function), environment=environment))
            server.wait_for(function, program)
        yield server.issuer


@contextmanager
def emulator(server: CargoWatch):
    server.port = port = free_port()
    command = [CARGO_LAMBDA, "lambda", "watch", "--only-lambda-apis", "--disable-cors"]
    command += ["--invoke-address", "127.0.0.1", "--invoke-port", str(port)]
    with running(*command) as program:
        deadline = time.monotonic() + START_LIMIT
        while not accepts(port):
            program.raise_if_ended()
            if time.monotonic() > deadline:
                raise RuntimeError(f"cargo lambda watch does not listen on {port}")
            time.sleep(0.02)
        yield
