"""The template and the local server match: the same table, the same routes."""

import re
import urllib.error
import urllib.request

from samcli.lib.providers.api_provider import ApiProvider
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

from template import ROOT, TEMPLATE
from template import routes as deployed_routes

# The parts of a table that the template defines.
DEFINED = (
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "StreamSpecification",
)


def definition(dynamodb, name: str) -> dict:
    table = dynamodb.describe_table(TableName=name)["Table"]
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    defined = {part: table[part] for part in DEFINED if table.get(part)}
    defined["AttributeDefinitions"].sort(key=lambda attribute: attribute["AttributeName"])
    return defined | {
        "BillingMode": table["BillingModeSummary"]["BillingMode"],
        "TimeToLive": (ttl["AttributeName"], ttl["TimeToLiveStatus"]),
    }


def test_the_table_is_the_one_that_the_local_server_makes(made, local):
    deployed = definition(made.aws.client("dynamodb"), made.stack.outputs["TableName"])
    assert deployed == definition(local.dynamodb.client(), "ratchet")
    assert deployed["TimeToLive"] == ("ttl", "ENABLED")


def documented_routes() -> dict[str, str]:
    """Function by path, from the table of functions/README.md."""
    text = (ROOT / "functions/README.md").read_text(encoding="utf-8")
    routes = {}
    for function, endpoints in re.findall(r"^\| `(\w+)` \| (.*?) \|", text, re.MULTILINE):
        for path in re.findall(r"(/[\w./{}+-]+)`", endpoints):
            routes[path] = function
    return routes


def status(url: str) -> int:
    opener = urllib.request.build_opener(_StaysWhereItIs)
    try:
        with opener.open(url, timeout=30) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


class _StaysWhereItIs(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def test_the_routes_are_the_documented_ones():
    assert deployed_routes() == documented_routes()


def test_every_route_is_one_of_the_local_server(local):
    for path in deployed_routes():
        if path.endswith("+}"):
            continue  # what is there below it has routes of its own
        assert status(local.issuer.rstrip("/") + path) != 404, path
    assert status(local.issuer.rstrip("/") + "/nowhere") == 404


def test_sam_local_serves_every_route():
    """SAM serves the first kind of API that it finds in a template, and resolves few ARNs."""
    stacks, _ = SamLocalStackProvider.get_stacks(str(TEMPLATE))
    routes = {route.path: route for route in ApiProvider(stacks).routes}
    functions = SamFunctionProvider(stacks)
    served = {
        path: functions.get(route.function_name).name.removesuffix("Function").lower()
        for path, route in routes.items()
    }
    assert served == deployed_routes()
    assert {route.payload_format_version for route in routes.values()} == {"2.0"}


def test_a_path_that_a_function_knows_is_a_route():
    """A new arm of a router requires a new route."""
    # To the router, a parameter at the end of a route is the rest of the path.
    routes = {re.sub(r"\{\w+\}$", "", path) for path in deployed_routes()}
    # A parameter in the middle leaves no literal to look for: tests/e2e/routes.rs requests those paths.
    routes = {path for path in routes if "{" not in path}
    known = set()
    for function in set(deployed_routes().values()):
        source = (ROOT / f"functions/{function}/src/lib.rs").read_text(encoding="utf-8")
        code = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("//"))
        paths = re.findall(r'"(/[\w./-]+)"', code)
        known |= {path for path in paths if path in routes or not path.endswith("/")}
    # The Management API has a table, in which `*` and `@` mean a parameter.
    table = (ROOT / "functions/revoke/src/operation.rs").read_text(encoding="utf-8")
    paths = {re.sub(r"[*@]$", "", path) for path in re.findall(r'\broute\(\s*"([^"]+)"', table)}
    known |= {f"/api/v2/{path}" for path in paths if not re.search("[*@]", path)}
    assert known == routes
