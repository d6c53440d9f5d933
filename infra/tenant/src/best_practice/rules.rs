//! The table of rules.

use super::{
    addresses, authentication,
    finding::Level::{self, Must, Recommended, Should},
    grant_types, refresh_tokens,
    seen::Seen,
};
use crate::yaml::path::Fault;

/// A rule of the table.
pub(super) struct Rule {
    pub(super) section: &'static str,
    pub(super) level: Level,
    /// True if an import warns of the fault, because people seldom intend it.
    pub(super) warns: bool,
    pub(super) find: Find,
}

/// All rules in the order of the sections.
pub(super) const RULES: [Rule; 18] = [
    rule("2.1", Must, addresses::callbacks_with_a_wildcard),
    rule("2.1.2", Should, grant_types::implicit_by_choice),
    warning("2.1.2", Should, grant_types::implicit_by_default),
    warning("2.2.2", Must, refresh_tokens::endless_public_refresh_tokens),
    rule(
        "2.2.2",
        Must,
        refresh_tokens::unrotated_public_refresh_tokens,
    ),
    rule("2.3", Should, grant_types::legacy_by_choice),
    warning("2.3", Should, grant_types::legacy_by_default),
    rule("2.3", Should, grant_types::delegation),
    rule("2.4", Must, grant_types::password_grants),
    rule("2.4", Should, grant_types::passwords_in_pages),
    rule(
        "2.5",
        Should,
        authentication::servers_without_authentication,
    ),
    rule("2.5", Recommended, authentication::shared_secrets),
    rule("2.6", Must, addresses::http_callbacks),
    rule("4.6", Should, grant_types::tokens_of_others),
    rule("4.11.2", Should, addresses::open_redirects),
    warning("4.14.2", Should, refresh_tokens::long_leeways),
    rule("4.14.2", Should, refresh_tokens::endless_refresh_tokens),
    rule("4.17", Must, addresses::origins_with_a_wildcard),
];

const fn rule(section: &'static str, level: Level, find: Find) -> Rule {
    Rule {
        section,
        level,
        warns: false,
        find,
    }
}

const fn warning(section: &'static str, level: Level, find: Find) -> Rule {
    Rule {
        warns: true,
        ..rule(section, level, find)
    }
}

type Find = fn(&Seen<'_>) -> Vec<Fault>;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::testing::whole_tenant;

    /// A tenant file without findings.
    const SOUND: &str = "clients:
  - name: a
    app_type: spa
    oidc_conformant: true
    token_endpoint_auth_method: none
    grant_types: [authorization_code, refresh_token]
    callbacks: [https://app.example.com/cb, 'com.example.app://cb']
    web_origins: [https://app.example.com]
    allowed_logout_urls: [https://app.example.com/]
    refresh_token: {rotation_type: rotating, expiration_type: expiring, leeway: 60}
";

    fn warnings(text: &str) -> Vec<String> {
        whole_tenant(text).warnings
    }

    /// The file's findings, each as `section path`.
    fn broken(text: &str) -> Vec<String> {
        let findings = whole_tenant(text).findings;
        let named = findings
            .iter()
            .map(|found| format!("{} {}", found.section, found.at.path));
        named.collect()
    }

    fn changed(from: &str, to: &str) -> Vec<String> {
        assert!(SOUND.contains(from), "{from}");
        let mut text = SOUND.replacen(from, to, 1);
        if !text.contains("oidc_conformant: true") {
            // Rotation is only for OIDC-conformant clients.
            text = text.replace("app_type: spa", "app_type: native");
            text = text.replace(" rotating", " non-rotating");
        }
        broken(&text)
    }

    #[test]
    fn a_sound_client_breaks_nothing() {
        assert_eq!(broken(SOUND), [""; 0]);
        assert_eq!(warnings(SOUND), [""; 0]);
    }

    /// Changes to the sound client, with the findings that each causes.
    const CHANGES: [(&str, &str, &[&str]); 19] = [
        (
            "https://app.example.com/cb",
            "https://*.example.com/cb",
            &["2.1 clients[0].callbacks[0]"],
        ),
        (
            "[authorization_code,",
            "[implicit,",
            &["2.1.2 clients[0].grant_types"],
        ),
        (
            "    grant_types: [authorization_code, refresh_token]\n",
            "",
            &["2.1.2 clients[0]"],
        ),
        (
            "{rotation_type: rotating, expiration_type: expiring, leeway: 60}",
            "{rotation_type: non-rotating, expiration_type: expiring}",
            &["2.2.2 clients[0].refresh_token"],
        ),
        (
            "app_type: spa\n    oidc_conformant: true",
            "app_type: native\n    oidc_conformant: false",
            &["2.3 clients[0].oidc_conformant"],
        ),
        ("    oidc_conformant: true\n", "", &["2.3 clients[0]"]),
        (
            "[authorization_code,",
            "['http://auth0.com/oauth/legacy/grant-type/delegation/id_token',",
            &["2.3 clients[0].grant_types"],
        ),
        (
            "[authorization_code,",
            "[password,",
            &["2.4 clients[0].grant_types"],
        ),
        (
            "[authorization_code,",
            "['http://auth0.com/oauth/grant-type/password-realm',",
            &["2.4 clients[0].grant_types"],
        ),
        (
            "    oidc_conformant: true\n",
            "    oidc_conformant: true\n    cross_origin_auth: true\n",
            &["2.4 clients[0].cross_origin_auth"],
        ),
        (
            "app_type: spa",
            "app_type: regular_web",
            &["2.5 clients[0].token_endpoint_auth_method"],
        ),
        (
            "app_type: spa\n    oidc_conformant: true\n    token_endpoint_auth_method: none",
            "app_type: regular_web\n    oidc_conformant: true\n    client_secret: 0123456789abcdef",
            &["2.5 clients[0].token_endpoint_auth_method"],
        ),
        (
            "https://app.example.com/cb",
            "http://app.example.com/cb",
            &["2.6 clients[0].callbacks[0]"],
        ),
        (
            "https://app.example.com/cb",
            "http://localhost:3000/cb",
            &["2.6 clients[0].callbacks[0]"],
        ),
        (
            "[authorization_code,",
            "['http://auth0.com/oauth/legacy/grant-type/access_token',",
            &["4.6 clients[0].grant_types"],
        ),
        (
            "    oidc_conformant: true\n",
            "    oidc_conformant: true\n    is_first_party: false\n",
            &["4.11.2 clients[0].redirection_policy"],
        ),
        (
            "[https://app.example.com/]",
            "['https://*.example.com/']",
            &["4.11.2 clients[0].allowed_logout_urls[0]"],
        ),
        (
            "leeway: 60",
            "leeway: 61",
            &["4.14.2 clients[0].refresh_token.leeway"],
        ),
        (
            "[https://app.example.com]",
            "['https://*.example.com']",
            &["4.17 clients[0].web_origins[0]"],
        ),
    ];

    #[test]
    fn a_violation_of_rfc_9700_is_reported_with_its_section() {
        for (from, to, expected) in CHANGES {
            let found = changed(from, to);
            for expected in expected {
                assert!(found.contains(&(*expected).to_owned()), "{to}: {found:?}");
            }
        }
    }

    #[test]
    fn a_loopback_callback_of_a_native_application_is_fine() {
        let text = SOUND.replace("app_type: spa", "app_type: native");
        let text = text.replace("https://app.example.com/cb", "http://127.0.0.1/cb");
        assert_eq!(broken(&text), [""; 0]);
    }

    #[test]
    fn an_unusual_setting_is_a_warning_of_the_import_with_its_line() {
        let warned = |from: &str, to: &str| warnings(&SOUND.replacen(from, to, 1));
        let long = warned("leeway: 60", "leeway: 600");
        assert_eq!(long.len(), 1, "{long:?}");
        assert!(
            long[0].starts_with("10:73: clients[0].refresh_token.leeway: "),
            "{long:?}"
        );
        let legacy = "clients:\n  - name: a\n    client_secret: 0123456789abcdef\n    app_type: regular_web\n";
        let said = warnings(legacy).join("\n");
        assert!(said.contains("`grant_types` is left out"), "{said}");
        assert!(said.contains("`oidc_conformant` is left out"), "{said}");
        assert!(said.starts_with("2:"), "{said}");
        let native = "clients:\n  - name: a\n    app_type: native\n    oidc_conformant: true\n    grant_types: [refresh_token]\n";
        let said = warnings(native).join("\n");
        assert!(said.contains("neither rotate nor expire"), "{said}");
    }

    #[test]
    fn machines_and_confidential_clients_are_not_warned_of() {
        let machine = "clients:\n  - name: a\n    app_type: non_interactive\n    client_secret: 0123456789abcdef\n    grant_types: [client_credentials]\n";
        assert_eq!(warnings(machine), [""; 0]);
    }

    #[test]
    fn every_section_of_the_table_has_a_change_that_breaks_it() {
        let sections = |of: &str| of.split(' ').next().unwrap_or_default().to_owned();
        let tried: BTreeSet<String> = CHANGES
            .iter()
            .flat_map(|(_, _, expected)| expected.iter().map(|found| sections(found)))
            .collect();
        let known: BTreeSet<String> = RULES.iter().map(|rule| rule.section.to_owned()).collect();
        assert_eq!(tried, known);
    }
}
