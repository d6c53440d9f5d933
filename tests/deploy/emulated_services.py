"""The parts of Lambda, CloudWatch Logs and Service Quotas on which the runbook relies and that moto lacks.

Moto names an address of a function's code at which nothing is, takes every event for a match of a pattern of JSON
fields, and knows no quota that was not changed.
"""

import base64
import json
import re

from moto.awslambda.models import LambdaFunction
from moto.logs.utils import EventMessageFilter
from moto.s3.models import get_canned_acl, s3_backends
from moto.servicequotas.responses import ServiceQuotasResponse

# `{ $.type = "sapi" }`: the one kind of pattern that the runbook uses.
FIELD = re.compile(r'\{ \$\.(\w+) = "([^"]*)" \}')
# Of the quotas of an account those that the runbook raises: service, code and name.
QUOTAS = [
    ("lambda", "L-B99A9384", "Concurrent executions"),
    ("apigateway", "L-8A5B8E43", "Throttle rate"),
    ("kms", "L-2AC98190", "Cryptographic operations (RSA) request rate"),
]

_get_code = LambdaFunction.get_code
_matches = EventMessageFilter.matches
_filter = EventMessageFilter.__init__


def get_code(function: LambdaFunction) -> dict:
    """Puts the code into the bucket of the address."""
    answer = _get_code(function)
    bucket = f"awslambda-{function.region}-tasks"
    key = f"{function.function_name}/{base64.b64decode(function.code_sha_256).hex()}"
    s3 = s3_backends[function.account_id][function.partition]
    if bucket not in s3.buckets:
        s3.create_bucket(bucket, function.region)
    s3.put_object(bucket, key, function.code_bytes)
    # The real address is signed.
    s3.put_object_acl(bucket, key, get_canned_acl("public-read"))
    location = f"https://{bucket}.s3.{function.region}.amazonaws.com/{key}"
    answer["Code"] = {"RepositoryType": "S3", "Location": location}
    return answer


def init_filter(message_filter: EventMessageFilter, pattern: str):
    _filter(message_filter, pattern)
    message_filter.field = FIELD.fullmatch(pattern or "")


def matches(message_filter: EventMessageFilter, message: str) -> bool:
    if message_filter.field is None:
        return _matches(message_filter, message)
    name, value = message_filter.field.groups()
    return json.loads(message).get(name) == value


def list_service_quotas(response: ServiceQuotasResponse) -> str:
    asked = json.loads(response.body)["ServiceCode"]
    quotas = [
        {"ServiceCode": service, "QuotaCode": code, "QuotaName": name}
        for service, code, name in QUOTAS
        if service == asked
    ]
    return json.dumps({"Quotas": quotas})


def request_service_quota_increase(response: ServiceQuotasResponse) -> str:
    asked = json.loads(response.body)
    known = {(service, code) for service, code, _ in QUOTAS}
    assert (asked["ServiceCode"], asked["QuotaCode"]) in known, asked
    return json.dumps({"RequestedQuota": asked | {"Status": "PENDING"}})


def install():
    """Patches moto in this process."""
    LambdaFunction.get_code = get_code
    EventMessageFilter.__init__ = init_filter
    EventMessageFilter.matches = matches
    ServiceQuotasResponse.list_service_quotas = list_service_quotas
    ServiceQuotasResponse.request_service_quota_increase = request_service_quota_increase
