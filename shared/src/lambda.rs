//! The shell around a function on Lambda: environment and clients once, then one request after the
//! other, as `lambda_http` hands them over.

use std::{convert::Infallible, process::ExitCode, sync::Arc};

use bytes::Bytes;
use lambda_http::{Body, RequestExt, request::RequestContext as LambdaContext, service_fn};

use crate::{
    app::{App, Parts, SigningKeys},
    aws::Clients,
    config::{AwsConfig, Config},
    domain::ids::RequestId,
    http::{self, Request, RequestContext, Response},
    system::random,
    telemetry::{self, cost},
};

pub use crate::keys::KeyUse;
pub use lambda_http::Error;

/// Readies everything, then serves until the environment is taken away.
pub async fn run<F, Answer>(key_use: KeyUse, handle: F) -> Result<(), Error>
where
    F: Fn(Arc<App>, Request) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    let app = App::new(parts(key_use)?).await?;
    let https = app.issuer.is_https();
    serve(Arc::new(app), https, handle).await
}

/// Readies the public keys alone, then serves until the environment is taken away.
pub async fn publish<F, Answer>(handle: F) -> Result<(), Error>
where
    F: Fn(Arc<SigningKeys>, Request) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    let keys = SigningKeys::load(&parts(KeyUse::Verify)?).await?;
    let https = keys.issuer().is_https();
    serve(Arc::new(keys), https, handle).await
}

fn parts(key_use: KeyUse) -> Result<Parts, Error> {
    telemetry::init_json();
    let clients = Clients::of_function(AwsConfig::from_env()?);
    Ok(Parts::from_config(Config::from_env()?, clients, key_use)?)
}

async fn serve<S, F, Answer>(state: Arc<S>, https: bool, handle: F) -> Result<(), Error>
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>, Request) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    lambda_http::run_concurrent(service_fn(move |event: lambda_http::Request| {
        let (state, handle) = (Arc::clone(&state), handle.clone());
        async move {
            let id = RequestId::from_bytes(random());
            let request = from_event(event, id);
            let (mut response, cost) = cost::counted(handle(state, request)).await;
            http::complete(&mut response, id, https);
            tracing::info!(
                status = response.status().as_u16(),
                read_units = cost.read_units,
                write_units = cost.write_units,
                sign_calls = cost.sign_calls,
                "answered"
            );
            Ok::<_, Infallible>(into_answer(response))
        }
    }))
    .await
}

fn from_event(event: lambda_http::Request, id: RequestId) -> Request {
    let client_ip = match event.request_context_ref() {
        Some(LambdaContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
        Some(LambdaContext::ApiGatewayV1(context)) => context.identity.source_ip.clone(),
        _ => None,
    };
    let (mut parts, body) = event.into_parts();
    let body = match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    };
    parts.extensions.insert(RequestContext { id, client_ip });
    Request::from_parts(parts, body)
}

fn into_answer(response: Response) -> lambda_http::Response<Body> {
    let (parts, body) = response.into_parts();
    // Every body of ours is text; a gateway would base64-encode bytes.
    let body = match String::from_utf8(body.to_vec()) {
        Ok(text) if text.is_empty() => Body::Empty,
        Ok(text) => Body::Text(text),
        Err(bytes) => Body::Binary(bytes.into_bytes()),
    };
    lambda_http::Response::from_parts(parts, body)
}

/// Why a function ended, as one line of the log, and as Lambda is told.
pub fn ended(result: Result<(), Error>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    tracing::error!(reason = %error, "the function cannot run");
    ExitCode::FAILURE
}
