"""AWS on loopback: moto's server, with the CloudFormation resources of our template that moto lacks.

Moto creates most resources of a stack. It skips the HTTP API and alarms, makes every KMS key a
symmetric one, and ignores TTL, encryption, point-in-time recovery, architecture, layers and tracing. This module creates
these, too, through moto's own backends, so that clients find them, and updates those whose values depend on a parameter that
operators change. `emulated_options` creates what deployments, backups and peaks need; `emulated_cloudformation`,
`emulated_kms` and `emulated_services` add what moto lacks of others.

As a program it prints `moto http://127.0.0.1:PORT` and serves until its standard input is closed.
"""

import json
import sys

import emulated_cloudformation
import emulated_kms
import emulated_options  # noqa: F401 (registers its resources)
import emulated_services
from emulated import Created, creates, updates
from moto.apigatewayv2.models import apigatewayv2_backends
from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.iam.models import Role
from moto.kms.models import kms_backends
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

ANY_METHOD = "x-amazon-apigateway-any-method"
@creates("AWS::DynamoDB::Table")
def table(properties, name, account, region):
    if encryption := properties.get("SSESpecification"):
        properties = properties | {"SSESpecification": {"Enabled": encryption["SSEEnabled"]}}
    made = Table.create_from_cloudformation_json(name, {"Properties": properties}, account, region)
    backend = dynamodb_backends[account][region]
    if ttl := properties.get("TimeToLiveSpecification"):
        backend.update_time_to_live(name, ttl)
    if recovery := properties.get("PointInTimeRecoverySpecification"):
        backend.update_continuous_backups(name, recovery)
    return made


@creates("AWS::KMS::Key")
def key(properties, name, account, region):
    made = kms_backends[account][region].create_key(
        policy=json.dumps(properties["KeyPolicy"]),
        key_usage=properties.get("KeyUsage", "ENCRYPT_DECRYPT"),
        key_spec=properties.get("KeySpec", "SYMMETRIC_DEFAULT"),
        description=properties.get("Description"),
        multi_region=properties.get("MultiRegion", False),
        tags=[
            {"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", [])
        ],
    )
    made.key_rotation_status = properties.get("EnableKeyRotation", False)
    return made


def policy_text(document: dict) -> str:
    """Moto leaves a null where a condition of the template takes a statement away."""
    statements = [item for item in document["Statement"] if item is not None]
    return json.dumps(document | {"Statement": statements})


@creates("AWS::IAM::Role")
def role(properties, name, account, region):
    # Moto stores a policy's text as it gets it, and an object is not a text.
    policies = [
        policy | {"PolicyDocument": policy_text(policy["PolicyDocument"])}
        for policy in properties.get("Policies", [])
    ]
    return Role.create_from_cloudformation_json(
        name, {"Properties": properties | {"Policies": policies}}, account, region
    )


@updates("AWS::IAM::Role")
def update_role(made, properties, name, account, region):
    for policy in properties.get("Policies", []):
        made.put_policy(policy["PolicyName"], policy_text(policy["PolicyDocument"]))
    return made


def with_texts(properties):
    """Moto keeps a parameter of type `Number` as a number; on AWS every variable is text."""
    variables = properties["Environment"]["Variables"]
    texts = {name: str(value) for name, value in variables.items()}
    return properties | {"Environment": {"Variables": texts}}


@creates("AWS::Lambda::Function")
def function(properties, name, account, region):
    properties = with_texts(properties)
    made = LambdaFunction.create_from_cloudformation_json(
        name, {"Properties": properties}, account, region
    )
    made.architectures = properties.get("Architectures", ["x86_64"])
    made.layers = made._get_layers_data(properties.get("Layers", []))
    if reserved := properties.get("ReservedConcurrentExecutions"):
        made.reserved_concurrency = int(reserved)
    made.tracing_config = properties.get("TracingConfig", made.tracing_config)
    return made


@updates("AWS::Lambda::Function")
def update_function(made, properties, name, account, region):
    made.update_configuration(with_texts(properties))
    made.update_function_code(properties["Code"])
    return made


@creates("AWS::ApiGatewayV2::Api")
def api(properties, name, account, region):
    body = properties["Body"]
    (server,) = body["servers"]
    endpoint = server["x-amazon-apigateway-endpoint-configuration"]
    made = apigatewayv2_backends[account][region].create_api(
        api_key_selection_expression="$request.header.x-api-key",
        cors_configuration=None,
        description="",
        disable_schema_validation=False,
        disable_execute_api_endpoint=endpoint["disableExecuteApiEndpoint"],
        name=body["info"]["title"],
        protocol_type="HTTP",
        route_selection_expression="$request.method $request.path",
        tags={tag["name"]: tag["x-amazon-apigateway-tag-value"] for tag in body["tags"]},
        version="",
    )
    # Moto takes the name of a method for the method of the route.
    paths = {
        path: {"any": methods[ANY_METHOD] | {"responses": {}}} for path, methods in body["paths"].items()
    }
    made.import_api(json.dumps(body | {"paths": paths}), fail_on_warnings=False)
    return Created(made.api_id, ApiEndpoint=made.api_endpoint)


def lower(settings: dict) -> dict:
    """Settings as API Gateway answers them: names begin in lower case, and limits are numbers."""
    made = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            made[name] = lower(value)
        else:
            made[name[0].lower() + name[1:]] = int(value) if name.endswith("Limit") else value
    return made


@creates("AWS::ApiGatewayV2::Stage")
def stage(properties, name, account, region):
    config = {
        "stageName": properties["StageName"],
        "autoDeploy": properties.get("AutoDeploy", False),
    }
    for name in ("DefaultRouteSettings", "RouteSettings", "AccessLogSettings"):
        if name in properties:
            config[name[0].lower() + name[1:]] = lower(properties[name])
    apigatewayv2_backends[account][region].create_stage(properties["ApiId"], config)
    return Created(properties["StageName"])


@creates("AWS::Lambda::Version")
def version(properties, name, account, region):
    made = lambda_backends[account][region].publish_version(
        properties["FunctionName"], properties.get("Description", "")
    )
    return Created(made.function_arn, Version=str(made.version))


@updates("AWS::Lambda::Version")
def update_version(made, properties, name, account, region):
    """A change of the description replaces the version."""
    return version(properties, name, account, region)


@creates("AWS::Lambda::Alias")
def alias(properties, name, account, region):
    made = lambda_backends[account][region].create_alias(
        properties["Name"], properties["FunctionName"], properties["FunctionVersion"], "", None
    )
    return Created(made.arn)


@updates("AWS::Lambda::Alias")
def update_alias(made, properties, name, account, region):
    """At once: moto has no CodeDeploy."""
    lambda_backends[account][region].update_alias(
        properties["Name"], properties["FunctionName"], properties["FunctionVersion"], "", None
    )
    return made


@creates("AWS::Lambda::Permission")
def permission(properties, name, account, region):
    function, qualifier = properties["FunctionName"].rsplit(":", 1)
    statement = {
        "StatementId": name,
        "Action": properties["Action"],
        "Principal": properties["Principal"],
        "SourceArn": properties["SourceArn"],
    }
    lambda_backends[account][region].add_permission(function, qualifier, json.dumps(statement))
    return Created(name)


@creates("AWS::ApiGatewayV2::DomainName")
def domain_name(properties, name, account, region):
    apigatewayv2_backends[account][region].create_domain_name(
        properties["DomainName"], properties["DomainNameConfigurations"], None, {}
    )
    target = f"d-example.execute-api.{region}.amazonaws.com"
    return Created(properties["DomainName"], RegionalDomainName=target)


@creates("AWS::ApiGatewayV2::ApiMapping")
def api_mapping(properties, name, account, region):
    apigatewayv2_backends[account][region].create_api_mapping(
        properties["ApiId"],
        properties.get("ApiMappingKey", ""),
        properties["DomainName"],
        properties["Stage"],
    )
    return Created(name)


@creates("AWS::CloudWatch::Alarm")
def alarm(properties, name, account, region):
    cloudwatch_backends[account][region].put_metric_alarm(
        name=properties.get("AlarmName", name),
        namespace=properties.get("Namespace"),
        metric_name=properties.get("MetricName"),
        comparison_operator=properties["ComparisonOperator"],
        evaluation_periods=properties["EvaluationPeriods"],
        period=properties.get("Period"),
        threshold=properties.get("Threshold"),
        statistic=properties.get("Statistic"),
        extended_statistic=properties.get("ExtendedStatistic"),
        description=properties["AlarmDescription"],
        dimensions=properties.get("Dimensions", []),
        alarm_actions=properties.get("AlarmActions", []),
        ok_actions=properties.get("OKActions", []),
        treat_missing_data=properties.get("TreatMissingData"),
    )
    arn = f"arn:aws:cloudwatch:{region}:{account}:alarm:{properties.get('AlarmName', name)}"
    return Created(properties.get("AlarmName", name), Arn=arn)


@updates("AWS::CloudWatch::Alarm")
def update_alarm(made, properties, name, account, region):
    """An alarm of the same name replaces the former one."""
    return alarm(properties, name, account, region)


@creates("AWS::S3::BucketPolicy")
def bucket_policy(properties, name, account, region):
    """Of the bucket in which SAM keeps code. Moto would enforce it without its conditions, and refuse everything."""
    return Created(name)


def main():
    emulated_cloudformation.install()
    emulated_kms.install()
    emulated_services.install()
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"moto http://{host}:{port}", flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
