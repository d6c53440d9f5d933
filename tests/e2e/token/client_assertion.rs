//! `private_key_jwt`: every rule for the assertion.

use harness::{
    Answer, Server, Tokens,
    apps::{API, ASSERTION_KEY, OTHER_KEY, WEB_KEY, WEB_POST},
    assert_oauth_error, assert_refused, jwt,
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

async fn ask(server: &Server, assertion: &str) -> Answer {
    ask_with_type(server, assertion, jwt::ASSERTION_TYPE).await
}

async fn ask_with_type(server: &Server, assertion: &str, kind: &str) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("audience", API),
        ("client_assertion_type", kind),
        ("client_assertion", assertion),
    ];
    server.http().post_form("/oauth/token", &form).await
}

fn good(server: &Server) -> Value {
    jwt::assertion_claims(WEB_KEY.id, server.issuer(), server.now())
}

/// The valid claims with some replaced; `null` removes one.
fn changed(server: &Server, changes: &Value) -> String {
    let mut claims = good(server);
    let claims_map = claims.as_object_mut().expect("claims are an object");
    for (name, value) in changes.as_object().expect("changes are an object") {
        if value.is_null() {
            claims_map.remove(name);
        } else {
            claims_map.insert(name.clone(), value.clone());
        }
    }
    jwt::sign(&claims, ASSERTION_KEY)
}

#[track_caller]
fn assert_unauthorized(answer: &Answer) {
    assert_oauth_error(answer, 401, "access_denied", "Unauthorized");
}

#[harness::test]
async fn a_good_assertion_is_accepted() {
    let server = Server::shared();
    Tokens::expect(ask(server, &jwt::sign(&good(server), ASSERTION_KEY)).await);
}

#[harness::test]
async fn issued_at_is_optional_and_the_expiry_may_be_five_minutes_ahead() {
    let server = Server::shared();
    Tokens::expect(ask(server, &changed(server, &json!({ "iat": null }))).await);
    let exp = server.now() + 295;
    Tokens::expect(ask(server, &changed(server, &json!({ "exp": exp }))).await);
}

#[harness::test]
async fn clocks_may_differ_by_a_few_seconds() {
    let server = Server::shared();
    let soon = server.now() + 5;
    Tokens::expect(
        ask(
            server,
            &changed(server, &json!({ "iat": soon, "nbf": soon })),
        )
        .await,
    );
}

#[harness::test]
async fn the_client_id_may_be_repeated_but_not_contradicted() {
    let server = Server::shared();
    for (id, good_id) in [(WEB_KEY.id, true), (WEB_POST.id, false)] {
        let assertion = jwt::assertion(WEB_KEY.id, server.issuer(), server.now());
        let form = [
            ("grant_type", "client_credentials"),
            ("audience", API),
            ("client_id", id),
            ("client_assertion_type", jwt::ASSERTION_TYPE),
            ("client_assertion", &assertion),
        ];
        let answer = server.http().post_form("/oauth/token", &form).await;
        if good_id {
            Tokens::expect(answer);
        } else {
            assert_refused(&answer);
        }
    }
}

#[harness::test]
async fn an_assertion_works_once() {
    let server = Server::shared();
    let assertion = jwt::assertion(WEB_KEY.id, server.issuer(), server.now());
    Tokens::expect(ask(server, &assertion).await);
    assert_unauthorized(&ask(server, &assertion).await);
}

#[harness::test]
async fn every_rule_of_the_claims_holds() {
    let server = Server::shared();
    let now = server.now();
    let broken = [
        json!({ "iss": null }),
        json!({ "sub": null }),
        json!({ "aud": null }),
        json!({ "exp": null }),
        json!({ "jti": null }),
        json!({ "iss": WEB_POST.id }),
        json!({ "sub": WEB_POST.id }),
        json!({ "iss": "no-such-client", "sub": "no-such-client" }),
        json!({ "aud": "https://elsewhere.example.com/" }),
        json!({ "aud": ["https://elsewhere.example.com/"] }),
        json!({ "aud": [server.issuer(), "https://elsewhere.example.com/"] }),
        json!({ "aud": ["https://elsewhere.example.com/", server.issuer()] }),
        json!({ "aud": [] }),
        json!({ "aud": [server.issuer(), 1] }),
        json!({ "exp": now - 60 }),
        json!({ "exp": now + 3600 }),
        json!({ "exp": "soon" }),
        json!({ "nbf": now + 3000 }),
        json!({ "iat": now + 3000 }),
        json!({ "jti": "" }),
        json!({ "jti": "j".repeat(65) }),
        json!({ "jti": 7 }),
    ];
    for changes in broken {
        let answer = ask(server, &changed(server, &changes)).await;
        assert!(answer.status == 401, "{changes}: {answer}");
        assert_unauthorized(&answer);
    }
}

#[harness::test]
async fn an_assertion_longer_than_2048_bytes_is_refused() {
    let server = Server::shared();
    assert_unauthorized(
        &ask(
            server,
            &changed(server, &json!({ "pad": "p".repeat(2048) })),
        )
        .await,
    );
}

#[harness::test]
async fn the_signature_must_be_the_registered_keys() {
    let server = Server::shared();
    let claims = good(server);
    let public = include_bytes!("../../fixtures/tenant.yaml");
    let confused = EncodingKey::from_secret(public);
    let hs256 = encode(&Header::new(Algorithm::HS256), &claims, &confused).expect("HMAC signs");
    let forged = [
        jwt::sign(&claims, OTHER_KEY),
        jwt::tampered(&jwt::sign(&claims, ASSERTION_KEY)),
        jwt::unsigned(&claims),
        hs256,
    ];
    for assertion in forged {
        assert_unauthorized(&ask(server, &assertion).await);
    }
}

#[harness::test]
async fn what_is_no_jwt_is_refused() {
    let server = Server::shared();
    for assertion in ["x", "a.b.c", "..", "e30.e30.", "%00"] {
        assert_unauthorized(&ask(server, assertion).await);
    }
}

#[harness::test]
async fn another_assertion_type_is_refused() {
    let server = Server::shared();
    let assertion = jwt::assertion(WEB_KEY.id, server.issuer(), server.now());
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    assert_refused(&ask_with_type(server, &assertion, saml).await);
    assert_refused(&ask_with_type(server, &assertion, "").await);
}

#[harness::test]
async fn a_client_with_a_key_is_not_served_by_its_name_alone() {
    let server = Server::shared();
    let form = [
        ("grant_type", "client_credentials"),
        ("audience", API),
        ("client_id", WEB_KEY.id),
    ];
    assert_unauthorized(&server.http().post_form("/oauth/token", &form).await);
}

#[harness::test]
async fn a_full_round_works_with_a_key() {
    let server = Server::shared();
    let token = server.login(&WEB_KEY).refresh_token().await;
    let token = server.rotated(&WEB_KEY, &token).await;
    let answer = server.revoke(&WEB_KEY, &token).await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, ""),
        "{answer}"
    );
    harness::assert_unknown_refresh_token(&server.refresh(&WEB_KEY, &token).await);
}

#[harness::test]
async fn the_audience_is_the_issuer_or_the_token_endpoint_or_both() {
    let server = Server::shared();
    let (issuer, endpoint) = (server.issuer(), server.url("oauth/token"));
    for aud in [
        json!(issuer),
        json!(issuer.trim_end_matches('/')),
        json!(endpoint),
        json!([issuer]),
        json!([endpoint]),
        // The form that openid-client 5 sends.
        json!([issuer, endpoint]),
    ] {
        Tokens::expect(ask(server, &changed(server, &json!({ "aud": aud }))).await);
    }
}

/// A valid assertion with additional header parameters.
fn with_header(server: &Server, more: &Value) -> String {
    let mut header = json!({ "alg": "RS256" });
    let members = more.as_object().expect("parameters are an object").clone();
    header.as_object_mut().expect("an object").extend(members);
    jwt::sign_with_header(&header, &good(server), ASSERTION_KEY)
}

#[harness::test]
async fn an_unknown_critical_header_is_rejected() {
    let server = Server::shared();
    for more in [
        json!({ "crit": ["exp"], "exp": 1 }),
        json!({ "crit": ["b64"], "b64": true }),
        json!({ "crit": ["http://example.com/must"], "http://example.com/must": true }),
        json!({ "crit": [] }),
        json!({ "crit": "exp" }),
    ] {
        assert_unauthorized(&ask(server, &with_header(server, &more)).await);
    }
}

#[harness::test]
async fn a_jwt_of_another_type_is_no_assertion() {
    let server = Server::shared();
    for typ in [
        "at+jwt",
        "logout+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "JWT2",
        "",
    ] {
        let assertion = with_header(server, &json!({ "typ": typ }));
        assert_unauthorized(&ask(server, &assertion).await);
    }
    for typ in ["JWT", "jwt", "client-authentication+jwt"] {
        Tokens::expect(ask(server, &with_header(server, &json!({ "typ": typ }))).await);
    }
}
