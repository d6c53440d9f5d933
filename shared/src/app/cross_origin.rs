//! Whose pages may read an answer, where a request is refused before its client is known.

use std::sync::Arc;

use http::{StatusCode, header::ORIGIN};

use super::App;
use crate::{
    domain::client::Client,
    http::{Request, Response, named_client::named_client},
};

impl App {
    /// The client by whose origins the CORS headers of an answer are chosen: the caller, if the endpoint got as
    /// far as that, or else the client that the request names. Only a request of a browser page costs a
    /// look-up, and none follows an answer that says that the store is away.
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
