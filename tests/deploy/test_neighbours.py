"""The version before this one and this one over one table, as while a gradual deployment runs and after a rollback.

Every test runs in both directions, over a table that the one version has begun in `kms` mode, and over one that the other has
begun in `wrapped` mode.
"""

import itertools
import json

import pytest
from joserfc import jwk, jws, jwt

import previous
from client import AUDIENCE, claims, tokens
from neighbours import NEW, OLD, App, Browser, Version, answer_of, at, code_of, neighbours
from template import ROOT

pytestmark = pytest.mark.release

STRICT = App("spa-strict", "https://app.example.com/callback")
LENIENT = App("spa-leeway", "https://lenient.example.com/callback")
PARTNER = App(
    "third-party",
    "https://partner.example.com/callback",
    "third-party-secret-0123456789abcdef0123456789abcdef0123456789ab",
)
TV = App("tv")
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
PREVIOUS_FORMS = ROOT / "shared/store/tests/dynamo/previous_forms.json"
_users = (f"pool-{number:02}@example.com" for number in itertools.count(1))


@pytest.fixture(scope="session")
def commit(request):
    return previous.revision(request.config.getoption("previous"))


@pytest.fixture(scope="session")
def built(commit):
    return previous.build(commit)


@pytest.fixture(scope="module", params=[("kms", OLD), ("wrapped", NEW)], ids="-begun-by-".join)
def both(aws, local, built, request):
    with neighbours(aws, local.dynamodb, built, *request.param) as both:
        yield both


@pytest.fixture(params=[(OLD, NEW), (NEW, OLD)], ids=["update", "rollback"])
def pair(both, request) -> tuple[Version, Version]:
    first, second = request.param
    return both.versions[first], both.versions[second]


@pytest.fixture
def email() -> str:
    return next(_users)


@pytest.fixture
def browser(email):
    with Browser(email) as browser:
        yield browser


def family(browser: Browser, version: Version, app: App = STRICT) -> str:
    """The refresh token of a login."""
    return tokens(version.exchange(app, *browser.code(version, app)))["refresh_token"]


def another_family(email: str, version: Version) -> str:
    """The refresh token of a login in another browser."""
    with Browser(email) as browser:
        return family(browser, version)


def successor(version: Version, app: App, token: str) -> str:
    made = tokens(version.refresh(app, token))["refresh_token"]
    assert made != token
    return made


def assert_refused(answer, error: str = "invalid_grant"):
    assert answer.status_code in (400, 403), answer.text
    assert answer.json()["error"] == error, answer.text


# --- Logins ---


def test_a_login_that_begins_at_one_version_ends_at_the_other(pair, browser, email):
    first, second = pair
    page, verifier = browser.authorize(first, STRICT)
    code = code_of(browser.log_in(second, page))
    made = tokens(first.exchange(STRICT, code, verifier))
    assert second.user(made["access_token"]).json()["email"] == email


def test_a_session_of_one_version_is_one_at_the_other_until_it_ends_there(pair, browser):
    first, second = pair
    family(browser, first)
    assert browser.is_logged_in(second, LENIENT)
    browser.open(second, "v2/logout", client_id=STRICT.id)
    assert not browser.is_logged_in(first, LENIENT)


def test_a_code_of_one_version_is_exchanged_once_at_the_other(pair, browser):
    first, second = pair
    code = browser.code(first, STRICT)
    made = tokens(second.exchange(STRICT, *code))["refresh_token"]
    assert_refused(first.exchange(STRICT, *code))
    # A repeated exchange revokes what the first one issued.
    assert_refused(second.refresh(STRICT, made))


def test_consent_given_to_one_version_is_remembered_and_withdrawn_at_the_other(pair, browser, email):
    first, second = pair
    page, verifier = browser.authorize(first, PARTNER)
    page = browser.log_in(second, page)
    assert at(page) == "/u/consent"
    code = code_of(browser.submit(first, page, action="accept"))
    token = tokens(second.exchange(PARTNER, code, verifier))["refresh_token"]
    for version in pair:
        assert "code" in answer_of(browser.authorize(version, PARTNER)[0])
    first.admin("grants", "delete", email, "--client", PARTNER.id)
    assert_refused(second.refresh(PARTNER, token))
    assert at(browser.authorize(second, PARTNER)[0]) == "/u/consent"


class Device:
    """A device that waits for its connection."""

    def __init__(self, version: Version):
        scope = {"scope": "openid offline_access", "audience": AUDIENCE}
        self._codes = version.post("oauth/device/code", TV, **scope).json()

    def confirm(self, version: Version, browser: Browser):
        page = browser.open(version, "activate", user_code=self._codes["user_code"])
        return browser.submit(version, page, action="confirm")

    def poll(self, version: Version):
        code = self._codes["device_code"]
        return version.post("oauth/token", TV, grant_type=DEVICE_CODE, device_code=code)


def test_a_device_is_connected_by_both(pair, browser):
    first, second = pair
    device = Device(first)
    assert_refused(device.poll(second), "authorization_pending")
    page = device.confirm(second, browser)
    browser.log_in(first, page)
    token = tokens(device.poll(second))["refresh_token"]
    assert_refused(device.poll(first))
    successor(first, TV, token)


# --- Families ---


def test_both_rotate_one_family(pair, browser, email):
    first, second = pair
    token = family(browser, first)
    for version in (second, first, second, second, first, first):
        made = tokens(version.refresh(STRICT, token))
        assert claims(made["access_token"])["sub"] == claims(made["id_token"])["sub"]
        assert version.user(made["access_token"]).json()["email"] == email
        token = made["refresh_token"]


def test_a_retry_at_the_other_version_gets_the_same_successor(pair, browser):
    first, second = pair
    token = family(browser, first, LENIENT)
    made = successor(first, LENIENT, token)
    assert successor(second, LENIENT, token) == made
    last = successor(second, LENIENT, made)
    assert successor(first, LENIENT, made) == last
    # Its grandchild is in use: it is reused.
    assert_refused(first.refresh(LENIENT, token))
    assert_refused(second.refresh(LENIENT, last))


def test_a_reuse_at_one_version_ends_the_family_at_both(pair, browser):
    first, second = pair
    token = family(browser, second)
    made = successor(first, STRICT, token)
    assert_refused(second.refresh(STRICT, token))
    assert_refused(first.refresh(STRICT, made))
    assert_refused(second.refresh(STRICT, made))


def test_a_token_revoked_at_one_version_is_refused_at_the_other(pair, browser):
    first, second = pair
    token = successor(second, STRICT, family(browser, first))
    assert first.post("oauth/revoke", STRICT, token=token).status_code == 200
    assert_refused(second.refresh(STRICT, token))
    assert_refused(first.refresh(STRICT, token))


def test_a_log_out_everywhere_by_one_command_line_ends_all_of_both(pair, browser, email):
    first, second = pair
    made = tokens(first.exchange(STRICT, *browser.code(first, STRICT)))
    with Browser(email) as other:
        token = family(other, second)
        first.admin("users", "log-out", email)
        for version in pair:
            assert_refused(version.refresh(STRICT, made["refresh_token"]))
            assert_refused(version.refresh(STRICT, token))
            assert not browser.is_logged_in(version, STRICT)
            assert not other.is_logged_in(version, STRICT)
            assert version.user(made["access_token"]).status_code == 401


# --- Keys ---


def verified(token: str, version: Version) -> dict:
    """The claims of a JWT, whose signature the published keys of a version verify."""
    key = version.keys()[kid(token)]
    return jwt.decode(token, jwk.import_key(key), algorithms=[key["alg"]]).claims


def kid(token: str) -> str:
    """The id of the key that has signed a JWT."""
    return jws.extract_compact(token.encode()).headers()["kid"]


def test_each_verifies_what_the_other_signs(pair, browser):
    first, second = pair
    assert first.keys() == second.keys() != {}
    made = tokens(first.exchange(STRICT, *browser.code(first, STRICT)))
    for name in ("access_token", "id_token"):
        assert verified(made[name], second) == claims(made[name])
    answer, _ = browser.authorize(second, STRICT, id_token_hint=made["id_token"], prompt="none")
    assert "code" in answer_of(answer)


def test_both_use_the_keys_that_one_command_line_has_added(both, pair, browser):
    first, second = pair
    token = family(browser, second)
    published = first.keys()
    first.admin("keys", "rotate")
    if both.front.mode == "wrapped":
        first.admin("keys", "rotate-signing")
    else:
        kms = both.front.service.aws.client("kms")
        policy = kms.get_key_policy(KeyId=both.front.service.stack.outputs["RS256KeyArn"], PolicyName="default")["Policy"]
        key = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY", Policy=policy)
        first.admin("keys", "rotate-signing", f"RS256={key['KeyMetadata']['Arn']}")
    both.let_keys_take_over()
    with first.functions(), second.functions():
        token = successor(first, STRICT, token)
        made = tokens(second.refresh(STRICT, token))
        assert kid(made["access_token"]) not in published
        assert verified(made["access_token"], first) == claims(made["access_token"])
        successor(first, STRICT, made["refresh_token"])


# --- Configuration ---


def test_one_serves_the_tenant_that_the_other_has_imported(pair, browser, tmp_path):
    first, second = pair
    another = App(STRICT.id, "https://app.example.com/another")
    text = first.tenant.read_text(encoding="utf-8")
    assert text.count(f"      - {STRICT.callback}\n") == 1
    file = tmp_path / "tenant.yaml"
    file.write_text(text.replace(STRICT.callback, another.callback, 1), encoding="utf-8")
    first.admin("tenant", "import", file)
    with second.functions():
        made = tokens(second.exchange(another, *browser.code(second, another)))
        successor(second, another, made["refresh_token"])
    second.admin("tenant", "import", second.tenant)
    with first.functions():
        assert "code" in answer_of(browser.authorize(first, STRICT)[0])


# --- After one of them is gone ---


def test_one_goes_on_with_all_that_the_other_has_left(pair, browser, email):
    first, second = pair
    first.admin("tenant", "import", first.tenant)
    with first.functions():
        page, verifier = browser.authorize(first, PARTNER)
        page = browser.log_in(first, page)
        code = code_of(browser.submit(first, page, action="accept"))
        consented = tokens(first.exchange(PARTNER, code, verifier))["refresh_token"]
        families = [another_family(email, first) for _ in range(3)]
        revoked, reused, kept = families
        assert first.post("oauth/revoke", STRICT, token=revoked).status_code == 200
        lost = successor(first, STRICT, reused)
        assert_refused(first.refresh(STRICT, reused))
        kept = successor(first, STRICT, kept)
        device = Device(first)
        device.confirm(first, browser)
        with second.functions():
            answer, verifier = browser.authorize(first, STRICT)
            made = tokens(second.exchange(STRICT, code_of(answer), verifier))
            assert second.user(made["access_token"]).json()["email"] == email
            for app, token in ((PARTNER, consented), (STRICT, kept), (STRICT, made["refresh_token"])):
                successor(second, app, successor(second, app, token))
            assert_refused(second.refresh(STRICT, revoked))
            assert_refused(second.refresh(STRICT, lost))
            successor(second, TV, tokens(device.poll(second))["refresh_token"])
            assert "code" in answer_of(browser.authorize(second, PARTNER)[0])


def test_the_recorded_items_of_the_previous_version_are_its_own(commit):
    """`items_of_the_previous_version_keep_their_attributes` compares them with those of this one."""
    recorded = json.loads(PREVIOUS_FORMS.read_text(encoding="utf-8"))
    command = f"git show {commit}:{previous.STORED_FORMS} > {PREVIOUS_FORMS.relative_to(ROOT)}"
    assert recorded == json.loads(previous.stored_forms(commit)), command
