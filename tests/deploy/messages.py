"""HTTP/1.1 messages with every byte that the client sent, also those that Python's own parser rejects or repairs."""

import re
from dataclasses import dataclass

# RFC 9110 section 5.6.2.
TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
ABSOLUTE = re.compile(rb"https?://[^/?]*(/.*)?$", re.DOTALL)
LENGTH = re.compile(rb"[0-9]{1,15}")
# Bytes of a request's head that a front reads at all; its own limit is lower.
HEAD = 1024 * 1024


class Malformed(Exception):
    """A request that is not HTTP."""


@dataclass(frozen=True)
class Head:
    """A request without its body."""

    method: str
    # As sent: path and query, or `*`.
    target: bytes
    # The bytes of the first line, without its end.
    line: bytes
    headers: list[tuple[bytes, bytes]]

    @property
    def path(self) -> bytes:
        return self.target.partition(b"?")[0]

    @property
    def query(self) -> bytes:
        return self.target.partition(b"?")[2]

    def values(self, name: str) -> list[bytes]:
        return [value for known, value in self.headers if known.lower() == name.encode()]

    def header(self, name: str) -> str | None:
        """The first value of this name, which is in lower case."""
        return next(map(text, self.values(name)), None)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def text(data: bytes) -> str:
    """Bytes as an event contains them: JSON has no others."""
    return data.decode("utf-8", "replace")


def read_head(stream, any_name: bool) -> Head | None:
    """The next request's head; `None` at the end of the connection. `any_name` admits names that are no token."""
    line = stream.readline(HEAD)
    if not line:
        return None
    headers = []
    size = len(line)
    while (field := stream.readline(HEAD)) not in (b"\r\n", b"\n"):
        size += len(field)
        if not field or size > HEAD:
            raise Malformed
        headers.append(_header(field.rstrip(b"\r\n"), any_name))
    line = line.rstrip(b"\r\n")
    return Head(*_line(line), line, headers)


def read_body(stream, head: Head) -> bytes:
    if [value.lower() for value in head.values("transfer-encoding")] == [b"chunked"]:
        return _chunks(stream)
    lengths = set(head.values("content-length")) or {b"0"}
    if head.values("transfer-encoding") or len(lengths) > 1 or not LENGTH.fullmatch(*lengths):
        raise Malformed
    return stream.read(int(*lengths))


def _line(line: bytes) -> tuple[str, bytes]:
    method, _, rest = line.partition(b" ")
    target, _, version = rest.partition(b" ")
    if not TOKEN.fullmatch(method) or version not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise Malformed
    if b"\0" in target or b"\r" in target:
        raise Malformed
    if absolute := ABSOLUTE.match(target):
        target = absolute[1] or b"/"
    if target != b"*" and not target.startswith(b"/"):
        raise Malformed
    return method.decode(), target


def _header(field: bytes, any_name: bool) -> tuple[bytes, bytes]:
    name, colon, value = field.partition(b":")
    is_valid = TOKEN.fullmatch(name) or (any_name and name.strip() == name != b"")
    if not colon or not is_valid or b"\0" in field or b"\r" in field:
        raise Malformed
    return name, value.strip(b" \t")


def _chunks(stream) -> bytes:
    body = b""
    try:
        while size := int(stream.readline(100).partition(b";")[0], 16):
            body += stream.read(size)
            stream.readline(100)
    except ValueError:
        raise Malformed from None
    while stream.readline(HEAD).strip():
        """Trailers, which are ignored."""
    return body
