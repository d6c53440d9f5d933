"""The machine on which a run takes place: its programs, with the caller's credentials for one Region."""

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3

from account.options import Options
from programs import built
from template import ROOT


class Failed(Exception):
    """A step of a run that failed, in words for the operator."""


class Machine:
    def __init__(self, options: Options):
        self.session = boto3.Session(profile_name=options.profile, region_name=options.region or region_of_variables())
        self.region = self.session.region_name
        if self.region is None:
            raise Failed("name the Region: --region, AWS_REGION or the profile")
        # Every tool reads another one of the two.
        self.environment = os.environ | {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        if options.profile:
            self.environment["AWS_PROFILE"] = options.profile

    def client(self, service: str):
        return self.session.client(service)

    def caller(self) -> dict:
        """`Account` and `Arn` of the credentials."""
        return self.client("sts").get_caller_identity()

    def run(self, *command: str | Path):
        """Runs a program to its end, with its output on ours."""
        print("+", *command, file=sys.stderr, flush=True)
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            # An interruption reaches the run, which then stops the program.
            start_new_session=True,
            check=False,
        )
        if done.returncode != 0:
            raise Failed(f"{Path(command[0]).name} {command[1]} ended with status {done.returncode}")

    def admin(self, *arguments: str | Path, credentials: dict | None = None) -> subprocess.CompletedProcess:
        """Runs the operator's command line, as the caller or with these credentials of a role."""
        environment = dict(self.environment)
        if credentials:
            environment.pop("AWS_PROFILE", None)
            environment |= {
                "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
                "AWS_SESSION_TOKEN": credentials["SessionToken"],
            }
        return subprocess.run(
            [built("admin"), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def build(self):
        """The operator's command line and the black-box suite, as the tests use them."""
        self.run("cargo", "build", "--workspace", "--bins", "--locked")

    def preflight(self, options: Options) -> tuple[dict, bool]:
        """What `cargo admin preflight` reports of the account, and whether the account carries the run."""
        load = f"--refreshes-per-second={options.threads * 5}"
        done = self.admin("preflight", load, f"--signing-mode={options.mode}", f"--stack={options.stack}", "--json")
        sys.stderr.write(done.stderr)
        try:
            return json.loads(done.stdout), done.returncode == 0
        except json.JSONDecodeError:
            raise Failed(f"cargo admin preflight ended with status {done.returncode}") from None


def region_of_variables() -> str | None:
    """The Region of the variables; boto3 reads the second one alone."""
    named = {value for name in ("AWS_REGION", "AWS_DEFAULT_REGION") if (value := os.environ.get(name))}
    if len(named) > 1:
        raise Failed("AWS_REGION and AWS_DEFAULT_REGION name different Regions: --region decides")
    return named.pop() if named else None
