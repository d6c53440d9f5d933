"""A container engine, with the image that `sam local` runs functions in.

An engine that answers already is somebody's own and is used as it is: `sam local` pulls the image that it
lacks. Where none answers, Debian's is started for as long as it is used, in a folder of its own. It can pull
nothing, so it gets a stand-in for the image: a minimal system of this machine's own distribution, under the
name that SAM looks for. SAM adds the emulator of Lambda's runtime itself.
"""

import os
import platform
import shutil
import subprocess
import tempfile
from contextlib import closing, contextmanager
from ipaddress import ip_network
from pathlib import Path

import docker
from samcli.local.docker.lambda_image import LambdaImage, Runtime

from programs import running

BRIDGE = "docker0"
PROGRAMS = ("dockerd", "debootstrap", "apt-get", "ip")


@contextmanager
def engine(architecture: str):
    """A client of the machine's engine, or of one that goes when its user does."""
    if (client := answering()) is not None:
        with closing(client):
            yield client
        return
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        raise RuntimeError(f"no container engine answers, and to start one: install {missing}")
    if os.geteuid() != 0:
        raise RuntimeError("no container engine answers, and only root may start one")
    with tempfile.TemporaryDirectory() as folder, started(Path(folder)) as client:
        make_image(client, image_name(architecture), Path(folder) / "root")
        yield client


def answering() -> docker.DockerClient | None:
    """A client of the engine that `DOCKER_HOST` names, or the usual one."""
    try:
        client = docker.from_env()
    except docker.errors.DockerException:
        return None
    try:
        client.ping()
    except (docker.errors.DockerException, OSError):
        client.close()
        return None
    return client


@contextmanager
def started(folder: Path):
    """An engine without a way out: its containers reach this machine and nothing else."""
    address = f"unix://{folder}/socket"
    command = ["dockerd", "--host", address, "--pidfile", folder / "pid"]
    command += ["--data-root", folder / "data", "--exec-root", folder / "exec"]
    command += ["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"]
    had_bridge = Path("/sys/class/net", BRIDGE).exists()
    before = os.environ.get("DOCKER_HOST")
    try:
        with running(*command) as program:
            program.expect("API listen on")
            # Where SAM looks for it, too.
            os.environ["DOCKER_HOST"] = address
            with closing(docker.from_env()) as client:
                yield client
    finally:
        os.environ.pop("DOCKER_HOST", None)
        if before is not None:
            os.environ["DOCKER_HOST"] = before
        if not had_bridge and Path("/sys/class/net", BRIDGE).exists():
            subprocess.run(["ip", "link", "delete", BRIDGE], check=True)


def gateway(client: docker.DockerClient) -> str:
    """This machine as a container sees it."""
    addresses = client.networks.get("bridge").attrs["IPAM"]["Config"][0]
    # An engine that has just made the bridge does not say it; it is the first address then.
    return addresses.get("Gateway") or str(next(ip_network(addresses["Subnet"]).hosts()))


def image_name(architecture: str) -> str:
    """The name by which SAM looks for the image of our functions' runtime."""
    tag = Runtime.get_image_name_tag(Runtime.providedal2023.value, architecture)
    return f"{LambdaImage._INVOKE_REPO_PREFIX}/{tag}"


def has_image(client: docker.DockerClient, name: str) -> bool:
    return bool(client.images.list(name))


def make_image(client: docker.DockerClient, name: str, root: Path):
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    printed(
        "debootstrap", "--variant=minbase", "--include=ca-certificates", release, root, mirror(release)
    )
    with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as tar:
        repository, tag = name.split(":")
        client.api.import_image_from_stream(
            tar.stdout,
            repository=repository,
            tag=tag,
            changes=["WORKDIR /var/task", "ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime"],
        )
    if tar.returncode != 0 or not has_image(client, name):
        raise RuntimeError(f"the image {name} could not be made")
    shutil.rmtree(root)


def mirror(release: str) -> str:
    """Where apt gets this release from."""
    targets = printed(
        "apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Release: {release}"
    )
    if not targets:
        raise RuntimeError(f"apt has no source for {release}")
    return targets[0]


def printed(*command) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout.splitlines()
