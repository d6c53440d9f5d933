"""Lambda as a function sees it: a Runtime API, and environments that are started, stopped and replaced.

    with serving(Lambda(lambda: 29)) as service, service.environments(commands) as programs:
        service.invoke("token", event, trace)

An environment asks for an event, answers it and asks for the next one (the [Runtime API]). It serves one event at a time.
One that has not answered by its deadline is killed, as one that ends by itself is replaced, and the event has failed.
`started` counts the environments, so that a test can assert that none was replaced.

[Runtime API]: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import socket
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from http_server import Handler, Server
from programs import Program, running

# Bytes of an event, and of an answer (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
PAYLOAD = 6 * 1024 * 1024
START_LIMIT = 30
# An event waits so long for an environment. Lambda would start one more.
QUEUE_LIMIT = 120
NEXT = "/2018-06-01/runtime/invocation/next"
INVOCATION = "/2018-06-01/runtime/invocation/"
FUNCTIONS_ARN = "arn:aws:lambda:eu-west-1:123456789012:function"


class FunctionError(Exception):
    """A function that answered an event with an error, ended, or ran out of time."""


class TooLarge(Exception):
    """An event above Lambda's limit."""


class Impatient(Exception):
    """The caller waits no longer. The function goes on."""


@dataclass
class Invocation:
    event: bytes
    trace: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    # Complete once an environment has taken the event.
    taken: Future = field(default_factory=Future)
    answer: Future = field(default_factory=Future)

    def fail(self, reason: str):
        with suppress(InvalidStateError):
            self.answer.set_exception(FunctionError(reason))


class Environment:
    def __init__(self, function: "Function", number: int):
        self.function = function
        self.path = f"{function.name}/{number}"
        self.program: Program | None = None
        # Number of times that it has asked for an event, and of those that wait for one.
        self.asked = self.waits = 0
        self.has_ended = False
        self.invocations: dict[str, Invocation] = {}


@dataclass
class Command:
    """A function's program, its variables for an address of the Runtime API, and the number of its environments."""

    program: Path
    variables: Callable[[str], dict[str, str]]
    number: int = 1
    # Events that an environment takes at once, as on Lambda Managed Instances.
    concurrency: int = 1


class Function:
    def __init__(self, name: str, command: Command):
        self.name = name
        self.command = command
        self.waiting: queue.Queue[Invocation | None] = queue.Queue()
        # Of every environment that was ever started.
        self.programs: list[Program] = []

    def close(self):
        """Releases the threads that wait for an event, or for an environment."""
        with suppress(queue.Empty):
            while True:
                if (invocation := self.waiting.get_nowait()) is not None:
                    invocation.taken.set_exception(FunctionError("the function has been stopped"))
        self.waiting.put(None)


class Lambda(Server):
    def __init__(self, time_limit: Callable[[], float]):
        super().__init__(_Handler)
        # Seconds that a function has for an event.
        self._time_limit = time_limit
        self._functions: dict[str, Function] = {}
        self._environments: dict[str, Environment] = {}
        self._changed = threading.Condition()
        self._programs = ExitStack()
        self._is_closing = False

    @property
    def started(self) -> int:
        """Number of environments since the beginning."""
        return len(self._environments)

    def has(self, function: str) -> bool:
        return function in self._functions

    @contextmanager
    def environments(self, commands: dict[str, Command]):
        """Running functions, by name the programs of their environments; replaced ones and their successors included."""
        try:
            for name, command in commands.items():
                function = self._functions[name] = Function(name, command)
                for _ in range(command.number):
                    self._start(function)
            for environment in list(self._environments.values()):
                self._wait_for(environment)
            yield {name: function.programs for name, function in self._functions.items()}
        finally:
            with self._changed:
                self._is_closing = True
            try:
                self._programs.close()
            finally:
                for function in self._functions.values():
                    function.close()

    def invoke(self, name: str, event: dict, trace: str, patience: float | None = None):
        """A function's answer. The caller waits for `patience` seconds after an environment has taken the event."""
        text = json.dumps(event).encode()
        if len(text) > PAYLOAD:
            raise TooLarge(f"{len(text)} bytes")
        invocation = Invocation(text, trace)
        self._functions[name].waiting.put(invocation)
        try:
            invocation.taken.result(QUEUE_LIMIT)
        except TimeoutError:
            raise FunctionError(f"no environment of {name} took the event") from None
        try:
            return invocation.answer.result(patience)
        except TimeoutError:
            raise Impatient from None

    def pause(self, name: str):
        """Stops the environment of a function that has one, once it waits for an event, which it then never answers."""
        (environment,) = (
            environment
            for environment in self._environments.values()
            if environment.function.name == name and not environment.has_ended
        )
        self._wait_until(environment, lambda: environment.waits)
        environment.program.pause()

    def next(self, path: str) -> Invocation | None:
        """The next event for an environment; `None` if it gets none any more."""
        environment = self._environments[path]
        with self._changed:
            environment.asked += 1
            environment.waits += 1
            self._changed.notify_all()
        waiting = environment.function.waiting
        invocation = waiting.get()
        with self._changed:
            environment.waits -= 1
            if invocation is None or environment.has_ended:
                # For another environment, or for the next thread that waits.
                waiting.put(invocation)
                return None
            environment.invocations[invocation.id] = invocation
        limit = self._time_limit()
        timer = threading.Timer(limit, self._end, (environment, invocation, limit))
        timer.daemon = True
        invocation.answer.add_done_callback(lambda _: timer.cancel())
        timer.start()
        invocation.taken.set_result(time.time() + limit)
        return invocation

    def answered(self, path: str, invocation_id: str) -> Invocation | None:
        """An event that its environment has answered; `None` for one whose time was up."""
        with self._changed:
            return self._environments[path].invocations.pop(invocation_id, None)

    def _start(self, function: Function):
        with self._changed:
            if self._is_closing:
                return
            environment = Environment(function, len(self._environments))
            self._environments[environment.path] = environment
            command = function.command
            variables = command.variables(f"{self.endpoint}/{environment.path}")
            environment.program = self._programs.enter_context(running(command.program, environment=variables))
            function.programs.append(environment.program)
        threading.Thread(target=self._watch, args=(environment,), daemon=True).start()

    def _watch(self, environment: Environment):
        """Replaces an environment that has ended, unless it had not even started."""
        environment.program.wait_for_end()
        with self._changed:
            environment.has_ended = True
            unanswered = list(environment.invocations.values())
            environment.invocations.clear()
        for invocation in unanswered:
            invocation.fail("the environment has ended")
        if environment.asked:
            self._start(environment.function)

    def _end(self, environment: Environment, invocation: Invocation, limit: float):
        """Kills an environment whose time is up."""
        invocation.fail(f"Task timed out after {limit:.2f} seconds")
        environment.program.kill()

    def _wait_for(self, environment: Environment):
        """Waits until an environment has asked for as many events as it takes at once."""
        self._wait_until(environment, lambda: environment.asked >= environment.function.command.concurrency)

    def _wait_until(self, environment: Environment, is_so: Callable[[], bool]):
        deadline = time.monotonic() + START_LIMIT
        with self._changed:
            while not is_so():
                environment.program.raise_if_ended()
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{environment.path} has not asked for an event in {START_LIMIT} seconds")
                self._changed.wait(0.05)


class _Handler(Handler):
    def respond(self, body: bytes):
        function, number, rest = self.path.lstrip("/").split("/", 2)
        path, call = f"{function}/{number}", f"/{rest}"
        if call == NEXT:
            self._send_event(path)
        elif call.startswith(INVOCATION):
            invocation_id, kind = call.removeprefix(INVOCATION).split("/")
            self._take(path, invocation_id, kind, body)
        else:
            # `init/error`: the program's log says why.
            self.send(202, [], b"")

    def _send_event(self, path: str):
        invocation = self.server.next(path)
        if invocation is None:
            self.close_connection = True
            return
        deadline = invocation.taken.result()
        function = path.partition("/")[0]
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.id,
            "Lambda-Runtime-Deadline-Ms": str(round(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": f"{FUNCTIONS_ARN}:{function}:live",
            "Lambda-Runtime-Trace-Id": invocation.trace,
        }
        self.send(200, list(headers.items()), invocation.event)

    def _take(self, path: str, invocation_id: str, kind: str, body: bytes):
        invocation = self.server.answered(path, invocation_id)
        if invocation is not None:
            if kind == "error":
                invocation.fail(body.decode(errors="replace"))
            elif len(body) > PAYLOAD:
                invocation.fail(f"the answer has {len(body)} bytes")
            else:
                with suppress(InvalidStateError):
                    invocation.answer.set_result(json.loads(body))
        self.send(202, [], b"")


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


def accepts(port: int) -> bool:
    """True if a program listens on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
