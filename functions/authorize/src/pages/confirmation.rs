//! The page of `/u/confirm`.

use askama::Template;

use super::Branding;

/// `/u/confirm`: asks the user to confirm the client. `error` is set after a form that was not accepted.
#[derive(Template)]
#[template(path = "confirm_login.html")]
pub(crate) struct ConfirmationPage<'a> {
    pub(crate) branding: Branding<'a>,
    pub(crate) nonce: &'a str,
    pub(crate) application: &'a str,
    pub(crate) user: &'a str,
    pub(crate) state: &'a str,
    pub(crate) csrf: &'a str,
    pub(crate) error: Option<&'a str>,
}

rendered! {
    ConfirmationPage
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{HOSTILE, assert_escaped, hostile_branding},
        *,
    };

    #[test]
    fn the_confirmation_page_escapes_every_field() {
        let page = ConfirmationPage {
            branding: hostile_branding(),
            nonce: HOSTILE,
            application: HOSTILE,
            user: HOSTILE,
            state: HOSTILE,
            csrf: HOSTILE,
            error: Some(HOSTILE),
        };
        // Title: application, name. Style: nonce. Brand: logo, name.
        // Body: application twice, user, error, state, csrf.
        assert_escaped(&page.render(), 0, 11);
        assert!(
            page.render()
                .contains(r#"action="/u/confirm?state=%3Cscript%3E%22%27%26""#)
        );
    }
}
