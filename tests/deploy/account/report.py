"""The report of a run: JSON in the form of `report.schema.json`, which says what each figure is."""

import json
import re
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from account.machine import Machine
from account.options import Options
from account.price import Price
from suite import Outcome
from template import ROOT

FAILED = re.compile(r"^test (\S+) +\.\.\. FAILED$", re.MULTILINE)
SCHEMA = Path(__file__).with_name("report.schema.json")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def commit() -> str | None:
    """The commit of the checkout; `None` outside of a repository."""
    command = ["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=40"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


@dataclass
class Report:
    """What is known so far; `failure` is the reason for which a run ended early."""

    options: Options
    machine: Machine
    price: Price
    started: str = field(default_factory=now)
    preflight: dict | None = None
    deployment: dict | None = None
    figures: dict | None = None
    probes: list[dict] = field(default_factory=list)
    suite: dict | None = None
    removal: dict | None = None
    failure: str | None = None

    def note_suite(self, outcome: Outcome):
        """The outcome of the suite: an ended suite without a single test is a failed one."""
        self.suite = {
            "whole": not self.options.only,
            "passed": outcome.exit_code == 0 and bool(outcome.ran),
            "ran": len(outcome.ran),
            "failed": sorted(FAILED.findall(outcome.output)),
            "ignored": dict(sorted(outcome.ignored.items())),
        }

    def write(self) -> Path:
        """Writes the report, without the account and its resources, so that it can be published."""
        options = self.options
        made = {
            "version": 1,
            "run": {
                "id": options.id,
                "started": self.started,
                "ended": now(),
                "region": self.machine.region,
                "mode": options.mode,
                "architecture": options.architecture,
                "source": "release" if options.release else "source",
                "commit": commit(),
                "threads": options.threads,
            },
            "price": {"at_most_requests": self.price.requests, "at_most_dollars": round(self.price.dollars, 4)},
            "preflight": without_principal(self.preflight),
            "deployment": self.deployment,
            "figures": self.figures,
            "probes": self.probes,
            "suite": self.suite,
            "removal": self.removal,
            "failure": self.failure,
        }
        options.report.parent.mkdir(parents=True, exist_ok=True)
        options.report.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
        return options.report


def without_principal(preflight: dict | None) -> dict | None:
    return preflight and {name: value for name, value in preflight.items() if name != "principal"}
