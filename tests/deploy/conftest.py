"""One moto for the run, with a stack for every signing mode and architecture."""

import itertools
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache

import pytest

import binaries
import stack
from kms_proxy import kms_proxy
from service import local_server

KINDS = list(itertools.product(["kms", "wrapped"], ["arm64", "x86_64"]))


def pytest_addoption(parser):
    parser.addoption(
        "--previous",
        metavar="REVISION",
        help="the version before this one, for test_neighbours.py; without it the last release",
    )


@dataclass
class Made:
    """A stack, its moto, and the parameters it was made with."""

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


@pytest.fixture(scope="session")
def fronts(aws, local):
    """By signing mode, a front whose functions a test starts, with a proxy before its KMS."""
    with ExitStack() as made:

        @cache
        def front(mode: str) -> binaries.Front:
            kms = made.enter_context(kms_proxy(aws.endpoint))
            return made.enter_context(binaries.front(aws, local.dynamodb, kms, SigningMode=mode))

        yield front


@pytest.fixture(params=["kms", "wrapped"])
def front(fronts, request):
    return fronts(request.param)


@pytest.fixture(scope="session")
def kms_front(fronts):
    return fronts("kms")


@pytest.fixture(scope="session")
def wrapped_front(fronts):
    return fronts("wrapped")
