//! For whose address a client asks.

use std::net::IpAddr;

use http::HeaderName;
use shared::{
    app::AuthenticatedClient,
    http::{Request, RequestContext, header},
};

/// [Auth0's header] for the address of the person whose password a server passes on.
///
/// [Auth0's header]: https://auth0.com/docs/get-started/authentication-and-authorization-flow/resource-owner-password-flow/avoid-common-issues-with-resource-owner-password-flow-and-attack-protection
const FORWARDED_FOR: HeaderName = HeaderName::from_static("auth0-forwarded-for");

/// The address of the person at the other end: the caller's own, unless a client that has proved who it
/// is, and that the tenant trusts to say so, names another.
pub(crate) fn of_person(request: &Request, client: &AuthenticatedClient) -> Option<IpAddr> {
    let named = header(request, &FORWARDED_FOR).and_then(|text| text.trim().parse().ok());
    let is_trusted = client.is_token_endpoint_ip_header_trusted && !client.is_public();
    named.filter(|_| is_trusted).or_else(|| {
        let context = request.extensions().get::<RequestContext>();
        context.and_then(|context| context.client_ip)
    })
}
