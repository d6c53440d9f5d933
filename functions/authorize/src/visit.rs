//! One request, from the door to its answer.

use std::sync::Arc;

use shared::{
    app::{App, Moment},
    domain::{
        client::Client,
        denial::Denial,
        ids::{Audience, ClientId},
        resource_server::ResourceServer,
        time::Timestamp,
    },
    http::Request,
};

/// A request with the app that answers it and the moment that it came. The moment is drawn once, so that every decision
/// about a request is made at one time and under one request id.
#[derive(Clone, Copy)]
pub(crate) struct Visit<'a> {
    pub(crate) app: &'a App,
    pub(crate) request: &'a Request,
    pub(crate) at: Moment,
}

/// The client that a login or an activation is for, and the API that it names.
pub(crate) struct ClientAndApi {
    pub(crate) client: Arc<Client>,
    /// `None` where the request names no API.
    pub(crate) api: Option<Arc<ResourceServer>>,
}

impl<'a> Visit<'a> {
    /// Draws the moment.
    pub(crate) fn new(app: &'a App, request: &'a Request) -> Self {
        Self {
            app,
            request,
            at: app.moment(request),
        }
    }

    /// When the request came.
    pub(crate) const fn now(&self) -> Timestamp {
        self.at.now
    }

    /// The client that a request names.
    ///
    /// # Errors
    ///
    /// `Denial::UnknownClient` also for text that is no client id.
    pub(crate) async fn named_client(&self, named: &str) -> Result<Arc<Client>, Denial> {
        let id = ClientId::parse(named).map_err(|_| Denial::UnknownClient(named.to_owned()))?;
        self.client(&id).await
    }

    /// The client of this id.
    pub(crate) async fn client(&self, id: &ClientId) -> Result<Arc<Client>, Denial> {
        let client = self.app.client(id).await?;
        client.ok_or_else(|| Denial::UnknownClient(id.to_string()))
    }

    /// Client and API of a request that was checked before. Both may have been removed since.
    pub(crate) async fn client_and_api(
        &self,
        client_id: &ClientId,
        audience: Option<&Audience>,
    ) -> Result<ClientAndApi, Denial> {
        Ok(ClientAndApi {
            client: self.client(client_id).await?,
            api: self.app.api_for(audience).await?,
        })
    }
}
