"""The services by which an operator's command line finds out who it is and what its account allows.

Moto accepts any credentials and hands out random ones; here each service hands out an access key that says where it is
from, and remembers with which access key and for which Region each request was signed. A request with a wrong signature is
rejected. Requests to DynamoDB pass on to moto.
"""

import http.client
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from http_server import Handler, Server, ask, serving

ACCOUNT = "123456789012"
CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
SIGNATURE = re.compile(r"SignedHeaders=([^,]+), Signature=(\w+)")
# The secret of every access key.
SECRET = "secret"
FOREVER = "2099-01-01T00:00:00Z"
FOREVER_MILLIS = 4_070_908_800_000
# Services whose address has a variable of its own.
SERVICES = (
    "DYNAMODB",
    "LAMBDA",
    "RESOURCE_GROUPS_TAGGING_API",
    "SERVICE_QUOTAS",
    "SIGNIN",
    "SSO",
    "SSO_OIDC",
    "STS",
)


@dataclass(frozen=True)
class Signed:
    """A request that arrived, and the scope of its signature; without a signature these are empty."""

    action: str
    access_key: str = ""
    region: str = ""
    service: str = ""


@dataclass
class FakeAws:
    """The services' state."""

    endpoint: str
    # The address of DynamoDB.
    dynamodb: str = ""
    requests: list[Signed] = field(default_factory=list)
    # Parameters of each call of STS.
    sts: list[dict[str, str]] = field(default_factory=list)
    # Actions that are denied.
    denied: set[str] = field(default_factory=set)
    # Applied quotas and AWS's defaults by service and code.
    quotas: dict[tuple[str, str], float] = field(default_factory=dict)
    default_quotas: dict[tuple[str, str], float] = field(default_factory=dict)
    concurrency: int = 1000
    # Read and write units by table, for `DescribeTable`.
    warm: dict[str, tuple[int, int]] = field(default_factory=dict)
    # ARNs by name of the stack in whose name they are tagged.
    tagged: dict[str, list[str]] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The variables by which the AWS SDK finds these services."""
        return {f"AWS_ENDPOINT_URL_{service}": self.endpoint for service in SERVICES} | {
            "AWS_EC2_METADATA_DISABLED": "true"
        }

    def of(self, service: str) -> list[Signed]:
        return [request for request in self.requests if request.service == service]

    def actions(self) -> list[str]:
        return [request.action for request in self.requests]


def credentials(key: str) -> dict[str, str]:
    """Credentials in the form of containers, instances and programs."""
    return {
        "AccessKeyId": key,
        "SecretAccessKey": SECRET,
        "Token": "session",
        "SessionToken": "session",
        "Expiration": FOREVER,
        "Code": "Success",
        "Version": 1,
    }


class _Handler(Handler):
    def respond(self, body: bytes):
        signed = self._remember(body)
        if signed.access_key and not self._is_valid(signed, body):
            return self._error("InvalidSignatureException", "the signature does not match", 403)
        if signed.action in self.server.fake.denied:
            return self._error("AccessDeniedException", f"not authorized to perform {signed.action}")
        if signed.service == "sts" or b"Action=AssumeRoleWithWebIdentity" in body:
            return self._sts(signed, body)
        if signed.service == "dynamodb":
            return self._dynamodb(signed, body)
        answer = self._answer(signed, body)
        if isinstance(answer, str):
            # Instances name the lifetime of a session's token, in seconds.
            headers = [("content-type", "text/plain"), ("x-aws-ec2-metadata-token-ttl-seconds", "21600")]
            return self.send(200, headers, answer.encode())
        if answer is None:
            return self._error("NoSuchResourceException", f"no {self.path}", 404)
        return self._json(answer)

    def _remember(self, body: bytes) -> Signed:
        target = self.headers.get("x-amz-target", "").rpartition(".")[2]
        form = parse_qs(body.decode(errors="replace")).get("Action", [""])[0]
        action = target or form or f"{self.command} {urlsplit(self.path).path}"
        found = CREDENTIAL.search(self.headers.get("authorization", ""))
        signed = Signed(action, *(found.groups() if found else ()))
        self.server.fake.requests.append(signed)
        return signed

    def _is_valid(self, signed: Signed, body: bytes) -> bool:
        """True if botocore computes the same signature of the headers that are signed."""
        names, signature = SIGNATURE.search(self.headers["authorization"]).groups()
        request = AWSRequest(
            self.command,
            f"http://{self.headers['host']}{self.path}",
            {name: self.headers[name] for name in names.split(";")},
            body,
        )
        request.context["timestamp"] = self.headers["x-amz-date"]
        auth = SigV4Auth(Credentials(signed.access_key, SECRET), signed.service, signed.region)
        canonical = auth.canonical_request(request)
        return signature == auth.signature(auth.string_to_sign(request, canonical), request)

    def _answer(self, signed: Signed, body: bytes):
        fake = self.server.fake
        match signed.action:
            case "GET /federation/credentials":
                bearer = self.headers["x-amz-sso_bearer_token"]
                query = parse_qs(urlsplit(self.path).query)
                role = f"{query['account_id'][0]}.{query['role_name'][0]}"
                return {
                    "roleCredentials": {
                        "accessKeyId": f"SSO.{bearer}.{role}",
                        "secretAccessKey": SECRET,
                        "sessionToken": "session",
                        "expiration": FOREVER_MILLIS,
                    }
                }
            case "POST /token":
                asked = json.loads(body)
                assert asked["grantType"] == "refresh_token", asked
                return {"accessToken": f"fresh-{asked['refreshToken']}", "expiresIn": 3600}
            case "POST /v1/token":
                assert self.headers["dpop"].count(".") == 2
                refreshed = {"accessKeyId": "LOGIN.FRESH", "secretAccessKey": SECRET}
                return {
                    "accessToken": refreshed | {"sessionToken": "session"},
                    "tokenType": "aws_sigv4",
                    "expiresIn": 900,
                    "refreshToken": "next",
                }
            case "GET /container":
                return credentials("CONTAINER")
            case "PUT /latest/api/token":
                return "token"
            case "GET /latest/meta-data/iam/security-credentials/":
                return "instance-role"
            case "GET /latest/meta-data/iam/security-credentials/instance-role":
                return credentials("INSTANCE")
            case "GET /2016-08-19/account-settings":
                unreserved = fake.concurrency
                return {"AccountLimit": {"UnreservedConcurrentExecutions": unreserved}}
            case "GetServiceQuota" | "GetAWSDefaultServiceQuota":
                asked = json.loads(body)
                known = fake.quotas if signed.action == "GetServiceQuota" else fake.default_quotas
                value = known.get((asked["ServiceCode"], asked["QuotaCode"]))
                return None if value is None else {"Quota": {"Value": value}}
            case "GetResources":
                (tag,) = json.loads(body)["TagFilters"]
                assert tag["Key"] == "aws:cloudformation:stack-name"
                arns = [arn for name in tag["Values"] for arn in fake.tagged.get(name, [])]
                return {"ResourceTagMappingList": [{"ResourceARN": arn} for arn in arns]}
        return None

    def _dynamodb(self, signed: Signed, body: bytes):
        fake = self.server.fake
        if signed.action == "DescribeTable":
            table = json.loads(body)["TableName"]
            if table not in fake.warm:
                return self._error("ResourceNotFoundException", f"no table {table}")
            reads, writes = fake.warm[table]
            units = {"ReadUnitsPerSecond": reads, "WriteUnitsPerSecond": writes, "Status": "ACTIVE"}
            return self._json({"Table": {"TableName": table, "WarmThroughput": units}})
        to = urlsplit(fake.dynamodb)
        connection = http.client.HTTPConnection(to.hostname, to.port, timeout=60)
        try:
            self.send(*ask(connection, self.command, self.path, self.headers.items(), body))
        finally:
            connection.close()

    def _sts(self, signed: Signed, body: bytes):
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.server.fake.sts.append(asked)
        action = signed.action
        if action == "GetCallerIdentity":
            result = f"<Arn>arn:aws:iam::{ACCOUNT}:user/{signed.access_key}</Arn>"
        else:
            # A role's key tells whose credentials assumed it.
            whose = signed.access_key or asked["WebIdentityToken"]
            result = (
                f"<Credentials><AccessKeyId>ROLE.{whose}</AccessKeyId>"
                f"<SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>session</SessionToken>"
                f"<Expiration>{FOREVER}</Expiration></Credentials>"
                f"<AssumedRoleUser><AssumedRoleId>id</AssumedRoleId><Arn>{asked['RoleArn']}</Arn></AssumedRoleUser>"
            )
        xml = (
            f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<{action}Result>{result}</{action}Result></{action}Response>"
        )
        self.send(200, [("content-type", "text/xml")], xml.encode())

    def _json(self, answer: dict):
        kind = "application/x-amz-json-1.1" if "x-amz-target" in self.headers else "application/json"
        self.send(200, [("content-type", kind)], json.dumps(answer).encode())

    def _error(self, name: str, message: str, status: int = 400):
        answer = json.dumps({"__type": name, "message": message}).encode()
        self.send(status, [("content-type", "application/json"), ("x-amzn-errortype", name)], answer)


@contextmanager
def fake_aws(dynamodb: str = ""):
    """The services for the duration of a context."""
    server = Server(_Handler)
    server.fake = FakeAws(server.endpoint, dynamodb)
    with serving(server):
        yield server.fake
