//! Signed requests to the services for which the AWS SDK would be a crate of a whole API: one operation of Lambda,
//! two of Service Quotas and one of the tagging API (infra/docs/decisions/operations.md).

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::{Credentials, provider::ProvideCredentials};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use ratchet_core::{clients::SdkConfig, config::environment};
use ratchet_outbound::Outbound;
use ratchet_system::Clock;
use ratchet_telemetry::chain;
use serde_json::Value;

/// Time limit of one request.
const PATIENCE: Duration = Duration::from_secs(20);
/// The largest answer that is read, in bytes.
const LARGEST_ANSWER: usize = 1 << 20;

/// A service, as AWS names it in each place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Service {
    /// In signatures and host names.
    pub(super) name: &'static str,
    /// The variable of its address, if it is not AWS's own.
    pub(super) endpoint: &'static str,
}

/// An operation of a service.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation<'a> {
    /// `GET` of a path.
    Get(&'static str),
    /// AWS's JSON protocol: an operation with its target, and its input.
    Json(&'static str, &'a Value),
}

/// The operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum RequestError {
    /// AWS rejected the request.
    #[error("{code}: {message}")]
    Rejected {
        /// AWS's name for the error.
        code: String,
        /// Its text.
        message: String,
    },
    /// No answer, or none of AWS's form.
    #[error("{0}")]
    Failed(String),
}

impl RequestError {
    fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Failed(chain(error))
    }

    /// True if AWS reports this error.
    pub(super) fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Rejected { code, .. } if code == wanted)
    }
}

/// Sends signed requests with the credentials and the Region of a configuration.
pub(super) struct Requests<'a> {
    sdk: &'a SdkConfig,
    region: String,
    credentials: Credentials,
    outbound: Outbound,
}

impl<'a> Requests<'a> {
    /// Resolves the credentials.
    pub(super) async fn new(sdk: &'a SdkConfig, region: &str) -> Result<Self, RequestError> {
        let provider = sdk.credentials_provider();
        let none = || RequestError::Failed("there are no credentials".to_owned());
        let credentials = provider.ok_or_else(none)?.provide_credentials().await;
        Ok(Self {
            sdk,
            region: region.to_owned(),
            credentials: credentials.map_err(|error| RequestError::of(&error))?,
            outbound: Outbound::default(),
        })
    }

    /// Sends an operation and returns the JSON of the answer.
    pub(super) async fn send(
        &self,
        service: Service,
        operation: Operation<'_>,
    ) -> Result<Value, RequestError> {
        let request = self.signed(service, operation)?;
        let answer = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        let late = |_| RequestError::Failed(format!("no answer in {} s", PATIENCE.as_secs()));
        let (status, headers, body) = answer.map_err(late)??;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| RequestError::of(&error));
        }
        Err(rejection(status, &headers, &body))
    }

    fn signed(
        &self,
        service: Service,
        operation: Operation<'_>,
    ) -> Result<Request<Full<Bytes>>, RequestError> {
        let endpoint = self.endpoint(service);
        let (method, path, target, body) = match operation {
            Operation::Get(path) => (Method::GET, path, None, String::new()),
            Operation::Json(target, input) => (Method::POST, "/", Some(target), input.to_string()),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", endpoint.trim_end_matches('/')));
        if let Some(target) = target {
            request = request
                .header("content-type", "application/x-amz-json-1.1")
                .header("x-amz-target", target);
        }
        let mut request = request
            .body(Full::from(body.clone()))
            .map_err(|error| RequestError::of(&error))?;
        self.sign(&mut request, service, &body)?;
        Ok(request)
    }

    fn sign(
        &self,
        request: &mut Request<Full<Bytes>>,
        service: Service,
        body: &str,
    ) -> Result<(), RequestError> {
        let identity = self.credentials.clone().into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service.name)
            .time(UNIX_EPOCH + Duration::from_millis(Clock::system().now().as_millis()))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| RequestError::of(&error))?
            .into();
        let uri = request.uri().to_string();
        let texts = request.headers().iter();
        let headers = texts.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new(request.method().as_str(), &*uri, headers, body);
        let signed = signable.and_then(|signable| sign(signable, &parameters));
        let (instructions, _) = signed
            .map_err(|error| RequestError::of(&error))?
            .into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, HeaderMap, Bytes), RequestError> {
        let client = self.outbound.client();
        let client = client.map_err(|error| RequestError::of(&error))?;
        let answer = client.request(request).await;
        let answer = answer.map_err(|error| RequestError::of(&error))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER).collect().await;
        let body = body.map_err(|error| RequestError::Failed(error.to_string()))?;
        Ok((head.status, head.headers, body.to_bytes()))
    }

    /// The service's address: the operator's own, by the variable of the AWS SDKs, or AWS's.
    fn endpoint(&self, service: Service) -> String {
        let own = environment(service.endpoint).filter(|url| !url.is_empty());
        let own = own.or_else(|| self.sdk.endpoint_url().map(str::to_owned));
        own.unwrap_or_else(|| aws_address(service.name, &self.region))
    }
}

/// The address of a service in AWS's own partitions.
/// <https://docs.aws.amazon.com/general/latest/gr/rande.html>
fn aws_address(service: &str, region: &str) -> String {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://{service}.{region}.amazonaws.com{china}")
}

/// The error of an answer: its name is in a header or in the body, and may have a namespace before `#` and a URL after
/// `:`.
fn rejection(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> RequestError {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let header = headers.get("x-amzn-errortype");
    let header = header.and_then(|value| value.to_str().ok());
    let Some(name) = header.or_else(|| body["__type"].as_str()) else {
        return RequestError::Failed(format!("AWS answered {status}"));
    };
    let name = name.rsplit('#').next().unwrap_or_default();
    let message = body["message"]
        .as_str()
        .or_else(|| body["Message"].as_str());
    RequestError::Rejected {
        code: name.split(':').next().unwrap_or_default().to_owned(),
        message: message.unwrap_or("without a reason").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(header: Option<&'static str>, body: &str) -> String {
        let mut headers = HeaderMap::new();
        if let Some(name) = header {
            headers.insert("x-amzn-errortype", name.parse().unwrap());
        }
        rejection(StatusCode::FORBIDDEN, &headers, body.as_bytes()).to_string()
    }

    #[test]
    fn the_name_and_the_text_of_an_error_are_found_in_each_protocol() {
        assert_eq!(
            rejected(
                Some("AccessDeniedException:http://internal.amazon.com/coral/"),
                r#"{"Message":"not authorized"}"#
            ),
            "AccessDeniedException: not authorized"
        );
        assert_eq!(
            rejected(
                None,
                r#"{"__type":"com.amazonaws#NoSuchResourceException","message":"none"}"#
            ),
            "NoSuchResourceException: none"
        );
        assert_eq!(rejected(None, "<html>"), "AWS answered 403 Forbidden");
    }

    #[test]
    fn a_service_has_its_address_in_the_partition_of_the_region() {
        let address = |region| aws_address("servicequotas", region);
        assert_eq!(
            address("eu-west-1"),
            "https://servicequotas.eu-west-1.amazonaws.com"
        );
        assert_eq!(
            address("cn-north-1"),
            "https://servicequotas.cn-north-1.amazonaws.com.cn"
        );
    }
}
