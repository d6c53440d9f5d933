"""Deployments: versions, the alias that requests go to, and how it goes over to a new version."""

import re

import pytest

from stack import FUNCTIONS
from template import metrics_of, of_type, transformed, written

FUNCTION_NAMES = {name: f"{name.title()}Function" for name in FUNCTIONS}
LATENCY = {"token": ["TokenCanaryLatencyAlarm"]}


def names_in(node, conditions: dict) -> set[str]:
    """What an expression refers to: parameters and resources, also through conditions."""
    found = set()
    if isinstance(node, dict):
        for key, value in node.items():
            match key:
                case "Ref":
                    found.add(value)
                case "Fn::GetAtt":
                    found.add(value[0])
                case "Fn::Sub":
                    text = value if isinstance(value, str) else value[0]
                    found |= {name.split(".")[0] for name in re.findall(r"\$\{([\w:.]+)\}", text)}
                case "Fn::If":
                    found |= names_in(conditions[value[0]], conditions)
                case "Condition" if isinstance(value, str):
                    found |= names_in(conditions[value], conditions)
            found |= names_in(value, conditions)
    elif isinstance(node, list):
        for value in node:
            found |= names_in(value, conditions)
    return found


def test_a_change_of_a_parameter_of_a_function_publishes_a_version():
    """SAM sees the template alone. What a function is configured with has to be in the text that gives it a number."""
    template = transformed()
    parameters = template["Parameters"].keys()
    numbered = template["Resources"]["Configuration"]["Properties"]["Content"]
    numbered = names_in(numbered, template["Conditions"])
    for name, function in of_type(template, "AWS::Lambda::Function").items():
        # A reservation is the function's and not a version's.
        own = {
            part: value
            for part, value in function["Properties"].items()
            if part != "ReservedConcurrentExecutions"
        }
        used = names_in(own, template["Conditions"]) & parameters
        assert used, name
        assert used <= numbered, name


def test_the_number_of_the_configuration_replaces_a_version():
    """Lambda publishes none of a function that did not change, so that the number is part of both."""
    template = transformed()
    number = "${Configuration.VersionNumber}"
    functions = of_type(template, "AWS::Lambda::Function").values()
    versions = of_type(template, "AWS::Lambda::Version").values()
    assert len(functions) == len(versions) == len(FUNCTIONS)
    for resource in (*functions, *versions):
        assert number in resource["Properties"]["Description"]["Fn::Sub"]


def test_a_function_keeps_its_versions():
    for name, version in of_type(transformed(), "AWS::Lambda::Version").items():
        assert version["DeletionPolicy"] == "Retain", name
        assert version["UpdateReplacePolicy"] == "Retain", name


def test_a_change_of_the_code_publishes_a_version():
    def versions(code: str) -> set[str]:
        return set(of_type(transformed(code), "AWS::Lambda::Version"))

    assert versions("one") == versions("one")
    assert not versions("one") & versions("another")


def test_the_alias_names_the_published_version(made):
    client = made.aws.client("lambda")
    for function in FUNCTIONS:
        name = f"{made.stack.name}-{function}"
        alias = client.get_alias(FunctionName=name, Name="live")
        assert alias["FunctionVersion"] == "1"


@pytest.mark.parametrize("kind", written()["Parameters"]["Deployment"]["AllowedValues"])
def test_a_deployment_goes_back_if_an_alarm_of_the_new_version_rings(kind):
    template = transformed(Deployment=kind)
    for function, logical_id in FUNCTION_NAMES.items():
        alias = template["Resources"][f"{logical_id}Aliaslive"]
        group = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["DeploymentGroupName"]["Ref"]
        properties = template["Resources"][group]["Properties"]
        assert properties["DeploymentConfigName"] == {
            "Fn::Sub": ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": kind}]
        }
        assert "DEPLOYMENT_STOP_ON_ALARM" in properties["AutoRollbackConfiguration"]["Events"]
        alarms = [alarm["Name"]["Ref"] for alarm in properties["AlarmConfiguration"]["Alarms"]]
        assert alarms == [f"{function.title()}CanaryErrorsAlarm", *LATENCY.get(function, [])]
        version = {"Fn::GetAtt": [version_of(template, logical_id), "Version"]}
        for alarm in alarms:
            for dimensions in dimensions_of(template["Resources"][alarm]["Properties"]):
                assert dimensions == {
                    "FunctionName": {"Ref": logical_id},
                    "Resource": {"Fn::Sub": f"${{{logical_id}}}:live"},
                    "ExecutedVersion": version,
                }, alarm


def version_of(template: dict, function: str) -> str:
    (name,) = [
        name
        for name, version in of_type(template, "AWS::Lambda::Version").items()
        if version["Properties"]["FunctionName"] == {"Ref": function}
    ]
    return name


def dimensions_of(alarm: dict):
    for metric in metrics_of(alarm).values():
        yield {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}


def test_alarms_see_requests_that_come_through_the_alias():
    """Concurrency and throttles are the function's; errors and durations are of what its alias served."""
    for name, alarm in of_type(transformed(), "AWS::CloudWatch::Alarm").items():
        for metric in metrics_of(alarm["Properties"]).values():
            if metric["Namespace"] == "AWS/Lambda" and metric["MetricName"] in ("Duration", "Errors"):
                named = {dimension["Name"] for dimension in metric["Dimensions"]}
                assert {"FunctionName", "Resource"} <= named, name
