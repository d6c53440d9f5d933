"""auth0-python's clients of the token and the revocation endpoint against a local server."""

from urllib.parse import urlsplit

import jwt
import pytest
from auth0.authentication import GetToken, RevokeToken
from auth0.authentication.exceptions import Auth0Error, RateLimitError

from conftest import PASSWORD, USERNAME

AUDIENCE = "https://api.example.com"
SCOPE = "openid profile email offline_access read:orders"
DATABASE = "Username-Password-Authentication"
SECRETS = {
    "pw-web": "pw-web-secret-0123456789abcdef0123456789abcdef0123456789abcdef01",
    "m2m": "m2m-secret-0123456789abcdef0123456789abcdef0123456789abcdef01234",
}


def client(kind, server, client_id="pw-web"):
    domain = urlsplit(server.issuer).netloc
    return kind(domain, client_id, client_secret=SECRETS.get(client_id), protocol="http")


def log_in(server, client_id="pw-web", **further):
    asked = {"username": USERNAME, "password": PASSWORD, "scope": SCOPE, "audience": AUDIENCE}
    return client(GetToken, server, client_id).login(**asked | further)


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def assert_dead(server, token):
    with pytest.raises(Auth0Error) as refusal:
        client(GetToken, server).refresh_token(token)
    assert refusal.value.status_code == 403
    assert refusal.value.error_code == "invalid_grant"
    assert refusal.value.message == "Unknown or invalid refresh token."


# The SDK sends `realm` even without a realm, as null.
@pytest.mark.parametrize(
    "further",
    [{}, {"grant_type": "password"}, {"realm": DATABASE}],
    ids=["null realm", "no realm", "realm"],
)
@pytest.mark.parametrize("client_id", ["pw-web", "pw-native"])
def test_a_password_gives_tokens(e2e_server, client_id, further):
    tokens = log_in(e2e_server, client_id, **further)
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 86400)
    assert claims(tokens["id_token"])["email"] == USERNAME
    assert claims(tokens["access_token"])["gty"] == "password"


def test_a_realm_chooses_among_people(e2e_server):
    tokens = log_in(e2e_server, username="mary@example.com", realm="employees")
    assert claims(tokens["id_token"])["email"] == "mary@example.com"


@pytest.mark.parametrize("realm", [{}, {"realm": DATABASE}], ids=["null realm", "realm"])
def test_a_wrong_password_is_refused(e2e_server, realm):
    with pytest.raises(Auth0Error) as refusal:
        log_in(e2e_server, username="zoe@example.com", password="wrong", **realm)
    assert refusal.value.status_code == 403
    assert refusal.value.error_code == "invalid_grant"
    assert refusal.value.message == "Wrong email or password."


def test_ten_wrong_passwords_are_a_rate_limit_error(e2e_server):
    for _ in range(10):
        with pytest.raises(Auth0Error) as refusal:
            log_in(e2e_server, username="reader@example.com", password="wrong")
        assert refusal.value.status_code == 403
    with pytest.raises(RateLimitError) as refusal:
        log_in(e2e_server, username="reader@example.com")
    assert refusal.value.error_code == "too_many_attempts"


def test_a_refresh_rotates_and_narrows(e2e_server):
    first = log_in(e2e_server)
    second = client(GetToken, e2e_server).refresh_token(first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    assert claims(second["id_token"])["sub"] == claims(first["id_token"])["sub"]
    narrow = "openid read:orders"
    third = client(GetToken, e2e_server).refresh_token(second["refresh_token"], scope=narrow)
    assert third["scope"] == narrow
    assert_dead(e2e_server, first["refresh_token"])
    assert_dead(e2e_server, third["refresh_token"])


def test_a_revoked_token_is_dead(e2e_server):
    token = log_in(e2e_server)["refresh_token"]
    client(RevokeToken, e2e_server).revoke_refresh_token(token)
    assert_dead(e2e_server, token)


def test_a_machine_gets_a_token(e2e_server):
    tokens = client(GetToken, e2e_server, "m2m").client_credentials(AUDIENCE)
    assert tokens["scope"] == "read:orders"
    assert claims(tokens["access_token"])["gty"] == "client-credentials"


def test_a_throttled_refresh_is_a_rate_limit_error_and_burns_nothing(slow_server):
    token = log_in(slow_server)["refresh_token"]
    for _ in range(2):
        token = client(GetToken, slow_server).refresh_token(token)["refresh_token"]
    with pytest.raises(RateLimitError) as refusal:
        client(GetToken, slow_server).refresh_token(token)
    assert refusal.value.status_code == 429
    assert refusal.value.error_code == "too_many_requests"
    assert refusal.value.reset_at > 0
    client(RevokeToken, slow_server).revoke_refresh_token(token)
