"""The functions of a stack as they serve in Lambda: the code of the alias, with its configuration."""

import io
import stat
import zipfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from binaries import functions
from front_server import FrontServer
from stack import FUNCTIONS, REGION, Moto


class Deployed:
    def __init__(self, aws: Moto, endpoint: str, server: FrontServer, name: str, folder: Path):
        self._aws = aws
        # Of AWS, for the functions.
        self._endpoint = endpoint
        self._server = server
        self._name = name
        self._folder = folder

    @property
    def outputs(self) -> dict[str, str]:
        cloudformation = self._aws.client("cloudformation")
        (stack,) = cloudformation.describe_stacks(StackName=self._name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    @contextmanager
    def serving(self, *names: str):
        """New environments of these functions, or of all of them. Without concurrency a function has none."""
        numbers = {name: 1 for name in names or FUNCTIONS}
        with functions(self._server, self.program, self.environment, numbers) as programs:
            yield programs

    def configuration(self, function: str) -> dict:
        client = self._aws.client("lambda")
        return client.get_function_configuration(FunctionName=f"{self._name}-{function}", Qualifier="live")

    def code(self, function: str) -> bytes:
        """The program in the archive that Lambda has."""
        client = self._aws.client("lambda")
        found = client.get_function(FunctionName=f"{self._name}-{function}", Qualifier="live")
        location = urlsplit(found["Code"]["Location"])
        bucket = location.hostname.partition(".")[0]
        archive = self._aws.client("s3").get_object(Bucket=bucket, Key=location.path[1:])["Body"].read()
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            return files.read("bootstrap")

    def program(self, function: str) -> Path:
        file = self._folder / function
        file.write_bytes(self.code(function))
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return file

    def environment(self, function: str, api: str, _: int) -> dict[str, str]:
        """What the stack says, with Lambda's additions. For the AWS SDK an empty address would be an invalid one."""
        variables = self.configuration(function)["Environment"]["Variables"]
        return {name: value for name, value in variables.items() if value != ""} | {
            "AWS_ACCESS_KEY_ID": function,
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_NAME": f"{self._name}-{function}",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_RUNTIME_API": api,
            "AWS_REGION": REGION,
            "AWS_SECRET_ACCESS_KEY": "any",
        }
