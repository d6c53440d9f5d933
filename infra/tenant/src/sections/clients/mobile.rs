//! `clients[].mobile`: the phone apps that may open an application's https callbacks on our domain
//! ([Auth0's device settings]).
//!
//! [Auth0's device settings]: https://auth0.com/docs/get-started/applications/application-settings

use ratchet_domain::mobile::{AndroidApp, IosApp, MobileApps};
use serde::Deserialize;

use crate::yaml::path::{Checked, Fault, Notes, Path};

/// The object as the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawMobile {
    android: Option<RawAndroid>,
    ios: Option<RawIos>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawAndroid {
    app_package_name: Option<String>,
    sha256_cert_fingerprints: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawIos {
    team_id: Option<String>,
    app_bundle_identifier: Option<String>,
}

/// Checks the object. An app with only some of its fields, as Auth0's dashboard leaves it, is left out with a warning.
pub(crate) fn check(at: &Path, raw: Option<RawMobile>, notes: &mut Notes) -> Checked<MobileApps> {
    let raw = raw.unwrap_or_default();
    Ok(MobileApps {
        android: android(&at.key("android"), raw.android.unwrap_or_default(), notes)?,
        ios: ios(&at.key("ios"), raw.ios.unwrap_or_default(), notes)?,
    })
}

fn android(at: &Path, raw: RawAndroid, notes: &mut Notes) -> Checked<Option<AndroidApp>> {
    let name = given(raw.app_package_name);
    let written = raw.sha256_cert_fingerprints.unwrap_or_default();
    let list = at.key("sha256_cert_fingerprints");
    let mut fingerprints = Vec::new();
    for (index, text) in written
        .iter()
        .enumerate()
        .filter(|(_, text)| !text.is_empty())
    {
        fingerprints.push(fingerprint(&list.index(index), text)?);
    }
    match name {
        None if fingerprints.is_empty() => Ok(None),
        Some(name) if !fingerprints.is_empty() => Ok(Some(AndroidApp {
            package_name: identifier(&at.key("app_package_name"), name, "._")?,
            sha256_cert_fingerprints: fingerprints,
        })),
        _ => {
            let message = "needs `app_package_name` and `sha256_cert_fingerprints`; left out";
            notes.warn(at.clone(), message);
            Ok(None)
        }
    }
}

fn ios(at: &Path, raw: RawIos, notes: &mut Notes) -> Checked<Option<IosApp>> {
    match (given(raw.team_id), given(raw.app_bundle_identifier)) {
        (None, None) => Ok(None),
        (Some(team), Some(bundle)) => Ok(Some(IosApp {
            team_id: identifier(&at.key("team_id"), team, "")?,
            bundle_identifier: identifier(&at.key("app_bundle_identifier"), bundle, ".-")?,
        })),
        _ => {
            let message = "needs `team_id` and `app_bundle_identifier`; left out";
            notes.warn(at.clone(), message);
            Ok(None)
        }
    }
}

/// Treats an empty text as absent, because Auth0 writes one for "none".
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Accepts letters, digits and some marks. A `*` would be a wildcard in Apple's file.
fn identifier(at: &Path, text: String, marks: &str) -> Checked<String> {
    if text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
    {
        return Ok(text);
    }
    let message = match marks {
        "" => "must consist of letters and digits".to_owned(),
        marks => format!("must consist of letters, digits and `{marks}`"),
    };
    Err(Fault::new(at.clone(), message))
}

/// Checks a fingerprint and returns it in upper case, as in Google's file.
fn fingerprint(at: &Path, text: &str) -> Checked<String> {
    let upper = text.to_ascii_uppercase();
    let pairs: Vec<_> = upper.split(':').collect();
    let is_pair = |pair: &&str| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
    if pairs.len() == 32 && pairs.iter().all(is_pair) {
        return Ok(upper);
    }
    let message =
        "must be the SHA-256 of a certificate: 32 pairs of hexadecimal digits with colons between";
    Err(Fault::new(at.clone(), message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{error, tenant, warnings};

    const SECRET: &str = "client_secret: 0123456789abcdef";
    const FINGERPRINT: &str = "14:6D:E9:83:C5:73:06:50:D8:EE:B9:95:2F:34:FC:64:16:A0:83:42:E6:1D:BE:A8:8A:04:96:B2:3F:CF:44:E5";

    fn file(mobile: &str) -> String {
        format!("clients:\n  - name: a\n    mobile: {mobile}\n    {SECRET}")
    }

    #[test]
    fn apps_are_read_as_auth0_exports_them() {
        let lower = FINGERPRINT.to_ascii_lowercase();
        let text = format!(
            "{{android: {{app_package_name: com.example.app_1, sha256_cert_fingerprints: ['{lower}']}}, \
             ios: {{team_id: 86WQXF56BC, app_bundle_identifier: com.example.App-1}}}}"
        );
        assert_eq!(warnings(&file(&text)), Vec::<String>::new());
        let apps = tenant(&file(&text)).clients.remove(0).mobile;
        assert_eq!(
            apps,
            MobileApps {
                android: Some(AndroidApp {
                    package_name: "com.example.app_1".to_owned(),
                    sha256_cert_fingerprints: vec![FINGERPRINT.to_owned()],
                }),
                ios: Some(IosApp {
                    team_id: "86WQXF56BC".to_owned(),
                    bundle_identifier: "com.example.App-1".to_owned(),
                }),
            }
        );
    }

    #[test]
    fn what_is_empty_is_no_app() {
        for mobile in [
            "{}",
            "",
            "{android: {}, ios: {}}",
            "{android: {app_package_name: '', sha256_cert_fingerprints: []}}",
            "{ios: {team_id: '', app_bundle_identifier: ''}}",
        ] {
            assert_eq!(warnings(&file(mobile)), Vec::<String>::new(), "{mobile}");
            let apps = tenant(&file(mobile)).clients.remove(0).mobile;
            assert!(apps.is_empty(), "{mobile}");
        }
    }

    #[test]
    fn half_an_app_is_left_out_with_a_warning() {
        assert_eq!(
            warnings(&file("{android: {app_package_name: com.example.app}}")),
            [
                "3:14: clients[0].mobile.android: needs `app_package_name` and \
                 `sha256_cert_fingerprints`; left out"
            ]
        );
        assert_eq!(
            warnings(&file("{ios: {team_id: 86WQXF56BC}}")),
            ["3:14: clients[0].mobile.ios: needs `team_id` and `app_bundle_identifier`; left out"]
        );
    }

    #[test]
    fn an_invalid_mobile_app_is_rejected() {
        for (mobile, message) in [
            (
                "{ios: {team_id: 86WQXF56BC, app_bundle_identifier: com.example.*}}",
                "app_bundle_identifier: must consist of letters, digits and `.-`",
            ),
            (
                "{ios: {team_id: '8.6', app_bundle_identifier: com.example}}",
                "team_id: must consist of letters and digits",
            ),
        ] {
            let message = format!("clients[0].mobile.ios.{message}");
            assert!(error(&file(mobile)).ends_with(&message), "{mobile}");
        }
        let short = "{android: {app_package_name: a.b, sha256_cert_fingerprints: ['14:6D']}}";
        assert!(error(&file(short)).contains("must be the SHA-256 of a certificate"));
    }
}
