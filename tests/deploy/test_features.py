"""`cargo local`, `cargo admin` and the tests have one set of features, so that a dependency is compiled once."""

import json
import re
import subprocess
import tomllib

import pytest

from stack import FUNCTIONS
from template import ROOT

# How operators log in, and what only these ways need.
OPERATORS = {"credentials-login", "credentials-process", "sso"}
OPERATORS_CRATES = {"aws-sdk-signin", "aws-sdk-sso", "aws-sdk-ssooidc", "p256"}


def cargo(*arguments) -> str:
    return cargo_in(ROOT, *arguments)


def cargo_in(folder, *arguments) -> str:
    done = subprocess.run(
        ["cargo", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def features(*selection, folder=ROOT) -> set[str]:
    """A line for each package, version and features."""
    tree = cargo_in(folder, "tree", "--locked", "--prefix=none", "--format={p} {f}", *selection)
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


def operators_parts(tree: set[str]) -> tuple[set[str], set[str]]:
    """The features of `aws-config` and the crates that only operators need."""
    found = [line.split() for line in tree if line]
    of_config = [parts[2] for parts in found if parts[0] == "aws-config" and len(parts) > 2]
    names = {feature for text in of_config for feature in text.split(",")}
    return names & OPERATORS, {parts[0] for parts in found} & OPERATORS_CRATES


def test_the_command_line_has_every_way_to_log_in():
    tree = features("--workspace", "--edges=normal,build")
    assert operators_parts(tree) == (OPERATORS, OPERATORS_CRATES)


def test_the_functions_have_none_of_them_as_the_runbook_builds_them():
    packages = [f"--package=ratchet-{function}" for function in FUNCTIONS]
    assert operators_parts(features("--edges=normal,build", *packages)) == (set(), set())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_none_of_them_as_sam_builds_it(function):
    """The SAM CLI calls cargo-lambda in the folder that `CodeUri` names, which selects that package alone."""
    tree = features("--edges=normal,build", folder=ROOT / "functions" / function)
    assert any(line.startswith(f"ratchet-{function} ") for line in tree)
    assert operators_parts(tree) == (set(), set())
