//! `branding`: the logo and the colour of the tenant's pages.

use ratchet_domain::settings::Color;
use serde::Deserialize;

use crate::{
    sections::fields::given,
    yaml::path::{Checked, Fault, Path},
};

/// `branding` as the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawBranding {
    pub(super) colors: Option<RawColors>,
    pub(super) logo_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawColors {
    primary: Option<String>,
}

/// `colors.primary`; `None` leaves Auth0's default.
pub(super) fn color(at: &Path, colors: Option<RawColors>) -> Checked<Option<Color>> {
    let Some(primary) = given(colors.and_then(|colors| colors.primary)) else {
        return Ok(None);
    };
    Color::parse(&primary)
        .map(Some)
        .map_err(|error| Fault::new(at.key("primary"), error.to_string()))
}
