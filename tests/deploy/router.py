"""A small HTTP router in the place of API Gateway, without the gateway's other features.

A request for a route of the template goes to its function unchanged, and so does the answer.
"""

import http.client
import re
import threading

from http_server import Handler, Server, ask
from template import routes

PATIENCE = 60
# The emulator stops for good once a hundred requests wait for a function, so that the rest waits here.
AT_ONCE = 64


class Router(Server):
    """Answers 503 until it knows the port of the functions."""

    def __init__(self):
        super().__init__(_Handler)
        self.routes = routes()
        # The port at which `cargo lambda watch` accepts requests for functions.
        self.functions: int | None = None
        # Seconds that a function has for a request; `None` for no limit.
        self.time_limit: float | None = None
        self.room = threading.BoundedSemaphore(AT_ONCE)

    def function(self, path: str) -> str | None:
        """The function of a path. A parameter of a route matches one segment, a greedy one the rest."""
        # As at API Gateway, greedy routes come last.
        for route, function in sorted(self.routes.items(), key=lambda item: "+}" in item[0]):
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route))
            pattern = re.sub(r"\\\{\w+\\\+\\\}", ".+", pattern)
            if re.fullmatch(pattern, path):
                return function
        return None

    @property
    def issuer(self) -> str:
        return f"{self.endpoint}/"


class _Handler(Handler):
    def respond(self, body: bytes):
        function = self.server.function(self.path.partition("?")[0])
        if function is None:
            # The message of API Gateway.
            message = b'{"message":"Not Found"}'
            return self.send(404, [("content-type", "application/json")], message)
        if self.server.functions is None:
            return self.send(503, [], b"")
        self.send(*self._ask(f"/lambda-url/{function}{self.path}", body))

    def _ask(self, path: str, body: bytes):
        with self.server.room:
            connection = http.client.HTTPConnection(
                "127.0.0.1", self.server.functions, timeout=PATIENCE
            )
            try:
                return ask(connection, self.command, path, self.headers.items(), body)
            finally:
                connection.close()
