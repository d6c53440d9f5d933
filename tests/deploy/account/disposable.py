"""The template of a disposable stack: template.yaml or that of a release, without anything that outlives the stack.

The text is changed and not the parsed template, because SAM reads the short forms of functions, which a parser loses.
"""

import re
from collections import Counter
from pathlib import Path

import yaml

from template import Loader

# By line of the template: the line in its place.
REPLACED = {
    "    DeletionPolicy: RetainExceptOnCreate": "    DeletionPolicy: Delete",
    "    DeletionPolicy: Retain": "    DeletionPolicy: Delete",
    "    UpdateReplacePolicy: Retain": "    UpdateReplacePolicy: Delete",
    # KMS allows no shorter time.
    "      PendingWindowInDays: 30": "      PendingWindowInDays: 7",
}
POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")
# A zip of a release in the template: `!Sub "${CodePrefix}v1.2.3/ratchet-token-${Architecture}.zip"`.
ZIP = re.compile(r'^        Key: !Sub "\$\{CodePrefix\}([^/"]+)/ratchet-token-', re.MULTILINE)


def disposable(text: str) -> str:
    """The template with every policy set to delete. A policy in another form is an error."""
    made = "\n".join(REPLACED.get(line, line) for line in text.split("\n"))
    keeping = [
        f"{name}: {policy}"
        for name, resource in yaml.load(made, Loader)["Resources"].items()
        for policy in POLICIES
        if resource.get(policy, "Delete") != "Delete"
    ]
    if keeping:
        raise ValueError(f"these would outlive the stack: {', '.join(keeping)}")
    return made


def changes(text: str, made: str) -> Counter[str]:
    """What differs, as `UpdateReplacePolicy: Retain -> UpdateReplacePolicy: Delete`, with the number of lines."""
    pairs = zip(text.split("\n"), made.split("\n"), strict=True)
    return Counter(f"{before.strip()} -> {after.strip()}" for before, after in pairs if before != after)


def version_of(release_template: str) -> str:
    """The version of a release, which is a part of the keys of its zips."""
    found = ZIP.search(release_template)
    if found is None:
        raise ValueError("the template names no zip of a release")
    return found.group(1)


def write(source: Path, target: Path) -> Counter[str]:
    """Writes the disposable form of a template, and returns what differs."""
    text = source.read_text(encoding="utf-8")
    made = disposable(text)
    target.write_text(made, encoding="utf-8")
    return changes(text, made)
