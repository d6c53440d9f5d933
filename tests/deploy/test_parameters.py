"""What the parameters of a stack change: limits, logs and traces."""

import json
import re

import pytest
from samcli.cli.types import CfnParameterOverridesType

from stack import FUNCTIONS
from template import ROOT, of_type, transformed, written

LOGINS = {"ANY /u/login", "ANY /co/authenticate", "ANY /usernamepassword/login"}


def stage_of(aws, made) -> dict:
    (stage,) = aws.client("apigatewayv2").get_stages(ApiId=made.resources["Api"])["Items"]
    return stage


@pytest.fixture(scope="module")
def limited(aws):
    return aws.create_stack(
        "ratchet-limited",
        ThrottleRate="2000",
        ThrottleBurst="1000",
        LoginThrottleRate="50",
        LoginThrottleBurst="100",
        TokenReservedConcurrency="700",
        DiscoveryReservedConcurrency="20",
        AccessLogs="enabled",
        Tracing="Active",
        LogLevel="debug",
        SystemLogLevel="INFO",
    )


@pytest.fixture(scope="module")
def unlimited(aws):
    return aws.create_stack("ratchet-unlimited")


def test_routes_are_throttled_and_those_that_take_passwords_more(aws, limited):
    stage = stage_of(aws, limited)
    limits = stage["DefaultRouteSettings"]
    assert (limits["ThrottlingRateLimit"], limits["ThrottlingBurstLimit"]) == (2000, 1000)
    assert stage["RouteSettings"].keys() == LOGINS
    for limits in stage["RouteSettings"].values():
        assert (limits["ThrottlingRateLimit"], limits["ThrottlingBurstLimit"]) == (50, 100)


def test_throttled_routes_are_routes_of_the_api(aws, limited):
    api = limited.resources["Api"]
    routes = aws.client("apigatewayv2").get_routes(ApiId=api)["Items"]
    assert {route["RouteKey"] for route in routes} >= LOGINS


def test_without_limits_only_the_accounts_count(aws, unlimited):
    stage = stage_of(aws, unlimited)
    assert "ThrottlingRateLimit" not in stage["DefaultRouteSettings"]
    assert stage["RouteSettings"] == {}
    assert "AccessLogSettings" not in stage


def test_a_rate_needs_a_burst():
    """A burst of 0 would refuse every request."""
    rules = written()["Rules"]
    for rate in ("ThrottleRate", "LoginThrottleRate"):
        burst = rate.replace("Rate", "Burst")
        needed = [
            rule["Assertions"][0]["Assert"]
            for rule in rules.values()
            if rule["RuleCondition"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": rate}, 0]}]}
        ]
        assert needed == [{"Fn::Not": [{"Fn::Equals": [{"Ref": burst}, 0]}]}]


def test_concurrency_is_reserved_by_function(aws, limited, unlimited):
    def reserved(made) -> dict:
        client = aws.client("lambda")
        found = {}
        for function in FUNCTIONS:
            answer = client.get_function_concurrency(FunctionName=f"{made.name}-{function}")
            found[function] = answer.get("ReservedConcurrentExecutions")
        return found

    assert reserved(limited) == {
        "token": 700,
        "authorize": None,
        "revoke": None,
        "discovery": 20,
    }
    assert set(reserved(unlimited).values()) == {None}


def test_an_access_log_has_neither_path_nor_query(aws, limited):
    """A path may name a user, and a query an access token."""
    settings = stage_of(aws, limited)["AccessLogSettings"]
    line = json.loads(settings["Format"])
    assert {"route", "status", "ms", "apigw_request_id", "error"} <= line.keys()
    assert not {"$context.path", "$context.domainName"} & set(line.values())
    assert "query" not in settings["Format"].lower()
    group = settings["DestinationArn"].split(":log-group:")[1]
    (found,) = aws.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert found["retentionInDays"] == 90


def test_levels_of_logs_and_traces(aws, limited):
    """Lambda drops what is below the level that it is given, which has another name than the one of `RUST_LOG`."""
    client = aws.client("lambda")
    levels = written()["Mappings"]["LogLevels"]
    for level in written()["Parameters"]["LogLevel"]["AllowedValues"]:
        assert levels[level] == {"ApplicationLogLevel": level.upper()}
    for function in FUNCTIONS:
        configuration = client.get_function_configuration(
            FunctionName=f"{limited.name}-{function}"
        )
        assert configuration["TracingConfig"] == {"Mode": "Active"}
        assert limited.environments[function]["RUST_LOG"].startswith("debug,")


def test_a_truth_of_yaml_is_a_value_of_a_parameter(aws, tmp_path):
    """SAM passes an unquoted `true` on as `True`."""
    file = tmp_path / "stage.yaml"
    file.write_text("SignWithES256: true\nSignWithPS256: false\n", encoding="utf-8")
    given = CfnParameterOverridesType().convert([f"file://{file}"], None, None)
    for name, value in given.items():
        assert value in written()["Parameters"][name]["AllowedValues"], name
    made = aws.create_stack("ratchet-truth", SigningMode="wrapped", **given)
    assert made.environments["token"]["SIGNING_KEYS"] == "RS256,ES256"


def test_a_function_has_room_for_a_passwords_hash_and_a_scripts_heap():
    assert written()["Parameters"]["MemorySize"]["MinValue"] >= 256


def test_ipv6_reaches_the_api_and_its_domain():
    (api,) = of_type(transformed(), "AWS::ApiGatewayV2::Api").values()
    (server,) = api["Properties"]["Body"]["servers"]
    endpoint = server["x-amazon-apigateway-endpoint-configuration"]
    assert endpoint["ipAddressType"] == "dualstack"
    (domain,) = of_type(transformed(), "AWS::ApiGatewayV2::DomainName").values()
    (configuration,) = domain["Properties"]["DomainNameConfigurations"]
    assert configuration["IpAddressType"] == "dualstack"


@pytest.fixture(scope="module")
def optional(aws):
    return aws.create_stack(
        "ratchet-optional",
        PointInTimeRecovery="disabled",
        Backups="enabled",
        BackupRetentionDays="60",
        BackupLockAfterDays="3",
        BackupCopyVaultArn="arn:aws:backup:eu-central-1:210987654321:backup-vault:ratchet",
        PeakTokenEnvironments="700",
        PeakTimezone="Europe/Berlin",
    )


def test_a_locked_vault_gets_the_tables_backups_and_another_account_a_copy(aws, optional):
    backup = aws.client("backup")
    vault = backup.describe_backup_vault(BackupVaultName=optional.outputs["BackupVaultName"])
    assert vault["Locked"]
    assert vault["MinRetentionDays"] == 60
    assert vault["LockDate"]
    plan = backup.get_backup_plan(BackupPlanId=optional.resources["BackupPlan"])["BackupPlan"]
    (rule,) = plan["Rules"]
    assert rule["TargetBackupVaultName"] == optional.outputs["BackupVaultName"]
    # A locked vault rejects what it may not keep for so long.
    assert int(rule["Lifecycle"]["DeleteAfterDays"]) >= vault["MinRetentionDays"]
    (copy,) = rule["CopyActions"]
    assert ":210987654321:" in copy["DestinationBackupVaultArn"]
    selection = transformed()["Resources"]["BackupSelection"]["Properties"]["BackupSelection"]
    assert selection["Resources"][0]["Fn::If"][1] == {"Fn::GetAtt": ["Table", "Arn"]}


def test_the_tables_recovery_can_be_switched_off(aws, optional, unlimited):
    def status(made) -> str:
        answer = aws.client("dynamodb").describe_continuous_backups(TableName=made.outputs["TableName"])
        recovery = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        return recovery["PointInTimeRecoveryStatus"]

    assert (status(unlimited), status(optional)) == ("ENABLED", "DISABLED")


def test_environments_start_before_a_peak_and_end_after_it(aws, optional):
    client = aws.client("application-autoscaling")
    alias = f"function:{optional.name}-token:live"
    actions = {
        action["ScheduledActionName"]: action
        for action in client.describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"]
        if action["ResourceId"] == alias
    }
    assert actions["start"]["Schedule"] == "cron(45 7 ? * MON-FRI *)"
    assert actions["start"]["ScalableTargetAction"] == {"MinCapacity": 700, "MaxCapacity": 700}
    assert actions["end"]["ScalableTargetAction"] == {"MinCapacity": 0, "MaxCapacity": 0}
    assert {action["Timezone"] for action in actions.values()} == {"Europe/Berlin"}


def test_a_stack_has_neither_unless_the_operator_wants_it(unlimited):
    assert not {"BackupVault", "BackupPlan", "BackupRole", "TokenPeak"} & unlimited.resources.keys()


def documented() -> str:
    text = (ROOT / "infra/README.md").read_text(encoding="utf-8")
    return text.partition("## The parameters of a stack")[2].partition("\n## ")[0]


def test_the_documents_list_each_parameter_with_its_default_and_description():
    rows = re.findall(r"^\| `(\w+)` \| `?([^|`]*)`? \| (.*) \|$", documented(), re.MULTILINE)
    listed = {name: (default.strip(), meaning) for name, default, meaning in rows}
    assert listed == {
        name: (str(item["Default"]), item["Description"])
        for name, item in written()["Parameters"].items()
    }


def test_the_documents_have_the_groups_of_the_console_in_their_order():
    interface = written()["Metadata"]["AWS::CloudFormation::Interface"]
    groups = [
        name
        for group in interface["ParameterGroups"]
        for name in (group["Label"]["default"], *group["Parameters"])
    ]
    found = re.findall(r"^\*\*(.+)\*\*$|^\| `(\w+)`", documented(), re.MULTILINE)
    assert [label or name for label, name in found] == groups


def test_each_parameter_is_in_one_group_of_the_console():
    interface = written()["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(written()["Parameters"])
