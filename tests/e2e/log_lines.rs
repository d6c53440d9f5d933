//! Requests of strangers do not flood the log: no line is longer than two kilobytes, and no stranger can start a new
//! line.

use harness::{
    Launch, Server,
    apps::{PW_NATIVE, SPA_EMBEDDED, SPA_STRICT, TV, WEB_POST},
    http,
};
use reqwest::Method;
use serde_json::{Map, Value};

/// Maximum length of a line of the log, in bytes.
const LONGEST: usize = 2_000;

/// Every path that reads input, with its methods.
const PATHS: [(Method, &str); 26] = [
    (Method::POST, "/oauth/token"),
    (Method::POST, "/oauth/device/code"),
    (Method::POST, "/delegation"),
    (Method::POST, "/oauth/ro"),
    (Method::POST, "/oauth/revoke"),
    (Method::GET, "/authorize"),
    (Method::POST, "/authorize"),
    (Method::GET, "/authorize/resume"),
    (Method::GET, "/continue"),
    (Method::POST, "/continue"),
    (Method::GET, "/u/login"),
    (Method::POST, "/u/login"),
    (Method::POST, "/u/consent"),
    (Method::GET, "/login"),
    (Method::POST, "/login/callback"),
    (Method::GET, "/activate"),
    (Method::POST, "/activate"),
    (Method::POST, "/activate/confirm"),
    (Method::GET, "/v2/logout"),
    (Method::GET, "/oidc/logout"),
    (Method::POST, "/co/authenticate"),
    (Method::POST, "/usernamepassword/login"),
    (Method::GET, "/userinfo"),
    (Method::POST, "/userinfo"),
    (Method::GET, "/api/v2/grants"),
    (Method::DELETE, "/api/v2/grants/x"),
];

/// Parameters that reach deep into each path, by client.
fn requests() -> Vec<Vec<(&'static str, &'static str)>> {
    vec![
        vec![
            ("client_id", SPA_STRICT.id),
            ("redirect_uri", SPA_STRICT.callback),
            ("response_type", "code"),
            ("scope", "openid"),
            ("audience", ""),
            ("connection", ""),
            ("prompt", ""),
            ("id_token_hint", ""),
            ("login_ticket", ""),
            ("response_mode", ""),
            ("returnTo", ""),
            ("post_logout_redirect_uri", ""),
            ("logout_hint", ""),
            ("user_code", ""),
            ("state", ""),
            ("user_id", ""),
            ("access_token", ""),
            ("wctx", ""),
            ("wresult", ""),
        ],
        vec![
            ("client_id", PW_NATIVE.id),
            (
                "grant_type",
                "http://auth0.com/oauth/grant-type/password-realm",
            ),
            ("username", "ada@example.com"),
            ("password", "wrong"),
            ("realm", "Username-Password-Authentication"),
            ("audience", "https://api.example.com"),
        ],
        vec![
            ("client_id", WEB_POST.id),
            ("client_secret", WEB_POST.secret()),
            ("grant_type", "client_credentials"),
            ("audience", "https://api.example.com"),
            ("scope", "read:orders"),
            ("token", "x"),
        ],
        vec![
            ("client_id", TV.id),
            ("audience", "https://api.example.com"),
            ("scope", "openid"),
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("id_token", "x"),
            ("target", TV.id),
            ("api_type", "auth0"),
        ],
        vec![
            ("client_id", SPA_EMBEDDED.id),
            ("username", "ada@example.com"),
            ("password", "wrong"),
            ("realm", "Username-Password-Authentication"),
            (
                "credential_type",
                "http://auth0.com/oauth/grant-type/password-realm",
            ),
        ],
    ]
}

async fn send(server: &Server, method: &Method, path: &str, sent: &[(&str, &str)]) {
    let client = server.http();
    if *method != Method::POST {
        let mut url = client.base().join(path).expect("a path");
        url.query_pairs_mut().extend_pairs(sent);
        http::send(client.request(method.clone(), url.as_str())).await;
        return;
    }
    client.post_form(path, sent).await;
    let members: Map<String, Value> = sent
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
        .collect();
    let json = client.request(Method::POST, path).json(&members);
    http::send(json.header("origin", "https://embedded.example.com")).await;
}

#[harness::test]
async fn huge_values_leave_short_lines() {
    let server = Launch::new().start("reads the server's log");
    for (method, path) in &PATHS {
        // The most that a body or an address may hold.
        let size = if *method == Method::POST {
            50_000
        } else {
            6_000
        };
        let huge = format!("\u{7}\n2026-01-01 forged {}", "x".repeat(size));
        for request in requests() {
            for changed in 0..request.len() {
                let mut sent = request.clone();
                sent[changed].1 = &huge;
                let sent: Vec<_> = sent
                    .into_iter()
                    .filter(|(_, value)| !value.is_empty())
                    .collect();
                send(&server, method, path, &sent).await;
            }
        }
        let request = server.http().request(method.clone(), path);
        let long = "x".repeat(6_000);
        let request = request
            .header("origin", format!("https://{long}.example"))
            .header("authorization", format!("Bearer {long}"))
            .header("user-agent", &long);
        http::send(request).await;
    }
    let log = server.stop();
    let longest = log
        .lines()
        .max_by_key(|line| line.len())
        .unwrap_or_default();
    assert!(
        longest.len() <= LONGEST,
        "{} bytes: {longest}",
        longest.len()
    );
    let forged = log
        .lines()
        .find(|line| line.starts_with("2026-01-01 forged"));
    assert_eq!(forged, None, "{log}");
    assert!(log.contains("refused"), "{log}");
}
