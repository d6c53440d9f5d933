"""`cargo admin` finds credentials and Region where the AWS CLI does.

Each case is a home folder with the AWS CLI's files, and variables. The access key and the Region are those in the
signature of the request that reaches DynamoDB.
"""

import hashlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import programs
from fake_aws import ACCOUNT, FOREVER, credentials, fake_aws
from service import create_table

TABLE = "ratchet-credentials"
LONG_AGO = "2020-01-01T00:00:00Z"
START_URL = "https://example.awsapps.com/start"
LOGIN = f"arn:aws:iam::{ACCOUNT}:user/ada"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/operator"
STATIC = "[default]\naws_access_key_id = STATIC\naws_secret_access_key = secret\n"
SSO = f"sso_account_id = {ACCOUNT}\nsso_role_name = Operator\n"
SSO_SESSION = f"""\
[sso-session work]
sso_region = us-east-1
sso_start_url = {START_URL}
sso_registration_scopes = sso:account:access

[default]
sso_session = work
{SSO}"""
SSO_KEY = f"SSO.cached.{ACCOUNT}.Operator"
ASSUMES = f"[profile operator]\nrole_arn = {ROLE}\nrole_session_name = ada\n"
OPERATOR = {"AWS_PROFILE": "operator"}
CONTAINER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{fake}/container"}


def cache(folder: str, digest, name: str, content: dict) -> dict[str, str]:
    return {f".aws/{folder}/cache/{digest(name.encode()).hexdigest()}.json": json.dumps(content)}


def sso_token(name: str, **changes: str) -> dict[str, str]:
    token = {
        "accessToken": "cached",
        "expiresAt": FOREVER,
        "region": "us-east-1",
        "startUrl": START_URL,
    }
    return cache("sso", hashlib.sha1, name, token | changes)


def login_token(expires: str) -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    token = {
        "accessToken": {
            "accessKeyId": "LOGIN",
            "secretAccessKey": "secret",
            "sessionToken": "session",
            "accountId": ACCOUNT,
            "expiresAt": expires,
        },
        "tokenType": "aws_sigv4",
        "refreshToken": "refresh",
        "idToken": "id",
        "clientId": "arn:aws:signin:::devtools/same-device",
        "dpopKey": pem.decode(),
    }
    return cache("login", hashlib.sha256, LOGIN, token)


@dataclass
class Case:
    """Files and variables of an operator, and the access key to which they lead."""

    key: str
    config: str = ""
    credentials: str = ""
    files: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()


PROCESS = f"credential_process = {sys.executable} {{home}}/credentials.py\n"
PROGRAM = {"credentials.py": f"print({json.dumps(json.dumps(credentials('PROCESS')))})"}
VARIABLES = {"AWS_ACCESS_KEY_ID": "VARIABLES", "AWS_SECRET_ACCESS_KEY": "secret"}
WEB_IDENTITY = {"token": "web-identity"}

CASES = {
    "variables": Case("VARIABLES", environment=VARIABLES),
    "variables before a profile": Case("VARIABLES", credentials=STATIC, environment=VARIABLES),
    "a profile with a key": Case("STATIC", credentials=STATIC),
    "sso-session": Case(SSO_KEY, SSO_SESSION, files=sso_token("work")),
    "sso-session whose token is refreshed": Case(
        f"SSO.fresh-refresh.{ACCOUNT}.Operator",
        SSO_SESSION,
        files=sso_token(
            "work",
            expiresAt=LONG_AGO,
            refreshToken="refresh",
            clientId="client",
            clientSecret="secret",
            registrationExpiresAt=FOREVER,
        ),
    ),
    "legacy sso": Case(
        SSO_KEY,
        f"[default]\nsso_start_url = {START_URL}\nsso_region = us-east-1\n{SSO}",
        files=sso_token(START_URL),
    ),
    "credential_process": Case("PROCESS", f"[default]\n{PROCESS}", files=PROGRAM),
    "aws login": Case("LOGIN", f"[default]\nlogin_session = {LOGIN}\n", files=login_token(FOREVER)),
    "aws login whose token is refreshed": Case(
        "LOGIN.FRESH", f"[default]\nlogin_session = {LOGIN}\n", files=login_token(LONG_AGO)
    ),
    "a role of a profile with a key": Case(
        "ROLE.STATIC",
        f"{ASSUMES}source_profile = default\n",
        credentials=STATIC,
        environment=OPERATOR,
    ),
    "a role of a role": Case(
        "ROLE.ROLE.STATIC",
        f"{ASSUMES}source_profile = middle\n"
        f"[profile middle]\nrole_arn = {ROLE}-before\nsource_profile = default\n",
        credentials=STATIC,
        environment=OPERATOR,
    ),
    "a role of an sso-session": Case(
        f"ROLE.{SSO_KEY}",
        f"{ASSUMES}source_profile = default\n{SSO_SESSION}",
        files=sso_token("work"),
        environment=OPERATOR,
    ),
    "a role of a credential_process": Case(
        "ROLE.PROCESS",
        f"{ASSUMES}source_profile = default\n[default]\n{PROCESS}",
        files=PROGRAM,
        environment=OPERATOR,
    ),
    "a role of aws login": Case(
        "ROLE.LOGIN",
        f"{ASSUMES}source_profile = default\n[default]\nlogin_session = {LOGIN}\n",
        files=login_token(FOREVER),
        environment=OPERATOR,
    ),
    "a role of a container": Case(
        "ROLE.CONTAINER",
        f"{ASSUMES}credential_source = EcsContainer\n",
        environment=OPERATOR | CONTAINER,
    ),
    "a role of an instance": Case(
        "ROLE.INSTANCE",
        f"{ASSUMES}credential_source = Ec2InstanceMetadata\n",
        environment=OPERATOR
        | {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "{fake}", "AWS_EC2_METADATA_DISABLED": "false"},
    ),
    # A variable beats `AWS_PROFILE`, as in the AWS CLI, and `--profile` beats both.
    "a role of variables": Case(
        "ROLE.VARIABLES",
        f"{ASSUMES}credential_source = Environment\n",
        environment=VARIABLES,
        arguments=("--profile=operator",),
    ),
    "variables before AWS_PROFILE": Case(
        "VARIABLES",
        f"{ASSUMES}credential_source = Environment\n",
        environment=VARIABLES | OPERATOR,
    ),
    "an explicit profile before variables": Case(
        "STATIC", credentials=STATIC, environment=VARIABLES, arguments=("--profile=default",)
    ),
    "an explicit profile of an sso-session": Case(
        SSO_KEY,
        SSO_SESSION,
        files=sso_token("work"),
        environment=VARIABLES,
        arguments=("--profile=default",),
    ),
    "a container": Case("CONTAINER", environment=CONTAINER),
    "web identity in variables": Case(
        "ROLE.web-identity",
        files=WEB_IDENTITY,
        environment={
            "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token",
            "AWS_ROLE_ARN": ROLE,
            "AWS_ROLE_SESSION_NAME": "ada",
        },
    ),
    "web identity in a profile": Case(
        "ROLE.web-identity",
        f"{ASSUMES}web_identity_token_file = {{home}}/token\n",
        files=WEB_IDENTITY,
        environment=OPERATOR,
    ),
}


@pytest.fixture
def fake(aws, dynamodb_table):
    with fake_aws(aws.endpoint) as fake:
        yield fake


@pytest.fixture(scope="module")
def dynamodb_table(aws):
    """Moto keeps the tables of each Region apart."""
    create_table(aws.client("dynamodb"), TABLE)


def home_of(folder: Path, case: Case) -> Path:
    files = {".aws/config": case.config, ".aws/credentials": case.credentials} | case.files
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{home}", str(folder)))
    return folder


def environment(fake, home: Path, case: Case) -> dict[str, str]:
    own = {
        name: value.replace("{home}", str(home)).replace("{fake}", fake.endpoint)
        for name, value in case.environment.items()
    }
    return fake.environment() | {"HOME": str(home), "TABLE_NAME": TABLE, "AWS_REGION": "eu-west-1"} | own


@pytest.mark.parametrize("kind", CASES)
def test_these_credentials_reach_the_table(fake, tmp_path, kind):
    case = CASES[kind]
    home = home_of(tmp_path, case)
    said = programs.admin(environment(fake, home, case), *case.arguments, "keys", "list")
    assert "there are no keys yet" in said
    signed = fake.of("dynamodb")
    assert signed
    assert {request.access_key for request in signed} == {case.key}
    assert {request.region for request in signed} == {"eu-west-1"}
    assumed = [call for call in fake.sts if call["Action"].startswith("AssumeRole")]
    assert len(assumed) == case.key.count("ROLE."), "each role is assumed once"
    for call in assumed[-1:]:
        assert (call["RoleArn"], call["RoleSessionName"]) == (ROLE, "ada")


OTHER = "us-west-2\n[profile other]\nregion = eu-west-1"
# The order of the AWS CLI, version 2: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
REGIONS = {
    "AWS_REGION first": ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-2"}, "us-west-2"),
    "then AWS_DEFAULT_REGION": ({"AWS_DEFAULT_REGION": "eu-west-1"}, "us-west-2"),
    "then the profile": ({}, "eu-west-1"),
    "of AWS_PROFILE": ({"AWS_PROFILE": "other"}, OTHER),
    "of --profile": ({}, f"{OTHER}\n{STATIC.partition(chr(10))[2]}", "--profile=other"),
}


@pytest.mark.parametrize("kind", REGIONS)
def test_the_region_is_the_aws_clis(fake, tmp_path, kind):
    variables, region, *arguments = REGIONS[kind]
    case = Case("VARIABLES", f"[default]\nregion = {region}\n", environment=VARIABLES | variables)
    home = home_of(tmp_path, case)
    given = environment(fake, home, case)
    if "AWS_REGION" not in variables:
        del given["AWS_REGION"]
    programs.admin(given, *arguments, "keys", "list")
    assert {request.region for request in fake.of("dynamodb")} == {"eu-west-1"}
    assert {request.region for request in fake.of("sts")} == {"eu-west-1"}


def test_without_a_region_the_command_says_so_and_reaches_no_table(fake, tmp_path):
    case = Case("VARIABLES", environment=VARIABLES)
    given = environment(fake, home_of(tmp_path, case), case)
    del given["AWS_REGION"]
    with pytest.raises(RuntimeError, match="no Region is configured: set AWS_REGION"):
        programs.admin(given, "keys", "list")
    assert fake.of("dynamodb") == []
