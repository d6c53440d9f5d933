"""An Application Load Balancer whose target groups are the functions.

Its [events][events] have a path and a query as sent, percent-encoded. Several values of one name are lists in the mode of
multi-value headers, and otherwise the last value alone counts. A body is text for some types and base64 for the others.
It takes 1 MB of body and 1 MB of answer, 16 KB for the request line and for one header, and [64 KB][headers] for all headers.
It [answers][errors] 400 to longer headers, 413 to a longer body, 463 to more than 30 forwarded addresses, and 502 to a
function that fails or takes too long, all of them as HTML. By default it [passes on][names] headers with invalid names.

[events]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
[headers]: https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html#http-header-limits
[errors]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
[names]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
"""

import json
from http import HTTPStatus
from typing import Any

from front_server import ACCOUNT, Call, Front, body_of, forwarded, in_event
from messages import Head, Reply, text

LINE = HEADER = 16 * 1024
HEADERS = 64 * 1024
BODY = ANSWER = 1024 * 1024
ADDRESSES = 30
TARGET_GROUP = f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:targetgroup/functions/0123456789abcdef"
TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")


class LoadBalancer(Front):
    name = "load balancer"
    # The listener's default action.
    default = "authorize"
    takes_any_name = True

    def __init__(self, multi_value: bool = True):
        self.multi_value = multi_value

    def malformed(self) -> Reply:
        return page(400)

    def refusal(self, head: Head, body: bytes) -> Reply | None:
        sizes = [len(name) + len(value) for name, value in head.headers]
        if len(head.line) > LINE or any(size > HEADER for size in sizes) or sum(sizes) > HEADERS:
            return page(400)
        if head.values("upgrade"):
            return page(400)
        if b",".join(head.values("x-forwarded-for")).count(b",") >= ADDRESSES:
            return page(463)
        if len(body) > BODY:
            return page(413)
        return None

    def event(self, call: Call) -> dict:
        fields = forwarded(call)
        content_type = next((value for name, value in fields if name == "content-type"), "")
        is_text = content_type.lower().startswith(TEXT_TYPES) and not call.head.values("content-encoding")
        parts = filter(None, text(call.head.query).split("&"))
        pairs = [(name, value) for name, _, value in (part.partition("=") for part in parts)]
        if self.multi_value:
            many = {"multiValueHeaders": listed(fields), "multiValueQueryStringParameters": listed(pairs)}
        else:
            many = {"headers": dict(fields), "queryStringParameters": dict(pairs)}
        return {
            "requestContext": {"elb": {"targetGroupArn": TARGET_GROUP}},
            "httpMethod": call.head.method,
            "path": text(call.head.path),
            **many,
            **in_event(call.body, is_text or not call.body),
        }

    def reply(self, answer: Any) -> Reply:
        if len(json.dumps(answer)) > ANSWER:
            raise ValueError("more than 1 MB")
        if self.multi_value:
            lists = answer.get("multiValueHeaders") or {}
            fields = [(name, value) for name, values in lists.items() for value in values]
        else:
            fields = list((answer.get("headers") or {}).items())
        return Reply(int(answer["statusCode"]), fields, body_of(answer))

    def failure(self, error: Exception) -> Reply:
        return page(502)


def listed(fields: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


def page(status: int) -> Reply:
    """The load balancer's own page."""
    known = status in HTTPStatus.__members__.values()
    title = f"{status} {HTTPStatus(status).phrase}" if known else str(status)
    html = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>\r\n"
    return Reply(status, [("content-type", "text/html")], html.encode())
