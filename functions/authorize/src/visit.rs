//! One request, from its arrival to its answer.

use std::sync::Arc;

use ratchet_core::{App, Moment};
use ratchet_domain::{
    client::Client,
    denial::Denial,
    error::Error,
    ids::{Audience, ClientId},
    resource_server::ResourceServer,
    time::Timestamp,
};
use ratchet_protocol::Request;

/// A request, the app that answers it, and the moment of its arrival. The moment is taken once, so that all decisions
/// about a request have the same time and request id.
#[derive(Clone, Copy)]
pub(crate) struct Visit<'a> {
    pub(crate) app: &'a App,
    pub(crate) request: &'a Request,
    pub(crate) at: Moment,
}

/// The client of a login or an activation, and the API that it asks for.
pub(crate) struct ClientAndApi {
    pub(crate) client: Arc<Client>,
    /// `None` if the request names no API.
    pub(crate) api: Option<Arc<ResourceServer>>,
}

impl<'a> Visit<'a> {
    /// Takes the moment of the request.
    pub(crate) fn new(app: &'a App, request: &'a Request) -> Self {
        Self {
            app,
            request,
            at: app.moment(request),
        }
    }

    /// The time of the request.
    pub(crate) const fn now(&self) -> Timestamp {
        self.at.now
    }

    /// The client that a request names.
    ///
    /// # Errors
    ///
    /// `Denial::UnknownClient`, also for text that is not a client id.
    pub(crate) async fn named_client(&self, named: &str) -> Result<Arc<Client>, Error> {
        let id = ClientId::parse(named).map_err(|_| Denial::UnknownClient(named.to_owned()))?;
        self.client(&id).await
    }

    /// The client with this id.
    pub(crate) async fn client(&self, id: &ClientId) -> Result<Arc<Client>, Error> {
        let client = self.app.client(id).await?;
        Ok(client.ok_or_else(|| Denial::UnknownClient(id.to_string()))?)
    }

    /// Client and API of a request that was checked before. Either may have been removed since.
    pub(crate) async fn client_and_api(
        &self,
        client_id: &ClientId,
        audience: Option<&Audience>,
    ) -> Result<ClientAndApi, Error> {
        Ok(ClientAndApi {
            client: self.client(client_id).await?,
            api: self.app.api_for(audience).await?,
        })
    }
}
