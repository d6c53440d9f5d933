//! Common settings of all AWS clients: configuration, timeouts, retries, and the classification of temporary failures.

use std::time::Duration;

use aws_config::{
    AppName, BehaviorVersion, Region, environment::EnvironmentVariableCredentialsProvider,
    retry::RetryConfig, stalled_stream_protection::StalledStreamProtectionConfig,
    timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::{
    config::SharedCredentialsProvider,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
};

pub use aws_config::SdkConfig;

use crate::config::AwsConfig;

/// The clients of a process.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Client of the store.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Client of the key service.
    pub kms: aws_sdk_kms::Client,
}

impl Clients {
    /// The clients on an operator's machine.
    pub fn of_operator(sdk: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(sdk),
            kms: aws_sdk_kms::Client::new(sdk),
        }
    }

    /// The clients of a function. Lambda provides region and credentials as environment variables only, so the
    /// providers of profiles, roles and instances stay out of the binary and out of the cold start.
    pub fn of_function(config: AwsConfig) -> Self {
        let credentials = EnvironmentVariableCredentialsProvider::new();
        let sdk = SdkConfig::builder()
            .behavior_version(behavior())
            .region(Region::new(config.region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .timeout_config(timeouts())
            .retry_config(retries())
            // Bodies are small and every attempt has its own timeout: there is no need to watch for stalled streams.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let mut dynamodb = aws_sdk_dynamodb::config::Builder::from(&sdk);
        dynamodb.set_endpoint_url(config.dynamodb_endpoint);
        let mut kms = aws_sdk_kms::config::Builder::from(&sdk);
        kms.set_endpoint_url(config.kms_endpoint);
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            kms: aws_sdk_kms::Client::from_conf(kms.build()),
        }
    }
}

/// The configuration on an operator's machine: region, credentials and endpoints from the usual sources of AWS tools.
/// `application` is part of the user agent of every call, and so of `CloudTrail`'s record of it.
pub async fn of_operator(application: &str) -> SdkConfig {
    let mut defaults = aws_config::defaults(behavior())
        .timeout_config(operator_timeouts())
        .retry_config(retries());
    if let Ok(application) = AppName::new(application.to_owned()) {
        defaults = defaults.app_name(application);
    }
    defaults.load().await
}

pub(crate) fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// Timeouts that fit into a function's ten seconds: `DynamoDB` responds in single milliseconds and KMS in tens, so an
/// attempt that takes a second and a half has failed. The longest chain of a refresh is a read, a signature and a
/// write.
pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_millis(1_500))
        .operation_timeout(Duration::from_secs(3))
        .build()
}

/// Timeouts for an operator's command: a large import over a slow connection should finish, and has no other limit.
pub(crate) fn operator_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(10))
        .operation_attempt_timeout(Duration::from_secs(20))
        .operation_timeout(Duration::from_mins(1))
        .build()
}

/// Timeouts for a service in our own process, for which only an operator or a test waits.
pub(crate) fn patience() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(30))
        .operation_attempt_timeout(Duration::from_mins(1))
        .operation_timeout(Duration::from_mins(2))
        .build()
}

pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
}

/// Names of exceptions of both services after which the same call may succeed.
const PASSING: [&str; 12] = [
    "DependencyTimeoutException",
    "InternalFailure",
    "InternalServerError",
    "KMSInternalException",
    "KeyUnavailableException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// True if the same call may succeed later: the service was not reached, did not respond in time, or reported a
/// temporary cause itself.
pub(crate) fn is_passing<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => false,
        SdkError::ServiceError(service) => service
            .err()
            .code()
            .is_none_or(|code| PASSING.contains(&code)),
        _ => true,
    }
}

/// The failure in one line: AWS's error and request id, or the reason why the service was not reached.
pub fn reason<E, R>(error: &SdkError<E, R>) -> String
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    match error.meta().code() {
        Some(code) => said(code, error),
        None => crate::telemetry::chain(error),
    }
}

fn said(code: &str, error: &impl ProvideErrorMetadata) -> String {
    let mut text = code.to_owned();
    if let Some(message) = error.message() {
        text.push_str(": ");
        text.push_str(message);
    }
    if let Some(request) = error.meta().request_id() {
        text.push_str(" (request ");
        text.push_str(request);
        text.push(')');
    }
    text
}
