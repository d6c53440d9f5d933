//! Makes an event one that `lambda_http` can convert. It panics on a path, query or host that is no part of a URL, and on a
//! URL that is too long; it rejects an event with an invalid header. Fronts pass on such texts: an HTTP API decodes the
//! path, a function URL turns `+` into a blank, and a load balancer accepts every `Host` and every name of a header.

use http::{HeaderMap, HeaderName, HeaderValue, header::HOST};
use lambda_http::{aws_lambda_events::alb::AlbTargetGroupRequest, request::LambdaRequest};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Value, value::RawValue};

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

/// Longest path with its query that `http` accepts, in bytes.
const LONGEST: usize = u16::MAX as usize - 1;

/// An event, without the headers whose name or value is invalid (RFC 9110 section 5).
pub(super) struct Event(pub LambdaRequest);

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        serde_json::from_str(text.get())
            .or_else(|_| serde_json::from_value(with_valid_headers(text.get())?))
            .map(Self)
            .map_err(D::Error::custom)
    }
}

fn with_valid_headers(text: &str) -> serde_json::Result<Value> {
    let mut event: Value = serde_json::from_str(text)?;
    for part in ["headers", "multiValueHeaders"] {
        if let Some(Value::Object(headers)) = event.get_mut(part) {
            headers.retain(|name, value| {
                HeaderName::from_bytes(name.as_bytes()).is_ok() && is_header_value(value)
            });
        }
    }
    Ok(event)
}

/// True for the value of a header, or a list of them.
fn is_header_value(value: &Value) -> bool {
    match value {
        Value::String(text) => HeaderValue::from_str(text).is_ok(),
        Value::Array(values) => values.iter().all(is_header_value),
        _ => false,
    }
}

/// A request whose path and query are longer than a URL may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct TooLong;

/// The query of a load balancer's event, as the client sent it. `lambda_http` would decode it before it is parsed: `%26` would
/// separate parameters, and bytes that are not UTF-8 would be replaced.
#[derive(Debug, Clone, Default)]
pub(super) struct SentQuery(String);

impl SentQuery {
    fn take_from(event: &mut AlbTargetGroupRequest) -> Self {
        let single = std::mem::take(&mut event.query_string_parameters);
        let several = std::mem::take(&mut event.multi_value_query_string_parameters);
        // The target group decides which of them an event has.
        let query = if several.is_empty() { single } else { several };
        let pairs: Vec<_> = query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut query = pairs.join("&");
        encode(&mut query, &QUERY);
        Self(query)
    }

    /// Gives a converted request this query. One of another front has its query already.
    pub(super) fn restore(&self, request: &mut lambda_http::Request) {
        if self.0.is_empty() {
            return;
        }
        let target = format!("{}?{}", request.uri().path(), self.0);
        match target.parse() {
            Ok(uri) => *request.uri_mut() = uri,
            Err(error) => tracing::error!(%error, "a query is no part of a URL"),
        }
    }
}

/// Encodes the characters of path and query that no URL has. Removes the host, which the client chose and from which
/// `lambda_http` would build a URL; the issuer names ours. An event that is too long loses path and query.
///
/// The query of a load balancer is taken out of the event, and has to be restored after the conversion.
pub(super) fn make_convertible(event: &mut LambdaRequest) -> Result<SentQuery, TooLong> {
    match event {
        LambdaRequest::ApiGatewayV2(event) => {
            // `lambda_http` takes this one in the place of the header.
            event.request_context.domain_name = None;
            remove_host(&mut event.headers);
            encode_path(&mut event.raw_path);
            if let Some(query) = &mut event.raw_query_string {
                encode(query, &QUERY);
            }
            let query = event.raw_query_string.as_deref().map_or(0, str::len);
            if exceeds_url(event.raw_path.as_deref(), query) {
                event.raw_path = Some("/".to_owned());
                event.raw_query_string = None;
                return Err(TooLong);
            }
        }
        LambdaRequest::Alb(event) => {
            remove_host(&mut event.headers);
            encode_path(&mut event.path);
            let query = SentQuery::take_from(event);
            if exceeds_url(event.path.as_deref(), query.0.len()) {
                event.path = Some("/".to_owned());
                return Err(TooLong);
            }
            return Ok(query);
        }
        // The other fronts are features of `lambda_http` that are off.
        _ => {}
    }
    Ok(SentQuery::default())
}

/// True if path, question mark and query are longer than a URL may be.
fn exceeds_url(path: Option<&str>, query: usize) -> bool {
    path.map_or(0, str::len) + 1 + query > LONGEST
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
    use serde_json::json;

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
        let Event(mut event) = serde_json::from_str(&event.to_string()).unwrap();
        let query = make_convertible(&mut event).unwrap();
        let mut request = event.into();
        query.restore(&mut request);
        request
    }

    /// True if the event is too long, which `lambda_http` then converts all the same.
    fn is_too_long(event: &Value) -> bool {
        let Event(mut event) = serde_json::from_str(&event.to_string()).unwrap();
        let fits = make_convertible(&mut event).is_ok();
        drop(Request::from(event));
        !fits
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

    #[test]
    fn a_query_that_grows_beyond_a_url_is_too_long() {
        for (text, most) in [
            ("a", 60_000),
            ("\"", 20_000),
            ("\u{fffd}", 7_000),
            ("%FF", 20_000),
        ] {
            let query = |times: usize| format!("q={}", text.repeat(times));
            assert!(!is_too_long(&http_api("a.example", "/pem", &query(7_000))));
            assert!(!is_too_long(&http_api("a.example", "/pem", &query(most))));
            assert!(is_too_long(&http_api("a.example", "/pem", &query(70_000))));
            let balanced = |times| load_balancer("a.example", "/pem", "q", &text.repeat(times));
            assert!(!is_too_long(&balanced(most)), "{text}");
            assert!(is_too_long(&balanced(70_000)), "{text}");
            // `lambda_http` panics at none of these lengths.
            for times in (3_000..40_000).step_by(4_000) {
                is_too_long(&balanced(times));
            }
        }
    }

    #[test]
    fn a_load_balancers_longest_query_in_letters_or_percent_encoded_is_taken() {
        for text in ["a".repeat(16_384), "%26".repeat(5_461), "%FF".repeat(5_461)] {
            assert!(!is_too_long(&load_balancer(
                "a.example",
                "/pem",
                "q",
                &text
            )));
        }
    }

    #[test]
    fn a_query_of_a_load_balancer_is_the_one_that_the_client_sent() {
        for (value, sent) in [
            ("%ff", "q=%ff"),
            ("a%26b=c", "q=a%26b=c"),
            ("%2B+", "q=%2B+"),
            ("%", "q=%"),
            ("<é>", "q=%3C%C3%A9%3E"),
        ] {
            let request = converted(&load_balancer("a.example", "/authorize", "q", value));
            assert_eq!(request.uri().query(), Some(sent));
        }
        let mut event = load_balancer("a.example", "/authorize", "q", "2");
        event["multiValueQueryStringParameters"] = json!({ "q": ["1", "2"] });
        assert_eq!(converted(&event).uri().query(), Some("q=1&q=2"));
        event["multiValueQueryStringParameters"] = json!({});
        event["queryStringParameters"] = json!({});
        assert_eq!(converted(&event).uri().query(), None);
    }

    #[test]
    fn a_path_beyond_a_url_is_too_long() {
        let path = format!("/{}", "é".repeat(30_000));
        assert!(is_too_long(&http_api("a.example", &path, "")));
        assert!(is_too_long(&load_balancer("a.example", &path, "a", "b")));
    }

    #[test]
    fn an_invalid_header_is_left_out() {
        let mut event = http_api("a.example", "/pem", "");
        event["headers"]["a b"] = json!("1");
        event["headers"]["control"] = json!("a\u{1}b");
        event["headers"]["origin"] = json!("https://a.example");
        let request = converted(&event);
        assert_eq!(request.headers()["origin"], "https://a.example");
        assert!(!request.headers().contains_key("control"));

        let mut event = load_balancer("a.example", "/pem", "a", "b");
        event["headers"] = Value::Null;
        event["multiValueHeaders"] =
            json!({ "x(y": ["1"], "control": ["1", "\u{7f}"], "origin": ["a", "b"] });
        let request = converted(&event);
        let origins: Vec<_> = request.headers().get_all("origin").iter().collect();
        assert_eq!(origins, ["a", "b"]);
        assert_eq!(request.headers().len(), 2);
    }

    #[test]
    fn an_event_of_another_service_is_rejected() {
        let queued = json!({ "Records": [{ "eventSource": "aws:sqs" }] });
        assert!(serde_json::from_str::<Event>(&queued.to_string()).is_err());
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
