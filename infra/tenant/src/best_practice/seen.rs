//! A tenant file as the rules see it.

use ratchet_domain::client::Client;

use crate::{
    model::Tenant,
    yaml::{
        document::Document,
        path::{Fault, Path},
    },
};

/// The checked tenant and the document that it was read from.
pub(super) struct Seen<'a> {
    pub(super) tenant: &'a Tenant,
    document: &'a Document<'a>,
}

impl<'a> Seen<'a> {
    pub(super) const fn new(tenant: &'a Tenant, document: &'a Document<'a>) -> Self {
        Self { tenant, document }
    }

    /// True if the file has the key.
    pub(super) fn is_given(&self, at: &Path) -> bool {
        self.document.has(at)
    }
}

/// At most one fault for each application.
pub(super) fn each_client(
    seen: &Seen<'_>,
    find: impl Fn(&Client, &Path) -> Option<Fault>,
) -> Vec<Fault> {
    let clients = seen.tenant.clients.iter().enumerate();
    clients
        .filter_map(|(index, entry)| find(&entry.client, &client_at(index)))
        .collect()
}

/// At most one fault for each text of a list, for every application.
pub(super) fn each_text(
    seen: &Seen<'_>,
    (key, list): (&str, for<'a> fn(&'a Client) -> &'a [String]),
    find: impl Fn(&Client, &str) -> Option<&'static str>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (client, entry) in seen.tenant.clients.iter().enumerate() {
        let at = client_at(client).key(key);
        for (index, text) in list(&entry.client).iter().enumerate() {
            let message = find(&entry.client, text);
            faults.extend(message.map(|message| Fault::new(at.index(index), message)));
        }
    }
    faults
}

fn client_at(index: usize) -> Path {
    Path::root().key("clients").index(index)
}

/// At most one fault, at `grant_types`, for each application that has one of these grants.
pub(super) fn each_grant(
    seen: &Seen<'_>,
    is_meant: impl Fn(&str) -> bool,
    message: impl Fn(&str) -> String,
) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let named = client.grant_types.iter().find(|name| is_meant(name))?;
        Some(Fault::new(at.key("grant_types"), message(named)))
    })
}
