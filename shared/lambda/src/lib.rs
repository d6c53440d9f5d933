//! The shell around a function on Lambda: it reads the environment and makes the clients once, then serves the
//! requests that it gets from `lambda_http`.

mod conversion;
mod event;
mod rejection;
mod request_log;
mod route;

use std::{
    convert::Infallible,
    net::IpAddr,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use lambda_http::{Adapter, Body, Error, LambdaEvent, Service, lambda_runtime, service_fn};
use ratchet_core::{
    App, Freshness, Parts, Publication, StartError,
    clients::Clients,
    config::{AwsConfig, Config, RegionRole, environment, log_settings},
};
use ratchet_domain::{ids::RequestId, jitter::Jitter, proxies::TrustedProxies};
use ratchet_protocol::{Request, RequestContext, Response};
use ratchet_system::random;
use ratchet_telemetry::{
    cost::{self, Cost},
    request,
};
use tokio::runtime::Builder;

use conversion::{Event, SentQuery, TooLong};
use request_log::RequestLog;

pub use ratchet_core::KeyUse;

/// Loads everything, then serves until Lambda removes the environment. An error that keeps a function from running is
/// one line of its log, and an exit code for Lambda.
pub fn run<F, Answer>(key_use: KeyUse, handle: F) -> ExitCode
where
    F: Fn(Arc<App>, Request) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    ended(start(key_use, Function::Writes, App::new, handle))
}

/// Loads what discovery publishes, then serves until Lambda removes the environment.
pub fn publish<F, Answer>(handle: F) -> ExitCode
where
    F: Fn(Arc<Publication>, Request) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    let ready = async |parts| Publication::load(&parts).await;
    ended(start(KeyUse::Verify, Function::Publishes, ready, handle))
}

/// The behaviour of a function in a passive Region.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Function {
    /// It rejects every request, and neither loads nor stores anything.
    Writes,
    /// It answers as in an active Region.
    Publishes,
}

fn ended(result: Result<(), Error>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    tracing::error!(reason = %error, "the function cannot run");
    ExitCode::FAILURE
}

/// Settings of the front between the clients and a function.
#[derive(Clone)]
struct Front {
    https: bool,
    trusted_proxies: Arc<TrustedProxies>,
}

fn start<S, F, Answer>(
    key_use: KeyUse,
    function: Function,
    ready: impl AsyncFnOnce(Parts) -> Result<S, StartError>,
    handle: F,
) -> Result<(), Error>
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>, Request) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    let log = log_settings();
    let settings = log.as_ref().ok().cloned().unwrap_or_default();
    ratchet_telemetry::init_json(environment("RUST_LOG").as_deref(), settings);
    log?;
    let aws = AwsConfig::from_env()?;
    let config = Config::from_env()?;
    let front = Front {
        https: config.issuer.promises_https(),
        trusted_proxies: Arc::new(config.trusted_proxies.clone()),
    };
    // One request at a time needs one thread: passing it between threads costs more than it gains.
    let runtime = if aws.max_concurrency > 1 {
        Builder::new_multi_thread().enable_all().build()?
    } else {
        Builder::new_current_thread().enable_all().build()?
    };
    if config.region_role == RegionRole::Passive && function == Function::Writes {
        let reject = |_, request| async move { rejection::of_passive_region(&request) };
        return runtime.block_on(serve(Arc::new(()), front, reject));
    }
    let parts = Parts {
        freshness: Freshness::of_function(Jitter::from_random(random())),
        ..Parts::from_config(config, Clients::of_function(aws), key_use)?
    };
    runtime.block_on(async {
        let state = Box::pin(ready(parts)).await?;
        serve(Arc::new(state), front, handle).await
    })
}

async fn serve<S, F, Answer>(state: Arc<S>, front: Front, handle: F) -> Result<(), Error>
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>, Request) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Response> + Send + 'static,
{
    let shell = Arc::new(Shell {
        state,
        front,
        handle,
        is_cold: AtomicBool::new(true),
    });
    lambda_runtime::run_concurrent(service_fn(move |event: LambdaEvent<Event>| {
        let Event(mut request) = event.payload;
        let query = conversion::make_convertible(&mut request);
        let shell = Arc::clone(&shell);
        let answered = service_fn(move |request| {
            let (shell, query) = (Arc::clone(&shell), query.clone());
            async move { Ok::<_, Infallible>(into_answer(shell.answer(request, query).await)) }
        });
        Adapter::from(answered).call(LambdaEvent::new(request, event.context))
    }))
    .await
}

/// A function with its state and its front, which answers events.
struct Shell<S, F> {
    state: Arc<S>,
    front: Front,
    handle: F,
    /// True until the first request.
    is_cold: AtomicBool,
}

impl<S, F, Answer> Shell<S, F>
where
    F: Fn(Arc<S>, Request) -> Answer,
    Answer: Future<Output = Response>,
{
    async fn answer(
        &self,
        mut event: lambda_http::Request,
        query: Result<SentQuery, TooLong>,
    ) -> Response {
        let id = RequestId::from_bytes(random());
        let log = RequestLog::of(&event, id, self.is_cold.swap(false, Ordering::Relaxed));
        let answer = async {
            let (mut response, client_ip, cost) = match query {
                Ok(query) => {
                    query.restore(&mut event);
                    self.handled(event, id).await
                }
                Err(TooLong) => (rejection::of_long_url(), None, Cost::default()),
            };
            ratchet_protocol::complete(&mut response, id, self.front.https);
            log.answered(response.status(), client_ip, &cost);
            response
        };
        request::collected(id.to_string(), answer).await
    }

    /// The function's answer, the address of the caller, and what the request has cost.
    async fn handled(
        &self,
        event: lambda_http::Request,
        id: RequestId,
    ) -> (Response, Option<IpAddr>, Cost) {
        let mut request = event::request(event, id, &self.front.trusted_proxies);
        let is_head = ratchet_protocol::head_as_get(&mut request);
        let client_ip = request
            .extensions()
            .get::<RequestContext>()
            .and_then(|context| context.client_ip);
        let work = async {
            match rejection::of_bypass(&request) {
                Some(rejection) => rejection,
                // Boxed: the future is large, and every layer around it would move it once more.
                None => Box::pin((self.handle)(Arc::clone(&self.state), request)).await,
            }
        };
        let (mut response, cost) = cost::counted(work).await;
        if is_head {
            response.body_mut().clear();
        }
        (response, client_ip, cost)
    }
}

fn into_answer(response: Response) -> lambda_http::Response<Body> {
    let (parts, body) = response.into_parts();
    // Our bodies are text; bytes would have to be base64-encoded for a gateway.
    let body = match String::from_utf8(body.to_vec()) {
        Ok(text) if text.is_empty() => Body::Empty,
        Ok(text) => Body::Text(text),
        Err(bytes) => Body::Binary(bytes.into_bytes()),
    };
    lambda_http::Response::from_parts(parts, body)
}
