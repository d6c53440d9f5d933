"""Function URLs, one for each function, with a distribution before them that routes by path.

They send [payload format 2.0][format], as an HTTP API does, take 6 MB, and wait as long as Lambda does. A `+` of the query
arrives as a blank ([aws-lambda-web-adapter#491][plus]). No page names a limit for headers, so that there is none here.
A function that fails is [answered][monitoring] with 502.

[format]: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
[plus]: https://github.com/awslabs/aws-lambda-web-adapter/issues/491
[monitoring]: https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html
"""

import json
from typing import Any

from front_server import Call, Front
from http_api import format_2, from_format_2
from messages import Head, Reply
from runtime_api import TooLarge


class FunctionUrl(Front):
    name = "function URL"
    domain = "url.lambda-url.eu-west-1.on.aws"
    # The default behaviour of the distribution.
    default = "authorize"

    def malformed(self) -> Reply:
        return message(400, "Bad Request")

    def refusal(self, head: Head, body: bytes) -> Reply | None:
        return None

    def event(self, call: Call) -> dict:
        event = format_2(call, self.domain)
        event["rawQueryString"] = event["rawQueryString"].replace("+", " ")
        # Every request has the same route there.
        event["routeKey"] = event["requestContext"]["routeKey"] = "$default"
        return event

    def reply(self, answer: Any) -> Reply:
        return from_format_2(answer)

    def failure(self, error: Exception) -> Reply:
        if isinstance(error, TooLarge):
            return message(413, "Request must be smaller than 6291556 bytes for the InvokeFunction operation")
        return Reply(502, [("content-type", "application/json")], b"Internal Server Error")


def message(status: int, said: str) -> Reply:
    return Reply(status, [("content-type", "application/json")], json.dumps({"Message": said}).encode())
