//! The public documents, which pages of every origin may read: metadata (`OpenID` Connect Discovery, RFC 8414), keys
//! (RFC 7517), app links, and the certificate of the signing key.

mod certificate;
mod metadata;
mod mobile;

use http::Method;
use jsonwebtoken::jwk::JwkSet;
use ratchet_core::Publication;
use ratchet_domain::denial::Denial;
use ratchet_protocol::{Request, Response, cors, error::OAuthError, methods, response};

/// Cache lifetime of a document, in seconds. A key that replaces another is published long before its first use.
const MAX_AGE: u32 = 300;

/// Answers a request for one of the published documents.
pub async fn handle(publication: &Publication, request: &Request) -> Response {
    if let Some(preflight) = cors::preflight_of_document(request) {
        return preflight;
    }
    let mut answer = match (request.method(), request.uri().path()) {
        (
            &Method::GET,
            "/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server",
        ) => {
            let published = publication.keys().await;
            let algorithms = published.iter().map(|key| key.algorithm).collect();
            let settings = publication.settings().await;
            let metadata = metadata::metadata(publication.issuer(), &settings, &algorithms);
            response::public_json(&metadata, MAX_AGE)
        }
        (&Method::GET, "/.well-known/jwks.json") => {
            response::public_json(&key_set(publication).await, MAX_AGE)
        }
        (&Method::GET, "/.well-known/assetlinks.json") => {
            mobile::asset_links(publication, MAX_AGE).await
        }
        (
            &Method::GET,
            "/.well-known/apple-app-site-association" | "/apple-app-site-association",
        ) => mobile::apple_app_site_association(publication, MAX_AGE).await,
        (&Method::GET, "/pem") => certificate::pem(publication, MAX_AGE).await,
        (&Method::GET, "/cer") => certificate::der(publication, MAX_AGE).await,
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

async fn key_set(publication: &Publication) -> JwkSet {
    JwkSet {
        keys: publication
            .keys()
            .await
            .into_iter()
            .map(|key| key.jwk)
            .collect(),
    }
}
