//! A server that already runs, as the environment describes it: its address, the limits of the front before it, and the
//! users that earlier runs have used up. A test that needs more than it offers is ignored.

use reqwest::Url;

use crate::runner::ignore;

/// The action that API Gateway and function URLs do not support, because they rename the header.
pub const READS_CHALLENGE: &str = "reads WWW-Authenticate";

/// The address of the server under test; without `BASE_URL` the tests start their own.
pub(crate) fn base_url() -> Option<Url> {
    let text = std::env::var("BASE_URL").ok()?;
    let slash = if text.ends_with('/') { "" } else { "/" };
    let url = Url::parse(&format!("{text}{slash}"));
    Some(url.unwrap_or_else(|error| panic!("BASE_URL `{text}`: {error}")))
}

/// Returns if the tests start their own servers; otherwise the test is ignored for this reason.
pub fn require_own_server(reason: &str) {
    if base_url().is_some() {
        ignore(reason);
    }
}

/// Returns if the front of `BASE_URL` supports what the test does; otherwise the test is ignored.
pub(crate) fn require_front(action: &str) {
    if let Some(fault) = front_fault(action) {
        ignore(&format!("{action}, and its front {fault}"));
    }
}

/// The header of a challenge (RFC 9110 section 11.6.1), under the name that the front gives it.
pub(crate) fn challenge_header() -> &'static str {
    match front_fault(READS_CHALLENGE) {
        Some(_) => "x-amzn-remapped-www-authenticate",
        None => "www-authenticate",
    }
}

/// The front's reaction to an action that it does not pass on to the server: `FRONT_LIMITS` is `action=fault;action=fault`.
fn front_fault(action: &str) -> Option<String> {
    let limits = std::env::var("FRONT_LIMITS").ok()?;
    limits
        .split(';')
        .filter_map(|limit| limit.split_once('='))
        .find(|(known, _)| *known == action)
        .map(|(_, fault)| fault.to_owned())
}

/// Number of users of the pool that earlier runs against the same server have used up.
pub(crate) fn first_user() -> usize {
    let text = std::env::var("USERS_TAKEN").unwrap_or_default();
    if text.is_empty() {
        return 0;
    }
    text.parse()
        .unwrap_or_else(|error| panic!("USERS_TAKEN `{text}`: {error}"))
}
