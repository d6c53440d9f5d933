"""`tests/aws` against an emulated account: it deploys, measures and reports, and deletes also after every failure."""

import signal
from contextlib import ExitStack

import pytest
import yaml

import costs
from account import options, price
from account.disposable import POLICIES, disposable, version_of
from account.measure import percentiles
from emulated_account import LIMIT, Account, Lambda, World
from front_server import FrontServer
from http_api import HttpApi
from http_server import serving
from internet import internet
from programs import TARGET
from stack import ACCOUNT, REGION, moto
from template import TEMPLATE, Loader
from test_releases import packed, release
from workplace import Workplace

# One module of the suite, and what it needs of a stack: logins, refreshes and revocations.
MODULE = "revoke::"
SMALL = ("--refreshes", "12", "--cold-starts", "6", "--threads", "2", "--only", MODULE)


@pytest.fixture
def world(local, tmp_path):
    with ExitStack() as made:
        aws = made.enter_context(moto())
        account = made.enter_context(serving(Account(aws, local.dynamodb)))
        server = made.enter_context(serving(FrontServer(HttpApi())))
        hosts = made.enter_context(serving(Lambda(aws, account, server, tmp_path)))
        made.callback(hosts.stop)
        web = made.enter_context(internet(hosts, aws.endpoint, tmp_path))
        place = Workplace(tmp_path)
        place.make_home(web.endpoint, web.authority)
        # Of the binaries that the command starts itself.
        (place.tree / "target").mkdir()
        (place.tree / "target/debug").symlink_to(TARGET / "debug")
        variables = {
            "HTTPS_PROXY": web.endpoint,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(place.tree / "tests/deploy"),
            "REQUESTS_CA_BUNDLE": str(web.authority),
            "SSL_CERT_FILE": str(web.authority),
        }
        yield World(aws, account, hosts, place, variables)


# --- Runs ---


def test_a_stack_is_deployed_measured_and_deleted(world):
    status, output = world.run("--yes", *SMALL)
    report = world.report
    assert (status, report["failure"]) == (0, None), output
    assert report["suite"]["passed"] and report["suite"]["ran"] >= 10
    warm, cold = report["figures"]["warm_refresh"], report["figures"]["cold_refresh"]
    assert warm["latency_ms"]["count"] == warm["billed_ms"]["count"] == 12
    assert (warm["read_units"]["p50"], warm["write_units"]["p50"]) == (2, 1)
    assert warm["sign_calls"]["max"] == 0
    # One environment for each version of the function: six cold starts are two rounds.
    assert (cold["latency_ms"]["count"], cold["init_ms"]["count"]) == (6, 2)
    answers = {probe["name"]: probe["answer"] for probe in report["probes"]}
    assert answers["blank"] == answers["blank_of_function_url"] == "a b+c"
    assert answers["leading_keys"] == "policies are not enforced"
    assert (answers["denials"], answers["failures"]) == ("0", "0")
    (key,) = report["removal"]["pending"]
    assert f"pending deletion by KMS, without costs: {key}" in output
    assert ACCOUNT not in (world.folder / "report.json").read_text()
    world.assert_nothing_is_left()


@pytest.mark.release
def test_a_failing_suite_is_reported_and_everything_is_deleted(world):
    packed(world.place, "v1.2.3")
    world.hosts.broken = {"/oauth/revoke"}
    status, output = world.run("--yes", "--release", "ratchet-v1.2.3", *SMALL)
    report = world.report
    assert (status, report["failure"]) == (1, None), output
    assert not report["suite"]["passed"]
    assert "revoke::a_revoked_token_is_refused" in report["suite"]["failed"]
    assert report["run"]["source"] == "release"
    world.assert_nothing_is_left()


def test_a_failing_deployment_leaves_nothing(world):
    world.account.faults = {"ExecuteChangeSet"}
    status, output = world.run("--yes", *SMALL)
    assert status == 1
    assert world.report["failure"] == "Failed: sam deploy ended with status 1", output
    assert world.report["suite"] is None
    world.assert_nothing_is_left()


def test_an_interrupted_deployment_leaves_nothing(world):
    with world.start("--yes", *SMALL) as process:
        world.account.notice("CreateChangeSet", lambda: process.send_signal(signal.SIGINT))
        output, _ = process.communicate(timeout=LIMIT)
    assert (process.returncode, world.report["failure"]) == (1, "interrupted"), output
    world.assert_nothing_is_left()


@pytest.mark.release
def test_what_cannot_be_deleted_is_named_with_the_command_that_deletes_it(world):
    world.account.faults = {"DeleteStack"}
    with world.start("--yes", *SMALL) as process:
        # A refresh, in the middle of the measurements.
        world.hosts.notice["/oauth/token"] = lambda: process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=LIMIT)
    assert (process.returncode, world.report["failure"]) == (3, "interrupted"), output
    (stack,) = world.aws.client("cloudformation").describe_stacks()["Stacks"]
    commands = [left["command"] for left in world.report["removal"]["left"]]
    assert commands[0] == f"aws cloudformation delete-stack --stack-name {stack['StackName']}"
    kinds = {command.split()[2] for command in commands}
    assert kinds == {"delete-stack", "delete-log-group", "delete-table"}
    assert all(f"  {command} --region {REGION}" in output for command in commands)
    assert world.buckets() == []


# --- Before a run ---


def test_the_price_needs_no_account(world):
    status, output = world.run("--price-only", "--mode", "kms")
    assert status == 0
    assert "KMS signatures" in output
    assert world.account.calls == []


def test_a_run_without_an_answer_to_its_question_makes_nothing(world):
    status, output = world.run()
    assert status == 1
    assert "--yes is needed" in output
    assert {call.action for call in world.account.calls} == {"GetCallerIdentity"}


def test_an_account_that_does_not_carry_the_run_gets_no_stack(world):
    world.account.concurrency = 1
    status, output = world.run("--yes", *SMALL)
    assert status == 1
    assert "the account's limits do not carry the run" in output
    assert not {call.action for call in world.account.calls} & {"CreateChangeSet", "CreateStack"}
    world.assert_nothing_is_left()


@pytest.mark.parametrize(("mode", "dollars"), [("wrapped", 1), ("kms", 2.5)])
def test_a_run_costs_little(mode, dollars):
    given = options.parsed(["--mode", mode, "--price-only"])
    assert 0.2 < price.estimate(given).dollars < dollars


def test_more_refreshes_cost_more():
    few, many = (price.estimate(options.parsed(["--refreshes", number])).dollars for number in ("1000", "1000000"))
    # A million refreshes cost at least what the page on costs says.
    assert many - few > costs.million(costs.SIGNINGS[0], "HTTP API")


# --- The template ---


def test_nothing_of_the_disposable_template_outlives_its_stack():
    text = TEMPLATE.read_text(encoding="utf-8")
    made = yaml.load(disposable(text), Loader)
    source = yaml.load(text, Loader)
    changed = 0
    for name, resource in source["Resources"].items():
        for policy in POLICIES:
            if policy in resource:
                changed += 1
                assert made["Resources"][name][policy] == "Delete"
                resource[policy] = "Delete"
        if "PendingWindowInDays" in resource.get("Properties", {}):
            resource["Properties"]["PendingWindowInDays"] = 7
    assert changed > 20
    # Nothing else differs.
    assert made == source


def test_a_policy_that_the_command_does_not_know_is_an_error():
    text = TEMPLATE.read_text(encoding="utf-8").replace("DeletionPolicy: RetainExceptOnCreate", "DeletionPolicy: Snapshot", 1)
    with pytest.raises(ValueError, match=r"would outlive the stack: ApiLogGroup: DeletionPolicy$"):
        disposable(text)


def test_the_template_of_a_release_names_its_version(tmp_path):
    release("template", "v1.2.3", tmp_path)
    text = (tmp_path / "ratchet-template.yaml").read_text()
    assert version_of(disposable(text)) == "v1.2.3"


def test_percentiles_are_those_of_the_nearest_rank():
    assert percentiles([]) is None
    found = percentiles(range(1, 201))
    assert found == {"count": 200, "mean": 100.5, "p50": 100, "p90": 180, "p99": 198, "max": 200}
