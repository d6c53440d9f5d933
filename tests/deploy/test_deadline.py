"""A function answers before Lambda stops it, however long it waits for AWS, and takes the next request."""

import json

from client import Client, assert_untouched
from kms_proxy import Silence

# Seconds that a function has. The AWS SDK waits longer for KMS: three seconds.
TIME_LIMIT = 2.5
REASON = "temporarily unavailable: the function has no time left"


def test_a_request_that_waits_for_aws_is_answered_in_time(kms_front):
    with kms_front.functions(token=1, authorize=1) as programs:
        client = Client(kms_front.issuer)
        token = client.refresh_token()
        with kms_front.kms.fault(Silence()), kms_front.limited(TIME_LIMIT):
            answer = client.refresh(token)
        assert answer.status_code == 503, answer.text
        assert answer.json()["error"] == "temporarily_unavailable"
        assert int(answer.headers["retry-after"]) >= 1
        (function,) = programs["token"]
        events = [json.loads(line) for line in function.log]
        assert [event["reason"] for event in events if event.get("status") == 503] == [REASON]
        # The same environment takes the next request.
        assert_untouched(client, token)
