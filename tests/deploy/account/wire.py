"""HTTPS of which the caller writes every byte, and of which the bytes are counted: what clients' libraries repair or hide."""

import http.client
import os
import socket
import ssl
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies

PATIENCE = 60
CHUNK = 65_536


class _Counted:
    """A TLS client over a socket, which counts the bytes that it receives."""

    def __init__(self, connection: socket.socket, host: str):
        self._connection = connection
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context().wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self.received = 0

    def handshake(self):
        self._until_done(self._tls.do_handshake)

    def send(self, data: bytes):
        self._until_done(lambda: self._tls.write(data))

    def read(self) -> bytes:
        return self._until_done(lambda: self._tls.read(CHUNK))

    def _until_done(self, operation):
        while True:
            try:
                result = operation()
            except ssl.SSLWantReadError:
                self._flush()
                data = self._connection.recv(CHUNK)
                if not data:
                    raise ConnectionError("the server closed the connection") from None
                self.received += len(data)
                self._incoming.write(data)
                continue
            self._flush()
            return result

    def _flush(self):
        if data := self._outgoing.read():
            self._connection.sendall(data)


def context() -> ssl.SSLContext:
    """The certificate authorities of `requests`, if a variable names them."""
    return ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE"))


@contextmanager
def _connected(host: str):
    with _dialled(host) as connection:
        connection.settimeout(PATIENCE)
        counted = _Counted(connection, host)
        counted.handshake()
        yield counted


@contextmanager
def _dialled(host: str):
    """A socket to port 443 of a host, through the proxy of the environment if it names one."""
    proxy = getproxies().get("https")
    if proxy is None:
        with socket.create_connection((host, 443), PATIENCE) as connection:
            yield connection
        return
    way = urlsplit(proxy)
    tunnel = http.client.HTTPConnection(way.hostname, way.port or 80, timeout=PATIENCE)
    tunnel.set_tunnel(host, 443)
    try:
        tunnel.connect()
        yield tunnel.sock
    finally:
        tunnel.close()


def handshake_bytes(host: str) -> int:
    """Bytes that a server sends for a new connection before the first answer."""
    with _connected(host) as made:
        return made.received


def status(host: str, head: bytes) -> int:
    """The status of the answer to a request without a body, whose head is sent as it is."""
    with _connected(host) as made:
        made.send(head)
        answer = made.read()
        while b"\r\n" not in answer:
            answer += made.read()
    return int(answer.split(b" ", 2)[1])
