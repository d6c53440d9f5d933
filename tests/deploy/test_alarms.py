"""Alarms ring at shares of the requests, which mean the same to a hundred users and to two million."""

import re

import pytest

from template import metrics_of, of_type, transformed, written

# Five minutes of two million users who refresh ten times a day, at an even pace.
CROWD = 69_444
# The same of a stage that a few people try things in.
FEW = 40


def fill(value, default):
    return default if value is None else value


def choose(condition, value, otherwise):
    """`IF` of metric math; a share of no requests is no value."""
    return value() if condition else otherwise


def rings(name: str, **values: float) -> bool:
    """Whether an alarm with the default parameters rings at these values of its metrics, and no value of the others."""
    template = transformed()
    alarm = template["Resources"][f"{name}Alarm"]["Properties"]
    metrics = metrics_of(alarm)
    assert values.keys() <= metrics.keys(), metrics.keys()
    defaults = {key: item.get("Default") for key, item in template["Parameters"].items()}
    (expression,) = [item["Expression"] for item in alarm["Metrics"] if "Expression" in item]
    text = expression if isinstance(expression, str) else expression["Fn::Sub"]
    text = re.sub(r"\$\{(\w+)\}", lambda found: str(defaults[found[1]]), text)
    text = re.sub(r"^IF\((.* >= [\d.]+), (.*), 0\)$", r"choose(\1, lambda: \2, 0)", text.replace("FILL(", "fill("))
    known = {"choose": choose, "fill": fill, "SERVICE_QUOTA": lambda _: 1000}
    share = eval(text, known | dict.fromkeys(metrics) | values)  # noqa: S307 (the template's own text)
    threshold = alarm["Threshold"]
    limit = float(defaults[threshold["Ref"]] if isinstance(threshold, dict) else threshold)
    match alarm["ComparisonOperator"]:
        case "GreaterThanThreshold":
            return share > limit
    raise AssertionError(alarm["ComparisonOperator"])


@pytest.mark.parametrize(
    ("name", "ordinary", "wrong"),
    [
        ("ApiErrors", {"failed": 7, "requests": CROWD}, {"failed": 1500, "requests": CROWD}),
        ("ApiErrors", {"failed": 4, "requests": FEW}, {"failed": 10, "requests": FEW}),
        (
            "ApiErrorsSlow",
            {"failed": 12 * 7, "requests": 12 * CROWD},
            {"failed": 12 * 300, "requests": 12 * CROWD},
        ),
        ("FunctionErrors", {"e1": 60, "r1": CROWD}, {"e1": 700, "r1": CROWD}),
        # A function that does not start, which is one of four.
        ("FunctionErrors", {"e4": 0, "r4": FEW}, {"e4": 10, "r4": 10, "r1": FEW}),
        ("FunctionThrottles", {"t1": 60, "r1": CROWD}, {"t1": 1000, "r1": CROWD}),
        ("KeyServiceFailures", {"failed": 60, "r1": CROWD}, {"failed": 1000, "r1": CROWD}),
        ("TableThrottles", {"t2": 60, "r1": CROWD}, {"t2": 1000, "r1": CROWD}),
        ("ReuseDetected", {"found": 10, "exchanged": CROWD}, {"found": 100, "exchanged": CROWD}),
        # One theft among few users is an event.
        ("ReuseDetected", {"found": 0, "exchanged": FEW}, {"found": 1, "exchanged": FEW}),
        ("ReuseDetected", {"found": 0}, {"found": 1}),
        ("ReplayedElsewhere", {"found": 10, "exchanged": CROWD}, {"found": 1, "exchanged": FEW}),
        ("ReplayedOnTheMove", {"found": 600, "exchanged": CROWD}, {"found": 900, "exchanged": CROWD}),
        ("RefreshesRefused", {"found": 2000, "exchanged": CROWD}, {"found": 9000, "exchanged": CROWD}),
        ("RefreshesRefused", {"found": 40, "exchanged": FEW}, {"found": 100, "exchanged": FEW}),
        ("TokenCanaryErrors", {"errors": 2, "requests": 20}, {"errors": 3, "requests": 20}),
        ("TokenCanaryErrors", {"errors": 10, "requests": 1400}, {"errors": 100, "requests": 1400}),
        ("Concurrency", {"used": 700}, {"used": 900}),
        ("KeyServiceQuota", {"used": 700}, {"used": 900}),
    ],
)
def test_an_alarm_rings_at_a_share(name, ordinary, wrong):
    assert not rings(name, **ordinary)
    assert rings(name, **wrong)


def test_no_alarm_rings_at_a_constant_number_of_failures():
    """A number means a disaster to one stage and an ordinary day to another."""
    for name, alarm in of_type(transformed(), "AWS::CloudWatch::Alarm").items():
        properties = alarm["Properties"]
        if "ThresholdMetricId" not in properties and name != "CertificateExpiryAlarm":
            assert "Ref" in properties["Threshold"], name


def test_a_fall_of_refreshes_rings_if_the_operator_wants_it():
    template = transformed()
    alarm = template["Resources"]["FewRefreshesAlarm"]
    assert alarm["Condition"] == "WatchesForFewRefreshes"
    assert written()["Parameters"]["RefreshAnomalyBand"]["Default"] == 0
    properties = alarm["Properties"]
    assert properties["ComparisonOperator"] == "LessThanLowerThreshold"
    # No line of the log at all is the worst case.
    assert properties["TreatMissingData"] == "breaching"


def test_the_engineer_on_call_hears_of_requests_that_fail_and_of_nothing_else():
    template = transformed()
    alarm = template["Resources"]["UsersAffectedAlarm"]
    assert alarm["Condition"] == "HasPagerTopic"
    rule = alarm["Properties"]["AlarmRule"]["Fn::Sub"]
    watched = re.findall(r'ALARM\("\$\{(\w+)\}"\)', rule)
    assert rule == " OR ".join(f'ALARM("${{{name}}}")' for name in watched)
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    assert watched and set(watched) <= set(alarms)
    # Each is an alarm of the share of requests that fail; CloudFormation rejects a reference to a resource with a condition.
    assert all("Condition" not in alarms[name] for name in watched)


def test_a_key_that_is_disabled_or_scheduled_for_deletion_is_published(made):
    rule = transformed()["Resources"]["KeyInDangerRule"]["Properties"]
    detail = rule["EventPattern"]["detail"]
    assert detail["eventName"] == ["DisableKey", "ScheduleKeyDeletion"]
    events = made.aws.client("events")
    (name,) = [
        found["Name"]
        for found in events.list_rules()["Rules"]
        if found["Name"] == made.stack.resources["KeyInDangerRule"]
    ]
    pattern = events.describe_rule(Name=name)["EventPattern"]
    for output, arn in made.stack.outputs.items():
        if output.endswith("KeyArn"):
            assert arn in pattern, output
    (target,) = events.list_targets_by_rule(Rule=name)["Targets"]
    assert target["Arn"].endswith(":alarms")
