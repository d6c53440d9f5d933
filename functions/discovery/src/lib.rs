//! The documents under `/.well-known`: metadata (`OpenID` Connect Discovery, RFC 8414) and keys
//! (RFC 7517), and the certificate of the signing key. Public, and good for every origin.

mod certificate;
mod metadata;
mod mobile;

use http::Method;
use jsonwebtoken::jwk::JwkSet;
use shared::{
    app::SigningKeys,
    domain::denial::Denial,
    http::{Request, Response, cors, error::OAuthError, methods, response},
};

/// How long a document may be kept, in seconds. A key that replaces another is published long before its first use.
const MAX_AGE: u32 = 300;

/// Answers a request.
pub async fn handle(keys: &SigningKeys, request: &Request) -> Response {
    if let Some(preflight) = cors::preflight_of_document(request) {
        return preflight;
    }
    let mut answer = match (request.method(), request.uri().path()) {
        (
            &Method::GET,
            "/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server",
        ) => {
            let published = keys.published().await;
            let algorithms = published.iter().map(|key| key.algorithm).collect();
            let metadata =
                metadata::metadata(keys.issuer(), &*keys.settings_or_last().await, &algorithms);
            response::public_json(&metadata, MAX_AGE)
        }
        (&Method::GET, "/.well-known/jwks.json") => {
            response::public_json(&key_set(keys).await, MAX_AGE)
        }
        (&Method::GET, "/.well-known/assetlinks.json") => mobile::asset_links(keys, MAX_AGE).await,
        (
            &Method::GET,
            "/.well-known/apple-app-site-association" | "/apple-app-site-association",
        ) => mobile::apple_app_site_association(keys, MAX_AGE).await,
        (&Method::GET, "/pem") => certificate::pem(keys, MAX_AGE).await,
        (&Method::GET, "/cer") => certificate::der(keys, MAX_AGE).await,
        (_, path) if is_known(path) => {
            OAuthError::from(&Denial::MethodNotAllowed(methods::GET)).into_response()
        }
        _ => OAuthError::from(&Denial::NotFound).into_response(),
    };
    cors::allow_everyone(&mut answer);
    answer
}

fn is_known(path: &str) -> bool {
    matches!(
        path,
        "/.well-known/openid-configuration"
            | "/.well-known/oauth-authorization-server"
            | "/.well-known/jwks.json"
            | "/.well-known/assetlinks.json"
            | "/.well-known/apple-app-site-association"
            | "/apple-app-site-association"
            | "/pem"
            | "/cer"
    )
}

async fn key_set(keys: &SigningKeys) -> JwkSet {
    JwkSet {
        keys: keys
            .published()
            .await
            .into_iter()
            .map(|key| key.jwk)
            .collect(),
    }
}
