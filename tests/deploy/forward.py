"""Lets others than loopback reach a server that listens there, for as long as it is used."""

import socket
import threading
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

# What Docker Desktop calls this machine. It leads to loopback by itself.
DOCKER_DESKTOP = "host.docker.internal"


@contextmanager
def forwarding(endpoint: str, host: str):
    """The address by which a `host` of this machine reaches the endpoint; loopback reaches it as it is."""
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
            # Wakes the thread out of `accept`.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=30)


def _accept(listener: socket.socket, target: tuple[str, int]):
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            # It was shut down.
            return
        threading.Thread(target=_carry, args=(near, target), daemon=True).start()


def _carry(near: socket.socket, target: tuple[str, int]):
    with near:
        try:
            far = socket.create_connection(target)
        except OSError:
            # Whoever asked sees the connection close, as if nobody listened.
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
        # One side is gone, so the other has to go.
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
