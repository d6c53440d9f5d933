//! Data that Rules store in the user's metadata.

use harness::{
    Server, Tokens,
    apps::{LEGACY_SPA, SPA_STRICT, User},
    flow::Login,
    jwt,
};
use serde_json::{Value, json};

use super::{access_token_claim, change, id_token_claim, next, rule, tokens};

#[harness::test]
async fn default_color() {
    let server = rule("default-color").start();
    let first = tokens(&server, &User::ada()).await;
    assert_eq!(id_token_claim(&first, "color"), "teal");
    change(&server, &User::ada(), "user_metadata: { color: pink }").await;
    assert_eq!(
        id_token_claim(&next(&server, &first).await, "color"),
        "pink"
    );
    assert_eq!(
        id_token_claim(&tokens(&server, &User::ada()).await, "color"),
        "pink"
    );
}

#[harness::test]
async fn roles_by_domain() {
    let server = rule("roles-by-domain").start();
    let zoe = tokens(&server, &User::zoe()).await;
    assert_eq!(id_token_claim(&zoe, "roles"), Value::Null);
    let zoe = next(&server, &zoe).await;
    assert_eq!(access_token_claim(&zoe, "roles"), Value::Null);
    let first = tokens(&server, &User::ada()).await;
    for tokens in [next(&server, &first).await, first] {
        assert_eq!(
            id_token_claim(&tokens, "roles"),
            json!(["editor", "reader"])
        );
        assert_eq!(
            access_token_claim(&tokens, "roles"),
            json!(["editor", "reader"])
        );
    }
    assert_eq!(
        metadata(&server, &User::ada()).await["roles"],
        json!(["editor", "reader"])
    );
}

#[harness::test]
async fn username_in_metadata() {
    let server = rule("username-in-metadata").start();
    let first = tokens(&server, &User::iris()).await;
    assert_eq!(id_token_claim(&first, "username"), "iris");
    change(&server, &User::iris(), "nickname: lily").await;
    // Stored at the first login; an import without `app_metadata` does not change it.
    assert_eq!(
        id_token_claim(&next(&server, &first).await, "username"),
        "iris"
    );
    assert_eq!(metadata(&server, &User::iris()).await["username"], "iris");
}

#[harness::test]
async fn signed_up_flag() {
    let server = rule("signed-up-flag").start();
    let first = tokens(&server, &User::ada()).await;
    assert_eq!(id_token_claim(&first, "newcomer"), true);
    assert_eq!(
        id_token_claim(&next(&server, &first).await, "newcomer"),
        false
    );
    assert_eq!(
        id_token_claim(&tokens(&server, &User::ada()).await, "newcomer"),
        false
    );
    // Earlier metadata is still there.
    let metadata = metadata(&server, &User::ada()).await;
    assert_eq!(metadata["signed_up"], true);
    assert_eq!(metadata["plan"], "gold");
}

#[harness::test]
async fn track_consent() {
    let server = rule("track-consent").start();
    let first = tokens(&server, &User::ada()).await;
    let agreed = id_token_claim(&first, "agreed_at");
    assert!(
        agreed.as_u64().is_some_and(|at| at > 1_700_000_000_000),
        "{agreed}"
    );
    assert_eq!(
        id_token_claim(&next(&server, &first).await, "agreed_at"),
        agreed
    );
    assert_eq!(
        id_token_claim(&tokens(&server, &User::ada()).await, "agreed_at"),
        agreed
    );
}

#[harness::test]
async fn count_logins() {
    let server = rule("count-logins").start();
    let counts = |tokens: &Tokens| {
        let names = ["logins", "runs", "protocol"];
        names.map(|name| id_token_claim(tokens, name))
    };
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).browser(&browser);
    let code = "oidc-basic-profile";
    let first = login().tokens().await;
    assert_eq!(counts(&first), [json!(1), json!(1), json!(code)]);
    // Neither a refresh nor a silent login counts as a login.
    let second = next(&server, &first).await;
    assert_eq!(
        counts(&second),
        [json!(1), json!(2), json!("oauth2-refresh-token")]
    );
    let silent = login().with("prompt", "none").tokens().await;
    assert_eq!(counts(&silent), [json!(1), json!(3), json!(code)]);
    let again = login().with("prompt", "login").tokens().await;
    assert_eq!(counts(&again), [json!(2), json!(4), json!(code)]);
}

#[harness::test]
async fn hide_attributes() {
    let server = rule("hide-attributes").start();
    let scope = "openid favorite_color nickname desk email offline_access";
    let login = legacy(&server, scope).with("device", "phone");
    let first = login.tokens().await;
    let (_, claims) = jwt::peek(&first.id_token());
    assert_eq!(claims["email"], "grace@example.com");
    assert_eq!(claims["desk"], "B12");
    assert_eq!(claims.get("favorite_color"), None, "{claims}");
    assert_eq!(claims.get("nickname"), None, "{claims}");
    // The conformant pipeline puts no attributes into tokens except those of OpenID Connect.
    let conformant = tokens(&server, &User::grace()).await;
    for tokens in [next(&server, &conformant).await, conformant] {
        let (_, claims) = jwt::peek(&tokens.id_token());
        assert_eq!(claims.get("desk"), None, "{claims}");
        assert_eq!(claims["name"], "Grace Hopper");
    }
}

/// A login of Grace in the legacy pipeline.
fn legacy<'a>(server: &'a Server, scope: &str) -> Login<'a> {
    let login = server.login(&LEGACY_SPA).user(&User::grace());
    login.without("audience").scope(scope)
}

/// The stored `app_metadata`, which the legacy pipeline returns.
async fn metadata(server: &Server, user: &User) -> Value {
    let login = server.login(&LEGACY_SPA).user(user).without("audience");
    let tokens = login.scope("openid app_metadata").tokens().await;
    jwt::peek(&tokens.id_token()).1["app_metadata"].clone()
}
