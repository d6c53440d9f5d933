"""The parts of CloudFormation on which `sam deploy` relies and that moto lacks.

Moto takes a template as CloudFormation gets it after the transform, from a bucket that the name of a host contains. It
compares resources as they are written and not by their values, and leaves the outputs of a stack as they were when a
change set is executed.
"""

import json
from urllib.parse import urlsplit

import yaml
from moto.cloudformation.models import ChangeSet, CloudFormationBackend
from moto.cloudformation.parsing import (
    ResourceMap,
    parse_and_update_resource,
    parse_resource_and_generate_name,
)
from moto.cloudformation.responses import CloudFormationResponse
from moto.s3.models import s3_backends
from samtranslator.translator.transform import transform

from template import Loader, NoManagedPolicies

SERVERLESS = "AWS::Serverless-2016-10-31"

# The order in which resources change; all others have the same turn, the third.
TURNS = {
    "AWS::AppConfig::HostedConfigurationVersion": 0,
    "AWS::Lambda::Function": 1,
    "AWS::Lambda::Version": 3,
    "AWS::Lambda::Alias": 4,
}

_create_change_set = CloudFormationBackend.create_change_set
_delete = ResourceMap.delete


def create_change_set(backend, *, template: str, parameters: dict[str, str], **rest):
    """Applies the transform of SAM first, and names the value of every parameter, so that values can be compared."""
    written = yaml.load(template, Loader)
    defaults = {
        name: as_text(parameter["Default"])
        for name, parameter in written.get("Parameters", {}).items()
        if "Default" in parameter
    }
    parameters = defaults | {name: as_text(value) for name, value in parameters.items()}
    if written.get("Transform") == SERVERLESS:
        written = transform(written, parameters, NoManagedPolicies())
        written.pop("Transform", None)
    return _create_change_set(backend, template=json.dumps(written), parameters=parameters, **rest)


def as_text(value) -> str:
    """The value of a parameter as it was given; the former value of a list is one."""
    return ",".join(value) if isinstance(value, list) else str(value)


def template_at(response: CloudFormationResponse, url: str) -> str:
    """The object at a path of bucket and key."""
    bucket, key = urlsplit(url).path[1:].split("/", 1)
    s3 = s3_backends[response.current_account][response.partition]
    return s3.get_object(bucket, key).value.decode()


def apply(change_set: ChangeSet):
    """Creates, updates and forgets resources, as the values of the template and of its conditions require."""
    stack = change_set.stack
    resources = stack.resource_map
    before = {name: resolved(resources, name) for name in existing(resources)}
    stack.template = change_set.template
    stack._parse_template()
    stack.parameters = change_set.parameters
    resources._template = stack.template_dict
    resources._resource_json_map = stack.template_dict["Resources"]
    resources.input_parameters = stack.parameters
    resources.load()
    for name, written in sorted(resources._resource_json_map.items(), key=turn):
        condition = written.get("Condition")
        if condition and not resources.lazy_condition_map[condition]:
            before.setdefault(name, None)
        elif name not in before:
            created = resources[name]
            assert created is not None, f"{name}: moto does not create {written['Type']}"
        elif (after := resolved(resources, name)) != before.pop(name):
            made = parse_and_update_resource(
                name, written, resources, resources._account_id, resources._region_name
            )
            assert made is not None, f"{name}: moto does not update {after['Type']}"
            resources._parsed_resources[name] = made
    for name, written in before.items():
        if made := resources._parsed_resources.pop(name, None):
            if not written.get("DeletionPolicy", "Delete").startswith("Retain"):
                resources._delete_resource(made, written)
    stack.output_map = stack._create_output_map()


def turn(item: tuple[str, dict]) -> int:
    """A version of the configuration precedes the functions, a function its version, and that its alias."""
    return TURNS.get(item[1]["Type"], 2)


def existing(resources: ResourceMap) -> list[str]:
    return [name for name in resources._resource_json_map if name in resources._parsed_resources]


def resolved(resources: ResourceMap, name: str) -> dict:
    """A resource with the values of everything to which it refers."""
    written = resources._resource_json_map[name]
    return parse_resource_and_generate_name(name, written, resources)[1]


def delete(resources: ResourceMap):
    """Keeps what a stack has created under the policy `RetainExceptOnCreate`, which moto does not know."""
    for written in resources._resource_json_map.values():
        if written.get("DeletionPolicy") == "RetainExceptOnCreate":
            written["DeletionPolicy"] = "Retain"
    _delete(resources)


def install():
    """Patches moto in this process."""
    ResourceMap.delete = delete
    CloudFormationBackend.create_change_set = create_change_set
    CloudFormationResponse._get_stack_from_s3_url = template_at
    ChangeSet.apply = apply
