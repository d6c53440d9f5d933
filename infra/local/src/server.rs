//! The server: one process with its sockets and all functions, until a signal stops it.

use std::{net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use ratchet_core::{App, config::Issuer};
use ratchet_domain::ids::RequestId;
use ratchet_protocol::{MAX_BODY_BYTES, Request, RequestContext, Response};
use ratchet_system::{Clock, Deadline, random};
use ratchet_telemetry::cost;
use ratchet_tenant::Tenant;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use crate::{
    banner::{Place, banner},
    controls, data, demo,
    error::LocalError,
    hosts::{self, Hosts},
    listen::{self, Service},
    options::Options,
    reload::Watched,
    routes, setup,
    tls::Tls,
};

/// Cost of a request, as JSON. It is sent only to the demo page and to tests, because it contains the number of hashes
/// that a password took.
const COST: HeaderName = HeaderName::from_static("x-ratchet-cost");

/// State that all connections share.
struct Site {
    app: App,
    hosts: Hosts,
    watched: Option<Watched>,
    demo: Option<demo::Settings>,
    test_controls: bool,
    request_time: Option<Duration>,
}

impl Site {
    /// Imports the tenant file, or the demo tenant without one, and returns the tenant for the banner.
    async fn open(app: App, hosts: Hosts, options: &Options) -> Result<(Self, Tenant), LocalError> {
        let (watched, tenant) = match &options.tenant {
            Some(file) => {
                let (watched, tenant) = Watched::import(&app, file).await?;
                (Some(watched), tenant)
            }
            None => (None, setup::import_demo(&app).await?),
        };
        let issuer = app.issuer.as_str();
        let site = Self {
            demo: demo::Settings::of(&tenant, issuer, options.tenant.is_none()),
            hosts,
            app,
            watched,
            test_controls: options.test_controls,
            request_time: options.test_request_time.map(Duration::from_secs),
        };
        Ok((site, tenant))
    }

    fn reports_costs(&self) -> bool {
        self.test_controls || self.demo.is_some()
    }
}

/// Starts everything, serves, and stops cleanly on Ctrl-C or SIGTERM.
pub(crate) async fn run(options: Options) -> Result<(), LocalError> {
    let port = options.port;
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|source| LocalError::Port { port, source })?;
    let folder = options.folder().map(PathBuf::as_path);
    if let Some(folder) = folder {
        data::make_folder(folder)?;
    }
    let issuer = issuer(&options, &listener)?;
    let tls = options.tls.then(|| tls(&options, &issuer)).transpose()?;
    let (stop, stopping) = watch::channel(false);
    let hosts = Hosts::new(&issuer, &options.allow_host);

    let (database, embedded) = setup::Database::open(folder)?;
    let served = match (embedded, options.dynamodb_port) {
        (Some(embedded), Some(port)) => {
            let served = embedded
                .serve(port, hosts.clone(), stopping.clone())
                .await?;
            println!("dynamodb http://{}", served.address);
            println!("dynamodb-key {}", served.key.expose());
            Some(served)
        }
        _ => None,
    };

    let app = Box::pin(setup::open(issuer, database, &options)).await?;
    let (site, tenant) = Site::open(app, hosts, &options).await?;
    let site = Arc::new(site);
    let issuer = site.app.issuer.as_str();
    let interruption = Interruption::listen()?;
    println!("ready {issuer}");
    let place = Place {
        issuer,
        address: listener.local_addr().map_err(LocalError::Network)?,
        authority: tls.as_ref().map(|tls| tls.authority.as_path()),
    };
    println!("{}", banner(&place, &tenant));

    tokio::spawn(async move {
        interruption.wait().await;
        if stop.send(true).is_err() {
            tracing::debug!("the server has already stopped");
        }
    });
    tokio::spawn(keep_looking(Arc::clone(&site), stopping.clone()));
    listen::serve(listener, tls.map(|tls| tls.acceptor), site, stopping).await;
    match served {
        Some(served) => served.stopped().await,
        None => Ok(()),
    }
}

/// Watches the tenant file, if there is one.
async fn keep_looking(site: Arc<Site>, stopping: watch::Receiver<bool>) {
    if let Some(watched) = &site.watched {
        watched.keep_looking(&site.app, stopping).await;
    }
}

/// The address for people and clients.
fn issuer(options: &Options, listener: &TcpListener) -> Result<Issuer, LocalError> {
    let text = match &options.issuer {
        Some(issuer) => issuer.clone(),
        None => {
            let scheme = if options.tls { "https" } else { "http" };
            format!(
                "{scheme}://{}/",
                listener.local_addr().map_err(LocalError::Network)?
            )
        }
    };
    Ok(Issuer::parse(&text)?)
}

/// The certificates of `--tls`. Clients compare the dates with the machine's clock, so a test's clock does not count
/// here.
fn tls(options: &Options, issuer: &Issuer) -> Result<Tls, LocalError> {
    let now = Clock::system().now();
    Tls::open(&options.tls_folder(), issuer.host(), now)
}

impl Service for Site {
    async fn answer(
        &self,
        incoming: http::Request<Incoming>,
        client_ip: Option<IpAddr>,
    ) -> Result<Response, hyper::Error> {
        respond(self, incoming, client_ip).await
    }
}

async fn respond(
    site: &Site,
    incoming: http::Request<Incoming>,
    client_ip: Option<IpAddr>,
) -> Result<Response, hyper::Error> {
    site.app.clock.tick();
    let id = RequestId::from_bytes(random());
    let (mut parts, body) = incoming.into_parts();
    let promises_https = site.app.issuer.promises_https() && !hosts::is_loopback(&parts);
    let misdirected = site.hosts.refusal(&parts);
    let body = read(body).await?;
    parts.extensions.insert(RequestContext {
        id,
        client_ip,
        deadline: site.request_time.map_or(Deadline::NEVER, Deadline::after),
        answer_by: Deadline::NEVER,
    });
    let mut request = Request::from_parts(parts, body);
    // hyper omits the body of the answer.
    ratchet_protocol::head_as_get(&mut request);
    if let Some(mut refusal) = misdirected {
        ratchet_protocol::complete(&mut refusal, id, promises_https);
        return Ok(refusal);
    }
    if let Some(watched) = &site.watched {
        watched.look(&site.app).await;
    }
    let (mut response, cost) = Box::pin(cost::counted(route(site, &request))).await;
    ratchet_protocol::complete(&mut response, id, promises_https);
    if let Some(cost) = serde_json::to_string(&cost)
        .ok()
        .filter(|_| site.reports_costs())
        .and_then(|cost| cost.try_into().ok())
    {
        let cost: HeaderValue = cost;
        response.headers_mut().insert(COST, cost);
    }
    Ok(response)
}

async fn route(site: &Site, request: &Request) -> Response {
    let path = request.uri().path();
    if path == "/demo" || path.starts_with("/demo/") {
        demo::answer(&site.app, site.demo.as_ref(), request).await
    } else if site.test_controls && path.starts_with("/test/") {
        controls::answer(&site.app, request).await
    } else {
        routes::answer(&site.app, request).await
    }
}

/// The body. A body that is too large is cut to a beginning that still exceeds the limit, so that the function rejects
/// it and can still determine the page that may read the error.
async fn read(mut body: Incoming) -> Result<Bytes, hyper::Error> {
    let mut read = BytesMut::new();
    while read.len() <= MAX_BODY_BYTES
        && let Some(frame) = body.frame().await.transpose()?
    {
        if let Ok(data) = frame.into_data() {
            read.extend_from_slice(&data);
        }
    }
    Ok(read.freeze())
}

/// Ctrl-C and SIGTERM. Listening begins when this is created and not in `wait`, so that a server that has just printed
/// that it is ready misses neither.
struct Interruption {
    interrupt: Signal,
    terminate: Signal,
}

impl Interruption {
    fn listen() -> Result<Self, LocalError> {
        let listen = |kind| signal(kind).map_err(LocalError::Signal);
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
