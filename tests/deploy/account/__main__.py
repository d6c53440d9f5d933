"""The run: price, question, preflight, build, deployment, figures, probes, suite, deletion, report.

The exit status is 0 if everything passed and nothing is left, 1 if something failed, and 3 if something is left.
"""

import signal
import sys
import time
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

import suite
from account.deployment import (
    Deployed,
    bucket_name,
    deploy,
    import_tenant,
    make_bucket,
    prepare,
    wait_for_discovery,
)
from account.machine import Failed, Machine
from account.measure import figures
from account.options import Options, parsed
from account.price import estimate
from account.probes import CHALLENGE, Probes
from account.removal import Removal
from account.report import Report
from template import ROOT

FAILED, LEFT = 1, 3
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """Ctrl-C, or the end of the run from outside."""


def interrupt(*_):
    raise Interrupted


@contextmanager
def undisturbed():
    """Signals during the deletion change nothing: it goes on."""
    for one in SIGNALS:
        signal.signal(one, lambda *_: print("the deletion goes on", file=sys.stderr))
    yield


def main() -> int:
    options = parsed()
    price = estimate(options)
    print(price.table(), flush=True)
    if options.price_only:
        return 0
    for one in SIGNALS:
        signal.signal(one, interrupt)
    try:
        return run(options, Report(options, Machine(options), price))
    except (Failed, ClientError, BotoCoreError) as error:
        print(f"tests/aws: {error}", file=sys.stderr)
    except Interrupted:
        print("tests/aws: interrupted; nothing was made", file=sys.stderr)
    return FAILED


def run(options: Options, report: Report) -> int:
    """A run up to the report. Failures before the bucket is made are raised, since nothing is there to delete."""
    machine = report.machine
    caller = machine.caller()
    print(f"{caller['Arn']} deploys {options.stack} in {machine.region}, and deletes it at the end")
    if not options.yes:
        confirm()
    machine.build()
    check_limits(options, report)
    suite.binary()
    template = prepare(machine, options, ROOT / "target/aws" / options.stack)
    bucket = bucket_name(options, caller["Account"])
    removal = Removal(machine, options.stack, bucket)
    try:
        make_bucket(machine, bucket)
        deployed = deploy(machine, options, template, bucket)
        use(options, report, deployed)
    except Interrupted:
        report.failure = "interrupted"
        removal.may_appear = True
    except Exception as error:
        report.failure = f"{type(error).__name__}: {error}"
    finally:
        with undisturbed():
            print(f"deletes {options.stack}", flush=True)
            removal.run()
            report.removal = removal.report()
            file = report.write()
    print(removal.text())
    print(f"report: {file}")
    return verdict(report)


def confirm():
    if not sys.stdin.isatty():
        raise Failed("--yes is needed where nothing can be asked")
    if input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Failed("nothing was done")


def check_limits(options: Options, report: Report):
    report.preflight, enough = report.machine.preflight(options)
    if not enough and not options.despite_limits:
        raise Failed("the account's limits do not carry the run, or are unknown: --despite-limits deploys nevertheless")


def use(options: Options, report: Report, deployed: Deployed):
    """All that is done with a stack, cheapest and surest first."""
    machine, began = report.machine, time.time()
    import_tenant(machine, deployed.outputs)
    ready = wait_for_discovery(deployed.issuer)
    report.deployment = {"seconds": round(deployed.seconds), "seconds_to_discovery": round(ready, 1)}
    report.figures = figures(machine, deployed.issuer, options)
    probes = Probes(machine, options, deployed, began)
    report.probes = probes.of_requests()
    outcome = suite.run(deployed.issuer, *options.only, threads=options.threads, limits=limits(report.probes))
    print(outcome.summary())
    report.note_suite(outcome)
    if outcome.exit_code != 0:
        print(outcome.output, file=sys.stderr)
    elif not options.only:
        suite.assert_whole(outcome)
    report.probes += probes.of_logs()


def limits(probes: list[dict]) -> dict[str, str]:
    """What the front does not pass on, as the probes have found it."""
    (challenge,) = (probe for probe in probes if probe["name"] == "challenge")
    if challenge["answer"] == CHALLENGE:
        return {}
    return {"reads WWW-Authenticate": f"names it {challenge['answer']}"}


def verdict(report: Report) -> int:
    if report.removal["left"]:
        return LEFT
    if report.failure:
        print(f"tests/aws: {report.failure}", file=sys.stderr)
        return FAILED
    return 0 if report.suite["passed"] else FAILED


if __name__ == "__main__":
    sys.exit(main())
