"""An HTTP API of Amazon API Gateway, as the template creates one, with payload format 2.0.

The [format] has names of headers in lower case, several values of one name joined by commas, cookies in a list of their own,
a decoded path, and the query as sent. The [quotas] are 10,240 bytes of request line and header values, 10 MB of body, and
30 seconds for a function. A function that fails is [answered] with 500, and one that takes longer with 503.

[format]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
[quotas]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
[answered]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
"""

import json
import time
from typing import Any
from urllib.parse import parse_qsl, unquote

from front_server import ACCOUNT, Call, Front, body_of, forwarded, in_event, joined
from messages import Head, Reply, text
from runtime_api import Impatient, TooLarge

HEAD = 10_240
BODY = 10 * 1024 * 1024
PATIENCE = 30
# Observed of HTTP APIs and function URLs, and documented of REST APIs alone:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
RENAMED = {"www-authenticate": "x-amzn-remapped-www-authenticate"}
TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")


class HttpApi(Front):
    name = "HTTP API"
    domain = "api.execute-api.eu-west-1.amazonaws.com"

    def __init__(self, patience: float = PATIENCE):
        self.patience = patience

    def malformed(self) -> Reply:
        return message(400, "Bad Request")

    def not_found(self) -> Reply:
        return message(404, "Not Found")

    def refusal(self, head: Head, body: bytes) -> Reply | None:
        if size(head) > HEAD:
            return message(431, "Request Header Fields Too Large")
        if len(body) > BODY:
            return message(413, "Request Entity Too Large")
        return None

    def event(self, call: Call) -> dict:
        event = format_2(call, self.domain)
        # The list of cookies has replaced it.
        event["headers"].pop("cookie", None)
        return event

    def reply(self, answer: Any) -> Reply:
        return from_format_2(answer)

    def failure(self, error: Exception) -> Reply:
        if isinstance(error, Impatient):
            return message(503, "Service Unavailable")
        if isinstance(error, TooLarge):
            return message(413, "Request Entity Too Large")
        return message(500, "Internal Server Error")


def size(head: Head) -> int:
    """The bytes of the whole head. The page speaks of values; a limit that counts the names is the stricter one."""
    return len(head.line) + sum(len(name) + len(value) + len(": \r\n") for name, value in head.headers)


def message(status: int, said: str) -> Reply:
    return Reply(status, [("content-type", "application/json")], json.dumps({"message": said}).encode())


def format_2(call: Call, domain: str) -> dict:
    """An event in payload format 2.0, which HTTP APIs and function URLs send."""
    path, query = unquote(text(call.head.path), errors="replace"), text(call.head.query)
    headers = joined(forwarded(call))
    route_key = f"ANY {call.route}" if call.route else "$default"
    event = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": domain.partition(".")[0],
            "domainName": call.host or domain,
            "domainPrefix": call.host.partition(".")[0],
            "http": {
                "method": call.head.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": call.peer,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": call.request_id,
            "routeKey": route_key,
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(call.time)),
            "timeEpoch": int(call.time * 1000),
        },
        "isBase64Encoded": False,
    }
    if query:
        pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
        event["queryStringParameters"] = joined(pairs)
    if cookies := call.head.values("cookie"):
        parts = (part.strip() for value in cookies for part in text(value).split(";"))
        event["cookies"] = [part for part in parts if part]
    if call.body:
        content_type = headers.get("content-type", "")
        event |= in_event(call.body, content_type.lower().startswith(TEXT_TYPES))
    return event


def from_format_2(answer: Any) -> Reply:
    """The response for an answer in format 2.0. It has no lists of values: `headers` has one text for each name."""
    headers = {name.lower(): str(value) for name, value in (answer.get("headers") or {}).items()}
    headers.setdefault("content-type", "application/json")
    fields = [(RENAMED.get(name, name), value) for name, value in headers.items()]
    fields += [("set-cookie", cookie) for cookie in answer.get("cookies") or []]
    return Reply(int(answer["statusCode"]), fields, body_of(answer))
