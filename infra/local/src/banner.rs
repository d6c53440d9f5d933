//! What a person sees when the server is ready.

use shared::domain::client::{AppType, AuthMethod};
use tenant::Tenant;

/// The applications of the tenant, and where to begin.
pub(crate) fn banner(issuer: &str, tenant: &Tenant) -> String {
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
    lines.push(String::new());
    lines.push("  Ctrl-C stops the server.".to_owned());
    lines.join("\n")
}
