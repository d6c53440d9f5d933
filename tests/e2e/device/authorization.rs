//! `POST /oauth/device/code`: the answer to a device, and the clients that may use the flow.

use std::collections::BTreeSet;

use harness::{
    Launch, Server,
    apps::{API, NATIVE, ONLINE_API, SPA_STRICT, TV, User, WEB_POST},
    assert_oauth_error,
    assertions::{assert_refused, assert_token_headers},
    http, tenant,
};
use reqwest::Method;
use serde_json::json;

use super::{DEVICE_CODE, GRANT_TYPE, ask, begin, begin_with};

const BASE20: &str = "BCDFGHJKLMNPQRSTVWXZ";

#[harness::test]
async fn a_device_gets_a_code_to_poll_with_and_one_to_show() {
    let server = Server::shared();
    let answer = ask(server, &TV, &[("scope", "openid"), ("audience", API)]).await;
    assert_token_headers(&answer);
    assert_eq!(answer.status, 200, "{answer}");
    let body = answer.json();
    let names: BTreeSet<&str> = body
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    let expected = "device_code expires_in interval user_code verification_uri \
                    verification_uri_complete";
    assert_eq!(names, expected.split_whitespace().collect());
    assert_eq!(
        (&body["expires_in"], &body["interval"]),
        (&json!(900), &json!(5))
    );
    assert_eq!(body["verification_uri"], server.url("activate"));
    let user_code = body["user_code"].as_str().expect("a text");
    let link = format!("{}?user_code={user_code}", server.url("activate"));
    assert_eq!(body["verification_uri_complete"], link);

    let device_code = body["device_code"].as_str().expect("a text");
    assert!(device_code.starts_with("dc1_"), "{device_code}");
    let (left, right) = user_code.split_once('-').expect("the usual mask");
    assert_eq!((left.len(), right.len()), (4, 4), "{user_code}");
    let symbols = format!("{left}{right}");
    assert!(symbols.chars().all(|c| BASE20.contains(c)), "{user_code}");
}

#[harness::test]
async fn json_nulls_and_unknown_parameters_are_taken() {
    let server = Server::shared();
    let body = json!({
        "client_id": TV.id, "scope": ["openid", "email"], "audience": null, "more": "of it",
    });
    let answer = server.http().post_json(DEVICE_CODE, &body).await;
    assert_eq!(answer.status, 200, "{answer}");
    let bare = ask(server, &TV, &[]).await;
    assert_eq!(bare.status, 200, "{bare}");
}

#[harness::test]
async fn every_device_has_codes_of_its_own() {
    let server = Server::shared();
    let mut codes = BTreeSet::new();
    for _ in 0..20 {
        let waiting = begin(server, &TV).await;
        codes.insert(waiting.user_code);
        codes.insert(waiting.device_code);
    }
    assert_eq!(codes.len(), 40);
}

#[harness::test]
async fn bad_requests_are_refused_in_the_protocols_terms() {
    let server = Server::shared();
    let unknown = [("audience", "https://unknown.example.com")];
    let text = "Service not found: https://unknown.example.com";
    let answer = ask(server, &TV, &unknown).await;
    assert_oauth_error(&answer, 403, "access_denied", text);

    let http = server.http();
    let answer = http
        .post_form(DEVICE_CODE, &[("client_id", "unknown")])
        .await;
    assert_oauth_error(&answer, 401, "access_denied", "Unauthorized");
    assert_refused(&http.post_form(DEVICE_CODE, &[]).await);
    assert_refused(&http.get(DEVICE_CODE).await);
    let answer = http
        .post_json(DEVICE_CODE, &json!({ "client_id": TV.id, "scope": 7 }))
        .await;
    let text = "Scope must be an array or a string";
    assert_oauth_error(&answer, 400, "invalid_scope", text);
}

#[harness::test]
async fn only_native_public_clients_with_the_grant_may_ask() {
    let server = Server::shared();
    let answer = ask(server, &NATIVE, &[]).await;
    let text = format!("Grant type '{GRANT_TYPE}' not allowed for the client.");
    assert_oauth_error(&answer, 403, "unauthorized_client", &text);
    let text = "The device authorization flow is for native applications only";
    for app in [SPA_STRICT, WEB_POST] {
        assert_oauth_error(
            &ask(server, &app, &[]).await,
            403,
            "unauthorized_client",
            text,
        );
    }
}

#[harness::test]
async fn neither_a_legacy_nor_a_confidential_client_may_ask() {
    let server = Server::start("changes a client");
    let secret = "client_secret: tv-secret-0123456789abcdef0123456789abcdef0123456789abcdef\n    \
                  token_endpoint_auth_method: client_secret_post";
    let legacy = [
        ("oidc_conformant: true", "oidc_conformant: false"),
        ("rotation_type: rotating", "rotation_type: non-rotating"),
    ];
    let confidential = [("token_endpoint_auth_method: none", secret)];
    for (changes, text) in [
        (
            legacy.as_slice(),
            "The device authorization flow is for OIDC conformant applications only",
        ),
        (
            &confidential,
            "The device authorization flow is for applications with the token endpoint \
             authentication method none only",
        ),
    ] {
        server
            .import_tenant(tenant::client_changed(&TV, changes))
            .await;
        let answer = ask(&server, &TV, &[]).await;
        assert_oauth_error(&answer, 403, "unauthorized_client", text);
        assert_eq!(answer.challenge(), None, "{answer}");
    }
}

#[harness::test]
async fn browsers_on_a_tv_may_ask_from_their_origins() {
    let server = Server::shared();
    for (origin, expected) in [
        ("https://tv.example.com", Some("https://tv.example.com")),
        ("https://evil.example", None),
    ] {
        let request = server.http().request(Method::POST, DEVICE_CODE);
        let request = request.header("origin", origin);
        let answer = http::send(request.form(&[("client_id", TV.id)])).await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            expected,
            "{answer}"
        );
    }
}

#[harness::test]
async fn offline_access_is_granted_only_where_the_api_allows_it() {
    let server = Server::shared();
    let form = [
        ("scope", "openid offline_access read:stock"),
        ("audience", ONLINE_API),
    ];
    let waiting = begin_with(server, &TV, &form).await;
    waiting.connect(server, &User::ada()).await;
    let tokens = harness::Tokens::expect(waiting.poll(server).await);
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    assert_eq!(tokens.scope(), ["openid", "read:stock"]);
}

#[harness::test]
async fn the_default_audience_is_that_of_the_tenant() {
    let default = format!("friendly_name: Ratchet Tests\n  default_audience: {API}");
    let file = tenant::changed("friendly_name: Ratchet Tests", &default);
    let server = Launch::new().tenant(file).start("changes the tenant");
    let waiting = begin_with(&server, &TV, &[("scope", "openid read:orders")]).await;
    waiting.connect(&server, &User::ada()).await;
    let tokens = harness::Tokens::expect(waiting.poll(&server).await);
    assert_eq!(tokens.scope(), ["openid", "read:orders"]);
}

#[harness::test]
async fn user_codes_have_the_tenants_charset_and_mask() {
    let masks = [
        ("digits", "*** *** ***", "+", "numeric"),
        ("base20", "********************", "", "characters"),
    ];
    for (charset, mask, separator, keyboard) in masks {
        let format = format!(
            "friendly_name: Ratchet Tests\n  device_flow: {{charset: {charset}, mask: '{mask}'}}"
        );
        let file = tenant::changed("friendly_name: Ratchet Tests", &format);
        let server = Launch::new().tenant(file).start("changes the tenant");
        let waiting = begin(&server, &TV).await;
        let symbols = if charset == "digits" {
            "0123456789"
        } else {
            BASE20
        };
        let fits = mask.chars().zip(waiting.user_code.chars()).all(|(m, c)| {
            if m == '*' {
                symbols.contains(c)
            } else {
                m == c
            }
        });
        assert!(
            fits && waiting.user_code.len() == mask.len(),
            "{}",
            waiting.user_code
        );
        assert!(
            waiting
                .link
                .contains(&waiting.user_code.replace(' ', separator))
        );
        let page = server.http().get("/activate").await.text();
        assert!(page.contains(keyboard), "{page}");
        waiting.connect(&server, &User::ada()).await;
        harness::Tokens::expect(waiting.poll(&server).await);
    }
}
