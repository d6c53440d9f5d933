//! The content security policies of the pages.

use ratchet_domain::interaction::Interaction;

/// The end of the redirects that follow a page's form.
///
/// Chromium checks every redirect after a form submission against the page's `form-action`, including redirects of
/// the application behind its callback. We cannot know these, so a page whose form may lead to the application has no
/// `form-action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormTarget {
    Here,
    /// The application, or any page to which it redirects.
    Application,
}

impl FormTarget {
    /// The value for the pages of an interaction.
    pub(crate) fn of(interaction: &Interaction) -> Self {
        match interaction {
            Interaction::Authorize(_) => Self::Application,
            Interaction::Activate(_) => Self::Here,
        }
    }
}

/// The policy for every page but `FormPostPage` and `WebMessagePage`. `img_origin` is the logo's URL, of which only
/// the origin is used, or only the scheme for hosts that a policy cannot express.
pub(crate) fn content_security_policy(
    nonce: &str,
    form: FormTarget,
    img_origin: Option<&str>,
) -> String {
    let image = img_origin
        .and_then(csp_source)
        .map(|source| format!(" img-src {source};"));
    let form_action = match form {
        FormTarget::Here => " form-action 'self';",
        FormTarget::Application => "",
    };
    format!(
        "default-src 'none'; style-src 'nonce-{nonce}';{}{form_action} {FRAME_AND_BASE}",
        image.unwrap_or_default(),
    )
}

/// The policy for `FormPostPage`, which has a script. Its form leads to the application.
pub(crate) fn form_post_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; {FRAME_AND_BASE}"
    )
}

/// The policy for `WebMessagePage`, which has a script and may be framed by any page: the message is addressed to one
/// origin.
pub(crate) fn web_message_security_policy(nonce: &str) -> String {
    format!("default-src 'none'; script-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'")
}

const FRAME_AND_BASE: &str = "base-uri 'none'; frame-ancestors 'none'";

/// The source expression for `url`, without characters that could end a directive.
fn csp_source(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once(':')?;
    let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !well_formed {
        return None;
    }
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "https" && scheme != "http" {
        return Some(format!("{scheme}:"));
    }
    let authority = rest
        .strip_prefix("//")?
        .split(['/', '?', '#', '\\'])
        .next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    // CSP has no syntax for an IPv6 literal (`http://[::1]:3000`) or for a non-ASCII host.
    let writable = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
    if host.is_empty() || !host.chars().all(writable) {
        return Some(format!("{scheme}:"));
    }
    Some(format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_logo_and_holds_only_forms_that_stay_here() {
        let logo = Some("https://cdn.example.com/l.png");
        assert_eq!(
            content_security_policy("abc", FormTarget::Application, logo),
            "default-src 'none'; style-src 'nonce-abc'; img-src https://cdn.example.com; \
             base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(
            content_security_policy("abc", FormTarget::Here, None),
            "default-src 'none'; style-src 'nonce-abc'; form-action 'self'; \
             base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(
            form_post_security_policy("abc"),
            "default-src 'none'; style-src 'nonce-abc'; script-src 'nonce-abc'; \
             base-uri 'none'; frame-ancestors 'none'"
        );
    }

    #[test]
    fn a_source_is_an_origin_or_a_scheme() {
        for (url, source) in [
            ("http://127.0.0.1:3000/demo", Some("http://127.0.0.1:3000")),
            ("HTTPS://App.example.com", Some("https://App.example.com")),
            (
                "https://user:secret@app.example.com/",
                Some("https://app.example.com"),
            ),
            ("myapp://callback", Some("myapp:")),
            ("com.example.app:/callback", Some("com.example.app:")),
            ("http://[::1]:3000/cb", Some("http:")),
            ("https://bücher.example/", Some("https:")),
            ("https://app.example.com; script-src *", Some("https:")),
            ("https:app.example.com", None),
            ("/relative", None),
            ("'unsafe-inline'", None),
            ("a b:c", None),
            ("", None),
        ] {
            assert_eq!(csp_source(url).as_deref(), source, "{url}");
        }
    }
}
