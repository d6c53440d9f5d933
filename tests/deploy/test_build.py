"""The binaries of `sam build` and `cargo lambda build`: small, for Lambda's own system, and each part compiled once."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from containers import BUILT, architecture
from programs import TARGET
from stack import FUNCTIONS
from template import ROOT

pytestmark = pytest.mark.release

SIZE_LIMIT = 13_500_000
# With QuickJS, the modules that scripts may `require`, and a client for their requests.
SIZE_LIMIT_WITH_SCRIPTS = 15_300_000
RUN_SCRIPTS = {"authorize", "token"}
# Amazon Linux 2023, the base of `provided.al2023`.
GLIBC = (2, 34)
MACHINES = {"arm64": "AArch64", "x86_64": "Advanced Micro Devices X86-64"}
ARCHITECTURE_FLAGS = {"arm64": ["--arm64"], "x86_64": []}


def bootstrap(function: str) -> Path:
    return BUILT.parent / f"{function.title()}Function" / "bootstrap"


def elf(option: str, file: Path) -> str:
    command = ["readelf", "--wide", option, file]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_what_lambda_runs(function, capsys):
    file = bootstrap(function)
    machine = re.search(r"Machine:\s+(.*)", elf("--file-header", file)).group(1)
    assert machine == MACHINES[architecture()]
    sections = elf("--section-headers", file)
    assert ".text" in sections
    assert not re.search(r"\.symtab|\.debug_", sections), "it is not stripped"
    needed = {
        tuple(map(int, version.split(".")))
        for version in re.findall(r"Name: GLIBC_([\d.]+)", elf("--version-info", file))
    }
    assert needed
    assert max(needed) <= GLIBC
    size = file.stat().st_size
    with capsys.disabled():
        print(f"\n{function}: {size:,} bytes, glibc {'.'.join(map(str, max(needed)))}")
    assert size <= (SIZE_LIMIT_WITH_SCRIPTS if function in RUN_SCRIPTS else SIZE_LIMIT)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_both_tools_make_the_same(function):
    made = TARGET / "lambda" / function / "bootstrap"
    assert made.read_bytes() == bootstrap(function).read_bytes()


def libraries(*packages: str) -> dict[str, tuple[str, bool]]:
    """By part of the AWS SDK: the file that these packages use, and true if it already existed."""
    command = ["cargo", "lambda", "build", "--release", "--message-format", "json"]
    command += ARCHITECTURE_FLAGS[architecture()]
    for package in packages:
        command += ["--package", f"ratchet-{package}"]
    # cargo-lambda, and the Python in which it finds Zig.
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    messages = (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    return {
        message["target"]["name"]: (message["filenames"][0], message["fresh"])
        for message in messages
        if message["reason"] == "compiler-artifact"
        and message["target"]["name"].startswith("aws_sdk_")
        and message["target"]["kind"] == ["lib"]
    }


def test_the_aws_sdk_is_compiled_once_for_all():
    """Cargo reports the files that it used: a function with its own copy, or one that invalidates another's, would show
    here."""
    together = libraries(*FUNCTIONS)
    assert {"aws_sdk_dynamodb", "aws_sdk_kms"} <= together.keys()
    assert all(fresh for _, fresh in together.values()), together
    for function in FUNCTIONS:
        assert libraries(function) == together
