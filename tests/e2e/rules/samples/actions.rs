//! Actions: claims, denials, metadata, scopes, the cache.

use harness::{
    Tokens,
    apps::{SPA_STRICT, User},
    jwt, scopes,
};
use serde_json::{Value, json};

use super::{
    access_token_claim, action, assert_login, assert_refresh, change, id_token_claim, next, tokens,
};

#[harness::test]
async fn custom_claims() {
    let server = action("custom-claims", &[]).start();
    for (user, plan) in [(User::ada(), "gold"), (User::grace(), "free")] {
        let first = tokens(&server, &user).await;
        for tokens in [next(&server, &first).await, first] {
            let (_, api) = jwt::peek(&tokens.access_token());
            assert_eq!(api["email"], user.email);
            assert_eq!(id_token_claim(&tokens, "plan"), plan);
            let (_, id) = jwt::peek(&tokens.id_token());
            assert!(id["tenant_name"].is_string(), "{id}");
        }
    }
}

#[harness::test]
async fn email_domain_allowlist() {
    let secrets = [("ALLOWED_DOMAINS", "example.org, example.com")];
    let server = action("email-domain-allowlist", &secrets).start();
    let unverified = "Confirm your e-mail address first.";
    let zoe = User::zoe();
    assert_login(&server, &SPA_STRICT, &zoe, "access_denied", unverified).await;
    let first = tokens(&server, &User::ada()).await;
    let second = next(&server, &first).await;
    let moved =
        "users: [{ user_id: \"auth0|ada\", email: ada@example.net, email_verified: true }]\n";
    server.import_tenant(moved.to_owned()).await;
    assert_refresh(&server, &second, "Users of example.net have no access.").await;
    change(&server, &User::ada(), "email_verified: true").await;
    next(&server, &second).await;
}

#[harness::test]
async fn an_unknown_country_denies_no_user() {
    let server = action("country", &[("CLOSED_COUNTRIES", "AQ")]).start();
    let first = tokens(&server, &User::ada()).await;
    for tokens in [next(&server, &first).await, first] {
        assert_eq!(id_token_claim(&tokens, "country"), Value::Null);
    }
}

#[harness::test]
async fn roles_in_tokens() {
    let server = action("roles-in-tokens", &[]).start();
    let first = tokens(&server, &User::grace()).await;
    assert_eq!(id_token_claim(&first, "roles"), json!(["Captain"]));
    assert_eq!(access_token_claim(&first, "roles"), json!(["Captain"]));
    change(&server, &User::grace(), "roles: []").await;
    let second = next(&server, &first).await;
    assert_eq!(id_token_claim(&second, "roles"), json!([]));
    assert_eq!(access_token_claim(&second, "roles"), json!([]));
}

#[harness::test]
async fn track_consent() {
    let server = action("track-consent", &[]).start();
    let facts = |tokens: &Tokens| {
        (
            id_token_claim(tokens, "visits"),
            id_token_claim(tokens, "agreed_at"),
        )
    };
    let first = tokens(&server, &User::ada()).await;
    assert_eq!(facts(&first), (json!(1), Value::Null));
    let second = next(&server, &first).await;
    let (visits, agreed) = facts(&second);
    assert_eq!(visits, 2);
    assert!(
        agreed.as_u64().is_some_and(|at| at > 1_700_000_000_000),
        "{agreed}"
    );
    let third = tokens(&server, &User::ada()).await;
    assert_eq!(facts(&third), (json!(3), agreed));
}

#[harness::test]
async fn scopes_by_role() {
    let server = action("scopes-by-role", &[]).start();
    let common = "openid profile email offline_access read:orders";
    let admiral = tokens(&server, &User::grace()).await;
    assert_eq!(
        admiral.scope(),
        scopes(&format!("{common} write:orders read:fleet"))
    );
    let clerk = tokens(&server, &User::iris()).await;
    assert_eq!(clerk.scope(), scopes(common));
    // A refresh uses the current role: fewer scopes at once, more not before the next login.
    change(&server, &User::grace(), "app_metadata: { roles: [clerk] }").await;
    let admiral = next(&server, &admiral).await;
    assert!(!admiral.scope().contains(&"write:orders".to_owned()));
    change(&server, &User::iris(), "app_metadata: { roles: [admiral] }").await;
    let clerk = next(&server, &clerk).await;
    assert_eq!(clerk.scope(), scopes(common));
}

#[harness::test]
async fn cached_lookup() {
    let server = action("cached-lookup", &[]).start();
    let first = tokens(&server, &User::ada()).await;
    let number = id_token_claim(&first, "number");
    assert!(number.is_string(), "{number}");
    let second = next(&server, &first).await;
    assert_eq!(id_token_claim(&second, "number"), number);
    let other = tokens(&server, &User::grace()).await;
    assert_ne!(id_token_claim(&other, "number"), number);
}
