"""The certificate in the JWKS, read by `cryptography`."""

import base64
import datetime

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes


@pytest.fixture
def rs256(demo_server):
    keys = demo_server.get_json(".well-known/jwks.json")["keys"]
    return next(key for key in keys if key["alg"] == "RS256")


def test_the_certificate_is_self_signed_and_holds_the_published_key(demo_server, rs256):
    [chain] = rs256["x5c"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(chain))
    certificate.verify_directly_issued_by(certificate)
    numbers = certificate.public_key().public_numbers()
    assert numbers.n == number(rs256["n"])
    assert numbers.e == number(rs256["e"])
    now = datetime.datetime.now(datetime.timezone.utc)
    assert certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc
    [name] = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    assert f"//{name.value}:" in demo_server.issuer
    assert rs256["x5t"] == encoded(certificate.fingerprint(hashes.SHA1()))


def test_the_file_is_that_certificate(demo_server, rs256):
    pem = requests.get(demo_server.issuer + "pem", timeout=30)
    certificate = x509.load_pem_x509_certificate(pem.content)
    assert rs256["x5t"] == encoded(certificate.fingerprint(hashes.SHA1()))


def number(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big")


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
