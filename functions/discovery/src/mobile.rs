//! The documents that let phone apps open links to us: `/.well-known/assetlinks.json` ([Android App Links]) and
//! `/.well-known/apple-app-site-association` ([universal links]), in Auth0's shapes.
//!
//! [Android App Links]: https://auth0.com/docs/get-started/applications/enable-android-app-links-support
//! [universal links]: https://auth0.com/docs/get-started/applications/enable-universal-links-support-in-apple-xcode

use std::collections::BTreeMap;

use ratchet_core::Publication;
use ratchet_domain::{
    error::Failure,
    ids::ClientId,
    mobile::{AndroidApp, IosApp, MobileApps},
};
use ratchet_protocol::{Response, error::OAuthError, response};
use ratchet_store::StoreError;
use serde::Serialize;

/// One entry of `assetlinks.json`.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Statement<'a> {
    relation: [&'static str; 1],
    target: Target<'a>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Target<'a> {
    namespace: &'static str,
    package_name: &'a str,
    sha256_cert_fingerprints: &'a [String],
}

#[derive(Debug, Serialize)]
struct Association {
    applinks: AppLinks,
    webcredentials: WebCredentials,
}

#[derive(Debug, Serialize)]
struct AppLinks {
    /// Always empty: Apple required it before iOS 13.
    apps: [String; 0],
    details: Vec<Detail>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Detail {
    #[serde(rename = "appID")]
    app_id: String,
    paths: [String; 1],
}

#[derive(Debug, Serialize)]
struct WebCredentials {
    apps: Vec<String>,
}

/// `/.well-known/assetlinks.json`
pub(crate) async fn asset_links(publication: &Publication, max_age: u32) -> Response {
    match publication.mobile_apps().await {
        Ok(apps) => response::public_json(&statements(&apps), max_age),
        Err(error) => unavailable(error),
    }
}

/// `/.well-known/apple-app-site-association`, and the same document at the root, where Auth0 serves it, too.
pub(crate) async fn apple_app_site_association(
    publication: &Publication,
    max_age: u32,
) -> Response {
    match publication.mobile_apps().await {
        Ok(apps) => response::public_json(&association(&apps), max_age),
        Err(error) => unavailable(error),
    }
}

/// A 503 instead of an empty document, which Apple and Google would cache: no app would receive its callback.
fn unavailable(error: StoreError) -> Response {
    tracing::error!(%error, "the mobile applications cannot be read");
    OAuthError::from(&Failure::from(error)).into_response()
}

/// One statement per app, even if several clients share it.
fn statements(apps: &BTreeMap<ClientId, MobileApps>) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    for app in apps.values().filter_map(|apps| apps.android.as_ref()) {
        let statement = Statement::of(app);
        if !statements.contains(&statement) {
            statements.push(statement);
        }
    }
    statements
}

impl<'a> Statement<'a> {
    fn of(app: &'a AndroidApp) -> Self {
        Self {
            relation: ["delegate_permission/common.handle_all_urls"],
            target: Target {
                namespace: "android_app",
                package_name: &app.package_name,
                sha256_cert_fingerprints: &app.sha256_cert_fingerprints,
            },
        }
    }
}

fn association(apps: &BTreeMap<ClientId, MobileApps>) -> Association {
    let mut details: Vec<Detail> = Vec::new();
    for app in apps.values().filter_map(|apps| apps.ios.as_ref()) {
        let detail = Detail::of(app);
        if !details.contains(&detail) {
            details.push(detail);
        }
    }
    let ids = details.iter().map(|detail| detail.app_id.clone()).collect();
    Association {
        applinks: AppLinks { apps: [], details },
        webcredentials: WebCredentials { apps: ids },
    }
}

impl Detail {
    fn of(app: &IosApp) -> Self {
        Self {
            app_id: app.app_id(),
            paths: [format!("/ios/{}/*", app.bundle_identifier)],
        }
    }
}
