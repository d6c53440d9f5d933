//! `clients[].oidc_logout`: destinations and initiators of logout tokens ([Auth0's rules]).
//!
//! [Auth0's rules]: https://auth0.com/docs/authenticate/login/logout/back-channel-logout/configure-back-channel-logout

use std::collections::BTreeSet;

use ratchet_domain::client::{LogoutInitiator, LogoutInitiators, OidcLogout};
use serde::Deserialize;

use crate::{
    sections::{fields::one_of, urls},
    yaml::path::{Checked, Path},
};

/// The object as the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawOidcLogout {
    backchannel_logout_urls: Option<Vec<String>>,
    backchannel_logout_initiators: Option<RawInitiators>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawInitiators {
    mode: Option<String>,
    selected_initiators: Option<Vec<String>>,
}

#[derive(Clone, Copy)]
enum Mode {
    All,
    Custom,
}

const INITIATORS: [(&str, LogoutInitiator); 9] = [
    ("rp-logout", LogoutInitiator::RpLogout),
    ("idp-logout", LogoutInitiator::IdpLogout),
    ("password-changed", LogoutInitiator::PasswordChanged),
    ("session-expired", LogoutInitiator::SessionExpired),
    ("session-revoked", LogoutInitiator::SessionRevoked),
    ("account-deleted", LogoutInitiator::AccountDeleted),
    (
        "email-identifier-changed",
        LogoutInitiator::EmailIdentifierChanged,
    ),
    ("mfa-phone-unenrolled", LogoutInitiator::MfaPhoneUnenrolled),
    ("account-deactivated", LogoutInitiator::AccountDeactivated),
];

pub(crate) fn check(at: &Path, raw: Option<RawOidcLogout>) -> Checked<OidcLogout> {
    let raw = raw.unwrap_or_default();
    Ok(OidcLogout {
        backchannel_logout_urls: urls::each(
            at,
            "backchannel_logout_urls",
            raw.backchannel_logout_urls,
            urls::backchannel,
        )?,
        backchannel_logout_initiators: initiators(
            &at.key("backchannel_logout_initiators"),
            raw.backchannel_logout_initiators.unwrap_or_default(),
        )?,
    })
}

fn initiators(at: &Path, raw: RawInitiators) -> Checked<LogoutInitiators> {
    let mode = raw.mode.as_deref().unwrap_or("custom");
    let modes = [("all", Mode::All), ("custom", Mode::Custom)];
    match (
        one_of(&at.key("mode"), mode, &modes)?,
        raw.selected_initiators,
    ) {
        (Mode::All, _) => Ok(LogoutInitiators::All),
        (Mode::Custom, None) => Ok(LogoutInitiators::default()),
        (Mode::Custom, Some(names)) => {
            let at = at.key("selected_initiators");
            let selected = names
                .iter()
                .enumerate()
                .map(|(index, name)| one_of(&at.index(index), name, &INITIATORS))
                .collect::<Checked<BTreeSet<_>>>()?;
            Ok(LogoutInitiators::Selected(selected))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{error, tenant, warnings};

    fn file(oidc_logout: &str) -> String {
        format!("clients:\n  - name: a\n    app_type: spa\n    oidc_logout:\n{oidc_logout}")
    }

    fn notified_urls(oidc_logout: &str, initiator: LogoutInitiator) -> Vec<String> {
        let client = tenant(&file(oidc_logout)).clients.remove(0).client;
        client.oidc_logout.urls_for(initiator).to_vec()
    }

    #[test]
    fn a_client_is_notified_of_logouts_by_default_and_of_the_rest_on_request() {
        let urls = "      backchannel_logout_urls: [https://a.example/bye]\n";
        let yes = vec!["https://a.example/bye".to_owned()];
        let no: Vec<String> = Vec::new();
        let (logout, revoked) = (LogoutInitiator::RpLogout, LogoutInitiator::SessionRevoked);
        let with = |initiators: &str| {
            format!("{urls}      backchannel_logout_initiators: {{{initiators}}}\n")
        };
        for (object, on_logout, on_revocation) in [
            (urls.to_owned(), &yes, &no),
            (with("mode: custom"), &yes, &no),
            (with("mode: all, selected_initiators: []"), &yes, &yes),
            (
                with("mode: custom, selected_initiators: [session-revoked]"),
                &no,
                &yes,
            ),
        ] {
            assert_eq!(&notified_urls(&object, logout), on_logout, "{object}");
            assert_eq!(&notified_urls(&object, revoked), on_revocation, "{object}");
        }
    }

    #[test]
    fn a_backchannel_logout_url_is_https_or_loopback() {
        for good in [
            "https://a.example/bye?x=1",
            "http://127.0.0.1:3001/bye",
            "http://[::1]:3001/bye",
            "http://localhost:3001/bye",
        ] {
            let object = format!("      backchannel_logout_urls: ['{good}']");
            assert_eq!(notified_urls(&object, LogoutInitiator::RpLogout), [good]);
        }
        let https = "must be an https URL; http only on this machine";
        for (bad, message) in [
            ("http://a.example/bye", https),
            ("ftp://127.0.0.1/bye", https),
            ("app://bye", https),
            ("https://*.example.com/bye", "must not contain a wildcard"),
            ("https://a.example/bye#top", "must not have a fragment"),
            (
                "https://ada@a.example/bye",
                "must not contain a user name or password",
            ),
            ("bye", "must be an absolute URL"),
        ] {
            let object = format!(
                "      backchannel_logout_urls:\n        - https://a.example/\n        - '{bad}'"
            );
            let place = "7:11: clients[0].oidc_logout.backchannel_logout_urls[1]";
            assert_eq!(error(&file(&object)), format!("{place}: {message}"));
        }
    }

    #[test]
    fn initiators_that_auth0_does_not_know_are_refused() {
        let with = |initiators: &str| {
            file(&format!(
                "      backchannel_logout_initiators: {{{initiators}}}"
            ))
        };
        let at = "clients[0].oidc_logout.backchannel_logout_initiators";
        assert_eq!(
            error(&with("mode: some")),
            format!("5:39: {at}.mode: must be `all` or `custom`, not `some`")
        );
        assert!(
            error(&with("selected_initiators: [rp-logout, boredom]"))
                .starts_with(&format!("5:72: {at}.selected_initiators[1]: must be ")),
            "{}",
            error(&with("selected_initiators: [rp-logout, boredom]"))
        );
    }

    #[test]
    fn an_ignored_logout_setting_is_a_warning() {
        let session_metadata = file("      backchannel_logout_session_metadata: {include: true}");
        assert_eq!(warnings(&session_metadata).len(), 1);
    }
}
