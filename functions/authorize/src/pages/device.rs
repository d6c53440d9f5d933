//! The pages of `/activate`.

use askama::Template;

use super::Branding;

/// `/activate`. `error` is set after a wrong code (status 400) or a form that was not accepted (403).
#[derive(Template)]
#[template(path = "activate.html")]
pub(crate) struct ActivatePage<'a> {
    pub(crate) branding: Branding<'a>,
    pub(crate) nonce: &'a str,
    pub(crate) csrf: &'a str,
    pub(crate) user_code: &'a str,
    pub(crate) numeric: bool,
    pub(crate) error: Option<&'a str>,
}

/// `/activate/confirm`
#[derive(Template)]
#[template(path = "confirm_device.html")]
pub(crate) struct ConfirmDevicePage<'a> {
    pub(crate) branding: Branding<'a>,
    pub(crate) nonce: &'a str,
    pub(crate) application: &'a str,
    pub(crate) user_code: &'a str,
    pub(crate) state: &'a str,
    pub(crate) csrf: &'a str,
    pub(crate) error: Option<&'a str>,
}

/// The user has connected the device.
#[derive(Template)]
#[template(path = "device_connected.html")]
pub(crate) struct DeviceConnectedPage<'a> {
    pub(crate) branding: Branding<'a>,
    pub(crate) nonce: &'a str,
    pub(crate) application: &'a str,
}

/// The user has declined the device.
#[derive(Template)]
#[template(path = "device_declined.html")]
pub(crate) struct DeviceDeclinedPage<'a> {
    pub(crate) branding: Branding<'a>,
    pub(crate) nonce: &'a str,
}

/// The code was approved, declined or expired while its pages were open.
#[derive(Template)]
#[template(path = "device_over.html")]
pub(crate) struct DeviceOverPage<'a> {
    pub(crate) branding: Branding<'a>,
    pub(crate) nonce: &'a str,
}

rendered! {
    ActivatePage, ConfirmDevicePage, DeviceConnectedPage, DeviceDeclinedPage, DeviceOverPage
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{HOSTILE, assert_escaped, hostile_branding},
        *,
    };

    #[test]
    fn the_activation_page_escapes_every_field() {
        let page = ActivatePage {
            branding: hostile_branding(),
            nonce: HOSTILE,
            csrf: HOSTILE,
            user_code: HOSTILE,
            numeric: false,
            error: Some(HOSTILE),
        };
        // Title: name. Style: nonce. Brand: logo, name. Body: error, csrf, code.
        assert_escaped(&page.render(), 0, 7);
    }

    #[test]
    fn the_confirmation_page_escapes_every_field() {
        let page = ConfirmDevicePage {
            branding: hostile_branding(),
            nonce: HOSTILE,
            application: HOSTILE,
            user_code: HOSTILE,
            state: HOSTILE,
            csrf: HOSTILE,
            error: Some(HOSTILE),
        };
        // Title: name. Style: nonce. Brand: logo, name. Body: error, application, code, state, csrf.
        assert_escaped(&page.render(), 0, 9);
        assert!(
            page.render()
                .contains(r#"action="/activate/confirm?state=%3Cscript%3E%22%27%26""#)
        );
    }

    #[test]
    fn the_last_pages_escape_every_field() {
        let (branding, nonce) = (hostile_branding(), HOSTILE);
        let connected = DeviceConnectedPage {
            branding,
            nonce,
            application: HOSTILE,
        };
        assert_escaped(&connected.render(), 0, 5);
        assert_escaped(&DeviceDeclinedPage { branding, nonce }.render(), 0, 4);
        assert_escaped(&DeviceOverPage { branding, nonce }.render(), 0, 4);
    }

    #[test]
    fn a_wrong_code_is_tied_to_its_input_and_a_keypad_is_offered_for_digits() {
        let mut page = ActivatePage {
            branding: hostile_branding(),
            nonce: "n",
            csrf: "c",
            user_code: "",
            numeric: false,
            error: None,
        };
        assert!(!page.render().contains("aria-describedby"));
        assert!(page.render().contains(r#"autocapitalize="characters""#));
        page.error = Some("Wrong.");
        page.numeric = true;
        let html = page.render();
        assert!(html.contains(r#"id="error" role="alert">Wrong.</p>"#));
        assert!(html.contains(r#"aria-invalid="true" aria-describedby="error""#));
        assert!(html.contains(r#"inputmode="numeric""#));
    }
}
