"""CloudFront and AWS WAF before the API: what passes, what is cached, and which requests are counted."""

import json
import re
from fnmatch import fnmatchcase

import yaml

from template import ROOT, Loader, of_type, routes, written
from test_parameters import LOGINS

# CloudFront's managed policies.
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
METHODS = {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}
# The errors that CloudFront caches (developer guide, "How CloudFront caches errors").
CACHED_ERRORS = {400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}
# Paths name users; the others contain tokens and codes.
SENSITIVE = {"cs-uri-stem", "cs-uri-query", "cs(Cookie)", "cs(Referer)"}

TEMPLATE = yaml.load((ROOT / "infra/cloudfront.yaml").read_text(encoding="utf-8"), Loader)
RESOURCES = TEMPLATE["Resources"]
DISTRIBUTION = RESOURCES["Distribution"]["Properties"]["DistributionConfig"]
RULES = {rule["Name"]: rule for rule in RESOURCES["WebACL"]["Properties"]["Rules"]}


def behavior_of(path: str) -> dict:
    """The cache behavior of a path: the first whose pattern matches."""
    for behavior in DISTRIBUTION["CacheBehaviors"]:
        if fnmatchcase(path, behavior["PathPattern"]):
            return behavior
    return DISTRIBUTION["DefaultCacheBehavior"]


def test_only_what_discovery_publishes_is_cached():
    for path, function in routes().items():
        cached = behavior_of(path)["CachePolicyId"] != CACHING_DISABLED
        assert cached == (function == "discovery"), path


def test_documents_are_cached_for_as_long_as_their_own_headers_say():
    (policy,) = of_type(TEMPLATE, "AWS::CloudFront::CachePolicy").values()
    config = policy["Properties"]["CachePolicyConfig"]
    assert (config["MinTTL"], config["DefaultTTL"]) == (0, 0)
    source = (ROOT / "functions/discovery/src/lib.rs").read_text(encoding="utf-8")
    assert config["MaxTTL"] == int(re.search(r"MAX_AGE: u32 = (\d+)", source).group(1))
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "none"}


def test_no_error_is_cached():
    """Without its query, the error of one authorization request would be the answer to another."""
    responses = {item["ErrorCode"]: item for item in DISTRIBUTION["CustomErrorResponses"]}
    assert responses.keys() == CACHED_ERRORS
    assert all(item == {"ErrorCode": code, "ErrorCachingMinTTL": 0} for code, item in responses.items())


def test_everything_that_a_viewer_sends_but_the_host_passes():
    default = DISTRIBUTION["DefaultCacheBehavior"]
    assert set(default["AllowedMethods"]) == METHODS
    for behavior in (default, *DISTRIBUTION["CacheBehaviors"]):
        assert behavior["OriginRequestPolicyId"] == ALL_VIEWER_EXCEPT_HOST
        assert "OPTIONS" in behavior["AllowedMethods"], "preflights reach the functions"
        assert "OPTIONS" not in behavior.get("CachedMethods", [])
        assert behavior["ViewerProtocolPolicy"] == "https-only"


def test_the_origin_gets_the_secret_that_the_functions_compare():
    (origin,) = DISTRIBUTION["Origins"]
    (header,) = origin["OriginCustomHeaders"]
    source = (ROOT / "shared/lambda/src/event.rs").read_text(encoding="utf-8")
    name = re.search(r'PROXY_SECRET: HeaderName = HeaderName::from_static\("(.+)"\)', source)
    assert header == {"HeaderName": name.group(1), "HeaderValue": {"Ref": "ProxySecret"}}
    assert TEMPLATE["Parameters"]["ProxySecret"]["NoEcho"] is True
    assert "ProxySecret" not in json.dumps(TEMPLATE["Outputs"])


def test_cloudfront_waits_longer_than_a_function_may_take():
    (origin,) = DISTRIBUTION["Origins"]
    assert origin["CustomOriginConfig"]["OriginReadTimeout"] > written()["Globals"]["Function"]["Timeout"]


def texts(node) -> set[str]:
    """The search strings of a statement."""
    if isinstance(node, dict):
        own = {node["SearchString"]} if "SearchString" in node else set()
        return own.union(*map(texts, node.values()))
    return set().union(*map(texts, node)) if isinstance(node, list) else set()


def test_each_route_that_takes_passwords_has_a_limit():
    browsers = texts(RULES["LoginsPerAddress"]["Statement"])
    assert {f"ANY {path}" for path in browsers - {"POST"}} == LOGINS
    assert texts(RULES["PasswordGrantsPerAddress"]["Statement"]) == {"/oauth/token", "password"}


def test_rules_count_until_the_operator_lets_them_block():
    assert TEMPLATE["Parameters"]["RuleAction"]["Default"] == "Count"
    bodies = RESOURCES["WebACL"]["Properties"]["CustomResponseBodies"]
    for name, rule in RULES.items():
        if "OverrideAction" in rule:
            assert rule["OverrideAction"] == {"Count": {}}, name
            continue
        condition, block, count = rule["Action"]["Fn::If"]
        assert (condition, count) == ("Blocks", {"Count": {}}), name
        answer = block["Block"]["CustomResponse"]
        body = bodies[answer["CustomResponseBodyKey"]]
        assert body["ContentType"] == "APPLICATION_JSON", "SDKs repeat a request whose answer is HTML"
        assert json.loads(body["Content"]).keys() == {"error", "error_description"}


def test_the_groups_of_aws_are_rejected_by_their_labels():
    """The core rule set would reject callbacks on loopback, long queries and clients without a User-Agent."""
    groups = {
        rule["Statement"]["ManagedRuleGroupStatement"]["Name"]
        for rule in RULES.values()
        if "ManagedRuleGroupStatement" in rule["Statement"]
    }
    assert groups == {"AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet"}
    labels = RULES["Labelled"]["Statement"]["OrStatement"]["Statements"]
    assert {item["LabelMatchStatement"]["Key"] for item in labels} == {
        "awswaf:managed:aws:amazon-ip-list:",
        "awswaf:managed:aws:known-bad-inputs:",
    }
    assert max(rule["Priority"] for rule in RULES.values()) == RULES["Labelled"]["Priority"]


def test_logs_have_neither_path_nor_query_nor_credentials():
    fields = set(RESOURCES["AccessLog"]["Properties"]["RecordFields"])
    assert {"sc-status", "c-ip"} <= fields
    assert not fields & SENSITIVE
    redacted = RESOURCES["WebACLLog"]["Properties"]["RedactedFields"]
    assert [{"UriPath": {}}, {"QueryString": {}}] == redacted[:2]
    headers = {field["SingleHeader"]["Name"] for field in redacted[2:]}
    assert headers == {"authorization", "cookie"}
