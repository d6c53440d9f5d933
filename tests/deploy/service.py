"""The whole service without its front: stack, table, keys and tenant, and the environment of each function.

    with moto() as aws, local_server() as local:
        with service(aws, local.dynamodb, "http://127.0.0.1:3000/", SigningMode="wrapped") as made:
            made.environments["token"]["TABLE_NAME"]

The stack is created in moto, which also serves as KMS. The table has the stack's name and definition, but is in the
embedded DynamoDB of the local server, because moto supports too few conditions. The tenant is that of the black-box
tests, imported by the operator's command line.

Every call of a function or of the operator's command line to DynamoDB or KMS passes a guard, which denies it unless the
policies of the stack allow it to the caller's role. A denial fails the tests in the end.

A function's environment is the one that the template gives it. Only these differ: `ISSUER`, because the template
requires HTTPS and loopback has none, and the addresses of AWS.

Moto and the embedded DynamoDB listen on loopback alone. For functions elsewhere, such as in containers, pass the
address by which they reach this machine (`host="172.17.0.1"` for Docker's bridge, `host.docker.internal` for Docker
Desktop): both servers are then forwarded from a port there, and the environments name that port.
"""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import boto3

from forward import forwarding
from guard import Decisions, guarding
from permissions import Permissions
from programs import admin, built, running
from stack import FUNCTIONS, REGION, Moto, Stack
from template import ROOT, of_type, transformed

TENANT = ROOT / "tests/fixtures/tenant.yaml"
# The role of each caller of AWS, by its logical id.
ROLES = {name: f"{name.title()}Role" for name in (*FUNCTIONS, "operator")}
_numbers = count(1)


@dataclass(frozen=True)
class Database:
    """The embedded DynamoDB of a local server, and the access key that its callers name."""

    endpoint: str
    key: str

    def client(self):
        return boto3.client(
            "dynamodb",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.key,
            aws_secret_access_key="any",
        )


@dataclass
class Local:
    """A running local server."""

    dynamodb: Database
    issuer: str


@contextmanager
def local_server(*hosts: str):
    """The local server with the demo tenant and no stored data. Containers reach it by these hosts."""
    allowed = [argument for host in hosts for argument in ("--allow-host", host)]
    arguments = ["--port", "0", "--data", "memory", "--dynamodb-port", "0", *allowed]
    with running(built("local"), *arguments, environment={}) as program:
        issuer = program.expect("ready ").removeprefix("ready ")
        endpoint = program.expect("dynamodb ").removeprefix("dynamodb ")
        key = program.expect("dynamodb-key ").removeprefix("dynamodb-key ")
        yield Local(dynamodb=Database(endpoint, key), issuer=issuer)


@dataclass
class Service:
    """The service for a front and its tests."""

    aws: Moto
    stack: Stack
    # The embedded DynamoDB that holds the stack's table.
    dynamodb: Database
    issuer: str
    # Environment variables by function.
    environments: dict[str, dict[str, str]]
    # The environment of the operator's command line.
    operator: dict[str, str]
    decisions: Decisions

    @property
    def table(self) -> str:
        return self.stack.outputs["TableName"]

    def dynamodb_client(self):
        return self.dynamodb.client()


@contextmanager
def service(
    aws: Moto,
    dynamodb: Database,
    issuer: str,
    *,
    host: str = "127.0.0.1",
    kms: str | None = None,
    tenant: Path = TENANT,
    **parameters: str,
):
    """Creates all of it. `kms` is an address of KMS other than moto's; the parameters are the stack's."""
    parameters = {"SignWithPS256": "true", "SignWithES256": "true"} | parameters
    stack = aws.create_stack(f"ratchet-front-{next(_numbers)}", **parameters)
    create_table(dynamodb.client(), stack.outputs["TableName"])
    permissions = Permissions(aws, stack)
    upstreams = {"dynamodb": dynamodb.endpoint, "kms": kms or aws.endpoint}

    with guarding(permissions, ROLES, **upstreams) as guard, ExitStack() as forwards:
        # Moto accepts any access key, the embedded DynamoDB only its own.
        common = {"ISSUER": issuer, "AWS_ACCESS_KEY_ID": dynamodb.key}
        operator = stack.environments["token"] | common
        operator |= endpoints(aws.endpoint, guard.address("operator"))
        admin(operator, "tenant", "import", tenant)
        other, guarded = [
            forwards.enter_context(forwarding(endpoint, host))
            for endpoint in (aws.endpoint, guard.endpoint)
        ]
        environments = {
            function: environment | common | endpoints(other, f"{guarded}/{function}")
            for function, environment in stack.environments.items()
        }
        yield Service(aws, stack, dynamodb, issuer, environments, operator, guard.decisions)
        assert not guard.decisions.refused, guard.decisions.refused


def endpoints(aws: str, guard: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": aws,
        "AWS_ENDPOINT_URL_DYNAMODB": guard,
        "AWS_ENDPOINT_URL_KMS": guard,
    }


def create_table(client, name: str):
    """The table as the template defines it."""
    (table,) = of_type(transformed(), "AWS::DynamoDB::Table").values()
    properties = table["Properties"]
    client.create_table(
        TableName=name,
        **{part: properties[part] for part in ("BillingMode", "AttributeDefinitions", "KeySchema")},
    )
    client.get_waiter("table_exists").wait(TableName=name)
    client.update_time_to_live(
        TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
    )
