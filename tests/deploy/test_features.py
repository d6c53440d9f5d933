"""`cargo local`, `cargo admin` and the tests have one set of features, so that a dependency is compiled once."""

import json
import re
import subprocess
import tomllib

import pytest
from template import ROOT


def cargo(*arguments) -> str:
    done = subprocess.run(
        ["cargo", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def features(*selection) -> set[str]:
    """A line for each package, version and features."""
    tree = cargo("tree", "--locked", "--prefix=none", "--no-dedupe", "--format={p} {f}", *selection)
    return {re.sub(r" \((\*|proc-macro|/.*?)\)", "", line) for line in tree.splitlines()}


def test_what_tests_need_adds_no_feature_to_a_program():
    programs = features("--workspace", "--edges=normal,build")
    with_tests = features("--workspace", "--edges=normal,build,dev")
    assert programs - with_tests == set(), "see `getrandom` in tests/harness/Cargo.toml"


def test_the_commands_select_the_whole_workspace():
    aliases = tomllib.loads((ROOT / ".cargo/config.toml").read_text())["alias"]
    for name, command in aliases.items():
        assert not re.search(r"--package|--exclude|-p ", command), name
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]
    assert "default-members" not in workspace, "without it, a plain command selects all members"


@pytest.mark.parametrize("program", ["local", "admin"])
def test_after_the_build_of_the_tests_a_program_compiles_nothing(program):
    messages = cargo("build", "--locked", "--bin", program, "--message-format=json").splitlines()
    artifacts = [json.loads(line) for line in messages]
    compiled = [
        artifact["target"]["name"] for artifact in artifacts if artifact.get("fresh") is False
    ]
    assert compiled == []
