//! A client that follows no redirect and returns every answer whole.

use std::{
    net::IpAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use reqwest::{
    Method, RequestBuilder, Url,
    cookie::{CookieStore as _, Jar},
    header::HeaderMap,
    redirect::Policy,
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use serde_json::Value;

use crate::deployed::challenge_header;

/// Maximum time for an answer; after it the server counts as hung.
const PATIENCE: Duration = Duration::from_mins(1);

/// The TLS of every client: of a server on AWS, since our own servers speak HTTP.
static TLS: LazyLock<ClientConfig> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider supports TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
});

/// An HTTP client with its own cookies, bound to one server.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    jar: Arc<Jar>,
    base: Url,
    planted: String,
}

impl Http {
    /// A client without cookies. Each test has its own runtime and therefore its own client: an idle connection dies
    /// with the runtime that opened it.
    pub fn new(base: &Url) -> Self {
        Self::build(base, None)
    }

    /// The same, calling from this address.
    pub fn calling_from(base: &Url, address: IpAddr) -> Self {
        Self::build(base, Some(address))
    }

    fn build(base: &Url, address: Option<IpAddr>) -> Self {
        let jar = Arc::new(Jar::default());
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(TLS.clone())
            .local_address(address)
            .redirect(Policy::none())
            .cookie_provider(Arc::clone(&jar))
            .timeout(PATIENCE);
        // The way to a server on AWS may lead through a proxy; to loopback none does.
        let builder = match base.scheme() {
            "https" => builder,
            _ => builder.no_proxy(),
        };
        let client = builder.build().expect("its TLS is configured");
        Self {
            client,
            jar,
            base: base.clone(),
            planted: String::new(),
        }
    }

    /// The same, with cookies of other hosts or ports, `a=1; b=2`, that the client always sends before its own.
    #[must_use]
    pub fn planted(mut self, cookies: &str) -> Self {
        cookies.clone_into(&mut self.planted);
        self
    }

    /// The server's URL, with a trailing slash.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// The cookies that the client would send to a path, as one `name=value; …` text.
    pub fn cookies(&self, path: &str) -> String {
        let cookies = self.jar.cookies(&self.resolve(path));
        cookies.map_or_else(String::new, |value| {
            value.to_str().expect("our cookies are ASCII").to_owned()
        })
    }

    /// A request to a path of the server, or to an absolute URL.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, self.resolve(path));
        if self.planted.is_empty() {
            return request;
        }
        let own = self.cookies(path);
        let separator = if own.is_empty() { "" } else { "; " };
        request.header("cookie", format!("{}{separator}{own}", self.planted))
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    /// `GET` with a query.
    pub async fn get_query(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        let mut url = self.resolve(path);
        url.query_pairs_mut().extend_pairs(query);
        self.get(url.as_str()).await
    }

    /// `GET` with a bearer token.
    pub async fn get_with_bearer(&self, path: &str, token: &str) -> Answer {
        send(self.request(Method::GET, path).bearer_auth(token)).await
    }

    /// `POST` of a form.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        send(self.request(Method::POST, path).form(form)).await
    }

    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn post_bytes(
        &self,
        path: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let request = self.request(Method::POST, path);
        send(request.header("content-type", content_type).body(body)).await
    }

    fn resolve(&self, path: &str) -> Url {
        self.base
            .join(path)
            .unwrap_or_else(|error| panic!("`{path}`: {error}"))
    }
}

/// Sends a request and reads the whole answer.
pub async fn send(request: RequestBuilder) -> Answer {
    let response = request
        .send()
        .await
        .unwrap_or_else(|error| panic!("no answer: {error:?}"));
    let url = response.url().clone();
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let body = response
        .bytes()
        .await
        .expect("the answer ends properly")
        .to_vec();
    Answer {
        url,
        status,
        headers,
        body,
    }
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub url: Url,
    pub status: u16,
    pub headers: HeaderMap,
    /// The body as bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("bodies are UTF-8")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in the body of {self}"))
    }

    /// The only header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "more than one `{name}` in {self}");
        Some(value.to_str().expect("headers are ASCII"))
    }

    /// The challenge of a protected resource, whose header a front may rename (`FRONT_LIMITS`).
    pub fn challenge(&self) -> Option<&str> {
        self.header(challenge_header())
    }

    pub fn set_cookies(&self) -> Vec<&str> {
        let values = self.headers.get_all("set-cookie").iter();
        values
            .map(|value| value.to_str().expect("cookies are ASCII"))
            .collect()
    }

    /// `Location` as an absolute URL.
    pub fn location(&self) -> Option<Url> {
        let location = self.header("location")?;
        Some(self.url.join(location).expect("`Location` is a URL"))
    }

    /// The cost of the request, as the store counted it.
    pub fn cost(&self) -> Cost {
        let text = self
            .header("x-ratchet-cost")
            .expect("the local server tells every cost");
        let json: Value = serde_json::from_str(text).expect("the cost is JSON");
        let number = |name: &str| {
            json[name]
                .as_f64()
                .unwrap_or_else(|| panic!("{name} in {text}"))
        };
        Cost {
            read_calls: number("read_calls"),
            write_calls: number("write_calls"),
            read_units: number("read_units"),
            write_units: number("write_units"),
            sign_calls: number("sign_calls"),
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        write!(
            f,
            "{} from {}\n{:#?}\n{body}",
            self.status, self.url, self.headers
        )
    }
}

/// `x-ratchet-cost`: calls to the store, the capacity they consumed, signatures requested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Store calls that read.
    pub read_calls: f64,
    /// Store calls that write.
    pub write_calls: f64,
    pub read_units: f64,
    pub write_units: f64,
    pub sign_calls: f64,
}

impl Cost {
    /// No calls at all.
    pub const NOTHING: Self = Self {
        read_calls: 0.0,
        write_calls: 0.0,
        read_units: 0.0,
        write_units: 0.0,
        sign_calls: 0.0,
    };
}
