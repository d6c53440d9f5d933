//! `conformance: openid` in the tenant file: the specifications win over Auth0's behaviour.

use std::collections::BTreeSet;

use harness::{
    Launch, Server, Tokens,
    apps::{SPA_STRICT, TV, User, WEB_CERTIFIED, WEB_POST},
    assert_oauth_error, jwt, tenant,
};
use serde_json::{Value, json};

use super::Run;

fn conformant() -> Server {
    let file = tenant::base().replacen("tenant:\n", "tenant:\n  conformance: openid\n", 1);
    Launch::new()
        .tenant(file)
        .start("has another setting of the tenant")
}

#[harness::test]
async fn a_refused_grant_has_the_status_of_rfc_6749() {
    let server = conformant();
    let code = server.login(&SPA_STRICT).code().await;
    let tokens = Tokens::expect(server.exchange(&code).await);
    let again = server.exchange(&code).await;
    assert_oauth_error(&again, 400, "invalid_grant", "Invalid authorization code");
    let refused = server.refresh(&SPA_STRICT, &tokens.refresh_token()).await;
    let text = "Unknown or invalid refresh token.";
    assert_oauth_error(&refused, 400, "invalid_grant", text);

    let form = [("grant_type", "no-such-grant")];
    let text = "Unsupported grant type: no-such-grant";
    let refused = server.token(&SPA_STRICT, &form).await;
    assert_oauth_error(&refused, 400, "unsupported_grant_type", text);
}

#[harness::test]
async fn a_client_that_is_not_itself_is_an_invalid_client() {
    let server = conformant();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", WEB_POST.id),
        ("client_secret", "not-its-own"),
    ];
    let refused = server.http().post_form("/oauth/token", &form).await;
    assert_oauth_error(&refused, 401, "invalid_client", "Unauthorized");
}

#[harness::test]
async fn authorization_pending_has_the_status_of_rfc_8628() {
    let server = conformant();
    let form = [("client_id", TV.id), ("scope", "openid")];
    let answer = server.http().post_form("/oauth/device/code", &form).await;
    let device_code = answer.json()["device_code"].clone();
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", device_code.as_str().expect("a device code")),
    ];
    for error in ["authorization_pending", "slow_down"] {
        let answer = server.token(&TV, &form).await;
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (400, Some(error))
        );
    }
}

const ALL: &str = "openid profile email phone address";

/// The names of claims about the user.
fn names(claims: &Value) -> BTreeSet<&str> {
    let protocol = [
        "iss",
        "aud",
        "iat",
        "exp",
        "sid",
        "nonce",
        "auth_time",
        "at_hash",
        "c_hash",
        "acr",
    ];
    let members = claims.as_object().expect("an object").keys();
    let names = members.map(String::as_str);
    names.filter(|name| !protocol.contains(name)).collect()
}

async fn userinfo(server: &Server, tokens: &Tokens) -> Value {
    let token = tokens.access_token();
    let http = server.http();
    http.get_with_bearer("/userinfo", &token).await.json()
}

#[harness::test]
async fn the_time_of_a_profile_is_a_number() {
    let server = conformant();
    let login = server
        .login(&SPA_STRICT)
        .scope("openid profile offline_access");
    let tokens = login.tokens().await;
    let refreshed = server.refreshed(&SPA_STRICT, &tokens.refresh_token()).await;
    let alone = Run {
        response_type: "id_token",
        form_post: false,
    };
    for claims in [
        userinfo(&server, &tokens).await,
        userinfo(&server, &refreshed).await,
        id_token_of_authorize(&server, &alone).await,
    ] {
        let at = claims["updated_at"].as_u64();
        assert!(at.is_some_and(|at| at <= server.now()), "{claims}");
    }
}

/// The claims of the ID token from `/authorize`, with every scope about the user.
async fn id_token_of_authorize(server: &Server, run: &Run) -> Value {
    let browser = super::logged_in(server, &User::iris()).await;
    let response = run.granted(run.ask(server, &browser).scope(ALL)).await;
    jwt::peek(&response["id_token"]).1
}

/// Core section 5.4: the claims of a scope are returned at `/userinfo` if an access token is issued, and in the ID
/// token if none is.
#[harness::test]
async fn an_id_token_has_claims_of_scopes_only_where_no_access_token_is_issued() {
    let server = conformant();
    let only_the_subject = BTreeSet::from(["sub"]);
    for response_type in ["code id_token", "id_token token", "code id_token token"] {
        let run = Run {
            response_type,
            form_post: false,
        };
        let claims = id_token_of_authorize(&server, &run).await;
        assert_eq!(
            names(&claims),
            only_the_subject,
            "{response_type}: {claims}"
        );
    }
    let alone = Run {
        response_type: "id_token",
        form_post: false,
    };
    let claims = id_token_of_authorize(&server, &alone).await;
    let claims_of_scopes = [
        "sub",
        "name",
        "nickname",
        "updated_at",
        "email",
        "email_verified",
        "phone_number",
        "phone_number_verified",
    ];
    assert_eq!(names(&claims), claims_of_scopes.into(), "{claims}");

    let login = server.login(&SPA_STRICT).user(&User::iris());
    let tokens = login.scope(&format!("{ALL} offline_access")).tokens().await;
    let refreshed = server.refreshed(&SPA_STRICT, &tokens.refresh_token()).await;
    for tokens in [tokens, refreshed] {
        let (_, claims) = jwt::peek(&tokens.id_token());
        assert_eq!(names(&claims), only_the_subject, "{claims}");
        let claims = userinfo(&server, &tokens).await;
        assert_eq!(names(&claims), claims_of_scopes.into(), "{claims}");
    }
}

const PERSON: &str = "  - user_id: auth0|mina
    email: mina@example.com
    username: mina-m
    given_name: Mina
    middle_name: Wilhelmina
    profile: https://people.example.com/mina
    website: https://mina.example.com
    gender: female
    birthdate: \"1879-05-24\"
    zoneinfo: Europe/London
    locale: en-GB
    address:
      formatted: \"1 Crescent\\nWhitby\"
      street_address: 1 Crescent
      locality: Whitby
      country: UK
    favorite_color: red
    password: correct horse battery staple
";

/// Core section 5.1: every claim of the standard scopes that the profile holds.
#[harness::test]
async fn userinfo_returns_every_standard_claim_that_the_profile_holds() {
    let file = tenant::base().replacen("tenant:\n", "tenant:\n  conformance: openid\n", 1);
    let file = file.replacen("\nusers:\n", &format!("\nusers:\n{PERSON}"), 1);
    let launch = Launch::new().tenant(file);
    let server = launch.start("has a user of its own");
    let mina = User {
        id: "auth0|mina".to_owned(),
        email: "mina@example.com".to_owned(),
        password: User::ada().password,
    };
    let claims = async |scope: &str| {
        let login = server.login(&WEB_CERTIFIED).user(&mina).without("audience");
        userinfo(&server, &login.scope(scope).tokens().await).await
    };
    let address = json!({
        "formatted": "1 Crescent\nWhitby", "street_address": "1 Crescent", "locality": "Whitby", "country": "UK",
    });
    let expected = json!({ "sub": "auth0|mina", "address": address });
    assert_eq!(claims("openid address").await, expected);
    let mut profile = claims("openid profile").await;
    let members = profile.as_object_mut().expect("an object");
    assert!(members.remove("updated_at").is_some_and(|at| at.is_u64()));
    let expected = json!({
        "sub": "auth0|mina", "given_name": "Mina", "middle_name": "Wilhelmina", "preferred_username": "mina-m",
        "profile": "https://people.example.com/mina", "website": "https://mina.example.com", "gender": "female",
        "birthdate": "1879-05-24", "zoneinfo": "Europe/London", "locale": "en-GB",
    });
    let others = ["name", "nickname", "picture"];
    for name in others {
        members.remove(name);
    }
    assert_eq!(profile, expected);
}

#[harness::test]
async fn discovery_names_the_claims_of_the_specification() {
    let server = conformant();
    let http = server.http();
    let document = http.get("/.well-known/openid-configuration").await.json();
    let claims = document["claims_supported"].as_array().expect("a list");
    for name in [
        "address",
        "phone_number_verified",
        "preferred_username",
        "updated_at",
        "birthdate",
    ] {
        assert!(claims.contains(&json!(name)), "{name}: {claims:?}");
    }
    assert_eq!(document["claims_parameter_supported"], false);
}
