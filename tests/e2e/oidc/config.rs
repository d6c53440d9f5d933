//! Plan Config: the discovery document as the specification requires it.

use harness::{Server, apps::WEB_CERTIFIED, jwt};
use jsonwebtoken::Algorithm::RS256;
use serde_json::Value;

async fn document() -> Value {
    let http = Server::shared().http();
    http.get("/.well-known/openid-configuration").await.json()
}

#[track_caller]
fn names(value: &Value) -> Vec<&str> {
    let list = value.as_array().expect("a list").iter();
    list.map(|name| name.as_str().expect("a text")).collect()
}

#[harness::test]
async fn every_required_member_is_there_in_its_own_type() {
    let document = document().await;
    for text in [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
    ] {
        assert!(document[text].is_string(), "{text}");
    }
    let members = document.as_object().expect("an object");
    let lists = members.iter().filter(|(_, value)| value.is_array());
    for (name, value) in lists {
        let mut listed = names(value);
        let length = listed.len();
        listed.sort_unstable();
        listed.dedup();
        assert!(length > 0 && listed.len() == length, "{name}");
    }
    for (name, value) in members {
        let is_list = name.ends_with("s_supported");
        assert!(!is_list || value.is_array(), "{name}: {value}");
        assert!(!value.is_null(), "{name}");
    }
}

/// Therefore all of them are HTTPS if the issuer is.
#[harness::test]
async fn every_endpoint_lies_at_the_issuer() {
    let server = Server::shared();
    let document = document().await;
    let issuer = document["issuer"].as_str().expect("a text");
    assert_eq!(issuer, server.issuer());
    assert!(!issuer.contains(['?', '#']), "{issuer}");
    let members = document.as_object().expect("an object");
    let urls = members
        .iter()
        .filter(|(name, _)| name.ends_with("_endpoint") || name.ends_with("_uri"));
    for (name, url) in urls {
        let url = url.as_str().expect("a text");
        assert!(url.starts_with(issuer), "{name}: {url}");
    }
}

#[harness::test]
async fn the_lists_hold_what_the_specification_demands() {
    let document = document().await;
    for (list, wanted) in [
        ("scopes_supported", "openid"),
        ("subject_types_supported", "public"),
        ("id_token_signing_alg_values_supported", "RS256"),
        ("grant_types_supported", "authorization_code implicit"),
        ("code_challenge_methods_supported", "S256"),
        ("claims_supported", "sub iss aud exp iat"),
    ] {
        let listed = names(&document[list]);
        for name in wanted.split(' ') {
            assert!(listed.contains(&name), "{list} lacks {name}");
        }
    }
    let types = names(&document["response_types_supported"]);
    let sorted = |text: &str| {
        let mut words: Vec<_> = text.split(' ').map(str::to_owned).collect();
        words.sort();
        words
    };
    for run in super::runs().map(|run| run.response_type) {
        assert!(types.iter().any(|&listed| sorted(listed) == sorted(run)));
    }
    let algorithms = names(&document["id_token_signing_alg_values_supported"]);
    assert!(!algorithms.contains(&"none"), "{algorithms:?}");
}

#[harness::test]
async fn unsupported_features_are_declared_as_unsupported() {
    let document = document().await;
    for switch in [
        "claims_parameter_supported",
        "request_parameter_supported",
        "request_uri_parameter_supported",
    ] {
        assert_eq!(document[switch], false, "{switch}");
    }
    for absent in ["registration_endpoint", "acr_values_supported"] {
        assert!(document.get(absent).is_none(), "{absent}");
    }
}

/// The certification plans send unsigned request objects to a server without this list.
#[harness::test]
async fn unsigned_request_objects_are_not_listed_as_supported() {
    let document = document().await;
    let algorithms = names(&document["request_object_signing_alg_values_supported"]);
    assert!(algorithms.contains(&"RS256"), "{algorithms:?}");
    assert!(!algorithms.contains(&"none"), "{algorithms:?}");
}

#[harness::test]
async fn the_issuer_of_the_document_is_that_of_the_tokens_which_its_keys_verify() {
    let server = Server::shared();
    let document = document().await;
    let tokens = server.login(&WEB_CERTIFIED).tokens().await;
    let verified = jwt::verify(server, &tokens.id_token(), WEB_CERTIFIED.id, RS256).await;
    assert_eq!(verified.claims["iss"], document["issuer"]);
    let url = document["jwks_uri"].as_str().expect("a text");
    let keys = server.http().get(url).await.json();
    let kid = verified.header.kid.expect("a key id");
    let mut keys = keys["keys"].as_array().expect("a list").iter();
    let key = keys.find(|key| key["kid"] == kid).expect("the key");
    assert_eq!((&key["use"], &key["kty"]), (&"sig".into(), &"RSA".into()));
}
