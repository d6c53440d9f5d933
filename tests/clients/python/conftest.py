"""Starts the local server for a test module, and logs users in through its hosted pages."""

import os
import subprocess
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import requests

# Without it Authlib rejects HTTP; the server is on loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

ROOT = Path(__file__).resolve().parents[3]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARY = Path(os.environ.get("CARGO_BIN", TARGET / "debug" / "local"))
DEMO_TENANT = ROOT / "infra/local/tenant.yaml"
TEST_TENANT = ROOT / "tests/fixtures/tenant.yaml"

USERNAME = "ada@example.com"
PASSWORD = "correct horse battery staple"


class Server:
    """A `local` process on a free port."""

    def __init__(self, tenant: Path, *options):
        command = [BINARY, "--port", "0", "--data", "memory", "--tenant", tenant, *options]
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )
        said = {}
        for line in iter(self._process.stdout.readline, ""):
            name, _, value = line.strip().partition(" ")
            said[name] = value.strip()
            if name == "Ctrl-C":
                break
        else:
            self._errors.seek(0)
            raise RuntimeError(f"the server stopped before it was ready: {self._errors.read().decode()}")
        self.issuer = said["ready"]
        # The server's address: the issuer's, unless the issuer has another name.
        self.address = said.get("address", urlsplit(self.issuer).netloc)
        # With `--tls`, the certificate to trust.
        self.authority = said.get("CA")

    def metadata(self) -> dict:
        return self.get_json(".well-known/openid-configuration")

    def get_json(self, path: str) -> dict:
        response = requests.get(urljoin(self.issuer, path), timeout=30)
        response.raise_for_status()
        return response.json()

    def stop(self):
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()


@pytest.fixture(scope="module")
def demo_server():
    server = Server(DEMO_TENANT)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def e2e_server(tmp_path_factory):
    yield from serve(tmp_path_factory, tenant_text())


@pytest.fixture(scope="module")
def slow_server(tmp_path_factory):
    """The same tenant, in which a refresh token may be exchanged twice at once and then once a minute."""
    limit = "tenant:\n  refresh_token_rate_limit: {burst: 2, per_minute: 1}\n"
    yield from serve(tmp_path_factory, tenant_text().replace("tenant:\n", limit, 1))


def tenant_text() -> str:
    """The tests' tenant with the named users only."""
    return TEST_TENANT.read_text(encoding="utf-8").split("# pool\n")[0]


def serve(tmp_path_factory, text: str):
    tenant = tmp_path_factory.mktemp("tenant") / "tenant.yaml"
    tenant.write_text(text, encoding="utf-8")
    server = Server(tenant)
    yield server
    server.stop()


class _Form(HTMLParser):
    """The first form of a page: its action and its hidden fields."""

    def __init__(self, page: str):
        super().__init__()
        self.action = None
        self.fields = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = attributes.get("action", "")
        elif tag == "input" and attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes["value"]


def log_in(url: str, redirect_uri: str) -> str:
    """Walks an authorization request to the application and returns the URL of its answer."""
    browser = requests.Session()
    response = browser.get(url, allow_redirects=False, timeout=30)
    for _ in range(12):
        if location := response.headers.get("location"):
            target = urljoin(response.url, location)
            if target.startswith(redirect_uri):
                return target
            response = browser.get(target, allow_redirects=False, timeout=30)
            continue
        assert response.status_code == 200, response.text
        form = _Form(response.text)
        typed = {"action": "accept"}
        if urlsplit(response.url).path == "/u/login":
            typed = {"username": USERNAME, "password": PASSWORD, "action": "default"}
        target = urljoin(response.url, form.action)
        data = form.fields | typed
        response = browser.post(target, data=data, allow_redirects=False, timeout=30)
    raise AssertionError("the login does not end")
