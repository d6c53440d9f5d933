"""The verdict of linters on the template (AWS's own tools, checkov, and parliament on the policies of a stack), on the
workflows and on the shell scripts."""

import json
import os
import subprocess
import sys
import warnings
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from template import ROOT, TEMPLATE

with warnings.catch_warnings():
    # Parliament closes neither of the files that it reads when it is imported.
    warnings.simplefilter("ignore", ResourceWarning)
    from parliament import analyze_policy_string

TOOLS = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
# The other templates, with the Region in which each is deployed.
OTHERS = {
    "infra/alb.yaml": "eu-west-1",
    "infra/canary.yaml": "eu-west-1",
    "infra/cloudfront.yaml": "us-east-1",
    "infra/deployer.yaml": "eu-west-1",
}
SCRIPTS = [".ci/run", "tests/aws", "tests/run", "tests/release", "tests/setup.sh"]


def run(*command):
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module", params=["source", "release"])
def template(request, tmp_path_factory):
    """The template from which SAM builds, and that of a release, which takes zips."""
    if request.param == "source":
        return TEMPLATE
    folder = tmp_path_factory.mktemp("release")
    subprocess.run(
        [sys.executable, ROOT / "infra/release/release.py", "template", "v1.2.3", folder], check=True
    )
    return folder / "ratchet-template.yaml"


def test_sam_finds_nothing_to_say(template):
    code, said = run(TOOLS / "sam", "validate", "--lint", "--template", template)
    assert code == 0, said


def test_cfn_lint_finds_nothing_to_say(template):
    code, said = run(TOOLS / "cfn-lint", template)
    assert code == 0, said


@pytest.mark.parametrize(("other", "region"), OTHERS.items())
def test_cfn_lint_finds_nothing_to_say_about_another_template(other, region):
    code, said = run(TOOLS / "cfn-lint", "--regions", region, "--", ROOT / other)
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


def test_checkov_finds_what_has_a_reason_and_nothing_else():
    checkov = TOOLS.parents[1] / "checkov/bin/checkov"
    if not checkov.exists():
        raise FileNotFoundError(
            f"{checkov} is not there: python3 -m venv target/checkov, "
            "then its pip install --requirement tests/deploy/checkov/requirements.txt"
        )
    code, said = run(
        *(checkov, "--framework", "cloudformation", "--file", TEMPLATE),
        *(ROOT / other for other in OTHERS),
        *("--skip-download", "--quiet", "--compact", "--output", "json"),
    )
    assert code in (0, 1), said
    report = json.loads(said[said.index("{") :])
    found = defaultdict(set)
    for failed in report["results"]["failed_checks"]:
        found[failed["check_id"]].add(failed["resource"].rpartition(".")[2])
    listed = Path(__file__).with_name("checkov") / "exceptions.yaml"
    exceptions = yaml.safe_load(listed.read_text(encoding="utf-8"))
    assert all(exception["because"].strip() for exception in exceptions.values())
    assert report["summary"]["passed"] > 50
    assert found == {check: set(item["resources"]) for check, item in exceptions.items()}


def findings(document: dict | str) -> list[str]:
    """What parliament says about a policy. test_wildcards.py asks for the reason of each wildcard."""
    text = document if isinstance(document, str) else json.dumps(document)
    found = analyze_policy_string(text).findings
    return [str(finding) for finding in found if finding.issue != "RESOURCE_STAR"]


def test_parliament_finds_nothing_to_say_about_a_role(made):
    iam = made.aws.client("iam")
    roles = [name for name in made.stack.resources if name.endswith("Role")]
    assert {"TokenRole", "OperatorRole", "DeploymentRole"} <= set(roles)
    for role in roles:
        name = made.stack.resources[role]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            assert findings(document) == [], f"{role} {policy}"


def test_parliament_finds_nothing_to_say_about_a_key(made):
    kms = made.aws.client("kms")
    keys = [name for name in made.stack.resources if name.endswith("Key")]
    assert "WrappingKey" in keys
    for key in keys:
        policy = kms.get_key_policy(KeyId=made.stack.resources[key], PolicyName="default")["Policy"]
        assert findings(policy) == [], key


def test_parliament_finds_a_condition_that_an_action_does_not_have():
    statement = {
        "Effect": "Allow",
        "Action": "dynamodb:GetItem",
        "Resource": "arn:aws:dynamodb:eu-west-1:123456789012:table/t",
        "Condition": {"StringEquals": {"kms:MessageType": "DIGEST"}},
    }
    assert findings({"Version": "2012-10-17", "Statement": [statement]})
