//! The client whose pages may read a response, even if the request is rejected before its client is known.

use std::sync::Arc;

use http::{StatusCode, header::ORIGIN};
use ratchet_domain::client::Client;
use ratchet_protocol::{Request, Response, named_client::named_client};

use super::App;

impl App {
    /// The client whose origins determine the CORS headers of a response: the caller, if the endpoint has identified
    /// it, or else the client that the request names. Only requests from a browser page cost a look-up, and none is
    /// made for a response that reports an unavailable store.
    pub async fn client_of_page(
        &self,
        request: &Request,
        caller: Option<Arc<Client>>,
        answer: &Response,
    ) -> Option<Arc<Client>> {
        if caller.is_some() || !request.headers().contains_key(ORIGIN) {
            return caller;
        }
        let id = named_client(request)?;
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            return self.configuration.last_client(&id);
        }
        match self.client(&id).await {
            Ok(client) => client,
            Err(error) => {
                tracing::warn!(%error, client_id = %id, "CORS headers go by the client that was read last");
                self.configuration.last_client(&id)
            }
        }
    }
}
