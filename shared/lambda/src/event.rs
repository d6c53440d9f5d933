//! Converts an event to a request. HTTP APIs and function URLs send payload format 2.0, an Application Load Balancer
//! its own; `lambda_http` reads both. This module removes the stage from the path, and takes the caller's address from
//! the front rather than from headers that a client may have written.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use aws_lc_rs::{constant_time, digest};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Uri};
use lambda_http::{Body, Context as LambdaContext, RequestExt, request::RequestContext as Context};
use ratchet_domain::{ids::RequestId, proxies::TrustedProxies};
use ratchet_protocol::{Request, RequestContext};
use ratchet_system::{Clock, Deadline};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Time that is left to a function when long work stops: enough for the slowest call of the store.
const KEPT: Duration = Duration::from_secs(4);

/// Time that is left to a function when it has to answer, so that the answer leaves before Lambda stops the function.
const FOR_THE_ANSWER: Duration = Duration::from_millis(500);

/// The header with a proxy's secret.
const PROXY_SECRET: HeaderName = HeaderName::from_static("x-ratchet-proxy-secret");

/// Marks a request that bypassed the operator's proxies, if these are required.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProxyBypassed;

/// The request that the functions take. `trusted_proxies` are between the clients and the front; the secret that they
/// send is removed.
pub(super) fn request(
    event: lambda_http::Request,
    id: RequestId,
    trusted_proxies: &TrustedProxies,
) -> Request {
    let context = event.request_context_ref();
    let seen = seen(context, event.headers());
    let has_secret = has_secret(event.headers(), trusted_proxies);
    let is_admitted = trusted_proxies.admit(seen.first().copied(), has_secret);
    let client_ip = trusted_proxies.caller(seen, has_secret);
    let stage = stage(context).map(str::to_owned);
    let left = event.lambda_context_ref().and_then(time_left);
    let until = |kept| {
        left.map_or(Deadline::NEVER, |left| {
            Deadline::after(left.saturating_sub(kept))
        })
    };
    let (mut parts, body) = event.into_parts();
    let body = match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    };
    parts.headers.remove(PROXY_SECRET);
    parts.uri = without_stage(&parts.uri, stage.as_deref());
    if !is_admitted {
        parts.extensions.insert(ProxyBypassed);
    }
    parts.extensions.insert(RequestContext {
        id,
        client_ip,
        deadline: until(KEPT),
        answer_by: until(FOR_THE_ANSWER),
    });
    Request::from_parts(parts, body)
}

/// Time until Lambda stops the function. `cargo lambda watch` sends a time that has long passed, which Lambda never
/// does: the request then has no deadline.
fn time_left(context: &LambdaContext) -> Option<Duration> {
    let now = Clock::system().now().as_millis();
    let left = context.deadline.checked_sub(now)?;
    Some(Duration::from_millis(left))
}

/// The stage, which is the first segment of every path; `None` for the default one.
fn stage(context: Option<&Context>) -> Option<&str> {
    match context {
        Some(Context::ApiGatewayV2(context)) => context.stage.as_deref(),
        _ => None,
    }
    .filter(|stage| *stage != "$default")
}

/// Path and query only, without the stage. The host is dropped: the client chose it, and the issuer names ours.
fn without_stage(uri: &Uri, stage: Option<&str>) -> Uri {
    let whole = uri.path_and_query().map_or("/", |whole| whole.as_str());
    let rest = stage
        .and_then(|stage| whole.strip_prefix('/')?.strip_prefix(stage))
        .filter(|rest| rest.starts_with('/'))
        .unwrap_or(whole);
    // The tail of a valid path from a slash on is a valid path.
    rest.parse().unwrap_or_default()
}

/// The addresses from the front outwards. A front reports its peer: an HTTP API and a function URL in the event's
/// context, a load balancer as the last entry of `X-Forwarded-For`. Every trusted proxy before it has appended its own
/// peer, which counts if the proxy authenticates itself. Any client may have written the entries further left.
fn seen(context: Option<&Context>, headers: &HeaderMap) -> Vec<IpAddr> {
    let seen = match context {
        Some(Context::ApiGatewayV2(context)) => context.http.source_ip.as_deref().and_then(address),
        _ => None,
    };
    let forwarded: Vec<&str> = headers
        .get_all(X_FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut hops = forwarded.into_iter().rev().map_while(address).peekable();
    if seen.is_some() {
        // The front has appended its peer there, too.
        hops.next_if(|hop| Some(*hop) == seen);
    }
    seen.into_iter().chain(hops).collect()
}

/// True if a request contains one of the proxies' secrets. All are compared, in constant time.
fn has_secret(headers: &HeaderMap, trusted_proxies: &TrustedProxies) -> bool {
    let known = trusted_proxies.secrets();
    let Some(sent) = headers.get(PROXY_SECRET).filter(|_| !known.is_empty()) else {
        return false;
    };
    let sent = digest::digest(&digest::SHA256, sent.as_bytes());
    known.iter().fold(false, |found, known| {
        let equal = constant_time::verify_slices_are_equal(known.as_bytes(), sent.as_ref());
        equal.is_ok() | found
    })
}

/// An address, with or without the port that a load balancer can be configured to add.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    text.parse()
        .or_else(|_| text.parse().map(|address: SocketAddr| address.ip()))
        .ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ratchet_domain::{network::AddressRange, proxies::parse_digests};

    /// An event of an HTTP API, with a stage.
    fn http_api(stage: &str, path: &str) -> Value {
        json!({
            "version": "2.0",
            "routeKey": "ANY /oauth/token",
            "rawPath": path,
            "rawQueryString": "a=b%20c&a=d",
            "cookies": ["auth0=1", "other=2"],
            "headers": {
                "content-type": "application/x-www-form-urlencoded",
                "host": "abc.execute-api.eu-west-1.amazonaws.com",
                "x-forwarded-for": "203.0.113.9, 198.51.100.7, 192.0.2.1",
                "x-forwarded-proto": "https"
            },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "abc",
                "domainName": "abc.execute-api.eu-west-1.amazonaws.com",
                "domainPrefix": "abc",
                "http": {
                    "method": "POST",
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1",
                    "userAgent": "test"
                },
                "requestId": "r",
                "routeKey": "ANY /oauth/token",
                "stage": stage,
                "time": "12/Mar/2026:19:03:58 +0000",
                "timeEpoch": 1_773_342_238_000_u64
            },
            "body": "Z3JhbnRfdHlwZT1wYXNzd29yZA==",
            "isBase64Encoded": true
        })
    }

    /// An event of a function URL.
    fn function_url() -> Value {
        let mut event = http_api("$default", "/oauth/token");
        event["routeKey"] = json!("$default");
        event["headers"]["x-forwarded-for"] = json!("192.0.2.1");
        event["requestContext"]["authorizer"] = Value::Null;
        event["requestContext"]["domainName"] = json!("abc.lambda-url.eu-west-1.on.aws");
        event["requestContext"]["routeKey"] = json!("$default");
        event
    }

    /// An event of a load balancer whose target group sends lists of values.
    fn load_balancer() -> Value {
        json!({
            "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/t/1" } },
            "httpMethod": "POST",
            "path": "/authorize",
            "multiValueQueryStringParameters": {
                "redirect_uri": ["https%3A%2F%2Fapp.example.com%2Fcb%3Fa%3D1%26b%3D2"],
                "scope": ["openid%20profile"],
                "twice": ["1", "2"]
            },
            "multiValueHeaders": {
                "content-type": ["application/x-www-form-urlencoded"],
                "host": ["login.example.com"],
                "cookie": ["auth0=1"],
                "x-forwarded-for": ["203.0.113.9", "192.0.2.1:4711"]
            },
            "body": "a=b",
            "isBase64Encoded": false
        })
    }

    /// SHA-256 of `new secret` and of `old secret`.
    const DIGESTS: [&str; 2] = [
        "859601deb772672b933ef30d66609610c928bcf116951a52f4b8698f34c1fc80",
        "f8ee85f59a75fdb3a3fbf0941423f26a65a8ed0a5f6d7ff832acd8edf5635499",
    ];

    fn proxies(hops: usize) -> TrustedProxies {
        let digests = parse_digests(&DIGESTS.join(",")).unwrap();
        TrustedProxies::new(hops, digests, Vec::new()).unwrap()
    }

    /// The event, sent by a proxy with a secret.
    fn with_secret(mut event: Value, secret: &str) -> Value {
        if event["headers"].is_object() {
            event["headers"]["x-ratchet-proxy-secret"] = json!(secret);
        } else {
            event["multiValueHeaders"]["x-ratchet-proxy-secret"] = json!([secret]);
        }
        event
    }

    fn read(event: &Value, trusted_proxies: usize) -> Request {
        let event = lambda_http::request::from_str(&event.to_string()).unwrap();
        let proxies = proxies(trusted_proxies);
        request(event, RequestId::from_bytes([0; 16]), &proxies)
    }

    fn client_ip(event: &Value, trusted_proxies: usize) -> Option<String> {
        let request = read(event, trusted_proxies);
        let context: &RequestContext = request.extensions().get().unwrap();
        context.client_ip.map(|address| address.to_string())
    }

    #[test]
    fn an_http_api_is_understood_with_and_without_a_stage_in_its_paths() {
        for (stage, path) in [
            ("$default", "/oauth/token"),
            ("prod", "/prod/oauth/token"),
            ("oauth", "/oauth/oauth/token"),
        ] {
            let request = read(&http_api(stage, path), 0);
            assert_eq!(request.uri(), "/oauth/token?a=b%20c&a=d", "{stage}");
            assert_eq!(request.method(), "POST");
            assert_eq!(request.headers()["cookie"], "auth0=1; other=2");
            assert_eq!(request.body(), "grant_type=password");
        }
    }

    #[test]
    fn a_function_url_is_understood() {
        let event = function_url();
        assert_eq!(read(&event, 0).uri(), "/oauth/token?a=b%20c&a=d");
        assert_eq!(client_ip(&event, 0).as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn a_load_balancer_is_understood() {
        let request = read(&load_balancer(), 0);
        assert_eq!(request.uri().path(), "/authorize");
        let query = request.uri().query().unwrap();
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        for pair in [
            ("redirect_uri", "https://app.example.com/cb?a=1&b=2"),
            ("scope", "openid profile"),
            ("twice", "1"),
            ("twice", "2"),
        ] {
            assert!(pairs.iter().any(|(n, v)| (&**n, &**v) == pair), "{query}");
        }
        assert_eq!(request.headers()["cookie"], "auth0=1");
        assert_eq!(request.body(), "a=b");
    }

    #[test]
    fn a_header_of_the_client_does_not_set_its_address() {
        assert_eq!(
            client_ip(&http_api("$default", "/"), 0).as_deref(),
            Some("192.0.2.1")
        );
        assert_eq!(client_ip(&load_balancer(), 0).as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn behind_a_proxy_that_proves_itself_the_address_is_the_one_that_it_saw() {
        for secret in ["new secret", "old secret"] {
            let event = with_secret(http_api("$default", "/"), secret);
            assert_eq!(client_ip(&event, 0).as_deref(), Some("192.0.2.1"));
            assert_eq!(client_ip(&event, 1).as_deref(), Some("198.51.100.7"));
            let event = with_secret(load_balancer(), secret);
            assert_eq!(client_ip(&event, 1).as_deref(), Some("203.0.113.9"));
        }
    }

    #[test]
    fn a_caller_that_bypasses_the_proxy_has_the_address_of_its_connection() {
        for event in [
            http_api("$default", "/"),
            with_secret(http_api("$default", "/"), ""),
            with_secret(http_api("$default", "/"), "guess"),
            with_secret(http_api("$default", "/"), DIGESTS[0]),
            with_secret(http_api("$default", "/"), "new secret,old secret"),
            with_secret(load_balancer(), "guess"),
            with_secret(function_url(), "guess"),
        ] {
            for hops in [1, 2, 8] {
                assert_eq!(client_ip(&event, hops).as_deref(), Some("192.0.2.1"));
            }
        }
    }

    #[test]
    fn a_proxy_in_a_trusted_range_needs_no_secret() {
        let ranges = vec![AddressRange::parse("192.0.2.0/24").unwrap()];
        let proxies = TrustedProxies::new(2, Vec::new(), ranges).unwrap();
        let event = lambda_http::request::from_str(&http_api("$default", "/").to_string());
        let request = request(event.unwrap(), RequestId::from_bytes([0; 16]), &proxies);
        let context: &RequestContext = request.extensions().get().unwrap();
        assert_eq!(context.client_ip, Some([198, 51, 100, 7].into()));
    }

    #[test]
    fn a_request_that_bypasses_required_proxies_is_marked() {
        let required = proxies(1).required().unwrap();
        let bypassed = |event: &Value, proxies: &TrustedProxies| {
            let event = lambda_http::request::from_str(&event.to_string()).unwrap();
            let request = request(event, RequestId::from_bytes([0; 16]), proxies);
            request.extensions().get::<ProxyBypassed>().is_some()
        };
        for event in [http_api("$default", "/"), function_url(), load_balancer()] {
            assert!(bypassed(&event, &required));
            assert!(bypassed(&with_secret(event.clone(), "guess"), &required));
            assert!(bypassed(&with_secret(event.clone(), DIGESTS[0]), &required));
            for secret in ["new secret", "old secret"] {
                assert!(!bypassed(&with_secret(event.clone(), secret), &required));
            }
            assert!(!bypassed(&event, &proxies(1)), "bypassing is allowed");
        }
    }

    #[test]
    fn a_proxys_secret_goes_no_further() {
        for secret in ["new secret", "guess"] {
            let event = with_secret(http_api("$default", "/"), secret);
            let request = read(&event, 1);
            assert!(!request.headers().contains_key(PROXY_SECRET));
        }
    }

    #[test]
    fn an_invalid_address_ends_the_forwarded_chain() {
        let mut event = with_secret(http_api("$default", "/"), "new secret");
        event["headers"]["x-forwarded-for"] = json!("198.51.100.7, unknown, 192.0.2.1");
        assert_eq!(client_ip(&event, 2).as_deref(), Some("192.0.2.1"));
        event["headers"]["x-forwarded-for"] = json!("[2001:db8::1]:443, 192.0.2.1");
        assert_eq!(client_ip(&event, 1).as_deref(), Some("2001:db8::1"));
    }

    #[test]
    fn long_work_stops_before_the_functions_time_is_up() {
        let is_over = |left: Option<i64>| {
            let event = lambda_http::request::from_str(&http_api("$default", "/").to_string());
            let mut event = event.unwrap();
            if let Some(left) = left {
                let mut context = LambdaContext::default();
                let now = Clock::system().now().as_millis();
                context.deadline = now.checked_add_signed(left).unwrap();
                event = event.with_lambda_context(context);
            }
            let request = request(event, RequestId::from_bytes([0; 16]), &proxies(0));
            let context: &RequestContext = request.extensions().get().unwrap();
            context.deadline.is_over()
        };
        assert!(is_over(Some(1_000)) && is_over(Some(3_000)));
        assert!(!is_over(Some(3_600_000)) && !is_over(None));
        assert!(!is_over(Some(-3_600_000)), "an emulator's deadline");
    }
}
