//! Common settings of the AWS clients: time-outs, attempts, and the failures that are passing.

use std::time::Duration;

use aws_config::{BehaviorVersion, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
};
use ratchet_telemetry::chain;

/// The version of the behaviour of the SDK.
pub fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// Timeouts: `DynamoDB` responds in single milliseconds and KMS in tens, so an attempt that takes a second and a half has
/// failed. The deadline of the request ends a chain of calls that takes longer than the function may.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_millis(1_500))
        .operation_timeout(Duration::from_secs(3))
        .build()
}

/// Timeouts for a service in our own process, for which only an operator or a test waits.
pub fn patience() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(30))
        .operation_attempt_timeout(Duration::from_mins(1))
        .operation_timeout(Duration::from_mins(2))
        .build()
}

/// The number of attempts of a call, the first included.
pub fn retries() -> RetryConfig {
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
pub fn is_passing<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
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
        None => chain(error),
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
