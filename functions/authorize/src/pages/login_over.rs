//! Pages for users whose login continues elsewhere: one for a login that cannot go on, and one for a phone app's
//! callback that a browser opened instead of the app.

use askama::Template;

use super::Branding;

/// The page of a login that cannot go on and has no URL to start again.
#[derive(Template)]
#[template(path = "stale.html")]
pub(crate) struct StalePage<'a> {
    pub(crate) branding: Branding<'a>,
    pub(crate) nonce: &'a str,
    pub(crate) error: &'a str,
    pub(crate) description: &'a str,
    pub(crate) tracking: &'a str,
    pub(crate) back_link: Option<BackLink<'a>>,
}

/// The link back: to the client of this name, or without a name to `/activate`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackLink<'a> {
    pub(crate) address: &'a str,
    pub(crate) name: Option<&'a str>,
}

/// `/android/{package}/callback` and `/ios/{bundle}/callback` in a browser. It shows nothing of the request.
#[derive(Template)]
#[template(path = "app_callback.html")]
pub(crate) struct AppCallbackPage<'a> {
    pub(crate) branding: Branding<'a>,
    pub(crate) nonce: &'a str,
}

rendered! {
    AppCallbackPage, StalePage
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{HOSTILE, assert_escaped, hostile_branding},
        *,
    };

    #[test]
    fn the_stale_page_escapes_every_field() {
        let page = StalePage {
            branding: hostile_branding(),
            nonce: HOSTILE,
            error: HOSTILE,
            description: HOSTILE,
            tracking: HOSTILE,
            back_link: Some(BackLink {
                address: HOSTILE,
                name: Some(HOSTILE),
            }),
        };
        // Title: name. Style: nonce. Brand: logo, name. Body: description, link, application, error, tracking.
        assert_escaped(&page.render(), 0, 9);
    }

    #[test]
    fn the_page_at_a_callback_escapes_every_field() {
        let page = AppCallbackPage {
            branding: hostile_branding(),
            nonce: HOSTILE,
        };
        assert_escaped(&page.render(), 0, 4);
    }
}
