"""Programs that tests start: our binaries, and a way to run them that leaves nothing behind."""

import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from template import ROOT

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

# Stops the program when its standard input closes: also when the tests are killed.
WATCH = """\
"$@" </dev/null & child=$!
exec >&- 2>&-
read -r _
kill "$child" && wait "$child"
"""


def built(name: str) -> Path:
    """A binary of the workspace's debug build; `CARGO_BIN` names another `local`."""
    path = TARGET / "debug" / name
    if name == "local":
        path = Path(os.environ.get("CARGO_BIN", path))
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there: cargo build --bin {name}")
    if source := newer_source(path):
        raise RuntimeError(f"{path} is older than {source}: cargo build --bin {name}")
    return path


def newer_source(program: Path) -> Path | None:
    """A source that has changed since the build, according to cargo's list of dependencies beside the program."""
    listing = program.with_suffix(".d")
    if not listing.exists():
        return None
    made = program.stat().st_mtime
    sources = map(Path, listing.read_text().partition(": ")[2].split())
    return next((path for path in sources if path.exists() and path.stat().st_mtime > made), None)


class Program:
    """A running program and its output so far, on standard output and standard error."""

    def __init__(self, process: subprocess.Popen):
        self._process = process
        self._lines: list[str] = []
        self._heard = threading.Condition()
        self._over = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            with self._heard:
                self._lines.append(line.rstrip("\n"))
                self._heard.notify_all()
        with self._heard:
            self._over = True
            self._heard.notify_all()

    @property
    def log(self) -> list[str]:
        with self._heard:
            return list(self._lines)

    def expect(self, text: str, seconds: float = 60) -> str:
        """Waits for a line that contains the text, and returns it."""
        deadline = time.monotonic() + seconds
        seen = 0
        with self._heard:
            while True:
                for line in self._lines[seen:]:
                    if text in line:
                        return line
                seen = len(self._lines)
                left = deadline - time.monotonic()
                if self._over or left <= 0:
                    log = "\n".join(self._lines)
                    how = "ended" if self._over else f"did not in {seconds} seconds"
                    raise RuntimeError(f"{self._process.args}: no `{text}`, it {how}:\n{log}")
                self._heard.wait(left)

    def raise_if_ended(self):
        with self._heard:
            if self._over:
                raise RuntimeError(f"{self._process.args} ended:\n" + "\n".join(self._lines))

    def wait_for_end(self):
        with self._heard:
            while not self._over:
                self._heard.wait()

    def kill(self):
        """Ends the program at once, with `SIGKILL`."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def pause(self):
        """Stops the program with `SIGSTOP`, so that it answers nothing until it is killed."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def _stop(self):
        self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            raise
        self._reader.join(timeout=30)
        self._process.stdout.close()


@contextmanager
def running(*command, environment: dict[str, str] | None = None, folder: Path = ROOT):
    """Runs a program for the duration of a context. Without an environment it inherits ours."""
    environment = os.environ if environment is None else environment
    process = subprocess.Popen(
        ["sh", "-c", WATCH, "watch", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={"PATH": os.environ["PATH"]} | dict(environment),
        cwd=folder,
        start_new_session=True,
    )
    program = Program(process)
    try:
        yield program
    except Exception as error:
        error.add_note(f"{Path(command[0]).name} said:\n" + "\n".join(program.log[-40:]))
        raise
    finally:
        program._stop()


def admin(environment: dict[str, str], *arguments) -> str:
    """Runs the operator's command line and returns its output."""
    done = subprocess.run(
        [built("admin"), *arguments],
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"admin {' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout
