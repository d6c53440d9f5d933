"""One moto for the run, with a stack for every signing mode and architecture."""

import itertools
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import stack
from template import ROOT

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
LOCAL = Path(os.environ.get("CARGO_BIN", TARGET / "debug" / "local"))

KINDS = list(itertools.product(["kms", "wrapped"], ["arm64", "x86_64"]))


@dataclass
class Made:
    """A stack, the moto it is in, and what it was made of."""

    aws: stack.Moto
    stack: stack.Stack
    mode: str
    architecture: str


@dataclass
class Local:
    """A running local server."""

    dynamodb: str
    issuer: str


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
    """The local server with the demo tenant and nothing kept."""
    if not LOCAL.exists():
        pytest.fail(f"{LOCAL} is not there: cargo build --package local, or set CARGO_BIN")
    command = [LOCAL, "--port", "0", "--data", "memory", "--dynamodb-port", "0"]
    environment = {
        name: value for name, value in os.environ.items() if name != "AWS_ENDPOINT_URL_DYNAMODB"
    }
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
        try:
            said = {}
            for line in process.stdout:
                what, _, address = line.strip().partition(" ")
                said[what] = address
                if what == "ready":
                    break
            else:
                errors.seek(0)
                pytest.fail(f"the local server does not start: {errors.read().decode()}")
            yield Local(dynamodb=said["dynamodb"], issuer=said["ready"])
        finally:
            process.terminate()
            process.wait(timeout=30)
            process.stdout.close()
