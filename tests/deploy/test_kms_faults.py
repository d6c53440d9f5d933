"""A failing KMS invalidates no token: the answer reports the failure, and the same token works afterwards."""

import time
from contextlib import contextmanager

import pytest
import requests

from client import Client, assert_untouched, tokens
from kms_proxy import Refusal, Reset, Silence, failing

# The function's own timeout, in the template.
TIMEOUT = 10
PASSING = {
    "throttled": lambda: failing(Refusal("ThrottlingException")),
    "internal": lambda: failing(Refusal("KMSInternalException", status=500)),
    "dependency": lambda: failing(Refusal("DependencyTimeoutException", status=500)),
    "silent": Silence,
    "reset": lambda: failing(Reset()),
}


@pytest.fixture(scope="module")
def running(kms_front):
    with kms_front.functions(token=1, authorize=1):
        yield kms_front


@pytest.fixture
def client(running):
    return Client(running.issuer)


@contextmanager
def in_time():
    began = time.monotonic()
    yield
    assert time.monotonic() - began < TIMEOUT


def assert_unavailable(answer: requests.Response):
    assert answer.status_code == 503, answer.text
    assert answer.json()["error"] == "temporarily_unavailable"
    assert int(answer.headers["retry-after"]) >= 1


def assert_server_error(answer: requests.Response):
    assert answer.status_code == 500, answer.text
    assert answer.json() == {
        "error": "server_error",
        "error_description": "Internal server error",
    }


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_a_503_and_burns_no_token(running, client, fault):
    token = client.refresh_token()
    with running.kms.fault(PASSING[fault]()), in_time():
        assert_unavailable(client.refresh(token))
    assert_untouched(client, token)


def test_an_unreachable_kms_is_a_503_and_spends_no_token(running, client):
    token = client.refresh_token()
    with running.kms.away(), in_time():
        assert_unavailable(client.refresh(token))
    assert_untouched(client, token)


def test_a_code_survives(running, client):
    code = client.log_in()
    with running.kms.fault(PASSING["throttled"]()), in_time():
        assert_unavailable(client.exchange(*code))
    assert_untouched(client, tokens(client.exchange(*code))["refresh_token"])


@pytest.mark.parametrize("error", [Refusal("ThrottlingException"), Reset()], ids=repr)
def test_a_single_fault_is_not_even_noticed(running, client, error):
    token = client.refresh_token()
    with running.kms.fault(failing(error, times=1)):
        tokens(client.refresh(token))
        assert running.kms.counted() == {"Sign": 3}


def test_a_refusal_by_kms_is_a_server_error_and_spends_no_token(running, client):
    token = client.refresh_token()
    with running.kms.fault(failing(Refusal("AccessDeniedException"))), in_time():
        assert_server_error(client.refresh(token))
        assert running.kms.counted()["Sign"] <= 2, "the function does not repeat a rejected call"
    assert_untouched(client, token)


def test_a_disabled_key_is_a_server_error_and_spends_no_token(running, client):
    token = client.refresh_token()
    kms = running.service.aws.client("kms")
    key = running.service.stack.resources["RS256Key"]
    kms.disable_key(KeyId=key)
    try:
        with in_time():
            assert_server_error(client.refresh(token))
    finally:
        kms.enable_key(KeyId=key)
    assert_untouched(client, token)


def test_in_wrapped_mode_requests_succeed_without_kms(wrapped_front):
    with wrapped_front.functions(token=1, authorize=1), wrapped_front.kms.away():
        client = Client(wrapped_front.issuer)
        assert_untouched(client, client.refresh_token())
