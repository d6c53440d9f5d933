"""The version before this checkout, built from its commit: what an update replaces, and what a rollback returns to.

It is the last release before the checkout. Before the first release, it is the commit before the last change of the stored
forms, with which no function of this checkout shares a table otherwise.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from programs import TARGET
from template import ROOT

RELEASES = "v[0-9]*"
STORED_FORMS = "shared/store/tests/dynamo/stored_forms.json"
FOLDER = TARGET / "previous"
PACKAGES = ("target/debug/deps", "target/debug/build", "target/debug/.fingerprint")
LIBRARIES = {".rlib", ".rmeta", ".so", ".dylib"}


class NoPrevious(Exception):
    """The history does not have the version, with what helps."""


@dataclass(frozen=True)
class Previous:
    """The source of the version, and its programs."""

    commit: str
    source: Path

    def program(self, name: str) -> Path:
        return self.source / "target/debug" / name

    @property
    def template(self) -> Path:
        return self.source / "template.yaml"


def revision(named: str | None = None, repository: Path = ROOT) -> str:
    """The commit of the version, or the one that a revision names."""
    if named:
        return git(repository, "rev-parse", "--verify", "--quiet", f"{named}^{{commit}}") or absent(f"no commit {named}")
    # The release of this very commit is not the one before it.
    if release := git(repository, "describe", "--tags", "--abbrev=0", f"--match={RELEASES}", "HEAD^"):
        return git(repository, "rev-parse", f"{release}^{{commit}}")
    if git(repository, "rev-parse", "--is-shallow-repository") != "false":
        absent("a part of a history, or none")
    changed = git(repository, "log", "-1", "--format=%H", "--", STORED_FORMS)
    return git(repository, "rev-parse", "--verify", "--quiet", f"{changed}^") if changed else absent("no stored forms")


def absent(found: str):
    raise NoPrevious(
        f"{found}: fetch the history (git fetch --unshallow --tags), or name the version before this one"
        " (tests/release test_neighbours.py --previous REVISION)"
    )


def git(repository: Path, *arguments: str) -> str:
    """What git says; nothing if it fails."""
    done = subprocess.run(["git", "-C", repository, *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def stored_forms(commit: str) -> str:
    """The recorded items of a version."""
    return git(ROOT, "show", f"{commit}:{STORED_FORMS}") or absent(f"no {STORED_FORMS} in {commit}")


def build(commit: str) -> Previous:
    """Builds the version, for which nothing but its own crates is compiled if this checkout has the others."""
    made = Previous(commit, FOLDER / commit)
    for other in FOLDER.glob("*"):
        if other != made.source:
            shutil.rmtree(other)
    if not made.source.exists():
        extract(commit, made.source)
    command = ["cargo", "build", "--workspace", "--bins", "--locked"]
    environment = os.environ | {"CARGO_TARGET_DIR": str(made.source / "target"), "CARGO_INCREMENTAL": "0"}
    subprocess.run(command, cwd=made.source, env=environment, stdin=subprocess.DEVNULL, check=True)
    return made


def extract(commit: str, folder: Path):
    """The files of a commit, and the compiled packages of this checkout. Both are there, or neither is."""
    partial = folder.with_suffix(".partial")
    partial.mkdir(parents=True)
    archive = ["git", "-C", ROOT, "archive", commit]
    with subprocess.Popen(archive, stdout=subprocess.PIPE) as files:
        # With the time of now: cargo compiles what is newer than its output.
        subprocess.run(["tar", "--extract", "--touch", "--directory", partial], stdin=files.stdout, check=True)
    if files.returncode != 0:
        raise NoPrevious(f"git archive {commit} ended with status {files.returncode}")
    for packages in PACKAGES:
        if (ROOT / packages).exists():
            seed(TARGET / Path(packages).relative_to("target"), partial / packages)
    partial.rename(folder)


def seed(source: Path, target: Path):
    """Copies the compiled packages that are not ours. The compiler replaces a library instead of writing into it."""

    def ours(folder: str, names: list[str]) -> set[str]:
        if Path(folder) != source:
            return set()
        of_programs = {name for name in names if source.name == "deps" and not name.startswith("lib")}
        return of_programs | {name for name in names if name.startswith(("ratchet", "libratchet", "harness", "libharness"))}

    def copy(file: str, to: str):
        if Path(file).suffix in LIBRARIES:
            os.link(file, to)
        else:
            shutil.copy2(file, to)

    shutil.copytree(source, target, copy_function=copy, ignore=ours)
