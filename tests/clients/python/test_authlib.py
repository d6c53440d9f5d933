"""Authlib against a local server: log in through the hosted page, refresh, revoke."""

import time

import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import KeySet

from conftest import ROOT, log_in

SCOPE = "openid profile email offline_access read:orders"
AUDIENCE = "https://api.example.com"
VERIFIER = "a-verifier-of-the-python-suite-0123456789-0123456789"


class Application:
    """A client as its developer would write it with Authlib."""

    def __init__(self, server, client_id, redirect_uri, **options):
        self.server = server
        self.metadata = server.metadata()
        self.redirect_uri = redirect_uri
        self.session = OAuth2Session(
            client_id=client_id,
            redirect_uri=redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
            **options,
        )

    def log_in(self):
        url, state = self.session.create_authorization_url(
            self.metadata["authorization_endpoint"],
            audience=AUDIENCE,
            nonce="a-nonce",
            code_verifier=VERIFIER,
        )
        return self.session.fetch_token(
            self.metadata["token_endpoint"],
            authorization_response=log_in(url, self.redirect_uri),
            state=state,
            code_verifier=VERIFIER,
        )

    def refresh(self, token):
        return self.session.refresh_token(self.metadata["token_endpoint"], refresh_token=token)

    def revoke(self, token):
        return self.session.revoke_token(
            self.metadata["revocation_endpoint"], token=token, token_type_hint="refresh_token"
        )

    def id_token(self, tokens):
        keys = KeySet.import_key_set(self.server.get_json(".well-known/jwks.json"))
        claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
        expected = {
            "iss": {"essential": True, "value": self.server.issuer},
            "aud": {"essential": True, "value": self.session.client_id},
        }
        jwt.JWTClaimsRegistry(**expected).validate(claims)
        return claims


def assert_refused(application, token):
    with pytest.raises(OAuthError) as refusal:
        application.refresh(token)
    assert refusal.value.error == "invalid_grant"
    assert refusal.value.description == "Unknown or invalid refresh token."


def walk(application):
    """Login, two refreshes, userinfo, revocation, and the rejected refresh afterwards."""
    first = application.log_in()
    claims = application.id_token(first)
    assert claims["nonce"] == "a-nonce"
    assert claims["email"] == "ada@example.com"

    second = application.refresh(first["refresh_token"])
    refreshed = application.id_token(second)
    assert refreshed["sub"] == claims["sub"]
    assert "nonce" not in refreshed

    # Authlib keeps its previous refresh token if an answer has none.
    third = application.refresh(second["refresh_token"])
    userinfo = application.session.get(application.metadata["userinfo_endpoint"])
    assert userinfo.json()["email"] == "ada@example.com"

    assert application.revoke(third["refresh_token"]).status_code == 200
    assert_refused(application, third["refresh_token"])


def test_a_single_page_application(demo_server):
    callback = f"{demo_server.issuer}demo"
    walk(Application(demo_server, "demo-spa", callback, token_endpoint_auth_method="none"))


def test_a_web_application_with_a_secret(demo_server):
    secret = "demo-web-secret-0123456789abcdef0123456789abcdef0123456789abcdef"
    callback = "http://localhost:8080/callback"
    options = {"client_secret": secret, "token_endpoint_auth_method": "client_secret_post"}
    walk(Application(demo_server, "demo-web", callback, **options))


def test_basic_credentials_that_authlib_does_not_encode(e2e_server):
    secret = "a%40b+c:d&e=f/web-basic-secret_0123456789abcdef0123456789abcdef"
    callback = "https://office.example.com/callback"
    walk(Application(e2e_server, "web-basic", callback, client_secret=secret))


class ShortAssertion(PrivateKeyJWT):
    """Auth0 accepts assertions for its issuer that live five minutes at most; Authlib creates them for an hour."""

    def sign(self, auth, token_endpoint):
        # A new dictionary each time: Authlib keeps the `jti` in it.
        self.claims = {"exp": int(time.time()) + 60}
        return super().sign(auth, token_endpoint)


def test_private_key_jwt(e2e_server):
    key = (ROOT / "tests/fixtures/assertion-key.pem").read_text()
    application = Application(
        e2e_server,
        "web-key",
        "https://key.example.com/callback",
        client_secret=key,
        token_endpoint_auth_method="private_key_jwt",
        revocation_endpoint_auth_method="private_key_jwt",
    )
    application.session.register_client_auth_method(ShortAssertion(e2e_server.issuer))
    walk(application)


def test_a_token_that_stays(e2e_server):
    secret = "web-classic-secret-0123456789abcdef0123456789abcdef0123456789ab"
    callback = "https://classic.example.com/callback"
    options = {"client_secret": secret, "token_endpoint_auth_method": "client_secret_post"}
    walk(Application(e2e_server, "web-classic", callback, **options))


def test_a_replayed_token_ends_the_family(e2e_server):
    callback = "https://app.example.com/callback"
    application = Application(
        e2e_server, "spa-strict", callback, token_endpoint_auth_method="none"
    )
    first = application.log_in()["refresh_token"]
    second = application.refresh(first)["refresh_token"]
    assert second != first
    assert_refused(application, first)
    assert_refused(application, second)


def test_the_session_refreshes_by_itself_before_a_call(e2e_server):
    callback = "https://app.example.com/callback"
    application = Application(
        e2e_server, "spa-strict", callback, token_endpoint_auth_method="none"
    )
    token = application.log_in()
    stored = []
    session = OAuth2Session(
        client_id="spa-strict",
        token_endpoint_auth_method="none",
        token={**token, "expires_at": 1},
        token_endpoint=application.metadata["token_endpoint"],
        update_token=lambda token, refresh_token, access_token=None: stored.append(token),
    )
    userinfo = session.get(application.metadata["userinfo_endpoint"])
    assert userinfo.json()["email"] == "ada@example.com"
    assert len(stored) == 1
    assert stored[0]["refresh_token"] != token["refresh_token"]
