//! Client and redirect URI of an authorization request.

use std::sync::Arc;

use ratchet_domain::{
    client::Client,
    denial::Denial,
    error::Error,
    redirect_uri,
    response_type::{ResponseMode, ResponseType},
};
use ratchet_protocol::{gateway, params::Params};

use super::response::in_address;
use crate::{
    flow::{answer::Reply, web_message},
    visit::Visit,
};

/// The client, and the redirect URI for its answer.
pub(crate) struct Recipient {
    pub(crate) client: Arc<Client>,
    pub(super) redirect_uri: String,
    pub(super) redirect_uri_was_sent: bool,
}

/// Client and redirect URI. They must match before anything is sent to the URI.
pub(crate) async fn recipient(visit: &Visit<'_>, params: &Params) -> Result<Recipient, Error> {
    let named = params.required("client_id")?;
    let client = visit.named_client(named).await?;
    let (redirect_uri, redirect_uri_was_sent) = match params.text("redirect_uri")? {
        Some(uri) if redirect_uri::is_registered(&client, uri) => (uri.to_owned(), true),
        Some(uri) => return Err(Denial::CallbackMismatch(uri.to_owned()).into()),
        None => {
            let first = client.callbacks.first().cloned();
            (
                first.ok_or(Denial::MissingParameter("redirect_uri"))?,
                false,
            )
        }
    };
    Ok(Recipient {
        client,
        redirect_uri,
        redirect_uri_was_sent,
    })
}

impl Recipient {
    /// The reply to the client, from those parameters that are well-formed.
    pub(crate) fn reply(&self, params: &Params) -> Result<Reply, Denial> {
        let response_type = params.first_text("response_type");
        let response_type = response_type
            .and_then(ResponseType::parse)
            .unwrap_or(ResponseType::CODE);
        let response_mode = params
            .first_text("response_mode")
            .and_then(ResponseMode::parse)
            .filter(|mode| mode.carries(response_type))
            .unwrap_or(response_type.default_mode());
        if response_mode == ResponseMode::WebMessage {
            web_message::origin(&self.client, &self.redirect_uri)?;
        }
        Ok(Reply {
            redirect_uri: self.redirect_uri.clone(),
            response_mode,
            // Omitted if repeated, because the client could not recognise it, and if too long for a URL, because then
            // the client would not receive the error.
            state: params
                .text("state")
                .ok()
                .flatten()
                .filter(|state| !in_address(response_mode) || gateway::takes_back(state))
                .map(str::to_owned),
        })
    }
}
