"""Makes a server that listens on loopback reachable for others, for the duration of a context."""

import socket
import threading
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

# Docker Desktop's name for this machine. It leads to loopback by itself.
DOCKER_DESKTOP = "host.docker.internal"


@contextmanager
def forwarding(endpoint: str, host: str):
    """The address by which a `host` of this machine reaches the endpoint; loopback needs no forwarding."""
    target = urlsplit(endpoint)
    if host == target.hostname:
        yield endpoint
        return
    if host == DOCKER_DESKTOP:
        yield f"http://{host}:{target.port}"
        return
    with socket.create_server((host, 0), backlog=1024) as listener:
        thread = threading.Thread(
            target=_accept, args=(listener, (target.hostname, target.port)), daemon=True
        )
        thread.start()
        try:
            yield f"http://{host}:{listener.getsockname()[1]}"
        finally:
            # Wakes the thread from `accept`.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=30)


def _accept(listener: socket.socket, target: tuple[str, int]):
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            # The listener was shut down.
            return
        threading.Thread(target=_carry, args=(near, target), daemon=True).start()


def _carry(near: socket.socket, target: tuple[str, int]):
    with near:
        try:
            far = socket.create_connection(target)
        except OSError:
            # The client sees a closed connection, as if no server listened.
            return
        with far:
            there = threading.Thread(target=_copy, args=(near, far), daemon=True)
            there.start()
            _copy(far, near)
            there.join()


def _copy(source: socket.socket, sink: socket.socket):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        # One side has closed, so that the other must be closed, too.
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
