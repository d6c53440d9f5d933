"""The deletion of everything that a run has made, and the list of what is left."""

import time
from dataclasses import asdict, dataclass, field

from botocore.exceptions import ClientError, WaiterError

from account.machine import Machine

# Of a deletion: seconds between two looks, and the number of looks.
LOOKS = {"Delay": 10, "MaxAttempts": 180}
# Seconds within which a stack appears that was asked for.
APPEARANCE = 30
PAUSE = 2
GONE = {"ResourceNotFoundException", "NotFoundException", "ValidationError", "NoSuchBucket", "404"}


@dataclass(frozen=True)
class Left:
    """Something that could not be deleted, and the command that deletes it."""

    what: str
    command: str


@dataclass
class Removal:
    """What a run made, by name: the deletion can begin at any time."""

    machine: Machine
    stack: str
    bucket: str
    # An interrupted program may have asked for the stack just before, so that it appears during the deletion.
    may_appear: bool = False
    # Keys that KMS deletes after its waiting time, during which they cost nothing.
    pending: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def run(self):
        """Deletes everything. A failure stops nothing: what it leaves is in `left`."""
        self._wait_for_stack()
        keys = self._keys()
        self._step(f"stack {self.stack}", f"aws cloudformation delete-stack --stack-name {self.stack}", self._delete_stack)
        self._step(f"bucket {self.bucket}", f"aws s3 rb --force s3://{self.bucket}", self._delete_bucket)
        for key in keys:
            self._step(
                f"KMS key {key}",
                f"aws kms schedule-key-deletion --key-id {key} --pending-window-in-days 7",
                lambda key=key: self._see_key(key),
            )
        self._look_for_logs()
        self._look_for_tables()

    def report(self) -> dict:
        return {"pending": self.pending, "left": [asdict(one) for one in self.left]}

    def text(self) -> str:
        """For the operator: what waits, and what is left, with the commands."""
        lines = [f"pending deletion by KMS, without costs: {key}" for key in self.pending]
        lines += [f"left: {one.what}\n  {one.command} --region {self.machine.region}" for one in self.left]
        return "\n".join(lines or ["nothing is left"])

    def _step(self, what: str, command: str, action):
        try:
            action()
        except (ClientError, WaiterError) as error:
            self.left.append(Left(f"{what} ({error})", command))

    def _wait_for_stack(self):
        until = time.monotonic() + APPEARANCE
        while self.may_appear and time.monotonic() < until and not self._stack_is_known():
            time.sleep(PAUSE)

    def _stack_is_known(self) -> bool:
        try:
            return self._described() is not None
        except ClientError:
            # The step that deletes the stack reports it.
            return True

    def _described(self) -> dict | None:
        try:
            (stack,) = self.machine.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        except ClientError as error:
            if code(error) in GONE:
                return None
            raise
        return stack

    def _delete_stack(self):
        stack = self._described()
        if stack is None:
            return
        client = self.machine.client("cloudformation")
        client.delete_stack(StackName=self.stack)
        # By its id: a deleted stack has no name.
        client.get_waiter("stack_delete_complete").wait(StackName=stack["StackId"], WaiterConfig=LOOKS)

    def _delete_bucket(self):
        bucket = self.machine.session.resource("s3").Bucket(self.bucket)
        try:
            bucket.object_versions.delete()
            bucket.objects.delete()
            bucket.delete()
        except ClientError as error:
            if code(error) not in GONE:
                raise

    def _resources(self) -> list[dict]:
        client = self.machine.client("cloudformation")
        try:
            pages = list(client.get_paginator("list_stack_resources").paginate(StackName=self.stack))
        except ClientError:
            return []
        return [resource for page in pages for resource in page["StackResourceSummaries"]]

    def _keys(self) -> list[str]:
        """The keys of the stack, by id; a key that was never made has none."""
        made = (one for one in self._resources() if one["ResourceType"] == "AWS::KMS::Key")
        return [one["PhysicalResourceId"] for one in made if one.get("PhysicalResourceId")]

    def _see_key(self, key: str):
        """Notes a key that waits for its deletion, and schedules the deletion of any other."""
        client = self.machine.client("kms")
        try:
            if client.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion":
                client.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        except ClientError as error:
            if code(error) in GONE:
                return
            raise
        self.pending.append(key)

    def _look_for_logs(self):
        pages = self.machine.client("logs").get_paginator("describe_log_groups")
        for prefix in (f"/aws/lambda/{self.stack}-", f"/aws/vendedlogs/{self.stack}-"):
            for page in pages.paginate(logGroupNamePrefix=prefix):
                for group in page["logGroups"]:
                    name = group["logGroupName"]
                    self.left.append(Left(f"log group {name}", f"aws logs delete-log-group --log-group-name {name}"))

    def _look_for_tables(self):
        for page in self.machine.client("dynamodb").get_paginator("list_tables").paginate():
            for name in page["TableNames"]:
                if name.startswith(f"{self.stack}-") and self._exists(name):
                    command = f"aws dynamodb delete-table --table-name {name}"
                    self.left.append(Left(f"table {name}", command))

    def _exists(self, table: str) -> bool:
        try:
            status = self.machine.client("dynamodb").describe_table(TableName=table)["Table"]["TableStatus"]
        except ClientError as error:
            return code(error) not in GONE
        return status != "DELETING"


def code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
