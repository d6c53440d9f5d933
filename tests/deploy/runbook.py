"""The runbook: its blocks of shell commands, and a shell in which they run one after the other."""

import os
import re
import select
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from template import ROOT

RUNBOOK = ROOT / "infra/docs/RUNBOOK.md"
HEADING = re.compile(r"^#{2,} (.+)$")
LIMIT = 120

# Reads from descriptor 3 what a user types and then a block, each ended by a zero byte. Writes a line to 4 after each
# block. `eval` keeps variables and functions for the next one.
LOOP = """\
set -euo pipefail
shopt -s inherit_errexit
while IFS= read -r -d '' -u 3 typed && IFS= read -r -d '' -u 3 block; do
    if [ -n "$typed" ]; then
        eval "$block" <<<"$typed"
    else
        eval "$block" </dev/null
    fi
    echo done >&4
done
"""


@dataclass(frozen=True)
class Block:
    """A fenced block of shell commands."""

    # The text of the nearest heading before it.
    section: str
    line: int
    text: str

    @property
    def name(self) -> str:
        return f"RUNBOOK.md:{self.line} ({self.section})"


def blocks(text: str) -> list[Block]:
    """All fenced blocks of a Markdown text, in order. A block that does not say `sh` is an error."""
    found, section, opened, lines = [], "", None, []
    for number, line in enumerate(text.splitlines(), start=1):
        if opened is not None:
            if line == "```":
                found.append(Block(section, opened, "\n".join(lines) + "\n"))
                opened = None
            else:
                lines.append(line)
        elif line.lstrip().startswith("```"):
            assert line == "```sh", f"line {number}: every block is of `sh` and at the margin"
            opened, lines = number, []
        elif heading := HEADING.match(line):
            section = heading.group(1)
    assert opened is None, f"line {opened}: the block has no end"
    return found


class Shell:
    """A Bash with an environment of its own."""

    def __init__(self, process: subprocess.Popen, orders, answers, log: Path):
        self._process = process
        self._orders = orders
        self._answers = answers
        self._log = log
        self._read = 0

    def run(self, block: Block, typed: str = "") -> str:
        """Runs a block, whose questions find what is typed and nothing else, and returns its output."""
        self._orders.write(f"{typed}\0{block.text}\0".encode())
        self._orders.flush()
        ready, _, _ = select.select([self._answers], [], [], LIMIT)
        answer = self._answers.readline() if ready else b""
        output = self.output()
        if answer != b"done\n":
            how = "failed" if ready else f"did not end in {LIMIT} seconds"
            raise AssertionError(f"{block.name} {how}:\n{block.text}\n{output[-6000:]}")
        return output

    def output(self) -> str:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        new = text[self._read :]
        self._read = len(text)
        return new


@contextmanager
def shell(environment: dict[str, str], folder: Path, log: Path):
    """A shell for the duration of a context, with exactly this environment."""
    orders, orders_end = os.pipe()
    answers_end, answers = os.pipe()
    script = f"exec 3<&{orders} 4>&{answers} {orders}<&- {answers}>&-\n{LOOP}"
    with (
        open(log, "wb") as output,
        subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(orders, answers),
            start_new_session=True,
        ) as process,
        open(orders_end, "wb") as orders_file,
        open(answers_end, "rb") as answers_file,
    ):
        os.close(orders)
        os.close(answers)
        try:
            yield Shell(process, orders_file, answers_file, log)
        finally:
            orders_file.close()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                raise
