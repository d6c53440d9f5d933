//! Assertions that hold for every answer of a kind, in addition to the subject of a test.

use crate::http::Answer;

/// The error description that four SDKs compare byte for byte.
pub const INVALID_REFRESH_TOKEN: &str = "Unknown or invalid refresh token.";
/// The error description for an invalid code.
pub const INVALID_CODE: &str = "Invalid authorization code";

/// Asserts an error of the token endpoint: status, `error`, `error_description`, and the rules that all its answers
/// follow.
#[track_caller]
pub fn assert_oauth_error(answer: &Answer, status: u16, error: &str, description: &str) {
    let (said_error, said_description) = refusal(answer);
    let said = (
        answer.status,
        said_error.as_str(),
        said_description.as_str(),
    );
    assert_eq!(said, (status, error, description), "{answer}");
}

/// Asserts an OAuth error response with any description.
#[track_caller]
pub fn assert_refused(answer: &Answer) {
    refusal(answer);
    assert!((400..500).contains(&answer.status), "{answer}");
}

/// Asserts the answer to an unknown or invalid refresh token.
#[track_caller]
pub fn assert_unknown_refresh_token(answer: &Answer) {
    assert_oauth_error(answer, 403, "invalid_grant", INVALID_REFRESH_TOKEN);
}

/// Asserts the answer while the store cannot be reached: the client retries later with the same token.
#[track_caller]
pub fn assert_unavailable(answer: &Answer) {
    let (error, _) = refusal(answer);
    assert_eq!(
        (answer.status, error.as_str()),
        (503, "temporarily_unavailable"),
        "{answer}"
    );
    let wait = answer
        .header("retry-after")
        .unwrap_or_else(|| panic!("no `Retry-After`: {answer}"));
    assert!(wait.parse::<u32>().is_ok(), "`Retry-After: {wait}`");
}

/// Asserts the headers of every answer of the token endpoint.
#[track_caller]
pub fn assert_token_headers(answer: &Answer) {
    let kind = answer.header("content-type").unwrap_or_default();
    assert!(kind.starts_with("application/json"), "{answer}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
    assert_eq!(answer.header("pragma"), Some("no-cache"), "{answer}");
    // oauth4webapi would throw a challenge error and hide the JSON error.
    assert_eq!(answer.challenge(), None, "{answer}");
}

/// Asserts an HTML error page of the authorization endpoint without a redirect.
#[track_caller]
pub fn assert_error_page(answer: &Answer, text: &str) {
    assert!((400..500).contains(&answer.status), "{answer}");
    assert_eq!(answer.header("location"), None, "{answer}");
    assert_page(answer);
    let body = crate::html::unescape(&answer.text());
    assert!(body.contains(text), "`{text}` is not in {answer}");
    assert_sane(answer);
}

/// Asserts the headers of every page that users see.
#[track_caller]
pub fn assert_page(answer: &Answer) {
    let kind = answer.header("content-type").unwrap_or_default();
    assert!(kind.starts_with("text/html"), "{answer}");
    assert_eq!(
        answer.header("x-content-type-options"),
        Some("nosniff"),
        "{answer}"
    );
    let cache = answer.header("cache-control").unwrap_or_default();
    assert!(cache.contains("no-store"), "{answer}");
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("default-src 'none'"), "{answer}");
    assert!(policy.contains("frame-ancestors 'none'"), "{answer}");
    assert!(policy.contains("base-uri 'none'"), "{answer}");
    for loose in ["unsafe-inline", "unsafe-eval", "*"] {
        assert!(!policy.contains(loose), "`{loose}` in {answer}");
    }
}

/// Asserts that an answer is not an internal failure and reveals no internals.
#[track_caller]
pub fn assert_sane(answer: &Answer) {
    assert!(answer.status < 500, "{answer}");
    assert_discreet(answer);
}

/// Asserts that an answer reveals no internals.
#[track_caller]
pub fn assert_discreet(answer: &Answer) {
    let body = without_sealed_texts(&String::from_utf8_lossy(&answer.body)).to_lowercase();
    let inside = [
        "panicked",
        ".rs:",
        "dynamo",
        "aws_",
        "aws-sdk",
        "serde",
        "sqlite",
        "backtrace",
        "conditionalcheck",
        "tablename",
        "at line",
        "expected value",
        "utf-8 sequence",
    ];
    for word in inside {
        assert!(!body.contains(word), "`{word}` in {answer}");
    }
}

/// A text without its random parts: any word may occur by chance in a page's `state`.
fn without_sealed_texts(text: &str) -> String {
    let sealed = |word: &str| word.len() >= 40;
    text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
        .filter(|word| !sealed(word))
        .collect()
}

/// `error` and `error_description` of an OAuth error body.
#[track_caller]
fn refusal(answer: &Answer) -> (String, String) {
    assert_token_headers(answer);
    assert_discreet(answer);
    let body = answer.json();
    let members = body
        .as_object()
        .unwrap_or_else(|| panic!("not an object: {answer}"));
    let known = ["error", "error_description", "error_uri"];
    assert!(
        members.keys().all(|name| known.contains(&name.as_str())),
        "{answer}"
    );
    let text = |name: &str| match members.get(name).and_then(|value| value.as_str()) {
        Some(text) if !text.is_empty() => text.to_owned(),
        _ => panic!("no `{name}`: {answer}"),
    };
    (text("error"), text("error_description"))
}
