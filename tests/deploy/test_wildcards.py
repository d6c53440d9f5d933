"""Every wildcard has a reason: a comment on its line, or on the line above."""

import yaml

from template import TEMPLATE, transformed

# In policies: actions, resources, principals.
PARTS = ("Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal")


def wildcards(node, path=()):
    """Paths of the wildcards in the statements of policies, anywhere in a template."""
    if isinstance(node, dict):
        for key, value in node.items():
            if "Effect" in node and key in PARTS:
                yield from scalars_with_star(value, (*path, key))
            else:
                yield from wildcards(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from wildcards(value, (*path, index))


def scalars_with_star(node, path):
    if isinstance(node, str):
        if "*" in node:
            yield path
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from scalars_with_star(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from scalars_with_star(value, (*path, index))


def line_of(source: str, path) -> int | None:
    """The line of a transformed path in the source; `None` if SAM has added it."""
    node = yaml.compose(source)
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = [value for key, value in node.value if key.value == step]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = node.value[step : step + 1]
        elif str(step).startswith("Fn::") or step == "Ref":
            # The short form of an intrinsic is the node itself.
            continue
        else:
            found = []
        if not found:
            return None
        node = found[0]
    return node.start_mark.line


def unargued(source: str, template: dict) -> list[str]:
    lines = source.splitlines()
    missing = []
    for path in wildcards(template):
        line = line_of(source, path)
        argued = line is not None and (
            " # " in lines[line] or lines[line - 1].lstrip().startswith("# ")
        )
        if not argued:
            missing.append(".".join(map(str, path)))
    return missing


def test_every_wildcard_of_the_template_is_argued_for():
    source = TEMPLATE.read_text(encoding="utf-8")
    template = transformed()
    assert list(wildcards(template)), "there are some"
    assert unargued(source, template) == []


def test_no_role_has_a_policy_that_cannot_be_read_here():
    for name, resource in transformed()["Resources"].items():
        # AWS Backup alone assumes its role, whose policy AWS keeps.
        if resource["Type"] == "AWS::IAM::Role" and name != "BackupRole":
            assert "ManagedPolicyArns" not in resource["Properties"], name


STATEMENT = """\
Resources:
  Role:
    Properties:
      Statement:
        - Effect: Allow
          Action: [dynamodb:GetItem, {action}]
          {comment}
          Resource: {resource}
"""


def complaints(action="dynamodb:PutItem", comment="Sid: Some", resource="x"):
    source = STATEMENT.format(action=action, comment=comment, resource=resource)
    return unargued(source, yaml.safe_load(source.replace("!Sub ", "")))


def test_a_wildcard_without_an_argument_is_found():
    where = "Resources.Role.Properties.Statement.0"
    assert complaints() == []
    assert complaints(action='"dynamodb:*"') == [f"{where}.Action.1"]
    assert complaints(resource='"*"') == [f"{where}.Resource"]
    assert complaints(resource='!Sub "arn:${X}/*"') == [f"{where}.Resource"]
    assert complaints(resource='"*"', comment="# Because.") == []
    assert complaints(resource='"*" # Because.') == []


def test_a_wildcard_that_sam_adds_is_found():
    added = {
        "Resources": {
            "MadeUp": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "x"}]}
        }
    }
    assert unargued("Resources: {}", added) == ["Resources.MadeUp.Statement.0.Action"]
