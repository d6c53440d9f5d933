"""The files of a release: its template takes what its workflow makes, and its page deploys them."""

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from samtranslator.translator.transform import transform

import runbook
import stack
from template import ROOT, Loader, NoManagedPolicies, of_type, written
from test_runbook import world  # noqa: F401 (a fixture)
from workplace import Workplace

SCRIPT = ROOT / "infra/release/release.py"
PAGE = ROOT / "infra/docs/RELEASES.md"
WORKFLOW = ROOT / ".github/workflows/release.yml"
VERSION = "v1.2.3"
ARCHITECTURES = ["arm64", "x86_64"]


@pytest.fixture(scope="module")
def aws():
    """Another moto than that of the other tests: the runbook deploys a stack of the same name."""
    with stack.moto() as aws:
        yield aws


def release(*arguments):
    subprocess.run([sys.executable, SCRIPT, *arguments], check=True)


@pytest.fixture
def binaries(tmp_path):
    """Folders as `cargo lambda build` and `cargo build` leave them, with other modes than those of the archives."""
    for function in stack.FUNCTIONS:
        file = tmp_path / "lambda" / function / "bootstrap"
        file.parent.mkdir(parents=True)
        file.write_bytes(f"the program of {function}".encode() * 1000)
        file.chmod(0o600)
    for program in ("admin", "local"):
        (tmp_path / program).write_bytes(f"the program {program}".encode())
        (tmp_path / program).chmod(0o600)
    return tmp_path


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    release("template", VERSION, folder)
    return folder / "ratchet-template.yaml"


def deployed(released, **parameters: str) -> dict:
    """The template of a release as CloudFormation would get it."""
    template = yaml.load(released.read_text(encoding="utf-8"), Loader)
    return transform(template, {"CodeBucket": "code-of-ours"} | parameters, NoManagedPolicies())


def functions(template: dict) -> dict[str, dict]:
    return of_type(template, "AWS::Lambda::Function")


def zip_key(function: dict) -> str:
    """The key of a function's zip, in which SAM has put the parameters."""
    key = function["Properties"]["Code"]["S3Key"]["Fn::Sub"]
    assert "${" not in key
    return key


def digests(folder) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_functions_code_is_a_zip_that_is_made(released, binaries, architecture):
    release("functions", architecture, binaries / "lambda", binaries / "made")
    taken = functions(deployed(released, Architecture=architecture)).values()
    assert {function["Properties"]["Code"]["S3Bucket"] for function in taken} == {"code-of-ours"}
    made = {f"ratchet/{VERSION}/{file.name}" for file in (binaries / "made").iterdir()}
    assert {zip_key(function) for function in taken} == made
    assert len(made) == len(stack.FUNCTIONS)


def test_each_function_gets_its_own_zip(released):
    for name, function in functions(deployed(released)).items():
        own = name.removesuffix("Function").lower()
        assert zip_key(function).endswith(f"/ratchet-{own}-arm64.zip")


def test_a_release_publishes_versions_of_the_functions(released, tmp_path):
    def versions(template: Path) -> set[str]:
        return set(of_type(deployed(template), "AWS::Lambda::Version"))

    release("template", "v1.2.4", tmp_path)
    assert len(versions(released)) == len(stack.FUNCTIONS)
    assert versions(released) == versions(released)
    assert versions(released).isdisjoint(versions(tmp_path / released.name))


def test_the_prefix_of_the_zips_is_a_parameter(released):
    taken = functions(deployed(released, CodePrefix="team/")).values()
    assert all(zip_key(function).startswith(f"team/{VERSION}/ratchet-") for function in taken)


def test_nothing_else_differs_from_the_template(released):
    template = yaml.load(released.read_text(encoding="utf-8"), Loader)
    source = written()
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert groups.pop(0)["Parameters"] == ["CodeBucket", "CodePrefix"]
    assert {template["Parameters"].pop(name)["Type"] for name in ("CodeBucket", "CodePrefix")} == {"String"}
    for name, function in of_type(source, "AWS::Serverless::Function").items():
        function["Properties"]["CodeUri"] = template["Resources"][name]["Properties"]["CodeUri"]
        assert function["Metadata"].pop("BuildMethod")
    assert template == source


def test_a_zip_is_what_lambda_takes(binaries):
    release("functions", "arm64", binaries / "lambda", binaries / "made")
    for function in stack.FUNCTIONS:
        with zipfile.ZipFile(binaries / "made" / f"ratchet-{function}-arm64.zip") as archive:
            (entry,) = archive.infolist()
            assert entry.filename == "bootstrap"
            # A regular file that every user may run.
            assert entry.external_attr >> 16 == 0o100755
            assert archive.read(entry) == (binaries / "lambda" / function / "bootstrap").read_bytes()


def test_an_archive_of_programs_holds_them_and_the_licence(binaries):
    release("programs", "linux-arm64", binaries, binaries / "made")
    with tarfile.open(binaries / "made" / "ratchet-linux-arm64.tar.gz") as archive:
        modes = {entry.name: entry.mode for entry in archive}
        assert archive.extractfile("ratchet-admin").read() == b"the program admin"
        assert archive.extractfile("LICENSE").read() == (ROOT / "LICENSE").read_bytes()
    assert modes == {"ratchet-admin": 0o755, "ratchet-local": 0o755, "LICENSE": 0o644}


def test_the_same_binaries_give_the_same_bytes(binaries):
    for folder in ("first", "second"):
        release("functions", "x86_64", binaries / "lambda", binaries / folder)
        release("programs", "macos-arm64", binaries, binaries / folder)
        release("template", VERSION, binaries / folder)
        # A build at another time.
        for file in binaries.glob("lambda/*/bootstrap"):
            file.touch()
            file.chmod(0o700)
    first, second = digests(binaries / "first"), digests(binaries / "second")
    assert first == second
    assert len(first) == len(stack.FUNCTIONS) + 2


def test_the_workflow_makes_what_the_template_takes():
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    commands = {
        name: " ".join(step.get("run", "") for step in job["steps"]) for name, job in jobs.items()
    }
    made = {name: re.findall(r"infra/release/release\.py (\w+)", text) for name, text in commands.items()}
    assert made == {"functions": ["functions"], "programs": ["programs"], "template": ["template"], "publish": []}
    architectures = {item["architecture"] for item in jobs["functions"]["strategy"]["matrix"]["include"]}
    assert architectures == set(written()["Parameters"]["Architecture"]["AllowedValues"]) == set(ARCHITECTURES)
    for function in stack.FUNCTIONS:
        assert f"--package ratchet-{function}" in commands["functions"]


def test_the_workflow_attests_each_file_and_publishes_after_all_of_them():
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    publish = jobs.pop("publish")
    assert set(publish["needs"]) == set(jobs)
    for name, job in jobs.items():
        (attest,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/attest-build-provenance@")]
        assert attest["with"]["subject-path"] == "release/*", name
        assert job["permissions"] == {"contents": "read", "id-token": "write", "attestations": "write"}


def packed(place: Workplace, version: str) -> Path:
    """The published files, in the operator's folder. Its stand-in for `cargo lambda build` makes the functions."""
    build = place.environment("")["PATH"].partition(":")[0]
    environment = {"PATH": os.environ["PATH"], "HOME": str(place.home)}
    subprocess.run([f"{build}/cargo", "lambda", "build"], cwd=place.tree, env=environment, check=True)
    folder = place.tree / f"ratchet-{version}"
    release("functions", "arm64", place.tree / "target/lambda", folder)
    release("template", version, folder)
    files = sorted(file.name for file in folder.iterdir())
    sums = subprocess.run(["sha256sum", "--", *files], cwd=folder, check=True, capture_output=True)
    (folder / "SHA256SUMS").write_bytes(sums.stdout)
    return folder


def test_the_page_deploys_one_release_and_the_next(world, tmp_path):
    found = runbook.blocks(PAGE.read_text(encoding="utf-8"))
    skipped = [block for block in found if "gh " in block.text]
    assert [block.section for block in skipped] == ["Download and verify", "Download and verify"]
    environment = world.place.environment(world.cloud.endpoint)
    with runbook.shell(environment, world.place.tree, tmp_path / "output") as shell:
        for version in ("v1.2.3", "v1.2.4"):
            commit = world.place.commit(version).encode()
            packed(world.place, version)
            for block in found:
                is_first = "create-bucket" in block.text and version != "v1.2.3"
                if block not in skipped and not is_first:
                    text = block.text.replace("v1.2.3", version)
                    shell.run(runbook.Block(block.section, block.line, text))
            for function in stack.FUNCTIONS:
                assert commit in world.deployed.code(function), function
    assert {call.region for call in world.new_calls()} == {stack.REGION}
