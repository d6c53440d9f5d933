"""auth0-python's delegation against a local server."""

from urllib.parse import urlsplit

import pytest
import requests
from auth0.authentication import Delegated
from auth0.authentication.exceptions import Auth0Error

from conftest import log_in

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CALLBACK = "https://legacy.example.com/callback"


@pytest.fixture(scope="module")
def tokens(e2e_server):
    """The answer of the old implicit flow: everything at once, in the fragment."""
    request = requests.Request(
        "GET",
        e2e_server.issuer + "authorize",
        params={
            "client_id": "legacy-spa",
            "response_type": "token",
            "redirect_uri": CALLBACK,
            "scope": "openid offline_access",
            "device": "a python",
        },
    )
    answer = log_in(request.prepare().url, CALLBACK)
    fragment = urlsplit(answer).fragment
    return dict(pair.split("=", 1) for pair in fragment.split("&"))


def delegated(server, client_id="legacy-spa"):
    return Delegated(urlsplit(server.issuer).netloc, client_id, protocol="http")


@pytest.mark.parametrize("kind", ["refresh_token", "id_token"])
def test_a_token_becomes_an_id_token_for_another_application(e2e_server, tokens, kind):
    answer = delegated(e2e_server).get_token(
        target="legacy-web", api_type="app", grant_type=JWT_BEARER, **{kind: tokens[kind]}
    )
    assert answer.keys() == {"token_type", "expires_in", "id_token"}
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)


def test_a_conformant_client_is_refused(e2e_server):
    with pytest.raises(Auth0Error) as refusal:
        delegated(e2e_server, "spa-strict").get_token(
            target="spa-strict", api_type="app", grant_type=JWT_BEARER, refresh_token="rt1_none"
        )
    assert refusal.value.status_code == 400
    assert refusal.value.error_code == "invalid_request"
    assert refusal.value.message == "OIDC conformant clients cannot use /delegation"
