"""The edges of AWS's fronts, through the real functions: limits, changed messages, deadlines, hostile bytes."""

import http.client
import json
import socket
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import pytest

import http_api
from client import AUDIENCE, CALLBACK, CLIENT_ID, Client, assert_untouched, tokens
from function_url import FunctionUrl
from http_api import HttpApi
from kms_proxy import Silence
from load_balancer import LoadBalancer

KINDS = {
    "http_api": HttpApi(),
    "function_url": FunctionUrl(),
    "load_balancer": LoadBalancer(),
    "load_balancer_of_single_values": LoadBalancer(multi_value=False),
}
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
JSON = b"Content-Type: application/json\r\n"
PATIENCE = 30
# Seconds: less than the AWS SDK waits for KMS.
SHORT = 1.0
SILENT_LOGIN = urlencode(
    {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": CALLBACK,
        "audience": AUDIENCE,
        "code_challenge": "a" * 43,
        "code_challenge_method": "S256",
        "prompt": "none",
    }
).encode()


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> dict:
        return json.loads(self.body)


def raw(front, message: bytes) -> Answer:
    """Sends bytes, and reads an answer."""
    address = urlsplit(front.issuer)
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as connection:
        connection.sendall(message)
        method = message.partition(b" ")[0].decode("latin-1")
        with closing(http.client.HTTPResponse(connection, method=method)) as answer:
            answer.begin()
            return Answer(answer.status, answer.headers, answer.read())


def request(target: bytes, *, method: bytes = b"GET", headers: bytes = b"", body: bytes = b"") -> bytes:
    """A request with any bytes, of the own host unless the headers name one."""
    if b"host:" not in headers.lower():
        headers = b"Host: login.example.com\r\n" + headers
    if body:
        headers += b"Content-Length: %d\r\n" % len(body)
    return method + b" " + target + b" HTTP/1.1\r\nConnection: close\r\n" + headers + b"\r\n" + body


def get(front, target: bytes, headers: bytes = b"") -> Answer:
    return raw(front, request(target, headers=headers))


def post(front, target: bytes, body: bytes, headers: bytes = FORM) -> Answer:
    return raw(front, request(target, method=b"POST", headers=headers, body=body))


@pytest.fixture(scope="module")
def running(wrapped_front):
    with wrapped_front.functions(token=1, authorize=1, revoke=1, discovery=1):
        yield wrapped_front


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def front(running, request):
    """Every kind of front in turn. No test may end an environment."""
    before = running.started
    with running.served_as(request.param):
        yield running
    assert running.started == before


@pytest.fixture
def served_as(running):
    """A front of one kind, in which no test may end an environment."""
    before = running.started
    usual = running.server.front

    def serve(kind):
        running.server.front = kind
        return running

    yield serve
    running.server.front = usual
    assert running.started == before


# Targets and headers that reach the functions, or that the front rejects by itself.
SEGMENTS = [
    *(b'"<>', b"%00", b"%", b"%zz", b"%ff", b"\xff\xfe", b"\xc3\xa9", b"..%2f..%2foauth", b"a//b", b"\\", b"|{}^`"),
    *(b"%0d%0ax:%20y", b"%e2%80%ae", b"%ed%a0%80", b"'", b"[]", b":", b"@", b";a=b", b"\x01", b"\x7f", b"%5c%22"),
]
TARGETS = [
    *(b"/.well-known/" + segment for segment in SEGMENTS),
    *(b"/api/v2/users/" + segment + b"/sessions" for segment in SEGMENTS),
    *(b"/android/" + segment + b"/callback" for segment in SEGMENTS),
    *(b"/authorize?" + segment for segment in SEGMENTS),
    *(b"/userinfo?access_token=" + segment for segment in SEGMENTS),
    *(b"/activate?user_code=" + segment + b"&" + segment + b"=" for segment in SEGMENTS),
    *(b"/u/login?state=" + segment for segment in SEGMENTS),
    *(b"/", b"//", b"///", b"//evil.example/..", b"/%00", b"/%", b"/../oauth/token", b"/oauth/./token", b"*", b""),
    *(b"http://evil.example/authorize", b"http://evil.example", b"evil.example:443", b"/authorize#fragment"),
    *(b"/authorize?" + query for query in (b"=&&=;", b"++", b"&" * 2_000, b"a[]=1&a[]=2", b"?" * 100)),
    b"/authorize?state=" + b"a" * 9_500,
    b"/authorize?state=" + b'"' * 9_500,
    b"/authorize?state=" + b"\xff" * 16_000,
    b"/authorize?state=" + b'"' * 60_000,
    b"/.well-known/" + b"%ff" * 5_000,
    b"/" + b"a" * 60_000,
]
HEADERS = [
    *(b"Host: " + host for host in (b"", b"[", b"a b", b"%", b"a/b?c#d", b"localhost:port", b"\xff", b"a:99999")),
    *(b"Host: a\r\nHost: b", b"Hos: a", b"X-Forwarded-Host: [", b"X-Forwarded-Proto: javascript", b"Forwarded: \xff"),
    *(b"X-Forwarded-For: junk", b"X-Forwarded-For: \xff, ,,1.2.3.4:5", b"X-Forwarded-For: " + b"1.1.1.1," * 40),
    *(b"Accept: \xff", b"Accept:", b"Origin: \xff", b"Origin: null", b"Content-Type: \xff", b"Accept-Language: \xff;q"),
    *(b"Cookie: " + cookie for cookie in (b"\xff=\xff", b"=", b";;;", b"auth0=\x01", b"a=b; a", b"x=" + b"y" * 9_000)),
    *(b"Authorization: " + value for value in (b"Basic \xff", b"Basic !!", b"Bearer", b"Bearer \x7f", b"\xff \xff")),
    *(b"a b: 1", b"x(y): 1", b"x_y: 1", b": 1", b"no colon", b" folded: 1", b"\xff: 1"),
    *(b"x: \x01", b"x: a\0b", b"x\0y: 1"),
    *(b"Content-Length: -1", b"Content-Length: x", b"Transfer-Encoding: gzip", b"Content-Encoding: gzip", b"Expect: x"),
    *(b"Upgrade: websocket", b"X-Amzn-Trace-Id: \xff", b"X-Ratchet-Proxy-Secret: \xff", b"If-None-Match: \xff"),
    b"\r\n".join(b"X-%d: %d" % (number, number) for number in range(100)),
    b"X-Long: " + b"a" * 20_000,
]
BODIES = [
    *((FORM, body) for body in (b"\xff\xfe", b"\0", b"%", b"grant_type=%00", b"=&=&", b"a" * 100_000, b"&" * 60_000)),
    *((JSON, body) for body in (b"\xff", b"{", b'"\\ud800"', b"[" * 60_000, b'{"a":' * 5_000, b"null", b"1e999", b"\0")),
    *((kind, b"a=b") for kind in (b"", b"Content-Type:\r\n", b"Content-Type: \xff\r\n")),
    (b"Content-Type: multipart/form-data\r\n", b"a=b"),
    (FORM + b"Content-Encoding: gzip\r\n", b"\x1f\x8b\x08"),
]
POSTED = [b"/oauth/token", b"/oauth/revoke", b"/oauth/device/code", b"/authorize", b"/u/login", b"/co/authenticate"]
HOSTILE = [
    *(request(target) for target in TARGETS),
    *(request(b"/oauth/token", method=b"POST", headers=FORM + field + b"\r\n", body=b"a=b") for field in HEADERS),
    *(request(path, headers=field + b"\r\n") for field in HEADERS for path in (b"/authorize", b"/.well-known/jwks.json")),
    *(request(path, method=b"POST", headers=kind, body=body) for kind, body in BODIES for path in POSTED),
    *(request(b"/authorize", method=method) for method in (b"FOO", b"get", b"TRACE", b"CONNECT", b"HEAD")),
    *(request(b"/authorize", method=method) for method in (b"G\xff", b"a|b")),
    request(b"*", method=b"OPTIONS"),
    request(b"/oauth/token", method=b"OPTIONS", headers=b"Origin: \xff\r\nAccess-Control-Request-Method: \xff\r\n"),
    request(b"/userinfo", method=b"HEAD", headers=b"Authorization: Bearer \xff\r\n"),
    b"GET / HTTP/9.9\r\n\r\n",
    b"\xff\xff\r\n\r\n",
    b"GET / a HTTP/1.1\r\n\r\n",
]


def test_no_request_is_a_failure_of_the_service_or_ends_an_environment(front):
    failed = {}
    for message in HOSTILE:
        status = raw(front, message).status
        if not 200 <= status < 500:
            failed[message[:200]] = status
    assert failed == {}
    assert_serves(front)


def assert_serves(front):
    """Every function is there."""
    assert get(front, b"/.well-known/jwks.json").status == 200
    assert get(front, b"/userinfo").status == 401
    assert post(front, b"/oauth/token", b"a=b").json()["error"] == "invalid_request"
    assert get(front, b"/api/v2/grants").status == 401


STATES = [
    *(b'"<>', b"a%20b", b"a+b", b"a%2Bb", "é".encode(), b"{|}^`", b"%22%3C", b"%25", b"100%"),
    *(b"a=b", b"'", b"[]", b"%E2%82%AC"),
]


@pytest.mark.parametrize("state", STATES)
def test_a_state_comes_back_as_it_was_sent(front, state):
    answer = get(front, b"/authorize?" + SILENT_LOGIN + b"&state=" + state)
    assert answer.status == 302, answer.body
    callback = parse_qs(urlsplit(answer.headers["location"]).query)
    assert callback["error"] == ["login_required"]
    assert callback["state"] == [unquote_plus(state.decode())]


def test_scopes_may_be_separated_by_a_plus(front):
    answer = get(front, b"/authorize?" + SILENT_LOGIN + b"&scope=openid+profile")
    assert "error=login_required" in answer.headers["location"]


def test_a_repeated_parameter_is_noticed_where_the_front_passes_both_on(front):
    answer = get(front, b"/authorize?" + SILENT_LOGIN + b"&state=a&state=b")
    if front.server.front is KINDS["load_balancer_of_single_values"]:
        assert "state=b" in answer.headers["location"]
    else:
        assert "error=invalid_request" in answer.headers.get("location", ""), answer.body


def test_several_headers_of_one_name_count_together(front):
    asked = b"Access-Control-Request-Headers: "
    headers = b"Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n"
    headers += asked + b"x-first\r\n" + asked + b"x-second\r\n"
    answer = raw(front, request(b"/.well-known/jwks.json", method=b"OPTIONS", headers=headers))
    assert answer.status == 204, answer.body
    allowed = ",".join(answer.headers.get_all("access-control-allow-headers"))
    names = {name.strip() for name in allowed.split(",")}
    only_last = front.server.front is KINDS["load_balancer_of_single_values"]
    assert names == ({"x-second"} if only_last else {"x-first", "x-second"})


def test_names_of_headers_may_have_any_case(front):
    body = urlencode({"grant_type": "refresh_token", "client_id": CLIENT_ID, "refresh_token": "x"})
    for name in (b"CONTENT-TYPE", b"content-type", b"Content-Type"):
        answer = post(front, b"/oauth/token", body.encode(), FORM.replace(b"Content-Type", name))
        assert answer.json()["error"] == "invalid_grant", answer.body


def test_a_segment_of_a_path_may_be_percent_encoded(front):
    for user in (b"auth0%7Cada", b"auth0|ada", b"auth0%257Cada"):
        answer = get(front, b"/api/v2/users/" + user + b"/sessions")
        assert (answer.status, answer.json()["statusCode"]) == (401, 401), answer.body


@pytest.mark.parametrize("kind", ["http_api", "function_url", "load_balancer"])
def test_a_user_logs_in_and_refreshes(served_as, kind):
    """The pages need two cookies, which the front carries both ways."""
    front = served_as(KINDS[kind])
    assert_untouched(Client(front.issuer), Client(front.issuer).refresh_token())


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("http_api", "x-amzn-remapped-www-authenticate"),
        ("function_url", "x-amzn-remapped-www-authenticate"),
        ("load_balancer", "www-authenticate"),
    ],
)
def test_a_challenge_has_the_name_that_the_front_leaves_it(served_as, kind, name):
    answer = get(served_as(KINDS[kind]), b"/userinfo")
    assert answer.status == 401
    found = {header.lower() for header in answer.headers if "authenticate" in header.lower()}
    assert found == {name}


def padded(length: int) -> bytes:
    """A request whose head has this many bytes."""
    message = request(b"/.well-known/jwks.json", headers=b"X-Padding: \r\n")
    padding = length - (len(message) - len(b"\r\n"))
    return message.replace(b"X-Padding: ", b"X-Padding: " + b"a" * padding)


def test_an_http_api_takes_10240_bytes_of_request_line_and_headers(served_as):
    front = served_as(HttpApi())
    # The quota does not count the end of the first line.
    longest = http_api.HEAD + len(b"\r\n")
    assert raw(front, padded(longest)).status == 200
    assert raw(front, padded(longest + 1)).status == 431


def test_a_load_balancer_takes_16_kilobytes_of_a_header(served_as):
    front = served_as(LoadBalancer())
    assert get(front, b"/.well-known/jwks.json", b"X: " + b"a" * 16_000 + b"\r\n").status == 200
    assert get(front, b"/.well-known/jwks.json", b"X: " + b"a" * 17_000 + b"\r\n").status == 400
    many = b"".join(b"X%d: %s\r\n" % (number, b"a" * 16_000) for number in range(5))
    assert get(front, b"/.well-known/jwks.json", many).status == 400


def test_a_load_balancer_takes_30_forwarded_addresses_and_no_upgrade(served_as):
    front = served_as(LoadBalancer())
    addresses = b"X-Forwarded-For: " + b", ".join([b"192.0.2.1"] * 31) + b"\r\n"
    assert get(front, b"/.well-known/jwks.json", addresses).status == 463
    assert get(front, b"/.well-known/jwks.json", b"Upgrade: websocket\r\n").status == 400


@pytest.mark.parametrize(
    ("kind", "length"),
    [
        ("http_api", 10 * 1024 * 1024 + 1),
        # Base64 makes it longer than an event may be.
        ("http_api", 5 * 1024 * 1024),
        ("function_url", 5 * 1024 * 1024),
        ("load_balancer", 1024 * 1024 + 1),
    ],
)
def test_a_front_rejects_a_body_beyond_its_limit(served_as, kind, length):
    assert post(served_as(KINDS[kind]), b"/oauth/token", b"a" * length).status == 413


def test_a_function_rejects_a_body_that_every_front_passes_on(front):
    answer = post(front, b"/oauth/token", b"a" * 1_000_000)
    assert (answer.status, answer.json()["error"]) == (413, "invalid_request"), answer.body


def test_a_url_that_no_gateway_would_pass_on_is_an_invalid_request(served_as):
    """A function URL has no documented limit, and the query grows threefold when it is encoded."""
    answer = get(served_as(FunctionUrl()), b"/authorize?state=" + b'"' * 60_000)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request"), answer.body


def test_a_long_state_and_other_cookies_pass_an_http_api_all_the_way(served_as):
    front = served_as(HttpApi())
    client = Client(front.issuer)
    code = client.log_in(state="s" * 4_096, cookie="c" * 2_000)
    assert_untouched(client, tokens(client.exchange(*code))["refresh_token"])


def test_a_state_that_no_http_api_could_pass_on_is_an_invalid_request_at_the_callback(served_as):
    front = served_as(HttpApi())
    form = SILENT_LOGIN.replace(b"prompt=none", b"prompt=login") + b"&state=" + b"s" * 40_000
    answer = post(front, b"/authorize", form)
    assert answer.status == 303, answer.body
    callback = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.headers["location"].startswith(CALLBACK)
    assert callback["error"] == ["invalid_request"]
    assert "state" not in callback


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("http_api", 500, b'{"message": "Internal Server Error"}'),
        ("function_url", 502, b"Internal Server Error"),
        ("load_balancer", 502, b"502 Bad Gateway"),
    ],
)
def test_an_environment_past_its_deadline_is_killed_and_replaced(running, kind, status, body):
    before = running.started
    with running.served_as(KINDS[kind]):
        running.pause("discovery")
        with running.limited(SHORT):
            answer = get(running, b"/.well-known/jwks.json")
        assert answer.status == status
        assert body in answer.body
        assert_serves(running)
    assert running.started == before + 1


def test_an_http_api_does_not_wait_for_a_function_beyond_its_own_limit(kms_front):
    with kms_front.functions(token=1, authorize=1):
        client = Client(kms_front.issuer)
        token = client.refresh_token()
        before = kms_front.started
        with kms_front.kms.fault(Silence()), kms_front.served_as(HttpApi(patience=SHORT)):
            answer = client.refresh(token)
        assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})
        # The function has answered by itself meanwhile, or does so before it takes the next request.
        assert_untouched(client, token)
        assert kms_front.started == before
