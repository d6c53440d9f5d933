//! Banner of a server that is ready.

use std::{net::SocketAddr, path::Path};

use ratchet_domain::client::{AppType, AuthMethod};
use ratchet_tenant::Tenant;

/// Addresses of the server.
pub(crate) struct Place<'a> {
    /// The issuer, as clients know it.
    pub(crate) issuer: &'a str,
    /// The address that the server listens on.
    pub(crate) address: SocketAddr,
    /// Certificate that clients have to trust; `None` without `--tls`.
    pub(crate) authority: Option<&'a Path>,
}

/// The tenant's applications, the demo page, and what else clients have to know about the server.
pub(crate) fn banner(place: &Place<'_>, tenant: &Tenant) -> String {
    let issuer = place.issuer;
    let ids = tenant
        .clients
        .iter()
        .map(|entry| entry.client.client_id.as_str());
    let width = ids.map(str::len).max().unwrap_or_default();
    let mut lines = vec![String::new()];
    for entry in &tenant.clients {
        let client = &entry.client;
        let kind = match client.app_type {
            AppType::Native => "native app",
            AppType::Spa => "single-page app",
            AppType::RegularWeb => "web app",
            AppType::NonInteractive => "machine to machine",
        };
        let secret = match client.auth_method {
            AuthMethod::None => "no secret",
            AuthMethod::ClientSecretPost | AuthMethod::ClientSecretBasic => {
                "secret in the tenant file"
            }
            AuthMethod::PrivateKeyJwt => "signs with its own key",
        };
        lines.push(format!(
            "  {:width$}  {kind:18}  {secret}",
            client.client_id.as_str()
        ));
    }
    lines.push(String::new());
    lines.push(format!("  demo page  {issuer}demo"));
    lines.push(format!(
        "  metadata   {issuer}.well-known/openid-configuration"
    ));
    if !issuer.ends_with(&format!("//{}/", place.address)) {
        lines.push(format!("  address    {}", place.address));
    }
    if let Some(authority) = place.authority {
        lines.push(format!("  CA         {}", authority.display()));
    }
    lines.push(String::new());
    lines.push("  Ctrl-C stops the server.".to_owned());
    lines.join("\n")
}
