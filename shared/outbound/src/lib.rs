//! The HTTPS client for requests to other hosts, and the one request of our own: a POST to an application's back channel,
//! which must not delay the caller for long. Scripts' requests use the same client.

use std::{fmt, sync::OnceLock, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

/// Time limit of a whole request, connection included.
const PATIENCE: Duration = Duration::from_secs(2);

/// A client of HTTP and HTTPS.
pub type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// An HTTP client that is made on first use, because most functions never use it. It reads the machine's root
/// certificates then.
#[derive(Default)]
pub struct Outbound {
    client: OnceLock<Box<HttpClient>>,
}

/// No response arrived. The causes are in the errors' sources.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The URL is invalid.
    #[error("not a request")]
    Request(#[from] http::Error),
    /// The machine has no root certificates.
    #[error("no root certificates")]
    Roots(#[from] std::io::Error),
    /// The server cannot be reached, or does not speak HTTP.
    #[error("no answer")]
    Connection(#[from] hyper_util::client::legacy::Error),
    /// The server took too long.
    #[error("no answer within {} seconds", .0.as_secs())]
    Late(Duration),
}

impl Outbound {
    /// Sends a form and returns the status of the response. Redirects are not followed, and the body is not read.
    pub async fn post_form(&self, url: &str, form: String) -> Result<StatusCode, OutboundError> {
        let request = Request::post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(form))?;
        let answer = tokio::time::timeout(PATIENCE, self.client()?.request(request)).await;
        let answer = answer.map_err(|_| OutboundError::Late(PATIENCE))??;
        Ok(answer.status())
    }

    /// The client; the first call makes it.
    pub fn client(&self) -> Result<&HttpClient, OutboundError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)?
            .https_or_http()
            .enable_http1()
            .build();
        // Connections are not kept: between two logouts the function may be frozen, and the connection dead.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector);
        Ok(self.client.get_or_init(|| Box::new(client)))
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbound")
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Answers one request with these bytes, or never.
    async fn answering(answer: Option<&'static str>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            assert!(read > 0);
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                None => std::future::pending().await,
            }
        });
        url
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_not_followed() {
        let url = answering(Some(
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        ))
        .await;
        let status = Outbound::default().post_form(&url, String::new()).await;
        assert_eq!(status.unwrap(), StatusCode::FOUND);
    }

    #[tokio::test]
    async fn a_request_without_a_connection_or_an_answer_is_abandoned() {
        let outbound = Outbound::default();
        let unreachable = outbound.post_form("http://127.0.0.1:1/", String::new());
        assert!(matches!(
            unreachable.await,
            Err(OutboundError::Connection(_))
        ));
        let url = answering(None).await;
        let silent = outbound.post_form(&url, String::new()).await;
        assert!(matches!(silent, Err(OutboundError::Late(_))), "{silent:?}");
    }

    #[tokio::test]
    async fn https_is_spoken() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let hello = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut record = [0; 1];
            stream.read_exact(&mut record).await.unwrap();
            record[0]
        });
        let answer = Outbound::default().post_form(&url, String::new()).await;
        assert!(matches!(answer, Err(OutboundError::Connection(_))));
        assert_eq!(hello.await.unwrap(), 0x16, "a TLS handshake");
    }
}
