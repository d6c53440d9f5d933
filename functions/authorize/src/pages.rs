//! The pages that a person sees: log in, confirm, consent, an error, the `form_post` hand-over, log out, and
//! those that connect a device.
//!
//! A page is a struct with borrowed fields and a template in `templates/`, which the compiler
//! checks and askama escapes. All of them work without JavaScript, take their only style from one
//! nonce-bound `<style>`, and load nothing from elsewhere but the tenant's logo. The caller chooses
//! the status and sends the policy from [`content_security_policy`] (for [`FormPostPage`]:
//! [`form_post_security_policy`]) with the same nonce. No policy restricts where a form leads if it may
//! lead to the application (see [`FormLeads`]).
//!
//! Nothing is decided here: which page is due, and whether a URL or a colour may be used at all,
//! is settled before.

use std::fmt;

use askama::Template;
use shared::domain::interaction::Interaction;

macro_rules! rendered {
    ($($page:ident),+) => {$(
        impl $page<'_> {
            /// The page's HTML.
            pub(crate) fn render(&self) -> String {
                $crate::pages::html(self)
            }
        }
    )+};
}
mod confirmation;
mod device;
mod login_over;

pub(crate) use confirmation::ConfirmationPage;
pub(crate) use device::{
    ActivatePage, ConfirmDevicePage, DeviceConnectedPage, DeviceDeclinedPage, DeviceOverPage,
};
pub(crate) use login_over::{AppCallbackPage, StalePage, WayBack};

/// What a tenant's pages look like. `primary_color` is `#RRGGBB`; anything else falls back to the
/// house colour, so that no text of a tenant ever reaches the style sheet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Branding<'a> {
    pub(crate) name: &'a str,
    pub(crate) logo_url: Option<&'a str>,
    pub(crate) primary_color: &'a str,
}

/// `/u/login`. With `error` set it is the answer to a wrong password, sent with status 400.
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

/// `/u/consent`. `api` is the display name of the audience, absent when only OIDC scopes are asked.
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

/// An error that may not be sent to the application: unknown client, callback mismatch and such.
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

/// `response_mode=form_post`: a form that sends itself to `action`, or waits for a press where
/// scripts are off.
#[derive(Template)]
#[template(path = "form_post.html")]
pub(crate) struct FormPostPage<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) action: &'a str,
    pub(crate) parameters: &'a [(&'a str, &'a str)],
}

/// What `/usernamepassword/login` gives: a form that the page it is given to takes in and submits.
#[derive(Template)]
#[template(path = "classic_login.html")]
pub(crate) struct ClassicLoginForm<'a> {
    pub(crate) action: &'a str,
    pub(crate) wresult: &'a str,
    pub(crate) wctx: &'a str,
}

/// Hands an answer to the page that opened this one. `response` and `origin` are JSON that is safe in
/// a script.
#[derive(Template)]
#[template(path = "web_message.html")]
pub(crate) struct WebMessagePage<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) response: &'a str,
    pub(crate) origin: &'a str,
}

/// `/oidc/logout` where it has to ask. `application` is who sent the browser, if it said so.
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

/// Shown after a logout that has nowhere to return to, and after one that was declined.
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

/// Where the redirects behind a page's form may end.
///
/// Chromium holds every redirect that follows a form submission to the page's `form-action`, also those
/// of the application behind its callback. We cannot know these, so a page whose form may lead to the
/// application goes without `form-action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormLeads {
    /// At this server.
    Here,
    /// At the application, or wherever it sends the browser next.
    ToTheApplication,
}

impl FormLeads {
    /// Of a page on the way of an interaction.
    pub(crate) fn of(interaction: &Interaction) -> Self {
        match interaction {
            Interaction::Authorize(_) => Self::ToTheApplication,
            Interaction::Activate(_) => Self::Here,
        }
    }
}

/// The policy for every page but [`FormPostPage`]. `img_origin` is the logo's URL, of which only the
/// origin is used, or the bare scheme for hosts that a policy cannot write.
pub(crate) fn content_security_policy(
    nonce: &str,
    form: FormLeads,
    img_origin: Option<&str>,
) -> String {
    let image = img_origin
        .and_then(csp_source)
        .map(|source| format!(" img-src {source};"));
    let form_action = match form {
        FormLeads::Here => " form-action 'self';",
        FormLeads::ToTheApplication => "",
    };
    format!(
        "default-src 'none'; style-src 'nonce-{nonce}';{}{form_action} {FRAME_AND_BASE}",
        image.unwrap_or_default(),
    )
}

/// The policy for [`FormPostPage`], the one page with a script. Its form leads to the application.
pub(crate) fn form_post_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; {FRAME_AND_BASE}"
    )
}

/// The policy for [`WebMessagePage`], which any page may frame: the message names who may read it.
pub(crate) fn web_message_security_policy(nonce: &str) -> String {
    format!("default-src 'none'; script-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'")
}

const FRAME_AND_BASE: &str = "base-uri 'none'; frame-ancestors 'none'";

/// The source expression that covers `url`, free of characters that could end a directive.
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
    // CSP has no syntax for an IPv6 literal (`http://[::1]:3000`), nor for a host beyond ASCII.
    let writable = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
    if host.is_empty() || !host.chars().all(writable) {
        return Some(format!("{scheme}:"));
    }
    Some(format!("{scheme}://{host}"))
}

impl Branding<'_> {
    fn palette(&self) -> Palette {
        Palette::from(Rgb::parse(self.primary_color).unwrap_or(HOUSE_COLOR))
    }

    fn initial(&self) -> String {
        self.name
            .trim()
            .chars()
            .next()
            .map_or_else(String::new, |letter| letter.to_uppercase().collect())
    }
}

/// The colours that follow from a tenant's primary colour.
struct Palette {
    primary: Rgb,
    on_primary: Rgb,
    hover: Rgb,
    light: Tones,
    dark: Tones,
}

/// The primary colour moved as far as one scheme's background demands, and no further.
struct Tones {
    /// Focus rings: 4.5 to 1, readable even as text.
    accent: Rgb,
    /// A button's outline: 3 to 1, what WCAG 1.4.11 asks of the shape of a control.
    edge: Rgb,
}

impl From<Rgb> for Palette {
    fn from(primary: Rgb) -> Self {
        let on_primary = primary.readable_text();
        let away_from_text = if on_primary == WHITE { BLACK } else { WHITE };
        let tones = |background: Rgb, towards: Rgb| Tones {
            accent: primary.until_contrast(background, towards, 4.5),
            edge: primary.until_contrast(background, towards, 3.0),
        };
        Self {
            primary,
            on_primary,
            hover: primary.mixed(away_from_text, 12),
            light: tones(LIGHT_BACKGROUND, BLACK),
            dark: tones(DARK_BACKGROUND, WHITE),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rgb(u8, u8, u8);

const BLACK: Rgb = Rgb(0, 0, 0);
const WHITE: Rgb = Rgb(255, 255, 255);
const HOUSE_COLOR: Rgb = Rgb(0x0f, 0x6b, 0x66);
/// The harder of `--page` and `--surface` in `templates/style.html`, for each scheme.
const LIGHT_BACKGROUND: Rgb = Rgb(0xf3, 0xf4, 0xf6);
const DARK_BACKGROUND: Rgb = Rgb(0x18, 0x1c, 0x22);

impl Rgb {
    fn parse(text: &str) -> Option<Self> {
        let digits = text
            .strip_prefix('#')
            .filter(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let channel = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self(channel(0)?, channel(2)?, channel(4)?))
    }

    /// Black or white, whichever stands out more: never less than 4.58 to 1, on any colour.
    fn readable_text(self) -> Self {
        if self.contrast(WHITE) >= self.contrast(BLACK) {
            WHITE
        } else {
            BLACK
        }
    }

    fn until_contrast(self, background: Self, towards: Self, wanted: f64) -> Self {
        (0..=100)
            .map(|percent| self.mixed(towards, percent))
            .find(|candidate| candidate.contrast(background) >= wanted)
            .unwrap_or(towards)
    }

    fn mixed(self, other: Self, percent: u16) -> Self {
        let channel = |from: u8, to: u8| {
            let sum = u16::from(from) * (100 - percent) + u16::from(to) * percent;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self(
            channel(self.0, other.0),
            channel(self.1, other.1),
            channel(self.2, other.2),
        )
    }

    /// WCAG 2.2, "contrast ratio".
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

fn html(page: &impl Template) -> String {
    // Only a field that fails to format could make a template fail, and every field is text.
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

    /// `fields` is how often the text has to appear, escaped; in a form's action it is
    /// percent-encoded and not counted.
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
    fn a_monogram_stands_in_for_a_missing_logo() {
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

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 1e-9);
        assert!((WHITE.contrast(WHITE) - 1.0).abs() < 1e-9);
        // The best known threshold grey: #767676 on white is 4.54 to 1.
        assert!((Rgb(0x76, 0x76, 0x76).contrast(WHITE) - 4.54).abs() < 0.005);
    }

    #[test]
    fn every_primary_color_gives_readable_pages() {
        let steps = || (0..=255).step_by(15);
        for (r, g, b) in
            steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| (r, g, b))))
        {
            let primary = Rgb(r, g, b);
            let palette = Palette::from(primary);
            assert!(palette.on_primary.contrast(primary) >= 4.5, "{primary}");
            assert!(
                palette.on_primary.contrast(palette.hover) >= 4.5,
                "{primary} hovered"
            );
            for (tones, background) in [
                (palette.light, LIGHT_BACKGROUND),
                (palette.dark, DARK_BACKGROUND),
            ] {
                assert!(
                    tones.accent.contrast(background) >= 4.5,
                    "{primary} on {background}"
                );
                assert!(
                    tones.edge.contrast(background) >= 3.0,
                    "{primary} on {background}"
                );
            }
        }
    }

    #[test]
    fn a_color_that_reads_well_is_left_alone() {
        let palette = branding("#0A58CA").palette();
        assert_eq!(palette.primary.to_string(), "#0a58ca");
        assert_eq!(palette.on_primary, WHITE);
        assert_eq!(
            (palette.light.accent, palette.light.edge),
            (palette.primary, palette.primary)
        );
        assert_eq!(branding("#FFD400").palette().on_primary, BLACK);
    }

    #[test]
    fn a_color_that_is_none_becomes_the_house_color() {
        for text in [
            "",
            "red",
            "#12345",
            "#1234567",
            "#12345g",
            "#+1+1+1",
            "#é1234",
            "#000000;}",
        ] {
            assert_eq!(branding(text).palette().primary, HOUSE_COLOR, "{text}");
        }
    }

    #[test]
    fn the_style_sheet_agrees_with_the_constants() {
        let style = include_str!("../templates/style.html");
        let house = Palette::from(HOUSE_COLOR);
        for (variable, color) in [
            ("page", LIGHT_BACKGROUND),
            ("surface", DARK_BACKGROUND),
            ("primary", house.primary),
            ("primary-hover", house.hover),
            ("on-primary", house.on_primary),
            ("accent", house.light.accent),
            ("accent", house.dark.accent),
            ("edge", house.light.edge),
            ("edge", house.dark.edge),
        ] {
            assert!(
                style.contains(&format!("--{variable}: {color};")),
                "{variable}"
            );
        }
    }

    #[test]
    fn the_policy_names_the_logo_and_holds_only_forms_that_stay_here() {
        let logo = Some("https://cdn.example.com/l.png");
        assert_eq!(
            content_security_policy("abc", FormLeads::ToTheApplication, logo),
            "default-src 'none'; style-src 'nonce-abc'; img-src https://cdn.example.com; \
             base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(
            content_security_policy("abc", FormLeads::Here, None),
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
