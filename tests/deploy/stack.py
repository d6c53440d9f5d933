"""Creates a stack of the template in moto, and reports the environment of each function there.

    with moto() as aws:
        stack = aws.create_stack(SigningMode="wrapped")
        stack.environments["token"]["TABLE_NAME"]

As a program it creates one stack, prints it as one line of JSON (`endpoint`, `outputs`, and for each function its
`environments`), and keeps it until its standard input is closed:

    python stack.py SigningMode=wrapped Architecture=x86_64
"""

import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

REGION = "eu-west-1"
ACCOUNT = "123456789012"
# The translator and boto3 require a region; moto accepts any credentials.
AWS_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_SECRET_ACCESS_KEY": "test",
}
os.environ.update(AWS_ENVIRONMENT)

from template import CODE_BUCKET, TEMPLATE, of_type, transformed  # noqa: E402

FUNCTIONS = ("token", "authorize", "revoke", "discovery")


@dataclass
class Stack:
    """A created stack."""

    name: str
    endpoint: str
    outputs: dict[str, str]
    # By function: the variables from the template, and those by which the AWS SDK finds moto.
    environments: dict[str, dict[str, str]]
    # The physical id of each resource, by logical id.
    resources: dict[str, str]


@dataclass
class Moto:
    """A running moto."""

    endpoint: str

    def client(self, service: str):
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION)

    def create_stack(self, name: str = "ratchet-test", file: Path = TEMPLATE, **parameters: str) -> Stack:
        template = transformed(file=file, **parameters)
        self._put_code(template)
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=json.dumps(template),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        return self.stack(name)

    def stack(self, name: str) -> Stack:
        """A stack as it is now."""
        cloudformation = self.client("cloudformation")
        made = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        assert made["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), made
        summaries = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
        return Stack(
            name=name,
            endpoint=self.endpoint,
            outputs={output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]},
            environments={
                function: self._environment(f"{name}-{function}") for function in FUNCTIONS
            },
            resources={
                summary["LogicalResourceId"]: summary["PhysicalResourceId"]
                for summary in summaries
                if summary["PhysicalResourceId"]
            },
        )

    def _put_code(self, template: dict):
        s3 = self.client("s3")
        if not any(bucket["Name"] == CODE_BUCKET for bucket in s3.list_buckets()["Buckets"]):
            s3.create_bucket(
                Bucket=CODE_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as code:
            code.writestr("bootstrap", "#!/bin/sh\n")
        for function in of_type(template, "AWS::Lambda::Function").values():
            s3.put_object(
                Bucket=CODE_BUCKET,
                Key=function["Properties"]["Code"]["S3Key"],
                Body=archive.getvalue(),
            )

    def _environment(self, function: str) -> dict[str, str]:
        configuration = self.client("lambda").get_function_configuration(FunctionName=function)
        # For a function an empty variable is a missing one, for the AWS SDK it would be an invalid address.
        variables = {
            name: value
            for name, value in configuration["Environment"]["Variables"].items()
            if value != ""
        }
        return AWS_ENVIRONMENT | {"AWS_ENDPOINT_URL": self.endpoint} | variables


@contextmanager
def moto():
    """A separate moto for the duration of a context."""
    command = [sys.executable, Path(__file__).with_name("emulator.py")]
    environment = os.environ | {"MOTO_ACCOUNT_ID": ACCOUNT}
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
        ) as process,
    ):
        try:
            line = process.stdout.readline()
            if not line.startswith("moto "):
                raise RuntimeError("moto does not start")
            yield Moto(line.removeprefix("moto ").strip())
        except Exception as error:
            log.seek(0)
            error.add_note(f"moto said:\n{log.read().decode()[-4000:]}")
            raise
        finally:
            process.stdin.close()
            process.wait(timeout=30)


def main():
    parameters = dict(argument.split("=", 1) for argument in sys.argv[1:])
    with moto() as aws:
        stack = aws.create_stack(**parameters)
        print(json.dumps(vars(stack)), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
