"""Permissions: the policies of a stack, evaluated as IAM and KMS do.

The module knows the features that our policies use and rejects all others: `Allow` statements, actions without
wildcards except a principal's, and the conditions below.
"""

import json
from fnmatch import fnmatchcase


def listed(value) -> list:
    return value if isinstance(value, list) else [value]


def holds(operator: str, wanted, actual) -> bool:
    actual = listed(actual) if actual is not None else []
    match operator:
        # Without wildcards, `ArnEquals` compares texts.
        case "StringEquals" | "ArnEquals":
            return bool(actual) and all(value in listed(wanted) for value in actual)
        # The request has the key, or has it not. `ForAllValues` holds without a key.
        case "Null":
            return wanted == ("false" if actual else "true")
        case "ForAllValues:StringEquals":
            return all(value in listed(wanted) for value in actual)
        case "ForAllValues:StringLike":
            return all(
                any(fnmatchcase(value, pattern) for pattern in listed(wanted)) for value in actual
            )
    raise AssertionError(f"unknown operator {operator}")


def allows(statement: dict, action: str, context: dict) -> bool:
    assert statement["Effect"] == "Allow", statement
    if action not in listed(statement["Action"]):
        return False
    conditions = statement.get("Condition", {})
    return all(
        holds(operator, wanted, context.get(key))
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


class Permissions:
    """The policies of one stack in moto."""

    def __init__(self, aws, stack):
        self._iam = aws.client("iam")
        self._kms = aws.client("kms")
        self._stack = stack

    def table(self, role: str, action: str, *partitions: str, attributes: tuple = ()) -> bool:
        """True if a role may do this in a request for these partitions, naming these attributes."""
        table = f"table/{self._stack.outputs['TableName']}"
        context = {"dynamodb:LeadingKeys": list(partitions), "dynamodb:Attributes": list(attributes)}
        return any(
            all(resource.endswith(table) for resource in listed(statement["Resource"]))
            and allows(statement, f"dynamodb:{action}", context)
            for statement in self.statements(role)
        )

    def statements(self, role: str) -> list[dict]:
        name = self._stack.resources[role]
        policies = self._iam.list_role_policies(RoleName=name)["PolicyNames"]
        return [
            statement
            for policy in policies
            for statement in self._iam.get_role_policy(RoleName=name, PolicyName=policy)[
                "PolicyDocument"
            ]["Statement"]
        ]

    def key(self, role: str, key: str, action: str, **context: str) -> bool:
        """True if a role may do this with a key."""
        return self.principal_may(self.role_arn(role), key, action, **context)

    def role_arn(self, role: str) -> str:
        return self._iam.get_role(RoleName=self._stack.resources[role])["Role"]["Arn"]

    def principal_may(self, arn: str, key: str, action: str, **context: str) -> bool:
        named = {
            "aws:PrincipalArn": arn,
            "kms:CallerAccount": arn.split(":")[4],
            "kms:EncryptionContext:purpose": context.get("purpose"),
            "kms:SigningAlgorithm": context.get("algorithm"),
            "kms:MessageType": context.get("message_type"),
        }
        return any(
            {arn, "*"} & set(listed(statement["Principal"]["AWS"]))
            and allows(statement, f"kms:{action}", named)
            for statement in self.key_statements(key)
        )

    def iam_decides(self, account: str, key: str, action: str) -> bool:
        """True if the key leaves it to the IAM policies of an account who may do this."""
        root = f"arn:aws:iam::{account}:root"
        return any(
            root in listed(statement["Principal"]["AWS"])
            and f"kms:{action}" in listed(statement["Action"])
            for statement in self.key_statements(key)
        )

    def key_statements(self, key: str) -> list[dict]:
        policy = self._kms.get_key_policy(KeyId=self._stack.resources[key], PolicyName="default")
        return json.loads(policy["Policy"])["Statement"]
