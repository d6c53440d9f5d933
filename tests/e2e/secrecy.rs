//! No refresh token, code, password or client secret is logged or stored in clear text.

use harness::{
    Launch,
    apps::{ASSERTION_KEY, SPA_LEEWAY, THIRD_PARTY, User, WEB_BASIC, WEB_KEY, WEB_POST},
    jwt,
};

#[harness::test]
async fn the_log_holds_no_secret() {
    let launch = Launch::new().env("RUST_LOG", "trace,hyper=info,aws=info,h2=info");
    let server = launch.start("reads the server's log");
    let ada = User::ada();
    let code = server.login(&SPA_LEEWAY).code().await;
    let tokens = harness::Tokens::expect(server.exchange(&code).await);
    let first = tokens.refresh_token();
    let second = server.rotated(&SPA_LEEWAY, &first).await;
    server.rotated(&SPA_LEEWAY, &first).await;
    let third = server.rotated(&SPA_LEEWAY, &second).await;
    harness::assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &first).await);
    server.revoke(&SPA_LEEWAY, &third).await;
    server.exchange(&code).await;

    let foreign = server.login(&THIRD_PARTY).refresh_token().await;
    server.refresh(&WEB_POST, &foreign).await;
    server.refresh(&WEB_BASIC, &foreign).await;
    let assertion = jwt::sign(
        &jwt::assertion_claims(WEB_KEY.id, server.issuer(), server.now()),
        ASSERTION_KEY,
    );
    let form = [
        ("grant_type", "client_credentials"),
        ("audience", "https://unknown.example.com"),
        ("client_assertion_type", jwt::ASSERTION_TYPE),
        ("client_assertion", &assertion),
    ];
    server.http().post_form("/oauth/token", &form).await;

    let access_token = tokens.access_token();
    for query in [
        [("access_token", access_token.as_str())],
        [("other", &access_token)],
    ] {
        server.http().get_query("/userinfo", &query).await;
        server.http().get_query("/no-such-path", &query).await;
    }

    let log = server.stop();
    let verifier = code.verifier.clone().unwrap_or_default();
    for secret in [
        &first,
        &second,
        &third,
        &foreign,
        &code.value,
        &verifier,
        &assertion,
        &tokens.access_token(),
        &tokens.id_token(),
        ada.password,
        WEB_POST.secret(),
        WEB_BASIC.secret(),
        THIRD_PARTY.secret(),
    ] {
        assert!(!log.contains(secret), "`{secret}` in the log");
    }
}

#[harness::test]
async fn the_table_holds_no_secret() {
    let launch = Launch::new().option("--dynamodb-port", "0");
    let server = launch.start("reads the server's table");
    let ada = User::ada();
    let browser = server.browser();
    let login = server.login(&SPA_LEEWAY).browser(&browser);
    let code = login.code().await;
    let tokens = harness::Tokens::expect(server.exchange(&code).await);
    let first = tokens.refresh_token();
    let second = server.rotated(&SPA_LEEWAY, &first).await;
    let unused = server.login(&SPA_LEEWAY).browser(&browser).code().await;
    let cookies = browser.http().cookies("/authorize");

    let table = server.table().await;
    assert!(
        table.contains("FAMILY_OF#") && table.contains("SESSION#"),
        "{table}"
    );
    let cookies = cookies
        .split("; ")
        .filter_map(|cookie| cookie.split_once('='));
    let cookies: Vec<&str> = cookies.map(|(_, value)| value).collect();
    assert!(!cookies.is_empty());
    let secrets = [
        &first,
        &second,
        &code.value,
        &unused.value,
        &tokens.access_token(),
        &tokens.id_token(),
    ];
    let words = [ada.password, WEB_POST.secret(), WEB_BASIC.secret()];
    let secrets = secrets.into_iter().map(String::as_str).chain(words);
    for secret in secrets.chain(cookies) {
        assert!(!table.contains(secret), "`{secret}` in the table");
    }
}
