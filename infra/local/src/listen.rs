//! Sockets: accepting connections for a service until the server stops.

use std::{net::IpAddr, sync::Arc, time::Duration};

use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use ratchet_protocol::Response;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

/// A service that answers requests.
pub(crate) trait Service: Send + Sync + 'static {
    /// Answers one request of a client; fails if the connection does.
    fn answer(
        &self,
        request: http::Request<Incoming>,
        client_ip: Option<IpAddr>,
    ) -> impl Future<Output = Result<Response, hyper::Error>> + Send;
}

/// Serves until `stopping` changes.
pub(crate) async fn serve<S: Service>(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    service: Arc<S>,
    mut stopping: watch::Receiver<bool>,
) {
    let connections = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    continue;
                }
            },
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        connect(
            stream,
            acceptor.clone(),
            Arc::clone(&service),
            connections.watcher(),
        );
    }
    drop(listener);
    // An idle connection of a browser must not keep the server running.
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(Duration::from_secs(5)) => {
            tracing::warn!("connections are still open after five seconds");
        }
    }
}

fn connect<S: Service>(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    service: Arc<S>,
    watcher: Watcher,
) {
    tokio::spawn(async move {
        let client_ip = stream.peer_addr().map(|address| address.ip()).ok();
        match acceptor {
            None => converse(stream, service, client_ip, watcher).await,
            Some(acceptor) => match acceptor.accept(stream).await {
                Ok(stream) => converse(stream, service, client_ip, watcher).await,
                Err(error) => tracing::debug!(%error, "no TLS"),
            },
        }
    });
}

async fn converse<S: Service>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: Arc<S>,
    client_ip: Option<IpAddr>,
    watcher: Watcher,
) {
    let service = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move {
            let answer = Box::pin(service.answer(request, client_ip)).await?;
            Ok::<_, hyper::Error>(answer.map(Full::new))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection broke");
    }
}
