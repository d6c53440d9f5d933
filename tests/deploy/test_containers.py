"""The black-box suite against the built functions in containers, behind `sam local start-api`."""

import pytest

import suite
from containers import architecture, front
from engine import engine
from stack import FUNCTIONS

pytestmark = pytest.mark.release

# After an answer SAM waits for a line of the function's log, often a second. So many tests wait at once.
THREADS = 32
# What SAM answers by itself. API Gateway answers 404 to the one and carries the other, in base64.
LIMITS = {
    "asks for unknown paths": "answers 403 to a path without a route",
    "sends a form that is not UTF-8": "answers 502 to a body that is not UTF-8",
}


@pytest.fixture(scope="module")
def docker():
    with engine(architecture()) as client:
        yield client


@pytest.fixture(scope="module", params=["kms", "wrapped"])
def served(docker, aws, local, request):
    with front(docker, aws, local.dynamodb, SigningMode=request.param) as served:
        yield served


def test_a_container_is_told_what_the_stack_tells_its_function(served):
    for function in FUNCTIONS:
        wanted = served.service.environments[function]
        # Instead of it there is one for each service.
        wanted = dict(wanted)
        del wanted["AWS_ENDPOINT_URL"]
        assert wanted.items() <= served.told(function).items()


def test_the_suite_passes(served, capsys):
    outcome = suite.run(served.issuer, threads=THREADS, limits=LIMITS)
    with capsys.disabled():
        print(f"\nsam local start-api, {served.mode}: {outcome.summary()}")
    assert outcome.exit_code == 0, outcome.output
    assert suite.LIFE <= outcome.ran
    ran = outcome.by_module()
    assert {name: ran[name] for name, least in suite.LEAST.items() if ran[name] < least} == {}
    reasons = set(outcome.left_out.values())
    unused = {
        deed for deed, fault in LIMITS.items() if f"{deed}, and its front {fault}" not in reasons
    }
    assert not unused
