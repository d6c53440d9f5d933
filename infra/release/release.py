"""Makes the files of a release, for operators who build nothing themselves.

    release.py functions arm64 target/lambda release         # a zip of each function, as Lambda takes it
    release.py programs linux-arm64 target/release release   # an archive of the command line and the local server
    release.py template v1.2.3 release                       # the template with its code in a bucket

The same input gives the same bytes: archives hold no time, no user and no order of a file system.
"""

import argparse
import gzip
import io
import re
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ("token", "authorize", "revoke", "discovery")
# By the name of a program in the archive: that of the binary.
PROGRAMS = {"ratchet-admin": "admin", "ratchet-local": "local"}
TEMPLATE = "ratchet-template.yaml"
# The earliest time that a zip can hold.
LONG_AGO = (1980, 1, 1, 0, 0, 0)
UNIX = 3
EXECUTABLE = 0o755

PARAMETERS = """\
  CodeBucket:
    Type: String
    AllowedPattern: "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
    Description: A bucket in the stack's Region with the zips of the release.
  CodePrefix:
    Type: String
    Default: ratchet/
    Description: >-
      The beginning of the zips' keys, before the version of the release: ratchet/ of ratchet/v1.2.3/ratchet-token-arm64.zip.
"""
GROUP = """\
      - Label: { default: Where its code is }
        Parameters: [CodeBucket, CodePrefix]
"""
# The version is no parameter: at an update SAM keeps the value of a parameter that it is not given, and Lambda reads a zip
# again only if its key is another one.
CODE = """\
      CodeUri:
        Bucket: !Ref CodeBucket
        Key: !Sub "${{CodePrefix}}{version}/{zip}"
"""


def zip_name(function: str, architecture: str) -> str:
    return f"ratchet-{function}-{architecture}.zip"


def make_functions(architecture: str, folder: Path, output: Path):
    """A zip of each function with `bootstrap` at its root, from what `cargo lambda build` made."""
    for function in FUNCTIONS:
        entry = zipfile.ZipInfo("bootstrap", LONG_AGO)
        entry.create_system = UNIX
        entry.external_attr = (0o100000 | EXECUTABLE) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(output / zip_name(function, architecture), "w") as archive:
            archive.writestr(entry, (folder / function / "bootstrap").read_bytes(), compresslevel=9)


def make_programs(platform: str, folder: Path, output: Path):
    """An archive of the programs and the licence, from what `cargo build` made."""
    files = {name: (folder / binary, EXECUTABLE) for name, binary in PROGRAMS.items()}
    files["LICENSE"] = (ROOT / "LICENSE", 0o644)
    with (
        (output / f"ratchet-{platform}.tar.gz").open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, (path, mode) in files.items():
            content = path.read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))


def template(text: str, version: str) -> str:
    """The template with its code in a bucket: parameters say where, and nothing is built."""
    text = once(r"^Parameters:\n", f"Parameters:\n{PARAMETERS}", text)
    text = once(r"^    ParameterGroups:\n", f"    ParameterGroups:\n{GROUP}", text)
    for function in FUNCTIONS:
        code = CODE.format(version=version, zip=zip_name(function, "${Architecture}"))
        text = once(rf"^      CodeUri: functions/{function}\n", code, text)
    text, number = re.subn(r"^      BuildMethod: rust-cargolambda\n", "", text, flags=re.M)
    if number != len(FUNCTIONS):
        raise ValueError(f"template.yaml builds {number} functions, not {len(FUNCTIONS)}")
    return text


def once(pattern: str, replacement: str, text: str) -> str:
    changed, number = re.subn(pattern, lambda _: replacement, text, flags=re.M)
    if number != 1:
        raise ValueError(f"template.yaml has {number} lines like {pattern}, not one")
    return changed


def make_template(version: str, output: Path):
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    (output / TEMPLATE).write_text(template(text, version), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for command, name in (("functions", "architecture"), ("programs", "platform")):
        made = commands.add_parser(command)
        made.add_argument("name", metavar=name)
        made.add_argument("folder", type=Path)
        made.add_argument("output", type=Path)
    made = commands.add_parser("template")
    made.add_argument("name", metavar="version")
    made.add_argument("output", type=Path)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    match given.command:
        case "functions":
            make_functions(given.name, given.folder, given.output)
        case "programs":
            make_programs(given.name, given.folder, given.output)
        case "template":
            make_template(given.name, given.output)


if __name__ == "__main__":
    main()
