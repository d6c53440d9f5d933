//! Cross-origin requests of browser applications.

use harness::{
    Answer, Http, Server,
    apps::{SPA_STRICT, WEB_POST},
    http,
};
use reqwest::Method;

const OWN: &str = "https://app.example.com";
const LISTED: &str = "https://cdn.example.com";
const FOREIGN: &str = "https://evil.example";
const ENDPOINTS: [&str; 4] = [
    "/oauth/token",
    "/oauth/device/code",
    "/oauth/revoke",
    "/userinfo",
];

async fn preflight(http: &Http, path: &str, origin: &str) -> Answer {
    let method = if path == "/userinfo" { "GET" } else { "POST" };
    let headers = if path == "/userinfo" {
        "authorization"
    } else {
        "auth0-client,content-type,dpop"
    };
    let request = http
        .request(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers);
    http::send(request).await
}

async fn refresh_from(server: &Server, origin: &str, client_id: &str) -> Answer {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", client_id),
        ("refresh_token", "rt1_none"),
    ];
    let request = server
        .http()
        .request(Method::POST, "/oauth/token")
        .header("origin", origin);
    http::send(request.form(&form)).await
}

fn allowed(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[harness::test]
async fn preflights_of_known_origins_are_answered() {
    let server = Server::shared();
    for path in ENDPOINTS {
        for origin in [OWN, LISTED] {
            let answer = preflight(&server.http(), path, origin).await;
            assert!(matches!(answer.status, 200 | 204), "{answer}");
            assert_eq!(allowed(&answer), Some(origin), "{answer}");
            let list = |name: &str| answer.header(name).unwrap_or_default().to_ascii_lowercase();
            let method = if path == "/userinfo" { "get" } else { "post" };
            assert!(
                list("access-control-allow-methods").contains(method),
                "{answer}"
            );
            let headers = list("access-control-allow-headers");
            let wanted: &[&str] = match path {
                "/userinfo" => &["authorization"],
                _ => &["content-type", "auth0-client", "dpop"],
            };
            assert!(wanted.iter().all(|name| headers.contains(name)), "{answer}");
        }
    }
}

#[harness::test]
async fn a_browser_may_read_the_answer_to_its_own_origin() {
    let server = Server::shared();
    for origin in [OWN, LISTED] {
        let answer = refresh_from(server, origin, SPA_STRICT.id).await;
        harness::assert_unknown_refresh_token(&answer);
        assert_eq!(allowed(&answer), Some(origin), "{answer}");
        let exposed = answer
            .header("access-control-expose-headers")
            .unwrap_or_default();
        assert!(
            exposed.to_ascii_lowercase().contains("dpop-nonce"),
            "{answer}"
        );
        let vary = answer
            .header("vary")
            .unwrap_or_default()
            .to_ascii_lowercase();
        assert!(vary.contains("origin"), "{answer}");
    }
}

#[harness::test]
async fn a_browser_may_not_read_answers_for_an_unknown_origin() {
    let server = Server::shared();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let form = [
        ("client_id", SPA_STRICT.id),
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
        ("token", token.as_str()),
    ];
    for origin in [
        FOREIGN,
        "null",
        "http://app.example.com",
        "https://app.example.com.evil.example",
    ] {
        for path in ["/oauth/token", "/oauth/revoke"] {
            let request = server
                .http()
                .request(Method::POST, path)
                .header("origin", origin);
            let answer = http::send(request.form(&form)).await;
            assert_eq!(allowed(&answer), None, "{answer}");
        }
        for client_id in [WEB_POST.id, "no-such-client"] {
            let answer = refresh_from(server, origin, client_id).await;
            assert_eq!(allowed(&answer), None, "{answer}");
        }
    }
}

#[harness::test]
async fn userinfo_is_readable_across_origins_with_a_token() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT).scope("openid");
    let token = login.tokens().await.access_token();
    let request = server
        .http()
        .request(Method::GET, "/userinfo")
        .bearer_auth(&token);
    let answer = http::send(request.header("origin", OWN)).await;
    assert!(matches!(allowed(&answer), Some("*" | OWN)), "{answer}");
    let credentials = answer.header("access-control-allow-credentials");
    assert_eq!(credentials, None, "{answer}");
}

#[harness::test]
async fn a_whole_refresh_works_across_origins() {
    let server = Server::shared();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", SPA_STRICT.id),
        ("refresh_token", token.as_str()),
    ];
    let request = server.http().request(Method::POST, "/oauth/token");
    let request = request
        .header("origin", OWN)
        .header("auth0-client", "eyJuYW1lIjoieCJ9");
    let answer = http::send(request.form(&form)).await;
    assert_eq!(
        (answer.status, allowed(&answer)),
        (200, Some(OWN)),
        "{answer}"
    );
}

#[harness::test]
async fn pages_are_not_readable_across_origins() {
    let server = Server::shared();
    let path = server.login(&SPA_STRICT).path();
    let request = server
        .http()
        .request(Method::GET, &path)
        .header("origin", OWN);
    let answer = http::send(request).await;
    assert_eq!(allowed(&answer), None, "{answer}");
}

/// The documents, their siblings at the root, and a path that does not exist.
const DOCUMENTS: [&str; 9] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/jwks.json",
    "/.well-known/assetlinks.json",
    "/.well-known/apple-app-site-association",
    "/.well-known/oauth-protected-resource",
    "/apple-app-site-association",
    "/pem",
    "/cer",
];

/// True if a header that lists names contains every name of a list.
fn lists(answer: &Answer, header: &str, names: &str) -> bool {
    let given = answer.header(header).unwrap_or_default();
    let given = given.to_ascii_lowercase();
    let given: Vec<&str> = given.split(',').map(str::trim).collect();
    names.split(',').all(|name| given.contains(&name.trim()))
}

#[harness::test]
async fn public_documents_may_be_asked_for_with_any_header() {
    let server = Server::shared();
    for path in DOCUMENTS {
        for headers in [
            "mcp-protocol-version",
            "traceparent, tracestate,baggage",
            "authorization,x-client-sku,x-client-ver",
        ] {
            let request = server
                .http()
                .request(Method::OPTIONS, path)
                .header("origin", FOREIGN)
                .header("access-control-request-method", "GET")
                .header("access-control-request-headers", headers);
            let answer = http::send(request).await;
            assert!(matches!(answer.status, 200 | 204), "{answer}");
            assert!(matches!(allowed(&answer), Some("*" | FOREIGN)), "{answer}");
            assert!(
                lists(&answer, "access-control-allow-methods", "get,head"),
                "{answer}"
            );
            // `*` does not include `authorization`, and means nothing in older browsers.
            assert!(
                lists(&answer, "access-control-allow-headers", headers),
                "{answer}"
            );
            assert!(
                lists(&answer, "vary", "access-control-request-headers"),
                "{answer}"
            );
        }
        let request = server.http().request(Method::GET, path);
        let request = request.header("origin", FOREIGN).header("traceparent", "x");
        assert_eq!(allowed(&http::send(request).await), Some("*"), "{path}");
    }
}

#[harness::test]
async fn endpoints_of_clients_allow_the_headers_of_auth0s_sdks_alone() {
    let server = Server::shared();
    for path in ENDPOINTS {
        let request = server
            .http()
            .request(Method::OPTIONS, path)
            .header("origin", OWN)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "x-client-sku");
        let answer = http::send(request).await;
        assert!(
            !lists(&answer, "access-control-allow-headers", "x-client-sku"),
            "{answer}"
        );
    }
}
