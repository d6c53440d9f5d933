"""The figures of a stack: what its clients wait for, what Lambda bills, and what its functions count and log."""

import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests

from account import wire
from account.machine import Failed, Machine
from account.options import Options
from account.price import REFRESHES_OF_A_LOGIN
from client import CLIENT_ID, PATIENCE, Client, tokens

FUNCTIONS = ("token", "authorize", "revoke", "discovery")
REPORT = "platform.report"
# Seconds within which CloudWatch has the lines of a request.
LOG_DELAY = 180
PAUSE = 3
# Requests that find a function without a warm environment.
COLD_AT_ONCE = 5
# Of a client that prepares itself: the exchange of its code, and a refresh.
REQUESTS_TO_PREPARE = 2


def percentiles(values: Iterable[float]) -> dict[str, float] | None:
    """Number, mean and percentiles by the nearest rank; `None` without values."""
    ordered = sorted(values)
    if not ordered:
        return None

    def rank(percent: int) -> float:
        return round(ordered[-(-len(ordered) * percent // 100) - 1], 3)

    found = {f"p{percent}": rank(percent) for percent in (50, 90, 99)}
    return {"count": len(ordered), "mean": round(sum(ordered) / len(ordered), 3)} | found | {"max": rank(100)}


@dataclass
class Lines:
    """Lines of a function's log: those of Lambda with its times, and the function's own with what it counted."""

    texts: list[str]
    events: list[dict] = field(init=False)

    def __post_init__(self):
        self.events = [event for text in self.texts if (event := as_event(text)) is not None]

    @property
    def reports(self) -> list[dict]:
        """Lambda's metrics of each request."""
        return [event["record"]["metrics"] for event in self.events if event.get("type") == REPORT]

    @property
    def counted(self) -> list[dict]:
        return [event for event in self.events if "read_units" in event]

    def bytes(self, of_lambda: bool) -> int:
        return sum(len(text.encode()) for text in self.texts if is_of_lambda(text) == of_lambda)


def as_event(text: str) -> dict | None:
    try:
        event = json.loads(text)
    except json.JSONDecodeError:
        return None
    return event if isinstance(event, dict) else None


def is_of_lambda(text: str) -> bool:
    event = as_event(text) or {}
    return str(event.get("type")).startswith("platform.")


class Logs:
    """The logs of a stack's functions in CloudWatch."""

    def __init__(self, machine: Machine, stack: str):
        self._client = machine.client("logs")
        self._stack = stack

    def texts(self, function: str, since: float) -> list[str]:
        """The lines of a function since a time, in seconds since the epoch."""
        group = f"/aws/lambda/{self._stack}-{function}"
        pages = self._client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=int(since * 1000))
        return [event["message"].rstrip("\n") for page in pages for event in page["events"]]


class Tail:
    """The log of one function from now on, in pieces of as many requests as were sent."""

    def __init__(self, logs: Logs, function: str):
        self._logs = logs
        self._function = function
        self._since = time.time()
        # A line has the id of its request, so that no two are the same.
        self._seen: set[str] = set()

    def take(self, number: int) -> Lines:
        """The new lines, once Lambda has reported this many requests among them; the run fails if it does not."""
        until = time.monotonic() + LOG_DELAY
        while True:
            lines = Lines([text for text in self._logs.texts(self._function, self._since) if text not in self._seen])
            if len(lines.reports) >= number:
                self._seen.update(lines.texts)
                return lines
            if time.monotonic() > until:
                have = f"{len(lines.reports)} of {number} requests"
                raise Failed(f"the log of {self._function} has {have} after {LOG_DELAY} s")
            time.sleep(PAUSE)


class Refresher:
    """A client that refreshes over one connection. A family is left before its refreshes are throttled."""

    def __init__(self, issuer: str):
        self._issuer = issuer
        self._session = requests.Session()
        self._token = ""
        # Milliseconds and bytes of each answer.
        self.times: list[float] = []
        self.sizes: list[int] = []

    def prepare(self):
        """Logs in and refreshes once, so that the connection is there and the next refreshes alone are measured."""
        answer = self._exchange(Client(self._issuer).refresh_token())
        self._token = tokens(answer)["refresh_token"]

    def refresh(self):
        began = time.monotonic()
        answer = self._exchange(self._token)
        self.times.append((time.monotonic() - began) * 1000)
        self._token = tokens(answer)["refresh_token"]
        head = sum(len(f"{name}: {value}\r\n") for name, value in answer.headers.items())
        self.sizes.append(head + len(answer.content))

    def _exchange(self, token: str) -> requests.Response:
        form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "refresh_token": token}
        return self._session.post(urljoin(self._issuer, "oauth/token"), data=form, timeout=PATIENCE)


def shares(number: int, size: int) -> Iterator[int]:
    """A number in parts of a size, the last one smaller."""
    for start in range(0, number, size):
        yield min(size, number - start)


def warm(logs: Logs, issuer: str, options: Options) -> dict:
    """The figures of warm refreshes: those of the clients, of Lambda, and of the function."""
    refreshers = [Refresher(issuer) for _ in range(options.threads)]
    tail = Tail(logs, "token")
    texts: list[str] = []
    # In parts, so that no login stands between two refreshes that are measured.
    for part in shares(options.refreshes, options.threads * REFRESHES_OF_A_LOGIN):
        with ThreadPoolExecutor(options.threads) as pool:
            list(pool.map(Refresher.prepare, refreshers))
            tail.take(REQUESTS_TO_PREPARE * len(refreshers))
            counts = [part // options.threads + (at < part % options.threads) for at in range(options.threads)]
            list(pool.map(repeated, refreshers, counts))
        texts += tail.take(part).texts
    lines = Lines(texts)
    reports = [report for report in lines.reports if "initDurationMs" not in report]
    return {
        "latency_ms": percentiles(time for one in refreshers for time in one.times),
        "billed_ms": percentiles(report["billedDurationMs"] for report in reports),
        "duration_ms": percentiles(report["durationMs"] for report in reports),
        "memory_mb": percentiles(report["maxMemoryUsedMB"] for report in reports),
        "answer_bytes": percentiles(size for one in refreshers for size in one.sizes),
        "read_units": percentiles(event["read_units"] for event in lines.counted),
        "write_units": percentiles(event["write_units"] for event in lines.counted),
        "sign_calls": percentiles(event["sign_calls"] for event in lines.counted),
        "log_bytes": round(lines.bytes(of_lambda=False) / options.refreshes),
        "lambda_log_bytes": round(lines.bytes(of_lambda=True) / options.refreshes),
    }




def repeated(refresher: Refresher, number: int):
    for _ in range(number):
        refresher.refresh()


def cold(machine: Machine, logs: Logs, issuer: str, options: Options) -> dict:
    """The figures of refreshes that start an environment, in rounds with a new version of the function each."""
    started: list[dict] = []
    times: list[float] = []
    tail = Tail(logs, "token")
    for part in shares(options.cold_starts, COLD_AT_ONCE):
        refreshers = [Refresher(issuer) for _ in range(part)]
        with ThreadPoolExecutor(part) as pool:
            list(pool.map(Refresher.prepare, refreshers))
            tail.take(REQUESTS_TO_PREPARE * part)
            new_version(machine, f"{options.stack}-token", f"cold start {len(times)}")
            list(pool.map(Refresher.refresh, refreshers))
        times += [time for one in refreshers for time in one.times]
        started += [report for report in tail.take(part).reports if "initDurationMs" in report]
    return {
        "latency_ms": percentiles(times),
        "init_ms": percentiles(report["initDurationMs"] for report in started),
        "billed_ms": percentiles(report["billedDurationMs"] for report in started),
    }


def new_version(machine: Machine, function: str, description: str):
    """Publishes a version that has no environment yet, and moves the alias to it."""
    client = machine.client("lambda")
    client.update_function_configuration(FunctionName=function, Description=description)
    client.get_waiter("function_updated_v2").wait(FunctionName=function)
    version = client.publish_version(FunctionName=function)["Version"]
    client.get_waiter("function_active_v2").wait(FunctionName=function, Qualifier=version)
    client.update_alias(FunctionName=function, Name="live", FunctionVersion=version)


def figures(machine: Machine, issuer: str, options: Options) -> dict:
    logs = Logs(machine, options.stack)
    return {
        "handshake_bytes": wire.handshake_bytes(urlsplit(issuer).hostname),
        "warm_refresh": warm(logs, issuer, options),
        "cold_refresh": cold(machine, logs, issuer, options),
    }
