"""The machine on which an operator follows the runbook: a home, a checkout of the project, and programs.

The home has what an operator has before the first line of the runbook: credentials in the profile `default`, whose
Region is another one than the stack's, so that a command which the runbook gives no Region goes there and is seen.
All programs are the real ones, except for what takes long:

- `cargo admin` runs the debug build, and `cargo lambda build` is a stand-in: it makes of each function a small program
  that starts the debug build and names the commit it was built from. `sam build` and `cargo lambda deploy` are real.
- Version 1 of the AWS CLI takes the place of version 2, which is not on PyPI. Version 2 also reads `AWS_REGION`.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from programs import TARGET, built
from stack import FUNCTIONS
from template import ROOT

BIN = Path(sys.executable).parent
REGION_OF_THE_HOME = "us-east-1"
KEY = "AKIAOPERATOR"

CARGO = """\
#!/bin/sh -e
case "$1 $2" in
"lambda build") exec "$(dirname "$0")/cargo-lambda-build" ;;
lambda*) exec {bin}/cargo-lambda "$@" ;;
admin*) shift; exec {admin} "$@" ;;
metadata*) HOME={home} exec {cargo} "$@" ;;
# Of the checkout whose tests run; its binaries are built.
build*) exit 0 ;;
test*) cd {root}; HOME={home} CARGO_TARGET_DIR={target} exec {cargo} "$@" ;;
esac
echo "no stand-in for cargo $*" >&2
exit 1
"""
BUILD = """\
#!/bin/sh -e
folder=$(git rev-parse --show-toplevel)/target/lambda
for function in {functions}; do
    mkdir -p "$folder/$function"
    cat > "$folder/$function/bootstrap.c" <<END
#include <unistd.h>
__attribute__((used)) static const char commit[] = "commit $(git rev-parse HEAD)";
int main(int count, char **arguments) {{
    return execv("{programs}/$function", arguments);
}}
END
    cc -O1 -s -o "$folder/$function/bootstrap" "$folder/$function/bootstrap.c"
done
"""
AWS = """\
#!/bin/sh -e
[ -z "$AWS_REGION" ] || export AWS_DEFAULT_REGION="$AWS_REGION"
exec {bin}/aws "$@"
"""
PROD = """
DomainName: login.example.com
CertificateArn: arn:aws:acm:eu-west-1:123456789012:certificate/00000000-0000-0000-0000-000000000000
KeyAdministratorArns: arn:aws:iam::123456789012:role/deploy
OperatorArns: arn:aws:iam::123456789012:role/on-call
AlarmTopicArn: arn:aws:sns:eu-west-1:123456789012:on-call
"""
CURL = """\
proxy = "{proxy}"
cacert = "{authority}"
"""


class Workplace:
    def __init__(self, folder: Path):
        self.home = folder / "home"
        self.tree = folder / "ratchet"
        self._bin = folder / "bin"
        self._make_programs()
        self._make_tree()

    def environment(self, endpoint: str) -> dict[str, str]:
        """What a new shell has. The address of AWS is the one variable that an operator does not have."""
        return {
            "AWS_ENDPOINT_URL": endpoint,
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PATH": f"{self._bin}:/usr/local/bin:/usr/bin:/bin",
            "USER": "grace",
        }

    def make_home(self, proxy: str, authority: Path):
        write(self.home / ".aws/credentials", f"[default]\naws_access_key_id = {KEY}\naws_secret_access_key = any\n")
        write(self.home / ".aws/config", f"[default]\nregion = {REGION_OF_THE_HOME}\n")
        write(self.home / ".curlrc", CURL.format(proxy=proxy, authority=authority))
        # SAM reports its use and looks for updates at the first start and every week.
        settings = {"telemetryEnabled": False, "lastVersionCheck": 4102444800.0}
        write(self.home / ".aws-sam/metadata.json", json.dumps(settings))

    def write(self, name: str, text: str):
        """A file of the operator in the checkout."""
        write(self.tree / name, text)

    def commit(self, message: str) -> str:
        """Commits everything, and returns the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        names = ("-c", "user.name=Grace", "-c", "user.email=grace@example.com", "-c", "commit.gpgsign=false")
        command = ["git", *names, *arguments]
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"]}
        done = subprocess.run(command, cwd=self.tree, env=environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def _make_programs(self):
        programs = built("token").parent
        for name in (*FUNCTIONS, "admin"):
            built(name)
        cargo = shutil.which("cargo")
        self._program("cargo", CARGO.format(bin=BIN, admin=programs / "admin", home=Path.home(), cargo=cargo, root=ROOT, target=TARGET))
        self._program("cargo-lambda-build", BUILD.format(functions=" ".join(FUNCTIONS), programs=programs))
        self._program("aws", AWS.format(bin=BIN))
        for name in ("sam", "cargo-lambda"):
            (self._bin / name).symlink_to(BIN / name)

    def _program(self, name: str, text: str):
        file = self._bin / name
        write(file, text)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def _make_tree(self):
        """A repository with a release, and with the values that the runbook asks for."""
        ignored = shutil.ignore_patterns("target", "node_modules", ".git", "__pycache__", ".data")
        shutil.copytree(ROOT, self.tree, ignore=ignored)
        parameters = self.tree / "infra/sam/prod.yaml"
        text = re.sub("^SigningMode: .*$", "SigningMode: wrapped", parameters.read_text(), flags=re.MULTILINE)
        write(parameters, text + PROD)
        self.home.mkdir()
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit("Release")
        self.git("tag", "v0.1.0")


def write(file: Path, text: str):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
