//! The AWS clients of a process, and how they are configured.

use std::time::Duration;

use aws_config::{
    AppName, Region, environment::EnvironmentVariableCredentialsProvider,
    stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use ratchet_aws::{behavior, retries, timeouts};

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

/// Timeouts for an operator's command: a large import over a slow connection should finish, and has no other limit.
fn operator_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(10))
        .operation_attempt_timeout(Duration::from_secs(20))
        .operation_timeout(Duration::from_mins(1))
        .build()
}
