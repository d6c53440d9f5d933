"""The front of `sam local start-api`: the built functions in containers, behind SAM's own HTTP API.

    with engine(architecture()) as client, front(client, aws, local.dynamodb) as made:
        urllib.request.urlopen(made.issuer + ".well-known/jwks.json")

The functions are those of `sam build` with the parameters of infra/sam/local.yaml. A function has one container, which
serves one request at a time.

As a program it creates the surroundings of the functions, writes their environments to the file that `sam local` reads,
and keeps all of it until its standard input is closed or Ctrl-C:

    python containers.py SigningMode=wrapped
"""

import http.client
import json
import os
import socket
import sys
import tempfile
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import yaml

import stack
from engine import answering, has_image, host, image_name
from programs import running
from service import Database, Service, local_server, service
from template import ROOT, routes

PARAMETERS = ROOT / "infra/sam/local.yaml"
BUILT = ROOT / "target/sam/build/template.yaml"
DEMO_TENANT = ROOT / "infra/local/tenant.yaml"
ISSUER = "http://127.0.0.1:3000/"
ENVIRONMENT = ROOT / "target/sam/environment.json"
START_LIMIT = 300


@dataclass
class Front:
    """SAM's HTTP API, with the service behind it."""

    service: Service
    docker: docker.DockerClient

    @property
    def issuer(self) -> str:
        return self.service.issuer

    @property
    def mode(self) -> str:
        return self.service.stack.outputs["SigningMode"]

    def environment_of(self, function: str) -> dict[str, str]:
        """The environment of a function's container."""
        label = f"sam.cli.function.name={function.title()}Function"
        (container,) = self.docker.containers.list(filters={"label": label})
        return dict(variable.split("=", 1) for variable in container.attrs["Config"]["Env"])


@contextmanager
def front(client: docker.DockerClient, aws: stack.Moto, dynamodb: Database, **parameters: str):
    """A front with a warm container of each function."""
    with kept_port() as port:
        issuer = f"http://127.0.0.1:{port}/"
        with (
            service(aws, dynamodb, issuer, host=host(client), **parameters) as made,
            tempfile.TemporaryDirectory() as folder,
        ):
            environment = Path(folder) / "environment.json"
            write(environment, made)
            with start_api(client, port, environment, dynamodb.key):
                yield Front(made, client)


@contextmanager
def kept_port():
    """A port that no other process is assigned: it is bound, but no server listens there."""
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        yield keeper.getsockname()[1]


@contextmanager
def start_api(client: docker.DockerClient, port: int, environment: Path, key: str):
    if not BUILT.exists():
        raise FileNotFoundError(f"{BUILT} is not there: sam build, as the README says")
    command = [Path(sys.executable).with_name("sam"), "local", "start-api"]
    command += ["--config-file", ROOT / "infra/sam/samconfig.toml", "--config-env", "local"]
    command += ["--port", str(port), "--env-vars", environment, "--no-watch"]
    if has_image(client, image_name(architecture())):
        command.append("--skip-pull-image")
    with running(*command, environment=surroundings(key)) as program:
        program.expect("Running on ", START_LIMIT)
        warm(port)
        yield


def warm(port: int):
    """The first request creates a function's container."""
    for path in {function: path for path, function in routes().items()}.values():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_LIMIT)
        with closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            said = answer.read().decode(errors="replace")
            if answer.status >= 500:
                raise RuntimeError(f"{path}: {answer.status} {said}")


def surroundings(key: str) -> dict[str, str]:
    """The variables of our environment that SAM needs, with a region for moto and the access key of the embedded
    DynamoDB, which SAM passes on to functions."""
    names = ("DOCKER_HOST", "HOME", "PATH")
    inherited = {name: value for name, value in os.environ.items() if name in names}
    given = {"AWS_ACCESS_KEY_ID": key, "SAM_CLI_TELEMETRY": "0"}
    return stack.AWS_ENVIRONMENT | inherited | given


def write(file: Path, made: Service):
    """The environment of each function, in the format of `sam local`."""
    environments = {f"{name.title()}Function": made.environments[name] for name in made.environments}
    file.write_text(json.dumps(environments, indent=2), encoding="utf-8")


def architecture() -> str:
    """The architecture for which `sam build` builds."""
    return yaml.safe_load(PARAMETERS.read_text(encoding="utf-8"))["Architecture"]


def main():
    parameters = dict(argument.split("=", 1) for argument in sys.argv[1:])
    client = answering()
    if client is None:
        sys.exit("no container engine answers: start Docker first")
    with (
        closing(client),
        stack.moto() as aws,
        local_server(host(client)) as local,
        service(
            aws, local.dynamodb, ISSUER, host=host(client), tenant=DEMO_TENANT, **parameters
        ) as made,
    ):
        ENVIRONMENT.parent.mkdir(parents=True, exist_ok=True)
        write(ENVIRONMENT, made)
        print(f"ready {ENVIRONMENT}\n\n  Before sam local start-api, so that the functions reach DynamoDB:")
        credentials = f"AWS_ACCESS_KEY_ID={local.dynamodb.key} AWS_SECRET_ACCESS_KEY=any"
        print(f"  export {credentials}\n\n  Ctrl-C stops it.", flush=True)
        with suppress(KeyboardInterrupt):
            sys.stdin.read()


if __name__ == "__main__":
    main()
