//! HTTP requests of tenants' scripts: only to allowed hosts, for a short time, with small responses.

pub mod failure;
pub mod hosts;
mod reason;

use std::{error::Error, fmt, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{self, AUTHORIZATION, COOKIE, LOCATION, USER_AGENT},
};
use http_body_util::{BodyExt, Full, Limited, combinators::UnsyncBoxBody};
use hyper_util::client::legacy::connect::capture_connection;
use ratchet_outbound::Outbound;
use ratchet_telemetry::chain;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use url::Url;

use failure::{Reason, RequestFailure, Stage};
use hosts::{AllowedHosts, ScriptRequest};
use reason::reason;

/// Largest body of a request or response, in bytes.
const LARGEST: usize = 1024 * 1024;
/// Most redirects that are followed.
const MOST_REDIRECTS: usize = 5;

/// Headers that only the HTTP client sets: the framing of a message, and its host.
const RESERVED_HEADERS: [HeaderName; 8] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::ACCEPT_ENCODING,
];

type Answer = Response<UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>>;

/// The time limit of a request with all its redirects.
#[derive(Clone, Copy)]
struct TimeLimit {
    whole: Duration,
    until: Instant,
}

/// Makes the failures of a request to a URL.
struct To<'a>(&'a Url);

impl To<'_> {
    fn failed(&self, reason: Reason, stage: Stage, detail: String) -> RequestFailure {
        RequestFailure {
            reason,
            stage,
            host: self.0.host_str().unwrap_or_default().to_owned(),
            port: self.0.port_or_known_default().unwrap_or_default(),
            detail,
        }
    }

    fn refused(&self, reason: Reason) -> RequestFailure {
        self.failed(reason, Stage::Connecting, String::new())
    }

    fn broke(&self, error: &(dyn Error + 'static), stage: Stage) -> RequestFailure {
        self.failed(reason(error, stage, LARGEST), stage, chain(error))
    }
}

/// The failure of a request that was not sent.
fn unsent(reason: Reason) -> RequestFailure {
    RequestFailure {
        reason,
        stage: Stage::Connecting,
        host: String::new(),
        port: 0,
        detail: String::new(),
    }
}

/// Sends the HTTP requests of scripts.
pub struct ScriptRequests {
    outbound: Arc<Outbound>,
    hosts: AllowedHosts,
    limit: Duration,
}

impl ScriptRequests {
    /// For scripts that may reach these hosts. `limit` is the longest time of a request, with all its redirects.
    pub fn new(outbound: Arc<Outbound>, hosts: AllowedHosts, limit: Duration) -> Self {
        Self {
            outbound,
            hosts,
            limit,
        }
    }

    /// Sends a script's request and returns `{status, statusText, headers, body}`. A GET or HEAD follows redirects, to
    /// allowed hosts only; other methods get the redirect as their response.
    pub async fn send(&self, request: ScriptRequest) -> Result<Value, RequestFailure> {
        let malformed = |reason: String| unsent(Reason::Malformed(reason));
        let method = Method::from_bytes(request.method.as_bytes())
            .ok()
            .filter(|method| *method != Method::CONNECT && *method != Method::TRACE)
            .ok_or_else(|| malformed("no such method".to_owned()))?;
        let mut url = permit(&self.hosts, &request.url)?;
        let mut headers = headers_of(&request.headers).map_err(malformed)?;
        let body = Bytes::from(request.body.unwrap_or_default());
        if body.len() > LARGEST {
            return Err(To(&url).refused(Reason::RequestTooLarge(LARGEST)));
        }
        let whole = self.limit;
        let limit = TimeLimit {
            whole,
            until: Instant::now() + whole,
        };
        for _ in 0..=MOST_REDIRECTS {
            let answer = self
                .send_once(&method, &url, headers.clone(), body.clone(), limit)
                .await?;
            let Some(next) = redirect(&self.hosts, &method, &url, &answer)? else {
                return read(answer, &url, limit).await;
            };
            if next.origin() != url.origin() {
                headers.remove(AUTHORIZATION);
                headers.remove(COOKIE);
            }
            url = next;
        }
        Err(To(&url).refused(Reason::Redirects(MOST_REDIRECTS)))
    }

    async fn send_once(
        &self,
        method: &Method,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        limit: TimeLimit,
    ) -> Result<Answer, RequestFailure> {
        let internal = |error: &(dyn Error + 'static)| {
            To(url).failed(Reason::Internal, Stage::Connecting, chain(error))
        };
        // The fragment is not sent.
        let address = &url[..url::Position::AfterQuery];
        let mut request = Request::builder()
            .method(method)
            .uri(address)
            .body(Full::new(body))
            .map_err(|error| internal(&error))?;
        *request.headers_mut() = headers;
        let connection = capture_connection(&mut request);
        let client = self.outbound.client().map_err(|error| internal(&error))?;
        let answer = in_time(client.request(request), limit).await;
        let stage = match *connection.connection_metadata() {
            Some(_) => Stage::Head,
            None => Stage::Connecting,
        };
        let answer = answer
            .map_err(|late| To(url).failed(late, stage, String::new()))?
            .map_err(|error| To(url).broke(&error, stage))?;
        Ok(answer.map(|body| Limited::new(body, LARGEST).boxed_unsync()))
    }
}

impl fmt::Debug for ScriptRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptRequests")
    }
}

async fn in_time<T>(work: impl Future<Output = T>, limit: TimeLimit) -> Result<T, Reason> {
    let done = timeout_at(limit.until, work).await;
    done.map_err(|_| Reason::Late(limit.whole))
}

fn permit(hosts: &AllowedHosts, address: &str) -> Result<Url, RequestFailure> {
    let permitted = hosts.permit(address);
    permitted.map_err(|forbidden| unsent(Reason::Forbidden(forbidden)))
}

fn headers_of(pairs: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    // Some APIs reject requests without a `User-Agent`.
    headers.insert(USER_AGENT, HeaderValue::from_static("ratchet"));
    for (name, value) in pairs {
        let malformed = |reason: String| format!("the header {name:?} is none: {reason}");
        let name = HeaderName::from_bytes(name.as_bytes());
        let name = name.map_err(|error| malformed(error.to_string()))?;
        let value = HeaderValue::from_str(value).map_err(|error| malformed(error.to_string()))?;
        if !RESERVED_HEADERS.contains(&name) {
            headers.insert(name, value);
        }
    }
    Ok(headers)
}

/// The target of a redirect that the method follows; an error if its host is not allowed.
fn redirect(
    hosts: &AllowedHosts,
    method: &Method,
    url: &Url,
    answer: &Answer,
) -> Result<Option<Url>, RequestFailure> {
    let moves = matches!(
        answer.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    let location = answer.headers().get(LOCATION).filter(|_| moves);
    let location = location.and_then(|location| location.to_str().ok());
    match location.and_then(|location| url.join(location).ok()) {
        Some(next) if matches!(*method, Method::GET | Method::HEAD) => {
            permit(hosts, next.as_str()).map(Some)
        }
        _ => Ok(None),
    }
}

async fn read(answer: Answer, url: &Url, limit: TimeLimit) -> Result<Value, RequestFailure> {
    let (head, body) = answer.into_parts();
    let body = in_time(body.collect(), limit)
        .await
        .map_err(|late| To(url).failed(late, Stage::Body, String::new()))?
        .map_err(|error| To(url).broke(&*error, Stage::Body))?;
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    Ok(json!({
        "status": head.status.as_u16(),
        "statusText": head.status.canonical_reason().unwrap_or_default(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body.to_bytes()),
    }))
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Answers each request with the next of these, and returns the requests.
    async fn answering(answers: Vec<String>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let asked = tokio::spawn(async move {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 8192];
                let read = stream.read(&mut request).await.unwrap();
                asked.push(String::from_utf8_lossy(&request[..read]).into_owned());
                // A client that reads no further closes the connection.
                let _ = stream.write_all(answer.as_bytes()).await;
            }
            asked
        });
        (host, asked)
    }

    fn ok(body: &str) -> String {
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
    }

    fn within(hosts: &str, limit: Duration) -> ScriptRequests {
        let hosts = AllowedHosts::parse(hosts).unwrap();
        ScriptRequests::new(Arc::default(), hosts, limit)
    }

    fn requests(hosts: &str) -> ScriptRequests {
        within(hosts, Duration::from_mins(10))
    }

    fn moved(location: &str) -> String {
        format!(
            "HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
    }

    fn reason_of(answer: &Result<Value, RequestFailure>) -> &Reason {
        &answer.as_ref().expect_err("no answer").reason
    }

    fn get(url: &str) -> ScriptRequest {
        ScriptRequest {
            method: "GET".to_owned(),
            url: url.to_owned(),
            ..ScriptRequest::default()
        }
    }

    #[tokio::test]
    async fn a_request_to_an_allowed_host_returns_its_answer() {
        let (host, asked) = answering(vec![ok("{}")]).await;
        let request = ScriptRequest {
            method: "POST".to_owned(),
            url: format!("http://{host}/a?b=c#d"),
            headers: vec![
                ("X-Key".to_owned(), "k".to_owned()),
                ("Host".to_owned(), "other.example".to_owned()),
                ("Content-Length".to_owned(), "99".to_owned()),
            ],
            body: Some("körper".to_owned()),
        };
        let answer = requests(&format!("http://{host}")).send(request).await;
        let answer = answer.unwrap();
        assert_eq!(
            (&answer["status"], &answer["statusText"], &answer["body"]),
            (&json!(200), &json!("OK"), &json!("{}"))
        );
        assert!(
            answer["headers"]
                .as_array()
                .unwrap()
                .contains(&json!(["x-a", "b"]))
        );
        let asked = asked.await.unwrap().remove(0);
        assert!(asked.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains(&format!("host: {host}\r\n")), "{asked}");
        assert!(
            asked.contains("x-key: k\r\n") && asked.contains("content-length: 7\r\n"),
            "{asked}"
        );
        assert!(
            !asked.contains("other.example") && asked.ends_with("\r\n\r\nkörper"),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn a_host_that_is_not_allowed_hears_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let requests = requests("api.example.com");
        let refused = requests.send(get(&format!("http://{host}/"))).await;
        let message = refused.unwrap_err().message();
        assert!(
            message.starts_with(&format!(
                "http://{host} is not a host that scripts may reach"
            )),
            "{message}"
        );
        assert!(message.contains("--script-hosts"), "{message}");
        let heard = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(heard.is_err(), "a connection arrived");
    }

    #[tokio::test]
    async fn a_redirect_is_followed_to_allowed_hosts_without_credentials() {
        let (second, asked) = answering(vec![ok("there")]).await;
        let (first, _) = answering(vec![moved(&format!("http://{second}/b"))]).await;
        let mut request = get(&format!("http://{first}/"));
        request.headers = vec![
            ("authorization".to_owned(), "Bearer t".to_owned()),
            ("x-key".to_owned(), "k".to_owned()),
        ];
        let both = requests(&format!("http://{first}, http://{second}"));
        let answer = both.send(request.clone()).await.unwrap();
        assert_eq!(answer["body"], "there");
        let asked = asked.await.unwrap().remove(0);
        assert!(
            asked.contains("x-key: k") && !asked.contains("Bearer"),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn a_redirect_elsewhere_is_refused() {
        let (host, _) = answering(vec![moved("http://169.254.169.254/latest/")]).await;
        let answer = requests(&format!("http://{host}"))
            .send(get(&format!("http://{host}/")))
            .await;
        assert!(
            matches!(reason_of(&answer), Reason::Forbidden(_)),
            "{answer:?}"
        );
        let (host, _) = answering(vec![moved("/next")]).await;
        let post = ScriptRequest {
            method: "POST".to_owned(),
            ..get(&format!("http://{host}/"))
        };
        let answer = requests(&format!("http://{host}"))
            .send(post)
            .await
            .unwrap();
        assert_eq!(answer["status"], 302);
    }

    #[tokio::test]
    async fn redirects_without_end_are_given_up() {
        let (host, asked) = answering(vec![moved("/again"); MOST_REDIRECTS + 1]).await;
        let answer = requests(&format!("http://{host}"))
            .send(get(&format!("http://{host}/")))
            .await;
        assert!(
            matches!(reason_of(&answer), Reason::Redirects(_)),
            "{answer:?}"
        );
        assert_eq!(asked.await.unwrap().len(), MOST_REDIRECTS + 1);
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_is_rejected() {
        let (host, _) = answering(vec![ok(&"x".repeat(LARGEST + 1))]).await;
        let requests = requests(&format!("http://{host}"));
        let answer = requests.send(get(&format!("http://{host}/"))).await;
        assert!(
            matches!(reason_of(&answer), Reason::AnswerTooLarge(LARGEST)),
            "{answer:?}"
        );
        let large = ScriptRequest {
            body: Some("x".repeat(LARGEST + 1)),
            ..get(&format!("http://{host}/"))
        };
        let answer = requests.send(large).await;
        assert!(
            matches!(reason_of(&answer), Reason::RequestTooLarge(LARGEST)),
            "{answer:?}"
        );
    }

    #[tokio::test]
    async fn a_request_without_an_answer_is_abandoned() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let answer = within(&format!("http://{host}"), Duration::from_millis(300))
            .send(get(&format!("http://{host}/")))
            .await;
        let late = Reason::Late(Duration::from_millis(300));
        assert_eq!(*reason_of(&answer), late);
    }

    #[tokio::test]
    async fn an_invalid_request_is_rejected() {
        let requests = requests("http://127.0.0.1:1");
        for (method, name, value) in [
            ("GET IT", "a", "b"),
            ("CONNECT", "a", "b"),
            ("GET", "a b", "c"),
            ("GET", "a", "b\r\nHost: c"),
        ] {
            let request = ScriptRequest {
                method: method.to_owned(),
                headers: vec![(name.to_owned(), value.to_owned())],
                ..get("http://127.0.0.1:1/")
            };
            let answer = requests.send(request).await;
            assert!(
                matches!(reason_of(&answer), Reason::Malformed(_)),
                "{answer:?}"
            );
        }
    }
}
