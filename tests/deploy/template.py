"""The template: as written, with the line of every node, and as SAM transforms it."""

import copy
import json
import re
from functools import cache
from pathlib import Path

import yaml
from samtranslator.translator.transform import transform

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
CODE_BUCKET = "code"


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: `!Ref X` is `{Ref: X}`, `!Sub X` is `{"Fn::Sub": X}`."""


def _intrinsic(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _intrinsic)


def written(file: Path = TEMPLATE) -> dict:
    return copy.deepcopy(_written(file))


@cache
def _written(file: Path) -> dict:
    return yaml.load(file.read_text(encoding="utf-8"), Loader)


class NoManagedPolicies:
    """The template names none, so that their ARNs need not be looked up."""

    def load(self) -> dict:
        return {}


def transformed(code: str = CODE_BUCKET, file: Path = TEMPLATE, **parameters: str) -> dict:
    """A template as CloudFormation would get it, with each function's code in a bucket."""
    template = written(file)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            folder = Path(resource["Properties"]["CodeUri"])
            resource["Properties"]["CodeUri"] = {"Bucket": code, "Key": f"{folder.name}.zip"}
    return transform(template, parameters, NoManagedPolicies())


def of_type(template: dict, resource_type: str) -> dict:
    """The resources of a type, by logical id."""
    return {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] == resource_type
    }


def metrics_of(alarm: dict) -> dict[str, dict]:
    """The metrics of an alarm's properties, by their ids in its expression."""
    if "Metrics" not in alarm:
        return {"": alarm}
    return {
        item["Id"]: item["MetricStat"]["Metric"]
        for item in alarm["Metrics"]
        if "MetricStat" in item
    }


# The namespace of the metrics in the functions' log.
NAMESPACE = "Ratchet/${AWS::StackName}"


def own_metrics() -> set[str]:
    """The metrics of the functions' log that alarms and the dashboard read."""
    template = transformed()
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    metrics = [metric for alarm in alarms for metric in metrics_of(alarm["Properties"]).values()]
    names = {metric["MetricName"] for metric in metrics if metric["Namespace"] == {"Fn::Sub": NAMESPACE}}
    (dashboard,) = of_type(template, "AWS::CloudWatch::Dashboard").values()
    for widget in json.loads(dashboard["Properties"]["DashboardBody"]["Fn::Sub"][0])["widgets"]:
        namespace = None
        for metric in widget["properties"].get("metrics", []):
            namespace = namespace if metric[0].startswith(".") else metric[0]
            if namespace == NAMESPACE:
                names.add(metric[1])
    return names


ANY_METHOD = "x-amazon-apigateway-any-method"


def routes() -> dict[str, str]:
    """The function of each path; a path takes every method."""
    (api,) = of_type(transformed(), "AWS::ApiGatewayV2::Api").values()
    routes = {}
    for path, methods in api["Properties"]["Body"]["paths"].items():
        ((method, operation),) = methods.items()
        assert method == ANY_METHOD, path
        uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        routes[path] = re.search(r":function:\$\{AWS::StackName\}-(\w+):live/", uri).group(1)
    return routes


# Seconds that a function has for a request.
TIMEOUT: int = _written(TEMPLATE)["Globals"]["Function"]["Timeout"]
