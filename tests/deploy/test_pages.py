"""Commands on the pages about options: they are valid shell, and name templates and parameters that exist."""

import re
import subprocess

import pytest
import yaml

import runbook
from template import ROOT, Loader

PAGES = ("CANARY", "FRONTS", "REGIONS", "TELEMETRY")
DEPLOY = re.compile(r"aws cloudformation deploy(?:[^\\\n]|\\\n)+")


def blocks_of(page: str) -> list[runbook.Block]:
    return runbook.blocks((ROOT / f"infra/docs/{page}.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_blocks_are_valid_shell(page):
    for block in blocks_of(page):
        done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), block.name


def deployments() -> dict[str, set[str]]:
    """The parameters that the pages give to each template."""
    found = {}
    for page in PAGES:
        for block in blocks_of(page):
            for command in DEPLOY.findall(block.text):
                template = re.search(r"--template-file (\S+)", command).group(1)
                found[template] = set(re.findall(r'["\s]([A-Z]\w+)=', block.text))
    return found


def test_deployments_give_the_parameters_of_their_templates():
    found = deployments()
    assert found
    for path, given in found.items():
        parameters = yaml.load((ROOT / path).read_text(encoding="utf-8"), Loader)["Parameters"]
        required = {name for name, item in parameters.items() if "Default" not in item}
        assert required <= given <= parameters.keys(), path
