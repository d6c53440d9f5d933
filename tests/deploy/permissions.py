"""The permissions of a stack: the policies of its roles and keys, as CloudFormation has resolved them."""

import json
from functools import cached_property

from policies import Part, Question, Statement, alternatives, denied
from stack import ACCOUNT, REGION, Moto, Stack
from template import of_type, transformed

ROOT_USER = f"arn:aws:iam::{ACCOUNT}:root"


class NoSuchKey(Exception):
    """KMS has no key of this ARN."""


class Permissions:
    """The policies of one stack in moto."""

    def __init__(self, aws: Moto, stack: Stack):
        self._iam = aws.client("iam")
        self._kms = aws.client("kms")
        self._stack = stack
        self._roles: dict[str, list[Statement]] = {}
        self._keys: dict[str, list[Statement]] = {}

    @property
    def table(self) -> str:
        return self._stack.outputs["TableName"]

    def role_arn(self, role: str) -> str:
        return self._iam.get_role(RoleName=self._stack.resources[role])["Role"]["Arn"]

    def statements(self, role: str) -> list[Statement]:
        """The policies of a role, by its logical id."""
        if role not in self._roles:
            name = self._stack.resources[role]
            policies = self._iam.list_role_policies(RoleName=name)["PolicyNames"]
            self._roles[role] = [
                Statement(statement, role)
                for policy in policies
                for statement in self._iam.get_role_policy(RoleName=name, PolicyName=policy)[
                    "PolicyDocument"
                ]["Statement"]
            ]
        return self._roles[role]

    def key_statements(self, key: str) -> list[Statement]:
        """The policy of a key, by its ARN."""
        if key not in self._keys:
            try:
                policy = self._kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
            except self._kms.exceptions.NotFoundException as missing:
                raise NoSuchKey(key) from missing
            name = self._key_names.get(key, "key")
            self._keys[key] = [
                Statement(statement, name) for statement in json.loads(policy)["Statement"]
            ]
        return self._keys[key]

    @cached_property
    def _key_names(self) -> dict[str, str]:
        """The logical ids of the stack's keys, by ARN."""
        keys = of_type(transformed(), "AWS::KMS::Key").keys() & self._stack.resources.keys()
        return {self.key_arn(name): name for name in keys}

    def key_arn(self, key: str) -> str:
        return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{self._stack.resources[key]}"

    def answers(self, role: str, question: Question) -> frozenset[frozenset[Part]]:
        """The parts of statements by each of which a role may do this; without any it may not."""
        return alternatives(self._statements_on(role, question), question)

    def denies(self, role: str, question: Question) -> bool:
        """True if a statement denies a role this, whichever others allow it."""
        return denied(self._statements_on(role, question), question)

    def _statements_on(self, role: str, question: Question) -> list[Statement]:
        own = self.statements(role)
        if not question.action.startswith("kms:"):
            return own
        (caller,) = question.context["aws:PrincipalArn"]
        if not self.iam_decides(question):
            own = [statement for statement in own if statement.denies]
        return own + self._of_principals(question.resource, {"*", caller})

    def principal_may(self, question: Question) -> bool:
        """True if a key's policy itself allows this to the caller, who may be of any account."""
        (caller,) = question.context["aws:PrincipalArn"]
        return bool(alternatives(self._of_principals(question.resource, {"*", caller}), question))

    def iam_decides(self, question: Question) -> bool:
        """True if a key leaves this to the IAM policies of the account."""
        return bool(alternatives(self._of_principals(question.resource, {ROOT_USER}), question))

    def _of_principals(self, key: str, principals: set[str]) -> list[Statement]:
        return [
            statement for statement in self.key_statements(key) if statement.principals & principals
        ]

    def parts(self, roles: dict[str, str]) -> set[Part]:
        """All parts of the policies by which these roles use the table and the keys: logical ids by ARN."""
        table = {part for role in roles.values() for one in self.statements(role) for part in one.parts()}
        keys = {part for key in self._key_names for one in self.key_statements(key) for part in one.parts()}
        return {part for part in table if part.action.startswith("dynamodb:")} | {
            part for part in keys if roles.keys() & set(part.values)
        }
