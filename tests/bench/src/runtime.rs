//! An emulated Lambda Runtime API for one function: events in, answers out, one at a time. The emulated
//! fronts of the deployment's tests pass every request through threads of Python, which would count in wall time and cold
//! start.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
};

/// The API with its queue.
pub struct Runtime {
    pub address: SocketAddr,
    events: mpsc::Sender<Value>,
    answers: mpsc::Receiver<Value>,
}

struct Shared {
    events: Mutex<mpsc::Receiver<Value>>,
    answers: mpsc::Sender<Value>,
}

impl Runtime {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (events, next) = mpsc::channel(1);
        let (answered, answers) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            events: Mutex::new(next),
            answers: answered,
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                let service = service_fn(move |request| respond(Arc::clone(&shared), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self {
            address,
            events,
            answers,
        }
    }

    /// Has the function answer an event.
    pub async fn invoke(&mut self, event: Value) -> Value {
        self.events.send(event).await.expect("the runtime is there");
        self.answers.recv().await.expect("the function answers")
    }
}

async fn respond(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await?.to_bytes();
    if path.ends_with("/invocation/next") {
        let Some(event) = shared.events.lock().await.recv().await else {
            // The bench is done with this function and about to stop it.
            return std::future::pending().await;
        };
        let response = Response::builder()
            .header(
                "lambda-runtime-aws-request-id",
                "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            )
            .header("lambda-runtime-deadline-ms", "4102444800000")
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:local:1:function:token",
            )
            .body(Full::new(Bytes::from(event.to_string())));
        return Ok(response.expect("a response"));
    }
    assert!(
        path.ends_with("/response"),
        "{path}: {}",
        String::from_utf8_lossy(&body)
    );
    let answer = serde_json::from_slice(&body).expect("an answer is JSON");
    if shared.answers.send(answer).await.is_err() {
        // The bench is done with this function and about to stop it.
        return std::future::pending().await;
    }
    let accepted = Response::builder()
        .status(202)
        .body(Full::new(Bytes::new()));
    Ok(accepted.expect("a response"))
}
