"""The verdict of AWS's own tools on the template."""

import os
import subprocess
import sys
from pathlib import Path

from template import ROOT, TEMPLATE

TOOLS = Path(sys.executable).parent


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
