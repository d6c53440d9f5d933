//! Lifetime, rotation and leeway of refresh tokens.

use ratchet_domain::{
    client::{Client, Rotation},
    time::Lifetime,
};

use super::seen::{Seen, each_client};
use crate::yaml::path::Fault;

/// The longest leeway without a warning: a phone in a tunnel retries within seconds.
const LONG_LEEWAY: Lifetime = Lifetime::from_secs(60);

/// True if a refresh token of the client never expires, used or not.
fn is_endless(client: &Client) -> bool {
    let policy = &client.refresh_token;
    policy.rotation == Rotation::NonRotating
        && policy.token_lifetime.is_none()
        && policy.idle_token_lifetime.is_none()
}

/// At most one fault for each application that may use refresh tokens.
fn each_refreshing(
    seen: &Seen<'_>,
    is_meant: impl Fn(&Client) -> bool,
    message: &'static str,
) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let is_meant = client.allows_grant("refresh_token") && is_meant(client);
        is_meant.then(|| Fault::new(at.key("refresh_token"), message))
    })
}

pub(super) fn endless_public_refresh_tokens(seen: &Seen<'_>) -> Vec<Fault> {
    each_refreshing(
        seen,
        |client| client.is_public() && is_endless(client),
        "refresh tokens of this public client neither rotate nor expire: a stolen one works for ever, unnoticed",
    )
}

pub(super) fn unrotated_public_refresh_tokens(seen: &Seen<'_>) -> Vec<Fault> {
    each_refreshing(
        seen,
        |client| {
            let rotates = client.refresh_token.rotation == Rotation::Rotating;
            client.is_public() && !rotates && !is_endless(client)
        },
        "refresh tokens of this public client do not rotate: the use of a stolen one goes unnoticed",
    )
}

pub(super) fn endless_refresh_tokens(seen: &Seen<'_>) -> Vec<Fault> {
    each_refreshing(
        seen,
        |client| !client.is_public() && is_endless(client),
        "refresh tokens never expire, however long they are not used",
    )
}

pub(super) fn long_leeways(seen: &Seen<'_>) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let leeway = client.refresh_token.leeway;
        (leeway > LONG_LEEWAY).then(|| {
            let message = format!(
                "a replaced refresh token works for {} s more, for a thief too; {} s are enough for a retry",
                leeway.as_secs(),
                LONG_LEEWAY.as_secs(),
            );
            Fault::new(at.key("refresh_token").key("leeway"), message)
        })
    })
}
