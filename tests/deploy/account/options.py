"""The command line of `tests/aws`."""

import argparse
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

DESCRIPTION = """\
Deploys a disposable stack to an AWS account, imports the tests' tenant, runs the black-box suite against it, asks what only
AWS can answer, measures, writes a report in JSON, and deletes everything. The price is printed before anything changes.
"""
PREFIX = "ratchet-aws-"


@dataclass(frozen=True)
class Options:
    """One run. The numbers bound its price."""

    profile: str | None
    region: str | None
    mode: str
    architecture: str
    # A folder with the files of a release; without one the functions are built from source.
    release: Path | None
    refreshes: int
    cold_starts: int
    # Requests at the same time: of the suite, and of the measurements.
    threads: int
    # Parts of the names of tests; empty for the whole suite.
    only: tuple[str, ...]
    report: Path
    price_only: bool
    yes: bool
    despite_limits: bool
    id: str = field(default_factory=lambda: secrets.token_hex(3))

    @property
    def stack(self) -> str:
        return f"{PREFIX}{self.id}"

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the stack. Lambda's own lines have the times that are measured."""
        return {
            "Stage": "disposable",
            "Architecture": self.architecture,
            "SigningMode": self.mode,
            "SignWithPS256": "true",
            "SignWithES256": "true",
            "DeletionProtection": "disabled",
            "LogRetentionDays": "1",
            "SystemLogLevel": "INFO",
        }


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def parsed(arguments: list[str] | None = None) -> Options:
    parser = argparse.ArgumentParser("tests/aws", description=DESCRIPTION)
    parser.add_argument("--profile", help="profile of the AWS CLI's files")
    parser.add_argument("--region", help="Region of the stack; without it that of the profile or of AWS_REGION")
    parser.add_argument("--mode", choices=["wrapped", "kms"], default="wrapped", help="SigningMode of the stack")
    parser.add_argument("--architecture", choices=["arm64", "x86_64"], default="arm64")
    parser.add_argument("--release", type=Path, metavar="FOLDER", help="deploy the files of this release instead of the source")
    parser.add_argument("--refreshes", type=positive, default=1000, metavar="N", help="warm refreshes to measure")
    parser.add_argument("--cold-starts", type=positive, default=20, metavar="N", help="cold starts to measure")
    parser.add_argument("--threads", type=positive, default=4, metavar="N", help="requests at the same time")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="only tests whose names contain TEXT")
    parser.add_argument("--report", type=Path, metavar="FILE", help="default: target/aws/<stack>.json")
    parser.add_argument("--price-only", action="store_true", help="print the price and stop; needs no account")
    parser.add_argument("--yes", action="store_true", help="ask no question")
    parser.add_argument("--despite-limits", action="store_true", help="deploy also if the preflight fails")
    given = vars(parser.parse_args(arguments))
    id = secrets.token_hex(3)
    given["report"] = given["report"] or Path(f"target/aws/{PREFIX}{id}.json")
    return Options(**given | {"only": tuple(given["only"]), "id": id})


def is_of_a_run(stack: str) -> bool:
    """True for the name of a stack that a run has made."""
    return re.fullmatch(f"{PREFIX}[0-9a-f]{{6}}", stack) is not None
