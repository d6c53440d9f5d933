//! An explicitly named profile of the AWS CLI's files, which goes before credentials in variables, as `--profile` of the
//! AWS CLI does. `AWS_PROFILE` comes after them.

use aws_config::{
    default_provider::region::DefaultRegionChain, profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use ratchet_core::clients::SdkConfig;

/// The configuration with credentials of this profile, and with its Region unless a variable names another one.
pub(crate) async fn of_profile(sdk: SdkConfig, name: &str) -> SdkConfig {
    let regions = DefaultRegionChain::builder().profile_name(name).build();
    let region = regions.region().await;
    let config = ProviderConfig::without_region().with_region(region.clone());
    let provider = ProfileFileCredentialsProvider::builder()
        .configure(&config)
        .profile_name(name)
        .build();
    sdk.into_builder()
        .region(region)
        .credentials_provider(SharedCredentialsProvider::new(provider))
        .build()
}
