"""The internet as programs behind a proxy see it: hosts over HTTPS, with a certificate authority.

    with internet({"login.example.com": server.endpoint}, aws.endpoint, folder) as made:
        made.endpoint  # the address of the proxy, for a client's settings
        made.authority  # the file with the certificate of its authority

Besides the hosts that are given, each bucket of S3 has one: it leads to the bucket of that name in moto.
"""

import re
import socketserver
import ssl
from contextlib import contextmanager
from pathlib import Path

import trustme

from cloud import forwarded
from http_server import Handler, Server, serving

BUCKET = re.compile(r"[\w.-]+\.s3\.[\w-]+\.amazonaws\.com")


class Internet(Server):
    def __init__(self, hosts: dict[str, str], moto: str, folder: Path):
        super().__init__(_Handler)
        # The address behind each host.
        self._hosts = hosts
        self._moto = moto
        self._authority = trustme.CA()
        self.authority = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.authority)

    def leads(self, host: str) -> bool:
        return host in self._hosts or BUCKET.fullmatch(host) is not None

    def context(self, host: str) -> ssl.SSLContext:
        """The TLS of a host."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(host).configure_cert(context)
        return context

    def answer(self, host: str, method: str, path: str, headers, body: bytes):
        # Moto takes the bucket from the request's host.
        return forwarded(self._hosts.get(host, self._moto), method, path, headers, body)


class _Handler(Handler):
    host = ""

    def do_CONNECT(self):
        """Ends a tunnel here: the client's TLS, then its requests."""
        self.host = self.path.rpartition(":")[0]
        if not self.server.leads(self.host):
            return self.send(502, [], b"")
        self.send_response_only(200)
        self.end_headers()
        self.connection = self.server.context(self.host).wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = socketserver._SocketWriter(self.connection)
        self.close_connection = False

    def finish(self):
        super().finish()
        self.connection.close()

    def respond(self, body: bytes):
        self.send(*self.server.answer(self.host, self.command, self.path, self.headers, body))


@contextmanager
def internet(hosts: dict[str, str], moto: str, folder: Path):
    """The proxy for the duration of a context."""
    with serving(Internet(hosts, moto, folder)) as made:
        yield made
