"""Common parts of our HTTP servers: threads, whole messages, and a shutdown that leaves nothing open."""

import os
import socket
import struct
import sys
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Headers of a connection, not of the message (RFC 9110 section 7.6.1).
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}


class Server(ThreadingHTTPServer):
    """Listens from its creation, so that its address is known, and answers inside `serving`."""

    daemon_threads = False
    request_queue_size = 1024

    def __init__(self, handler, host: str = "127.0.0.1", port: int = 0):
        self._connections = set()
        super().__init__((host, port), handler)

    @property
    def endpoint(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host}:{port}"

    def process_request(self, request, client_address):
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        # Either side may close the connection at any time; the other end notices.
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)

    def drop_connections(self):
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def serving(server: Server):
    """Serves for the duration of a context."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
            server.drop_connections()


class Handler(BaseHTTPRequestHandler):
    """Reads and sends whole messages; a subclass answers every request in `respond`."""

    protocol_version = "HTTP/1.1"

    def respond(self, body: bytes):
        raise NotImplementedError

    def _handle(self):
        self.respond(self._read())

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = _handle

    def log_message(self, *_):
        """The program behind a server writes its own log."""

    def send(self, status: int, headers: list[tuple[str, str]], body: bytes):
        self.send_response_only(status)
        names = {name.lower() for name, _ in headers}
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        bodiless = self.command == "HEAD" or status in (204, 304)
        if "content-length" not in names and not bodiless:
            self.send_header("content-length", str(len(body)))
        # Headers and body in one write.
        self._headers_buffer.append(b"\r\n" if bodiless else b"\r\n" + body)
        self.flush_headers()

    def reset(self):
        """Breaks the connection before an answer."""
        self.close_connection = True
        # A socket that does not linger is closed by RST and not by FIN.
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(self.connection.detach())

    def _read(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            """Trailers, which are ignored."""
        return body


def ask(connection, method: str, target: str, headers: list[tuple[str, str]], body: bytes):
    """Sends a request unchanged, and returns status, headers and body of the answer."""
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    names = set()
    for name, value in headers:
        names.add(name.lower())
        if name.lower() not in HOP_BY_HOP | {"content-length"}:
            connection.putheader(name, value)
    if body or "content-length" in names:
        connection.putheader("content-length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    return answer.status, answer.getheaders(), answer.read()
