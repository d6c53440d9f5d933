"""auth0-python's verifier of ID tokens, which reads every published key as an RSA key."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from auth0.authentication import GetToken
from auth0.authentication.token_verifier import AsymmetricSignatureVerifier, TokenVerifier
from auth0.authentication.exceptions import TokenValidationError

from conftest import USERNAME, log_in

CLIENT_ID = "demo-web"
CLIENT_SECRET = "demo-web-secret-0123456789abcdef0123456789abcdef0123456789abcdef"
CALLBACK = "http://localhost:8080/callback"
MAX_AGE = 3600


class Application:
    """A client as its developer would write it with auth0-python."""

    def __init__(self, server):
        self.server = server
        self.token = GetToken(
            urlsplit(server.issuer).netloc, CLIENT_ID, client_secret=CLIENT_SECRET, protocol="http"
        )

    def log_in(self, **further):
        asked = {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid profile email offline_access",
        }
        url = self.server.issuer + "authorize"
        request = requests.Request("GET", url, params=asked | further)
        answer = log_in(request.prepare().url, CALLBACK)
        [code] = parse_qs(urlsplit(answer).query)["code"]
        return self.token.authorization_code(code, CALLBACK)

    def verify(self, tokens, audience=CLIENT_ID, **expected):
        signatures = AsymmetricSignatureVerifier(self.server.issuer + ".well-known/jwks.json")
        verifier = TokenVerifier(signatures, issuer=self.server.issuer, audience=audience)
        return verifier.verify(tokens["id_token"], **expected)


@pytest.fixture
def application(demo_server):
    return Application(demo_server)


def test_the_id_token_of_a_login_is_verified(application):
    tokens = application.log_in(nonce="a-nonce")
    claims = application.verify(tokens, nonce="a-nonce")
    assert claims["email"] == USERNAME


def test_max_age_is_verified_at_the_login_and_after_a_refresh(application):
    tokens = application.log_in(max_age=MAX_AGE)
    claims = application.verify(tokens, max_age=MAX_AGE)
    refreshed = application.token.refresh_token(tokens["refresh_token"])
    again = application.verify(refreshed, max_age=MAX_AGE)
    assert again["auth_time"] == claims["auth_time"]


def test_the_id_token_of_a_refresh_is_verified(application):
    tokens = application.log_in()
    sub = application.verify(tokens)["sub"]
    refreshed = application.token.refresh_token(tokens["refresh_token"])
    claims = application.verify(refreshed)
    assert claims["sub"] == sub


def test_the_id_token_of_another_client_is_refused(application):
    with pytest.raises(TokenValidationError, match="Audience"):
        application.verify(application.log_in(), audience="demo-spa")
