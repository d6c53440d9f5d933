//! The certificate of the current signing key as a file ([Auth0's signing certificates]), for clients that accept a
//! public key in no other form.
//!
//! [Auth0's signing certificates]: https://auth0.com/docs/get-started/tenant-settings/signing-keys/view-signing-certificates

use base64::{Engine, engine::general_purpose::STANDARD};
use ratchet_core::Publication;
use ratchet_domain::denial::Denial;
use ratchet_protocol::{Response, error::OAuthError, response};

/// `/pem`: the certificate in PEM (RFC 7468).
pub(crate) async fn pem(publication: &Publication, max_age: u32) -> Response {
    let Some(certificate) = publication.certificate().await else {
        return none();
    };
    let text = STANDARD.encode(certificate);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    response::public(PEM, pem.into_bytes(), max_age)
}

/// `/cer`: the certificate in DER.
pub(crate) async fn der(publication: &Publication, max_age: u32) -> Response {
    match publication.certificate().await {
        Some(certificate) => response::public(DER, certificate, max_age),
        None => none(),
    }
}

/// Media types: PEM as Auth0 names it, DER as RFC 2585 does.
const PEM: &str = "application/x-pem-file";
const DER: &str = "application/pkix-cert";

/// Only RS256 keys have certificates.
fn none() -> Response {
    OAuthError::from(&Denial::NotFound).into_response()
}
