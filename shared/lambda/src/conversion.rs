//! Makes an event one that `lambda_http` can convert. It panics on a path, query or host that is no part of a URL, and
//! fronts pass on such texts: an HTTP API decodes the path, a function URL turns `+` into a blank, and a load balancer
//! accepts every `Host`.

use http::{HeaderMap, header::HOST};
use lambda_http::request::LambdaRequest;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// Characters that a query does not contain literally (RFC 3986 section 3.4), except `%`.
const QUERY: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Characters that a path does not contain literally (RFC 3986 section 3.3), except `%`.
const PATH: AsciiSet = QUERY.add(b'?');

/// Encodes the characters of path and query that no URL has. Removes the host, which the client chose and from which
/// `lambda_http` would build a URL; the issuer names ours.
pub(super) fn make_convertible(event: &mut LambdaRequest) {
    match event {
        LambdaRequest::ApiGatewayV2(event) => {
            // `lambda_http` takes this one in the place of the header.
            event.request_context.domain_name = None;
            remove_host(&mut event.headers);
            encode_path(&mut event.raw_path);
            if let Some(query) = &mut event.raw_query_string {
                encode(query, &QUERY);
            }
        }
        LambdaRequest::Alb(event) => {
            remove_host(&mut event.headers);
            encode_path(&mut event.path);
        }
        // The other fronts are features of `lambda_http` that are off.
        _ => {}
    }
}

fn remove_host(headers: &mut HeaderMap) {
    headers.remove(HOST);
}

fn encode_path(path: &mut Option<String>) {
    let path = path.get_or_insert_default();
    encode(path, &PATH);
    // `OPTIONS *` has no path (RFC 9112 section 3.2.4).
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
}

fn encode(text: &mut String, set: &'static AsciiSet) {
    *text = utf8_percent_encode(text, set).to_string();
}

#[cfg(test)]
mod tests {
    use lambda_http::Request;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn http_api(host: &str, path: &str, query: &str) -> Value {
        json!({
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "headers": { "host": host, "x-forwarded-proto": host },
            "requestContext": {
                "domainName": host,
                "http": { "method": "GET", "path": path, "sourceIp": "192.0.2.1" },
                "stage": "$default"
            },
            "isBase64Encoded": false
        })
    }

    fn load_balancer(host: &str, path: &str, name: &str, value: &str) -> Value {
        json!({
            "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/t/1" } },
            "httpMethod": "GET",
            "path": path,
            "queryStringParameters": { name: value },
            "headers": { "host": host, "x-forwarded-proto": host },
            "isBase64Encoded": false
        })
    }

    fn converted(event: &Value) -> Request {
        let mut event: LambdaRequest = serde_json::from_value(event.clone()).unwrap();
        make_convertible(&mut event);
        event.into()
    }

    #[test]
    fn a_blank_of_a_function_url_separates_scopes() {
        let event = http_api(
            "a.example",
            "/authorize",
            "scope=openid profile&state=a%20b+c",
        );
        assert_eq!(
            converted(&event).uri().query(),
            Some("scope=openid%20profile&state=a%20b+c")
        );
    }

    #[test]
    fn raw_characters_of_a_query_keep_their_meaning() {
        let event = http_api("a.example", "/authorize", r#"state=<"a">é&x={|}"#);
        let request = converted(&event);
        let query = request.uri().query().unwrap();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let expected = [("state", r#"<"a">é"#), ("x", "{|}")];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.into(), value.into()))
        );
    }

    #[test]
    fn a_decoded_path_stays_a_path() {
        let event = http_api("a.example", "/api/v2/users/auth0|1?x#y", "a=b");
        let request = converted(&event);
        assert_eq!(request.uri().path(), "/api/v2/users/auth0%7C1%3Fx%23y");
        assert_eq!(request.uri().query(), Some("a=b"));
    }

    #[test]
    fn a_host_that_is_none_is_no_obstacle() {
        for host in ["", "[", "a b", "a/b?c", "%", "localhost:port"] {
            assert_eq!(
                converted(&http_api(host, "/pem", "")).uri().path(),
                "/pem",
                "{host}"
            );
            let balanced = load_balancer(host, "/pem", "a", "b");
            assert_eq!(converted(&balanced).uri().path(), "/pem", "{host}");
        }
    }

    #[test]
    fn a_request_for_no_path_is_one_for_an_unknown_path() {
        assert_eq!(
            converted(&http_api("a.example", "*", "")).uri().path(),
            "/*"
        );
        assert_eq!(
            converted(&load_balancer("a.example", "*", "a", "b"))
                .uri()
                .path(),
            "/*"
        );
    }

    proptest! {
        /// Path and query are characters that an HTTP message can have, decoded or not.
        #[test]
        fn no_event_of_an_http_api_panics(host in "[ -~]{0,8}", path in "\\PC{0,12}", query in "\\PC{0,24}") {
            converted(&http_api(&host, &path, &query));
        }

        #[test]
        fn no_event_of_a_load_balancer_panics(
            host in "[ -~]{0,8}", path in "\\PC{0,12}", name in "\\PC{0,8}", value in "\\PC{0,24}",
        ) {
            converted(&load_balancer(&host, &path, &name, &value));
        }
    }
}
