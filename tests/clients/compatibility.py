"""Writes tests/COMPATIBILITY.md from the JUnit reports of the foreign clients' tests.

`compatibility.py REPORTS` reads every report in that folder. compatibility.json assigns suites to packages and lists
the differences from Auth0. The script fails if a test of a client did not pass or did not run. It also fails if the
committed page differs from the reports, and then writes the page to commit.
"""

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

CLIENTS = Path(__file__).resolve().parent
PAGE = CLIENTS.parent / "COMPATIBILITY.md"

INTRODUCTION = """\
# Clients that work

These client packages come from their registries and run unmodified against a local server. [`tests/run`](run)
writes this page: versions are those that were installed, and each step is a test that passed. Differences from
Auth0 are written by hand in [`clients/compatibility.json`](clients/compatibility.json).
"""

# The class of every test in Node's reports.
NODE = "test"


class Unproven(Exception):
    """The page would claim more than the reports show."""


class Reports:
    """The suites that ran, and the class paths of those in Java."""

    def __init__(self, folder):
        self.suites = {}
        self.class_paths = ""
        for report in sorted(folder.glob("**/*.xml")):
            self._read(ElementTree.parse(report).getroot())

    def _read(self, root):
        for suite in root.iter("testsuite"):
            for case in suite.iterfind("testcase"):
                # Node puts the `describe` into the suite's name; pytest and Surefire put the file into the class's
                # name.
                by_file = case.get("classname") != NODE
                name = case.get("classname") if by_file else suite.get("name")
                self.suites.setdefault(name, []).append(case)
        for item in root.iter("property"):
            if item.get("name").endswith("class.path"):
                self.class_paths += item.get("value")

    def steps(self, suite):
        """The claims of a suite. Each of its tests must have passed."""
        cases = self.suites.get(suite)
        if not cases:
            raise Unproven(f"no test of the suite `{suite}` ran")
        for case in cases:
            for problem in ("failure", "error", "skipped"):
                if case.find(problem) is not None:
                    raise Unproven(f"{problem}: {suite}: {case.get('name')}")
        return [claim(case) for case in cases]

    def version(self, package, registry):
        """The installed version, or for Java the one on the class path."""
        if registry == "npm":
            manifest = CLIENTS / "node" / "node_modules" / package / "package.json"
            return json.loads(manifest.read_text(encoding="utf-8"))["version"]
        if registry == "PyPI":
            return version(package)
        jar = re.search(rf"/{re.escape(package)}-(\d[\w.-]*)\.jar", self.class_paths)
        if not jar:
            raise Unproven(f"{package} was not on the class path")
        return jar[1]


def claim(case):
    """A test's name as a claim; functions have underscores for blanks, and parameters in brackets."""
    name = case.get("name")
    if case.get("classname") != NODE:
        function, parameters = re.fullmatch(r"(?:test_)?(\w+)(?:\[(.*)\])?", name).groups()
        name = function.replace("_", " ") + (f" ({parameters})" if parameters else "")
    return re.sub(r"([<*|])", r"\\\1", name)


def page(data, reports):
    clients = [(client, *described(client, reports)) for client in data["clients"]]
    lines = [INTRODUCTION, "| client | from | steps that passed | differences from Auth0 for it |", "| --- | --- | --- | --- |"]
    for client, title, steps in clients:
        differs = "see below" if client.get("differs") else "nothing of its own"
        lines.append(f"| [{title}](#{anchor(title)}) | {client['from']} | {len(steps)} | {differs} |")
    lines += ["", "## Differences for every client", "", *differences(data["everywhere"])]
    for client, title, steps in clients:
        lines += ["", f"## {title}", ""]
        if client.get("with"):
            others = [named(other, client["from"], reports) for other in client["with"]]
            lines += [f"With {' and '.join(others)}.", ""]
        if client.get("differs"):
            lines += ["Differences:", "", *differences(client["differs"]), "", "Steps that passed:", ""]
        lines += [f"- {step}" for step in steps]
    return "\n".join(lines) + "\n"


def described(client, reports):
    installed = client.get("installed", client["package"])
    title = f"{client['package']} {reports.version(installed, client['from'])}"
    return title, [step for suite in client["suites"] for step in reports.steps(suite)]


def named(package, registry, reports):
    return f"{package} {reports.version(package, registry)}"


def differences(entries):
    return [f"- {entry['what']} *Why:* {entry['why']}" for entry in entries]


def anchor(title):
    """The anchor that GitHub generates from a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def data():
    return json.loads((CLIENTS / "compatibility.json").read_text(encoding="utf-8"))


def main(folder):
    try:
        text = page(data(), Reports(Path(folder)))
    except Unproven as gap:
        sys.exit(f"tests/COMPATIBILITY.md stays as it is. {gap}")
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if text != before:
        PAGE.write_text(text, encoding="utf-8")
        sys.exit("tests/COMPATIBILITY.md did not say what ran. It does now: commit it")
    print("tests/COMPATIBILITY.md says what ran")


if __name__ == "__main__":
    main(*sys.argv[1:])
