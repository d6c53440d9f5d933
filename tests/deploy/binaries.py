"""The Lambda binaries behind one of AWS's fronts: a stack, its table and keys, and environments of each function.

    with front(aws, local.dynamodb, SigningMode="wrapped") as made:
        with made.functions():
            urllib.request.urlopen(made.issuer + ".well-known/jwks.json")

The binaries are those of `cargo build`, each with the environment from the template. An environment serves one request at
a time, as on Lambda, so that a function has a few. With `concurrency` it serves more, as on Lambda Managed Instances.

As a program it prints the environment of each function as one line of JSON, then `ready <issuer>`, and serves until its
standard input is closed, or Ctrl-C:

    python binaries.py SigningMode=wrapped
"""

import json
import sys
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import stack
from front_server import Front as Kind
from front_server import FrontServer
from http_api import HttpApi
from http_server import serving
from kms_proxy import KmsProxy
from programs import built
from runtime_api import Command, Lambda
from service import Database, Service, local_server, service

# Number of environments of each function: two tests run at once, and many send requests at once.
ENVIRONMENTS = {"token": 4, "authorize": 2, "revoke": 2, "discovery": 1}


@dataclass
class Front:
    """A front with the service behind it; its functions run inside `functions`."""

    server: FrontServer
    service: Service
    # The proxy before its KMS; `None` without one.
    kms: KmsProxy | None

    @property
    def issuer(self) -> str:
        return self.server.issuer

    @property
    def mode(self) -> str:
        return self.service.stack.outputs["SigningMode"]

    @property
    def started(self) -> int:
        """Number of environments that the running functions have had."""
        return self.server.functions.started

    def pause(self, function: str):
        """Stops the environment of a running function that has one."""
        self.server.functions.pause(function)

    @contextmanager
    def functions(
        self, concurrency: int = 1, changes: dict[str, str] | None = None, **environments: int
    ):
        """Freshly started functions, with this many environments each; without numbers, the usual ones.

        The changes are of their environment variables.
        """

        def environment(function: str, api: str, concurrency: int) -> dict[str, str]:
            return self.environment(function, api, concurrency) | (changes or {})

        numbers = environments or ENVIRONMENTS
        with functions(self.server, self.program, environment, numbers, concurrency) as programs:
            yield programs

    @contextmanager
    def limited(self, seconds: float):
        """Less time for the functions, for the duration of a context."""
        usual = self.server.time_limit
        self.server.time_limit = seconds
        try:
            yield
        finally:
            self.server.time_limit = usual

    @contextmanager
    def served_as(self, kind: Kind):
        """Another front before the same functions, for the duration of a context."""
        usual = self.server.front
        self.server.front = kind
        try:
            yield
        finally:
            self.server.front = usual

    def program(self, function: str) -> Path:
        return built(function)

    def environment(self, function: str, api: str, concurrency: int = 1) -> dict[str, str]:
        """The environment from the template, with Lambda's additions."""
        environment = self.service.environments[function] | {
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_NAME": f"{self.service.stack.name}-{function}",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_RUNTIME_API": api,
        }
        if concurrency > 1:
            environment["AWS_LAMBDA_MAX_CONCURRENCY"] = str(concurrency)
        return environment


@contextmanager
def functions(
    server: FrontServer,
    program: Callable[[str], Path],
    environment: Callable[[str, str, int], dict[str, str]],
    numbers: dict[str, int],
    concurrency: int = 1,
):
    """Functions behind a front, with this many environments each: by name, their programs."""

    def command(function: str, number: int) -> Command:
        def variables(api: str) -> dict[str, str]:
            return environment(function, api, concurrency)

        return Command(program(function), variables, number, concurrency)

    commands = {function: command(function, number) for function, number in numbers.items()}
    with serving(Lambda(lambda: server.time_limit)) as service, service.environments(commands) as programs:
        server.functions = service
        try:
            yield programs
        finally:
            server.functions = None


@contextmanager
def front(
    aws: stack.Moto,
    dynamodb: Database,
    kms: KmsProxy | None = None,
    kind: Kind | None = None,
    **parameters: str,
):
    """A front whose functions do not run yet; an HTTP API unless it is of another kind."""
    with serving(FrontServer(kind or HttpApi())) as server:
        address = kms and kms.endpoint
        with service(aws, dynamodb, server.issuer, kms=address, **parameters) as made:
            yield Front(server, made, kms)


def main():
    parameters = dict(argument.split("=", 1) for argument in sys.argv[1:])
    with suppress(KeyboardInterrupt), stack.moto() as aws, local_server() as local:
        with front(aws, local.dynamodb, **parameters) as made, made.functions():
            print(json.dumps(made.service.environments))
            print(f"ready {made.issuer}", flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main()
