"""The load balancer sends each path to the function to which the HTTP API sends it."""

from fnmatch import fnmatchcase

import yaml

from stack import FUNCTIONS
from template import ROOT, Loader, of_type, routes, written

TEMPLATE = yaml.load((ROOT / "infra/alb.yaml").read_text(encoding="utf-8"), Loader)
RULES = of_type(TEMPLATE, "AWS::ElasticLoadBalancingV2::ListenerRule")
GROUPS = of_type(TEMPLATE, "AWS::ElasticLoadBalancingV2::TargetGroup")
# Quotas of a load balancer: values of all conditions of a rule, and wildcards in them.
VALUES, WILDCARDS = 5, 6
ALIAS = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${FunctionsStack}-%s:live"


def paths_of(rule: dict) -> list[str]:
    (condition,) = rule["Properties"]["Conditions"]
    return condition["PathPatternConfig"]["Values"]


def function_of(rule: dict) -> str:
    (action,) = rule["Properties"]["Actions"]
    return action["TargetGroupArn"]["Ref"].removesuffix("Targets").lower()


def routed(path: str) -> str | None:
    """The function of a path: that of the first rule that matches, in the order of priorities."""
    for rule in sorted(RULES.values(), key=lambda rule: rule["Properties"]["Priority"]):
        if any(fnmatchcase(path, pattern) for pattern in paths_of(rule)):
            return function_of(rule)
    return None


def test_each_route_of_the_api_reaches_its_function():
    for path, function in routes().items():
        assert routed(path) == function, path


def test_each_pattern_is_of_a_route_and_other_paths_reach_no_function():
    for name, rule in RULES.items():
        for pattern in paths_of(rule):
            assert any(fnmatchcase(path, pattern) for path in routes()), (name, pattern)
    for path in ("/", "/oauth", "/oauth/token/x", "/admin", "/u", "/wp-login.php"):
        assert routed(path) is None, path
    (default,) = TEMPLATE["Resources"]["Listener"]["Properties"]["DefaultActions"]
    assert default["FixedResponseConfig"]["StatusCode"] == "404"
    assert default["FixedResponseConfig"]["ContentType"] == "application/json"


def test_rules_keep_the_quotas_of_a_load_balancer():
    priorities = [rule["Properties"]["Priority"] for rule in RULES.values()]
    assert len(set(priorities)) == len(priorities)
    for name, rule in RULES.items():
        assert len(paths_of(rule)) <= VALUES, name
        assert "".join(paths_of(rule)).count("*") <= WILDCARDS, name


def test_a_target_group_is_the_alias_of_a_function():
    assert GROUPS.keys() == {f"{function.title()}Targets" for function in FUNCTIONS}
    for function in FUNCTIONS:
        group = GROUPS[f"{function.title()}Targets"]
        assert group["Properties"]["TargetType"] == "lambda"
        assert group["Properties"]["Targets"] == [{"Id": {"Fn::Sub": ALIAS % function}}]
        assert group["DependsOn"] == f"{function.title()}Permission"


def test_a_second_cookie_reaches_a_function():
    for name, group in GROUPS.items():
        attributes = group["Properties"]["TargetGroupAttributes"]
        assert {"Key": "lambda.multi_value_headers.enabled", "Value": "true"} in attributes, name


def test_only_its_target_group_may_call_an_alias():
    permissions = of_type(TEMPLATE, "AWS::Lambda::Permission")
    assert len(permissions) == len(FUNCTIONS)
    for function in FUNCTIONS:
        permission = permissions[f"{function.title()}Permission"]["Properties"]
        name = GROUPS[f"{function.title()}Targets"]["Properties"]["Name"]["Fn::Sub"]
        account = "${AWS::Region}:${AWS::AccountId}"
        assert permission == {
            "FunctionName": {"Fn::Sub": ALIAS % function},
            "Action": "lambda:InvokeFunction",
            "Principal": "elasticloadbalancing.amazonaws.com",
            "SourceArn": {
                "Fn::Sub": f"arn:${{AWS::Partition}}:elasticloadbalancing:{account}:targetgroup/{name}/*"
            },
        }


def test_the_load_balancer_waits_longer_than_a_function_may_take_and_appends_the_callers_address():
    listed = TEMPLATE["Resources"]["LoadBalancer"]["Properties"]["LoadBalancerAttributes"]
    attributes = {item["Key"]: item["Value"] for item in listed if "Key" in item}
    limit = written()["Globals"]["Function"]["Timeout"]
    assert int(attributes["idle_timeout.timeout_seconds"]) > limit
    assert attributes["routing.http.xff_header_processing.mode"] == "append"
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"


def test_only_tls_is_served_and_only_one_group_is_checked():
    (listener,) = of_type(TEMPLATE, "AWS::ElasticLoadBalancingV2::Listener").values()
    assert (listener["Properties"]["Protocol"], listener["Properties"]["Port"]) == ("HTTPS", 443)
    checked = {name for name, group in GROUPS.items() if group["Properties"]["HealthCheckEnabled"]}
    assert checked == {"DiscoveryTargets"}
