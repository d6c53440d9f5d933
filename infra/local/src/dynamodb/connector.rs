//! The AWS SDK's connection to the database of its own process. It has no socket that other programs could find.

use std::sync::Arc;

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};

use super::engine::{Answer, Engine};

/// An HTTP client for the SDK that hands every request to the engine.
#[derive(Debug, Clone)]
pub(crate) struct InProcess {
    engine: Arc<Engine>,
}

impl InProcess {
    pub(super) const fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }
}

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = Arc::clone(&self.engine);
        HttpConnectorFuture::new(async move {
            let work = move || {
                let target = request.headers().get("x-amz-target");
                // In this protocol, the SDK's bodies are in memory.
                engine.answer(target, request.body().bytes().unwrap_or_default())
            };
            // The database blocks; other requests have to run while one waits for it.
            let answer = tokio::task::spawn_blocking(work).await;
            response(answer.map_err(|error| ConnectorError::other(error.into(), None))?)
        })
    }
}

fn response(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(answer.status)
        .map_err(|error| ConnectorError::other(error.into(), None))?;
    Ok(HttpResponse::new(status, answer.body.into()))
}
