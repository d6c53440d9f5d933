"""The disposable stack: its bucket, its build, its deployment, and its tenant."""

import time
from dataclasses import dataclass
from pathlib import Path

import requests
from botocore.exceptions import ClientError

from account.disposable import version_of, write
from account.machine import Failed, Machine
from account.options import Options
from template import ROOT

TEMPLATE = "ratchet-template.yaml"
TENANT = ROOT / "tests/fixtures/tenant.yaml"
SESSION = "tests-aws"
# Seconds within which a new role can be assumed and a new API answers everywhere.
PATIENCE = 180
PAUSE = 3


@dataclass(frozen=True)
class Deployed:
    """A deployed stack."""

    outputs: dict[str, str]
    # Of `sam deploy`.
    seconds: float

    @property
    def issuer(self) -> str:
        return self.outputs["Issuer"]


def bucket_name(options: Options, account: str) -> str:
    return f"{options.stack}-{account}"


def prepare(machine: Machine, options: Options, folder: Path) -> Path:
    """Builds what is deployed, without a change in the account; returns the template to deploy."""
    folder.mkdir(parents=True, exist_ok=True)
    template = folder / "template.yaml"
    source = options.release / TEMPLATE if options.release else ROOT / "template.yaml"
    for change, number in write(source, template).items():
        print(f"template: {number} times {change}", flush=True)
    if options.release:
        return template
    build = folder / "build"
    machine.run(
        *("sam", "build", "--template-file", str(template), "--base-dir", str(ROOT), "--build-dir", str(build)),
        *("--build-in-source", "--parameter-overrides", *overrides(options.parameters)),
    )
    return build / "template.yaml"


def make_bucket(machine: Machine, name: str):
    """A bucket of the run alone: SAM's own would be shared with other stacks."""
    where = {"CreateBucketConfiguration": {"LocationConstraint": machine.region}}
    machine.client("s3").create_bucket(Bucket=name, **({} if machine.region == "us-east-1" else where))


def deploy(machine: Machine, options: Options, template: Path, bucket: str) -> Deployed:
    parameters = dict(options.parameters)
    if options.release:
        upload(machine, options, template, bucket)
        parameters["CodeBucket"] = bucket
    began = time.monotonic()
    machine.run(
        *("sam", "deploy", "--template-file", str(template), "--stack-name", options.stack, "--s3-bucket", bucket),
        *("--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--tags", f"ratchet-run={options.id}"),
        *("--region", machine.region, "--parameter-overrides", *overrides(parameters)),
    )
    seconds = time.monotonic() - began
    (stack,) = machine.client("cloudformation").describe_stacks(StackName=options.stack)["Stacks"]
    return Deployed({output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}, seconds)


def overrides(parameters: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in parameters.items()]


def upload(machine: Machine, options: Options, template: Path, bucket: str):
    """The zips of a release, where its template looks for them."""
    version = version_of(template.read_text(encoding="utf-8"))
    zips = sorted(options.release.glob(f"ratchet-*-{options.architecture}.zip"))
    if len(zips) != 4:
        raise Failed(f"{options.release} has {len(zips)} zips for {options.architecture} and not 4")
    for file in zips:
        machine.client("s3").upload_file(str(file), bucket, f"ratchet/{version}/{file.name}")


def import_tenant(machine: Machine, outputs: dict[str, str]):
    """Imports the tests' tenant in the operator's role, as an operator does."""
    credentials = assumed(machine, outputs["OperatorRoleArn"])
    arguments = [
        *("tenant", "import", TENANT, f"--table={outputs['TableName']}", f"--issuer={outputs['Issuer']}"),
        *(f"--wrapping-key={outputs['WrappingKeyArn']}", f"--signing-mode={outputs['SigningMode']}"),
        f"--signing-keys={signing_keys(outputs)}",
    ]
    until = time.monotonic() + PATIENCE
    while True:
        done = machine.admin(*arguments, credentials=credentials)
        # IAM and KMS know a new role a few seconds after its creation.
        if done.returncode == 0 or "AccessDenied" not in done.stderr or time.monotonic() > until:
            break
        time.sleep(PAUSE)
    if done.returncode != 0:
        raise Failed(f"the tenant was not imported: {done.stderr}")


def signing_keys(outputs: dict[str, str]) -> str:
    """The value of `SIGNING_KEYS`; in wrapped mode the algorithms alone."""
    keys = {algorithm: outputs.get(f"{algorithm}KeyArn") for algorithm in ("RS256", "PS256", "ES256")}
    return ",".join(f"{algorithm}={arn}" if arn else algorithm for algorithm, arn in keys.items())


def assumed(machine: Machine, role: str, **session: str) -> dict:
    """Credentials of a role; IAM knows a new one a few seconds after its creation."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return machine.client("sts").assume_role(RoleArn=role, RoleSessionName=SESSION, **session)["Credentials"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied" or time.monotonic() > until:
                raise
        time.sleep(PAUSE)


def wait_for_discovery(issuer: str) -> float:
    """Waits until the stack publishes its keys, and returns the seconds that it took."""
    began = time.monotonic()
    while True:
        try:
            answer = requests.get(f"{issuer}.well-known/jwks.json", timeout=PATIENCE)
            if answer.status_code == 200:
                return time.monotonic() - began
            seen = f"{answer.status_code}: {answer.text[:200]}"
        except requests.ConnectionError as error:
            seen = str(error)
        if time.monotonic() - began > PATIENCE:
            raise Failed(f"{issuer} does not publish its keys: {seen}")
        time.sleep(PAUSE)
