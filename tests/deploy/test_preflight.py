"""`cargo admin preflight` on an account whose limits are known: its order, its verdict, and what it asks."""

import json
import subprocess

import pytest

from fake_aws import ACCOUNT, fake_aws
from programs import built

QUOTAS = {
    ("kms", "L-2AC98190"): 1000.0,
    ("kms", "L-DC14942D"): 300.0,
    ("kms", "L-6E3AF000"): 10000.0,
    ("apigateway", "L-8A5B8E43"): 10000.0,
    ("apigateway", "L-CDF5615A"): 5000.0,
    ("dynamodb", "L-CF0CBE56"): 40000.0,
    ("dynamodb", "L-AB614373"): 40000.0,
}
# All of it reads.
ASKED = {
    "DescribeTable",
    "GET /2016-08-19/account-settings",
    "GetAWSDefaultServiceQuota",
    "GetCallerIdentity",
    "GetResources",
    "GetServiceQuota",
}


@pytest.fixture
def fake():
    with fake_aws() as fake:
        fake.quotas = dict(QUOTAS)
        yield fake
        assert set(fake.actions()) <= ASKED
        scopes = {(request.access_key, request.region) for request in fake.requests}
        assert scopes <= {("KEY", "eu-west-1")}


def preflight(fake, refreshes: int, *arguments, **variables: str) -> subprocess.CompletedProcess:
    environment = fake.environment() | {
        "AWS_ACCESS_KEY_ID": "KEY",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    return subprocess.run(
        [built("admin"), "preflight", f"--refreshes-per-second={refreshes}", *arguments],
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def order(done: subprocess.CompletedProcess) -> list[tuple[str, float | None, bool]]:
    report = json.loads(done.stdout)
    return [(line["limit"], line["carries"], line["is_enough"]) for line in report["limits"]]


def error(done: subprocess.CompletedProcess) -> str:
    return next(line for line in done.stderr.splitlines() if line.startswith("error: "))


def test_in_kms_mode_signatures_break_first(fake):
    done = preflight(fake, 501, "--json")
    assert done.returncode == 1
    assert order(done)[:3] == [
        ("KMS: cryptographic operations (RSA) a second", 500, False),
        ("Lambda: unreserved concurrent executions, all cold", pytest.approx(3333.3, abs=0.1), True),
        ("DynamoDB: write units a second that the table is warm for", 4000, True),
    ]
    assert error(done) == "error: 1 limit carries less than 501 refreshes a second"


def test_in_wrapped_mode_the_same_account_carries_the_load(fake):
    done = preflight(fake, 501, "--signing-mode=wrapped")
    assert done.returncode == 0, done.stderr
    first, *_ = [line for line in done.stdout.splitlines() if line.startswith("breaks first: ")]
    assert "Lambda: unreserved concurrent executions, all cold" in first
    assert f"arn:aws:iam::{ACCOUNT}:user/KEY in eu-west-1" in done.stdout
    assert "RSA" not in done.stdout


def test_the_quota_is_that_of_the_algorithms_keys(fake):
    done = preflight(fake, 100, "--json", SIGNING_KEYS="ES256=arn:aws:kms:eu-west-1:1:key/a")
    assert order(done)[0] == ("KMS: cryptographic operations (ECC) a second", 150, True)
    assert done.returncode == 0


def test_a_new_accounts_concurrency_breaks_first(fake):
    fake.concurrency = 10
    done = preflight(fake, 200, "--json", "--signing-mode=wrapped")
    limits = order(done)
    assert limits[0][0] == "Lambda: unreserved concurrent executions, all cold"
    assert limits[1] == ("Lambda: unreserved concurrent executions, warm", 100, False)


def test_a_warm_table_counts_as_what_it_is_warm_for(fake):
    fake.warm["ratchet"] = 40_000, 20_000
    values = {
        line["limit"]: line["value"]
        for line in json.loads(preflight(fake, 1, "--json", TABLE_NAME="ratchet").stdout)["limits"]
    }
    assert values["DynamoDB: read units a second that the table is warm for"] == 40_000
    assert values["DynamoDB: write units a second that the table is warm for"] == 20_000


def test_a_table_that_does_not_exist_yet_counts_as_a_new_one(fake):
    done = preflight(fake, 1, TABLE_NAME="ratchet")
    assert done.returncode == 0, done.stderr
    assert "there is no table ratchet: the figures are a new table's" in done.stdout


def test_a_quota_that_is_not_applied_has_its_default(fake):
    quota = "apigateway", "L-CDF5615A"
    fake.default_quotas[quota] = fake.quotas.pop(quota)
    done = preflight(fake, 1)
    assert done.returncode == 0, done.stderr


def test_each_missing_permission_costs_its_own_line(fake):
    fake.denied = {
        "DescribeTable",
        "GET /2016-08-19/account-settings",
        "GetResources",
        "GetServiceQuota",
    }
    fake.quotas = {}
    done = preflight(fake, 1, "--stack=ratchet-prod", TABLE_NAME="ratchet")
    assert done.returncode == 1
    missing = [line for line in done.stdout.splitlines() if line.startswith("not read: ")]
    # The table, Lambda, seven quotas of which one is of ECC keys, and what the stack has left behind.
    assert len(missing) == 3 + len(QUOTAS) - 1
    assert all("AccessDeniedException: not authorized to perform " in line for line in missing)
    for permission in (
        "dynamodb:DescribeTable",
        "lambda:GetAccountSettings",
        "servicequotas:GetServiceQuota",
        "tag:GetResources",
    ):
        assert any(f"(needs {permission})" in line for line in missing), permission
    assert error(done) == f"error: {len(missing)} could not be read"


def test_one_missing_permission_leaves_the_other_limits(fake):
    fake.denied = {"GET /2016-08-19/account-settings"}
    done = preflight(fake, 1, "--json")
    assert done.returncode == 1
    assert order(done)[0] == ("KMS: cryptographic operations (RSA) a second", 500, True)
    said = preflight(fake, 1).stdout
    assert "breaks first, of those that were read: KMS: cryptographic operations (RSA)" in said


def test_what_a_stack_left_behind_is_named(fake):
    kept = [
        f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/ratchet-prod",
        f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1",
    ]
    fake.tagged = {"ratchet-prod": kept, "another": ["arn:aws:kms:eu-west-1:1:key/2"]}
    done = preflight(fake, 1, STACK="ratchet-prod")
    named = [line for line in done.stdout.splitlines() if line.startswith("a stack of this name")]
    assert [line.rpartition(" ")[2] for line in named] == kept


@pytest.mark.parametrize("default", ["us-east-1", None])
def test_a_region_that_sam_would_not_use_is_a_warning(fake, default):
    variables = {} if default is None else {"AWS_DEFAULT_REGION": default}
    environment = {"AWS_DEFAULT_REGION": ""} | variables
    done = preflight(fake, 1, **environment)
    assert "warning: " in done.stdout
    assert "AWS_DEFAULT_REGION" in done.stdout


def test_the_audit_event_names_the_principal_and_the_load(fake, tmp_path):
    log = tmp_path / "audit.log"
    preflight(fake, 7, AUDIT_LOG=str(log))
    event = json.loads(log.read_text())
    assert event["type"] == "mgmt_api_read"
    assert event["description"] == "preflight"
    assert event["caller"] == f"arn:aws:iam::{ACCOUNT}:user/KEY"
    assert event["on"]["refreshes_per_second"] == "7"


def test_an_emulated_database_is_no_account(fake):
    done = preflight(fake, 1, "--endpoint=http://127.0.0.1:1")
    assert done.returncode == 2
    assert "--endpoint" in error(done)
    assert fake.requests == []


@pytest.mark.parametrize("refreshes", [0, -1])
def test_a_load_is_at_least_one_refresh(refreshes):
    with fake_aws() as fake:
        assert preflight(fake, refreshes).returncode == 2
        assert fake.requests == []
