"""The contents of a deployed stack, for both signing modes and both architectures."""

import json
import re

import pytest
from samcli.cli.types import CfnParameterOverridesType

from stack import FUNCTIONS, REGION
from template import ANY_METHOD, ROOT, of_type, transformed, written


def test_the_table(made):
    dynamodb = made.aws.client("dynamodb")
    name = made.stack.outputs["TableName"]
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert table["DeletionProtectionEnabled"] is True
    assert table["SSEDescription"]["Status"] == "ENABLED"
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_the_keys(made):
    kms = made.aws.client("kms")
    wrapping = kms.describe_key(KeyId=made.stack.outputs["WrappingKeyArn"])["KeyMetadata"]
    assert (wrapping["KeySpec"], wrapping["KeyUsage"]) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    assert wrapping["MultiRegion"]
    assert kms.get_key_rotation_status(KeyId=wrapping["KeyId"])["KeyRotationEnabled"]
    specs = {
        name: kms.describe_key(KeyId=arn)["KeyMetadata"]
        for name, arn in made.stack.outputs.items()
        if name in ("RS256KeyArn", "PS256KeyArn", "ES256KeyArn")
    }
    if made.mode == "wrapped":
        assert specs == {}
        return
    assert {name: spec["KeySpec"] for name, spec in specs.items()} == {
        "RS256KeyArn": "RSA_2048",
        "ES256KeyArn": "ECC_NIST_P256",
    }
    assert {spec["KeyUsage"] for spec in specs.values()} == {"SIGN_VERIFY"}
    assert all(spec["MultiRegion"] for spec in specs.values())


def test_the_functions(made):
    client = made.aws.client("lambda")
    for function in FUNCTIONS:
        configuration = client.get_function_configuration(
            FunctionName=f"{made.stack.name}-{function}"
        )
        assert configuration["Runtime"] == "provided.al2023"
        assert configuration["Architectures"] == [made.architecture]
        assert configuration["Timeout"] == 29
        assert configuration["TracingConfig"] == {"Mode": "PassThrough"}
        assert (
            configuration["Role"].split("/")[-1] == made.stack.resources[f"{function.title()}Role"]
        )


def test_the_environment(made):
    outputs = made.stack.outputs
    if made.mode == "kms":
        keys = f"RS256={outputs['RS256KeyArn']},ES256={outputs['ES256KeyArn']}"
    else:
        keys = "RS256,ES256"
    for function in FUNCTIONS:
        environment = made.stack.environments[function]
        own = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
        # The emulator omits variables that refer to empty parameters.
        assert {"SCRIPT_HOSTS": "", "PROXY_SECRET_DIGESTS": "", "PROXY_ADDRESSES": "", **own} == {
            "ISSUER": outputs["Issuer"],
            "TABLE_NAME": outputs["TableName"],
            "SIGNING_MODE": made.mode,
            "SIGNING_KEYS": keys,
            "WRAPPING_KEY": outputs["WrappingKeyArn"],
            "TRUSTED_PROXIES": "0",
            "PROXY_SECRET_DIGESTS": "",
            "PROXY_ADDRESSES": "",
            "REQUIRE_PROXIES": "disabled",
            "REGION_ROLE": "active",
            "SCRIPT_HOSTS": "",
            "SCRIPT_SECONDS": "5",
            "RUST_LOG": "info,aws_smithy_runtime=error",
            "SUCCESS_LOG_PERCENT": "100",
            "METRICS_NAMESPACE": f"Ratchet/{made.stack.name}",
        }


def test_the_table_and_the_keys_work(made):
    """With the names from the functions' environment."""
    environment = made.stack.environments["token"]
    made.aws.client("dynamodb").describe_table(TableName=environment["TABLE_NAME"])
    kms = made.aws.client("kms")
    context = {"purpose": "sealing"}
    wrapped = kms.encrypt(KeyId=environment["WRAPPING_KEY"], Plaintext=b"key", EncryptionContext=context)
    unwrapped = kms.decrypt(CiphertextBlob=wrapped["CiphertextBlob"], EncryptionContext=context)
    assert unwrapped["Plaintext"] == b"key"
    if made.mode == "kms":
        specs = {"RS256": "RSASSA_PKCS1_V1_5_SHA_256", "ES256": "ECDSA_SHA_256"}
        for entry in environment["SIGNING_KEYS"].split(","):
            algorithm, arn = entry.split("=")
            kms.sign(
                KeyId=arn,
                Message=bytes(32),
                MessageType="DIGEST",
                SigningAlgorithm=specs[algorithm],
            )


def test_the_issuer_is_the_apis_own_address(made):
    api = made.stack.resources["Api"]
    assert made.stack.outputs["Issuer"] == f"https://{api}.execute-api.{REGION}.amazonaws.com/"


@pytest.mark.parametrize(
    ("parameters", "issuer"),
    [
        (
            {
                "DomainName": "login.example.com",
                "CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/c",
            },
            "https://login.example.com/",
        ),
        ({"Issuer": "https://id.example.com/"}, "https://id.example.com/"),
    ],
    ids=["domain", "issuer"],
)
def test_the_issuer_can_be_named(aws, request, parameters, issuer):
    made = aws.create_stack(f"ratchet-{request.node.callspec.id}", **parameters)
    assert made.outputs["Issuer"] == issuer
    assert {environment["ISSUER"] for environment in made.environments.values()} == {issuer}
    api = aws.client("apigatewayv2").get_api(ApiId=made.resources["Api"])
    assert api["DisableExecuteApiEndpoint"] is ("DomainName" in parameters)
    assert ("DomainTarget" in made.outputs) is ("DomainName" in parameters)


def test_every_route_leads_to_its_function(made):
    api = made.stack.resources["Api"]
    client = made.aws.client("apigatewayv2")
    integrations = {
        item["IntegrationId"]: item for item in client.get_integrations(ApiId=api)["Items"]
    }
    assert {item["PayloadFormatVersion"] for item in integrations.values()} == {"2.0"}
    functions = {}
    for route in client.get_routes(ApiId=api)["Items"]:
        uri = integrations[route["Target"].removeprefix("integrations/")]["IntegrationUri"]
        named = re.search(rf":function:{made.stack.name}-(\w+):live/", uri)
        functions[route["RouteKey"]] = named.group(1)
    assert functions["ANY /oauth/token"] == "token"
    assert functions["ANY /authorize"] == "authorize"
    assert functions["ANY /oauth/revoke"] == "revoke"
    assert functions["ANY /.well-known/jwks.json"] == "discovery"
    assert set(functions.values()) == set(FUNCTIONS)
    assert [stage["StageName"] for stage in client.get_stages(ApiId=api)["Items"]] == ["$default"]


def test_one_call_creates_all_routes():
    """API Gateway refuses some of many calls that change an API at once, and combines no OpenAPI with routes."""
    types = {resource["Type"] for resource in transformed()["Resources"].values()}
    assert "AWS::ApiGatewayV2::Api" in types
    assert not {"AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::Integration"} & types


def test_a_path_declares_its_parameters():
    """API Gateway warns of a path that does not, as OpenAPI requires it."""
    (api,) = of_type(transformed(), "AWS::ApiGatewayV2::Api").values()
    for path, methods in api["Properties"]["Body"]["paths"].items():
        declared = [item["name"] for item in methods[ANY_METHOD].get("parameters", [])]
        assert declared == re.findall(r"\{(\w+)\+?\}", path), path


def test_the_api_may_call_each_function(made):
    client = made.aws.client("lambda")
    for function in FUNCTIONS:
        name = f"{made.stack.name}-{function}"
        policy = json.loads(client.get_policy(FunctionName=name, Qualifier="live")["Policy"])
        (statement,) = policy["Statement"]
        assert f":{made.stack.resources['Api']}/*" in json.dumps(statement)
        assert statement["Resource"].endswith(f":{name}:live")


def test_each_function_logs_json_into_a_group_of_its_own_for_a_limited_time(made):
    groups = made.aws.client("logs").describe_log_groups(
        logGroupNamePrefix=f"/aws/lambda/{made.stack.name}-"
    )
    kept = {group["logGroupName"]: group.get("retentionInDays") for group in groups["logGroups"]}
    assert kept == {f"/aws/lambda/{made.stack.name}-{function}": 90 for function in FUNCTIONS}
    for name, function in of_type(transformed(), "AWS::Lambda::Function").items():
        created = {"Ref": name.removesuffix("Function") + "LogGroup"}
        logging = function["Properties"]["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        # Without these, Lambda drops lines of `debug`, and adds two of its own to each request.
        assert logging["ApplicationLogLevel"] == {
            "Fn::FindInMap": ["LogLevels", {"Ref": "LogLevel"}, "ApplicationLogLevel"]
        }
        assert logging["SystemLogLevel"] == {"Ref": "SystemLogLevel"}
        assert logging["LogGroup"]["Fn::If"][:2] == ["CreatesLogGroups", created]


def test_the_alarms_notify_the_topic(made):
    alarms = made.aws.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{made.stack.name}-")[
        "MetricAlarms"
    ]
    names = {alarm["AlarmName"].removeprefix(f"{made.stack.name}-") for alarm in alarms}
    in_kms_mode = {"KeyServiceQuota"} if made.mode == "kms" else set()
    assert names == in_kms_mode | {
        "ApiErrors",
        "ApiErrorsSlow",
        "AuthorizeCanaryErrors",
        "Concurrency",
        "DiscoveryCanaryErrors",
        "FunctionErrors",
        "FunctionThrottles",
        "KeyServiceFailures",
        "LoginsFailed",
        "RefreshesRefused",
        "ReplayedElsewhere",
        "ReplayedOnTheMove",
        "ReuseDetected",
        "RevokeCanaryErrors",
        "TableThrottles",
        "TokenCanaryErrors",
        "TokenCanaryLatency",
        "TokenLatency",
    }
    assert all(alarm["AlarmActions"] and alarm["OKActions"] for alarm in alarms)


def test_the_dashboard_is_json_and_names_what_there_is(made):
    body = made.aws.client("cloudwatch").get_dashboard(DashboardName=made.stack.name)[
        "DashboardBody"
    ]
    widgets = json.loads(body)["widgets"]
    assert len(widgets) == 9
    assert "${" not in body
    assert made.stack.outputs["TableName"] in body


def test_the_parameter_files_name_parameters_that_there_are():
    known = set(written()["Parameters"])
    for file in sorted((ROOT / "infra/sam").glob("*.yaml")):
        given = CfnParameterOverridesType().convert([f"file://{file}"], None, None)
        assert given.keys() <= known, file.name
        assert given["Stage"] == file.stem


def test_production_signs_without_a_call_of_kms():
    """KMS signs about 1,000 times a second for all of an account, so that two million phones would wait for an hour."""
    given = CfnParameterOverridesType().convert(
        [f"file://{ROOT / 'infra/sam/prod.yaml'}"], None, None
    )
    assert given["SigningMode"] == "wrapped"
    assert given["Deployment"].startswith("Canary")


def test_the_values_of_the_parameter_files_are_allowed():
    parameters = written()["Parameters"]
    for file in sorted((ROOT / "infra/sam").glob("*.yaml")):
        given = CfnParameterOverridesType().convert([f"file://{file}"], None, None)
        for name, value in given.items():
            allowed = map(str, parameters[name].get("AllowedValues", [value]))
            assert value in allowed, f"{file.name}: {name}"
