//! The pages that a user sees: log in, confirm, consent, an error, the `form_post` hand-over, log out, and those that
//! connect a device.
//!
//! A page is a struct with borrowed fields and a template in `templates/`, which the compiler checks and askama
//! escapes. All of them but [`WebMessagePage`] work without JavaScript. They take styles only from one nonce-bound
//! `<style>`, and load nothing from elsewhere but the tenant's logo. The caller chooses the status and sends the
//! policy from [`content_security_policy`] with the same nonce (for [`FormPostPage`]: [`form_post_security_policy`],
//! for [`WebMessagePage`]: [`web_message_security_policy`]). A form that may lead to the application is not
//! restricted by its page's policy (see [`FormTarget`]).
//!
//! Nothing is decided here: the caller has chosen the page and checked the URLs on it.

use askama::Template;

macro_rules! rendered {
    ($($page:ident),+) => {$(
        impl $page<'_> {
            pub(crate) fn render(&self) -> String {
                $crate::pages::html(self)
            }
        }
    )+};
}
mod confirmation;
mod device;
pub(crate) mod form;
mod login_over;
mod palette;
mod policy;
pub(crate) mod screen;

pub(crate) use confirmation::ConfirmationPage;
pub(crate) use device::{
    ActivatePage, ConfirmDevicePage, DeviceConnectedPage, DeviceDeclinedPage, DeviceOverPage,
};
pub(crate) use login_over::{AppCallbackPage, BackLink, StalePage};
use palette::Palette;
pub(crate) use policy::{
    FormTarget, content_security_policy, form_post_security_policy, web_message_security_policy,
};

/// The look of a tenant's pages. `primary_color` is `#RRGGBB`; any other text falls back to the house colour, so that
/// no tenant's text ever reaches the style sheet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Branding<'a> {
    pub(crate) name: &'a str,
    pub(crate) logo_url: Option<&'a str>,
    pub(crate) primary_color: &'a str,
}

/// `/u/login`. `error` is set after a failed attempt (status 400 or 429) or a form that was not accepted (403).
#[derive(Template)]
#[template(path = "login.html")]
pub(crate) struct LoginPage<'a> {
    pub(crate) branding: Branding<'a>,
    pub(crate) nonce: &'a str,
    pub(crate) application: &'a str,
    pub(crate) state: &'a str,
    pub(crate) csrf: &'a str,
    pub(crate) username: &'a str,
    pub(crate) error: Option<&'a str>,
}

/// `/u/consent`. `api` is the display name of the audience; `None` if only OIDC scopes are requested.
#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage<'a> {
    pub(crate) branding: Branding<'a>,
    pub(crate) nonce: &'a str,
    pub(crate) application: &'a str,
    pub(crate) user: &'a str,
    pub(crate) api: Option<&'a str>,
    pub(crate) scopes: &'a [ScopeLine<'a>],
    pub(crate) state: &'a str,
    pub(crate) csrf: &'a str,
    pub(crate) error: Option<&'a str>,
}

/// One permission on the consent page. A description equal to the value is shown once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScopeLine<'a> {
    pub(crate) value: &'a str,
    pub(crate) description: &'a str,
}

/// An error that the client must not receive: unknown client, callback mismatch and similar.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage<'a> {
    pub(crate) branding: Branding<'a>,
    pub(crate) nonce: &'a str,
    pub(crate) title: &'a str,
    pub(crate) error: &'a str,
    pub(crate) description: &'a str,
    pub(crate) tracking: &'a str,
}

/// `response_mode=form_post`: a form that submits itself to `action`, or waits for a press if scripts are off.
#[derive(Template)]
#[template(path = "form_post.html")]
pub(crate) struct FormPostPage<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) action: &'a str,
    pub(crate) parameters: &'a [(&'a str, &'a str)],
}

/// The answer of `/usernamepassword/login`: a form that the classic login page embeds and submits.
#[derive(Template)]
#[template(path = "classic_login.html")]
pub(crate) struct ClassicLoginForm<'a> {
    pub(crate) action: &'a str,
    pub(crate) wresult: &'a str,
    pub(crate) wctx: &'a str,
}

/// `response_mode=web_message`: posts an answer to the page that opened this one. `response` and `origin` are JSON
/// that is safe in a script.
#[derive(Template)]
#[template(path = "web_message.html")]
pub(crate) struct WebMessagePage<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) response: &'a str,
    pub(crate) origin: &'a str,
}

/// The question of `/oidc/logout`. `application` is the name of the client; `None` if the request names none.
#[derive(Template)]
#[template(path = "logout.html")]
pub(crate) struct LogoutPage<'a> {
    pub(crate) branding: Branding<'a>,
    pub(crate) nonce: &'a str,
    pub(crate) application: Option<&'a str>,
    pub(crate) user: Option<&'a str>,
    pub(crate) state: &'a str,
    pub(crate) csrf: &'a str,
    pub(crate) error: Option<&'a str>,
}

/// The page after a logout without a URL to return to, and after a declined one.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub(crate) struct SignedOutPage<'a> {
    pub(crate) branding: Branding<'a>,
    pub(crate) nonce: &'a str,
    pub(crate) logged_in: bool,
}

rendered! {
    ClassicLoginForm, LoginPage, ConsentPage, ErrorPage, FormPostPage, LogoutPage, SignedOutPage,
    WebMessagePage
}

impl Branding<'_> {
    fn palette(&self) -> Palette {
        Palette::of(self.primary_color)
    }

    fn initial(&self) -> String {
        self.name
            .trim()
            .chars()
            .next()
            .map_or_else(String::new, |letter| letter.to_uppercase().collect())
    }
}

fn html(page: &impl Template) -> String {
    // A template fails only if a field fails to format, and every field is text.
    page.render().unwrap_or_else(|_| {
        "<!doctype html><title>Error</title><p>This page cannot be shown.</p>".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const HOSTILE: &str = "<script>\"'&";
    const ESCAPED: &str = "&#60;script&#62;&#34;&#39;&#38;";

    fn branding(primary_color: &str) -> Branding<'_> {
        Branding {
            name: "Acme",
            logo_url: None,
            primary_color,
        }
    }

    pub(super) fn hostile_branding() -> Branding<'static> {
        Branding {
            name: HOSTILE,
            logo_url: Some(HOSTILE),
            primary_color: HOSTILE,
        }
    }

    /// Asserts that the hostile text appears `fields` times, always escaped, beside so many `scripts`. A form's
    /// action contains it percent-encoded, which does not count.
    #[track_caller]
    pub(super) fn assert_escaped(html: &str, scripts: usize, fields: usize) {
        assert_eq!(html.matches("<script").count(), scripts, "{html}");
        assert_eq!(html.matches(ESCAPED).count(), fields, "{html}");
        assert!(
            !html.contains(r#""'"#) && !html.contains("'&") && !html.contains(">\""),
            "{html}"
        );
    }

    #[test]
    fn the_login_page_escapes_every_field() {
        let page = LoginPage {
            branding: hostile_branding(),
            nonce: HOSTILE,
            application: HOSTILE,
            state: HOSTILE,
            csrf: HOSTILE,
            username: HOSTILE,
            error: Some(HOSTILE),
        };
        // Title: application, name. Style: nonce. Brand: logo, name.
        // Body: application, error, state, csrf, username.
        assert_escaped(&page.render(), 0, 10);
        assert!(
            page.render()
                .contains(r#"action="/u/login?state=%3Cscript%3E%22%27%26""#)
        );
    }

    #[test]
    fn the_consent_page_escapes_every_field() {
        let scopes = [
            ScopeLine {
                value: HOSTILE,
                description: "other",
            },
            ScopeLine {
                value: "o",
                description: HOSTILE,
            },
        ];
        let page = ConsentPage {
            branding: hostile_branding(),
            nonce: HOSTILE,
            application: HOSTILE,
            user: HOSTILE,
            api: Some(HOSTILE),
            scopes: &scopes,
            state: HOSTILE,
            csrf: HOSTILE,
            error: Some(HOSTILE),
        };
        // Title: application, name. Style: nonce. Brand: logo, name.
        // Body: error, application, user, api, two scopes, state, csrf.
        assert_escaped(&page.render(), 0, 13);
        assert!(
            page.render()
                .contains(r#"action="/u/consent?state=%3Cscript%3E%22%27%26""#)
        );
    }

    #[test]
    fn the_error_page_escapes_every_field() {
        let page = ErrorPage {
            branding: hostile_branding(),
            nonce: HOSTILE,
            title: HOSTILE,
            error: HOSTILE,
            description: HOSTILE,
            tracking: HOSTILE,
        };
        assert_escaped(&page.render(), 0, 9);
    }

    #[test]
    fn the_form_post_page_escapes_every_field() {
        let page = FormPostPage {
            nonce: HOSTILE,
            action: HOSTILE,
            parameters: &[(HOSTILE, HOSTILE), ("state", HOSTILE)],
        };
        assert_escaped(&page.render(), 1, 6);
    }

    #[test]
    fn the_signed_out_page_escapes_every_field() {
        let page = SignedOutPage {
            branding: hostile_branding(),
            nonce: HOSTILE,
            logged_in: false,
        };
        assert_escaped(&page.render(), 0, 4);
    }

    #[test]
    fn the_logout_page_escapes_every_field() {
        let page = LogoutPage {
            branding: hostile_branding(),
            nonce: HOSTILE,
            application: Some(HOSTILE),
            user: Some(HOSTILE),
            state: HOSTILE,
            csrf: HOSTILE,
            error: Some(HOSTILE),
        };
        // Title: name. Style: nonce. Brand: logo, name. Body: error, application, user, state, csrf.
        assert_escaped(&page.render(), 0, 9);
    }

    #[test]
    fn a_page_without_a_logo_shows_a_monogram() {
        let page = SignedOutPage {
            branding: Branding {
                name: "<acme>",
                ..branding("")
            },
            nonce: "n",
            logged_in: false,
        };
        assert!(page.render().contains(r#"aria-hidden="true">&#60;</span>"#));
        assert_eq!(
            Branding {
                name: " élan",
                ..branding("")
            }
            .initial(),
            "É"
        );
        assert_eq!(
            Branding {
                name: "",
                ..branding("")
            }
            .initial(),
            ""
        );
    }

    #[test]
    fn a_wrong_password_is_tied_to_both_inputs() {
        let mut page = LoginPage {
            branding: branding("#0f6b66"),
            nonce: "n",
            application: "Orders",
            state: "s",
            csrf: "c",
            username: "ada@example.com",
            error: None,
        };
        assert!(!page.render().contains("aria-describedby"));
        page.error = Some("Wrong email or password.");
        let html = page.render();
        assert!(html.contains(r#"id="error" role="alert">Wrong email or password.</p>"#));
        assert_eq!(
            html.matches(r#"aria-invalid="true" aria-describedby="error""#)
                .count(),
            2
        );
        assert!(html.contains("<title>Error: Log in to Orders | Acme</title>"));
    }
}
