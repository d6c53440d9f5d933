"""The certificates of `--tls`, as Python's own TLS and `cryptography` read them."""

import datetime
import ipaddress
import socket
import ssl
from pathlib import Path

import pytest
import requests
from conftest import DEMO_TENANT, Server
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID
from cryptography.x509.verification import PolicyBuilder, Store

DAY = datetime.timedelta(days=1)
HOST = "login.acme.example"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "tls"


@pytest.fixture
def start(folder):
    """Starts servers whose certificates are kept in one folder."""
    servers = []

    def started(*options):
        servers.append(Server(DEMO_TENANT, "--tls", "--tls-dir", folder, *options))
        return servers[-1]

    yield started
    for server in servers:
        server.stop()


def test_requests_trusts_it_by_the_path_that_is_printed(start, folder, monkeypatch):
    server = start()
    assert Path(server.authority) == (folder / "ca.crt").resolve()
    with pytest.raises(requests.exceptions.SSLError):
        server.metadata()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", server.authority)
    assert server.metadata()["issuer"] == server.issuer


def test_a_client_that_takes_rfc_5280_strictly_connects(start):
    server = start("--issuer", f"https://{HOST}/")
    for name in [HOST, "localhost", "127.0.0.1", "::1"]:
        presented(server, name)


def test_it_is_a_servers_certificate_for_at_most_825_days(start):
    server = start("--issuer", f"https://{HOST}/")
    certificate = presented(server, HOST)
    age = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert DAY < age <= 825 * DAY
    assert extension(certificate, ExtensionOID.EXTENDED_KEY_USAGE) == x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.SERVER_AUTH]
    )
    names = extension(certificate, ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    assert names.get_values_for_type(x509.DNSName) == [HOST, "localhost"]
    addresses = names.get_values_for_type(x509.IPAddress)
    assert addresses == [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    assert not extension(certificate, ExtensionOID.BASIC_CONSTRAINTS).ca


def test_the_authority_certifies_servers_of_this_machine_and_nothing_else(start):
    authority = read(start().authority)
    constraints = extension(authority, ExtensionOID.BASIC_CONSTRAINTS)
    assert (constraints.ca, constraints.path_length) == (True, 0)
    usage = extension(authority, ExtensionOID.KEY_USAGE)
    assert usage.key_cert_sign and not usage.digital_signature
    permitted = extension(authority, ExtensionOID.NAME_CONSTRAINTS).permitted_subtrees
    names = {name.value for name in permitted if isinstance(name, x509.DNSName)}
    assert names == {"localhost", "test", "example", "invalid", "local", "internal", "home.arpa"}


def test_cryptography_builds_the_chain(start):
    server = start("--issuer", f"https://{HOST}/")
    store = Store([read(server.authority)])
    verifier = PolicyBuilder().store(store).build_server_verifier(x509.DNSName(HOST))
    assert len(verifier.verify(presented(server, HOST), [])) == 2


def test_the_authority_outlives_a_server_that_keeps_nothing_else(start, folder):
    first = start()
    authority, certificate = Path(first.authority).read_bytes(), presented(first, "localhost")
    again = start()
    assert Path(again.authority).read_bytes() == authority
    assert presented(again, "localhost") == certificate
    for key in ["ca.key", "tls.key"]:
        assert (folder / key).stat().st_mode & 0o777 == 0o600


def test_another_host_has_another_certificate_of_the_same_authority(start):
    authority = Path(start().authority).read_bytes()
    server = start("--issuer", f"https://{HOST}/")
    assert Path(server.authority).read_bytes() == authority
    presented(server, HOST)


def test_a_host_of_the_internet_has_an_authority_that_certifies_no_other(start, folder):
    server = start("--issuer", "https://login.acme.com/")
    assert Path(server.authority) == (folder / "ca-login.acme.com.crt").resolve()
    presented(server, "login.acme.com")
    permitted = extension(read(server.authority), ExtensionOID.NAME_CONSTRAINTS).permitted_subtrees
    assert x509.DNSName("login.acme.com") in permitted
    # Certificates for other hosts have not changed.
    assert Path(start().authority).name == "ca.crt"


def test_a_certificate_near_its_end_is_renewed(start, folder):
    first = start()
    certificate = presented(first, "localhost")
    authority = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    ending = certificate.not_valid_before_utc + 20 * DAY
    copy = x509.CertificateBuilder(
        certificate.issuer,
        certificate.subject,
        certificate.public_key(),
        certificate.serial_number,
        certificate.not_valid_before_utc,
        ending,
        list(certificate.extensions),
    ).sign(authority, hashes.SHA256())
    (folder / "tls.crt").write_bytes(copy.public_bytes(serialization.Encoding.PEM))
    renewed = presented(start(), "localhost")
    assert renewed.not_valid_after_utc > ending
    assert renewed.serial_number != certificate.serial_number


def presented(server, name):
    """The certificate that a server presents for a name to a client that verifies it strictly."""
    context = ssl.create_default_context(cafile=server.authority)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as plain:
        with context.wrap_socket(plain, server_hostname=name) as secured:
            return x509.load_der_x509_certificate(secured.getpeercert(binary_form=True))


def read(path):
    return x509.load_pem_x509_certificate(Path(path).read_bytes())


def extension(certificate, oid):
    return certificate.extensions.get_extension_for_oid(oid).value
