//! `/.well-known/*`: the documents from which clients configure themselves.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use harness::{Answer, Server};
use serde_json::Value;

const PATHS: [&str; 2] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
];
const JWKS: &str = "/.well-known/jwks.json";

#[track_caller]
fn assert_public_document(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer}");
    let kind = answer.header("content-type").unwrap_or_default();
    assert!(kind.starts_with("application/json"), "{answer}");
    let cache = answer.header("cache-control").unwrap_or_default();
    assert!(
        cache.contains("public") && cache.contains("max-age="),
        "{answer}"
    );
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("*"),
        "{answer}"
    );
}

async fn document(server: &Server) -> Value {
    server.http().get(PATHS[0]).await.json()
}

fn names(value: &Value) -> BTreeSet<&str> {
    let list = value
        .as_array()
        .unwrap_or_else(|| panic!("not a list: {value}"));
    list.iter().filter_map(Value::as_str).collect()
}

#[harness::test]
async fn both_paths_lead_to_one_public_document() {
    let server = Server::shared();
    let mut documents = Vec::new();
    for path in PATHS {
        let answer = server.http().get(path).await;
        assert_public_document(&answer);
        documents.push(answer.json());
    }
    assert_eq!(documents[0], documents[1]);
}

#[harness::test]
async fn endpoints_lie_below_the_issuer() {
    let server = Server::shared();
    let document = document(server).await;
    assert_eq!(document["issuer"], server.issuer());
    assert!(server.issuer().ends_with('/'));
    for (field, path) in [
        ("authorization_endpoint", "authorize"),
        ("token_endpoint", "oauth/token"),
        ("userinfo_endpoint", "userinfo"),
        ("device_authorization_endpoint", "oauth/device/code"),
        ("revocation_endpoint", "oauth/revoke"),
        ("end_session_endpoint", "oidc/logout"),
        ("jwks_uri", ".well-known/jwks.json"),
    ] {
        assert_eq!(document[field], server.url(path), "{field}");
    }
}

#[harness::test]
async fn the_document_lists_the_values_of_auth0_and_its_extensions() {
    let document = document(Server::shared()).await;
    for (field, auth0s, extensions) in [
        (
            "scopes_supported",
            "openid profile offline_access name given_name family_name nickname email \
             email_verified picture created_at identities phone address",
            "",
        ),
        ("response_modes_supported", "query fragment form_post", ""),
        (
            // Newer tenants of Auth0 list them, too.
            "grant_types_supported",
            "authorization_code implicit refresh_token client_credentials password \
             http://auth0.com/oauth/grant-type/password-realm \
             urn:ietf:params:oauth:grant-type:device_code",
            "",
        ),
        ("subject_types_supported", "public", ""),
        ("code_challenge_methods_supported", "S256 plain", ""),
        (
            "id_token_signing_alg_values_supported",
            "HS256 RS256 PS256",
            "ES256",
        ),
        (
            "token_endpoint_auth_methods_supported",
            "client_secret_basic client_secret_post private_key_jwt",
            "none",
        ),
        (
            "token_endpoint_auth_signing_alg_values_supported",
            "RS256 RS384 PS256",
            "",
        ),
        (
            "claims_supported",
            "aud auth_time created_at email email_verified exp family_name given_name iat \
             identities iss name nickname phone_number picture sub",
            "",
        ),
    ] {
        let all = auth0s
            .split_whitespace()
            .chain(extensions.split_whitespace());
        let expected: BTreeSet<&str> = all.collect();
        assert_eq!(names(&document[field]), expected, "{field}");
    }
    let kinds = names(&document["response_types_supported"]);
    let expected = [
        "code",
        "token",
        "id_token",
        "code token",
        "code id_token",
        "token id_token",
        "code token id_token",
    ];
    assert_eq!(kinds, BTreeSet::from(expected));
}

#[harness::test]
async fn back_channel_logout_is_promised() {
    let document = document(Server::shared()).await;
    for on in [
        "backchannel_logout_supported",
        "backchannel_logout_session_supported",
    ] {
        assert_eq!(document[on], true, "{on}");
    }
}

#[harness::test]
async fn discovery_declares_only_existing_features() {
    let server = Server::shared();
    let document = document(server).await;
    for absent in [
        "introspection_endpoint",
        "authorization_response_iss_parameter_supported",
    ] {
        assert!(document.get(absent).is_none(), "{absent}");
    }
    for off in [
        "request_parameter_supported",
        "request_uri_parameter_supported",
    ] {
        assert_eq!(document[off], false, "{off}");
    }
    let fields = document.as_object().expect("the document is an object");
    for (field, url) in fields
        .iter()
        .filter(|(field, _)| field.ends_with("_endpoint"))
    {
        let url = url.as_str().unwrap_or_default();
        let answer = server.http().post_form(url, &[]).await;
        assert_ne!(answer.status, 404, "{field} is {url}");
    }
}

#[harness::test]
async fn published_keys_are_public_keys_with_names() {
    let server = Server::shared();
    let answer = server.http().get(JWKS).await;
    assert_public_document(&answer);
    let body = answer.json();
    let keys = body["keys"].as_array().expect("`keys` is a list");
    let algorithms: BTreeSet<&str> = keys.iter().filter_map(|key| key["alg"].as_str()).collect();
    assert!(algorithms.contains("RS256"), "{body}");

    let mut kids = BTreeSet::new();
    for key in keys {
        assert_eq!(key["use"], "sig", "{key}");
        let kid = key["kid"].as_str().unwrap_or_default();
        assert!(!kid.is_empty() && kids.insert(kid), "{body}");
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{private} of {kid}");
        }
    }
}

#[harness::test]
async fn rsa_keys_are_complete() {
    let body = Server::shared().http().get(JWKS).await.json();
    let keys = body["keys"].as_array().expect("`keys` is a list");
    let rsa: Vec<&Value> = keys.iter().filter(|key| key["kty"] == "RSA").collect();
    assert!(!rsa.is_empty(), "{body}");
    for key in rsa {
        assert_eq!(key["e"], "AQAB", "{key}");
        assert!(
            key["n"].as_str().is_some_and(|n| n.len() >= 342),
            "2048 bits: {key}"
        );
    }
}

#[harness::test]
async fn the_key_that_signs_has_a_certificate_and_files_of_it() {
    let server = Server::shared();
    let body = server.http().get(JWKS).await.json();
    let keys = body["keys"].as_array().expect("`keys` is a list");
    for key in keys {
        // Auth0 has RS256 keys only, and only those have certificates here.
        assert_eq!(key.get("x5c").is_some(), key["alg"] == "RS256", "{key}");
    }
    let rs256 = keys.iter().find(|key| key["alg"] == "RS256");
    let rs256 = rs256.unwrap_or_else(|| panic!("no RS256 key in {body}"));
    let chain = rs256["x5c"].as_array().expect("`x5c` is a list");
    let [certificate] = chain.as_slice() else {
        panic!("not one certificate: {rs256}")
    };
    let certificate = certificate.as_str().unwrap_or_default();
    let der = STANDARD.decode(certificate).expect("base64, not base64url");
    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &der));
    assert_eq!(rs256["x5t"], thumbprint);

    let pem = server.http().get("/pem").await;
    assert_eq!(pem.status, 200, "{pem}");
    let text = pem.text();
    let lines: Vec<&str> = text.lines().collect();
    let [first, middle @ .., last] = lines.as_slice() else {
        panic!("{pem}")
    };
    assert_eq!(
        (*first, *last),
        ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
    );
    assert!(middle.iter().all(|line| line.len() <= 64), "{pem}");
    assert_eq!(middle.concat(), certificate);
    let file = server.http().get("/cer").await;
    assert_eq!((file.status, &file.body), (200, &der), "{file}");
}

#[harness::test]
async fn documents_are_only_read() {
    let server = Server::shared();
    for path in PATHS.into_iter().chain([JWKS, "/pem", "/cer"]) {
        let answer = server.http().post_form(path, &[]).await;
        assert!(matches!(answer.status, 404 | 405), "{answer}");
    }
}
