//! The address of the user behind a token request.

use std::net::IpAddr;

use http::HeaderName;
use ratchet_core::AuthenticatedClient;
use ratchet_protocol::{Request, RequestContext, header};

/// [Auth0's header] in which a server passes on the address of the user whose password it sends.
///
/// [Auth0's header]: https://auth0.com/docs/get-started/authentication-and-authorization-flow/resource-owner-password-flow/avoid-common-issues-with-resource-owner-password-flow-and-attack-protection
const FORWARDED_FOR: HeaderName = HeaderName::from_static("auth0-forwarded-for");

/// The user's address: the one in Auth0's header if the client has authenticated and the tenant trusts it to name
/// one, otherwise the caller's own.
pub(crate) fn of_person(request: &Request, client: &AuthenticatedClient) -> Option<IpAddr> {
    let named = header(request, &FORWARDED_FOR).and_then(|text| text.trim().parse().ok());
    let is_trusted = client.is_token_endpoint_ip_header_trusted && !client.is_public();
    named.filter(|_| is_trusted).or_else(|| {
        let context = request.extensions().get::<RequestContext>();
        context.and_then(|context| context.client_ip)
    })
}
