"""One moto for the run, with a stack for every signing mode and architecture."""

import itertools
from dataclasses import dataclass

import pytest

import stack
import watch
from service import local_server

KINDS = list(itertools.product(["kms", "wrapped"], ["arm64", "x86_64"]))


@dataclass
class Made:
    """A stack, the moto it is in, and what it was made of."""

    aws: stack.Moto
    stack: stack.Stack
    mode: str
    architecture: str


@pytest.fixture(scope="session")
def aws():
    with stack.moto() as aws:
        yield aws


@pytest.fixture(scope="session", params=KINDS, ids=lambda kind: "-".join(kind))
def made(aws, request):
    mode, architecture = request.param
    name = f"ratchet-{mode}-{architecture.replace('_', '-')}"
    made = aws.create_stack(
        name,
        SigningMode=mode,
        Architecture=architecture,
        Stage="test",
        SignWithES256="true",
        AlarmTopicArn=f"arn:aws:sns:{stack.REGION}:{stack.ACCOUNT}:alarms",
    )
    return Made(aws, made, mode, architecture)


@pytest.fixture(scope="session")
def local():
    with local_server() as local:
        yield local


@pytest.fixture(scope="session", params=["kms", "wrapped"])
def front(aws, local, request):
    """A front for each signing mode, whose functions a test starts."""
    with watch.front(aws, local.dynamodb, SigningMode=request.param) as front:
        yield front
