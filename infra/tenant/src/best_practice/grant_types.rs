//! Grants and the pipeline: the ways in which applications get tokens.

use ratchet_domain::client::Client;

use super::seen::{Seen, each_client, each_grant};
use crate::yaml::path::Fault;

const PASSWORD_GRANTS: [&str; 4] = [
    "password",
    "http://auth0.com/oauth/grant-type/password-realm",
    "http://auth0.com/oauth/legacy/grant-type/ro",
    "http://auth0.com/oauth/legacy/grant-type/ro/jwt-bearer",
];

fn implicit(seen: &Seen<'_>, given: bool, message: &'static str) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let key = at.key("grant_types");
        let is_meant = client.allows_grant("implicit") && seen.is_given(&key) == given;
        is_meant.then(|| Fault::new(if given { key } else { at.clone() }, message))
    })
}

pub(super) fn implicit_by_choice(seen: &Seen<'_>) -> Vec<Fault> {
    let message = "`implicit`: access tokens travel in addresses; use the code flow with PKCE";
    implicit(seen, true, message)
}

pub(super) fn implicit_by_default(seen: &Seen<'_>) -> Vec<Fault> {
    let message =
        "`grant_types` is left out, and Auth0's default has `implicit`: list the grants in use";
    implicit(seen, false, message)
}

/// True if users log in to the application, so that its pipeline matters.
fn serves_users(client: &Client) -> bool {
    let only_machines = |name: &String| name == "client_credentials" || name == "refresh_token";
    !client.grant_types.iter().all(only_machines)
}

fn legacy(seen: &Seen<'_>, given: bool, message: &'static str) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let key = at.key("oidc_conformant");
        let is_meant =
            !client.oidc_conformant && serves_users(client) && seen.is_given(&key) == given;
        is_meant.then(|| Fault::new(if given { key } else { at.clone() }, message))
    })
}

pub(super) fn legacy_by_choice(seen: &Seen<'_>) -> Vec<Fault> {
    let message =
        "in the legacy pipeline, ID tokens hold the whole profile and access tokens are for no API";
    legacy(seen, true, message)
}

pub(super) fn legacy_by_default(seen: &Seen<'_>) -> Vec<Fault> {
    let message = "`oidc_conformant` is left out, and Auth0's default is the legacy pipeline: say `true` or `false`";
    legacy(seen, false, message)
}

pub(super) fn delegation(seen: &Seen<'_>) -> Vec<Fault> {
    let is_meant =
        |name: &str| name.starts_with("http://auth0.com/oauth/legacy/grant-type/delegation/");
    each_grant(seen, is_meant, |name| {
        format!("`{name}`: a token of this application becomes tokens of others")
    })
}

pub(super) fn password_grants(seen: &Seen<'_>) -> Vec<Fault> {
    let is_meant = |name: &str| PASSWORD_GRANTS.contains(&name);
    each_grant(seen, is_meant, |name| {
        format!("`{name}`: the application sees users' passwords")
    })
}

pub(super) fn passwords_in_pages(seen: &Seen<'_>) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let message = "the application's own pages see users' passwords";
        let key = at.key("cross_origin_authentication");
        let key = if seen.is_given(&key) {
            key
        } else {
            at.key("cross_origin_auth")
        };
        client
            .cross_origin_authentication
            .then(|| Fault::new(key, message))
    })
}

pub(super) fn tokens_of_others(seen: &Seen<'_>) -> Vec<Fault> {
    let is_meant = |name: &str| name == "http://auth0.com/oauth/legacy/grant-type/access_token";
    each_grant(seen, is_meant, |name| {
        format!("`{name}`: an access token that was issued to another application logs its user in")
    })
}
