"""One environment of a function, which a test hands events of an HTTP API, from any address.

    with function(front, "token") as (invoke, program):
        invoke(event("GET", "/oauth/token"))
"""

from contextlib import contextmanager

from front_server import PEER, Call
from http_api import format_2
from http_server import serving
from messages import Head
from programs import built
from runtime_api import Command, Lambda
from template import TIMEOUT

DOMAIN = "a.execute-api.eu-west-1.amazonaws.com"
REQUEST_ID = "r"
TRACE = "Root=1-67891233-abcdef012345678912345678"


def event(
    method: str, path: str, headers: dict[str, str] | None = None, body: str = "", peer: str = PEER
) -> dict:
    """The event of a request."""
    fields = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    head = Head(method, path.encode(), f"{method} {path} HTTP/1.1".encode(), fields)
    call = Call(head, body.encode(), None, DOMAIN, REQUEST_ID, TRACE, 1_773_342_238.0, peer)
    return format_2(call, DOMAIN)


@contextmanager
def function(front, name: str = "discovery", **changes: str):
    """An environment of a function: what invokes it, and its program."""

    def variables(api: str) -> dict[str, str]:
        return front.environment(name, api) | changes

    with serving(Lambda(lambda: TIMEOUT)) as service:
        with service.environments({name: Command(built(name), variables)}) as programs:
            yield lambda event: service.invoke(name, event, TRACE), programs[name][0]
