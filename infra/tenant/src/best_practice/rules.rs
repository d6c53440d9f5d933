//! The table of rules.

use shared::domain::{
    client::{AppType, AuthMethod, Client, RedirectionPolicy, Rotation},
    network::is_loopback_host,
    time::Lifetime,
};
use url::Url;

use super::{
    Level::{Must, Recommended, Should},
    Rule, Seen,
};
use crate::path::{Fault, Path};

/// The longest leeway without a warning: a phone in a tunnel asks again within seconds.
const LONG_LEEWAY: Lifetime = Lifetime::from_secs(60);

/// How a registered URL begins its host where any label may stand.
const WILDCARD: &str = "://*.";

const PASSWORD_GRANTS: [&str; 4] = [
    "password",
    "http://auth0.com/oauth/grant-type/password-realm",
    "http://auth0.com/oauth/legacy/grant-type/ro",
    "http://auth0.com/oauth/legacy/grant-type/ro/jwt-bearer",
];

/// Every rule, in the order of the sections.
pub(super) const RULES: [Rule; 18] = [
    rule("2.1", Must, callbacks_with_a_wildcard),
    rule("2.1.2", Should, implicit_by_choice),
    warning("2.1.2", Should, implicit_by_default),
    warning("2.2.2", Must, endless_public_refresh_tokens),
    rule("2.2.2", Must, unrotated_public_refresh_tokens),
    rule("2.3", Should, legacy_by_choice),
    warning("2.3", Should, legacy_by_default),
    rule("2.3", Should, delegation),
    rule("2.4", Must, password_grants),
    rule("2.4", Should, passwords_in_pages),
    rule("2.5", Should, servers_without_authentication),
    rule("2.5", Recommended, shared_secrets),
    rule("2.6", Must, http_callbacks),
    rule("4.6", Should, tokens_of_others),
    rule("4.11.2", Should, open_redirects),
    warning("4.14.2", Should, long_leeways),
    rule("4.14.2", Should, endless_refresh_tokens),
    rule("4.17", Must, origins_with_a_wildcard),
];

const fn rule(section: &'static str, level: super::Level, find: Find) -> Rule {
    Rule {
        section,
        level,
        warns: false,
        find,
    }
}

const fn warning(section: &'static str, level: super::Level, find: Find) -> Rule {
    Rule {
        warns: true,
        ..rule(section, level, find)
    }
}

type Find = fn(&Seen<'_>) -> Vec<Fault>;

/// One fault at most for each application.
fn each_client(seen: &Seen<'_>, find: impl Fn(&Client, &Path) -> Option<Fault>) -> Vec<Fault> {
    let clients = seen.tenant.clients.iter().enumerate();
    clients
        .filter_map(|(index, entry)| find(&entry.client, &client_at(index)))
        .collect()
}

/// One fault at most for each text of a list of each application.
fn each_text(
    seen: &Seen<'_>,
    (key, list): (&str, for<'a> fn(&'a Client) -> &'a [String]),
    find: impl Fn(&Client, &str) -> Option<&'static str>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (client, entry) in seen.tenant.clients.iter().enumerate() {
        let at = client_at(client).key(key);
        for (index, text) in list(&entry.client).iter().enumerate() {
            let message = find(&entry.client, text);
            faults.extend(message.map(|message| Fault::new(at.index(index), message)));
        }
    }
    faults
}

fn client_at(index: usize) -> Path {
    Path::root().key("clients").index(index)
}

/// An application that has one of these grants, at the list of them.
fn each_grant(
    seen: &Seen<'_>,
    is_meant: impl Fn(&str) -> bool,
    message: impl Fn(&str) -> String,
) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let named = client.grant_types.iter().find(|name| is_meant(name))?;
        Some(Fault::new(at.key("grant_types"), message(named)))
    })
}

fn callbacks_with_a_wildcard(seen: &Seen<'_>) -> Vec<Fault> {
    let callbacks = (
        "callbacks",
        (|client| &client.callbacks) as fn(&Client) -> &[String],
    );
    each_text(seen, callbacks, |_, text| {
        text.contains(WILDCARD).then_some(
            "has a wildcard: any host below the domain can get codes; list each callback",
        )
    })
}

fn http_callbacks(seen: &Seen<'_>) -> Vec<Fault> {
    let callbacks = (
        "callbacks",
        (|client| &client.callbacks) as fn(&Client) -> &[String],
    );
    each_text(seen, callbacks, |client, text| {
        let url = Url::parse(&text.replacen(WILDCARD, "://label.", 1)).ok()?;
        let is_local = url.host_str().is_some_and(is_loopback_host);
        match (url.scheme(), is_local, client.app_type) {
            ("http", true, AppType::Native) => None,
            ("http", true, _) => Some("is http: on loopback that is for native applications"),
            ("http", false, _) => Some("is http: answers go over the network in clear"),
            _ => None,
        }
    })
}

fn implicit(seen: &Seen<'_>, given: bool, message: &'static str) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let key = at.key("grant_types");
        let is_meant = client.allows_grant("implicit") && seen.is_given(&key) == given;
        is_meant.then(|| Fault::new(if given { key } else { at.clone() }, message))
    })
}

fn implicit_by_choice(seen: &Seen<'_>) -> Vec<Fault> {
    let message = "`implicit`: access tokens travel in addresses; use the code flow with PKCE";
    implicit(seen, true, message)
}

fn implicit_by_default(seen: &Seen<'_>) -> Vec<Fault> {
    let message =
        "`grant_types` is left out, and Auth0's default has `implicit`: list the grants in use";
    implicit(seen, false, message)
}

/// Whether a refresh token of the client works for ever if it is only used.
fn is_endless(client: &Client) -> bool {
    let policy = &client.refresh_token;
    policy.rotation == Rotation::NonRotating
        && policy.token_lifetime.is_none()
        && policy.idle_token_lifetime.is_none()
}

/// One fault at most for each application with refresh tokens.
fn each_refreshing(
    seen: &Seen<'_>,
    is_meant: impl Fn(&Client) -> bool,
    message: &'static str,
) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let is_meant = client.allows_grant("refresh_token") && is_meant(client);
        is_meant.then(|| Fault::new(at.key("refresh_token"), message))
    })
}

fn endless_public_refresh_tokens(seen: &Seen<'_>) -> Vec<Fault> {
    each_refreshing(
        seen,
        |client| client.is_public() && is_endless(client),
        "refresh tokens of this public client neither rotate nor expire: a stolen one works for ever, unnoticed",
    )
}

fn unrotated_public_refresh_tokens(seen: &Seen<'_>) -> Vec<Fault> {
    each_refreshing(
        seen,
        |client| {
            let rotates = client.refresh_token.rotation == Rotation::Rotating;
            client.is_public() && !rotates && !is_endless(client)
        },
        "refresh tokens of this public client do not rotate: the use of a stolen one goes unnoticed",
    )
}

fn endless_refresh_tokens(seen: &Seen<'_>) -> Vec<Fault> {
    each_refreshing(
        seen,
        |client| !client.is_public() && is_endless(client),
        "refresh tokens never expire, however long they are not used",
    )
}

fn long_leeways(seen: &Seen<'_>) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let leeway = client.refresh_token.leeway;
        (leeway > LONG_LEEWAY).then(|| {
            let message = format!(
                "a replaced refresh token works for {} s more, for a thief too; {} s are enough for a retry",
                leeway.as_secs(),
                LONG_LEEWAY.as_secs(),
            );
            Fault::new(at.key("refresh_token").key("leeway"), message)
        })
    })
}

/// Whether users log in to it, so that its pipeline matters.
fn serves_users(client: &Client) -> bool {
    let only_machines = |name: &String| name == "client_credentials" || name == "refresh_token";
    !client.grant_types.iter().all(only_machines)
}

fn legacy(seen: &Seen<'_>, given: bool, message: &'static str) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let key = at.key("oidc_conformant");
        let is_meant =
            !client.oidc_conformant && serves_users(client) && seen.is_given(&key) == given;
        is_meant.then(|| Fault::new(if given { key } else { at.clone() }, message))
    })
}

fn legacy_by_choice(seen: &Seen<'_>) -> Vec<Fault> {
    let message =
        "in the legacy pipeline, ID tokens hold the whole profile and access tokens are for no API";
    legacy(seen, true, message)
}

fn legacy_by_default(seen: &Seen<'_>) -> Vec<Fault> {
    let message = "`oidc_conformant` is left out, and Auth0's default is the legacy pipeline: say `true` or `false`";
    legacy(seen, false, message)
}

fn delegation(seen: &Seen<'_>) -> Vec<Fault> {
    let is_meant =
        |name: &str| name.starts_with("http://auth0.com/oauth/legacy/grant-type/delegation/");
    each_grant(seen, is_meant, |name| {
        format!("`{name}`: a token of this application becomes tokens of others")
    })
}

fn password_grants(seen: &Seen<'_>) -> Vec<Fault> {
    let is_meant = |name: &str| PASSWORD_GRANTS.contains(&name);
    each_grant(seen, is_meant, |name| {
        format!("`{name}`: the application sees users' passwords")
    })
}

fn passwords_in_pages(seen: &Seen<'_>) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let message = "the application's own pages see users' passwords";
        let key = at.key("cross_origin_authentication");
        let key = if seen.is_given(&key) {
            key
        } else {
            at.key("cross_origin_auth")
        };
        client
            .cross_origin_authentication
            .then(|| Fault::new(key, message))
    })
}

fn servers_without_authentication(seen: &Seen<'_>) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let can_keep_a_key = matches!(
            client.app_type,
            AppType::RegularWeb | AppType::NonInteractive
        );
        let message = "an application on a server can authenticate: give it a key or a secret";
        (client.is_public() && can_keep_a_key)
            .then(|| Fault::new(at.key("token_endpoint_auth_method"), message))
    })
}

fn shared_secrets(seen: &Seen<'_>) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let is_shared = matches!(
            client.auth_method,
            AuthMethod::ClientSecretPost | AuthMethod::ClientSecretBasic
        );
        let message =
            "authenticates with a secret that the service knows, too; `private_key_jwt` needs none";
        is_shared.then(|| Fault::new(at.key("token_endpoint_auth_method"), message))
    })
}

fn tokens_of_others(seen: &Seen<'_>) -> Vec<Fault> {
    let is_meant = |name: &str| name == "http://auth0.com/oauth/legacy/grant-type/access_token";
    each_grant(seen, is_meant, |name| {
        format!("`{name}`: an access token that was issued to another application logs its user in")
    })
}

fn open_redirects(seen: &Seen<'_>) -> Vec<Fault> {
    let mut faults = each_client(seen, |client, at| {
        let message =
            "a request that is refused takes the browser to this third party without a question";
        let is_open = client.redirection_policy == RedirectionPolicy::AllowAlways;
        (!client.is_first_party && is_open)
            .then(|| Fault::new(at.key("redirection_policy"), message))
    });
    let message = "has a wildcard: a logout takes the browser to any host below the domain";
    let urls = (
        "allowed_logout_urls",
        (|client| &client.allowed_logout_urls) as fn(&Client) -> &[String],
    );
    faults.extend(each_text(seen, urls, |_, text| {
        text.contains(WILDCARD).then_some(message)
    }));
    let at = Path::root().key("tenant").key("allowed_logout_urls");
    for (index, text) in seen.tenant.settings.allowed_logout_urls.iter().enumerate() {
        if text.contains(WILDCARD) {
            faults.push(Fault::new(at.index(index), message));
        }
    }
    faults
}

fn origins_with_a_wildcard(seen: &Seen<'_>) -> Vec<Fault> {
    let origins = (
        "web_origins",
        (|client| &client.web_origins) as fn(&Client) -> &[String],
    );
    each_text(seen, origins, |_, text| {
        text.contains(WILDCARD).then_some(
            "has a wildcard: a page of any host below the domain gets tokens in a message",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::testing::whole_tenant;

    /// An application that breaks nothing.
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

    /// What a file breaks, as `section path`.
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
            // Rotation is for conformant clients alone.
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

    /// Changes of the sound client, and what each breaks.
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
    fn what_breaks_a_section_is_found_at_its_place() {
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
    fn what_people_seldom_mean_is_a_warning_of_the_import_with_its_line() {
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
