"""The estimated price of a run, from the list prices of costs.json and from estimates of what a run uses.

Each estimate is above what runs against the emulators need. No account's bill has confirmed it.
"""

from dataclasses import dataclass

import costs
from account.options import Options

# Of the whole suite and of the probes.
REQUESTS_OF_TESTS = 25_000
# Of a login and of the refreshes after it.
REQUESTS_OF_A_LOGIN = 8
REFRESHES_OF_A_LOGIN = 50
# From the deployment to the deletion; a run takes about one, and the suite ends after 25 minutes at most.
HOURS = 3
# Per request; password hashes and cold starts are the slowest.
SECONDS = 0.5
UNITS = 8
SIGNATURES = 2
LOG_BYTES = 4_000
ANSWER_BYTES = 12_000
# Functions, their archives and the table's items.
STORED_GB = 0.2
# The prices are those of us-east-1. Other Regions are dearer by about a third.
DEARER_REGIONS = 1.35


@dataclass(frozen=True)
class Price:
    """Dollars by line of the bill."""

    requests: int
    lines: dict[str, float]

    @property
    def dollars(self) -> float:
        return sum(self.lines.values())

    def table(self) -> str:
        width = max(map(len, self.lines))
        rows = [f"  {name.ljust(width)}  ${amount:7.3f}" for name, amount in self.lines.items()]
        total = f"  {'about'.ljust(width)}  ${self.dollars:7.2f}"
        return "\n".join([f"The price of this run, for about {self.requests:,} requests in {HOURS} hours:", *rows, total])


def estimate(options: Options) -> Price:
    """What the run costs, without any free tier."""
    number = requests(options)
    signing = SIGNATURES * number if options.mode == "kms" else 0
    lines = used(options.architecture, number, number * SECONDS, number * UNITS, number * UNITS, signing)
    lines |= {
        "data out": costs.price("out_gb", number * ANSWER_BYTES / costs.GB),
        "logs": costs.price("lambda_log_gb", number * LOG_BYTES / costs.GB),
        "keys, alarms, dashboard": standing(options.mode),
        "table and archives at rest": costs.price("dynamodb_stored_gb", STORED_GB),
    }
    return Price(number, {name: amount * DEARER_REGIONS for name, amount in lines.items()})


def requests(options: Options) -> int:
    logins = options.refreshes // REFRESHES_OF_A_LOGIN + options.threads + options.cold_starts
    return REQUESTS_OF_TESTS + options.refreshes + options.cold_starts + logins * REQUESTS_OF_A_LOGIN


def used(
    architecture: str, requests: float, seconds: float, read_units: float, write_units: float, signatures: float
) -> dict[str, float]:
    """Dollars for what requests have used."""
    memory = costs.default("MemorySize") / costs.MB_A_GB
    return {
        "HTTP API requests": costs.price("http_api_request", requests),
        "Lambda requests": costs.price("lambda_request", requests),
        "Lambda time": costs.price(f"lambda_gb_second_{architecture}", seconds * memory),
        "DynamoDB reads": costs.price("dynamodb_read_unit", read_units),
        "DynamoDB writes": costs.price("dynamodb_write_unit", write_units),
        # At the price of the dearest algorithm.
        "KMS signatures": costs.price("kms_ecc_request", signatures),
    }


def standing(mode: str) -> float:
    """What a month costs without a request, for the hours of a run."""
    # Three algorithms; the keys that wait for their deletion cost nothing.
    keys = costs.Signing("", mode, "", 3 if mode == "kms" else 0)
    return sum(costs.standing(keys, "HTTP API").values()) / costs.inputs()["assumed"]["hours_a_month"] * HOURS
