"""The costs of a stack, from costs.json and the defaults of the template.

costs.json has list prices, the figures of a refresh that test_costs.py measures, and assumptions. costs_page.py makes
infra/docs/COSTS.md of it.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from template import ROOT, metrics_of, of_type, own_metrics, written

INPUTS = Path(__file__).with_name("costs.json")
PAGE = ROOT / "infra/docs/COSTS.md"
MILLION = 1_000_000
# Decimal, so that no figure is lower than one by a GB of 2^30 bytes.
GB = 1e9
MB_A_GB = 1024


@dataclass(frozen=True)
class Signing:
    name: str
    mode: str
    # The price of a signature, and the keys besides the one that wraps keys.
    signature: str
    keys: int


SIGNINGS = (
    Signing("wrapped", "wrapped", "kms_rsa_2048_request", 0),
    Signing("kms, RS256", "kms", "kms_rsa_2048_request", 1),
    Signing("kms, ES256", "kms", "kms_ecc_request", 2),
)
FRONTS = ("HTTP API", "ALB", "function URL")


@cache
def inputs() -> dict:
    return json.loads(INPUTS.read_text(encoding="utf-8"))


@cache
def template() -> dict:
    return written()


def price(name: str, amount: float) -> float:
    """Dollars for this amount in one month. Tiers are by the unit that is counted."""
    item = inputs()["prices"]["tiers"][name]
    dollars, below = 0.0, 0.0
    for end, rate in item["tiers"]:
        part = amount - below if end is None else min(amount, end) - below
        dollars += max(part, 0) * rate / item["per"]
        below = end
    return dollars


def default(parameter: str):
    return template()["Parameters"][parameter]["Default"]


def log_bytes(system_level: str) -> int:
    """Bytes of log that CloudWatch counts for a refresh, with Lambda's own lines at this level."""
    measured = inputs()["measured"]
    lines = inputs()["platform_lines"] if system_level == "INFO" else []
    events = measured["log_events"] + len(lines)
    own = sum(len(line.encode()) for line in lines)
    return measured["log_bytes"] + own + events * inputs()["assumed"]["log_event_overhead"]


def answer_bytes() -> int:
    return inputs()["measured"]["answer_bytes"] + inputs()["assumed"]["front_bytes"]


def refreshes(signing: Signing, front: str, number: float) -> dict[str, float]:
    """Dollars for so many refreshes in a month, by line of the bill."""
    measured, assumed = inputs()["measured"], inputs()["assumed"]
    seconds = number * assumed["milliseconds"][signing.mode] / 1000
    return front_lines(front, number) | {
        "data out": price("out_gb", number * answer_bytes() / GB),
        "Lambda requests": price("lambda_request", number),
        "Lambda time": price(
            f"lambda_gb_second_{default('Architecture')}", seconds * default("MemorySize") / MB_A_GB
        ),
        "DynamoDB writes": price("dynamodb_write_unit", number * measured["write_units"]),
        "DynamoDB reads": price("dynamodb_read_unit", number * measured["read_units"]),
        "KMS signatures": price(signing.signature, number * measured["signatures"][signing.mode]),
        "logs": price("lambda_log_gb", number * log_bytes(default("SystemLogLevel")) / GB),
        "X-Ray": traces(number) if default("Tracing") == "Active" else 0.0,
    }


def front_lines(front: str, number: float) -> dict[str, float]:
    """The front's own lines. A load balancer bills the larger of new connections and bytes: a connection a refresh."""
    if front == "HTTP API":
        return {"HTTP API requests": price("http_api_request", number)}
    if front == "function URL":
        return {}
    unit = inputs()["assumed"]["capacity_unit"]
    connections = number / (unit["new_connections_a_second"] * 3600)
    carried = number * (answer_bytes() + inputs()["measured"]["request_bytes"]) / GB / unit["gb_an_hour_to_lambda"]
    return {"ALB capacity": price("load_balancer_capacity_hour", max(connections, carried))}


def traces(number: float) -> float:
    return price("trace", number * inputs()["assumed"]["traced_share"])


def standing(signing: Signing, front: str) -> dict[str, float]:
    """Dollars of a month without a single request."""
    assumed = inputs()["assumed"]
    stored = inputs()["users"] * assumed["family_bytes"] / GB
    alarms = of_type(template(), "AWS::CloudWatch::Alarm").values()
    watched = sum(len(metrics_of(alarm["Properties"])) for alarm in alarms if "Condition" not in alarm)
    lines = {
        "KMS keys": price("kms_key", 1 + signing.keys),
        "alarms": price("alarm_metric", watched),
        "metrics of the log": price("custom_metric", len(own_metrics())),
        "dashboard": price("dashboard", 1),
        "table and its recovery": price("dynamodb_stored_gb", stored) + price("dynamodb_recovery_gb", stored),
    }
    if front == "ALB":
        hours = assumed["hours_a_month"]
        addresses = hours * assumed["load_balancer_zones"]
        lines["ALB and its addresses"] = price("load_balancer_hour", hours) + price("public_ipv4_hour", addresses)
    return lines


def month(signing: Signing, front: str, a_day: int) -> float:
    """Dollars of a month in which each user refreshes so often a day, with the logs of all months that are kept."""
    assumed = inputs()["assumed"]
    number = inputs()["users"] * a_day * assumed["days_a_month"]
    kept = default("LogRetentionDays") / assumed["days_a_month"] * assumed["compressed_log"]
    stored = price("stored_log_gb", number * log_bytes(default("SystemLogLevel")) / GB * kept)
    return sum(refreshes(signing, front, number).values()) + sum(standing(signing, front).values()) + stored


def million(signing: Signing, front: str) -> float:
    """Dollars for the first million refreshes of a month, which are the dearest."""
    return sum(refreshes(signing, front, MILLION).values())


def bars() -> list[tuple[dict, float]]:
    """Each bar with what its stack costs."""
    signings = {signing.name: signing for signing in SIGNINGS}
    return [(bar, million(signings[bar["signing"]], bar["front"])) for bar in inputs()["bars"]]
