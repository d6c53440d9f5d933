//! Common behaviour of all routes: their methods, `HEAD` wherever there is `GET`, and the answer for an unknown path.

use harness::{
    Answer, Server,
    apps::OPERATOR,
    assertions::{assert_error_page, assert_sane},
    deployed::require_own_server,
    http,
};
use reqwest::Method;

const GET: &str = "GET, HEAD";
const POST: &str = "POST";
const BOTH: &str = "GET, HEAD, POST";

/// Every route of the service with its methods, as `Allow` lists them.
const ROUTES: [(&str, &str); 48] = [
    ("/oauth/token", POST),
    ("/oauth/device/code", POST),
    ("/delegation", POST),
    ("/oauth/ro", POST),
    ("/oauth/access_token", POST),
    ("/oauth/revoke", POST),
    ("/authorize", BOTH),
    ("/authorize/resume", GET),
    ("/continue", BOTH),
    ("/u/login", BOTH),
    ("/u/consent", BOTH),
    ("/u/confirm", BOTH),
    ("/login", GET),
    ("/login/callback", POST),
    ("/android/com.example.app/callback", GET),
    ("/ios/com.example.app/callback", GET),
    ("/activate", BOTH),
    ("/activate/confirm", BOTH),
    ("/v2/logout", GET),
    ("/oidc/logout", BOTH),
    ("/oidc/logout/confirm", POST),
    ("/co/authenticate", POST),
    ("/usernamepassword/login", POST),
    ("/usernamepassword/challenge", POST),
    ("/user/ssodata", GET),
    ("/userinfo", BOTH),
    ("/.well-known/openid-configuration", GET),
    ("/.well-known/oauth-authorization-server", GET),
    ("/.well-known/jwks.json", GET),
    ("/.well-known/assetlinks.json", GET),
    ("/.well-known/apple-app-site-association", GET),
    ("/apple-app-site-association", GET),
    ("/pem", GET),
    ("/cer", GET),
    ("/api/v2/grants", "GET, HEAD, DELETE"),
    ("/api/v2/grants/x", "DELETE"),
    ("/api/v2/sessions/x", "GET, HEAD, DELETE"),
    ("/api/v2/sessions/x/revoke", POST),
    ("/api/v2/refresh-tokens", GET),
    ("/api/v2/refresh-tokens/revoke", POST),
    ("/api/v2/refresh-tokens/x", "GET, HEAD, DELETE"),
    ("/api/v2/device-credentials", GET),
    ("/api/v2/device-credentials/x", "DELETE"),
    ("/api/v2/users/auth0%7Cada/sessions", "GET, HEAD, DELETE"),
    (
        "/api/v2/users/auth0%7Cada/refresh-tokens",
        "GET, HEAD, DELETE",
    ),
    ("/api/v2/users/auth0%7Cada/revoke-access", POST),
    ("/authorize?response_type=code", BOTH),
    ("/v2/logout?returnTo=https://www.example.com/goodbye", GET),
];

async fn ask(method: &str, path: &str, accept: &str) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let request = Server::shared().http().request(method, path);
    http::send(request.header("accept", accept)).await
}

#[harness::test]
async fn a_method_that_a_path_does_not_have_is_answered_with_those_that_it_has() {
    for (path, allowed) in ROUTES {
        let has = |method: &str| allowed.split(", ").any(|known| known == method);
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            if has(method) {
                continue;
            }
            let answer = ask(method, path, "application/json").await;
            assert_eq!(answer.status, 405, "{method} {answer}");
            assert_eq!(answer.header("allow"), Some(allowed), "{method} {answer}");
            let kind = answer.header("content-type").unwrap_or_default();
            assert!(kind.starts_with("application/json"), "{method} {answer}");
            assert_sane(&answer);
        }
        // Preflights are about CORS, not about the path.
        let options = ask("OPTIONS", path, "*/*").await;
        assert_eq!(options.header("allow"), Some(allowed), "{options}");
    }
}

#[harness::test]
async fn a_browser_is_shown_a_page_for_a_method_that_a_page_does_not_have() {
    let answer = ask("PUT", "/authorize", "text/html,*/*;q=0.8").await;
    assert_error_page(&answer, "Method not allowed");
    assert_eq!(answer.header("allow"), Some(BOTH), "{answer}");
}

/// The headers that do not depend on this very request.
fn lasting(answer: &Answer) -> Vec<(&str, &str)> {
    let own = |name: &str| {
        [
            "date",
            "x-auth0-requestid",
            "x-ratchet-cost",
            "set-cookie",
            // A page's nonce, and a length that depends on it.
            "content-security-policy",
            "content-length",
            "transfer-encoding",
            "connection",
        ]
        .contains(&name)
    };
    let headers = answer.headers.iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII")))
        .filter(|(name, _)| !own(name))
        .collect();
    headers.sort_unstable();
    headers
}

#[harness::test]
async fn a_head_is_answered_as_its_get_without_the_body() {
    for (path, allowed) in ROUTES {
        if !allowed.starts_with("GET") {
            continue;
        }
        let (head, get) = (
            ask("HEAD", path, "*/*").await,
            ask("GET", path, "*/*").await,
        );
        assert_eq!(head.status, get.status, "{head}");
        assert_eq!(lasting(&head), lasting(&get), "{path}");
        assert!(head.body.is_empty(), "{head}");
        assert_eq!(head.set_cookies().len(), get.set_cookies().len(), "{head}");
    }
}

#[harness::test]
async fn a_head_with_a_token_is_answered_as_its_get() {
    let server = Server::shared();
    let token = server.management_token(&OPERATOR).await;
    let path = "/api/v2/grants?user_id=auth0%7Cada";
    let head = server
        .http()
        .request(Method::HEAD, path)
        .bearer_auth(&token);
    let head = http::send(head).await;
    assert_eq!((head.status, head.body.len()), (200, 0), "{head}");
}

/// `Accept` of back ends' HTTP clients.
const OF_PROGRAMS: [&str; 4] = [
    "application/json",
    "*/*",
    "application/json, text/plain, */*",
    "text/plain",
];
/// `Accept` of Chromium and Firefox when a user follows a link.
const OF_BROWSERS: [&str; 2] = [
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Text/HTML;q=0.9",
];

#[harness::test]
async fn a_path_that_is_not_there_is_json_to_a_program_and_a_page_to_a_browser() {
    // An HTTP API answers unknown paths by itself.
    require_own_server("asks the functions for unknown paths");
    for path in [
        "/",
        "/oauth/par",
        "/dbconnections/signup",
        "/u/unknown",
        "/tokeninfo",
    ] {
        for accept in OF_PROGRAMS {
            for method in ["GET", "POST"] {
                let answer = ask(method, path, accept).await;
                assert_eq!(answer.status, 404, "{answer}");
                let body = answer.json();
                assert_eq!(body["error"], "not_found", "{answer}");
                assert_eq!(body["error_description"], "Not found", "{answer}");
                assert_sane(&answer);
            }
        }
        for accept in OF_BROWSERS {
            assert_error_page(&ask("GET", path, accept).await, "Not found");
        }
        let head = ask("HEAD", path, "*/*").await;
        assert_eq!((head.status, head.body.len()), (404, 0), "{head}");
    }
    let bare = Server::shared().http().get("/oauth/par").await;
    assert_eq!(bare.json()["error"], "not_found", "{bare}");
}

#[harness::test]
async fn a_path_of_the_management_api_that_is_not_there_has_its_shape_of_errors() {
    // An HTTP API answers unknown paths by itself.
    require_own_server("asks the functions for unknown paths");
    for path in [
        "/api/v2/",
        "/api/v2/users",
        "/api/v2/users/auth0%7Cada",
        "/api/v2/users//sessions",
        "/api/v2/sessions/",
        "/api/v2/sessions/a/b",
        "/api/v2/grants/a/b",
    ] {
        for accept in OF_PROGRAMS.into_iter().chain(OF_BROWSERS) {
            let answer = ask("GET", path, accept).await;
            assert_eq!(answer.status, 404, "{answer}");
            let body = answer.json();
            assert_eq!(body["statusCode"], 404, "{answer}");
            assert_eq!(body["error"], "Not Found", "{answer}");
            assert_eq!(body["errorCode"], "not_found", "{answer}");
        }
    }
}

#[harness::test]
async fn a_document_that_is_not_there_is_json() {
    // An HTTP API answers unknown paths by itself.
    require_own_server("asks the functions for unknown paths");
    for path in ["/.well-known/", "/.well-known/webfinger"] {
        for accept in OF_PROGRAMS.into_iter().chain(OF_BROWSERS) {
            let answer = ask("GET", path, accept).await;
            assert_eq!(answer.status, 404, "{answer}");
            assert_eq!(answer.json()["error"], "not_found", "{answer}");
        }
    }
}

#[harness::test]
async fn the_local_servers_own_paths_keep_the_same_rules() {
    let server = Server::shared_local("asks for the demo page");
    for (path, allowed) in [
        ("/demo", GET),
        ("/demo/demo.css", GET),
        ("/demo/demo.js", GET),
        ("/demo/config.json", GET),
        ("/demo/family", POST),
        ("/test/clock", POST),
        ("/test/user", POST),
        ("/test/tenant", POST),
    ] {
        let put = http::send(server.http().request(Method::PUT, path)).await;
        let found = (put.status, put.header("allow"));
        assert_eq!(found, (405, Some(allowed)), "{put}");
        let head = http::send(server.http().request(Method::HEAD, path)).await;
        let get = server.http().get(path).await;
        assert_eq!(head.status, get.status, "{head}");
        assert!(head.body.is_empty(), "{head}");
    }
}
