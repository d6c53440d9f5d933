"""IAM policies, decided as IAM decides them: which statement allows an action on a resource in a request's context.

The module knows the elements of the language that our policies use: actions by their full names, resources and texts
with wildcards, and the conditions below. All others raise `Unsupported`, so that a policy that says
more than the module reads is never taken for one that says less.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import product

ELEMENTS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
# The condition keys that requests have here, but for those of an encryption context.
KEYS = {
    "aws:PrincipalArn",
    "dynamodb:Attributes",
    "dynamodb:EnclosingOperation",
    "dynamodb:LeadingKeys",
    "dynamodb:ReturnValues",
    "dynamodb:Select",
    "kms:CallerAccount",
    "kms:EncryptionAlgorithm",
    "kms:EncryptionContextKeys",
    "kms:MessageType",
    "kms:SigningAlgorithm",
}
ENCRYPTION_CONTEXT = "kms:EncryptionContext:"
# A statement is reported by the values of these keys that it lists, each of which widens it.
LISTED = ("dynamodb:LeadingKeys", f"{ENCRYPTION_CONTEXT}purpose", "aws:PrincipalArn")


class Unsupported(Exception):
    """A part of a policy or of a request that is not evaluated here."""


@dataclass(frozen=True)
class Question:
    """One action on one resource. The context has the values of condition keys; a key without values is absent."""

    action: str
    resource: str
    context: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Part:
    """The smallest part of a statement that could be left out: one action, for one of the values that it lists."""

    statement: str
    action: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.statement, self.action, *self.values))


def listed(value) -> list:
    return value if isinstance(value, list) else [value]


def pattern(text: str) -> re.Pattern:
    """`*` is any text and `?` any character. A policy variable would be another text for each caller."""
    if "${" in text:
        raise Unsupported(f"a policy variable: {text}")
    literal = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(literal, re.DOTALL)


def is_equal(wanted: str) -> Callable[[str], bool]:
    if "${" in wanted:
        raise Unsupported(f"a policy variable: {wanted}")
    return wanted.__eq__


def is_like(wanted: str) -> Callable[[str], bool]:
    compiled = pattern(wanted)
    return lambda value: compiled.fullmatch(value) is not None


def is_arn_like(wanted: str) -> Callable[[str], bool]:
    """Each of the six parts of an ARN is compared by itself, so that no wildcard spans two of them."""
    parts = [pattern(part) for part in wanted.split(":", 5)]

    def matches(value: str) -> bool:
        given = value.split(":", 5)
        pairs = zip(parts, given, strict=False)
        return len(given) == len(parts) and all(part.fullmatch(text) for part, text in pairs)

    return matches


OPERATORS = {
    "StringEquals": is_equal,
    "StringLike": is_like,
    # IAM has the same wildcards in both.
    "ArnEquals": is_arn_like,
    "ArnLike": is_arn_like,
}


class Condition:
    """An operator with one key and the values of the policy."""

    def __init__(self, operator: str, key: str, wanted):
        if key not in KEYS and not key.startswith(ENCRYPTION_CONTEXT):
            raise Unsupported(f"the condition key {key}")
        self.key = key
        self.is_null = operator == "Null"
        self.for_all = operator.startswith("ForAllValues:")
        name = operator.removeprefix("ForAllValues:")
        self.if_exists = name.endswith("IfExists")
        self.values = [str(value) for value in listed(wanted)]
        if self.is_null:
            if self.values not in (["true"], ["false"]):
                raise Unsupported(f"Null with {wanted}")
            return
        compare = OPERATORS.get(name.removesuffix("IfExists"))
        if compare is None:
            raise Unsupported(f"the operator {operator}")
        self.tests = [(value, compare(value)) for value in self.values]

    def matched(self, given: tuple[str, ...]) -> set[str] | None:
        """The policy's values that these of a request match; `None` if the condition does not hold."""
        if self.is_null:
            return set() if self.values == ["false" if given else "true"] else None
        if not given:
            # AWS: `ForAllValues` holds without a key, and so does `IfExists`.
            return set() if self.for_all or self.if_exists else None
        if len(given) > 1 and not self.for_all:
            raise Unsupported(f"several values of {self.key} for an operator on one")
        matches = [{value for value, test in self.tests if test(one)} for one in given]
        return set().union(*matches) if all(matches) else None


class Statement:
    """A statement of an identity's policy, or of a resource's with its principals."""

    def __init__(self, document: dict, owner: str):
        if unknown := document.keys() - ELEMENTS:
            raise Unsupported(f"elements of a statement: {sorted(unknown)}")
        if document["Effect"] not in ("Allow", "Deny"):
            raise Unsupported(f"the effect {document['Effect']}")
        self.denies = document["Effect"] == "Deny"
        self.name = f"{owner} {document.get('Sid', '')}".strip()
        self.actions = listed(document["Action"])
        if wildcards := [action for action in self.actions if "*" in action or "?" in action]:
            raise Unsupported(f"wildcards in actions: {wildcards}")
        self.principals = set(listed(document["Principal"]["AWS"])) if "Principal" in document else None
        self._resources = [pattern(resource) for resource in listed(document["Resource"])]
        self._conditions = [
            Condition(operator, key, wanted)
            for operator, keys in document.get("Condition", {}).items()
            for key, wanted in keys.items()
        ]

    def applies_to(self, question: Question) -> frozenset[Part] | None:
        """The parts of the statement that allow or deny this; `None` if it does neither."""
        if question.action not in self.actions:
            return None
        if not any(resource.fullmatch(question.resource) for resource in self._resources):
            return None
        values = {}
        for condition in self._conditions:
            matched = condition.matched(question.context.get(condition.key, ()))
            if matched is None:
                return None
            if condition.key in LISTED and not condition.is_null:
                values[condition.key] = matched
        return self._parts_of(question.action, values)

    def parts(self) -> set[Part]:
        """All that the statement allows."""
        if self.denies:
            return set()
        values = {
            condition.key: set(condition.values)
            for condition in self._conditions
            if condition.key in LISTED and not condition.is_null
        }
        return {part for action in self.actions for part in self._parts_of(action, values)}

    def _parts_of(self, action: str, values: dict[str, set[str]]) -> frozenset[Part]:
        ordered = [sorted(values[key]) for key in LISTED if key in values]
        return frozenset(Part(self.name, action, chosen) for chosen in product(*ordered))


def denied(statements: Iterable[Statement], question: Question) -> bool:
    """True if a statement denies this, whichever others allow it."""
    return any(one.denies and one.applies_to(question) is not None for one in statements)


def alternatives(statements: list[Statement], question: Question) -> frozenset[frozenset[Part]]:
    """The parts by which each of the statements that allow this does so. One is enough, so that none is a denial."""
    if denied(statements, question):
        return frozenset()
    found = (one.applies_to(question) for one in statements if not one.denies)
    return frozenset(parts for parts in found if parts is not None)


def unneeded(parts: set[Part], answers: Iterable[frozenset[frozenset[Part]]]) -> set[Part]:
    """The parts without which every one of these questions would have the same answer."""
    return parts - {
        part for answer in answers if answer for part in frozenset.intersection(*answer)
    }
