//! What every AWS client of ours has in common: where it is configured, how long it waits, how often
//! it tries, and which of its failures pass.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Region, credentials and endpoints from the environment as every AWS tool reads them (`AWS_REGION`,
/// `AWS_ENDPOINT_URL_DYNAMODB`, ...). Loaded once: clients made from it share their connections.
pub async fn environment() -> SdkConfig {
    aws_config::defaults(behavior())
        .timeout_config(timeouts())
        .retry_config(retries())
        .load()
        .await
}

pub(crate) fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// Chosen to fit inside a function's ten seconds: `DynamoDB` answers in single milliseconds and KMS in
/// tens, so a try that takes a second and a half has failed. The longest chain of a refresh is a read,
/// a signature and a write.
pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_millis(1_500))
        .operation_timeout(Duration::from_secs(3))
        .build()
}

pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
}

/// Exception names after which the same call may succeed, of both services.
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

/// Whether the same call may succeed later: the service was not reached, did not answer in time, or
/// said itself that the cause is a passing one.
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
