//! Warnings about addresses whose query has a parameter that Ratchet adds.

use ratchet_domain::settings::Settings;

use super::urls;
use crate::{
    model::ClientEntry,
    yaml::path::{Notes, Path},
};

/// Checks every address that Ratchet adds parameters to: callbacks, logout URLs and login routes.
pub(super) fn warn_of_our_parameters(
    root: &Path,
    clients: &[ClientEntry],
    settings: &Settings,
    notes: &mut Notes,
) {
    const LOGOUT: &str = "allowed_logout_urls";
    let mut warn_list = |at: Path, addresses: &[String]| {
        for (index, text) in addresses.iter().enumerate() {
            urls::warn_of_our_parameters(&at.index(index), text, &urls::OF_ANSWERS, notes);
        }
    };
    let at = root.key("clients");
    for (index, ClientEntry { client, .. }) in clients.iter().enumerate() {
        let at = at.index(index);
        warn_list(at.key("callbacks"), &client.callbacks);
        warn_list(at.key(LOGOUT), &client.allowed_logout_urls);
    }
    let tenant = root.key("tenant");
    warn_list(tenant.key(LOGOUT), &settings.allowed_logout_urls);
    let of_clients = clients.iter().enumerate().map(|(index, entry)| {
        let at = at.index(index).key("initiate_login_uri");
        (at, &entry.client.initiate_login_uri)
    });
    let at = tenant.key("default_redirection_uri");
    for (at, route) in of_clients.chain([(at, &settings.default_redirection_uri)]) {
        if let Some(text) = route {
            urls::warn_of_our_parameters(&at, text, &urls::OF_LOGIN_ROUTES, notes);
        }
    }
}
