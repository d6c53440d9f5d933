"""The verdict of AWS's own tools on the template, and of linters on the workflows and the shell scripts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from template import ROOT, TEMPLATE

TOOLS = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
SCRIPTS = [".ci/run", "tests/run", "tests/release", "tests/setup.sh"]


def run(*command):
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_sam_finds_nothing_to_say():
    code, said = run(TOOLS / "sam", "validate", "--lint", "--template", TEMPLATE)
    assert code == 0, said


def test_cfn_lint_finds_nothing_to_say():
    code, said = run(TOOLS / "cfn-lint", TEMPLATE)
    assert code == 0, said


def test_zizmor_finds_nothing_to_say():
    code, said = run(TOOLS / "zizmor", "--offline", "--no-progress", ROOT / ".github")
    assert code == 0, said


def test_shellcheck_finds_nothing_to_say_of_the_scripts():
    # `run_suite` calls the functions that ShellCheck takes for unreachable.
    code, said = run("shellcheck", "--external-sources", "--exclude=SC2317", *SCRIPTS)
    assert code == 0, said


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing_to_say_of_a_workflows_commands(workflow, tmp_path):
    jobs = yaml.safe_load(workflow.read_text())["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert commands
    files = []
    for number, command in enumerate(commands):
        files.append(tmp_path / f"command{number}")
        # How GitHub's runner begins a command on Linux without a `shell`.
        files[-1].write_text(f"#!/bin/bash\nset -e\n{command}\n")
    code, said = run("shellcheck", *files)
    assert code == 0, said
