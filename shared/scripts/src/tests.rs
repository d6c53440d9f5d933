mod fixtures;

use ratchet_domain::{
    denial::Denial, error::Failure, login_flow::*, scope::Scope, time::Timestamp, user::Profile,
};
use serde_json::{Value, json};

use super::{objects::*, *};
use fixtures::*;

#[test]
fn a_rule_reads_the_user_as_auth0_has_it() {
    let expected = json!({
        "user_id": "auth0|ada",
        "email": "ada@example.com",
        "email_verified": true,
        "name": "Ada",
        "favorite_color": "blue",
        "last_ip": "192.0.2.1",
        "created_at": "1970-01-01T00:00:00.000Z",
        "updated_at": "1970-01-01T00:00:01.000Z",
        "identities": [{"provider": "auth0", "user_id": "ada", "connection": "people", "isSocial": false}],
        "app_metadata": {"plan": "gold"},
        "user_metadata": {},
        "logins_count": 3,
        "last_login": "1970-01-01T00:00:02.000Z",
    });
    assert_eq!(user(&Scene::new(Protocol::Code).facts()), expected);
}

#[test]
fn a_refresh_has_its_own_protocol_and_no_authentication_method() {
    let login = context(&Scene::new(Protocol::Code).facts());
    assert_eq!(login["protocol"], "oidc-basic-profile");
    assert_eq!(login["stats"]["loginsCount"], 3);
    assert_eq!(
        login["authentication"]["methods"],
        json!([{"name": "pwd", "timestamp": NOW.as_millis()}])
    );
    let refresh = context(&Scene::new(Protocol::RefreshToken).facts());
    assert_eq!(refresh["protocol"], "oauth2-refresh-token");
    assert_eq!(refresh.get("authentication"), None);
    assert_eq!(refresh["authorization"]["roles"], json!(["editor"]));
    assert_eq!(refresh["tenant"], "acme");
}

#[test]
fn only_an_action_reads_of_the_hybrid_flow_and_of_the_refresh_token() {
    let hybrid = Scene::new(Protocol::Hybrid);
    assert_eq!(context(&hybrid.facts())["protocol"], "oidc-basic-profile");
    let transaction = &event(&hybrid.facts())["transaction"];
    assert_eq!(transaction["protocol"], "oidc-hybrid-profile");
    assert_eq!(
        transaction["requested_scopes"],
        json!(["openid", "profile", "read"])
    );
    let refresh = event(&Scene::new(Protocol::RefreshToken).facts());
    assert_eq!(refresh["transaction"]["requested_scopes"], json!([]));
    assert_eq!(refresh["refresh_token"]["user_id"], "auth0|ada");
    assert_eq!(event(&hybrid.facts()).get("refresh_token"), None);
}

#[test]
fn parameters_that_prove_something_are_left_out() {
    let parameters = [
        "scope",
        "password",
        "client_secret",
        "refresh_token",
        "code",
    ];
    let seen =
        RequestFacts::without_secrets(parameters.map(|name| (name.to_owned(), Value::from("x"))));
    assert_eq!(seen, object(json!({"scope": "x"})));
}

#[test]
fn a_tenant_is_called_by_the_first_label_of_its_host() {
    assert_eq!(tenant_name("acme.eu.auth0.com"), "acme");
    assert_eq!(tenant_name("localhost"), "localhost");
    assert_eq!(tenant_name("127.0.0.1"), "127.0.0.1");
}

#[test]
fn claims_of_rules_and_actions_go_where_they_were_put() {
    let scene = Scene::new(Protocol::RefreshToken);
    let set = |name: &str, value: Value| Command::SetIdTokenClaim {
        name: name.to_owned(),
        value,
    };
    let effects = scene.effects(
        json!({
            "idToken": {"https://acme.example/a": 1, "https://acme.example/b": 2, "plain": 3, "sub": "eve"},
            "accessToken": {"https://acme.example/c": 4, "email": "ada@example.com", "plain": 5},
        }),
        &[
            set("https://acme.example/b", json!(20)),
            set("https://acme.example/a", Value::Null),
            set("plain", json!(30)),
            set("sub", json!("eve")),
        ],
    );
    assert_eq!(
        effects.claims.id_token,
        object(json!({"https://acme.example/b": 20, "plain": 30}))
    );
    assert_eq!(
        effects.claims.access_token,
        object(json!({"https://acme.example/c": 4, "email": "ada@example.com"}))
    );
}

#[test]
fn a_token_with_too_many_claims_is_not_made() {
    let claims = json!({"idToken": {"https://acme.example/a": "x".repeat(100 * 1024)}});
    let failure = Scene::new(Protocol::RefreshToken).failure(claims);
    assert!(matches!(failure, Failure::Script(_)), "{failure:?}");
}

#[test]
fn scopes_are_chosen_by_rules_and_amended_by_actions() {
    let scene = Scene::new(Protocol::Code);
    let rule = json!({"accessToken": {"scope": ["openid", "write"]}});
    let commands = [
        Command::AddScope {
            scope: "admin".to_owned(),
        },
        Command::RemoveScope {
            scope: "openid".to_owned(),
        },
    ];
    let scope = |change, commands: &[Command]| scene.effects(change, commands).scope;
    assert_eq!(scope(json!({}), &[]), None);
    assert_eq!(scope(rule.clone(), &[]), Some(Scope::parse("openid write")));
    assert_eq!(scope(rule, &commands), Some(Scope::parse("write admin")));
    assert_eq!(
        scope(json!({}), &commands),
        Some(Scope::parse("profile read admin"))
    );
    let wrong = json!({"accessToken": {"scope": [1]}});
    assert!(matches!(scene.failure(wrong), Failure::Script(_)));
}

#[test]
fn the_token_has_the_profile_of_the_rules_and_the_stored_one_stays() {
    let scene = Scene::new(Protocol::Code);
    let mut left = object(user(&scene.facts()));
    left.extend(object(json!({
        "nickname": "countess",
        "name": null,
        "email_verified": "yes",
        "favorite_color": "green",
        "user_id": "auth0|eve",
        "app_metadata": {"plan": "platinum"},
    })));
    let changed = objects::changed_profile(&scene.user, &Value::Object(left)).unwrap();
    let effects = Effects {
        profile: Some(changed),
        ..Effects::default()
    };
    let changed = effects.user(&scene.user);
    assert_eq!(changed.profile.nickname.as_deref(), Some("countess"));
    assert_eq!(changed.profile.name, None);
    assert!(changed.profile.email_verified);
    assert_eq!(changed.attributes["favorite_color"], "green");
    assert_eq!(changed.attributes["last_ip"], "192.0.2.1");
    assert_eq!(changed.user_id, scene.user.user_id);
    assert_eq!(changed.app_metadata, scene.user.app_metadata);
}

/// Only members with an effect are read back, so every member that tokens contain needs one.
#[test]
fn the_members_that_have_an_effect_hold_the_whole_profile() {
    let mut scene = Scene::new(Protocol::Code);
    let text = |text: &str| Some(text.to_owned());
    // No `..`: a new field must be added here and have an effect.
    scene.user.profile = Profile {
        email: text("ada@example.com"),
        email_verified: true,
        username: text("ada"),
        name: text("Ada Lovelace"),
        given_name: text("Ada"),
        middle_name: text("King"),
        family_name: text("Lovelace"),
        nickname: text("countess"),
        picture: text("https://example.com/ada.png"),
        phone_number: text("+441632960000"),
        phone_verified: true,
    };
    let mut left = object(user(&scene.facts()));
    left.retain(|member, _| user_has_effect(member));
    assert!(!left.contains_key("app_metadata"), "{left:?}");
    let changed = objects::changed_profile(&scene.user, &Value::Object(left));
    assert_eq!(changed, None);
}

#[test]
fn rules_that_do_not_change_the_profile_have_no_effect_on_it() {
    for protocol in [Protocol::Code, Protocol::RefreshToken] {
        assert_eq!(
            Scene::new(protocol).effects(json!({}), &[]),
            Effects::default()
        );
    }
}

#[test]
fn a_redirect_needs_a_browser() {
    let change = json!({"redirect": {"url": "https://acme.example/terms"}});
    let verdict = Scene::new(Protocol::Code)
        .verdict_on(change.clone(), &[])
        .unwrap();
    assert_eq!(
        verdict,
        Verdict::Redirect(Redirect {
            url: "https://acme.example/terms".to_owned(),
            action: None,
        })
    );
    for protocol in [
        Protocol::RefreshToken,
        Protocol::Password,
        Protocol::Delegation,
    ] {
        let denial = Scene::new(protocol).denial(change.clone(), &[]);
        assert_eq!(denial, Denial::InteractionRequired);
    }
    // The browser that returns is not redirected again.
    let back = Scene::new(Protocol::RedirectCallback);
    assert_eq!(back.effects(change, &[]), Effects::default());
    for url in ["javascript:alert(1)", "/terms", ""] {
        let failure = Scene::new(Protocol::Code).failure(json!({"redirect": {"url": url}}));
        assert!(matches!(failure, Failure::Script(_)), "{url}: {failure:?}");
    }
}

#[test]
fn a_second_factor_is_asked_for_in_vain() {
    let scene = Scene::new(Protocol::RefreshToken);
    let rule = json!({"multifactor": {"provider": "any"}});
    assert_eq!(scene.denial(rule, &[]), Denial::MultifactorRequired);
    let action = [Command::EnableMultifactor];
    assert_eq!(
        scene.denial(json!({}), &action),
        Denial::MultifactorRequired
    );
}

#[test]
fn a_denial_comes_before_everything_else() {
    let deny = Command::Deny {
        reason: "closed on Sundays".to_owned(),
    };
    let change = json!({"redirect": {"url": "https://acme.example/"}});
    assert_eq!(
        Scene::new(Protocol::Code).denial(change, &[Command::EnableMultifactor, deny]),
        Denial::AccessDenied("closed on Sundays".to_owned())
    );
}

#[test]
fn a_refresh_token_is_revoked_where_there_is_one() {
    let revoke = [Command::RevokeRefreshToken {
        reason: "stolen phone".to_owned(),
    }];
    let refresh = Scene::new(Protocol::RefreshToken).verdict_on(json!({}), &revoke);
    assert_eq!(
        refresh.unwrap(),
        Verdict::RevokeRefreshToken("stolen phone".to_owned())
    );
    let login = Scene::new(Protocol::Code).denial(json!({}), &revoke);
    assert_eq!(login, Denial::AccessDenied("stolen phone".to_owned()));
}

#[test]
fn a_refresh_token_ends_earlier_and_never_later() {
    let ends = |at: f64| {
        let commands = [
            Command::SetRefreshTokenExpiresAt { at },
            Command::SetRefreshTokenExpiresAt { at: at + 1.0 },
        ];
        Scene::new(Protocol::RefreshToken)
            .effects(json!({}), &commands)
            .refresh_token
    };
    let mut family = family();
    let end = family.expires_at.unwrap();
    ends(1e18).apply(&mut family);
    assert_eq!(family.expires_at, Some(end));
    ends(f64::NAN).apply(&mut family);
    assert_eq!(family.expires_at, Some(end));
    let idle = family.idle_expires_at;
    ends(2_000_000_000.0).apply(&mut family);
    assert_eq!(family.expires_at, Some(Timestamp::from_secs(2_000_000)));
    assert_eq!(family.idle_expires_at, idle);
    ends(-5.0).apply(&mut family);
    assert_eq!(family.expires_at, Some(Timestamp::from_secs(0)));
}

#[test]
fn metadata_that_actions_set_is_handed_on() {
    let commands = [
        Command::SetAppMetadata {
            name: "seen".to_owned(),
            value: json!(1),
        },
        Command::SetUserMetadata {
            name: "theme".to_owned(),
            value: Value::Null,
        },
    ];
    let changes = MetadataChanges::of(&commands);
    assert_eq!(changes.app, object(json!({"seen": 1})));
    assert_eq!(changes.user, object(json!({"theme": null})));
}

#[test]
fn a_claim_of_a_script_replaces_the_standard_claim_and_appears_once() {
    let custom = object(json!({"name": "Countess", "https://acme.example/a": 1}));
    let claims = json!({"sub": "auth0|ada", "name": "Ada"});
    let serialized = serde_json::to_string(&WithCustomClaims {
        claims: &claims,
        custom: Some(&custom),
    });
    assert_eq!(
        serde_json::from_str::<Value>(&serialized.unwrap()).unwrap(),
        json!({"sub": "auth0|ada", "name": "Countess", "https://acme.example/a": 1})
    );
}
