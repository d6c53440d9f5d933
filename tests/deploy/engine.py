"""A container engine, with the image in which `sam local` runs functions.

A running engine belongs to the user and is used as it is. Without one, Debian's is started, in its own folder, for the
duration of the context. The image is the one that SAM would pull. Without access to its registry a stand-in takes its place
for the duration: a minimal system of this machine's own distribution, under the name that SAM looks for. SAM adds the
emulator of Lambda's Runtime API itself.
"""

import os
import platform
import shutil
import socket
import subprocess
import tempfile
from contextlib import closing, contextmanager
from ipaddress import ip_network
from pathlib import Path

import docker
from samcli.local.docker.lambda_image import LambdaImage, Runtime

from forward import DOCKER_DESKTOP
from programs import running

SOCKET = "/var/run/docker.sock"
BRIDGE = Path("/sys/class/net/docker0")


@contextmanager
def engine(architecture: str):
    """A client of an engine that has the image."""
    name = image_name(architecture)
    if (client := answering()) is not None:
        with closing(client), image(client, name):
            yield client
        return
    needed("dockerd", "ip")
    with tempfile.TemporaryDirectory() as folder, started(Path(folder)) as client:
        make_image(client, name)
        yield client


def answering() -> docker.DockerClient | None:
    """A client of the engine that `DOCKER_HOST` names, or of the one at the default address."""
    if "DOCKER_HOST" not in os.environ:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(SOCKET)
            except OSError:
                return None
    return docker.from_env()


def needed(*programs: str):
    """Checks the requirements of a stand-in: root, and these programs."""
    if missing := [program for program in programs if not shutil.which(program)]:
        raise RuntimeError(f"no container engine with Lambda's image, and not installed: {missing}")
    if os.geteuid() != 0:
        raise RuntimeError("no container engine with Lambda's image, and only root can make one")


@contextmanager
def started(folder: Path):
    """An engine without access to the network: its containers reach this machine and nothing else."""
    address = f"unix://{folder}/socket"
    command = ["dockerd", "--host", address, "--pidfile", folder / "pid"]
    command += ["--data-root", folder / "data", "--exec-root", folder / "exec"]
    command += ["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"]
    had_bridge = BRIDGE.exists()
    try:
        with running(*command) as program:
            program.expect("API listen on")
            # SAM reads it, too.
            os.environ["DOCKER_HOST"] = address
            try:
                with closing(docker.from_env()) as client:
                    yield client
            finally:
                del os.environ["DOCKER_HOST"]
    finally:
        if BRIDGE.exists() and not had_bridge:
            printed("ip", "link", "delete", BRIDGE.name)


def host(client: docker.DockerClient) -> str:
    """The address of this machine for containers."""
    if client.info()["OperatingSystem"] == "Docker Desktop":
        return DOCKER_DESKTOP
    addresses = client.networks.get("bridge").attrs["IPAM"]["Config"][0]
    # A newly created bridge does not report its gateway; it is the first address then.
    return addresses.get("Gateway") or str(next(ip_network(addresses["Subnet"]).hosts()))


def image_name(architecture: str) -> str:
    """The name by which SAM looks for the image of our functions' runtime."""
    tag = Runtime.get_image_name_tag(Runtime.providedal2023.value, architecture)
    return f"{LambdaImage._INVOKE_REPO_PREFIX}/{tag}"


@contextmanager
def image(client: docker.DockerClient, name: str):
    """The engine's owner gets the real image at the next pull."""
    if has_image(client, name) or is_pulled(client, name):
        yield
        return
    before = tags(client)
    make_image(client, name)
    try:
        yield
    finally:
        # Its owner is to get the real one next time.
        for made in tags(client) - before:
            client.images.remove(made, force=True)


def has_image(client: docker.DockerClient, name: str) -> bool:
    return name in tags(client)


def is_pulled(client: docker.DockerClient, name: str) -> bool:
    try:
        client.images.pull(name)
    except docker.errors.APIError as error:
        print(f"{name} cannot be pulled, a stand-in is made: {error.explanation}")
        return False
    return True


def tags(client: docker.DockerClient) -> set[str]:
    return {tag for made in client.images.list() for tag in made.tags}


def make_image(client: docker.DockerClient, name: str):
    """Builds the stand-in."""
    needed("apt-get", "debootstrap")
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    options = ("--variant=minbase", "--include=ca-certificates")
    folders = "LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime"
    with tempfile.TemporaryDirectory() as root:
        printed("debootstrap", *options, release, root, mirror(release))
        with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as tar:
            repository, tag = name.split(":")
            client.api.import_image_from_stream(
                tar.stdout,
                repository=repository,
                tag=tag,
                changes=["WORKDIR /var/task", f"ENV {folders}"],
            )
    if tar.returncode != 0 or not has_image(client, name):
        raise RuntimeError(f"the stand-in for {name} could not be made")


def mirror(release: str) -> str:
    """The archive from which apt gets this release."""
    filters = ("Created-By: Packages", f"Release: {release}")
    targets = printed("apt-get", "indextargets", "--format", "$(REPO_URI)", *filters)
    if not targets:
        raise RuntimeError(f"apt has no source for {release}")
    return targets[0]


def printed(*command) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout.splitlines()
