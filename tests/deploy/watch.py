"""The front of `cargo lambda watch`: the Lambda binaries behind an emulated Runtime API and a router.

    with front(aws, local.dynamodb, SigningMode="wrapped") as made:
        with made.functions():
            urllib.request.urlopen(made.issuer + ".well-known/jwks.json")

`cargo lambda watch --only-lambda-apis` offers the Runtime API and turns HTTP requests into events. It would give all
functions the same environment and compile them again, so that the built binaries are started here, each with the
environment from the template. An environment serves one request at a time, as on Lambda, so that a function has a few.
With `concurrency` it serves more, as on Lambda Managed Instances.

As a program it prints the environment of each function as one line of JSON, then `ready <issuer>`, and serves until its
standard input is closed, or Ctrl-C:

    python watch.py SigningMode=wrapped
"""

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import stack
from http_server import serving
from kms_proxy import KmsProxy
from programs import Program, built, running
from router import Router
from runtime_api import runtime_api
from service import Database, Service, local_server, service

# Number of environments of each function: two tests run at once, and many send requests at once.
ENVIRONMENTS = {"token": 4, "authorize": 2, "revoke": 2, "discovery": 1}


@dataclass
class Front:
    """A router with the service behind it; its functions run inside `functions`."""

    router: Router
    service: Service
    # The proxy before its KMS; `None` without one.
    kms: KmsProxy | None

    @property
    def issuer(self) -> str:
        return self.router.issuer

    @property
    def mode(self) -> str:
        return self.service.stack.outputs["SigningMode"]

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
        with functions(self.router, self.program, environment, numbers, concurrency) as programs:
            yield programs

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
    router: Router,
    program: Callable[[str], Path],
    environment: Callable[[str, str, int], dict[str, str]],
    numbers: dict[str, int],
    concurrency: int = 1,
):
    """Functions behind a router, which gets their port, with this many environments each."""
    programs: dict[str, list[Program]] = {}
    with runtime_api(lambda: router.time_limit) as api, ExitStack() as started:
        for function, number in numbers.items():
            variables = environment(function, api.address(function), concurrency)
            programs[function] = [
                started.enter_context(running(program(function), environment=variables))
                for _ in range(number)
            ]
        for function, some in programs.items():
            api.wait_for(function, len(some) * concurrency, some)
        router.functions = api.port
        try:
            yield programs
        finally:
            router.functions = None


@contextmanager
def front(aws: stack.Moto, dynamodb: Database, kms: KmsProxy | None = None, **parameters: str):
    """A front whose functions do not run yet."""
    with serving(Router()) as router:
        address = kms and kms.endpoint
        with service(aws, dynamodb, router.issuer, kms=address, **parameters) as made:
            yield Front(router, made, kms)


def main():
    parameters = dict(argument.split("=", 1) for argument in sys.argv[1:])
    with suppress(KeyboardInterrupt), stack.moto() as aws, local_server() as local:
        with front(aws, local.dynamodb, **parameters) as made, made.functions():
            print(json.dumps(made.service.environments))
            print(f"ready {made.issuer}", flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main()
