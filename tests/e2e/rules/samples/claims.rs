//! Claims from available data. These Rules do not affect one another, so that they all run in one tenant.

use std::{collections::BTreeSet, sync::OnceLock};

use harness::{
    Server, Tokens,
    apps::{API, SPA_STRICT, User, WEB_POST},
    jwt,
};
use serde_json::{Value, json};

use super::{
    Sample, access_token_claim, change, claim, id_token_claim, next, next_for, rule, tokens,
};

const RULES: [&str; 12] = [
    "vip-by-connection",
    "email-in-access-token",
    "country",
    "default-picture",
    "social-picture",
    "metadata-claims",
    "default-role",
    "query-parameter",
    "plan-by-scope",
    "session-clients",
    "pairwise-id",
    "profile-waterfall",
];

/// The server of these tests, with all of the Rules in this order.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let scripts = Sample::default()
            .config("CLAIMS_NAMESPACE", "https://claims.example.com/default")
            .config("DEFAULT_ROLE", "guest")
            .config("SALT", "of the earth");
        let scripts = RULES.into_iter().fold(scripts, Sample::rule);
        scripts.start()
    })
}

/// The tokens of a login and of the refresh after it; both must have the claim.
async fn both(server: &Server, user: &User) -> [Tokens; 2] {
    let first = tokens(server, user).await;
    let second = next(server, &first).await;
    [first, second]
}

#[harness::test]
async fn vip_by_connection() {
    let server = server();
    for tokens in both(server, &User::ada()).await {
        assert_eq!(id_token_claim(&tokens, "vip"), true);
        assert_eq!(access_token_claim(&tokens, "vip"), Value::Null);
    }
}

#[harness::test]
async fn email_in_access_token() {
    let server = server();
    for tokens in both(server, &User::zoe()).await {
        assert_eq!(access_token_claim(&tokens, "email"), "zoe@example.com");
        assert_eq!(id_token_claim(&tokens, "email"), Value::Null);
    }
}

#[harness::test]
async fn the_country_is_omitted_for_an_address_without_one() {
    let server = server();
    for tokens in both(server, &User::ada()).await {
        let (_, claims) = jwt::peek(&tokens.id_token());
        let claims = claims.as_object().expect("an object");
        for name in ["country", "zone"] {
            assert!(!claims.contains_key(&format!("https://claims.example.com/{name}")));
        }
    }
}

#[harness::test]
async fn default_picture() {
    let server = server();
    let fallback = "https://pictures.example.com/default.png";
    for tokens in both(server, &User::ada()).await {
        let expected = id_token_claim(&tokens, "picture");
        let url = reqwest::Url::parse(expected.as_str().expect("a text")).expect("a URL");
        let query: BTreeSet<(String, String)> = url.query_pairs().into_owned().collect();
        let wanted = [("d", fallback), ("s", "64")];
        let wanted = wanted.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(query, BTreeSet::from(wanted), "{url}");
        assert_eq!(
            (url.host_str(), url.path()),
            (Some("cdn.example.com"), "/ada.png")
        );
    }
    for tokens in both(server, &User::grace()).await {
        assert_eq!(id_token_claim(&tokens, "picture"), fallback);
    }
}

#[harness::test]
async fn social_picture() {
    let server = server();
    for tokens in both(server, &User::iris()).await {
        let (_, claims) = jwt::peek(&tokens.id_token());
        let large = "https://graph.example.com/10001/picture?type=large";
        assert_eq!(claims["picture"], large, "{claims}");
        assert_eq!(id_token_claim(&tokens, "local_id"), "iris");
    }
    for tokens in both(server, &User::ada()).await {
        let (_, claims) = jwt::peek(&tokens.id_token());
        assert_ne!(
            claims["picture"]
                .as_str()
                .map(|text| text.contains("graph")),
            Some(true)
        );
        assert_eq!(id_token_claim(&tokens, "local_id"), "ada");
    }
}

#[harness::test]
async fn metadata_claims() {
    let server = server();
    for tokens in both(server, &User::ada()).await {
        for token in [tokens.id_token(), tokens.access_token()] {
            let (_, claims) = jwt::peek(&token);
            assert_eq!(claims["https://dashboard.example.com/region"], "north");
            assert_eq!(claims["https://dashboard.example.com/level"], 3);
        }
    }
}

#[harness::test]
async fn default_role() {
    let server = server();
    for (user, roles) in [(User::ada(), ["guest"]), (User::grace(), ["Captain"])] {
        for tokens in both(server, &user).await {
            assert_eq!(id_token_claim(&tokens, "default/roles"), json!(roles));
        }
    }
}

#[harness::test]
async fn query_parameter() {
    let server = server();
    let login = server.login(&SPA_STRICT).with("campaign", "spring");
    let first = login.tokens().await;
    assert_eq!(id_token_claim(&first, "campaign"), "spring flowers");
    // A parameter of the authorization request is not repeated at a refresh.
    assert_eq!(
        id_token_claim(&next(server, &first).await, "campaign"),
        Value::Null
    );
    let other = server.login(&SPA_STRICT).with("campaign", "autumn");
    assert_eq!(
        id_token_claim(&other.tokens().await, "campaign"),
        Value::Null
    );
}

#[harness::test]
async fn plan_by_scope() {
    let server = server();
    let first = tokens(server, &User::ada()).await;
    assert_eq!(id_token_claim(&first, "plan"), "gold");
    let second = next_for(server, &first, "openid offline_access").await;
    assert_eq!(id_token_claim(&second, "plan"), Value::Null);
    let third = next_for(server, &second, "openid profile").await;
    assert_eq!(id_token_claim(&third, "plan"), "gold");
}

#[harness::test]
async fn session_clients() {
    let server = server();
    let browser = server.browser();
    let login = |app| server.login(app).browser(&browser);
    let first = login(&SPA_STRICT).tokens().await;
    assert_eq!(id_token_claim(&first, "methods"), json!(["pwd"]));
    assert_eq!(id_token_claim(&first, "clients"), json!([]));
    let shop = login(&WEB_POST).tokens().await;
    assert_eq!(id_token_claim(&shop, "clients"), json!(["spa-strict"]));
    // A refresh has no authentication method and no session.
    let second = next(server, &first).await;
    assert_eq!(id_token_claim(&second, "methods"), json!([]));
    assert_eq!(id_token_claim(&second, "clients"), json!([]));
}

#[harness::test]
async fn pairwise_id() {
    let server = server();
    let [first, second] = both(server, &User::ada()).await;
    let expected = id_token_claim(&first, "pairwise");
    assert_eq!(expected.as_str().map(str::len), Some(44), "{expected}");
    assert_eq!(id_token_claim(&second, "pairwise"), expected);
    let shop = server.login(&WEB_POST).tokens().await;
    assert_ne!(id_token_claim(&shop, "pairwise"), expected);
    let grace = tokens(server, &User::grace()).await;
    assert_ne!(id_token_claim(&grace, "pairwise"), expected);
}

#[harness::test]
async fn profile_waterfall() {
    let server = server();
    for tokens in both(server, &User::ada()).await {
        assert_eq!(id_token_claim(&tokens, "label"), "ADA LOVELACE/12");
    }
}

#[harness::test]
async fn a_changed_claim_shows_at_the_next_refresh_and_a_removed_rule_takes_it_away() {
    let server = rule("metadata-claims").start();
    let level = |tokens: &Tokens| {
        jwt::peek(&tokens.access_token()).1["https://dashboard.example.com/level"].clone()
    };
    let first = tokens(&server, &User::ada()).await;
    assert_eq!(level(&first), 3);
    change(
        &server,
        &User::ada(),
        "app_metadata: { dashboard: { level: 4 } }",
    )
    .await;
    let second = next(&server, &first).await;
    assert_eq!(level(&second), 4);
    server.import_tenant("rules: []\n".to_owned()).await;
    let third = next(&server, &second).await;
    assert_eq!(level(&third), Value::Null);
    assert_eq!(jwt::peek(&third.access_token()).1["aud"][0], API);
    assert_eq!(claim(&third.id_token(), "level"), Value::Null);
}
