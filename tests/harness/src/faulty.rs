//! A server behind whose store connection there is a proxy.

use tempfile::TempDir;
use tokio::task::{JoinHandle, block_in_place};

use crate::{
    launch::Launch,
    process::free_port,
    proxy::{Effect, Fault, Proxy, WRITES},
    server::Server,
};

/// The server under test, the proxy to its store, and the store, which is the embedded one of another server.
pub struct Faulty {
    /// The server under test.
    pub server: Server,
    /// The proxy, which breaks requests on demand.
    pub proxy: Proxy,
    /// The server that has the store.
    pub store: Server,
    _data: TempDir,
}

impl Faulty {
    /// Starts all three; with `BASE_URL` set, the test is ignored.
    pub fn start() -> Self {
        // The keyring in the store is wrapped for one key file and one issuer: both servers need both.
        let data = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let issuer = format!("http://127.0.0.1:{port}/");
        let reason = "stands between the server and its store";

        let store = Launch::new().data(&data).option("--issuer", &issuer);
        let store = store.option("--dynamodb-port", "0").start(reason);
        let proxy = Proxy::start(store.dynamodb());
        let server = Launch::new().data(&data).port(port);
        let server = server
            .env("AWS_ENDPOINT_URL_DYNAMODB", &proxy.url())
            .env("AWS_ACCESS_KEY_ID", store.dynamodb_key())
            .start(reason);
        Self {
            server,
            proxy,
            store,
            _data: data,
        }
    }

    /// Sends a request and returns when its first write waits at the proxy.
    pub fn hold_at_its_write<T: Send + 'static>(
        &self,
        request: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.hold_at(WRITES, request)
    }

    /// Sends a request and returns when the first of these operations waits at the proxy.
    pub fn hold_at<T: Send + 'static>(
        &self,
        operations: &'static [&'static str],
        request: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let fault = Fault::always(Effect::Hold).on(operations).times(1);
        self.proxy.break_with(fault);
        let held = tokio::spawn(request);
        block_in_place(|| self.proxy.wait_for_hit());
        held
    }

    /// Lets the held write through and returns the answer to its request.
    pub async fn release<T>(&self, held: JoinHandle<T>) -> T {
        self.proxy.mend();
        held.await.expect("the request was made")
    }
}
