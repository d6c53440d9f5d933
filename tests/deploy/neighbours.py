"""Two versions of the functions over one table, behind one issuer: what a gradual deployment and a rollback run.

A request names the version that answers it, where the weights of an alias would draw one. Both have the keys of one stack,
and each the variables that its own template gives its functions.
"""

import base64
import hashlib
import re
import secrets
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

import binaries
from client import AUDIENCE, HIDDEN, PATIENCE
from previous import Previous
from programs import built
from service import TENANT, Database
from stack import FUNCTIONS, Moto
from template import ROOT

OLD, NEW = "previous", "this"
PASSWORD = "correct horse battery staple"
SCOPE = "openid email offline_access read:orders"


@dataclass(frozen=True)
class App:
    """A client of tests/fixtures/tenant.yaml."""

    id: str
    callback: str = ""
    secret: str | None = None

    @property
    def form(self) -> dict[str, str]:
        return {"client_id": self.id} | ({"client_secret": self.secret} if self.secret else {})


class Version:
    """One of the two: its programs, and requests that it answers."""

    def __init__(
        self,
        name: str,
        front: binaries.Front,
        program: Callable[[str], Path],
        variables: Callable[[str, dict[str, str]], dict[str, str]],
        source: Path,
    ):
        self.name = name
        self._front = front
        self._program = program
        self._variables = variables
        self.tenant = source / TENANT.relative_to(ROOT)
        self._running = None

    def __repr__(self) -> str:
        return self.name

    @contextmanager
    def functions(self):
        """New environments, which answer its requests for the duration of a context."""

        def environment(function: str, api: str, concurrency: int) -> dict[str, str]:
            return self._variables(function, self._front.environment(function, api, concurrency))

        before, numbers = self._running, dict.fromkeys(FUNCTIONS, 1)
        with binaries.functions(self._front.server, self._program, environment, numbers):
            self._running = self._front.server.functions
            try:
                yield
            finally:
                self._running = before

    def send(self, method: str, path: str, session=requests, **more) -> requests.Response:
        self._front.server.functions = self._running
        url = urljoin(self._front.issuer, path)
        return session.request(method, url, allow_redirects=False, timeout=PATIENCE, **more)

    def post(self, path: str, app: App, **form: str) -> requests.Response:
        return self.send("POST", path, data=app.form | form)

    def exchange(self, app: App, code: str, verifier: str) -> requests.Response:
        more = {"code": code, "code_verifier": verifier, "redirect_uri": app.callback}
        return self.post("oauth/token", app, grant_type="authorization_code", **more)

    def refresh(self, app: App, token: str) -> requests.Response:
        return self.post("oauth/token", app, grant_type="refresh_token", refresh_token=token)

    def keys(self) -> dict[str, dict]:
        """The published keys by their ids."""
        return {key["kid"]: key for key in self.send("GET", ".well-known/jwks.json").json()["keys"]}

    def user(self, token: str) -> requests.Response:
        return self.send("GET", "userinfo", headers={"authorization": f"Bearer {token}"})

    def admin(self, *arguments) -> str:
        """Runs its operator's command line."""
        done = subprocess.run(
            [self._program("admin"), *arguments],
            env=self._front.service.operator,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


class Browser:
    """A user's browser. Each step names the version that answers it."""

    def __init__(self, user: str):
        self._session = requests.Session()
        self._user = user

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_):
        self._session.close()

    def open(self, version: Version, path: str, **query: str) -> requests.Response:
        return self._follow(version, version.send("GET", path, self._session, params=query))

    def submit(self, version: Version, page: requests.Response, **fields: str) -> requests.Response:
        """Sends the form of a page, and follows redirects as far as to an application."""
        action = re.search(r'<form method="post" action="([^"]+)"', page.text).group(1)
        data = dict(HIDDEN.findall(page.text)) | fields
        return self._follow(version, version.send("POST", action, self._session, data=data))

    def log_in(self, version: Version, page: requests.Response) -> requests.Response:
        assert at(page) == "/u/login", page.text
        return self.submit(version, page, username=self._user, password=PASSWORD, action="default")

    def authorize(self, version: Version, app: App, **more: str) -> tuple[requests.Response, str]:
        """Where an authorization request leads, and its verifier."""
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": app.id,
            "redirect_uri": app.callback,
            "scope": SCOPE,
            "audience": AUDIENCE,
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return self.open(version, "authorize", **query | more), verifier

    def code(self, version: Version, app: App) -> tuple[str, str]:
        """The code of a login, and its verifier."""
        page, verifier = self.authorize(version, app)
        return code_of(self.log_in(version, page)), verifier

    def is_logged_in(self, version: Version, app: App) -> bool:
        answer, _ = self.authorize(version, app, prompt="none")
        found = answer_of(answer)
        assert found.keys() & {"code", "error"}, found
        assert found.get("error", ["login_required"]) == ["login_required"], found
        return "code" in found

    def _follow(self, version: Version, answer: requests.Response) -> requests.Response:
        while answer.is_redirect:
            target = urljoin(answer.url, answer.headers["location"])
            if urlsplit(target).netloc != urlsplit(answer.url).netloc:
                return answer
            answer = version.send("GET", target, self._session)
        return answer


def at(page: requests.Response) -> str:
    """The path of a page."""
    assert page.status_code == 200, (page.status_code, page.headers, page.text)
    return urlsplit(page.url).path


def answer_of(redirect: requests.Response) -> dict[str, list[str]]:
    """What an application gets."""
    assert redirect.is_redirect, (redirect.status_code, redirect.url, redirect.text)
    return parse_qs(urlsplit(redirect.headers["location"]).query)


def code_of(redirect: requests.Response) -> str:
    return answer_of(redirect)["code"][0]


@dataclass
class Neighbours:
    """Both versions over one table, with running functions."""

    front: binaries.Front
    versions: dict[str, Version]

    def let_keys_take_over(self):
        """Makes the keys of the table a day older, so that new ones are in use."""
        client, table = self.front.service.dynamodb_client(), self.front.service.table
        for ring in ("KEYRING#SEALING", "KEYRING#SIGNING"):
            key = {"PK": {"S": "TENANT"}, "SK": {"S": ring}}
            item = client.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
            for entry in item["keys"]["L"]:
                time = entry["M"]["active_from"]
                time["N"] = str(int(time["N"]) - 86_400_000)
            client.put_item(TableName=table, Item=item)


@contextmanager
def neighbours(aws: Moto, dynamodb: Database, previous: Previous, mode: str, starter: str):
    """The versions over a new table. The starter imports the tenant and makes the keys before the other one starts."""
    with binaries.front(aws, dynamodb, SigningMode=mode) as front, ExitStack() as started:
        clear(front)
        other = aws.create_stack(f"{front.service.stack.name}-previous", previous.template, SigningMode=mode)

        def of_previous(function: str, variables: dict[str, str]) -> dict[str, str]:
            """Those of its template, with the values of this stack."""
            ours, theirs = front.service.stack.environments[function], other.environments[function]
            kept = {name: value for name, value in variables.items() if name in theirs or name not in ours}
            return theirs | kept

        old = Version(OLD, front, previous.program, of_previous, previous.source)
        new = Version(NEW, front, built, lambda _, variables: variables, ROOT)
        versions = {OLD: old, NEW: new}
        versions[starter].admin("tenant", "import", versions[starter].tenant)
        for version in sorted(versions.values(), key=lambda version: version.name != starter):
            started.enter_context(version.functions())
        yield Neighbours(front, versions)


def clear(front: binaries.Front):
    """Deletes what the front's service has imported."""
    client, table = front.service.dynamodb_client(), front.service.table
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            client.delete_item(TableName=table, Key={name: item[name] for name in ("PK", "SK")})
