//! Callbacks, origins and logout URLs.

use ratchet_domain::{
    client::{AppType, Client, RedirectionPolicy},
    network::is_loopback_host,
};
use url::Url;

use super::seen::{Seen, each_client, each_text};
use crate::yaml::path::{Fault, Path};

/// Start of a registered URL that accepts any host label.
const WILDCARD: &str = "://*.";

pub(super) fn callbacks_with_a_wildcard(seen: &Seen<'_>) -> Vec<Fault> {
    let callbacks = (
        "callbacks",
        (|client| &client.callbacks) as fn(&Client) -> &[String],
    );
    each_text(seen, callbacks, |_, text| {
        text.contains(WILDCARD).then_some(
            "has a wildcard: any host below the domain can get codes; list each callback",
        )
    })
}

pub(super) fn http_callbacks(seen: &Seen<'_>) -> Vec<Fault> {
    let callbacks = (
        "callbacks",
        (|client| &client.callbacks) as fn(&Client) -> &[String],
    );
    each_text(seen, callbacks, |client, text| {
        let url = Url::parse(&text.replacen(WILDCARD, "://label.", 1)).ok()?;
        let is_local = url.host_str().is_some_and(is_loopback_host);
        match (url.scheme(), is_local, client.app_type) {
            ("http", true, AppType::Native) => None,
            ("http", true, _) => Some("is http: on loopback that is for native applications"),
            ("http", false, _) => Some("is http: answers go over the network in clear"),
            _ => None,
        }
    })
}

pub(super) fn open_redirects(seen: &Seen<'_>) -> Vec<Fault> {
    let mut faults = each_client(seen, |client, at| {
        let message =
            "a request that is refused takes the browser to this third party without a question";
        let is_open = client.redirection_policy == RedirectionPolicy::AllowAlways;
        (!client.is_first_party && is_open)
            .then(|| Fault::new(at.key("redirection_policy"), message))
    });
    let message = "has a wildcard: a logout takes the browser to any host below the domain";
    let urls = (
        "allowed_logout_urls",
        (|client| &client.allowed_logout_urls) as fn(&Client) -> &[String],
    );
    faults.extend(each_text(seen, urls, |_, text| {
        text.contains(WILDCARD).then_some(message)
    }));
    let at = Path::root().key("tenant").key("allowed_logout_urls");
    let settings = seen.tenant.settings.iter();
    let urls = settings.flat_map(|settings| &settings.allowed_logout_urls);
    for (index, text) in urls.enumerate() {
        if text.contains(WILDCARD) {
            faults.push(Fault::new(at.index(index), message));
        }
    }
    faults
}

pub(super) fn origins_with_a_wildcard(seen: &Seen<'_>) -> Vec<Fault> {
    let origins = (
        "web_origins",
        (|client| &client.web_origins) as fn(&Client) -> &[String],
    );
    each_text(seen, origins, |_, text| {
        text.contains(WILDCARD).then_some(
            "has a wildcard: a page of any host below the domain gets tokens in a message",
        )
    })
}
