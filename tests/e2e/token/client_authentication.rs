//! Client authentication with a secret, and clients that need none.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use harness::{
    Answer, Server, Tokens,
    apps::{API, App, M2M, SPA_STRICT, TV, WEB_BASIC, WEB_CLASSIC, WEB_KEY, WEB_POST},
    assert_oauth_error, assert_refused,
    flow::form_encoded,
    http,
};
use reqwest::Method;

#[track_caller]
fn assert_unauthorized(answer: &Answer) {
    assert_oauth_error(answer, 401, "access_denied", "Unauthorized");
}

/// A refresh with an `Authorization` header and only the token in the body.
async fn refresh_with_header(server: &Server, header: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", "rt1_none"),
    ];
    form.extend(more);
    let client = server.http();
    let request = client
        .request(Method::POST, "/oauth/token")
        .header("authorization", header);
    http::send(request.form(&form)).await
}

/// Asserts that the client was recognised: the error is about the token.
#[track_caller]
fn assert_recognised(answer: &Answer) {
    harness::assert_unknown_refresh_token(answer);
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

#[harness::test]
async fn basic_credentials_come_form_encoded_or_raw() {
    let server = Server::shared();
    let (id, secret) = (WEB_BASIC.id, WEB_BASIC.secret());
    let every_byte: Vec<String> = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for header in [
        basic(&form_encoded(id), &form_encoded(secret)),
        basic("web%2Dbasic", &every_byte.concat()),
        basic(id, secret),
        basic(id, secret).replacen("Basic", "basic", 1),
    ] {
        assert_recognised(&refresh_with_header(server, &header, &[]).await);
    }
}

#[harness::test]
async fn basic_credentials_may_repeat_the_client_id_in_the_body() {
    let server = Server::shared();
    let header = basic(WEB_BASIC.id, &form_encoded(WEB_BASIC.secret()));
    let same = [("client_id", WEB_BASIC.id)];
    assert_recognised(&refresh_with_header(server, &header, &same).await);

    let other = refresh_with_header(server, &header, &[("client_id", WEB_POST.id)]).await;
    assert_refused(&other);
    assert_ne!(other.json()["error"], "invalid_grant", "{other}");
}

#[harness::test]
async fn a_full_round_works_with_basic_credentials() {
    let server = Server::shared();
    let token = server.login(&WEB_BASIC).refresh_token().await;
    server.rotated(&WEB_BASIC, &token).await;
}

#[harness::test]
async fn malformed_basic_credentials_are_refused() {
    let server = Server::shared();
    let without_colon = format!("Basic {}", STANDARD.encode("web-basic"));
    let not_utf8 = format!("Basic {}", STANDARD.encode(b"web-basic:\xff\xfe"));
    let headers = [
        "Basic",
        "Basic ",
        "Basic %%%",
        &without_colon,
        &not_utf8,
        "Bearer abc",
    ];
    for header in headers {
        let answer = refresh_with_header(server, header, &[]).await;
        assert_refused(&answer);
        assert_ne!(
            answer.json()["error"],
            "invalid_grant",
            "{header}: {answer}"
        );
    }
}

/// Interceptors of HTTP clients send these while they refresh and have no access token.
const OTHER_SCHEMES: [&str; 12] = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer abc",
    "Bearer null",
    "Bearer undefined",
    "undefined",
    "null",
    "Token",
    "Digest username=\"web-post\"",
    "Basically",
    "Negotiate YWJj",
];

#[harness::test]
async fn a_header_of_another_scheme_leaves_the_credentials_in_the_body_good() {
    let server = Server::shared();
    let send = |path: &str, app: App, header: &str, form: &[(&str, &str)]| {
        let request = server.request_as(&server.http(), &app, path, form);
        http::send(request.header("authorization", header))
    };
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "rt1_none"),
        ("token", "rt1_none"),
    ];
    for header in OTHER_SCHEMES {
        for app in [WEB_POST, WEB_KEY, SPA_STRICT] {
            assert_recognised(&send("/oauth/token", app, header, &form).await);
            let revoked = send("/oauth/revoke", app, header, &form).await;
            assert_eq!(revoked.status, 200, "`{header}`: {revoked}");
        }
        let device = send("/oauth/device/code", TV, header, &[("scope", "openid")]).await;
        assert_eq!(device.status, 200, "`{header}`: {device}");
    }
}

#[harness::test]
async fn a_header_of_another_scheme_is_no_credential() {
    let server = Server::shared();
    for header in OTHER_SCHEMES {
        let named = [("client_id", WEB_POST.id)];
        assert_unauthorized(&refresh_with_header(server, header, &named).await);
        let answer = refresh_with_header(server, header, &[]).await;
        assert_eq!(
            answer.json()["error"],
            "invalid_request",
            "`{header}`: {answer}"
        );
    }
}

#[harness::test]
async fn malformed_basic_credentials_are_rejected_with_every_body() {
    let server = Server::shared();
    let body = [
        ("client_id", WEB_POST.id),
        ("client_secret", WEB_POST.secret()),
    ];
    for header in ["Basic", "basic", "Basic %%%", "BASIC  "] {
        assert_unauthorized(&refresh_with_header(server, header, &body).await);
    }
}

#[harness::test]
async fn a_wrong_secret_a_missing_one_and_an_unknown_client_look_alike() {
    let server = Server::shared();
    let form = |id: &'static str, secret: Option<&'static str>| {
        let mut form = vec![("grant_type", "client_credentials"), ("audience", API)];
        form.push(("client_id", id));
        form.extend(secret.map(|secret| ("client_secret", secret)));
        form
    };
    let forms = [
        form(M2M.id, Some("wrong")),
        form(M2M.id, None),
        form(M2M.id, Some("")),
        form(M2M.id, Some(WEB_POST.secret())),
        form("no-such-client", Some(M2M.secret())),
        form("no-such-client", None),
    ];
    for form in forms {
        assert_unauthorized(&server.http().post_form("/oauth/token", &form).await);
    }
}

#[harness::test]
async fn a_wrong_basic_secret_is_refused_without_a_challenge() {
    let server = Server::shared();
    for header in [
        basic(WEB_BASIC.id, "wrong"),
        basic("no-such-client", "wrong"),
    ] {
        assert_unauthorized(&refresh_with_header(server, &header, &[]).await);
    }
}

#[harness::test]
async fn the_length_of_a_wrong_secret_does_not_matter() {
    let server = Server::shared();
    let secret = WEB_CLASSIC.secret();
    let longer = format!("{secret}0");
    let huge = "x".repeat(10_000);
    for wrong in [&secret[1..], &secret[..secret.len() - 1], &longer, &huge] {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", "rt1_none"),
            ("client_id", WEB_CLASSIC.id),
            ("client_secret", wrong),
        ];
        assert_unauthorized(&server.http().post_form("/oauth/token", &form).await);
    }
}

#[harness::test]
async fn a_public_client_needs_its_name_only() {
    let server = Server::shared();
    let code = server.login(&SPA_STRICT).code().await;
    let mut form = code.form();
    form.push(("client_id", SPA_STRICT.id));
    Tokens::expect(server.http().post_form("/oauth/token", &form).await);
}

#[harness::test]
async fn refusals_come_before_any_use_of_the_code() {
    let server = Server::shared();
    let code = server.login(&WEB_POST).code().await;
    let mut form = code.form();
    form.extend([("client_id", WEB_POST.id), ("client_secret", "wrong")]);
    assert_unauthorized(&server.http().post_form("/oauth/token", &form).await);
    Tokens::expect(server.exchange(&code).await);
}
