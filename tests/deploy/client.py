"""A public application with rotating refresh tokens, and Ada, who logs in to it."""

import base64
import hashlib
import json
import re
import secrets
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

# From tests/fixtures/tenant.yaml: ten seconds of leeway.
CLIENT_ID = "spa-leeway"
CALLBACK = "https://lenient.example.com/callback"
AUDIENCE = "https://api.example.com"
PERSON = {"username": "ada@example.com", "password": "correct horse battery staple"}
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"')
PATIENCE = 30


class Client:
    def __init__(
        self,
        issuer: str,
        client_id: str = CLIENT_ID,
        callback: str = CALLBACK,
        person: dict[str, str] = PERSON,
    ):
        self._issuer = issuer
        self._person = person
        self._client_id = client_id
        self._callback = callback

    def log_in(
        self, scope: str = "openid offline_access", cookie: str = "", **more: str
    ) -> tuple[str, str]:
        """Logs in at the hosted page with a cookie of another application, and returns a code and its verifier."""
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        with requests.Session() as browser:
            browser.cookies.set("shop", cookie)
            page = browser.get(
                urljoin(self._issuer, "authorize"),
                params={
                    "response_type": "code",
                    "client_id": self._client_id,
                    "redirect_uri": self._callback,
                    "scope": scope,
                    "audience": AUDIENCE,
                    "code_challenge": challenge.rstrip(b"=").decode(),
                    "code_challenge_method": "S256",
                }
                | more,
                timeout=PATIENCE,
            )
            page.raise_for_status()
            answer = browser.post(
                page.url,
                data=dict(HIDDEN.findall(page.text)) | self._person | {"action": "default"},
                allow_redirects=False,
                timeout=PATIENCE,
            )
            while not (target := urljoin(answer.url, answer.headers["location"])).startswith(self._callback):
                answer = browser.get(target, allow_redirects=False, timeout=PATIENCE)
        return parse_qs(urlsplit(target).query)["code"][0], verifier

    def exchange(self, code: str, verifier: str) -> requests.Response:
        return self._post(
            grant_type="authorization_code",
            code=code,
            code_verifier=verifier,
            redirect_uri=self._callback,
        )

    def refresh(self, token: str, **more: str) -> requests.Response:
        return self._post(grant_type="refresh_token", refresh_token=token, **more)

    def refresh_token(self, scope: str = "openid offline_access") -> str:
        """The refresh token of a new login."""
        return tokens(self.exchange(*self.log_in(scope)))["refresh_token"]

    def _post(self, **form: str) -> requests.Response:
        return requests.post(
            urljoin(self._issuer, "oauth/token"),
            data=form | {"client_id": self._client_id},
            timeout=PATIENCE,
        )


def tokens(answer: requests.Response) -> dict:
    assert answer.status_code == 200, answer.text
    return answer.json()


def claims(token: str) -> dict:
    """The claims of a JWT; its signature is not verified."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def assert_untouched(client: Client, token: str):
    """Asserts that the token is still unused: it can be exchanged twice for the same successor, which works."""
    successor = tokens(client.refresh(token))["refresh_token"]
    assert tokens(client.refresh(token))["refresh_token"] == successor != token
    tokens(client.refresh(successor))
